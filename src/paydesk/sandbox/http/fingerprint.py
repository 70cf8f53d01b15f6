"""What tells two requests under one idempotency key apart: their parameters, in whatever order they were sent."""

import hashlib
from typing import Any

import orjson


def fingerprint(params: dict[str, Any]) -> bytes:
    """16 bytes that are equal for equal parameters."""
    return hashlib.blake2b(orjson.dumps(params, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
