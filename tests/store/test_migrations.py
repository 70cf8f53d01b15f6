"""Bringing a database to the present schema: what the declarations say is what the migrations make."""

import asyncio
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex

from paydesk.store import migrate
from paydesk.store.types import METADATA
from tests.acts.schemas import differences, execute, on


def test_the_migrations_make_what_the_declarations_say(new_url: str) -> None:
    assert migrate.upgrade(new_url) == migrate.head()
    assert on(new_url, differences) == []


def test_small_indexes_hold_the_rows_that_their_declarations_say(tmp_path: Path) -> None:
    """Alembic does not compare the conditions of indexes."""
    url = f"sqlite:///{tmp_path / 'paydesk.sqlite3'}"
    migrate.upgrade(url)
    made = execute(url, "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
    declared = {
        str(index.name): str(CreateIndex(index).compile(dialect=sqlite.dialect()))
        for table in METADATA.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert {name: _condition(text) for name, text in made} == {name: _condition(it) for name, it in declared.items()}


def _condition(text: str) -> str:
    return text.partition(" WHERE ")[2].strip("()")


def test_a_difference_would_be_found(new_url: str) -> None:
    migrate.upgrade(new_url)
    execute(new_url, "ALTER TABLE sequences ADD COLUMN extra TEXT", "DROP INDEX ix_gateway_events_due")
    assert {one[0] for one in on(new_url, differences)} >= {"remove_column", "add_index"}


def test_every_table_is_keyed_by_its_tenant_first() -> None:
    for table in METADATA.tables.values():
        first = next(column.name for column in table.primary_key.columns)
        assert (first != "tenant") == (table.name in WITHOUT_TENANT), table.name
        for key in table.foreign_key_constraints:
            assert next(column.name for column in key.columns) == "tenant", key.name


WITHOUT_TENANT = {
    "installation",
    "migrations",
    "holders",
    "turns",
    "guesses",
    "signing_keys",
    "refresh_tokens",
    "authorization_codes",
}
"""What belongs to the server itself, or is found from outside by a secret that is unique over the whole server."""


def test_migrating_again_changes_nothing(new_url: str) -> None:
    migrate.upgrade(new_url)
    first = execute(new_url, "SELECT id FROM installation")
    migrate.upgrade(new_url)
    assert execute(new_url, "SELECT id FROM installation") == first
    assert len(first) == 1
    migrate.check(new_url)


def test_two_databases_are_two_installations(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / name}" for name in ("a.sqlite3", "b.sqlite3")]
    for url in urls:
        migrate.upgrade(url)
    assert execute(urls[0], "SELECT id FROM installation") != execute(urls[1], "SELECT id FROM installation")


def test_a_database_of_a_newer_paydesk_is_left_alone(new_url: str) -> None:
    migrate.upgrade(new_url)
    execute(new_url, "UPDATE alembic_version SET version_num = '9999'")
    for act in (migrate.upgrade, migrate.check):
        with pytest.raises(migrate.SchemaTooNew, match="9999"):
            act(new_url)
    assert execute(new_url, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_database_that_was_not_migrated_is_refused(new_url: str) -> None:
    with pytest.raises(migrate.NotMigrated):
        migrate.check(new_url)


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(migrate.DatabaseUnreachable):
        migrate.upgrade("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(migrate.DatabaseUnreachable):
        migrate.check("postgresql://nobody@127.0.0.1:1/none")
    file = tmp_path / "other.sqlite3"
    file.write_bytes(b"no database at all, but long enough to look at" * 100)
    with pytest.raises((migrate.DatabaseUnreachable, sa.exc.DatabaseError)):
        migrate.upgrade(f"sqlite:///{file}")


def test_a_second_process_waits_and_finds_nothing_to_do(new_url: str) -> None:
    """Whoever comes second at an empty database waits for the first, and both end well."""
    ended: list[Any] = []

    def upgrade() -> None:
        try:
            ended.append(migrate.upgrade(new_url))
        except Exception as error:
            ended.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ended == [migrate.head()] * 3
    assert len(execute(new_url, "SELECT id FROM installation")) == 1


def test_it_waits_for_who_holds_the_lock(empty_url: str) -> None:
    async def held() -> float:
        connection = await asyncpg.connect(empty_url)
        await connection.execute("BEGIN")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", migrate.LOCK)
        began = time.monotonic()
        waiting = asyncio.ensure_future(asyncio.to_thread(migrate.upgrade, empty_url))
        await asyncio.sleep(0.4)
        assert not waiting.done()
        await connection.execute("COMMIT")
        await connection.close()
        assert await waiting == migrate.head()
        return time.monotonic() - began

    assert asyncio.run(held()) >= 0.4


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "paydesk.sqlite3"
    shutil.copyfile(sqlite_template, file)
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM installation")
        before = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()

    def broken(connection: Any, to: str) -> None:
        connection.execute(sa.text("CREATE TABLE half (id TEXT)"))
        raise RuntimeError("in the middle")

    monkeypatch.setattr(migrate, "_migrate", broken)
    with pytest.raises(RuntimeError):
        migrate.upgrade(f"sqlite:///{file}")
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == before
    connection.close()
