"""`options` of a stripe payment: what a client may hand on to Stripe, and what belongs to the server.

Client input is merged key by key; keys that the server owns are left out silently, so that a storefront that sends
back what it read breaks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from paydesk.commerce.payable import Payable
from paydesk.commerce.payments.gateway_customers import tokens_of_shopper
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.returning import kept, masked_options
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import as_text
from paydesk.gateways.port.verbs import METADATA_KEYS, METADATA_VALUE, MOST_METADATA
from paydesk.rules.work import Work

SERVER_OWNED = frozenset(
    [
        "amount",
        "currency",
        "capture_method",
        "confirm",
        "off_session",
        "metadata",
        "application_fee_amount",
        "transfer_data",
        "on_behalf_of",
        "intent_amount_cents",
        "capture_before",
        "multicapture",
        "id",
        "type",
        "card",
        "billing_details",
    ]
)
"""Left out of what clients send. Amounts, capture and confirmation are paydesk's; the rest is told by Stripe."""

INTEGRATIONS_MAY = frozenset(["metadata", "application_fee_amount", "transfer_data", "on_behalf_of"])

SENT = frozenset(
    [
        "customer",
        "payment_method",
        "setup_future_usage",
        "statement_descriptor_suffix",
        "payment_method_options",
        "on_behalf_of",
        "transfer_data",
        "transfer_group",
        "application_fee_amount",
        "metadata",
        "description",
        "shipping",
    ]
)
"""What of the stored options goes to Stripe when an intent is opened or amended; anything else is only kept."""

OUR_METADATA = frozenset(
    [
        "order_id",
        "order_number",
        "stripe_payment_id",
        "organization_id",
        "organization",
        "mode",
        "paydesk",
    ]
)
"""What ties an intent to this installation. An integration's metadata stands under these keys: ours win."""

MADE_AGAIN_OF = ("paydesk_email", "paydesk_market")
"""What an intent tells beside, where an integration's metadata leave room: a lost order is made again of it."""

LONGEST_ADDRESS = 2048

PROHIBITED_TO_SHOPPERS = frozenset(("transfer_group",))


def guarded(given: dict[str, Any], work: Work, own: Collection[str] = ()) -> dict[str, Any]:
    """What of a client's options is kept. A Stripe customer that a shopper may not name is a mistake on `options`.

    own   the Stripe customers that are the shopper
    """
    shopper = work.actor.is_sales_channel
    dropped = SERVER_OWNED | PROHIBITED_TO_SHOPPERS if shopper else SERVER_OWNED - INTEGRATIONS_MAY
    kept = {name: value for name, value in given.items() if name not in dropped}
    named = kept.get("customer")
    if shopper and named is not None and not (isinstance(named, str) and named in own):
        # A shopper's own Stripe customer comes from the wallet alone; any other would open somebody's saved cards.
        work.invalid("options", "invalid", "customer is not one of yours")
    url = kept.get("return_url")
    if url is not None and not (isinstance(url, str) and len(url) <= LONGEST_ADDRESS):
        message = f"return_url is an address of at most {LONGEST_ADDRESS} characters"
        work.invalid("options", "invalid", message)
    return kept


def take_options(payment: PaymentSource, values: dict[str, Any], work: Work) -> Rule:
    """Assign the options and the return address of a request, and take them out of its values."""
    options = None
    if "options" in values:
        given = values.pop("options") or {}
        given = guarded(given, work, (yield from tokens_of_shopper(given, payment.payment_gateway, work)))
        check_metadata(given, merged(payment.options, given), work)
        work.check()
        options = given
        if payment.order is not None:
            work.change(payment.order, connect=connected(payment.order, connecting(given, work)) or None)
    if options is not None or "return_url" in values:
        options, sealed = masked_urls(values, options or {}, payment.options, payment, work)
        work.change(payment, options=merged(payment.options, options), sealed_urls=sealed or None)


def masked_urls(
    values: dict[str, Any], options: dict[str, Any], stored: dict[str, Any], payment: PaymentSource | None, work: Work
) -> tuple[dict[str, Any], dict[str, str]]:
    """The options that are stored of a client's, their addresses without tokens; `return_url` of the values is masked
    in the same way. Beside them the whole addresses that a confirmation may send, sealed, by where they stand.
    """
    sealed: dict[str, str] = dict(payment.sealed_urls or {}) if payment is not None else {}
    options = {**masked_options(options)} | ({"return_url": options["return_url"]} if "return_url" in options else {})
    for place, held, former in (
        ("return_url", values, payment.return_url if payment is not None else None),
        ("options", options, stored.get("return_url")),
    ):
        if "return_url" in held:
            held["return_url"], secret = kept(held["return_url"], former, sealed.pop(place, None), work)
            if secret is not None:
                sealed[place] = secret
    return options, sealed


def merged(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Stored options with what a client gives laid over them, key by key; in the metadata key by key as well, as Stripe
    does it, so that what is shown is what the intent has.
    """
    former, told = stored.get("metadata"), given.get("metadata")
    if isinstance(former, dict) and isinstance(told, dict):
        return {**stored, **given, "metadata": {**former, **told}}
    return {**stored, **given}


def check_metadata(given: Mapping[str, Any], options: Mapping[str, Any], work: Work) -> None:
    """Note on `options` what of the metadata that an integration gives Stripe could not take as it is, with the key it
    stands under; `options` are all that there will be.
    """
    metadata = given.get("metadata")
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        work.invalid("options", "invalid", "metadata is an object of texts")
        return
    for key, value in metadata.items():
        if not 0 < len(key) <= METADATA_KEYS or "[" in key or "]" in key:
            wrong = f"has 1 to {METADATA_KEYS} characters and no square brackets"
            work.invalid("options", "invalid", f"metadata: a key {wrong}", key=key[:100])
        elif isinstance(value, dict | list):
            work.invalid("options", "invalid", f"metadata: {key} is an object or a list", key=key)
        elif value is not None and len(as_text(value)) > METADATA_VALUE:
            work.invalid("options", "too_long", f"metadata: {key} has more than {METADATA_VALUE} characters", key=key)
    _check_room(options["metadata"], work)


def _check_room(metadata: dict[str, Any], work: Work) -> None:
    theirs = [key for key, value in metadata.items() if value not in (None, "") and key not in OUR_METADATA]
    room = MOST_METADATA - len(OUR_METADATA)
    if len(theirs) > room:
        message = f"metadata: {theirs[room]} is beyond the {MOST_METADATA} keys that Stripe keeps, ours among them"
        work.invalid("options", "too_many", message, key=theirs[room], count=room)


CONNECT = ("transfer_data", "application_fee_amount", "on_behalf_of", "transfer_group")
"""What integrations set for Connect: it is the order's, and goes into each new payment of it."""


def connecting(options: dict[str, Any], work: Work) -> dict[str, Any]:
    """What of an integration's options, which were `guarded`, is the order's; null takes away what it had."""
    return {} if work.actor.is_sales_channel else {name: options[name] for name in CONNECT if name in options}


def connected(order: Payable, asked: dict[str, Any]) -> dict[str, Any]:
    """What an order has for Connect once it has what was asked."""
    return {name: value for name, value in {**(order.connect or {}), **asked}.items() if value is not None}


def without_setup(options: dict[str, Any]) -> dict[str, Any]:
    """Options of a payment by what is set up already: setting it up again is not possible without the shopper."""
    made = {name: value for name, value in options.items() if name != "setup_future_usage"}
    if isinstance(by_method := made.get("payment_method_options"), dict):
        made["payment_method_options"] = {
            method: {name: value for name, value in one.items() if name != "setup_future_usage"}
            if isinstance(one, dict)
            else one
            for method, one in by_method.items()
        }
    return made


def in_parts(options: dict[str, Any]) -> dict[str, Any]:
    """Options that ask for a card that may be captured several times, where nothing else was said of that."""
    by_method = options.get("payment_method_options") or {}
    card = by_method.get("card") or {} if isinstance(by_method, dict) else None
    if not isinstance(card, dict):
        return options
    card = {"request_multicapture": "if_available", **card}
    return {**options, "payment_method_options": {**by_method, "card": card}}


def sent(options: dict[str, Any]) -> dict[str, Any]:
    """The options that go to Stripe."""
    return {name: value for name, value in options.items() if name in SENT and value is not None}
