"""Answers that are owed: a client that never got the answer to a request with a gateway call gets it, once, by its
next equal request.

An answer is owed from the moment that a request has its call journalled until the answer was written to a connection
that still stood. What is owed is kept with the call (`store.owed`), in the transactions that journal and settle it.
Taking it off again afterwards is a write that nobody waits for: many share one. Until that is done this process knows
better than the database who was told; another process waits a moment for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

from paydesk.base.actor import Actor
from paydesk.base.errors import Refusal, Unavailable
from paydesk.base.instants import Clock, instant, later
from paydesk.rules.asking import Call
from paydesk.rules.asks import fingerprint_of
from paydesk.rules.plans import AnyPlan
from paydesk.store.journal import holders, owed
from paydesk.store.journal.owed import Debt
from paydesk.store.sql.ask import Database

log = logging.getLogger("paydesk.owing")

OWED_SECONDS = 24 * 3600.0
"""How long an answer is owed."""

FLUSH_SECONDS = 0.1
"""How long those who were told are gathered, for one write."""

AGAIN_SECONDS = 1.0
SETTLES_SECONDS = 3.0
"""How long the next equal request waits for an answer that is on its way to the one before."""

LOOK_SECONDS = 0.03


@dataclass
class Receipt:
    """One request that may be owed an answer.

    id        of the request; the same each time it is sent where it bears an Idempotency-Key
    owner     digest of the application and owner who ask
    is_new    it bears a key of its own: it is never taken for the retry of another one
    calls     the gateway calls whose outcome it waits for: tenant and id
    replayed  what it is told is what came of an earlier one, whose answer was lost
    begun     it counts among those who wait
    on_wait   is called once it matters whether the client stays
    is_gone   it is known that the client went away
    """

    id: str
    owner: str
    is_new: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)
    replayed: bool = False
    begun: bool = False
    on_wait: Callable[[], None] | None = None
    is_gone: Callable[[], bool] = bool

    def watch(self) -> None:
        """From now on it is to be known whether the client is still there."""
        if self.on_wait is not None:
            self.on_wait()
            self.on_wait = None

    def wait_for(self, tenant: str, call_id: str) -> None:
        """It is owed what comes of a call."""
        self.watch()
        self.calls.append((tenant, call_id))

    def must_be_awaited(self) -> None:
        """Nothing is begun for a client that went away meanwhile: it may have asked again, and been answered, since.

        raises   Unavailable
        """
        if self.is_gone():
            raise Unavailable("The client went away before anything was begun.")


def receipt_of(actor: Actor, request_id: str, key: str | None = None) -> Receipt:
    """Of a request that came now. `request_id` tells it from every other one."""
    owner = digest(actor.application_id, actor.key_owner)
    if key is None:
        return Receipt(request_id[:16], owner)
    return Receipt(digest(owner, key), owner, is_new=True)


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


class Owed(Exception):
    """The outcome of these calls is just what is asked for, and equal requests made them that were not all told so."""

    def __init__(self, call_ids: list[str]) -> None:
        super().__init__(*call_ids)
        self.call_ids = call_ids


class Owing:
    """What this process knows of the answers that are owed."""

    def __init__(self, database: Database, holder: str, clock: Clock) -> None:
        self.database = database
        self.holder = holder
        self.clock = clock
        self._waiting: set[str] = set()
        self._ended: dict[tuple[str, str, str], bool] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self.flush_seconds = FLUSH_SECONDS

    def debt(self, receipt: Receipt) -> Debt:
        return Debt(receipt.id, receipt.owner, self.holder)

    def begin(self, receipt: Receipt) -> None:
        """A request is at work; its client waits."""
        receipt.begun = True
        self._waiting.add(receipt.id)

    def end(self, receipt: Receipt, told: bool) -> None:
        """A request is over. told: its answer was written to a connection that still stood."""
        if not receipt.begun:
            return
        self._waiting.discard(receipt.id)
        for tenant, call_id in receipt.calls:
            self._ended[(tenant, call_id, receipt.id)] = told
        if receipt.calls:
            self._flush_in(self.flush_seconds)

    def is_lost(self, debt: Debt, alive: set[str]) -> bool:
        """Its client is known to be gone without an answer. alive: the processes at work, by the database"""
        if debt.holder == self.holder:
            return debt.id not in self._waiting
        return debt.holder not in alive

    def left(self, tenant: str, call_id: str, debts: Iterable[Debt]) -> list[Debt]:
        """What is owed of a call now, going by what this process knows already."""
        told_of = {key[2]: told for key, told in self._ended.items() if key[:2] == (tenant, call_id)}
        known = list(debts)
        after = owed.after(known, told_of)
        return known if after is None else after

    def must_be_new(
        self, tenant: str, call: Call, plan: AnyPlan, fingerprint: str, receipt: Receipt, now: str
    ) -> Generator[Any, Any, None]:
        """Raises Owed where an equal request of the same owner has had this call made, and was not told so."""
        since = later(now, -OWED_SECONDS)
        done = yield from owed.of_subject(tenant, call.kind, call.subject_id, since)
        call_ids = [
            one.call_id
            for one in self._equal(tenant, done, fingerprint, receipt)
            if plan.repeats(call.ask, plan.asks.read(one.ask), one.record_id)
        ]
        if call_ids:
            raise Owed(call_ids)

    async def about(self, tenant: str, record_id: str, fingerprint: str, receipt: Receipt) -> list[str]:
        """The calls about a record that were made for equal requests, and of which this one's owner is owed the
        outcome.
        """
        since = later(instant(self.clock()), -OWED_SECONDS)
        done = await self.database.read(lambda: owed.of_record(tenant, record_id, since))
        return [one.call_id for one in self._equal(tenant, done, fingerprint, receipt)]

    def _equal(
        self, tenant: str, done: list[owed.Owing], fingerprint: str, receipt: Receipt
    ) -> Generator[owed.Owing, None, None]:
        """Those calls of equal requests of which this one's owner may still be owed an answer."""
        for one in done if not receipt.is_new else ():
            if fingerprint_of(one.ask) == fingerprint and any(
                debt.owner == receipt.owner for debt in self.left(tenant, one.call_id, one.debts)
            ):
                yield one

    async def alive(self) -> set[str]:
        """The processes at work, by the database."""
        now = instant(self.clock())
        return set(await self.database.read(lambda: holders.alive(now)))

    async def join(self, receipt: Receipt, tenant: str, call_id: str) -> None:
        """Wait for a call that an equal request made: as the one who was lost, where there is one, else as one more."""
        alive = await self.alive()
        receipt.must_be_awaited()

        def transaction() -> Generator[Any, Any, bool]:
            _, debts = (yield from owed.of_call(tenant, call_id)) or ("", [])
            if any(one.id == receipt.id for one in debts):
                return False
            own = self._own(receipt, tenant, call_id, debts)
            lost = [] if receipt.is_new else [one for one in own if self.is_lost(one, alive)]
            yield from self._replace(receipt, tenant, call_id, debts, lost[0] if lost else None)
            return bool(lost)

        receipt.replayed = await self.database.write(transaction)
        receipt.wait_for(tenant, call_id)

    async def claim(self, receipt: Receipt, tenant: str, call_id: str) -> bool:
        """Take over what an equal request is owed of a call that came about; False where nothing is owed any more.

        Who is just being told is waited for a moment.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + SETTLES_SECONDS
        while True:
            alive, patient = await self.alive(), loop.time() < ends

            def transaction(alive: set[str] = alive, patient: bool = patient) -> Generator[Any, Any, bool | None]:
                _, debts = (yield from owed.of_call(tenant, call_id)) or ("", [])
                own = self._own(receipt, tenant, call_id, debts)
                lost = [one for one in own if not patient or self.is_lost(one, alive)]
                if not lost:
                    return None if own else False
                yield from self._replace(receipt, tenant, call_id, debts, lost[0])
                return True

            claimed = await self.database.write(transaction)
            if claimed is not None:
                break
            await asyncio.sleep(LOOK_SECONDS)
        if claimed:
            receipt.replayed = True
            receipt.wait_for(tenant, call_id)
        else:
            await self.flush()
        return claimed

    async def drop(self, receipt: Receipt, tenant: str, call_id: str) -> None:
        """Nothing came of what was claimed."""
        receipt.replayed = False
        receipt.calls.remove((tenant, call_id))
        await self.database.write(lambda: owed.end([(tenant, call_id, receipt.id, True)]))

    def _own(self, receipt: Receipt, tenant: str, call_id: str, debts: list[Debt]) -> list[Debt]:
        left = self.left(tenant, call_id, debts)
        return [one for one in left if one.owner == receipt.owner and one.id != receipt.id]

    def _replace(
        self, receipt: Receipt, tenant: str, call_id: str, debts: list[Debt], former: Debt | None
    ) -> Generator[Any, Any, None]:
        kept = [one for one in debts if former is None or one.id != former.id]
        yield from owed.write(tenant, {call_id: [*kept, self.debt(receipt)]})

    # Writing down who was told.

    def _flush_in(self, seconds: float) -> None:
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.ensure_future(self._soon(seconds))

    async def _soon(self, seconds: float) -> None:
        while self._ended:
            await asyncio.sleep(seconds)
            try:
                await self.flush()
            except Refusal as refusal:
                log.warning("who was answered is written down later: %s", refusal)
                seconds = AGAIN_SECONDS

    async def flush(self) -> None:
        """Write down now who was told. Raises what the database does, and knows it still."""
        async with self._writing:
            ended = dict(self._ended)
            if not ended:
                return
            await self.database.write(lambda: owed.end((*key, told) for key, told in ended.items()))
            for key, told in ended.items():
                if self._ended.get(key) is told:
                    del self._ended[key]

    async def close(self) -> None:
        """Write down what is left to be."""
        if self._flushing is not None:
            self._flushing.cancel()
        try:
            await self.flush()
        except Refusal as refusal:
            log.warning("who was answered was not written down: %s", refusal)
