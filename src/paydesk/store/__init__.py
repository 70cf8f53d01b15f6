"""The store: tables from declarations, loading, writing, migrations. Only this room writes SQL."""

from __future__ import annotations

from pathlib import Path

from paydesk.store.ask import Database


def open_database(url: str, *, connections: int = 10, reading: bool = False) -> Database:
    """The database at `sqlite:///path` or `postgresql://…`.

    reading   nothing is to be written: an SQLite file may belong to a process that serves it
    """
    if url.startswith("sqlite:///"):
        from paydesk.store.sqlite import SQLite

        return SQLite(Path(url.removeprefix("sqlite:///")), reading=reading)
    from paydesk.store.postgres import PostgreSQL

    return PostgreSQL(url, connections=connections)
