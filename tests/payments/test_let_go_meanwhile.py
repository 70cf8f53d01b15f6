"""What an order does not need is let go, whatever else happens in that moment; what is not, is told and asked again."""

import asyncio

import pytest

from tests.acts.letting_go import confirmed
from tests.acts.matters import counted
from tests.acts.orders import at_stripe, authorized, moved, ready, stands
from tests.acts.watching import advance
from tests.payments.conftest import Answer, Api

PART = {"_authorize": True, "_authorization_amount_cents": 5400}
SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def brought(api: Api, *, held: bool) -> dict[str, str]:
    """An intent that a client made at Stripe itself."""
    made = await api.stripe.v1.payment_intents.create_async(
        {
            "amount": 15400,
            "currency": "eur",
            "capture_method": "manual",
            "allowed_payment_method_types": ["card"],
        }
    )
    if held:
        await api.stripe.confirm(made.id)
    return {"stripe_id": made.id, "client_secret": made.client_secret}


@pytest.mark.parametrize("held", [False, True])
async def test_an_order_is_not_deleted_while_a_payment_is_adopted_for_it(api: Api, held: bool) -> None:
    order, given = await ready(api), await brought(api, held=held)
    adopting = await api.stripe.hold(path=f"/v1/payment_intents/{given['stripe_id']}")

    async def deleted() -> None:
        await adopting.begun()
        await api.delete(order, expect=409)
        await adopting.go()

    payment, _ = await asyncio.gather(api.payment(order, given), deleted())
    assert await api.source_of(order) == payment.id
    await api.delete(order)
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)


@pytest.mark.parametrize("how", ["_cancel", "_place"])
@pytest.mark.parametrize("held", [False, True])
async def test_what_is_adopted_for_an_order_that_takes_no_payment_any_more_is_let_go(
    api: Api, how: str, held: bool
) -> None:
    order, payment = await authorized(api)
    given = await brought(api, held=held)
    adopting = await api.stripe.hold(path=f"/v1/payment_intents/{given['stripe_id']}")

    async def changed() -> None:
        await adopting.begun()
        await api.update(order, {how: True})
        await adopting.go()

    refused, _ = await asyncio.gather(api.payment(order, given, expect=422), changed())
    assert refused.said == [("/data/relationships/order", "not_editable")]
    await api.recover()
    intent = await api.stripe.v1.payment_intents.retrieve_async(given["stripe_id"])
    assert intent.status == "canceled"
    status = "requires_capture" if how == "_place" else "canceled"
    assert await at_stripe(api, payment) == (status, 0, 0)
    assert await api.open_calls() == []


async def replaced(api: Api) -> tuple[Answer, Answer, Answer]:
    """An order of 154.00 whose present source holds 54.00, and one over 100.00 that it replaced, still unconfirmed."""
    order = await ready(api, 10000)
    former = await api.payment(order)
    await api.line(order, 5400)
    payment = await api.payment(order, SAVED)
    await api.update(order, PART)
    return order, former, payment


async def test_no_order_is_placed_on_a_payment_that_is_just_being_canceled(api: Api) -> None:
    order, former, payment = await replaced(api)
    held = await api.stripe.hold(path=f"/v1/payment_intents/{former['stripe_id']}/cancel")

    async def placed() -> None:
        await held.begun()
        await api.stripe.confirm(former["stripe_id"])
        await api.update(former, {"_refresh": True})
        assert (await stands(api, order))[:2] == ("pending", "authorized")
        await api.update(order, {"_place": True}, expect=409)
        await held.go()

    await asyncio.gather(api.recover(), placed())
    assert await at_stripe(api, former) == ("canceled", 0, 0)
    assert (await stands(api, order))[:2] == ("pending", "partially_voided")
    await api.update(order, {"_place": True}, expect=422)
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)


async def test_an_order_is_placed_on_a_replaced_payment_that_nobody_cancels_yet(api: Api) -> None:
    order, former, payment = await replaced(api)
    await api.stripe.confirm(former["stripe_id"])
    await api.update(former, {"_refresh": True})
    await api.update(order, {"_place": True})
    await api.recover()
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    assert [await at_stripe(api, one) for one in (former, payment)] == [("requires_capture", 0, 0)] * 2


async def test_of_three_parts_the_one_that_an_order_does_not_need_is_let_go(api: Api) -> None:
    order = await ready(api, 5400)
    spare = await api.payment(order)
    await api.line(order, 10000)
    parts = []
    for cents in (10000, 5400):
        parts.append(await api.payment(order, SAVED))
        await api.update(order, {"_authorize": True, "_authorization_amount_cents": cents})
    await api.update(order, {"_place": True})
    await api.stripe.confirm(spare["stripe_id"])
    await api.update(spare, {"_refresh": True})
    await api.recover()
    assert await at_stripe(api, spare) == ("canceled", 0, 0)
    assert [await at_stripe(api, one) for one in parts] == [("requires_capture", 0, 0)] * 2
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_void_that_stripe_refuses_is_told_and_asked_for_again(api: Api, cancelled: bool) -> None:
    order, first = await authorized(api)
    await api.line(order, 15400)
    await confirmed(api, order)
    path = f"/v1/payment_intents/{first['stripe_id']}/cancel"
    await api.stripe.faults(path=path, status=403, times=0)
    await api.update(order, {"_place": True})
    for _ in range(3):
        await api.recover()
    # It was refused for good: it is not asked for over and over.
    assert len(await api.stripe.requests(path=path)) == 1
    assert await api.open_calls() == []
    assert await counted(api) == {}
    advance(api, 901)
    assert await counted(api) == {"spare_money": 1}
    await api.stripe.mend()
    if cancelled:
        await api.update(order, {"_cancel": True})
    else:
        await api.update(first, {"_refresh": True})
    await api.recover()
    assert await at_stripe(api, first) == ("canceled", 0, 0)
    assert await counted(api) == {}
    assert (await moved(api, order))[2:3] == [("voids", 15400, True)]
    assert (await stands(api, order))[:2] == (("cancelled", "voided") if cancelled else ("placed", "authorized"))


async def test_what_covers_an_order_is_taken_where_its_method_takes_at_once(api: Api) -> None:
    order = await ready(api, method=await api.method_of(api.gateway, auto_capture=True))
    first = await api.payment(order)
    second = await api.payment(order, SAVED)
    await api.update(order, PART)
    await api.stripe.confirm(first["stripe_id"])
    await api.update(first, {"_refresh": True})
    await api.update(order, {"_place": True})
    await api.recover()
    await api.recover()
    assert (await stands(api, order))[:2] == ("placed", "paid")
    assert await at_stripe(api, first) == ("succeeded", 15400, 0)
    assert await at_stripe(api, second) == ("canceled", 0, 0)
