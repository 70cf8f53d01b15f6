"""What an order is placed on is not let go beside it, nor does it pay for another order."""

import asyncio

from tests.acts.letting_go import confirmed, emptied
from tests.acts.methods import SEPA, told
from tests.acts.orders import at_stripe, authorized, moved, only, ready, stands
from tests.payments.conftest import Answer, Api


async def put_away(api: Api, **flags: bool) -> tuple[Answer, Answer]:
    """A cart that was put away and whose shopper went on to pay it; nobody was told."""
    order = await ready(api, method=await api.method_of(api.gateway, **flags))
    await api.update(order, {"_archive": True})
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    return order, payment


async def test_a_cart_that_was_put_away_is_placed_on_money_that_stays(api: Api) -> None:
    order, payment = await put_away(api)
    await api.update(order, {"_place": True})
    await api.recover()
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
    assert await moved(api, order) == [("authorizations", 15400, True)]


async def test_a_cart_that_was_put_away_places_itself_and_is_taken(api: Api) -> None:
    order, payment = await put_away(api, auto_place=True, auto_capture=True)
    await told(api, payment)
    assert await stands(api, order) == ("placed", "paid", "not_required")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


async def edited(api: Api, order: Answer, cents: int) -> None:
    await api.update(order, {"_start_editing": True})
    gift = {"name": "Gift", "quantity": 1, "unit_amount_cents": cents, "item_type": "adjustments"}
    await api.create("line_items", gift, order=order)
    await api.update(order, {"_stop_editing": True})


async def test_an_order_that_costs_nothing_once_it_was_edited_holds_nothing(api: Api) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    await edited(api, order, -15400)
    await api.recover()
    await api.recover()
    assert await stands(api, order) == ("placed", "free", "not_required")
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await api.open_calls() == []


async def test_of_two_authorizations_the_one_that_an_edited_order_does_not_need_is_let_go(api: Api) -> None:
    order = await ready(api)
    payments = []
    for cents in (9000, 6400):
        payments.append(await api.payment(order, {"options": {"payment_method": "pm_card_visa"}}))
        await api.update(order, {"_authorize": True, "_authorization_amount_cents": cents})
    await api.update(order, {"_place": True})
    await edited(api, order, -9000)
    await api.recover()
    await api.recover()
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert [(await at_stripe(api, one))[0] for one in payments] == ["canceled", "requires_capture"]
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")


async def test_an_order_is_not_placed_on_a_payment_that_is_being_deleted(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel")

    async def placed() -> None:
        await held.begun()
        await api.stripe.confirm(payment["stripe_id"])
        await api.update(order, {"_authorize": True}, expect=409)
        await api.update(order, {"_place": True}, expect=409)
        await held.go()

    await asyncio.gather(api.delete(payment), placed())
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    assert await at_stripe(api, payment) == ("canceled", 0, 0)


async def test_a_payment_is_not_deleted_while_its_order_is_being_placed(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/confirm")

    async def deleted() -> None:
        await held.begun()
        await api.delete(payment, expect=409)
        await held.go()

    await asyncio.gather(api.update(order, {"_place": True}), deleted())
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)


async def test_an_event_places_no_order_on_a_payment_that_is_being_deleted(api: Api) -> None:
    order = await ready(api, method=await api.method_of(api.gateway, auto_place=True))
    payment = await api.payment(order)
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel")

    async def heard() -> None:
        await held.begun()
        await api.stripe.confirm(payment["stripe_id"])
        await told(api, payment)
        assert (await stands(api, order))[0] == "pending"
        await held.go()

    await asyncio.gather(api.delete(payment), heard())
    await api.recover(600)
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    assert await at_stripe(api, payment) == ("canceled", 0, 0)


async def test_a_payment_whose_bank_decides_stays_with_the_order_that_was_placed_on_it(api: Api) -> None:
    order, other = await ready(api), await ready(api)
    made = await api.stripe.v1.payment_intents.create_async(
        {"amount": 15400, "currency": "eur", "allowed_payment_method_types": ["sepa_debit"]}
    )
    payment = await api.payment(order, {"stripe_id": made.id, "client_secret": made.client_secret})
    accepted = {"type": "online", "online": {"ip_address": "192.0.2.1", "user_agent": "a browser"}}
    await api.stripe.v1.payment_intents.confirm_async(
        made.id, {"payment_method_data": SEPA, "mandate_data": {"customer_acceptance": accepted}}
    )
    await api.update(order, {"_place": True})
    refused = await api.update(payment, order=other, expect=422)
    assert refused.said == [("/data/relationships/order", "not_editable")]
    await api.update(other, {"_place": True}, expect=422)
    assert await api.source_of(order) == payment.id


async def test_what_was_given_back_before_an_order_is_placed_is_taken_of_what_is_held_beside(api: Api) -> None:
    order, first = await authorized(api)
    await api.update(await only(api, order, "authorizations"), {"_capture": True})
    await api.update(await only(api, order, "captures"), {"_refund": True, "_refund_amount_cents": 5000})
    second = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    await api.update(order, {"_authorize": True, "_authorization_amount_cents": 5000})
    await api.update(order, {"_place": True})
    await api.recover()
    assert await at_stripe(api, second) == ("requires_capture", 0, 0)
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "partially_refunded")
    assert [await at_stripe(api, one) for one in (first, second)] == [
        ("succeeded", 15400, 5000),
        ("succeeded", 5000, 0),
    ]


async def test_what_is_taken_while_its_cart_is_emptied_counts_for_it(api: Api) -> None:
    order = await ready(api, method=await api.method_of(api.gateway, auto_capture=True))
    payment = await confirmed(api, order)
    await emptied(api, order)
    await api.recover()
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)
    await api.line(order, 15400)
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "paid")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


async def test_no_request_places_an_order_and_takes_its_payment_away(api: Api) -> None:
    order, payment = await authorized(api)
    both = {"_place": True, "_nullify_payment_source": True}
    refused = await api.update(order, both, expect=422)
    assert refused.said == [("/data/attributes/status", "not_editable")]
    await api.update(order, both, token=await api.guest(), expect=401)
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    assert await api.source_of(order) == payment.id


async def test_two_parts_place_an_order_whose_first_payment_was_given_back(api: Api) -> None:
    order, first = await authorized(api)
    await api.stripe.v1.payment_intents.capture_async(first["stripe_id"])
    await api.stripe.v1.refunds.create_async({"payment_intent": first["stripe_id"]})
    await api.update(first, {"_refresh": True})
    assert await stands(api, order) == ("pending", "refunded", "unfulfilled")
    parts = []
    for cents in (9000, 6400):
        parts.append(await api.payment(order, {"options": {"payment_method": "pm_card_visa"}}))
        await api.update(order, {"_authorize": True, "_authorization_amount_cents": cents})
    await api.update(order, {"_place": True})
    await api.recover()
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert [await at_stripe(api, one) for one in parts] == [("requires_capture", 0, 0)] * 2
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    assert [await at_stripe(api, one) for one in parts] == [("succeeded", 9000, 0), ("succeeded", 6400, 0)]
