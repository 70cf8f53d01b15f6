"""Schedulers that begin at once: what sales channels are shown is what their carts cost."""

from paydesk.base.instants import instant
from tests.acts.shipping import cart
from tests.commerce.conftest import NOW, Shop


async def test_of_two_that_begin_and_were_made_at_once_one_counts_for_lists_and_carts(shop: Shop) -> None:
    hat = await shop.sku("HAT", 1000, do_not_ship=True)
    times = {"starts_at": instant(NOW - 60), "expires_at": instant(NOW + 60)}
    for cents in (900, 800, 700):
        prices = await shop.integration.create("price_lists", name=f"{cents}", currency_code="EUR")
        await shop.integration.create("prices", {"price_list": prices, "sku": hat}, amount_cents=cents)
        related = {"market": shop.market, "price_list": prices}
        await shop.integration.create("price_list_schedulers", related, name=f"{cents}", **times)
    order = await cart(shop, HAT=1)
    costs = (await shop.integration.get(order))["total_amount_cents"]
    for caller in (shop.guest, shop.caller("sales_channel")):
        assert [one["amount_cents"] for one in await caller.list("prices")] == [costs]
