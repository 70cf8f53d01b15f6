"""The one way to read and to change anything.

API, gateway webhook, recovery and command line all come here. A change is one transaction; where it asks a gateway for
something, that call is written down in the same transaction, made with no transaction open, and settled by a second
one: see `changes`, which names the phases.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any

from paydesk.base.actor import Actor
from paydesk.base.instants import Clock
from paydesk.desk.calls import Calls
from paydesk.desk.changes import Changes
from paydesk.desk.decisions import Decisions
from paydesk.desk.kept_answers import KeptAnswers
from paydesk.desk.leases import Leases
from paydesk.desk.owed_answers import Owing
from paydesk.desk.own_work import OwnWork
from paydesk.desk.reads import Reads
from paydesk.desk.requests import Permissions, Request, Response, Write
from paydesk.desk.retries import Retries
from paydesk.desk.settlements import Settlements
from paydesk.desk.transactions import Transactions
from paydesk.desk.waiting import WaitingWrites
from paydesk.desk.writing import WorkWriter
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.gateway import Gateway
from paydesk.rules.asking import new_id
from paydesk.rules.plans import AnyPlan
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.rules.work import Work
from paydesk.store.sql.ask import Database


class Desk:
    """See the module. It puts the desk's parts together and hands each request to the right one."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        permissions: Permissions,
        gateways: Mapping[str, Gateway],
        plans: Mapping[str, AnyPlan],
        *,
        unseal: Callable[[Record], Credentials],
        clock: Clock,
        installation: str,
        hash_password: Callable[[str], Awaitable[str]],
        tools: Mapping[str, Any] | None = None,
        process: int = 0,
    ) -> None:
        """`unseal` opens a gateway record's credentials.

        tools          what rules may use beside records: `seal` and `open` (secrets), `endpoint_url`
        hash_password  slow on purpose, and never on the event loop: rules are given its results made before them
        """
        self.database = database
        self.registry = registry
        self.gateways = gateways
        self.plans = plans
        self.installation = installation
        self.tools = dict(tools or {})
        self.holder = new_id()
        self.transactions = Transactions(
            database, registry, permissions, clock=clock, installation=installation, tools=self.tools, process=process
        )
        self.reader, self.writer = self.transactions.reader, self.transactions.writer
        self.owing = Owing(database, self.holder, clock)
        waiting, answers = WaitingWrites(plans, self.tools), KeptAnswers(self.transactions)
        writer = WorkWriter(self.transactions, plans, gateways, waiting, self.owing, self.holder)
        decisions = Decisions(self.transactions)
        settlements = Settlements(self.transactions, plans, decisions, writer, waiting, answers)
        self.calls = Calls(
            self.transactions, plans, gateways, unseal=unseal, holder=self.holder, settle=settlements.settle
        )
        self.leases = Leases(self.transactions, plans, make=self.calls.make, holder=self.holder)
        self.reads = Reads(self.transactions)
        retries = Retries(database, plans, self.leases, answers, self.owing)
        self.changes = Changes(
            self.transactions,
            plans,
            self.reads,
            decisions,
            writer,
            self.leases,
            answers,
            self.owing,
            retries,
            hash_password,
        )
        self._own_work = OwnWork(self.transactions, plans, writer, self.leases)

    @property
    def clock(self) -> Clock:
        return self.transactions.clock

    async def change(self, request: Request, write: Write, view: Any) -> Response:
        """Carry a change out, and show its record by `view`.

        Raises what `paydesk.base.errors` has; nothing was written then, save what a gateway was asked for.
        """
        return await self.changes.change(request, write, view)

    async def operate(self, actor: Actor, rule: Callable[[Work], Any], *, trace_id: str = "") -> Any:
        """Run a rule of paydesk's own in a transaction; returns its result. Its calls are all deferred."""
        return await self._own_work.operate(actor, rule, trace_id)

    async def consider(self, actor: Actor, rule: Callable[[Work], Any]) -> Any:
        """Run a rule and write nothing of it; returns its result."""
        return await self._own_work.consider(actor, rule)

    async def refresh(self, actor: Actor, record: Any, **how: Any) -> None:
        """Read at the gateway what a record stands for and bring it to that; `how` is what its `read` takes."""
        await self._own_work.refresh(actor, record, **how)

    async def finish_due(self, limit: int = 50, *, ahead: float = 0.0) -> int:
        """Take over open calls that are due and that nobody holds; returns how many were brought to their end.

        ahead   seconds: also those that would be due only then
        """
        return await self.leases.finish_due(limit, ahead=ahead)

    async def finish(self, tenant: str, kind: str, subject_id: str) -> None:
        """Bring the open call of a kind about a subject to its end, due or not; nothing where there is none."""
        await self.leases.finish(tenant, kind, subject_id)

    def go_on_behind(self, tenant: str, sequence: str, numbers: Mapping[int, str]) -> Generator[Any, Any, None]:
        """Hand out no number of a sequence up to these where what they belong to, by its id, is not here any more."""
        return self.transactions.go_on_behind(tenant, sequence, numbers)

    async def close(self) -> None:
        """Wait for the gateway calls under way, and write down who was told their outcome."""
        await self.leases.close()
        await self.owing.close()
