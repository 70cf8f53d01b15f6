"""A database that paydesk 0.1.0 (revision 0001) made, as SQL, and what is needed to go on from it.

`rows.sql` holds its rows for both databases, `schema.*.sql` what revision 0001 made of each; `sandbox.sql` is the
Stripe sandbox's own database at that moment, `vault.keys` a throw-away key file, `facts.json` what to call things:
orders by what they show, client secrets, tokens. All of it was made over HTTP, the open calls by `PAYDESK_CRASH_AT`
and by answers that were lost. Left out are the versions of most orders, and what Stripe has of events and idempotency
keys that nobody asks for any more.

It is never edited and never made anew: every migration has to come up from it.
"""

import json
import re
import shutil
import sqlite3
import time
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "facts.json").read_text())
ORDERS: dict[str, str] = FACTS["orders"]

LATER = 60.0
"""How long after that moment newer code finds it, in seconds: leases are over, keys and tokens are not."""


def behind() -> float:
    """How far clocks are to be set back, for the sandbox's and ours to show the minute after the dump was made."""
    return time.time() - float(FACTS["made_at"]) - LATER


def read(name: str) -> str:
    return (HERE / name).read_text()


def on_sqlite(file: Path) -> str:
    """Write the database to a file; returns its URL."""
    _write(file, read("schema.sqlite.sql") + read("rows.sql"))
    return f"sqlite:///{file}"


async def on_postgresql(url: str) -> str:
    """Write the database to an empty one; returns its URL."""
    rows = re.sub(r"CAST\(('(?:[^']|'')*') AS BLOB\)", r"convert_to(\1, 'UTF8')", read("rows.sql"))
    connection = await asyncpg.connect(url)
    # Rows stand in the order of their tables' names, whatever refers to what.
    await connection.execute(
        read("schema.postgresql.sql") + "SET session_replication_role = replica;" + rows, timeout=120
    )
    await connection.close()
    return url


def sandbox(folder: Path) -> None:
    """Write the sandbox's database."""
    folder.mkdir(parents=True)
    _write(folder / "sandbox.db", read("sandbox.sql"))


def keys(folder: Path) -> Path:
    """A copy of the key file, as private as such a file has to be."""
    file = folder / "vault.keys"
    shutil.copyfile(HERE / "vault.keys", file)
    file.chmod(0o600)
    return file


@cache
def rows(table: str) -> list[dict[str, Any]]:
    """The rows of a table as the release left them."""
    memory = sqlite3.connect(":memory:")
    memory.row_factory = sqlite3.Row
    memory.executescript(read("schema.sqlite.sql") + read("rows.sql"))
    found = [dict(row) for row in memory.execute(f'SELECT * FROM "{table}"')]
    memory.close()
    return found


def _write(file: Path, script: str) -> None:
    connection = sqlite3.connect(file)
    connection.executescript(f"BEGIN;\n{script}COMMIT;")
    connection.close()
