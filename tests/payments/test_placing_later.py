"""Placing in the background: answered at once, done soon, and what stands against it kept with the order."""

from typing import Any

import pytest

from tests.acts.complaints import complaints
from tests.acts.crashes import killed
from tests.acts.orders import authorized, moved, patch, ready, stands
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite

LATER: dict[str, Any] = {"attributes": {"place_async": True}}
DECLINED = {"options": {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}}
SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def test_it_is_answered_at_once_and_placed_soon(api: Api) -> None:
    order, _ = await authorized(api, **LATER)
    answered = await api.update(order, {"_place": True})
    assert (answered["status"], answered["payment_status"], answered["placed_at"]) == ("placing", "authorized", None)
    assert await api.open_calls() == ["place_later"]
    again = await api.update(order, {"_place": True})
    assert again["status"] == "placing"
    assert await api.open_calls() == ["place_later"]
    await api.recover()
    placed = await api.get(order)
    assert (placed["status"], placed["place_total_amount_cents"], placed["errors_count"]) == ("placed", 15400, 0)
    assert (await api.update(order, {"_place": True}))["updated_at"] == placed["updated_at"]
    assert await api.open_calls() == []


async def test_a_payment_that_waits_for_the_server_is_confirmed_in_the_background(api: Api) -> None:
    order = await ready(api, **LATER)
    payment = await api.payment(order, SAVED)
    guest = await api.guest()
    assert (await api.update(order, {"_place": True}, token=guest))["status"] == "placing"
    confirming = f"/v1/payment_intents/{payment['stripe_id']}/confirm"
    assert await api.stripe.requests("POST", confirming) == []
    await api.recover()
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    (request,) = await api.stripe.requests("POST", confirming)
    # A shopper is there to answer the bank, also when the server confirms.
    assert "off_session" not in str(request)
    assert (await api.get(order, token=guest))["status"] == "placed"


async def test_a_free_order_asks_nobody(api: Api) -> None:
    order = await ready(api, 0, **LATER)
    await api.create("line_items", {"name": "Gift", "quantity": 1, "unit_amount_cents": 0}, order=order)
    assert (await api.update(order, {"_place": True}))["status"] == "placing"
    await api.recover()
    assert await stands(api, order) == ("placed", "free", "not_required")
    assert await api.stripe.intents() == []


async def test_a_failure_leaves_it_placing_and_tells_why(api: Api) -> None:
    order = await ready(api, **LATER)
    await api.payment(order, DECLINED)
    guest = await api.guest()
    await api.update(order, {"_place": True})
    await api.recover()
    assert await stands(api, order) == ("placing", "unpaid", "unfulfilled")
    said = await complaints(api, order, guest)
    assert said == [("payment_status", "INSUFFICIENT_FUNDS", "Your card has insufficient funds.")]
    assert await moved(api, order) == [("authorizations", 15400, False)]
    # Once more, with a card that pays.
    await api.payment(order, SAVED)
    await api.update(order, {"_place": True})
    await api.recover()
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert await complaints(api, order) == []
    assert (await api.get("resource_errors")).data == []


@on_sqlite
async def test_everything_that_is_missing_is_kept_at_once_and_gives_way(api: Api) -> None:
    order = await api.order(attributes={"customer_email": "ada@example.com", "place_async": True})
    await api.update(order, {"_place": True})
    await api.recover()
    missing = [("billing_address", "BLANK", "must exist"), ("payment_source", "BLANK", "must exist")]
    assert await complaints(api, order) == missing
    await api.update(order, {"_place": True})
    await api.recover()
    assert await complaints(api, order) == missing
    assert (await api.get("resource_errors")).document["meta"]["record_count"] == 2
    (one, _) = (await api.get(f"orders/{order.id}/resource_errors")).data
    assert (await api.get(f"resource_errors/{one['id']}/resource")).id == order.id
    assert (await api.update(order, {"_pending": True}))["status"] == "pending"
    await api.update(order, {"place_async": False})
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/relationships/billing_address", "blank")
    ]
    await api.update(order, {"place_async": True, "_place": True})
    await api.recover()
    await api.update(order, {"_pending": True})
    await api.delete(payment, expect=423)


@on_sqlite
async def test_a_cart_is_told_at_once_that_it_is_none(api: Api) -> None:
    order = await api.create("orders", {"place_async": True}, market=api.market)
    assert (await api.update(order, {"_place": True}, expect=422)).said[0] == (
        "/data/attributes/status",
        "invalid_transition",
    )
    await api.delete(order)


async def test_who_calls_it_back_is_obeyed(api: Api) -> None:
    order = await ready(api, **LATER)
    payment = await api.payment(order, SAVED)
    await api.stripe.faults("GET", f"/v1/payment_intents/{payment['stripe_id']}", times=0, status=500)
    await api.update(order, {"_place": True})
    await api.recover()
    assert await api.open_calls() == ["place_order"]
    assert (await api.update(order, {"_pending": True}))["status"] == "pending"
    await api.stripe.mend()
    await api.recover(after=30)
    # What was begun with the bank is brought to its end and booked; the order stays where it was put.
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    await api.update(order, {"_place": True})
    await api.recover()
    assert (await api.get(order))["status"] == "placed"
    assert await moved(api, order) == [("authorizations", 15400, True)]


async def test_an_answer_lost_on_the_way_is_fetched_and_nothing_happens_twice(api: Api) -> None:
    order = await ready(api, **LATER)
    payment = await api.payment(order, SAVED)
    path = f"/v1/payment_intents/{payment['stripe_id']}/confirm"
    await api.stripe.faults(path=path, times=0, drop="after")
    await api.update(order, {"_place": True})
    await api.recover()
    assert (await api.get(order))["status"] == "placing"
    assert await api.open_calls() == ["place_order"]
    await api.stripe.mend()
    await api.recover(after=30)
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert await moved(api, order) == [("authorizations", 15400, True)]


@pytest.mark.parametrize("at", ["place_later.settling", "place_order.begun", "place_order.asked"])
@on_sqlite
async def test_killed_in_the_background_it_is_placed_all_the_same(running: Running, account: Stripe, at: str) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api, **LATER)
        await api.payment(order, SAVED)
        placing = [{"method": "PATCH", "path": f"/api/orders/{order.id}", "body": patch(order.link, "_place")}]
    await killed(running, api, at, placing, recover=True)
    async with running.api(account) as api:
        for _ in range(3):
            await api.recover(after=15)
        assert await stands(api, order) == ("placed", "authorized", "not_required")
        assert await moved(api, order) == [("authorizations", 15400, True)]
        assert await api.open_calls() == []
