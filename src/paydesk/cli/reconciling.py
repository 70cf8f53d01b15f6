"""`paydesk reconcile`: every payment of a period, compared with what its gateway says, and what the gateway has beside.

It reads: our books by transactions that write nothing, the gateway's by reading each payment and by listing all. Where
a server is at work meanwhile, what differs is looked at twice, so that what was just on its way is no difference.

With `--fix` it books what the gateway knows, and cancels what can still be paid, is of this installation's making and
needed by no order: by the journalled call that lets any payment go, which looks at it first, so what holds money stays.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from paydesk.app import Parts
from paydesk.base.actor import Actor, tenant_of, worker
from paydesk.base.errors import Refusal
from paydesk.base.instants import Clock, instant, seconds, wall
from paydesk.cli.periods import moment
from paydesk.cli.screen import Exit, fail, out, rows
from paydesk.commerce.orders.invariants import broken
from paydesk.commerce.payments.acts.release import let_go, let_stray_go
from paydesk.commerce.payments.comparing import Difference, compare
from paydesk.commerce.payments.lost import take_back
from paydesk.commerce.payments.reconciling import UNCONFIRMED
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule, eq
from paydesk.gateways.port.account import Account
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.operations.matters import Matter, matters
from paydesk.rules.asking import Find
from paydesk.rules.work import Work
from paydesk.settings import Settings
from paydesk.store import events, lookup, lost
from paydesk.store.reading import Session, holders_of

AT_ONCE = 16
SECOND_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Finding:
    """A difference, and where it is.

    payment      `{type}/{id}` of our record, None for what only the gateway knows
    payment_id   the gateway's name for the payment, None for what is about no payment
    do           what a person does about it
    mended       `--fix` brings our books to it
    idle         `--fix` cancels the payment
    marked       an integration marked a transaction otherwise than the gateway has it
    """

    organization: str
    mode: str
    gateway: str
    what: str
    ours: str | None
    theirs: str | None
    do: str
    order: str | None = None
    number: str | None = None
    payment: str | None = None
    payment_id: str | None = None
    mended: bool = False
    idle: bool = False
    marked: bool = False

    @property
    def line(self) -> str:
        order = f" order {self.number or self.order}" if self.number or self.order else ""
        names = ", ".join(name for name in (self.payment_id, self.payment) if name)
        return (
            f"{self.organization}/{self.mode}{order} {names or f'gateway {self.gateway}'}: "
            f"{'marked by hand, ' if self.marked else ''}{self.what}: "
            f"paydesk {self.ours or 'nothing'}, gateway {self.theirs or 'nothing'}. {self.do[0].upper()}{self.do[1:]}."
        )


@dataclass(frozen=True)
class Wrong:
    """Something of a placed order that contradicts its own lines or transactions, whatever a gateway says.

    rule     which kind, as `commerce.orders.invariants` has them
    stored   what stands in the books
    right    what would be right
    """

    organization: str
    mode: str
    order: str
    number: str | None
    rule: str
    what: str
    stored: str
    right: str

    @property
    def line(self) -> str:
        return (
            f"{self.organization}/{self.mode} order {self.number or self.order}: {self.what}: {self.stored} is stored, "
            f"{self.right} would be right. Settle it with the customer: nothing alters it by itself."
        )


@dataclass(frozen=True)
class Attention:
    """A matter of `operations.matters`, and where it is."""

    organization: str
    mode: str
    matter: Matter
    line: str


@dataclass
class Reconciled:
    """What was compared, and what differs.

    orders     how many orders of ours were recomputed from their lines and transactions
    wrong      what of them does not follow; it is told and never altered
    attention  what a person should look at, whatever the period; it may be right as it stands
    payments   how many of ours were read at their gateways
    listed     how many the gateways have in the period, whosever they are
    mended     how many payments were brought to what their gateway says
    canceled   how many were canceled, since no order needs them
    """

    since: str
    until: str
    payments: int = 0
    listed: int = 0
    mended: int = 0
    canceled: int = 0
    orders: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    attention: list[Attention] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def reconcile(
    settings: Settings,
    *,
    since: str,
    until: str | None,
    slug: str | None = None,
    gateway: str | None = None,
    fix: bool = False,
    beside: bool = False,
    clock: Clock = wall,
) -> Reconciled:
    """Compare the payments that were opened or moved in a period. Ends the command where the period or a name is wrong.

    slug, gateway   only this organization's, only this gateway's
    fix             bring our books to what the gateway says, and cancel what no order needs; then not all is only read
    beside          another process serves the database
    """
    now = clock()
    begins, ends = moment(since, now), moment(until, now) if until else instant(now + 1)
    for name, text, told in (("--since", since, begins), ("--until", until, ends)):
        if told is None:
            fail(f"{name} {text}: no time.", hint="Say 7d, 12h, 30m, or 2026-11-22T10:00:00Z.", exit=Exit.USAGE)
    assert begins is not None and ends is not None
    parts = await Parts.open(settings, clock, reading=not fix, beside=beside)
    try:
        if fix:
            # A copy of an installation that acts elsewhere is told so before it lets anything go.
            await parts.owner.look()
        walk = _Walk(parts, Reconciled(begins, ends), fix=fix, beside=beside)
        await walk.choose(slug, gateway)
        await walk.go()
        return walk.told
    finally:
        await parts.recovery.stop()
        await parts.close()


@dataclass(frozen=True)
class _Place:
    """A gateway record, the adapter that speaks for it, and in whose name."""

    actor: Actor
    record: Any
    adapter: Gateway
    account: Account


class _Walk:
    """One run."""

    def __init__(self, parts: Parts, told: Reconciled, *, fix: bool, beside: bool = False) -> None:
        self.told = told
        self._parts = parts
        self._fix = fix
        self._beside = beside
        self._places: list[_Place] = []
        self._tenants: dict[str, str] = {}
        self._refused: dict[str, Finding] = {}
        self._last_written: dict[str, str | None] = {}
        self._orders: dict[tuple[str, str], None] = {}
        self._of_one_gateway = False

    async def choose(self, slug: str | None, gateway: str | None) -> None:
        """Which organizations and gateways are looked at."""
        self._of_one_gateway = gateway is not None
        read, desk = self._parts.database.read, self._parts.desk
        organizations = await read(lambda: lookup.organizations(slug))
        if slug is not None and not organizations:
            fail(f"There is no organization {slug}.")
        self._tenants = {tenant_of(id_, live): its for id_, its in organizations for live in (False, True)}
        for tenant, kind, gateway_id in await read(events.gateways_with_endpoints):
            if tenant not in self._tenants or gateway not in (None, gateway_id):
                continue
            adapter = desk.gateways[kind]
            # A gateway without an account elsewhere keeps no books to compare ours with.
            account = adapter.account
            if account is None:
                continue
            find = Find(kind, eq("id", gateway_id))
            (record,) = await read(lambda: desk.reader.records(Session(tenant, {}), find))  # noqa: B023
            organization_id, _, mode = tenant.partition("/")
            actor = worker(organization_id, self._tenants[tenant], mode == "live", "reconcile", gateway_id)
            self._places.append(_Place(actor, record, adapter, account))
        if gateway is not None and not self._places:
            fail(f"There is no gateway {gateway} that could be compared with.")

    async def go(self) -> None:
        for tenant in self._tenants:
            self._last_written[tenant] = await self._parts.database.read(lambda: lookup.last_written(tenant))  # noqa: B023
        found: list[tuple[_Place, str, list[Finding]]] = []
        strays: dict[str, tuple[_Place, Snapshot]] = {}
        for place in self._places:
            ids = await self._payments(place)
            found += await self._compared(place, ids)
            self.told.payments += len(ids)
            await self._list(place, strays)
        waiting = await self._open_calls()
        if (any(each for _, _, each in found) or strays or waiting) and await self._somebody_works():
            await asyncio.sleep(SECOND_LOOK_SECONDS)
            found = await self._again(found)
            still = {call["id"] for call in waiting}
            waiting = [call for call in await self._open_calls() if call["id"] in still]
        if self._fix:
            found = await self._mended(found)
            await self._taken_back(strays)
            found = await self._canceled(found, strays)
            still = {call["id"] for call in await self._open_calls()}
            waiting = [call for call in waiting if call["id"] in still]
        findings = [one for _, _, each in found for one in each]
        findings += [finding for one in strays.values() if (finding := await self._stray(*one))]
        findings += [self._open(call) for call in waiting]
        self.told.findings = [*self._refused.values(), *findings]
        await self._recompute()
        await self._attend()

    async def _attend(self) -> None:
        """What needs a person's attention now."""
        now, kinds = self._parts.clock(), self._parts.watching.named
        found = await self._parts.database.read(lambda: matters(instant(now), kinds, list(self._tenants)))
        for one in found:
            slug, mode = self._tenants[one.tenant], one.tenant.partition("/")[2]
            self.told.attention.append(Attention(slug, mode, one, one.line(f"{slug}/{mode}", now)))

    # Ours.

    async def _recompute(self) -> None:
        """Work every order out anew that was made in the period, or whose payment was compared."""
        for tenant in self._tenants if not self._of_one_gateway else ():
            for (id_,) in await self._made(tenant, "orders", ()):
                self._orders[(tenant, id_)] = None
        for tenant, id_ in self._orders:
            organization_id, _, mode = tenant.partition("/")
            actor = worker(organization_id, self._tenants[tenant], mode == "live", "reconcile", "")
            found = await self._parts.desk.consider(actor, lambda work: _broken(id_, work))  # noqa: B023
            self.told.orders += found is not None
            for order, one in found or ():
                self.told.wrong.append(
                    Wrong(actor.slug, mode, id_, order.number, one.rule, one.what, one.stored, one.right)
                )

    async def _payments(self, place: _Place) -> list[str]:
        """The ids of a gateway's payments that were opened, or had a transaction booked, in the period."""
        table, type_ = place.record.makes.shape.table, place.record.makes.shape.type
        opened = await self._made(place.actor.tenant, table, ("payment_gateway_id",))
        moved = await self._made(place.actor.tenant, "transactions", ("payment_source_type", "payment_source_id"))
        ids = {id_: None for id_, gateway in opened if gateway == place.record.id}
        ids |= {source: None for _, kind, source in moved if kind == type_}
        return list(ids)

    async def _made(self, tenant: str, table: str, columns: tuple[str, ...]) -> list[Any]:
        made: list[Any] = []
        after = ("", "")
        while True:
            page = await self._parts.database.read(
                lambda: lookup.made_between(
                    table,
                    columns,
                    tenant,
                    self.told.since,
                    self.told.until,
                    after,  # noqa: B023
                )
            )
            made += [row[1:] for row in page]
            if len(page) < lookup.PAGE:
                return made
            after = (page[-1][0], page[-1][1])

    async def _compared(self, place: _Place, ids: Iterable[str]) -> list[tuple[_Place, str, list[Finding]]]:
        every = list(ids)
        told: list[tuple[_Place, str, list[Finding]]] = []
        for at in range(0, len(every), AT_ONCE):
            some = every[at : at + AT_ONCE]
            each = await asyncio.gather(*(self._compare(place, one) for one in some))
            told += [(place, id_, findings) for id_, findings in zip(some, each, strict=True)]
        return told

    async def _payment(self, place: _Place, id_: str) -> Any:
        find = Find(place.record.makes, eq("id", id_), ("order", "payment_gateway"))
        found = await self._parts.database.read(
            lambda: self._parts.desk.reader.records(Session(place.actor.tenant, {}), find)
        )
        return found[0] if found else None

    async def _compare(self, place: _Place, id_: str) -> list[Finding]:
        payment = await self._payment(place, id_)
        if payment is None or payment.payment_gateway_id != place.record.id or place.record.id in self._refused:
            return []
        if payment.order_id is not None:
            self._orders[(place.actor.tenant, payment.order_id)] = None
        known: dict[str, Any] = {
            "order": payment.order_id,
            "number": payment.order.number if payment.order is not None else None,
            "payment": f"{payment.shape.type}/{id_}",
            "payment_id": payment.payment_id,
        }
        try:
            credentials = self._parts.credentials(place.record)
            snapshot = await place.adapter.read(payment.payment_id, credentials=credentials)
        except GatewayProblem as problem:
            return self._unread(place, problem, payment.gateway_status, known)
        differences = await self._parts.desk.consider(
            place.actor, lambda work: self._differences(work, id_, place, snapshot)
        )
        shared = await self._shared(place, payment, known)
        return [*shared, *(self._found(place, one, known) for one in differences)]

    async def _shared(self, place: _Place, payment: Any, known: Mapping[str, Any]) -> list[Finding]:
        """The other orders of this server, of whichever tenant, that have the same payment."""
        account = payment.account or place.record.account
        holders = await self._parts.database.read(lambda: holders_of(payment.holders(payment.payment_id)))
        own = (place.actor.tenant, payment.order_id)
        others = [one for one in holders if one.is_of(account) and (one.tenant, one.order_id) != own]
        if not others:
            return []
        read, named = self._parts.database.read, []
        for one in others:
            organization_id, _, mode = one.tenant.partition("/")
            slug = await read(lambda: events.organization(organization_id))  # noqa: B023
            named.append(f"{slug or organization_id}/{mode} order {one.order_id}")
        do = (
            "see whose order the money is for, and have the others paid another way; neither cancel nor refund any of "
            "them before, which would give the money of the right one back"
        )
        what, mine = "payment of several orders", f"order {payment.order_id}"
        return [self._finding(place, what, mine, f"one payment for {', '.join(sorted(named))}, too", do, **known)]

    def _differences(self, work: Work, id_: str, place: _Place, snapshot: Snapshot) -> Rule:
        payment = yield Find(place.record.makes, eq("id", id_), ("order", "payment_gateway"))
        if payment is None:
            return []
        return (yield from compare(payment, snapshot, work))

    def _found(self, place: _Place, one: Difference, known: Mapping[str, Any]) -> Finding:
        do = one.do or f'run `paydesk reconcile --fix`, or PATCH {known["payment"]} with "_refresh": true'
        if one.idle:
            do = "run `paydesk reconcile --fix`, which cancels it: it can still be paid"
        return self._finding(
            place, one.what, one.ours, one.theirs, do, mended=one.mended, idle=one.idle, marked=one.marked, **known
        )

    def _finding(
        self, place: _Place, what: str, ours: str | None, theirs: str | None, do: str, **known: Any
    ) -> Finding:
        actor = place.actor
        return Finding(actor.slug, actor.mode, place.record.id, what, ours, theirs, do, **known)

    def _unread(
        self, place: _Place, problem: GatewayProblem, status: str | None, known: Mapping[str, Any]
    ) -> list[Finding]:
        """What there is to say of a payment that could not be read; of a key that is not taken it is said once."""
        if isinstance(problem, Refused) and problem.unauthorized:
            self._refused[place.record.id] = self._key_refused(place, problem)
            return []
        if isinstance(problem, Refused) and problem.http_status == 404:
            do = f"see whether the key of gateway {place.record.id} is still of the account that has the payment"
            return [self._finding(place, "payment", status or "known", None, do, **known)]
        do = "run `paydesk reconcile` again: it could not be compared"
        return [
            self._finding(place, "payment", status or "known", f"no answer: {problem.message.rstrip('.')}", do, **known)
        ]

    def _key_refused(self, place: _Place, problem: Refused) -> Finding:
        do = (
            f"give the gateway another key of the same account (`paydesk gateways rekey {place.record.id}`): "
            "its payments could not be compared"
        )
        return self._finding(place, "key", "a key", f"refuses it: {problem.message.rstrip('.')}", do)

    async def _again(self, found: list[tuple[_Place, str, list[Finding]]]) -> list[tuple[_Place, str, list[Finding]]]:
        """Compare once more what differed."""
        told: list[tuple[_Place, str, list[Finding]]] = []
        for place in self._places:
            told += await self._compared(place, [id_ for its, id_, each in found if its is place and each])
        return told

    async def _mended(self, found: list[tuple[_Place, str, list[Finding]]]) -> list[tuple[_Place, str, list[Finding]]]:
        """Bring what can be brought to what the gateway says, and compare that again."""
        mended: list[tuple[_Place, str, list[Finding]]] = []
        kept: list[tuple[_Place, str, list[Finding]]] = []
        for place, id_, each in found:
            if any(one.mended for one in each):
                payment = await self._payment(place, id_)
                # What cannot be mended now is found again, and told.
                with suppress(Refusal):
                    await self._parts.desk.refresh(place.actor, payment)
                    self.told.mended += 1
                mended.append((place, id_, each))
            else:
                kept.append((place, id_, each))
        return kept + await self._again(mended)

    async def _taken_back(self, strays: dict[str, tuple[_Place, Snapshot]]) -> None:
        """Book for its order what names one that is here, lacks it, and costs as much."""
        for name, (place, listed) in list(strays.items()):
            with suppress(Refusal):
                if await self._has_taken(place, listed, self._parts.desk.operate):
                    del strays[name]
                    self.told.mended += 1
                    tenant = place.actor.tenant
                    await self._parts.database.write(lambda: lost.forget(tenant, name))  # noqa: B023

    async def _has_taken(self, place: _Place, listed: Snapshot, do: Callable[..., Any]) -> bool:
        """Whether a payment's order takes it back: `do` tries that, or only considers it."""
        if self._tenant(place, listed) != place.actor.tenant or await self._is_awaited(place, listed):
            return False
        try:
            credentials = self._parts.credentials(place.record)
            snapshot = await place.adapter.read(listed.payment_id, credentials=credentials)
        except GatewayProblem:
            return False
        return await do(place.actor, lambda work: take_back(place.record.id, snapshot, work)) is not None

    async def _canceled(
        self,
        found: list[tuple[_Place, str, list[Finding]]],
        strays: dict[str, tuple[_Place, Snapshot]],
    ) -> list[tuple[_Place, str, list[Finding]]]:
        """Cancel what is idle, of the strays as well, and look at it again."""
        idle = [(place, id_, each) for place, id_, each in found if any(one.idle for one in each)]
        lost = [one for one in strays.values() if await self._is_idle(*one)]
        if not idle and not lost:
            return found
        # The calls are this process's now, and nobody takes them over while it lives.
        await self._parts.recovery.begin(beside=self._beside)
        for place, id_, _ in idle:
            kind = place.record.makes.shape.type
            await self._let_go(place, id_, lambda work: let_go(kind, id_, work))  # noqa: B023
            payment = await self._payment(place, id_)
            self.told.canceled += payment is not None and payment.is_canceled
        for place, snapshot in lost:
            name, kind = snapshot.payment_id, place.record.makes.shape.type
            await self._let_go(place, name, lambda work: let_stray_go(kind, name, place.record.id, work))  # noqa: B023
            with suppress(GatewayProblem):
                credentials = self._parts.credentials(place.record)
                snapshot = await place.adapter.read(name, credentials=credentials)
                strays[name] = (place, snapshot)
                self.told.canceled += snapshot.status == "canceled"
        kept = [one for one in found if one not in idle]
        return kept + await self._again(idle)

    async def _let_go(self, place: _Place, subject: str, rule: Callable[[Work], Rule]) -> None:
        # What cannot be let go now is found again, and told.
        with suppress(Refusal):
            await self._parts.desk.operate(place.actor, rule)
            await self._parts.desk.finish(place.actor.tenant, "release_payment", subject)

    # Theirs.

    async def _list(self, place: _Place, strays: dict[str, tuple[_Place, Snapshot]]) -> None:
        """Go through all payments that the gateway has of the period, and keep those of ours that nobody here knows."""
        since, until = seconds(self.told.since), seconds(self.told.until)
        credentials = self._parts.credentials(place.record)
        try:
            async for snapshot in place.account.payments_made(since, until, credentials=credentials):
                self.told.listed += 1
                mine = snapshot.metadata.get("paydesk") == self._parts.desk.installation
                if not mine or _is_over(snapshot) or not await self._is_stray(place, snapshot):
                    continue
                # Several tenants may share an account: the one whose payment it is comes first.
                if snapshot.payment_id not in strays or self._tenant(place, snapshot) == place.actor.tenant:
                    strays[snapshot.payment_id] = (place, snapshot)
        except GatewayProblem as problem:
            if isinstance(problem, Refused) and problem.unauthorized:
                self._refused.setdefault(place.record.id, self._key_refused(place, problem))
                return
            do = "run `paydesk reconcile` again: what is there and not here could not be found"
            said = self._finding(place, "list of payments", None, f"no answer: {problem.message.rstrip('.')}", do)
            self._refused.setdefault(place.record.id, said)

    def _tenant(self, place: _Place, snapshot: Snapshot) -> str:
        """Whose payment it is by its metadata: several tenants may share an account."""
        named = f"{snapshot.metadata.get('organization_id')}/{snapshot.metadata.get('mode')}"
        return named if named.count("/") == 1 and "None" not in named else place.actor.tenant

    async def _is_stray(self, place: _Place, snapshot: Snapshot) -> bool:
        tenant = self._tenant(place, snapshot)
        if tenant not in self._tenants:
            return False
        makes = place.record.makes
        find = Find(makes, eq(makes.named_by, snapshot.payment_id))
        found = await self._parts.database.read(lambda: self._parts.desk.reader.records(Session(tenant, {}), find))
        return not found

    async def _stray(self, place: _Place, snapshot: Snapshot) -> Finding | None:
        """What there is to say of a payment that only the gateway knows; None when an open call is about it."""
        if _is_over(snapshot) or await self._is_awaited(place, snapshot):
            return None
        if not await self._is_stray(place, snapshot):
            return None
        name, metadata = snapshot.payment_id, snapshot.metadata
        order = metadata.get("order_id")
        idle = await self._is_idle(place, snapshot)
        order_id = eq("id", order)
        session = Session(self._tenant(place, snapshot), {})
        here = await self._parts.database.read(
            lambda: self._parts.desk.reader.records(session, Find("orders", order_id))
        )
        if here and await self._has_taken(place, snapshot, self._parts.desk.consider):
            do = "run `paydesk reconcile --fix`, which books it for its order"
        elif not here and (snapshot.received or snapshot.authorized):
            shopper = metadata.get("paydesk_email") or "a shopper whose address it does not tell"
            do = f"{shopper} paid it, and the order is not here: run `paydesk payments make-order {name}`, which makes "
            do += "it again, with --give-back to give the money back"
        elif idle:
            do = "run `paydesk reconcile --fix`, which cancels it: nobody here waits for it"
        elif snapshot.received or snapshot.authorized:
            kind = place.record.makes.shape.type
            do = f"adopt it (POST {kind} with its id and client secret, for order {order}), or give the money back at "
            do += "the gateway"
        elif snapshot.status in UNCONFIRMED and not self._is_within_reach(place, snapshot):
            do = "leave it where this database is a copy of another; otherwise run `paydesk reconcile --fix` after the "
            do += "next change: nothing was changed here since it was made"
        elif snapshot.status in UNCONFIRMED:
            do = f"cancel {name} at the gateway: nobody here waits for it"
        else:
            do = f"look at {name} at the gateway: nobody here waits for it"
        told = f"{snapshot.gateway_status}, {snapshot.amount}"
        tenant = self._tenant(place, snapshot)
        return Finding(
            self._tenants[tenant], tenant.rpartition("/")[2], place.record.id, "unknown payment", None, told, do,
            order=order, number=metadata.get("order_number") or None, payment_id=name, idle=idle,
        )  # fmt: skip

    async def _is_awaited(self, place: _Place, snapshot: Snapshot) -> bool:
        """An open call is about it, of whichever gateway (two may have one account): it is being opened, or let go."""
        about = {call["record_id"] for call in await self._parts.database.read(lookup.open_calls)}
        record_id = snapshot.metadata.get(f"{place.record.makes.shape.singular}_id")
        return record_id in about or snapshot.payment_id in about

    async def _is_idle(self, place: _Place, snapshot: Snapshot) -> bool:
        """It can still be paid, holds nothing, is of this installation and tenant, and neither here nor on its way."""
        metadata = snapshot.metadata
        return (
            snapshot.status in UNCONFIRMED
            and not (snapshot.received or snapshot.authorized)
            and place.record.makes.is_of_our_making(snapshot, self._parts.desk.installation)
            and f"{metadata.get('organization_id')}/{metadata.get('mode')}" == place.actor.tenant
            and self._is_within_reach(place, snapshot)
            # In this order: what is no longer on its way is here.
            and not await self._is_awaited(place, snapshot)
            and await self._is_stray(place, snapshot)
        )

    def _is_within_reach(self, place: _Place, snapshot: Snapshot) -> bool:
        """This database was at work after the payment was made. One that was not may be an old copy, which would take
        the carts that shoppers fill at the original for nobody's.
        """
        last = self._last_written[place.actor.tenant]
        return last is not None and snapshot.created_at is not None and snapshot.created_at < last

    # Under way.

    async def _somebody_works(self) -> bool:
        now = instant(self._parts.clock())
        return bool(await self._parts.database.read(lambda: lookup.somebody_works(now)))

    async def _open_calls(self) -> list[dict[str, Any]]:
        places = {(place.actor.tenant, place.record.id) for place in self._places}
        found = await self._parts.database.read(lookup.open_calls)
        return [call for call in found if (call["tenant"], call["gateway_id"]) in places]

    def _open(self, call: Mapping[str, Any]) -> Finding:
        (place,) = [
            one for one in self._places if (one.actor.tenant, one.record.id) == (call["tenant"], call["gateway_id"])
        ]
        about = f"{call['subject_type']}/{call['subject_id']}"
        ours = f"open since {call['created_at']}, taken up again {max(call['tries'], 0)} times"
        do = "run `paydesk recover` where no server does it by itself"
        return self._finding(place, f"call {call['kind']} {call['id']}", ours, "not known", do, payment=about)


def _broken(order_id: str, work: Work) -> Rule:
    """What is broken of an order, each with the order; None where there is none any more."""
    order = yield Find("orders", eq("id", order_id), ("line_items",))
    if order is None:
        return None
    everything = yield from booked(order, work)
    return [(order, one) for one in broken(order, order.line_items, everything)]


def _is_over(snapshot: Snapshot) -> bool:
    """It was canceled and holds nothing: done with, known here or not."""
    return snapshot.status == "canceled" and not snapshot.received


def show(told: Reconciled) -> None:
    """The counts, then a line for each difference."""
    rows(
        [
            ("since", told.since),
            ("until", told.until),
            ("payments compared", told.payments),
            ("payments listed", told.listed),
            ("payments mended", told.mended),
            ("payments canceled", told.canceled),
            ("orders recomputed", told.orders),
            ("orders' amounts broken", len(told.wrong)),
            ("need attention", len(told.attention)),
            ("differences", len(told.findings)),
        ]
    )
    for line in (*(one.line for one in told.wrong), *(one.line for one in told.findings)):
        out().print(line, markup=False)
    if told.attention:
        out().print("\nNeeds attention, and may be right as it stands:", markup=False)
    for matter in told.attention:
        out().print(matter.line, markup=False)


def as_json(told: Reconciled) -> None:
    out().print(json.dumps(told.to_json(), indent=2, ensure_ascii=False), markup=False)
