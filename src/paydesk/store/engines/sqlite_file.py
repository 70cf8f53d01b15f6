"""Connections to an SQLite file, with the settings and functions of our own; and its statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import orjson

from paydesk.store.sql.statements import json_contains

STATISTICS_BYTES = 8 * 1024 * 1024
"""A smaller database needs no statistics: whatever the planner takes for best is fast."""

STATISTICS_ROWS = 1000
"""How many rows of an index are looked at for its statistics."""


def _lower(*values: Any) -> str | None:
    """Lower case letter by letter, as PostgreSQL has it: Python's own looks at what stands beside a sigma."""
    if values[0] is None:
        return None
    text = str(values[0])
    return text.lower() if text.isascii() else text.replace("Σ", "σ").replace("İ", "i").lower()


def _contains(*values: Any) -> bool:
    whole, part = values
    return whole is not None and json_contains(orjson.loads(whole), orjson.loads(part))


def connect(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """A connection with the settings every one of ours has: WAL, FULL, foreign keys, the functions of our own."""
    connection = apsw.Connection(str(path), vfs=vfs, statementcachesize=1000)
    connection.set_busy_timeout(10_000)
    # Statements are compiled once and kept: without this a changed value may have a plan made anew at every run.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=0",
        "cache_size=-32768",
        "temp_store=MEMORY",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.create_scalar_function("lower_text", _lower, 1, deterministic=True)
    connection.create_scalar_function("json_contains", _contains, 2, deterministic=True)
    return connection


def analyze(path: Path, *, vfs: str | None = None) -> bool:
    """Make the planner's statistics for what has none, or has grown tenfold since; whether anything was to be done.

    Without them the planner may walk a whole index in the order that is asked for, to find a few rows of one record.
    """
    try:
        if path.stat().st_size < STATISTICS_BYTES:
            return False
        connection = connect(path, vfs=vfs)
    except (OSError, apsw.Error):
        return False  # Whoever opens the database tells what is wrong.
    try:
        connection.set_busy_timeout(1000)
        connection.execute(f"PRAGMA analysis_limit={STATISTICS_ROWS}").fetchall()
        # Every table is looked at, and what would be done is told instead of done.
        statements = connection.execute("PRAGMA optimize(0x10003)").fetchall()
        for (statement,) in statements:
            connection.execute(str(statement)).fetchall()
        return bool(statements)
    except apsw.Error:
        return False  # Busy or full: the next minute tries again.
    finally:
        connection.close()
