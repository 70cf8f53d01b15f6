"""Rows of columns: to be read, for a spreadsheet, and for a program."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from paydesk.base.currencies import exponent
from paydesk.base.printable import one_line
from paydesk.cli.screen import out, safe, write_json

NOTHING = "–"

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def decimal(cents: int | None, currency: str | None) -> str:
    """An amount as spreadsheets read it, with as many decimals as its currency has: "154.00", "1500", "1.234"."""
    if cents is None:
        return ""
    digits = exponent(currency) if currency else 0
    whole, part = divmod(abs(cents), 10**digits)
    return f"{'-' if cents < 0 else ''}{whole}" + (f".{part:0{digits}}" if digits else "")


def harmless(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, whatever a market or an order is called."""
    text = "" if value is None else str(value)
    return text if _NUMBER.fullmatch(text) or text[:1] not in _FORMULAS else f"'{text}"


def when(at: str) -> str:
    """An instant to the second, in UTC."""
    return at[:19].replace("T", " ")


def draw(names: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """The names and under them the rows, as wide as they need; the columns `right` end at the right."""
    lines, flush = [[one_line(text) for text in row] for row in (names, *rows)], set(right)
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    for number, line in enumerate(lines):
        cells = [
            text.rjust(width) if at in flush else text.ljust(width)
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        told = safe("  ".join(cells).rstrip())
        out().print(f"[dim]{told}[/]" if number == 0 else told)


def as_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A line of names and one for each row, as RFC 4180 has it. What is not there is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    out().print(text.getvalue(), markup=False, end="")


def as_json(found: Any) -> None:
    write_json(asdict(found))
