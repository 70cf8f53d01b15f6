"""Copying an SQLite database whole and consistent, also while a server writes it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from paydesk.store.oauth.signing_keys import KeyRow

BUSY_MS = 10_000


class NoBackup(Exception):
    """A file is no whole database of paydesk's."""


@contextmanager
def _open(file: Path) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        yield connection
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise NoBackup(f"{file} is no database: {error}") from error
    finally:
        connection.close()


def keys_in(file: Path) -> list[KeyRow]:
    """The sealed signing keys in a database. Raises NoBackup where it is not whole, or none of paydesk's."""
    with _open(file) as connection:
        sound = connection.execute("PRAGMA quick_check(1)").fetchall()
        if sound != [("ok",)]:
            raise NoBackup(f"{file} is damaged: {sound[0][0]}")
        try:
            rows = connection.execute(
                "SELECT kid, serial, private_key, public_key, created_at, retired_at FROM signing_keys"
            ).fetchall()
        except apsw.SQLError as error:
            raise NoBackup(f"{file} is no database of paydesk's: {error}") from error
    return [KeyRow(*row) for row in rows]  # type: ignore[arg-type]


def copy(source: Path, target: Path) -> int:
    """Copy a database as it is in one moment; the file appears whole, for its owner alone, or not at all. Returns its
    length in bytes. Whoever writes the source goes on meanwhile.

    raises  NoBackup, OSError
    """
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        made = apsw.Connection(str(fresh))
        try:
            with _open(source) as connection, made.backup("main", connection, "main") as copying:
                # All pages in one reading transaction: in portions it would begin anew with every write.
                copying.step(-1)
            # One file, with no log beside it.
            made.execute("PRAGMA journal_mode=DELETE").fetchall()
        finally:
            made.close()
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return target.stat().st_size
