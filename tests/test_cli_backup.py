"""`paydesk backup` and `paydesk restore`, as an operator runs them."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from paydesk.cli.holding import hold

pytestmark = pytest.mark.slow


def paydesk(folder: Path, *given: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    environment = {**clean, "PAYDESK_DATA_DIR": str(folder), "COLUMNS": "1000", **settings}
    return subprocess.run(
        [sys.executable, "-m", "paydesk", *given], env=environment, capture_output=True, text=True, timeout=60
    )


def ran(folder: Path, *given: str) -> str:
    done = paydesk(folder, *given)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def shop(tmp_path: Path, sqlite_template: Path) -> Path:
    """A data directory with an organization in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "paydesk.sqlite3").write_bytes(sqlite_template.read_bytes())
    ran(folder, "organization", "create", "Acme", "--slug", "acme")
    return folder


def slugs(file: Path) -> list[str]:
    connection = sqlite3.connect(file)
    try:
        return [slug for (slug,) in connection.execute("SELECT slug FROM organizations ORDER BY slug")]
    finally:
        connection.close()


def test_a_backup_is_whole_while_somebody_writes_and_is_restored_beside_what_was_there(
    shop: Path, tmp_path: Path
) -> None:
    file, database = tmp_path / "kept.sqlite3", shop / "paydesk.sqlite3"
    writer = sqlite3.connect(database)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE organizations SET slug = 'half'")
    told = ran(shop, "backup", str(file))
    writer.commit()
    writer.close()
    assert (slugs(file), slugs(database)) == (["acme"], ["half"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if "kept" in one.name] == ["kept.sqlite3"]
    assert "Nothing is sealed in it yet." in told
    again = paydesk(shop, "backup", str(file))
    assert (again.returncode, f"{file} is there already." in again.stderr) == (2, True)

    over = paydesk(shop, "restore", str(file))
    assert (over.returncode, slugs(database)) == (2, ["half"])
    assert "--replace" in over.stderr
    with hold(database.with_name("paydesk.sqlite3.lock"), "it"):
        served = paydesk(shop, "restore", "--replace", str(file))
    assert (served.returncode, slugs(database)) == (1, ["half"])
    assert "in use by another paydesk" in served.stderr
    told = ran(shop, "restore", "--replace", str(file))
    assert slugs(database) == ["acme"]
    (aside,) = [one for one in shop.iterdir() if ".before-restore-" in one.name and one.suffix != ".lock"]
    assert slugs(aside) == ["half"]
    for command in ("paydesk migrate", "paydesk adopt-installation", "paydesk reconcile"):
        assert command in told


def test_what_is_no_backup_is_not_restored(shop: Path, tmp_path: Path) -> None:
    database = shop / "paydesk.sqlite3"
    bad, other = tmp_path / "bad", tmp_path / "other.sqlite3"
    bad.write_bytes(b"no database at all" * 500)
    sqlite3.connect(other).execute("CREATE TABLE things (id)").connection.close()
    for file in (bad, other, tmp_path / "missing"):
        refused = paydesk(shop, "restore", "--replace", str(file))
        assert (refused.returncode, slugs(database)) == (2, ["acme"]), refused.stderr
        assert str(file) in refused.stderr and "Traceback" not in refused.stderr


def test_on_postgresql_it_says_what_to_run(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        told = paydesk(tmp_path, command, str(tmp_path / "file"), PAYDESK_DATABASE_URL=url)
        assert (told.returncode, tool in told.stderr) == (1, True), told.stderr
