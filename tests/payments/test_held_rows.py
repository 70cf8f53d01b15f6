"""A row that another client of the database holds keeps nobody from anything else."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from paydesk.base.instants import instant
from tests.acts.orders import authorized, only, ready
from tests.payments.conftest import Answer, Api, Clock, Link, document_of, link_of
from tests.processes import eventually
from tests.store.rows import say

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for only shortly."""
    monkeypatch.setattr("paydesk.store.engines.postgres.LOCK_SECONDS", 0.3)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for as long as a test may take."""
    monkeypatch.setattr("paydesk.store.engines.postgres.LOCK_SECONDS", 100.0)


@asynccontextmanager
async def held(url: str, *records: Link) -> AsyncIterator[Any]:
    """Another client's transaction has locked records; gives that client's connection."""
    links = [link for one in records if (link := link_of(one)) is not None]
    other = await asyncpg.connect(url, server_settings={"application_name": "somebody's psql"})
    try:
        await other.execute("BEGIN")
        for link in links:
            await other.execute(f"SELECT 1 FROM {link['type']} WHERE id = '{link['id']}' FOR UPDATE")
        yield other
        await other.execute("ROLLBACK")
    finally:
        await other.close()


async def waiting(api: Api) -> int:
    """How many transactions wait for a lock now."""
    # By another connection: a transaction sees what goes on as it was when it looked first.
    found: int = (await api.parts.database.read(lambda: say(WAITING)))[0][0]
    return found


async def some_wait(api: Api) -> bool:
    return await waiting(api) > 0


async def all_else_goes_on(api: Api, free: Answer, *reads: Link | str) -> None:
    for at in range(5):
        for one in reads:
            await api.get(one)
        assert (await api.update(free, {"reference": f"f{at}"}))["reference"] == f"f{at}"
        await api.line(free, 100)


def patches(api: Api, order: Answer, count: int) -> list[asyncio.Task[Answer]]:
    def sent(at: int) -> Any:
        body = {"data": {"type": "orders", "id": order.id, "attributes": {"reference": f"r{at}"}}}
        return api.send("PATCH", f"orders/{order.id}", body)

    return [asyncio.create_task(sent(at)) for at in range(count)]


@pytest.mark.usefixtures("patient")
async def test_writes_of_a_held_order_wait_on_one_connection_and_all_else_goes_on(api: Api, database_url: str) -> None:
    order, free = await api.order(), await api.order()
    async with held(database_url, order):
        tasks = patches(api, order, 12)
        await eventually(lambda: some_wait(api))
        for at in range(5):
            reads = await asyncio.gather(*(api.get(order) for _ in range(12)))
            assert [one["reference"] for one in reads] == [None] * 12
            assert (await api.update(free, {"reference": f"f{at}"}))["reference"] == f"f{at}"
        await eventually(lambda: waiting(api), 1)
        assert [one.done() for one in tasks] == [False] * 12
    answers = await asyncio.gather(*tasks)
    assert [one.status for one in answers] == [200] * 12
    assert [one["reference"] for one in answers] == [f"r{at}" for at in range(12)]
    assert (await api.get(order))["reference"] in [f"r{at}" for at in range(12)]


@pytest.mark.usefixtures("impatient")
async def test_a_lock_that_is_not_let_go_is_503_and_changes_nothing(api: Api, database_url: str) -> None:
    order = await api.order()
    async with held(database_url, order):
        answers = await asyncio.gather(*patches(api, order, 12))
    assert [one.status for one in answers] == [503] * 12
    assert {one.headers["retry-after"] for one in answers} == {"2"}
    assert (await api.get(order))["reference"] is None
    assert (await api.update(order, {"reference": "free"}))["reference"] == "free"


@pytest.mark.usefixtures("patient")
async def test_the_log_says_who_holds_a_lock(
    api: Api, database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydesk.store.engines.postgres.LOOK_SECONDS", 0.1)
    caplog.set_level(logging.WARNING)
    order = await api.order()

    async def told() -> list[str]:
        return [one.getMessage() for one in caplog.records if one.name == "paydesk.store.engines.postgres"]

    async def is_told() -> bool:
        if not await told():
            # A look that came before the server waited found nobody.
            api.parts.database._look()  # type: ignore[attr-defined]
        return bool(await told())

    async with held(database_url, order) as other:
        tasks = patches(api, order, 1)
        await eventually(is_told)
        process = other.get_server_pid()
    assert [one.status for one in await asyncio.gather(*tasks)] == [200]
    assert (await told())[0].startswith(
        "writes wait for a lock that another client of the database holds: "
        f'process {process}, application "somebody\'s psql", idle in transaction, last query begun at 20'
    )


@pytest.mark.usefixtures("patient")
async def test_writes_of_many_held_records_leave_connections_to_others(api: Api, database_url: str) -> None:
    orders, free = [await api.order() for _ in range(12)], await api.order()
    async with held(database_url, *orders):
        tasks = [task for order in orders for task in patches(api, order, 1)]
        await eventually(lambda: some_wait(api))
        await all_else_goes_on(api, free, *orders)
        await eventually(lambda: waiting(api), 4)
        assert [one.done() for one in tasks] == [False] * 12
    assert [one.status for one in await asyncio.gather(*tasks)] == [200] * 12


async def writes_of_what_an_order_has(api: Api) -> tuple[Answer, list[tuple[str, str, Any]]]:
    """A placed order, and writes of records of its own, each with its method, path and body."""
    order, payment = await authorized(api)
    lines = [await api.line(order, 0) for _ in range(6)]
    authorization = await only(api, order, "authorizations")
    said = {"metadata": {"said": "x"}}
    changed: list[Link] = [order, payment, authorization, *lines[:4]]
    writes = [
        ("PATCH", "{type}/{id}".format(**link), document_of(link["type"], link["id"], said, {}))
        for one in changed
        if (link := link_of(one)) is not None
    ]
    writes += [("DELETE", f"line_items/{one.id}", None) for one in lines[4:]]
    made = document_of("line_items", None, {"name": "x", "quantity": 1, "unit_amount_cents": 0}, {"order": order})
    writes += [("POST", "line_items", made)] * 3
    return order, writes


def sent(api: Api, writes: list[tuple[str, str, Any]]) -> list[asyncio.Task[Answer]]:
    return [asyncio.create_task(api.send(*one)) for one in writes]


@pytest.mark.usefixtures("patient")
async def test_writes_of_what_a_held_order_has_wait_on_one_connection(api: Api, database_url: str) -> None:
    order, writes = await writes_of_what_an_order_has(api)
    free = await ready(api)
    async with held(database_url, order):
        tasks = sent(api, writes)
        await eventually(lambda: some_wait(api))
        await all_else_goes_on(api, free, order, *(path for method, path, _ in writes if method != "POST"))
        await eventually(lambda: waiting(api), 1)
        assert [one.done() for one in tasks] == [False] * 12
    assert [one.status for one in await asyncio.gather(*tasks)] == [200] * 7 + [204] * 2 + [201] * 3


@pytest.mark.usefixtures("impatient")
async def test_what_a_held_order_has_is_answered_503_and_stays(api: Api, database_url: str) -> None:
    order, writes = await writes_of_what_an_order_has(api)

    async def stands() -> list[Any]:
        document = (await api.get(order, "?include=line_items,payment_source,transactions")).document
        return [one["attributes"] for one in (document["data"], *document["included"])]

    before = await stands()
    async with held(database_url, order):
        answers = await asyncio.gather(*sent(api, writes))
        assert (await api.http.get("/readyz")).status_code == 200
    assert [one.status for one in answers] == [503] * 12
    assert {one.headers["retry-after"] for one in answers} == {"2"}
    assert await stands() == before


@pytest.mark.usefixtures("patient")
async def test_what_names_a_held_record_leaves_connections_to_others(api: Api, database_url: str) -> None:
    """Who makes an order has its market held by the foreign key, and no rule asks for that."""
    free = await api.order()
    async with held(database_url, api.market):
        made = document_of("orders", None, {}, {"market": api.market})
        tasks = sent(api, [("POST", "orders", made)] * 12)
        await eventually(lambda: some_wait(api))
        await all_else_goes_on(api, free, api.market)
        await eventually(lambda: waiting(api), 1)
        assert [one.done() for one in tasks] == [False] * 12
    assert [one.status for one in await asyncio.gather(*tasks)] == [201] * 12


@pytest.mark.usefixtures("impatient")
async def test_what_names_a_held_record_is_answered_503(api: Api, database_url: str) -> None:
    made = document_of("orders", None, {}, {"market": api.market})
    async with held(database_url, api.market):
        answers = await asyncio.gather(*sent(api, [("POST", "orders", made)] * 12))
    assert [(one.status, one.headers["retry-after"]) for one in answers] == [(503, "2")] * 12
    assert await api.rows("orders", "id") == []


async def test_what_waited_for_a_record_is_younger_than_what_it_waited_for(
    api: Api, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions replayed in the order of time give the record, though the later writer began first."""
    monkeypatch.setattr("paydesk.store.engines.postgres.HASTY_SECONDS", 100.0)
    order = await api.order()
    async with held(database_url, order):
        (patch,) = patches(api, order, 1)
        await eventually(lambda: some_wait(api))
        clock.advance(10)
        let_go_at = instant(clock())
    assert (await patch).status == 200
    newest = (await api.get(f"orders/{order.id}/versions?sort=-created_at")).data[0]["attributes"]
    assert newest["changes"]["reference"] == [None, "r0"]
    assert newest["created_at"] >= let_go_at
    assert (await api.get(order))["updated_at"] == newest["created_at"]


@pytest.mark.usefixtures("patient")
async def test_schedulers_that_come_to_a_market_at_once_all_count_and_stay_taxed_as_it_is(
    api: Api, database_url: str
) -> None:
    def post(name: str, starts: float, ends: float, of: Link, prices: Answer) -> Any:
        when = {"name": name, "starts_at": instant(now + starts), "expires_at": instant(now + ends)}
        return api.create("price_list_schedulers", when, market=of, price_list=prices)

    now = api.app.clock()
    sale = await api.create("price_lists", {"name": "Sale", "currency_code": "EUR"})
    (own,) = (await api.get("price_lists", "?filter[q][code_eq]=eur")).data
    merchant = {"type": "merchants", "id": (await api.get("merchants")).data[0]["id"]}
    usual = {"type": "price_lists", "id": own["id"]}
    other = await api.create("markets", {"name": "Other"}, merchant=merchant, price_list=usual)
    moved = await post("Moved", 60, 7200, api.market, sale)
    async with held(database_url, other):
        body = {"data": {**link_of(moved), "relationships": {"market": {"data": link_of(other)}}}}  # type: ignore[dict-item]
        path = f"price_list_schedulers/{moved.id}"
        tasks = [
            asyncio.create_task(api.send("PATCH", path, body)),
            asyncio.create_task(post("New", 60, 3600, other, sale)),
        ]
        await eventually(lambda: some_wait(api))
    assert [one.status for one in await asyncio.gather(*tasks)] == [200, 201]
    rows = await api.rows("markets", "name", "scheduled_until")
    assert dict(rows)["Other"] == instant(now + 7200)
    # Whether prices contain taxes is compared with lists that stay as they are meanwhile.
    late = await api.create("price_lists", {"name": "Late", "currency_code": "EUR"})
    async with held(database_url, late):
        flag = {"data": {"type": "price_lists", "id": late.id, "attributes": {"tax_included": False}}}
        when = {"name": "Late", "starts_at": instant(now + 60), "expires_at": instant(now + 90)}
        new = {"type": "price_list_schedulers", "attributes": when, "relationships": {}}
        new["relationships"] = {"market": {"data": link_of(other)}, "price_list": {"data": link_of(late)}}
        tasks = [
            asyncio.create_task(api.send("PATCH", f"price_lists/{late.id}", flag)),
            asyncio.create_task(api.send("POST", "price_list_schedulers", {"data": new})),
        ]
        await eventually(lambda: some_wait(api))
    changed, made = await asyncio.gather(*tasks)
    assert (changed.status, made.status) in ((200, 422), (422, 201))
    assert (await api.get(late))["tax_included"] is (made.status == 201)
