"""What an order was seen to cost, just now and under its lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.base.money import Money
from paydesk.commerce.orders.order import Order
from paydesk.rules.work import Work


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What an order costs, worked out from its lines in this very Work. `refresh.refresh` alone makes one, and
    nothing ends in placed without (see `settling.ORDER`): a total that was worked out earlier is none.
    """

    order: Order
    work: Work
    due: Money

    def must_prove(self, record: Any, work: Work) -> None:
        """raises   AssertionError where it was made of another order, in another Work, or the order changed since"""
        if self.order is not record or self.work is not work or self.due != record.due():
            raise AssertionError("an order is placed by a total that was not worked out for it in this transaction")
