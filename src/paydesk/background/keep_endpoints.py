"""Webhook endpoints at Stripe, looked after at every start and every hour.

One that is gone is registered anew, one at a former address is moved, one that was disabled or does not hear of all
that is handled is mended, and one whose secret is not ours (its answer was lost, or another database made it) is
replaced, since Stripe tells a secret only at creation. One made for another version of Stripe's API is replaced, too:
by then the new one hears already, and for a day what the former one signed still counts.

The same round sees which account a gateway's key is of, where that was not known when the gateway was made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from paydesk.background.loop import Loop
from paydesk.base.actor import Actor, worker
from paydesk.base.errors import Refusal, Unavailable
from paydesk.base.instants import instant, later
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import eq
from paydesk.desk import Desk
from paydesk.gateways.port.account import Account, Credentials
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work
from paydesk.store import organizations, ownership
from paydesk.store.inbox import gateways as stored_gateways
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import accounts, lookup

log = logging.getLogger("paydesk.tending")

EVERY_SECONDS = 3600.0
TRY_AGAIN_SECONDS = 30.0
LATELY_SECONDS = 3600.0
"""An endpoint at another address that brought events as lately as this is somebody's: it is not moved unasked."""


class Endpoints:
    """Looks after the endpoints of all gateways of a server.

    address   where a gateway's events are to come, from its tenant's slug, its type and its id; None where nobody can
              say without a request, and then an endpoint is left where it is
    """

    def __init__(
        self,
        desk: Desk,
        gateways: Mapping[str, Gateway],
        unseal: Callable[[Resource], Credentials],
        address: Callable[[str, str, str], str | None],
    ) -> None:
        self.desk = desk
        self.gateways = gateways
        self._unseal = unseal
        self._address = address
        self.loop = Loop("keeping webhook endpoints", self._turn, every_seconds=TRY_AGAIN_SECONDS)

    async def _turn(self) -> float:
        return EVERY_SECONDS if await self.once() else TRY_AGAIN_SECONDS

    async def once(self) -> bool:
        """Look at every gateway once; False when a gateway could not be asked and should be again."""
        try:
            if self.desk.calls.may_act is not None:
                await self.desk.calls.may_act()
        except Unavailable:
            return True  # Whoever acts looks after them.
        rows = await self.desk.database.read(lambda: stored_gateways.every_gateway(PaymentGateway))
        owner = await self.desk.database.read(ownership.known)
        settled = True
        for tenant, kind, gateway_id in rows:
            slug = await self.desk.database.read(lambda: organizations.slug_of(tenant))  # noqa: B023
            url = self._address(slug, kind, gateway_id)
            account = self.gateways[kind].account if kind in self.gateways else None
            if account is None:
                continue
            find = Find(kind, eq("id", gateway_id))
            found = await self.desk.database.read(lambda: self.desk.reader.records(Session(tenant, {}), find))  # noqa: B023
            if not found:
                continue
            actor = worker(tenant, slug, "endpoints", gateway_id)
            settled = await self._know_account(actor, found[0], account) and settled
            if url is None or found[0].disabled_at is not None:
                continue
            try:
                known = await account.find_endpoints(gateway_id, credentials=self._unseal(found[0]))
            except GatewayProblem as problem:
                log.warning("the webhook endpoint of gateway %s cannot be looked at: %s", gateway_id, problem.message)
                settled = False
                continue
            own = next((one for one in known if one.endpoint_id == found[0].webhook_endpoint_id), None)
            if own is not None and own.url != url and own.status == "enabled":
                door = await self.desk.database.read(lambda: lookup.door(tenant, gateway_id))  # noqa: B023
                lately = later(instant(self.desk.clock()), -LATELY_SECONDS)
                if (door["verified_at"] or "") > max(lately, owner.adopted_at or ""):
                    log.warning(
                        "the webhook endpoint of gateway %s is at another address, and brought events until %s: it is "
                        "left there for an hour after the last, or until `paydesk adopt-installation`",
                        gateway_id,
                        door["verified_at"],
                    )
                    continue
            await self.desk.operate(actor, _rule(kind, gateway_id, known, url))
        return settled

    async def _know_account(self, actor: Actor, record: Any, account: Account) -> bool:
        """See which account a gateway's key is of, and write it to its payments; False where that should be tried soon.

        A restricted key may lack the right to see it, for good.
        """
        own = record.own_account
        try:
            if own is None and (own := await account.account_id(self._unseal(record))) is not None:
                await self.desk.operate(actor, _belonging(record.shape.type, record.id, own))
            last: str | None = ""
            while last is not None:
                last = await self.desk.database.write(
                    lambda: accounts.assign(record.makes, actor.tenant, record.id, own, last or "")  # noqa: B023
                )
        except (GatewayProblem, Refusal) as problem:
            log.info("the account of gateway %s is not known yet: %s", record.id, problem)
            return isinstance(problem, Refused)
        return True


def _belonging(kind: str, gateway_id: str, account: str) -> Callable[[Work], Any]:
    def rule(work: Work) -> Any:
        record = yield Find(kind, eq("id", gateway_id), lock=True)
        if record is not None:
            record.belongs_to(account, work)

    return rule


def _rule(kind: str, gateway_id: str, known: Any, url: str) -> Callable[[Work], Any]:
    def rule(work: Work) -> Any:
        record = yield Find(kind, eq("id", gateway_id), lock=True)
        if record is not None:
            record.tend(known, url, work)

    return rule
