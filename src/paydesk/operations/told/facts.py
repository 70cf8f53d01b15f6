"""The facts of one order's payment that are told of it in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from paydesk.base.money import Money, formatted
from paydesk.commerce.payments.payment_sources import is_by_hand
from paydesk.commerce.payments.status import Sums, payment_status, sums


@dataclass
class Facts:
    """An order with all that its money went through; its line items and billing address are loaded.

    now       when it is asked
    open      the kinds of the gateway calls that wait for an answer
    shared    its payment pays another order as well
    alone     these are the facts of one of several payments of the order
    """

    now: str
    organization: str
    mode: str
    order: Any
    payments: list[Any]
    transactions: list[Any]
    disputes: list[Any]
    open: list[str] = field(default_factory=list)
    shared: bool = False
    alone: bool = False

    def only(self, payment_id: str) -> Facts:
        """The facts of one of the order's payments by itself."""
        if len(self.payments) == 1:
            return self
        return replace(
            self,
            payments=[one for one in self.payments if one.id == payment_id],
            transactions=[one for one in self.transactions if one.payment_source_id == payment_id],
            disputes=[one for one in self.disputes if one.payment_id == payment_id],
            open=self.open if self.order.payment_source_id == payment_id else [],
            alone=True,
        )

    @cached_property
    def payment(self) -> Any:
        """The payment that is spoken of: the order's own, or else the one that money moved with last, or the newest."""
        own = [one for one in self.payments if one.id == self.order.payment_source_id]
        paid = [one.payment_source_id for one in self.transactions if one.succeeded]
        moved = [one for one in self.payments if paid and one.id == paid[-1]]
        newest = sorted(self.payments, key=lambda one: (one.created_at, one.id))[-1:]
        if own and any(one.payment_source_id == own[0].id for one in self.transactions):
            return own[0]
        return next(iter([*moved, *own, *newest]), None)

    @property
    def currency(self) -> str:
        return str(self.order.currency_code or "")

    @cached_property
    def sums(self) -> Sums:
        return sums(self.transactions, self.currency)

    @property
    def payment_status(self) -> str:
        """The order's, or that which one of its payments would give it."""
        if not self.alone or not self.currency:
            return str(self.order.payment_status)
        return payment_status(self.sums, Money(self.total, self.currency))

    @property
    def attention(self) -> dict[str, Any]:
        """What needs attention, since when and about how much, where money of this payment has moved."""
        return (self.order.attention or {}) if self.transactions or not self.alone else {}

    def of(self, kind: str) -> list[Any]:
        """The order's transactions of a kind in its currency, oldest first."""
        return [one for one in self.transactions if one.one_of(kind) and one.currency_code == self.currency]

    @property
    def by_hand(self) -> bool:
        return self.payment is not None and is_by_hand(self.payment.shape.type)

    # Amounts, in minor units.

    @property
    def total(self) -> int:
        intended = getattr(self.payment, "intended_cents", None) if self.alone else None
        return int(intended or self.order.total_amount_with_taxes_cents or 0)

    @property
    def captured(self) -> int:
        return self.sums.captured.cents

    @property
    def refunded(self) -> int:
        return self.sums.refunded.cents

    @property
    def pending(self) -> int:
        """Of refunds that are on their way."""
        return sum(one.amount_cents for one in self.of("refunds") if one.is_pending)

    @property
    def failed(self) -> int:
        """Of refunds that did not come about, and that no later one made up for."""
        return int(self._matter("refund_failed") or 0)

    @property
    def held(self) -> int:
        """What can still be captured."""
        return sum(one.capture_balance_cents or 0 for one in self.of("authorizations") if one.counts)

    @property
    def taken_by_disputes(self) -> int:
        alike = (one for one in self.disputes if one.currency_code == self.currency)
        return sum((one.withdrawn_cents or 0) - (one.reinstated_cents or 0) for one in alike)

    @property
    def kept(self) -> int:
        """What the shop has of it once all refunds have gone."""
        return self.captured - self.refunded - self.pending - self.taken_by_disputes

    @property
    def has_moved(self) -> bool:
        """Money was taken, or is to go back: the sums say where it is."""
        return bool(self.captured or self.pending or self.failed or self.disputes)

    def money(self, cents: int) -> str:
        """An amount of the order's currency; empty while it has none."""
        return formatted(cents, self.currency) if self.currency else ""

    # What else there is to say.

    @property
    def ends(self) -> str | None:
        """When what is held is let go."""
        holding = (one for one in self.payments if one.finality.get(one.gateway_status or "") == 1)
        ends = (getattr(one, "capture_before", None) for one in holding)
        return min((one for one in ends if one is not None), default=None)

    @property
    def instrument(self) -> dict[str, str]:
        return (getattr(self.payment, "payment_instrument", None) or {}) if self.payment is not None else {}

    @property
    def method(self) -> dict[str, Any]:
        return (getattr(self.payment, "payment_method", None) or {}) if self.payment is not None else {}

    @property
    def last_failure(self) -> Any:
        """The last attempt to pay, where it failed."""
        tried = self.of("authorizations")
        return tried[-1] if tried and not tried[-1].succeeded and tried[-1].error_code is not None else None

    @property
    def dispute(self) -> Any:
        """The dispute that was opened last."""
        found = sorted(self.disputes, key=lambda one: (one.opened_at or "", one.dispute_id))
        return found[-1] if found else None

    def moved_at(self, *kinds: str) -> str | None:
        """When a transaction of these kinds came about last."""
        moved = [one.created_at for kind in kinds for one in self.of(kind) if one.succeeded]
        return max(moved, default=None)

    def _matter(self, kind: str) -> Any:
        return (self.attention.get(kind) or (None, None))[1]

    def matters(self) -> Iterator[tuple[str, int]]:
        """What needs a person's attention, and how much money it is about."""
        for kind, (_, cents) in self.attention.items():
            yield kind, cents
