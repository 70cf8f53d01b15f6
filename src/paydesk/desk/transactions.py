"""What every transaction of the desk is made with: the clock, the caller's records, a Work, and numbers.

Rules ask for records by yielding; `run` answers them. So a transaction is one generator, whichever database drives it.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from typing import Any

from paydesk.base.actor import Actor
from paydesk.base.instants import Clock, instant
from paydesk.declare import Condition, eq
from paydesk.desk.requests import Permissions, Request
from paydesk.rules.asking import Find, Hold, Next
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.rules.work import Work
from paydesk.store.records.documents import Documents
from paydesk.store.records.locks import lock_root
from paydesk.store.records.numbers import Blocks, reach_number
from paydesk.store.records.reading import Reader
from paydesk.store.records.sessions import Session, know_tables
from paydesk.store.records.writing import Writer
from paydesk.store.sql.ask import Database

log = logging.getLogger("paydesk.desk")

ORGANIZATION_SECONDS = 5.0
"""How long an organization's flags are kept without looking again."""

ROUNDS = 5
"""How often a transaction is tried that other requests get in the way of."""


class NeedNumbers(Exception):
    """The numbers of a sequence that were taken ahead are used up; see `Transactions.reserve`."""

    def __init__(self, next_: Next) -> None:
        super().__init__(next_.sequence)
        self.next = next_


class Columns:
    """A bare view: some columns of a type, without includes."""

    __slots__ = ("at", "columns", "gathers_any", "includes", "resource", "serial")

    def __init__(self, resource: type[Record], columns: tuple[str, ...]) -> None:
        self.resource = resource
        self.columns = list(columns)
        self.at = {name: at for at, name in enumerate(columns)}
        self.includes: dict[str, dict[str, Any]] = {}
        self.gathers_any = False
        self.serial: Any = ("columns", resource.shape.type, columns)


class Transactions:
    """See the module."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        permissions: Permissions,
        *,
        clock: Clock,
        installation: str,
        tools: Mapping[str, Any],
        process: int = 0,
    ) -> None:
        """`tools`: what rules may use beside records: `seal` and `open` (secrets), `endpoint_url`."""
        self.database = database
        self.registry = registry
        self.permissions = permissions
        self.clock = clock
        self.installation = installation
        self.tools = tools
        self.documents = Documents(registry)
        self.reader = Reader(registry)
        self.writer = Writer(registry, process)
        self.organizations: dict[str, tuple[float, Record]] = {}
        self._numbers = Blocks()
        know_tables(registry)

    def now(self) -> str:
        return instant(self.clock())

    def begin(
        self, request: Request, now: str, hashed: Mapping[str, str] | None = None
    ) -> Generator[Any, Any, tuple[Session, Work]]:
        """The records and the Work of one transaction. `hashed`: the hashes of the passwords that it writes."""
        work = self.work(request, now)
        work.settings = {**work.settings, "organization": (yield from self._organization(request.actor))}
        if hashed:
            work.settings = {**work.settings, "hash_password": hashed.__getitem__}
        session = self.session(request.actor)

        def come_after() -> None:
            # Whoever had the lock wrote by then: what this work writes is younger.
            work.now = max(work.now, self.now())

        session.locked = come_after
        return session, work

    def work(self, request: Request, now: str) -> Work:
        settings = {
            **self.tools,
            "ip_address": request.ip_address,
            "user_agent": request.user_agent,
            "origin": request.origin,
            "installation": self.installation,
        }
        return Work(request.actor, now, trace_id=request.trace_id, settings=settings)

    def session(self, actor: Actor) -> Session:
        numbers = None
        if self.database.name != "sqlite":

            def numbers(next_: Next) -> int:
                number = self._numbers.take(actor.tenant, next_.sequence, self.clock())
                if number is None:
                    raise NeedNumbers(next_)
                return number

        return Session(actor.tenant, self.caller(actor), numbers)

    def caller(self, actor: Actor) -> dict[str, Any]:
        """What `Caller` stands for in conditions: what the token says, and `now`."""
        return {**self.permissions.caller_values(actor), "now": self.now()}

    def _organization(self, actor: Actor) -> Generator[Any, Any, Any]:
        """The caller's organization, whose flags rules read; they change seldom and are kept for a few seconds."""
        kept = self.organizations.get(actor.organization_id)
        if kept is not None and kept[0] > self.clock():
            return kept[1]
        find = Find(self.registry["organizations"], eq("id", actor.organization_id))
        found = yield from self.reader.records(Session(actor.tenant, {}), find)
        if found:
            self.organizations[actor.organization_id] = (self.clock() + ORGANIZATION_SECONDS, found[0])
        return found[0] if found else None

    def run(self, session: Session, outcome: Any) -> Generator[Any, Any, Any]:
        """Bring a rule to its end, answering what it asks for."""
        if not isinstance(outcome, Generator):
            return outcome
        try:
            question = next(outcome)
            while True:
                answer: Any = None
                if isinstance(question, Hold):
                    yield from self.lock(session, self.registry[question.type], question.id)
                else:
                    answer = yield from self.reader.answer(session, question)
                    if isinstance(question, Find) and question.lock:
                        session.locked()
                question = outcome.send(answer)
        except StopIteration as stop:
            return stop.value

    def lock(self, session: Session, resource: type[Record], record_id: str) -> Generator[Any, Any, None]:
        """Hold the record that stands for all that changes together. SQLite's writers are serial anyway."""
        if self.database.name != "sqlite":
            yield from lock_root(self.reader.registry, resource, session.tenant, record_id)
            session.locked()

    def holds(
        self, session: Session, resource: type[Record], record_id: str, condition: Condition
    ) -> Generator[Any, Any, bool | None]:
        """Whether a condition is true of a record; None where there is no such record."""
        view = Columns(resource, ("id",))
        row, holds = yield from self.documents.one(view, session.tenant, record_id, condition, session.caller)
        return holds if row is not None else None

    async def reserve(self, tenant: str, next_: Next) -> None:
        """Take numbers ahead in a transaction of their own, so that nobody waits for another's."""
        await self._numbers.fill(self.database, tenant, next_, self.clock())

    def go_on_behind(self, tenant: str, sequence: str, numbers: Mapping[int, str]) -> Generator[Any, Any, None]:
        """Hand out no number of a sequence up to these where what they belong to, by its id, is not here any more."""
        last = yield from reach_number(tenant, sequence, numbers)
        if last is not None:
            self._numbers.forget(tenant, sequence)
            log.warning("%s goes on behind %d, which is not here: is this database a restored one?", sequence, last)
