"""Bundles and the lists that they are made of: what they cost, hold and take from stock, and whose a list is."""

from typing import Any

import pytest

from tests.acts.shipping import cart, choose, method, shipments
from tests.acts.stock import location, model, stock
from tests.commerce.conftest import ADDRESS, Client, Record, Refused, Shop

DENIED = (401, [("", "UNAUTHORIZED")])


async def refused(asked: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as found:
        await asked
    return found.value.status, found.value.said


async def listed(shop: Shop, name: str, **skus: int) -> Record:
    """A manual list with so many of each sku, by its code."""
    made = await shop.integration.create("sku_lists", name=name)
    for code, quantity in skus.items():
        await shop.integration.create("sku_list_items", {"sku_list": made}, sku_code=code, quantity=quantity)
    return made


async def bundle(shop: Shop, of: Record, cents: int | None = 2500, **given: Any) -> Record:
    related = {"market": shop.market, "sku_list": of}
    given = {"code": "SET", "name": "Set", **given} | ({} if cents is None else {"price_amount_cents": cents})
    return await shop.integration.create("bundles", related, **given)


async def bill(client: Client, order: Record) -> tuple[int, int, list[tuple[str, int, int]]]:
    """What an order costs, its pieces of skus, and code, quantity and total of each line."""
    now = await client.get(order)
    lines = [
        (one["bundle_code"] or one["sku_code"], one["quantity"], one["total_amount_cents"])
        for one in await client.list(f"orders/{order.id}/line_items")
    ]
    assert now["subtotal_amount_cents"] == now["total_amount_cents"] == sum(total for _, _, total in lines)
    return now["total_amount_with_taxes_cents"], now["skus_count"], sorted(lines)


async def test_a_bundle_is_a_line_at_its_own_price_and_holds_what_its_list_says(shop: Shop) -> None:
    hat, scarf = await shop.sku("HAT", 1000), await shop.sku("SCARF", 800, do_not_ship=True)
    pair = await listed(shop, "Winter set", HAT=1, SCARF=2)
    made = await bundle(shop, pair, compare_at_amount_cents=2600)
    told = ("currency_code", "skus_count", "do_not_ship", "do_not_track", "formatted_price_amount")
    assert [made[name] for name in told] == ["EUR", 3, False, False, "€25,00"]
    assert {one.id for one in await shop.guest.list(f"bundles/{made.id}/skus")} == {hat.id, scarf.id}
    read = await shop.guest.send("GET", f"bundles/{made.id}?include=sku_list.sku_list_items.sku")
    assert {one["type"] for one in read["included"]} == {"sku_lists", "sku_list_items", "skus"}
    order = await shop.guest.create("orders", {"market": shop.market})
    line = await shop.guest.create("line_items", {"order": order}, bundle_code="SET", quantity=2)
    names = ("item_type", "bundle_code", "sku_code", "name", "unit_amount_cents", "compare_at_amount_cents")
    assert [line[name] for name in names] == ["bundles", "SET", None, "Set", 2500, 2600]
    found = await shop.guest.get(line, "item,bundle")
    assert found.related("item") == found.related("bundle") == made.link
    await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    assert await bill(shop.guest, order) == (6000, 7, [("HAT", 1, 1000), ("SET", 2, 5000)])
    same = await shop.guest.create("line_items", {"order": order}, bundle_code="SET", quantity=1, _update_quantity=True)
    assert (same.id, same["quantity"]) == (line.id, 3)
    added = await shop.guest.create("line_items", {"order": order, "item": made}, quantity=1)
    assert added.id != line.id
    await shop.guest.delete(added)
    assert await bill(shop.guest, order) == (8500, 10, [("HAT", 1, 1000), ("SET", 3, 7500)])
    # What is in it, and what it costs, is what holds by then.
    (item, _) = sorted(
        await shop.integration.list(f"sku_lists/{pair.id}/sku_list_items"), key=lambda one: one["position"]
    )
    await shop.integration.update(item, quantity=2)
    await shop.integration.update(made, price_amount_cents=3000)
    await shop.guest.update(order, _refresh=True)
    assert await bill(shop.guest, order) == (10000, 13, [("HAT", 1, 1000), ("SET", 3, 9000)])
    await shop.integration.update(line, unit_amount_cents=2000)
    await shop.guest.update(order, _refresh=True)
    assert await bill(shop.guest, order) == (7000, 13, [("HAT", 1, 1000), ("SET", 3, 6000)])
    await shop.integration.update(hat, do_not_ship=True)
    assert (await shop.integration.get(made))["do_not_ship"] is True
    # What a bundle is made of stays.
    for gone in (pair, hat):
        assert (await refused(shop.integration.delete(gone)))[0] == 423
    await shop.integration.delete(item)
    assert (await shop.integration.get(made))["skus_count"] == 2
    (last,) = await shop.integration.list(f"sku_lists/{pair.id}/sku_list_items")
    assert (await refused(shop.integration.delete(last)))[0] == 423
    await shop.integration.delete(hat)
    await shop.integration.delete(made)
    await shop.integration.delete(pair)
    assert await shop.integration.list("sku_list_items") == []


async def test_a_bundle_is_sold_where_it_has_a_price(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    await shop.sku("SCARF", 800)
    await shop.sku("RARE", None)
    pair = await listed(shop, "Set", HAT=1, SCARF=2)
    summed = await bundle(shop, pair, None, _compute_compare_at_amount=True)
    assert (summed["price_amount_cents"], summed["compare_at_amount_cents"]) == (2600, 2600)
    await shop.integration.update(summed, price_amount_cents=2000)
    again = await shop.integration.update(summed, _compute_price_amount=True)
    assert again["price_amount_cents"] == 2600
    # Nor does it cost more than a client might say.
    await shop.sku("CROWN", 10_000_000_000)
    many = await refused(bundle(shop, await listed(shop, "Crowns", CROWN=2), None, code="CROWNS"))
    assert many == (422, [("/data/attributes/price_amount_cents", "less_than_or_equal_to")])
    rare = await listed(shop, "Rare", HAT=1, RARE=1)
    assert await refused(bundle(shop, rare, None, code="RARE")) == (
        422,
        [("/data/attributes/price_amount_cents", "no_price")],
    )
    nowhere = shop.integration.create("bundles", {"sku_list": pair}, code="X", name="X", currency_code="EUR")
    assert await refused(nowhere) == (422, [("/data/attributes/price_amount_cents", "blank")])
    nothing = shop.integration.create("bundles", {"sku_list": pair}, code="X", name="X", price_amount_cents=1)
    assert await refused(nothing) == (422, [("/data/attributes/currency_code", "blank")])
    other = await refused(bundle(shop, pair, 1, code="X", currency_code="USD"))
    assert other == (422, [("/data/attributes/currency_code", "currency_mismatch")])
    dollars = {"code": "USD", "name": "X", "currency_code": "USD", "price_amount_cents": 1}
    await shop.integration.create("bundles", {"sku_list": pair}, **dollars)
    euros = {"code": "EUR", "name": "X", "currency_code": "EUR", "price_amount_cents": 1}
    await shop.integration.create("bundles", {"sku_list": pair}, **euros)
    assert {one["code"] for one in await shop.guest.list("bundles")} == {"SET", "EUR"}
    order = await shop.guest.create("orders", {"market": shop.market})
    for code, error in (("USD", "no_price"), ("NONE", "noent_bundle")):
        adding = shop.guest.create("line_items", {"order": order}, bundle_code=code, quantity=1)
        assert await refused(adding) == (422, [("/data/attributes/bundle_code", error)])
    expression = await shop.integration.create("sku_lists", name="All", manual=False, sku_code_regex=".")
    assert await refused(bundle(shop, expression, code="X")) == (422, [("/data/relationships/sku_list", "invalid")])
    assert await refused(bundle(shop, pair)) == (422, [("/data/attributes/code", "taken")])
    assert await bill(shop.guest, order) == (0, 0, [])


async def test_a_bundle_takes_the_stock_of_its_skus(shop: Shop) -> None:
    hat, scarf, here = await shop.sku("HAT", 1000), await shop.sku("SCARF", 800), await location(shop, "Milano")
    await shop.sku("SONG", 100, do_not_track=True)
    await model(shop, here)
    held = [await stock(shop, hat, here, 5), await stock(shop, scarf, here, 4)]
    await bundle(shop, await listed(shop, "Set", HAT=1, SCARF=2, SONG=1))
    order = await shop.guest.create("orders", {"market": shop.market}, customer_email="ada@example.com")
    short = (422, [("/data/attributes/quantity", "out_of_stock")])
    adding = shop.guest.create("line_items", {"order": order}, bundle_code="SET", quantity=3)
    assert await refused(adding) == short
    line = await shop.guest.create("line_items", {"order": order}, bundle_code="SET", quantity=1)
    await shop.guest.create("line_items", {"order": order}, sku_code="SCARF", quantity=1)
    assert await refused(shop.guest.update(line, quantity=2)) == short
    adding = shop.guest.create("line_items", {"order": order}, bundle_code="SET", quantity=1, _update_quantity=True)
    assert await refused(adding) == short
    # Less came to be there meanwhile: it is not placed. What is there is reserved, and given back or taken, in whole.
    await shop.integration.update(held[1], quantity=2)
    await payable(shop, order)
    said = await refused(shop.integration.update(order, _place=True))
    assert said == (422, [("/data/relationships/line_items", "out_of_stock")])
    await shop.integration.update(held[1], quantity=4)
    for trigger, left in (("_cancel", [5, 4]), ("_approve", [4, 1])):
        placed = await shop.integration.update(order, _place=True)
        assert (placed["status"], placed["skus_count"], placed["total_amount_with_taxes_cents"]) == ("placed", 5, 0)
        other = await shop.guest.create("orders", {"market": shop.market}, customer_email="ada@example.com")
        adding = shop.guest.create("line_items", {"order": other}, bundle_code="SET", quantity=1)
        assert await refused(adding) == short
        await shop.integration.update(order, **{trigger: True})
        assert [(await shop.integration.get(one))["quantity"] for one in held] == left
        if trigger == "_cancel":
            order = other
            for given in ({"bundle_code": "SET"}, {"sku_code": "SCARF"}):
                await shop.guest.create("line_items", {"order": order}, quantity=1, **given)
            await payable(shop, order)


async def test_the_skus_of_a_bundle_are_shipped(shop: Shop) -> None:
    for code, attributes in (("HAT", {}), ("SCARF", {}), ("SONG", {"do_not_ship": True})):
        await shop.sku(code, 1000, **attributes)
    await bundle(shop, await listed(shop, "Set", HAT=1, SCARF=2, SONG=1))
    way = await method(shop, "Express", 700)
    order = await cart(shop, HAT=1)
    line = await shop.guest.create("line_items", {"order": order}, bundle_code="SET", quantity=2)
    (shipment,) = await shipments(shop.guest, order)
    assert shipment["skus_count"] == 7
    answer = await shop.guest.get(order, "shipments.stock_line_items.line_item")
    held = [Record(one) for one in answer.included if one["type"] == "stock_line_items"]
    assert sorted((one["sku_code"], one["bundle_code"] or "", one["quantity"]) for one in held) == [
        ("HAT", "", 1),
        ("HAT", "SET", 2),
        ("SCARF", "SET", 4),
    ]
    await choose(shop.guest, shipment, way)
    now = await shop.guest.get(order)
    told = ("subtotal_amount_cents", "shipping_amount_cents", "total_amount_with_taxes_cents", "skus_count")
    assert [now[name] for name in told] == [6000, 700, 6700, 9]
    await shop.guest.delete(line)
    assert [one["skus_count"] for one in await shipments(shop.guest, order)] == [1]


async def payable(shop: Shop, order: Record) -> None:
    """Have an order cost nothing, and lack nothing else."""
    free = await shop.integration.create("adjustments", name="Free", currency_code="EUR", amount_cents=-10000)
    await shop.integration.create("line_items", {"order": order, "item": free}, quantity=1)
    address = await shop.integration.create("addresses", **ADDRESS)
    await shop.integration.update(order, {"billing_address": address, "shipping_address": address})


async def test_a_list_is_manual_or_by_an_expression(shop: Shop) -> None:
    hat, cap = await shop.sku("HAT-1", 1000), await shop.sku("CAP-1", 500)
    hats = await shop.integration.create("sku_lists", name="All hats!", manual=False, sku_code_regex="^HAT")
    manual = await listed(shop, "All hats!", **{"CAP-1": 3})
    assert (hats["slug"], manual["slug"], manual["manual"]) == ("all-hats", f"all-hats-{manual.id}", True)

    async def held() -> list[set[str]]:
        return [
            {one["code"] for one in await shop.integration.list(f"sku_lists/{of.id}/skus")} for of in (hats, manual)
        ]

    assert await held() == [{"HAT-1"}, {"CAP-1"}]
    later = await shop.sku("HATBOX", 100)
    await shop.integration.update(hat, code="BERET")
    await shop.integration.update(cap, code="CAP-2")
    assert await held() == [{"HATBOX"}, {"CAP-2"}]
    (item,) = await shop.integration.list("sku_list_items?filter[q][quantity_eq]=3")
    assert (item["sku_code"], item["position"]) == ("CAP-2", 1)
    assert [one.id for one in await shop.integration.list(f"skus/{later.id}/sku_lists")] == [hats.id]
    assert [one.id for one in await shop.integration.list(f"skus/{cap.id}/sku_lists")] == [manual.id]
    assert [one.id for one in await shop.integration.list(f"skus?filter[q][sku_lists_id_eq]={hats.id}")] == [later.id]
    for asked, found in (("eq]=CAP-2", manual), ("start]=HATB", hats), ("in]=HATBOX,NONE", hats), ("end]=-2", manual)):
        assert [one.id for one in await shop.integration.list(f"sku_lists?filter[q][sku_code_{asked}")] == [found.id]
    await shop.integration.update(hats, sku_code_regex="BER|CAP")
    assert await held() == [{"BERET", "CAP-2"}, {"CAP-2"}]
    await shop.integration.delete(later)
    for given, pointer, error in (
        ({"manual": False}, "sku_code_regex", "blank"),
        ({"manual": False, "sku_code_regex": "("}, "sku_code_regex", "invalid"),
        ({"sku_code_regex": "A"}, "sku_code_regex", "invalid"),
    ):
        said = await refused(shop.integration.create("sku_lists", name="Odd", **given))
        assert said == (422, [(f"/data/attributes/{pointer}", error)])
    adding = shop.integration.create("sku_list_items", {"sku_list": hats}, sku_code="BERET")
    assert await refused(adding) == (422, [("/data/relationships/sku_list", "invalid")])
    adding = shop.integration.create("sku_list_items", {"sku_list": manual}, sku_code="NONE")
    assert await refused(adding) == (422, [("/data/attributes/sku_code", "noent_sku")])
    adding = shop.integration.create("sku_list_items", {"sku_list": manual})
    assert await refused(adding) == (422, [("/data/relationships/sku", "blank")])
    turned = shop.integration.update(manual, manual=False, sku_code_regex="A")
    assert await refused(turned) == (422, [("/data/attributes/manual", "not_editable")])
    await shop.integration.update(hats, manual=True)
    assert await held() == [set(), {"CAP-2"}]
    for one in (hats, manual, cap, hat):
        await shop.integration.delete(one)


async def test_shoppers_keep_lists_of_their_own_and_read_the_shops(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    shops = await listed(shop, "Set", HAT=1)
    (item,) = await shop.integration.list(f"sku_lists/{shops.id}/sku_list_items")
    ada, eve = [await shop.integration.create("customers", email=f"{one}@example.com") for one in ("ada", "eve")]
    hers = await shop.signed_in(ada).create("sku_lists", name="Wishes")
    wish = await shop.signed_in(ada).create("sku_list_items", {"sku_list": hers}, sku_code="HAT")
    assert [one.id for one in await shop.integration.list(f"customers/{ada.id}/sku_lists")] == [hers.id]
    guests = await shop.guest.create("sku_lists", name="Mine")
    await shop.guest.create("sku_list_items", {"sku_list": guests}, sku_code="HAT", quantity=4)
    assert [one.id for one in await shop.signed_in(ada).list("sku_lists")] == [hers.id]
    assert await shop.signed_in(eve).list("sku_lists") == []
    assert await refused(shop.guest.list("sku_lists")) == DENIED
    for stranger in (shop.guest, shop.signed_in(eve)):
        assert (await stranger.get(shops))["name"] == "Set"
        for theirs in (hers, wish):
            assert await refused(stranger.get(theirs)) == DENIED
        for theirs in (hers, wish, shops, item):
            assert await refused(stranger.update(theirs, reference="x")) == DENIED
            assert await refused(stranger.delete(theirs)) == DENIED
        adding = stranger.create("sku_list_items", {"sku_list": shops}, sku_code="HAT")
        assert await refused(adding) == DENIED
    wide = shop.guest.create("sku_lists", name="All", manual=False, sku_code_regex=".")
    assert await refused(wide) == (422, [("/data/attributes/manual", "inclusion")])
    given_away = shop.signed_in(ada).update(hers, {"customer": None})
    assert await refused(given_away) == (422, [("/data/relationships/customer", "not_editable")])
    # Nothing that a shopper may change is sold by the shop.
    assert await refused(bundle(shop, guests)) == (422, [("/data/relationships/sku_list", "invalid")])
    await shop.signed_in(ada).update(wish, quantity=2)
    await shop.integration.delete(ada)
    assert {one.id for one in await shop.integration.list("sku_lists")} == {shops.id, guests.id}
