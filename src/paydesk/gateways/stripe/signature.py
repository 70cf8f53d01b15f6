"""The signature on what Stripe sends.

Source: Stripe, "Check the webhook signatures". The SDK's own check is not used for three reasons: it lets a time in the
far future pass, it raises UnicodeDecodeError for a body that is not UTF-8, and it takes one secret only.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256

from paydesk.gateways.port.events import Forged

TOLERANCE_SECONDS = 300
_LONGEST_HEADER = 4096  # two signatures during a change of secrets make 160 characters


def check(body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str], now: float) -> None:
    """Nothing, when one of `secrets` signed these very bytes at most 300 s before or after `now` (unix seconds).

    The body is not looked into. Every secret is tried against every `v1`, each in constant time; other schemes (`v0`)
    count for nothing.

    raises  Forged, with a reason that repeats nothing of the request
    """
    header = headers.get("stripe-signature") or headers.get("Stripe-Signature")
    if header is None:
        header = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), None)
    if not header:
        raise Forged("no signature")
    if len(header) > _LONGEST_HEADER:
        raise Forged("signature header too long")
    times: list[str] = []
    signatures: list[bytes] = []
    for item in header.split(","):
        scheme, _, value = item.strip().partition("=")
        if scheme == "t":
            times.append(value)
        elif scheme == "v1":
            signatures.append(value.encode("utf-8", "replace"))
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise Forged("no time in the signature")
    if not signatures:
        raise Forged("no signature of scheme v1")
    signed = times[0].encode() + b"." + body
    matches = False
    for secret in secrets:
        if secret.strip() == "":
            continue  # an empty key would sign for everybody
        expected = hmac.new(secret.encode(), signed, sha256).hexdigest().encode()
        for signature in signatures:
            matches |= hmac.compare_digest(expected, signature)
    if not matches:
        raise Forged("no signature of ours")
    if abs(now - int(times[0])) > TOLERANCE_SECONDS:
        raise Forged("signed too long ago or in the future")


def sign(body: bytes, secret: str, *, at: int) -> str:
    """The header Stripe would send with `body` at unix second `at`."""
    return f"t={at},v1={hmac.new(secret.encode(), str(at).encode() + b'.' + body, sha256).hexdigest()}"
