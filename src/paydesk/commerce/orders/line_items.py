"""line_items: what an order holds, with what each costs."""

from __future__ import annotations

from typing import Any

from paydesk.base.currencies import step, to_step
from paydesk.base.errors import Denied
from paydesk.commerce.cart import PROMOTIONS, PURCHASABLE, Line
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.limits import MOST_CENTS, MOST_PIECES, must_be_payable
from paydesk.commerce.orders.line_values import (
    check_sign,
    code_of,
    describe,
    describe_custom,
    item_of,
    pieces_of,
    price,
    refuse_unserved,
)
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.stocking import must_be_there
from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.declare import (
    CREATE,
    FILTER,
    FIND,
    NONE,
    UPDATE,
    WRITE,
    Own,
    Rule,
    argument,
    boolean,
    constant,
    eq,
    hidden,
    integer,
    money,
    number,
    string,
    to_many,
    to_one,
)
from paydesk.rules.asking import Change, Load
from paydesk.rules.work import Work

HARMLESS = frozenset(("reference", "reference_origin", "metadata", "_add_tags", "_remove_tags"))


class LineItem(
    Line,
    type="line_items",
    singular="line_item",
    versions=False,
    access=ORDER_ACCESS.via("order", guest="CSUD", customer="CSLUD"),
):
    """A line of an order. Shoppers add skus, at the price of the market's price list; integrations may name another
    price, and add custom lines by `name` and `unit_amount_cents`. Lines for shipping, the payment method and promotions
    are the server's own.

    Source: Commerce Layer, "Line items".
    """

    root = "order"
    loads = ("order.line_items", "order.market", "order.payment_method")
    create_loads = loads

    sku_code = string(
        WRITE | FILTER, example="TSHIRTMM000000FFFFFFXLXX", doc="The sku's code; names the sku when written."
    )
    bundle_code = string(
        WRITE, example="BUNDLEMM000000FFFFFFXLXX", doc="The bundle's code; names the bundle when written."
    )
    quantity = integer(
        WRITE | FILTER, required=True, minimum=1, maximum=MOST_PIECES, example=4, doc="How many; at least 1."
    )
    currency_code = string(FIND, example="EUR", doc="The order's currency.")
    unit_amount = money(
        WRITE | FIND,
        prohibited=True,
        minimum=-MOST_CENTS,
        maximum=MOST_CENTS,
        example=10000,
        doc="What one costs; from the price list unless an integration gives it.",
    )
    compare_at_amount = money(
        WRITE | FIND, minimum=0, maximum=MOST_CENTS, example=13000, doc="The amount to compare with, struck through."
    )
    options_amount = money(
        UPDATE | FIND,
        default=0,
        prohibited=True,
        minimum=-MOST_CENTS,
        maximum=MOST_CENTS,
        example=1000,
        doc="What its options cost.",
    )
    discount = money(FIND, default=0, example=-1000, doc="Its share of the discounts.")
    total_amount = money(FIND, default=0, example=18800, doc="Unit amount times quantity, and options.")
    tax_amount = money(FIND, default=0, example=1880, doc="Taxes on it.")
    name = string(WRITE | FIND, example="text", doc="The item's name unless given.")
    image_url = string(
        WRITE | FILTER, example="https://img.yourdomain.com/skus/xYZkjABcde.png", doc="The item's picture unless given."
    )
    discount_breakdown = constant("object", doc="Each discount's share.")
    tax_rate = number(example=0.22, doc="The tax rate applied; null without a tax calculator.")
    tax_breakdown = constant("object", doc="What the tax calculator said.")
    item_type = string(
        CREATE | FIND,
        enum=(*PURCHASABLE, "shipments", "payment_methods", "adjustments", *PROMOTIONS),
        example="skus",
        doc="The type of its item.",
    )
    frequency = string(WRITE, example="monthly", doc="How often it is delivered, for subscriptions.")
    coupon_code = constant("string", example="SUMMERDISCOUNT", doc="The coupon used.")
    rule_outcomes = constant("object", example="[]", doc="What the rules came to.")
    circuit_state = constant("string", "closed", FIND, example="closed", doc="Whether the external service is asked.")
    circuit_failure_count = constant("integer", 0, FIND, example=5, doc="Failures of the external service in a row.")
    order = to_one("orders", CREATE | FIND, required=True)
    item = to_one(
        (
            "adjustments",
            "bundles",
            "buy_x_pay_y_promotions",
            "discount_engine_items",
            "external_promotions",
            "fixed_amount_promotions",
            "fixed_price_promotions",
            "flex_promotions",
            "free_gift_promotions",
            "free_shipping_promotions",
            "gift_cards",
            "payment_methods",
            "percentage_discount_promotions",
            "shipments",
            "skus",
        ),
        CREATE,
    )
    sku = to_one("skus", FILTER, match=eq("id", Own("item_id")))
    bundle = to_one("bundles", FILTER, match=eq("id", Own("item_id")))
    adjustment = to_one("adjustments", FILTER, match=eq("id", Own("item_id")))
    gift_card = to_one("gift_cards", FILTER, match=eq("id", Own("item_id")))
    shipment = to_one("shipments", FILTER, match=eq("id", Own("item_id")))
    payment_method = to_one("payment_methods", FILTER, match=eq("id", Own("item_id")))
    line_item_options = to_many("line_item_options", by="line_item")
    return_line_items = to_many("return_line_items", by="line_item")
    shipment_line_items = to_many("shipment_line_items", by="line_item", flags=NONE)
    stock_reservations = to_many("stock_reservations", by="line_item")
    stock_line_items = to_many("stock_line_items", by="line_item")
    stock_transfers = to_many("stock_transfers", by="line_item")
    notifications = to_many("notifications", by="notifiable")
    _external_price = boolean(WRITE, default=False, example=True, doc="The market's external service says the price.")
    _update_quantity = argument(
        "boolean", CREATE, example=True, doc="Add to the quantity of the line that holds the same item already."
    )
    contents = hidden("object", doc="Of a bundle: how many of each sku, by its id, are in one.")
    options_count = hidden("integer", default=0, doc="Pieces of all its options; zero where it has none.")
    price_fixed = hidden("boolean", default=False, doc="An integration gave the unit amount, and refreshes keep it.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        order, values = change.related["order"], change.values
        order.must_be_editable(work)
        item = yield from item_of(change, work)
        must_be_payable(values, order.currency_code, work)
        refuse_unserved(change, work)
        if item is None:
            describe_custom(values, work)
        else:
            describe(values, item, work)
            same = _same(order, values) if change.arguments.get("_update_quantity") else None
            if same is not None:
                yield from _must_be_there(order, values, item, work)
                same._add(values["quantity"], work)
                yield from order.refresh(work)
                return same
            yield from price(values, item, change, order, work, values["quantity"])
            yield from _must_be_there(order, values, item, work)
        work.check()
        line = work.create(cls, **values, currency_code=order.currency_code)
        line.order = order
        line.measure(work)
        order.line_items = [*order.line_items, line]
        yield from order.refresh(work)
        return line

    def updating(self, change: Change, work: Work) -> Rule:
        order, values = self.order, change.values
        order.line_items = [self if line.id == self.id else line for line in order.line_items]
        if values.keys() | change.arguments.keys() <= HARMLESS:
            work.change(self, **values)
            return
        order.must_be_editable(work)
        self.must_be_a_shoppers(work)
        item = yield from item_of(change, work)
        must_be_payable(values, order.currency_code, work)
        refuse_unserved(change, work)
        if values.get("unit_amount_cents") is not None:
            check_sign(values["unit_amount_cents"], self.item_type, work)
            values["price_fixed"] = True
        elif "unit_amount_cents" in values:
            del values["unit_amount_cents"]
            values["price_fixed"] = False
        quantity = values.get("quantity", self.quantity)
        is_other = item is not None and item.id != self.item_id
        if is_other and (self.item_id is None or item.shape.type != self.item_type):
            work.invalid(code_of(item), "invalid", value=item.code)
            work.check()
        if is_other:
            # A price that was fixed was that of the item before.
            values.setdefault("price_fixed", False)
            yield from self._take_item(item, change, quantity, work)
        elif quantity > self.quantity:
            more = {sku: held // self.quantity * (quantity - self.quantity) for sku, held in self.pieces().items()}
            yield from must_be_there(order, more, work)
        work.check()
        work.change(self, **values)
        self.measure(work)

    def _take_item(self, item: Any, change: Change, quantity: int, work: Work) -> Rule:
        """Have it be of another item of the same type, with the same options as far as they are for that, too."""
        values, order = change.values, self.order
        describe(values, item, work)
        yield from must_be_there(order, pieces_of(values, quantity), work)
        if self.options_count:
            yield Load(order, ("line_item_options.sku_option",))
            options = [one.sku_option for one in order.line_item_options if one.line_item_id == self.id]
            if not all(one.is_for(item.code, order.market_id, order.currency_code) for one in options):
                work.invalid(code_of(item), "invalid", "has other options than the line", value=item.code)
        if not values["price_fixed"]:
            yield from price(values, item, change, order, work, quantity)
        work.check()

    def updated(self, change: Change, work: Work) -> Rule:
        yield from self.order.refresh(work)

    def deleting(self, work: Work) -> Rule:
        self.order.must_be_editable(work)
        self.must_be_a_shoppers(work)
        if self.options_count:
            yield Load(self.order, ("line_item_options",))
            for option in [one for one in self.order.line_item_options if one.line_item_id == self.id]:
                work.delete(option)
                self.order.line_item_options.remove(option)
        work.delete(self)
        self.order.line_items = [line for line in self.order.line_items if line.id != self.id]
        yield from self.order.refresh(work)

    def take(self, unit_cents: int, compare_at_cents: int | None, work: Work) -> None:
        """Take another unit amount."""
        work.change(self, unit_amount_cents=unit_cents, compare_at_amount_cents=compare_at_cents)
        self.measure(work)

    def measure(self, work: Work) -> None:
        """Bring the total to unit amount, quantity and options, all of them amounts that can be paid.

        Entered prices are checked for that, but older ones may have been entered before they were.
        """
        if step(self.currency_code) > 1:
            for name in ("unit_amount_cents", "options_amount_cents"):
                cents = getattr(self, name)
                if cents is not None:
                    work.change(self, **{name: to_step(cents, self.currency_code)})
        work.change(self, total_amount_cents=self.costs())

    def take_options(self, options: list[Any], work: Work) -> None:
        """Cost what its options come to: they are all that it has, each with its total."""
        cents = sum(one.total_amount_cents for one in options)
        work.change(self, options_amount_cents=cents, options_count=sum(one.quantity for one in options))
        self.measure(work)

    def _add(self, quantity: int, work: Work) -> None:
        total = self.quantity + quantity
        if total > MOST_PIECES:
            work.invalid("quantity", "less_than_or_equal_to", value=total, count=MOST_PIECES)
        work.check()
        work.change(self, quantity=total)
        self.measure(work)

    def must_be_a_shoppers(self, work: Work) -> None:
        """A line that the server added changes with its item alone. An adjustment is not the shopper's to change."""
        if self.item_type not in PURCHASABLE:
            if work.actor.is_sales_channel:
                raise Denied("a line item of the server's own, or an adjustment")
            if self.item_type == "adjustments":
                return
            work.invalid("item_type", "invalid", "belongs to the server", value=self.item_type)
            work.check()


def _must_be_there(order: Order, values: dict[str, Any], item: Any, work: Work) -> Rule:
    """Note what is short for a line of these values."""
    known = item if isinstance(item, Sku) else None
    yield from must_be_there(order, pieces_of(values, values["quantity"]), work, known)


def _same(order: Order, values: dict[str, Any]) -> LineItem | None:
    """The line that holds an item already, as often delivered and without options."""
    lines: list[LineItem] = order.line_items
    kind, item, often = values["item_type"], values["item_id"], values.get("frequency") or None
    return next(
        (
            line
            for line in lines
            if (line.item_type, line.item_id, line.frequency or None) == (kind, item, often)
            and kind in PURCHASABLE
            and not line.options_count
        ),
        None,
    )
