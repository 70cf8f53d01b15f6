"""A batch of copies: what one transaction writes, rows, counters and the versions that tell of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from paydesk.base.instants import instant_of
from paydesk.commerce.accounts.customers import STATUSES
from paydesk.operations.loading.copies import Model, Names
from paydesk.operations.loading.goods import Made
from paydesk.operations.loading.people import Person
from paydesk.rules.asking import new_id
from paydesk.store.records import filling
from paydesk.store.sql.ask import Asks

_MOST_SEQUENCE = 1_000_000_000

Portion = tuple[list[tuple[str, list[Sequence[Any]]]], dict[str, dict[str, int]], dict[str, dict[str, Any]]]
"""What one transaction writes: rows by table, how much is added to counters of stock, and what customers have then."""


class Batch:
    """What is gathered for one transaction."""

    def __init__(self, columns: Mapping[str, Sequence[str]], chance: random.Random) -> None:
        self.columns = columns
        self.rows: dict[str, list[Sequence[Any]]] = defaultdict(list)
        self.people: dict[str, Person] = {}
        self.stock: dict[str, dict[str, int]] = {}
        self._sequence = chance.randrange(_MOST_SEQUENCE)
        self._told: list[tuple[str, str, str, int]] = []
        """Type, id and changes of a record, and when: versions to be."""

    def next_sequences(self, count: int) -> int:
        """The first of so many places in the history of one instant, which follow one another."""
        first = self._sequence + 1 if self._sequence + count < _MOST_SEQUENCE else 0
        self._sequence = first + count - 1
        return first

    def add(self, model: Model, names: Names) -> None:
        """A copy of a model, by these names."""
        model.copy(names, self.next_sequences(model.versions), self.rows)

    def hold(self, made: Made, market: int, reserved: int, taken: int, at: int) -> None:
        """Count pieces of a sku's stock as reserved, or take them."""
        item = made.items[market]
        counted = self.stock.setdefault(item, {"quantity": 0, "reserved_quantity": 0})
        counted["quantity"] -= taken
        counted["reserved_quantity"] += reserved
        if taken:
            made.told = at = max(made.told + 1, at)
            left = made.left[market] - taken
            self._told.append(("stock_items", item, f'{{"quantity":[{made.left[market]},{left}]}}', at))
            made.left[market] = left

    def count(self, person: Person, owned: bool, at: int) -> None:
        """Count one more order of a customer."""
        person.told = at = max(person.told + 1, at)
        person.count += 1
        person.own += owned
        before, now = (STATUSES[min(count, 2)] for count in (person.count - 1, person.count))
        said = f'"status":["{before}","{now}"],' if before != now else ""
        counted = f'"total_orders_count":[{person.count - 1},{person.count}]'
        self._told.append(("customers", person.id, f"{{{said}{counted}}}", at))
        self.people[person.id] = person

    def portion(self, tables: Mapping[str, bool]) -> Portion:
        """What is to be written, the tables in this order; of each whether its rows have to stay in theirs."""
        if self._told:
            self.rows["versions"] += self._versions()
        rows = []
        for table, is_ordered in tables.items():
            own = self.rows.get(table, [])
            if not is_ordered:
                # Neighbours in the table's key are written one after the other.
                own.sort(key=itemgetter(self.columns[table].index("id")))
            rows.append((table, own))
        counted = {
            one.id: {
                "total_orders_count": one.count,
                "own_orders_count": one.own,
                "status": STATUSES[min(one.count, 2)],
            }
            for one in self.people.values()
        }
        return rows, self.stock, counted

    def _versions(self) -> list[list[Any]]:
        """The versions of what was counted."""
        names = self.columns["versions"]
        at = {name: names.index(name) for name in _OF_VERSION}
        like, first = list(self.rows["versions"][0]), self.next_sequences(len(self._told))
        made = []
        for sequence, (type, id, changes, ms) in enumerate(self._told, first):
            row, when = like.copy(), instant_of(ms)
            for name, value in zip(
                _OF_VERSION, (new_id(), type, id, "update", changes, ms, sequence, when, when), strict=True
            ):
                row[at[name]] = value
            made.append(row)
        return made


_OF_VERSION = (
    "id", "resource_type", "resource_id", "event", "changes", "ms", "sequence", "created_at", "updated_at",
)  # fmt: skip


def written(portion: Portion, tenant: str, columns: Mapping[str, Sequence[str]]) -> Asks:
    """The transaction that writes a portion. Returns nothing."""
    tables, stock, counted = portion
    for table, rows in tables:
        yield from filling.fill(table, columns[table], rows)
    yield from filling.count_up(tenant, "stock_items", stock)
    yield from filling.assign(tenant, "customers", counted)
