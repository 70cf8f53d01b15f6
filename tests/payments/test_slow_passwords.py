"""Hashing a password is slow on purpose: nobody else waits for it, and who would only wait is told so."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import argon2
import pytest

from paydesk.oauth import secrets as oauth_secrets
from paydesk.operations.founding import create_application
from tests.payments.conftest import Answer, Api, document_of
from tests.processes import eventually

PASSWORD = "correct horse"
REDIRECT = "https://office.example.com/back"


class Slow:
    """A hasher that is at work until it is let go."""

    def __init__(self, hasher: argon2.PasswordHasher) -> None:
        self._hasher = hasher
        self.begun = threading.Semaphore(0)
        self.goes_on = threading.Event()

    def hash(self, password: bytes) -> str:
        self.begun.release()
        assert self.goes_on.wait(60)
        return self._hasher.hash(password)

    def verify(self, kept: str, password: bytes) -> bool:
        self.begun.release()
        assert self.goes_on.wait(60)
        return self._hasher.verify(kept, password)


@pytest.fixture
def slow(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow(oauth_secrets._HASHER)
    monkeypatch.setattr(oauth_secrets, "_HASHER", made)
    yield made
    made.goes_on.set()


def customer(number: int) -> Any:
    return document_of("customers", None, {"email": f"c{number}@example.com", "password": PASSWORD}, {})


async def test_others_are_answered_while_passwords_are_hashed_and_past_a_short_queue_it_is_429(
    api: Api, slow: Slow
) -> None:
    passwords = api.parts.passwords
    room = passwords._room
    asked = [asyncio.ensure_future(api.send("POST", "customers", customer(at))) for at in range(room)]

    async def taken() -> int:
        return passwords._taken

    await eventually(taken, room)
    refused = await api.send("POST", "customers", customer(room))
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert refused.said == [("", "TOO_MANY_REQUESTS")]
    assert (await api.get("customers")).data == []
    assert (await api.http.get("/healthz")).status_code == 200
    slow.goes_on.set()
    assert {answer.status for answer in await asyncio.gather(*asked)} == {201}
    assert len(await api.rows("customers", "id")) == room
    assert (await api.send("POST", "customers", customer(room))).status == 201
    assert passwords._taken == 0


async def test_everything_that_hashes_a_password_shares_the_queue(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await api.create("customers", {"email": "ada@example.com", "password": PASSWORD})
    order = await api.order(attributes={"customer_email": "bob@example.com"})
    reset = await api.create("customer_password_resets", {"customer_email": "ada@example.com"})
    office = await create_application(
        api.app.settings, organization_slug="acme", mode="test", kind="webapp", name="Office", redirect_uri=REDIRECT
    )
    before = [await api.rows(table, "id", "updated_at") for table in ("customers", "orders")]
    monkeypatch.setattr(api.parts.passwords, "_room", 0)
    told: list[Answer] = [
        await api.send("POST", "customers", customer(1)),
        await api.update(ada, {"password": "another secret"}, expect=429),
        await api.update(order, {"customer_password": PASSWORD}, expect=429),
        await api.update(reset, {"customer_password": PASSWORD, "_reset_password_token": "x"}, expect=429),
    ]
    assert [(answer.status, answer.headers["retry-after"]) for answer in told] == [(429, "1")] * 4
    assert [await api.rows(table, "id", "updated_at") for table in ("customers", "orders")] == before
    shop = api.founded.applications["acme/test/sales_channel"]
    grant = {"client_id": shop.client_id, "grant_type": "password", "username": "ada@example.com", "password": "x"}
    answer = await api.http.post("/oauth/token", json=grant)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    query = urlencode({"response_type": "code", "client_id": office.client_id, "redirect_uri": REDIRECT})
    form = {"email": "admin@acme", "password": "x", "decision": "allow"}
    answer = await api.http.post(f"/oauth/authorize?{query}", data=form)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
