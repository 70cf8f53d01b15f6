"""Stock on its way from one location to another: reserved, taken, added, and never lost or made."""

import pytest

from tests.acts import shipping, stock
from tests.commerce.conftest import Record, Refused, Shop


async def pieces(shop: Shop, sku: Record) -> dict[str, int]:
    """How many lie at each location."""
    items = await shop.integration.list(f"stock_items?filter[q][sku_id_eq]={sku.id}&include=stock_location")
    return {
        (await shop.integration.get(Record(item.related("stock_location"))))["name"]: item["quantity"] for item in items
    }


async def free(shop: Shop, sku: Record) -> int:
    """How many a shopper could order."""
    shown = await shop.guest.get(Record({"type": "skus", "id": sku.id}))
    return int(shown["inventory"]["quantity"])


async def test_a_transfer_moves_pieces_and_neither_loses_nor_makes_any(shop: Shop) -> None:
    here, there = await stock.location(shop, "Here"), await stock.location(shop, "There")
    await stock.model(shop, here, there)
    sku = await shop.sku("HAT", 100)
    await stock.stock(shop, sku, here, 5)
    back = shop.integration
    places = {"origin_stock_location": here, "destination_stock_location": there}
    made = await back.create("stock_transfers", places, sku_code="HAT", quantity=3)
    assert (made["status"], made["number"], made["sku_code"]) == ("draft", "1", "HAT")
    assert await free(shop, sku) == 5
    expected = [
        ("_upcoming", "upcoming", {"Here": 5}, 2),
        ("_picking", "picking", {"Here": 5}, 2),
        ("_on_hold", "on_hold", {"Here": 5}, 2),
        ("_picking", "picking", {"Here": 5}, 2),
        ("_in_transit", "in_transit", {"Here": 2}, 2),
        ("_complete", "completed", {"Here": 2, "There": 3}, 5),
    ]
    for trigger, status, quantities, sold in expected:
        for _ in range(2):  # Asking twice is asking once.
            made = await back.update(made, **{trigger: True})
            assert made["status"] == status
            assert (await pieces(shop, sku), await free(shop, sku)) == (quantities, sold), trigger
    assert None not in [made[f"{one}_at"] for one in ("on_hold", "picking", "in_transit", "completed")]
    for trigger in ("_cancel", "_upcoming", "_in_transit"):
        with pytest.raises(Refused) as refused:
            await back.update(made, **{trigger: True})
        assert refused.value.said == [("/data/attributes/status", "invalid_transition")]
    # A second one adds to what lies there.
    made = await back.create("stock_transfers", {**places, "sku": sku}, quantity=1, number="T-9")
    for trigger in ("_upcoming", "_picking", "_in_transit", "_complete"):
        made = await back.update(made, **{trigger: True})
    assert (made["number"], await pieces(shop, sku)) == ("T-9", {"Here": 1, "There": 4})
    await back.delete(made)


async def test_what_is_cancelled_is_in_stock_where_it_came_from(shop: Shop) -> None:
    here, there = await stock.location(shop, "Here"), await stock.location(shop, "There")
    await stock.model(shop, here)
    sku = await shop.sku("HAT", 100)
    await stock.stock(shop, sku, here, 5)
    places = {"origin_stock_location": here, "destination_stock_location": there, "sku": sku}
    for ways, held in (((), 5), (("_upcoming",), 1), (("_upcoming", "_picking", "_in_transit"), 1)):
        made = await shop.integration.create("stock_transfers", places, quantity=4)
        for trigger in ways:
            await shop.integration.update(made, **{trigger: True})
        assert await free(shop, sku) == held
        made = await shop.integration.update(made, _cancel=True)
        assert (made["status"], made["cancelled_at"] is None) == ("cancelled", False)
        assert (await pieces(shop, sku), await free(shop, sku)) == ({"Here": 5}, 5)


async def test_no_more_goes_than_lies_free(shop: Shop) -> None:
    here, there = await stock.location(shop, "Here"), await stock.location(shop, "There")
    await stock.model(shop, here)
    sku, other = await shop.sku("HAT", 100), await shop.sku("CAP", 100)
    item = await stock.stock(shop, sku, here, 5)
    back = shop.integration
    places = {"origin_stock_location": here, "destination_stock_location": there}
    first = await back.create("stock_transfers", {**places, "sku": sku}, quantity=4)
    second = await back.create("stock_transfers", {**places, "sku": sku}, quantity=2)
    nothing = await back.create("stock_transfers", {**places, "sku": other}, quantity=1)
    await back.update(first, _upcoming=True)
    for one in (second, nothing):
        with pytest.raises(Refused) as refused:
            await back.update(one, _upcoming=True)
        assert refused.value.said == [("/data/attributes/quantity", "out_of_stock")]
        assert (await back.get(one))["status"] == "draft"
    # What is reserved stays, and so does what says how much it is.
    for changed, name in (({"quantity": 1}, "attributes/quantity"), ({"sku_code": "CAP"}, "relationships/sku")):
        with pytest.raises(Refused) as refused:
            await back.update(first, **changed)
        assert refused.value.said == [(f"/data/{name}", "not_editable")]
    with pytest.raises(Refused) as refused:
        await back.update(item, quantity=3)
    assert refused.value.said == [("/data/attributes/quantity", "greater_than_or_equal_to")]
    for one in (first, item):
        with pytest.raises(Refused) as refused:
            await back.delete(one)
        assert refused.value.status == 423
    order = await back.create("orders", {"market": shop.market})
    with pytest.raises(Refused) as refused:
        await back.create("line_items", {"order": order}, sku_code="HAT", quantity=2)
    assert refused.value.said == [("/data/attributes/quantity", "out_of_stock")]
    with pytest.raises(Refused) as refused:
        await back.create("stock_transfers", {**places, "destination_stock_location": here, "sku": sku}, quantity=1)
    assert refused.value.said == [("/data/relationships/destination_stock_location", "invalid")]
    with pytest.raises(Refused) as refused:
        await back.create("stock_transfers", places, quantity=1, sku_code="GONE")
    assert refused.value.said == [("/data/attributes/sku_code", "noent_sku")]
    with pytest.raises(Refused) as refused:
        await back.create("stock_transfers", {**places, "sku": sku}, quantity=1, number=first["number"])
    assert refused.value.said == [("/data/attributes/number", "taken")]
    second = await back.update(second, quantity=1)
    assert (await back.update(second, _upcoming=True))["status"] == "upcoming"


async def test_a_model_may_hold_what_its_locations_are_sent(shop: Shop) -> None:
    here, there = await stock.location(shop, "Here"), await stock.location(shop, "There")
    await stock.model(shop, there, put_stock_transfers_on_hold=True)
    sku = await shop.sku("HAT", 100)
    await stock.stock(shop, sku, here, 5)
    places = {"origin_stock_location": here, "destination_stock_location": there, "sku": sku}
    made = await shop.integration.create("stock_transfers", places, quantity=4)
    made = await shop.integration.update(made, _upcoming=True)
    assert (made["status"], made["on_hold_at"] is None) == ("on_hold", False)
    assert (await shop.integration.update(made, _upcoming=True))["status"] == "upcoming"


async def test_shoppers_see_the_transfers_of_their_orders_alone(shop: Shop) -> None:
    here, there = await stock.location(shop, "Here"), await stock.location(shop, "There")
    await stock.model(shop, here)
    sku = await shop.sku("HAT", 100)
    await stock.stock(shop, sku, here, 5)
    await shipping.method(shop, "Standard", 700)
    order = await shipping.cart(shop, HAT=1)
    (shipment,) = await shipping.shipments(shop.integration, order)
    places = {"origin_stock_location": here, "destination_stock_location": there, "sku": sku}
    own = await shop.integration.create("stock_transfers", {**places, "shipment": shipment}, quantity=1)
    other = await shop.integration.create("stock_transfers", places, quantity=1)
    assert (await shop.guest.get(own))["quantity"] == 1
    for path, method in ((f"stock_transfers/{other.id}", "GET"), ("stock_transfers", "GET")):
        with pytest.raises(Refused) as refused:
            await shop.guest.send(method, path)
        assert refused.value.status == 401
    with pytest.raises(Refused) as refused:
        await shop.guest.update(own, _upcoming=True)
    assert refused.value.status == 401
    shown = await shop.guest.get(shipment, "stock_transfers")
    assert [one["id"] for one in shown.included] == [own.id]
    # The cart and the sku may go whatever is on its way for them.
    await shop.integration.delete(order)
    for trigger in ("_upcoming", "_picking", "_in_transit"):
        await shop.integration.update(own, **{trigger: True})
    await shop.integration.delete(sku)
    assert (await shop.integration.update(own, _complete=True))["status"] == "completed"


async def test_triggers_of_one_request_count_one_after_the_other(shop: Shop) -> None:
    here, there = await stock.location(shop, "Here"), await stock.location(shop, "There")
    await stock.model(shop, here, there)
    sku, back = await shop.sku("HAT", 100), shop.integration
    await stock.stock(shop, sku, here, 7)
    related = {"sku": sku, "origin_stock_location": here, "destination_stock_location": there}
    for triggers in (("_upcoming", "_cancel"), ("_upcoming", "_picking", "_in_transit", "_cancel")):
        made = await back.create("stock_transfers", related, quantity=3)
        made = await back.update(made, **dict.fromkeys(triggers, True))
        assert (made["status"], await pieces(shop, sku), await free(shop, sku)) == ("cancelled", {"Here": 7}, 7)
    made = await back.create("stock_transfers", related, quantity=3)
    await back.update(made, _upcoming=True)
    made = await back.update(made, _picking=True, _in_transit=True, _cancel=True)
    assert (made["status"], await pieces(shop, sku), await free(shop, sku)) == ("cancelled", {"Here": 7}, 7)
    made = await back.create("stock_transfers", related, quantity=3)
    made = await back.update(made, _upcoming=True, _picking=True, _in_transit=True, _complete=True)
    assert (made["status"], await pieces(shop, sku)) == ("completed", {"Here": 4, "There": 3})
    assert await free(shop, sku) == 7
