"""Faults: the misbehavior that a control call sets.

A fault names the calls or the webhooks it strikes (`on`), what it does to them (`do`), and how often (`times`; 0 until
it is cleared). Clearing a fault also lets go the calls it delays. Faults live in memory: a restart clears them.
"""

import asyncio
import contextlib
import fnmatch
from dataclasses import dataclass, field
from typing import Any

from paydesk.sandbox.core.errors import StripeError, invalid
from paydesk.sandbox.core.ids import new_id

STATUSES = (400, 401, 402, 403, 404, 409, 424, 429, 500, 502, 503, 504)
WEBHOOKS = ("twice", "late", "reversed", "lost")

_SHAPES: dict[str, set[str]] = {
    "delay_ms": {"delay_ms", "when"},
    "drop": {"drop"},
    "cut": {"cut"},
    "status": {"status", "when", "retry_after", "code"},
    "webhook": {"webhook", "seconds"},
}


@dataclass(slots=True)
class Fault:
    """One fault. `left` is None when it lasts until it is cleared."""

    id: str
    on: dict[str, str]
    do: dict[str, Any]
    left: int | None
    struck: int = 0
    held: list[int] = field(default_factory=list)
    delays: int = 0
    cleared: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self) -> dict[str, Any]:
        """The fault as a control call shows it."""
        times = 0 if self.left is None else self.left
        return {
            "id": self.id,
            "on": self.on,
            "do": self.do,
            "times": times,
            "struck": self.struck,
            "delays": self.delays,
        }


class Faults:
    """All faults that are set, in the order in which they were."""

    def __init__(self) -> None:
        self.all: dict[str, Fault] = {}
        self.delaying: dict[str, Fault] = {}
        self.on_calls: list[Fault] = []
        self.on_webhooks: list[Fault] = []

    def add(self, spec: Any) -> Fault:
        """Set a fault that a control call describes.

        raises   StripeError 400 that names the mistake
        """
        if not isinstance(spec, dict) or set(spec) - {"on", "do", "times"}:
            raise invalid("A fault is an object with `on`, `do` and `times`.")
        on, do, times = spec.get("on") or {}, spec.get("do"), spec.get("times", 1)
        if not isinstance(on, dict) or set(on) - {"method", "path", "account", "event"}:
            raise invalid("`on` takes method, path, account and, for webhooks, event.", param="on")
        if not all(isinstance(value, str) for value in on.values()):
            raise invalid("What stands in `on` are strings.", param="on")
        if not isinstance(times, int) or isinstance(times, bool) or times < 0:
            raise invalid("`times` is a number of times, or 0 for until cleared.", param="times")
        if not isinstance(do, dict):
            raise invalid(f"`do` is an object with exactly one of {', '.join(_SHAPES)}.", param="do")
        _check(do)
        fault = Fault(new_id("fault"), on, do, times or None)
        self.all[fault.id] = fault
        (self.on_webhooks if "webhook" in do else self.on_calls).append(fault)
        return fault

    def clear(self, identifier: str | None = None) -> int:
        """Clear one fault, or all, and return their number; used-up faults that still delay a call count."""
        gone = [fault for fault in self.current() if identifier in (None, fault.id)]
        for fault in gone:
            self._remove(fault)
            fault.cleared.set()
        return len(gone)

    def current(self) -> list[Fault]:
        """The faults that are set, and the used-up ones that still delay a call."""
        return list((self.all | self.delaying).values())

    async def delay(self, fault: Fault) -> None:
        """Wait until the fault's time is over or the fault is cleared."""
        self.delaying[fault.id] = fault
        fault.delays += 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(fault.do["delay_ms"] / 1000):
                    await fault.cleared.wait()
        finally:
            fault.delays -= 1
            if not fault.delays:
                self.delaying.pop(fault.id, None)

    def _remove(self, fault: Fault) -> None:
        self.all.pop(fault.id, None)
        for faults in (self.on_calls, self.on_webhooks):
            if fault in faults:
                faults.remove(fault)

    def strike_call(self, method: str, path: str, account: str) -> Fault | None:
        """The first fault set on a call, counted as used."""
        for fault in self.on_calls:
            if _matches(fault.on, method, path, account, None):
                return self._used(fault)
        return None

    def strike_webhook(self, kind: str, method: str, path: str, account: str) -> Fault | None:
        """The first fault set on an event, counted as used."""
        for fault in self.on_webhooks:
            if _matches(fault.on, method, path, account, kind):
                return self._used(fault)
        return None

    def _used(self, fault: Fault) -> Fault:
        fault.struck += 1
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._remove(fault)
        return fault


def _matches(on: dict[str, str], method: str, path: str, account: str, event: str | None) -> bool:
    if "method" in on and on["method"].upper() != method:
        return False
    if "account" in on and on["account"] != account:
        return False
    if "event" in on and (event is None or not fnmatch.fnmatchcase(event, on["event"])):
        return False
    pattern = on.get("path")
    if pattern is None:
        return True
    if "*" in pattern or "?" in pattern:
        return fnmatch.fnmatchcase(path, pattern)
    return path == pattern or path.startswith(pattern if pattern.endswith("/") else pattern + "/")


def _check(do: dict[str, Any]) -> None:
    """Check that `do` is one of the five shapes.

    raises   StripeError 400
    """
    names = [name for name in _SHAPES if name in do]
    if len(names) != 1:
        raise invalid(f"`do` is exactly one of {', '.join(_SHAPES)}.", param="do")
    name = names[0]
    unknown = set(do) - _SHAPES[name]
    if unknown:
        raise invalid(f"`do` with {name} does not take {', '.join(sorted(unknown))}.", param="do")
    problem: StripeError | None = None
    if name == "delay_ms" and not _whole(do["delay_ms"]):
        problem = invalid("`delay_ms` is a whole number of milliseconds.", param="do[delay_ms]")
    elif name == "drop" and do["drop"] not in ("before", "after"):
        problem = invalid("`drop` is before or after the work.", param="do[drop]")
    elif name == "cut" and do["cut"] is not True:
        problem = invalid("`cut` is true.", param="do[cut]")
    elif name == "status" and do["status"] not in STATUSES:
        problem = invalid(f"`status` is one of {', '.join(map(str, STATUSES))}.", param="do[status]")
    elif name == "webhook" and do["webhook"] not in WEBHOOKS:
        problem = invalid(f"`webhook` is one of {', '.join(WEBHOOKS)}.", param="do[webhook]")
    elif do.get("when", "before") not in ("before", "after"):
        problem = invalid("`when` is before or after the work.", param="do[when]")
    elif not _whole(do.get("seconds", 0)) or not _whole(do.get("retry_after", 0)):
        problem = invalid("`seconds` and `retry_after` are whole numbers.", param="do")
    if problem is not None:
        raise problem


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


MESSAGES: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "The request was refused."),
    401: ("invalid_request_error", "api_key_expired", "Expired API Key provided."),
    402: ("card_error", "card_declined", "Your card was declined."),
    403: (
        "invalid_request_error",
        "more_permissions_required",
        "The provided key does not have the required permissions.",
    ),
    404: ("invalid_request_error", "resource_missing", "No such object."),
    409: (
        "invalid_request_error",
        "lock_timeout",
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request. If you see this error frequently and "
        "are making multiple concurrent requests to a single object, make your requests serially or at a lower rate. "
        "For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts.",
    ),
    424: ("api_error", "external_dependency_failed", "A third party that this request depends on failed."),
    429: (
        "invalid_request_error",
        "rate_limit",
        "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
    ),
}
"""Status → type, code and message of the error that a fault answers with; the 5xx are all alike."""


def error(do: dict[str, Any]) -> StripeError:
    """The error a `status` fault answers with."""
    status = do["status"]
    kind, code, message = MESSAGES.get(
        status, ("api_error", None, "An unknown error occurred. If this continues, please contact support@stripe.com.")
    )
    body: dict[str, Any] = {"type": kind, "message": message}
    code = do.get("code", code)
    if code:
        body["code"] = code
    headers = {}
    if "retry_after" in do:
        headers["Retry-After"] = str(do["retry_after"])
    if status == 429:
        headers["Stripe-Rate-Limited-Reason"] = "global-rate"
    if status == 409 or (status >= 500 and do.get("when", "before") == "before"):
        headers["Stripe-Should-Retry"] = "true"
    return StripeError(status, body, stored=False, headers=headers)
