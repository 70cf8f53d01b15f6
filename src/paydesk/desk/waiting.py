"""The part of a request that waits for a gateway: it is kept with the call, and written with the answer.

A request whose gateway says no has written nothing, and while the outcome is unknown nothing of it shows. So its first
transaction journals the call alone. Once the gateway has done it, the request's rules are run again on the record as it
is then, in the transaction that books the answer. Another write that came between wins: the request is told 409.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from paydesk.base.actor import Actor
from paydesk.desk.requests import PASSWORDS, Write
from paydesk.rules.asking import Call, Change
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.rules.work import Work

_HASHED = "hashed password"
"""Stands for a password in what waits: of that, only the hash is kept."""

Replaced = dict[str, Any]
"""What stood where a request writes: each column's value, of an object each member as `[value]`, `[]` for none."""


@dataclass(frozen=True)
class Waiting:
    """An update that waits for a gateway's answer; all of it is JSON.

    asker     the trigger that asked the gateway, which is not run again; None where what was assigned asks by itself
    replaced  what the request found where it writes
    hashed    the hashes of its passwords, as the desk makes them before a transaction
    """

    type: str
    id: str
    values: dict[str, Any]
    arguments: dict[str, Any]
    links: dict[str, list[Any] | None]
    hashed: dict[str, str]
    asker: str | None
    replaced: Replaced
    actor: dict[str, Any]

    @classmethod
    def of(cls, write: Write, tried: Tried, actor: Actor) -> Waiting:
        """`write` is what the client sent, as it was before any rule saw it."""
        change = write.change
        arguments, hashes = dict(change.arguments), {}
        for name in PASSWORDS:
            if arguments.get(name) in write.hashed:
                hashes[_HASHED] = write.hashed[arguments[name]]
                arguments[name] = _HASHED
        return cls(
            type=tried.record.shape.type,
            id=tried.record.id,
            values=dict(change.values),
            arguments=arguments,
            links={name: None if link is None else list(link) for name, link in write.links.items()},
            hashed=hashes,
            asker=tried.asker,
            replaced=tried.replaced,
            actor=asdict(actor),
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def who(self) -> Actor:
        """Whoever asked, in whose name it is carried out."""
        of = dict(self.actor)
        for name in ("market_ids", "stock_location_ids"):
            of[name] = tuple(of[name]) if of[name] is not None else None
        return Actor(**of)

    def write(self, registry: Registry) -> Write:
        """The write, as it is carried out."""
        links: dict[str, Any] = {
            name: None if link is None else tuple(one if isinstance(one, str) else tuple(one) for one in link)
            for name, link in self.links.items()
        }
        change = Change(self.type, dict(self.values), dict(self.arguments))
        return Write("update", registry[self.type], self.id, change, links, hashed=self.hashed)

    def is_overtaken_by(self, now: Replaced) -> bool:
        """Another write came between: `now` is what stands where the request writes."""
        for name, value in now.items():
            if name not in self.replaced:
                return True
            before = self.replaced[name]
            if isinstance(value, dict) and isinstance(before, dict):
                if any(before.get(member) != found for member, found in value.items()):
                    return True
            elif value != before:
                return True
        return False


@dataclass
class Tried:
    """What an update's rules did: step by step, so that what the request assigns is told from what a trigger does on
    its way to a gateway.

    asker     the trigger that asked the gateway
    assigned  something was changed beside that
    replaced  what stood in the record's columns before
    """

    record: Record
    work: Work
    asker: str | None = None
    assigned: bool = False
    replaced: Replaced = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._now = self._effects()
        self._asks = self._asked()
        self._seen = set(self._changed())

    def step(self, trigger: str | None = None, *, follows: bool = False) -> None:
        """A step was taken: a trigger, or the assignment; `follows`: what is worked out anew from the record."""
        now, asks, changed = self._effects(), self._asked(), self._changed()
        if trigger is not None and asks > self._asks:
            self.asker = trigger
        elif now != self._now:
            self.assigned = True
            if not follows:
                for name in changed.keys() - self._seen:
                    self.replaced[name] = _replaced(changed[name], self.record.__dict__[name])
        self._now, self._asks = now, asks
        self._seen.update(changed)

    def _changed(self) -> dict[str, Any]:
        return self.work.changed.get(self.record, {})

    def _asked(self) -> int:
        return sum(not call.deferred for call in self.work.calls)

    def _effects(self) -> tuple[int, ...]:
        work = self.work
        return (
            len(work.created),
            len(work.deleted),
            len(work.withdrawn),
            len(work.noted),
            sum(call.deferred for call in work.calls),
            sum(len(before) for before in work.changed.values()),
        )


def _replaced(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return old
    return {
        member: [old[member]] if member in old else []
        for member in (*old, *(one for one in new if one not in old))
        if member not in old or member not in new or old[member] != new[member]
    }


class WaitingWrites:
    """Puts the write that waits with a call into its ask, sealed where the journal keeps it: it may hold secrets."""

    def __init__(self, plans: Mapping[str, AnyPlan], tools: Mapping[str, Any]) -> None:
        self._plans = plans
        self._tools = tools

    def attach(self, waiting: Waiting, call: Call, tenant: str) -> None:
        content: Any = waiting.as_json()
        if self._plans[call.kind].journalled:
            content = self._tools["seal"](orjson.dumps(content).decode(), f"waiting/{tenant}/{call.id}")
        call.waiting = content

    def of(self, call: AnyCall) -> Waiting | None:
        """The write that waits with a call, if one does."""
        content = call.waiting
        if isinstance(content, str):
            content = orjson.loads(self._tools["open"](content, f"waiting/{call.tenant}/{call.id}"))
        return Waiting(**content) if content is not None else None
