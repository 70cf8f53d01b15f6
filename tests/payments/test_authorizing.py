"""`_authorize`: having money held before an order is placed, all of it or a part."""

import pytest

from tests.acts.crashes import killed
from tests.acts.orders import at_stripe, moved, only, patch, ready, stands
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite

SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def test_all_of_it_is_authorized_once_and_nothing_placed(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, SAVED)
    first = await api.update(order, {"_authorize": True}, token=await api.guest())
    assert (first["status"], first["payment_status"]) == ("pending", "authorized")
    assert (await api.update(order, {"_authorize": True}))["payment_status"] == "authorized"
    assert await moved(api, order) == [("authorizations", 15400, True)]
    assert len(await api.stripe.requests("POST", f"/v1/payment_intents/{payment['stripe_id']}/confirm")) == 1
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    assert (await api.update(order, {"_authorize": True}, expect=422)).said == [
        ("/data/attributes/status", "not_editable")
    ]


async def test_a_part_is_what_the_intent_is_brought_to_before_it_is_confirmed(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, SAVED)
    part = {"_authorize": True, "_authorization_amount_cents": 5000}
    answered = await api.update(order, part)
    assert (answered["status"], answered["payment_status"]) == ("pending", "partially_authorized")
    assert await moved(api, order) == [("authorizations", 5000, True)]
    shown = await api.get(payment)
    assert (shown["options"]["intent_amount_cents"], shown["mismatched_amounts"]) == (5000, True)
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
    path = f"/v1/payment_intents/{payment['stripe_id']}"
    assert await api.calls() == [
        ("amend_to_authorize", "done"),
        ("authorize_order", "done"),
        ("open_payment", "done"),
        ("register_endpoint", "done"),
    ]
    # The same again changes nothing, another amount cannot be had of this payment.
    assert (await api.update(order, part))["payment_status"] == "partially_authorized"
    for other in ({"_authorize": True}, {"_authorize": True, "_authorization_amount_cents": 6000}):
        assert (await api.update(order, other, expect=422)).said == [
            ("/data/attributes/payment_status", "not_placeable")
        ]
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/relationships/payment_source", "mismatched_amounts")
    ]
    sent = [one["path"] for one in await api.stripe.requests("POST", path)]
    assert sent == [path, f"{path}/confirm"]
    # What was held is let go, and the order is paid anew.
    await api.update(await only(api, order, "authorizations"), {"_cancel": True})
    await api.payment(order, SAVED)
    assert (await api.update(order, {"_place": True}))["payment_status"] == "authorized"


@on_sqlite
async def test_what_cannot_be_authorized_is_told(api: Api) -> None:
    order = await ready(api)
    assert (await api.update(order, {"_authorize": True}, expect=422)).said == [
        ("/data/relationships/payment_source", "blank")
    ]
    await api.payment(order)
    for amount, error in ((0, "greater_than"), (-1, "greater_than"), (15401, "less_than_or_equal_to")):
        given = {"_authorize": True, "_authorization_amount_cents": amount}
        assert (await api.update(order, given, expect=422)).said == [
            ("/data/attributes/_authorization_amount_cents", error)
        ]
    # Nobody has given a card yet.
    assert (await api.update(order, {"_authorize": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    await api.line(order, 100)
    assert (await api.update(order, {"_authorize": True}, expect=422)).said == [
        ("/data/relationships/payment_source", "mismatched_amounts")
    ]
    assert await moved(api, order) == []


@on_sqlite
async def test_a_decline_is_booked_and_the_order_stays_payable(api: Api) -> None:
    order = await ready(api)
    await api.payment(order, {"options": {"payment_method": "pm_card_chargeDeclined"}})
    refused = await api.update(order, {"_authorize": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    assert await moved(api, order) == [("authorizations", 15400, False)]
    await api.payment(order, SAVED)
    assert (await api.update(order, {"_authorize": True}))["payment_status"] == "authorized"


@on_sqlite
async def test_a_free_order_has_nothing_to_authorize(api: Api) -> None:
    order = await ready(api, 0)
    await api.create("line_items", {"name": "Gift", "quantity": 1, "unit_amount_cents": 0}, order=order)
    assert (await api.update(order, {"_authorize": True}))["payment_status"] == "free"
    assert await api.stripe.intents() == []


@pytest.mark.parametrize("lost", ["", "/confirm"])
async def test_an_answer_lost_between_the_two_steps_repeats_neither(api: Api, lost: str) -> None:
    order = await ready(api)
    payment = await api.payment(order, SAVED)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}{lost}", times=0, drop="after")
    part = {"_authorize": True, "_authorization_amount_cents": 5000}
    await api.update(order, part, expect=503, key="once")
    await api.stripe.mend()
    assert (await api.update(order, part, key="once"))["payment_status"] == "partially_authorized"
    assert await moved(api, order) == [("authorizations", 5000, True)]
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
    assert await api.open_calls() == []


@pytest.mark.parametrize("at", ["amend_to_authorize.settled", "authorize_order.asked"])
async def test_killed_between_the_two_steps_it_goes_on(running: Running, account: Stripe, at: str) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        payment = await api.payment(order, SAVED)
    body = patch(order.link, "_authorize")
    body["data"]["attributes"]["_authorization_amount_cents"] = 5000
    asked = [{"method": "PATCH", "path": f"/api/orders/{order.id}", "body": body}]
    await killed(running, api, at, asked)
    async with running.api(account) as api:
        await api.recover(after=15)
        assert await moved(api, order) == [("authorizations", 5000, True)]
        assert await stands(api, order) == ("pending", "partially_authorized", "unfulfilled")
        assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
        assert await api.open_calls() == []
