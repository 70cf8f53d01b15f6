"""Transactions on the smallest table there is: named numbers of a tenant."""

from collections.abc import Generator
from typing import Any

from sqlalchemy import bindparam, insert, select, text, update

from paydesk.store.records.numbers import sequences
from paydesk.store.sql.ask import Ask, Database

Asks = Generator[Ask, Any, Any]


def put(name: str, value: int = 0, tenant: str = "t/test") -> Asks:
    values = {"tenant": tenant, "name": name, "value": value}
    yield Ask(("put",), lambda: insert(sequences).values({one: bindparam(one) for one in values}), values)


def add(name: str, by: int, tenant: str = "t/test") -> Asks:
    """Count a number up, as the database does it."""

    def build() -> Any:
        made = update(sequences).where(sequences.c.tenant == bindparam("at"), sequences.c.name == bindparam("of"))
        return made.values(value=sequences.c.value + bindparam("by"))

    yield Ask(("add",), build, {"at": tenant, "of": name, "by": by})


def value_of(name: str, tenant: str = "t/test", *, lock: bool = False) -> Asks:
    def build() -> Any:
        found = select(sequences.c.value).where(
            sequences.c.tenant == bindparam("at"), sequences.c.name == bindparam("of")
        )
        return found.with_for_update() if lock else found

    rows = yield Ask(("value", lock), build, {"at": tenant, "of": name})
    return rows[0][0] if rows else None


def names() -> Asks:
    rows = yield Ask(("names",), lambda: select(sequences.c.name).order_by(sequences.c.name))
    return [row[0] for row in rows]


def say(statement: str) -> Asks:
    """Run SQL as it is."""
    rows = yield Ask(("say", statement), lambda: text(statement))
    return rows


async def present(database: Database) -> list[str]:
    found: list[str] = await database.read(names)
    return found
