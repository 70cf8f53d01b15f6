"""Disputes. Source: Stripe, "Dispute"."""

from __future__ import annotations

from paydesk.base.money import Money
from paydesk.gateways.port.snapshots import DisputeSnapshot
from paydesk.gateways.stripe.amounts import from_stripe
from paydesk.gateways.stripe.reading.values import Object, identity, instant, mapping


def dispute(value: Object) -> DisputeSnapshot:
    """A Dispute. Raises KeyError, TypeError, ValueError for anything else."""
    currency = str(value["currency"]).upper()
    withdrawn, reinstated = _funds(value)
    return DisputeSnapshot(
        dispute_id=str(value["id"]),
        amount=Money(from_stripe(int(value["amount"]), currency), currency),
        status=str(value["status"]),
        reason=value.get("reason"),
        created_at=instant(value["created"]) or "",
        charge_id=identity(value.get("charge")),
        due_by=instant(mapping(value.get("evidence_details")).get("due_by")),
        refundable=bool(value.get("is_charge_refundable")),
        funds_withdrawn=from_stripe(withdrawn, currency),
        funds_reinstated=from_stripe(reinstated, currency),
    )


def _funds(value: Object) -> tuple[int, int]:
    """How much a dispute took from the balance, and how much of it came back, in Stripe's minor units of its currency.

    Balance transactions are in the account's settlement currency. Where that is another one, the amount taken is the
    dispute's own: the rates of exchange are no business of the payment.
    """
    moves = [move for move in value.get("balance_transactions") or () if isinstance(move, dict)]
    out = [-int(move["amount"]) for move in moves if move["amount"] < 0]
    back = [int(move["amount"]) for move in moves if move["amount"] > 0]
    if all(move.get("currency", value["currency"]) == value["currency"] for move in moves):
        return sum(out), sum(back)
    whole = int(value["amount"])
    return whole if out else 0, whole if back else 0
