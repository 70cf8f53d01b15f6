"""Taxes of an order: the rule that applies, what it comes to, and what a refresh costs for it."""

from typing import Any

import pytest

from tests.commerce.conftest import ADDRESS, Client, Record, Refused, Shop

ITALY = {"country_code_regex": "IT", "tax_rate": 0.22}
OF_LINES = ("total_amount_cents", "tax_amount_cents", "tax_rate")


async def taxed(shop: Shop, *rules: dict[str, Any], included: bool = True, currency: str = "EUR") -> list[Record]:
    """Have the market's orders taxed by these rules, which are returned."""
    made = await shop.integration.create("manual_tax_calculators", name="By hand")
    related: dict[str, Record] = {"tax_calculator": made}
    if not included or currency != "EUR":
        given = {"name": currency, "code": currency, "currency_code": currency, "tax_included": included}
        related["price_list"] = shop.price_list = await shop.integration.create("price_lists", **given)
    shop.market = await shop.integration.update(shop.market, related)
    of = {"manual_tax_calculator": made}
    records = []
    for at, one in enumerate(rules):
        records.append(await shop.integration.create("tax_rules", of, **{"name": f"{at}", **one}))
        # The shop's clock stands still.
        await shop.put(records[-1], created_at=f"2023-11-14T22:13:20.{at:03d}Z")
    return records


async def cart(shop: Shop, *lines: tuple[int, int], client: Client | None = None, **address: Any) -> Record:
    """An order of skus at these prices and quantities, billed to Torino unless said otherwise."""
    client = client or shop.guest
    order = await client.create("orders", customer_email="ada@example.com")
    for at, (cents, quantity) in enumerate(lines):
        await shop.sku(f"SKU{at}", cents, do_not_ship=True)
        await client.create("line_items", {"order": order}, sku_code=f"SKU{at}", quantity=quantity)
    billing = await client.create("addresses", **{**ADDRESS, **address})
    return await client.update(order, {"billing_address": billing})


def sums(order: Record) -> tuple[float | None, int, int, int, int]:
    """Rate, total, tax, taxable amount, and what is charged."""
    names = ("total_amount_cents", "total_tax_amount_cents", "total_taxable_amount_cents")
    return (order["tax_rate"], *(order[name] for name in names), order["total_amount_with_taxes_cents"])


async def lines_of(shop: Shop, order: Record) -> list[tuple[Any, ...]]:
    """Total, tax and rate of each, the dearest first."""
    found = await shop.integration.list(f"orders/{order.id}/line_items?sort=-total_amount_cents")
    return [tuple(one[name] for name in OF_LINES) for one in found]


async def test_without_a_calculator_nothing_is_taxed(shop: Shop) -> None:
    order = await cart(shop, (12200, 1))
    assert sums(order) == (None, 12200, 0, 12200, 12200)
    assert await lines_of(shop, order) == [(12200, 0, None)]
    order = await shop.guest.update(order, _update_taxes=True)
    assert (order["tax_rate"], order["tax_calculations_count"]) == (None, 0)


async def test_taxes_are_worked_out_line_by_line_and_included(shop: Shop) -> None:
    await taxed(shop, ITALY)
    order = await cart(shop, (12200, 1), (1005, 3))
    assert await lines_of(shop, order) == [(12200, 2200, 0.22), (3015, 544, 0.22)]
    assert sums(order) == (0.22, 15215, 2744, 12471, 15215)
    assert (order["subtotal_tax_amount_cents"], order["subtotal_taxable_amount_cents"]) == (2744, 12471)
    assert order["formatted_total_tax_amount"] == "€27,44"


async def test_taxes_are_added_where_prices_do_not_contain_them(shop: Shop) -> None:
    await taxed(shop, {"state_code_regex": "TO|MI", "tax_rate": 0.0825}, included=False, currency="USD")
    order = await cart(shop, (1999, 2), (1005, 1))
    assert await lines_of(shop, order) == [(3998, 330, 0.0825), (1005, 83, 0.0825)]
    assert sums(order) == (0.0825, 5003, 413, 5003, 5416)


@pytest.mark.parametrize(
    ("currency", "included", "taxes", "totals"),
    [
        ("KWD", False, (930, 50), (19600, 980, 19600, 20580)),
        ("BHD", True, (890, 50), (19600, 940, 18660, 19600)),
        ("JPY", False, (931, 50), (19600, 981, 19600, 20581)),
    ],
)
async def test_three_decimals_are_taxed_in_tens(
    shop: Shop, currency: str, included: bool, taxes: tuple[int, int], totals: tuple[int, ...]
) -> None:
    await taxed(shop, {"tax_rate": 0.05}, included=included, currency=currency)
    order = await cart(shop, (18610, 1), (990, 1))
    assert await lines_of(shop, order) == [(18610, taxes[0], 0.05), (990, taxes[1], 0.05)]
    assert sums(order) == (0.05, *totals)


@pytest.mark.parametrize(
    ("rule", "applies"),
    [
        ({}, True),
        ({"country_code_regex": "DE|IT"}, True),
        ({"country_code_regex": "DE|FR"}, False),
        ({"not_country_code_regex": "DE|FR"}, True),
        ({"not_country_code_regex": "IT"}, False),
        ({"state_code_regex": "^T"}, True),
        ({"state_code_regex": "^T$"}, False),
        ({"not_state_code_regex": "TO"}, False),
        ({"zip_code_regex": "^10"}, True),
        ({"zip_code_regex": "(?i)je[1-5]"}, False),
        ({"not_zip_code_regex": "122$"}, False),
        ({"country_code_regex": "IT", "not_zip_code_regex": "^(1[1-9]|2)"}, True),
        ({"country_code_regex": "IT", "state_code_regex": "MI"}, False),
        ({"country_code_regex": ""}, True),
    ],
)
async def test_a_rule_applies_where_all_of_its_expressions_hold(
    shop: Shop, rule: dict[str, Any], applies: bool
) -> None:
    await taxed(shop, {**rule, "tax_rate": 0.1}, included=False)
    order = await cart(shop, (1000, 1))
    assert sums(order) == ((0.1, 1000, 100, 1000, 1100) if applies else (0.0, 1000, 0, 1000, 1000))


async def test_the_first_rule_that_applies_to_the_shipping_address_counts(shop: Shop) -> None:
    rules = [{"country_code_regex": one, "tax_rate": rate} for one, rate in (("FR", 0.2), ("IT", 0.22), ("", 0.05))]
    first, *_ = await taxed(shop, *rules, included=False)
    client = shop.integration
    order = await client.create("orders", {"market": shop.market})
    await shop.sku("HAT", 1000)
    await client.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    assert (await client.get(order))["tax_rate"] == 0.05
    billing = await client.create("addresses", **ADDRESS)
    assert (await client.update(order, {"billing_address": billing}))["tax_rate"] == 0.22
    shipping = await client.create("addresses", **{**ADDRESS, "country_code": "FR"})
    assert (await client.update(order, {"shipping_address": shipping}))["tax_rate"] == 0.2
    # An address that changes in place, a rule that does, or that goes: the next refresh sees it.
    await client.update(shipping, country_code="DE")
    assert sums(await client.update(order, _refresh=True)) == (0.05, 1000, 50, 1000, 1050)
    await client.update(first, country_code_regex="DE", tax_rate=0.19)
    assert sums(await client.update(order, _refresh=True)) == (0.19, 1000, 190, 1000, 1190)
    await client.delete(first)
    assert (await client.update(order, _refresh=True))["tax_rate"] == 0.05
    assert (await client.update(order, {"shipping_address": None}))["tax_rate"] == 0.22
    await client.update(shop.market, {"tax_calculator": None})
    assert sums(await client.update(order, _refresh=True)) == (None, 1000, 0, 1000, 1000)
    assert await lines_of(shop, order) == [(1000, 0, None)]


async def test_switches_follow_the_rule_unless_a_client_has_turned_them(shop: Shop) -> None:
    on = {"adjustment_taxable": True, "payment_method_taxable": True, "freight_taxable": True}
    (rule,) = await taxed(shop, {**ITALY, **on}, included=False)
    client = shop.integration
    gateway = {"payment_gateway": shop.gateway, "market": shop.market}
    method = await client.create(
        "payment_methods", gateway, payment_source_type="stripe_payments", price_amount_cents=500
    )
    order = await cart(shop, (1000, 1))
    await client.update(order, {"payment_method": method})
    adjusted = {"name": "Wrapping", "unit_amount_cents": 100, "quantity": 1, "item_type": "adjustments"}
    await client.create("line_items", {"order": order}, **adjusted)
    order = await client.get(order)
    assert [order[name] for name in (*on, "gift_card_taxable")] == [True, True, True, False]
    assert (order["payment_method_tax_amount_cents"], order["adjustment_tax_amount_cents"]) == (110, 22)
    assert sums(order) == (0.22, 1600, 352, 1600, 1952)
    order = await client.update(order, payment_method_taxable=False)
    assert (order["payment_method_tax_amount_cents"], order["total_amount_with_taxes_cents"]) == (0, 1842)
    assert await lines_of(shop, order) == [(1000, 220, 0.22), (500, 0, 0.0), (100, 22, 0.22)]
    # What was said stays, whatever the rule says.
    await client.update(rule, adjustment_taxable=False)
    order = await client.update(order, _refresh=True)
    assert (order["payment_method_taxable"], order["adjustment_taxable"]) == (False, False)
    order = await client.update(order, payment_method_taxable=True, adjustment_taxable=True)
    assert (order["payment_method_taxable"], order["adjustment_taxable"]) == (True, True)
    assert sums(order) == (0.22, 1600, 352, 1600, 1952)


async def test_a_shopper_may_have_more_taxed_and_never_less(shop: Shop) -> None:
    await taxed(shop, {**ITALY, "adjustment_taxable": True}, included=False)
    order = await cart(shop, (1000, 1))
    adjusted = {"name": "Wrapping", "unit_amount_cents": 100, "quantity": 1, "item_type": "adjustments"}
    await shop.integration.create("line_items", {"order": order}, **adjusted)
    before = sums(await shop.guest.get(order))
    assert before == (0.22, 1100, 242, 1100, 1342)
    for value in (False, None):
        order = await shop.guest.update(order, adjustment_taxable=value)
        assert (order["adjustment_taxable"], sums(order)) == (True, before)
    order = await shop.guest.update(order, freight_taxable=True)
    assert (order["freight_taxable"], order["adjustment_taxable"]) == (True, True)
    made = await shop.guest.create("orders", adjustment_taxable=False, freight_taxable=True)
    assert (made["adjustment_taxable"], made["freight_taxable"], made["tax_rate"]) == (False, True, 0.0)
    billing = await shop.guest.create("addresses", **ADDRESS)
    made = await shop.guest.update(made, {"billing_address": billing})
    assert (made["adjustment_taxable"], made["freight_taxable"], made["tax_rate"]) == (True, True, 0.22)


async def test_taxes_are_calculated_when_asked_and_counted_when_they_change(shop: Shop) -> None:
    (rule,) = await taxed(shop, ITALY, included=False)
    order = await cart(shop, (1000, 1))
    counted = order["tax_calculations_count"]
    again = await shop.guest.update(order, _refresh=True)
    assert again["tax_calculations_count"] == counted
    assert {k for k, v in again.data["attributes"].items() if v != order[k]} <= {"refreshed_at", "updated_at"}
    order = await shop.guest.update(order, autorefresh=False)
    await shop.integration.update(rule, tax_rate=0.1)
    (price,) = await shop.integration.list("prices")
    await shop.integration.update(price, amount_cents=5000)
    assert sums(await shop.guest.update(order, reference="r")) == (0.22, 1000, 220, 1000, 1220)
    order = await shop.guest.update(order, _update_taxes=True)
    assert sums(order) == (0.1, 1000, 100, 1000, 1100)
    assert order["tax_calculations_count"] == counted + 1
    order = await shop.guest.update(order, _update_taxes=True)
    assert (sums(order), order["tax_calculations_count"]) == ((0.1, 1000, 100, 1000, 1100), counted + 2)
    assert (await lines_of(shop, order)) == [(1000, 100, 0.1)]
    await shop.put(order, status="approved")
    with pytest.raises(Refused) as refused:
        await shop.integration.update(order, _update_taxes=True)
    assert (refused.value.status, refused.value.said) == (422, [("/data/attributes/status", "not_editable")])
    assert (await shop.integration.get(order))["tax_calculations_count"] == counted + 2


async def test_an_expression_that_would_backtrack_stalls_nothing(shop: Shop) -> None:
    slow = [{"zip_code_regex": one, "tax_rate": 0.1} for one in ("^(0+)+$", "(x+x+)+y", "(?:0?){300}0{300}")]
    await taxed(shop, *slow, included=False)
    order = await cart(shop, (1000, 1), zip_code="0" * 60_000 + "1")
    assert (await shop.guest.update(order, _refresh=True))["tax_rate"] == 0.1


async def statements(shop: Shop, asked: Any) -> int:
    database: Any = shop.desk.database
    before = database.statements_run
    await asked
    return int(database.statements_run - before)


async def test_taxes_cost_the_same_statements_however_many_lines(shop: Shop) -> None:
    await shop.sku("HAT", 1000, do_not_ship=True)
    costs = {}
    for calculated in (False, True):
        if calculated:
            await taxed(shop, *[{**ITALY, "country_code_regex": f"A{at}"} for at in range(20)], ITALY)
        for count in (1, 10, 40):
            order = await cart(shop, client=shop.guest)
            for _ in range(count - 1):
                await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
            more = shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
            costs[calculated, count] = await statements(shop, more)
    # With a calculator its rules are read, and the address; without one nothing is.
    assert {costs[False, count] for count in (1, 10, 40)} == {costs[False, 1]}
    assert {costs[True, count] - costs[False, count] for count in (1, 10, 40)} == {2}
