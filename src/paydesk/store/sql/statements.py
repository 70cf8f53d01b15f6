"""Compiled statements: SQLAlchemy Core writes each shape once for its dialect; the driver runs the text.

SQLAlchemy's own execution costs four to eight times what the statement does, so only its compiler is used.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Boolean, Text
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Boolean as BooleanType

from paydesk.store.sql.ask import Row
from paydesk.store.types import Document, ListOf

KEPT = 4096
KEPT_LETTERS = 8 * 1024 * 1024
"""How long the texts of the statements that are kept may be together: a filter can make a text of any length."""


class OneOf(ColumnElement[bool]):
    """`column` is one of the values of a list that is one bind: the statement's text does not follow its length."""

    inherit_cache = True
    type = BooleanType()
    _is_implicitly_boolean = True

    def __init__(self, column: Any, values: Any, negated: bool = False) -> None:
        self.column, self.values, self.negated = column, values, negated


@compiles(OneOf, "sqlite")
def _one_of_sqlite(element: OneOf, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.values, **options)
    return f"{column} {'NOT ' if element.negated else ''}IN (SELECT value FROM json_each({values}))"


@compiles(OneOf, "postgresql")
def _one_of_postgresql(element: OneOf, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.values, **options)
    return f"{column} <> ALL ({values})" if element.negated else f"{column} = ANY ({values})"


class Plainly(ColumnElement[Any]):
    """A column to sort by without an index for that order.

    SQLite, which knows no statistics, would walk a whole tenant in that order to find a few rows by their ids.
    """

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        self.column = column


@compiles(Plainly, "sqlite")
def _plainly_sqlite(element: Plainly, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.column, **options)}"


@compiles(Plainly, "postgresql")
def _plainly_postgresql(element: Plainly, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.column, **options))


class Lowered(ColumnElement[str]):
    """Lower case in every alphabet, letter by letter; SQLite's own `lower` knows ASCII alone, and so does PostgreSQL's
    in a database of locale C, where `dialect.lowering` names a collation that knows them all.
    """

    inherit_cache = True

    def __init__(self, inner: Any) -> None:
        self.inner = inner


@compiles(Lowered, "sqlite")
def _lowered_sqlite(element: Lowered, compiler: Any, **options: Any) -> str:
    return f"lower_text({compiler.process(element.inner, **options)})"


@compiles(Lowered, "postgresql")
def _lowered_postgresql(element: Lowered, compiler: Any, **options: Any) -> str:
    inner = compiler.process(element.inner, **options)
    lowering = getattr(compiler.dialect, "lowering", None)
    return f'lower({inner} COLLATE "{lowering}")' if lowering else f"lower({inner})"


class Moment(ColumnElement[str]):
    """So many seconds from now: by the clock of the database where many processes share it, whose own may be minutes
    apart; by the one process's clock, the value `now`, on SQLite.
    """

    inherit_cache = True

    def __init__(self, now: Any, seconds: float = 0.0) -> None:
        self.now, self.seconds = now, seconds


@compiles(Moment, "sqlite")
def _moment_sqlite(element: Moment, compiler: Any, **options: Any) -> str:
    now = compiler.process(element.now, **options)
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {now}, '{element.seconds:+.3f} seconds')" if element.seconds else now


@compiles(Moment, "postgresql")
def _moment_postgresql(element: Moment, compiler: Any, **options: Any) -> str:
    return f"(statement_timestamp() + interval '{element.seconds:.3f} seconds')"


class Day(ColumnElement[str]):
    """The day of an instant, in UTC: "2026-11-22"."""

    inherit_cache = True
    type = Text()

    def __init__(self, at: Any) -> None:
        self.at = at


@compiles(Day, "sqlite")
def _day_sqlite(element: Day, compiler: Any, **options: Any) -> str:
    return f"substr({compiler.process(element.at, **options)}, 1, 10)"


@compiles(Day, "postgresql")
def _day_postgresql(element: Day, compiler: Any, **options: Any) -> str:
    return f"to_char({compiler.process(element.at, **options)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


class Contains(ColumnElement[bool]):
    """A JSON column contains the JSON object given, as PostgreSQL's `@>` means it."""

    inherit_cache = True
    type = BooleanType()
    _is_implicitly_boolean = True

    def __init__(self, column: Any, value: Any) -> None:
        self.column, self.value = column, value


@compiles(Contains, "sqlite")
def _contains_sqlite(element: Contains, compiler: Any, **options: Any) -> str:
    return f"json_contains({compiler.process(element.column, **options)}, {compiler.process(element.value, **options)})"


@compiles(Contains, "postgresql")
def _contains_postgresql(element: Contains, compiler: Any, **options: Any) -> str:
    return f"{compiler.process(element.column, **options)} @> {compiler.process(element.value, **options)}"


def json_contains(whole: Any, part: Any) -> bool:
    """What PostgreSQL's `whole @> part` says of two decoded JSON values."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and json_contains(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(json_contains(has, wants) for has in whole) for wants in part)
    if isinstance(whole, bool) or isinstance(part, bool):
        return whole is part
    return bool(whole == part) and not isinstance(whole, dict | list)


def _loads(text: Any) -> Any:
    return None if text is None else {} if text == "{}" else orjson.loads(text)


def _truth(value: Any) -> Any:
    return None if value is None else bool(value)


def dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


class Statement:
    """One compiled statement.

    text     SQL as the driver takes it
    order    bind names in the driver's positions (PostgreSQL)
    encode   bind names whose values are JSON (SQLite)
    decode   a function from the driver's row to paydesk's, or None where they are equal
    fixed    values that the statement itself carries
    """

    __slots__ = ("decode", "encode", "fixed", "order", "text")

    def __init__(self, built: Any, dialect: Dialect) -> None:
        compiled = built.compile(dialect=dialect)
        self.text = str(compiled)
        self.order: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.fixed: dict[str, Any] = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        sqlite = dialect.name == "sqlite"
        self.encode: tuple[str, ...] = ()
        self.decode: Callable[[Row], Row] | None = None
        if sqlite:
            self.encode = tuple(
                name for name, bind in compiled.binds.items() if isinstance(bind.type, Document | ListOf)
            )
            columns = [entry.type for entry in compiled._result_columns]
            kinds = ["b" if isinstance(one, Boolean) else "j" if isinstance(one, Document) else "" for one in columns]
            if any(kinds):
                # One tuple display, made once, is twice as fast as a loop over the columns of each row.
                body = ", ".join(
                    f"b(r[{at}])" if kind == "b" else f"j(r[{at}])" if kind == "j" else f"r[{at}]"
                    for at, kind in enumerate(kinds)
                )
                self.decode = eval(f"lambda r: ({body},)", {"b": _truth, "j": _loads})  # noqa: S307

    def named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values for SQLite's driver, by name."""
        given = {**self.fixed, **values} if self.fixed else dict(values)
        for name in self.encode:
            value = given[name]
            if value is not None:
                given[name] = "{}" if value == {} else orjson.dumps(value).decode()
        return given

    def positional(self, values: Mapping[str, Any]) -> list[Any]:
        """Values for PostgreSQL's driver, in order."""
        if self.fixed:
            fixed = self.fixed
            return [values[name] if name in values else fixed.get(name) for name in self.order]
        return [values[name] for name in self.order]


class Statements:
    """The statements compiled so far for one dialect, by key; the least recently used go first.

    They do not depend on the database that runs them, so those of one process share them (`statements_of`).
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._kept: OrderedDict[Any, Statement] = OrderedDict()
        self._letters = 0

    def get(self, key: Any, build: Callable[[], Any]) -> Statement:
        kept = self._kept
        statement = kept.get(key)
        if statement is None:
            statement = kept[key] = Statement(build(), self.dialect)
            self._letters += len(statement.text)
            while len(kept) > KEPT or self._letters > KEPT_LETTERS:
                self._letters -= len(kept.popitem(last=False)[1].text)
        else:
            kept.move_to_end(key)
        return statement


@cache
def statements_of(name: str, lowering: str | None = None) -> Statements:
    """The process's statements for "sqlite" or "postgresql".

    lowering   the collation by which this PostgreSQL database knows every alphabet's lower case, where its own does not
    """
    if name == "sqlite":
        return Statements(sqlite_dialect.dialect(paramstyle="named"))
    dialect = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
    dialect.lowering = lowering  # type: ignore[attr-defined]
    return Statements(dialect)
