"""What changes while carts are open: they are priced, taxed and sent by what holds when they are placed."""

from typing import Any

import pytest

from paydesk.base.instants import instant
from tests.acts.shipping import cart, choose, method, shipments
from tests.commerce.conftest import ADDRESS, NOW, Record, Refused, Shop

PARIS = {"city": "Paris", "zip_code": "75001", "state_code": None, "country_code": "FR"}


async def refused(asked: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as found:
        await asked
    assert found.value.status == 422
    return [(one["source"]["pointer"], f"{one['meta']['error']}: {one['detail']}") for one in found.value.errors]


async def market(shop: Shop, name: str, *, included: bool = True) -> tuple[Record, Record]:
    """Another market in euros, and its price list."""
    given = {"name": name, "currency_code": "EUR", "tax_included": included}
    prices = await shop.integration.create("price_lists", **given)
    related = {"merchant": shop.merchant, "price_list": prices}
    return await shop.integration.create("markets", related, name=name), prices


async def unpaid(shop: Shop, order: Record) -> list[tuple[str, str]]:
    """What else stands against placing an order that nobody has said how to pay."""
    said = await refused(shop.integration.update(order, _place=True))
    assert (await shop.integration.get(order))["status"] == "pending"
    return [one for one in said if one[0] != "/data/relationships/payment_method"]


async def test_a_line_without_a_price_in_its_market_is_neither_taken_along_nor_placed(shop: Shop) -> None:
    await shop.sku("HAT", 1000, do_not_ship=True)
    await shop.sku("CAP", 500, do_not_ship=True)
    other, prices = await market(shop, "Outlet")
    await shop.integration.create("prices", {"price_list": prices}, sku_code="CAP", amount_cents=300)
    order = await cart(shop, HAT=2, CAP=1)
    moving = shop.integration.update(order, {"market": other})
    said = "no_price: market - does not sell HAT of the order's line items"
    assert await refused(moving) == [("/data/relationships/market", said)]
    now = await shop.integration.get(order, "market")
    assert (now.related("market")["id"], now["total_amount_cents"]) == (shop.market.id, 2500)
    # An amount that an integration has fixed holds in every market of its currency.
    (line,) = [one for one in await shop.integration.list(f"orders/{order.id}/line_items") if one["sku_code"] == "HAT"]
    await shop.integration.update(line, unit_amount_cents=900)
    await shop.integration.update(order, {"market": other})
    assert (await shop.integration.get(order))["total_amount_cents"] == 2 * 900 + 300
    assert await unpaid(shop, order) == []
    # A price that is gone by the time it is placed stands against it; the cart shows the last one meanwhile.
    (cap,) = await shop.integration.list(f"price_lists/{prices.id}/prices")
    await shop.integration.delete(cap)
    gone = [("/data/relationships/line_items", "no_price: line_items - CAP has no price in this market")]
    assert await unpaid(shop, order) == gone
    assert (await shop.integration.get(order))["total_amount_cents"] == 2 * 900 + 300
    await shop.integration.create("prices", {"price_list": prices}, sku_code="CAP", amount_cents=350)
    assert await unpaid(shop, order) == []
    assert (await shop.integration.update(order))["total_amount_cents"] == 2 * 900 + 350


async def test_bundles_and_options_that_are_sold_elsewhere_by_now_stand_against_placing(shop: Shop) -> None:
    await shop.sku("HAT", 1000, do_not_ship=True)
    other, _ = await market(shop, "Outlet")
    held = await shop.integration.create("sku_lists", name="Pair")
    await shop.integration.create("sku_list_items", {"sku_list": held}, sku_code="HAT", quantity=2)
    given = {"code": "PAIR", "name": "Pair", "price_amount_cents": 1800}
    pair = await shop.integration.create("bundles", {"market": shop.market, "sku_list": held}, **given)
    wrap = await shop.integration.create("sku_options", {"market": shop.market}, name="Wrap", price_amount_cents=50)
    order = await cart(shop, HAT=1)
    (line,) = await shop.integration.list(f"orders/{order.id}/line_items")
    await shop.guest.create("line_items", {"order": order}, bundle_code="PAIR", quantity=1)
    await shop.guest.create("line_item_options", {"line_item": line, "sku_option": wrap}, quantity=1, options={"a": 1})
    assert await unpaid(shop, order) == []
    assert (await shop.integration.get(order))["total_amount_cents"] == 1000 + 1800 + 50

    def gone(name: str) -> tuple[str, str]:
        return "/data/relationships/line_items", f"no_price: line_items - {name} has no price in this market"

    await shop.integration.update(wrap, {"market": other})
    assert await unpaid(shop, order) == [gone("Wrap")]
    await shop.integration.delete(pair)
    assert await unpaid(shop, order) == [gone("PAIR"), gone("Wrap")]
    await shop.integration.update(wrap, {"market": shop.market})
    assert await unpaid(shop, order) == [gone("PAIR")]


async def test_a_cart_takes_up_whether_prices_contain_taxes(shop: Shop) -> None:
    calculator = await shop.integration.create("manual_tax_calculators", name="Taxes")
    related = {"manual_tax_calculator": calculator}
    await shop.integration.create("tax_rules", related, name="IT", country_code_regex="^IT$", tax_rate=0.2)
    await shop.integration.update(shop.market, {"tax_calculator": calculator})
    await shop.sku("HAT", 1200, do_not_ship=True)
    order = await cart(shop, HAT=1)

    async def bill() -> tuple[bool, int, int]:
        now = await shop.integration.get(order)
        return now["tax_included"], now["total_tax_amount_cents"], now["total_amount_with_taxes_cents"]

    assert await bill() == (True, 200, 1200)
    await shop.integration.update(shop.price_list, tax_included=False)
    assert await bill() == (True, 200, 1200)
    await shop.guest.update(order)
    assert await bill() == (False, 240, 1440)
    await shop.integration.update(shop.price_list, tax_included=True)
    await shop.integration.update(order, autorefresh=False)
    # What does not refresh by itself does before it is placed, or rather before anything is said against that.
    said = await refused(shop.integration.update(order, _place=True))
    assert [pointer for pointer, _ in said] == ["/data/relationships/payment_method"]
    await shop.integration.update(order, _refresh=True)
    assert await bill() == (True, 200, 1200)
    # The market may have another list, too; and what a list says of taxes is its markets' from then on.
    net = await shop.integration.create("price_lists", name="Net", currency_code="EUR", tax_included=False)
    await shop.integration.create("prices", {"price_list": net}, sku_code="HAT", amount_cents=1000)
    await shop.integration.update(shop.market, {"price_list": net})
    await shop.integration.update(order, _refresh=True)
    assert await bill() == (False, 200, 1200)


async def test_an_address_that_is_changed_in_place_counts_when_its_order_is_placed(shop: Shop) -> None:
    calculator = await shop.integration.create("manual_tax_calculators", name="Taxes")
    for country, rate in (("IT", 0.2), ("FR", 0.1)):
        related = {"manual_tax_calculator": calculator}
        rule = {"name": country, "country_code_regex": f"^{country}$", "tax_rate": rate}
        await shop.integration.create("tax_rules", related, **rule)
    await shop.integration.update(shop.market, {"tax_calculator": calculator})
    italy = await shop.integration.create("shipping_zones", name="Italy", country_code_regex="^IT$")
    post = await method(shop, "Post", 500, {"shipping_zone": italy})
    await method(shop, "Anywhere", 900)
    await shop.sku("HAT", 1100)
    order = await cart(shop, HAT=1)
    (shipment,) = await shipments(shop.guest, order)
    await choose(shop.guest, shipment, post)
    order = await shop.guest.get(order, "shipping_address,billing_address")
    assert (order["total_amount_with_taxes_cents"], order["total_tax_amount_cents"]) == (1600, 183)
    (goal,) = [one for one in order.included if one["id"] == order.related("shipping_address")["id"]]
    await shop.guest.update(Record(goal), **PARIS)
    assert (await shop.guest.get(order))["country_code"] == "FR"
    # Nobody brings what Italian post sends to Paris; and taxes are those of Paris.
    said = f"shipping_method: shipments - {shipment['number']} has no shipping method"
    assert await unpaid(shop, order) == [("/data/relationships/shipments", said)]
    await shop.guest.update(order)
    now = await shop.guest.get(order)
    assert (now["total_amount_with_taxes_cents"], now["total_tax_amount_cents"]) == (1100, 100)
    (shipment,) = await shipments(shop.guest, order, "shipments.shipping_method")
    assert shipment.related("shipping_method") is None
    # Nor is an order sent out of the country that it is locked to, whichever of both is written.
    lock = (
        "/data/relationships/shipping_address",
        "invalid: shipping_address - is not in the country the order is locked to",
    )
    assert await refused(shop.guest.update(order, shipping_country_code_lock="IT")) == [lock]
    await shop.guest.update(order, shipping_country_code_lock="FR")
    await shop.guest.update(Record(goal), **{name: ADDRESS[name] for name in PARIS})
    assert lock in await unpaid(shop, order)


async def test_what_only_the_price_list_of_the_hour_sells_is_shown_and_what_it_replaces_is_not(shop: Shop) -> None:
    hat, cap = await shop.sku("HAT", None), await shop.sku("CAP", 500)
    later, _ = await market(shop, "Closed")

    async def sale(name: str, of: Record, starts: int, code: str, cents: int) -> Record:
        prices = await shop.integration.create("price_lists", name=name, currency_code="EUR")
        await shop.integration.create("prices", {"price_list": prices}, sku_code=code, amount_cents=cents)
        when = {"name": name, "starts_at": instant(NOW - starts), "expires_at": instant(NOW + 3600)}
        return await shop.integration.create("price_list_schedulers", {"market": of, "price_list": prices}, **when)

    async def shown() -> tuple[list[str], list[int]]:
        """What shoppers of the market are shown, and those of any market alike."""
        found = []
        for guest in (shop.guest, shop.caller("sales_channel")):
            skus = sorted(one["code"] for one in await guest.list("skus"))
            cents = sorted(one["amount_cents"] for one in await guest.list("prices"))
            related = [await guest.list(f"skus/{one.id}/prices") for one in (hat, cap) if one["code"] in skus]
            assert sorted(one["amount_cents"] for each in related for one in each) == cents
            found.append((skus, cents))
        assert found[0] == found[1]
        return found[0]

    assert await shown() == (["CAP"], [500])
    first = await sale("Sale", shop.market, 60, "HAT", 700)
    assert await shown() == (["HAT"], [700])
    order = await cart(shop, HAT=1)
    (line,) = await shop.guest.list(f"orders/{order.id}/line_items?include=item")
    assert line.related("item") == hat.link
    # Of two the one that began last counts, as for the cart.
    second = await sale("Late", shop.market, 30, "HAT", 600)
    assert await shown() == (["HAT"], [600])
    assert (await shop.guest.update(order))["total_amount_cents"] == 600
    await shop.integration.delete(second)
    await shop.integration.delete(first)
    # Nor does a market that is closed show anything.
    await sale("Elsewhere", later, 60, "HAT", 100)
    await shop.integration.update(later, _disable=True)
    assert await shown() == (["CAP"], [500])
