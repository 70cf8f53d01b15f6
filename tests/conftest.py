"""The databases that tests run on. Nothing of commerce is made here."""

import asyncio
import faulthandler
import gc
import os
import shutil
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import argon2
import asyncpg
import pytest

from paydesk.oauth import secrets as oauth_secrets
from tests.muting import mute_as_told
from tests.postgres import postgres
from tests.processes import free_port

pytest.register_assert_rewrite("tests.acts")

T = TypeVar("T")

# httpx looks for it at every request, and what is not installed is looked for in every folder of the path.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

HASHER = oauth_secrets._HASHER
"""What keeps passwords in production. One hash takes 40 ms, and every start of the application makes one."""

oauth_secrets._HASHER = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


MEMORY_BYTES = 4 << 30
"""Where the file system in memory has so much room, the databases of tests are made there."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep what is compiled, whatever the environment says of it: most of the start of a test process is compiling, and
    hundreds are started.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    gc.disable()
    mute_as_told()
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_BYTES:
        # A commit that waits for the disk waits for nothing that a test could see.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_collection_finish() -> None:
    """What was imported and collected lives as long as the process: it is not looked through again and again. What a
    test leaves is looked for less often than by default, which costs a tenth of a test's processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process waits for another one."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database without data, once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database that all tests of a module share."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("module") / "paydesk.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"
    postgresql: Postgres = request.getfixturevalue("postgresql")
    postgresql.empty()
    return postgresql.url


@pytest.fixture
def empty_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database of the test's own, without any table."""
    name = f"paydesk_empty_{os.getpid()}_{time.monotonic_ns()}"

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(postgres_server)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run(f'CREATE DATABASE "{name}"'))
    yield with_database(postgres_server, name)
    asyncio.run(run(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of the test's own."""
    file = tmp_path / "paydesk.sqlite3"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(postgresql: "Postgres") -> str:
    """The worker's migrated PostgreSQL database, emptied of what the test before left."""
    postgresql.empty()
    return postgresql.url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from paydesk.store import migrate

    file = tmp_path_factory.mktemp("template") / "paydesk.sqlite3"
    migrate.upgrade(f"sqlite:///{file}")
    left = [name for name in (f"{file}-wal", f"{file}-journal") if os.path.exists(name) and os.path.getsize(name)]
    assert not left, "a migration closes its connection, so that the file is the whole database"
    return file


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL in which databases may be made: the one given, or one of our own for this worker."""
    given = os.environ.get("PAYDESK_TEST_POSTGRES_URL")
    if given:
        yield given
    else:
        with postgres() as url:
            yield url


@pytest.fixture(scope="session")
def postgresql(postgres_server: str) -> "Iterator[Postgres]":
    """A migrated database for this worker, dropped at the end of the session."""
    from paydesk.store import migrate

    loop = asyncio.new_event_loop()
    name = "paydesk_test_" + os.environ.get("PYTEST_XDIST_WORKER", "alone")
    url = with_database(postgres_server, name)

    async def administrate(*statements: str) -> None:
        connection = await asyncpg.connect(postgres_server)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    loop.run_until_complete(administrate(drop, f'CREATE DATABASE "{name}"'))
    migrate.upgrade(url)
    connection = loop.run_until_complete(asyncpg.connect(url))
    emptying = loop.run_until_complete(_emptying(connection))
    try:
        yield Postgres(url, loop, connection, emptying)
    finally:
        loop.run_until_complete(connection.close())
        loop.run_until_complete(administrate(drop))
        loop.close()


@dataclass
class Postgres:
    """One worker's database, and a connection of the fixtures' own on an event loop of their own."""

    url: str
    _loop: asyncio.AbstractEventLoop
    _connection: Any
    _emptying: str
    _brought: dict[str, str] = field(default_factory=dict)

    def empty(self) -> None:
        """Back to what the migrations left; connections that a test did not close are ended."""
        self.run(self._connection.execute(self._emptying))

    def bring(self, name: str, make: Callable[[], None]) -> None:
        """Put the rows of this name in the place of those there are. The first time `make` writes them."""
        if name in self._brought:
            self.run(self._connection.execute(self._brought[name]))
        else:
            make()
            bringing = self.run(_kept(self._connection, name))
            self._brought[name] = ";\n".join(["BEGIN", WITHOUT_KEYS, *bringing, "COMMIT"])

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)


WITHOUT_KEYS = "SET LOCAL session_replication_role = replica"
"""Foreign keys are not looked at in this transaction."""


async def _emptying(connection: Any) -> str:
    """A script that puts a database back to its present rows, in 3 ms where TRUNCATE takes 25."""
    ending = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    deleting = [f'DELETE FROM public."{name}"' for (name,) in names]
    return ";\n".join([ending, "BEGIN", WITHOUT_KEYS, *deleting, *await _kept(connection, "kept"), "COMMIT"])


async def _kept(connection: Any, schema: str) -> list[str]:
    """Keep the present rows aside in a schema of this name; the statements that bring them back."""
    names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    await connection.execute(f"CREATE SCHEMA {schema}")
    script = []
    for (name,) in names:
        if await connection.fetchval(f'SELECT EXISTS (SELECT FROM public."{name}")'):
            await connection.execute(f'CREATE TABLE {schema}."{name}" AS TABLE public."{name}"')
            script.append(f'DELETE FROM public."{name}"')
            script.append(f'INSERT INTO public."{name}" OVERRIDING SYSTEM VALUE SELECT * FROM {schema}."{name}"')
    return script


def with_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    before, _, after = url.partition("://")
    authority, slash, rest = after.partition("/")
    assert slash, "a server's URL names its maintenance database"
    _, question, query = rest.partition("?")
    return f"{before}://{authority}/{name}{question}{query}"


@pytest.fixture
def unhurried() -> None:
    """For a test that may take longer than a minute on a busy machine, after which others are taken to hang."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def port() -> int:
    """A port of 127.0.0.1 that is free now."""
    return free_port()
