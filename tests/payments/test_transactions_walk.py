"""From the cart to the money and back: placing, approving, capturing, refunding, voiding, cancelling."""

import re

import pytest
import stripe

from tests.acts.orders import approved, at_stripe, authorized, in_parts, moved, only, patch, ready, stands
from tests.payments.conftest import Api, on_sqlite

SUMS = ("capture_amount_cents", "capture_balance_cents", "void_balance_cents")


async def test_the_whole_walk(api: Api) -> None:
    order, payment = await authorized(api)
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"], placed["place_total_amount_cents"]) == (
        "placed",
        "authorized",
        15400,
    )
    assert placed["placed_at"] is not None
    assert placed["editable"] is False
    authorization = await api.get(await only(api, order, "authorizations"))
    assert authorization["number"] == f"{placed['number']}/T/001"
    assert authorization["type"] == "authorizations"
    assert [authorization[name] for name in SUMS] == [15400, 15400, 15400]
    assert authorization["token"] == authorization["gateway_transaction_id"] == payment["stripe_id"]
    assert (authorization["succeeded"], authorization["message"]) == (True, "Success!")
    assert authorization["payment_method_type"] == "credit card"
    assert (await api.update(order, {"_approve": True}))["status"] == "approved"
    captured = await api.update(order, {"_capture": True})
    assert (captured["status"], captured["payment_status"]) == ("approved", "paid")
    authorization = await api.get(authorization)
    assert [authorization[name] for name in SUMS] == [0, 0, 15400]
    capture = await only(api, order, "captures")
    refunded = await api.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    assert (refunded["refund_amount_cents"], refunded["refund_balance_cents"]) == (15000, 15000)
    assert (await api.get(order))["payment_status"] == "partially_refunded"
    cancelled = await api.update(order, {"_refund": True})
    assert (cancelled["status"], cancelled["payment_status"]) == ("cancelled", "refunded")
    assert cancelled["cancelled_at"] is not None
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("captures", 15400, True),
        ("refunds", 400, True),
        ("refunds", 15000, True),
    ]
    assert await at_stripe(api, payment) == ("succeeded", 15400, 15400)
    assert await api.open_calls() == []


async def test_goods_that_ship_go_in_progress_and_end_by_hand(api: Api) -> None:
    order, _ = await authorized(api)
    code = "SHIRT"
    sku = await api.sku(code)
    (prices,) = (await api.get("price_lists", "?filter[q][code_eq]=eur")).data
    await api.create("prices", {"amount_cents": 1000}, sku=sku, price_list={"type": "price_lists", "id": prices["id"]})
    order = await ready(api, 0)
    await api.create("line_items", {"sku_code": code, "quantity": 2}, order=order)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/relationships/shipping_address", "blank")
    ]
    await api.update(order, {"_shipping_address_same_as_billing": True})
    assert (await api.update(order, {"_place": True}))["fulfillment_status"] == "unfulfilled"
    assert (await api.update(order, {"_fulfill": True}, expect=422)).said == [
        ("/data/attributes/status", "invalid_transition")
    ]
    both = await api.update(order, {"_approve_and_capture": True})
    assert (both["status"], both["payment_status"], both["fulfillment_status"]) == ("approved", "paid", "in_progress")
    assert (await api.update(order, {"_cancel": True}, expect=422)).said == [
        ("/data/attributes/fulfillment_status", "invalid_transition")
    ]
    done = await api.update(order, {"_fulfill": True})
    assert done["fulfillment_status"] == "fulfilled"
    assert (await api.update(order, {"_fulfill": True}))["updated_at"] == done["updated_at"]


async def test_what_is_asked_a_second_time_changes_nothing(api: Api) -> None:
    order, _, authorization = await approved(api)
    first = await api.update(order, {"_capture": True})
    for trigger in ("_approve", "_capture", "_approve_and_capture"):
        assert (await api.update(order, {trigger: True}))["updated_at"] == first["updated_at"]
    again = await api.update(authorization, {"_capture": True}, expect=422)
    assert again.said == [("/data/attributes/capture_balance_cents", "greater_than")]
    await api.update(order, {"_refund": True})
    last = await api.get(order)
    assert (await api.update(order, {"_refund": True}))["updated_at"] == last["updated_at"]
    assert (await api.update(order, {"_cancel": True}))["updated_at"] == last["updated_at"]
    assert len(await moved(api, order)) == 3


async def test_everything_that_stands_against_placing_is_told_at_once(api: Api) -> None:
    order = await api.create("orders", market=api.market)
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == [
        ("/data/attributes/status", "invalid_transition"),
        ("/data/relationships/line_items", "blank"),
        ("/data/relationships/customer", "blank"),
        ("/data/relationships/billing_address", "blank"),
    ]
    order = await ready(api)
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/relationships/payment_source", "blank")
    ]
    await api.update(order, payment_method=None)
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/relationships/payment_method", "blank")
    ]
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")


async def test_a_payment_nobody_confirmed_does_not_place(api: Api) -> None:
    order = await ready(api)
    await api.payment(order)
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    assert await moved(api, order) == []


async def test_placing_looks_the_payment_up_when_no_event_came(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(order, {"_place": True}))["payment_status"] == "authorized"
    assert await stands(api, order) == ("placed", "authorized", "not_required")


async def test_placing_confirms_what_waits_for_the_server_alone(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    assert (await at_stripe(api, payment))[0] == "requires_confirmation"
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
    assert await moved(api, order) == [("authorizations", 15400, True)]


async def test_a_decline_while_placing_is_booked_and_the_order_stays_payable(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}})
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    assert refused.errors[0]["meta"]["code"] == "insufficient_funds"
    failed = await api.get(await only(api, order, "authorizations"))
    assert (failed["succeeded"], failed["error_code"], failed["error_detail"]) == (
        False,
        "card_declined",
        "insufficient_funds",
    )
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    assert await moved(api, order) == [("authorizations", 15400, False), ("authorizations", 15400, True)]


async def test_another_amount_is_never_placed_on(api: Api) -> None:
    order, _ = await authorized(api)
    await api.line(order, 100)
    assert await stands(api, order) == ("pending", "partially_authorized", "unfulfilled")
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/relationships/payment_source", "mismatched_amounts")]
    assert (await api.get(order))["status"] == "pending"


async def test_a_free_order_needs_no_payment(api: Api) -> None:
    order = await ready(api, 0)
    await api.create("line_items", {"name": "Gift", "quantity": 1, "unit_amount_cents": 0}, order=order)
    assert await stands(api, order) == ("pending", "free", "unfulfilled")
    await api.update(order, {"_place": True})
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "free")
    assert await api.open_calls() == []


async def test_a_guest_places_and_still_reads_the_order(api: Api) -> None:
    guest = await api.guest()
    order, _ = await authorized(api)
    placed = await api.update(order, {"_place": True}, token=guest)
    assert placed["status"] == "placed"
    assert (await api.get(order, token=guest))["payment_status"] == "authorized"
    await api.get(f"orders/{order.id}/transactions", token=guest, expect=401)
    assert (
        "included" not in (await api.get(order, "?include=transactions", token=guest)).document
        or (await api.get(order, "?include=transactions", token=guest)).document["included"] == []
    )
    for trigger in ("_approve", "_capture", "_refund"):
        await api.update(order, {trigger: True}, token=guest, expect=401)


async def test_placing_counts_the_customers_orders(api: Api) -> None:
    for number, status in ((1, "acquired"), (2, "repeat")):
        order, _ = await authorized(api)
        await api.update(order, {"_place": True})
        (customer,) = (await api.get("customers")).data
        found = customer["attributes"]
        assert (found["total_orders_count"], found["status"]) == (number, status)


async def test_amounts_beyond_the_balance_are_refused_and_nothing_is_sent(api: Api) -> None:
    order, payment, authorization = await approved(api)
    for amount, error in (
        (15401, "less_than_or_equal_to"),
        (0, "greater_than"),
        (-1, "greater_than"),
        (10**12, "less_than_or_equal_to"),
    ):
        refused = await api.update(authorization, {"_capture": True, "_capture_amount_cents": amount}, expect=422)
        assert refused.said == [("/data/attributes/_capture_amount_cents", error)]
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": "1.5"}, expect=422)
    capturing = await api.stripe.requests("POST", f"/v1/payment_intents/{payment['stripe_id']}/capture")
    assert capturing == []
    part = await api.update(authorization, {"_capture": True, "_capture_amount_cents": 10000})
    assert [part[name] for name in SUMS] == [0, 0, 15400]
    capture = await only(api, order, "captures")
    assert (await api.get(capture))["message"] == "Success! €54,00 were released."
    assert (await api.get(order))["payment_status"] == "partially_paid"
    again = await api.update(authorization, {"_capture": True}, expect=422)
    assert again.said == [("/data/attributes/capture_balance_cents", "released")]
    assert (await api.update(authorization, {"_void": True}, expect=422)).said == [
        ("/data/attributes/void_balance_cents", "captured")
    ]
    over = await api.update(capture, {"_refund": True, "_refund_amount_cents": 10001}, expect=422)
    assert over.said == [("/data/attributes/_refund_amount_cents", "less_than_or_equal_to")]
    assert await api.stripe.requests("POST", "/v1/refunds") == []


async def test_voiding_lets_the_money_go(api: Api) -> None:
    order, payment, authorization = await approved(api)
    voided = await api.update(authorization, {"_void": True})
    assert [voided[name] for name in SUMS] == [0, 0, 0]
    assert await stands(api, order) == ("approved", "voided", "not_required")
    assert await moved(api, order) == [("authorizations", 15400, True), ("voids", 15400, True)]
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert (await api.update(authorization, {"_capture": True}, expect=422)).said == [
        ("/data/attributes/capture_balance_cents", "greater_than")
    ]
    assert (await api.update(authorization, {"_void": True}, expect=422)).said == [
        ("/data/attributes/void_balance_cents", "greater_than")
    ]
    assert (await api.update(order, {"_capture": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "invalid_transition")
    ]


async def test_cancelling_voids_or_gives_back(api: Api) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    assert (await api.update(order, {"_cancel": True}))["status"] == "cancelled"
    assert (await stands(api, order))[:2] == ("cancelled", "voided")
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    order, payment, _ = await approved(api)
    await api.update(order, {"_capture": True})
    assert (await api.update(order, {"_cancel": True}))["payment_status"] == "refunded"
    assert (await api.get(order))["status"] == "cancelled"
    assert await at_stripe(api, payment) == ("succeeded", 15400, 15400)


async def test_a_pending_orders_authorization_is_taken_back(api: Api) -> None:
    order, payment = await authorized(api)
    authorization = await only(api, order, "authorizations")
    await api.update(authorization, {"_cancel": True})
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    await api.update(payment, {"_refresh": True})
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    fresh = await api.payment(order)
    await api.stripe.confirm(fresh["stripe_id"])
    assert (await api.update(order, {"_place": True}))["payment_status"] == "authorized"
    placed = await api.get(f"orders/{order.id}/authorizations", "?sort=number")
    second = {"type": "authorizations", "id": placed.data[1]["id"]}
    assert (await api.update(second, {"_cancel": True}, expect=422)).said == [
        ("/data/attributes/_cancel", "invalid_transition")
    ]


async def test_a_refusal_of_stripe_is_booked_as_a_failed_transaction(api: Api) -> None:
    order, payment, authorization = await approved(api)
    path = f"/v1/payment_intents/{payment['stripe_id']}/capture"
    await api.stripe.faults(path=path, times=2, status=400)
    answered = await api.update(authorization, {"_capture": True})
    assert answered["capture_balance_cents"] == 15400
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, False)]
    refused = await api.update(order, {"_capture": True}, expect=422)
    assert refused.status == 422
    assert await stands(api, order) == ("approved", "authorized", "not_required")
    assert (await api.update(order, {"_capture": True}))["payment_status"] == "paid"


async def test_transactions_are_told_as_what_they_are(api: Api) -> None:
    order, _, authorization = await approved(api)
    await api.update(order, {"_capture": True})
    shown = await api.get(order, "?include=transactions,captures.reference_authorization")
    linked = {(one["type"], one["id"]) for one in shown.data["relationships"]["transactions"]["data"]}
    assert {kind for kind, _ in linked} == {"authorizations", "captures"}
    assert {(one["type"], one["id"]) for one in shown.document["included"]} == linked
    union = await api.get("transactions")
    assert union.document["meta"]["record_count"] == 2
    page = await api.get(f"orders/{order.id}/transactions", "?page[size]=1&include=order")
    assert page.document["meta"] == {"record_count": 2, "page_count": 2}
    assert [one["type"] for one in page.data] == ["captures"]
    assert [one["type"] for one in page.document["included"]] == ["orders"]
    history = (await api.get(f"authorizations/{authorization['id']}/event_stores")).data
    assert [one["attributes"]["event"] for one in history] == ["update", "create"]
    assert re.fullmatch(r"\d+/T/001", (await api.get(authorization))["number"])


@pytest.mark.parametrize("trigger", ["_capture", "_refund"])
async def test_two_equal_requests_at_once_are_one(api: Api, trigger: str) -> None:
    order, payment, subject = await approved(api)
    path = f"/v1/payment_intents/{payment['stripe_id']}/capture"
    if trigger == "_refund":
        await api.update(order, {"_capture": True})
        subject, path = await only(api, order, "captures"), "/v1/refunds"
    held = await api.stripe.hold(path=path)
    answers = await held.together([api], *(api.update(subject, {trigger: True}) for _ in range(4)))
    assert len({answer.raw.decode().count("updated_at") for answer in answers}) == 1
    assert len(await api.stripe.requests("POST", path)) == 1
    expected = 15400 if trigger == "_refund" else 0
    assert await at_stripe(api, payment) == ("succeeded", 15400, expected)


async def test_of_capture_and_void_exactly_one_wins(api: Api) -> None:
    order, payment, authorization = await approved(api)
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}")
    answers = await held.together(
        [api],
        api.send("PATCH", f"authorizations/{authorization['id']}", patch(authorization, "_capture")),
        api.send("PATCH", f"authorizations/{authorization['id']}", patch(authorization, "_void")),
        api.send("PATCH", f"orders/{order.id}", patch(order.link, "_capture")),
    )
    assert sorted(answer.status for answer in answers) == [200, 409, 409]
    kinds = {kind for kind, _, _ in await moved(api, order)}
    assert len(kinds & {"captures", "voids"}) == 1
    assert (await at_stripe(api, payment))[0] == ("succeeded" if "captures" in kinds else "canceled")


async def test_a_declined_attempt_of_the_shopper_is_booked_once(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    with pytest.raises(stripe.CardError):
        await api.stripe.confirm(payment["stripe_id"], "pm_card_chargeDeclined")
    for _ in range(2):
        await api.update(payment, {"_refresh": True})
    assert await moved(api, order) == [("authorizations", 15400, False)]
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")


async def test_what_may_be_captured_in_parts_is_and_the_rest_let_go(api: Api) -> None:
    order, payment, authorization = await in_parts(api)
    assert payment["options"]["multicapture"] is True
    for cents, left in ((5000, 10400), (4000, 6400)):
        part = await api.update(authorization, {"_capture": True, "_capture_amount_cents": cents})
        assert part["capture_balance_cents"] == left
    assert await at_stripe(api, payment) == ("requires_capture", 9000, 0)
    assert await stands(api, order) == ("approved", "partially_paid", "not_required")
    voided = await api.update(authorization, {"_void": True})
    assert (voided["capture_balance_cents"], voided["void_balance_cents"]) == (0, 9000)
    assert (await at_stripe(api, payment))[:2] == ("succeeded", 9000)
    await api.update(payment, {"_refresh": True})
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("captures", 5000, True),
        ("captures", 4000, True),
        ("voids", 6400, True),
    ]


async def test_what_was_captured_in_parts_is_captured_to_the_end_or_cancelled(api: Api) -> None:
    order, payment, authorization = await in_parts(api)
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5000})
    assert (await api.update(order, {"_capture": True}))["payment_status"] == "paid"
    assert (await at_stripe(api, payment))[:2] == ("succeeded", 15400)
    order, payment, authorization = await in_parts(api)
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5000})
    await api.update(order, {"_cancel": True})
    await api.recover()
    assert await stands(api, order) == ("cancelled", "refunded", "not_required")
    assert (await moved(api, order))[1:] == [("captures", 5000, True), ("voids", 10400, True), ("refunds", 5000, True)]


@on_sqlite
async def test_it_is_told_beforehand_that_a_card_is_captured_once(api: Api) -> None:
    _, payment, authorization = await approved(api)
    assert (await api.get(payment))["options"]["multicapture"] is False
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5000})
    refused = await api.update(authorization, {"_void": True}, expect=422)
    assert refused.said == [("/data/attributes/void_balance_cents", "captured")]
