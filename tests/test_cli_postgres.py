"""The PostgreSQL that tests run on, and the fixtures that hand it out."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests.conftest import with_database
from tests.processes import until


async def test_it_is_a_real_postgresql(postgres_server: str) -> None:
    connection = await asyncpg.connect(postgres_server)
    try:
        assert connection.get_server_version().major >= 14
    finally:
        await connection.close()


def test_it_ends_with_a_killed_parent() -> None:
    code = "import time, tests.postgres\nwith tests.postgres.postgres() as url: print(url, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert parent.stdout is not None
    folder = Path(parent.stdout.readline().strip().partition("host=")[2])
    server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until(lambda: not Path(f"/proc/{server}").exists())

    def removed() -> bool:
        # Its children end after it, and may write meanwhile.
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    until(removed)


def test_a_url_keeps_its_server_when_the_database_changes() -> None:
    url = "postgresql://postgres@/postgres?host=/run/pg"
    assert with_database(url, "desk") == "postgresql://postgres@/desk?host=/run/pg"
    assert with_database("postgresql://a:b@db:5432/postgres", "desk") == "postgresql://a:b@db:5432/desk"
