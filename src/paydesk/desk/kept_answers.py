"""Answers that are kept under clients' idempotency keys, so that the same key is answered with the same bytes.

They are sealed: an answer may show what nobody is to read in the database, such as a webhook secret.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from paydesk.base.errors import KeyReused, Refusal
from paydesk.base.instants import later
from paydesk.desk.requests import Request, Response
from paydesk.desk.transactions import Transactions
from paydesk.store.journal import idempotency
from paydesk.store.journal.idempotency import KeyOwner

KEY_SECONDS = 24 * 3600.0
"""How long a key is known."""


@dataclass(frozen=True)
class Known:
    """What is known of a request whose key was seen before: its answer, or the call that it opened."""

    response: Response | None = None
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
        if row.request != request.content:
            raise KeyReused("Idempotency-Key")
        if row.status is not None:
            opened = self._tools["open"](bytes(row.body).decode(), _place_of(request.key)).encode()
            return Known(Response(row.status, row.headers or {}, opened, replayed=True), row.call_id)
        return Known(call_id=row.call_id) if row.call_id is not None else None

    def keep_call(self, request: Request, now: str, call_id: str | None) -> Generator[Any, Any, None]:
        """Keep a key with the call that its request opens."""
        if request.key is not None:
            yield from idempotency.write(request.key, request.content, now, call_id=call_id)

    def keep(self, request: Request, now: str, response: Response) -> Generator[Any, Any, None]:
        """Keep a key with the answer to its request."""
        if request.key is not None:
            body = self._sealed(request.key, response.body)
            yield from idempotency.write(
                request.key, request.content, now, status=response.status, headers=response.headers, body=body
            )

    def keep_refusal(self, request: Request, refusal: Refusal) -> Generator[Any, Any, None]:
        """Keep the refusal of a gateway under a key that is kept already."""
        if request.key is not None and request.renderer is not None:
            status, body = request.renderer.refusal(refusal)
            yield from idempotency.answer(request.key, status, {}, self._sealed(request.key, body))

    def is_kept(self, request: Request) -> Callable[[], Generator[Any, Any, bool]] | None:
        """The transaction that looks whether a request's key is known."""
        return partial(idempotency.is_kept, request.key) if request.key is not None else None

    # In transactions of their own, after the change.

    async def answer(self, key: KeyOwner, response: Response) -> None:
        """Keep the answer to a request whose call ended, before it is sent."""
        body = self._sealed(key, response.body)
        await self._database.write(lambda: idempotency.answer(key, response.status, response.headers, body))

    async def refuse(self, request: Request, refusal: Refusal) -> None:
        """Keep the refusal to a request whose call ended, before it is sent."""
        if request.key is not None and request.renderer is not None:
            await self._database.write(lambda: self.keep_refusal(request, refusal))

    async def forget(self, key: KeyOwner) -> None:
        """Let a key go: its request is to be done from the beginning."""
        await self._database.write(lambda: idempotency.forget(key))

    async def tie(self, request: Request, call_id: str) -> None:
        """Keep a key with the call that its request joined."""
        if request.key is not None:
            key, content, now = request.key, request.content, self._transactions.now()
            since = later(now, -KEY_SECONDS)
            await self._database.write(lambda: idempotency.tie(key, content, now, since, call_id))

    def _sealed(self, key: KeyOwner, body: bytes) -> bytes:
        sealed: str = self._tools["seal"](body.decode(), _place_of(key))
        return sealed.encode()


def _place_of(key: KeyOwner) -> str:
    """What an answer is sealed for."""
    return f"answers/{key.tenant}/{key.application_id}/{key.owner_id}/{key.key}"
