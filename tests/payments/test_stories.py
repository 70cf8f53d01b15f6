"""What users of other systems complain of, told as it happened to them, and how it ends here."""

import asyncio
from typing import Any

import pytest

from tests.acts.orders import approved, at_stripe, moved, only, ready, stands
from tests.payments.agreeing import agree, evidence
from tests.payments.conftest import Answer, Api, on_sqlite

pytestmark = on_sqlite


async def one_payable_intent(api: Api, order: Answer) -> Any:
    """The order's one live intent, for what the order costs; Stripe never said that a key was used for another call."""
    await api.recover()
    (intent,) = await api.stripe.live()
    assert intent.amount == (await api.get(order))["total_amount_with_taxes_cents"]
    assert [one["status"] for one in await api.stripe.requests() if one["status"] == 400] == []
    assert await api.open_calls() == []
    return intent


async def paid(api: Api, order: Answer) -> None:
    """The shopper confirms the order's one intent, and the order is placed on it."""
    intent = await one_payable_intent(api, order)
    await api.stripe.confirm(intent.id)
    assert (await api.update(order, {"_place": True}))["payment_status"] == "authorized"
    agree(await evidence(api.parts.database, api.stripe), order.id)


async def test_the_return_page_and_the_webhook_come_together(api: Api) -> None:
    method = await api.method_of(api.gateway, auto_place=True, auto_capture=True)
    order = await ready(api, method=method)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    events = await api.stripe.events(payment["stripe_id"])

    async def told() -> None:
        for event in events:
            assert (await api.deliver(event)).status_code == 200
        await api.recover()

    await asyncio.gather(told(), api.update(order, {"_place": True}), api.update(payment, {"_refresh": True}), told())
    await api.recover()
    assert (await stands(api, order))[:2] == ("placed", "paid")
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


@pytest.mark.parametrize("first", ["answered", "lost"])
async def test_the_cart_changes_after_the_shopper_signed_in(api: Api, first: str) -> None:
    guest = await api.guest()
    order = await ready(api, attributes={"customer_email": "ada@example.com"})
    await begun(api, order, first, token=guest)
    await api.create("customers", {"email": "ada.rossi@example.com", "password": "correct horse"})
    shopper = await api.customer("ada.rossi@example.com", "correct horse")
    await api.update(order, {}, token=shopper)
    await api.line(order, 600)
    again = await api.payment(order, token=shopper)
    # The equal request took over what was under way; a storefront that sees the mismatch asks once more.
    assert again["mismatched_amounts"] is (first == "lost")
    if first == "lost":
        assert (await api.payment(order, token=shopper))["mismatched_amounts"] is False
    await paid(api, order)


@pytest.mark.parametrize("first", ["answered", "lost"])
async def test_the_shopper_switches_the_language(api: Api, first: str) -> None:
    order = await ready(api)
    await begun(api, order, first, {"options": {"statement_descriptor_suffix": "ORDER"}})
    await api.update(order, {"language_code": "it"})
    await api.payment(order, {"options": {"statement_descriptor_suffix": "ORDINE"}})
    await paid(api, order)


@pytest.mark.parametrize("first", ["answered", "lost"])
async def test_the_shopper_turns_to_the_express_button(api: Api, first: str) -> None:
    order = await ready(api)
    await begun(api, order, first)
    await api.payment(order, {"receipt_email": "ada@pay.example.com", "return_url": "https://shop.example.com/express"})
    await paid(api, order)


async def begun(api: Api, order: Answer, first: str, attributes: Any = None, **options: Any) -> None:
    """The payment step is shown for the first time; `lost`: Stripe's answer to it does not come."""
    if first == "lost":
        await api.stripe.faults(times=0, drop="after")
        await api.payment(order, attributes, expect=503, **options)
        await api.stripe.mend()
    else:
        await api.payment(order, attributes, **options)


async def test_a_refund_that_is_tried_again_is_one(api: Api) -> None:
    order, payment, _ = await approved(api)
    await api.update(order, {"_capture": True})
    capture = await only(api, order, "captures")
    asked = {"_refund": True, "_refund_amount_cents": 5000}
    await api.stripe.faults(path="/v1/refunds", times=0, drop="after")
    await api.stripe.faults("GET", times=0, drop="before")
    for _ in range(3):
        await api.update(capture, asked, expect=503)
    await api.stripe.mend()
    await api.update(capture, asked)
    assert await at_stripe(api, payment) == ("succeeded", 15400, 5000)
    # With a key of the client's own it may be sent as often as you like, also long after it was done.
    for _ in range(3):
        await api.update(capture, asked, key="refund-2")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 10000)


async def test_two_refunds_that_are_meant_stay_two(api: Api) -> None:
    order, payment, _ = await approved(api)
    await api.update(order, {"_capture": True})
    capture = await only(api, order, "captures")
    asked = {"_refund": True, "_refund_amount_cents": 5000}
    await api.update(capture, asked)
    await api.update(capture, asked)
    assert await at_stripe(api, payment) == ("succeeded", 15400, 10000)
    assert (await moved(api, order))[-2:] == [("refunds", 5000, True), ("refunds", 5000, True)]


async def test_however_the_shopper_wavers_one_intent_is_left_for_the_order(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    for cents in range(100, 800, 100):
        await api.line(order, cents)
        payment = await api.update(payment, {"_update": True})
    assert len(await api.stripe.intents()) == 1
    assert (await one_payable_intent(api, order)).amount == 15400 + 2800
    # The page is loaded again, and another way to pay is looked at in between.
    other = await api.method_of(await api.gateway_of())
    await api.payment(order)
    await api.update(order, payment_method=other)
    await api.update(order, payment_method=api.method)
    await api.payment(order)
    await paid(api, order)
    placed = [one for one in await api.stripe.intents() if one.status != "canceled"]
    assert len(placed) == 1
