"""Nothing stays held or payable for an order that does not need it."""

import pytest

from tests.acts.letting_go import confirmed, emptied
from tests.acts.methods import told
from tests.acts.orders import at_stripe, authorized, moved, ready, stands
from tests.payments.conftest import Api


async def test_the_authorization_of_a_smaller_cart_is_let_go_when_the_larger_one_is_placed(api: Api) -> None:
    order, first = await authorized(api)
    await api.line(order, 15400)
    second = await confirmed(api, order)
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"], placed["place_total_amount_cents"]) == (
        "placed",
        "authorized",
        30800,
    )
    await api.recover()
    assert await at_stripe(api, first) == ("canceled", 0, 0)
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("authorizations", 30800, True),
        ("voids", 15400, True),
    ]
    done = await api.update(order, {"_approve_and_capture": True})
    assert (done["status"], done["payment_status"]) == ("approved", "paid")
    assert await at_stripe(api, second) == ("succeeded", 30800, 0)


async def test_an_order_that_is_free_when_it_is_placed_keeps_nothing_open(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.create(
        "line_items",
        {"name": "Gift", "quantity": 1, "unit_amount_cents": -15400, "item_type": "adjustments"},
        order=order,
    )
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"], placed["total_amount_with_taxes_cents"]) == (
        "placed",
        "free",
        0,
    )
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await stands(api, order) == ("placed", "free", "not_required")


async def test_what_an_order_held_that_became_free_is_let_go_and_it_stays_free(api: Api) -> None:
    order, payment = await authorized(api)
    await api.create(
        "line_items",
        {"name": "Gift", "quantity": 1, "unit_amount_cents": -15400, "item_type": "adjustments"},
        order=order,
    )
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "free")
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await stands(api, order) == ("placed", "free", "not_required")


async def test_what_is_confirmed_for_a_free_order_in_the_same_moment_is_let_go(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.create(
        "line_items",
        {"name": "Gift", "quantity": 1, "unit_amount_cents": -15400, "item_type": "adjustments"},
        order=order,
    )
    await api.update(order, {"_place": True})
    await api.stripe.confirm(payment["stripe_id"])
    await told(api, payment)
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await stands(api, order) == ("placed", "free", "not_required")


@pytest.mark.parametrize("held", [False, True])
async def test_a_cart_that_is_emptied_holds_nothing_and_can_be_paid_anew(api: Api, held: bool) -> None:
    order = await ready(api)
    payment = await (confirmed(api, order) if held else api.payment(order))
    await emptied(api, order)
    assert await stands(api, order) == ("draft", "unpaid", "unfulfilled")
    assert await api.source_of(order) is None
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    await api.line(order, 2000)
    again = await confirmed(api, order)
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    await api.recover()
    assert await at_stripe(api, again) == ("requires_capture", 0, 0)


@pytest.mark.parametrize("held", [False, True])
async def test_a_cart_that_is_put_away_holds_nothing(api: Api, held: bool) -> None:
    order = await ready(api)
    payment = await (confirmed(api, order) if held else api.payment(order))
    await api.update(order, {"_archive": True})
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await stands(api, order) == ("pending", "unpaid", "unfulfilled")
    await api.update(order, {"_unarchive": True})
    await confirmed(api, order)
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")


async def test_a_placed_order_that_is_put_away_keeps_its_money(api: Api) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    await api.update(order, {"_archive": True})
    await api.recover()
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)


@pytest.mark.parametrize("held", [False, True])
async def test_an_order_is_deleted_with_its_payment_which_is_let_go(api: Api, held: bool) -> None:
    order = await ready(api)
    payment = await (confirmed(api, order) if held else api.payment(order))
    await api.delete(order)
    await api.get(order, expect=404)
    await api.get(payment, expect=404)
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await api.open_calls() == []


async def test_a_deleted_orders_payment_is_let_go_also_if_it_is_confirmed_in_that_moment(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.delete(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.recover()
    assert await at_stripe(api, payment) == ("canceled", 0, 0)


async def test_an_order_for_which_money_was_received_is_not_deleted(api: Api) -> None:
    order, payment = await authorized(api)
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert (await api.delete(order, expect=423)).said == [("", "LOCKED")]
    assert await stands(api, order) == ("pending", "paid", "unfulfilled")
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


async def test_two_authorizations_that_only_together_cover_an_order_both_stay(api: Api) -> None:
    order = await ready(api)
    first = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    await api.update(order, {"_authorize": True, "_authorization_amount_cents": 9000})
    second = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    await api.update(order, {"_authorize": True, "_authorization_amount_cents": 6400})
    await api.payment(order)
    await api.update(order, {"_place": True})
    await api.recover()
    assert (await at_stripe(api, first))[0] == (await at_stripe(api, second))[0] == "requires_capture"
    assert (await stands(api, order))[0] == "placed"
    await api.update(order, {"_approve_and_capture": True})
    await api.recover()
    assert await at_stripe(api, first) == ("succeeded", 9000, 0)
    assert await at_stripe(api, second) == ("succeeded", 6400, 0)
    assert (await stands(api, order))[:2] == ("approved", "paid")


async def test_a_spare_authorization_that_was_taken_meanwhile_is_kept_and_no_failure(api: Api) -> None:
    order, first = await authorized(api)
    await api.line(order, 15400)
    await confirmed(api, order)
    await api.update(order, {"_place": True})
    await api.stripe.v1.payment_intents.capture_async(first["stripe_id"])
    await api.recover()
    assert await at_stripe(api, first) == ("succeeded", 15400, 0)
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("authorizations", 30800, True),
        ("captures", 15400, True),
    ]


async def test_an_order_that_was_given_back_lets_its_other_authorization_go(api: Api) -> None:
    order = await ready(api)
    first = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    await api.update(order, {"_authorize": True, "_authorization_amount_cents": 9000})
    second = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    await api.update(order, {"_authorize": True, "_authorization_amount_cents": 6400})
    await api.payment(order)
    await api.update(order, {"_place": True})
    for one in (await api.get(f"orders/{order.id}/authorizations")).data:
        if one["attributes"]["token"] == first["stripe_id"]:
            await api.update({"type": "authorizations", "id": one["id"]}, {"_capture": True})
    (capture,) = (await api.get(f"orders/{order.id}/captures")).data
    await api.update({"type": "captures", "id": capture["id"]}, {"_refund": True})
    await api.recover()
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")
    assert await at_stripe(api, first) == ("succeeded", 9000, 9000)
    assert await at_stripe(api, second) == ("canceled", 0, 0)
