"""E-mail addresses, by which customers are found."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_LONGEST_EMAIL = 254
"""RFC 5321, erratum 1690."""


def email_key(email: str) -> str:
    """The form in which equal addresses are equal: without case and surrounding space."""
    return email.strip().lower()


def is_email(text: str) -> bool:
    """Whether a text may be an address."""
    return len(text.strip()) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text.strip()) is not None
