"""payment_methods: how orders of a market may be paid, through which gateway, and what that costs."""

from __future__ import annotations

from paydesk.base.currencies import CURRENCIES
from paydesk.commerce.entering import OF_OPEN
from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.commerce.of_market import IN_SCOPE
from paydesk.commerce.payable import SOURCES
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.declare import (
    ALWAYS,
    FILTER,
    FIND,
    WRITE,
    Access,
    Caller,
    Condition,
    Own,
    Rule,
    Without,
    boolean,
    both,
    either,
    eq,
    money,
    null,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Load
from paydesk.rules.resource import Disableable, switching
from paydesk.rules.work import Work


def title_of(payment_source_type: str) -> str:
    return payment_source_type.removesuffix("s").replace("_", " ").title()


def without_own(store: Condition) -> Condition:
    """There is no method that is switched on of the store that fulfils this: the market's are offered there."""
    return Without((null("disabled_at"), store), "others", "payment_methods")


class PaymentMethod(
    Disableable,
    type="payment_methods",
    singular="payment_method",
    access=Access(
        guest="S",
        customer="S",
        guest_sees=both(null("disabled_at"), either(null("market_id"), OF_OPEN)),
        customer_sees=both(null("disabled_at"), either(null("market_id"), OF_OPEN)),
        scope=IN_SCOPE,
        store_scope=either(
            within("store_id", Caller("store_ids")),
            both(null("store_id"), without_own(within("store_id", Caller("store_ids")))),
        ),
    ),
):
    """A way to pay, offered to the orders of its market, or of its currency when it has no market.

    Source: Commerce Layer, "Payment methods".
    """

    name = string(
        WRITE | FIND, example="Stripe Payment", doc="What shoppers read; the source type as a title unless given."
    )
    payment_source_type = string(
        WRITE | FIND,
        required=True,
        enum=SOURCES,
        example="stripe_payments",
        doc="The type of its payment sources.",
    )
    currency_code = string(WRITE | FIND, example="EUR", doc="ISO 4217; the market's unless given.")
    moto = boolean(WRITE, default=False, example=False, doc="Mail and telephone orders.")
    require_capture = boolean(WRITE, default=True, example=True, doc="Fulfilment starts only once paid.")
    auto_place = boolean(WRITE, default=False, example=True, doc="A successful authorization places the order.")
    auto_capture = boolean(WRITE, default=False, example=False, doc="What is authorized is captured at once.")
    price_amount = money(
        WRITE | FIND, required=True, minimum=0, maximum=MOST_CENTS, example=0, doc="What using it costs the shopper."
    )
    auto_capture_max_amount = money(
        WRITE, minimum=0, maximum=MOST_CENTS, example=0, doc="The largest order that is captured at once."
    )
    market = to_one("markets", WRITE | FIND)
    payment_gateway = to_one("payment_gateways", WRITE | FILTER, required=True)
    store = to_one("stores", WRITE | FIND)
    markets_of_currency = to_many("markets", match=eq("price_list.currency_code", Own("currency_code")), hidden=True)
    others = to_many("payment_methods", match=ALWAYS, hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        switching(change, work)
        values = change.values
        source_type, market = values["payment_source_type"], change.related.get("market")
        if not values.get("name"):
            values["name"] = title_of(source_type)
        if market is not None and not values.get("currency_code"):
            yield Load(market, ("price_list",))
            values["currency_code"] = market.price_list.currency_code
        must_be_payable({"price_amount_cents": values["price_amount_cents"]}, values.get("currency_code"), work)
        _check(source_type, change.related["payment_gateway"], values.get("currency_code"), work)
        return work.create(cls, **values)

    def updating(self, change: Change, work: Work) -> Rule:
        switching(change, work)
        values = change.values
        gateway = change.related.get("payment_gateway")
        if gateway is None:
            yield Load(self, ("payment_gateway",))
            gateway = self.payment_gateway
        source_type = values.get("payment_source_type", self.payment_source_type)
        if values.get("name", self.name) in (None, ""):
            values["name"] = title_of(source_type)
        currency = values.get("currency_code", self.currency_code)
        if "price_amount_cents" in values or currency != self.currency_code:
            price = values.get("price_amount_cents", self.price_amount_cents)
            must_be_payable({"price_amount_cents": price}, currency, work)
        _check(source_type, gateway, currency, work)
        work.change(self, **values)


def _check(source_type: str, gateway: Gateway, currency: str | None, work: Work) -> None:
    """A method needs a gateway that makes its payment sources, and a currency."""
    if gateway.makes.shape.type != source_type:
        work.invalid("payment_source_type", "invalid", value=source_type)
    if not currency:
        work.invalid("currency_code", "blank")
    elif currency not in CURRENCIES:
        work.invalid("currency_code", "invalid", value=currency)
    work.check()
