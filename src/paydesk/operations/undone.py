"""Why an operation was not done."""

from __future__ import annotations


class Undone(Exception):
    """An operation was not done; the message says why in a sentence.

    hint   what to do about it
    usage  what it was given is wrong, and nothing was tried
    """

    def __init__(self, message: str, hint: str | None = None, *, usage: bool = False) -> None:
        super().__init__(message)
        self.hint, self.usage = hint, usage
