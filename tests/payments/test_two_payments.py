"""An order with more than one payment: nothing that was paid is lost, and nothing is taken twice."""

from tests.acts.methods import told
from tests.acts.orders import at_stripe, authorized, moved, ready, stands
from tests.acts.two_payments import paid_beside
from tests.payments.conftest import Answer, Api, on_sqlite


async def raised(api: Api, payment: Answer) -> list[int]:
    """What a payment's history says was paid beside what its order awaited, in minor units."""
    history = (await api.get(f"stripe_payments/{payment.id}/event_stores")).data
    found = [one["attributes"]["payload"].get("paid_beside") for one in history]
    return [one["to"] for one in found if one is not None]


async def test_a_replaced_payment_that_was_paid_is_the_orders_again_with_its_method(api: Api) -> None:
    order = await ready(api)
    paid = await paid_beside(api, order)
    dear = await api.method_of(api.gateway, name="Dear", price_amount_cents=100)
    switched = await api.update(order, payment_method=dear)
    assert switched["total_amount_with_taxes_cents"] == 15500
    await api.payment(order)
    await told(api, paid)
    assert await api.source_of(order) == paid.id
    now = await api.get(order, "?include=payment_method")
    assert now.data["relationships"]["payment_method"]["data"]["id"] == api.method.id
    assert (now["total_amount_with_taxes_cents"], now["payment_status"]) == (15400, "authorized")
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    assert len(await api.stripe.live()) == 1


async def test_a_gateway_may_leave_it_to_the_shop(api: Api) -> None:
    api.gateway = await api.gateway_of(name="Calm", force_payments=False)
    order = await ready(api, method=await api.method_of(api.gateway))
    paid = await paid_beside(api, order)
    chosen = await api.payment(order)
    await told(api, paid)
    assert await api.source_of(order) == chosen.id
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    placed = await api.update(order, {"_fix_payment_source": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert await api.source_of(order) == paid.id
    assert (await api.update(order, {"_fix_payment_source": True}))["updated_at"] == placed["updated_at"]
    await api.recover()
    assert (await at_stripe(api, chosen))[0] == "canceled"


@on_sqlite
async def test_placing_finds_the_payment_that_holds_the_money(api: Api) -> None:
    api.gateway = await api.gateway_of(name="Calm", force_payments=False)
    order = await ready(api, method=await api.method_of(api.gateway))
    paid = await paid_beside(api, order)
    chosen = await api.payment(order)
    await told(api, paid)
    assert await api.source_of(order) == chosen.id
    # The money is there, so the order is placed, and paid with what holds it.
    await api.update(order, {"_place": True})
    assert await api.source_of(order) == paid.id
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    assert await api.source_of(order) == paid.id
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]


async def test_paid_twice_it_is_taken_once_and_the_other_is_let_go(api: Api) -> None:
    order = await ready(api)
    first = await paid_beside(api, order)
    second = await paid_beside(api, order)
    await api.update(second, {"_refresh": True})
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    # The first comes late, for an order that is closed: it is booked, and let go.
    await told(api, first)
    assert await api.source_of(order) == second.id
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("authorizations", 15400, True),
        ("voids", 15400, True),
    ]
    assert [await raised(api, one) for one in (first, second)] == [[15400], []]
    assert (await at_stripe(api, first))[0] == "canceled"
    done = await api.update(order, {"_approve_and_capture": True})
    assert done["payment_status"] == "paid"
    await api.recover()
    assert (await at_stripe(api, second))[:2] == ("succeeded", 15400)


@on_sqlite
async def test_where_another_payment_was_taken_the_orders_own_is_let_go(api: Api) -> None:
    order = await ready(api)
    first = await paid_beside(api, order)
    second = await paid_beside(api, order)
    await api.update(second, {"_refresh": True})
    await api.update(order, {"_place": True})
    await api.stripe.v1.payment_intents.capture_async(first["stripe_id"])
    await told(api, first)
    assert await stands(api, order) == ("placed", "paid", "not_required")
    assert await at_stripe(api, second) == ("canceled", 0, 0)
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    # What is given back of the payment that stands cancels the order as ever.
    last = await api.update(order, {"_refund": True})
    assert (last["status"], last["payment_status"]) == ("cancelled", "refunded")
    assert await at_stripe(api, first) == ("succeeded", 15400, 15400)


@on_sqlite
async def test_what_was_taken_twice_is_given_back_once_and_the_order_stays(api: Api) -> None:
    order = await ready(api)
    first = await paid_beside(api, order)
    second = await paid_beside(api, order)
    await api.update(second, {"_refresh": True})
    await api.update(order, {"_place": True})
    for one in (first, second):
        await api.stripe.v1.payment_intents.capture_async(one["stripe_id"])
    await told(api, first)
    await told(api, second)
    assert await stands(api, order) == ("placed", "paid", "not_required")
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("authorizations", 15400, True),
        ("captures", 15400, True),
        ("captures", 15400, True),
    ]
    for capture in (await api.get(f"orders/{order.id}/captures")).data:
        if capture["attributes"]["token"] == first["stripe_id"]:
            await api.update({"type": "captures", "id": capture["id"]}, {"_refund": True})
    assert await stands(api, order) == ("placed", "paid", "not_required")
    last = await api.update(order, {"_refund": True})
    assert (last["status"], last["payment_status"]) == ("cancelled", "refunded")
    assert await at_stripe(api, first) == await at_stripe(api, second) == ("succeeded", 15400, 15400)


@on_sqlite
async def test_a_second_authorization_that_is_let_go_leaves_the_first_as_it_is(api: Api) -> None:
    order = await ready(api)
    first = await paid_beside(api, order)
    second = await paid_beside(api, order)
    await api.update(second, {"_refresh": True})
    await api.update(order, {"_place": True})
    await told(api, first)
    assert (await at_stripe(api, first))[0] == "canceled"
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    await api.update(order, {"_cancel": True})
    assert (await stands(api, order))[:2] == ("cancelled", "voided")


@on_sqlite
async def test_an_order_tells_how_it_is_paid(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    assert (await api.get(order))["payment_source_details"] is None
    await api.stripe.confirm(payment["stripe_id"])
    await told(api, payment)
    told_of = (await api.get(order, token=await api.guest()))["payment_source_details"]
    method = (await api.get(payment))["payment_method"]
    assert told_of == {
        "type": "stripe_payment",
        "payment_method_id": method["id"],
        "payment_method_type": "card",
        "payment_method_details": method["card"],
    }
    assert method["card"]["last4"] == "4242"
    wanted = '{"payment_method_type":"card"}'
    assert len((await api.get(f"orders?filter[q][payment_source_details_jcont]={wanted}")).data) == 1
    await api.update(order, {"_nullify_payment_source": True})
    assert (await api.get(order))["payment_source_details"] is None


@on_sqlite
async def test_money_that_comes_for_a_cancelled_order_is_told_and_let_go_where_it_is_only_held(api: Api) -> None:
    order = await ready(api)
    payment = await paid_beside(api, order)
    await api.update(order, {"_cancel": True})
    await told(api, payment)
    assert await raised(api, payment) == [15400]
    assert (await stands(api, order))[:2] == ("cancelled", "voided")
    assert (await at_stripe(api, payment))[0] == "canceled"


@on_sqlite
async def test_money_that_was_taken_for_a_cancelled_order_is_kept_and_told(api: Api) -> None:
    order = await ready(api)
    payment = await paid_beside(api, order)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    await api.update(order, {"_cancel": True})
    await told(api, payment)
    assert await stands(api, order) == ("cancelled", "paid", "unfulfilled")
    assert await raised(api, payment) == [15400]
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


@on_sqlite
async def test_there_is_nothing_to_fix_where_nothing_was_paid(api: Api) -> None:
    order = await ready(api)
    await api.payment(order)
    assert (await api.update(order, {"_fix_payment_source": True}, expect=422)).said == [
        ("/data/relationships/payment_source", "blank")
    ]
    cart = await api.create("orders", market=api.market)
    assert (await api.update(cart, {"_fix_payment_source": True}, expect=422)).said == [
        ("/data/attributes/status", "invalid_transition")
    ]


@on_sqlite
async def test_what_a_smaller_capture_released_pays_for_nothing(api: Api) -> None:
    order, first = await authorized(api)
    await api.stripe.v1.payment_intents.capture_async(first["stripe_id"], {"amount_to_capture": 6000})
    await told(api, first)
    assert await stands(api, order) == ("pending", "partially_paid", "unfulfilled")
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    await api.stripe.v1.refunds.create_async({"payment_intent": first["stripe_id"]})
    await api.update(first, {"_refresh": True})
    assert await stands(api, order) == ("pending", "refunded", "unfulfilled")
    second = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert await api.source_of(order) == second.id
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")


@on_sqlite
async def test_a_cart_that_changed_while_it_was_paid_is_placed_as_soon_as_it_is_paid_anew(api: Api) -> None:
    order, first = await authorized(api)
    await api.line(order, 600)
    second = await api.payment(order)
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    await api.stripe.confirm(second["stripe_id"])
    # No event came yet: the source is looked up, whatever another payment holds.
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert await api.source_of(order) == second.id
    await api.recover()
    assert (await at_stripe(api, first))[0] == "canceled"
    assert (await stands(api, order))[:2] == ("placed", "authorized")
    await api.update(order, {"_approve_and_capture": True})
    assert (await at_stripe(api, second))[:2] == ("succeeded", 16000)


@on_sqlite
async def test_what_was_given_back_pays_for_nothing(api: Api) -> None:
    method = await api.method_of(api.gateway, auto_capture=True)
    order = await ready(api, method=method)
    first = await paid_beside(api, order)
    await told(api, first)
    assert await stands(api, order) == ("pending", "paid", "unfulfilled")
    await api.update(order, {"_refund": True})
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    assert await stands(api, order) == ("pending", "refunded", "unfulfilled")
    second = await paid_beside(api, order)
    await told(api, second)
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "paid")
    assert [await at_stripe(api, one) for one in (first, second)] == [
        ("succeeded", 15400, 15400),
        ("succeeded", 15400, 0),
    ]
