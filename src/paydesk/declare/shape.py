"""Shape: what the declaration of a resource decides. Trigger: an attribute that acts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from paydesk.declare.access import NOBODY, Access
from paydesk.declare.conditions import Condition
from paydesk.declare.fields import UPDATE, Field, Flag
from paydesk.declare.queues import Queue
from paydesk.declare.relationships import Relationship

ALL_ACTIONS = ("list", "retrieve", "create", "update", "delete")
READ_ACTIONS = ("list", "retrieve")


@dataclass(frozen=True, slots=True)
class Limited:
    """A request that is limited always, for all processes together, however often clients may ask otherwise.

    kind   `account`: it has a password hashed, or its answer may tell who has an account; `mail`: it has mail sent
    about  whose secret it may guess at, or to which address mail goes; None: nobody's in particular
    """

    kind: Literal["account", "mail"]
    about: str | None = None


Rule = Generator[Any, Any, Any]
"""A rule that asks for rows by the way: it yields `rules.asking.Find` and is sent what was found."""


@dataclass(frozen=True)
class Trigger:
    """A write-only attribute that acts, declared by `trigger` or `act`.

    run   `run(record, work, value)`, a plain function or a `Rule`
    """

    name: str
    flags: Flag
    run: Callable[..., Any]
    kind: str = "boolean"
    prohibited: bool = False
    loads: tuple[str, ...] = ()
    doc: str = ""

    def can(self, flag: Flag) -> bool:
        return bool(self.flags & flag)


def trigger(
    flags: Flag = UPDATE, *, kind: str = "boolean", prohibited: bool = False, loads: Iterable[str] = ()
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a method as the trigger of its own name. Its docstring is its public documentation.

    kind        the wire type of its value; a boolean trigger acts when true, any other when given
    prohibited  a sales channel may not use it
    loads       paths of related records it needs, beside those the resource loads for every update
    """

    def declared(method: Callable[..., Any]) -> Any:
        doc = " ".join((method.__doc__ or "").split())
        return Trigger(method.__name__, flags, method, kind, prohibited, tuple(loads), doc)

    return declared


def act(
    run: Callable[..., Any],
    flags: Flag = UPDATE,
    *,
    kind: str = "boolean",
    prohibited: bool = False,
    loads: Iterable[str] = (),
) -> Any:
    """Declare a function that stands elsewhere as the trigger of the attribute that it is assigned to. The first
    paragraph of its docstring is the trigger's public documentation.

    run    `run(record, work)`, or `run(record, value, work)` where the value is not a boolean; may be a `Rule`
    others as in `trigger`
    """

    def acting(record: Any, work: Any, value: Any) -> Any:
        return run(record, work) if kind == "boolean" else run(record, value, work)

    doc = " ".join((run.__doc__ or "").partition("\n\n")[0].split())
    return Trigger("", flags, acting, kind, prohibited, tuple(loads), doc)


@dataclass
class Shape:
    """What a declaration decides, worked out once.

    empty     relationships that the contract knows and whose types are not served: clients see them, with nothing in
              them, rules do not
    columns   stored fields in order, `id` first, then what relationships keep (`order_id`, `payment_source_type`)
    demanded  what a new record has to be given: the names of attributes and relationships
    kept      those of them that a column keeps, each with the column
    cacheable     it changes so seldom that reads of it have a limit of their own
    cursor_paged  its lists have no end that could be counted: a page says where the next one begins
    server_wide  those of `unique` that are so in all tenants together
    holders   the types of the records that it is about (`Record.about`)
    counts    columns in rows, each 0 or more and no more than the next; the database sees to it
    """

    type: str
    singular: str
    singleton: bool
    actions: tuple[str, ...]
    table: str
    discriminator: str | None
    tenancy: str
    doc: str
    fields: dict[str, Field] = field(default_factory=dict)
    relationships: dict[str, Relationship] = field(default_factory=dict)
    empty: dict[str, Relationship] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    columns: dict[str, Field] = field(default_factory=dict)
    family: str | None = None
    cacheable: bool = False
    cursor_paged: bool = False
    demanded: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    counts: tuple[tuple[str, ...], ...] = ()
    server_wide: tuple[tuple[str, ...], ...] = ()
    queues: tuple[Queue, ...] = ()
    access: Access = NOBODY
    scopes: dict[str, Condition] = field(default_factory=dict)
    plain_filters: tuple[str, ...] = ()
    holders: tuple[Any, ...] = ()
