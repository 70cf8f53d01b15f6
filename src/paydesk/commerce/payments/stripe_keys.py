"""Stripe's keys, as far as their looks tell. Source: Stripe, "API keys"."""

from __future__ import annotations


def is_live(key: str) -> bool:
    """Whether a key is of the live mode."""
    return key.startswith(("sk_live_", "rk_live_", "pk_live_"))


def mistaken(key: str, *, live: bool, kinds: tuple[str, ...] = ("sk_", "rk_")) -> str | None:
    """Why a key cannot be right; None where only Stripe can say.

    live    the mode it is for
    kinds   secret and restricted keys, or ("pk_",)
    """
    if not key.startswith(kinds) or len(key) < 16:
        return "is not a Stripe publishable key" if kinds == ("pk_",) else "is not a Stripe secret or restricted key"
    if is_live(key) != live:
        return "is a live key" if not live else "is a test key"
    return None


def shortened(key: str) -> str:
    """A key by its kind and its last four characters, as Stripe shows it."""
    return f"{key[:8]}…{key[-4:]}"
