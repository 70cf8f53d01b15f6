"""balance_transactions: what payments moved on the merchant's balance at the gateway, and what that cost. On no wire.

They are kept as the gateway tells them, one row each that never changes, and move no money of ours. What belongs to a
payment is known some moments after the payment is captured, refunded or disputed: whatever reads the payment afresh
brings it. Source: Stripe, "Balance Transaction".
"""

from __future__ import annotations

from collections.abc import Sequence

from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.declare import Rule, eq, hidden
from paydesk.gateways.port.snapshots import Movement
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class BalanceTransaction(
    Resource,
    type="balance_transactions",
    singular="balance_transaction",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("payment_id", "movement_id"),),
    indexes=(("moved_at",),),
):
    """One movement of the merchant's balance, as `gateways.port.snapshots.Movement` has it.

    payment_id     our payment's id, `payment_type` its type, `order_id` its order's
    movement_id    the gateway's name for it, `source_id` that of the charge, refund or dispute
    kind           capture, refund, refund_failure, dispute or dispute_reversal
    paid_cents     in `paid_currency`, the payment's own; the other amounts are in `currency_code`
    moved_at       when the gateway booked it
    """

    recorded = False

    payment_type = hidden("string")
    payment_id = hidden("string")
    order_id = hidden("string")
    method_type = hidden("string")
    kind = hidden("string")
    gateway_type = hidden("string")
    movement_id = hidden("string")
    source_id = hidden("string")
    paid_cents = hidden("integer")
    paid_currency = hidden("string")
    amount_cents = hidden("integer")
    fee_cents = hidden("integer")
    net_cents = hidden("integer")
    currency_code = hidden("string")
    exchange_rate = hidden("float")
    moved_at = hidden("datetime")
    available_on = hidden("datetime")


def keep_movements(payment: PaymentSource, told: Sequence[Movement], work: Work) -> Rule:
    """Keep what is not kept yet of what a payment moved."""
    if not told:
        return
    kept = yield Find(BalanceTransaction, eq("payment_id", payment.id), many=True)
    known = {one.movement_id for one in kept}
    for one in told:
        if one.movement_id in known:
            continue
        known.add(one.movement_id)
        work.create(
            BalanceTransaction,
            payment_type=payment.shape.type,
            payment_id=payment.id,
            order_id=payment.order_id,
            method_type=payment.method_type,
            kind=one.kind,
            gateway_type=one.gateway_type,
            movement_id=one.movement_id,
            source_id=one.source_id,
            paid_cents=one.paid.cents,
            paid_currency=one.paid.currency,
            amount_cents=one.amount.cents,
            fee_cents=one.fee_cents,
            net_cents=one.net_cents,
            currency_code=one.amount.currency,
            exchange_rate=one.exchange_rate,
            moved_at=one.created_at,
            available_on=one.available_on,
        )
