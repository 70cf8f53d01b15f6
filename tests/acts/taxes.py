"""Shops whose orders are taxed."""

from typing import Any

from tests.payments.conftest import ADDRESS, Answer, Api


async def taxed(api: Api, rate: float = 0.22, *, included: bool = False, **more: Any) -> Answer:
    """The one rule of a calculator that the market has from now on; prices contain taxes or do not."""
    calculator = await api.create("manual_tax_calculators", {"name": "By hand"})
    (prices,) = (await api.get("price_lists", "?filter[q][code_eq]=eur")).data
    await api.update({"type": "price_lists", "id": prices["id"]}, {"tax_included": included})
    await api.update(api.market, tax_calculator=calculator)
    return await api.create(
        "tax_rules", {"name": "Everywhere", "tax_rate": rate, **more}, manual_tax_calculator=calculator
    )


async def raised(api: Api, how: str, order: Answer, rule: Answer) -> None:
    """Have a taxed order cost more, 134.00 for goods of 100.00, without writing to it."""
    if how == "rule":
        await api.update(rule, {"tax_rate": 0.34})
    elif how == "new rule":
        (calculator,) = (await api.get("manual_tax_calculators")).data
        given = {"name": "First", "tax_rate": 0.34}
        of = {"type": "manual_tax_calculators", "id": calculator["id"]}
        await api.create("tax_rules", given, manual_tax_calculator=of)
        await api.delete(rule)
    else:
        address = (await api.get(order, "?include=billing_address")).data["relationships"]["billing_address"]["data"]
        await api.update(rule, {"country_code_regex": ADDRESS["country_code"]})
        await api.update(order, {"_refresh": True})
        (calculator,) = (await api.get("manual_tax_calculators")).data
        of = {"type": "manual_tax_calculators", "id": calculator["id"]}
        given = {"name": "Abroad", "tax_rate": 0.34, "not_country_code_regex": ADDRESS["country_code"]}
        await api.create("tax_rules", given, manual_tax_calculator=of)
        await api.update(order, {"_refresh": True})
        await api.update(address, {"country_code": "FR"})
