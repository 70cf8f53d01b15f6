"""Resource: the one place where a type of the API is said. Table, decoder, routes, links, filters and pages follow."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from paydesk.declare.access import NOBODY, Access
from paydesk.declare.conditions import Condition
from paydesk.declare.fields import (
    CREATE,
    FILTER,
    FIND,
    NONE,
    UPDATE,
    WRITE,
    Field,
    Flag,
    Money,
    argument,
    document,
    moment,
    named,
    string,
)
from paydesk.declare.related import readable
from paydesk.declare.relationships import Relationship, history

if TYPE_CHECKING:
    from paydesk.work import Change, Work

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
"""A rule that asks for rows by the way: it yields `work.Find` and is sent what was found."""


@dataclass(frozen=True)
class Trigger:
    """A write-only attribute that acts. `run(record, work, value)` may be a plain function or a `Rule`."""

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


@dataclass
class Shape:
    """What a declaration decides, worked out once.

    columns   stored fields in order, `id` first, then what relationships keep (`order_id`, `payment_source_type`)
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
    triggers: dict[str, Trigger] = field(default_factory=dict)
    columns: dict[str, Field] = field(default_factory=dict)
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    queues: tuple[str, ...] = ()
    access: Access = NOBODY
    scopes: dict[str, Condition] = field(default_factory=dict)
    plain_filters: tuple[str, ...] = ()


_COMMON_LAST = ("created_at", "updated_at", "reference", "reference_origin", "metadata")

R = TypeVar("R", bound="Resource")


class Resource:
    """A record of one type: column values and loaded relationships as attributes.

    Subclasses declare with `class Price(Resource, type="prices", singular="price")`. A record is made by the store
    from a row, or by `work.create`; it is changed by `work.change` alone. Reading a relationship that was not
    loaded is a programmer's mistake and raises.

    loads         paths of related records that `updating`, `deleting` and triggers find loaded
    create_loads  the same for `creating`, each beginning with a relationship of the request (`order.market`)
    recorded      changes leave versions
    wire_id       columns, and the function that makes a document's id of them, where it is not the row's own
    root          the to-one whose record is locked while this one changes (None: this record itself)
    """

    shape: ClassVar[Shape]
    _declared: ClassVar[dict[str, Any]] = {}
    loads: ClassVar[tuple[str, ...]] = ()
    create_loads: ClassVar[tuple[str, ...]] = ()
    root: ClassVar[str | None] = None
    recorded: ClassVar[bool] = True
    wire_id: ClassVar[tuple[tuple[str, ...], Callable[..., str]] | None] = None

    id = string(FIND, required=True, example="XAyRWNUzyN", doc="Unique within its type and environment.")
    created_at = moment(FIND, required=True, example="2018-01-01T12:00:00.000Z", doc="When the record was made.")
    updated_at = moment(FIND, required=True, example="2018-01-01T12:00:00.000Z", doc="When it last changed.")
    reference = string(WRITE | FIND, example="ANY-EXTERNAL-REFEFERNCE", doc="Your own name for the record.")
    reference_origin = string(WRITE | FIND, example="ANY-EXTERNAL-REFEFERNCE-ORIGIN", doc="Where that name is from.")
    metadata = document(WRITE | FILTER, default={}, example={"foo": "bar"}, doc="Yours to fill; replaced as a whole.")

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,
        singular: str | None = None,
        singleton: bool = False,
        actions: tuple[str, ...] = ALL_ACTIONS,
        table: str | None = None,
        discriminated: bool = False,
        tenancy: str = "environment",
        versions: bool = True,
        event_stores: bool = True,
        recorded_as: tuple[str, ...] | None = None,
        unique: tuple[tuple[str, ...], ...] = (),
        indexes: tuple[tuple[str, ...], ...] = (),
        queues: tuple[str, ...] = (),
        access: Access = NOBODY,
        scopes: dict[str, Condition] | None = None,
        plain_filters: tuple[str, ...] = (),
        **rest: Any,
    ) -> None:
        """`table`: kept in another type's table, with a `type` column when `discriminated`.

        `actions=()`: a record of ours that rules keep and that is on no wire.
        `tenancy="organization"`: one record for both environments, kept under the organization's id.
        `unique` and `indexes` are lists of columns; the tenant is added in front of each. `queues` are columns by which
        the background finds rows of every tenant; rows where they are null are in no queue.
        """
        super().__init_subclass__(**rest)
        _gather(cls)
        if type is None:
            return
        assert singular, f"{cls.__name__} needs its singular name"
        shape = Shape(
            type,
            singular,
            singleton,
            actions,
            table or type,
            type if discriminated else None,
            tenancy,
            " ".join((cls.__doc__ or "").split()),
            unique=unique,
            indexes=indexes,
            queues=queues,
            access=access,
            scopes=scopes or {},
            plain_filters=plain_filters,
        )
        declared = dict(cls._declared)
        for name in _COMMON_LAST:
            declared[name] = declared.pop(name)
        for name, value in declared.items():
            if isinstance(value, Field):
                shape.fields[name] = named(value, name)
            elif isinstance(value, Money):
                shape.fields.update({one.name: one for one in value.fields(name)})
            elif isinstance(value, Trigger):
                shape.triggers[name] = value
            else:
                shape.relationships[name] = replace(value, name=name)
        types = recorded_as or (type,)
        if versions:
            shape.relationships["versions"] = Relationship(True, ("versions",), NONE, "versions", match=history(types))
        if event_stores:
            shape.relationships["event_stores"] = Relationship(
                True, ("event_stores",), NONE, "event_stores", includable=False, match=history(types)
            )
        cls.shape = shape

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__} has no {name}, or it was not loaded: name it in `loads`")

    def __repr__(self) -> str:
        return f"<{self.shape.type} {self.__dict__.get('id')}>"

    @classmethod
    def limited(cls, verb: str, record_id: str | None, change: Change) -> Limited | None:
        """How a request is limited whatever the settings say; None for most, which are not."""
        return None

    # What happens when a client creates, changes or deletes a record. Types with rules of their own override these.

    @classmethod
    def creating(cls, change: Change, work: Work) -> Any:
        """Make the record that `change` asks for; returns it. May be a `Rule`."""
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Any:
        """Assign what `change` carries; triggers run afterwards. May be a `Rule`."""
        work.change(self, **change.values)

    def updated(self, change: Change, work: Work) -> Any:
        """What follows once attributes are assigned and triggers have run. May be a `Rule`."""

    def deleting(self, work: Work) -> Any:
        """Delete the record, or refuse. May be a `Rule`."""
        work.delete(self)


def _gather(cls: type[Resource]) -> None:
    """Move what a class declares from its attributes to `_declared`, so that a record's attributes are its values."""
    declared: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        for name, value in vars(base).get("_declared", {}).items():
            declared.pop(name, None)
            declared[name] = value
    for name, value in list(vars(cls).items()):
        if isinstance(value, Field | Money | Relationship | Trigger):
            declared.pop(name, None)
            declared[name] = value
            if isinstance(value, Trigger):
                setattr(cls, name, value.run)
            else:
                delattr(cls, name)
    cls._declared = declared


_gather(Resource)


class Disableable(Resource):
    """A record that can be switched off: `_disable` and `_enable` set and clear `disabled_at`."""

    disabled_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was switched off; null while on.")
    _disable = argument("boolean", WRITE, example=True, doc="Switch the record off.")
    _enable = argument("boolean", WRITE, example=True, doc="Switch it on again.")


def switching(change: Change, work: Work) -> None:
    """Turn `_disable` and `_enable` of a request into `disabled_at`; disabling twice keeps the first time."""
    if change.arguments.get("_disable") and not (change.record and change.record.disabled_at):
        change.values["disabled_at"] = work.now
    if change.arguments.get("_enable"):
        change.values["disabled_at"] = None


@dataclass(frozen=True, eq=False)
class Registry:
    """All types. Relationships to types that are not served are left out. Equal to itself alone.

    types   what clients are served
    every   these, and the records without any action, which rules keep and no client sees
    """

    types: dict[str, type[Resource]]
    every: dict[str, type[Resource]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> type[Resource]:
        return self.every[name]

    def __contains__(self, name: object) -> bool:
        return name in self.types


def register(resources: Iterable[type[Resource]]) -> Registry:
    """Put resources together: leaves out relationships to unserved types and fixes every type's columns."""
    every = {one.shape.type: one for one in sorted(resources, key=lambda one: one.shape.type)}
    types = {name: one for name, one in every.items() if one.shape.actions}
    for one in every.values():
        shape = one.shape
        kept: dict[str, Relationship] = {}
        for name, relationship in shape.relationships.items():
            served = tuple(target for target in relationship.types if target in types)
            if served:
                kept[name] = readable(replace(relationship, types=served), one, every)
        shape.relationships = kept
        shape.columns = {"id": shape.fields["id"]}
        for name, relationship in kept.items():
            if relationship.stored:
                if relationship.polymorphic:
                    shape.columns[f"{name}_type"] = Field("string", name=f"{name}_type", fetch=False)
                shape.columns[f"{name}_id"] = Field("string", name=f"{name}_id", fetch=False)
        shape.columns.update({name: one for name, one in shape.fields.items() if one.stored and name != "id"})
    return Registry(types, every)


__all__ = [
    "ALL_ACTIONS",
    "CREATE",
    "READ_ACTIONS",
    "Disableable",
    "Limited",
    "Registry",
    "Resource",
    "Rule",
    "Shape",
    "Trigger",
    "register",
    "switching",
    "trigger",
]
