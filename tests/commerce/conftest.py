"""A shop over HTTP: the API on a real database, without gateways, and callers of every kind."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest_asyncio

from paydesk import commerce
from paydesk.base.actor import Actor
from paydesk.commerce.accounts.organizations import Organization
from paydesk.commerce.payments.stripe_gateways import StripeGateway
from paydesk.desk import Desk
from paydesk.http.api import Api
from paydesk.jsonapi.documents.views import views_of
from paydesk.oauth import permissions
from paydesk.oauth.secrets import Passwords
from paydesk.rules.work import Work
from paydesk.store import open_database
from tests.http.world import VAULT

MEDIA_TYPE = "application/vnd.api+json"
NOW = 1_700_000_000.0

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


class Refused(Exception):
    """The API said no: `status`, and what it said of each problem."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.errors: list[dict[str, Any]] = response.json()["errors"]
        super().__init__(f"{self.status} {self.said}")

    @property
    def said(self) -> list[tuple[str, str]]:
        """Pointer and machine key (or code) of each problem."""
        return [
            (one.get("source", {}).get("pointer", ""), one.get("meta", {}).get("error", one["code"]))
            for one in self.errors
        ]


@dataclass
class Record:
    """A resource object as a client reads it: attributes by name."""

    data: dict[str, Any]
    included: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def link(self) -> dict[str, str]:
        return {"type": self.data["type"], "id": self.data["id"]}

    def __getitem__(self, attribute: str) -> Any:
        return self.data["attributes"][attribute]

    def related(self, name: str) -> Any:
        return self.data["relationships"][name]["data"]


class Client:
    """One caller of the API."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.token = http, token

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.token}", "accept": MEDIA_TYPE, "content-type": MEDIA_TYPE}
        response = await self.http.request(method, f"/api/{path}", json=body, headers=headers)
        if response.status_code >= 400:
            raise Refused(response)
        return response.json() if response.content else None

    async def create(self, type: str, related: Any = None, **attributes: Any) -> Record:
        return Record((await self.send("POST", type, _body(type, None, related, attributes)))["data"])

    async def update(self, of: Record, related: Any = None, **attributes: Any) -> Record:
        type = of.data["type"]
        answer = await self.send("PATCH", f"{type}/{of.id}", _body(type, of.id, related, attributes))
        return Record(answer["data"])

    async def delete(self, of: Record) -> None:
        await self.send("DELETE", f"{of.data['type']}/{of.id}")

    async def get(self, of: Record, include: str = "") -> Record:
        query = f"?include={include}" if include else ""
        answer = await self.send("GET", f"{of.data['type']}/{of.id}{query}")
        return Record(answer["data"], answer.get("included", []))

    async def list(self, path: str) -> list[Record]:
        return [Record(one) for one in (await self.send("GET", path))["data"]]


def _body(type: str, id: str | None, related: Any, attributes: dict[str, Any]) -> dict[str, Any]:
    links = {name: {"data": one.link if isinstance(one, Record) else one} for name, one in (related or {}).items()}
    data = {"type": type, "attributes": attributes, "relationships": links}
    return {"data": {**data, "id": id} if id else data}


class Shop:
    """An organization with a market in EUR. Prices are made by `sku`."""

    market: Record
    price_list: Record
    merchant: Record
    gateway: dict[str, str]

    def __init__(self, http: httpx.AsyncClient, desk: Desk, actors: dict[str, Actor]) -> None:
        self.http, self.desk = http, desk
        self.actors = actors
        self.integration = self.caller("integration")

    def caller(
        self,
        kind: Any,
        *,
        market: Record | None = None,
        customer: Record | None = None,
        places: Iterable[Record] = (),
    ) -> Client:
        located = tuple(one.id for one in places)
        token = f"{kind}/{market.id if market else ''}/{customer.id if customer else ''}/{located}"
        self.actors[token] = Actor(
            tenant="shop/test",
            organization_id="shop",
            slug="shop",
            live=False,
            kind=kind,
            application_id="app",
            owner_id=customer.id if customer else None,
            owner_type="Customer" if customer else None,
            market_ids=(market.id,) if market else None,
            stock_location_ids=located or None,
        )
        return Client(self.http, token)

    @property
    def guest(self) -> Client:
        return self.caller("sales_channel", market=self.market)

    def signed_in(self, customer: Record) -> Client:
        return self.caller("sales_channel", market=self.market, customer=customer)

    async def sku(self, code: str, cents: int | None, **attributes: Any) -> Record:
        category = await self.integration.create("shipping_categories", name=code.title())
        related = {"shipping_category": category}
        sku = await self.integration.create("skus", related, code=code, name=code.title(), **attributes)
        if cents is not None:
            related = {"price_list": self.price_list, "sku": sku}
            await self.integration.create("prices", related, amount_cents=cents)
        return sku

    async def write(self, work: Work) -> None:
        await self.desk.database.write(lambda: self.desk.writer.write(work))

    async def put(self, record: Record, **columns: Any) -> None:
        """Bring a record where only later acts bring it, such as an order to `placed`."""
        resource = commerce.registry()[record.data["type"]]
        work = Work(self.actors[self.integration.token], "2023-11-14T22:13:20.000Z")
        found = resource(id=record.id, **dict.fromkeys(columns))
        work.change(found, **columns)
        found.recorded = False
        await self.write(work)


@pytest_asyncio.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    database = open_database(database_url)
    registry = commerce.registry()
    views = views_of(registry)
    passwords = Passwords()
    desk = Desk(
        database,
        registry,
        permissions,
        {},
        commerce.plans(),
        unseal=lambda record: None,  # type: ignore[arg-type,return-value]
        clock=lambda: NOW,
        installation="test",
        hash_password=passwords.hash,
        tools={"seal": VAULT.seal, "open": VAULT.open},
    )
    actors: dict[str, Actor] = {}

    async def actor_of(token: str, host: str | None) -> Actor:
        return actors[token]

    api = Api(
        desk,
        registry,
        views,
        permissions,
        actor_of,
        public_domain=None,
        trusted_proxies=(),
        max_body_bytes=1 << 20,
    )
    transport = httpx.ASGITransport(app=api)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as http:
        made = Shop(http, desk, actors)
        founding = Work(actors[made.integration.token], "2023-11-14T22:13:20.000Z")
        founding.create(Organization, id="shop", name="Shop", slug="shop")
        founding.create(StripeGateway, id="gateway", name="Stripe", login="sealed", publishable_key="pk_test_1")
        await made.write(founding)
        made.gateway = {"type": "stripe_gateways", "id": "gateway"}
        integration = made.integration
        address = await integration.create("addresses", **ADDRESS)
        made.merchant = await integration.create("merchants", {"address": address}, name="Brand")
        made.price_list = await integration.create("price_lists", name="EUR", code="eur", currency_code="EUR")
        related = {"merchant": made.merchant, "price_list": made.price_list}
        made.market = await integration.create("markets", related, name="Europe", code="europe")
        yield made
    await desk.close()
    passwords.close()
    await database.close()
