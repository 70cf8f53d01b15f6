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


class Batch:
    """What is gathered for one transaction."""

    def __init__(self, columns: Mapping[str, Sequence[str]], chance: random.Random) -> None:
        self.columns = columns
        self.rows: dict[str, list[list[Any]]] = defaultdict(list)
        self.people: dict[str, Person] = {}
        self.stock: dict[str, dict[str, int]] = {}
        self._sequence = chance.randrange(_MOST_SEQUENCE)
        self._told: list[tuple[str, str, str, int]] = []
        """Type, id and changes of a record, and when: versions to be."""
        self._like: list[Any] | None = None

    def next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) % _MOST_SEQUENCE
        return self._sequence

    def add(self, model: Model, names: Names) -> None:
        """A copy of a model, by these names."""
        model.copy(names, self.rows)
        versions = model.copied_versions(names, self.next_sequence)
        self.rows["versions"] += versions
        self._like = self._like or versions[0]

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

    def write(self, tenant: str, tables: Sequence[str]) -> Asks:
        """The transaction; `tables` in the order in which they are written. Returns nothing."""
        told = [self._version(*one) for one in self._told]
        for table in tables:
            rows = [*self.rows.get(table, ()), *(told if table == "versions" else ())]
            if not filling.refers_to_itself(table):
                # Neighbours in the table's key are written one after the other.
                rows.sort(key=itemgetter(self.columns[table].index("id")))
            yield from filling.fill(table, self.columns[table], rows)
        yield from filling.count_up(tenant, "stock_items", self.stock)
        counted = {
            one.id: {
                "total_orders_count": one.count,
                "own_orders_count": one.own,
                "status": STATUSES[min(one.count, 2)],
            }
            for one in self.people.values()
        }
        yield from filling.assign(tenant, "customers", counted)

    def _version(self, type: str, id: str, changes: str, at: int) -> list[Any]:
        assert self._like is not None, "there are versions of what changed them"
        other = {
            "id": new_id(),
            "resource_type": type,
            "resource_id": id,
            "event": "update",
            "changes": changes,
            "ms": at,
            "sequence": self.next_sequence(),
            "created_at": instant_of(at),
            "updated_at": instant_of(at),
        }
        return [other.get(name, kept) for name, kept in zip(self.columns["versions"], self._like, strict=True)]
