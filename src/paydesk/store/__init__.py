"""The store: tables from declarations, loading, writing, migrations. Only this room writes SQL."""

from __future__ import annotations

from pathlib import Path

from paydesk.store.schema import DatabaseUnreachable
from paydesk.store.sql.ask import Database


def open_database(url: str, *, connections: int = 10, reading: bool = False) -> Database:
    """The database at `sqlite:///path` or `postgresql://…`.

    reading   nothing is to be written: an SQLite file may belong to a process that serves it
    raises    schema.DatabaseUnreachable where a file cannot be opened; a server is only reached when it is asked
    """
    if url.startswith("sqlite:///"):
        import apsw

        from paydesk.store.engines.sqlite import SQLite

        file = Path(url.removeprefix("sqlite:///"))
        try:
            return SQLite(file, reading=reading)
        except apsw.Error as error:
            raise DatabaseUnreachable(f"{file}: {error}") from error
    from paydesk.store.engines.postgres import PostgreSQL

    return PostgreSQL(url, connections=connections)
