"""Connections to PostgreSQL: how values travel, and what a pool prepares of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson

from paydesk.base.instants import instant_of

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

_EPOCH_MS = int(_EPOCH.timestamp()) * 1000

_COLLATIONS = ("pg_c_utf8", "und-x-icu", "C.utf8", "C.UTF-8", "en_US.utf8")
"""Collations whose `lower` knows every alphabet, for databases whose own does not."""


async def connect(url: str) -> asyncpg.Connection[Any]:
    """A connection beside the pool. It prepares nothing by name, so that a pooler may stand between."""
    return await asyncpg.connect(url, timeout=5, statement_cache_size=0)


def _encode_instant(text: str) -> tuple[int]:
    delta = datetime.fromisoformat(text) - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds,)


def _decode_instant(value: tuple[int]) -> str:
    return instant_of(_EPOCH_MS + value[0] // 1000)


async def prepare(connection: asyncpg.Connection[Any]) -> None:
    # jsonb's binary form is a version byte before the text.
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", format="tuple", encoder=_encode_instant, decoder=_decode_instant
    )


async def as_it_was(connection: Any) -> None:
    """Nothing is set in a session, so nothing is to be reset when a connection goes back to the pool."""


async def lowering_of(connection: Any) -> str | None:
    """The collation to lower texts by; None where the database's own knows more than ASCII."""
    if await connection.fetchval("SELECT lower('É') = 'é'"):
        return None
    names = "SELECT collname FROM pg_collation WHERE collencoding IN (-1, pg_char_to_encoding('UTF8'))"
    found = {row[0] for row in await connection.fetch(names)}
    return next((name for name in _COLLATIONS if name in found), None)
