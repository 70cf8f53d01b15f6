"""A small shop, declared for these tests alone."""

from __future__ import annotations

from typing import Any

from paydesk.declare import (
    CREATE,
    FILTER,
    FIND,
    NEVER,
    SORT,
    UPDATE,
    WRITE,
    Test,
    argument,
    array,
    boolean,
    constant,
    derived,
    document,
    eq,
    hidden,
    integer,
    moment,
    money,
    string,
    to_many,
    to_one,
    trigger,
)
from paydesk.declare import (
    number as fraction,
)
from paydesk.rules.registry import register
from paydesk.rules.resource import Resource


class Market(Resource, type="markets", singular="market"):
    """Where a shop sells."""

    name = string(WRITE | FIND, required=True, max_length=20, example="Europe", doc="What it is called.")
    secret_key = hidden("string")
    merchant = to_one("merchants", WRITE, required=True)


class Order(
    Resource,
    type="orders",
    singular="order",
    scopes={"open": eq("status", "draft"), "nothing": NEVER, "sku_code_start": Test("line_items.sku_code", "like")},
    plain_filters=("opened_at_from", "market_id"),
):
    """What a customer buys."""

    number = string(FIND, example="1234")
    status = string(FIND, enum=("draft", "placed"), default="draft", example="draft")
    guest = boolean(WRITE | FILTER, default=False, example=True)
    total_amount = money(FIND)
    tax_rate = fraction(WRITE | FILTER, minimum=0, maximum=1, example=0.22)
    coupon_code = constant("string", None, WRITE | FIND, example="04371af2")
    gift_wrapped = constant("boolean", False, FILTER)
    payment_status = derived("string", ("status",), str.upper, FIND)
    placed_at = moment(WRITE | FIND, example="2018-01-01T12:00:00.000Z")
    opened_at = moment()
    notes = array(WRITE | FILTER)
    options = document(WRITE)
    token = hidden("string")
    phone = string(WRITE)
    _note = argument("string", UPDATE, prohibited=True)
    market = to_one("markets", WRITE | FIND, required=True)
    payment_source = to_one(("cards", "transfers"), WRITE | FILTER, null_attribute=True)
    gateway = to_one("payment_gateways", WRITE, prohibited=True)
    line_items = to_many("line_items", "order")
    tags = to_many("tags", flags=WRITE, through="taggings")
    secret = to_one("merchants", FILTER, hidden=True)

    @trigger(UPDATE)
    def _place(self, work: Any, value: Any) -> None:
        """Place the order."""

    @trigger(UPDATE, prohibited=True)
    def _approve(self, work: Any, value: Any) -> None:
        """Approve the order."""

    @trigger(UPDATE, kind="integer")
    def _capture_amount_cents(self, work: Any, value: Any) -> None:
        """Capture as much."""


class LineItem(Resource, type="line_items", singular="line_item"):
    sku_code = string(CREATE | FIND, example="BABYONBU000000E63E7412MX")
    quantity = integer(WRITE | FIND, required=True, minimum=1, maximum=100, example=2)
    order = to_one("orders", CREATE | FILTER | SORT, required=True)


class Merchant(Resource, type="merchants", singular="merchant"):
    name = string(WRITE | FIND)


class PaymentGateway(Resource, type="payment_gateways", singular="payment_gateway"):
    name = string(FIND)


class Card(Resource, type="cards", singular="card"):
    brand = string(FIND)


class Transfer(Resource, type="transfers", singular="transfer"):
    bank = string(FIND)


class Tag(Resource, type="tags", singular="tag"):
    name = string(WRITE | FIND, required=True)


class Tagging(Resource, type="taggings", singular="tagging", actions=(), versions=False, event_stores=False):
    order = to_one("orders")
    tag = to_one("tags")


class Account(Resource, type="accounts", singular="account", singleton=True, actions=("retrieve",)):
    name = string(example="Acme")


class Change(Resource, type="event_stores", singular="event_store", versions=False, event_stores=False):
    event = string()


SHOP = register([Market, Order, LineItem, Merchant, PaymentGateway, Card, Transfer, Tag, Tagging, Account, Change])
