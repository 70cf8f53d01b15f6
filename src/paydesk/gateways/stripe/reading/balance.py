"""Balance transactions: what a payment moved on the merchant's balance. Source: Stripe, "Balance Transaction".

They come along with the objects that they belong to. Of a charge that was captured asynchronously there is none yet;
`charge.updated` tells once there is. Of one that was captured in parts the charge names the last alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

from paydesk.base.money import Money
from paydesk.gateways.port.snapshots import Movement
from paydesk.gateways.stripe.amounts import from_stripe
from paydesk.gateways.stripe.reading.values import Object, instant, mapping

log = logging.getLogger("paydesk.gateways.stripe")

CAPTURED: Final = "latest_charge.balance_transaction"
REFUNDED: Final = ("data.balance_transaction", "data.failure_balance_transaction")
"""What shows them, of an intent and of a list of refunds."""

_Kind = Literal["capture", "refund", "refund_failure", "dispute", "dispute_reversal"]


def is_of_parts(charge: Object) -> bool:
    """Whether a charge was captured more than once, so that its own balance transaction is one of several."""
    own = mapping(charge.get("balance_transaction"))
    card = mapping(mapping(charge.get("payment_method_details")).get("card"))
    if not own or mapping(card.get("multicapture")).get("status") != "available":
        return False
    is_alike = own.get("currency") == charge.get("currency")
    return not is_alike or int(own["amount"]) != int(charge.get("amount_captured") or 0)


def movements(
    charge: Object, refunds: Iterable[Object], disputes: Iterable[Object], captures: Iterable[Object] | None
) -> Iterator[Movement]:
    """All that is shown, each once.

    charge    the one that succeeded, or an empty object
    captures  its balance transactions, where they were listed
    """
    own = charge.get("balance_transaction")
    for one in [own] if captures is None else captures:
        paid = _in_currency_of(charge, one) if captures is not None else charge.get("amount_captured")
        yield from _movement("capture", one, charge, paid)
    for refund in refunds:
        yield from _movement("refund", refund.get("balance_transaction"), refund, refund["amount"])
        yield from _movement("refund_failure", refund.get("failure_balance_transaction"), refund, refund["amount"])
    for dispute in disputes:
        for one in dispute.get("balance_transactions") or ():
            kind: _Kind = "dispute_reversal" if int(mapping(one).get("amount") or 0) > 0 else "dispute"
            yield from _movement(kind, one, dispute, _in_currency_of(dispute, one))


def _in_currency_of(source: Object, value: Any) -> int:
    """A part of what a charge or dispute moved, in its own currency."""
    one = mapping(value)
    amount, rate = abs(int(one.get("amount") or 0)), one.get("exchange_rate")
    return round(amount / float(rate)) if rate else amount


def _movement(kind: _Kind, value: Any, source: Object, paid: Any) -> Iterator[Movement]:
    """Nothing where the balance transaction is not known yet, not shown, or of an unknown form: the payment that it
    belongs to is read all the same.
    """
    if isinstance(value, dict):
        try:
            yield _read(kind, value, source, paid)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            log.warning("stripe balance transaction %s could not be read (%s)", value.get("id"), problem)


def _read(kind: _Kind, value: Object, source: Object, paid: Any) -> Movement:
    own, currency = str(source["currency"]).upper(), str(value["currency"]).upper()
    amount = int(value["amount"])
    cents = from_stripe(abs(amount), currency)
    rate = value.get("exchange_rate")
    return Movement(
        movement_id=str(value["id"]),
        kind=kind,
        gateway_type=str(value["type"]),
        source_id=str(source["id"]),
        paid=Money(from_stripe(int(paid or 0), own), own),
        amount=Money(cents if amount >= 0 else -cents, currency),
        fee_cents=from_stripe(int(value["fee"]), currency),
        exchange_rate=None if rate is None else float(rate),
        created_at=instant(value["created"]) or "",
        available_on=instant(value.get("available_on")),
    )
