"""Refunds, and everything else that the sandbox's clock brings about."""

from typing import Any

import pytest
import stripe

from .conftest import Desk

DAY = 86_400


async def test_partial_refunds_until_nothing_is_left(desk: Desk):
    intent = await desk.pay()
    first = await desk.v1.refunds.create_async({"payment_intent": intent.id, "amount": 1000, "metadata": {"k": "v"}})
    assert (first.status, first.amount, first.charge, first.metadata["k"]) == (
        "succeeded",
        1000,
        intent.latest_charge,
        "v",
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.refunds.create_async({"payment_intent": intent.id, "amount": 4001})
    assert refused.value.param == "amount"
    assert "Refund amount (€40.01) is greater than unrefunded amount on charge (€40.00)" in str(refused.value)
    rest = await desk.v1.refunds.create_async({"charge": intent.latest_charge, "reason": "requested_by_customer"})
    assert (rest.amount, rest.reason) == (4000, "requested_by_customer")
    charge = await desk.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (5000, True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.refunds.create_async({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    listed = await desk.v1.refunds.list_async({"payment_intent": intent.id})
    assert [each.id for each in listed.data] == [rest.id, first.id]
    assert (await desk.events())[-4:] == ["refund.created", "charge.refunded", "refund.created", "charge.refunded"]


async def test_only_what_was_captured_is_refunded(desk: Desk):
    intent = await desk.pay(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError, match="You must cancel the PaymentIntent"):
        await desk.v1.refunds.create_async({"payment_intent": intent.id})
    await desk.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 3000})
    with pytest.raises(stripe.InvalidRequestError):
        await desk.v1.refunds.create_async({"payment_intent": intent.id, "amount": 3001})
    assert (await desk.v1.refunds.create_async({"payment_intent": intent.id})).amount == 3000


async def test_an_unpaid_intent_has_nothing_to_refund(desk: Desk):
    intent = await desk.v1.payment_intents.create_async({"amount": 5000, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        await desk.v1.refunds.create_async({"payment_intent": intent.id})
    answer = await desk.ask("POST", "/v1/refunds", {"payment_intent": "pi_none"})
    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, "resource_missing", "payment_intent")


@pytest.mark.parametrize("amount", ["0", "-5"])
async def test_a_refund_is_of_at_least_one(desk: Desk, amount: str):
    intent = await desk.pay()
    answer = await desk.ask("POST", "/v1/refunds", {"payment_intent": intent.id, "amount": amount})
    assert (answer.status, answer.error["code"]) == (400, "parameter_invalid_integer")


async def test_a_pending_refund_succeeds_later(timed_desk: Desk):
    desk = timed_desk
    intent = await desk.pay("pm_card_pendingRefund")
    refund = await desk.v1.refunds.create_async({"payment_intent": intent.id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    await desk.advance(180)
    refund = await desk.v1.refunds.retrieve_async(refund.id)
    assert (refund.status, refund.pending_reason) == ("succeeded", None)
    assert (await desk.events())[-2:] == ["refund.updated", "charge.refund.updated"]


async def test_a_refund_fails_after_it_succeeded(timed_desk: Desk):
    desk = timed_desk
    intent = await desk.pay("pm_card_refundFail")
    refund = await desk.v1.refunds.create_async({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    await desk.advance(180)
    refund = await desk.v1.refunds.retrieve_async(refund.id)
    assert (refund.status, refund.failure_reason) == ("failed", "expired_or_canceled_card")
    charge = await desk.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert (await desk.events())[-4:] == ["refund.failed", "refund.updated", "charge.refund.updated", "charge.updated"]


async def test_an_authorization_expires_after_seven_days(timed_desk: Desk):
    desk = timed_desk
    intent = await desk.pay(capture_method="manual", expand=["latest_charge"])
    charge = intent.latest_charge
    assert charge.payment_method_details.card.capture_before == charge.created + 7 * DAY
    await desk.advance(7 * DAY - 60)
    assert (await desk.v1.payment_intents.retrieve_async(intent.id)).status == "requires_capture"
    await desk.advance(60)
    expired = await desk.v1.payment_intents.retrieve_async(intent.id)
    assert (expired.status, expired.cancellation_reason, expired.amount_capturable) == ("canceled", "automatic", 0)
    refunds = await desk.v1.refunds.list_async({"payment_intent": intent.id})
    assert [(each.amount, each.reason) for each in refunds.data] == [(5000, "expired_uncaptured_charge")]
    assert (await desk.events())[-4:] == [
        "refund.created",
        "charge.refunded",
        "charge.expired",
        "payment_intent.canceled",
    ]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.payment_intents.capture_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("params", "seconds"),
    [({"off_session": True}, 4 * DAY + 18 * 3600), ({"currency": "jpy"}, 30 * DAY)],
)
async def test_other_authorizations_last_otherwise(desk: Desk, params: dict[str, Any], seconds: int):
    intent = await desk.pay(capture_method="manual", expand=["latest_charge"], **params)
    charge = intent.latest_charge
    assert charge.payment_method_details.card.capture_before - charge.created == seconds


async def test_the_clock_only_goes_forward_and_survives_a_restart(own_desk: Desk, own):
    desk = own_desk
    before = await desk.control("GET", "clock")
    await desk.advance(3 * DAY)
    own.stop()
    own.start()
    after = await desk.control("GET", "clock")
    assert after["offset_seconds"] == 3 * DAY
    assert after["now"] >= before["now"] + 3 * DAY
    async with desk.http.post(f"{desk.url}/_control/clock", json={"advance_seconds": -1}) as answer:
        assert answer.status == 400
