"""The books say what the gateway did: when it was read, what others do at Stripe, and what an integration marks."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
import stripe

from paydesk.base.actor import worker
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.transactions import Overbooked, book, booked
from paydesk.declare import eq
from paydesk.rules.asking import Find
from paydesk.rules.work import Work
from tests.acts.orders import PARTS, approved, at_stripe, in_parts, moved, only, ready, stands
from tests.payments.conftest import Answer, Api, on_sqlite


async def in_two_parts(api: Api, card: str = "pm_card_visa") -> tuple[Answer, Answer]:
    """An approved order of 154 euros, captured in two parts of 50 and 104, and its payment."""
    order = await ready(api)
    payment = await api.payment(order, PARTS)
    await api.stripe.confirm(payment["stripe_id"], card)
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve": True})
    authorization = await only(api, order, "authorizations")
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5000})
    await api.update(order, {"_capture": True})
    return order, await api.get(payment)


async def rows(api: Api, order: Answer, kind: str, *names: str) -> list[tuple[Any, ...]]:
    """Attributes of an order's transactions of a kind, oldest first."""
    found = (await api.get(f"orders/{order.id}/{kind}", "?sort=number")).data
    return [tuple(one["attributes"][name] for name in names) for one in found]


# What was read.


async def test_what_is_released_while_a_payment_is_read_is_no_refund(api: Api) -> None:
    order, payment, authorization = await in_parts(api)
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5000})
    held = await api.stripe.hold("GET", "/v1/refunds")
    capture = api.stripe.v1.payment_intents.capture_async(payment["stripe_id"], {"amount_to_capture": 4000})
    # The payment was read before the last capture, and the list of its refunds is read after it.
    refreshing = api.update(payment, {"_refresh": True})

    async def captured() -> Any:
        await held.begun()
        ended = await capture
        await held.go()
        return ended

    await asyncio.gather(refreshing, captured())
    assert await at_stripe(api, payment) == ("succeeded", 9000, 6400)  # What Stripe lists, the released rest.
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("captures", 5000, True),
        ("captures", 4000, True),
        ("voids", 6400, True),
    ]
    assert await stands(api, order) == ("approved", "partially_paid", "not_required")
    await api.update(order, {"_refund": True})
    await api.recover()
    assert await stands(api, order) == ("cancelled", "refunded", "not_required")
    assert (await moved(api, order))[4:] == [("refunds", 5000, True), ("refunds", 4000, True)]


async def test_more_than_was_captured_cannot_be_booked_as_given_back(api: Api) -> None:
    order, _, _ = await approved(api)
    await api.update(order, {"_capture": True})
    capture = await only(api, order, "captures")
    actor = worker(f"{(await api.get('organization')).id}/test", "acme", "test", "test")

    def overbook(cents: int) -> Any:
        def rule(work: Work) -> Generator[Any, Any, None]:
            found = yield Find("orders", eq("id", order.id), ("payment_source",), lock=True)
            yield from booked(found, work)
            book(
                Refund,
                found,
                found.payment_source,
                work,
                key=f"re_{cents}",
                amount_cents=cents,
                succeeded=True,
                reference_capture_id=capture["id"],
            )

        return rule

    with pytest.raises(Overbooked):
        await api.parts.desk.operate(actor, overbook(15401))
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
    await api.parts.desk.operate(actor, overbook(15400))
    with pytest.raises(Overbooked):
        await api.parts.desk.operate(actor, overbook(1))
    assert (await moved(api, order))[2:] == [("refunds", 15400, True)]


# What others do at Stripe.


async def test_a_refund_larger_than_the_last_capture_is_spread_over_the_captures(api: Api) -> None:
    order, payment = await in_two_parts(api)
    refund = await api.stripe.v1.refunds.create_async({"payment_intent": payment["stripe_id"], "amount": 12000})
    for _ in range(2):
        await api.update(payment, {"_refresh": True})
        assert await rows(api, order, "refunds", "amount_cents", "succeeded", "gateway_transaction_id") == [
            (5000, True, refund.id),
            (7000, True, refund.id),
        ]
        assert await rows(api, order, "captures", "amount_cents", "refund_balance_cents") == [(5000, 0), (10400, 3400)]
        assert await stands(api, order) == ("approved", "partially_refunded", "not_required")
    await api.update(order, {"_refund": True})
    assert (await rows(api, order, "refunds", "amount_cents", "succeeded"))[2:] == [(3400, True)]
    assert await stands(api, order) == ("cancelled", "refunded", "not_required")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 15400)


async def test_what_becomes_of_a_refund_that_was_spread_is_told_of_all_its_parts(timely: Api) -> None:
    order, payment = await in_two_parts(timely, "pm_card_refundFail")
    await timely.stripe.v1.refunds.create_async({"payment_intent": payment["stripe_id"]})
    await timely.update(payment, {"_refresh": True})
    assert await stands(timely, order) == ("cancelled", "refunded", "not_required")
    await timely.stripe.control("POST", "clock", {"advance_seconds": 300})
    for _ in range(2):
        await timely.update(payment, {"_refresh": True})
        assert await rows(timely, order, "refunds", "amount_cents", "succeeded", "error_code") == [
            (5000, False, "expired_or_canceled_card"),
            (10400, False, "expired_or_canceled_card"),
        ]
        assert await rows(timely, order, "captures", "refund_balance_cents") == [(5000,), (10400,)]
    assert (await stands(timely, order))[1] == "paid"


# What balances promise.


async def test_a_refund_on_its_way_counts_as_given(timely: Api) -> None:
    order, payment, _ = await approved_with(timely, "pm_card_pendingRefund")
    await timely.update(order, {"_capture": True})
    capture = await only(timely, order, "captures")
    given = await timely.update(capture, {"_refund": True, "_refund_amount_cents": 15000})
    assert (given["refund_balance_cents"], given["refund_amount_cents"]) == (400, 400)
    over = await timely.update(capture, {"_refund": True, "_refund_amount_cents": 401}, expect=422)
    assert over.said == [("/data/attributes/_refund_amount_cents", "less_than_or_equal_to")]
    assert (await timely.update(capture, {"_refund": True}))["refund_balance_cents"] == 0
    assert (await stands(timely, order))[1] == "paid"
    await timely.stripe.control("POST", "clock", {"advance_seconds": 300})
    await timely.update(payment, {"_refresh": True})
    assert await stands(timely, order) == ("cancelled", "refunded", "not_required")


async def approved_with(api: Api, card: str) -> tuple[Answer, Answer, dict[str, str]]:
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"], card)
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve": True})
    return order, await api.get(payment), await only(api, order, "authorizations")


# What an integration marks.


async def declined(api: Api) -> tuple[Answer, Answer, dict[str, str]]:
    """An order whose shopper's card was declined, its payment, and the attempt that failed."""
    order = await ready(api)
    payment = await api.payment(order)
    with pytest.raises(stripe.CardError):
        await api.stripe.confirm(payment["stripe_id"], "pm_card_chargeDeclined")
    await api.update(payment, {"_refresh": True})
    return order, payment, await only(api, order, "authorizations")


async def test_a_failed_authorization_that_was_forwarded_and_then_came_counts_once(api: Api) -> None:
    order, payment, attempt = await declined(api)
    await api.update(attempt, {"_forward": True})
    assert (await stands(api, order))[:2] == ("placed", "authorized")
    await api.stripe.confirm(payment["stripe_id"])
    for _ in range(2):
        await api.update(payment, {"_refresh": True})
        assert await moved(api, order) == [("authorizations", 15400, True)]
        assert await api.rows("orders", "authorized_cents") == [(15400,)]
    await api.update(order, {"_approve": True})
    await api.update(order, {"_capture": True})
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


async def test_an_attempt_that_failed_is_not_forwarded_beside_one_that_came(api: Api) -> None:
    order, payment, attempt = await declined(api)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert (await api.update(attempt, {"_forward": True}))["succeeded"] is False
    refused = await api.update(attempt, {"succeeded": True}, expect=422)
    assert refused.said == [("/data/attributes/succeeded", "invalid_transition")]
    assert await moved(api, order) == [("authorizations", 15400, False), ("authorizations", 15400, True)]


async def test_a_refund_shows_that_a_capture_was_made_though_it_was_marked_as_failed(api: Api) -> None:
    order, payment, _ = await approved(api)
    await api.update(order, {"_capture": True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"succeeded": False})
    assert (await stands(api, order))[1] == "authorized"
    await api.stripe.v1.refunds.create_async({"payment_intent": payment["stripe_id"], "amount": 500})
    await api.update(payment, {"_refresh": True})
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("captures", 15400, True),
        ("refunds", 500, True),
    ]
    assert (await stands(api, order))[1] == "partially_refunded"


@on_sqlite
async def test_a_void_that_was_forwarded_ends_where_the_money_was_captured(api: Api) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel", status=400)
    await api.update(authorization, {"_void": True})
    void = await only(api, order, "voids")
    await api.update(void, {"_forward": True})
    assert (await stands(api, order))[1] == "voided"
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("voids", 15400, False),
        ("captures", 15400, True),
    ]
    assert (await stands(api, order))[1] == "paid"
