"""The authorizations that end soon."""

from __future__ import annotations

from dataclasses import asdict

from paydesk.base.money import formatted
from paydesk.cli.screen import done, out, safe, write_json
from paydesk.operations.expiring import Expiring, Found


def show(found: Found) -> None:
    """A line for each."""
    for one in found.expiring:
        colour = "red" if one.has_ended else "yellow" if one.placed else "dim"
        out().print(f"[{colour}]{safe(_line(one))}[/]")
    if not found.expiring:
        done(f"No authorization ends before {found.until}.")


def _line(one: Expiring) -> str:
    when = one.capture_before.replace("T", " ").removesuffix("Z")
    state = one.status if one.placed else f"{one.status}, not placed"
    told = f"{when}  {formatted(one.open_cents, one.currency_code):>14}  {one.number}  {state}"
    told += f"  {one.payment_id}  {one.organization}/{one.mode}"
    return told + ("  should have ended" if one.has_ended else "")


def as_json(found: Found) -> None:
    write_json(asdict(found))
