"""What official front ends still send when a webhook has placed the order before them: taken, and nothing else is."""

from typing import Any

import pytest

from tests.acts.methods import confirmed, told
from tests.acts.orders import moved
from tests.acts.saved_cards import SAVE
from tests.acts.wallet import PASSWORD
from tests.payments.conftest import Answer, Api

BOOKS = [f"_save_{which}_address_to_customer_address_book" for which in ("billing", "shipping")]
AROUND = ["_place", *BOOKS, "_create_subscriptions"]


async def paid(api: Api, owner: str) -> tuple[str, Answer, Answer]:
    """An order that was paid and placed by the webhook, its payment, and the token of who paid."""
    order, payment = await confirmed(api, auto_place=True)
    if owner == "customer":
        await api.create("customers", {"email": "eve@example.com", "password": PASSWORD})
        token = await api.customer("eve@example.com", PASSWORD)
        await api.update(order, {}, token=token)
    else:
        token = await api.guest()
    await told(api, payment)
    shown = await api.get(order, token=token)
    assert (shown["status"], shown["payment_status"]) == ("placed", "authorized")
    return token, shown, await api.get(payment, token=token)


@pytest.mark.parametrize("owner", ["guest", "customer"])
async def test_what_the_official_checkout_still_sends_is_taken(api: Api, owner: str) -> None:
    token, order, payment = await paid(api, owner)
    versions = len((await api.get(f"orders/{order.id}/versions")).data)
    # In the order in which the checkout sends it.
    for name in BOOKS:
        assert (await api.update(order, {name: True}, token=token))["status"] == "placed"
    back = {"return_url": "https://shop.example/done"}
    kept = await api.update(payment, {"options": back}, token=token)
    assert kept["options"] == {**payment["options"], **back}
    placed = await api.update(order, {"_place": True}, query="?include=payment_source", token=token)
    assert (placed["status"], placed["placed_at"]) == ("placed", order["placed_at"])
    assert placed.data["relationships"]["payment_source"]["data"]["id"] == payment.id
    # What a guest began was not set up to be kept; a guest keeps nothing. Neither is told that it may not ask.
    saved = await api.update(order, {SAVE: True}, token=token, expect=422)
    assert saved.said == [(f"/data/attributes/{SAVE}", "not_reusable" if owner == "customer" else "invalid")]
    await api.update(order, {"_create_subscriptions": True}, token=token)
    await api.update(order, dict.fromkeys(AROUND, True), token=token)
    refreshed = await api.update(payment, {"_refresh": True, "options": back}, token=token)
    assert refreshed["options"] == kept["options"]
    assert len((await api.get(f"orders/{order.id}/versions")).data) == versions
    assert await moved(api, order) == [("authorizations", 15400, True)]
    asked = await api.stripe.requests("POST", f"/v1/payment_intents/{payment['stripe_id']}")
    assert [one["path"].rpartition("/")[2] for one in asked] == ["confirm"]  # The shopper's.


@pytest.mark.parametrize("owner", ["guest", "customer"])
async def test_in_one_request_with_anything_else_nothing_is_taken(api: Api, owner: str) -> None:
    token, order, payment = await paid(api, owner)
    other: list[tuple[Answer, dict[str, Any]]] = [
        (order, {}),
        (order, {"metadata": {"a": 1}}),
        (order, {"_place": True, "metadata": {"a": 1}}),
        (order, {"_place": True, "reference": "mine"}),
        (order, {"_cancel": True}),
        (order, {"_place": True, "_cancel": True}),
        (order, {"_refresh": True}),
        (order, {"_nullify_payment_source": True}),
        (order, {"customer_email": "mallory@example.com"}),
        (payment, {}),
        (payment, {"options": {}}),
        (payment, {"options": {"return_url": "https://shop.example", "statement_descriptor_suffix": "X"}}),
        (payment, {"return_url": "https://shop.example"}),
        (payment, {"options": {"return_url": "https://shop.example"}, "_update": True}),
        (payment, {"_update": True}),
        (payment, {"_refresh": True, "metadata": {"a": 1}}),
    ]
    for record, asked in other:
        await api.update(record, asked, token=token, expect=401)
    await api.update(order, {"_place": True}, payment_method=None, token=token, expect=401)
    await api.delete(payment, token=token, expect=401)
    assert (await api.get(order))["updated_at"] == order["updated_at"]
    assert (await api.get(payment))["updated_at"] == payment["updated_at"]


async def test_once_it_is_approved_a_shopper_asks_nothing_of_it(api: Api) -> None:
    token, order, payment = await paid(api, "guest")
    mine, hers, _ = await paid(api, "customer")
    for one in (order, hers):
        await api.update(one, {"_approve": True})
    for name in AROUND:
        await api.update(order, {name: True}, token=token, expect=401)
        await api.update(hers, {name: True}, token=mine, expect=401)
    await api.update(payment, {"_refresh": True}, token=token, expect=401)


async def test_another_customers_placed_order_is_nobody_elses(api: Api) -> None:
    _, order, payment = await paid(api, "customer")
    await api.create("customers", {"email": "bob@example.com", "password": PASSWORD})
    for token in (await api.customer("bob@example.com", PASSWORD), await api.guest()):
        for name in AROUND:
            await api.update(order, {name: True}, token=token, expect=401)
        await api.update(payment, {"_refresh": True}, token=token, expect=401)
