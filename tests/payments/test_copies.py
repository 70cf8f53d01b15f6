"""One installation that is there twice, with the same keys: one of the two acts at Stripe."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest_asyncio
from sqlalchemy import delete

from paydesk.background.keep_ownership import TOLD
from paydesk.cli.gateways import checked as check
from paydesk.cli.running import opened
from paydesk.gateways.port.account import MARK
from paydesk.settings import Settings
from paydesk.store import migrate, open_database
from paydesk.store.sql.ask import Ask
from paydesk.store.types import METADATA
from tests.acts.metrics import measured
from tests.conftest import with_database
from tests.payments.commands import paydesk
from tests.payments.conftest import Answer, Api, Running, Stripe, _fill, furnish, on_sqlite, rows_of

HOUR = 3600.0


async def copied(settings: Settings, folder: Path) -> Settings:
    """A copy of the database, which nobody uses in this moment."""
    if settings.on_sqlite:
        file = folder / "copy.sqlite3"
        shutil.copy(settings.sqlite_file, file)
        return replace(settings, database_url=f"sqlite:///{file}")
    name = urlsplit(settings.database_url).path.strip("/")
    connection = await asyncpg.connect(with_database(settings.database_url, "postgres"))
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}_copy"')
    await connection.execute(f'CREATE DATABASE "{name}_copy"')
    await connection.close()
    copy = replace(settings, database_url=with_database(settings.database_url, f"{name}_copy"))
    await asyncio.to_thread(migrate.upgrade, copy.database_url)
    source, target = open_database(settings.database_url), open_database(copy.database_url)
    rows = {}
    for table in METADATA.sorted_tables:
        names = [column.name for column in table.c]
        found = await rows_of(source, table.name, *names)
        rows[table.name] = [dict(zip(names, row, strict=True)) for row in found]

    def empty() -> Any:
        for name in ("installation", "migrations"):
            yield Ask(("test other", name), lambda: delete(METADATA.tables[name]))  # noqa: B023

    await target.write(empty)
    await _fill(target, rows)
    await source.close()
    await target.close()
    return copy


async def drop(settings: Settings) -> None:
    if not settings.on_sqlite:
        name = urlsplit(settings.database_url).path.strip("/")
        connection = await asyncpg.connect(with_database(settings.database_url, "postgres"))
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()


class Twice:
    def __init__(self, production: Api, copy: Api, settings: Settings, order: Answer) -> None:
        self.production, self.copy, self.settings, self.order = production, copy, settings, order


@pytest_asyncio.fixture
async def twice(running: Running, account: Stripe, tmp_path: Path) -> AsyncIterator[Twice]:
    """A shop that has just acted, and a copy of it; neither has looked since."""
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        assert await api.parts.owner.look()
    settings = await copied(running.settings, tmp_path)
    async with running.api(account) as production, running.api(account, settings=settings) as copy:
        for one in (production, copy):
            one.gateway, one.method = api.gateway, api.method
        yield Twice(production, copy, settings, order)
    await drop(settings)


async def acts(account: Stripe) -> int:
    """How much with an effect was asked of Stripe."""
    return sum([len(await account.requests(method, "*")) for method in ("POST", "DELETE")])


async def marks(account: Stripe) -> list[str | None]:
    return [one.metadata.to_dict().get(MARK) for one in await account.endpoints()]


async def is_stopped(api: Api, account: Stripe, order: Answer) -> None:
    """Reads go on, and nothing with an effect is asked of Stripe."""
    asked = await acts(account)
    refused = await api.create("stripe_payments", order=order, expect=503)
    assert [one["detail"] for one in refused.errors] == [TOLD]
    await api.parts.recovery.once()
    assert await api.parts.endpoints.once()
    await api.parts.watching.once()
    assert await acts(account) == asked
    assert (await api.get(order)).id == order.id
    assert (await api.http.get("/readyz")).json() == {"status": "stopped"}
    assert (await measured(api))["paydesk_acting"] == 0


async def is_acting(api: Api) -> None:
    assert (await api.http.get("/readyz")).json() == {"status": "ready"}
    assert (await measured(api))["paydesk_acting"] == 1
    assert (await api.payment())["stripe_id"].startswith("pi_")


async def test_a_copy_that_finds_the_other_at_work_asks_stripe_for_nothing(twice: Twice, account: Stripe) -> None:
    production, copy = twice.production, twice.copy
    # Two hours later the copy cannot be told from a shop that was moved, but for who acted since.
    production.app.clock.advance(2 * HOUR)  # type: ignore[attr-defined]
    assert await production.parts.owner.look()
    for api in (production, copy):
        api.token = await api.log_in()
    # Before its first look no act begins.
    copy.parts.owner.watches = True
    await is_stopped(copy, account, twice.order)
    (checked,) = await check(twice.settings, [], self_test=False, clock=copy.app.clock)
    (line,) = [line for line in checked.lines if line.what == "owner"]
    assert (line.ok, "a younger installation with the same keys acts there" in line.told) == (False, True)
    assert "paydesk adopt-installation" in str(line.do)
    # It stays so when it is started anew.
    copy.parts.owner.stopped = None
    await copy.parts.owner.look()
    await is_stopped(copy, account, twice.order)
    await is_acting(production)


async def test_a_copy_made_a_moment_ago_does_not_act_either(twice: Twice, account: Stripe) -> None:
    await twice.copy.parts.owner.look()
    assert str(twice.copy.parts.owner.stopped).startswith("its database was copied or moved, and acted elsewhere until")
    await is_stopped(twice.copy, account, twice.order)
    await twice.production.parts.owner.look()
    await is_acting(twice.production)


async def test_the_one_that_is_adopted_acts_and_the_other_stops(twice: Twice, account: Stripe) -> None:
    production, copy = twice.production, twice.copy
    await copy.parts.owner.look()
    await is_stopped(copy, account, twice.order)
    async with opened(twice.settings) as parts:
        assert await parts.owner.adopt() == 1
    assert [mark[:2] for mark in await marks(account) if mark] == ["2-"]
    await is_acting(copy)
    await production.parts.owner.look()
    await is_stopped(production, account, twice.order)
    # What was asked of the copy while it did not act is finished.
    await copy.recover(after=60)
    assert await copy.open_calls() == []


async def test_a_shop_that_was_moved_acts_on_once_the_other_has_long_been_silent(twice: Twice) -> None:
    twice.copy.app.clock.advance(2 * HOUR)  # type: ignore[attr-defined]
    twice.copy.token = await twice.copy.log_in()
    await twice.copy.parts.owner.look()
    await is_acting(twice.copy)


async def test_the_processes_of_one_database_are_one_owner(running: Running, account: Stripe) -> None:
    async with running.api(account) as one, running.api(account) as two:
        await furnish(one)
        two.gateway, two.method = one.gateway, one.method
        seen: list[Any] = []
        for _ in range(3):
            for api in (one, two, one):
                assert await api.parts.owner.look()
                assert api.parts.owner.stopped is None
            seen.append(await marks(account))
            one.app.clock.advance(1000)  # type: ignore[attr-defined]
        assert [mark[:2] for (mark,) in seen] == ["1-", "2-", "3-"]
        await is_acting(one)
        await is_acting(two)


@on_sqlite
async def test_an_endpoint_elsewhere_that_brought_events_lately_is_not_moved(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        (event, *_) = await account.events((await api.payment())["stripe_id"])
        assert (await api.deliver(event)).status_code == 200
        await api.parts.recovery.once()
    (before,) = await account.endpoints()
    moved = replace(running.settings, public_domain="shop.example")
    async with running.api(account, settings=moved, host="http://acme.shop.example") as api:
        assert await api.parts.endpoints.once()
        await api.parts.recovery.once()
        assert [one.url for one in await account.endpoints()] == [before.url]
        await api.recover(after=HOUR + 1)
        assert await api.parts.endpoints.once()
        await api.parts.recovery.once()
        (after,) = await account.endpoints()
        assert after.url == f"https://acme.shop.example/webhook_callbacks/stripe_gateways/{event_gateway(before)}"


def event_gateway(endpoint: Any) -> str:
    return str(endpoint.metadata.to_dict()["paydesk_gateway"])


async def test_commands_of_a_copy_see_first_that_it_does_not_act(
    twice: Twice, running: Running, account: Stripe
) -> None:
    twice.production.app.clock.advance(1000)  # type: ignore[attr-defined]
    assert await twice.production.parts.owner.look()
    assert twice.copy.parts.owner.stopped is None
    gateway = twice.copy.gateway.id
    former = await twice.copy.rows("payment_gateways", "login")
    copy, asked = replace(running, settings=twice.settings), await acts(account)
    for command in (("gateways", "rekey", gateway), ("payments", "make-order", "pi_1234XXX")):
        said = await paydesk(copy, *command, PAYDESK_STRIPE_SECRET_KEY=f"sk_test_{'a' * 32}")
        assert said.status == 1
        assert TOLD in " ".join(said.err.split())
    assert await twice.copy.rows("payment_gateways", "login") == former
    assert await acts(account) == asked
