"""Ids and secrets in Stripe's form: a prefix and letters and digits without meaning.

Like Stripe's, ids begin with a coarse time, so that fresh ones stand side by side in the state's indexes.
"""

import base64
import os
import time
from functools import lru_cache

_ALTERNATIVES = b"aZ"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class _Pool:
    """Random letters and digits in stock: one system call makes enough for a hundred ids."""

    def __init__(self) -> None:
        self.text = ""
        self.used = 0

    def take(self, characters: int) -> str:
        start, end = self.used, self.used + characters
        if end > len(self.text):
            self.text = base64.b64encode(os.urandom(3072), _ALTERNATIVES).decode()
            start, end = 0, characters
        self.used = end
        return self.text[start:end]


_pool = _Pool()


def token(characters: int) -> str:
    """Random letters and digits; 18 of them carry over 100 bits."""
    return _pool.take(characters)


@lru_cache(maxsize=2)
def _coarse_time(period: int) -> str:
    """Five characters that grow with the number of a period of 16 seconds."""
    text = ""
    for _ in range(5):
        period, digit = divmod(period, 62)
        text = _DIGITS[digit] + text
    return text


def new_id(prefix: str) -> str:
    """A fresh object id, for instance `pi_3` and 23 characters more."""
    return f"{prefix}_3{_coarse_time(int(time.time()) >> 4)}{token(18)}"
