"""An order that was made again."""

from __future__ import annotations

from paydesk.cli.screen import done
from paydesk.operations.remake_order import Remade


def show(made: Remade) -> None:
    """What there is now, and what a person does next."""
    done(f"Order {made.number} ({made.id}) has payment {made.payment_id} of {made.amount}.")
    done(f"It is {made.status}, its payment {made.payment_status}.")
