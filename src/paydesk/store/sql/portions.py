"""Taking or deleting rows a portion at a time, since a write runs on the event loop (SQLite) and holds its locks to its
end (both databases). The caller goes on with the next portion as long as portions are full.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table, bindparam, delete, select, tuple_

PORTION = 300
"""How many rows one transaction deletes at most; that takes SQLite a few milliseconds."""


def portion_of(table: Table, by: Column[Any], over: Any) -> Any:
    """The condition that a row is one of the first `limit` that are `over`, in the order of a column with an index.

    Rows that another transaction holds are passed over. The choice is materialized, made once for the statement: a
    planner whose statistics are old may run a plain subselect again for each row of the table, and as each run passes
    over the rows that the runs before it locked, such a statement takes every row, whatever its limit.
    """
    key = list(table.primary_key.columns)
    chosen = select(*key).where(over).order_by(by).limit(bindparam("limit")).with_for_update(skip_locked=True)
    return tuple_(*key).in_(select(chosen.cte("portion").prefix_with("MATERIALIZED")))


def oldest(table: Table, by: Column[Any], over: Any) -> Any:
    """The statement that deletes the first `limit` rows that are `over`; it answers with a row for each deleted one."""
    return delete(table).where(portion_of(table, by, over)).returning(list(table.primary_key.columns)[-1])
