"""The API on a real database with rows that are known to the last value, asked as a server asks it.

Requests go to the ASGI application as raw messages on an event loop of the world's own, so that a world can be kept
for all tests of a module, and so that a test can send what no client library would.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import bindparam, func, insert, select

from paydesk import commerce
from paydesk.base.actor import Actor
from paydesk.base.errors import InvalidToken
from paydesk.base.instants import later
from paydesk.base.tenants import tenant_of
from paydesk.commerce.accounts.addresses import Address
from paydesk.commerce.accounts.applications import Application
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.accounts.merchants import Merchant
from paydesk.commerce.accounts.organizations import Organization
from paydesk.commerce.catalog.price_lists import PriceList
from paydesk.commerce.catalog.prices import Price
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.payment_methods import PaymentMethod
from paydesk.commerce.payments.stripe_gateways import StripeGateway
from paydesk.commerce.shipping.shipping_categories import ShippingCategory
from paydesk.desk import Desk
from paydesk.http.api import Api
from paydesk.http.door import Door
from paydesk.http.origin import Network
from paydesk.jsonapi.documents.views import views_of
from paydesk.oauth import permissions
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work
from paydesk.store import open_database
from paydesk.store.sql.ask import Ask, Database
from paydesk.store.types import METADATA
from paydesk.vault import Vault

VAULT = Vault.given("test " + "A" * 43 + "=")
"""What seals what is kept."""

MEDIA_TYPE = "application/vnd.api+json"
NOW = 1_700_000_000.0
BEGAN = "2023-01-01T00:00:00.000Z"
"""When the first record of the world was made; each later one a minute after."""


CATEGORY = "catGoods"
GOODS: dict[str, Any] = {"shipping_category": ("shipping_categories", CATEGORY)}
GOODS_LINK = {"shipping_category": {"data": {"type": "shipping_categories", "id": CATEGORY}}}
"""What a new sku is related to at the least."""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.data]

    @property
    def included(self) -> list[tuple[str, str]]:
        return [(one["type"], one["id"]) for one in self.document["included"]]

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """Status, code, and where each problem is."""
        return [
            (one["status"], one["code"], next(iter(one.get("source", {}).values()), ""))
            for one in self.document["errors"]
        ]

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Where each broken rule is, and its key."""
        return [(one["source"]["pointer"], one["meta"]["error"]) for one in self.document["errors"]]


class World:
    """See the module. `tokens` says who asks."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        self.url, self.loop = url, loop
        self.registry = options.get("registry") or commerce.registry()
        self.database: Database = loop.run_until_complete(_opened(url))
        views = views_of(self.registry)
        self.desk = Desk(
            self.database,
            self.registry,
            permissions,
            {},
            commerce.plans(),
            unseal=lambda record: None,  # type: ignore[arg-type,return-value]
            clock=lambda: NOW,
            installation="test",
            hash_password=_hashed,
            tools={"seal": VAULT.seal, "open": VAULT.open},
        )
        self.tokens: dict[str, Actor] = {}
        self.options = options
        self.api = Api(
            self.desk,
            self.registry,
            views,
            permissions,
            self._actor_of,
            public_domain=options.get("public_domain"),
            trusted_proxies=options.get("trusted_proxies", ()),
            max_body_bytes=options.get("max_body_bytes", 1 << 20),
            limits=options.get("limits"),
        )
        for slug in ("shop", "other"):
            for mode in ("test", "live"):
                self.token(f"{slug}/{mode}", slug=slug, live=mode == "live")
        self.token("guest", kind="sales_channel", market_ids=("mktEurope",))
        self.token("ada", kind="sales_channel", market_ids=("mktEurope",), owner_id="cusAda", owner_type="Customer")
        self.token("reader", kind="webapp", role="read_only", owner_id="usrReader", owner_type="User")
        self.token("bound", market_ids=("mktEurope",))
        self.made = 0

    async def _actor_of(self, token: str, label: str | None) -> Actor:
        actor = self.tokens.get(token)
        if actor is None:
            raise InvalidToken
        return actor

    def token(
        self, name: str, *, slug: str = "shop", live: bool = False, kind: Any = "integration", **more: Any
    ) -> str:
        """A caller by name: `shop/test` and its like are integrations."""
        who = {"application": {"id": "app" + kind, "client_id": "x", "kind": kind, "public": False}}
        self.tokens[name] = Actor(
            tenant=tenant_of(slug, live),
            organization_id=slug,
            slug=slug,
            live=live,
            kind=kind,
            application_id="appBack",
            who=who,
            **more,
        )
        return name

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def write(self, tenant: str, *records: tuple[Any, ...]) -> None:
        """Rows as they are, each in a transaction's own minute: (type, id, columns)."""

        def transaction() -> Any:
            made = self.made
            for resource, id_, columns in records:
                work = Work(self.tokens[tenant], later(BEGAN, 60 * made))
                work.create(resource, id=id_, **columns)
                made += 1
                yield from self.desk.writer.write(work)
            return made

        self.made = self.run(self.database.write(transaction))

    def row(self, resource: type[Resource], **values: Any) -> None:
        """A row as no rule would let it be."""
        table = METADATA.tables[resource.shape.table]
        given = {"created_at": BEGAN, "updated_at": BEGAN, **values}

        def transaction() -> Any:
            insertion = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in given})
            yield Ask(("test row", resource.shape.type, tuple(given)), lambda: insertion, given)

        self.run(self.database.write(transaction))

    # Asking.

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "shop/test",
        headers: dict[str, str | None] | Sequence[tuple[bytes, bytes]] = (),
        chunks: Sequence[bytes] | None = None,
        client: str = "192.0.2.7",
        pause: float = 0,
        leave: bool = False,
    ) -> Answer:
        """One request. `headers` adds to the usual ones, None takes one away; a list of pairs is sent as it is."""
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if isinstance(headers, dict):
            usual: dict[str, str | None] = {"host": "shop.test", "accept": MEDIA_TYPE}
            if token is not None:
                usual["authorization"] = f"Bearer {token}"
            if content is not None or chunks is not None:
                usual["content-type"] = MEDIA_TYPE
            if content is not None:
                usual["content-length"] = str(len(content))
            usual.update(headers)
            sent = [(name.encode(), value.encode("latin-1")) for name, value in usual.items() if value is not None]
        elif headers:
            sent = list(headers)
        else:
            return self.ask(
                method, path, body, token=token, headers={}, chunks=chunks, client=client, pause=pause, leave=leave
            )
        parts = urlsplit(path)
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": sent,
            "client": (client, 40000),
            "server": ("127.0.0.1", 80),
        }
        pieces = [content or b""] if chunks is None else list(chunks)
        return self.run(self._exchange(scope, pieces, pause, leave))  # type: ignore[no-any-return]

    async def _exchange(self, scope: Any, pieces: list[bytes], pause: float, leave: bool) -> Answer:
        said: list[Any] = []
        self.taken = 0

        async def receive() -> Any:
            if self.taken and pause:
                await asyncio.sleep(pause)
            if self.taken >= len(pieces) or (leave and self.taken):
                return {"type": "http.disconnect"}
            self.taken += 1
            more = self.taken < len(pieces) or leave
            return {"type": "http.request", "body": pieces[self.taken - 1], "more_body": more}

        async def send(message: Any) -> None:
            said.append(message)

        door = Door(self.options.get("body_timeout", 5))
        await self.api(scope, door.body(receive), send)
        headers: dict[str, str] = {}
        for name, value in said[0]["headers"]:
            headers[name.decode().lower()] = value.decode("latin-1")
        return Answer(said[0]["status"], headers, b"".join(one.get("body", b"") for one in said[1:]))

    def get(self, path: str, *, token: str | None = "shop/test", expect: int = 200, **options: Any) -> Answer:
        answer = self.ask("GET", f"/api/{path}", token=token, **options)
        assert answer.status == expect, f"{answer.status} instead of {expect}: {answer.body[:600].decode()}"
        return answer

    def send(
        self,
        method: str,
        path: str,
        attributes: dict[str, Any] | None = None,
        *,
        expect: int | None = None,
        token: str | None = "shop/test",
        headers: dict[str, str | None] | None = None,
        **related: Any,
    ) -> Answer:
        """A POST or PATCH of a resource object; a related record is `(type, id)`, None, or a list of such pairs."""
        type_, _, rest = path.partition("?")[0].partition("/")
        links = {name: {"data": _linkage(one)} for name, one in related.items()}
        data: dict[str, Any] = {"type": type_, "attributes": attributes or {}, "relationships": links}
        if method == "PATCH":
            data["id"] = rest
        answer = self.ask(method, f"/api/{path}", {"data": data}, token=token, headers=headers or {})
        if expect is not None:
            assert answer.status == expect, f"{answer.status} instead of {expect}: {answer.body[:600].decode()}"
        return answer

    def filtered(self, type_: str, token: str = "shop/test", **filters: str) -> list[str]:
        """The ids of what fulfils these filters, oldest first."""
        query = "&".join(f"filter[q][{quote(name)}]={quote(value)}" for name, value in filters.items())
        return self.get(f"{type_}?page[size]=25&sort=created_at&{query}", token=token).ids

    def counting(self, what: Callable[[], Any]) -> int:
        """How many statements the database ran for it."""
        before: int = self.database.statements_run  # type: ignore[attr-defined]
        what()
        after: int = self.database.statements_run  # type: ignore[attr-defined]
        return after - before

    def everything(self) -> dict[str, int]:
        """How many records of each type there are, in every tenant: what a refused request must not change."""

        def transaction() -> Any:
            found = {}
            for name, table in METADATA.tables.items():
                count = select(func.count()).select_from(table)
                rows = yield Ask(("test count", name), partial(_same, count))
                found[name] = rows[0][0]
            return found

        counted: dict[str, int] = self.run(self.database.read(transaction))
        return counted

    def close(self) -> None:
        self.run(self.desk.close())
        self.run(self.database.close())


async def _hashed(password: str) -> str:
    return "hashed"


def _same(statement: Any) -> Any:
    return statement


def _linkage(one: Any) -> Any:
    if one is None:
        return None
    if isinstance(one, list):
        return [_linkage(each) for each in one]
    return {"type": one[0], "id": one[1]}


async def _opened(url: str) -> Database:
    return open_database(url)


@contextmanager
def world_at(url: str, **options: Any) -> Iterator[World]:
    """A furnished world on an empty database; `trusted_proxies` and the like as the API takes them."""
    loop = asyncio.new_event_loop()
    try:
        world = World(url, loop, **options)
        furnish(world)
        try:
            yield world
        finally:
            world.close()
    finally:
        loop.close()


def furnish(world: World) -> None:
    """Two organizations; the first has a catalog, customers and orders, and something else in its live environment."""
    of = {"shipping_category_id": CATEGORY}
    eur = {"currency_code": "EUR"}
    world.made = -3
    for tenant in ("shop/test", "shop/live", "other/test"):
        world.write(tenant, (ShippingCategory, CATEGORY, {"name": "Goods"}))
    world.write(
        "shop/test",
        (Organization, "shop", {"name": "Shop", "slug": "shop"}),
        (Application, "appBack", {"name": "Back office", "kind": "integration", "uid": "client"}),
        (Address, "adrTorino", {"first_name": "Ada", "last_name": "Rossi", "city": "Torino", "country_code": "IT",
                                "line_1": "Via Garibaldi 12", "zip_code": "10122", "phone": "1", "lat": 45.07}),
        (Address, "adrTokyo", {"company": "KK", "business": True, "city": "Tokyo", "country_code": "JP",
                               "line_1": "1-1", "zip_code": "100", "phone": "1", "lat": -0.5}),
        (Merchant, "merBrand", {"name": "Brand", "address_id": "adrTorino"}),
        (PriceList, "lstEur", {"name": "Euro", "code": "eur", "tax_included": True, **eur}),
        (PriceList, "lstUsd", {"name": "Dollar", "code": "usd", "tax_included": False, "currency_code": "USD"}),
        (Market, "mktEurope", {"name": "Europe", "code": "europe", "number": 1, "merchant_id": "merBrand",
                               "price_list_id": "lstEur"}),
        (Market, "mktUsa", {"name": "USA", "code": "usa", "number": 2, "merchant_id": "merBrand",
                            "price_list_id": "lstUsd", "reference": "west"}),
        (StripeGateway, "gtwStripe", {"name": "Stripe", "login": "sealed", "publishable_key": "pk_test_1"}),
        (PaymentMethod, "pmtCard", {"payment_source_type": "stripe_payments", "name": "Card", **eur,
                                    "payment_gateway_id": "gtwStripe", "price_amount_cents": 0}),
        (Sku, "skuAlpha", {"code": "ALPHA", **of, "name": "Alpha", "do_not_ship": True, "reference": "r1"}),
        (Sku, "skuEclair", {"code": "beta", **of, "name": "ÉCLAIR crème", "description": "",
                            "metadata": {"foo": "bar", "n": 1}}),
        (Sku, "skuPercent", {"code": "50%_off", **of, "name": "Straße ΟΔΟΣ", "description": "a\\b", "reference": "R1",
                             "metadata": {"foo": {"bar": [1, 2, {"x": None}]}, "n": 1.0}}),
        (Sku, "skuLetter", {"code": "50x_off", **of, "name": "жЖ alpha", "description": "line\nbreak",
                            "do_not_ship": True, "metadata": {"foo": "baz", "t": True, "list": ["a", "b"]}}),
        (Sku, "skuPlain", {"code": "plain", **of, "name": "plain", "description": "100% of_it", "reference": ""}),
        (Price, "prcAlphaEur", {"price_list_id": "lstEur", "sku_id": "skuAlpha", "sku_code": "ALPHA",
                                "amount_cents": 1000, "compare_at_amount_cents": 1500, **eur}),
        (Price, "prcEclairEur", {"price_list_id": "lstEur", "sku_id": "skuEclair", "sku_code": "beta",
                                 "amount_cents": 250, **eur}),
        (Price, "prcAlphaUsd", {"price_list_id": "lstUsd", "sku_id": "skuAlpha", "sku_code": "ALPHA",
                                "amount_cents": 1100, "compare_at_amount_cents": 1100, "currency_code": "USD"}),
        (Price, "prcPercentUsd", {"price_list_id": "lstUsd", "sku_id": "skuPercent", "sku_code": "50%_off",
                                  "amount_cents": 9_000_000_000, "currency_code": "USD"}),
        (Customer, "cusAda", {"email": "Ada@Example.com", "email_key": "ada@example.com", "password_hash": "x"}),
        (Customer, "cusBob", {"email": "bob@example.com", "email_key": "bob@example.com"}),
        (Order, "ordFull", {"number": "101", "status": "pending", "market_id": "mktEurope", "customer_id": "cusAda",
                            "guest": False, "payable_in": "EUR", "customer_email": "Ada@Example.com", **eur,
                            "total_amount_cents": 2250,
                            "billing_address_id": "adrTorino", "shipping_address_id": "adrTorino",
                            "payment_method_id": "pmtCard", "total_amount_with_taxes_cents": 2250,
                            "metadata": {"channel": "web"}}),
        (Order, "ordPlaced", {"number": "102", "status": "placed", "market_id": "mktUsa", "customer_id": "cusBob",
                              "guest": True, "placed_at": "2024-05-01T10:00:00.000Z", "total_amount_cents": 1100,
                              "currency_code": "USD", "archived_at": "2024-06-01T00:00:00.000Z"}),
        (Order, "ordDraft", {"number": "103", "market_id": "mktEurope", "guest": True, **eur}),
        (Order, "ordOld", {"number": "104", "status": "approved", "market_id": "mktEurope", "guest": True,
                           "customer_id": "cusBob", "placed_at": "1969-12-31T23:59:59.500Z",
                           "total_amount_cents": -5, **eur}),
        (Order, "ordLone", {"number": "105", "status": "cancelled", "placed_at": "2024-05-01T10:00:00.001Z",
                            "total_amount_cents": 1100, **eur}),
        (LineItem, "linAlpha", {"order_id": "ordFull", "item_id": "skuAlpha", "item_type": "skus", "quantity": 2,
                                "sku_code": "ALPHA", "name": "Alpha", "unit_amount_cents": 1000,
                                "total_amount_cents": 2000, **eur}),
        (LineItem, "linEclair", {"order_id": "ordFull", "item_id": "skuEclair", "item_type": "skus", "quantity": 1,
                                 "sku_code": "beta", "name": "Éclair", "unit_amount_cents": 250,
                                 "total_amount_cents": 250, **eur}),
        (LineItem, "linAgain", {"order_id": "ordPlaced", "item_id": "skuAlpha", "item_type": "skus", "quantity": 1,
                                "sku_code": "ALPHA", "name": "Alpha", "unit_amount_cents": 1100,
                                "total_amount_cents": 1100, "currency_code": "USD"}),
        (LineItem, "linCustom", {"order_id": "ordPlaced", "quantity": 1, "name": "Engraving", "item_type": "skus",
                                 "unit_amount_cents": 0, "total_amount_cents": 0, "currency_code": "USD"}),
    )  # fmt: skip
    world.write(
        "shop/live",
        (Sku, "skuLive", {"code": "LIVE", **of, "name": "Live secret", "metadata": {"foo": "bar"}}),
        (Sku, "skuAlpha", {"code": "ALPHA", **of, "name": "Alpha of the live shop"}),
        (Order, "ordLive", {"number": "101", "status": "pending", "guest": True, **eur}),
    )
    world.write(
        "other/test",
        (Organization, "other", {"name": "Other", "slug": "other"}),
        (PriceList, "lstOther", {"name": "Foreign", "code": "eur", **eur}),
        (Address, "adrOther", {"company": "Foreign", "business": True, "city": "Foreign", "country_code": "IT",
                               "line_1": "1", "zip_code": "1", "phone": "1"}),
        (Merchant, "merOther", {"name": "Foreign", "address_id": "adrOther"}),
        (Market, "mktOther", {"name": "Foreign", "code": "europe", "number": 1, "merchant_id": "merOther",
                              "price_list_id": "lstOther"}),
        (Customer, "cusOther", {"email": "ada@example.com", "email_key": "ada@example.com"}),
        (Sku, "skuOther", {"code": "FOREIGN", **of, "name": "Foreign secret", "metadata": {"foo": "bar"}}),
        (Order, "ordOther", {"number": "101", "status": "pending", "market_id": "mktOther", "customer_id": "cusOther",
                             "guest": True, **eur}),
        (LineItem, "linOther", {"order_id": "ordOther", "item_id": "skuOther", "item_type": "skus", "quantity": 1,
                                "sku_code": "FOREIGN", "name": "Foreign", **eur}),
    )  # fmt: skip


def networks(*given: str) -> tuple[Network, ...]:
    from ipaddress import ip_network

    return tuple(ip_network(one) for one in given)
