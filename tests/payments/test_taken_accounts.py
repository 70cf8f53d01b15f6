"""Whoever had an account before its owner came, or learned its password, has nothing of the owner's afterwards."""

from typing import Any

import pytest

from tests.acts.saved_cards import REUSE, SAVE, paid
from tests.acts.wallet import imported
from tests.acts.whose import HERS, MINE, VERA, customer_id, guests_order, ids, placed, vouched
from tests.payments.conftest import Api


async def test_who_opened_an_account_first_sees_nothing_of_what_its_owner_makes(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": MINE}, token=await api.guest())
    eve = await api.customer(VERA, MINE)
    own = await api.create("orders", {}, token=eve, market=api.market)
    went_on = await api.create("orders", {}, token=eve, market=api.market)
    link = {"type": "customers", "id": await customer_id(api)}
    vera = (await vouched(api, link["id"]))["access_token"]
    hers = await api.create("orders", {}, token=vera, market=api.market)
    claimed = await guests_order(api, "somebody@example.com")
    await api.update(claimed, {}, token=vera)
    await api.update(went_on, {"metadata": {"by": "Vera"}}, token=vera)
    all_of_them = sorted([own.id, went_on.id, hers.id, claimed.id])
    for token in (eve, await api.customer(VERA, MINE)):
        assert await ids(api, "orders", token) == [own.id]
        assert await ids(api, f"customers/{link['id']}/orders", token) == [own.id]
        for order in (hers, claimed, went_on):
            await api.get(order, token=token, expect=401)
            await api.update(order, {"metadata": {"by": "Eve"}}, token=token, expect=401)
    for token in (vera, (await vouched(api, link["id"]))["access_token"]):
        assert await ids(api, "orders", token) == all_of_them
    # Nor once the owner has another address, which is not proved yet.
    await api.update(link, {"email": "vera@example.org"}, token=vera)
    assert await ids(api, "orders", vera) == all_of_them
    assert await ids(api, "orders", eve) == [own.id]


async def test_who_opened_an_account_first_cannot_pay_with_its_owners_card(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": MINE}, token=await api.guest())
    eve = await api.customer(VERA, MINE)
    vera = (await vouched(api, await customer_id(api)))["access_token"]
    order = await api.order()
    await api.update(order, {}, token=vera)
    await paid(api, order, token=vera)
    await api.update(order, {SAVE: True}, token=vera)
    (entry,) = await ids(api, "customer_payment_sources", vera)
    for token in (eve, await api.customer(VERA, MINE)):
        assert await ids(api, "customer_payment_sources", token) == []
        other = await api.order()
        await api.update(other, {}, token=token)
        refused = await api.update(other, {REUSE: entry}, token=token, expect=422)
        assert refused.said == [(f"/data/attributes/{REUSE}", "invalid")]
    other = await api.order()
    await api.update(other, {}, token=vera)
    await api.update(other, {REUSE: entry}, token=vera)


async def test_who_opened_an_account_first_deletes_no_card_that_an_integration_keeps_for_its_owner(api: Api) -> None:
    customer = await api.create("customers", {"email": VERA, "password": MINE}, token=await api.guest())
    entry = await imported(api, customer)
    eve = await api.customer(VERA, MINE)
    assert await ids(api, "customer_payment_sources", eve) == []
    await api.delete(customer, token=eve, expect=401)
    assert await ids(api, "customer_payment_sources", None) == [entry.id]
    await api.delete(customer, token=(await vouched(api, customer.id))["access_token"])
    assert await ids(api, "customer_payment_sources", None) == []


async def test_a_guest_does_not_learn_the_new_address_of_an_account(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": HERS})
    link = {"type": "customers", "id": await customer_id(api)}
    vera = await api.customer(VERA, HERS)
    cart, bought = await guests_order(api), await placed(api, await guests_order(api))
    own = await api.create("orders", {}, token=vera, market=api.market)
    await api.update(link, {"email": "new@example.com"}, token=vera)
    eve = await api.guest()
    assert [(await api.get(one, token=eve))["customer_email"] for one in (cart, bought)] == [VERA, VERA]
    assert (await api.get(own, token=vera))["customer_email"] == "new@example.com"


async def test_an_integration_mends_the_address_that_a_guest_has_typed(api: Api) -> None:
    order = await guests_order(api, "veera@example.com")
    link = {"type": "customers", "id": await customer_id(api, "veera@example.com")}
    await api.update(link, {"email": VERA})
    assert (await api.get(order, token=await api.guest()))["customer_email"] == VERA


async def test_a_password_that_an_integration_sets_signs_out_whoever_had_signed_in(api: Api) -> None:
    customer = await api.create("customers", {"email": VERA, "password": MINE})
    await imported(api, customer)
    made = api.founded.applications["acme/test/sales_channel"]
    given = {"client_id": made.client_id, "grant_type": "password", "username": VERA, "password": MINE}
    thief = (await api.http.post("/oauth/token", json=given)).json()
    await api.update(customer, {"password": HERS})
    await api.parts.oauth.refresh()
    assert (await api.send("GET", "customer_payment_sources", token=thief["access_token"])).status == 401
    again = {"client_id": made.client_id, "grant_type": "refresh_token", "refresh_token": thief["refresh_token"]}
    assert (await api.http.post("/oauth/token", json=again)).json()["errors"][0]["title"] == "invalid_grant"
    assert len(await ids(api, "customer_payment_sources", await api.customer(VERA, HERS))) == 1


async def test_a_password_that_a_customer_changes_signs_out_all_other_sessions(api: Api) -> None:
    customer = await api.create("customers", {"email": VERA, "password": MINE})
    await api.create("customers", {"email": "other@example.com", "password": MINE})
    made = api.founded.applications["acme/test/sales_channel"]

    async def signed_in(username: str) -> Any:
        given = {"client_id": made.client_id, "grant_type": "password", "username": username, "password": MINE}
        return (await api.http.post("/oauth/token", json=given)).json()

    async def goes_on(session: Any) -> bool:
        again = {"client_id": made.client_id, "grant_type": "refresh_token", "refresh_token": session["refresh_token"]}
        seen = await api.send("GET", "orders", token=session["access_token"])
        return (seen.status, (await api.http.post("/oauth/token", json=again)).status_code) == (200, 200)

    mine, thief, stranger = await signed_in(VERA), await signed_in(VERA), await signed_in("other@example.com")
    await api.update(customer, {"password": "short"}, token=mine["access_token"], expect=422)
    await api.update(customer, {"reference": "mine"}, token=mine["access_token"])
    await api.parts.oauth.refresh()
    assert (await api.send("GET", "orders", token=thief["access_token"])).status == 200
    await api.update(customer, {"password": HERS}, token=mine["access_token"])
    await api.parts.oauth.refresh()
    assert (await api.send("GET", "orders", token=thief["access_token"])).status == 401
    assert [await goes_on(session) for session in (mine, thief, stranger)] == [True, False, True]


async def test_a_sign_in_with_a_password_that_is_just_replaced_comes_to_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await api.create("customers", {"email": VERA, "password": MINE})
    passwords: Any = api.parts.oauth.passwords
    verify = passwords.verify

    async def slowly(password: str, of: str | None) -> bool:
        right = await verify(password, of)
        await api.update(customer, {"password": HERS})
        return bool(right)

    monkeypatch.setattr(passwords, "verify", slowly)
    made = api.founded.applications["acme/test/sales_channel"]
    given = {"client_id": made.client_id, "grant_type": "password", "username": VERA, "password": MINE}
    answer = (await api.http.post("/oauth/token", json=given)).json()
    assert answer["errors"][0]["title"] == "invalid_grant"
    assert await api.rows("grants", "owner_id") == []
