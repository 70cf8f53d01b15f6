"""Which text of each migration a database was brought up with, so that none is edited after it was used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

from sqlalchemy import (
    Column,
    Table,
    Text,
    select,
)

from paydesk.store.schema import MIGRATIONS, SchemaEdited
from paydesk.store.sql.ask import Ask, Asks, Database
from paydesk.store.types import METADATA

migrations = Table(
    "migrations",
    METADATA,
    Column("revision", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)
"""With which text of each migration this database was brought up (`store.released`)."""


@cache
def digests() -> Mapping[str, str]:
    """SHA-256 of each migration's file by its revision, whichever line ends the file was checked out with."""
    files = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))
    return {
        file.name.partition("_")[0]: hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        for file in files
    }


def compare(recorded: Mapping[str, str]) -> None:
    """Raises SchemaEdited where a migration that a database was brought up with is another one now."""
    edited = [revision for revision, digest in sorted(recorded.items()) if digests().get(revision, digest) != digest]
    if edited:
        raise SchemaEdited(
            f"The database was brought up with another text of {', '.join(edited)} than this version has."
        )


def recorded() -> Asks:
    """The digests that a database keeps, by revision."""
    rows = yield Ask(("migrations",), lambda: select(migrations.c.revision, migrations.c.digest))
    return dict(rows)


async def check(database: Database) -> None:
    """Compare what a database keeps with what there is. Raises SchemaEdited, Unavailable."""
    compare(await database.read(recorded))
