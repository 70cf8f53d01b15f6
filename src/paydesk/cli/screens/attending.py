"""What needs a person's attention."""

from __future__ import annotations

import textwrap

from paydesk.base.instants import seconds
from paydesk.base.money import formatted
from paydesk.cli.screen import done, err, out, safe, say, write_json
from paydesk.operations.matters import EXPIRING, Matter, span
from paydesk.operations.told.attending import Attending

WIDTH = 80


def show(found: Attending, limit: int) -> None:
    """Two lines and more for each: what it is, then what to do about it."""
    for one in found.matters[:limit]:
        out().print(f"[bold]{safe(_head(one, found))}[/]")
        do = f"{one.do[0].upper()}{one.do[1:]}."
        for line in textwrap.wrap(do, WIDTH - 2, break_long_words=False, break_on_hyphens=False):
            say(f"  {line}")
    if not found.matters:
        done("Nothing needs attention.")
    elif len(found.matters) > limit:
        err().print(f"{len(found.matters) - limit} more; --limit tells them, too.", style="dim")


def as_json(found: Attending) -> None:
    write_json({"matters": found.as_json()})


def _head(one: Matter, found: Attending) -> str:
    age = span(seconds(found.at) - seconds(one.since))
    when = f"{'for' if one.since <= found.at else 'ends in' if one.kind == EXPIRING else 'due in'} {age}"
    amount = f" {formatted(one.amount_cents, one.currency_code)}" if one.amount_cents is not None else ""
    return f"{one.number or one.order}  {one.kind.replace('_', ' ')}{amount}, {when}  {found.where(one)}"
