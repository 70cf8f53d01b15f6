"""Payments in lists, for people and for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict

from paydesk.cli.screen import done, err, out, write_json
from paydesk.cli.screens import answer
from paydesk.cli.screens.columns import decimal, harmless
from paydesk.operations.told.browsing import Page
from paydesk.operations.told.listing import Row

_COLUMNS = (
    "at", "organization", "mode", "number", "order", "status", "payment_status", "state", "payment", "payment_id",
    "method", "last_digits", "email", "currency_code",
)  # fmt: skip
_SUMS = ("amount", "held", "captured", "refunded", "refund_pending")


def show(page: Page, since: str) -> None:
    """A line each."""
    answer.lines([asdict(one) for one in page.payments])
    if not page.payments:
        done(f"No such payment since {since[:16].replace('T', ' ')}.")
    _go_on(page)


def as_csv(page: Page) -> None:
    """A row each below the names of the columns; amounts in whole units, with a point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *_SUMS])
    for one in page.payments:
        writer.writerow([*_cells(one)])
    out().print(text.getvalue(), end="", markup=False)
    _go_on(page)


def as_json(page: Page) -> None:
    write_json(page.as_json())


def _go_on(page: Page) -> None:
    if page.after is not None:
        err().print(f"There are more: go on with --after {'/'.join(page.after)}", style="dim")


def _cells(one: Row) -> Iterable[str]:
    for name in _COLUMNS:
        yield harmless(getattr(one, name))
    for name in _SUMS:
        yield decimal(getattr(one, f"{name}_cents"), one.currency_code)
