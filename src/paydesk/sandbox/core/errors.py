"""Stripe's error body, and the errors that several calls share.

Sources: Stripe, "Errors" and "Error codes"; stripe.md §9.
"""

from collections.abc import Mapping
from typing import Any


class StripeError(Exception):
    """An answer that is an error.

    status   HTTP status
    error    the body under `error`, without the links that are added when it is sent
    keeps    true when the changes made before it was raised are kept, as after a declined card
    stored   false when an idempotency key does not remember it: validation before the call began to execute
    headers  further response headers
    """

    def __init__(
        self,
        status: int,
        error: dict[str, Any],
        *,
        keeps: bool = False,
        stored: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error.get("message", ""))
        self.status = status
        self.error = error
        self.keeps = keeps
        self.stored = stored
        self.headers = headers or {}

    def unstored(self) -> "StripeError":
        """The same error, not to be remembered under an idempotency key."""
        self.stored = False
        return self


def invalid(
    message: str, *, code: str | None = None, param: str | None = None, status: int = 400, **more: Any
) -> StripeError:
    """An `invalid_request_error`."""
    error: dict[str, Any] = {"type": "invalid_request_error", "message": message}
    if code:
        error["code"] = code
    if param:
        error["param"] = param
    error.update(more)
    return StripeError(status, error)


def missing(noun: str, identifier: str, param: str, *, status: int = 404) -> StripeError:
    """404 `resource_missing`, in Stripe's words: No such payment_intent: 'pi_x'."""
    return invalid(f"No such {noun}: '{identifier}'", code="resource_missing", param=param, status=status)


def card_error(
    message: str, *, code: str, decline_code: str | None = None, param: str | None = None, **more: Any
) -> StripeError:
    """402 `card_error`; what the attempt changed is kept."""
    error: dict[str, Any] = {"type": "card_error", "code": code, "message": message}
    if decline_code:
        error["decline_code"] = decline_code
    if param:
        error["param"] = param
    error.update(more)
    return StripeError(402, error, keeps=True)


def unexpected_state(
    message: str, intent: dict[str, Any], *, code: str = "payment_intent_unexpected_state", param: str | None = None
) -> StripeError:
    """400 for a call that the object's status does not allow; the object comes with it."""
    error = invalid(message, code=code, param=param)
    error.error[str(intent["object"])] = intent
    return error


def doc_url(code: str) -> str:
    """Stripe's page about an error code."""
    return f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"
