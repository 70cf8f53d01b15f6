"""Guesses at passwords and client secrets: limited always, counted for all nodes together, and nobody is locked out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from paydesk.base.instants import instant
from paydesk.oauth.authority import OAuth
from paydesk.oauth.endpoints import routes
from paydesk.store import open_database
from paydesk.store.oauth import clearing
from paydesk.vault import Vault
from tests.acts.grants import AUTHORIZE
from tests.oauth.conftest import NOW, PASSWORD, TENANT, Api, Clock, add_customer

CUSTOMER = {"grant_type": "password", "client_id": "client-shop", "username": "ada@example.com"}
INTEGRATION = {"grant_type": "client_credentials", "client_id": "client-back"}


@dataclass
class Nodes:
    """Two nodes on one database, asked from any address."""

    api: Api
    apps: list[Starlette]
    unlisted: bool = False
    asked: int = 0

    @property
    def clock(self) -> Clock:
        return self.api.clock

    async def post(self, path: str, address: str, **content: Any) -> httpx.Response:
        """Every other request goes to the other node."""
        self.asked += 1
        app = self.apps[self.asked % 2]

        async def placed(scope: Any, receive: Any, send: Any) -> None:
            await app(scope | {"paydesk.peer": (address, self.unlisted)}, receive, send)

        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(placed), base_url="https://auth.shop.test"
        ) as client:
            return await client.post(path, **content)

    async def password(self, password: str = "wrong", address: str = "192.0.2.1", **more: Any) -> httpx.Response:
        return await self.post("/oauth/token", address, json=CUSTOMER | {"password": password} | more)

    async def secret(self, secret: str = "wrong", address: str = "192.0.2.1", **more: Any) -> httpx.Response:
        return await self.post("/oauth/token", address, json=INTEGRATION | {"client_secret": secret} | more)

    async def page(self, password: str = "wrong", address: str = "192.0.2.1", **more: Any) -> httpx.Response:
        form = {"email": "boss@acme.example", "password": password, "decision": "allow"} | more
        return await self.post("/oauth/authorize?" + urlencode(AUTHORIZE), address, data=form)

    async def revoke(self, secret: str = "wrong", address: str = "192.0.2.1", **more: Any) -> httpx.Response:
        asked = {"client_id": "client-back", "client_secret": secret, "token": "none"} | more
        return await self.post("/oauth/revoke", address, json=asked)


@pytest_asyncio.fixture
async def nodes(api: Api, database_url: str, vault: Vault) -> AsyncIterator[Nodes]:
    database = open_database(database_url)
    oauth = OAuth(database, vault, api.clock)
    await oauth.start()
    yield Nodes(api, [Starlette(routes=list(routes(one))) for one in (api.oauth, oauth)])
    await oauth.stop()
    await database.close()


WRONG = {"password": 400, "secret": 401, "page": 400, "revoke": 401}
RIGHT = {"password": (PASSWORD, 200), "secret": ("secret-back", 200), "page": (PASSWORD, 303)}
RIGHT["revoke"] = ("secret-back", 200)


@pytest.mark.parametrize("door", list(WRONG))
async def test_guesses_at_one_account_from_one_address_wait_ever_longer(nodes: Nodes, door: str) -> None:
    guess = getattr(nodes, door)
    waits = []
    assert [(await guess()).status_code for _ in range(5)] == [WRONG[door]] * 5
    for _ in range(12):
        refused = await guess()
        right = await guess(RIGHT[door][0])
        assert (refused.status_code, right.status_code) == (429, 429)
        assert refused.headers["retry-after"] == right.headers["retry-after"]
        assert refused.text.replace("wrong", "") == right.text.replace("wrong", "")
        waits.append(int(refused.headers["retry-after"]))
        nodes.clock.advance(waits[-1])
        assert (await guess()).status_code == WRONG[door]
    assert waits[:6] == [1, 2, 4, 8, 16, 32]
    assert waits == sorted(waits) and 300 < waits[-1] <= 900
    nodes.clock.advance(900)
    assert (await guess(RIGHT[door][0])).status_code == RIGHT[door][1]


@pytest.mark.parametrize("door", list(WRONG))
async def test_of_guesses_made_at_once_no_more_are_answered_than_of_those_made_one_by_one(
    nodes: Nodes, door: str
) -> None:
    answers = await asyncio.gather(*(getattr(nodes, door)() for _ in range(30)))
    assert sorted(one.status_code for one in answers) == [WRONG[door]] * 5 + [429] * 25


@pytest.mark.parametrize(
    ("door", "nobody"),
    [
        ("password", {"username": "nobody@example.com"}),
        ("password", {"username": "guest@example.com"}),
        ("secret", {"client_id": "client-nobody"}),
        ("secret", {"client_id": "client-gone"}),
        ("revoke", {"client_id": "client-nobody"}),
        ("page", {"email": "nobody@acme.example"}),
    ],
)
async def test_an_account_that_is_not_there_answers_and_waits_as_one_that_is(
    nodes: Nodes, door: str, nobody: dict[str, str]
) -> None:
    guess = getattr(nodes, door)
    for _ in range(9):
        known, unknown = await guess(address="192.0.2.1"), await guess(address="192.0.2.2", **nobody)
        assert known.status_code == unknown.status_code
        assert known.headers.get("retry-after") == unknown.headers.get("retry-after")
        told = nobody.get("email", "boss@acme.example")
        assert known.text.replace("boss@acme.example", told) == unknown.text
        nodes.clock.advance(0.5)


@pytest.mark.parametrize("door", ["password", "secret"])
async def test_the_owner_never_waits_where_he_was_let_in_before(nodes: Nodes, door: str) -> None:
    guess, (right, let_in) = getattr(nodes, door), RIGHT[door]
    assert (await guess(right, "198.51.100.7")).status_code == let_in
    nodes.clock.advance(30 * 86_400)
    for number in range(22):
        await guess(address=f"192.0.2.{number}")
    assert (await guess(address="192.0.2.99")).status_code == 429
    assert (await guess(right, "198.51.100.7")).status_code == let_in
    for _ in range(20):  # Nor where he, or somebody beside him, was wrong himself.
        await guess(address="198.51.100.7")
    assert (await guess(address="198.51.100.7")).status_code == 429
    assert (await guess(right, "198.51.100.7")).status_code == let_in
    assert (await guess(address="198.51.100.7")).status_code == WRONG[door]


async def test_who_was_let_in_before_cannot_guess_on_for_ever(nodes: Nodes) -> None:
    assert (await nodes.secret("secret-back")).status_code == 200
    for _ in range(101):
        await nodes.secret()
    refused = await nodes.secret("secret-back")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    nodes.clock.advance(30)
    assert (await nodes.secret("secret-back")).status_code == 200


@pytest.mark.parametrize("door", ["secret", "page"])
async def test_nobody_is_locked_out_by_an_attacker_of_many_addresses(nodes: Nodes, door: str) -> None:
    guess, (right, let_in) = getattr(nodes, door), RIGHT[door]
    for number in range(22):
        await guess(address=f"192.0.2.{number}")
    first = await guess(right, "198.51.100.7")
    assert first.status_code == 429
    assert 1 <= int(first.headers["retry-after"]) <= 30
    nodes.clock.advance(int(first.headers["retry-after"]) - 0.5)
    again = await guess(right, "198.51.100.7")  # Too early; the promise stands.
    assert (again.status_code, again.headers["retry-after"]) == (429, "1")
    nodes.clock.advance(0.5)
    for number in range(22):  # They come first, and begin another pause.
        await guess(address=f"192.0.2.{number}")
    assert (await guess(address="203.0.113.1")).status_code == 429
    assert (await guess(right, "198.51.100.7")).status_code == let_in


async def test_of_addresses_that_take_turns_each_waits_for_the_account(nodes: Nodes) -> None:
    answers = [(await nodes.secret(address=f"192.0.2.{number}")).status_code for number in range(60)]
    assert answers == [401] * 20 + [429] * 40
    pauses = []
    for number in range(6):
        refused = await nodes.secret(address=f"203.0.113.{number}")
        pauses.append(int(refused.headers["retry-after"]))
        nodes.clock.advance(pauses[-1])
        assert (await nodes.secret(address=f"203.0.113.{number}")).status_code == 401
    assert pauses == [1, 2, 4, 8, 16, 16]  # One failure was forgotten meanwhile.


async def test_one_address_cannot_try_one_password_with_every_account(nodes: Nodes) -> None:
    answers = [(await nodes.secret(client_id=f"client-{number}")).status_code for number in range(60)]
    assert answers == [401] * 50 + [429] * 10
    assert (await nodes.password(username="c70@example.com", address="192.0.2.2")).status_code == 400
    nodes.clock.advance(300)
    assert (await nodes.password(username="c71@example.com")).status_code == 400


async def test_a_shop_that_signs_customers_in_from_its_own_server_is_not_one_guesser(nodes: Nodes) -> None:
    proved = {"client_secret": "secret-shop"}
    answers = [(await nodes.password(username=f"c{number}@example.com", **proved)).status_code for number in range(52)]
    assert answers == [400] * 52
    for _ in range(12):
        await nodes.password(**proved)
        nodes.clock.advance(10)
    refused = await nodes.password(**proved)
    assert (refused.status_code, int(refused.headers["retry-after"]) <= 30) == (429, True)


async def test_a_shop_behind_a_proxy_that_is_not_listed_goes_on(nodes: Nodes) -> None:
    nodes.unlisted = True
    for number in range(52):
        await nodes.secret(client_id=f"client-{number}")
    refused = await nodes.password(PASSWORD)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    nodes.clock.advance(1)
    assert (await nodes.password(PASSWORD)).status_code == 200


async def test_a_right_secret_costs_one_write_for_each_address_and_day(nodes: Nodes) -> None:
    for _ in range(3):
        assert (await nodes.secret("secret-back")).status_code == 200
        nodes.clock.advance(3600)
    assert await nodes.api.rows.all("guesses", "signed_in_at") == [(instant(NOW),)]
    nodes.clock.advance(86_400)
    assert (await nodes.secret("secret-back")).status_code == 200
    assert await nodes.api.rows.all("guesses", "signed_in_at") == [(instant(NOW + 3 * 3600 + 86_400),)]


async def test_what_a_clock_wrote_that_ran_ahead_holds_nobody_up(nodes: Nodes) -> None:
    nodes.clock.advance(365 * 86_400)
    for number in range(22):
        for _ in range(2):
            await nodes.secret(address=f"192.0.2.{number}")
    for _ in range(9):
        await nodes.secret()
    nodes.clock.advance(-365 * 86_400)
    assert (await nodes.secret("secret-back")).status_code == 200
    assert (await nodes.secret("secret-back", "192.0.2.21")).status_code == 200


async def test_what_says_nothing_any_more_is_deleted_in_portions(nodes: Nodes) -> None:
    oauth = nodes.api.oauth
    await nodes.secret("secret-back", "198.51.100.7")
    for number in range(4):
        await nodes.secret(address=f"192.0.2.{number}")
    assert len(await nodes.api.rows.all("guesses", "key")) == 1 + 4 + 1 + 4
    nodes.clock.advance(86_400)
    assert await oauth.database.write(lambda: clearing.clear(oauth.now, 5))
    assert len(await nodes.api.rows.all("guesses", "key")) == 5
    await oauth.clear()
    assert await nodes.api.rows.all("guesses", "signed_in_at") == [(instant(NOW),)]
    nodes.clock.advance(90 * 86_400)
    await oauth.clear()
    assert await nodes.api.rows.all("guesses", "key") == []


async def test_nothing_that_was_typed_is_stored(nodes: Nodes) -> None:
    await add_customer(nodes.api.rows, TENANT, "cusNEWxxxx", "new@example.com")
    await nodes.password(username="my password by mistake")
    await nodes.secret(address="192.0.2.77")
    for (key,) in await nodes.api.rows.all("guesses", "key"):
        assert len(key) == 64 and set(key) <= set("0123456789abcdef")
