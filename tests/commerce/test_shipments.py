"""Shipments of a cart: built by its refreshes, sent by a method that the shopper chooses, and part of what it costs."""

from typing import Any

import pytest

from tests.acts.shipping import cart, choose, method, shipments
from tests.acts.stock import location, model, stock
from tests.commerce.conftest import ADDRESS, Client, Record, Refused, Shop


async def refused(writing: Any) -> Refused:
    with pytest.raises(Refused) as no:
        await writing
    return no.value


async def held(client: Client, order: Record) -> list[list[tuple[str, int, str | None]]]:
    """What each shipment of an order holds: code, pieces and stock item."""
    answer = await client.get(order, "shipments.stock_line_items.stock_item")
    lines = {one["id"]: Record(one) for one in answer.included if one["type"] == "stock_line_items"}
    found = []
    for shipment in await shipments(client, order, "shipments.stock_line_items"):
        own = [lines[one["id"]] for one in shipment.related("stock_line_items")]
        items = [one.related("stock_item") for one in own]
        found.append(
            sorted(
                (one["sku_code"], one["quantity"], item["id"] if item else None)
                for one, item in zip(own, items, strict=True)
            )
        )
    return found


async def test_a_shop_without_shipping_methods_sends_goods_without_shipments(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    order = await cart(shop, HAT=2)
    assert await shipments(shop.guest, order) == []
    assert (order["shipments_count"], order["total_amount_with_taxes_cents"], order["status"]) == (0, 2000, "pending")
    # Nor do the methods of another market or another currency count.
    await shop.integration.create("shipping_methods", name="Dollars", price_amount_cents=500, currency_code="USD")
    assert (await shop.guest.update(order, _refresh=True))["shipments_count"] == 0
    # One for every market in euros does.
    await shop.integration.create("shipping_methods", name="Anywhere", price_amount_cents=500, currency_code="EUR")
    assert (await shop.guest.update(order, _refresh=True))["shipments_count"] == 1


async def test_a_cart_has_a_shipment_once_it_is_known_where_it_goes(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    await shop.sku("SONG", 500, do_not_ship=True)
    express, slow = await method(shop, "Express", 1200), await method(shop, "Slow", 300)
    order = await shop.guest.create("orders", {"market": shop.market}, customer_email="ada@example.com")
    hat = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=2)
    await shop.guest.create("line_items", {"order": order}, sku_code="SONG", quantity=7)
    assert (await shop.guest.get(order))["shipments_count"] == 0
    goal = await shop.guest.create("addresses", **ADDRESS)
    order = await shop.guest.update(order, {"shipping_address": goal})
    (shipment,) = await shipments(shop.guest, order)
    assert (
        shipment.data["attributes"].items()
        >= {
            "number": f"{order['number']}/S/001",
            "status": "draft",
            "currency_code": "EUR",
            "skus_count": 2,
            "cost_amount_cents": None,
            "rates": [],
        }.items()
    )
    assert order["shipments_count"] == 1
    answer = await shop.guest.get(
        order,
        "shipments.available_shipping_methods,shipments.shipping_method,shipments.stock_line_items.line_item,"
        "shipments.stock_location,shipments.shipping_address",
    )
    included = {(one["type"], one["id"]): Record(one) for one in answer.included}
    shipment = included["shipments", shipment.id]
    offered = {one["id"] for one in shipment.related("available_shipping_methods")}
    assert offered == {express.id, slow.id}
    assert shipment.related("shipping_method") is None
    assert shipment.related("stock_location") is None
    assert shipment.related("shipping_address") == goal.link
    (piece,) = (included["stock_line_items", one["id"]] for one in shipment.related("stock_line_items"))
    assert (piece["sku_code"], piece["quantity"], piece["name"]) == ("HAT", 2, "Hat")
    assert piece.related("line_item") == hat.link
    # Each method tells what it costs for the shipment, and in a list nothing.
    told = [
        (one["price_amount_for_shipment_cents"], one["formatted_price_amount_for_shipment"])
        for one in (included["shipping_methods", id_.id] for id_ in (express, slow))
    ]
    assert told == [(1200, "€12,00"), (300, "€3,00")]
    assert included["shipping_methods", slow.id]["price_amount_for_shipment_float"] == 3.0
    # Without anything to send, or anywhere to send it to, there is none.
    await shop.guest.delete(hat)
    assert (await shop.guest.get(order))["shipments_count"] == 0
    await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    assert len(await shipments(shop.guest, order)) == 1
    order = await shop.guest.update(order, {"shipping_address": None})
    assert (order["shipments_count"], await shipments(shop.guest, order)) == (0, [])
    # The country that it is locked to is enough.
    order = await shop.guest.update(order, shipping_country_code_lock="IT")
    assert order["shipments_count"] == 1


async def test_choosing_a_method_adds_its_line_and_the_order_costs_it(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    express = await method(shop, "Express", 1200)
    order = await cart(shop, HAT=1)
    (shipment,) = await shipments(shop.guest, order)
    assert order["total_amount_with_taxes_cents"] == 1000
    shipment = await choose(shop.guest, shipment, express)
    order = await shop.guest.get(order, "line_items,shipments.shipping_method")
    assert (order["shipping_amount_cents"], order["total_amount_with_taxes_cents"]) == (1200, 2200)
    (line,) = (Record(one) for one in order.included if one["attributes"].get("item_type") == "shipments")
    assert (line["name"], line["quantity"], line["unit_amount_cents"]) == ("Express", 1, 1200)
    assert (await shop.guest.get(line, "item,shipment")).related("item") == shipment.link
    # The line is the server's own.
    for writing in (shop.guest.update(line, quantity=2), shop.guest.delete(line)):
        assert (await refused(writing)).status == 401
    assert (await refused(shop.integration.update(line, unit_amount_cents=1))).status == 422
    wanted = {"order": order, "item": shipment}
    assert (await refused(shop.guest.create("line_items", wanted, quantity=1))).said == [
        ("/data/relationships/item", "invalid")
    ]
    # What it costs follows the method, and with the method it goes.
    await shop.integration.update(express, price_amount_cents=900)
    order = await shop.guest.update(order, _refresh=True)
    assert (order["shipping_amount_cents"], order["total_amount_with_taxes_cents"]) == (900, 1900)
    await choose(shop.guest, shipment, None)
    order = await shop.guest.get(order)
    assert (order["shipping_amount_cents"], order["total_amount_with_taxes_cents"]) == (0, 1000)


async def test_a_method_is_chosen_among_those_available_and_dropped_when_it_no_longer_is(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    italy = await shop.integration.create("shipping_zones", name="Italy", country_code_regex="^IT$")
    france = await shop.integration.create("shipping_zones", name="France", country_code_regex="^FR$")
    home = await method(shop, "Home", 500, {"shipping_zone": italy})
    away = await method(shop, "Away", 1500, {"shipping_zone": france})
    free = await method(shop, "Free", 400, free_over_amount_cents=3000)
    order = await cart(shop, HAT=1)
    (shipment,) = await shipments(shop.guest, order)
    no = await refused(choose(shop.guest, shipment, away))
    assert (no.status, no.said) == (422, [("/data/relationships/shipping_method", "invalid")])
    await choose(shop.guest, shipment, home)
    assert (await shop.guest.get(order))["shipping_amount_cents"] == 500
    # A cart that goes elsewhere, by the same shipment.
    paris = await shop.guest.create("addresses", **ADDRESS | {"country_code": "FR", "zip_code": "75001"})
    order = await shop.guest.update(order, {"shipping_address": paris})
    assert order["shipping_amount_cents"] == 0
    (same,) = await shipments(shop.guest, order, "shipments.shipping_method,shipments.available_shipping_methods")
    assert (same.id, same.related("shipping_method")) == (shipment.id, None)
    assert {one["id"] for one in same.related("available_shipping_methods")} == {away.id, free.id}
    # One that stays available stays chosen, and costs nothing from 30.00 on.
    await choose(shop.guest, shipment, free)
    assert (await shop.guest.get(order))["shipping_amount_cents"] == 400
    (line,) = await shop.guest.list(f"orders/{order.id}/line_items?filter[q][item_type_eq]=skus")
    await shop.guest.update(line, quantity=3)
    order = await shop.guest.get(order)
    assert (order["shipping_amount_cents"], order["total_amount_with_taxes_cents"]) == (0, 3000)
    (same,) = await shipments(shop.guest, order, "shipments.shipping_method")
    assert (same["skus_count"], same.related("shipping_method")) == (3, free.link)
    # Switched off methods are offered to nobody, and are no reason to send without any.
    for one in (home, away, free):
        await shop.integration.update(one, _disable=True)
    order = await shop.guest.update(order, _refresh=True)
    (same,) = await shipments(shop.integration, order, "shipments.shipping_method,shipments.available_shipping_methods")
    assert (same.related("shipping_method"), same.related("available_shipping_methods")) == (None, [])


async def test_the_default_method_of_the_market_is_chosen_by_itself(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    await method(shop, "Express", 1200)
    slow = await method(shop, "Slow", 300)
    await shop.integration.update(shop.market, {"default_shipping_method": slow})
    order = await cart(shop, HAT=1)
    (shipment,) = await shipments(shop.guest, order, "shipments.shipping_method")
    assert (order["shipping_amount_cents"], shipment.related("shipping_method")) == (300, slow.link)
    assert (await shop.guest.get(order, "default_shipping_method")).related("default_shipping_method") == slow.link


async def two_places(shop: Shop, **attributes: Any) -> tuple[Record, Record, Record, dict[str, Record]]:
    """A hat of which one lies near and five far, and a coat of which all lie far."""
    near, far = await location(shop, "Milano"), await location(shop, "Torino")
    made = await model(shop, near, far, **attributes)
    hat, coat = await shop.sku("HAT", 1000), await shop.sku("COAT", 3000)
    return (
        made,
        near,
        far,
        {
            "hat near": await stock(shop, hat, near, 1),
            "hat far": await stock(shop, hat, far, 5),
            "coat far": await stock(shop, coat, far, 4),
        },
    )


@pytest.mark.parametrize(
    ("strategy", "divided"),
    [
        ("no_split", [("far", None, ["coat far 1", "hat far 3"])]),
        (
            "split_shipments",
            [
                ("near", "Hat", ["hat near 1"]),
                ("far", "Hat", ["hat far 2"]),
                ("far", "Coat", ["coat far 1"]),
            ],
        ),
        (
            "ship_from_primary",
            [("near", "Hat", ["hat far 2", "hat near 1"]), ("near", "Coat", ["coat far 1"])],
        ),
        (
            "ship_from_first_available_or_primary",
            [("far", "Hat", ["hat far 3"]), ("far", "Coat", ["coat far 1"])],
        ),
    ],
)
async def test_the_strategy_says_what_is_sent_together_and_from_where(
    shop: Shop, strategy: str, divided: list[Any]
) -> None:
    _, near, far, items = await two_places(shop, strategy=strategy)
    await method(shop, "Post", 500)
    order = await cart(shop, HAT=3, COAT=1)
    names = {one.id: name for name, one in items.items()} | {near.id: "near", far.id: "far"}
    include = "shipments.shipping_category,shipments.stock_location,shipments.origin_address"
    answer = await shop.integration.get(order, include)
    categories = {
        one["id"]: one["attributes"]["name"] for one in answer.included if one["type"] == "shipping_categories"
    }
    found = []
    pieces = await held(shop.integration, order)
    for shipment, own in zip(await shipments(shop.integration, order, include), pieces, strict=True):
        category = shipment.related("shipping_category")
        place = shipment.related("stock_location")["id"]
        assert shipment.related("origin_address") is not None
        texts = sorted(f"{names[item or '']} {quantity}" for _, quantity, item in own)
        found.append((names[place], categories[category["id"]] if category else None, texts))
    assert sorted(found, key=str) == sorted(divided, key=str)
    assert (await shop.guest.get(order))["shipments_count"] == len(divided)


async def test_shipments_are_kept_while_they_still_hold(shop: Shop) -> None:
    made, near, _, _ = await two_places(shop, strategy="split_shipments")
    post, express = await method(shop, "Post", 500), await method(shop, "Express", 900)
    await shop.integration.update(shop.market, shipping_cost_cutoff=2)
    order = await cart(shop, HAT=3, COAT=1)
    before = await shipments(shop.integration, order, "shipments.shipping_category,shipments.stock_location")
    assert before[0].related("stock_location") == near.link
    hats_category = before[0].related("shipping_category")
    coats_at = next(at for at in (1, 2) if before[at].related("shipping_category") != hats_category)
    for shipment, way in zip(before, (post, express, post), strict=True):
        await choose(shop.guest, shipment, way)
    # No more than two of three cost anything.
    assert (await shop.guest.get(order))["shipping_amount_cents"] == 1400
    lines = await shop.guest.list(f"orders/{order.id}/line_items?filter[q][item_type_eq]=shipments&sort=created_at")
    assert sorted(line["unit_amount_cents"] for line in lines) == [0, 500, 900]
    # The hats of the near place are enough: its shipment stays as it was, and so does that of the coat.
    (hats,) = await shop.guest.list(f"orders/{order.id}/line_items?filter[q][sku_code_eq]=HAT")
    await shop.guest.update(hats, quantity=1)
    kept = await shipments(shop.guest, order, "shipments.shipping_method")
    assert [(one.id, one["number"]) for one in kept] == [(before[at].id, before[at]["number"]) for at in (0, coats_at)]
    ways = [post, express, post]
    assert [one.related("shipping_method") for one in kept] == [post.link, ways[coats_at].link]
    costs = [500, 900, 500]
    assert (await shop.guest.get(order))["shipping_amount_cents"] == 500 + costs[coats_at]
    # One that comes back has the number that is free.
    await shop.guest.update(hats, quantity=2)
    again = await shipments(shop.guest, order, "shipments.shipping_method")
    assert [one["number"] for one in again] == [one["number"] for one in before]
    assert again[3 - coats_at].related("shipping_method") is None
    # Another strategy has one shipment do: one of them stays, without category.
    await shop.integration.update(made, strategy="no_split")
    order = await shop.guest.update(order, _refresh=True)
    (last,) = await shipments(shop.integration, order, "shipments.shipping_category")
    assert (last["skus_count"], last.related("shipping_category")) == (3, None)
    assert (last.id, order["shipping_amount_cents"]) == (before[0].id, 500)


async def test_a_shopper_chooses_the_method_of_the_own_carts_shipments_and_no_more(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    post = await method(shop, "Post", 500)
    order = await cart(shop, HAT=1)
    (shipment,) = await shipments(shop.guest, order)
    assert (await shop.guest.update(shipment, reference="mine", metadata={"gift": True}))["reference"] == "mine"
    category = await shop.integration.create("shipping_categories", name="Other")
    place = await shop.integration.create("addresses", **ADDRESS)
    for related, attributes in (
        ({}, {"number": "1"}),
        ({}, {"_picking": True}),
        ({}, {"_upcoming": True}),
        ({}, {"_get_rates": True}),
        ({}, {"selected_rate_id": "rate_1"}),
        ({"shipping_category": category}, {}),
        ({"shipping_address": place}, {}),
    ):
        no = await refused(shop.guest.update(shipment, related, **attributes))
        assert no.status in (401, 422), (related, attributes)
        assert (no.status == 401) is ("shipping_category" not in related), (related, attributes)
    for path in ("shipments", "stock_line_items", f"shipments?filter[q][order_id_eq]={order.id}"):
        assert (await refused(shop.guest.send("GET", path))).status == 401
    assert [one.id for one in await shop.guest.list(f"orders/{order.id}/shipments")] == [shipment.id]
    for writing in (shop.guest.delete(shipment), shop.guest.create("shipments", {"order": order})):
        assert (await refused(writing)).status == 401
    # Nobody else's: a customer's cart is the customer's own.
    customer = await shop.integration.create("customers", email="eve@example.com")
    eve = shop.signed_in(customer)
    theirs = await eve.create("orders", {"market": shop.market})
    await eve.create("line_items", {"order": theirs}, sku_code="HAT", quantity=1)
    goal = await eve.create("addresses", **ADDRESS)
    await eve.update(theirs, {"shipping_address": goal})
    (own,) = await shipments(eve, theirs)
    assert [one.id for one in await eve.list("shipments")] == [own.id]
    assert (await refused(shop.guest.get(own))).status == 401
    assert (await refused(choose(shop.guest, own, post))).status == 401
    # Once it is placed, nothing is chosen any more.
    await shop.put(order, status="placed")
    assert (await refused(choose(shop.guest, shipment, post))).status == 401
    no = await refused(choose(shop.integration, shipment, post))
    assert (no.status, no.said) == (422, [("/data/attributes/status", "not_editable")])
    assert (await shop.guest.get(shipment))["status"] == "draft"


async def test_a_discarded_cart_goes_with_its_shipments(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    post = await method(shop, "Post", 500)
    order = await cart(shop, HAT=1)
    await choose(shop.guest, (await shipments(shop.guest, order))[0], post)
    assert len(await shipments(shop.guest, order)) == 1
    await shop.integration.delete(order)
    for type in ("orders", "shipments", "stock_line_items", "line_items"):
        assert await shop.integration.list(type) == []
