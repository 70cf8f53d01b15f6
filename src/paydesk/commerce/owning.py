"""Whose a record is. Anybody may type any address into an order, so an order that names a customer is not yet theirs.

A customer owns the orders created or claimed with the customer's token, the order that signed the customer up, and the
cards and addresses kept from these orders. Other records that name the customer are shown once the address is proved,
and only to a token whose bearer is known to be the person who proved it, because somebody else may have opened the
account before.
Records which that person creates or claims are shown to nobody else, because the impostor may still have the password.
"""

from __future__ import annotations

from typing import Any

from paydesk.base.actor import Actor
from paydesk.declare import Caller, Condition, Test, both, either, eq, null

_BY_PROOF = Test("customer.proved_at", "lteq", Caller("trusted_at"))
_CLAIMED = Test("claimed_at", "not_null")
_IS_OPEN = either(null("owner_proved_at"), Test("owner_proved_at", "lteq", Caller("trusted_at")))


def _own(*signs: Condition) -> Condition:
    own = both(either(*signs, _CLAIMED), _IS_OPEN)
    return both(eq("customer_id", Caller("owner_id")), either(own, _BY_PROOF))


OWN_ORDER = _own(eq("guest", False))
"""The orders of the caller."""

OWN_ENTRY = _own()
"""What is kept in the caller's wallet and address book."""


def shows_all(actor: Actor, proved_at: str | None) -> bool:
    """Whether the caller is shown all that names the customer whose address was proved then."""
    return not actor.is_sales_channel or _covers(actor.trusted_at, proved_at)


def shows_entry(actor: Actor, entry: Any, proved_at: str | None) -> bool:
    """Whether the caller is shown a wallet's entry of the customer whose address was proved then: see `OWN_ENTRY`."""
    is_open = entry.owner_proved_at is None or shows_all(actor, entry.owner_proved_at)
    return (entry.claimed_at is not None and is_open) or shows_all(actor, proved_at)


def told_count(
    everything: int | None, own: int | None, proved_at: str | None, is_shopper: bool, trusted_at: str | None
) -> int:
    """How many orders the caller is told that the customer has placed."""
    return (own if is_shopper and not _covers(trusted_at, proved_at) else everything) or 0


def _covers(trusted_at: str | None, proved_at: str | None) -> bool:
    """Whether what was trusted then was trusted after the address was proved, or with its proof."""
    return proved_at is not None and trusted_at is not None and proved_at <= trusted_at
