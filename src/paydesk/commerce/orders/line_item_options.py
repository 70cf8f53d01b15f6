"""line_item_options: the options that a line of an order is to have, such as a text that is embossed."""

from __future__ import annotations

from typing import Any

from paydesk.base.currencies import to_step
from paydesk.base.errors import NotFound
from paydesk.commerce.cart import PURCHASABLE
from paydesk.commerce.catalog.sku_options import SkuOption
from paydesk.commerce.limits import MOST_CENTS, MOST_PIECES, must_be_payable
from paydesk.commerce.orders.line_items import HARMLESS, LineItem
from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.declare import (
    CREATE,
    FILTER,
    FIND,
    WRITE,
    Rule,
    document,
    eq,
    hidden,
    integer,
    money,
    string,
    to_many,
    to_one,
)
from paydesk.rules.asking import Change, Find, Hold, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_ORDER = ("line_items", "market", "payment_method", "line_item_options")
"""What of an order a refresh, and the sums of its options, read."""


class LineItemOption(
    Resource,
    type="line_item_options",
    singular="line_item_option",
    versions=False,
    access=ORDER_ACCESS.via("order", guest="CSUD", customer="CSLUD"),
):
    """An option of a line item, at the price of its sku option; what a line's options cost together is part of the
    line's total. Source: Commerce Layer, "Line item options".
    """

    root = "order"
    loads = (*(f"order.{name}" for name in _ORDER), "line_item.order", "sku_option")

    name = string(WRITE | FIND, example="Embossing", doc="The option's name unless given.")
    quantity = integer(
        WRITE | FIND, required=True, minimum=1, maximum=MOST_PIECES, example=2, doc="How many; at least 1."
    )
    currency_code = string(FIND, example="EUR", doc="The order's currency.")
    unit_amount = money(
        WRITE | FIND,
        prohibited=True,
        minimum=0,
        maximum=MOST_CENTS,
        example=990,
        doc="What one costs; the option's price unless an integration gives it.",
    )
    total_amount = money(default=0, example=1880, doc="Unit amount times quantity.")
    delay_hours = integer(FIND, example=48, doc="How much longer delivery takes.")
    delay_days = integer(FILTER, example=2, doc="The same, rounded to days.")
    options = document(
        WRITE, required=True, example={"embossing_text": "Happy Birthday!"}, doc="What the shopper has chosen."
    )
    line_item = to_one("line_items", CREATE | FIND, required=True)
    sku_option = to_one("sku_options", WRITE | FIND, required=True)
    events = to_many("events", by="resource")
    order = to_one("orders", hidden=True)
    price_fixed = hidden("boolean", default=False, doc="An integration gave the unit amount, and refreshes keep it.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        line, values = (yield from _held(change.related["line_item"])), change.values
        order, option = line.order, change.related["sku_option"]
        order.must_be_editable(work)
        line.must_be_a_shoppers(work)
        _check(option, line, values, work)
        made = work.create(cls, **{**_of(option), **_given(values)}, order_id=order.id)
        made.line_item, made.sku_option, made.order = line, option, order
        order.line_item_options = [*order.line_item_options, made]
        yield from _follow(made, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        values = change.values
        if values.keys() | change.arguments.keys() <= HARMLESS:
            work.change(self, **values)
            return
        self.order.must_be_editable(work)
        self.line_item.must_be_a_shoppers(work)
        option = change.related.get("sku_option", self.sku_option)
        _check(option, self.line_item, values, work)
        is_other = option.id != self.sku_option_id
        # A price that was fixed was that of the option before.
        is_fixed = values.get("unit_amount_cents") is not None or (
            "unit_amount_cents" not in values and self.price_fixed and not is_other
        )
        taken = _of(option) if is_other or not is_fixed else {}
        if is_fixed:
            taken.pop("unit_amount_cents", None)
        if not is_other:
            taken.pop("name", None)
        work.change(self, **{**taken, **_given(values), "price_fixed": is_fixed})
        self.sku_option = option
        yield from _follow(self, work)

    def deleting(self, work: Work) -> Rule:
        order = self.order
        order.must_be_editable(work)
        self.line_item.must_be_a_shoppers(work)
        work.delete(self)
        order.line_item_options = [one for one in order.line_item_options if one.id != self.id]
        yield from _follow(self, work)

    def is_sold_in(self, market_id: str) -> bool:
        """Its sku option is still there, for this market and in its currency."""
        option = self.sku_option
        return option is not None and option.is_sold_in(market_id, self.currency_code)

    def take_price(self, work: Work) -> None:
        """Take what the sku option costs by now, unless an integration gave a price, and bring the total to it."""
        option = self.sku_option
        if not self.price_fixed and option is not None and option.currency_code == self.currency_code:
            work.change(self, unit_amount_cents=option.price_amount_cents)
        cents = to_step(self.unit_amount_cents or 0, self.currency_code)
        work.change(self, unit_amount_cents=cents, total_amount_cents=cents * self.quantity)


def _held(named: LineItem) -> Rule:
    """A line item, once its order is locked: by then it may be another, or gone."""
    yield Hold("line_items", named.id)
    line = yield Find(LineItem, eq("id", named.id), anew=True)
    if line is None:
        raise NotFound(named.id)
    yield Load(line, tuple(f"order.{name}" for name in _ORDER))
    return line


def _check(option: SkuOption | None, line: LineItem, values: dict[str, Any], work: Work) -> None:
    order = line.order
    if line.item_type not in PURCHASABLE:
        work.invalid("line_item", "invalid", "takes no options", value=line.item_type)
    elif option is None or not option.is_for(line.sku_code or line.bundle_code, order.market_id, order.currency_code):
        work.invalid("sku_option", "invalid", "is not for this item in the order's market")
    must_be_payable(values, order.currency_code, work)
    work.check()


def _of(option: SkuOption) -> dict[str, Any]:
    """What an option of a line takes from the sku option."""
    return {
        "name": option.name,
        "currency_code": option.currency_code,
        "unit_amount_cents": option.price_amount_cents,
        "delay_hours": option.delay_hours,
        "delay_days": option.delay_days,
    }


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """What a request says itself. An amount that it gives is kept by refreshes."""
    given = {
        name: value for name, value in values.items() if value is not None or name not in ("name", "unit_amount_cents")
    }
    return given | ({"price_fixed": True} if "unit_amount_cents" in given else {})


def _follow(option: LineItemOption, work: Work) -> Rule:
    """Have its line cost what the options come to, whether the order refreshes by itself or not."""
    own = [one for one in option.order.line_item_options if one.line_item_id == option.line_item_id]
    for one in own:
        if one.id == option.id:
            one.take_price(work)
    option.line_item.take_options(own, work)
    yield from option.order.refresh(work)
