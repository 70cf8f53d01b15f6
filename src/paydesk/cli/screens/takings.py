"""What came in, what went out again, and what that cost."""

from __future__ import annotations

from itertools import groupby

from paydesk.base.money import formatted
from paydesk.cli.screen import done, out, safe
from paydesk.cli.screens.columns import NOTHING, as_json, decimal, draw, when
from paydesk.cli.screens.columns import as_csv as write_csv
from paydesk.operations.takings import Taking, Takings

__all__ = ["as_csv", "as_json", "show"]

_AMOUNTS = ("captured", "refunded", "disputed", "fees", "net")


def show(found: Takings) -> None:
    """A table for each organization and mode, with a line of totals for each currency."""
    if not found.takings:
        done(f"Nothing was captured, refunded or disputed from {when(found.since)} to {when(found.until)} UTC.")
        return
    for number, ((organization, mode), group) in enumerate(
        groupby(found.takings, lambda one: (one.organization, one.mode))
    ):
        totals = [one for one in found.totals if (one.organization, one.mode) == (organization, mode)]
        out().print(("\n" if number else "") + f"[bold]{safe(f'{organization}/{mode}')}[/]")
        draw((found.by, *_AMOUNTS), [_row(one) for one in (*group, *totals)], right=range(1, 6))
    waiting = sum(one.without_fee for one in found.totals)
    if waiting:
        what = "capture or refund has" if waiting == 1 else "captures and refunds have"
        told = (
            f"\n{waiting} {what} no fee yet: Stripe has not told it. `paydesk reconcile --fix` asks; a restricted key"
        )
        out().print(f"{told} needs rak_balance_transaction_source_read.", markup=False)


def _row(one: Taking) -> tuple[str, ...]:
    amounts = (one.captured_cents, one.refunded_cents, one.disputed_cents, one.fee_cents, one.net_cents)
    told = (NOTHING if cents is None else formatted(cents, one.currency_code) for cents in amounts)
    return one.name, *told


def as_csv(found: Takings) -> None:
    names = ("organization", "mode", found.by, "currency", *_AMOUNTS, "without_fee")
    write_csv(names, (_values(one) for one in found.takings))


def _values(one: Taking) -> tuple[str | int, ...]:
    amounts = (one.captured_cents, one.refunded_cents, one.disputed_cents, one.fee_cents, one.net_cents)
    told = (decimal(cents, one.currency_code) for cents in amounts)
    return one.organization, one.mode, one.name, one.currency_code, *told, one.without_fee
