"""What the first release left open."""

OPEN = [
    "amend_payment", "amend_to_authorize", "authorize_order",
    "capture_payment", "capture_payment", "capture_payment", "capture_payment", "create_customer",
    "detach_instrument", "discard_payment", "open_payment", "open_payment", "open_payment",
    "place_later", "place_later", "place_order", "place_order",
    "refund_payment", "refund_payment", "refund_payment", "register_endpoint", "release_payment",
    "void_payment", "void_payment",
]  # fmt: skip
"""The kinds of the calls that were left open."""
