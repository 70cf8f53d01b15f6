"""What a request costs: statements and gateway calls, exactly."""

from typing import Any

import apsw
import pytest
import pytest_asyncio

from paydesk.desk.transactions import ORGANIZATION_SECONDS
from paydesk.store.engines.sqlite import SQLite
from paydesk.store.journal.idempotency import idempotency_keys
from paydesk.store.ownership import installation_id
from paydesk.store.sql.ask import Ask
from tests.acts.orders import approved, authorized, only, ready
from tests.payments.conftest import Api, Link


@pytest_asyncio.fixture
async def api(api: Api) -> Api:
    """Nothing but the request asks the database: the keys and what was revoked are not read again meanwhile, and who
    was answered is written down at the end, for all at once.
    """
    await api.parts.oauth.stop()
    api.parts.desk.owing.flush_seconds = 3600.0
    return api


class Spent:
    """Counts the statements, the transactions that write, and the gateway calls of a block."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def now(self) -> tuple[int, int, int]:
        database: Any = self.api.parts.database
        return database.statements_run, database.transactions_run, self.api.parts.desk.calls.count

    def __enter__(self) -> "Spent":
        # The organization is kept for seconds, which a busy machine may have let go by before the block.
        known, until = self.api.parts.desk.transactions.organizations, self.api.app.clock() + ORGANIZATION_SECONDS
        known.update({id_: (until, record) for id_, (_, record) in known.items()})
        self.before = self.now()
        return self

    def __exit__(self, *_: object) -> None:
        after = self.now()
        self.statements, self.transactions, self.calls = (
            one - before for one, before in zip(after, self.before, strict=True)
        )


async def test_reading_one_is_one_statement_and_one_for_each_include(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    for query, statements in (("", 1), ("?include=order", 2), ("?include=order.market,payment_gateway", 4)):
        await api.get(payment, query)
        with Spent(api) as spent:
            await api.get(payment, query)
        assert (spent.statements, spent.calls) == (statements, 0)


async def test_a_list_is_one_statement_and_one_to_count(api: Api) -> None:
    for _ in range(3):
        await api.payment()
    for query, statements in (("", 1), ("?page[size]=2", 2), ("?page[size]=2&include=order", 3)):
        await api.get(f"stripe_payments{query}")
        with Spent(api) as spent:
            await api.get(f"stripe_payments{query}")
        assert (spent.statements, spent.calls) == (statements, 0)


async def test_what_changing_costs_is_known(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    given = {"stripe_id": "pi_1234XXX", "client_secret": "pi_1234XXX_secret_5678YYY"}
    found = {}
    for name in ("patch", "open", "adopt"):
        fresh = await api.order()
        with Spent(api) as spent:
            if name == "patch":
                await api.update(payment, {"metadata": {"a": 1}})
            elif name == "open":
                await api.payment(fresh)
            else:
                await api.payment(fresh, given)
        found[name] = (spent.statements, spent.calls)
    own_lock = api.parts.database.name == "postgresql"  # where a transaction locks its root first
    # A payment may be moved to another order while the lock is waited for, so that is looked at again.
    # Before one is opened, it is looked for prices that came since the order was refreshed.
    assert found == {"patch": (6 + 2 * own_lock, 0), "open": (12, 1), "adopt": (14, 1)}


MOVES = {
    # One of each looks whether the payment is being deleted.
    "place what is authorized": (14, 1, 0),
    "place and authorize": (25, 2, 1),
    "approve": (8, 1, 0),
    "capture": (22, 2, 1),
    "refund": (22, 2, 1),
    "approve and capture an order": (22, 2, 1),
    "void": (22, 2, 1),
    "cancel what is authorized": (25, 2, 1),
    "cancel what is unpaid": (11, 1, 0),
}
"""Statements, transactions that write, gateway calls. On PostgreSQL one statement more: the first locks the order."""


async def test_what_moving_money_costs_is_known(api: Api) -> None:
    found = {}

    async def spent(name: str, of: Link, change: dict[str, Any]) -> None:
        with Spent(api) as spent:
            await api.update(of, change)
        found[name] = (spent.statements, spent.transactions, spent.calls)

    order, _ = await authorized(api)
    await spent("place what is authorized", order, {"_place": True})
    await spent("approve", order, {"_approve": True})
    await spent("capture", await only(api, order, "authorizations"), {"_capture": True})
    await spent("refund", await only(api, order, "captures"), {"_refund": True, "_refund_amount_cents": 400})
    order = await ready(api)
    await spent("cancel what is unpaid", order, {"_cancel": True})
    order = await ready(api)
    await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    await spent("place and authorize", order, {"_place": True})
    await spent("approve and capture an order", order, {"_approve_and_capture": True})
    order, _, authorization = await approved(api)
    await spent("void", authorization, {"_void": True})
    order, _, _ = await approved(api)
    await spent("cancel what is authorized", order, {"_cancel": True})
    own_lock = api.parts.database.name == "postgresql"
    assert found == {name: (statements + own_lock, *rest) for name, (statements, *rest) in MOVES.items()}


class Counting(apsw.VFS):
    """The usual file system, with every sync counted."""

    def __init__(self) -> None:
        self.syncs = 0
        super().__init__("counting", "")

    def xOpen(self, name: "str | apsw.URIFilename | None", flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, counting: Counting, name: "str | apsw.URIFilename | None", flags: list[int]) -> None:
        self.counting = counting
        super().__init__("", name, flags)

    def xSync(self, flags: int) -> None:
        self.counting.syncs += 1
        super().xSync(flags)


@pytest.mark.parametrize("commits", [100])
async def test_every_acknowledged_commit_was_synced_to_disk(sqlite_url: str, commits: int) -> None:
    from pathlib import Path

    from sqlalchemy import bindparam, insert

    counting = Counting()
    database = SQLite(Path(sqlite_url.removeprefix("sqlite:///")), vfs="counting")
    try:
        assert await database.read(installation_id)
        before = counting.syncs

        def build() -> object:
            columns = {column.name: bindparam(column.name, type_=column.type) for column in idempotency_keys.c}
            return insert(idempotency_keys).values(columns)

        for at in range(commits):
            row = dict.fromkeys((column.name for column in idempotency_keys.c), "") | {
                "key": str(at),
                "status": None,
                "headers": None,
                "body": None,
                "created_at": "2026-11-22T00:00:00.000Z",
            }

            def write(row: Any = row) -> Any:
                yield Ask(("test key",), build, row)

            await database.write(write)
        assert counting.syncs - before >= commits
    finally:
        await database.close()
