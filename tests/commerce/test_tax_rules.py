"""Tax calculators and their rules, as an integration keeps them."""

from typing import Any

import pytest

from tests.commerce.conftest import Record, Refused, Shop


async def refused(asked: Any) -> tuple[int, list[tuple[str, str]]]:
    with pytest.raises(Refused) as found:
        await asked
    return found.value.status, found.value.said


async def calculator(shop: Shop, *rates: float) -> tuple[Record, list[Record]]:
    made = await shop.integration.create("manual_tax_calculators", name="By hand")
    related = {"manual_tax_calculator": made}
    return made, [await shop.integration.create("tax_rules", related, name=f"{one}", tax_rate=one) for one in rates]


async def test_a_calculator_is_read_as_itself_and_as_what_it_shares_with_others(shop: Shop) -> None:
    made, (rule,) = await calculator(shop, 0.22)
    assert (made["name"], made["type"]) == ("By hand", "manual_tax_calculators")
    assert {name: rule[name] for name in ("name", "tax_rate", "freight_taxable", "breakdown", "zip_code_regex")} == {
        "name": "0.22",
        "tax_rate": 0.22,
        "freight_taxable": False,
        "breakdown": None,
        "zip_code_regex": None,
    }
    assert [one.id for one in await shop.integration.list(f"manual_tax_calculators/{made.id}/tax_rules")] == [rule.id]
    (shared,) = await shop.integration.list("tax_calculators?filter[q][type_eq]=manual_tax_calculators")
    assert (shared.id, shared["name"]) == (made.id, "By hand")
    market = await shop.integration.update(shop.market, {"tax_calculator": made})
    found = await shop.integration.get(market, "tax_calculator")
    assert found.related("tax_calculator") == made.link
    for type in ("tax_calculators", "manual_tax_calculators"):
        assert [one.id for one in await shop.integration.list(f"{type}/{made.id}/markets")] == [market.id]
    assert [one.id for one in await shop.integration.list(f"markets?filter[q][tax_calculator_id_eq]={made.id}")] == [
        market.id
    ]
    await shop.integration.update(shop.market, {"tax_calculator": None})
    assert await shop.integration.list(f"tax_calculators/{made.id}/markets") == []


async def test_calculators_that_are_not_served_are_empty_and_refused(shop: Shop) -> None:
    made, _ = await calculator(shop)
    await shop.integration.update(shop.market, {"tax_calculator": made})
    for type in ("avalara_accounts", "external_tax_calculators", "stripe_tax_accounts", "taxjar_accounts"):
        assert await shop.integration.list(type) == []
        assert await refused(shop.integration.create(type, name="Elsewhere")) == (405, [("", "METHOD_NOT_ALLOWED")])
        link = {"type": type, "id": made.id}
        said = await refused(shop.integration.update(shop.market, {"tax_calculator": link}))
        assert said == (422, [("/data/relationships/tax_calculator", "blank")])
    assert await shop.integration.list("tax_categories") == []
    assert [one.id for one in await shop.integration.list(f"tax_calculators/{made.id}/markets")] == [shop.market.id]


@pytest.mark.parametrize("pattern", ["(", "[", "(?=IT)", r"(I)\1", r"\pL{1000}", "*"])
async def test_what_is_no_regular_expression_is_refused_where_it_stands(shop: Shop, pattern: str) -> None:
    made, (rule,) = await calculator(shop, 0.22)
    names = [f"{no}{place}_code_regex" for place in ("country", "state", "zip") for no in ("", "not_")]
    expected = (422, [(f"/data/attributes/{name}", "invalid") for name in names])
    given, related = dict.fromkeys(names, pattern), {"manual_tax_calculator": made}
    assert await refused(shop.integration.create("tax_rules", related, name="Odd", **given)) == expected
    assert await refused(shop.integration.update(rule, **given)) == expected
    (kept,) = await shop.integration.list("tax_rules")
    assert {kept[name] for name in names} == {None}


async def test_an_expression_has_a_greatest_length(shop: Shop) -> None:
    _, (rule,) = await calculator(shop, 0.22)
    said = await refused(shop.integration.update(rule, zip_code_regex="1" * 1001))
    assert said == (422, [("/data/attributes/zip_code_regex", "too_long")])
    assert (await shop.integration.update(rule, zip_code_regex="1" * 1000))["zip_code_regex"] == "1" * 1000


async def test_a_rate_is_a_fraction_of_one(shop: Shop) -> None:
    made, (rule,) = await calculator(shop, 0.22)
    for rate, error in ((22, "less_than_or_equal_to"), (-0.1, "greater_than_or_equal_to")):
        assert await refused(shop.integration.update(rule, tax_rate=rate)) == (
            422,
            [("/data/attributes/tax_rate", error)],
        )
    changed = await shop.integration.update(rule, tax_rate=None, freight_taxable=None)
    assert (changed["tax_rate"], changed["freight_taxable"]) == (0.0, False)
    bare = await shop.integration.create("tax_rules", {"manual_tax_calculator": made}, name="Bare")
    assert (bare["tax_rate"], bare["adjustment_taxable"]) == (0.0, False)


async def test_a_rule_is_of_one_calculator(shop: Shop) -> None:
    said = await refused(shop.integration.create("tax_rules", name="Nobody's"))
    assert said == (422, [("/data/relationships/manual_tax_calculator", "blank")])
    first, (rule, kept) = await calculator(shop, 0.22, 0.1)
    second, _ = await calculator(shop)
    await shop.integration.update(rule, {"manual_tax_calculator": second})
    assert [one.id for one in await shop.integration.list(f"manual_tax_calculators/{second.id}/tax_rules")] == [rule.id]
    said = await refused(shop.integration.update(rule, {"manual_tax_calculator": None}))
    assert said == (422, [("/data/relationships/manual_tax_calculator", "blank")])
    # Rules that a calculator is given are its own from then on; those it has stay, or go to another.
    said = await refused(shop.integration.update(second, {"tax_rules": [kept.link]}))
    assert said == (422, [("/data/relationships/tax_rules", "invalid")])
    await shop.integration.update(second, {"tax_rules": [rule.link, kept.link]})
    third = await shop.integration.create("manual_tax_calculators", {"tax_rules": [rule.link]}, name="Third")
    for one, held in ((first, []), (second, [kept.id]), (third, [rule.id])):
        found = await shop.integration.list(f"manual_tax_calculators/{one.id}/tax_rules")
        assert [each.id for each in found] == held


async def test_a_calculator_has_a_hundred_rules_at_most(shop: Shop) -> None:
    made, (first, *_) = await calculator(shop, *[0.1] * 100)
    related = {"manual_tax_calculator": made}
    said = await refused(shop.integration.create("tax_rules", related, name="One more"))
    assert said == (422, [("/data/relationships/manual_tax_calculator", "too_long")])
    other, (rule,) = await calculator(shop, 0.2)
    said = await refused(shop.integration.update(rule, related))
    assert said == (422, [("/data/relationships/manual_tax_calculator", "too_long")])
    await shop.integration.delete(first)
    await shop.integration.update(rule, related)
    assert await shop.integration.list(f"manual_tax_calculators/{other.id}/tax_rules") == []


async def test_a_calculator_in_use_is_not_deleted_and_goes_with_its_rules(shop: Shop) -> None:
    made, _ = await calculator(shop, 0.22, 0.1)
    await shop.integration.update(shop.market, {"tax_calculator": made})
    assert (await refused(shop.integration.delete(made)))[0] == 423
    assert len(await shop.integration.list("tax_rules")) == 2
    await shop.integration.update(shop.market, {"tax_calculator": None})
    await shop.integration.delete(made)
    assert await shop.integration.list("tax_rules") == await shop.integration.list("tax_calculators") == []


async def test_a_shopper_sees_nothing_of_it(shop: Shop) -> None:
    made, (rule,) = await calculator(shop, 0.22)
    await shop.integration.update(shop.market, {"tax_calculator": made})
    paths = ("tax_calculators", f"tax_calculators/{made.id}", f"manual_tax_calculators/{made.id}", "tax_rules")
    for path in (*paths, f"tax_rules/{rule.id}"):
        assert (await refused(shop.guest.send("GET", path)))[0] == 401
    assert (await shop.guest.send("GET", f"markets/{shop.market.id}/tax_calculator"))["data"] is None
