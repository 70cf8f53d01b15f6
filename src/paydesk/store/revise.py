"""Writes a new migration from what the declarations say and the migrations do not yet: `make migration ARGS="why"`.

It runs on both databases, on tables that hold rows, and is laid out as `make check` wants it. What it writes is read by
a human before it is committed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate.rewriter import Rewriter
from alembic.operations import ops
from sqlalchemy import create_engine

from paydesk import commerce
from paydesk.store import migrate, schema
from paydesk.store.own_tables import OWN_TABLES
from paydesk.store.records import tables
from paydesk.store.types import Document, Instant

rewriter = Rewriter()
"""What alembic would write, made to run on SQLite and on tables that hold rows."""


@rewriter.rewrites(ops.ModifyTableOps)
def _filled(context: Any, revision: Any, change: ops.ModifyTableOps) -> list[Any]:
    """A column that is never null comes in three steps where there are rows: empty, filled with false, never null."""
    steps: list[Any] = [change]
    for add in change.ops:
        if isinstance(add, ops.AddColumnOp) and not add.column.nullable:
            name, type_ = add.column.name, add.column.type
            assert isinstance(type_, sa.Boolean), f"{add.table_name}.{name}: say what it is in rows that are there"
            add.column.nullable = True
            settled = ops.AlterColumnOp(add.table_name, name, modify_nullable=False, existing_type=type_)
            steps.append(ops.ExecuteSQLOp(f"UPDATE {add.table_name} SET {name} = false"))
            steps.append(ops.ModifyTableOps(add.table_name, [settled]))
    return steps


def _render(kind: str, one: Any, context: Any) -> Any:
    if kind == "type" and isinstance(one, Document | Instant):
        return f"{type(one).__name__}()"
    return False


def main(message: str) -> Path:
    """Compare the newest migration with the declarations and write the difference; returns the file."""
    assert OWN_TABLES, "imported for their tables"
    tables.build(commerce.registry())
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.sqlite3'}"
        if schema.revisions():
            migrate.upgrade(url)
        with create_engine(url).begin() as connection:
            config = migrate.configured(connection)
            config.attributes["render_item"] = _render
            config.attributes["rewriter"] = rewriter
            script: Any = command.revision(
                config, message, autogenerate=True, rev_id=f"{len(schema.revisions()) + 1:04d}"
            )
    file = Path(script.path)
    file.write_text("".join(line for line in file.read_text().splitlines(True) if "# ###" not in line))
    for ruff in (("check", "--fix", "--quiet"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *ruff, str(file)], check=True)
    return file


if __name__ == "__main__":
    print(main(" ".join(sys.argv[1:]) or "change"))
