"""Idempotency keys: the answer to a request is kept under its key, and an equal request gets the same one again.

Source: stripe.md §10.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import StripeError, invalid
from paydesk.sandbox.core.state import IDEMPOTENCY_SECONDS, Answer, State
from paydesk.sandbox.http.replies import Headers, Reply

MAXIMUM_CHARACTERS = 255


def fingerprint(params: dict[str, Any]) -> bytes:
    """16 bytes that are equal for equal parameters, in whatever order they were sent."""
    return hashlib.blake2b(orjson.dumps(params, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


class IdempotencyKeys:
    """The keys of requests that run now, and the answers that are kept of those that are done."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.running: set[tuple[int, str]] = set()

    def kept_answer(self, call: Call, key: str, mark: bytes) -> Answer | None:
        """The answer to an earlier request with this key; None when this is the first one.

        mark     the fingerprint of the request's parameters
        raises   StripeError 400 for a key that is too long or was used by another request; 409 while that still runs
        """
        if len(key) > MAXIMUM_CHARACTERS:
            raise invalid("Idempotency keys can have up to 255 characters.").unstored()
        if (call.account.n, key) in self.running:
            raise _in_use(key)
        answer = self.state.answer(call.account.n, key)
        if answer is None or call.now - answer.created >= IDEMPOTENCY_SECONDS:
            return None
        if answer.call != f"{call.method} {call.path}":
            raise _mismatch(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{answer.call.partition(' ')[2]}'). Try using a key other than '{key}' if you meant to execute a "
                "different request."
            )
        if answer.fingerprint != mark:
            raise _mismatch(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
        return answer

    @contextmanager
    def run(self, account: int, key: str) -> Iterator[None]:
        """Mark the key as in use while its request runs."""
        self.running.add((account, key))
        try:
            yield
        finally:
            self.running.discard((account, key))

    def keep(self, call: Call, key: str, mark: bytes, reply: Reply) -> None:
        """Keep an answer, in the transaction of the work itself."""
        name, request = f"{call.method} {call.path}", str(call.request)
        self.state.put(
            "idempotency",
            Answer(self.state.next(), call.account.n, key, name, mark, reply.status, request, call.now, reply.body),
        )
        reply.headers += _headers(key, request)


def replay(answer: Answer) -> Reply:
    """A kept answer once more."""
    headers = [(b"idempotent-replayed", b"true"), *_headers(answer.key, answer.request)]
    if answer.status >= 500:
        headers.append((b"stripe-should-retry", b"false"))
    return Reply(answer.status, answer.body, headers, replayed=True)


def _headers(key: str, request: str) -> Headers:
    return [(b"idempotency-key", key.encode("latin-1", "replace")), (b"original-request", request.encode())]


def _in_use(key: str) -> StripeError:
    error = {
        "type": "idempotency_error",
        "code": "idempotency_key_in_use",
        "message": "There is currently another in-progress request using this Idempotent Key (that probably means you "
        f"submitted twice, and the other request is still going through): {key}. If you'd like to make a different "
        "request, use a different key.",
    }
    return StripeError(409, error, stored=False, headers={"Stripe-Should-Retry": "true"})


def _mismatch(message: str) -> StripeError:
    return StripeError(400, {"type": "idempotency_error", "message": message})
