"""The sandbox in a process of its own, the real SDK against it, and a receiver of webhooks."""

import asyncio
import itertools
import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest
import stripe
from aiohttp import web

from tests.processes import eventually

SOURCE = Path(__file__).resolve().parents[2] / "src"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Process:
    """A sandbox that can be stopped, killed and started again on the same folder.

    seconds_behind  how far its clock is behind the wall's
    """

    def __init__(self, folder: Path, *, seconds_behind: float = 0) -> None:
        self.folder = folder
        self.seconds_behind = seconds_behind
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> "Process":
        place = ["--port", str(self.port), "--data-dir", str(self.folder), "--die-with-parent"]
        command, folder = ["paydesk.sandbox", *place], SOURCE
        if self.seconds_behind:
            command = ["tests.first_release.serving", str(self.port), str(self.folder), str(self.seconds_behind)]
            folder = SOURCE.parent
        self.child = subprocess.Popen([sys.executable, "-m", *command], cwd=folder, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=1):
                    return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert self.child.poll() is None, "the sandbox ended while starting"
                assert time.monotonic() < deadline, "the sandbox did not start within 60 s"
                time.sleep(0.02)

    def stop(self, *, kill: bool = False) -> None:
        assert self.child is not None, "it was started"
        (self.child.kill if kill else self.child.terminate)()
        self.child.wait(60)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("sandbox")).start()
    yield process
    process.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Process]:
    """A sandbox of the test's own, for clocks and crashes."""
    process = Process(tmp_path / "state").start()
    yield process
    if process.child is not None and process.child.poll() is None:
        process.stop()


def told(raised: pytest.ExceptionInfo[stripe.StripeError]) -> Any:
    """The error object of an SDK exception."""
    return raised.value.error


@dataclass
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.body["error"]
        return error


@dataclass
class Desk:
    """One account of a sandbox, spoken to with the SDK (`client`), with plain HTTP (`ask`) and by control calls."""

    url: str
    key: str
    http: aiohttp.ClientSession
    client: stripe.StripeClient
    faults: list[str] = field(default_factory=list)

    @property
    def v1(self) -> Any:
        return self.client.v1

    @property
    def publishable(self) -> str:
        import hashlib

        return "pk_test_" + hashlib.sha256(self.key.encode()).hexdigest()[:32]

    async def ask(
        self, method: str, path: str, form: dict[str, Any] | None = None, *, key: str | None = None, **headers: str
    ) -> Answer:
        """A request as any HTTP client makes it; `Idempotency_Key="k"` gives the header Idempotency-Key."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("Authorization", f"Bearer {key or self.key}")
        pairs = [(name, str(value)) for name, value in (form or {}).items()]
        body = {"params": pairs} if method == "GET" else {"data": pairs} if pairs else {}
        async with self.http.request(method, self.url + path, headers=given, allow_redirects=False, **body) as answer:  # type: ignore[arg-type]
            text = await answer.read()
            kind = answer.headers.get("Content-Type", "")
            return Answer(answer.status, json.loads(text) if "json" in kind else text.decode(), answer.headers)

    async def control(self, method: str, path: str, given: Any = None) -> Any:
        async with self.http.request(method, f"{self.url}/_control/{path}", json=given) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def fault(self, do: dict[str, Any], *, times: int = 1, **on: str) -> str:
        """Set a fault for this account only."""
        account = (await self.ask("GET", "/v1/account")).body["id"]
        made = await self.control("POST", "faults", {"on": {"account": account, **on}, "do": do, "times": times})
        self.faults.append(made["id"])
        return str(made["id"])

    async def delayed(self, fault: str) -> None:
        """Return when a fault delays a call."""

        async def delays() -> bool:
            faults = (await self.control("GET", "faults"))["data"]
            return any(one["delays"] for one in faults if one["id"] == fault)

        await eventually(delays)

    async def advance(self, seconds: int) -> None:
        await self.control("POST", "clock", {"advance_seconds": seconds})

    async def events(self) -> list[str]:
        """The types of the account's events, oldest first."""
        page = await self.ask("GET", "/v1/events", {"limit": 100})
        return [event["type"] for event in reversed(page.body["data"])]

    async def pay(self, method: str = "pm_card_visa", **params: Any) -> Any:
        """A payment made and confirmed with a card and no redirects."""
        return await self.v1.payment_intents.create_async(
            {
                "amount": 5000,
                "currency": "eur",
                "payment_method": method,
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                **params,
            }
        )


class Opener(Protocol):
    """Opens an account of its own on the sandbox at a URL; a key of one's choice names it."""

    def __call__(self, url: str, key: str | None = None) -> Awaitable[Desk]: ...


@pytest.fixture
async def open_desk() -> AsyncIterator[Opener]:
    """Opens an account of its own on the sandbox at a URL."""
    async with aiohttp.ClientSession() as http:
        # A connector of our own saves the SDK's TLS context, which takes longer to make than most tests.
        client = stripe.AIOHTTPClient(timeout=20, connector=aiohttp.TCPConnector(ssl=False))

        async def open_at(url: str, key: str | None = None) -> Desk:
            key = key or f"sk_test_{secrets.token_hex(12)}"
            return Desk(url, key, http, stripe.StripeClient(key, base_addresses={"api": url}, http_client=client))

        yield open_at
        await client.close_async()


@pytest.fixture
async def desk(running: Process, open_desk: Opener) -> AsyncIterator[Desk]:
    """A fresh account on the sandbox that all tests share."""
    opened = await open_desk(running.url)
    yield opened
    for identifier in opened.faults:
        async with opened.http.delete(f"{opened.url}/_control/faults/{identifier}"):
            continue


@pytest.fixture(scope="session")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A second shared sandbox, whose clock every test may move on."""
    process = Process(tmp_path_factory.mktemp("timed")).start()
    yield process
    process.stop()


@pytest.fixture
async def timed_desk(timed: Process, open_desk: Opener) -> AsyncIterator[Desk]:
    """A fresh account on the sandbox whose clock moves."""
    opened = await open_desk(timed.url)
    yield opened
    for endpoint in (await opened.v1.webhook_endpoints.list_async({"limit": 100})).data:
        await opened.v1.webhook_endpoints.delete_async(endpoint.id)


@pytest.fixture
async def own_desk(own: Process, open_desk: Opener) -> Desk:
    """An account on a sandbox of the test's own, whose clock may be moved."""
    return await open_desk(own.url)


@dataclass
class Received:
    body: bytes
    signature: str
    event: dict[str, Any]


class Receiver:
    """Takes webhooks and answers as it is told: the statuses in `answers`, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[Received] = []
        self.answers: list[int] = []

    @property
    def types(self) -> list[str]:
        return [each.event["type"] for each in self.got]

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.got.append(Received(body, request.headers["Stripe-Signature"], json.loads(body)))
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else None)

    async def until(self, count: int, seconds: float = 60) -> list[Received]:
        """Wait for that many webhooks."""
        deadline = asyncio.get_running_loop().time() + seconds
        while len(self.got) < count:
            assert asyncio.get_running_loop().time() < deadline, (
                f"{len(self.got)} of {count} webhooks came: {self.types}"
            )
            await asyncio.sleep(0.01)
        return self.got


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    made.url = f"http://127.0.0.1:{port}/hook"
    yield made
    await runner.cleanup()


numbers = itertools.count(1)


@pytest.fixture
def fresh() -> Callable[[], str]:
    """Makes idempotency keys nobody used."""
    return lambda: f"key-{secrets.token_hex(6)}-{next(numbers)}"
