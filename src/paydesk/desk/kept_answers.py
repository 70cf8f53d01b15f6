"""Answers that are kept under clients' idempotency keys, so that the same key is answered with the same bytes.

They are sealed: an answer may show what nobody is to read in the database, such as a webhook secret.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from paydesk.base.errors import KeyReused
from paydesk.base.instants import later
from paydesk.desk.requests import Request, Response
from paydesk.desk.transactions import Transactions
from paydesk.store import idempotency
from paydesk.store.idempotency import KeyOwner

KEY_SECONDS = 24 * 3600.0
"""How long a key is known."""


@dataclass(frozen=True)
class Kept:
    """An answer as bytes: one that was given before, to be sent again, or one that was just kept under its key."""

    status: int
    headers: dict[str, str]
    body: bytes
    replayed: bool = True


@dataclass(frozen=True)
class Known:
    """What is known of a request whose key was seen before: its answer, or the call that it opened."""

    answer: Kept | None = None
    call_id: str | None = None


class KeptAnswers:
    """See the module. The generators are parts of the transaction that makes the change."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._database = transactions.database
        self._tools = transactions.tools

    def known(self, request: Request, now: str) -> Generator[Any, Any, Known | None]:
        """What is known of a request; None when it is to be done from the beginning. Raises KeyReused."""
        if request.key is None:
            return None
        row = yield from idempotency.kept(request.key, later(now, -KEY_SECONDS))
        if row is None:
            return None
        content, call_id, status, headers, body = row
        if content != request.content:
            raise KeyReused("Idempotency-Key")
        if status is not None:
            opened = self._tools["open"](bytes(body).decode(), _place_of(request.key)).encode()
            return Known(Kept(status, headers or {}, opened), call_id)
        return Known(call_id=call_id) if call_id is not None else None

    def keep_call(self, request: Request, now: str, call_id: str | None) -> Generator[Any, Any, None]:
        """Keep a key with the call that its request opens."""
        if request.key is not None:
            yield from idempotency.write(request.key, request.content, now, call_id=call_id)

    def keep_success(self, request: Request, now: str, status: int, gathered: Any) -> Generator[Any, Any, None]:
        """Keep a key with the answer to its request."""
        if request.key is not None:
            assert request.render is not None
            status, headers, body = self._sealed(request.key, request.render(status, gathered))
            yield from idempotency.write(request.key, request.content, now, status=status, headers=headers, body=body)

    def keep_refusal(self, request: Request, refusal: Any) -> Generator[Any, Any, None]:
        """Keep the refusal of a gateway under a key that is kept already."""
        if request.key is not None:
            assert request.tell is not None
            yield from idempotency.answer(request.key, *self._sealed(request.key, request.tell(refusal)))

    def is_kept(self, request: Request) -> Callable[[], Generator[Any, Any, bool]] | None:
        """The transaction that looks whether a request's key is known."""
        return partial(idempotency.is_kept, request.key) if request.key is not None else None

    # In transactions of their own, after the change.

    async def answer(self, key: KeyOwner, response: Response) -> None:
        """Keep the answer to a request whose call ended, before it is sent."""
        sealed = self._sealed(key, response)
        await self._database.write(lambda: idempotency.answer(key, *sealed))

    async def forget(self, key: KeyOwner) -> None:
        """Let a key go: its request is to be done from the beginning."""
        await self._database.write(lambda: idempotency.forget(key))

    async def tie(self, request: Request, call_id: str) -> None:
        """Keep a key with the call that its request joined."""
        if request.key is not None:
            key, content, now = request.key, request.content, self._transactions.now()
            since = later(now, -KEY_SECONDS)
            await self._database.write(lambda: idempotency.tie(key, content, now, since, call_id))

    def _sealed(self, key: KeyOwner, response: Response) -> Response:
        status, headers, body = response
        return status, headers, self._tools["seal"](body.decode(), _place_of(key)).encode()


def _place_of(key: KeyOwner) -> str:
    """What an answer is sealed for."""
    return f"answers/{key.tenant}/{key.application_id}/{key.owner_id}/{key.key}"
