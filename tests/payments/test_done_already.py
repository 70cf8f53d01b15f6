"""What the gateway says is done already, its webhook lost: it is adopted, and nothing of it is booked as failed."""

import asyncio
from typing import Any

import pytest

from tests.acts.orders import approved, at_stripe, moved, only, stands
from tests.payments.conftest import Answer, Api, on_sqlite

HELD = ("authorizations", 15400, True)
TAKEN = ("captures", 15400, True)


async def captured(api: Api) -> tuple[Answer, Answer, dict[str, str]]:
    order, payment, _ = await approved(api)
    await api.update(order, {"_capture": True})
    return order, payment, await only(api, order, "captures")


async def given_back(api: Api, payment: Answer, cents: int | None = None) -> None:
    """In the dashboard."""
    given: dict[str, Any] = {"payment_intent": payment["stripe_id"]}
    await api.stripe.v1.refunds.create_async(given if cents is None else given | {"amount": cents})


@pytest.mark.parametrize("about", ["the order", "the capture"])
async def test_what_was_refunded_whole_is_refunded(api: Api, about: str) -> None:
    order, payment, capture = await captured(api)
    await given_back(api, payment)
    await api.update(order if about == "the order" else capture, {"_refund": True})
    assert await moved(api, order) == [HELD, TAKEN, ("refunds", 15400, True)]
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 15400)
    assert await api.open_calls() == []


@pytest.mark.parametrize("about", ["the order", "the capture"])
async def test_what_is_left_of_a_refund_of_everything_is_still_asked_for(api: Api, about: str) -> None:
    order, payment, capture = await captured(api)
    await given_back(api, payment, 5000)
    await api.update(order if about == "the order" else capture, {"_refund": True})
    assert await moved(api, order) == [HELD, TAKEN, ("refunds", 5000, True), ("refunds", 10400, True)]
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 15400)
    assert await api.open_calls() == []


async def test_an_amount_is_judged_by_what_is_left(api: Api) -> None:
    order, payment, capture = await captured(api)
    await given_back(api, payment, 15000)
    change = {"_refund": True, "_refund_amount_cents": 500}
    refused = await api.update(capture, change, expect=422)
    assert refused.said == [("/data/attributes/_refund_amount_cents", "less_than_or_equal_to")]
    assert await moved(api, order) == [HELD, TAKEN, ("refunds", 15000, True)]
    # It was told so: nothing is owed, and the next try is judged by the books at once.
    assert (await api.update(capture, change, expect=422)).said == refused.said
    await api.update(capture, {**change, "_refund_amount_cents": 400})
    assert await moved(api, order) == [HELD, TAKEN, ("refunds", 15000, True), ("refunds", 400, True)]


async def test_an_amount_of_what_was_refunded_whole_is_refused_without_a_failed_refund(api: Api) -> None:
    order, payment, capture = await captured(api)
    await given_back(api, payment)
    refused = await api.update(capture, {"_refund": True, "_refund_amount_cents": 500}, expect=422)
    assert refused.said == [("/data/attributes/refund_balance_cents", "greater_than")]
    assert await moved(api, order) == [HELD, TAKEN, ("refunds", 15400, True)]


@pytest.mark.parametrize("trigger", ["_capture", "_approve_and_capture"])
async def test_what_was_captured_is_captured(api: Api, trigger: str) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    await api.update(order if trigger != "_capture" else authorization, {trigger: True})
    assert await moved(api, order) == [HELD, TAKEN]
    assert (await stands(api, order))[:2] == ("approved", "paid")


async def test_a_smaller_capture_is_all_that_is_left_to_take(api: Api) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"], {"amount_to_capture": 10000})
    await api.update(authorization, {"_capture": True})
    assert await moved(api, order) == [HELD, ("captures", 10000, True)]
    assert (await stands(api, order))[:2] == ("approved", "partially_paid")


@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_part_is_not_captured_by_another_amount(api: Api, is_lost: bool) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"], {"amount_to_capture": 5000})
    change = {"_capture": True, "_capture_amount_cents": 3000}
    if is_lost:
        await api.stripe.faults(path="/v1/payment_intents/*", status=500, times=0)
        await api.update(authorization, change, expect=503)
        await api.stripe.mend()
    refused = await api.update(authorization, change, expect=422)
    assert refused.said == [("/data/attributes/capture_balance_cents", "released")]
    assert await moved(api, order) == [HELD, ("captures", 5000, True)]
    assert await api.open_calls() == []


async def test_an_amount_beyond_a_smaller_capture_is_refused_without_a_failed_capture(api: Api) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"], {"amount_to_capture": 10000})
    change = {"_capture": True, "_capture_amount_cents": 15400}
    await api.update(authorization, change, expect=422)
    assert await moved(api, order) == [HELD, ("captures", 10000, True)]


@pytest.mark.parametrize("about", ["the order", "the authorization"])
async def test_what_was_canceled_is_voided(api: Api, about: str) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    if about == "the order":
        assert (await api.update(order, {"_cancel": True}))["status"] == "cancelled"
    else:
        await api.update(authorization, {"_void": True})
    assert await moved(api, order) == [HELD, ("voids", 15400, True)]
    assert (await stands(api, order))[1] == "voided"


async def test_what_was_captured_is_not_voided_and_no_void_fails(api: Api) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    refused = await api.update(authorization, {"_void": True}, expect=422)
    assert refused.said == [("/data/attributes/void_balance_cents", "captured")]
    assert await moved(api, order) == [HELD, TAKEN]


async def test_an_order_whose_money_was_captured_meanwhile_is_cancelled_by_giving_it_back(api: Api) -> None:
    order, payment, _ = await approved(api)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    cancelled = await api.update(order, {"_cancel": True})
    assert cancelled["status"] == "cancelled"
    assert await moved(api, order) == [HELD, TAKEN, ("refunds", 15400, True)]
    assert await at_stripe(api, payment) == ("succeeded", 15400, 15400)


@on_sqlite
async def test_two_equal_requests_for_what_was_refunded_already_are_both_told_so(api: Api) -> None:
    order, payment, capture = await captured(api)
    await given_back(api, payment)
    held = await api.stripe.hold(path="/v1/refunds")
    answers = asyncio.gather(*(api.update(capture, {"_refund": True}) for _ in range(2)))
    await held.begun()
    await held.go()
    assert [one["refund_balance_cents"] for one in await answers] == [0, 0]
    assert await moved(api, order) == [HELD, TAKEN, ("refunds", 15400, True)]
