"""A placed order costs what its lines cost, by whatever way it came to be placed."""

import asyncio
from typing import Any

import pytest

from tests.acts.by_hand import by_hand
from tests.acts.complaints import complaints
from tests.acts.differences import falsify
from tests.acts.methods import told
from tests.acts.orders import moved, only, ready, stands
from tests.acts.prices import priced
from tests.payments.conftest import Answer, Api, Link, on_sqlite

MISMATCHED = [("/data/relationships/payment_source", "mismatched_amounts")]
SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def cart(api: Api, **given: Any) -> tuple[Answer, Answer, str]:
    """A guest's order with one mug at 29.00 EUR that lacks nothing but its payment, its line, and the guest's token."""
    await priced(api)
    guest = await api.guest()
    order = await ready(api, 0, **given)
    line = await api.create("line_items", {"sku_code": "MUG", "quantity": 1}, order=order, token=guest)
    return await api.get(order), line, guest


async def more(api: Api, line: Link, guest: str, quantity: int = 5) -> None:
    await api.update(line, {"quantity": quantity}, token=guest)


async def bill(api: Api, order: Answer) -> tuple[str, str, int, int]:
    """Status, payment status, total, and what the lines come to by themselves."""
    now = await api.get(order)
    lines = (await api.get(f"orders/{order.id}/line_items")).data
    cents = sum(one["attributes"]["unit_amount_cents"] * one["attributes"]["quantity"] for one in lines)
    return now["status"], now["payment_status"], now["total_amount_with_taxes_cents"], cents


async def throttled(api: Api) -> None:
    """Orders of the shop are refreshed once an hour at most."""
    organization = (await api.get("organization")).id
    await falsify(api, "organizations", organization, orders_min_refresh_lapse=3600.0)
    api.parts.desk.transactions.organizations.clear()


async def cut_off(api: Api) -> None:
    """Orders of the shop refresh by themselves up to one line."""
    organization = (await api.get("organization")).id
    await falsify(api, "organizations", organization, orders_autorefresh_cutoff_test=1)
    api.parts.desk.transactions.organizations.clear()


async def grow(api: Api, how: str, order: Answer, line: Answer, guest: str) -> None:
    """Let the lines come to more than the order's total says."""
    if how == "off":
        await api.update(order, {"autorefresh": False}, token=guest)
        await more(api, line, guest)
    elif how == "throttled":
        await throttled(api)
        await more(api, line, guest)
    elif how == "long":
        await cut_off(api)
        for _ in range(2):
            await api.create("line_items", {"sku_code": "MUG", "quantity": 2}, order=order, token=guest)
    else:
        (price,) = (await api.get("prices", "?filter[q][sku_code_eq]=MUG")).data
        await api.update({"type": "prices", "id": price["id"]}, {"amount_cents": 14500})
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 2900


HOW = ("off", "throttled", "long", "repriced")


@pytest.mark.parametrize("how", HOW)
async def test_a_webhook_places_no_order_that_costs_more_than_what_is_held(api: Api, how: str) -> None:
    order, line, guest = await cart(api, method=await api.method_of(api.gateway, auto_place=True))
    payment = await api.payment(order, token=guest)
    await grow(api, how, order, line, guest)
    await api.stripe.confirm(payment["stripe_id"])
    await told(api, payment)
    assert await bill(api, order) == ("pending", "partially_authorized", 14500, 14500)
    assert (await api.get(payment))["mismatched_amounts"] is True
    (complaint,) = await complaints(api, order)
    assert complaint[:2] == ("payment_source", "MISMATCHED_AMOUNTS")
    # Paid as it is now it is placed, and nothing stands against it any more.
    payment = await api.payment(order, token=guest)
    await api.stripe.confirm(payment["stripe_id"])
    await told(api, payment)
    assert (await bill(api, order))[0] == "placed"
    assert (await api.get(order))["place_total_amount_cents"] == 14500
    assert await complaints(api, order) == []


@pytest.mark.parametrize("how", HOW)
async def test_nobody_places_an_order_that_costs_more_than_what_is_held(api: Api, how: str) -> None:
    order, line, guest = await cart(api)
    payment = await api.payment(order, token=guest)
    await api.stripe.confirm(payment["stripe_id"])
    await grow(api, how, order, line, guest)
    assert (await api.update(order, {"_place": True}, token=guest, expect=422)).said == MISMATCHED
    await api.update(payment, {"_refresh": True}, token=guest)
    assert (await api.update(order, {"_place": True}, token=guest, expect=422)).said == MISMATCHED
    assert (await api.get(order))["status"] == "pending"
    await api.update(order, {"place_async": True})
    await api.update(order, {"_place": True}, token=guest)
    await api.recover()
    assert await bill(api, order) == ("placing", "partially_authorized", 14500, 14500)
    (complaint,) = await complaints(api, order)
    assert complaint[:2] == ("payment_source", "MISMATCHED_AMOUNTS")


@pytest.mark.parametrize("waits", ["read", "confirm"])
async def test_a_line_that_changes_while_stripe_is_asked_is_paid_or_nothing_is_placed(api: Api, waits: str) -> None:
    order, line, guest = await cart(api)
    payment = await api.payment(order, SAVED if waits == "confirm" else None, token=guest)
    await api.update(order, {"autorefresh": False}, token=guest)
    path = f"/v1/payment_intents/{payment['stripe_id']}"
    if waits == "read":
        await api.stripe.confirm(payment["stripe_id"])
        held = await api.stripe.hold("GET", path, when="after")
    else:
        held = await api.stripe.hold("POST", f"{path}/confirm", when="after")
    placing = asyncio.create_task(api.send("PATCH", f"orders/{order.id}", _place(order), token=guest))
    await held.begun()
    await more(api, line, guest)
    await held.go()
    answer = await placing
    assert (answer.status, answer.said) == (422, MISMATCHED)
    assert await bill(api, order) == ("pending", "partially_authorized", 14500, 14500)
    assert await moved(api, order) == [("authorizations", 2900, True)]
    assert (await api.get(payment))["mismatched_amounts"] is True


def _place(order: Answer) -> Any:
    return {"data": {**order.link, "attributes": {"_place": True}}}


async def test_an_answer_that_comes_late_places_what_the_lines_cost(api: Api) -> None:
    order, line, guest = await cart(api)
    payment = await api.payment(order, SAVED, token=guest)
    await api.update(order, {"autorefresh": False}, token=guest)
    held = await api.stripe.hold("POST", f"/v1/payment_intents/{payment['stripe_id']}/confirm", when="after")
    placing = asyncio.create_task(api.send("PATCH", f"orders/{order.id}", _place(order), token=guest))
    await held.begun()
    await more(api, line, guest)
    await held.go()
    answer = await placing
    assert (answer.status, answer.said) == (422, MISMATCHED)
    assert await bill(api, order) == ("pending", "partially_authorized", 14500, 14500)


async def test_an_integration_that_vouches_for_the_money_places_what_the_lines_cost(api: Api) -> None:
    order, line, guest = await cart(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_chargeDeclined"}}, token=guest)
    await api.update(order, {"_place": True}, token=guest, expect=422)
    await grow(api, "off", order, line, guest)
    failed = await only(api, order, "authorizations")
    forwarded = await api.update(failed, {"_forward": True})
    assert forwarded["succeeded"] is True
    assert await bill(api, order) == ("pending", "partially_authorized", 14500, 14500)
    assert await complaints(api, order) != []
    assert (await api.update(order, {"_fix_payment_source": True}, expect=422)).said == MISMATCHED
    assert (await api.get(payment))["mismatched_amounts"] is True


async def test_a_wire_transfer_is_promised_for_what_the_lines_cost(api: Api) -> None:
    await by_hand(api)
    order, line, guest = await cart(api)
    await api.create("wire_transfers", order=order, token=guest)
    await api.update(order, {"_authorize": True}, token=guest)
    await grow(api, "off", order, line, guest)
    refused = await api.update(order, {"_place": True}, token=guest, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    # Promised anew, it is for what the order costs.
    await api.create("wire_transfers", order=order, token=guest)
    placed = await api.update(order, {"_place": True}, token=guest)
    assert (placed["status"], placed["place_total_amount_cents"]) == ("placed", 14500)
    assert await bill(api, order) == ("placed", "authorized", 14500, 14500)


async def test_an_order_is_closed_again_by_what_its_lines_cost(api: Api) -> None:
    order, line, guest = await cart(api)
    await api.payment(order, SAVED, token=guest)
    await api.update(order, {"_place": True}, token=guest)
    await api.update(order, {"_start_editing": True})
    await api.update(order, {"autorefresh": False})
    await api.update(line, {"quantity": 5})
    refused = await api.update(order, {"_stop_editing": True}, expect=422)
    assert refused.said == [("/data/attributes/total_amount_with_taxes_cents", "less_than_or_equal_to")]
    assert (await api.get(order))["status"] == "editing"


@pytest.mark.parametrize("how", HOW)
async def test_a_payment_is_opened_for_what_the_lines_cost(api: Api, how: str) -> None:
    order, line, guest = await cart(api)
    first = await api.payment(order, token=guest)
    await grow(api, how, order, line, guest)
    updated = await api.update(first, {"_update": True}, token=guest)
    assert (updated["options"]["intent_amount_cents"], updated["mismatched_amounts"]) == (14500, False)
    assert await bill(api, order) == ("pending", "unpaid", 14500, 14500)
    if how == "long":
        await api.create("line_items", {"sku_code": "MUG", "quantity": 1}, order=order, token=guest)
        due = 17400
    elif how == "repriced":
        (price,) = (await api.get("prices", "?filter[q][sku_code_eq]=MUG")).data
        await api.update({"type": "prices", "id": price["id"]}, {"amount_cents": 17400})
        due = 17400
    else:
        await more(api, line, guest, 6)
        due = 17400
    second = await api.payment(order, token=guest)
    assert (second["options"]["intent_amount_cents"], second["mismatched_amounts"]) == (due, False)
    assert [one.amount for one in await api.stripe.intents()] == [14500, 17400]


@on_sqlite
async def test_what_costs_less_than_what_is_held_is_placed_and_less_is_taken(api: Api) -> None:
    order, line, guest = await cart(api)
    await more(api, line, guest, 2)
    payment = await api.payment(order, token=guest)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True}, token=guest)
    await more(api, line, guest, 1)
    placed = await api.update(order, {"_place": True}, token=guest)
    assert (placed["status"], placed["payment_status"], placed["place_total_amount_cents"]) == (
        "placed",
        "authorized",
        2900,
    )
    await api.update(order, {"_approve_and_capture": True})
    assert await moved(api, order) == [("authorizations", 5800, True), ("captures", 2900, True)]
    assert await stands(api, order) == ("approved", "paid", "not_required")


async def test_two_parts_that_cover_the_total_together_are_enough(api: Api) -> None:
    order = await ready(api)
    for cents in (5000, 10400):
        payment = await api.payment(order, SAVED)
        await api.update(order, {"_authorize": True, "_authorization_amount_cents": cents})
        assert (await api.get(payment))["options"]["intent_amount_cents"] == cents
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert len(await api.stripe.live()) == 2


async def test_a_part_is_not_enough_with_another_payment_that_holds_nothing(api: Api) -> None:
    order = await ready(api)
    await api.payment(order, SAVED)
    await api.update(order, {"_authorize": True, "_authorization_amount_cents": 5000})
    await api.payment(order)
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    assert await stands(api, order) == ("pending", "partially_authorized", "unfulfilled")
