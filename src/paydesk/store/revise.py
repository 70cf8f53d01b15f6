"""Writes a new migration from what the declarations say and the migrations do not yet: `make migration ARGS="why"`.

What it writes is read, and mended, by a human before it is committed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import create_engine

from paydesk import commerce
from paydesk.store import credentials, journal, migrate, schema, tables
from paydesk.store.types import Document, Instant


def _render(kind: str, one: Any, context: Any) -> Any:
    if kind == "type" and isinstance(one, Document | Instant):
        return f"{type(one).__name__}()"
    return False


def main(message: str) -> None:
    """Compare the newest migration with the declarations and write the difference."""
    assert credentials and journal, "imported for their tables"
    tables.build(commerce.registry())
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.sqlite3'}"
        if schema.revisions():
            migrate.upgrade(url)
        with create_engine(url).begin() as connection:
            config = migrate.configured(connection)
            config.attributes["render_item"] = _render
            command.revision(config, message, autogenerate=True, rev_id=f"{len(schema.revisions()) + 1:04d}")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "change")
