"""A clock that once ran ahead: what it has left in the database is no reason to wait until that time comes."""

import time
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, update

from paydesk.app import Parts
from paydesk.base.instants import instant, later, seconds
from paydesk.cli.gateways import checked as check
from paydesk.commerce.payments.watching import DAY, next_look
from paydesk.settings import Settings
from paydesk.store.journal import holders as stored_holders
from paydesk.store.sql.ask import Ask
from paydesk.store.types import METADATA, Instant
from tests.acts.metrics import measured
from tests.payments.conftest import Answer, Api, Stripe

YEAR = 365 * DAY
OTHERS = ("expires_at", "capture_before", "due_by")
"""What clients and gateways say, by their own clocks."""

DRIVING = ("due", "until", "lease", "next", "seen", "asked", "reached", "taken", "look", "news", "since", "cursor")
"""Words in the names of columns by which work is begun or left."""


def instants() -> list[tuple[str, str]]:
    """Every column of the schema that holds a time by our own clock."""
    return [
        (table.name, column.name)
        for table in METADATA.sorted_tables
        for column in table.c
        if isinstance(column.type, Instant) and column.name not in OTHERS
    ]


def driving() -> list[tuple[str, str]]:
    return [one for one in instants() if any(word in one[1].split("_") for word in DRIVING)]


async def set_ahead(api: Api, columns: list[tuple[str, str]], at: str) -> None:
    """Have every time in these columns be `at`."""

    def write() -> Any:
        for name, column in columns:
            table = METADATA.tables[name]

            def build(table: Any = table, column: str = column) -> Any:
                there = table.c[column].is_not(None)
                return update(table).where(there).values({column: bindparam("at", type_=Instant())})

            yield Ask(("test ahead", name, column), build, {"at": at})

    await api.parts.database.write(write)


async def leave_held(api: Api, at: str) -> None:
    """Have the open calls be held by a process that was seen just now and is there no more."""
    calls, holders = METADATA.tables["gateway_calls"], METADATA.tables["holders"]

    def write() -> Any:
        holder = insert(holders).values(id=bindparam("id"), seen_at=bindparam("at", type_=Instant()))
        yield Ask(("test holder",), lambda: holder, {"id": f"gone-{at}", "at": at})
        held = update(calls).where(calls.c.state == "open")
        held = held.values(lease_holder=bindparam("id"), lease_until=bindparam("until", type_=Instant()))
        yield Ask(("test held",), lambda: held, {"id": f"gone-{at}", "until": later(at, 50)})

    await api.parts.database.write(write)


class Work:
    """Something of each kind that the background is to do."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.silent: Answer
        self.told: Answer
        self.told_by: str

    async def leave(self, *, call: bool = True) -> None:
        api = self.api
        self.silent = await api.payment()
        self.told = await api.payment()
        await api.stripe.confirm(self.told["stripe_id"])
        # One event waits to be worked; the others stand in the list alone.
        (event, *_) = await api.stripe.events(self.told["stripe_id"])
        self.told_by = event["id"]
        assert (await api.deliver(event)).status_code == 200
        if not call:
            return
        order = await api.order()
        await api.stripe.faults(status=500, times=0)
        await api.create("stripe_payments", order=order, expect=503)
        await api.stripe.mend()
        assert await api.open_calls() == ["open_payment"]

    async def goes_on(self) -> None:
        """A round of everything, and all is done."""
        api = self.api
        events = {one["id"] for one in await api.stripe.events()}
        await api.parts.recovery.once()
        assert await api.open_calls() == []
        await api.parts.watching.once()
        looks = dict(await api.rows("stripe_payments", "id", "look_at"))
        now = instant(api.app.clock())
        assert now < looks[self.silent.id] <= later(now, DAY)
        await api.parts.catching_up.once()
        rows = await api.rows("gateway_events", "event_id", "worked_at")
        assert (self.told_by, True) in {(event, worked is not None) for event, worked in rows}
        assert events & {event["id"] for event in await api.stripe.events(self.told["stripe_id"])} <= {
            event for event, _ in rows
        }
        assert (await api.get(self.told))["charge_id"] is not None
        assert await api.parts.recovery.lapsing.once() == 0
        ((taken_at,),) = [row for row in await api.rows("turns", "taken_at")]
        now = instant(api.app.clock())
        assert later(now, -60) < taken_at <= now
        for (reached_at,) in await api.rows("gateway_cursors", "reached_at"):
            assert later(now, -60) < reached_at <= now


async def test_work_goes_on_at_once_whichever_time_lies_a_year_ahead(api: Api) -> None:
    found = driving()
    known = {("gateway_calls", "due_at"), ("gateway_events", "due_at"), ("stripe_payments", "look_at")}
    known |= {("gateway_calls", "lease_until"), ("holders", "seen_at"), ("turns", "taken_at")}
    assert known | {("gateway_cursors", "asked_at"), ("stripe_payments", "news_at")} <= set(found)
    work = Work(api)
    await api.parts.recovery.lapsing.once()
    await api.parts.catching_up.once()
    for table, column in found:
        held = table in ("gateway_calls", "holders")
        if not held and {None} >= {value for (value,) in await api.rows(table, column)}:
            continue  # Nothing of it is in this shop; see the next test for all of it.
        await work.leave(call=held)
        api.app.clock.advance(65)  # type: ignore[attr-defined]
        if column in ("lease_until", "seen_at"):
            await leave_held(api, await api.parts.database.read(stored_holders.time))
            if api.parts.database.name == "sqlite":
                await set_ahead(api, [("holders", "seen_at")], instant(api.app.clock()))
        await set_ahead(api, [(table, column)], instant(api.app.clock() + YEAR))
        await work.goes_on()


async def test_work_goes_on_where_all_times_lie_ahead_together(api: Api) -> None:
    work = Work(api)
    await api.parts.recovery.lapsing.once()
    await work.leave()
    await leave_held(api, instant(api.app.clock() + YEAR))
    kept = ("access_tokens", "refresh_tokens", "signing_keys", "authorization_codes", "revocations")
    lasting = [one for one in instants() if one[0] not in kept]
    ended = ("settled_at", "worked_at", "disabled_at", "revoked_at", "placed_at", "cancelled_at", "archived_at")
    await set_ahead(api, [one for one in lasting if one[1] not in ended], instant(api.app.clock() + YEAR))
    await work.goes_on()


def test_a_payment_whose_news_lies_ahead_is_looked_at_as_if_it_came_now() -> None:
    now = "2026-11-01T10:00:00.000Z"
    assert next_look(now, news_at=later(now, YEAR), capture_before=None, informed=False) == later(now, 60)


async def test_ages_below_zero_are_a_problem(api: Api, settings: Settings) -> None:
    (event, *_) = await api.stripe.events((await api.payment())["stripe_id"])
    assert (await api.deliver(event)).status_code == 200
    await api.parts.recovery.once()
    await api.parts.catching_up.once()
    columns = [("gateway_cursors", "reached_at"), ("gateway_tallies", "verified_at")]
    (before,) = await check(settings, [], self_test=False)
    assert [line.ok for line in before.lines if line.what in ("list", "events")] == [True, True]
    await set_ahead(api, columns, instant(time.time() + YEAR))
    (checked,) = await check(settings, [], self_test=False)
    problems = [(line.what, line.told.rpartition(", ")[2]) for line in checked.lines if line.ok is False]
    assert problems == [(what, "which is yet to come: a clock ran ahead") for what in ("events", "list")]
    ages = await measured(api)
    for name in ("paydesk_gateway_event_age_seconds", "paydesk_gateway_list_age_seconds"):
        assert -YEAR <= ages[f'{name}{{gateway="{api.gateway.id}"}}'] < -YEAR + 600


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_processes_go_by_the_databases_clock_and_not_by_their_own(
    api: Api, account: Stripe, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = time.time()
    monkeypatch.setattr(time, "time", lambda: right + YEAR)
    parts = await Parts.open(settings)
    try:
        await parts.recovery.begin()
        assert abs(parts.clock() - right) < 300
        # The machine's clock is set meanwhile, and the next heartbeat finds the database's again.
        parts.clock.set(right - YEAR, 0.0)  # type: ignore[attr-defined]
        await parts.recovery._beat()
        assert abs(parts.desk.clock() - right) < 300
        told = await parts.database.read(stored_holders.time)
        assert abs(seconds(told) - parts.clock()) < 60
    finally:
        await parts.recovery.stop()
        await parts.close()
