"""orders: what a shopper buys, from an empty cart to something that can be paid."""

from __future__ import annotations

from paydesk.commerce.accounts.passwords import LONGEST_PASSWORD
from paydesk.commerce.orders import address_book, addressing, paying, wallet
from paydesk.commerce.orders.access import ACCESS
from paydesk.commerce.orders.acts import (
    approve,
    archive,
    authorize,
    cancel,
    capture,
    edit,
    fix,
    fulfill,
    pend,
    place,
    refund,
    subscribe,
)
from paydesk.commerce.orders.derived import EDITABLE_SCOPES, checkout_url, customer_type_shown, is_editable, or_none
from paydesk.commerce.orders.hooks import OrderHooks
from paydesk.commerce.orders.offers import KEPT_FOR_IT, OFFERED
from paydesk.commerce.orders.queues import EXPIRING, NOBODYS, SENT
from paydesk.commerce.orders.refresh import refresh
from paydesk.commerce.payable import SOURCES
from paydesk.commerce.payments.acts import save
from paydesk.declare import (
    FILTER,
    FIND,
    NEVER,
    NONE,
    UPDATE,
    WRITE,
    Own,
    act,
    argument,
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
    waiting,
)
from paydesk.declare import number as fraction


class Order(
    OrderHooks,
    type="orders",
    singular="order",
    unique=(("number",),),
    indexes=(("token",), ("customer_email",), ("total_amount_cents",), ("total_amount_with_taxes_cents",)),
    queues=(waiting("attention_since"), EXPIRING, NOBODYS, SENT),
    scopes=EDITABLE_SCOPES,
    access=ACCESS,
):
    """A cart, then an order. It is `draft` until it has a customer and something to buy, then `pending`; every write
    refreshes its prices and amounts.

    Source: Commerce Layer, "Orders".
    """

    loads = ("line_items", "market", "payment_method")
    tells = ("id", "market_id", "market.inventory_model_id")
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
    editable = derived("boolean", ("status",), is_editable, example=True, doc="It can still be changed.")
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
        compute=customer_type_shown,
        example="returning",
        doc="Whether the customer ordered before. A storefront is told so of orders that are no guest's.",
    )
    language_code = string(WRITE | FIND, default="en", example="it", doc="ISO 639-1, for mails and the checkout.")
    currency_code = string(FIND, example="EUR", doc="ISO 4217, from the market's price list.")
    tax_included = boolean(FIND, example=True, doc="Prices contain taxes, as the price list says.")
    tax_rate = fraction(FIND, example=0.22, doc="The rate of the tax rule that applies; null without a tax calculator.")
    freight_taxable = boolean(WRITE, default=False, example=True, doc="Shipping is taxed.")
    payment_method_taxable = boolean(WRITE, default=False, example=True, doc="The payment method's cost is taxed.")
    adjustment_taxable = boolean(WRITE, default=False, example=True, doc="Adjustments are taxed.")
    gift_card_taxable = boolean(WRITE, default=False, doc="Gift cards that are bought are taxed.")
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
    total_amount_with_taxes = money(default=0, example=5700, searched=True, doc="What is charged.")
    fees_amount = money(FIND, default=0, example=0, doc="Fees.")
    duty_amount = money(FIND, example=0, doc="Customs duties; null until known.")
    place_total_amount = money(example=0, doc="What was charged at placement; null before.")
    skus_count = integer(default=0, example=2, doc="Pieces of all skus.")
    line_item_options_count = integer(
        default=0,
        inputs=("line_item_options_count",),
        compute=or_none,
        example=1,
        doc="Pieces of all options of its line items.",
    )
    shipments_count = integer(default=0, inputs=("shipments_count",), compute=or_none, example=1, doc="Its shipments.")
    tax_calculations_count = integer(
        default=0,
        inputs=("tax_calculations_count",),
        compute=or_none,
        example=1,
        doc="How often taxes were calculated anew.",
    )
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
        checkout_url,
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
    store = to_one("stores", WRITE | FIND, constrained=False)
    default_shipping_method = to_one("shipping_methods", match=eq("id", Own("market.default_shipping_method_id")))
    default_payment_method = to_one("payment_methods", match=eq("id", Own("market.default_payment_method_id")))
    available_payment_methods = to_many("payment_methods", flags=NONE, match=OFFERED)
    available_customer_payment_sources = to_many("customer_payment_sources", flags=NONE, match=KEPT_FOR_IT)
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
    line_item_options = to_many("line_item_options", by="order")
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
    notifications = to_many("notifications", by="notifiable")
    resource_errors = to_many("resource_errors", by="resource")
    sealed_return_url = hidden("string", doc="The whole `return_url`, where it is shown without its token.")
    payable_in = hidden("string", doc="The currency, while there is something to pay.")
    claimed_at = hidden("datetime", doc="When it came to be its customer's own; null: it merely names the customer.")
    owner_proved_at = hidden(
        "datetime", doc="When the address of whoever claimed it had been proved; null: that was not known."
    )
    taxable_told = hidden("object", doc="Which switches of taxes clients have turned; null: nobody has looked yet.")
    transactions_count = hidden("integer", default=0, doc="What the newest transaction's number ends with.")
    authorized_cents = hidden("integer", default=0, doc="The sum of the authorizations that succeeded.")
    captured_cents = hidden("integer", default=0, doc="The sum of the captures that succeeded.")
    voided_cents = hidden("integer", default=0, doc="The sum of the voids that succeeded.")
    refunded_cents = hidden("integer", default=0, doc="The sum of the refunds that succeeded.")
    stock = hidden("string", doc="reserved, taken or given_back; null where its market did not count any.")
    capture_due_at = hidden(
        "datetime", doc="When a shipment left of which what it comes to is to be captured by itself."
    )
    attention = hidden("object", doc="What of it needs a person's attention: `{kind: [since, cents]}`.")
    attention_since = hidden("datetime", doc="Since when the longest of that.")
    _authorization_amount_cents = argument("integer", UPDATE, example=500, doc="How much `_authorize` is to hold.")
    _refresh = argument("boolean", UPDATE, example=True, doc="Refresh now, also where `autorefresh` is off.")
    _refresh_prices = argument(
        "boolean", UPDATE, prohibited=True, example=True, doc="Take the price list's prices now."
    )
    _update_taxes = act(refresh.update_taxes)

    _pending = act(pend.pend, prohibited=True)
    _place = act(place.place)
    _authorize = act(authorize.authorize)
    _fix_payment_source = act(fix.fix, prohibited=True)
    _start_editing = act(edit.start, prohibited=True)
    _stop_editing = act(edit.stop, prohibited=True)
    _approve = act(approve.approve, prohibited=True)
    _approve_and_capture = act(approve.approve_and_capture, prohibited=True)
    _capture = act(capture.capture, prohibited=True)
    _refund = act(refund.refund, prohibited=True)
    _cancel = act(cancel.cancel)
    _fulfill = act(fulfill.fulfill, prohibited=True)
    _archive = act(archive.archive)
    _unarchive = act(archive.unarchive)
    _nullify_payment_source = act(paying.nullify_source)
    _billing_address_clone_id = act(addressing.clone_billing, kind="string")
    _shipping_address_clone_id = act(addressing.clone_shipping, kind="string")
    _shipping_address_same_as_billing = act(addressing.ship_to_billing)
    _billing_address_same_as_shipping = act(addressing.bill_to_shipping)
    _customer_payment_source_id = act(wallet.use, kind="string")
    _save_payment_source_to_customer_wallet = act(save.save)
    _save_billing_address_to_customer_address_book = act(address_book.keep_billing)
    _save_shipping_address_to_customer_address_book = act(address_book.keep_shipping)
    _create_subscriptions = act(subscribe.create_subscriptions)
