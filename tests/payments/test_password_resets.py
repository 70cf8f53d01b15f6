"""customer_password_resets: the token goes to the address alone, is good once, and proves the address."""

import asyncio
from typing import Any

import pytest

from tests.acts.whose import HERS, MINE, VERA, customer_id, guests_order, ids
from tests.payments.conftest import Answer, Api, document_of

RESETS = "customer_password_resets"
TOKEN = "_reset_password_token"
INVALID = [(f"/data/attributes/{TOKEN}", "invalid")]


async def asked_for(api: Api, email: str = VERA) -> tuple[Answer, str]:
    """A reset that a guest asked for, and its token as the integration that mails it reads it."""
    reset = await api.create(RESETS, {"customer_email": email}, token=await api.guest())
    return reset, str((await api.get(reset))["reset_password_token"])


async def completed(
    api: Api, reset: Answer, token: str, password: str = HERS, expect: int = 200, **more: Any
) -> Answer:
    given = {"customer_password": password, TOKEN: token, **more}
    return await api.update(reset, given, token=await api.guest(), expect=expect)


async def test_a_guest_buyer_comes_by_an_account_and_by_all_orders_of_the_address(api: Api) -> None:
    orders = sorted([(await guests_order(api)).id, (await guests_order(api, "Vera@EXAMPLE.com")).id])
    reset, token = await asked_for(api, "VERA@example.com")
    assert "reset_password_token" not in reset.data["attributes"]
    done = await completed(api, reset, token)
    assert done["reset_password_at"] is not None
    assert "reset_password_token" not in done.data["attributes"] and token not in done.raw.decode()
    assert (await api.get(reset))["reset_password_token"] is None
    assert await ids(api, "orders", await api.customer(VERA, HERS)) == orders
    assert (await completed(api, reset, token, "another password", expect=422)).said == INVALID
    assert await ids(api, "orders", await api.customer(VERA, HERS)) == orders


async def test_completing_one_takes_the_account_from_who_had_opened_it(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": MINE}, token=await api.guest())
    made = api.founded.applications["acme/test/sales_channel"]
    given = {"client_id": made.client_id, "grant_type": "password", "username": VERA, "password": MINE}
    eve = (await api.http.post("/oauth/token", json=given)).json()
    order = await guests_order(api)
    reset, token = await asked_for(api)
    other, other_token = await asked_for(api)
    await completed(api, reset, token)
    assert (await api.http.post("/oauth/token", json=given)).json()["errors"][0]["title"] == "invalid_grant"
    refresh = {"client_id": made.client_id, "grant_type": "refresh_token", "refresh_token": eve["refresh_token"]}
    assert (await api.http.post("/oauth/token", json=refresh)).json()["errors"][0]["title"] == "invalid_grant"
    seen = await api.send("GET", "orders", token=eve["access_token"])
    assert seen.status == 401 or seen.document["data"] == []
    await api.parts.oauth.refresh()
    assert (await api.send("GET", "orders", token=eve["access_token"])).status == 401
    assert (await completed(api, other, other_token, MINE, expect=422)).said == INVALID
    assert await ids(api, "orders", await api.customer(VERA, HERS)) == [order.id]


async def test_an_address_without_a_customer_is_answered_alike_and_gets_no_token(api: Api) -> None:
    await guests_order(api)
    guest = await api.guest()
    said = []
    for email in (VERA, "nobody@example.com"):
        reset = await api.create(RESETS, {"customer_email": email}, token=guest, query="?include=customer")
        plain = {name: value for name, value in reset.data["attributes"].items() if not name.endswith("_at")}
        assert plain.pop("customer_email") == email
        assert reset.data["relationships"]["customer"]["data"] is None
        refused = await completed(api, reset, "no token of ours", expect=422)
        said.append((reset.status, plain, sorted(reset.data["relationships"]), refused.said))
    assert said[0] == said[1]
    nobodys, hers = (await api.get(RESETS)).document["data"]
    assert nobodys["attributes"]["reset_password_token"] is None
    assert len(hers["attributes"]["reset_password_token"]) == 32
    refused = await api.create(RESETS, {"customer_email": "nobody@example.com"}, expect=422)
    assert refused.said == [("/data/attributes/customer_email", "invalid")]
    assert (await api.create(RESETS, {"customer_email": "no address"}, token=guest, expect=422)).said == refused.said


async def test_a_storefront_reads_no_reset_and_changes_none_without_its_token(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": MINE})
    reset, token = await asked_for(api)
    for caller in (await api.guest(), await api.customer(VERA, MINE)):
        await api.get(reset, token=caller, expect=401)
        await api.get(RESETS, token=caller, expect=401)
        await api.get(f"{RESETS}/{reset.id}/customer", token=caller, expect=401)
        await api.delete(reset, token=caller, expect=401)
        await api.update(reset, {"metadata": {"a": 1}}, token=caller, expect=401)
    for given, said in (
        ({"customer_password": HERS}, [(f"/data/attributes/{TOKEN}", "blank")]),
        ({TOKEN: token}, [("/data/attributes/customer_password", "blank")]),
        ({TOKEN: token, "customer_password": "short"}, [("/data/attributes/customer_password", "too_short")]),
        ({TOKEN: token[:-1], "customer_password": HERS}, INVALID),
    ):
        assert (await api.update(reset, given, token=await api.guest(), expect=422)).said == said
    assert (await api.get(reset))["metadata"] == {}
    await api.customer(VERA, MINE)
    await completed(api, reset, token)


async def test_a_token_is_good_for_two_hours(api: Api) -> None:
    await guests_order(api)
    reset, token = await asked_for(api)
    api.app.clock.advance(2 * 3600 - 30)  # type: ignore[attr-defined]
    api.token = await api.log_in()
    late, late_token = await asked_for(api)
    api.app.clock.advance(31)  # type: ignore[attr-defined]
    assert (await completed(api, reset, token, expect=422)).said == INVALID
    await completed(api, late, late_token)


async def test_of_two_uses_at_once_one_succeeds(api: Api) -> None:
    await guests_order(api)
    reset, token = await asked_for(api)
    guest = await api.guest()

    async def use(password: str) -> Answer:
        body = document_of(RESETS, reset.id, {"customer_password": password, TOKEN: token}, {})
        return await api.send("PATCH", f"{RESETS}/{reset.id}", body, token=guest)

    answers = await asyncio.gather(use("password one"), use("password two"))
    assert sorted(one.status for one in answers) == [200, 422]
    winner = "password one" if answers[0].status == 200 else "password two"
    await api.customer(VERA, winner)


async def test_a_token_proves_the_address_it_went_to_and_no_other(api: Api) -> None:
    await api.create("customers", {"email": "eve@example.com", "password": MINE}, token=await api.guest())
    eve = await api.customer("eve@example.com", MINE)
    reset, token = await asked_for(api, "eve@example.com")
    link = {"type": "customers", "id": await customer_id(api, "eve@example.com")}
    await api.update(link, {"email": VERA}, token=eve)
    hers = await guests_order(api)
    assert (await completed(api, reset, token, MINE, expect=422)).said == INVALID
    assert await ids(api, "orders", await api.customer(VERA, MINE)) == []
    again, new_token = await asked_for(api)
    await completed(api, again, new_token)
    assert await ids(api, "orders", await api.customer(VERA, HERS)) == [hers.id]


async def test_the_database_holds_no_token_and_an_integration_finds_a_reset_by_it(api: Api) -> None:
    await guests_order(api)
    reset, token = await asked_for(api)
    (row,) = await api.rows(RESETS, "sealed_token", "token_digest")
    assert token not in str(row)
    assert token not in str(await api.rows("versions", "changes"))
    for name in ("filter[q][reset_password_token_eq]", "filter[reset_password_token]"):
        assert await ids(api, f"{RESETS}?{name}={token}", None) == [reset.id]
        assert await ids(api, f"{RESETS}?{name}={token[:-1]}", None) == []
    await api.get(f"{RESETS}?filter[q][reset_password_token_start]={token[:3]}", expect=400)
    included = (await api.get(f"{RESETS}/{reset.id}?include=customer")).document["included"]
    assert [one["attributes"]["email"] for one in included] == [VERA]


@pytest.mark.parametrize("mode", ["live", "other"])
async def test_another_environment_and_organization_know_no_reset(api: Api, mode: str) -> None:
    await guests_order(api)
    reset, token = await asked_for(api)
    stranger = await api.log_in("acme/live/integration" if mode == "live" else "other/test/integration")
    await api.update(reset, {"customer_password": MINE, TOKEN: token}, token=stranger, expect=404)


async def test_a_customer_goes_with_the_resets(api: Api) -> None:
    made = await api.create("customers", {"email": VERA, "password": HERS})
    await asked_for(api)
    await api.delete(made)
    assert await api.rows(RESETS, "id") == []
