"""The door: connections and bodies that are only there to keep others out keep nobody out."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from bench import holding

from paydesk.app import Application
from paydesk.http.door import Door
from paydesk.operations.founding import create_application
from paydesk.settings import Settings
from tests.payments.conftest import HOST, Founded, Running, on_sqlite
from tests.processes import free_port, until

MANY = 5000
REDIRECT = "https://office.example.com/back"


@contextmanager
def serving(settings: Settings, **variables: str) -> Iterator[int]:
    """The port of a `paydesk serve` on these settings."""
    port = free_port()
    given = {
        "PAYDESK_PORT": str(port),
        "PAYDESK_DATABASE_URL": settings.database_url,
        "PAYDESK_DATA_DIR": str(settings.data_dir),
        "PAYDESK_KEY_FILE": str(settings.key_file),
        "PAYDESK_STRIPE_API_BASE": str(settings.stripe_api_base),
        "PAYDESK_RATE_LIMITS": "off",
        **variables,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    process = subprocess.Popen([sys.executable, "-m", "paydesk", "serve"], env=kept | given, start_new_session=True)
    try:
        until(lambda: ask(port, "GET", "/healthz") == 200 or process.poll() is not None)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, json.dumps(body) if body is not None else None, given)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


async def consent_page(settings: Settings) -> str:
    """The path of a page on which somebody is let in."""
    made = await create_application(
        settings, organization_slug="acme", mode="test", kind="webapp", name="Office", redirect_uri=REDIRECT
    )
    query = {"response_type": "code", "client_id": made.client_id, "redirect_uri": REDIRECT}
    return f"/oauth/authorize?{urlencode(query)}"


async def test_everybody_else_is_answered_while_thousands_of_connections_are_held(
    running: Running, founded: Founded, settings: Settings
) -> None:
    await running.fill()
    consent, token = await consent_page(settings), founded.token
    seller = founded.applications["acme/test/sales_channel"]
    media = {"content_type": "application/vnd.api+json", "authorization": f"Bearer {token}"}
    made = {"data": {"type": "orders", "attributes": {}, "relationships": {"market": {"data": founded.market}}}}
    grant = {"grant_type": "client_credentials", "client_id": seller.client_id, "scope": "market:code:eu"}
    held = holding.Held()
    # Nothing is closed by the clock, so the order does not depend upon how fast this machine is.
    with serving(settings, PAYDESK_HEADER_TIMEOUT="600", PAYDESK_BODY_TIMEOUT="600") as port:
        kinds = holding.requests(port, token=token, consent=consent)
        many = holding.room(MANY) // len(kinds) * len(kinds)
        if many < MANY - len(kinds):
            print(f"only {many} connections are held: the system allows no more files")
        try:
            held.open(port, many, kinds)
            assert (len(held), held.ended()) == (many, {})
            for status, method, path, body, headers in (
                (200, "GET", "/healthz", None, {}),
                (200, "GET", "/readyz", None, {}),
                (200, "GET", "/api/orders", None, media),
                (201, "POST", "/api/orders", made, media),
                (200, "POST", "/oauth/token", grant, {"content_type": "application/json"}),
                (200, "GET", consent, None, {}),
                (404, "POST", "/webhook_callbacks/stripe_gateways/x", {}, {}),
            ):
                assert (ask(port, method, path, body, **headers), path) == (status, path)
            assert held.ended() == {}
        finally:
            held.close()


# Bodies, one by one.


class Sender:
    """Somebody who sends a request to the application, and of its body a first piece only."""

    def __init__(self, app: Application, method: str, path: str, media: str, token: str) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.waits = asyncio.Event()
        self._sent = False
        path, _, query = path.partition("?")
        headers = {"host": HOST.removeprefix("http://"), "content-type": media, "authorization": f"Bearer {token}"}
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "http_version": "1.1",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 4000),
            "server": ("127.0.0.1", 9),
        }
        self.ends = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        if self._sent:
            self.waits.set()
            await asyncio.Event().wait()
        self._sent = True
        return {"type": "http.request", "body": b"{", "more_body": True}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")


DOORS = {
    "/api/orders": "application/vnd.api+json",
    "/webhook_callbacks/stripe_gateways/x": "application/json",
    "/oauth/token": "application/json",
    "/oauth/revoke": "application/json",
    "/oauth/authorize": "application/x-www-form-urlencoded",
}


@pytest_asyncio.fixture
async def app(running: Running) -> AsyncIterator[Application]:
    await running.fill()
    made = Application(running.settings, background=False)
    await made.start()
    yield made
    await made.stop()


async def path_of(door: str, settings: Settings) -> str:
    return await consent_page(settings) if door == "/oauth/authorize" else door


@on_sqlite
@pytest.mark.parametrize("door", DOORS)
async def test_a_body_that_does_not_come_in_time_is_given_up_at_every_door(
    app: Application, founded: Founded, settings: Settings, door: str
) -> None:
    app.door = Door(0.05)
    sender = Sender(app, "POST", await path_of(door, settings), DOORS[door], founded.token)
    await sender.ends
    assert sender.status == 400
    if door != "/oauth/authorize":
        (problem,) = json.loads(sender.body)["errors"]
        assert (problem["code"], problem["detail"]) == ("BAD_REQUEST", "The body did not arrive whole and in time.")


@on_sqlite
@pytest.mark.parametrize("door", DOORS)
async def test_of_too_many_bodies_on_their_way_the_oldest_is_told_to_come_again(
    app: Application, founded: Founded, settings: Settings, door: str
) -> None:
    app.door = Door(600, bodies=2)
    path = await path_of(door, settings)
    senders = []
    for _ in range(3):
        senders.append(Sender(app, "POST", path, DOORS[door], founded.token))
        await senders[-1].waits.wait()
    oldest, *others = senders
    await oldest.ends
    assert (oldest.status, oldest.headers["retry-after"]) == (503, "2")
    assert [one.ends.done() for one in others] == [False, False]
    for one in others:
        one.ends.cancel()


@on_sqlite
async def test_bodies_on_their_way_take_no_more_memory_than_is_set_aside(app: Application, founded: Founded) -> None:
    app.door = Door(600, size=2)
    senders = []
    for _ in range(3):
        senders.append(Sender(app, "POST", "/api/orders", DOORS["/api/orders"], founded.token))
        await senders[-1].waits.wait()
    await senders[0].ends
    assert [one.status for one in senders] == [503, 0, 0]
    for one in senders[1:]:
        one.ends.cancel()
    await asyncio.wait([one.ends for one in senders])
    assert (app.door._arrived, app.door._arriving) == (0, {})
