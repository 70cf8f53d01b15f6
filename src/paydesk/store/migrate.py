"""Bringing a database to the present schema, in one step from any older one and under a lock.

SQLite migrates with foreign keys off and checks them afterwards: rebuilding a table with them on would cascade.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine

from paydesk.base import private
from paydesk.base.instants import instant, wall
from paydesk.rules.asking import new_id
from paydesk.store import released
from paydesk.store.ownership import installation
from paydesk.store.released import migrations
from paydesk.store.schema import (
    MIGRATIONS,
    DatabaseUnreachable,
    NotMigrated,
    SchemaEdited,
    SchemaTooNew,
    check,
    head,
    revision_of,
    revisions,
)

LOCK = 7_294_001_155
"""An arbitrary number that all paydesk processes lock while one of them migrates."""

LOCK_TIMEOUT = "10s"


def configured(connection: Connection | None = None) -> Config:
    """Alembic's configuration, with the connection that it is to run on."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(database_url: str, to: str = "head") -> str:
    """Migrate to the newest revision, or to an older one `to` which only tests go; returns the newest.

    raises  DatabaseUnreachable, SchemaTooNew, SchemaEdited
    """
    if database_url.startswith("sqlite:"):
        path = Path(database_url.removeprefix("sqlite:///"))
        private.make_folder(path.parent)
        private.make_file(path)  # its log takes its mode over
        # Waits for another process that migrates, then finds nothing to do.
        engine = create_engine(database_url, connect_args={"timeout": 60})
        # The driver's own transactions end before DDL; with ours the whole migration is one.
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            with engine.begin() as connection:
                _migrate(connection, to)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                assert not broken, f"a migration left rows without what they refer to: {broken[:3]}"
        except sa.exc.DatabaseError as error:
            # The driver says so of a file that is none; what it has more special errors for is a mistake of ours.
            if not isinstance(error, sa.exc.OperationalError) and type(error.orig) is not sqlite3.DatabaseError:
                raise
            raise DatabaseUnreachable(f"{path}: {error.orig}") from error
        finally:
            engine.dispose()
    else:
        revision_of(database_url)  # asks the driver itself, which tells every way in which that may fail
        try:
            asyncio.run(_upgrade_postgresql(database_url, to))
        except (OSError, sa.exc.OperationalError, sa.exc.InterfaceError) as error:
            raise DatabaseUnreachable(str(error)) from error
    return head()


async def _upgrade_postgresql(database_url: str, to: str) -> None:
    import asyncpg

    # The driver reads the address, as everywhere else: SQLAlchemy knows other options, and no `sslmode`.
    # Nothing is prepared by name, so that a pooler may stand between.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(database_url, statement_cache_size=0),
        connect_args={"prepared_statement_cache_size": 0, "prepared_statement_name_func": str},
    )
    try:
        async with engine.begin() as connection:
            # Waits for another process that migrates, then finds nothing to do.
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.run_sync(_migrate, to)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, to: str) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in revisions():
        raise SchemaTooNew(f"The database is at revision {current}, which this version does not know.")
    released.compare(_recorded(connection))
    if current != head():
        command.upgrade(configured(connection), to)
    recorded = _recorded(connection)
    # What an older release has used without keeping it is taken to be as it is: 0013 has healed what differed.
    lacking = [{"revision": one, "digest": it} for one, it in released.digests().items() if one not in recorded]
    if lacking and to == "head":
        connection.execute(migrations.insert(), lacking)
    found: Any = connection.execute(sa.text("SELECT id FROM installation")).first()
    if found is None:
        connection.execute(installation.insert().values(id=new_id(), created_at=_bound(connection)))


def _recorded(connection: Connection) -> dict[str, str]:
    if not sa.inspect(connection).has_table("migrations"):
        return {}
    return {str(revision): str(digest) for revision, digest in connection.execute(sa.select(migrations))}


def _bound(connection: Connection) -> Any:
    """The present instant as this dialect's own driver binds it: migrations do not run through paydesk's drivers."""
    text = instant(wall())
    if connection.dialect.name == "sqlite":
        return text
    from datetime import datetime

    return datetime.fromisoformat(text)


__all__ = [
    "DatabaseUnreachable",
    "NotMigrated",
    "SchemaEdited",
    "SchemaTooNew",
    "check",
    "configured",
    "head",
    "upgrade",
]
