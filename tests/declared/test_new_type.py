"""A new type is one file, and one migration that is written for it: no other file of ours is touched."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import first_release

ROOT = Path(__file__).resolve().parents[2]


def run(copy: Path, *command: str) -> str:
    """Run a module with the copy's paydesk; returns what it says."""
    environment = os.environ | {"PYTHONPATH": f"{copy / 'src'}{os.pathsep}{ROOT}"}
    ended = subprocess.run([sys.executable, "-m", *command], cwd=copy, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of paydesk, and one more file."""
    folder = tmp_path_factory.mktemp("copy")
    # What is compiled already goes along, but nothing that is only just being written.
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(Path(__file__).with_name("gadgets.py"), folder / "src" / "paydesk" / "commerce" / "catalog")
    return folder


@pytest.fixture(scope="module")
def migration(copy: Path) -> Path:
    """The migration that is written for it."""
    return Path(run(copy, "paydesk.store.revise", "gadgets").split()[-1])


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The first release's database."""
    if request.param == "sqlite":
        return first_release.on_sqlite(tmp_path / "paydesk.sqlite3")
    return asyncio.run(first_release.on_postgresql(request.getfixturevalue("empty_url")))


def test_its_migration_is_laid_out_as_the_checks_want_it(copy: Path, migration: Path) -> None:
    for command in (("format", "--check"), ("check",)):
        run(copy, "ruff", *command, str(migration))
    text = migration.read_text()
    assert text.count("create_table(") == 4
    assert "###" not in text


def test_it_is_migrated_from_the_first_release_and_used(copy: Path, migration: Path, old_url: str) -> None:
    assert migration.exists()
    run(copy, "tests.declared.using_gadgets", old_url)
