"""How a transaction is written: once, as a generator that yields what it asks of the database and is sent rows.

SQLite's side drives such a generator straight through; PostgreSQL's driver awaits between two yields. So no
transaction exists in a sync and an async copy.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]
Rows = list[Row]
Record = tuple[str, str, str]
"""A table, a tenant and an id."""


class StillReferred(Exception):
    """A row cannot go, or its parent is not there: a foreign key says so."""


class Ask:
    """One statement with its values.

    key     names the shape of the statement; equal keys must build equal statements, compiled once and kept
    build   makes the SQLAlchemy Core statement, with `bindparam(name)` for each value
    values  by bind name; a list of mappings runs the statement once for each
    locks   the record that the statement locks, where one is known by its table, tenant and id
    has_locked   the table and tenant of the record that it has locked where it answers with that record's id

    Answers are rows as tuples, with JSON, booleans and instants as Python has them everywhere else in paydesk.
    """

    __slots__ = ("build", "has_locked", "key", "locks", "values")

    def __init__(
        self,
        key: Any,
        build: Callable[[], Any],
        values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        locks: Record | None = None,
        has_locked: tuple[str, str] | None = None,
    ) -> None:
        self.key = key
        self.build = build
        self.values: Mapping[str, Any] | Sequence[Mapping[str, Any]] = values if values is not None else {}
        self.locks = locks
        self.has_locked = has_locked


class Fill(Ask):
    """Rows of a table that nothing is in the way of, as many as there are: for loading, not for requests.

    columns    the columns that each row has values for, in their order
    rows       values as paydesk has them, those of JSON columns as text
    documents  which of the columns are JSON, by position
    """

    __slots__ = ("columns", "documents", "rows", "table")

    def __init__(
        self,
        table: str,
        build: Callable[[], Any],
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        documents: Sequence[int],
    ) -> None:
        super().__init__(("fill", table, tuple(columns)), build)
        self.table, self.columns, self.rows, self.documents = table, columns, rows, documents


class Guess(Ask):
    """About how many rows a statement that selects from `table` has, by the database's own figures: read in no time,
    never exact. Is answered with one row.
    """

    __slots__ = ("table",)

    def __init__(self, table: str, key: Any, build: Callable[[], Any], values: Mapping[str, Any]) -> None:
        super().__init__(key, build, values)
        self.table = table


Transaction = Generator[Ask, Rows, T]
Asks = Transaction[Any]
"""A transaction, or a part of one, whose docstring says what it returns."""

Landed = Callable[[T], Callable[[], Transaction[bool]] | None]
"""From the result of a transaction to the one that tells whether it stands; None where nothing would tell."""


class Database(Protocol):
    """What both databases offer. Reads see what is committed; a write is atomic, durable and may be run again."""

    name: str

    async def read(self, transaction: Callable[[], Transaction[T]]) -> T: ...

    async def write(self, transaction: Callable[[], Transaction[T]], landed: Landed[T] | None = None) -> T:
        """`landed`: by what to look up whether it was committed, where the answer to that was lost. Without it such a
        transaction is Unavailable, whether it stands or not.
        """
        ...

    async def close(self) -> None: ...
