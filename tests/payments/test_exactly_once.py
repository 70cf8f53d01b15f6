"""However often it is asked, and whatever becomes of Stripe's answers: one live intent for an order."""

import asyncio
from typing import Any

import pytest

from tests.payments.conftest import HASTY, Answer, Api, Clock, Running, Stripe, furnish, on_sqlite
from tests.processes import eventually


async def one_live_intent(api: Api, order: Answer, payment: str | None = None) -> Any:
    """The order's only live intent, which is its payment source's; nothing is left open."""
    (intent,) = await api.stripe.live()
    assert intent.metadata["order_id"] == order.id
    source = await api.source_of(order)
    assert source is not None
    if payment is not None:
        assert source == payment
    assert (await api.get({"type": "stripe_payments", "id": source}))["stripe_id"] == intent.id
    assert await api.open_calls() == []
    return intent


async def test_eight_equal_requests_at_once_open_one_intent_and_get_one_payment(api: Api) -> None:
    order = await api.order()
    held = await api.stripe.hold()
    answers = await held.together([api], *(api.payment(order) for _ in range(8)))
    assert len({one.id for one in answers}) == 1
    await one_live_intent(api, order, answers[0].id)
    assert len(await api.stripe.requests()) == 1
    assert (await api.get("stripe_payments")).document["meta"]["record_count"] == 1


async def test_another_request_meanwhile_is_told_to_wait(api: Api) -> None:
    order = await api.order()
    held = await api.stripe.hold()
    first = asyncio.create_task(api.payment(order))
    await held.begun()
    refused = await api.payment(order, {"receipt_email": "ada@example.com"}, expect=409)
    assert (refused.said, refused.headers["retry-after"]) == ([("", "CONFLICT")], "1")
    await held.go()
    await one_live_intent(api, order, (await first).id)


async def test_until_stripe_has_answered_no_answer_shows_the_payment(api: Api) -> None:
    order = await api.order()
    held = await api.stripe.hold()
    creating = asyncio.create_task(api.payment(order))
    await held.begun()
    assert await api.source_of(order) is None
    assert (await api.get("stripe_payments")).document["data"] == []
    (record_id,) = [
        record for record, kind in await api.rows("gateway_calls", "record_id", "kind") if kind == "open_payment"
    ]
    await api.get(f"stripe_payments/{record_id}", expect=404)
    await held.go()
    assert (await creating).id == record_id


LOST = [
    pytest.param({"drop": "after"}, id="the connection drops after the work"),
    pytest.param({"drop": "before"}, id="the connection drops before the work"),
    pytest.param({"cut": True}, id="the answer breaks off"),
    pytest.param({"delay_ms": 1100, "when": "after"}, id="the answer takes too long"),
    pytest.param({"status": 502, "when": "after"}, id="a gateway error after the work"),
    pytest.param({"status": 503}, id="unavailable"),
    pytest.param({"status": 429, "retry_after": 0}, id="too many requests"),
    pytest.param({"status": 409}, id="a lock"),
    pytest.param({"status": 424}, id="a third party fails"),
]


@pytest.mark.parametrize("do", LOST)
@on_sqlite
async def test_an_answer_that_is_lost_once_is_asked_for_again_within_the_request(api: Api, do: dict[str, Any]) -> None:
    order = await api.order()
    await api.stripe.faults(**do)
    payment = await api.payment(order)
    await one_live_intent(api, order, payment.id)
    asked = await api.stripe.requests()
    assert len({one["idempotency_key"] for one in asked}) == 1
    assert len(await api.stripe.intents()) == 1


@pytest.mark.parametrize("finishing", ["the next request", "recovery"])
@pytest.mark.parametrize("do", [{"drop": "after"}, {"drop": "before"}])
async def test_an_answer_that_stays_lost_is_unknown_until_somebody_finishes_it(
    running: Running, account: Stripe, do: dict[str, Any], finishing: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, **do)
        unknown = await api.payment(order, expect=503)
        assert unknown.said == [("", "SERVICE_UNAVAILABLE")]
        assert int(unknown.headers["retry-after"]) >= 1
        assert await api.source_of(order) is None
        assert (await api.get("stripe_payments")).document["data"] == []
        assert await api.open_calls() == ["open_payment"]
        await api.stripe.mend()
        if finishing == "recovery":
            await api.recover(after=3)
            payment = await api.source_of(order)
        else:
            payment = (await api.payment(order)).id
        await one_live_intent(api, order, payment)
        assert len({one["idempotency_key"] for one in await api.stripe.requests()}) == 1
        assert len(await api.stripe.intents()) == 1


async def test_while_it_is_unknown_another_request_finishes_it_and_then_replaces_it(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, drop="after")
        await api.payment(order, expect=503)
        await api.stripe.mend()
        payment = await api.payment(order, {"receipt_email": "ada@example.com"})
        await api.recover()
        intent = await one_live_intent(api, order, payment.id)
        assert intent.receipt_email == "ada@example.com"
        assert [one.status for one in await api.stripe.intents()] == ["canceled", "requires_payment_method"]


@on_sqlite
async def test_a_kept_failure_is_looked_behind_and_the_intent_it_hides_is_taken(api: Api) -> None:
    order = await api.order()
    await api.stripe.faults(status=500, when="after")
    payment = await api.payment(order)
    await one_live_intent(api, order, payment.id)
    assert len(await api.stripe.intents()) == 1


@on_sqlite
async def test_a_clock_that_is_minutes_ahead_hides_no_intent(timely: Api, clock: Clock) -> None:
    api = timely
    clock.advance(400)
    await api.stripe.control("POST", "search", {"lag_seconds": 3600})
    order = await api.order()
    await api.stripe.faults(status=500, when="after")
    await one_live_intent(api, order, (await api.payment(order)).id)
    assert len(await api.stripe.intents()) == 1


async def test_after_a_day_a_call_is_looked_for_and_not_sent_again(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, drop="after")
        await api.payment(order, expect=503)
        await api.stripe.mend()
        posted = len(await api.stripe.requests())
        await api.recover(after=24 * 3600)
        await one_live_intent(api, order)
        assert len(await api.stripe.requests()) == posted


async def test_after_a_day_a_call_that_stripe_never_saw_is_sent_under_the_next_key(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, drop="before")
        await api.payment(order, expect=503)
        await api.stripe.mend()
        await api.recover(after=24 * 3600)
        await one_live_intent(api, order)
        (call,) = [id_ for id_, kind in await api.rows("gateway_calls", "id", "kind") if kind == "open_payment"]
        assert (await api.stripe.requests())[-1]["idempotency_key"].endswith(f"/{call}/2")


@on_sqlite
async def test_retry_after_is_honoured_and_told(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, status=429, retry_after=30)
        unknown = await api.payment(order, expect=503)
        assert unknown.headers["retry-after"] == "30"
        assert len(await api.stripe.requests()) == 1


@on_sqlite
async def test_while_stripe_says_nothing_reads_and_orders_go_on(api: Api) -> None:
    paid = await api.payment()
    orders = [await api.order() for _ in range(6)]
    held = await api.stripe.hold(calls=6)
    creating = [asyncio.create_task(api.payment(one)) for one in orders]
    await held.begun(6)
    for order in orders:
        await api.get(order)
        await api.update(order, {"metadata": {"seen": True}})
        await api.get(paid)
    assert not any(one.done() for one in creating)
    await held.go()
    await asyncio.gather(*creating)


async def test_an_order_deleted_meanwhile_leaves_no_live_intent(api: Api) -> None:
    order = await api.order()
    held = await api.stripe.hold(when="after")
    creating = asyncio.create_task(api.payment(order, expect=422))
    await held.begun()
    await api.delete(order)
    await held.go()
    assert (await creating).said == [("/data/relationships/order", "blank")]
    await api.recover()
    assert await api.stripe.live() == []
    assert await api.open_calls() == []


async def test_an_order_that_took_another_source_meanwhile_keeps_it(api: Api) -> None:
    order = await api.order()
    held = await api.stripe.hold(when="after")
    creating = asyncio.create_task(api.payment(order))
    await held.begun()
    adopted = await api.payment(order, {"stripe_id": "pi_1234XXX", "client_secret": "pi_1234XXX_secret_5678YYY"})
    await held.go()
    await creating
    await api.recover()
    assert await api.source_of(order) == adopted.id
    assert await api.stripe.live() == []
    assert await api.open_calls() == []


async def test_a_client_that_goes_away_does_not_stop_the_operation(api: Api) -> None:
    for pause in (0.0, 0.001, 0.004, None):
        order = await api.order()
        held = await api.stripe.hold()
        going = asyncio.create_task(api.payment(order))
        await (held.begun() if pause is None else asyncio.sleep(pause))
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        await held.go()

        async def opened(order: Answer = order) -> list[Any]:
            return [one for one in await api.stripe.live() if one.metadata["order_id"] == order.id]

        async def whole(order: Answer = order, opened: Any = opened) -> bool:
            source = await api.source_of(order)
            shown = [one.metadata["stripe_payment_id"] for one in await opened()]
            return shown == ([source] if source else []) and not await api.open_calls()

        # Whatever was written down is carried out.
        await eventually(whole)
        assert await opened() or pause is not None


async def test_a_replaced_intent_is_canceled_within_one_round(api: Api) -> None:
    order = await api.order()
    first = await api.payment(order)
    second = await api.payment(order)
    assert second.id != first.id
    assert len(await api.stripe.live()) == 2
    await api.recover()
    await one_live_intent(api, order, second.id)
    former = await api.get(first)
    assert former["stripe_id"] == first["stripe_id"]
    canceled = await api.stripe.v1.payment_intents.retrieve_async(first["stripe_id"])
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")


async def test_a_replaced_intent_that_was_authorized_meanwhile_is_the_source_again(api: Api) -> None:
    order = await api.order()
    first = await api.payment(order)
    await api.payment(order)
    await api.stripe.confirm(first["stripe_id"])
    await api.recover()
    held = await api.stripe.v1.payment_intents.retrieve_async(first["stripe_id"])
    assert (held.status, held.amount_capturable) == ("requires_capture", 15400)
    assert (await api.get(first))["payment_instrument"]["card_last_digits"] == "4242"
    assert (await api.source_of(order), (await api.get(order))["payment_status"]) == (first.id, "authorized")
    assert await api.open_calls() == ["release_payment"]
    await api.recover()
    await one_live_intent(api, order, first.id)


async def test_a_cancellation_whose_answer_is_lost_is_done_once_and_settled(api: Api) -> None:
    order = await api.order()
    first = await api.payment(order)
    second = await api.payment(order)
    await api.stripe.faults(path=f"/v1/payment_intents/{first['stripe_id']}/cancel", times=0, drop="after")
    await api.recover()
    assert await api.open_calls() == ["release_payment"]
    await api.stripe.mend()
    await api.recover(after=30)
    await one_live_intent(api, order, second.id)


async def test_a_hanging_gateway_does_not_hold_up_anothers_recovery(api: Api, running: Running) -> None:
    order = await api.order()
    first = await api.payment(order)
    await api.payment(order)  # the first is to be canceled
    elsewhere = Stripe(running.sandbox, running.http)
    method = await api.method_of(await api.gateway_of(elsewhere.key))
    another = await api.order(method=method)
    await api.payment(another)
    await api.payment(another)
    held = await api.stripe.hold("GET", f"/v1/payment_intents/{first['stripe_id']}")
    round_ = asyncio.create_task(api.recover())

    async def live() -> int:
        return len(await elsewhere.live())

    await held.begun()
    await eventually(live, 1)
    assert not round_.done()
    assert len(await api.stripe.live()) == 2
    await held.go()
    await round_
    assert len(await api.stripe.live()) == 1
    await elsewhere.close()


@on_sqlite
async def test_twelve_shoppers_at_once_get_twelve_intents(api: Api) -> None:
    orders = [await api.order(1000 + at) for at in range(12)]
    payments = await asyncio.gather(*(api.payment(one) for one in orders))
    assert [one["options"]["intent_amount_cents"] for one in payments] == [1000 + at for at in range(12)]
    intents = await api.stripe.live()
    assert {one.id: one.amount for one in intents} == {one["stripe_id"]: 1000 + at for at, one in enumerate(payments)}


@on_sqlite
async def test_a_rejected_key_is_a_refusal_and_not_a_riddle(api: Api) -> None:
    order = await api.order()
    await api.stripe.faults(times=0, status=401)
    refused = await api.payment(order, expect=422)
    assert refused.said == [("/data", "api_key_expired")]
    assert await api.open_calls() == []
    await api.stripe.mend()
    await one_live_intent(api, order, (await api.payment(order)).id)


@on_sqlite
async def test_stripe_not_being_there_at_all_is_unknown(running: Running, account: Stripe, port: int) -> None:
    from paydesk.gateways.stripe import StripeGateway

    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        there = api.parts.gateways["stripe_gateways"]
        api.parts.gateways["stripe_gateways"] = StripeGateway(f"http://127.0.0.1:{port}", patience=HASTY)
        await api.payment(order, expect=503)
        await api.parts.gateways["stripe_gateways"].close()
        api.parts.gateways["stripe_gateways"] = there
        await one_live_intent(api, order, (await api.payment(order)).id)
