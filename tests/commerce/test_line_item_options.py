"""Options of lines, and adjustments: what they are for, what they cost, and who may write them."""

from typing import Any

import pytest

from tests.commerce.conftest import Client, Record, Refused, Shop


async def refused(asked: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as found:
        await asked
    return found.value.status, found.value.said


DENIED = (401, [("", "UNAUTHORIZED")])


async def option(shop: Shop, cents: int = 250, **given: Any) -> Record:
    return await shop.integration.create("sku_options", {"market": shop.market}, price_amount_cents=cents, **given)


async def chosen(client: Client, line: Record, of: Record, quantity: int = 1, **given: Any) -> Record:
    related = {"line_item": line, "sku_option": of}
    given = {"options": {"text": "Ciao"}, **given}
    return await client.create("line_item_options", related, quantity=quantity, **given)


async def bill(client: Client, order: Record) -> tuple[int, int, list[tuple[int, int]]]:
    """What an order costs, how many options it has, and options and total of each line; the parts sum to the whole."""
    lines = await client.list(f"orders/{order.id}/line_items")
    for line in lines:
        goods = line["unit_amount_cents"] * line["quantity"]
        assert line["total_amount_cents"] == goods + line["options_amount_cents"]
        own = await client.list(f"line_items/{line.id}/line_item_options")
        assert sum(one["total_amount_cents"] for one in own) == line["options_amount_cents"]
        assert all(one["total_amount_cents"] == one["unit_amount_cents"] * one["quantity"] for one in own)
    now = await client.get(order)
    assert now["total_amount_cents"] == now["total_amount_with_taxes_cents"] == now["subtotal_amount_cents"]
    assert now["subtotal_amount_cents"] == sum(line["total_amount_cents"] for line in lines)
    of_lines = sorted((line["options_amount_cents"], line["total_amount_cents"]) for line in lines)
    return now["total_amount_with_taxes_cents"], now["line_item_options_count"], of_lines


async def test_options_cost_beside_what_their_line_costs(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    await shop.sku("CAP", 500)
    embossing = await option(shop, name="Embossing", delay_hours=36)
    assert {name: embossing[name] for name in ("currency_code", "delay_days", "formatted_price_amount")} == {
        "currency_code": "EUR",
        "delay_days": 2,
        "formatted_price_amount": "€2,50",
    }
    order = await shop.guest.create("orders", {"market": shop.market})
    line = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=3)
    await shop.guest.create("line_items", {"order": order}, sku_code="CAP", quantity=1)
    first = await chosen(shop.guest, line, embossing, 2)
    told = ("name", "currency_code", "unit_amount_cents", "total_amount_cents", "delay_hours", "delay_days", "options")
    assert [first[name] for name in told] == ["Embossing", "EUR", 250, 500, 36, 2, {"text": "Ciao"}]
    assert await bill(shop.guest, order) == (4000, 2, [(0, 500), (500, 3500)])
    read = await shop.guest.send("GET", f"orders/{order.id}?include=line_items.line_item_options.sku_option")
    assert {one["type"] for one in read["included"]} == {"line_items", "line_item_options", "sku_options"}
    second = await chosen(shop.guest, line, embossing, options={"text": "Two"}, name="Mine")
    assert await bill(shop.guest, order) == (4250, 3, [(0, 500), (750, 3750)])
    assert second["name"] == "Mine"
    await shop.guest.update(first, quantity=5)
    assert await bill(shop.guest, order) == (5000, 6, [(0, 500), (1500, 4500)])
    # A line with options is not the same as one without.
    again = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1, _update_quantity=True)
    assert again.id != line.id
    assert await bill(shop.guest, order) == (6000, 6, [(0, 500), (0, 1000), (1500, 4500)])
    same = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1, _update_quantity=True)
    assert (same.id, same["quantity"]) == (again.id, 2)
    await shop.guest.delete(same)
    # What an option costs is what its sku option costs by then, unless an integration fixed it.
    await shop.integration.update(second, unit_amount_cents=100)
    await shop.integration.update(embossing, price_amount_cents=300)
    await shop.guest.update(order, _refresh=True)
    assert await bill(shop.guest, order) == (5100, 6, [(0, 500), (1600, 4600)])
    await shop.integration.update(second, unit_amount_cents=None)
    assert await bill(shop.guest, order) == (5300, 6, [(0, 500), (1800, 4800)])
    await shop.guest.delete(first)
    assert await bill(shop.guest, order) == (3800, 1, [(0, 500), (300, 3300)])
    assert await refused(shop.integration.delete(embossing)) == (423, [("", "LOCKED")])
    await shop.guest.delete(line)
    assert await bill(shop.guest, order) == (500, 0, [(0, 500)])
    assert await shop.integration.list("line_item_options") == []
    # An order goes with its options.
    (left,) = await shop.guest.list(f"orders/{order.id}/line_items")
    await chosen(shop.guest, left, embossing)
    await shop.integration.delete(order)
    assert await shop.integration.list("line_item_options") == []
    await shop.integration.delete(embossing)


async def test_options_are_summed_also_where_an_order_does_not_refresh_by_itself(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    embossing = await option(shop, name="Embossing")
    order = await shop.guest.create("orders", {"market": shop.market}, autorefresh=False)
    line = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    made = await chosen(shop.guest, line, embossing, 2)
    assert (await shop.guest.get(line))["total_amount_cents"] == 1500
    await shop.guest.update(made, quantity=1)
    assert (await shop.guest.get(line))["total_amount_cents"] == 1250
    assert (await shop.guest.get(order))["total_amount_cents"] == 0
    await shop.guest.update(order, _refresh=True)
    assert await bill(shop.guest, order) == (1250, 1, [(250, 1250)])


async def test_an_option_is_for_the_skus_that_its_expression_matches_in_its_market(shop: Shop) -> None:
    hat, cap = await shop.sku("HAT-1", 1000), await shop.sku("CAP-1", 500)
    hats, every = await option(shop, name="Hats", sku_code_regex="^HAT"), await option(shop, name="Every")
    foreign = await refused(option(shop, name="Other", currency_code="USD"))
    assert foreign == (422, [("/data/attributes/currency_code", "currency_mismatch")])
    dollars = await shop.integration.create("sku_options", name="Dollars", currency_code="USD")
    euros = await shop.integration.create("sku_options", name="Euros", currency_code="EUR", sku_code_regex="-1$")

    async def of(client: Client, sku: Record) -> set[str]:
        return {one["name"] for one in await client.list(f"skus/{sku.id}/sku_options")}

    assert await of(shop.guest, hat) == {"Hats", "Every", "Euros"}
    assert await of(shop.guest, cap) == {"Every", "Euros"}
    assert await of(shop.integration, cap) == {"Every", "Euros", "Dollars"}
    assert {one["name"] for one in await shop.guest.list("sku_options")} == {"Hats", "Every", "Euros"}
    read = await shop.guest.send("GET", f"skus/{hat.id}?include=sku_options")
    assert {one["attributes"]["name"] for one in read["included"]} == {"Hats", "Every", "Euros"}
    # Expressions and codes that change are followed.
    await shop.integration.update(hats, sku_code_regex="^(HAT|CAP)")
    later = await shop.sku("HATBOX", 100)
    await shop.integration.update(hat, code="BERET")
    found = [await of(shop.guest, sku) for sku in (hat, cap, later)]
    assert found == [{"Every"}, {"Hats", "Every", "Euros"}, {"Hats", "Every"}]
    await shop.integration.update(hats, sku_code_regex=None)
    assert await of(shop.guest, hat) == {"Hats", "Every"}
    await shop.integration.update(hats, sku_code_regex="^HAT")
    order = await shop.guest.create("orders", {"market": shop.market})
    line = await shop.guest.create("line_items", {"order": order}, sku_code="CAP-1", quantity=1)
    invalid = (422, [("/data/relationships/sku_option", "invalid")])
    assert await refused(chosen(shop.guest, line, hats)) == invalid
    assert await refused(chosen(shop.integration, line, dollars)) == invalid
    made = await chosen(shop.guest, line, euros)
    assert await refused(shop.guest.update(made, {"sku_option": hats})) == invalid
    other = shop.guest.update(line, sku_code="BERET")
    assert await refused(other) == (422, [("/data/attributes/sku_code", "invalid")])
    moved = await shop.guest.update(made, {"sku_option": every})
    assert (moved["name"], moved["unit_amount_cents"]) == ("Every", 250)
    assert (await shop.guest.update(line, sku_code="BERET"))["options_amount_cents"] == 250
    assert await bill(shop.guest, order) == (1250, 1, [(250, 1250)])
    for given, error in (
        ({"name": "Odd", "currency_code": "XXQ"}, "/data/attributes/currency_code"),
        ({"name": "Odd"}, "/data/attributes/currency_code"),
        ({"name": "Odd", "currency_code": "EUR", "sku_code_regex": "(?=A)"}, "/data/attributes/sku_code_regex"),
    ):
        ((pointer, _),) = (await refused(shop.integration.create("sku_options", **given)))[1]
        assert pointer == error
    await shop.integration.delete(cap)
    await shop.integration.delete(euros)


async def test_shoppers_write_the_options_of_their_own_carts_at_the_price_of_the_shop(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    embossing = await option(shop, name="Embossing")
    ada, eve = [await shop.integration.create("customers", email=f"{name}@example.com") for name in ("ada", "eve")]
    order = await shop.signed_in(ada).create("orders", {"market": shop.market})
    line = await shop.signed_in(ada).create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    made = await chosen(shop.signed_in(ada), line, embossing)
    for stranger in (shop.guest, shop.signed_in(eve)):
        assert await refused(chosen(stranger, line, embossing)) == (
            422,
            [("/data/relationships/line_item", "blank")],
        )
        assert await refused(stranger.get(made)) == DENIED
        assert await refused(stranger.update(made, quantity=2)) == DENIED
        assert await refused(stranger.delete(made)) == DENIED
    assert await refused(shop.guest.list("line_item_options")) == DENIED
    assert await shop.signed_in(eve).list("line_item_options") == []
    assert [one.id for one in await shop.signed_in(ada).list("line_item_options")] == [made.id]
    # The price is the shop's to say, and what there is of an option has to be something.
    given = chosen(shop.signed_in(ada), line, embossing, unit_amount_cents=1)
    assert await refused(given) == DENIED
    assert await refused(shop.signed_in(ada).update(made, unit_amount_cents=1)) == DENIED
    for quantity, error in ((0, "greater_than_or_equal_to"), (-3, "greater_than_or_equal_to")):
        assert await refused(chosen(shop.signed_in(ada), line, embossing, quantity)) == (
            422,
            [("/data/attributes/quantity", error)],
        )
        assert await refused(shop.signed_in(ada).update(line, quantity=quantity)) == (
            422,
            [("/data/attributes/quantity", error)],
        )
    said = await refused(shop.integration.create("line_item_options", {"line_item": line}, quantity=1))
    assert set(said[1]) == {("/data/relationships/sku_option", "blank"), ("/data/attributes/options", "blank")}
    # Past editing nothing is added, taken away or changed but what is harmless.
    await shop.put(order, status="placed", placed_at="2023-11-14T22:13:20.000Z")
    for client, status in ((shop.signed_in(ada), 401), (shop.integration, 422)):
        assert (await refused(chosen(client, line, embossing)))[0] == status
        assert (await refused(client.update(made, quantity=2)))[0] == status
        assert (await refused(client.delete(made)))[0] == status
    await shop.integration.update(made, metadata={"seen": True})
    assert (await shop.integration.get(made))["quantity"] == 1


async def test_an_adjustment_is_the_item_of_a_line_of_either_sign(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    order = await shop.guest.create("orders", {"market": shop.market})
    await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    fee = await shop.integration.create("adjustments", name="Wrapping", currency_code="EUR", amount_cents=300)
    assert (fee["distribute_discount"], fee["formatted_amount"]) == (True, "€3,00")
    line = await shop.integration.create("line_items", {"order": order, "item": fee}, quantity=1)
    told = [line[name] for name in ("item_type", "name", "unit_amount_cents", "total_amount_cents")]
    assert told == ["adjustments", "Wrapping", 300, 300]
    found = await shop.integration.get(line, "item")
    assert found.related("item") == fee.link

    async def sums() -> tuple[int, int, int]:
        now = await shop.guest.get(order)
        names = ("subtotal_amount_cents", "adjustment_amount_cents", "total_amount_with_taxes_cents")
        return tuple(now[name] for name in names)

    assert await sums() == (1000, 300, 1300)
    # The line follows its adjustment; below nothing there is nothing to pay.
    await shop.integration.update(fee, amount_cents=-400)
    await shop.guest.update(order, _refresh=True)
    assert await sums() == (1000, -400, 600)
    await shop.integration.update(fee, amount_cents=-4000)
    await shop.guest.update(order, _refresh=True)
    assert await sums() == (1000, -4000, 0)
    assert (await shop.guest.get(order))["total_amount_cents"] == -3000
    # It is not the shopper's to take away, to multiply, or to make.
    assert await refused(shop.guest.delete(line)) == DENIED
    assert await refused(shop.guest.update(line, quantity=9)) == DENIED
    added = shop.guest.create("line_items", {"order": order, "item": fee}, quantity=1)
    assert await refused(added) == (422, [("/data/relationships/item", "blank")])
    assert await refused(shop.guest.list("adjustments")) == DENIED
    assert await refused(shop.guest.get(fee)) == DENIED
    embossing = await option(shop, name="Embossing")
    assert await refused(chosen(shop.integration, line, embossing)) == (
        422,
        [("/data/relationships/line_item", "invalid")],
    )
    dollars = await shop.integration.create("adjustments", name="USD", currency_code="USD", amount_cents=-1)
    added = shop.integration.create("line_items", {"order": order, "item": dollars}, quantity=1)
    assert await refused(added) == (422, [("/data/relationships/item", "currency_mismatch")])
    external = shop.integration.create("line_items", {"order": order}, sku_code="HAT", quantity=1, _external_price=True)
    assert await refused(external) == (422, [("/data/attributes/_external_price", "not_served")])
    await shop.integration.delete(line)
    assert await sums() == (1000, 0, 1000)


async def test_a_price_that_an_integration_fixed_is_that_of_one_item_and_one_option(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    await shop.sku("CROWN", 90000)
    cheap, dear = await option(shop, 100, name="Cheap"), await option(shop, 5000, name="Dear")
    order = await shop.guest.create("orders", {"market": shop.market})
    line = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    made = await chosen(shop.guest, line, cheap)
    await shop.integration.update(made, unit_amount_cents=0)
    await shop.integration.update(line, unit_amount_cents=1)
    await shop.guest.update(made, {"sku_option": cheap}, quantity=2)
    await shop.guest.update(line, sku_code="HAT", quantity=2)
    assert await bill(shop.guest, order) == (2, 2, [(0, 2)])
    # What a shopper takes instead costs what it costs.
    await shop.guest.update(made, {"sku_option": dear})
    assert await bill(shop.guest, order) == (10002, 2, [(10000, 10002)])
    await shop.guest.update(line, sku_code="CROWN")
    assert await bill(shop.guest, order) == (190000, 2, [(10000, 190000)])
    await shop.guest.update(order, _refresh=True)
    assert await bill(shop.guest, order) == (190000, 2, [(10000, 190000)])
    # An integration may say both at once.
    await shop.integration.update(made, {"sku_option": cheap}, unit_amount_cents=7)
    await shop.integration.update(line, sku_code="HAT", unit_amount_cents=3)
    assert await bill(shop.guest, order) == (20, 2, [(14, 20)])


async def test_a_cart_keeps_to_its_market_while_it_holds_what_that_alone_sells(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    related = {"merchant": shop.merchant, "price_list": shop.price_list}
    other = await shop.integration.create("markets", related, name="Other", code="other")
    here = await option(shop, 0, name="Here")
    anywhere = await shop.integration.create("sku_options", name="Anywhere", currency_code="EUR")
    order = await shop.integration.create("orders", {"market": shop.market}, autorefresh=False)
    line = await shop.integration.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    made = await chosen(shop.integration, line, here)
    moving = shop.integration.update(order, {"market": other})
    assert await refused(moving) == (422, [("/data/relationships/market", "no_price")])
    await shop.integration.update(made, {"sku_option": anywhere})
    await shop.integration.update(order, {"market": other})
    await shop.integration.update(order, {"market": shop.market})
    held = await shop.integration.create("sku_lists", name="Set")
    sku = {"type": "skus", "id": (await shop.integration.list("skus"))[0].id}
    await shop.integration.create("sku_list_items", {"sku_list": held, "sku": sku})
    set_ = {"code": "SET", "name": "Set", "price_amount_cents": 500}
    await shop.integration.create("bundles", {"sku_list": held, "market": shop.market}, **set_)
    await shop.integration.create("line_items", {"order": order}, bundle_code="SET", quantity=1)
    moving = shop.integration.update(order, {"market": other})
    assert await refused(moving) == (422, [("/data/relationships/market", "no_price")])
