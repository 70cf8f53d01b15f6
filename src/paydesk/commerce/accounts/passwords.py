"""Passwords that requests give: how long they may be, and their hash."""

from __future__ import annotations

from paydesk.rules.asking import Change
from paydesk.rules.work import Work

SHORTEST_PASSWORD = 6
LONGEST_PASSWORD = 256
"""Commerce Layer documents `secret` as an example of a password, so six characters are enough."""


def hashed(name: str, change: Change, work: Work) -> str | None:
    """The hash of the password that a request gives, None where it gives none."""
    password = change.arguments.get(name)
    if not password:
        return None
    if len(password) < SHORTEST_PASSWORD:
        work.invalid(name, "too_short", count=SHORTEST_PASSWORD)
        return None
    made: str = work.settings["hash_password"](password)
    return made
