"""Who acts at the gateways where one installation is there twice: a copy with the same keys, a restored backup.

The webhook endpoints at the gateway carry a mark: a generation, which the owner raises every quarter of an hour, and a
random part. Whoever finds a mark there that is not its own and not older is no owner any more: it asks the gateway for
nothing that has an effect, until `paydesk adopt-installation`. The processes of one database share its mark. A database
that was put somewhere else, by a copy or a restore, while its last mark is young cannot know whether the other one goes
on: it does not act either.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paydesk.background.loop import Loop
from paydesk.base.errors import Unavailable
from paydesk.base.instants import instant, later, passed
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import eq
from paydesk.desk import Desk
from paydesk.gateways.port.account import MARK, Account, Credentials, Registration
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.store import ownership
from paydesk.store.inbox import gateways as stored_gateways
from paydesk.store.records.sessions import Session

log = logging.getLogger("paydesk.ownership")

EVERY_SECONDS = 300.0
TRY_AGAIN_SECONDS = 30.0
RENEW_SECONDS = 900.0
LOOK_SECONDS = 5.0
AT_ONCE = 8
LATELY_SECONDS = 3600.0
"""A mark that was renewed as lately as this may be renewed on: its owner was at work within four renewals."""
TOLD = (
    "Nothing is asked of the payment gateway here: this is a copy of an installation that acts elsewhere. "
    "`paydesk adopt-installation` makes it the one that acts."
)


@dataclass(frozen=True)
class _Seen:
    """An endpoint of a gateway of ours, with what it takes to write to it."""

    account: Account
    credentials: Credentials
    endpoint: Registration

    @property
    def mark(self) -> str:
        return self.endpoint.metadata.get(MARK, "")


def generation_of(mark: str) -> int:
    number = mark.partition("-")[0]
    return int(number) if number.isdecimal() and len(number) < 16 else 0


class Owner:
    """Says for one process whether it may act, and keeps the marks.

    watches   acts wait for the first look; without, as in a command that acts once, they go by what the database knows
    """

    def __init__(self, desk: Desk, gateways: Mapping[str, Gateway], unseal: Callable[[Resource], Credentials]) -> None:
        self.desk = desk
        self.gateways = gateways
        self._unseal = unseal
        self.watches = False
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self.stopped: str | None = None
        self.loop = Loop("seeing who acts", self._turn, every_seconds=TRY_AGAIN_SECONDS)
        desk.calls.may_act = self.require

    async def _turn(self) -> float:
        return EVERY_SECONDS if await self.look() else TRY_AGAIN_SECONDS

    async def require(self) -> None:
        """Before anything with an effect is asked of a gateway. Raises Unavailable where that is not ours to do."""
        if self.stopped is not None:
            # An adoption is known at once.
            await self.know()
        elif self.watches and passed() - self._looked_at > 2 * EVERY_SECONDS:
            await self.look(lately=2 * EVERY_SECONDS)
        if self.stopped is not None:
            raise Unavailable(TOLD, 60)

    async def know(self) -> ownership.Ownership:
        """What the database knows: another process may have stopped, or been adopted."""
        known: ownership.Ownership = await self.desk.database.read(ownership.known)
        self.stopped = known.stopped_why if known.stopped_at is not None else None
        return known

    async def look(self, *, lately: float = 0.0) -> bool:
        """See who acts; False where a gateway could not be asked. Not anew where it was seen so lately."""
        async with self._looking:
            if passed() - self._looked_at <= lately:
                return True
            known = await self.know()
            seen, settled = await self._seen()
            # A gateway that does not answer cannot be acted upon either.
            self._looked_at = passed()
            if self.stopped is not None:
                log.error("this installation does not act at its gateways: %s", self.stopped)
                return settled
            now, place = instant(self.desk.clock()), await ownership.place(self.desk.database)
            why = self._not_ours(known, seen, place, now)
            if why is not None:
                await self.desk.database.write(lambda: ownership.stop(why, now))
                await self.know()
                log.error(
                    "this installation does not act at its gateways any more: %s; to have it act, run "
                    "`paydesk adopt-installation`",
                    why,
                )
                return settled
            due = known.renewed_at is None or not later(now, -RENEW_SECONDS) < known.renewed_at <= now
            if seen and (due or known.place != place):
                await self._renew(known.generation or 0, (known.generation or 0) + 1, place, now, seen)
            elif known.mark is not None:
                await self._write(known.mark, [one for one in seen if one.mark != known.mark])
            return settled

    def _not_ours(self, known: ownership.Ownership, seen: list[_Seen], place: str, now: str) -> str | None:
        ours = known.generation or 0
        for one in seen:
            theirs = generation_of(one.mark)
            if theirs > ours or (theirs == ours and theirs and one.mark != known.mark):
                url = one.endpoint.url or "an address unknown"
                return (
                    f"a younger installation with the same keys acts there, whose events go to {url.partition('?')[0]}"
                )
        is_young = known.renewed_at is not None and known.renewed_at > later(now, -LATELY_SECONDS)
        if is_young and known.place not in (None, place) and any(one.mark for one in seen):
            return f"its database was copied or moved, and acted elsewhere until {known.renewed_at}"
        return None

    async def adopt(self) -> int:
        """Be the one that acts from now on; returns at how many endpoints it was written. Raises Unavailable."""
        async with self._looking:
            known = await self.know()
            seen, settled = await self._seen()
            if not settled:
                raise Unavailable("a gateway does not answer; nothing was changed")
            former = known.generation or 0
            highest = max((former, *(generation_of(one.mark) for one in seen)))
            now, place = instant(self.desk.clock()), await ownership.place(self.desk.database)
            await self._renew(former, highest + 1, place, now, seen, adopts=True)
            self._looked_at = passed()
            await self.know()
            return len(seen)

    async def _renew(
        self, former: int, generation: int, place: str, now: str, seen: list[_Seen], *, adopts: bool = False
    ) -> None:
        mark = f"{generation}-{secrets.token_hex(8)}"
        # Here first: what is written there and not here would be a stranger's.
        if await self.desk.database.write(lambda: ownership.renew(former, generation, mark, place, now, adopts=adopts)):
            await self._write(mark, seen)

    async def _write(self, mark: str, seen: list[_Seen]) -> None:
        for one in seen:
            try:
                await one.account.mark_endpoint(one.endpoint.endpoint_id, mark, credentials=one.credentials)
            except GatewayProblem as problem:
                log.info("endpoint %s could not be marked: %s", one.endpoint.endpoint_id, problem.message)

    async def _seen(self) -> tuple[list[_Seen], bool]:
        """The endpoints of every gateway that is not disabled, and whether all gateways answered."""
        turns, read = asyncio.Semaphore(AT_ONCE), self.desk.database.read

        async def of(tenant: str, kind: str, gateway_id: str) -> tuple[list[_Seen], bool]:
            account = self.gateways[kind].account if kind in self.gateways else None
            if account is None:
                return [], True
            find = Find(kind, eq("id", gateway_id))
            found: list[Any] = await read(lambda: self.desk.reader.records(Session(tenant, {}), find))
            if not found or found[0].disabled_at is not None:
                return [], True
            credentials = self._unseal(found[0])
            try:
                async with turns:
                    endpoints = await account.find_endpoints(gateway_id, credentials=credentials, seconds=LOOK_SECONDS)
            except GatewayProblem as problem:
                # One that says no (a key that may not see endpoints, or none that works) does so for good.
                return [], isinstance(problem, Refused)
            return [_Seen(account, credentials, one) for one in endpoints], True

        known = await read(lambda: stored_gateways.every_gateway(PaymentGateway))
        told = await asyncio.gather(*(of(*one) for one in known))
        return [one for seen, _ in told for one in seen], all(answered for _, answered in told)
