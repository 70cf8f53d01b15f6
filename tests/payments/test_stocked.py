"""Stock is reserved when an order is placed, taken when it is approved, and given back when it is cancelled."""

import asyncio
from typing import Any

import pytest

from tests.acts.orders import at_stripe, moved, ready, stands
from tests.acts.stocked import counted, goods, held, holdings, in_stock, line, placed
from tests.payments.conftest import Api, on_sqlite

OUT = [("/data/relationships/line_items", "out_of_stock")]


async def test_stock_is_reserved_then_taken_and_no_more_is_sold_than_there_is(api: Api) -> None:
    sku = await goods(api, "MUG", 3, at=await counted(api))
    order = await placed(api, sku, 2)
    assert (await in_stock(api), await holdings(api)) == ([(3, 2)], [("reserved", 2)])
    assert (await api.get(sku))["inventory"]["quantity"] == 1
    cart = await ready(api, 0)
    assert (await line(api, cart, sku, 2, expect=422)).said == [("/data/attributes/quantity", "out_of_stock")]
    for _ in range(2):
        assert (await api.update(order, {"_place": True}))["status"] == "placed"
        assert (await in_stock(api), await holdings(api)) == ([(3, 2)], [("reserved", 2)])
    for _ in range(2):
        await api.update(order, {"_approve": True})
        assert (await in_stock(api), await holdings(api)) == ([(1, 0)], [("taken", 2)])
    assert (await api.get(sku))["inventory"]["quantity"] == 1


async def test_stock_is_counted_by_each_trigger_of_one_request(api: Api) -> None:
    sku = await goods(api, "MUG", 4, at=await counted(api))
    order, payment = await held(api, sku, 2)
    await api.update(payment, {"_refresh": True})
    assert (await api.update(order, {"_place": True, "_approve": True}))["status"] == "approved"
    assert (await in_stock(api), await holdings(api)) == ([(2, 0)], [("taken", 2)])
    free = await ready(api, 0)
    await line(api, free, sku, 1, cents=0)
    assert (await api.update(free, {"_place": True, "_cancel": True}))["status"] == "cancelled"
    assert (await in_stock(api), sorted(await holdings(api))) == ([(2, 0)], [("given_back", 1), ("taken", 2)])
    # Nor is it short of what it holds itself.
    last = await ready(api, 0)
    await line(api, last, sku, 2, cents=0)
    edited = await api.update(last, {"_place": True, "_start_editing": True, "_stop_editing": True})
    assert (edited["status"], await in_stock(api)) == ("placed", [(2, 2)])
    await api.update(last, {"_start_editing": True, "_stop_editing": True, "_approve": True})
    assert await in_stock(api) == [(0, 0)]
    assert sorted(await holdings(api)) == [("given_back", 1), ("taken", 2), ("taken", 2)]


@pytest.mark.parametrize("is_approved", [False, True])
async def test_stock_is_given_back_once_when_an_order_is_cancelled(api: Api, is_approved: bool) -> None:
    sku = await goods(api, "MUG", 3, at=await counted(api))
    order = await placed(api, sku, 2)
    if is_approved:
        await api.update(order, {"_approve": True})
    for _ in range(2):
        assert (await api.update(order, {"_cancel": True}))["status"] == "cancelled"
        assert (await in_stock(api), await holdings(api)) == ([(3, 0)], [("given_back", 2)])


async def test_stock_is_given_back_with_a_full_refund_and_not_with_a_part_of_one(api: Api) -> None:
    sku = await goods(api, "MUG", 3, at=await counted(api))
    order = await placed(api, sku, 2)
    await api.update(order, {"_approve_and_capture": True})
    assert await in_stock(api) == [(1, 0)]
    (capture,) = (await api.get(f"orders/{order.id}/captures")).data
    link = {"type": "captures", "id": capture["id"]}
    await api.update(link, {"_refund": True, "_refund_amount_cents": 500})
    assert await in_stock(api) == [(1, 0)]
    await api.update(order, {"_refund": True})
    assert await stands(api, order) == ("cancelled", "refunded", "not_required")
    assert (await in_stock(api), await holdings(api)) == ([(3, 0)], [("given_back", 2)])


@on_sqlite
async def test_the_first_location_gives_first(api: Api) -> None:
    near, far, off = await counted(api, 1, 2, 3)
    sku = await goods(api, "MUG", 1, 5, 100, at=[far, near, off])
    order = await placed(api, sku, 6)
    assert await in_stock(api) == [(1, 1), (5, 5), (100, 0)]
    await api.update(order, {"_cancel": True})
    await placed(api, sku, 4)
    assert await in_stock(api) == [(1, 0), (5, 4), (100, 0)]
    cart = await ready(api, 0)
    assert (await line(api, cart, sku, 3, expect=422)).errors[0]["meta"]["count"] == 2


@on_sqlite
async def test_a_model_may_leave_the_taking_until_the_order_is_fulfilled(api: Api) -> None:
    sku = await goods(api, "MUG", 3, at=await counted(api, manual_stock_decrement=True))
    await api.update(sku, {"do_not_ship": False})
    order = await ready(api, 0)
    address = (await api.get(order, "?include=billing_address")).data["relationships"]["billing_address"]["data"]
    await api.update(order, shipping_address=address)
    await line(api, order, sku, 2)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    assert await in_stock(api) == [(3, 2)]
    await api.update(order, {"_fulfill": True})
    assert await in_stock(api) == [(1, 0)]
    await api.update(order, {"_refund": True})
    # What was delivered is with the customer: a refund brings nothing back.
    assert (await stands(api, order), await in_stock(api)) == (("cancelled", "refunded", "fulfilled"), [(1, 0)])


async def test_an_order_that_is_edited_holds_what_it_comes_to_hold(api: Api) -> None:
    sku = await goods(api, "MUG", 4, at=await counted(api))
    order = await ready(api, 0)
    dear, mugs = await api.line(order, 5000), await line(api, order, sku, 2)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await api.update(order, {"_start_editing": True})
    await api.delete(dear)
    assert (await api.update(mugs, {"quantity": 5}, expect=422)).said == [("/data/attributes/quantity", "out_of_stock")]
    await api.update(mugs, {"quantity": 4})
    assert await in_stock(api) == [(4, 2)]
    await api.update(order, {"_stop_editing": True})
    assert (await in_stock(api), await holdings(api)) == ([(4, 4)], [("reserved", 4)])
    await api.update(order, {"_start_editing": True})
    await api.update(mugs, {"quantity": 1})
    await api.update(order, {"_stop_editing": True})
    assert (await in_stock(api), await holdings(api)) == ([(4, 1)], [("reserved", 1)])
    await api.update(order, {"_start_editing": True})
    await api.update(mugs, {"quantity": 3})
    other = await placed(api, sku, 2)
    assert (await api.update(order, {"_stop_editing": True}, expect=422)).said == OUT
    assert (await in_stock(api), await stands(api, order)) == ([(4, 3)], ("editing", "authorized", "not_required"))
    await api.update(order, {"_cancel": True})
    await api.update(other, {"_cancel": True})
    assert await in_stock(api) == [(4, 0)]


async def test_what_is_reserved_cannot_be_taken_away_by_hand(api: Api) -> None:
    here, there = await counted(api, 1, 2)
    sku = await goods(api, "MUG", 3, at=[here])
    other = await goods(api, "CUP", 3, at=[there])
    await placed(api, sku, 2)
    (item,) = (await api.get(f"skus/{sku.id}/stock_items")).data
    link = {"type": "stock_items", "id": item["id"]}
    error = (await api.update(link, {"quantity": 1}, expect=422)).errors[0]
    assert error["meta"] == {"error": "greater_than_or_equal_to", "value": 1, "count": 2}
    assert (await api.update(link, expect=422, stock_location=there)).said == [
        ("/data/relationships/stock_location", "not_editable")
    ]
    assert (await api.update(link, expect=422, sku=other)).said == [("/data/relationships/sku", "not_editable")]
    await api.delete(link, expect=423)
    await api.delete(sku, expect=423)
    await api.update(link, {"quantity": 2})
    assert await in_stock(api) == [(2, 2), (3, 0)]


async def test_who_comes_too_late_is_not_charged_and_may_place_what_is_left(api: Api) -> None:
    """The card was authorized for it; an order that is not placed holds that until it is, lapses or is cancelled."""
    sku = await goods(api, "MUG", 3, at=await counted(api))
    first, _ = await held(api, sku, 2)
    second, payment = await held(api, sku, 2)
    await api.update(first, {"_place": True})
    error = (await api.update(second, {"_place": True}, expect=422)).errors[0]
    assert (error["source"]["pointer"], error["meta"]) == (
        "/data/relationships/line_items",
        {"error": "out_of_stock", "value": "MUG", "count": 1},
    )
    assert (await at_stripe(api, payment), await in_stock(api)) == (("requires_capture", 0, 0), [(3, 2)])
    await api.update(second, {"_cancel": True})
    for _ in range(3):  # The payment is read, its authorization voided.
        await api.recover()
    assert (await at_stripe(api, payment))[:2] == ("canceled", 0)
    assert await in_stock(api) == [(3, 2)]


@pytest.mark.parametrize("how", ["auto_place", "auto_capture", "both", "in the background"])
async def test_nobody_is_charged_for_what_is_not_there(api: Api, how: str) -> None:
    sku = await goods(api, "MUG", 1, at=await counted(api))
    flags = {"auto_place": how in ("auto_place", "both"), "auto_capture": how in ("auto_capture", "both")}
    method = await api.method_of(api.gateway, **flags)
    order, payment = await held(api, sku, 1, method=method)
    (item,) = (await api.get("stock_items")).data
    await api.update({"type": "stock_items", "id": item["id"]}, {"quantity": 0})
    if how == "in the background":
        await api.update(order, {"place_async": True, "_place": True})
    else:
        await api.update(payment, {"_refresh": True})
    await api.recover()
    status = "placing" if how == "in the background" else "pending"
    assert (await api.get(order))["status"] == status
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
    if how != "auto_capture":
        errors = (await api.get(f"orders/{order.id}/resource_errors")).data
        assert [(one["attributes"]["name"], one["attributes"]["code"]) for one in errors] == [
            ("line_items", "OUT_OF_STOCK")
        ]
    assert await in_stock(api) == [(0, 0)]


@on_sqlite
async def test_an_order_placed_before_stock_was_counted_goes_on_without(api: Api) -> None:
    sku = await goods(api, "MUG", at=[])
    order = await placed(api, sku, 2)
    (location,) = await counted(api)
    await api.create("stock_items", {"quantity": 1}, sku=sku, stock_location=location)
    await api.update(order, {"_start_editing": True})
    await api.update(order, {"_stop_editing": True})
    await api.update(order, {"_approve": True})
    await api.update(order, {"_cancel": True})
    assert (await in_stock(api), await holdings(api)) == ([(1, 0)], [])


async def test_of_many_who_want_the_last_ones_at_once_as_many_get_them_as_there_are(api: Api) -> None:
    sku = await goods(api, "MUG", 2, at=await counted(api))
    orders = [await held(api, sku, 1) for _ in range(2)]
    for _ in range(2):
        order, payment = await held(api, sku, 1)
        orders.append((order, payment))
    answers = await asyncio.gather(*(place(api, order) for order, _ in orders))
    assert sorted(one[0] for one in answers) == [200, 200, 422, 422]
    assert [said for status, said in answers if status == 422] == [OUT, OUT]
    assert await in_stock(api) == [(2, 2)]
    for (status, _), (order, payment) in zip(answers, orders, strict=True):
        assert (await at_stripe(api, payment))[0] == "requires_capture"
        assert len(await moved(api, order)) == 1
        assert (await api.get(order))["status"] == ("placed" if status == 200 else "pending")


async def place(api: Api, order: Any) -> tuple[int, list[tuple[str, str]]]:
    body = {"data": {**order.link, "attributes": {"_place": True}}}
    answer = await api.send("PATCH", f"orders/{order.id}", body)
    return answer.status, answer.said if answer.status == 422 else []


async def test_pieces_come_back_to_where_they_were_taken_from_whatever_became_of_the_stock_item(api: Api) -> None:
    here, there = await counted(api, 1, 2)
    mug, cup, pot = [await goods(api, code, 3, at=[here]) for code in ("MUG", "CUP", "POT")]
    hat = await api.sku("HAT", do_not_ship=True)
    orders = []
    for sku in (mug, cup, pot):
        order = await placed(api, sku, 2)
        await api.update(order, {"_approve": True})
        orders.append(order)
    items = [(await api.get(f"skus/{sku.id}/stock_items")).data[0]["id"] for sku in (mug, cup, pot)]
    links = [{"type": "stock_items", "id": one} for one in items]
    await api.update(links[0], sku=hat)
    await api.update(links[1], stock_location=there)
    await api.delete(links[2])
    for order in orders:
        await api.update(order, {"_cancel": True})
    lie = {}
    for sku in (mug, cup, pot, hat):
        found = await api.get(f"skus/{sku.id}/stock_items?include=stock_location")
        for one in found.data:
            place = one["relationships"]["stock_location"]["data"]["id"]
            lie[sku["code"], "here" if place == here.id else "there"] = one["attributes"]["quantity"]
    assert lie == {
        ("MUG", "here"): 2,
        ("CUP", "here"): 2,
        ("CUP", "there"): 1,
        ("POT", "here"): 2,
        ("HAT", "here"): 1,
    }
    assert {status for status, _ in await holdings(api)} == {"given_back"}
