"""What holds secrets or customers is for the user alone that paydesk runs as."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from paydesk.app import Parts
from paydesk.base import private
from paydesk.sandbox.core.state import State
from paydesk.settings import Settings
from paydesk.store import migrate
from tests.store.rows import put


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """Whatever is made is readable to all, unless its maker says otherwise."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Of a folder and of every file in it."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


async def opened(folder: Path, name: str) -> dict[str, int]:
    """The modes while the data there is used."""
    parts = await Parts.open(Settings(data_dir=folder))
    await parts.database.write(lambda: put(name))
    found = modes(folder)
    await parts.close()
    return found


WANTED = {
    "data": 0o700,
    "paydesk.sqlite3": 0o600,
    "paydesk.sqlite3-wal": 0o600,
    "paydesk.sqlite3-shm": 0o600,
    "vault.keys": 0o600,
}


async def test_the_embedded_database_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    migrate.upgrade(Settings(data_dir=folder).database_url)
    assert modes(folder) == {"data": 0o700, "paydesk.sqlite3": 0o600}
    assert await opened(folder, "after") == WANTED


async def test_what_an_older_release_made_for_everybody_is_closed_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    migrate.upgrade(Settings(data_dir=folder).database_url)
    await opened(folder, "before")
    for path in (*folder.iterdir(), folder):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert await opened(folder, "after") == WANTED


def test_the_sandbox_keeps_its_data_to_itself(tmp_path: Path) -> None:
    for _ in range(2):
        state = State(tmp_path / "sandbox")
        assert modes(tmp_path / "sandbox") == {
            "sandbox": 0o700,
            "sandbox.db": 0o600,
            "sandbox.db-wal": 0o600,
            "sandbox.db-shm": 0o600,
        }
        state.connection.close()
        (tmp_path / "sandbox" / "sandbox.db").chmod(0o644)


def test_a_folder_that_others_work_in_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everybodys, work = tmp_path / "everybodys", tmp_path / "home" / "work"
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    for folder in (everybodys, work, tmp_path / "home"):
        before = folder.stat().st_mode
        private.close_folder(folder)
        assert folder.stat().st_mode == before
