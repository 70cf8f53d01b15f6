"""Deleting rows whose time is over, a portion at a time: on SQLite a write runs on the event loop, and on both it holds
its locks to its end. Whoever asks goes on with the next portion while one was full.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table, bindparam, delete, select, tuple_

PORTION = 300
"""How many rows one transaction deletes at most; that takes SQLite a few milliseconds."""


def oldest(table: Table, by: Column[Any], over: Any) -> Any:
    """The statement that deletes rows that are `over`, the oldest by a column with an index first, `limit` at most.

    It answers with a row for each that is gone. What another process holds is left to it.
    """
    key = list(table.primary_key.columns)
    chosen = select(*key).where(over).order_by(by).limit(bindparam("limit")).with_for_update(skip_locked=True)
    return delete(table).where(tuple_(*key).in_(chosen)).returning(key[-1])
