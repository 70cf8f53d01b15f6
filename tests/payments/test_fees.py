"""What payments cost: the balance transactions of captures, refunds and disputes, kept as Stripe tells them."""

from paydesk.base.instants import instant
from tests.acts.disputes import paid
from tests.acts.fees import fees, told_by
from tests.acts.orders import in_parts, moved, only, stands
from tests.payments.commands import paydesk
from tests.payments.conftest import Api, Running

CAPTURE = ("capture", 15400, 15400, 477, 14923)
"""2.9 % of 154.00 and 0.30."""


async def test_the_fee_of_a_capture_is_kept_once_stripe_tells_that_it_was_captured(api: Api) -> None:
    order, payment = await paid(api, "pm_card_visa")
    before = await moved(api, order), await stands(api, order)
    assert await fees(api) == []
    await told_by(api, payment, "charge.captured")
    assert await fees(api) == [CAPTURE]
    (charge,) = (await api.stripe.v1.charges.list_async({})).data
    (told,) = (await api.stripe.v1.balance_transactions.list_async({})).data
    names = ("movement_id", "source_id", "gateway_type", "currency_code", "paid_currency", "exchange_rate")
    assert await fees(api, *names) == [(told.id, charge.id, "charge", "EUR", "EUR", None)]
    whose = ("payment_type", "payment_id", "order_id", "method_type")
    assert await fees(api, *whose) == [("stripe_payments", payment.id, order.id, "credit card")]
    ((moved_at, available_on),) = await fees(api, "moved_at", "available_on")
    assert (moved_at, available_on) == (instant(told.created), instant(told.available_on))
    # Told again, by whatever reads the payment: it is kept once, and moves nothing of the order's.
    await told_by(api, payment, "charge.captured", "payment_intent.succeeded")
    await api.update(payment, {"_refresh": True})
    assert await fees(api) == [CAPTURE]
    assert (await moved(api, order), await stands(api, order)) == before


async def test_refunds_and_disputes_keep_what_they_cost(api: Api) -> None:
    order, payment = await paid(api, "pm_card_visa")
    await api.update(await only(api, order, "captures"), {"_refund": True, "_refund_amount_cents": 400})
    await told_by(api, payment, "refund.created")
    assert await fees(api) == [CAPTURE, ("refund", 400, -400, 0, -400)]
    _, disputed = await paid(api, "pm_card_createDispute")
    await told_by(api, disputed, "charge.dispute.created")
    lost = ("dispute", 15400, -15400, 1500, -16900)
    assert await fees(api) == [CAPTURE, CAPTURE, lost, ("refund", 400, -400, 0, -400)]
    (dispute,) = (await api.stripe.v1.disputes.list_async({})).data
    await api.stripe.v1.disputes.update_async(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    await told_by(api, disputed, "charge.dispute.funds_reinstated")
    won = ("dispute_reversal", 15400, 15400, 0, 15400)
    assert await fees(api) == [CAPTURE, CAPTURE, lost, won, ("refund", 400, -400, 0, -400)]


async def test_a_refund_that_fails_later_brings_its_money_back(timely: Api) -> None:
    api = timely
    order, payment = await paid(api, "pm_card_refundFail")
    await api.update(await only(api, order, "captures"), {"_refund": True, "_refund_amount_cents": 400})
    await api.stripe.control("POST", "clock", {"advance_seconds": 600})
    await told_by(api, payment, "refund.failed")
    back = ("refund_failure", 400, 400, 0, 400)
    assert await fees(api) == [CAPTURE, ("refund", 400, -400, 0, -400), back]


async def test_each_part_of_a_capture_has_its_own_fee(api: Api) -> None:
    order, payment, authorization = await in_parts(api)
    for amount in (5000, 6000):
        await api.update(authorization, {"_capture": True, "_capture_amount_cents": amount})
    await told_by(api, payment, "charge.captured")
    assert await fees(api) == [("capture", 5000, 5000, 175, 4825), ("capture", 6000, 6000, 204, 5796)]
    assert len(await moved(api, order)) == 3


async def test_reconciling_brings_in_the_fees_that_no_event_told(api: Api, running: Running) -> None:
    for _ in range(2):
        await paid(api, "pm_card_visa")
    found = await paydesk(running, "reconcile", "--json")
    assert (found.status, found.json["findings"]) == (0, [])
    assert (found.json["without_fees"], found.json["fees_kept"]) == (2, 0)
    told = await paydesk(running, "reconcile")
    assert told.lines[-1] == "The fees of 2 payments are not kept yet; `paydesk reconcile --fix` keeps them."
    assert await fees(api) == []
    told = await paydesk(running, "reconcile", "--fix")
    assert (told.status, told.lines[-1]) == (0, "The fees of 2 payments were kept.")
    assert await fees(api) == [CAPTURE, CAPTURE]
    found = await paydesk(running, "reconcile", "--fix", "--json")
    assert (found.status, found.json["without_fees"], found.json["fees_kept"]) == (0, 0, 0)
