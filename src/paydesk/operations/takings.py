"""What came in, what went out again and what that cost: by day, market or method, for each currency.

What the gateway has told of counts on the day and with the amounts that its balance has. A capture or refund whose
balance transaction is not known yet counts on the day it was booked here, without fee and net; so does money by hand,
of which nobody keeps anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.balance_transactions import BalanceTransaction
from paydesk.commerce.payments.captures import Capture
from paydesk.commerce.payments.payment_sources import is_by_hand
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.transactions import AnyTransaction
from paydesk.operations.parts import Parts
from paydesk.operations.whose import tenants_of
from paydesk.store.upkeep import takings as stored

TABLES = stored.Tables(BalanceTransaction, AnyTransaction, Order, Market)


@dataclass(frozen=True)
class Taking:
    """The sums of one day, market or method in one currency, in its minor units.

    key             the day (UTC), the market's id or the method; None where that is not known any more
    name            what `key` is called
    disputed_cents  what disputes took, less what they gave back
    fee_cents       what the gateway kept, and `net_cents` what it added to the balance in all: None where nothing is
                    known of that in this currency
    without_fee     how many captures and refunds are among the sums whose fee is not known yet
    """

    organization: str
    mode: str
    key: str | None
    name: str
    currency_code: str
    captured_cents: int = 0
    refunded_cents: int = 0
    disputed_cents: int = 0
    fee_cents: int | None = None
    net_cents: int | None = None
    without_fee: int = 0

    def plus(self, other: Taking) -> Taking:
        return replace(
            self,
            captured_cents=self.captured_cents + other.captured_cents,
            refunded_cents=self.refunded_cents + other.refunded_cents,
            disputed_cents=self.disputed_cents + other.disputed_cents,
            fee_cents=_sum(self.fee_cents, other.fee_cents),
            net_cents=_sum(self.net_cents, other.net_cents),
            without_fee=self.without_fee + other.without_fee,
        )


@dataclass
class Takings:
    """Those of a period, and their totals, whose `key` is None."""

    since: str
    until: str
    by: str
    takings: list[Taking] = field(default_factory=list)
    totals: list[Taking] = field(default_factory=list)


async def takings(
    parts: Parts, since: str, until: str, *, by: str, slug: str | None = None, mode: str | None = None
) -> Takings:
    """`by` is "day", "market" or "method". Raises Unknown where there is no such organization."""
    tenants = await tenants_of(parts, slug, mode)
    found = Takings(since, until, by)
    read, names = parts.database.read, list(tenants)
    sums: dict[tuple[str, str | None, str], Taking] = {}

    def add(tenant: str, key: str | None, label: str | None, currency: str, **amounts: int) -> None:
        organization, its_mode = tenants[tenant]
        one = Taking(organization, its_mode, key, label or key or f"{by} unknown", currency, **amounts)
        known = sums.get((tenant, key, currency))
        sums[(tenant, key, currency)] = known.plus(one) if known else one

    for row in await read(lambda: stored.moved(TABLES, by, names, since, until)):
        name, sign = _COLUMNS[row.kind]
        add(row.tenant, row.key, row.label, row.paid_currency, **{name: sign * row.paid_cents})
        add(row.tenant, row.key, row.label, row.currency, fee_cents=row.fee_cents, net_cents=row.net_cents)
    columns = {Capture.shape.type: "captured_cents", Refund.shape.type: "refunded_cents"}
    for one in await read(lambda: stored.booked(TABLES, by, names, since, until)):
        if one.type in columns:
            waiting = 0 if is_by_hand(one.source_type) else one.how_many
            amounts = {columns[one.type]: one.amount_cents, "without_fee": waiting}
            add(one.tenant, one.key, one.label, one.currency, **amounts)
    found.takings = sorted(sums.values(), key=_order)
    found.totals = _totals(found.takings)
    return found


_COLUMNS = {
    "capture": ("captured_cents", 1),
    "refund": ("refunded_cents", 1),
    "refund_failure": ("refunded_cents", -1),
    "dispute": ("disputed_cents", 1),
    "dispute_reversal": ("disputed_cents", -1),
}


def _order(one: Taking) -> tuple[str, ...]:
    return one.organization, one.mode, one.name, one.key or "", one.currency_code


def _totals(all_: list[Taking]) -> list[Taking]:
    totals: dict[tuple[str, str, str], Taking] = {}
    for one in all_:
        at = (one.organization, one.mode, one.currency_code)
        totals[at] = totals[at].plus(one) if at in totals else replace(one, key=None, name="total")
    return list(totals.values())


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other
