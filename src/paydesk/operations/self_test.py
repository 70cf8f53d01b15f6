"""Self-tests: events of our own, sent to the address that a gateway has for us.

They are signed like any other, so that the door knows them to be ours, takes note of them, and answers what nobody else
at that address could.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from paydesk import __version__
from paydesk.gateways.port.events import SelfTest

ANSWER_SECONDS = 10.0
"""How long a self-test is waited for."""
ANSWER_BYTES = 4096


@dataclass(frozen=True)
class Line:
    """One thing that was looked at.

    what   "gateway", "owner", "key", "endpoint", "events", "list" or "self-test"
    ok     None where there was nothing to find out
    do     what a person does about it
    """

    what: str
    told: str
    ok: bool | None = True
    do: str | None = None


async def self_test_of(
    url: str | None, tests: Sequence[SelfTest], installation: str, authority: Path | None
) -> list[Line]:
    """Send each test to an address, and see that a server of this installation verifies it.

    authority   a certificate that is trusted besides those of the system
    """
    if url is None:
        return [Line("self-test", "there is no address to send one to", None)]
    if not tests:
        return [Line("self-test", "there is no secret to sign one with", None)]
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(
        timeout=timeout, connector=aiohttp.TCPConnector(ssl=_trust(authority)), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        each = [await _sent(session, url, test, installation) for test in tests]
    if len(tests) == 1:
        return each
    # While an endpoint is replaced, what the former one signed counts as well.
    whose = ("the present secret", *("a former secret" for _ in tests[1:]))
    return [
        Line(line.what, f"with {name}: {line.told}", line.ok, line.do) for name, line in zip(whose, each, strict=True)
    ]


def _trust(authority: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority is not None:
        context.load_verify_locations(cafile=authority)
    return context


async def _sent(session: aiohttp.ClientSession, url: str, test: SelfTest, installation: str) -> Line:
    began = time.monotonic()
    headers = {**test.headers, "user-agent": f"paydesk/{__version__}"}
    try:
        async with session.post(url, data=test.body, headers=headers, allow_redirects=False) as answer:
            status, body = answer.status, await answer.content.read(ANSWER_BYTES)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
        why = f"{problem}" if str(problem) and not isinstance(problem, TimeoutError) else "it took too long"
        do = (
            "see that a server runs, that its address leads to it and that its certificate is good; where only "
            "this machine cannot get there, use --no-self-test"
        )
        if isinstance(problem, aiohttp.InvalidURL | ValueError):
            why = "that is no address"
        return Line("self-test", f"{shown(url)} cannot be reached: {why}", False, do)
    took = round((time.monotonic() - began) * 1000)
    if 200 <= status < 300:
        if _is_ours(body, test, installation):
            return Line("self-test", f"{shown(url)} verified it and answered {status} in {took} ms")
        do = "have the address lead to a server of this database, with the body passed on as it is"
        return Line("self-test", f"{shown(url)} answered {status}, but not as paydesk does", False, do)
    do = "see the log of what answers there"
    if status == 400:
        do = (
            "the server there did not find the signature good: see that it is of this database and key file, that "
            "its clock is right, and that no proxy on the way changes bodies or headers"
        )
    elif status == 404:
        do = "see that the address leads to a server of this database, with the whole path passed on"
    elif 300 <= status < 400:
        do = "have the address answer by itself: a gateway follows no redirect"
    return Line("self-test", f"{shown(url)} answered {status}", False, do)


def _is_ours(body: bytes, test: SelfTest, installation: str) -> bool:
    """Whether a door of this installation answered, which knows the test's name only from having verified it."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    named = {"self_test": test.event_id, "installation": installation}
    return isinstance(told, dict) and named.items() <= told.items()


def shown(url: str | None) -> str:
    """An address without what may be a secret in it."""
    if url is None:
        return "nowhere"
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "…" if parts.query else "", ""))
