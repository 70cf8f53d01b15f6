"""A cart that shrank after it was paid, and was paid anew: the order is placed with its present payment, whatever comes
first, and the former one is let go.
"""

import asyncio

import pytest

from tests.acts.methods import told
from tests.acts.orders import at_stripe, authorized, moved, ready, stands
from tests.acts.two_payments import paid_beside
from tests.payments.conftest import Answer, Api, on_sqlite

SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def shrunk(api: Api, order: Answer) -> None:
    """The order costs 35.00 from now on."""
    (line,) = (await api.get(f"orders/{order.id}/line_items")).data
    await api.line(order, 3500)
    await api.delete({"type": "line_items", "id": line["id"]})


async def paid_before(api: Api) -> tuple[Answer, Answer]:
    """An order of 35.00 whose payment was authorized when it cost 95.00."""
    order, former = await authorized(api, 9500)
    await shrunk(api, order)
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    return order, former


async def is_placed_with(api: Api, order: Answer, payment: Answer, other: Answer) -> None:
    """The order is placed with `payment` alone, also once everything has come, and come again; and captured of it."""
    await api.recover()
    await api.recover()
    for _ in range(2):
        for one in (payment, other):
            await told(api, one)
    await api.update(order, {"_place": True})
    await api.recover()
    assert await api.source_of(order) == payment.id
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert [await at_stripe(api, one) for one in (payment, other)] == [
        ("requires_capture", 0, 0),
        ("canceled", 0, 0),
    ]
    assert await api.open_calls() == []


async def is_captured_of(api: Api, order: Answer, payment: Answer, other: Answer) -> None:
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    for one in (payment, other):
        await told(api, one)
    assert await api.source_of(order) == payment.id
    assert [await at_stripe(api, one) for one in (payment, other)] == [("succeeded", 3500, 0), ("canceled", 0, 0)]
    assert [one for one in await moved(api, order) if one[0] != "authorizations"] == [
        ("voids", 9500, True),
        ("captures", 3500, True),
    ]
    assert sorted(await moved(api, order))[:2] == [("authorizations", 3500, True), ("authorizations", 9500, True)]


@pytest.mark.parametrize("heard", ["before", "of both in turn", "after", "later"])
async def test_the_payment_of_the_present_total_stays_and_the_other_is_let_go(api: Api, heard: str) -> None:
    order, former = await paid_before(api)
    payment = await paid_beside(api, order)
    if heard == "of both in turn":
        await told(api, former)
    if heard in ("before", "of both in turn"):
        await told(api, payment)
    placed = await api.update(order, {"_place": True, **({"place_async": True} if heard == "later" else {})})
    assert (placed["status"], placed["payment_status"]) == ("placing" if heard == "later" else "placed", "authorized")
    await is_placed_with(api, order, payment, former)
    await is_captured_of(api, order, payment, former)


async def test_a_payment_that_nobody_confirmed_is_not_waited_for(api: Api) -> None:
    order, former = await paid_before(api)
    payment = await api.payment(order, SAVED)
    await api.update(order, {"_place": True})
    # It could have been confirmed from the server, and was not: the money is held already.
    await is_placed_with(api, order, former, payment)
    assert await moved(api, order) == [("authorizations", 9500, True)]
    path = f"/v1/payment_intents/{payment['stripe_id']}"
    assert [len(await api.stripe.requests(path=f"{path}/{how}")) for how in ("confirm", "cancel")] == [0, 1]


@pytest.mark.parametrize("how", ["_void", "_cancel"])
async def test_no_order_is_placed_with_money_that_is_being_voided(api: Api, how: str) -> None:
    order, former = await paid_before(api)
    payment = await api.payment(order)
    (authorization,) = (await api.get(f"orders/{order.id}/authorizations")).data
    await api.recover()
    held = await api.stripe.hold(path=f"/v1/payment_intents/{former['stripe_id']}/cancel")

    async def placed() -> None:
        await held.begun()
        await api.update(order, {"_place": True}, expect=409)
        assert (await stands(api, order))[0] == "pending"
        await held.go()

    await asyncio.gather(api.update({"type": "authorizations", "id": authorization["id"]}, {how: True}), placed())
    await api.recover()
    assert await at_stripe(api, former) == ("canceled", 0, 0)
    assert await api.source_of(order) == payment.id
    await api.update(order, {"_place": True}, expect=422)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    assert await api.source_of(order) == payment.id
    assert [await at_stripe(api, one) for one in (former, payment)] == [("canceled", 0, 0), ("requires_capture", 0, 0)]
    assert [one for one in await moved(api, order) if one[0] == "voids"] == [("voids", 9500, True)]
    await is_captured_of(api, order, payment, former)


async def test_a_void_that_begins_while_the_order_is_placed_comes_after_it(api: Api) -> None:
    order, former = await paid_before(api)
    payment = await api.payment(order)
    (authorization,) = (await api.get(f"orders/{order.id}/authorizations")).data
    await api.recover()
    held = await api.stripe.hold("GET", f"/v1/payment_intents/{payment['stripe_id']}")

    async def voided() -> None:
        await held.begun()
        await api.update({"type": "authorizations", "id": authorization["id"]}, {"_void": True})
        await held.go()

    # Neither is confirmed, nor held any more: there is nothing to be placed with.
    await asyncio.gather(api.update(order, {"_place": True}, expect=422), voided())
    await api.recover()
    assert await stands(api, order) == ("pending", "voided", "unfulfilled")
    assert await api.source_of(order) == payment.id
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await is_captured_of(api, order, payment, former)


@pytest.mark.parametrize("by", ["the shopper", "recovery", "an event"])
async def test_a_reading_that_is_lost_places_the_order_once_it_is_asked_again(api: Api, by: str) -> None:
    order, former = await paid_before(api)
    payment = await paid_beside(api, order)
    await api.recover()
    await api.stripe.faults("GET", f"/v1/payment_intents/{payment['stripe_id']}", times=0, drop="before")
    await api.update(order, {"_place": True}, expect=503)
    assert (await stands(api, order))[0] == "pending"
    await api.stripe.mend()
    if by == "an event":
        await told(api, payment)
    if by != "recovery":
        assert (await api.update(order, {"_place": True}))["status"] == "placed"
    await api.recover(60)
    await is_placed_with(api, order, payment, former)
    await is_captured_of(api, order, payment, former)


@on_sqlite
async def test_a_payment_that_stripe_does_not_know_stands_in_nobodys_way(api: Api) -> None:
    order, former = await paid_before(api)
    payment = await api.payment(order)
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    await api.update(order, {"_place": True})
    assert await api.source_of(order) == former.id
    other, kept = await paid_before(api)
    lost = await api.payment(other)
    await api.recover()
    await api.stripe.faults("GET", f"/v1/payment_intents/{lost['stripe_id']}", times=0, status=404)
    await api.update(other, {"_place": True})
    assert await api.source_of(other) == kept.id
    assert await stands(api, other) == ("placed", "authorized", "not_required")


@pytest.mark.parametrize("first", ["former", "present"])
async def test_a_former_payment_of_which_nobody_heard_is_the_orders_again_where_it_comes_first(
    api: Api, first: str
) -> None:
    order = await ready(api, 9500)
    former = await paid_beside(api, order)
    await shrunk(api, order)
    payment = await paid_beside(api, order)
    stays, goes = (former, payment) if first == "former" else (payment, former)
    await api.update(stays, {"_refresh": True})
    await told(api, goes)
    # `force_payments`: what was paid is the source again, where nothing that the shopper chose instead holds money.
    assert await api.source_of(order) == stays.id
    await api.update(order, {"_place": True})
    await is_placed_with(api, order, stays, goes)
    assert [one for one in await moved(api, order) if one[0] == "voids"] == [
        ("voids", 3500 if first == "former" else 9500, True)
    ]
    await api.update(order, {"_approve_and_capture": True})
    assert (await at_stripe(api, stays))[:2] == ("succeeded", 3500)


async def test_nothing_is_placed_with_a_former_payment_that_is_just_being_canceled(api: Api) -> None:
    order = await ready(api, 9500)
    former = await api.payment(order)
    await shrunk(api, order)
    payment = await api.payment(order)
    held = await api.stripe.hold(path=f"/v1/payment_intents/{former['stripe_id']}/cancel")

    async def placed() -> None:
        await held.begun()
        await api.stripe.confirm(former["stripe_id"])
        await api.update(former, {"_refresh": True}, expect=409)
        await api.update(order, {"_place": True}, expect=422)
        assert await api.source_of(order) == payment.id
        await held.go()

    await asyncio.gather(api.recover(), placed())
    assert await at_stripe(api, former) == ("canceled", 0, 0)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await api.recover()
    assert await api.source_of(order) == payment.id
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert await moved(api, order) == [
        ("authorizations", 9500, True),
        ("voids", 9500, True),
        ("authorizations", 3500, True),
    ]
