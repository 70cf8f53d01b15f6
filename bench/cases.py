"""What is measured: the requests of each case, as bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import apsw
import orjson

from bench.data import SKU, Data

MEDIA_TYPE = "application/vnd.api+json"
CHECKOUT = (
    "available_payment_methods,payment_source,payment_method,line_items.line_item_options.sku_option,line_items.item,"
    "shipping_address,billing_address,shipments.available_shipping_methods,shipments.stock_line_items.line_item,"
    "shipments.shipping_method,shipments.stock_transfers.line_item,shipments.stock_location,"
    "shipments.parcels.parcel_line_items"
)
"""The longest include of the official checkout. Source: react-components 4.29, as they were recorded."""


@dataclass(frozen=True)
class Case:
    """One row of the table.

    connections    clients at a time
    requests       of one round at normal length
    stripe         which Stripe answers: the stand-in at once, the stand-in after 100 ms, the sandbox
    needs          the case whose requests make what this one's requests use up
    held           how many other connections are open meanwhile that say nothing, or never end what they say
    signing_up     how many other clients create customers with a password meanwhile, one after the other
    """

    name: str
    title: str
    connections: int
    requests: int
    status: int = 200
    stripe: str = "at once"
    needs: str | None = None
    held: int = 0
    signing_up: int = 0

    @property
    def creates(self) -> bool:
        """Whether its answers are stripe payments, to be read by other cases."""
        return self.name.startswith("create")

    @property
    def writes(self) -> bool:
        """Whether its limit holds what the bare database takes for the same writes."""
        return self.name in {"create", "add-line", "place-shipped"} or self.needs is not None


CASES = {
    case.name: case
    for case in (
        Case("create", "create a stripe payment", 16, 500, 201),
        Case("create-100ms", "create, Stripe takes 100 ms", 64, 1800, 201, "100 ms"),
        Case("read", "read it with its order", 16, 2000),
        Case("read-held", "the same, 5,000 connections held", 16, 2000, held=5000),
        Case("read-one", "read it, one client", 1, 1000),
        Case("read-signups", "the same, 8 others create customers", 1, 1000, signing_up=8),
        Case("list", "list 25 orders of a customer", 16, 250),
        Case("list-recent", "list 25 of a tenth of all orders", 16, 250),
        Case("skus", "list 25 skus with their prices", 16, 250),
        Case("patch", "patch an order", 16, 500),
        Case("add-line", "add a line to a cart of 10", 16, 300, 201),
        Case("checkout", "read an order as the official checkout does", 16, 250),
        Case("place", "place an order, its card authorized", 16, 300, needs="create"),
        Case("place-shipped", "place an order of two shipments, taxed", 16, 60),
        Case("capture", "capture an authorization", 16, 300, needs="place"),
        Case("refund", "refund a part of a capture", 16, 300, needs="capture"),
        Case("create-sandbox", "create, Stripe is our sandbox", 16, 300, 201, "sandbox"),
    )
}


class Requests:
    """The requests of all cases, for one server. No order is paid twice."""

    def __init__(self, data: Data, port: int) -> None:
        self._data = data
        self.port = port
        self.token = ""
        self.payments: list[str] = []
        """Ids of stripe payments, to be read."""
        self._opened: list[str] = []
        """Ids of orders whose payment was opened, to be placed."""
        self._authorizations: list[str] = []
        self._captures: list[str] = []
        self._seen: set[str] = set()
        self._unpaid = iter(data.orders[: len(data.orders) - len(data.carts)])
        self._carts = itertools.cycle(data.carts)
        self._shipped = iter(data.shipped)
        self._checkouts = itertools.cycle(data.shipped)
        self._customers = itertools.cycle(data.customers)
        self._numbers = itertools.count(1)

    def of(self, name: str, count: int) -> Iterator[bytes]:
        """`count` requests of a case."""
        if CASES[name].creates:
            return self.create(count)
        made = {
            "read": self._read,
            "read-held": self._read,
            "read-one": self._read,
            "read-signups": self._read,
            "list": self._list,
            "list-recent": self._list_recent,
            "skus": self._skus,
            "patch": self._patch,
            "add-line": self._add_line,
            "checkout": self._checkout,
            "place": self._place,
            "place-shipped": self._place_shipped,
            "capture": self._capture,
            "refund": self._refund,
        }[name]
        return (made() for _ in range(count))

    def lacking(self, name: str, count: int) -> list[tuple[Case, int]]:
        """The cases, and how many requests of each, that make what `count` requests of this one need."""
        case = CASES[name]
        if case.needs is None:
            return []
        there = {"place": self._opened, "capture": self._authorizations, "refund": self._captures}[name]
        lacks = count - len(there)
        return [*self.lacking(case.needs, lacks), (CASES[case.needs], lacks)] if lacks > 0 else []

    def look(self) -> None:
        """Learn from the database which authorizations and captures there are."""
        connection = apsw.Connection(str(self._data.directory / "paydesk.sqlite3"), flags=apsw.SQLITE_OPEN_READONLY)
        for identifier, kind in connection.execute("SELECT id, type FROM transactions WHERE succeeded ORDER BY rowid"):
            there = {"authorizations": self._authorizations, "captures": self._captures}.get(kind)
            if there is not None and identifier not in self._seen:
                self._seen.add(identifier)
                there.append(identifier)
        connection.close()

    def see(self, body: bytes) -> None:
        """Take the id of a created payment out of the answer."""
        _, _, rest = body.partition(b'"id":"')
        self.payments.append(rest[: rest.index(b'"')].decode())

    def token_request(self) -> bytes:
        grant = {
            "grant_type": "client_credentials",
            "client_id": self._data.client_id,
            "client_secret": self._data.client_secret,
        }
        return self._made("POST", "/oauth/token", grant, "application/json")

    def create(self, count: int) -> Iterator[bytes]:
        for order in itertools.islice(self._unpaid, count):
            related = {"order": {"data": {"type": "orders", "id": order}}}
            document = {"data": {"type": "stripe_payments", "attributes": {}, "relationships": related}}
            self._opened.append(order)
            yield self._made("POST", "/api/stripe_payments", document)

    def sign_ups(self) -> Iterator[bytes]:
        """Customers with a password, without end."""
        for number in self._numbers:
            attributes = {"email": f"signs.up.{number}@example.com", "password": "correct horse battery"}
            yield self._made("POST", "/api/customers", {"data": {"type": "customers", "attributes": attributes}})

    def _read(self) -> bytes:
        payment = self.payments[next(self._numbers) % len(self.payments)]
        return self._made("GET", f"/api/stripe_payments/{payment}?include=order")

    def _list(self) -> bytes:
        return self._orders(("customer_email_eq", next(self._customers)), ("status_eq", "pending"))

    def _list_recent(self) -> bytes:
        return self._orders(("created_at_gteq", self._data.recent), ("status_eq", "pending"))

    def _orders(self, *filters: tuple[str, str]) -> bytes:
        asked = [f"{quote(f'filter[q][{name}]')}={quote(value)}" for name, value in filters]
        asked += [f"{quote('page[size]')}=25", "sort=-total_amount_cents"]
        return self._made("GET", f"/api/orders?{'&'.join(asked)}")

    def _skus(self) -> bytes:
        return self._made("GET", f"/api/skus?include=prices&{quote('page[size]')}=25&sort=code")

    def _add_line(self) -> bytes:
        related = {"order": {"data": {"type": "orders", "id": next(self._carts)}}}
        attributes = {"sku_code": SKU, "quantity": 1}
        document = {"data": {"type": "line_items", "attributes": attributes, "relationships": related}}
        return self._made("POST", "/api/line_items", document)

    def _patch(self) -> bytes:
        order, number = next(self._carts), next(self._numbers)
        attributes = {"reference": f"erp-{number}", "metadata": {"picker": f"robot {number % 7}", "run": number}}
        return self._made(
            "PATCH", f"/api/orders/{order}", {"data": {"type": "orders", "id": order, "attributes": attributes}}
        )

    def _checkout(self) -> bytes:
        return self._made("GET", f"/api/orders/{next(self._checkouts)}?include={CHECKOUT}")

    def _place(self) -> bytes:
        return self._triggered("orders", self._opened.pop(), _place=True)

    def _place_shipped(self) -> bytes:
        return self._triggered("orders", next(self._shipped), _place=True)

    def _capture(self) -> bytes:
        return self._triggered("authorizations", self._authorizations.pop(), _capture=True)

    def _refund(self) -> bytes:
        """A cent of a capture; there are so many captures that the same comes again only much later."""
        capture = self._captures[next(self._numbers) % len(self._captures)]
        return self._triggered("captures", capture, _refund=True, _refund_amount_cents=1)

    def _triggered(self, type: str, id: str, **attributes: object) -> bytes:
        return self._made("PATCH", f"/api/{type}/{id}", {"data": {"type": type, "id": id, "attributes": attributes}})

    def _made(self, method: str, target: str, document: object = None, media_type: str = MEDIA_TYPE) -> bytes:
        lines = [
            f"{method} {target} HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            "user-agent: paydesk-bench",
            "accept: application/vnd.api+json",
        ]
        if self.token:
            lines.append(f"authorization: Bearer {self.token}")
        body = b""
        if document is not None:
            body = orjson.dumps(document)
            lines += [f"content-type: {media_type}", f"content-length: {len(body)}"]
        return "\r\n".join([*lines, "\r\n"]).encode() + body


def to_the_floor(request: bytes, case: str) -> bytes:
    """The same request, asked of the server that sends bytes from memory."""
    first, _, rest = request.partition(b"\r\n")
    method = first.partition(b" ")[0]
    return b"%b /%b HTTP/1.1\r\n%b" % (method, case.encode(), rest)
