"""A payment's six lines, and what tells several payments apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paydesk.base.money import formatted
from paydesk.base.printable import one_line
from paydesk.cli.screen import err, out, safe, say

COLOURS = {"who": "dim", "what": "dim", "card": "dim", "money": "dim", "say": "cyan", "do": "yellow"}


def show(answer: Mapping[str, str]) -> None:
    """Who, what, with which card, where the money is, what to say, what to do."""
    for name, said in answer.items():
        out().print(f"[{COLOURS[name]}]{name.ljust(5)}[/]  {safe(said)}")


def matches(found: Sequence[Mapping[str, Any]], *, more: bool, clue: str) -> None:
    """A line each, the newest first."""
    lines(found)
    newest = ", these are the newest" if more else ""
    places = len({(one["organization"], one["mode"]) for one in found}) > 1
    how = "by its organization and mode (-o, --mode), or" if places else "by its number (#1234) or"
    err().print(f"Several match {safe(clue)}{newest}. Tell one {how} id (see --json).", style="dim")


def lines(found: Sequence[Mapping[str, Any]]) -> None:
    """When, how much, which order, how it stands, with which card, whose; and where, if that differs."""
    places = {(one["organization"], one["mode"]) for one in found}
    cells = [[one_line(cell) for cell in _cells(one, placed=len(places) > 1)] for one in found]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))] if cells else []
    for row in cells:
        told = [
            cell.rjust(width) if at == 1 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(told).rstrip())


def _cells(one: Mapping[str, Any], *, placed: bool) -> list[str]:
    amount = formatted(one["amount_cents"], one["currency_code"]) if one["currency_code"] else ""
    card = " ".join(part for part in (one.get("method"), one.get("last_digits")) if part)
    cells = [
        one["at"][:16].replace("T", " "),
        amount,
        one["number"] or one["order"],
        one["state"],
        card,
        one["email"] or "",
    ]
    return [*cells, f"{one['organization']}/{one['mode']}"] if placed else cells
