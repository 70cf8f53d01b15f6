"""shipping_methods: how shipments are sent, to whom each way is offered, and what it costs."""

from __future__ import annotations

import secrets
from typing import Any

from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.commerce.of_market import take_currency
from paydesk.commerce.shipping import prices
from paydesk.commerce.shipping.access import METHODS
from paydesk.commerce.shipping.delivery_lead_times import FOR_SHIPMENT
from paydesk.commerce.shipping.weights import UNITS
from paydesk.declare import (
    FILTER,
    FIND,
    NONE,
    WRITE,
    Own,
    Rule,
    Test,
    array,
    boolean,
    constant,
    eq,
    gathered,
    hidden,
    money,
    number,
    string,
    to_many,
    to_one,
    trigger,
)
from paydesk.rules.asking import Change, Load
from paydesk.rules.resource import Disableable, switching
from paydesk.rules.work import Work

MOST_TIERS = 100
"""The tiers of one method: every refresh of a cart may read them all."""


class ShippingMethod(
    Disableable,
    type="shipping_methods",
    singular="shipping_method",
    scopes={name: Test("offered_for.id", "eq") for name in ("shipment_id", "shipment_id_eq", "shipment_id_in")},
    access=METHODS,
):
    """A way to send shipments, offered to those that its market or currency, zone, category, location and limits of
    weight let. Source: Commerce Layer, "Shipping methods".
    """

    name = string(WRITE | FIND, required=True, example="Standard shipping", doc="What shoppers read.")
    scheme = string(
        WRITE | FIND,
        default="flat",
        enum=("flat", "weight_tiered", "external"),
        example="flat",
        doc="What a shipment costs: always the same, or by its weight. `external` is refused in this version.",
    )
    currency_code = string(WRITE | FIND, example="EUR", doc="ISO 4217; the market's where there is a market.")
    external_prices_url = string(
        WRITE, example="https://external_prices.yourbrand.com", doc="Who is asked for external prices."
    )
    price_amount = money(
        WRITE | FIND,
        required=True,
        minimum=0,
        maximum=MOST_CENTS,
        example=1000,
        doc="What sending one shipment costs with the scheme `flat`.",
    )
    free_over_amount = money(
        WRITE | FIND,
        minimum=0,
        maximum=MOST_CENTS,
        example=9900,
        doc="From which amount of the order on it costs nothing.",
    )
    use_subtotal = boolean(
        WRITE,
        default=False,
        example=True,
        doc="That amount is the order's subtotal; otherwise discounts and adjustments count as well.",
    )
    price_amount_for_shipment_cents = gathered(
        "integer", (), prices.cents_for_shipment, example=0, doc="What it costs for the shipment it is included in."
    )
    price_amount_for_shipment_float = gathered(
        "float", ("currency_code",), prices.float_for_shipment, example=0.0, doc="The same in whole units."
    )
    formatted_price_amount_for_shipment = gathered(
        "string", ("currency_code",), prices.told_for_shipment, example="€0,00", doc="The same as people write it."
    )
    min_weight = number(WRITE, minimum=0, example=3.0, doc="The least that a shipment weighs to be sent by it.")
    max_weight = number(WRITE, minimum=0, example=300.0, doc="The most that a shipment weighs to be sent by it.")
    unit_of_weight = string(
        WRITE, enum=UNITS, example="gr", doc="What these weights and those of its tiers count; grams if null."
    )
    tax_code = string(WRITE, example="FR010000", doc="The code that tax services know its cost by.")
    circuit_state = constant("string", "closed", FIND, example="closed", doc="Whether the external service is asked.")
    circuit_failure_count = constant("integer", 0, FIND, example=5, doc="Failures of the external service in a row.")
    shared_secret = string(
        confidential=True,
        secret=True,
        example="1c0994cc4e996e8c6ee56a2198f66f3c",
        doc="Signs what is sent to external services.",
    )
    external_includes = array(WRITE, default=[], doc="Relationships included in what is sent to external services.")
    market = to_one("markets", WRITE | FIND)
    shipping_zone = to_one("shipping_zones", WRITE | FIND)
    shipping_category = to_one("shipping_categories", WRITE | FIND)
    stock_location = to_one("stock_locations", WRITE | FIND)
    delivery_lead_time_for_shipment = to_one("delivery_lead_times", match=FOR_SHIPMENT)
    shipping_method_tiers = to_many("shipping_method_tiers", by="shipping_method", flags=WRITE | FILTER)
    shipping_weight_tiers = to_many("shipping_weight_tiers", by="shipping_method", flags=NONE)
    notifications = to_many("notifications", by="notifiable")
    events = to_many("events", by="resource")
    markets_of_currency = to_many("markets", match=eq("price_list.currency_code", Own("currency_code")), hidden=True)
    offered_for = to_many("shipments", through="shipment_offers", by="shipping_method", hidden=True)
    delivery_lead_times = to_many("delivery_lead_times", by="shipping_method", hidden=True)
    tiers_changed_at = hidden("datetime", doc="When one of its tiers was made, changed, moved or deleted.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        switching(change, work)
        yield from _check(None, change, work)
        made = work.create(cls, **change.values, shared_secret=secrets.token_hex(16))
        yield from made._take_tiers(change, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        switching(change, work)
        yield from _check(self, change, work)
        if change.values.get("currency_code", self.currency_code) != self.currency_code:
            yield Load(self, ("shipping_method_tiers",))
            for tier in self.shipping_method_tiers:
                must_be_payable({"price_amount_cents": tier.price_amount_cents}, change.values["currency_code"], work)
            work.check()
        yield from self._take_tiers(change, work)
        work.change(self, **change.values)

    def deleting(self, work: Work) -> Rule:
        """Its tiers and lead times go with it."""
        yield Load(self, ("shipping_weight_tiers", "delivery_lead_times"))
        for one in (*self.shipping_weight_tiers, *self.delivery_lead_times):
            work.delete(one)
        work.delete(self)

    def touch(self, work: Work) -> None:
        """Note that its tiers are others now: orders that are sent by it are behind."""
        work.change(self, tiers_changed_at=work.now)

    def _take_tiers(self, change: Change, work: Work) -> Rule:
        """Make room for the tiers of other methods that are to be this one's."""
        tiers = change.related.get("shipping_method_tiers")
        if not tiers:
            return
        if len(tiers) > MOST_TIERS:
            work.invalid("shipping_method_tiers", "too_long", f"are more than {MOST_TIERS}", count=MOST_TIERS)
            work.check()
        for tier in tiers:
            yield Load(tier, ("shipping_method",))
            if tier.shipping_method is not None:
                tier.shipping_method.touch(work)
            currency = change.values.get("currency_code", self.currency_code)
            must_be_payable({"price_amount_cents": tier.price_amount_cents}, currency, work)
        work.check()
        self.touch(work)

    @trigger(prohibited=True)
    def _reset_circuit(self, work: Work, value: bool) -> None:
        """Changes nothing in this version: no external service is asked, so the circuit is closed."""

    @trigger()
    def _regenerate_shared_secret(self, work: Work, value: bool) -> None:
        """Make a new shared secret; what was signed with the old one is no longer accepted."""
        work.change(self, shared_secret=secrets.token_hex(16))


def _check(method: ShippingMethod | None, change: Change, work: Work) -> Rule:
    """Let a request say of a method only what holds together; its currency is that of its market."""

    def now(name: str) -> Any:
        return change.values[name] if name in change.values else getattr(method, name, None)

    yield from take_currency(method, change, work)
    if now("scheme") == "external":
        work.invalid("scheme", "not_served", "can't be external: prices of external services are not served yet")
    least, most = now("min_weight"), now("max_weight")
    if (least is not None or most is not None) and now("unit_of_weight") is None:
        work.invalid("unit_of_weight", "blank")
    if least is not None and most is not None and most < least:
        work.invalid("max_weight", "greater_than_or_equal_to", value=most, count=least)
    amounts = {name: now(name) for name in ("price_amount_cents", "free_over_amount_cents")}
    told = amounts if "currency_code" in change.values else change.values.keys() & amounts.keys()
    must_be_payable({name: amounts[name] for name in told}, now("currency_code"), work)
    work.check()
