"""The records of one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paydesk.rules.asking import Next
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry


class Session:
    """The records of one transaction: each row is one record, however it was reached."""

    def __init__(self, tenant: str, caller: Mapping[str, Any], numbers: Callable[[Next], int] | None = None) -> None:
        """`numbers` hands out numbers that were reserved before; without it they are counted in the transaction.
        `locked` is called whenever the transaction has come by a lock, for which it may have waited.
        """
        self.tenant = tenant
        self.locked: Callable[[], None] = lambda: None
        self.numbers = numbers
        self.caller = caller
        self._records: dict[tuple[str, str], Record] = {}
        self._renewed: set[Record] = set()

    def keep(self, record: Record) -> Record:
        return self._records.setdefault((record.shape.table, record.id), record)

    def renew(self, record: Record) -> bool:
        """Whether a record is to be brought to what stands in its row, which it is once: under the lock that it was
        read by nobody else writes it, and what is written here is in hand.
        """
        if record in self._renewed:
            return False
        self._renewed.add(record)
        return True

    def kept(self, kind: str, record_id: str | None) -> Record | None:
        return None if record_id is None else self._records.get((_table_names.get(kind, kind), record_id))


_table_names: dict[str, str] = {}


def know_tables(registry: Registry) -> None:
    """Note which table keeps each type, so that a record read as one type is found as another of the same table."""
    _table_names.update({name: one.shape.table for name, one in registry.every.items()})
