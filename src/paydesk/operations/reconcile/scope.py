"""Which organizations, gateways and days are compared, and how each is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paydesk.base.actor import Actor, worker
from paydesk.base.instants import instant
from paydesk.base.tenants import tenant_of
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import eq
from paydesk.gateways.port.account import Account
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.operations.reconcile.report import Finding
from paydesk.rules.asking import Find
from paydesk.store import organizations as stored_organizations
from paydesk.store.inbox import gateways as stored_gateways
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup


@dataclass(frozen=True)
class ComparedGateway:
    """A gateway record, the adapter that speaks for it, and in whose name."""

    actor: Actor
    record: Any
    adapter: Gateway
    account: Account

    @property
    def payment_type(self) -> str:
        """The wire type of the payments that it makes."""
        type_: str = self.record.makes.shape.type
        return type_

    def finding(self, what: str, ours: str | None, theirs: str | None, do: str, **known: Any) -> Finding:
        return Finding(self.actor.slug, self.actor.mode, self.record.id, what, ours, theirs, do, **known)

    def key_refused(self, problem: Refused) -> Finding:
        do = (
            f"give the gateway another key of the same account (`paydesk gateways rekey {self.record.id}`): "
            "its payments could not be compared"
        )
        return self.finding("key", "a key", f"refuses it: {problem.message.rstrip('.')}", do)


@dataclass(frozen=True)
class Scope:
    """What one comparison is about.

    slugs            the tenants, each with the slug of its organization
    last_written     when each tenant was last written to
    of_one_gateway   only one gateway's payments are asked for, not every order of the period
    unreadable       gateways that refused their key or their list, each with what there is to say of it
    """

    parts: Parts
    since: str
    until: str
    slugs: Mapping[str, str]
    last_written: Mapping[str, str | None]
    gateways: list[ComparedGateway]
    of_one_gateway: bool
    unreadable: dict[str, Finding] = field(default_factory=dict)

    def actor(self, tenant: str, gateway_id: str = "") -> Actor:
        return _actor(tenant, self.slugs[tenant], gateway_id)

    async def made(self, tenant: str, table: str, columns: tuple[str, ...]) -> list[Any]:
        """The rows of a table that were made in the period, as `(id, *columns)`."""
        made: list[Any] = []
        after = ("", "")
        while True:
            page = await self.parts.database.read(
                lambda: lookup.made_between(table, columns, tenant, self.since, self.until, after)  # noqa: B023
            )
            made += [row[1:] for row in page]
            if len(page) < lookup.PAGE:
                return made
            after = (page[-1][0], page[-1][1])

    async def records(self, tenant: str, find: Find) -> list[Any]:
        found: list[Any] = await self.parts.database.read(
            lambda: self.parts.desk.reader.records(Session(tenant, {}), find)
        )
        return found

    async def payment(self, gateway: ComparedGateway, id_: str) -> Any:
        """A payment of ours with its order; None where there is none any more."""
        find = Find(gateway.record.makes, eq("id", id_), ("order", "payment_gateway"))
        found = await self.records(gateway.actor.tenant, find)
        return found[0] if found else None

    async def snapshot(self, gateway: ComparedGateway, payment_id: str) -> Snapshot:
        """What the gateway says of a payment now. Raises GatewayProblem."""
        return await gateway.adapter.read(payment_id, credentials=self.parts.credentials(gateway.record))

    async def open_calls(self) -> list[dict[str, Any]]:
        gateways = {(gateway.actor.tenant, gateway.record.id) for gateway in self.gateways}
        found = await self.parts.database.read(lookup.open_calls)
        return [call for call in found if (call["tenant"], call["gateway_id"]) in gateways]

    def unread(
        self, gateway: ComparedGateway, problem: GatewayProblem, status: str | None, known: Mapping[str, Any]
    ) -> list[Finding]:
        """What there is to say of a payment that could not be read; of a key that is not taken it is said once."""
        if isinstance(problem, Refused) and problem.unauthorized:
            self.unreadable[gateway.record.id] = gateway.key_refused(problem)
            return []
        if isinstance(problem, Refused) and problem.http_status == 404:
            do = f"see whether the key of gateway {gateway.record.id} is still of the account that has the payment"
            return [gateway.finding("payment", status or "known", None, do, **known)]
        do = "run `paydesk reconcile` again: it could not be compared"
        theirs = f"no answer: {problem.message.rstrip('.')}"
        return [gateway.finding("payment", status or "known", theirs, do, **known)]

    async def is_served(self) -> bool:
        """Whether a server is at work on this database."""
        now = instant(self.parts.clock())
        return bool(await self.parts.database.read(lambda: lookup.somebody_works(now)))


async def choose(parts: Parts, since: str, until: str, slug: str | None, gateway_id: str | None) -> Scope:
    """All that is looked at: everything, or one organization's, or one gateway's. Raises Unknown."""
    read, desk = parts.database.read, parts.desk
    organizations = await read(lambda: stored_organizations.organizations(slug))
    if slug is not None and not organizations:
        raise Unknown(f"There is no organization {slug}.")
    slugs = {tenant_of(id_, live): its for id_, its in organizations for live in (False, True)}
    gateways: list[ComparedGateway] = []
    for tenant, kind, id_ in await read(lambda: stored_gateways.every_gateway(PaymentGateway)):
        if tenant not in slugs or gateway_id not in (None, id_):
            continue
        adapter = desk.gateways[kind]
        # A gateway without an account elsewhere keeps no books to compare ours with.
        account = adapter.account
        if account is None:
            continue
        find = Find(kind, eq("id", id_))
        (record,) = await read(lambda: desk.reader.records(Session(tenant, {}), find))  # noqa: B023
        gateways.append(ComparedGateway(_actor(tenant, slugs[tenant], id_), record, adapter, account))
    if gateway_id is not None and not gateways:
        raise Unknown(f"There is no gateway {gateway_id} that could be compared with.")
    last_written = {tenant: await read(lambda: lookup.last_written(tenant)) for tenant in slugs}  # noqa: B023
    return Scope(parts, since, until, slugs, last_written, gateways, gateway_id is not None)


def _actor(tenant: str, slug: str, gateway_id: str) -> Actor:
    return worker(tenant, slug, "reconcile", gateway_id)
