"""authorizations: money that a bank holds for an order, and attempts at that which failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paydesk.commerce.payable import MONEY_ACCESS
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import SCOPES, Transaction
from paydesk.declare import NONE, UPDATE, Rule, argument, hidden, money, string, to_many, trigger
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.work import Work


class Authorization(
    Transaction,
    type="authorizations",
    singular="authorization",
    actions=("list", "retrieve", "update"),
    family="transactions",
    access=MONEY_ACCESS,
    scopes=SCOPES,
):
    """Money that a bank holds, or an attempt that failed. It is captured or voided.

    Unless Stripe says that the charge may be captured several times, it is captured once: what a smaller capture
    leaves is released. Source: Commerce Layer, "Authorizations".
    """

    cvv_code = string(example="000", doc="What the check of the card's code said.")
    cvv_message = string(example="validated", doc="The same in words.")
    avs_code = string(example="000", doc="What the check of the address said.")
    avs_message = string(example="validated", doc="The same in words.")
    fraud_review = string(example="passed", doc="What the fraud check said.")
    capture_amount = money(example=500, doc="What `_capture` takes unless told otherwise.")
    capture_balance = money(example=1000, doc="What was neither captured nor voided.")
    void_balance = money(example=1500, doc="What was not voided.")
    _capture_amount_cents = argument("integer", UPDATE, example=500, doc="How much `_capture` is to take.")
    multicapture = hidden("boolean", doc="It may be captured several times.")
    captured_for = hidden(
        "string",
        doc="Why it was captured by itself: `end` of it, or goods that were `sent`; `short`: not for all of them.",
    )
    expiry_noted_at = hidden("datetime", doc="When it was said that it ends within a day.")

    captures = to_many("captures", by="reference_authorization", flags=NONE)
    voids = to_many("voids", by="reference_authorization", flags=NONE)

    FORWARDED_FROM = ("unpaid", "partially_authorized", "voided")

    def may_succeed(self, all_: Iterable[Transaction]) -> bool:
        # A payment holds its money once, however many attempts it took.
        others = [one for one in all_ if one is not self and one.one_of("authorizations") and one.succeeded]
        return super().may_succeed(all_) and all(one.payment_source_id != self.payment_source_id for one in others)

    def forwarded_now(self, work: Work) -> Rule:
        yield from self.order.placed_by_hand(work)

    @trigger()
    def _capture(self, work: Work, value: bool) -> Rule:
        """Take the money: all that is left of it, or `_capture_amount_cents`. Where the payment's
        `options.multicapture` is false, the rest is released.
        """
        yield from moving.capture(self, work, self, asked=work.arguments.get("_capture_amount_cents"))

    @trigger()
    def _void(self, work: Work, value: bool) -> Rule:
        """Let the money go, as long as nothing of it was captured, or what is left where it is captured in parts."""
        yield from moving.void(self, work, self)

    @trigger()
    def _cancel(self, work: Work, value: bool) -> Rule:
        """Void the authorization of a pending order, which is unpaid again."""
        if self.excluded:
            return
        moving.must_be_pending(self, work)
        yield from moving.void(self, work, self, then="exclude")


def checked(snapshot: Snapshot) -> dict[str, Any]:
    """What card and fraud checks said, in an authorization's words."""
    checks, fraud = snapshot.checks or {}, snapshot.fraud or {}
    address = [checks.get("address_line1"), checks.get("address_postal_code")]
    avs = next((one for one in ("fail", "unavailable", "unchecked", "pass") if one in address), None)
    return {
        "cvv_code": checks.get("cvc"),
        "cvv_message": checks.get("cvc"),
        "avs_code": avs,
        "avs_message": avs,
        "fraud_review": watched(snapshot) or ("review" if fraud.get("review") else fraud.get("risk_level")),
    }


def watched(snapshot: Snapshot) -> str | None:
    """What became of a payment that is watched for fraud; None where it is not, or was not looked at closely."""
    fraud = snapshot.fraud or {}
    if fraud.get("warning"):
        return "early_fraud_warning"
    if "review_closed" not in fraud:
        return None
    return fraud["review_closed"] or "review"
