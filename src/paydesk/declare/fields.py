"""The attributes of a resource: what a client sees, may write, filter and sort by, and which column keeps it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["string", "integer", "float", "boolean", "datetime", "object", "array"]


class Flag(enum.Flag):
    """What a client may do with an attribute or relationship; reading it needs no flag."""

    NONE = 0
    CREATE = enum.auto()
    UPDATE = enum.auto()
    FILTER = enum.auto()
    SORT = enum.auto()


def flags(names: Iterable[str]) -> Flag:
    """The flags of these names, which are lower case; other words among them mean none."""
    known = Flag.__members__
    return Flag(sum(known[name.upper()].value for name in names if name.upper() in known))


NONE = Flag.NONE
CREATE = Flag.CREATE
UPDATE = Flag.UPDATE
FILTER = Flag.FILTER
SORT = Flag.SORT
WRITE = CREATE | UPDATE
FIND = FILTER | SORT


@dataclass(frozen=True)
class Field:
    """One attribute.

    kind         the wire type
    flags        what a client may do besides reading it
    stored       a column of this name keeps the value
    fetch        it appears in documents; a column that does not and takes no writes is ours alone
    argument     write-only: handed to the rules beside the values, never stored by itself
    inputs       columns a derived value is computed from, by path through to-one relationships
    compute      that function; it must be pure. Of a stored attribute it says what this caller is told of it; a sales
                 channel then cannot search by what is stored
    gather       `gather(rows, about)`, a rule that works the value out for all records of a document about one record:
                 `rows` are their `inputs` by id, `about` a `rules.gathering.About`; it returns the values by id.
                 Null in lists, and for what it leaves out
    digested     the column that keeps the SHA-256 of a derived value, by which it can be searched for as a whole
    constant     the value of an attribute whose feature this server does not have, for every record alike
    prohibited   a sales channel may not write it
    confidential only integrations and web applications with the right to write the record see it
    secret       never told to versions and event stores
    show_only    left out of lists
    searched     a client may filter by it, though the contract has no such filter: it is not published as filterable
    """

    kind: Kind
    flags: Flag = NONE
    name: str = ""
    required: bool = False
    default: Any = None
    enum: tuple[str, ...] | None = None
    example: Any = None
    doc: str = ""
    stored: bool = True
    fetch: bool = True
    argument: bool = False
    inputs: tuple[str, ...] = ()
    compute: Callable[..., Any] | None = None
    gather: Callable[..., Any] | None = None
    digested: str = ""
    constant: bool = False
    prohibited: bool = False
    confidential: bool = False
    secret: bool = False
    show_only: bool = False
    searched: bool = False
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 65_536
    money: str | None = None
    unique: bool = False

    @property
    def on_wire(self) -> bool:
        """A client can see or write it."""
        return self.fetch or bool(self.flags & WRITE)

    def can(self, flag: Flag) -> bool:
        return bool(self.flags & flag)

    @property
    def found_by(self) -> bool:
        """Filters may name it."""
        return (self.can(FILTER) or self.searched) and bool(self.stored or self.constant or self.digested)


def _field(kind: Kind, flags: Flag, options: dict[str, Any]) -> Any:
    return Field(kind, flags, **options)


def string(flags: Flag = NONE, **options: Any) -> Any:
    """A text attribute; `enum=(...)` limits it, `required=True` refuses null and the empty string at creation."""
    return _field("string", flags, options)


def integer(flags: Flag = NONE, **options: Any) -> Any:
    return _field("integer", flags, options)


def number(flags: Flag = NONE, **options: Any) -> Any:
    """A number with a fraction (`float` on the wire); never used for money."""
    return _field("float", flags, options)


def boolean(flags: Flag = NONE, **options: Any) -> Any:
    return _field("boolean", flags, options)


def moment(flags: Flag = NONE, **options: Any) -> Any:
    """A point in time: `datetime` on the wire, an instant (see `paydesk.base.instants`) everywhere else."""
    return _field("datetime", flags, options)


def document(flags: Flag = NONE, **options: Any) -> Any:
    """A JSON object."""
    return _field("object", flags, options)


def array(flags: Flag = NONE, **options: Any) -> Any:
    return _field("array", flags, options)


def hidden(kind: Kind, **options: Any) -> Any:
    """A column of ours that no client sees or writes."""
    return _field(kind, NONE, {"fetch": False, **options})


def argument(kind: Kind, flags: Flag, **options: Any) -> Any:
    """A write-only attribute that the rules are handed (`change.arguments`) and no column keeps."""
    return _field(kind, flags, {"fetch": False, "stored": False, "argument": True, **options})


def derived(kind: Kind, inputs: Sequence[str], compute: Callable[..., Any], flags: Flag = NONE, **options: Any) -> Any:
    """A value computed at reading from `inputs` (columns, by path through to-one relationships)."""
    return _field(kind, flags, {"stored": False, "inputs": tuple(inputs), "compute": compute, **options})


def gathered(kind: Kind, inputs: Sequence[str], gather: Callable[..., Any], **options: Any) -> Any:
    """A value that further records have to be read for, once for all records of a document."""
    return _field(
        kind, NONE, {"stored": False, "inputs": tuple(inputs), "gather": gather, "show_only": True, **options}
    )


def constant(kind: Kind, value: Any = None, flags: Flag = NONE, **options: Any) -> Any:
    """An attribute whose feature is not there: it has the value it has in a shop that does not use the feature."""
    return _field(kind, flags, {"stored": False, "constant": True, "default": value, **options})


@dataclass(frozen=True)
class Money:
    """An amount: `{base}_cents` is kept, `{base}_float` and `formatted_{base}` are rendered from it.

    The currency is the record's `currency_code`.
    """

    flags: Flag
    options: dict[str, Any] = field(default_factory=dict)
    floats: bool = True
    currency: str = "currency_code"

    def fields(self, base: str) -> list[Field]:
        cents = Field("integer", self.flags, name=f"{base}_cents", money=self.currency, **self.options)
        made = [cents]
        if self.floats:
            made.append(Field("float", name=f"{base}_float", stored=False, inputs=(cents.name,), money=self.currency))
        made.append(Field("string", name=f"formatted_{base}", stored=False, inputs=(cents.name,), money=self.currency))
        return made


def money(flags: Flag = NONE, *, floats: bool = True, currency: str = "currency_code", **options: Any) -> Any:
    """An amount in minor units. `currency` is the path of the column that names its currency."""
    return Money(flags, options, floats, currency)


def named(one: Field, name: str) -> Field:
    return replace(one, name=name)
