"""How a call fails: the bank declines, the gateway refuses, or nobody can say whether it happened."""

from __future__ import annotations

from typing import Any

from paydesk.gateways.port.account import Registration
from paydesk.gateways.port.snapshots import Failure, Snapshot
from paydesk.gateways.port.wallet import CustomerAnswer, Instrument

Answer = Snapshot | Registration | CustomerAnswer | Instrument


class GatewayProblem(Exception):
    """The gateway did not do what was asked, or nobody can say. One of the three below.

    message       plain words; the gateway's own where it spoke, and then fit to be shown to a client
    request_id    the gateway's name for the request, when it told one
    """

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id


class Declined(GatewayProblem):
    """A definite no from the bank. Book a failed attempt; the next try needs a key of its own.

    snapshot   the payment as the answer showed it (it exists, even when the call was to open it), or None
    """

    def __init__(self, failure: Failure, snapshot: Snapshot | None = None, *, request_id: str | None = None) -> None:
        super().__init__(failure.message, request_id=request_id)
        self.failure = failure
        self.snapshot = snapshot


class Refused(GatewayProblem):
    """A definite no from the gateway itself: nothing was done, and asking the same again changes nothing.

    code          the gateway's own ("resource_missing", "amount_too_small", "payment_intent_unexpected_state"), or None
    param         which parameter it found wrong, or None
    http_status   400, 401, 403, 404, ...
    snapshot      the payment as the answer showed it, when it did
    lacks         the rights that the credentials lack, by the gateway's names, where they were probed
    """

    def __init__(
        self,
        message: str,
        code: str | None = None,
        param: str | None = None,
        http_status: int = 400,
        *,
        snapshot: Snapshot | None = None,
        lacks: tuple[str, ...] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.lacks = lacks
        self.code = code
        self.param = param
        self.http_status = http_status
        self.snapshot = snapshot

    @property
    def unauthorized(self) -> bool:
        """Whether the credentials are wrong or lack a right, rather than the request."""
        return self.http_status in (401, 403)

    @property
    def key_is_spent(self) -> bool:
        """Whether the idempotency key was said before with something else: that is no answer to what is asked."""
        return self.code == "idempotency_error"


class Unknown(GatewayProblem):
    """It may have happened, or not. Ask again with the same key and parameters; never with another key.

    retry_after   seconds worth waiting before that, or None
    unsent        nothing left this machine, so nothing can have happened yet (the key is still to be kept)
    kept          the gateway keeps this very answer under the key and will repeat it: look with `read` or `find`
    """

    def __init__(
        self,
        reason: str,
        retry_after: float | None = None,
        *,
        unsent: bool = False,
        kept: bool = False,
        request_id: str | None = None,
    ) -> None:
        super().__init__(reason, request_id=request_id)
        self.reason = reason
        self.retry_after = retry_after
        self.unsent = unsent
        self.kept = kept


def gist(answer: Answer | GatewayProblem | None) -> dict[str, Any]:
    """What the journal keeps of an answer, for whoever looks into it later: a few JSON values, no secret."""
    told: dict[str, Any] = {"request_id": getattr(answer, "request_id", None)}
    if isinstance(answer, GatewayProblem):
        failure = answer.failure if isinstance(answer, Declined) else None
        told["message"] = answer.message
        told["code"] = (failure.decline_code or failure.code) if failure else getattr(answer, "code", None)
        answer = getattr(answer, "snapshot", None)
    if isinstance(answer, Snapshot):
        told |= {
            "payment_id": answer.payment_id,
            "status": answer.gateway_status,
            "currency": answer.amount.currency,
            "amount_cents": answer.amount.cents,
            "authorized_cents": answer.authorized,
            "received_cents": answer.received,
            "refunded_cents": answer.refunded,
            "replayed": answer.replayed,
        }
    return told
