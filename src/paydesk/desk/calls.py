"""Making a gateway call, with no transaction open: ask, look at how things stand where the answer may not be all, and
have the answer settled.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from paydesk.base import crash
from paydesk.base.errors import Unavailable
from paydesk.base.instants import passed, seconds
from paydesk.declare import eq
from paydesk.desk.outcomes import Ended
from paydesk.desk.requests import Request
from paydesk.desk.transactions import Transactions
from paydesk.desk.writing import key_of
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import Declined, GatewayProblem, Refused, Unknown
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.rules.record import Record
from paydesk.store.journal import calls as journal
from paydesk.store.journal import holders
from paydesk.store.records.sessions import Session

log = logging.getLogger("paydesk.desk")

REPLAYABLE_SECONDS = 23 * 3600.0
"""How long a gateway surely keeps a key (Stripe prunes at 24 hours)."""

SKEW_SECONDS = 600.0
"""How far our clock may be ahead of the gateway's: the search for what a call made begins so long before the call."""

UNDATED_SECONDS = 30 * 24 * 3600.0
"""How far back that search goes for a call of which nobody knows when it was made."""

Settle = Callable[[AnyCall, AnyPlan, Any, Request | None], Awaitable[Ended]]


class Taken(Exception):
    """Another process makes the call now, or has made it."""


class Calls:
    """Makes calls. `settle` books an answer; `unseal` opens the credentials of a gateway's record.

    count     how many calls were made
    may_act   raises Unavailable where this is a copy of an installation that must not act (`background.keep_ownership`)
    """

    def __init__(
        self,
        transactions: Transactions,
        plans: Mapping[str, AnyPlan],
        gateways: Mapping[str, Gateway],
        *,
        unseal: Callable[[Record], Credentials],
        holder: str,
        settle: Settle,
    ) -> None:
        self._transactions = transactions
        self._database = transactions.database
        self._plans = plans
        self._gateways = gateways
        self._unseal = unseal
        self._holder = holder
        self._settle = settle
        self.count = 0
        self.may_act: Callable[[], Awaitable[None]] | None = None

    async def make(self, call: AnyCall, gateway: Record | None, request: Request | None) -> Ended:
        """Make a call and have its answer settled. `gateway` is its record, where that is in hand.

        raises   Unavailable, from the Unknown that the gateway's answer is, where the outcome is not known
        """
        plan = self._plans[call.kind]
        if plan.local:
            return await self._settle(call, plan, None, request)
        now = self._transactions.now()
        if gateway is None:
            gateway = plan.gateway(call) or await self._gateway_record(call)
        if gateway is None:
            gone = Refused("The payment gateway was deleted.", "gateway_deleted", http_status=404)
            return await self._settle(call, plan, gone, request)
        try:
            answer = await self._perform(call, plan, gateway, now)
        except Taken:
            return Ended(elsewhere=True)
        except (Declined, Refused) as problem:
            if not _is_answer(call, plan, problem):
                raise Unavailable(
                    "The payment gateway does not take the key; what was asked waits for another."
                ) from Unknown(problem.message, request_id=problem.request_id)
            await self._look(call, plan, gateway, problem)
            return await self._settle(call, plan, problem, request)
        except Unknown as problem:
            log.warning("gateway outcome unknown: %s", problem.reason, extra={"call": call.id, "kind": call.kind})
            raise Unavailable(
                "The payment gateway did not answer; what was asked is finished as soon as it does.",
                max(1, round(problem.retry_after or 2)),
            ) from problem
        crash.place(call.kind, "asked")
        return await self._settle(call, plan, answer, request)

    async def _gateway_record(self, call: AnyCall) -> Record | None:
        registry = self._transactions.registry
        family = registry[next(iter(self._gateways))].shape.family
        assert family is not None, "what all gateways share is read as one type"
        find = Find(registry[family], eq("id", call.gateway_id))
        session = Session(call.tenant, {})
        records = await self._database.read(lambda: self._transactions.reader.records(session, find))
        return records[0] if records else None

    async def _perform(self, call: AnyCall, plan: AnyPlan, record: Record, now: str) -> Any:
        gateway, credentials = self._gateways[record.shape.type], self._unseal(record)
        self.count += 1
        if not plan.probes:
            return await self._ask(call, plan, gateway, credentials, now)
        assert gateway.account is not None, "only an account has keys to probe"
        lacks = await gateway.account.probe(credentials)
        if lacks:
            message = f"The key lacks rights: {', '.join(lacks)}."
            raise Refused(message, "missing_rights", http_status=403, lacks=tuple(lacks))
        owner: str | None = None
        # Where the account is not told now, the background asks for it.
        with suppress(GatewayProblem):
            owner = await gateway.account.account_id(credentials)
        if plan.verb is None:
            return owner
        return replace(await self._ask(call, plan, gateway, credentials, now), owner=owner)

    async def _ask(self, call: AnyCall, plan: AnyPlan, gateway: Gateway, credentials: Credentials, now: str) -> Any:
        payment_id = plan.reads(call)
        if payment_id is not None:
            snapshot = await _looked(plan, gateway, payment_id, credentials, plan.closely(call))
            if plan.verb is None or not plan.proceeds(call, snapshot):
                return snapshot
            if call.tries and not await self._still(call, plan):
                return snapshot
        assert plan.verb is not None
        age = seconds(now) - seconds(call.created_at)
        # The age of a key is unknown where a clock that ran ahead has dated the call.
        if not -SKEW_SECONDS <= age <= REPLAYABLE_SECONDS and plan.key(call.ask) is None:
            return await self._again(call, plan, gateway, credentials)
        await self._must_act(gateway)
        await self._must_hold(call)
        crash.place(call.kind, "asking")
        try:
            answer = await gateway.perform(plan.verb, self._opened(call), key=call.key, credentials=credentials)
        except Unknown as problem:
            if not problem.kept:
                raise
        except Refused as problem:
            if not problem.key_is_spent:
                raise
        else:
            # A key that several calls share may replay an answer that was undone since.
            replayed = isinstance(answer, Snapshot) and answer.replayed
            if plan.key(call.ask) is None or not replayed or not plan.proceeds(call, answer):
                return answer
        return await self._again(call, plan, gateway, credentials)

    async def _again(self, call: AnyCall, plan: AnyPlan, gateway: Gateway, credentials: Credentials) -> Any:
        """The key can tell nothing more: look whether the gateway did it, and only if not, ask under the next key."""
        payment_id = plan.looks(call)
        if payment_id is not None:
            snapshot = await _looked(plan, gateway, payment_id, credentials)
            if not plan.proceeds(call, snapshot):
                return snapshot
        metadata = plan.found(call.ask)
        if metadata and (made := await self._find(call, plan, gateway, credentials, metadata)) is not None:
            return made
        assert plan.verb is not None
        attempt = call.attempt + 1
        shared = plan.key(call.ask)
        key = (
            _after(call.key, shared)
            if shared is not None
            else key_of(self._transactions.installation, call.id, attempt)
        )
        now = self._transactions.now()
        await self._database.write(lambda: journal.renumber(call.tenant, call.id, attempt, key, now))
        await self._must_act(gateway)
        await self._must_hold(call)
        crash.place(call.kind, "asking")
        try:
            return await gateway.perform(plan.verb, self._opened(call), key=key, credentials=credentials)
        except Refused as problem:
            if not problem.key_is_spent or shared is not None:
                raise
            # No answer to what was asked: whoever comes back to the call takes the next key.
            raise Unknown("The gateway knows the key.", request_id=problem.request_id) from None

    async def _find(
        self, call: AnyCall, plan: AnyPlan, gateway: Gateway, credentials: Credentials, metadata: Mapping[str, str]
    ) -> Any:
        """What the call made, by its metadata at the gateway; None where there is no such thing."""
        created, now = seconds(call.created_at), self._transactions.clock()
        since = (created if created <= now + SKEW_SECONDS else now - UNDATED_SECONDS) - SKEW_SECONDS
        if plan.about == "payment":
            return await gateway.find(metadata, credentials=credentials, since=since)
        if gateway.wallet is not None:
            return await gateway.wallet.find_customer(metadata, credentials=credentials, since=since)
        return None

    async def _look(self, call: AnyCall, plan: AnyPlan, record: Record, problem: Declined | Refused) -> None:
        """After a refusal, see how things stand: it may be one because the work is done already."""
        payment_id = plan.looks(call)
        if payment_id is not None:
            with suppress(GatewayProblem):
                gateway, credentials = self._gateways[record.shape.type], self._unseal(record)
                problem.snapshot = await _looked(plan, gateway, payment_id, credentials)

    async def _still(self, call: AnyCall, plan: AnyPlan) -> bool:
        """Whether a call of some time ago is still to be made, as our records are now."""
        session = Session(call.tenant, {})
        return bool(await self._database.read(lambda: self._transactions.run(session, plan.still(call))))

    def _opened(self, call: AnyCall) -> dict[str, Any]:
        """A call's parameters as they are sent: those that the journal keeps sealed are opened."""
        return {
            name: self._transactions.tools["open"](value["sealed"], value["about"])
            if isinstance(value, dict) and value.keys() == {"sealed", "about"}
            else value
            for name, value in call.parameters.items()
        }

    async def _must_act(self, gateway: Gateway) -> None:
        """Before anything with an effect is asked of a gateway at which others may act, too."""
        if gateway.account is not None and self.may_act is not None:
            await self.may_act()

    async def _must_hold(self, call: AnyCall) -> None:
        """Before the gateway is asked: raises Taken where this process was halted, and another one has taken the call
        over meanwhile.
        """
        if not self._plans[call.kind].journalled or passed() - call.held_at < holders.ALIVE_SECONDS / 2:
            return
        now = self._transactions.now()
        if not await self._database.write(lambda: journal.hold(call.tenant, call.id, self._holder, now)):
            raise Taken


def _is_answer(call: AnyCall, plan: AnyPlan, problem: Declined | Refused) -> bool:
    """Whether a refusal settles the call.

    That a key was rolled says nothing of what a former try with it has done. The call is kept for the key that takes
    its place (`paydesk gateways rekey`). An account that has left its platform will never be asked again.
    """
    if plan.tries_key or not plan.journalled or call.tries == 0 or not isinstance(problem, Refused):
        return True
    return not problem.unauthorized or problem.code == "account_invalid"


async def _looked(plan: AnyPlan, gateway: Gateway, name: str, credentials: Credentials, closely: bool = False) -> Any:
    """The payment or payment method that a call is about, as it is at the gateway now."""
    if plan.about == "payment":
        return await gateway.read(name, credentials=credentials, closely=closely)
    assert gateway.wallet is not None, "only what keeps payment methods is asked for one"
    if plan.about == "setup":
        return await gateway.wallet.read_setup(name, credentials=credentials)
    return await gateway.wallet.read_instrument(name, credentials=credentials)


def _after(key: str, shared: str) -> str:
    """The key after one that several calls share, the same whoever of them is told that one says nothing any more."""
    return f"{shared}/{int(key.removeprefix(shared).removeprefix('/') or 1) + 1}"
