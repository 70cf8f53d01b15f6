"""An account is its owner's: whoever types an address gets neither its account nor its orders, nor learns of them."""

import asyncio

import pytest

from tests.acts.whose import HERS, MINE, VERA, customer_id, guests_order, ids, placed, vouched
from tests.payments.conftest import Api, document_of


async def has_no_password(api: Api, email: str = VERA) -> bool:
    return dict(await api.rows("customers", "email_key", "password_hash"))[email] is None


@pytest.mark.parametrize("known", ["bought as a guest", "imported", "has an account"])
@pytest.mark.parametrize("typed", [VERA, "VERA@Example.com"])
async def test_no_guest_gives_a_password_to_an_address_that_is_known(api: Api, known: str, typed: str) -> None:
    if known == "bought as a guest":
        await guests_order(api)
    else:
        password = {"password": HERS} if known == "has an account" else {}
        await api.create("customers", {"email": VERA, **password})
    eve = await api.guest()
    before = await api.rows("customers", "id", "password_hash", "proved_at")
    given = {"customer_email": typed, "customer_password": MINE}
    refused = await api.create("orders", given, token=eve, market=api.market, expect=422)
    assert refused.said == [("/data/attributes/customer_password", "taken")]
    cart = await api.create("orders", {}, token=eve, market=api.market)
    assert (await api.update(cart, given, token=eve, expect=422)).said == refused.said
    await api.update(cart, {"customer_email": typed}, token=eve)
    assert (await api.update(cart, {"customer_password": MINE}, token=eve, expect=422)).said == refused.said
    taken = await api.create("customers", {"email": typed, "password": MINE}, token=eve, expect=422)
    assert taken.said == [("/data/attributes/email", "taken")]
    assert await api.rows("customers", "id", "password_hash", "proved_at") == before
    linked = await api.update(
        cart, {}, token=eve, customer={"type": "customers", "id": await customer_id(api)}, expect=422
    )
    assert linked.said == [("/data/relationships/customer", "blank")]


async def test_an_order_signs_up_the_customer_it_made_and_goes_on_as_a_guests(api: Api) -> None:
    guest = await api.guest()
    order = await api.create("orders", {"customer_email": VERA}, token=guest, market=api.market)
    signed_up = await api.update(order, {"customer_password": HERS}, token=guest)
    assert signed_up["guest"] is True
    await api.update(order, {"customer_email": VERA, "customer_password": HERS}, token=guest)
    vera = await api.customer(VERA, HERS)
    assert await ids(api, "orders", vera) == [order.id]
    claimed = await api.update(order, {}, token=vera)
    assert claimed["guest"] is False
    await api.get(order, token=guest, expect=401)


async def test_a_customer_whom_something_else_has_named_is_signed_up_by_no_order(api: Api) -> None:
    first = await guests_order(api)
    await guests_order(api)
    refused = await api.update(first, {"customer_password": MINE}, token=await api.guest(), expect=422)
    assert refused.said == [("/data/attributes/customer_password", "taken")]
    other = await guests_order(api, "bob@example.com")
    bob = {"type": "customers", "id": await customer_id(api, "bob@example.com")}
    await api.update(bob, {"metadata": {"newsletter": True}})
    again = await api.update(other, {"customer_password": MINE}, token=await api.guest(), expect=422)
    assert again.said == refused.said
    assert await has_no_password(api) and await has_no_password(api, "bob@example.com")
    # An integration signs up whoever has no password.
    await api.update(first, {"customer_password": HERS})
    assert await ids(api, "orders", await api.customer(VERA, HERS)) == [first.id]


async def test_of_two_orders_that_sign_up_an_address_at_once_one_does(api: Api) -> None:
    tokens = [await api.guest(), await api.guest()]
    body = document_of("orders", None, {"customer_email": VERA, "customer_password": MINE}, {"market": api.market})
    made = await asyncio.gather(*(api.send("POST", "orders", body, token=one) for one in tokens))
    assert sorted(one.status for one in made) == [201, 422]
    assert await ids(api, "orders", await api.customer(VERA, MINE)) == [one.id for one in made if one.status == 201]


async def test_who_signs_up_an_address_first_never_sees_what_others_order_with_it(api: Api) -> None:
    eve_signs_up = {"email": VERA, "password": MINE}
    await api.create("customers", eve_signs_up, token=await api.guest())
    eve = await api.customer(VERA, MINE)
    own = await api.create("orders", {}, token=eve, market=api.market)
    hers = await guests_order(api)
    bought = await placed(api, await guests_order(api))
    vera = await customer_id(api)
    link = {"type": "customers", "id": vera}
    assert await ids(api, "orders", eve) == [own.id]
    assert await ids(api, f"customers/{vera}/orders", eve) == [own.id]
    included = (await api.get(f"customers/{vera}?include=orders", token=eve)).document["included"]
    assert [one["id"] for one in included] == [own.id]
    linkage = (await api.get(f"customers/{vera}/relationships/orders", token=eve)).document["data"]
    assert [one["id"] for one in linkage] == [own.id]
    assert await ids(api, "line_items", eve) == []
    read = await api.get(link, token=eve)
    assert (read["total_orders_count"], read["status"]) == (0, "prospect")
    assert await ids(api, "customers?filter[q][total_orders_count_gt]=0", eve) == []
    assert await ids(api, "orders?filter[q][customer_total_orders_count_gt]=0", eve) == []
    told = await api.get(link)
    assert (told["total_orders_count"], told["status"]) == (1, "acquired")
    save = {"_save_payment_source_to_customer_wallet": True}
    refused = await api.update(bought, save, token=eve, expect=422)
    assert refused.said == [("/data/attributes/_save_payment_source_to_customer_wallet", "invalid")]
    refused = await api.update(link, {"email": "eve@example.com"}, token=eve, expect=422)
    assert refused.said == [("/data/attributes/email", "unproved")]
    assert (await api.get(hers))["customer_email"] == VERA
    await placed(api, own, token=eve)
    assert (await api.get(link, token=eve))["total_orders_count"] == 1
    assert (await api.get(link))["total_orders_count"] == 2


PLAIN = ("id", "number", "token", "customer_email", "created_at", "updated_at", "refreshed_at", "checkout_url",
         "placed_at", "fulfillment_updated_at", "payment_updated_at")  # fmt: skip


async def test_a_guest_who_types_an_accounts_address_keeps_the_cart_and_learns_nothing(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": HERS})
    await placed(api, await guests_order(api))
    await api.create("customers", {"email": "Bob@Example.com"})
    answers = []
    for typed in ("Vera@example.com", "bob@example.com", "nobody@example.com"):
        guest = await api.guest()
        cart = await api.create("orders", {}, token=guest, market=api.market)
        kept = await api.update(cart, {"customer_email": typed}, query="?include=customer", token=guest)
        await api.update(cart, {"metadata": {"still": "mine"}}, token=guest)
        made = await api.create("orders", {"customer_email": typed}, token=guest, market=api.market)
        said = []
        for one in (kept, made, await api.get(cart, token=guest), await placed(api, made, token=guest)):
            assert one["customer_email"] == typed
            said.append({name: value for name, value in one.data["attributes"].items() if name not in PLAIN})
        assert kept.data["relationships"]["customer"]["data"] is None
        assert (await api.get(f"orders/{cart.id}/customer", token=guest)).raw == b'{"data":null}'
        answers.append(said)
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0][0]["guest"], answers[0][0]["customer_type"]) == (True, "new")


@pytest.mark.parametrize("proof", ["created with a password", "password set", "vouched for"])
async def test_proof_of_an_address_brings_in_what_names_it(api: Api, proof: str) -> None:
    if proof == "created with a password":
        await api.create("customers", {"email": VERA, "password": HERS})
    else:
        await api.create("customers", {"email": VERA, "password": MINE}, token=await api.guest())
    orders = sorted([(await guests_order(api)).id, (await placed(api, await guests_order(api))).id])
    link = {"type": "customers", "id": await customer_id(api)}
    if proof == "password set":
        eve = await api.customer(VERA, MINE)
        await api.update(link, {"password": HERS})
        # Signed out everywhere, as soon as this process has heard of it.
        answer = await api.send("GET", "orders", token=eve)
        assert answer.status == 401 or answer.document["data"] == []
    if proof == "vouched for":
        tokens = await vouched(api, link["id"])
        vera = tokens["access_token"]
        made = api.founded.applications["acme/test/sales_channel"]
        given = {"grant_type": "refresh_token", "client_id": made.client_id, "refresh_token": tokens["refresh_token"]}
        again = (await api.http.post("/oauth/token", json=given)).json()
        assert await ids(api, "orders", again["access_token"]) == orders
        # Who opened the account with a password of their own has proved nothing by the shop's sign-in.
        eve = await api.customer(VERA, MINE)
        assert await ids(api, "orders", eve) == []
        for change in ({"password": "another password"}, {"email": "eve@example.com"}):
            await api.update(link, change, token=eve, expect=401)
        await api.delete(link, token=eve, expect=401)
    else:
        vera = await api.customer(VERA, HERS)
    assert await ids(api, "orders", vera) == orders
    assert await ids(api, f"customers/{link['id']}/orders", vera) == orders
    read = await api.get(link, token=vera)
    assert (read["total_orders_count"], read["status"]) == (1, "acquired")


async def test_a_new_address_is_not_proved_by_the_old_one(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": HERS})
    old = await guests_order(api)
    link = {"type": "customers", "id": await customer_id(api)}
    vera = await api.customer(VERA, HERS)
    await api.update(link, {"email": "Vera@example.com"}, token=vera)
    await api.update(link, {"email": "bob@example.com"}, token=vera)
    assert (await api.get(old))["customer_email"] == VERA
    bobs = await guests_order(api, "bob@example.com")
    for token in (vera, await api.customer("bob@example.com", HERS)):
        assert await ids(api, "orders", token) == [old.id]
    await vouched(api, link["id"])
    for token in (vera, await api.customer("bob@example.com", HERS)):
        assert await ids(api, "orders", token) == [old.id]
    bob = (await vouched(api, link["id"]))["access_token"]
    assert await ids(api, "orders", bob) == sorted([old.id, bobs.id])


async def test_test_and_live_customers_of_one_address_are_different_people(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": HERS}, token=await api.log_in("acme/live/integration"))
    order = await guests_order(api, customer_password=MINE)
    assert await ids(api, "orders", await api.customer(VERA, MINE)) == [order.id]


async def test_a_guests_payment_is_set_up_for_nobody(api: Api) -> None:
    await api.create("customers", {"email": VERA, "password": HERS})
    vera = await api.customer(VERA, HERS)
    guest = await api.guest()
    order = await api.order(attributes={"customer_email": VERA})
    await api.payment(order, token=guest)
    claimed = await api.order()
    await api.update(claimed, {}, token=vera)
    await api.payment(claimed, token=vera)
    intents = await api.stripe.intents()
    assert [(one.setup_future_usage, one.customer) for one in intents] == [(None, None), ("off_session", None)]
