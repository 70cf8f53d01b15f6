"""Column types whose Python values are the same on both databases.

It stands here, and not in sql/, since released migrations import it and are never edited.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, DateTime, Double, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

METADATA = MetaData()
"""Every table of paydesk."""


class Instant(TypeDecorator[str]):
    """An instant (`base.instants`): text on SQLite, `timestamptz` on PostgreSQL, whose driver is given a codec."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else Text())  # type: ignore[no-any-return]


class Document(TypeDecorator[Any]):
    """A JSON value: text on SQLite, `jsonb` on PostgreSQL."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else Text())  # type: ignore[no-any-return]


class ListOf(TypeDecorator[Any]):
    """A list bound as one value: an array of the column's type on PostgreSQL, JSON text on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: Any) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(self.item))
        return dialect.type_descriptor(Text())


COLUMN_TYPES: dict[str, TypeEngine[Any]] = {
    "string": Text(),
    "integer": BigInteger(),
    "float": Double(),
    "boolean": Boolean(),
    "datetime": Instant(),
    "object": Document(),
    "array": Document(),
}
