"""Carts of goods with prices."""

from tests.payments.conftest import Answer, Api


async def priced(api: Api, cents: int = 2900, code: str = "MUG") -> Answer:
    """The price of a new sku in the market's list."""
    sku = await api.sku(code, do_not_ship=True)
    (prices,) = (await api.get("price_lists", "?filter[q][code_eq]=eur")).data
    link = {"type": "price_lists", "id": prices["id"]}
    return await api.create("prices", {"amount_cents": cents}, sku=sku, price_list=link)
