"""Money moves once, whatever is lost on the way, and what others do at Stripe is adopted."""

import asyncio
from typing import Any

import pytest

from paydesk.store.engines.sqlite_file import connect
from tests.acts.orders import approved, at_stripe, authorized, moved, only, ready, stands
from tests.acts.troubled import KINDS, ended_once, prepared
from tests.payments.conftest import HASTY, PATIENT, Api, Running, Stripe, document_of, furnish, on_sqlite
from tests.processes import take_the_lock


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("finishing", ["the same request", "recovery"])
async def test_an_answer_that_stays_lost_is_unknown_until_it_is_finished(
    running: Running, account: Stripe, kind: str, finishing: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, payment, subject, change, path = await prepared(api, kind)
        before = await moved(api, order)
        await api.stripe.faults(path=path, times=0, drop="after")
        unknown = await api.update(subject, change, expect=503)
        assert int(unknown.headers["retry-after"]) >= 1
        assert await moved(api, order) == before
        assert await api.open_calls() == [kind]
        await api.stripe.mend()
        if finishing == "recovery":
            await api.recover(after=3)
        else:
            await api.update(subject, change)
        await ended_once(api, kind, order, payment)
        await api.update(payment, {"_refresh": True})
        await ended_once(api, kind, order, payment)


@on_sqlite
async def test_what_could_not_be_written_down_is_finished_as_soon_as_the_database_is_there(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, payment, subject, change, path = await prepared(api, "place_order")
    held = await api.stripe.hold(path=path, when="after")
    placing = asyncio.create_task(api.update(subject, change, expect=503))
    await held.begun()
    database: Any = api.parts.database
    other = connect(database.path)
    await take_the_lock(other)
    with monkeypatch.context() as hasty:
        hasty.setattr("paydesk.store.engines.sqlite.BUSY_SECONDS", 0.02)
        await held.go()
        await placing
    other.execute("ROLLBACK")
    other.close()
    # Nobody waits for the end of the lease that the request had.
    await api.recover(after=3)
    await ended_once(api, "place_order", order, payment)


LOST_ONCE = (
    {"drop": "before"},
    {"drop": "after"},
    {"cut": True},
    {"status": 500},
    {"status": 500, "when": "after"},
    {"status": 503, "when": "after"},
    {"status": 429, "retry_after": 0},
    {"status": 409},
    {"status": 424},
)


@pytest.mark.parametrize("kind", KINDS)
@on_sqlite
async def test_an_answer_that_is_lost_once_is_asked_for_again(api: Api, kind: str) -> None:
    for do in LOST_ONCE:
        order, payment, subject, change, path = await prepared(api, kind)
        await api.stripe.faults(path=path, **do)
        answer = await api.send(
            "PATCH", f"{subject['type']}/{subject['id']}", document_of(subject["type"], subject["id"], change, {})
        )
        assert answer.status in (200, 503), (do, answer.raw)
        if answer.status == 503:
            await api.recover(after=30)
        await ended_once(api, kind, order, payment)


@pytest.mark.parametrize("kind", KINDS)
@on_sqlite
async def test_an_answer_that_comes_after_our_time_is_up_is_no_second_effect(api: Api, kind: str) -> None:
    order, payment, subject, change, path = await prepared(api, kind)
    held = await api.stripe.hold(path=path)
    api.stripe.wait(HASTY)
    await api.update(subject, change, expect=503)
    # Stripe is still at it when the next one asks, and does it once.
    await api.update(subject, change, expect=503)
    assert await held.waiting() == 1
    await held.go()
    api.stripe.wait(PATIENT)
    await api.update(subject, change)
    await ended_once(api, kind, order, payment)


async def test_captures_and_refunds_made_at_stripe_are_adopted(api: Api) -> None:
    order, payment, _ = await approved(api)
    intent = payment["stripe_id"]
    await api.stripe.v1.payment_intents.capture_async(intent, {"amount_to_capture": 10000})
    await api.stripe.v1.refunds.create_async({"payment_intent": intent, "amount": 2500})
    events = await api.stripe.events()
    for event in reversed(events):
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    expected = [("authorizations", 15400, True), ("captures", 10000, True), ("refunds", 2500, True)]
    assert await moved(api, order) == expected
    assert (await stands(api, order))[:2] == ("approved", "partially_refunded")
    for event in events:
        await api.deliver(event)
    await api.update(payment, {"_refresh": True})
    assert await moved(api, order) == expected
    await api.stripe.v1.refunds.create_async({"payment_intent": intent})
    await api.update(payment, {"_refresh": True})
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")


@pytest.mark.parametrize("method", ["pm_card_refundFail", "pm_card_pendingRefund"])
async def test_what_becomes_of_a_refund_later_is_told(timely: Api, method: str) -> None:
    api = timely
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"], method)
    for trigger in ("_place", "_approve", "_capture"):
        await api.update(order, {trigger: True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 5000})
    refund = await only(api, order, "refunds")
    first = await api.get(refund)
    pending = method == "pm_card_pendingRefund"
    assert (first["succeeded"], first["message"]) == ((False, "pending") if pending else (True, "Success!"))
    assert first["gateway_transaction_id"].startswith("re_")
    assert (await stands(api, order))[1] == ("paid" if pending else "partially_refunded")
    await api.stripe.control("POST", "clock", {"advance_seconds": 40 * 86400})
    await api.update(payment, {"_refresh": True})
    last = await api.get(refund)
    assert (last["succeeded"], last["error_code"] is None) == ((True, True) if pending else (False, False))
    assert (await stands(api, order))[1] == ("partially_refunded" if pending else "paid")
    assert (await api.get(capture))["refund_balance_cents"] == (10400 if pending else 15400)


@pytest.mark.parametrize("method", ["pm_card_pendingRefund", "pm_card_refundFail"])
@on_sqlite
async def test_what_was_taken_before_placing_is_given_back_late_or_not_at_all(timely: Api, method: str) -> None:
    api = timely
    order = await ready(api, method=await api.method_of(api.gateway, auto_capture=True))
    first = await api.payment(order)
    await api.stripe.confirm(first["stripe_id"], method)
    await api.update(first, {"_refresh": True})
    await api.recover()
    await api.update(await only(api, order, "captures"), {"_cancel": True})
    assert (await stands(api, order))[:2] == ("pending", "unpaid")
    await api.stripe.control("POST", "clock", {"advance_seconds": 40 * 86400})
    await api.update(first, {"_refresh": True})
    if method == "pm_card_refundFail":
        assert (await stands(api, order))[:2] == ("pending", "paid")
        return
    assert (await stands(api, order))[:2] == ("pending", "unpaid")
    await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")


@on_sqlite
async def test_while_a_payment_is_on_its_way_back_another_one_pays(timely: Api) -> None:
    api = timely
    order = await ready(api, method=await api.method_of(api.gateway, auto_capture=True))
    first = await api.payment(order)
    await api.stripe.confirm(first["stripe_id"], "pm_card_pendingRefund")
    await api.update(first, {"_refresh": True})
    await api.recover()
    await api.update(await only(api, order, "captures"), {"_cancel": True})
    second = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    await api.recover()
    for late in (0, 40 * 86400):
        await api.stripe.control("POST", "clock", {"advance_seconds": late})
        for payment in (first, second):
            await api.update(payment, {"_refresh": True})
        assert (await stands(api, order))[:2] == ("placed", "paid")
        assert await at_stripe(api, second) == ("succeeded", 15400, 0)
    assert await at_stripe(api, first) == ("succeeded", 15400, 15400)


async def test_an_authorization_that_lapses_is_voided(timely: Api) -> None:
    api = timely
    order, payment, authorization = await approved(api)
    await api.stripe.control("POST", "clock", {"advance_seconds": 8 * 86400})
    refused = await api.update(order, {"_capture": True}, expect=422)
    assert refused.said[0][0] == "/data"
    assert (await stands(api, order))[1] == "voided"
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("voids", 15400, True),
        ("captures", 15400, False),
    ]
    assert (await api.update(authorization, {"_capture": True}, expect=422)).said == [
        ("/data/attributes/capture_balance_cents", "greater_than")
    ]
    assert (await api.get(payment))["charge_id"] is not None


async def test_a_method_may_place_and_capture_by_itself(api: Api) -> None:
    method = await api.method_of(api.gateway, auto_place=True, auto_capture=True, auto_capture_max_amount_cents=15400)
    order, payment = await authorized(api, method=method)
    assert (await stands(api, order))[:2] == ("placed", "authorized")
    await api.recover()
    assert (await stands(api, order))[:2] == ("placed", "paid")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)
    order, payment = await authorized(api, 15401, method=method)
    await api.recover()
    assert (await stands(api, order))[:2] == ("placed", "authorized")


async def test_an_integration_marks_what_it_knows_better(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_chargeDeclined"}})
    await api.update(order, {"_place": True}, expect=422)
    failed = await only(api, order, "authorizations")
    assert (await api.update(failed, {"_forward": True}))["succeeded"] is True
    assert (await stands(api, order))[:2] == ("placed", "authorized")
    again = await api.get(failed)
    assert (await api.update(failed, {"_forward": True}))["updated_at"] == again["updated_at"]
    await api.update(failed, {"succeeded": False})
    assert (await stands(api, order))[:2] == ("placed", "unpaid")
    assert (await at_stripe(api, payment))[1:] == (0, 0)


@on_sqlite
async def test_what_an_integration_marks_is_in_the_balances(api: Api) -> None:
    order, payment, authorization = await approved(api)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/capture", status=400)
    await api.update(authorization, {"_capture": True})
    failed = await only(api, order, "captures")
    for change, left in (({"_forward": True}, 0), ({"succeeded": False}, 15400), ({"succeeded": True}, 0)):
        await api.update(failed, change)
        assert (await api.get(authorization))["capture_balance_cents"] == left


@on_sqlite
async def test_what_an_integration_marks_as_failed_stays_so_and_the_payment_is_read_all_the_same(api: Api) -> None:
    order, payment, authorization = await approved(api)
    await api.update(authorization, {"_capture": True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"succeeded": False})
    await api.update(payment, {"_refresh": True})
    assert (await stands(api, order))[1] == "authorized"
    await api.update(capture, {"succeeded": True})
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    refused = await api.update(capture, {"succeeded": False}, expect=422)
    assert refused.said == [("/data/attributes/succeeded", "invalid_transition")]
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("captures", 15400, True),
        ("refunds", 400, True),
    ]
    refused = await api.update(authorization, {"succeeded": False}, expect=422)
    assert refused.said == [("/data/attributes/succeeded", "invalid_transition")]
    assert (await stands(api, order))[1] == "partially_refunded"


@on_sqlite
async def test_nothing_is_placed_on_money_that_is_being_let_go(api: Api) -> None:
    order, payment = await authorized(api)
    authorization = await only(api, order, "authorizations")
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel")
    letting_go = asyncio.create_task(api.update(authorization, {"_cancel": True}))
    await held.begun()
    assert (await api.update(order, {"_place": True}, expect=409)).said == [("", "CONFLICT")]
    await held.go()
    await letting_go
    assert (await stands(api, order))[:2] == ("pending", "unpaid")
    await api.update(order, {"_place": True}, expect=422)


@on_sqlite
async def test_an_order_is_not_placed_and_cancelled_by_one_request(api: Api) -> None:
    order, payment, _, place, _ = await prepared(api, "place_order")
    both = {**place, "_cancel": True}
    assert (await api.update(order, both, expect=422)).said == [("/data", "invalid")]
    assert (await stands(api, order))[:2] == ("pending", "unpaid")
    assert await api.open_calls() == []
    assert (await at_stripe(api, payment))[0] != "canceled"


@on_sqlite
async def test_an_order_that_is_being_placed_is_not_cancelled(api: Api) -> None:
    order, payment, _, place, path = await prepared(api, "place_order")
    held = await api.stripe.hold(path=path)
    placing = asyncio.create_task(api.update(order, place))
    await held.begun()
    assert (await api.update(order, {"_cancel": True}, expect=409)).said == [("", "CONFLICT")]
    await held.go()
    assert (await placing)["status"] == "placed"
    assert (await api.update(order, {"_cancel": True}))["payment_status"] == "voided"
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
