"""Adopting an intent that a client has opened at Stripe itself."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

from paydesk.base.errors import Invalid
from paydesk.base.instants import later
from paydesk.commerce.payable import EDITABLE, Payable
from paydesk.commerce.payments.acts.read import refusal
from paydesk.commerce.payments.asks import AdoptAsk
from paydesk.commerce.payments.intent_metadata import owner_of
from paydesk.commerce.payments.options import connected, connecting, merged
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.commerce.payments.payment_sources import PaymentSource, source_type
from paydesk.commerce.payments.reconcile.fold import reconcile
from paydesk.declare import Rule, eq
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find, Holder, new_id
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work

_SOURCE = "stripe_payments"
"""The payment sources whose gateway lets clients open payments themselves."""

OLDER_SECONDS = 600.0
"""How long before its order an intent of a shopper's may have been opened if it holds money already."""


def adopt_payment(
    kind: type[PaymentSource],
    order: Payable,
    gateway: Gateway,
    stripe_id: str,
    secret: str,
    record: dict[str, Any],
    values: dict[str, Any],
    work: Work,
) -> Rule:
    """Ask Stripe to say that an intent is the order's, whose id and client secret the client knows.

    record   the columns of the payment, should it be new
    values   the client's: an intent that the order has already takes only those that were given
    """
    known, taken = _holder_of((yield kind.holders(stripe_id)), gateway.account, order.id, work)
    given: dict[str, Any] = {
        name: values[name]
        for name in ("return_url", "receipt_email", "reference", "reference_origin", "metadata")
        if name in values
    }
    if "options" in values:
        given["options"] = record["options"]
    if "sealed_urls" in record:
        given["sealed_urls"] = record["sealed_urls"]
    work.call(
        "adopt_payment",
        order,
        gateway=gateway,
        record_id=known.id if known is not None else new_id(),
        ask=AdoptAsk(
            record=record,
            given=given,
            payment_id=stripe_id,
            secret=_digest(secret),
            currency=order.currency_code,
            ordered_at=order.created_at,
            shopper=work.actor.is_sales_channel,
            known=known is not None,
            connect=connecting(record["options"], work),
            taken=taken,
            gateway={"payment_id": stripe_id, "metadata": owner_of(order, work)},
        ),
    )


def _digest(secret: str) -> str:
    """A client secret as the journal keeps it, only to be compared with."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _holder_of(holders: list[Holder], account: str | None, order_id: str, work: Work) -> tuple[Holder | None, bool]:
    """The order's own record of an intent, and whether there is none though the intent pays another order.

    account   of the gateway that the order is paid through
    """
    same = [one for one in holders if one.is_of(account)]
    own = [one for one in same if (one.tenant, one.order_id) == (work.actor.tenant, order_id)]
    return (own[0], False) if own else (None, bool(same))


def _still_sealed(payment: PaymentSource, given: dict[str, Any]) -> dict[str, str] | None:
    """The sealed whole addresses of a payment once it takes the `given` values: without those that are replaced."""
    sealed = dict(payment.sealed_urls or {})
    if "return_url" in given and given["return_url"] != payment.return_url:
        sealed.pop("return_url", None)
    if "options" in given and given["options"].get("return_url") != payment.options.get("return_url"):
        sealed.pop("options", None)
    return {**sealed, **given.get("sealed_urls", {})} or None


def _misfit(ask: AdoptAsk, intent: Snapshot) -> Invalid | None:
    """Why an intent cannot be adopted, by its own facts; None if it can.

    An intent that is the order's already is given back whatever its state, to a client that knows its secret.
    """
    if not hmac.compare_digest(_digest(intent.client_secret or ""), ask.secret):
        return Invalid("client_secret", "invalid")
    if ask.known:
        return None
    if ask.taken:
        return Invalid("stripe_id", "taken")
    if intent.amount.currency != ask.currency:
        return Invalid("stripe_id", "currency_mismatch", "has another currency")
    if intent.status == "canceled":
        return Invalid("stripe_id", "expired")
    ours, theirs = ask.gateway["metadata"], intent.metadata
    if any(theirs.get(name, own) != own for name, own in ours.items()):
        return Invalid("stripe_id", "taken")
    if intent.refunded or intent.disputed or intent.disputes:
        return Invalid("stripe_id", "invalid", "was refunded or is disputed")
    holds_money = intent.authorized or intent.received
    is_old = intent.created_at is None or intent.created_at < later(ask.ordered_at, -OLDER_SECONDS)
    if ask.shopper and holds_money and is_old and "order_id" not in theirs:
        return Invalid("stripe_id", "invalid", "was paid before there was the order")
    return None


class AdoptPayment(Plan[AdoptAsk]):
    """Adopt an intent that the client has opened at Stripe itself.

    Its metadata are written first, under an idempotency key that is made of the intent alone: of several orders,
    tenants or installations that want it at once, Stripe accepts one. Later ones read whose it is.
    """

    kind = "adopt_payment"
    asks = AdoptAsk
    verb = "adopt"

    def key(self, ask: AdoptAsk) -> str | None:
        return f"paydesk/adopt/{ask.payment_id}"

    def reads(self, call: Journalled[AdoptAsk]) -> str | None:
        return call.ask.payment_id

    looks = reads

    def proceeds(self, call: Journalled[AdoptAsk], snapshot: Snapshot) -> bool:
        if call.ask.known or _misfit(call.ask, snapshot) is not None:
            return False
        return not _is_said(call.ask, snapshot)

    def settle(self, call: Journalled[AdoptAsk], answer: Snapshot, work: Work) -> Rule:
        kind = source_type(_SOURCE)
        order = yield Find("orders", eq("id", call.subject_id), ("payment_source.payment_gateway",), lock=True)
        gateway = yield Find("payment_gateways", eq("id", call.gateway_id))
        if gateway is None:
            return Invalid("payment_gateway", "blank", "must exist")
        if order is None:
            self._let_go(call, answer, gateway, work)
            return Invalid("order", "blank")
        known, taken = _holder_of((yield kind.holders(answer.payment_id)), gateway.account, order.id, work)
        ask = replace(call.ask, known=known is not None, taken=taken, currency=order.currency_code)
        if (misfit := _misfit(ask, answer)) is not None:
            return misfit
        if known is None and not _is_said(call.ask, answer):
            return Invalid("stripe_id", "taken")
        if order.status not in EDITABLE:
            # It was placed or cancelled while the call was in flight.
            if known is None:
                self._let_go(call, answer, gateway, work)
            return Invalid("order", "not_editable", "is not editable", value=order.status)
        if known is None:
            record = {**call.ask.record, "account": gateway.account}
            payment = work.create(kind, id=call.record_id, **record, order_id=order.id, **kind.opened(answer))
            payment.payment_gateway = gateway
        else:
            payment = yield Find(kind, eq("id", known.id), ("payment_gateway",), lock=True)
            given = {**call.ask.given, "method_id": call.ask.record["method_id"]}
            if "options" in given:
                given["options"] = merged(payment.options, given["options"])
            given["sealed_urls"] = _still_sealed(payment, given)
            work.change(payment, **given)
            # It may have come through another gateway of the same account.
            work.relate(payment, "payment_gateway", gateway)
            work.change(payment, **{name: getattr(gateway, name) for name in ("connected_account", "publishable_key")})
        payment.order = order
        yield from payment.attach(order, work)
        work.change(order, connect=connected(order, call.ask.connect) or None)
        yield from reconcile(payment, answer, work)
        return payment

    def _let_go(self, call: Journalled[AdoptAsk], answer: Snapshot, gateway: Gateway, work: Work) -> None:
        """Release an intent whose metadata name an order that takes no payment any more, with the money it holds."""
        if not call.ask.known and _is_said(call.ask, answer):
            kind = source_type(_SOURCE)
            late = kind(id=call.record_id, **kind.opened(answer), payment_gateway=gateway, gateway_status=None)
            late.release(work, held=True)

    def refused(self, call: Journalled[AdoptAsk], problem: No, work: Work) -> Any:
        if getattr(problem, "http_status", None) == 404:
            return Invalid("stripe_id", "invalid", problem.message)
        if getattr(problem, "key_is_spent", False):
            return Invalid("stripe_id", "taken")
        return refusal(problem)


def _is_said(ask: AdoptAsk, intent: Snapshot) -> bool:
    """Whether the intent's metadata say that it is this order's."""
    return all(intent.metadata.get(name) == own for name, own in ask.gateway["metadata"].items())


PLANS: tuple[Plan[Any], ...] = (AdoptPayment(),)
