"""Limited always, counted in the database: probes for who has an account, guesses at reset tokens, sign-ups, resets."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio

from paydesk.oauth import guesses
from paydesk.settings import Settings
from tests.payments.conftest import HOST, MEDIA_TYPE, Answer, Api, Clock, Running, Stripe, document_of

RESETS = "customer_password_resets"
TOKEN = "_reset_password_token"
PASSWORD = "correct horse"
TAKEN = "vera@example.com"


class Still(Clock):
    """Stands still, so that nothing is forgotten while a test runs on a busy machine."""

    def __init__(self) -> None:
        super().__init__()
        self.at = super().__call__()

    def __call__(self) -> float:
        return self.at + self.ahead


@pytest.fixture
def clock() -> Still:
    return Still()


class Shopper:
    """Whoever sits at an address, with a guest's token."""

    def __init__(self, api: Api, token: str, address: str, headers: dict[str, str]) -> None:
        self._api, self._address = api, address
        self._headers = {"accept": MEDIA_TYPE, "content-type": MEDIA_TYPE, "authorization": f"Bearer {token}"} | headers

    async def send(self, method: str, path: str, document: Any) -> Answer:
        transport = httpx.ASGITransport(app=self._api.app, client=(self._address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
            answer = await http.request(method, f"/api/{path}", json=document, headers=self._headers)
        return Answer(answer.status_code, answer.headers, answer.content)

    async def create(self, type: str, **attributes: Any) -> Answer:
        return await self.send("POST", type, document_of(type, None, attributes, {}))

    async def update(self, type: str, id: str, **attributes: Any) -> Answer:
        return await self.send("PATCH", f"{type}/{id}", document_of(type, id, attributes, {}))

    async def complete(self, reset: str, token: str) -> Answer:
        return await self.update(RESETS, reset, customer_password=PASSWORD, **{TOKEN: token})


@pytest_asyncio.fixture
async def api(running: Running, account: Stripe) -> AsyncIterator[Api]:
    async with running.api(account) as api:
        assert api.app.limits is None
        yield api


@pytest_asyncio.fixture
async def shopper(api: Api) -> Callable[..., Shopper]:
    guest = await api.guest()

    def at(address: str = "192.0.2.1", token: str = guest, **headers: str) -> Shopper:
        return Shopper(api, token, address, headers)

    return at


Shoppers = Callable[..., Shopper]


def waits(answer: Answer) -> int:
    assert answer.said == [("", "TOO_MANY_REQUESTS")]
    return int(answer.headers["retry-after"])


async def test_who_probes_for_accounts_waits_and_nobody_else_does(
    running: Running, account: Stripe, shopper: Shoppers, api: Api, clock: Still
) -> None:
    mine = await api.create("customers", {"email": "eve@example.com", "password": PASSWORD})
    await api.create("customers", {"email": TAKEN})
    eve = await api.customer("eve@example.com", PASSWORD)
    order = await shopper().create("orders", customer_email=TAKEN)
    for _ in range(16):
        answers = [
            await shopper().create("customers", email=TAKEN),
            await shopper().update("orders", order.id, customer_password=PASSWORD),
            await shopper(token=eve).update("customers", mine.id, email=TAKEN),
        ]
        assert [answer.status for answer in answers] == [422] * 3
        assert {error for answer in answers for _, error in answer.said} == {"taken"}
    for _ in range(2):
        assert (await shopper().create("customers", email=TAKEN)).said == [("/data/attributes/email", "taken")]
    free, taken = (
        await shopper().create("customers", email="a@example.com"),
        await shopper().create("customers", email=TAKEN),
    )
    assert (waits(free), waits(taken)) == (1, 1)
    async with running.api(account) as later:
        assert waits(await Shopper(later, await later.guest(), "192.0.2.1", {}).create("customers", email=TAKEN)) == 1
    assert (await shopper("192.0.2.2").create("customers", email="b@example.com")).status == 201
    assert (await api.create("customers", {"email": TAKEN}, expect=422)).said == [("/data/attributes/email", "taken")]
    pauses = [1]
    for _ in range(6):
        clock.advance(pauses[-1])
        assert (await shopper().create("customers", email=TAKEN)).status == 422
        pauses.append(waits(await shopper().create("customers", email="a@example.com")))
    assert pauses[:2] == [1, 2] and max(pauses) <= 30
    clock.advance(pauses[-1])
    assert (await shopper().create("customers", email="a@example.com")).status == 201


async def test_guesses_at_the_token_of_a_reset_wait_ever_longer_and_its_owner_does_not(
    shopper: Shoppers, api: Api, clock: Still
) -> None:
    await api.create("customers", {"email": TAKEN})
    reset = await api.create(RESETS, {"customer_email": TAKEN})
    token = reset["reset_password_token"]
    for _ in range(5):
        assert (await shopper().complete(reset.id, "wrong")).said == [(f"/data/attributes/{TOKEN}", "invalid")]
    pauses = []
    for _ in range(6):
        pauses.append(waits(await shopper().complete(reset.id, token)))
        assert waits(await shopper().complete(reset.id, "wrong")) == pauses[-1]
        clock.advance(pauses[-1])
        assert (await shopper().complete(reset.id, "wrong")).status == 422
    assert pauses == [1, 2, 4, 8, 16, 32]
    assert (await shopper("192.0.2.2").complete(reset.id, token)).status == 200
    await api.customer(TAKEN, PASSWORD)


async def test_a_reset_that_is_not_there_is_a_wrong_guess(shopper: Shoppers) -> None:
    answers = [await shopper().complete(f"reset{number:05}", "wrong") for number in range(51)]
    assert [answer.status for answer in answers] == [404] * 50 + [429]
    assert (await shopper("192.0.2.2").complete("reset00000", "wrong")).status == 404


@pytest.mark.parametrize("email", [TAKEN, "nobody@example.com"])
async def test_one_address_is_not_flooded_with_mail_whoever_asks(
    shopper: Shoppers, api: Api, clock: Still, email: str
) -> None:
    await api.create("customers", {"email": TAKEN})
    for number in range(5):
        asked = email if number % 2 else f" {email.upper()}"
        assert (await shopper(f"192.0.2.{number}").create(RESETS, customer_email=asked)).status == 201
    pauses = []
    for number in range(6):
        pauses.append(waits(await shopper(f"192.0.2.{number}").create(RESETS, customer_email=email)))
        by_integration = await api.send("POST", RESETS, document_of(RESETS, None, {"customer_email": email}, {}))
        assert waits(by_integration) == pauses[-1]
        clock.advance(pauses[-1])
        assert (await shopper("192.0.2.9").create(RESETS, customer_email=email)).status == 201
    assert pauses == [60, 120, 240, 480, 480, 480]
    assert len(await api.rows(RESETS, "id")) == 11
    assert (await shopper().create(RESETS, customer_email="other@example.com")).status == 201


async def test_one_origin_does_not_have_everybody_mailed(shopper: Shoppers, clock: Still) -> None:
    async def asked(number: int, address: str = "192.0.2.1", **headers: str) -> Answer:
        return await shopper(address, **headers).create(RESETS, customer_email=f"c{number}@example.com")

    assert [(await asked(number)).status for number in range(21)] == [201] * 20 + [429]
    assert (await asked(21, "192.0.2.2")).status == 201
    clock.advance(1)
    assert (await asked(22)).status == 201
    assert waits(await asked(23)) == 2
    proxied = [await asked(30 + number, "203.0.113.1", **{"x-forwarded-for": "198.51.100.1"}) for number in range(25)]
    assert [answer.status for answer in proxied] == [201] * 20 + [429] * 5
    clock.advance(1)
    pauses = []
    for number in range(60, 66):
        assert (await asked(number, "203.0.113.1", **{"x-forwarded-for": "198.51.100.1"})).status == 201
        pauses.append(waits(await asked(number + 100, "203.0.113.1", **{"x-forwarded-for": "198.51.100.1"})))
        clock.advance(pauses[-1])
    assert (pauses[0], max(pauses)) == (2, 5)


async def test_sign_ups_from_one_address_are_limited(shopper: Shoppers, api: Api, clock: Still) -> None:
    async def signed_up(number: int, address: str = "192.0.2.1") -> Answer:
        return await shopper(address).create("customers", email=f"c{number}@example.com", password=PASSWORD)

    answers = [await signed_up(number) for number in range(61)]
    assert [answer.status for answer in answers] == [201] * 60 + [429]
    assert waits(answers[-1]) == 1
    assert len(await api.rows("customers", "id")) == 60
    assert (await signed_up(61, "192.0.2.2")).status == 201
    clock.advance(1)
    assert (await signed_up(62)).status == 201
    await api.create("customers", {"email": "by.integration@example.com", "password": PASSWORD})


async def test_whatever_hashes_a_password_for_a_shopper_counts(
    shopper: Shoppers, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "SIGN_UPS", replace(guesses.SIGN_UPS, free=4))
    reset = await api.create(RESETS, {"customer_email": (await api.create("customers", {"email": TAKEN}))["email"]})
    assert (await shopper().complete(reset.id, reset["reset_password_token"])).status == 200
    vera = await api.customer(TAKEN, PASSWORD)
    (customer,) = (await api.get("customers")).data
    assert (await shopper(token=vera).update("customers", customer["id"], password="another")).status == 200
    first, second = await shopper().create("orders"), await shopper().create("orders")
    signs_up = {"customer_email": "one@example.com", "customer_password": PASSWORD}
    assert (await shopper().update("orders", first.id, **signs_up)).status == 200
    assert (
        await shopper().create("orders", customer_email="two@example.com", customer_password=PASSWORD)
    ).status == 201
    hashed = []

    async def seen(password: str) -> str:
        hashed.append(password)
        return ""

    monkeypatch.setattr(api.parts.desk.changes, "_hash_password", seen)
    assert waits(await shopper().update("orders", second.id, **signs_up)) == 1
    assert waits(await shopper().complete(reset.id, "wrong")) == 1
    assert waits(await shopper().create("customers", email="three@example.com")) == 1
    assert hashed == []
    assert (await shopper().update("orders", second.id, metadata={"plain": True})).status == 200


async def test_tokeninfo_is_limited_as_other_reads_are(running: Running, account: Stripe, settings: Settings) -> None:
    async with running.api(account, settings=replace(settings, rate_limits=0.1)) as api:

        async def told(token: str, address: str) -> int:
            transport = httpx.ASGITransport(app=api.app, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
                answer = await http.get("/oauth/tokeninfo", headers={"authorization": f"Bearer {token}"})
            assert answer.headers["x-ratelimit-limit"] == "2"
            return answer.status_code

        assert [await told(api.token, f"192.0.2.{number}") for number in range(3)] == [200, 200, 429]
        guest = await api.guest()
        assert [await told(guest, "192.0.2.1") for _ in range(3)] == [200, 200, 429]
        assert await told(guest, "192.0.2.2") == 200
