"""Numbers of named sequences, such as those of orders: counted in the database, by PostgreSQL's processes in blocks.

Some numbers are taken by orders that this database does not know, as after an older one was restored; the metadata of
their payments tell them. No process hands out a number up to the highest of these (`floor`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Table,
    Text,
    bindparam,
    case,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from paydesk.rules.asking import Next
from paydesk.store.sql.ask import Ask, Asks, Database
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import METADATA, ListOf

sequences = Table(
    "sequences",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("floor", BigInteger),
)
"""How far each sequence has come, and the highest number that an order took which this database does not know."""

BLOCK = 50
FRESH_SECONDS = 5.0
"""How long a process hands out numbers of its block before it looks again which of them are taken."""
FURTHEST = 1_000_000
"""What lies further ahead is none of a sequence's numbers, but one that was chosen."""
PROCESSES = 1_000_000
"""How many processes have numbers of their own: no process lives until so many more have started."""


async def number_of_process(database: Database) -> int:
    """A number below PROCESSES that no other process of this database goes by."""
    taken = await database.write(lambda: next_number("", Next("processes")))
    return int(taken) % PROCESSES


def next_number(tenant: str, asked: Next, block: int = 1) -> Asks:
    """Count a named sequence up by `block`; the last of the block is the answer."""

    def build() -> Any:
        made = insert(sequences).values(tenant=bindparam("tenant"), name=bindparam("name"), value=bindparam("value"))
        return made.on_conflict_do_update(
            index_elements=["tenant", "name"], set_={"value": sequences.c.value + bindparam("block")}
        ).returning(sequences.c.value)

    rows = yield Ask(
        ("next",), build, {"tenant": tenant, "name": asked.sequence, "value": asked.start + block - 1, "block": block}
    )
    return rows[0][0]


def _counted(tenant: str, sequence: str) -> Asks:
    """`(how far a named sequence has come, its floor)`, or None before its first number."""

    def build() -> Any:
        at = (sequences.c.tenant == bindparam("tenant")) & (sequences.c.name == bindparam("name"))
        return select(sequences.c.value, func.coalesce(sequences.c.floor, 0)).where(at)

    rows = yield Ask(("sequence",), build, {"tenant": tenant, "name": sequence})
    return rows[0] if rows else None


def _absent(tenant: str, sequence: str, numbers: Mapping[int, str]) -> Asks:
    """Those of `numbers` that no record has here, nor had: what is deleted leaves its versions."""
    table_name, _, column_name = sequence.partition(".")
    table = METADATA.tables[table_name]
    column = table.c[column_name]

    def build() -> Any:
        among = OneOf(column, bindparam("numbers", type_=ListOf(column.type)))
        return select(column).where(table.c.tenant == bindparam("tenant"), among)

    def build_known() -> Any:
        versions = METADATA.tables["versions"]
        among = OneOf(versions.c.resource_id, bindparam("ids", type_=ListOf(versions.c.resource_id.type)))
        return select(versions.c.resource_id).where(versions.c.tenant == bindparam("tenant"), among).distinct()

    said = {str(one): one for one in numbers}
    rows = yield Ask(("numbers here", sequence), build, {"tenant": tenant, "numbers": list(said)})
    absent = {said[number] for number in said.keys() - {row[0] for row in rows}}
    if not absent:
        return absent
    rows = yield Ask(("ever here",), build_known, {"tenant": tenant, "ids": [numbers[one] for one in absent]})
    known = {row[0] for row in rows}
    return {one for one in absent if numbers[one] not in known}


def reach_number(tenant: str, sequence: str, numbers: Mapping[int, str]) -> Asks:
    """Have no number of a sequence (`orders.number`: of this table's column) handed out any more up to those of
    `numbers` that are not here. Returns the highest of these where that was not known before, else None.

    numbers   each by the id of whose it is
    """
    known = yield from _counted(tenant, sequence)
    value, floor = known or (min(numbers), 0)
    near = {one: whose for one, whose in numbers.items() if floor < one <= value + FURTHEST}
    if not near:
        return None
    highest = max((yield from _absent(tenant, sequence, near)), default=None)
    if highest is None:
        return None

    def build() -> Any:
        names = ("tenant", "name", "value", "floor")
        made = insert(sequences).values({name: bindparam(name, type_=sequences.c[name].type) for name in names})
        told, held = made.excluded.value, sequences.c.value
        return made.on_conflict_do_update(
            index_elements=["tenant", "name"],
            set_={"value": case((held < told, told), else_=held), "floor": told},
            where=func.coalesce(sequences.c.floor, 0) < told,
        ).returning(sequences.c.value)

    rows = yield Ask(("reach",), build, {"tenant": tenant, "name": sequence, "value": highest, "floor": highest})
    return highest if rows else None


class Block:
    """Numbers that were counted ahead, and when it was seen last that they are free."""

    def __init__(self, numbers: list[int], seen_at: float) -> None:
        self.numbers, self.seen_at = numbers, seen_at


class Blocks:
    """The numbers that one process has ahead, of every tenant's sequences, so that no order waits for another's."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[str, str], Block] = {}

    def take(self, tenant: str, sequence: str, now: float) -> int | None:
        """The next number; None where there is none that was lately seen to be free."""
        block = self._blocks.get((tenant, sequence))
        if block is None or not block.numbers or not 0 <= now - block.seen_at <= FRESH_SECONDS:
            return None
        return block.numbers.pop(0)

    async def fill(self, database: Database, tenant: str, asked: Next, now: float) -> None:
        """See which of the block are free still, or take another, in a transaction of its own."""
        block = self._blocks.get((tenant, asked.sequence))
        if block is not None and block.numbers:
            known = await database.read(lambda: _counted(tenant, asked.sequence))
            floor = known[1] if known is not None else 0
            block.numbers[:] = [one for one in block.numbers if one > floor]
            block.seen_at = now
            if block.numbers:
                return
        last = await database.write(lambda: next_number(tenant, asked, BLOCK))
        self._blocks[(tenant, asked.sequence)] = Block(list(range(last - BLOCK + 1, last + 1)), now)

    def forget(self, tenant: str, sequence: str) -> None:
        self._blocks.pop((tenant, sequence), None)
