"""The whole application on a real database, with real tokens, against the Stripe sandbox in a process of its own."""

import asyncio
import contextlib
import json
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import httpx
import pytest
import pytest_asyncio
import stripe
from aiohttp import web
from sqlalchemy import bindparam, insert, select

from paydesk import commerce
from paydesk.app import Application, Parts
from paydesk.gateways.stripe import Patience, StripeGateway
from paydesk.gateways.stripe.signature import sign
from paydesk.operations.founding import Created, create_application, found_organization
from paydesk.settings import Settings
from paydesk.store import open_database
from paydesk.store.sql.ask import Ask, Database
from paydesk.store.types import METADATA
from tests import asgi
from tests.conftest import Postgres
from tests.processes import eventually, free_port, until

T = TypeVar("T")

MEDIA_TYPE = "application/vnd.api+json"
HOST = "http://127.0.0.1:9"
"""The address of requests: nobody listens there, so what the sandbox delivers is refused at once."""

PATIENT = Patience(budget=30, first_pause=0.02, longest_pause=0.1, breaks_after=1000)
"""How long an answer that will come is waited for: a busy machine is no fault."""

HASTY = Patience(budget=0.5, first_pause=0.02, longest_pause=0.1, breaks_after=1000)
"""How long one is waited for that will not come: what takes 20 s in production, in half a second."""

ADDRESS: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "line_1": "Via Garibaldi 12",
    "city": "Torino",
    "zip_code": "10122",
    "state_code": "TO",
    "country_code": "IT",
    "phone": "+39 011 0000000",
}


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tests of what no database has a part in."""


class Clock:
    """The wall's time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


# The sandbox.


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base address of a sandbox for the whole session; every test has an account of its own there."""
    with _sandbox(tmp_path_factory.mktemp("sandbox")) as base:
        yield base


@contextlib.contextmanager
def _sandbox(folder: Path, *command: str) -> Iterator[str]:
    """A sandbox on this folder; `command` starts another module than its own, with PORT and FOLDER before the rest."""
    port = free_port()
    at = ["--port", str(port), "--data-dir", str(folder), "--die-with-parent"]
    module, *rest = command or ("paydesk.sandbox",)
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("w") as log:
        given = [str(port), str(folder), *rest] if command else at
        process = subprocess.Popen([sys.executable, "-m", module, *given], stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        with urllib.request.urlopen(f"{base}/healthz", timeout=1):
            return True

    until(answers)
    yield base
    process.terminate()
    process.wait(60)


class Stripe:
    """One account of the sandbox: its faults by control calls, its objects by the real SDK."""

    def __init__(self, base: str, http: httpx.AsyncClient, key: str | None = None) -> None:
        self.base, self.http = base, http
        self.key = key or f"sk_test_{secrets.token_hex(16)}"
        self._sdk = stripe.AIOHTTPClient(timeout=20, connector=aiohttp.TCPConnector(ssl=False))
        client = stripe.StripeClient(self.key, base_addresses={"api": base}, http_client=self._sdk)
        self.v1: Any = client.v1
        self.gateways: list[StripeGateway] = []
        self._account: str | None = None
        self._faults: list[str] = []

    async def account(self) -> str:
        if self._account is None:
            headers = {"authorization": f"Bearer {self.key}"}
            self._account = (await self.http.get(f"{self.base}/v1/account", headers=headers)).json()["id"]
        return self._account

    async def control(self, method: str, path: str, given: Any = None) -> Any:
        answer = await self.http.request(method, f"{self.base}/_control/{path}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def faults(self, method: str = "POST", path: str = "/v1/payment_intents", times: int = 1, **do: Any) -> None:
        """Have this account's next calls go wrong: `faults(drop="after")`, `faults(status=500, when="after")`.

        With `times=0` they do so until `mend`, and meanwhile nobody waits long for what gives no answer.
        """
        on = {"account": await self.account(), "method": method, "path": path}
        self._faults.append((await self.control("POST", "faults", {"on": on, "do": do, "times": times}))["id"])
        status = do.get("status", 500)
        is_answer = 400 <= status < 500 and status not in (409, 424, 429)
        if times == 0 and not is_answer:
            self.wait(HASTY)

    async def hold(
        self, method: str = "POST", path: str = "/v1/payment_intents", calls: int = 1, when: str = "before"
    ) -> "Held":
        """Have the next calls wait, before or after the work, until they are let go; nobody tires of that so soon."""
        on = {"account": await self.account(), "method": method, "path": path}
        do = {"delay_ms": 600_000, "when": when}
        fault = await self.control("POST", "faults", {"on": on, "do": do, "times": calls})
        self._faults.append(fault["id"])
        return Held(self, fault["id"])

    async def mend(self) -> None:
        """Take back the faults that are left."""
        self.wait(PATIENT)
        kept, self._faults = self._faults, []
        for identifier in kept:
            await self.http.delete(f"{self.base}/_control/faults/{identifier}")

    def wait(self, patience: Patience) -> None:
        """How long an answer of Stripe's is waited for from now on."""
        for gateway in self.gateways:
            gateway.requests.patience = patience

    async def requests(self, method: str = "POST", path: str = "/v1/payment_intents") -> list[dict[str, Any]]:
        """This account's calls, oldest first, as the sandbox saw them."""
        query = f"requests?limit=1000&account={await self.account()}&method={method}&path={path}"
        found: list[dict[str, Any]] = (await self.control("GET", query))["data"]
        return found

    async def intents(self) -> list[Any]:
        """Every intent of the account, oldest first, but the one each account is born with."""
        page = await self.v1.payment_intents.list_async({"limit": 100})
        return [one for one in reversed(page.data) if one.id != "pi_1234XXX"]

    async def live(self) -> list[Any]:
        return [one for one in await self.intents() if one.status != "canceled"]

    async def confirm(self, intent: str, method: str = "pm_card_visa", **more: Any) -> Any:
        return await self.v1.payment_intents.confirm_async(intent, {"payment_method": method, **more})

    async def endpoints(self) -> list[Any]:
        page = await self.v1.webhook_endpoints.list_async({"limit": 100})
        return list(page.data)

    async def events(self, intent: str | None = None) -> list[Any]:
        """The account's events, oldest first; those about one intent."""
        page = await self.v1.events.list_async({"limit": 100})
        found = [one.to_dict() for one in reversed(page.data)]
        return [one for one in found if intent is None or one["data"]["object"]["id"] == intent]

    async def close(self) -> None:
        await self.mend()
        await self._sdk.close_async()


class Held:
    """Calls that the sandbox makes wait. What is to happen meanwhile happens between `begun` and `go`."""

    def __init__(self, stripe: Stripe, fault: str) -> None:
        self.stripe, self.fault = stripe, fault

    async def waiting(self) -> int:
        """How many calls wait now."""
        faults = (await self.stripe.control("GET", "faults"))["data"]
        return sum(one["delays"] for one in faults if one["id"] == self.fault)

    async def begun(self, calls: int = 1) -> None:
        """Return when so many calls wait."""
        await eventually(self.waiting, calls)

    async def go(self) -> None:
        await self.stripe.http.delete(f"{self.stripe.base}/_control/faults/{self.fault}")

    async def together(self, nodes: "Iterable[Api]", *asked: Coroutine[Any, Any, T]) -> list[T]:
        """What comes of requests all of which have had their first transaction before the first call is let go."""
        # By the tasks that wrote, not by transactions: who waits for another node's call writes again and again.
        wrote: set[Any] = set()

        def watch(database: Any) -> None:
            write = database.write

            async def watched(*given: Any) -> Any:
                try:
                    return await write(*given)
                finally:
                    wrote.add(asyncio.current_task())

            database.write = watched

        async def written() -> bool:
            return len(wrote) >= len(asked)

        databases: list[Any] = [node.parts.database for node in nodes]
        for database in databases:
            watch(database)
        answers = asyncio.gather(*asked)
        await eventually(written)
        for database in databases:
            del database.write
        await self.begun()
        await self.go()
        return await answers


# The application.


@dataclass
class Answer:
    """What the API said."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.raw)

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def link(self) -> dict[str, str]:
        return {"type": self.data["type"], "id": self.data["id"]}

    def __getitem__(self, attribute: str) -> Any:
        return self.data["attributes"][attribute]

    @property
    def errors(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["errors"]
        return found

    @property
    def said(self) -> list[tuple[str, str]]:
        """Where each problem is, and its machine key or its code."""
        return [
            (
                next(iter(one.get("source", {}).values()), ""),
                one.get("meta", {}).get("error", one["code"]),
            )
            for one in self.errors
        ]


Link = Answer | dict[str, str] | None


@dataclass
class Founded:
    """What every test's database begins with: two organizations, one of them with a market in EUR."""

    applications: dict[str, Created]
    rows: dict[str, list[dict[str, Any]]]
    keys: Path
    market: dict[str, str]
    merchant: dict[str, str]
    token: str
    """Of the integration: signing keys and applications are the same in every test's database."""
    file: Path | None = None
    """An SQLite database with these rows, to be copied."""

    def fill(self, url: str, postgresql: Postgres | None = None) -> None:
        """Bring a migrated database to what was founded. Not to be called on a running event loop."""
        if postgresql is not None:
            postgresql.bring("founded", lambda: asyncio.run(_filled(url, self.rows)))
        elif self.file is not None and url.startswith("sqlite:///"):
            shutil.copyfile(self.file, url.removeprefix("sqlite:///"))
        else:
            asyncio.run(_filled(url, self.rows))


class Api:
    """Callers of one running application, and the least that a test needs made."""

    def __init__(self, app: Application, http: httpx.AsyncClient, founded: Founded, stripe: Stripe) -> None:
        self.app, self.http, self.founded, self.stripe = app, http, founded, stripe
        self.tokens: dict[str, str] = {}
        self.token = ""
        self.gateway: Answer
        self.method: Answer
        self.market: dict[str, str] = founded.market

    @property
    def parts(self) -> Parts:
        assert self.app.parts is not None, "the application was started"
        return self.app.parts

    # Asking.

    async def send(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> Answer:
        """A request as it is: `Idempotency_Key="k"` gives the header `Idempotency-Key`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("accept", MEDIA_TYPE)
        given["authorization"] = f"Bearer {token or self.token}"
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if content is not None:
            given.setdefault("content-type", MEDIA_TYPE)
        app = asgi.application_of(self.http)
        if app is not None and asgi.PLAIN.fullmatch(path):
            return Answer(*await asgi.ask(app, method, self.http.base_url, f"/api/{path}", given, content))
        response = await self.http.request(method, f"/api/{path}", content=content, headers=given)
        return Answer(response.status_code, response.headers, response.content)

    async def create(
        self,
        type: str,
        attributes: dict[str, Any] | None = None,
        *,
        expect: int = 201,
        token: str | None = None,
        key: str | None = None,
        query: str = "",
        **related: Link,
    ) -> Answer:
        body = document_of(type, None, attributes, related)
        headers = {"Idempotency-Key": key} if key is not None else {}
        return _expected(await self.send("POST", type + query, body, token=token, **headers), expect)

    async def update(
        self,
        of: Link,
        attributes: dict[str, Any] | None = None,
        *,
        expect: int = 200,
        token: str | None = None,
        key: str | None = None,
        query: str = "",
        **related: Link,
    ) -> Answer:
        link = link_of(of)
        assert link is not None, "there is something to update"
        body = document_of(link["type"], link["id"], attributes, related)
        headers = {"Idempotency-Key": key} if key is not None else {}
        path = f"{link['type']}/{link['id']}{query}"
        return _expected(await self.send("PATCH", path, body, token=token, **headers), expect)

    async def sku(self, code: str, **attributes: Any) -> Answer:
        """Goods of a new category."""
        category = await self.create("shipping_categories", {"name": code})
        given = {"code": code, "name": code.title(), **attributes}
        return await self.create("skus", given, shipping_category=category)

    async def delete(self, of: Link, *, expect: int = 204, token: str | None = None) -> Answer:
        link = link_of(of)
        assert link is not None, "there is something to delete"
        return _expected(await self.send("DELETE", f"{link['type']}/{link['id']}", token=token), expect)

    async def get(self, of: Link | str, query: str = "", *, expect: int = 200, token: str | None = None) -> Answer:
        link = of if isinstance(of, str) else "{type}/{id}".format(**(link_of(of) or {}))
        return _expected(await self.send("GET", link + query, token=token), expect)

    async def source_of(self, order: Link) -> str | None:
        """The id of an order's payment source."""
        found = (await self.get(order, "?include=payment_source")).data["relationships"]["payment_source"]["data"]
        return found["id"] if found else None

    async def log_in(self, application: str = "acme/test/integration", **given: str) -> str:
        """An access token, by client credentials unless `given` says another way."""
        made = self.founded.applications[application]
        parameters = {"grant_type": "client_credentials", "client_id": made.client_id, **given}
        if made.kind == "integration":
            parameters["client_secret"] = made.client_secret
        else:
            parameters.setdefault("scope", f"market:id:{self.market['id']}")
        response = await self.http.post("/oauth/token", json=parameters)
        assert response.status_code == 200, response.text
        token: str = response.json()["access_token"]
        return token

    async def guest(self) -> str:
        return await self.log_in("acme/test/sales_channel")

    async def customer(self, email: str, password: str) -> str:
        return await self.log_in("acme/test/sales_channel", grant_type="password", username=email, password=password)

    # What tests are given.

    async def gateway_of(self, key: str | None = None, *, expect: int = 201, **attributes: Any) -> Answer:
        login = key or self.stripe.key
        given = {"name": "Stripe", "login": login, "publishable_key": "pk_test_shop", **attributes}
        return await self.create("stripe_gateways", given, expect=expect)

    async def method_of(self, gateway: Link, **attributes: Any) -> Answer:
        given = {"payment_source_type": "stripe_payments", "price_amount_cents": 0, "currency_code": "EUR"}
        return await self.create("payment_methods", {**given, **attributes}, payment_gateway=gateway)

    async def market_in(self, currency: str) -> dict[str, str]:
        code = f"m-{currency.lower()}"
        prices = await self.create("price_lists", {"name": code, "code": code, "currency_code": currency})
        made = await self.create(
            "markets", {"name": code, "code": code}, merchant=self.founded.merchant, price_list=prices
        )
        return made.link

    async def order(
        self,
        cents: int = 15400,
        *,
        market: Link = None,
        method: Link = None,
        shipping_address: Link = None,
        attributes: dict[str, Any] | None = None,
    ) -> Answer:
        """An order of this total, with a payment method."""
        market, method = market or self.market, method or self.method
        related: dict[str, Any] = {"shipping_address": shipping_address} if shipping_address else {}
        order = await self.create("orders", attributes, market=market, payment_method=method, **related)
        if cents:
            await self.line(order, cents)
        return order

    async def line(self, order: Link, cents: int) -> Answer:
        given = {"name": "Line", "quantity": 1, "unit_amount_cents": cents}
        return await self.create("line_items", given, order=order)

    async def payment(self, order: Link = None, attributes: dict[str, Any] | None = None, **options: Any) -> Answer:
        return await self.create("stripe_payments", attributes, order=order or await self.order(), **options)

    # Behind the API.

    async def recover(self, after: float = 0.0) -> None:
        """What the background does in its next round, `after` seconds from now."""
        if after:
            assert isinstance(self.app.clock, Clock), "a test's clock"
            self.app.clock.advance(after)
        await self.parts.recovery.once()
        if after > 3600:
            self.token = await self.log_in()

    async def deliver(self, event: dict[str, Any], gateway: Link = None, **changed: Any) -> httpx.Response:
        """Send an event as Stripe does, signed with the gateway's secret."""
        link = link_of(gateway or self.gateway)
        assert link is not None, "there is a gateway"
        body = changed.get("body", json.dumps(event).encode())
        at = int(changed["at"] if "at" in changed else self.app.clock())
        secret = changed.get("secret") or (await self.get(link))["webhook_endpoint_secret"]
        signature = changed.get("signature", sign(body, secret, at=at))
        headers = {"content-type": "application/json"}
        if signature is not None:
            headers["stripe-signature"] = signature
        path = f"/webhook_callbacks/stripe_gateways/{link['id']}"
        return await self.http.post(path, content=changed.get("sent", body), headers=headers)

    async def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows as they stand in the database, oldest first where they tell."""
        return await rows_of(self.parts.database, table, *columns)

    async def calls(self) -> list[tuple[str, str]]:
        """The journal: kind and state of every gateway call."""
        found = await self.rows("gateway_calls", "created_at", "kind", "state")
        return sorted((kind, state) for _, kind, state in found)

    async def open_calls(self) -> list[str]:
        return [kind for kind, state in await self.calls() if state == "open"]


def link_of(one: Link) -> dict[str, str] | None:
    return one.link if isinstance(one, Answer) else one


def document_of(type: str, id: str | None, attributes: dict[str, Any] | None, related: Mapping[str, Link]) -> Any:
    links = {name: {"data": link_of(one)} for name, one in related.items()}
    data = {"type": type, "attributes": attributes or {}, "relationships": links}
    return {"data": {**data, "id": id} if id else data}


def _expected(answer: Answer, status: int) -> Answer:
    assert answer.status == status, f"{answer.status} instead of {status}: {answer.raw.decode()[:600]}"
    return answer


async def rows_of(database: Database, table: str, *columns: str) -> list[tuple[Any, ...]]:
    def read() -> Any:
        made = METADATA.tables[table]
        rows = yield Ask(("test rows", table, columns), lambda: select(*(made.c[name] for name in columns)))
        return rows

    found: list[tuple[Any, ...]] = await database.read(read)
    return found


async def _fill(database: Database, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Write rows as they are."""

    def write() -> Any:
        for table in METADATA.sorted_tables:
            for row in rows.get(table.name, []):

                def build(table: Any = table, row: Any = row) -> Any:
                    return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in row})

                yield Ask(("test fill", table.name, tuple(row)), build, row)

    await database.write(write)


async def _filled(url: str, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    database = open_database(url)
    try:
        await _fill(database, rows)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def founded(sqlite_template: Path, sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Made once: founding takes password hashes and a signing key, which cost a second."""
    folder = tmp_path_factory.mktemp("founded")
    file = folder / "paydesk.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    settings = Settings(
        database_url=f"sqlite:///{file}", data_dir=folder, stripe_api_base=sandbox, key_file=folder / "vault.keys"
    )
    founded = asyncio.run(_found(settings, folder))
    filled = folder / "filled.sqlite3"
    shutil.copyfile(sqlite_template, filled)
    asyncio.run(_filled(f"sqlite:///{filled}", founded.rows))
    return replace(founded, file=filled)


async def _found(settings: Settings, folder: Path) -> Founded:
    applications: dict[str, Created] = {}
    for slug in ("acme", "other"):
        for made in (await found_organization(settings, name=slug.title(), slug=slug)).applications:
            applications[f"{slug}/{made.mode}/{made.kind}"] = made
    webapp = await create_application(
        settings, organization_slug="acme", mode="test", kind="integration", name="Second integration"
    )
    applications["acme/test/second"] = webapp
    application = Application(settings)
    await application.start()
    assert application.parts is not None, "it was started"
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
        founded = Founded(applications, {}, folder / "vault.keys", {}, {}, "")
        api = Api(application, http, founded, None)  # type: ignore[arg-type]
        api.token = await api.log_in()
        address = await api.create("addresses", ADDRESS)
        merchant = await api.create("merchants", {"name": "Brand"}, address=address)
        prices = await api.create("price_lists", {"name": "EUR", "code": "eur", "currency_code": "EUR"})
        market = await api.create("markets", {"name": "Europe", "code": "eu"}, merchant=merchant, price_list=prices)
    database = application.parts.database
    rows: dict[str, list[dict[str, Any]]] = {}
    for table in METADATA.sorted_tables:
        columns = [column.name for column in table.c]
        if table.name not in ("installation", "migrations", "holders", "versions"):
            rows[table.name] = [
                dict(zip(columns, row, strict=True)) for row in await rows_of(database, table.name, *columns)
            ]
    await application.stop()
    return replace(founded, rows=rows, market=market.link, merchant=merchant.link, token=api.token)


Start = Callable[..., Awaitable[Api]]


@pytest.fixture
def settings(database_url: str, sandbox: str, founded: Founded, tmp_path: Path) -> Settings:
    commerce.registry()
    return Settings(
        database_url=database_url, data_dir=tmp_path / "data", stripe_api_base=sandbox, key_file=founded.keys
    )


@dataclass
class Running:
    """Applications that a test started."""

    settings: Settings
    founded: Founded
    sandbox: str
    clock: Clock
    http: httpx.AsyncClient
    filled: bool = False
    started: list[Application] = field(default_factory=list)

    async def fill(self) -> None:
        """Bring the database to what was founded."""
        if not self.filled:
            await _filled(self.settings.database_url, self.founded.rows)
            self.filled = True

    @asynccontextmanager
    async def api(
        self,
        stripe: Stripe,
        *,
        patience: Patience | None = None,
        background: bool = False,
        settings: Settings | None = None,
        host: str = HOST,
    ) -> AsyncIterator[Api]:
        """The application, started on the test's database; its background rests unless it is asked for.

        patience   how long Stripe is waited for, whatever is wrong with it
        """
        await self.fill()
        app = Application(settings or self.settings, self.clock)
        await app.start()
        parts = app.parts
        assert parts is not None, "it was started"
        gateway = StripeGateway(stripe.base, patience=patience or PATIENT)
        parts.gateways["stripe_gateways"] = gateway
        if patience is None:
            stripe.gateways.append(gateway)
        if not background:
            await parts.recovery.stop()
            await parts.endpoints.loop.stop()
            await parts.owner.loop.stop()
            parts.owner.watches = False
            await parts.catching_up.loop.stop()
            await parts.watching.loop.stop()
        transport = httpx.ASGITransport(app=app)
        try:
            async with httpx.AsyncClient(transport=transport, base_url=host, timeout=60) as http:
                api = Api(app, http, self.founded, stripe)
                # Another domain is another issuer, whose tokens are its own.
                api.token = self.founded.token if settings is None else await api.log_in()
                yield api
        finally:
            await stripe.mend()
            await app.stop()


@pytest_asyncio.fixture
async def control() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, verify=False) as http:
        yield http


@pytest_asyncio.fixture
async def account(sandbox: str, control: httpx.AsyncClient) -> AsyncIterator[Stripe]:
    """A fresh account of the sandbox."""
    made = Stripe(sandbox, control)
    yield made
    await made.close()


@pytest.fixture
def running(
    request: pytest.FixtureRequest,
    settings: Settings,
    founded: Founded,
    sandbox: str,
    clock: Clock,
    control: httpx.AsyncClient,
) -> Running:
    url, postgresql = settings.database_url, None
    if url.startswith("postgresql:"):
        postgresql = request.getfixturevalue("postgresql")
    if ours := postgresql is None or postgresql.url == url:
        founded.fill(url, postgresql)
    return Running(settings, founded, sandbox, clock, control, filled=ours)


async def furnish(api: Api) -> Api:
    """A gateway with the account's key, and a payment method that goes through it."""
    api.gateway = await api.gateway_of()
    api.method = await api.method_of(api.gateway)
    return api


@pytest_asyncio.fixture
async def api(running: Running, account: Stripe) -> AsyncIterator[Api]:
    """The shop, ready to take payments."""
    async with running.api(account) as api:
        yield await furnish(api)


@pytest_asyncio.fixture
async def reachable(running: Running, account: Stripe) -> AsyncIterator[Api]:
    """The shop at an address that the sandbox can send its events to, with the background at work."""
    port = free_port()
    async with running.api(account, background=True, host=f"http://127.0.0.1:{port}") as api:

        async def pass_on(request: web.Request) -> web.Response:
            headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
            answer = await api.http.post(request.path, content=await request.read(), headers=headers)
            return web.Response(status=answer.status_code, body=answer.content)

        site = web.Application()
        site.router.add_post("/{path:.*}", pass_on)
        runner = web.AppRunner(site, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield await furnish(api)
        await runner.cleanup()


@pytest_asyncio.fixture
async def timely(running: Running, control: httpx.AsyncClient, tmp_path: Path) -> AsyncIterator[Api]:
    """The same with a sandbox of its own, whose clock may be moved: a clock is everybody's."""
    with _sandbox(tmp_path / "stripe") as base:
        account = Stripe(base, control)
        async with running.api(account) as api:
            yield await furnish(api)
        await account.close()
