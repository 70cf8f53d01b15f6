"""The meaning of a failed request, of a request that was not answered, and of an answer that cannot be read.

Source: Stripe, "Error handling", "Advanced error handling", "Idempotent requests".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import aiohttp
import stripe

from paydesk.gateways.port.problems import Declined, Refused, Unknown
from paydesk.gateways.stripe.lanes import Lane
from paydesk.gateways.stripe.reading.snapshots import failure, snapshot
from paydesk.gateways.stripe.reading.values import Object

log = logging.getLogger("paydesk.gateways.stripe")

T = TypeVar("T")

_LONGEST_WAIT: Final = 3600.0

OPTIONAL: Final = frozenset({"probe", "read with fees", "review", "warning"})
"""What a restricted key may lack the right to; whoever asks for it goes on without."""


def trouble(problem: stripe.StripeError, lane: Lane, what: str, pause: float) -> Unknown:
    """The Unknown to raise once time is up; the lane is told. Raises Declined and Refused at once.

    Nothing of the answer is repeated but Stripe's own message, and that only if the answer is Stripe's.

    what    the verb, or what is read
    pause   seconds until the next attempt, if Stripe names no longer time
    """
    status = problem.http_status
    request_id = problem.request_id
    if isinstance(problem, stripe.APIConnectionError) or status is None:
        lane.unanswered()
        cause = problem.__cause__
        # Neither a refused connection nor an unknown name has let anything through.
        unsent = isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
        return Unknown(f"Stripe could not be reached ({type(cause).__name__}).", unsent=unsent)
    error: Any = problem.json_body.get("error") if isinstance(problem.json_body, dict) else None
    if not isinstance(error, dict):
        lane.unanswered()
        return Unknown(f"Stripe's answer could not be read (status {status}).")
    headers: Mapping[str, str] = problem.headers or {}
    code = error.get("code") if isinstance(error.get("code"), str) else None
    if status == 429 or code == "rate_limit":
        wait = _retry_after(headers)
        lane.limited(max(wait or 0.0, pause))
        return Unknown("Stripe limits the rate of requests.", wait, request_id=request_id)
    if status >= 500:
        lane.unanswered()
        kept = headers.get("Idempotent-Replayed") == "true" or headers.get("Stripe-Should-Retry") == "false"
        return Unknown(f"Stripe failed (status {status}).", _retry_after(headers), kept=kept, request_id=request_id)
    lane.answered()
    if status in (409, 424):
        return Unknown(f"Stripe is busy with it ({code or status}).", _retry_after(headers), request_id=request_id)
    raise _no(error, status, code, what, request_id)


def _no(error: Object, status: int, code: str | None, what: str, request_id: str | None) -> Declined | Refused:
    """A definite no, with the payment as far as the answer shows it."""
    intent = error.get("payment_intent")
    shown = (
        understood(lambda value: snapshot(value, request_id=request_id), intent, request_id)
        if isinstance(intent, dict)
        else None
    )
    if status == 402:
        return Declined(failure(error), shown, request_id=request_id)
    if error.get("type") == "idempotency_error":
        # After a restore of a database whose keys were not random yet; or of an intent that somebody else adopts.
        log.warning("stripe %s: one idempotency key, two sets of parameters (request %s)", what, request_id)
        code = "idempotency_error"
    elif status == 401 and what != "probe":
        log.error("stripe %s: the key was not accepted (request %s)", what, request_id)
    elif status == 403 and what not in OPTIONAL:
        log.error("stripe %s: the key has no right to it (request %s)", what, request_id)
    message = str(error.get("message") or "Stripe refused the request.")
    return Refused(message, code, error.get("param"), status, snapshot=shown, request_id=request_id)


def understood(read: Callable[[Object], T], value: Object, request_id: str | None = None) -> T:
    """An object of Stripe's, read. Raises Unknown where it is not what Stripe documents."""
    try:
        return read(value)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Unknown(f"Stripe's answer could not be read ({problem}).", request_id=request_id) from None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After") or ""
    return min(float(text), _LONGEST_WAIT) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else None
