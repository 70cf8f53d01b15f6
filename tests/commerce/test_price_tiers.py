"""What lines cost by their quantity and by the time: price tiers, and schedulers of price lists."""

from types import SimpleNamespace
from typing import Any

import pytest

from paydesk.base.instants import instant
from paydesk.commerce.catalog.price_tiers import amount_of
from tests.commerce.conftest import NOW, Client, Record, Refused, Shop

HOUR = 3600


async def refused(asked: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as found:
        await asked
    return found.value.status, found.value.said


async def price_of(shop: Shop, sku: Record) -> Record:
    (price,) = await shop.integration.list(f"skus/{sku.id}/prices")
    return price


async def tier(shop: Shop, price: Record, up_to: int | None, cents: int, kind: str = "volume") -> Record:
    given = {"name": f"Up to {up_to}", "up_to": up_to, "price_amount_cents": cents}
    return await shop.integration.create(f"price_{kind}_tiers", {"price": price}, **given)


async def cost(client: Client, order: Record) -> list[tuple[int, int, int]]:
    """Quantity, unit amount and total of each line, the dearest first; the order's total is their sum."""
    lines = await client.list(f"orders/{order.id}/line_items")
    found = [(one["quantity"], one["unit_amount_cents"], one["total_amount_cents"]) for one in lines]
    found.sort(key=lambda one: -one[2])
    assert (await client.get(order))["total_amount_with_taxes_cents"] == sum(total for _, _, total in found)
    return found


def _tier(kind: str, up_to: int | None, cents: int) -> Any:
    return SimpleNamespace(type=f"price_{kind}_tiers", up_to=up_to, price_amount_cents=cents)


def test_a_tier_holds_for_what_falls_within_it() -> None:
    tiers = [_tier("volume", None, 700), _tier("volume", 5, 900), _tier("volume", 10, 800), _tier("volume", 10, 850)]
    found = [amount_of(1000, tiers, quantity, None) for quantity in (1, 5, 6, 10, 11, 1000)]
    assert found == [900, 900, 800, 800, 700, 700]
    # Beyond the highest limit the price itself holds, where no tier is for that.
    assert [amount_of(1000, tiers[1:], quantity, None) for quantity in (10, 11)] == [800, 1000]
    assert amount_of(1000, [], 5, "weekly") == 1000
    # The same for the days between deliveries; of both kinds the cheaper one counts.
    often = [_tier("frequency", 7, 600), _tier("frequency", 30, 950)]
    found = [amount_of(1000, [*often, *tiers], 1, one) for one in (None, "weekly", "monthly", "yearly", "odd")]
    assert found == [900, 600, 900, 900, 900]
    assert amount_of(1000, often, 1, "monthly") == 950


async def test_a_line_costs_what_the_tier_of_its_quantity_says(shop: Shop) -> None:
    sku = await shop.sku("HAT", 1000)
    price = await price_of(shop, sku)
    six, many = await tier(shop, price, 6, 900), await tier(shop, price, None, 750)
    shown = await shop.integration.get(six, "price")
    assert {name: shown[name] for name in ("type", "up_to", "price_amount_float", "formatted_price_amount")} == {
        "type": "price_volume_tiers",
        "up_to": 6,
        "price_amount_float": 9.0,
        "formatted_price_amount": "€9,00",
    }
    assert shown.related("price") == price.link
    order = await shop.guest.create("orders", {"market": shop.market})
    line = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=2)
    assert (line["unit_amount_cents"], line["total_amount_cents"]) == (900, 1800)
    assert await cost(shop.guest, order) == [(2, 900, 1800)]
    assert (await shop.guest.update(line, quantity=7))["unit_amount_cents"] == 750
    assert await cost(shop.guest, order) == [(7, 750, 5250)]
    # The quantity of the line that is added to decides.
    again = {"sku_code": "HAT", "quantity": 1, "_update_quantity": True}
    await shop.guest.update(line, quantity=6)
    assert await cost(shop.guest, order) == [(6, 900, 5400)]
    assert (await shop.guest.create("line_items", {"order": order}, **again)).id == line.id
    assert await cost(shop.guest, order) == [(7, 750, 5250)]
    # A write to a tier reaches the cart by its next refresh; what an integration has fixed stays.
    await shop.integration.update(many, up_to=20, price_amount_cents=700)
    await shop.guest.update(order, _refresh=True)
    assert await cost(shop.guest, order) == [(7, 700, 4900)]
    await shop.guest.update(line, quantity=21)
    assert await cost(shop.guest, order) == [(21, 1000, 21000)]
    await shop.integration.delete(six)
    await shop.guest.update(line, quantity=1)
    assert await cost(shop.guest, order) == [(1, 700, 700)]
    await shop.integration.delete(many)
    await shop.guest.update(order, _refresh=True)
    assert await cost(shop.guest, order) == [(1, 1000, 1000)]
    assert await shop.integration.list("price_tiers") == []


async def test_tiers_are_of_one_price_and_read_in_two_ways(shop: Shop) -> None:
    hat, cap = await shop.sku("HAT", 1000), await shop.sku("CAP", 500)
    of_hat, of_cap = await price_of(shop, hat), await price_of(shop, cap)
    volume, often = await tier(shop, of_hat, 6, 900), await tier(shop, of_hat, 7, 800, "frequency")
    assert await refused(tier(shop, of_hat, 0, 1)) == (422, [("/data/attributes/up_to", "greater_than_or_equal_to")])
    assert await refused(tier(shop, of_hat, 1, -1)) == (
        422,
        [("/data/attributes/price_amount_cents", "greater_than_or_equal_to")],
    )
    for path, held in (
        ("price_tiers", {volume.id, often.id}),
        ("price_volume_tiers", {volume.id}),
        ("price_frequency_tiers", {often.id}),
        ("price_volume_tiers?filter[q][up_to_lteq]=6&filter[q][name_eq]=Up to 6", {volume.id}),
        ("price_tiers?filter[q][up_to_lt]=6.5", {volume.id}),
        ("price_tiers?filter[q][up_to_in]=7,8", {often.id}),
        (f"prices/{of_hat.id}/price_tiers", {volume.id, often.id}),
        (f"prices/{of_hat.id}/price_volume_tiers", {volume.id}),
        (f"prices/{of_cap.id}/price_volume_tiers", set()),
    ):
        assert {one.id for one in await shop.integration.list(path)} == held, path
    read = await shop.integration.send("GET", f"prices/{of_hat.id}?include=price_volume_tiers,price_frequency_tiers")
    assert {(one["type"], one["id"]) for one in read["included"]} == {
        ("price_volume_tiers", volume.id),
        ("price_frequency_tiers", often.id),
    }
    # A sales channel sees what it would pay, in its carts, and no tiers.
    assert await refused(shop.guest.list("price_volume_tiers")) == (401, [("", "UNAUTHORIZED")])
    # Tiers that move are missed by the price that they leave.
    await shop.integration.update(volume, {"price": of_cap})
    order = await shop.guest.create("orders", {"market": shop.market})
    for code in ("HAT", "CAP"):
        await shop.guest.create("line_items", {"order": order}, sku_code=code, quantity=2)
    assert await cost(shop.guest, order) == [(2, 1000, 2000), (2, 900, 1800)]
    await shop.integration.update(of_hat, {"price_tiers": [volume.link, often.link]})
    await shop.guest.update(order, _refresh=True)
    assert await cost(shop.guest, order) == [(2, 900, 1800), (2, 500, 1000)]
    # A price goes with its tiers, and a sku with its prices.
    await tier(shop, of_cap, 3, 400)
    await shop.integration.delete(of_hat)
    await shop.integration.delete(cap)
    assert await shop.integration.list("price_tiers") == []


async def sale(shop: Shop, starts: float, ends: float, **more: Any) -> tuple[Record, Record]:
    """A price list for a while, from so many seconds from now to so many."""
    prices = await shop.integration.create("price_lists", name="Sale", currency_code="EUR")
    given = {"name": "Sale", "starts_at": instant(NOW + starts), "expires_at": instant(NOW + ends), **more}
    related = {"market": shop.market, "price_list": prices}
    return prices, await shop.integration.create("price_list_schedulers", related, **given)


async def test_an_active_scheduler_replaces_the_price_list_of_its_market(shop: Shop) -> None:
    sku, _ = await shop.sku("HAT", 1000), await shop.sku("CAP", 500)
    prices, made = await sale(shop, HOUR, 2 * HOUR)
    reduced = await shop.integration.create(
        "prices", {"price_list": prices}, sku_code="HAT", amount_cents=700, compare_at_amount_cents=1000
    )
    await tier(shop, reduced, 3, 650)
    order = await shop.guest.create("orders", {"market": shop.market})
    line = await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=4)
    other = await shop.guest.create("line_items", {"order": order}, sku_code="CAP", quantity=1)

    async def at(seconds: float) -> tuple[str, bool, list[tuple[int, int, int]], set[int]]:
        """What the scheduler says by then, what the cart costs, and the prices that a guest sees."""
        shop.desk.transactions.clock = lambda: NOW + seconds
        shown = await shop.integration.get(made)
        (listed,) = await shop.integration.list("price_list_schedulers")
        assert (listed["status"], listed["active"]) == (shown["status"], shown["active"])
        await shop.guest.update(order, _refresh=True)
        seen = {one["amount_cents"] for one in await shop.guest.list("prices")}
        held = await shop.guest.list(f"skus/{sku.id}/prices")
        assert {one["amount_cents"] for one in held} == seen - {500}
        return shown["status"], shown["active"], await cost(shop.guest, order), seen

    usual = [(4, 1000, 4000), (1, 500, 500)]
    assert await at(0) == ("pending", False, usual, {1000, 500})
    # What has no price in that list keeps its last one, and cannot be bought anew.
    assert await at(HOUR) == ("active", True, [(4, 700, 2800), (1, 500, 500)], {700})
    assert (await shop.guest.get(line))["compare_at_amount_cents"] == 1000
    adding = shop.guest.create("line_items", {"order": order}, sku_code="CAP", quantity=1)
    assert await refused(adding) == (422, [("/data/attributes/sku_code", "no_price")])
    await shop.guest.update(line, quantity=2)
    assert await cost(shop.guest, order) == [(2, 650, 1300), (1, 500, 500)]
    await shop.guest.update(line, quantity=4)
    assert await at(2 * HOUR - 1) == ("active", True, [(4, 700, 2800), (1, 500, 500)], {700})
    assert await at(2 * HOUR) == ("expired", False, usual, {1000, 500})
    await shop.integration.update(made, _disable=True)
    assert await at(HOUR) == ("disabled", False, usual, {1000, 500})
    await shop.integration.update(made, _enable=True)
    # Of two the one that began last counts.
    later, _ = await sale(shop, HOUR + 60, 3 * HOUR)
    await shop.integration.create("prices", {"price_list": later}, sku_code="HAT", amount_cents=600)
    shop.desk.transactions.clock = lambda: NOW + HOUR + 60
    await shop.guest.update(order, _refresh=True)
    assert await cost(shop.guest, order) == [(4, 600, 2400), (1, 500, 500)]
    for one in await shop.integration.list("price_list_schedulers"):
        await shop.integration.delete(one)
    await shop.guest.delete(other)
    assert await cost(shop.guest, order) == [(4, 1000, 4000)]


async def test_a_scheduler_ends_after_it_begins_and_its_prices_are_such_as_the_markets(shop: Shop) -> None:
    await refused_sale(shop, HOUR, HOUR)
    usd = await shop.integration.create("price_lists", name="USD", currency_code="USD")
    net = await shop.integration.create("price_lists", name="Net", currency_code="EUR", tax_included=False)
    _, made = await sale(shop, 0, HOUR)
    for wrong, error in ((usd, "currency_mismatch"), (net, "tax_mismatch")):
        said = await refused(shop.integration.update(made, {"price_list": wrong}))
        assert said == (422, [("/data/relationships/price_list", error)])
    # Nor do they come to differ from them later, as long as the scheduler is not over.
    said = await refused(shop.integration.update(shop.market, {"price_list": net}))
    assert said == (422, [("/data/relationships/price_list", "tax_mismatch")])
    link = (await shop.integration.get(made, "price_list")).related("price_list")
    for prices in (Record({**link, "attributes": {}}), shop.price_list):
        said = await refused(shop.integration.update(prices, tax_included=False))
        assert said == (422, [("/data/attributes/tax_included", "not_editable")])
        await shop.integration.update(prices, tax_included=True, name="Sale")
    assert await refused(shop.integration.update(made, expires_at=instant(NOW - 1))) == (
        422,
        [("/data/attributes/expires_at", "greater_than")],
    )
    held = await shop.integration.list(f"markets/{shop.market.id}/price_list_schedulers")
    assert [(one.id, one["expires_at"]) for one in held] == [(made.id, instant(NOW + HOUR))]
    assert await refused(shop.guest.list("price_list_schedulers")) == (401, [("", "UNAUTHORIZED")])


async def refused_sale(shop: Shop, starts: float, ends: float) -> None:
    assert await refused(sale(shop, starts, ends)) == (422, [("/data/attributes/expires_at", "greater_than")])
    assert await shop.integration.list("price_list_schedulers") == []
