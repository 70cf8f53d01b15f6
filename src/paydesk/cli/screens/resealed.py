"""What was sealed anew, and which keys can be taken out."""

from __future__ import annotations

from paydesk.cli.screen import fail, out, rows
from paydesk.operations.reseal import Resealed


def show(told: Resealed, where: str) -> None:
    """The counts, and which keys can be taken out."""
    rows([(name.replace("_", " "), count) for name, count in told.done.items()])
    if not told.former:
        return
    former = ", ".join(told.former)
    if told.broken:
        fail(f"{told.broken} values could not be opened and stay as they are: take no key out.")
    if told.answers:
        out().print(
            f"{told.answers} answers, kept a day for clients' idempotency keys, are still sealed under {former}: run "
            "`paydesk keys reseal` again in a day, and take no key out before.",
            markup=False,
        )
        return
    out().print(
        f"Nothing is sealed under {former} any more: once every process knows the newest key, take it out of {where}. "
        "Backups made before need it still.",
        markup=False,
    )
