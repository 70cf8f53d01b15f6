"""orders: what a shopper buys, from an empty cart to something that can be paid."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from paydesk.base.errors import Denied, Locked
from paydesk.base.money import Money
from paydesk.commerce.accounts.addresses import Address
from paydesk.commerce.accounts.customers import (
    LONGEST_PASSWORD,
    Customer,
    customer_of,
    email_key,
    is_email,
    named,
    sign_up,
)
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.accounts.organizations import Organization, setting, told
from paydesk.commerce.orders import (
    addressing,
    authorizing,
    editing,
    fixing,
    letting_go,
    moving,
    order,
    paying,
    placing,
    settling,
    wallet,
)
from paydesk.commerce.orders.refresh import refresh as refreshing
from paydesk.commerce.owning import OWN_ORDER, shows_all
from paydesk.commerce.payable import CUSTOMER_PLACED, GUEST_PLACED, ORDER_ACCESS, SOURCES, Act
from paydesk.commerce.payments.acts import save as saving
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.returning import kept, masked
from paydesk.commerce.unserved import asked
from paydesk.declare import (
    FILTER,
    FIND,
    NEVER,
    NONE,
    UPDATE,
    WRITE,
    Late,
    Limited,
    Own,
    Related,
    Rule,
    argument,
    boolean,
    both,
    constant,
    derived,
    document,
    either,
    eq,
    hidden,
    integer,
    moment,
    money,
    null,
    string,
    to_many,
    to_one,
    trigger,
    within,
)
from paydesk.rules.asking import Change, Find, Load, Next, new_id
from paydesk.rules.work import Work

EDITABLE = ("draft", "pending", "placing", "editing")

_MOVES = frozenset(
    (
        "_pending",
        "_place",
        "_start_editing",
        "_stop_editing",
        "_fix_payment_source",
        "_approve",
        "_approve_and_capture",
        "_capture",
        "_refund",
        "_cancel",
        "_fulfill",
    )
)
"""Triggers that say themselves in which status they may be used."""

_HARMLESS = frozenset(("reference", "reference_origin", "metadata", "_archive", "_unarchive"))
"""What may be written to an order that is no longer edited."""

_AROUND_PLACING = frozenset(
    (
        saving.SAVE,
        "_create_subscriptions",
        "_save_billing_address_to_customer_address_book",
        "_save_shipping_address_to_customer_address_book",
    )
)
"""What official front ends send around placing. They do not look whether a webhook has placed the order meanwhile."""

_RELATED = ("market", "customer", "billing_address", "shipping_address", "payment_method", "payment_source")
"""Relationships whose change has rules of its own."""

_OFFERED = both(
    null("disabled_at"),
    null("payment_gateway.disabled_at"),
    eq("currency_code", Own("payable_in")),
    either(eq("market_id", Own("market_id")), null("market_id")),
)
"""The payment methods of an order: those of its market and those of any, none when there is nothing to pay."""


_KEPT_FOR_IT = both(
    eq("customer_id", Own("customer_id")),
    either(
        both(
            null("payment_method.disabled_at"),
            null("payment_method.payment_gateway.disabled_at"),
            eq("payment_method.currency_code", Own("payable_in")),
            either(eq("payment_method.market_id", Own("market_id")), null("payment_method.market_id")),
        ),
        both(null("payment_method_id"), Related((_OFFERED,), "methods", "payment_methods")),
    ),
)
"""The wallet entries of an order's customer that it can be paid with: those of a method that it is offered, and those
of no method in particular where it is offered one of their gateway."""


def _is_editable(status: str) -> bool:
    return status in EDITABLE


def _checkout_url(market_url: str | None, order_id: str) -> str | None:
    if not market_url:
        return None
    if ":order_id" in market_url:
        return market_url.replace(":order_id", order_id)
    return f"{market_url.rstrip('/')}/{order_id}"


def _customer_type(customer_type: str, guest: bool, is_shopper: bool) -> str:
    """A guest may have typed anybody's address, and learns nothing of whose it is."""
    return "new" if is_shopper and guest else customer_type


class Order(
    order.Order,
    type="orders",
    singular="order",
    unique=(("number",),),
    indexes=(("token",), ("customer_email",)),
    queues=("attention_since",),
    access=replace(
        ORDER_ACCESS,
        late=(
            Late(frozenset((saving.SAVE,)), customer=both(OWN_ORDER, within("status", ("placed", "approved")))),
            Late(_AROUND_PLACING | {"_place"}, guest=GUEST_PLACED, customer=CUSTOMER_PLACED),
        ),
    ),
):
    """A cart, then an order. It is `draft` until it has a customer and something to buy, then `pending`; every write
    refreshes its prices and amounts.

    Source: Commerce Layer, "Orders".
    """

    loads = ("line_items", "market", "payment_method")
    create_loads = ("market.price_list", "payment_method.payment_gateway")

    number = string(
        WRITE | FIND, prohibited=True, example="1234", doc="Unique; numeric unless the organization lets you choose."
    )
    affiliate_code = string(WRITE | FIND, example="xxxx-yyyy-zzzz", doc="Who referred the shopper.")
    autorefresh = boolean(WRITE, default=True, example=True, doc="Every write refreshes the order.")
    place_async = boolean(WRITE | FIND, default=False, example=True, doc="Place in the background.")
    status = string(
        FIND,
        default="draft",
        enum=("draft", "pending", "editing", "placing", "placed", "approved", "cancelled"),
        example="draft",
        doc="Where the order stands.",
    )
    payment_status = string(
        FIND,
        default="unpaid",
        enum=(
            "unpaid",
            "authorized",
            "partially_authorized",
            "paid",
            "partially_paid",
            "voided",
            "partially_voided",
            "refunded",
            "partially_refunded",
            "free",
        ),
        example="unpaid",
        doc="Follows from its transactions.",
    )
    fulfillment_status = string(
        FIND,
        default="unfulfilled",
        enum=("unfulfilled", "in_progress", "fulfilled", "not_required"),
        example="unfulfilled",
        doc="Where its delivery stands.",
    )
    guest = boolean(
        WRITE | FIND,
        default=True,
        example=True,
        doc="No customer's token has made or claimed it. Says nothing of accounts.",
    )
    editable = derived("boolean", ("status",), _is_editable, example=True, doc="It can still be changed.")
    customer_email = string(WRITE | FILTER, example="john@example.com", doc="Finds or makes the customer.")
    customer_password = argument(
        "string",
        WRITE,
        secret=True,
        max_length=LONGEST_PASSWORD,
        example="secret",
        doc="Signs the customer up along with the order.",
    )
    customer_type = string(
        default="new",
        enum=("new", "returning"),
        inputs=("customer_type", "guest", "caller.is_sales_channel"),
        compute=_customer_type,
        example="returning",
        doc="Whether the customer ordered before. A storefront is told so of orders that are no guest's.",
    )
    language_code = string(WRITE | FIND, default="en", example="it", doc="ISO 639-1, for mails and the checkout.")
    currency_code = string(FIND, example="EUR", doc="ISO 4217, from the market's price list.")
    tax_included = boolean(FIND, example=True, doc="Prices contain taxes, as the price list says.")
    tax_rate = constant("float", None, FIND, example=0.22, doc="The tax rate applied.")
    freight_taxable = boolean(WRITE, default=False, example=True, doc="Shipping is taxed.")
    payment_method_taxable = boolean(WRITE, default=False, example=True, doc="The payment method's cost is taxed.")
    adjustment_taxable = boolean(WRITE, default=False, example=True, doc="Adjustments are taxed.")
    gift_card_taxable = boolean(WRITE, default=False, doc="Gift cards are taxed.")
    requires_billing_info = constant("boolean", False, example=False, doc="The billing address needs `billing_info`.")
    country_code = string(FIND, example="IT", doc="Of the shipping address, otherwise the billing address.")
    shipping_country_code_lock = string(WRITE, example="IT", doc="The only country it may be shipped to.")
    coupon_code = constant("string", None, WRITE | FIND, example="SUMMERDISCOUNT", doc="The coupon used.")
    gift_card_code = constant(
        "string", None, WRITE | FIND, example="cc92c23e-967e-48b2-a323-59add603301f", doc="The gift card used."
    )
    gift_card_or_coupon_code = constant(
        "string", None, WRITE, example="cc92c23e-967e-48b2-a323-59add603301f", doc="Either; a gift card wins."
    )
    subtotal_amount = money(FIND, default=0, example=5000, doc="What the goods cost.")
    shipping_amount = money(FIND, default=0, example=1200, doc="What shipping costs.")
    payment_method_amount = money(FIND, default=0, example=0, doc="What the payment method costs.")
    discount_amount = money(FIND, default=0, example=-500, doc="All discounts; zero or less.")
    adjustment_amount = money(FIND, default=0, example=1500, doc="All adjustments, either sign.")
    gift_card_amount = money(FIND, default=0, example=1500, doc="What the gift card pays; zero or less.")
    total_tax_amount = money(FIND, default=0, example=1028, doc="All taxes.")
    subtotal_tax_amount = money(FIND, default=0, example=902, doc="Taxes on goods.")
    shipping_tax_amount = money(default=0, example=216, doc="Taxes on shipping.")
    payment_method_tax_amount = money(default=0, example=0, doc="Taxes on the payment method.")
    adjustment_tax_amount = money(default=0, example=900, doc="Taxes on adjustments.")
    total_amount = money(FIND, default=0, example=5700, doc="The sum before added taxes and gift card.")
    total_taxable_amount = money(default=0, example=4672, doc="What is taxed, discounts left out.")
    subtotal_taxable_amount = money(default=0, example=4098, doc="What is taxed of the goods.")
    shipping_taxable_amount = money(default=0, example=984, doc="What is taxed of shipping.")
    payment_method_taxable_amount = money(default=0, example=0, doc="What is taxed of the payment method.")
    adjustment_taxable_amount = money(default=0, example=120, doc="What is taxed of adjustments.")
    total_amount_with_taxes = money(default=0, example=5700, doc="What is charged.")
    fees_amount = money(FIND, default=0, example=0, doc="Fees.")
    duty_amount = money(FIND, example=0, doc="Customs duties; null until known.")
    place_total_amount = money(example=0, doc="What was charged at placement; null before.")
    skus_count = integer(default=0, example=2, doc="Pieces of all skus.")
    line_item_options_count = constant("integer", 0, example=1, doc="Options of all line items.")
    shipments_count = constant("integer", 0, example=1, doc="Its shipments.")
    tax_calculations_count = constant("integer", 0, example=1, doc="How often taxes were calculated.")
    validations_count = constant("integer", 0, example=1, doc="How often it was validated.")
    errors_count = integer(default=0, example=1, doc="Its resource errors.")
    connect = hidden("object", doc="What integrations set for Connect; it goes into each new payment.")
    payment_source_details = document(FILTER, doc="Public facts of the payment source, once it is known how it pays.")
    token = string(
        FILTER, secret=True, example="1c0994cc4e996e8c6ee56a2198f66f3c", doc="A secret name for links to the order."
    )
    cart_url = string(WRITE, example="https://yourdomain.com/cart", doc="Where the shopper edits the cart.")
    return_url = string(WRITE, example="https://yourdomain.com/", doc="Where the shopper goes afterwards.")
    terms_url = string(WRITE, example="https://yourdomain.com/terms", doc="Terms and conditions.")
    privacy_url = string(WRITE, example="https://yourdomain.com/privacy", doc="Privacy policy.")
    checkout_url = derived(
        "string",
        ("market.checkout_url", "id"),
        _checkout_url,
        example="https://yourdomain.commercelayer.io/checkout/1c0994cc4e996e8c6ee56a2198f66f3c",
        doc="Where the shopper pays; null if the market has no checkout.",
    )
    placed_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was placed.")
    approved_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was approved.")
    cancelled_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was cancelled.")
    payment_updated_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When `payment_status` last changed.")
    fulfillment_updated_at = moment(
        FIND, example="2018-01-01T12:00:00.000Z", doc="When `fulfillment_status` last changed."
    )
    refreshed_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was last refreshed.")
    archived_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was archived.")
    subscription_created_at = constant(
        "datetime", None, FIND, example="2018-01-01T12:00:00.000Z", doc="When its subscriptions were made."
    )
    expires_at = moment(
        WRITE | FIND, prohibited=True, example="2018-01-02T12:00:00.000Z", doc="When it lapses unless placed."
    )
    expiration_info = document(WRITE, prohibited=True, doc="What the storefront shows of the expiry.")
    circuit_state = constant("string", "closed", FIND, example="closed", doc="Whether the external service is asked.")
    circuit_failure_count = constant("integer", 0, FIND, example=5, doc="Failures of the external service in a row.")
    market = to_one("markets", WRITE | FIND)
    customer = to_one("customers", WRITE | FIND)
    shipping_address = to_one("addresses", WRITE | FILTER)
    billing_address = to_one("addresses", WRITE | FILTER)
    store = to_one("stores", WRITE | FIND)
    default_shipping_method = to_one("shipping_methods", match=eq("id", Own("market.default_shipping_method_id")))
    default_payment_method = to_one("payment_methods", match=eq("id", Own("market.default_payment_method_id")))
    available_payment_methods = to_many("payment_methods", flags=NONE, match=_OFFERED)
    available_customer_payment_sources = to_many("customer_payment_sources", flags=NONE, match=_KEPT_FOR_IT)
    available_free_skus = to_many("skus", flags=NONE, match=NEVER)
    available_free_bundles = to_many("bundles", flags=NONE, match=NEVER)
    payment_method = to_one("payment_methods", WRITE | FILTER)
    payment_source = to_one(
        SOURCES,
        WRITE | FILTER,
        null_attribute=True,
    )
    discount_engine_item = to_one("discount_engine_items", FILTER, match=eq("order_id", Own("id")))
    line_items = to_many("line_items", by="order")
    line_item_options = to_many("line_item_options", match=eq("line_item.order_id", Own("id")))
    stock_reservations = to_many("stock_reservations", by="order")
    stock_line_items = to_many("stock_line_items", match=eq("line_item.order_id", Own("id")))
    stock_transfers = to_many("stock_transfers", match=eq("line_item.order_id", Own("id")))
    shipments = to_many("shipments", by="order")
    payment_options = to_many("payment_options", by="order")
    transactions = to_many(("authorizations", "captures", "refunds", "voids"), by="order")
    authorizations = to_many("authorizations", by="order")
    captures = to_many("captures", by="order")
    voids = to_many("voids", by="order")
    refunds = to_many("refunds", by="order")
    returns = to_many("returns", by="order")
    order_subscription = to_one(
        "order_subscriptions", FILTER, match=eq("recurring_order_copies.target_order_id", Own("id"))
    )
    order_subscriptions = to_many("order_subscriptions", by="source_order")
    order_factories = to_many("order_factories", by="source_order", flags=NONE)
    order_copies = to_many("order_copies", by="source_order")
    recurring_order_copies = to_many("recurring_order_copies", by="source_order")
    attachments = to_many("attachments", by="attachable")
    notifications = to_many("notifications", by="notifiable")
    links = to_many("links", by="item")
    resource_errors = to_many("resource_errors", by="resource")
    tags = to_many("tags", flags=WRITE | FILTER, through="taggings", prohibited=True)
    sealed_return_url = hidden("string", doc="The whole `return_url`, where it is shown without its token.")
    payable_in = hidden("string", doc="The currency, while there is something to pay.")
    claimed_at = hidden("datetime", doc="When it came to be its customer's own; null: it merely names the customer.")
    owner_proved_at = hidden(
        "datetime", doc="When the address of whoever claimed it had been proved; null: that was not known."
    )
    transactions_count = hidden("integer", default=0, doc="What the newest transaction's number ends with.")
    authorized_cents = hidden("integer", default=0, doc="The sum of the authorizations that succeeded.")
    captured_cents = hidden("integer", default=0, doc="The sum of the captures that succeeded.")
    voided_cents = hidden("integer", default=0, doc="The sum of the voids that succeeded.")
    refunded_cents = hidden("integer", default=0, doc="The sum of the refunds that succeeded.")
    attention = hidden("object", doc="What of it needs a person's attention: `{kind: [since, cents]}`.")
    attention_since = hidden("datetime", doc="Since when the longest of that.")
    _authorization_amount_cents = argument("integer", UPDATE, example=500, doc="How much `_authorize` is to hold.")
    _refresh = argument("boolean", UPDATE, example=True, doc="Refresh now, also where `autorefresh` is off.")
    _refresh_prices = argument(
        "boolean", UPDATE, prohibited=True, example=True, doc="Take the price list's prices now."
    )

    @classmethod
    def limited(cls, verb: str, record_id: str | None, change: Change) -> Limited | None:
        """It signs a customer up."""
        return Limited("account") if change.arguments.get("customer_password") else None

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        order_id = change.arguments.get("id") or new_id()
        market = yield from _market_asked(change, work)
        customer = yield from _customer_asked(None, order_id, change, work)
        _refuse_codes(change, work)
        _check_number(None, change, work)
        work.check()
        billing = yield from addressing.kept_apart(change.related.get("billing_address"), None, work)
        shipping = yield from addressing.kept_apart(change.related.get("shipping_address"), None, work)
        values = _own_values(None, change, work)
        if values.get("number") is None:
            values["number"] = yield from _next_number(work)
        order = work.create(
            cls,
            id=order_id,
            **{
                **values,
                "token": secrets.token_hex(16),
                "currency_code": market.price_list.currency_code,
                "tax_included": market.price_list.tax_included,
            },
        )
        order.line_items = []
        for name in _RELATED:
            if name in cls.shape.relationships:
                work.relate(order, name, None)
        work.relate(order, "market", market)
        work.relate(order, "billing_address", billing)
        work.relate(order, "shipping_address", shipping)
        yield from addressing.settle_country(order, work)
        yield from _belong(order, customer, change, work)
        yield from _choose(order, change, work)
        work.check()
        yield from order.refresh(work)
        return order

    def updating(self, change: Change, work: Work) -> Rule:
        given = change.values.keys() | {name for name, value in change.arguments.items() if value}
        if not self.editable_now:
            if not given <= _HARMLESS | _MOVES | _AROUND_PLACING:
                self.must_be_editable(work)
            work.change(self, **change.values)
            return
        _refuse_codes(change, work)
        _check_number(self, change, work)
        yield from self._change_market(change, work)
        customer = yield from _customer_asked(self, self.id, change, work)
        work.check()
        work.change(self, **_own_values(self, change, work))
        yield from _belong(self, customer, change, work)
        if "billing_address" in change.related:
            yield from addressing.assign(self, "billing_address", change.related["billing_address"], work)
        if "shipping_address" in change.related:
            yield from addressing.assign(self, "shipping_address", change.related["shipping_address"], work)
        yield from _choose(self, change, work)
        work.check()

    def updated(self, change: Change, work: Work) -> Rule:
        work.check()
        if change.arguments.get("_start_editing"):
            return  # What was placed is not priced anew before something is changed.
        forced = change.arguments.get("_refresh") or change.arguments.get("_refresh_prices")
        yield from self.refresh(work, forced=bool(forced))

    def deleting(self, work: Work) -> Rule:
        """A draft or pending order goes with its lines and payments, unless money was received for it; what was placed
        stays.
        """
        if self.status not in ("draft", "pending"):
            raise Locked("placed orders cannot be deleted")
        yield from letting_go.discard(self, work)

    @trigger(prohibited=True)
    def _pending(self, work: Work, value: bool) -> None:
        """Bring the order back to `pending`, when placing it did not come to its end."""
        moving.make_pending(self, work)

    @trigger()
    def _place(self, work: Work, value: bool) -> Rule:
        """Place the order. Its payment is authorized already, or is looked up and, where only that is missing,
        confirmed. All that stands against it is told at once; with `place_async` the order is `placing` meanwhile, and
        `resource_errors` tell what stood against it.
        """
        yield from placing.place(self, work)

    @trigger()
    def _authorize(self, work: Work, value: bool) -> Rule:
        """Have the payment source authorized without placing the order: all of it, or `_authorization_amount_cents`."""
        yield from authorizing.authorize(self, work.arguments.get("_authorization_amount_cents"), work)

    @trigger(prohibited=True)
    def _fix_payment_source(self, work: Work, value: bool) -> Rule:
        """Take the source of the last authorization that stands, and place the order if it is not placed yet."""
        yield from fixing.fix(self, work)

    @trigger(prohibited=True)
    def _start_editing(self, work: Work, value: bool) -> None:
        """Open the placed order for changes."""
        editing.start(self, work)

    @trigger(prohibited=True)
    def _stop_editing(self, work: Work, value: bool) -> Rule:
        """Close the order again, as placed; it must not cost more than when it was placed."""
        yield from editing.stop(self, work)

    @trigger(prohibited=True)
    def _approve(self, work: Work, value: bool) -> Rule:
        """Approve the placed order. Its fulfilment starts if it is paid or free, or need not be captured first."""
        yield from moving.approve(self, work)

    @trigger(prohibited=True)
    def _approve_and_capture(self, work: Work, value: bool) -> Rule:
        """Approve the order and capture its payment, both or none. Of several captures, those made before one failed
        stay; the answer's `meta` tells them.
        """
        yield from moving.approve_and_capture(self, work)

    @trigger(prohibited=True)
    def _capture(self, work: Work, value: bool) -> Rule:
        """Capture all that is authorized for the approved order."""
        yield from moving.capture_approved(self, work)

    @trigger(prohibited=True)
    def _refund(self, work: Work, value: bool) -> Rule:
        """Give back all that was captured, one capture after the other, which cancels the order. The first that fails
        ends it; the answer's `meta` tells what was done, and what was not begun.
        """
        yield from moving.refund(self, work)

    @trigger()
    def _cancel(self, work: Work, value: bool) -> Rule:
        """Cancel the order as long as its fulfilment has not begun; what is authorized is voided, what was captured
        given back, one after the other. The first that fails ends it, as with `_refund`.
        """
        yield from moving.cancel(self, work)

    @trigger(prohibited=True)
    def _fulfill(self, work: Work, value: bool) -> None:
        """The approved order was delivered."""
        moving.fulfill(self, work)

    @trigger()
    def _archive(self, work: Work, value: bool) -> Rule:
        """Put the order away: it is found by `archived_at`. What is held or open to pay for one that is not placed is
        let go.
        """
        if self.archived_at is None:
            work.change(self, archived_at=work.now)
            if settling.needs_no_payment(self):
                settling.after_confirming(self, work)
                yield from letting_go.everything(self, work)

    @trigger()
    def _unarchive(self, work: Work, value: bool) -> None:
        """Take the order out of the archive."""
        work.change(self, archived_at=None)

    @trigger()
    def _nullify_payment_source(self, work: Work, value: bool) -> Rule:
        """Detach the payment source."""
        self.must_be_editable(work)  # The same request may have placed it.
        yield from paying.detach_source(self, work)

    @trigger(kind="string")
    def _billing_address_clone_id(self, work: Work, value: str) -> Rule:
        """Take a copy of the address with this id as billing address."""
        yield from addressing.clone(self, "billing_address", value, work)

    @trigger(kind="string")
    def _shipping_address_clone_id(self, work: Work, value: str) -> Rule:
        """Take a copy of the address with this id as shipping address."""
        yield from addressing.clone(self, "shipping_address", value, work)

    @trigger()
    def _shipping_address_same_as_billing(self, work: Work, value: bool) -> Rule:
        """Copy the billing address to the shipping address."""
        yield from addressing.same_as(self, "shipping_address", "billing_address", work)

    @trigger()
    def _billing_address_same_as_shipping(self, work: Work, value: bool) -> Rule:
        """Copy the shipping address to the billing address."""
        yield from addressing.same_as(self, "billing_address", "shipping_address", work)

    @trigger(kind="string")
    def _customer_payment_source_id(self, work: Work, value: str) -> Rule:
        """Pay with what the customer keeps under this id, one of `available_customer_payment_sources`."""
        yield from wallet.use(self, value, work)

    @trigger()
    def _save_payment_source_to_customer_wallet(self, work: Work, value: bool) -> Rule:
        """Keep what the order is paid with in the wallet of its customer."""
        yield from saving.save(self, work)

    @trigger()
    def _save_billing_address_to_customer_address_book(self, work: Work, value: bool) -> None:
        """Nothing happens, as long as address books are not served."""

    @trigger()
    def _save_shipping_address_to_customer_address_book(self, work: Work, value: bool) -> None:
        """Nothing happens, as long as address books are not served."""

    @trigger()
    def _create_subscriptions(self, work: Work, value: bool) -> None:
        """Nothing happens, as long as subscriptions are not served."""

    @property
    def is_owned(self) -> bool:
        """It is its customer's own, and does not merely name the customer (`owning`)."""
        return self.customer_id is not None and (not self.guest or self.claimed_at is not None)

    @property
    def editable_now(self) -> bool:
        return _is_editable(self.status)

    def refresh(self, work: Work, *, forced: bool = False) -> Rule:
        """Bring prices, amounts and status up to what the order holds. Returns a `Refreshed`, or None."""
        return (yield from refreshing.refresh(self, work, forced=forced))

    def catch_up(self, work: Work) -> Rule:
        """Refresh where something that it costs may have changed since the last time. Returns whether it did."""
        return (yield from refreshing.catch_up(self, work))

    @property
    def needs_no_payment(self) -> bool:
        return settling.needs_no_payment(self)

    def must_be_editable(self, work: Work) -> None:
        """raises   Denied to a sales channel past `pending`, Invalid("status", "not_editable") past editing"""
        if work.actor.is_sales_channel and self.status not in ("draft", "pending"):
            raise Denied("an order that is no longer a cart")
        if not self.editable_now:
            work.invalid("status", "not_editable", "is not editable", value=self.status)
            work.check()

    def moved(self, address: Address, work: Work) -> None:
        """One of its addresses was changed in place."""
        shipping_first = self.shipping_address_id or self.billing_address_id
        if self.editable_now and shipping_first == address.id:
            work.change(self, country_code=address.country_code)

    def settle(self, work: Work, authorized: Any = None) -> Rule:
        """Bring the order to what its transactions sum up to; `authorized`: the authorization that has just come."""
        yield from settling.settle(self, work)
        if authorized is not None:
            yield from placing.follow(self, authorized, work)
        yield from saving.catch_up(self, work)

    def paid_with(self, payment: PaymentSource, work: Work) -> Rule:
        """Take a payment that has just come to hold money back as the source, if another has its place."""
        yield from paying.paid_with(self, payment, work)

    def takes_method(self, method_id: str, work: Work) -> Rule:
        """Take a payment method that was chosen with a payment; False where it is not offered any more."""
        return (yield from paying.take_method(self, method_id, work))

    def follows(self, what: str, work: Work) -> Rule:
        """Do what was asked for beside moving money, now that it has moved."""
        yield from moving.follow(self, what, work)

    def goes_on(self, act: Act, work: Work) -> Rule:
        """Take the next step of what was asked for, or end it."""
        return (yield from moving.go_on(self, act, work))

    def left_of(self, act: Act, work: Work) -> Rule:
        """The steps of what was asked for that were not begun."""
        return (yield from moving.left_of(self, act, work))

    def placed_by_hand(self, work: Work) -> Rule:
        """Place the order, whose authorization an integration vouches for."""
        yield from placing.placed_by_hand(self, work)

    def due(self) -> Money:
        """What is charged: the total with taxes, less the gift card."""
        return Money(self.total_amount_with_taxes_cents, self.currency_code)

    def takes_source(self, work: Work) -> None:
        """Note why no payment source can be made for the order, if so: it is past editing, or free."""
        if work.actor.is_sales_channel and self.status not in ("draft", "pending"):
            raise Denied("an order that is no longer a cart")
        if not self.editable_now:
            work.invalid("order", "not_editable", "is not editable", value=self.status)
        elif not self.due():
            work.invalid("order", "free", "has nothing to pay")

    def for_intent(self, organization: Organization | None) -> dict[str, Any]:
        """What a gateway is told of the order beside its amount. Needs `shipping_address` and `customer` loaded.

        description         the order's number, unless the organization keeps it to itself
        shipping            None without a shipping address or where addresses are not to be verified
        setup_future_usage  `off_session` where the order is no guest's, who may have typed anybody's address
        account             its customer's id
        """
        address = self.shipping_address if told(organization, "addresses_avs_check") else None
        has_account = self.customer is not None and not self.guest
        return {
            "description": self.number if told(organization, "orders_number_as_reference") else None,
            "shipping": address.for_carrier() if address else None,
            "setup_future_usage": "off_session" if has_account else None,
            "account": self.customer_id if has_account else None,
        }

    def _change_market(self, change: Change, work: Work) -> Rule:
        """Another market brings its prices; another currency only to a cart without goods and money."""
        if "market" not in change.related:
            return
        market = change.related["market"]
        if market is None:
            work.invalid("market", "blank")
        elif market.id != self.market_id:
            yield Load(market, ("price_list",))
            price_list = market.price_list
            if self.status not in ("draft", "pending"):
                work.invalid("market", "not_editable", "is not editable", value=self.status)
                return
            if price_list.currency_code != self.currency_code:
                if self.line_items:
                    work.invalid("market", "invalid", "has another currency than the order's line items")
                    return
                if (yield from paying.is_under_way(self, work)):
                    work.invalid("market", "currency_mismatch", "has another currency than the order's payments")
                    return
            work.relate(self, "market", market)
            work.change(self, currency_code=price_list.currency_code, tax_included=price_list.tax_included)


def _own_values(order: Order | None, change: Change, work: Work) -> dict[str, Any]:
    """What a request assigns to the order alone: neither relationships with rules nor what rules decide. Addresses that
    the shopper comes back to are without their tokens.
    """
    decided = {"customer_email", "guest", *(f"{name}_id" for name in _RELATED), *(f"{name}_type" for name in _RELATED)}
    values = {name: value for name, value in change.values.items() if name not in decided}
    if values.get("cart_url"):
        values["cart_url"] = masked(values["cart_url"])
    if "return_url" in values:
        stored, sealed = (order.return_url, order.sealed_return_url) if order is not None else (None, None)
        values["return_url"], values["sealed_return_url"] = kept(values["return_url"], stored, sealed, work)
    return values


def _market_asked(change: Change, work: Work) -> Rule:
    """The market that the request names, or the only one in the token's scope. Raises when there is neither."""
    market = change.related.get("market")
    scope = work.actor.market_ids or ()
    if market is None and "market" not in change.related and len(scope) == 1:
        market = yield Find(Market, eq("id", scope[0]), paths=("price_list",))
    if market is None or (work.actor.is_sales_channel and market.disabled_at is not None):
        work.invalid("market", "blank")
        work.check()
    return market


def _customer_asked(order: Order | None, order_id: str, change: Change, work: Work) -> Rule:
    """Whom the order is to name: a record, None for nobody, or the order's present `customer_id` where nothing is said.

    A customer's token makes every order it writes its own. Source: Commerce Layer, "Customers".
    """
    owner, present = work.actor.customer_id, order.customer_id if order else None
    signs_up = bool(change.arguments.get("customer_password"))
    if owner:
        if owner == present and not signs_up:
            return present
        customer = yield Find(Customer, eq("id", owner), lock=signs_up)
        if customer is None:
            raise Denied("a customer who was deleted")
        return customer
    if "customer" in change.related:
        customer = change.related["customer"]
        if customer is None and order is not None and order.status not in ("draft", "pending"):
            work.invalid("customer", "blank")
        if customer is not None:
            named(customer, None, work)
        return customer
    email = change.values.get("customer_email")
    if email and not is_email(email):
        work.invalid("customer_email", "invalid", value=email)
        return present
    known = order.customer_email if order else None
    if email and not (known and email_key(known) == email_key(email)):
        return (yield from customer_of(email, order_id, work, lock=signs_up))
    if not signs_up:
        return present
    if present is None:
        work.invalid("customer_email", "blank")
        return None
    return (yield Find(Customer, eq("id", present), lock=True))


def _belong(order: Order, customer: Customer | str | None, change: Change, work: Work) -> Rule:
    """Make the order name `customer`, and say whether that makes it the customer's own."""
    actor, said = work.actor, change.values.get("guest")
    if isinstance(customer, Customer):
        if order.customer_id != customer.id:
            # What made it the former customer's own says nothing of this one.
            work.change(order, guest=True, claimed_at=None, owner_proved_at=None)
        signed_up = yield from sign_up(customer, order, change, work)
        work.relate(order, "customer", customer)
        if signed_up:
            work.change(order, claimed_at=work.now)
        email = customer.email
        if actor.is_sales_channel and actor.customer_id is None:
            # As it was typed: how the customer writes it would tell that there is one.
            email = (change.values.get("customer_email") or order.customer_email or email).strip()
        work.change(order, customer_email=email)
    elif customer is None and order.customer_id is not None:
        work.relate(order, "customer", None)
        work.change(order, customer_email=None, customer_type="new", guest=True, claimed_at=None, owner_proved_at=None)
    if actor.customer_id:
        said = False
    elif actor.is_sales_channel:
        said = None
    if said is not None:
        work.change(order, guest=said)
        if not said and order.customer_id is not None and order.claimed_at is None:
            work.change(order, claimed_at=work.now)
        if not said:
            yield from _keep_apart(order, customer, work)
    if isinstance(customer, Customer):
        work.change(order, customer_type="returning" if customer.has_ordered(order) else "new")


def _keep_apart(order: Order, customer: Customer | str | None, work: Work) -> Rule:
    """Show an order that is the customer's own to nobody who had the account before its owner was known, where the
    caller is that owner.
    """
    actor = work.actor
    is_known = not actor.is_sales_channel or actor.trusted_at is not None
    if not is_known or order.customer_id is None or order.owner_proved_at is not None:
        return
    owner = customer if isinstance(customer, Customer) else (yield Find(Customer, eq("id", order.customer_id)))
    if owner is not None and owner.proved_at is not None and shows_all(actor, owner.proved_at):
        work.change(order, owner_proved_at=owner.proved_at)


def _choose(order: Order, change: Change, work: Work) -> Rule:
    """The payment method, then the payment source that goes with it."""
    if "payment_method" in change.related:
        yield from paying.choose_method(order, change.related["payment_method"], work)
    if "payment_source" in change.related:
        yield from paying.choose_source(order, change.related["payment_source"], work)


def _refuse_codes(change: Change, work: Work) -> None:
    """No coupon and no gift card exists, so every code is unknown; a blank one takes nothing away."""
    for name, switch, error in (
        ("coupon_code", "orders_invalid_coupon_errors", "noent_coupon"),
        ("gift_card_code", "orders_invalid_gift_card_errors", "noent_gift_card"),
        ("gift_card_or_coupon_code", "orders_invalid_coupon_errors", "noent_coupon"),
    ):
        code = asked(change, name)
        if code and setting(work, switch):
            work.invalid(name, error, "doesn't exist", value=code)


def _numbers_are_chosen(work: Work) -> bool:
    return bool(setting(work, "orders_number_editable_live" if work.actor.live else "orders_number_editable_test"))


def _check_number(order: Order | None, change: Change, work: Work) -> None:
    """A number is never taken away, and chosen only where the organization lets integrations choose."""
    number = change.values.get("number")
    if number in (None, ""):
        change.values.pop("number", None)
    elif not _numbers_are_chosen(work) and (order is None or number != order.number):
        work.invalid("number", "not_editable", "is not editable", value=number)


def _next_number(work: Work) -> Rule:
    """The next order number: eight digits, so that sorting by number is sorting by age."""
    number = str((yield Next("orders.number", start=10000001)))
    while _numbers_are_chosen(work) and (yield Find(Order, eq("number", number))):
        number = str((yield Next("orders.number", start=10000001)))
    return number
