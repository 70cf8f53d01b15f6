"""One organization with its applications, markets, customers and users; and the OAuth paths over HTTP."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import bindparam, insert, select
from starlette.applications import Starlette

from paydesk import commerce
from paydesk.base.instants import instant
from paydesk.oauth import keys
from paydesk.oauth.authority import OAuth
from paydesk.oauth.endpoints import routes
from paydesk.oauth.keys import Keyring
from paydesk.oauth.secrets import digest, hash_password
from paydesk.store import open_database
from paydesk.store.oauth.signing_keys import KeyRow
from paydesk.store.records import tables
from paydesk.store.sql.ask import Ask, Database
from paydesk.store.types import METADATA
from paydesk.vault import Vault

tables.build(commerce.registry())

NOW = 1_700_000_000.0
PASSWORD = "correct horse"
PASSWORD_HASH = hash_password(PASSWORD)


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused before a database could make a difference."""


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.at(tmp_path_factory.mktemp("vault") / "vault.keys")


@pytest.fixture(scope="session")
def key_rows(vault: Vault) -> list[KeyRow]:
    """Two key pairs: making one takes up to a second."""
    return [keys.make(vault, serial, instant(NOW - 86_400)) for serial in (1, 2)]


@pytest.fixture
def keyring(vault: Vault, key_rows: list[KeyRow]) -> Keyring:
    ring = Keyring()
    ring.take(key_rows[:1], vault, instant(NOW))
    return ring


@dataclass
class Rows:
    """Writes rows as they are, and tells how many there are."""

    database: Database
    _gathered: list[tuple[str, dict[str, Any]]] | None = None

    async def add(self, table: str, **values: Any) -> None:
        if self._gathered is not None:
            self._gathered.append((table, values))
        else:
            await self._write([(table, values)])

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[None]:
        """Write all that is added in one transaction, at the end."""
        gathered = self._gathered = []
        yield
        self._gathered = None
        await self._write(gathered)

    async def _write(self, rows: list[tuple[str, dict[str, Any]]]) -> None:
        def write() -> Any:
            for table, values in rows:

                def build(table: str = table, values: dict[str, Any] = values) -> Any:
                    made = METADATA.tables[table]
                    return insert(made).values({name: bindparam(name, type_=made.c[name].type) for name in values})

                yield Ask(("test", table, tuple(values)), build, values)

        await self.database.write(write)

    async def all(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        def read() -> Any:
            made = METADATA.tables[table]
            rows = yield Ask(("test all", table, columns), lambda: select(*(made.c[name] for name in columns)))
            return rows

        found: list[tuple[Any, ...]] = await self.database.read(read)
        return found

    async def run(self, key: str, build: Callable[[], Any]) -> None:
        def write() -> Any:
            yield Ask(("test run", key), build)

        await self.database.write(write)


def row_of(table: str, **values: Any) -> dict[str, Any]:
    """The values, and something for every other column that must have a value."""
    made = {}
    for column in METADATA.tables[table].c:
        if column.name in values:
            made[column.name] = values[column.name]
        elif not column.nullable:
            kind = type(column.type).__name__
            made[column.name] = {"Instant": instant(NOW - 1000), "Boolean": False, "Document": {}}.get(kind, "")
    return made


async def add_organization(rows: Rows, organization_id: str, slug: str) -> None:
    values = {"tenant": organization_id, "id": organization_id, "slug": slug, "name": f"The {slug} shop"}
    await rows.add("organizations", **row_of("organizations", **values))


async def add_application(rows: Rows, tenant: str, id: str, kind: str, **values: Any) -> None:
    """Its client id is `client-{id}`, its secret `secret-{id}`."""
    given = {
        "tenant": tenant,
        "id": id,
        "name": f"My {kind}",
        "kind": kind,
        "uid": f"client-{id}",
        "secret_hash": digest(f"secret-{id}"),
        **values,
    }
    await rows.add("applications", **row_of("applications", **given))


async def add_market(rows: Rows, tenant: str, id: str, code: str, **values: Any) -> None:
    given = {"tenant": tenant, "id": id, "code": code, "name": code, **values}
    await rows.add("markets", **row_of("markets", **given))


async def add_customer(rows: Rows, tenant: str, id: str, email: str, password_hash: str | None = None) -> None:
    given = {"tenant": tenant, "id": id, "email": email, "email_key": email.lower(), "password_hash": password_hash}
    await rows.add("customers", **row_of("customers", **given))


async def add_user(rows: Rows, organization_id: str, id: str, email: str, role: str = "admin") -> None:
    given = {
        "tenant": organization_id,
        "id": id,
        "email": email,
        "email_key": email.lower(),
        "password_hash": PASSWORD_HASH,
        "role": role,
        "first_name": "Ada",
        "time_zone": "UTC",
    }
    await rows.add("users", **row_of("users", **given))


@dataclass
class Api:
    """The OAuth paths of one server, and what a test needs beside them."""

    oauth: OAuth
    clock: Clock
    rows: Rows
    client: httpx.AsyncClient

    async def token(self, id: str, grant_type: str, secret: bool = True, **parameters: Any) -> httpx.Response:
        """Ask for a token as application `id`, as JSON."""
        body = {"grant_type": grant_type, "client_id": f"client-{id}", **parameters}
        if secret:
            body["client_secret"] = f"secret-{id}"
        return await self.client.post("/oauth/token", json=body)

    async def given(self, id: str, grant_type: str, secret: bool = True, **parameters: Any) -> dict[str, Any]:
        """The same, where it must succeed."""
        response = await self.token(id, grant_type, secret, **parameters)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def customer(self, **parameters: Any) -> dict[str, Any]:
        """Tokens of the customer, without the shop's secret."""
        return await self.given(
            "shop", "password", secret=False, username="ada@example.com", password=PASSWORD, **parameters
        )


TENANT = "orgAAAAAAA/test"
LIVE = "orgAAAAAAA/live"
OTHER = "orgBBBBBBB/test"


async def furnish(rows: Rows, key_rows: Iterable[KeyRow]) -> None:
    """Two organizations; the first has an application of each kind, three markets, two customers and two users."""
    await add_organization(rows, "orgAAAAAAA", "acme")
    await add_organization(rows, "orgBBBBBBB", "bolt")
    await add_application(rows, TENANT, "shop", "sales_channel", public_access=True)
    await add_application(rows, LIVE, "liveshop", "sales_channel", public_access=True)
    await add_application(rows, OTHER, "foreign", "sales_channel", public_access=True)
    await add_application(rows, TENANT, "back", "integration")
    await add_application(rows, TENANT, "desk", "webapp", redirect_uri="https://desk.example/callback?a=1")
    await add_application(rows, TENANT, "bound", "integration", scopes="market:id:mktEUROPEx", lifetime_seconds=600)
    await add_application(rows, TENANT, "gone", "integration", revoked_at=instant(NOW - 10))
    for group in ("cgrVIPxxxx", "cgrOTHERxx"):
        await rows.add("customer_groups", **row_of("customer_groups", tenant=TENANT, id=group, name=group))
    await add_market(rows, TENANT, "mktEUROPEx", "europe", external_prices_url="https://prices.example")
    await add_market(rows, TENANT, "mktUSAxxxx", "usa")
    await add_market(rows, TENANT, "mktCLOSEDx", "closed", disabled_at=instant(NOW - 10))
    await add_market(rows, TENANT, "mktPRIVATE", "private", private=True, customer_group_id="cgrVIPxxxx")
    await add_market(rows, OTHER, "mktFOREIGN", "foreign")
    for id_, code, market in (("strROMExxx", "rome", "mktEUROPEx"), ("strCLOSEDx", "shut", "mktCLOSEDx")):
        store = {"tenant": TENANT, "id": id_, "code": code, "name": code, "market_id": market}
        await rows.add("stores", **row_of("stores", **store))
    await rows.add("stock_locations", **row_of("stock_locations", tenant=TENANT, id="stlMILANOx", code="milano"))
    await add_customer(rows, TENANT, "cusADAxxxx", "Ada@example.com", PASSWORD_HASH)
    await add_customer(rows, TENANT, "cusGUESTxx", "guest@example.com")
    await add_customer(rows, LIVE, "cusLIVExxx", "ada@example.com", PASSWORD_HASH)
    await add_user(rows, "orgAAAAAAA", "usrADMINxx", "boss@acme.example")
    await add_user(rows, "orgAAAAAAA", "usrREADERx", "reader@acme.example", "read_only")
    for row in list(key_rows)[:1]:
        await rows.add(
            "signing_keys",
            kid=row.kid,
            serial=row.serial,
            private_key=row.private_key,
            public_key=row.public_key,
            created_at=row.created_at,
        )


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def api(database: Database, clock: Clock, vault: Vault, key_rows: list[KeyRow]) -> AsyncIterator[Api]:
    rows = Rows(database)
    async with rows.at_once():
        await furnish(rows, key_rows)
    oauth = OAuth(database, vault, clock)
    await oauth.start()
    transport = httpx.ASGITransport(Starlette(routes=list(routes(oauth))))
    async with httpx.AsyncClient(transport=transport, base_url="https://auth.shop.test") as client:
        yield Api(oauth, clock, rows, client)
    await oauth.stop()
