"""How large numbers may be, so that no sum of an order ever leaves 64 bits."""

MOST_CENTS = 10_000_000_000
"""One amount that a client gives: a hundred million euros."""

MOST_PIECES = 100_000
"""The quantity of one line item."""
