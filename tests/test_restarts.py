"""A server is replaced by the next one, also by that of the next release, and no connection is refused meanwhile.

Every test here keeps opening connections, one for each request. None may be refused, closed without an answer, or
answered by a 5xx. PAYDESK_TEST_RESTARTS=5 opens ten thousand of them over five restarts.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from paydesk import __version__
from paydesk.operations import founding
from paydesk.settings import Settings
from paydesk.store import migrate, schema
from tests import processes
from tests.acts.dev import PATIENCE
from tests.acts.load import Load, answer, ask, request
from tests.acts.readme import ROOT
from tests.processes import free_port, group

pytestmark = pytest.mark.slow

RESTARTS = int(os.environ.get("PAYDESK_TEST_RESTARTS", "1"))
CONNECTIONS = 2000 * RESTARTS if RESTARTS > 1 else 500
eventually = partial(processes.eventually, seconds=PATIENCE)
PACKAGE = ROOT / "src" / "paydesk"

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("customers", sa.Column("what_comes", sa.Text(), nullable=True))
"""


@dataclass
class Installation:
    """A release of paydesk in a folder that a link leads to, as an operator may have it; and its server."""

    folder: Path
    url: str
    port: int
    workers: int

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
        return clean | {
            "PYTHONPATH": str(self.folder / "current"),
            "PAYDESK_DATABASE_URL": self.url,
            "PAYDESK_DATA_DIR": str(self.folder / "data"),
            "PAYDESK_PORT": str(self.port),
            "PAYDESK_WORKERS": str(self.workers),
            "PAYDESK_RATE_LIMITS": "off",
            "PAYDESK_BODY_TIMEOUT": "300",
            "PAYDESK_DATABASE_CONNECTIONS": "4",
        }

    def settings(self) -> Settings:
        return Settings(database_url=self.url, data_dir=self.folder / "data")

    def install(self, tree: Path) -> None:
        """Have the link lead to another release, at once."""
        link = self.folder / "next"
        link.symlink_to(tree)
        link.replace(self.folder / "current")

    def next_release(self) -> None:
        """A release that calls itself 9.9.9 and brings a migration."""
        tree = self.folder / "9.9.9"
        shutil.copytree(PACKAGE, tree / "paydesk")
        versions = tree / "paydesk" / "store" / "migrations" / "versions"
        (versions / "9999_what_comes.py").write_text(MIGRATION.format(head=schema.head()))
        file = tree / "paydesk" / "__init__.py"
        file.write_text(file.read_text().rpartition("__version__")[0] + '__version__ = "9.9.9"\n')
        self.install(tree)

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "paydesk", *arguments], env=self.environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def starts(self) -> list[str]:
        """The versions that began to listen, one after the other."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.split()[1] for line in lines if " listens on " in line]

    @contextmanager
    def serving(self, *before: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Its server, whose command may have something before it."""
        command = [*before, sys.executable, "-m", "paydesk", "serve"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment(), stderr=log, start_new_session=True, close_fds=not before
            )
        try:
            yield process
        finally:
            if group(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    async def load(self) -> Load:
        """Clients of an organization of their own; the server answers by then."""
        founded = await founding.found_organization(self.settings(), name="Acme", slug="acme")
        client = founded.applications[0]
        grant = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        asked = request("POST", "/oauth/token", "", grant, media_type="application/json")
        status, body = await ask(self.port, asked)
        assert status == 200, body
        return Load(self.port, json.loads(body)["access_token"])


def installed(url: str, folder: Path) -> Installation:
    """This release, on a migrated database."""
    (folder / "data").mkdir()
    made = Installation(folder, url, free_port(), workers=1 if url.startswith("sqlite") else 2)
    made.install(PACKAGE.parent)
    return made


@pytest.fixture
def installation(sqlite_url: str, tmp_path: Path) -> Installation:
    return installed(sqlite_url, tmp_path)


BOTH = ["sqlite", "postgresql"]


@pytest.fixture
def either_installation(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """On the database that the test names, which nobody uses afterwards."""
    if request.param == "sqlite":
        return installed(request.getfixturevalue("sqlite_url"), tmp_path)
    migrate.upgrade(url := request.getfixturevalue("empty_url"))
    return installed(url, tmp_path)


async def answers(installation: Installation) -> bool:
    try:
        status, _ = await ask(installation.port, request("GET", "/readyz", ""))
    except (OSError, asyncio.IncompleteReadError):
        return False
    return status == 200


async def started(installation: Installation, times: int) -> bool:
    return len(installation.starts()) == times


async def makes_room(installation: Installation) -> bool:
    """Whether the last server was told to; on PostgreSQL, whether the next one is there."""
    told = installation.log.read_text().count("told to make room")
    return told == RESTARTS and (installation.workers == 1 or len(installation.starts()) == RESTARTS + 1)


def workers(process: "subprocess.Popen[bytes]") -> set[int]:
    return set(group(process.pid)) - {process.pid}


async def replaced(installation: Installation, process: "subprocess.Popen[bytes]", former: set[int]) -> bool:
    """Whether none of these workers is left."""
    assert process.poll() is None, installation.log.read_text()
    return not former & workers(process)


async def all_was_answered(installation: Installation, load: Load) -> None:
    assert load.lost == []
    assert set(load.statuses) == {200, 201}
    assert sum(load.statuses.values()) >= CONNECTIONS
    for made in (load.created[0], load.created[-1]):
        status, _ = await ask(installation.port, request("GET", f"/api/customers/{made}", load.token))
        assert status == 200


@pytest.mark.parametrize("either_installation", BOTH, indirect=True)
async def test_a_server_makes_room_for_that_of_the_next_release(either_installation):
    installation = either_installation
    with installation.serving() as process:
        await eventually(partial(answers, installation))
        load = await installation.load()

        async def replace(times: int) -> None:
            for _ in range(times):
                load.quota += CONNECTIONS // RESTARTS
                former, begun = workers(process), len(installation.starts())
                process.send_signal(signal.SIGHUP)
                await eventually(partial(started, installation, begun + 1))
                await eventually(partial(replaced, installation, process, former))

        async def upgrade() -> None:
            await replace(RESTARTS - 1)
            installation.next_release()
            await asyncio.to_thread(installation.run, "migrate")
            # Only a part of it has come when the server is told to make room.
            reader, writer = await asyncio.open_connection("127.0.0.1", installation.port)
            writer.write(load.request(0)[:-20])
            await writer.drain()
            replacing = asyncio.create_task(replace(1))
            await eventually(partial(makes_room, installation))
            writer.write(load.request(0)[-20:])
            status, body = await answer(reader)
            assert status == 201, body
            writer.close()
            await replacing

        await load.run(CONNECTIONS, asyncio.create_task(upgrade()))
        await all_was_answered(installation, load)
        versions = installation.starts()
        assert versions[-1] == "9.9.9"
        assert len(versions) == RESTARTS + 1
        assert len(workers(process)) == installation.workers
        process.terminate()
        assert process.wait(60) == 0
        assert group(process.pid) == []


@pytest.mark.parametrize("either_installation", BOTH if RESTARTS > 1 else BOTH[:1], indirect=True)
async def test_a_socket_that_systemd_holds_is_taken_over(either_installation):
    """As `systemctl restart` does where a socket unit activates the service: the one ends, then the other starts."""
    installation = either_installation
    with socket.create_server(("127.0.0.1", installation.port), backlog=4096) as held:
        script = f'exec 3<&{held.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'

        @contextmanager
        def served() -> Iterator["subprocess.Popen[bytes]"]:
            os.set_inheritable(held.fileno(), True)
            with installation.serving("bash", "-c", script, "-") as process:
                yield process

        with ExitStack() as stack:
            process = stack.enter_context(served())
            await eventually(partial(answers, installation))
            load = await installation.load()

            async def restart() -> None:
                nonlocal process
                for _ in range(RESTARTS):
                    load.quota += CONNECTIONS // RESTARTS
                    begun = len(installation.starts())
                    process.terminate()
                    assert await asyncio.to_thread(process.wait, 60) == 0
                    process = stack.enter_context(served())
                    await eventually(partial(started, installation, begun + 1))

            await load.run(CONNECTIONS, asyncio.create_task(restart()))
            await all_was_answered(installation, load)


async def test_the_next_release_takes_over_once_the_database_is_its_own(installation):
    """Not before: the server that is there goes on. Then at the latest when a worker dies."""
    with installation.serving() as process:
        await eventually(partial(answers, installation))
        (worker,) = workers(process)
        installation.next_release()
        process.send_signal(signal.SIGHUP)
        await eventually(partial(goes_on, installation))
        assert "run `paydesk migrate`" in installation.log.read_text()
        assert workers(process) == {worker}
        await asyncio.to_thread(installation.run, "migrate")
        assert await answers(installation)
        assert installation.starts() == [__version__]
        os.kill(worker, signal.SIGKILL)
        await eventually(partial(started, installation, 2))
        assert installation.starts() == [__version__, "9.9.9"]
        await eventually(partial(answers, installation))
        assert process.poll() is None


async def goes_on(installation: Installation) -> bool:
    return "this one goes on" in installation.log.read_text()
