"""Queues: the rows of a type that background work looks for, in every tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows that wait for something, kept in a small index of their own: rows of no queue cost it nothing.

    by       the columns in whose order they are looked for
    given    columns that are not null in a row that waits
    lacking  columns that are null in it
    equal    columns that have this value in it
    most     how many seconds ahead of the clock the first of `by` is ever set, where it is a time at which work is due:
             what is due later than that was set by a clock that ran ahead
    """

    name: str
    by: tuple[str, ...]
    given: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    equal: Mapping[str, str] = field(default_factory=dict)
    most: float | None = None


def waiting(column: str, most: float | None = None) -> Queue:
    """The rows in which a column is not null, in its order."""
    return Queue(column, (column,), given=(column,), most=most)
