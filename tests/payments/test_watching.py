"""Payments of which no event tells: looked at by the clock, told before they expire, and never under way for ever."""

import asyncio
from typing import Any

import pytest

from paydesk.base.instants import later, seconds
from paydesk.commerce.payments.watching import DAY, HOUR, next_look, overdue_at
from tests.acts.disputes import history
from tests.acts.orders import only, ready, stands
from tests.acts.watching import advance, look
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish, on_sqlite

NEWS = "2026-11-01T10:00:00.000Z"


async def reads(api: Api, payment: Answer) -> int:
    return len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}"))


def looks(informed: bool, capture_before: str | None = None, days: float = 30) -> list[float]:
    """Hours after its news at which a payment that never ends is looked at."""
    at, found = NEWS, []
    while seconds(at) - seconds(NEWS) < days * DAY:
        at = next_look(at, news_at=NEWS, capture_before=capture_before, informed=informed)
        found.append(round((seconds(at) - seconds(NEWS)) / HOUR, 3))
    return found


def test_a_payment_is_looked_at_soon_then_hourly_then_daily() -> None:
    alone = looks(informed=False, days=10)
    assert alone[:5] == [0.017, 0.083, 0.25, 1.25, 2.25]
    assert alone[-3:] == [192, 216, 240]
    assert len(alone) == 3 + 191 + 3
    assert looks(informed=True, days=10) == [24 * day for day in range(1, 11)]


def test_an_authorization_is_looked_at_a_day_before_its_end_and_just_after_it() -> None:
    capture_before = later(NEWS, 7 * DAY - HOUR / 2)
    assert looks(informed=True, capture_before=capture_before, days=9)[5:10] == [
        143.5,
        167.5,
        167.517,
        191.517,
        215.517,
    ]
    assert overdue_at(NEWS, capture_before) == later(capture_before, 8 * DAY)
    assert overdue_at(NEWS, None) == later(NEWS, 8 * DAY)


async def test_a_payment_of_which_no_event_tells_is_looked_at_after_a_minute_five_and_fifteen(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    assert await look(api, 50) == 0
    assert (await look(api, 11), await reads(api, payment)) == (1, 1)
    assert (await look(api, 11), await reads(api, payment)) == (0, 1)
    await api.stripe.confirm(payment["stripe_id"])
    assert (await stands(api, order))[1] == "unpaid"
    assert await look(api, 240) == 1
    assert (await stands(api, order))[1] == "authorized"
    # That was news: it begins anew.
    assert await look(api, 61) == 1
    assert await look(api, 240) == 1
    assert await look(api, 600) == 1
    assert await look(api, 1800) == 0
    assert await look(api, 1801) == 1
    before = await reads(api, payment)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    assert await look(api, 3600) == 1
    assert (await stands(api, order))[1] == "paid"
    # It came to its end: nobody looks any more.
    assert await look(api, 40 * DAY) == 0
    assert await reads(api, payment) == before + 1
    assert await api.rows("stripe_payments", "look_at", "overdue_since") == [(None, None)]


async def test_where_the_list_of_events_is_read_payments_are_left_alone(api: Api) -> None:
    payment = await api.payment()
    advance(api, 61)
    await api.parts.catching_up.once()
    assert (await api.parts.watching.once(), await reads(api, payment)) == (1, 0)
    assert await look(api, 3600) == 0
    # Once the list is not to be had any more it is looked at again.
    assert (await look(api, DAY), await reads(api, payment)) == (1, 1)
    assert (await look(api, 3601), await reads(api, payment)) == (1, 2)


@on_sqlite
async def test_a_cart_that_nobody_pays_for_is_left_after_eight_days(api: Api) -> None:
    payment = await api.payment()
    assert await look(api, 8 * DAY + 1) == 1
    assert await reads(api, payment) == 1
    assert await look(api, 30 * DAY) == 0
    assert await api.rows("stripe_payments", "look_at", "overdue_since") == [(None, None)]


@on_sqlite
async def test_what_is_under_way_for_more_than_eight_days_is_overdue_and_looked_at_daily(api: Api) -> None:
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"], "pm_card_authenticationRequired")
    await look(api, 61)
    assert await api.rows("stripe_payments", "gateway_status") == [("requires_action",)]
    await look(api, 8 * DAY + 1)
    ((since,),) = await api.rows("stripe_payments", "overdue_since")
    assert since is not None
    assert await look(api, HOUR) == 0
    assert await look(api, DAY) == 1
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    assert await look(api, DAY) == 1
    assert await api.rows("stripe_payments", "gateway_status", "look_at", "overdue_since") == [("canceled", None, None)]


async def test_processes_share_the_payments(running: Running, account: Stripe) -> None:
    async with running.api(account) as one, running.api(account) as two:
        await furnish(one)
        two.gateway, two.method = one.gateway, one.method
        payment = await one.payment()
        advance(one, 61)
        await asyncio.gather(*((one, two)[at % 2].parts.watching.once() for at in range(6)))
        assert await reads(one, payment) == 1


@on_sqlite
async def test_while_stripe_does_not_answer_payments_wait_for_their_next_turn(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.stripe.faults("GET", times=0, status=503)
    assert await look(api, 61) == 1
    await api.stripe.mend()
    assert (await stands(api, order))[1] == "unpaid"
    assert await look(api, 240) == 1
    assert (await stands(api, order))[1] == "authorized"


async def test_an_authorization_is_told_of_a_day_before_it_ends_and_then_ends_by_itself(timely: Api) -> None:
    api = timely
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    for trigger in ("_place", "_approve"):
        await api.update(order, {trigger: True})
    authorization = await only(api, order, "authorizations")
    capture_before = (await api.get(payment))["options"]["capture_before"]
    ends_in = seconds(capture_before) - api.app.clock()

    async def pass_time(by: float) -> None:
        await api.stripe.control("POST", "clock", {"advance_seconds": int(by)})
        await look(api, by)

    await pass_time(ends_in - DAY - 600)
    assert await history(api, authorization, "expiring") == []
    for _ in range(3):
        await pass_time(HOUR)
    told = [({"from": None, "to": capture_before}, "update", ["worker"])]
    assert await history(api, authorization, "expiring") == told
    assert (await stands(api, order))[1] == "authorized"
    await pass_time(DAY - 2 * HOUR)
    assert (await stands(api, order))[:2] == ("approved", "voided")
    assert await history(api, authorization, "expiring") == told
    refused: Any = await api.update(authorization, {"_capture": True}, expect=422)
    assert refused.said == [("/data/attributes/capture_balance_cents", "expired")]
    assert "the authorization ended at" in refused.errors[0]["detail"]
    refused = await api.update(order, {"_capture": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "invalid_transition")]


@pytest.mark.parametrize("partly", [False, True])
async def test_a_refund_that_fails_weeks_later_only_recomputes_the_payment(timely: Api, partly: bool) -> None:
    api = timely
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"], "pm_card_refundFail")
    for trigger in ("_place", "_approve", "_capture"):
        await api.update(order, {trigger: True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"_refund": True, **({"_refund_amount_cents": 5000} if partly else {})})
    status = "approved" if partly else "cancelled"
    assert (await stands(api, order))[:2] == (status, "partially_refunded" if partly else "refunded")
    await api.stripe.control("POST", "clock", {"advance_seconds": int(20 * DAY)})
    events = [one for one in await api.stripe.events() if one["type"] == "refund.failed"]
    for event in events:
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    refund = await api.get(await only(api, order, "refunds"))
    assert (len(events), refund["succeeded"], refund["error_code"] is not None) == (1, False, True)
    assert (await stands(api, order))[:2] == (status, "paid")
    assert (await api.get(capture))["refund_balance_cents"] == 15400
