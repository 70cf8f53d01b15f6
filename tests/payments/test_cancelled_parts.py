"""Shipments that are cancelled by hand beside others of the same goods: each piece goes back once, and once only."""

import pytest

from tests.acts.orders import stands
from tests.acts.stocked import counted, in_stock
from tests.payments.conftest import Answer, Api
from tests.payments.test_shipped import paid, placed, shipments, statuses, to_send, way

LEAVE = ("_picking", "_packing", "_ready_to_ship", "_ship")


async def in_two(api: Api, *, later: bool) -> tuple[Answer, dict[str, str], Answer]:
    """An order of three hats of five, two of them in one shipment and one in another."""
    (place,) = await counted(api, manual_stock_decrement=later)
    post, hat = await way(api, "Post", 500), await api.sku("HAT")
    await api.create("stock_items", {"quantity": 5}, sku=hat, stock_location=place)
    order = await to_send(api, "HAT", quantity=3)
    (first,) = await shipments(api, order)
    await api.update(first, shipping_method=post)
    await paid(api, order)
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    (at,) = (await api.get("inventory_stock_locations")).data
    at = {"type": "inventory_stock_locations", "id": at["id"]}
    second = await api.create("shipments", {}, order=order, inventory_stock_location=at)
    (piece,) = (await api.get(f"shipments/{first['id']}/stock_line_items")).data
    piece = {"type": "stock_line_items", "id": piece["id"]}
    await api.update(piece, {"quantity": 2})
    return order, first, second


@pytest.mark.parametrize("later", [False, True], ids=["at_once", "later"])
async def test_cancelling_the_last_shipment_of_a_sku_gives_back_its_pieces_alone(api: Api, later: bool) -> None:
    order, first, second = await in_two(api, later=later)
    (line,) = (await api.get(f"orders/{order.id}/line_items?filter[q][item_type_eq]=skus")).data
    line = {"type": "line_items", "id": line["id"]}
    await api.create("stock_line_items", {"quantity": 1}, shipment=second, line_item=line)
    for trigger in LEAVE:
        await api.update(first, {trigger: True})
    assert await in_stock(api) == [(5, 3) if later else (2, 0)]
    await api.update(second, {"_cancel": True})
    assert await stands(api, order) == ("approved", "paid", "fulfilled")
    assert await in_stock(api) == [(3, 0)]


@pytest.mark.parametrize("later", [False, True], ids=["at_once", "later"])
async def test_pieces_of_no_line_are_not_given_back_for_those_of_another_shipment(api: Api, later: bool) -> None:
    order, first, second = await in_two(api, later=later)
    hat = (await api.get("skus")).data[0]
    await api.create("stock_line_items", {"quantity": 9}, shipment=second, sku={"type": "skus", "id": hat["id"]})
    await api.update(second, {"_cancel": True})
    # Only the third hat, which no shipment held.
    assert await in_stock(api) == [(5, 2) if later else (3, 0)]
    for trigger in LEAVE:
        await api.update(first, {trigger: True})
    assert await stands(api, order) == ("approved", "paid", "fulfilled")
    assert await in_stock(api) == [(3, 0)]


async def test_what_is_sent_after_all_moves_between_shipments_like_anything_else(api: Api) -> None:
    order, (hat, coat) = await placed(api, "HAT", "COAT")
    await api.update(hat, {"_cancel": True})
    await api.update(order, {"_start_editing": True})
    await api.update(order, {"_refresh": True})
    again = (await shipments(api, order))[-1]
    (post,) = (await api.get("shipping_methods")).data
    await api.update(again, shipping_method={"type": "shipping_methods", "id": post["id"]})
    await api.update(order, {"_stop_editing": True})
    await api.update(order, {"_approve_and_capture": True})
    assert await statuses(api, order) == ["cancelled", "upcoming", "upcoming"]
    assert await in_stock(api) == [(4, 0), (4, 0)]
    (piece,) = (await api.get(f"shipments/{again['id']}/stock_line_items")).data
    piece = {"type": "stock_line_items", "id": piece["id"]}
    assert (await api.update(piece, {"quantity": 2}, expect=422)).said == [
        ("/data/attributes/quantity", "less_than_or_equal_to")
    ]
    await api.update(piece, shipment=coat)
    assert len((await api.get(f"shipments/{coat['id']}/stock_line_items")).data) == 2
    await api.update(again, {"_cancel": True})
    assert await in_stock(api) == [(4, 0), (4, 0)]
    for trigger in LEAVE:
        await api.update(coat, {trigger: True})
    assert await stands(api, order) == ("approved", "paid", "fulfilled")
    assert await in_stock(api) == [(4, 0), (4, 0)]
