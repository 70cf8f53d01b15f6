"""Databases of an earlier schema, and what they lack."""

import asyncio
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from paydesk import commerce
from paydesk.store.own_tables import OWN_TABLES
from paydesk.store.records import tables

tables.build(commerce.registry())  # what is compared is there, whichever test comes first


def on(url: str, what: Any) -> Any:
    """Do something with a SQLAlchemy connection."""
    if url.startswith("sqlite"):
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                return what(connection)
        finally:
            engine.dispose()

    async def run() -> Any:
        made = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        try:
            async with made.begin() as connection:
                return await connection.run_sync(what)
        finally:
            await made.dispose()

    return asyncio.run(run())


def execute(url: str, *statements: str) -> Any:
    def run(connection: Any) -> Any:
        rows = None
        for statement in statements:
            result = connection.execute(sa.text(statement))
            rows = result.fetchall() if result.returns_rows else None
        return rows

    return on(url, run)


def differences(connection: Any) -> list[Any]:
    """What alembic would write into a new migration."""
    options = {"compare_type": True, "compare_server_default": True, "include_name": _ours}
    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), OWN_TABLES[0].metadata)
    return found


def _ours(name: str | None, kind: str, parents: Any) -> bool:
    return not (kind == "table" and name == "alembic_version")
