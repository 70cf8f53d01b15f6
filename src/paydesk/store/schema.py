"""Which schema a database has, told without the migration tools: a server asks at each start, and starts fast."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import apsw

MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseUnreachable(Exception):
    """The database does not answer."""


class SchemaTooNew(Exception):
    """The database was migrated by a newer paydesk; an older one must not touch it."""


class SchemaEdited(SchemaTooNew):
    """A migration was edited after the database was brought up with it: nobody knows what the database lacks."""


class NotMigrated(Exception):
    """The database has no schema yet, or an older one: `paydesk migrate` brings it up to date."""


@cache
def revisions() -> tuple[str, ...]:
    """The revisions this version knows, oldest first: the numbers its migrations' files begin with."""
    return tuple(sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def head() -> str:
    """The revision this version of paydesk works with."""
    return revisions()[-1]


def check(database_url: str) -> None:
    """Look whether the database has the present schema. Not to be called on a running event loop.

    raises  NotMigrated, SchemaTooNew, DatabaseUnreachable
    """
    current = revision_of(database_url)
    if current == head():
        return
    if current is not None and current not in revisions():
        raise SchemaTooNew(f"The database is at revision {current}, which this version does not know.")
    file = Path(database_url.removeprefix("sqlite:///"))
    if database_url.startswith("sqlite:") and not file.parent.exists():
        raise NotMigrated(f"The folder {file.parent} of the database does not exist; run `paydesk migrate`.")
    raise NotMigrated("The database has no schema, or an older one; run `paydesk migrate`.")


def revision_of(database_url: str) -> str | None:
    """The revision a database is at; None where it has no schema. Raises DatabaseUnreachable."""
    if database_url.startswith("sqlite:"):
        return _on_sqlite(database_url)
    return asyncio.run(_on_postgresql(database_url))


def _on_sqlite(database_url: str) -> str | None:
    file = Path(database_url.removeprefix("sqlite:///"))
    try:
        if not file.exists():
            return None
    except OSError as error:
        raise DatabaseUnreachable(f"{file}: {error.strerror}") from error
    try:
        # The library that serves the file as well: a second one in the same process would void its locks at closing.
        connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(5000)
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except apsw.NotADBError as error:
        raise DatabaseUnreachable(f"{file} is no database: {error}") from error
    except apsw.Error as error:
        if "no such table" in str(error):
            return None
        raise DatabaseUnreachable(f"{file}: {error}") from error
    return None if found is None else str(found[0])


async def _on_postgresql(database_url: str) -> str | None:
    import asyncpg

    try:
        # Prepares nothing by name, so that a pooler may stand between.
        connection = await asyncpg.connect(database_url, timeout=5, statement_cache_size=0)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnreachable(str(error) or "it does not answer in time") from error
    except ValueError:
        # What cannot be understood may be a part of the password, so none of it is repeated.
        raise DatabaseUnreachable("its address cannot be understood; are the signs in the password escaped?") from None
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnreachable(str(error) or "it does not answer in time") from error
    finally:
        await connection.close()
    return None if found is None else str(found)
