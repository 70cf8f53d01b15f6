"""A payment's six lines: who, what, with which card, where the money is, what to say, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from paydesk.base.printable import one_line
from paydesk.operations.told.facts import Facts
from paydesk.operations.told.sentences import SENTENCES
from paydesk.operations.told.situations import Situation as S

LINES = ("who", "what", "card", "money", "say", "do")
ROOM = 73
"""What a line has beside its name, in 80 columns."""

NOTHING = "Nothing."

_WHOLE = frozenset({S.REFUNDED, S.WIRE_RECEIVED, S.WIRE_RETURNED})
"""Their sentence says all of the money, also where some has moved."""

_ALSO = frozenset(one for one in S if list(S).index(one) < list(S).index(S.DISPUTE_LOST))
"""Situations that are to be acted on whatever is more pressing."""


def told(facts: Facts, found: Sequence[S]) -> dict[str, str]:
    """The six lines, by name. A pending refund is told in each of them that speaks of the money.

    found   `situations`
    """
    first, *others = found
    also = [one for one in others if one in _ALSO]
    values = words(facts)
    template = SENTENCES[first].money
    say, do = [SENTENCES[first].say], [SENTENCES[first].do, *(SENTENCES[one].do for one in also)]
    if S.REFUND_PENDING in also:
        say.append(SENTENCES[S.REFUND_PENDING].say)
    acts = [one for one in do if one != NOTHING] or [NOTHING]
    return {
        "who": who(facts),
        "what": what(facts),
        "card": card(facts),
        "money": template.format_map(values) if template and (first in _WHOLE or not facts.has_moved) else where(facts),
        "say": " ".join(say).format_map(values),
        "do": " ".join(acts).format_map(values),
    }


def words(facts: Facts) -> dict[str, str]:
    """What the sentences name in braces."""
    amounts = {name: facts.money(getattr(facts, name)) for name in _AMOUNTS}
    matters = dict(facts.matters())
    failed, dispute, payment = facts.last_failure, facts.dispute, facts.payment
    return {
        **amounts,
        "voided": facts.money(facts.sums.voided.cents),
        "surplus": facts.money(matters.get("surplus_money") or 0),
        "spare": facts.money(matters.get("spare_money") or 0),
        "ends": day(facts.ends, hour=True) or "its end",
        "taken": day(facts.moved_at("captures")),
        "back": day(facts.moved_at("refunds")),
        "let_go": day(facts.moved_at("voids")),
        "due": day(dispute.due_by) if dispute is not None and dispute.due_by else "its end",
        "reason": reason(failed),
        "why": _why(facts),
        "number": str(facts.order.number),
        "status": str(getattr(payment, "gateway_status", None) or "nothing"),
        "act": "Capture it" if facts.order.status == "approved" else "Approve and capture it",
    }


_AMOUNTS = ("total", "captured", "refunded", "pending", "failed", "held", "kept")


def who(facts: Facts) -> str:
    order = facts.order
    address = order.billing_address
    name = address and (address.company or " ".join(one for one in (address.first_name, address.last_name) if one))
    kind = "guest" if order.guest else "customer"
    person = ", ".join(str(one) for one in (name, order.customer_email) if one) or "nobody is named"
    return f"{person} ({kind}), {facts.organization}/{facts.mode}"


def what(facts: Facts) -> str:
    """The order: number, goods, total, day, and how it stands. The goods are cut where they are long."""
    order = facts.order
    standing = f"{order.status}, {status(facts)}"
    end = (
        ", ".join(one for one in (facts.money(facts.total), day(order.placed_at or order.created_at)) if one)
        + f"; {standing}"
    )
    start = f"{order.number}: "
    return start + _cut(_items(order.line_items), ROOM - len(start) - len(end) - 2) + end


def status(facts: Facts) -> str:
    """The payment status in words, refunds on their way included."""
    told = str(facts.order.payment_status).replace("partially", "partly").replace("_", " ")
    return f"{told}, refund pending" if facts.pending else told


def card(facts: Facts) -> str:
    """What it is paid with, and the payment's name at the gateway."""
    payment = facts.payment
    if payment is None:
        return "none yet"
    name = payment.payment_id if getattr(payment, payment.named_by) else None
    if facts.by_hand:
        return f"by wire transfer, {payment.id}"
    return ", ".join(one for one in (instrument(facts) or "not known yet", expiry(facts), name) if one)


def instrument(facts: Facts) -> str:
    """ "Visa ending in 4242 by Apple Pay", empty while nothing is known."""
    digits = getattr(facts.payment, "card_last_digits", None)
    said = kind(facts)
    said += f" ending in {digits}" if said and digits else ""
    wallet = facts.instrument.get("issuer_type", "")
    return f"{said} by {_NAMES[wallet]}" if said and wallet in ("apple_pay", "google_pay") else said


def kind(facts: Facts) -> str:
    """The card's brand or the method's name; empty while nothing is known."""
    if facts.by_hand:
        return "wire transfer"
    known = facts.instrument
    method = str(facts.method.get("type") or known.get("issuer_type") or "")
    if known.get("card_type") and method in ("card", "credit_card", "apple_pay", "google_pay", "link"):
        method = str(known["card_type"])
    return _NAMES.get(method, method.replace("_", " ").capitalize())


_NAMES = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "diners": "Diners Club",
    "eftpos_au": "eftpos",
    "ideal": "iDEAL",
    "sepa_debit": "SEPA debit",
    "eps": "EPS",
    "p24": "Przelewy24",
    "paypal": "PayPal",
    "apple_pay": "Apple Pay",
    "google_pay": "Google Pay",
    "us_bank_account": "US bank account",
}


def expiry(facts: Facts) -> str:
    known = facts.instrument
    month, year = known.get("card_expiry_month"), known.get("card_expiry_year")
    return f"valid to {int(month):02d}/{year}" if month and year and str(month).isdigit() else ""


def where(facts: Facts) -> str:
    """The sums: what is held, was taken and went back, and what is left for the shop."""
    voided = facts.sums.voided.cents
    known = [
        (facts.held, "{} awaited" if facts.by_hand else f"{{}} held until {day(facts.ends, hour=True)}"),
        (facts.captured, "{} taken"),
        (facts.refunded, "{} sent back"),
        (facts.pending, "refund of {} pending"),
        (facts.failed, "refund of {} failed"),
        (facts.taken_by_disputes, "{} disputed"),
        (voided if not facts.captured else 0, "{} let go"),
    ]
    parts = [said.format(facts.money(cents)) for cents, said in known if cents]
    if not parts:
        return "nothing was taken"
    if len(parts) == 1 and not facts.held:
        return f"{parts[0]} {day(facts.moved_at('captures', 'voids'))}"
    went = facts.captured and facts.kept != facts.captured
    return ", ".join(parts) + (f"; {facts.money(facts.kept)} left" if went else "")


def reason(failed: Any) -> str:
    """Why the last attempt failed, in Stripe's word."""
    if failed is None:
        return "no reason given"
    return str(failed.error_detail or failed.error_code or failed.message).replace("_", " ")


def _why(facts: Facts) -> str:
    failed = [one for one in facts.of("refunds") if not one.succeeded and not one.is_pending]
    return f"it failed, {reason(failed[-1])}" if failed else "it failed"


def day(at: str | None, *, hour: bool = False) -> str:
    """2026-11-30, with the hour 2026-11-30 16:32; empty where it never was."""
    return at[: 16 if hour else 10].replace("T", " ") if at else ""


def _items(lines: Iterable[Any]) -> str:
    bought = [one for one in lines if one.item_type in (None, "skus", "bundles")]
    if not bought:
        return ""
    more = f" and {len(bought) - 1} more" if len(bought) > 1 else ""
    return f"{bought[0].quantity} × {bought[0].name or bought[0].sku_code}{more}"


def _cut(text: str, room: int) -> str:
    """The text and a comma, in so much room; nothing where there is too little."""
    text = one_line(text)
    if not text or room < 8:
        return ""
    return f"{text if len(text) <= room else text[: room - 1] + '…'}, "
