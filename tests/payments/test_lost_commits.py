"""A commit whose answer is lost while PostgreSQL restarts: it is looked up, never made again blindly."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.settings import Settings
from paydesk.store.engines import postgres
from tests.acts.orders import at_stripe
from tests.acts.refunds import PART, ask, captured, refunds
from tests.payments.conftest import Api, Founded, Running, Stripe, furnish


@pytest.fixture
def settings(postgresql_url: str, sandbox: str, founded: Founded, tmp_path: Path) -> Settings:
    commerce.registry()
    return Settings(database_url=postgresql_url, data_dir=tmp_path, stripe_api_base=sandbox, key_file=founded.keys)


@pytest_asyncio.fixture
async def api(running: Running, account: Stripe) -> AsyncIterator[Api]:
    async with running.api(account) as api:
        yield await furnish(api)


class Commits:
    """The answers to some of the next commits are lost, whether they were made or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.lost: dict[int, bool] = {}
        self.is_there = True
        execute, fetch = asyncpg.Connection.execute, asyncpg.Connection.fetch

        async def executing(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
            if query != "COMMIT":
                return await execute(connection, query, *arguments, **options)
            self.count += 1
            made = self.lost.get(self.count)
            if made is not False:
                await execute(connection, query, *arguments, **options)
            if made is not None:
                connection.terminate()
                raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
            return None

        async def fetching(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
            if not self.is_there:
                raise asyncpg.CannotConnectNowError("the database system is starting up")
            return await fetch(connection, query, *arguments, **options)

        monkeypatch.setattr(asyncpg.Connection, "execute", executing)
        monkeypatch.setattr(asyncpg.Connection, "fetch", fetching)

    def lose(self, *which: int, made: bool) -> None:
        """Of the commits from now on, by number."""
        self.lost = {self.count + one: made for one in which}


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    return Commits(monkeypatch)


@pytest.mark.parametrize("made", [True, False])
@pytest.mark.parametrize("which", [1, 2])
async def test_a_refund_goes_on_at_once_whether_its_commit_stands_or_not(
    api: Api, commits: Commits, which: int, made: bool
) -> None:
    order, payment, capture = await captured(api)
    await api.parts.desk.owing.flush()
    commits.lose(which, made=made)
    assert await ask(api, capture, PART) == (200, False)
    assert commits.count >= max(commits.lost)
    assert (await at_stripe(api, payment), await refunds(api, order)) == (("succeeded", 15400, 900), [900])
    assert await api.open_calls() == []
    assert await ask(api, capture, PART) == (200, False)
    assert await refunds(api, order) == [900, 900]


async def test_while_the_database_is_away_the_client_is_told_so_and_nobody_waits_for_a_lease(
    api: Api, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LANDING_SECONDS", 0.3)
    order, payment, capture = await captured(api)
    await api.parts.desk.owing.flush()
    begin = api.parts.desk.changes._transaction

    def beginning(*given: Any) -> Any:
        first = yield from begin(*given)
        commits.is_there = False
        return first

    monkeypatch.setattr(api.parts.desk.changes, "_transaction", beginning)
    commits.lose(1, made=True)
    assert await ask(api, capture, PART) == (503, False)
    monkeypatch.undo()
    assert await api.open_calls() == ["refund_payment"]
    await api.recover(after=3)
    assert (await api.open_calls(), await refunds(api, order)) == ([], [900])
    assert await ask(api, capture, PART) == (200, True)
    assert (await at_stripe(api, payment), await refunds(api, order)) == (("succeeded", 15400, 900), [900])
