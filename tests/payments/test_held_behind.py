"""What holds an order's money is what it is shown to be paid with, and a promise alone holds nothing."""

from tests.acts.by_hand import by_hand
from tests.acts.methods import told
from tests.acts.orders import moved, only, ready, stands
from tests.acts.two_payments import paid_beside
from tests.payments.conftest import Answer, Api, on_sqlite

SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def promised_by_a_guest(api: Api) -> tuple[Answer, Answer, Answer, str]:
    """A guest's order that a wire transfer is promised for: with the transfer, the card's method, and the token."""
    card, gateway = api.method, api.gateway
    wire = await by_hand(api)
    api.gateway = gateway
    guest = await api.guest()
    order = await ready(api, method=wire)
    transfer = await api.create("wire_transfers", order=order, token=guest)
    authorized = await api.update(order, {"_authorize": True}, token=guest)
    assert authorized["payment_status"] == "authorized"
    return order, transfer, card, guest


async def promised(api: Api, order: Answer) -> list[tuple[int, int]]:
    """What an order's authorizations say that can be captured of them, and voided."""
    found = (await api.get(f"orders/{order.id}/authorizations")).data
    told = [one["attributes"] for one in found]
    return [(one["capture_balance_cents"], one["void_balance_cents"]) for one in told]


async def test_a_promise_by_wire_places_no_order_that_is_paid_by_card(api: Api) -> None:
    order, _, card, guest = await promised_by_a_guest(api)
    switched = await api.update(order, payment_method=card, token=guest)
    assert (switched["payment_status"], switched["status"]) == ("unpaid", "pending")
    payment = await api.payment(order, token=guest)
    assert (await api.update(order, {"_place": True}, token=guest, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    # Paid by card it is placed, and the card alone is charged.
    await api.stripe.confirm(payment["stripe_id"])
    placed = await api.update(order, {"_place": True}, token=guest)
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert await api.source_of(order) == payment.id
    assert (await api.update(order, {"_approve_and_capture": True}))["payment_status"] == "paid"
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("authorizations", 15400, True),
        ("captures", 15400, True),
    ]
    assert (await api.stripe.intents())[0].amount_received == 15400


async def test_a_promise_counts_again_once_it_is_chosen_again(api: Api) -> None:
    order, transfer, card, guest = await promised_by_a_guest(api)
    wire = (await api.get(order, "?include=payment_method")).data["relationships"]["payment_method"]["data"]
    await api.update(order, payment_method=card, token=guest)
    await api.update(order, payment_method=wire, token=guest)
    assert (await api.get(order))["payment_status"] == "unpaid"
    assert await promised(api, order) == [(0, 0)]
    chosen = await api.update(order, payment_source=transfer, token=guest)
    assert chosen["payment_status"] == "authorized"
    assert await promised(api, order) == [(15400, 15400)]
    # A second promise takes the place of the first: they are not added up.
    await api.create("wire_transfers", order=order, token=guest)
    assert (await api.get(order))["payment_status"] == "unpaid"
    placed = await api.update(order, {"_place": True}, token=guest)
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert await stands(api, order) == ("placed", "authorized", "not_required")


@on_sqlite
async def test_a_promise_that_was_taken_back_stays_so(api: Api) -> None:
    order, transfer, card, _ = await promised_by_a_guest(api)
    await api.update(await only(api, order, "authorizations"), {"_cancel": True})
    assert (await api.get(order))["payment_status"] == "unpaid"
    await api.update(order, payment_method=card)
    await api.payment(order)
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    assert (await api.get(transfer)).id == transfer.id


async def test_placing_makes_the_source_that_holds_the_money_the_orders(api: Api) -> None:
    api.gateway = await api.gateway_of(name="Calm", force_payments=False)
    order = await ready(api, method=await api.method_of(api.gateway))
    paid = await paid_beside(api, order)
    chosen = await api.payment(order)
    await told(api, paid)
    assert await api.source_of(order) == chosen.id
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    assert await api.source_of(order) == paid.id
    await api.recover()
    assert len(await api.stripe.live()) == 1
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]


@on_sqlite
async def test_a_method_that_costs_something_is_paid_for_or_the_order_is_not_placed(api: Api) -> None:
    api.gateway = await api.gateway_of(name="Calm", force_payments=False)
    dear = await api.method_of(api.gateway, name="Dear", price_amount_cents=100)
    plain = await api.method_of(api.gateway, name="Plain")
    order = await ready(api, method=plain)
    paid = await paid_beside(api, order)
    await api.update(order, payment_method=dear)
    await api.payment(order)
    await told(api, paid)
    # 154.00 are held, and 155.00 are due by the method that was chosen.
    assert await stands(api, order) == ("pending", "partially_authorized", "unfulfilled")
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 15500


async def test_a_card_that_holds_the_money_is_not_charged_the_fee_of_a_wire(api: Api) -> None:
    card, gateway = api.method, api.gateway
    order = await ready(api, method=card)
    payment = await paid_beside(api, order)
    await api.update(payment, {"_refresh": True})
    wire = await by_hand(api, price_amount_cents=500)
    api.gateway = gateway
    switched = await api.update(order, payment_method=wire)
    assert (switched["total_amount_with_taxes_cents"], switched["payment_method_amount_cents"]) == (15900, 500)
    await api.create("wire_transfers", order=order)
    # The promise covers the order and its fee, so the card is let go and charged nothing.
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["place_total_amount_cents"]) == ("placed", 15900)
    await api.recover()
    await api.update(order, {"_approve_and_capture": True})
    assert [(one.status, one.amount_received) for one in await api.stripe.intents()] == [("canceled", 0)]
    # Back with the card before it is placed, it costs what the card holds.
    order = await ready(api, method=card)
    payment = await paid_beside(api, order)
    await api.update(payment, {"_refresh": True})
    await api.update(order, payment_method=wire)
    await api.update(order, payment_method=card)
    await api.update(order, payment_source=payment)
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["place_total_amount_cents"]) == ("placed", 15400)
    await api.update(order, {"_approve_and_capture": True})
    assert (await api.stripe.intents())[-1].amount_received == 15400
