"""A call's view of the state: the records it has read, its changes to them, and the events of these changes.

A call's changes are seen by others only after `finish`. A call that raises changes nothing, unless its error says that
the changes are kept, as after a declined card.
"""

from typing import Any, NamedTuple

import orjson

from paydesk.sandbox.core.accounts import Account, Key
from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.errors import missing
from paydesk.sandbox.core.ids import new_id
from paydesk.sandbox.core.state import Row

API_VERSION = "2026-10-28.endive"

NOUNS = {
    "payment_method": "PaymentMethod",
    "setup_intent": "setupintent",
    "webhook_endpoint": "webhook endpoint",
    "confirmation_token": "confirmationtoken",
}
"""Kind → its name in "No such ...: 'id'", where that is not the kind itself."""

_BY_ID = {"payment_intent": "intent", "setup_intent": "intent"}


class Record:
    """One object in a call's hands. After changing `body` or `inner`, hand it to `Call.save`."""

    __slots__ = ("body", "changed", "created", "id", "inner", "kind", "raw", "seq")

    def __init__(self, seq: int, kind: str, body: dict[str, Any], inner: dict[str, Any], created: int) -> None:
        self.seq = seq
        self.kind = kind
        self.id: str = body["id"]
        self.body = body
        self.inner = inner
        self.created = created
        self.raw: bytes | None = None
        self.changed = False

    def json(self) -> bytes:
        """The body as JSON, which the event, the file and the answer share."""
        raw = self.raw
        if raw is None:
            raw = self.raw = orjson.dumps(self.body)
        return raw


class Event(NamedTuple):
    """An event of a call's change, with the ids of the endpoints it goes to."""

    seq: int
    id: str
    kind: str
    body: bytes
    endpoints: list[str]


class Call:
    """The work of one API request or of one job."""

    def __init__(
        self,
        backend: Backend,
        account: Account,
        *,
        key: Key | None = None,
        request: str | None = None,
        idempotency_key: str | None = None,
        method: str = "",
        path: str = "",
    ) -> None:
        self.backend = backend
        self.state = backend.state
        self.account = account
        self.key = key
        self.request = request
        self.idempotency_key = idempotency_key
        self.method = method
        self.path = path
        self.now = backend.clock.now()
        self.params: dict[str, Any] = {}
        self.older = False
        self.base_url = ""
        self.records: dict[str, Record] = {}
        self.jobs: list[tuple[float, str, str]] = []
        self.events: list[Event] = []

    @property
    def publishable(self) -> bool:
        """True when the caller is a browser with a publishable key."""
        return self.key is not None and self.key.kind == "pk"

    # Reading

    def find(self, kind: str, identifier: str) -> Record | None:
        """An object of this account, or None."""
        record = self.records.get(identifier)
        if record is None:
            row = self.state.object(self.account.n, identifier)
            if row is None:
                return None
            record = self.read(row)
        return record if record.kind == kind else None

    def read(self, row: Row) -> Record:
        """The record of a row; within a call it is always the same record."""
        record = self.records.get(row.id)
        if record is None:
            inner = orjson.loads(row.inner) if row.inner else {}
            record = Record(row.seq, row.kind, orjson.loads(row.body), inner, row.created)
            record.raw = row.body
            self.records[row.id] = record
        return record

    def get(self, kind: str, identifier: str, param: str | None = None) -> Record:
        """An object of this account.

        param    the request's parameter that named it; without it the id was in the path, and its absence is a 404
        raises   StripeError `resource_missing`
        """
        record = self.find(kind, identifier)
        if record is None:
            noun = NOUNS.get(kind, kind)
            raise missing(noun, identifier, param or _BY_ID.get(kind, "id"), status=400 if param else 404)
        return record

    # Changing

    def add(self, kind: str, prefix: str, body: dict[str, Any], inner: dict[str, Any] | None = None) -> Record:
        """A new object; `body` without its id, which is put first."""
        return self.add_as(kind, new_id(prefix), body, inner)

    def add_as(self, kind: str, identifier: str, body: dict[str, Any], inner: dict[str, Any] | None = None) -> Record:
        """A new object under a given id."""
        record = Record(self.state.next(), kind, {"id": identifier, **body}, inner or {}, self.now)
        record.changed = True
        self.records[identifier] = record
        return record

    def save(self, record: Record) -> None:
        """Mark a record as changed."""
        record.raw = None
        record.changed = True

    def later(self, seconds: float, kind: str, record: Record) -> None:
        """Have the job `schedule.JOBS[kind]` done to the record after so many seconds of the sandbox's clock."""
        self.jobs.append((self.now + seconds, kind, record.id))

    def emit(self, kind: str, record: Record, previous: dict[str, Any] | None = None) -> None:
        """Add an event of a change, with the record as it is now, for every endpoint that is subscribed to it."""
        self.emit_body(kind, orjson.Fragment(record.json()), previous)

    def emit_body(self, kind: str, body: Any, previous: dict[str, Any] | None = None) -> None:
        """Add an event about something that is no record, such as a connected account's authorization."""
        account = self.account
        identifier = new_id("evt")
        endpoints = self.backend.endpoints.subscribed(account, kind)
        data = {"object": body} if previous is None else {"object": body, "previous_attributes": previous}
        event: dict[str, Any] = {"id": identifier, "object": "event"}
        if account.platform is not None:
            event["account"] = account.id
        event["api_version"] = API_VERSION
        event["created"] = self.now
        event["data"] = data
        event["livemode"] = False
        event["pending_webhooks"] = len(endpoints)
        event["request"] = {"id": self.request, "idempotency_key": self.idempotency_key}
        event["type"] = kind
        self.events.append(Event(self.state.next(), identifier, kind, orjson.dumps(event), endpoints))

    def finish(self) -> None:
        """Hand all changes to the state, as part of the group that is written next."""
        state, account, now = self.state, self.account.n, self.now
        for record in self.records.values():
            if record.changed:
                body = record.body
                customer, intent, charge = body.get("customer"), body.get("payment_intent"), body.get("charge")
                inner = orjson.dumps(record.inner) if record.inner else None
                state.put_object(
                    Row(
                        record.seq,
                        account,
                        record.kind,
                        record.id,
                        record.created,
                        now,
                        customer,
                        intent,
                        charge,
                        record.json(),
                        inner,
                    )
                )
                record.changed = False
        deliveries, jobs = self.backend.deliveries, self.backend.jobs
        for event in self.events:
            state.put("events", (event.seq, account, event.id, event.kind, now, event.body))
            if event.endpoints:
                deliveries.add(event.seq, event.kind, event.endpoints, self.account, self.method, self.path)
        for at, kind, identifier in self.jobs:
            jobs.add(at, kind, account, identifier)
        self.events = []
        self.jobs = []
