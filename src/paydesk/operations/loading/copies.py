"""Copies of records that belong together, such as an order with its lines, payment, transactions and versions.

A model is all that some requests wrote. A copy is equal to it but for names: each id, number, token, instant and
Stripe's names are others, wherever they stand, also within texts and JSON. So what adds up in the model adds up in
every copy, and no rule has to be run for it.
"""

from __future__ import annotations

import os
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import itemgetter
from typing import Any

from paydesk.base.instants import instant_of, seconds
from paydesk.rules.asking import new_id

Tables = dict[str, list[list[Any]]]
"""Rows by table; JSON as text."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_STRIPES = re.compile(r"\b((?:pi|pm|ch|py|re|pyr|txn|cus|seti|evt)_)([A-Za-z0-9]{8,})(?:(_secret_)([A-Za-z0-9]{8,}))?")
_HEX = re.compile(r"^[0-9a-f]{32}$")

FAR_MS = 3_600_000
"""What lies further from the beginning than this is a time that was planned, and no step that was taken."""

_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ALPHABET = (_LETTERS * 5)[:256]
_ID_LETTERS = (_LETTERS[:52] * 5)[:256]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one copy, and when its moments are, in milliseconds since 1970."""

    names: list[str]
    moments: list[int]


class Model:
    """Rows by table, and the names in them. A row is picked out of a pool, which differs from copy to copy: all names,
    moments, places in the history, texts with names in them, and what is the same in every copy.

    given   names that each copy is told, such as those of its customer and its goods
    """

    def __init__(self, tables: Tables, columns: Mapping[str, Sequence[str]], given: Sequence[str]) -> None:
        self.columns = columns
        self.given = list(given)
        own = {name: make for name, make in _own_names(tables, columns).items() if name not in self.given}
        ids = [name for name, make in own.items() if make is new_id]
        others = [name for name in own if own[name] is not new_id]
        self.ids, self.makers = len(ids), [own[name] for name in others]
        texts = [value for rows in tables.values() for row in rows for value in row if isinstance(value, str)]
        moments = sorted({found for text in texts for found in _INSTANT.findall(text)})
        self.began = _milliseconds(min(self._begun(tables)))
        self.moments = [_milliseconds(one) - self.began for one in moments]
        names = [*given, *ids, *others, *moments]
        self.places = {name: at for at, name in enumerate(names)}
        pattern = re.compile("|".join(re.escape(one) for one in sorted(names, key=len, reverse=True)))
        self.versions = len(tables.get("versions", ()))
        self.texts: list[tuple[str, Callable[[list[Any]], Any]]] = []
        self.constants: list[Any] = []
        ordered = {table: _after_others(rows, columns[table].index("id")) for table, rows in tables.items()}
        cells = {
            table: [self._cells(table, row, at, pattern) for at, row in enumerate(rows)]
            for table, rows in ordered.items()
        }
        sizes = (len(names), len(moments), self.versions, len(self.constants), len(self.texts))
        begins = [sum(sizes[:kind]) for kind in range(len(sizes))]
        self.rows = {
            table: [itemgetter(*(begins[kind] + at for kind, at in row)) for row in rows]
            for table, rows in cells.items()
        }
        """What picks each row of a copy out of its pool."""

    def _begun(self, tables: Tables) -> Iterable[str]:
        for table, rows in tables.items():
            at = self.columns[table].index("created_at")
            yield from (row[at] for row in rows)

    def _cells(self, table: str, row: list[Any], number: int, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
        """Where each value of a row stands in the pool: in which part, and at which place there."""
        columns = self.columns[table]
        values = dict(zip(columns, row, strict=True))
        if "look_at" in values:
            # Stripe has only the models' payments: nobody looks there for those of the copies.
            values["look_at"] = None
        cells = [self._cell(value, pattern) for value in values.values()]
        if table == "versions":
            cells[columns.index("ms")] = (_MOMENTS, self.places[values["created_at"]] - self._first_moment)
            cells[columns.index("sequence")] = (_SEQUENCES, number)
        return cells

    @property
    def _first_moment(self) -> int:
        return len(self.places) - len(self.moments)

    def _cell(self, value: Any, pattern: re.Pattern[str]) -> tuple[int, int]:
        if isinstance(value, str):
            if value in self.places:
                return _NAMES, self.places[value]
            if found := [self.places[one] for one in pattern.findall(value)]:
                form = "%s".join(piece.replace("%", "%%") for piece in pattern.split(value))
                self.texts.append((form, itemgetter(*found)))
                return _TEXTS, len(self.texts) - 1
        self.constants.append(value)
        return _CONSTANTS, len(self.constants) - 1

    def names(self, given: Sequence[str], began: int, stretch: int) -> Names:
        """The names of one copy.

        given     in the order in which the model was told of them
        began     when its first record comes, in milliseconds since 1970
        stretch   how many times as long its steps take as those of the model did
        """
        moments = [began + (one * stretch if one < FAR_MS else one) for one in self.moments]
        drawn = os.urandom(10 * self.ids).translate(_ID_LETTERS).decode()
        ids = [drawn[at : at + 10] for at in range(0, 10 * self.ids, 10)]
        return Names([*given, *ids, *(make() for make in self.makers), *map(_instant, moments)], moments)

    def copy(self, own: Names, first: int, into: dict[str, list[Sequence[Any]]]) -> None:
        """Add a copy's rows by these names, its versions with this place in the history and the next ones."""
        pool: list[Any] = [*own.names, *own.moments, *range(first, first + self.versions), *self.constants]
        pool += [form % picked(own.names) for form, picked in self.texts]
        for table, rows in self.rows.items():
            into[table] += [picked(pool) for picked in rows]


_NAMES, _MOMENTS, _SEQUENCES, _CONSTANTS, _TEXTS = range(5)
"""The parts of a pool."""

_DAY_MS = 86_400_000
_CLOCK = [f"T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}." for at in range(86_400)]


def _instant(milliseconds: int) -> str:
    """`instant_of`, for very many of all days."""
    day, rest = divmod(milliseconds, _DAY_MS)
    return f"{_date(day)}{_CLOCK[rest // 1000]}{rest % 1000:03d}Z"


@cache
def _date(day: int) -> str:
    return instant_of(day * _DAY_MS)[:10]


def _milliseconds(text: str) -> int:
    return int(seconds(text) * 1000 + 0.5)


def _after_others(rows: Iterable[list[Any]], id: int) -> list[list[Any]]:
    """A table's rows, each after those of them that it names, as a capture names its authorization."""
    waiting = list(rows)
    done: list[list[Any]] = []
    while waiting:
        open_ids = {row[id] for row in waiting}
        free = [
            row
            for row in waiting
            if not open_ids.intersection(one for one in row if isinstance(one, str) and one != row[id])
        ]
        assert free, "records name one another in a circle"
        done += free
        waiting = [row for row in waiting if row not in free]
    return done


def _own_names(tables: Tables, columns: Mapping[str, Sequence[str]]) -> dict[str, Callable[[], str]]:
    """The names that only these rows have, each with what makes another: ids, tokens and Stripe's names."""
    own: dict[str, Callable[[], str]] = {}
    for table, rows in tables.items():
        at = columns[table].index("id")
        for row in rows:
            # What is known by another record's id, as a payment's row may be, is one name.
            own[row[at]] = new_id
    for rows in tables.values():
        for row in rows:
            for value in row:
                if not isinstance(value, str):
                    continue
                if _HEX.match(value):
                    own[value] = new_token
                for prefix, name, _, secret in _STRIPES.findall(value):
                    own[prefix + name] = partial(letters, len(name), prefix)
                    if secret:
                        own["_secret_" + secret] = partial(letters, len(secret), "_secret_")
    return own


def new_token() -> str:
    return secrets.token_hex(16)


def letters(length: int, prefix: str) -> str:
    return prefix + os.urandom(length).translate(_ALPHABET).decode()


def apart(tables: Tables, columns: Mapping[str, Sequence[str]], roots: Iterable[str]) -> dict[str, Tables]:
    """Rows that came together, by the root (an order's id) that they lead to over the ids in them."""
    places = {row[columns[table].index("id")]: (table, row) for table, rows in tables.items() for row in rows}
    ties: dict[str, set[str]] = defaultdict(set)
    for id, (_, row) in places.items():
        for value in row:
            if isinstance(value, str) and value in places and value != id:
                ties[id].add(value)
                ties[value].add(id)
    found: dict[str, Tables] = {}
    for root in roots:
        known, waiting = {root}, [root]
        while waiting:
            more = ties[waiting.pop()] - known
            known |= more
            waiting.extend(more)
        own: Tables = defaultdict(list)
        for table, rows in tables.items():
            at = columns[table].index("id")
            if mine := [row for row in rows if row[at] in known]:
                own[table] = mine
        found[root] = dict(own)
    return found
