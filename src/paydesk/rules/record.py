"""Record: a row in hand, and what its class declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from paydesk.declare.access import NOBODY, Access
from paydesk.declare.conditions import Condition
from paydesk.declare.fields import FILTER, FIND, NONE, WRITE, Field, Money, document, moment, named, string
from paydesk.declare.queues import Queue
from paydesk.declare.relationships import Relationship, history
from paydesk.declare.shape import ALL_ACTIONS, Shape, Trigger

_COMMON_LAST = ("created_at", "updated_at", "reference", "reference_origin", "metadata")


class Record:
    """A record of one type: column values and loaded relationships as attributes.

    A type is declared by a subclass of `Resource`, which adds what clients may do. A record is made by the store
    from a row, or by `work.create`; it is changed by `work.change` alone. Reading a relationship that was not
    loaded is a programmer's mistake and raises.

    loads         paths of related records that `updating`, `deleting` and triggers find loaded
    create_loads  the same for `creating`, each beginning with a relationship of the request (`order.market`)
    recorded      changes leave versions
    wire_id       columns, and the function that makes a document's id of them, where it is not the row's own
    tells         columns, by path, that what is gathered for a document about this record is told (`rules.gathering`)
    root          the to-one whose record is locked while this one changes (None: this record itself)
    about         the path to the records that it says something of: these bear it by what the contract calls the
                  relationship, and a sales channel is shown it with them
    most          of rows that tie two records: how many may name one record, by the to-one that names it
    """

    shape: ClassVar[Shape]
    _declared: ClassVar[dict[str, Any]] = {}
    loads: ClassVar[tuple[str, ...]] = ()
    create_loads: ClassVar[tuple[str, ...]] = ()
    root: ClassVar[str | None] = None
    recorded: ClassVar[bool] = True
    tells: ClassVar[tuple[str, ...]] = ()
    wire_id: ClassVar[tuple[tuple[str, ...], Callable[..., str]] | None] = None
    about: ClassVar[str] = ""
    most: ClassVar[Mapping[str, int]] = {}

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
        family: str | None = None,
        cacheable: bool = False,
        cursor_paged: bool = False,
        tenancy: str = "environment",
        versions: bool = True,
        event_stores: bool = True,
        unique: tuple[tuple[str, ...], ...] = (),
        indexes: tuple[tuple[str, ...], ...] = (),
        counts: tuple[tuple[str, ...], ...] = (),
        server_wide: tuple[tuple[str, ...], ...] = (),
        queues: tuple[Queue, ...] = (),
        access: Access = NOBODY,
        scopes: dict[str, Condition] | None = None,
        plain_filters: tuple[str, ...] = (),
        **rest: Any,
    ) -> None:
        """`table`: another reading of the rows of that type.
        `family`: one of several types that a type of this name reads as what they share: kept in its table, related
        where it may be, listed together.
        `actions=()`: a record of ours, on no wire. `tenancy="organization"`: one for both environments, under its id.
        `unique` and `indexes` are lists of columns; the tenant is added in front of each. `server_wide` is unique over
        all tenants, since the tenant is found by it. `queues`: the rows that background work looks for.
        `counts`: columns in rows, each 0 or more and no more than the next, as the database sees to.
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
            family or table or type,
            type if family else None,
            tenancy,
            " ".join((cls.__doc__ or "").split()),
            family=family,
            cacheable=cacheable,
            cursor_paged=cursor_paged,
            unique=(*unique, *server_wide),
            server_wide=server_wide,
            indexes=indexes,
            counts=counts,
            queues=queues,
            access=access,
            scopes=scopes or {},
            plain_filters=plain_filters,
        )
        _fill(shape, dict(cls._declared), versions, event_stores)
        cls.shape = shape

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__} has no {name}, or it was not loaded: name it in `loads`")

    def loaded(self, name: str) -> bool:
        """Whether a relationship, or what a rule keeps with the record by this name, is in hand."""
        return name in self.__dict__

    def row(self) -> dict[str, Any]:
        """Its columns' values by name, those that are in hand."""
        own = self.__dict__
        return {name: own[name] for name in self.shape.columns if name in own}

    def __repr__(self) -> str:
        return f"<{self.shape.type} {self.__dict__.get('id')}>"


def _fill(shape: Shape, declared: dict[str, Any], versions: bool, event_stores: bool) -> None:
    """Put the members of a declaration into its shape; a history stands last."""
    for name in _COMMON_LAST:
        declared[name] = declared.pop(name)
    for name, value in declared.items():
        if isinstance(value, Field):
            shape.fields[name] = named(value, name)
        elif isinstance(value, Money):
            shape.fields.update({one.name: one for one in value.fields(name)})
        elif isinstance(value, Trigger):
            shape.triggers[name] = replace(value, name=name)
        else:
            shape.relationships[name] = replace(value, name=name)
    if versions:
        shape.relationships["versions"] = Relationship(
            True, ("versions",), NONE, "versions", match=history((shape.type,))
        )
    if event_stores:
        shape.relationships["event_stores"] = Relationship(
            True, ("event_stores",), NONE, "event_stores", includable=False, match=history((shape.type,))
        )


def _gather(cls: type[Record]) -> None:
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


_gather(Record)
