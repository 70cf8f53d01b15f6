"""How a gateway was given another key."""

from __future__ import annotations

from paydesk.cli.screen import done, err
from paydesk.operations.rekey import Rekeyed


def show(ended: Rekeyed) -> None:
    named = f"Gateway {ended.id} ({ended.name})"
    if not ended.changed:
        done(f"{named} has this key already: {ended.shown}.")
        return
    done(f"{named} has the key {ended.shown} now, of the same account: seen by {ended.account}.")
    err().print("  A running server takes it for its next call, and finishes with it what was left open.", style="dim")
