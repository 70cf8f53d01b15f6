"""Creating a Stripe payment: an intent is opened, or one that the client has opened is adopted."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payable import Payable
from paydesk.commerce.payments.acts.adopt import adopt_payment
from paydesk.commerce.payments.acts.open import open_payment
from paydesk.commerce.payments.customer_payment_sources import CustomerPaymentSource
from paydesk.commerce.payments.former import instrument
from paydesk.commerce.payments.gateway_customers import known_at, tokens_of_shopper
from paydesk.commerce.payments.options import (
    CONNECT,
    check_metadata,
    connected,
    connecting,
    guarded,
    in_parts,
    masked_urls,
    sent,
)
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.declare import Rule
from paydesk.rules.asking import Change
from paydesk.rules.work import Work

_NAMED = ("reference", "reference_origin")


def create(kind: type[PaymentSource], change: Change, work: Work) -> Rule:
    """Ask for the intent that a request is about; the payment is stored with Stripe's answer."""
    order = change.related["order"]
    was_behind = not change.values.get("stripe_id") and (yield from order.catch_up(work))
    order.takes_source(work)
    gateway = kind.gateway_for(order)
    if gateway is None:
        work.invalid("payment_gateway", "blank", "must exist")
    values = change.values
    stripe_id, secret = values.get("stripe_id") or None, values.get("client_secret") or None
    if (stripe_id is None) != (secret is None):
        work.invalid("client_secret" if secret is None else "stripe_id", "blank")
    elif stripe_id is not None and secret is not None and not secret.startswith(f"{stripe_id}_secret_"):
        work.invalid("client_secret", "invalid")
    given = values.get("options") or {}
    options = guarded(given, work, (yield from tokens_of_shopper(given, gateway, work)))
    check_metadata(options, options, work)
    work.check()
    assert gateway is not None
    options, sealed = masked_urls(values, options, {}, None, work)
    record = {
        **({"sealed_urls": sealed} if sealed else {}),
        **{name: values[name] for name in ("return_url", "receipt_email", *_NAMED) if values.get(name)},
        "metadata": values.get("metadata") or {},
        "options": options,
        **_opened_by(gateway, order),
    }
    if stripe_id is not None and secret is not None:
        yield from adopt_payment(kind, order, gateway, stripe_id, secret, record, values, work)
        return
    facts = order.for_intent(work.settings["organization"])
    known = None
    if facts["account"] is not None and work.actor.customer_id in (None, facts["account"]):
        known = yield from known_at(gateway.id, facts["account"])
    connect = connecting(options, work)
    sent_options = {**sent(options), **dict.fromkeys(CONNECT), **connected(order, connect)}
    if facts["in_parts"]:
        sent_options = in_parts(sent_options)
    is_named = known is not None and known.token is not None and "customer" not in sent_options
    if known is not None and is_named:
        sent_options["customer"] = known.token
    known_id = known.id if known and is_named else None
    open_payment(
        kind, order, gateway, record, sent_options, facts, work, known=known_id, connect=connect, behind=was_behind
    )


def reopen(
    kind: type[PaymentSource], order: Payable, entry: CustomerPaymentSource, former: dict[str, Any], work: Work
) -> Rule:
    """Open an intent that is paid with a wallet's entry, and show its card at once. The order takes the payment method
    that it has in hand, and the payment, once that is there.

    former   the source and method that the order has until then
    """
    gateway = kind.gateway_for(order)
    options = {"customer": entry.customer_token, "payment_method": entry.payment_source_token}
    record = {
        "metadata": {},
        "options": options,
        **_opened_by(gateway, order),
        "payment_method": entry.method,
        "payment_instrument": instrument(entry.instrument),
        "wallet_entry_id": entry.id,
    }
    # The card is set up already; setting it up again is not possible without the shopper.
    facts = {**order.for_intent(work.settings["organization"]), "setup_future_usage": None}
    costs_other = "total_amount_with_taxes_cents" in work.changed.get(order, {})
    chosen = {**former, "chooses": order.payment_method_id, "behind": costs_other}
    opened = {**connected(order, {}), **options}
    if facts["in_parts"]:
        opened = in_parts(opened)
    open_payment(kind, order, gateway, record, opened, facts, work, about="orders", **chosen)
    yield from ()


def _opened_by(gateway: Any, order: Payable) -> dict[str, Any]:
    """What a payment keeps of the gateway and the method that it is opened with."""
    return {
        "connected_account": gateway.connected_account,
        "account": gateway.account,
        "publishable_key": gateway.publishable_key,
        "payment_gateway_id": gateway.id,
        "method_id": order.payment_method_id,
    }
