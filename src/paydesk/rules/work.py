"""Work: everything one request will change, gathered in memory and written at once.

Rules are plain functions of records and a Work. They change records by `work.change` alone, so the old value stays
beside the new and versions, events and updates cost their author nothing. They have no other effect, so a
transaction may be run again from the top.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from paydesk.base.actor import Actor
from paydesk.base.errors import Guess, Invalid, Refusal, Several
from paydesk.rules.asking import Call, new_id
from paydesk.rules.asks import Ask
from paydesk.rules.record import Record

R = TypeVar("R", bound=Record)


class Work:
    """One transaction's changes. `now` is the instant of the request, `actor` who asked.

    arguments  what the request says beside a trigger, such as the amount to capture
    adopted    a gateway's no was none: what was asked for is there, or is asked for as far as it is not
    """

    def __init__(
        self, actor: Actor, now: str, *, trace_id: str = "", settings: Mapping[str, Any] | None = None
    ) -> None:
        self.actor = actor
        self.now = now
        self.trace_id = trace_id
        self.settings: Mapping[str, Any] = settings or {}
        self.created: list[Record] = []
        self.deleted: list[Record] = []
        self.changed: dict[Record, dict[str, Any]] = {}
        self.calls: list[Call] = []
        self.withdrawn: list[tuple[str, str]] = []
        self.noted: list[tuple[Record, dict[str, list[Any]]]] = []
        self.awaited: list[tuple[str, str]] = []
        self.signed_out: list[tuple[str, str | None]] = []
        self.mistakes: list[Refusal] = []
        self.arguments: Mapping[str, Any] = {}
        self.adopted = False

    def create(self, cls: type[R], *, id: str | None = None, **values: Any) -> R:
        """A new record with these column values; the others take their declared default."""
        shape = cls.shape
        row: dict[str, Any] = {}
        for name, column in shape.columns.items():
            default = column.default
            row[name] = dict(default) if type(default) is dict else list(default) if type(default) is list else default
        for name, value in values.items():
            assert name in shape.columns, f"{shape.type} has no column {name}"
            if value is not None or shape.columns[name].kind != "object" or shape.columns[name].default is None:
                row[name] = value
        row["id"] = id or new_id()
        row["created_at"] = row["updated_at"] = self.now
        record = cls(**row)
        self.created.append(record)
        return record

    def change(self, record: Record, **values: Any) -> None:
        """Assign columns of `record`. What is equal to the present value is no change."""
        shape, own = record.shape, record.__dict__
        before = self.changed.get(record)
        for name, value in values.items():
            assert name in shape.columns, f"{shape.type} has no column {name}"
            if value is None and shape.columns[name].kind == "object" and shape.columns[name].default is not None:
                value = {}
            old = own[name]
            if old == value and type(old) is type(value):
                continue
            if before is None:
                before = self.changed[record] = {}
            before.setdefault(name, old)
            own[name] = value

    def relate(self, record: Record, name: str, related: Record | None) -> None:
        """Set a to-one relationship, in the row and in hand."""
        relationship = record.shape.relationships[name]
        if relationship.polymorphic:
            self.change(record, **{f"{name}_type": related.shape.type if related else None})
        self.change(record, **{f"{name}_id": related.id if related else None})
        record.__dict__[name] = related

    def delete(self, record: Record) -> None:
        self.deleted.append(record)

    def call(self, kind: str, subject: Record, *, gateway: Record | None = None, ask: Ask, **options: Any) -> Call:
        """Ask a gateway for something, after this work is written. A settled call may ask for the next."""
        call = Call(kind, subject.shape.type, subject.id, gateway, ask, **options)
        self.calls.append(call)
        return call

    def withdraw(self, kind: str, subject: Record) -> None:
        """Take back what an earlier work deferred. The change is refused while that call is being made."""
        self.withdrawn.append((kind, subject.id))

    def note(self, record: Record, **facts: tuple[Any, Any]) -> None:
        """Leave in a record's history what none of its attributes tells, each fact as it was and as it is (JSON)."""
        self.noted.append((record, {name: list(pair) for name, pair in facts.items()}))

    def comes_after(self, kind: str, subject: Record | str) -> None:
        """This work relies on how `subject`, a record or its id, stands: a call of `kind` about it that is open comes
        first.

        One that nobody makes is finished before; while somebody makes it the change is refused.
        """
        self.awaited.append((kind, subject if isinstance(subject, str) else subject.id))

    def sign_out(self, owner: Record, *, elsewhere: bool = False) -> None:
        """End every token that an owner was given up to now, with this work.

        elsewhere   but those of the session that asks for it
        """
        self.signed_out.append((owner.id, self.actor.token or None if elsewhere else None))

    def invalid(self, field: str | None, error: str, message: str | None = None, **meta: Any) -> None:
        """Note a broken rule; the work goes on, to find the others, until `check`."""
        self.mistakes.append(Invalid(field, error, message, **meta))

    def guessed(self, field: str, error: str) -> None:
        """Note a broken rule that may tell what the caller is not to know: such answers are counted."""
        self.mistakes.append(Guess(field, error))

    def check(self) -> None:
        """Raise what has been noted: `Invalid`, or `Several`."""
        if self.mistakes:
            raise Several(list(self.mistakes))
