"""What rules raise, in their own words. Which status and code tells a client is `jsonapi.errors`' business."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A request that is not carried out; nothing was changed."""


def reason_of(error: BaseException) -> str:
    """An error with what it came from, for an operator: a client is told the first part alone."""
    cause = error.__cause__
    if cause is None:
        return str(error)
    return f"{str(error).rstrip('.')}: {reason_of(cause) or type(cause).__name__}"


class Invalid(Refusal):
    """One field breaks a rule (422).

    field   attribute or relationship name, None for the whole record
    error   machine key: `blank`, `taken`, `inclusion`, `less_than_or_equal_to`, ...
    message what a person reads; made from `error` when not given
    meta    the key's parameters, such as value=100, count=10
    """

    def __init__(self, field: str | None, error: str, message: str | None = None, **meta: Any) -> None:
        super().__init__(f"{field}: {message or error}")
        self.field, self.error, self.message, self.meta = field, error, message, meta


class Guess(Invalid):
    """A broken rule whose answer tells a stranger something: an address that is taken, a token that is not the right
    one. Such answers are counted (`oauth.guesses`).
    """


def is_guess(refusal: Refusal) -> bool:
    """A request was refused for what may have been a guess, whatever else was wrong with it."""
    return isinstance(refusal, Guess) or any(is_guess(one) for one in getattr(refusal, "refusals", ()))


class Several(Refusal):
    """All the mistakes of one request, in the order found."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("; ".join(str(refusal) for refusal in refusals))
        self.refusals = refusals


class Denied(Refusal):
    """The caller may not do this (401 UNAUTHORIZED)."""


class NotFound(Refusal):
    """No such record in this environment (404)."""


class Locked(Refusal):
    """A record that cannot be deleted now (423)."""


class Conflict(Refusal):
    """Another operation on the same record is under way (409); `retry_after` in seconds, None where money was moved
    already and the same is not to be sent again unseen.

    meta   what was done of the request until then, if anything was
    """

    def __init__(self, message: str, retry_after: int | None = 1, meta: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.retry_after, self.meta = retry_after, meta


class NotUnique(Refusal):
    """A unique key was taken while the request ran (409); harmless to retry."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class GatewayRefused(Refusal):
    """The gateway said no (422): its own message, its own code, and nothing was kept.

    meta   where it was asked for several things: what was done of them, and what was not
    """

    def __init__(self, message: str, code: str, field: str | None = None, meta: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.field, self.meta = message, code, field, meta


class Unavailable(Refusal):
    """The outcome is not known yet, or a store or gateway cannot be reached (503); `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: int = 2) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooMany(Refusal):
    """So much of this kind is being done that one more would only wait (429); `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InvalidToken(Refusal):
    """The access token is missing, malformed, expired, revoked, or another organization's (401 INVALID_TOKEN).

    reason   what is wrong with it, in plain text without quotes
    """

    def __init__(self, reason: str = "The access token is not one of this server.") -> None:
        super().__init__("The access token you provided is invalid.")
        self.reason = reason


class KeyReused(Refusal):
    """An `Idempotency-Key` was sent with another request before (422)."""


MESSAGES: dict[str, str] = {
    "blank": "can't be blank",
    "empty": "can't be empty",
    "present": "must be blank",
    "required": "must exist",
    "inclusion": "is not included in the list",
    "exclusion": "is reserved",
    "invalid": "is invalid",
    "not_a_number": "is not a number",
    "not_an_integer": "must be an integer",
    "equal_to": "must be equal to {count}",
    "other_than": "must be other than {count}",
    "less_than": "must be less than {count}",
    "less_than_or_equal_to": "must be less than or equal to {count}",
    "greater_than": "must be greater than {count}",
    "greater_than_or_equal_to": "must be greater than or equal to {count}",
    "too_long": "is too long (maximum is {count} characters)",
    "too_short": "is too short (minimum is {count} characters)",
    "too_many": "has too many entries (maximum is {count})",
    "too_large": "is too large (maximum is {count} bytes)",
    "taken": "has already been taken",
    "out_of_stock": "is out of stock",
    "no_price": "doesn't have a price in the market's price list",
    "noent_coupon": "doesn't exist",
    "noent_gift_card": "doesn't exist",
    "noent_gift_card_or_coupon": "doesn't exist",
    "noent_sku": "doesn't exist",
    "noent_bundle": "doesn't exist",
    "invalid_transition": "transition not allowed",
    "expired": "has expired",
    "not_editable": "can't be changed any more",
    "not_placeable": "can't be placed",
    "free": "is free: there is nothing to pay",
    "mismatched_amounts": "doesn't match the amount to pay",
    "currency_mismatch": "must have the same currency",
    "card_number": "must not contain card data",
    "idempotency_key_reused": "has been used for another request",
}
"""What a person reads for a broken rule: the key to the text, with the rule's own parameters."""


def message_of(error: str, meta: dict[str, Any]) -> str:
    """The text of a rule's key; a key without one reads as its own words."""
    text = MESSAGES.get(error)
    if text is None:
        return error.replace("_", " ") or "is invalid"
    return text.replace("{count}", str(meta["count"])) if "count" in meta else text.partition(" {count}")[0]
