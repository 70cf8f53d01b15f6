"""What is paid and placed follows tiers and schedulers of prices: a payment is opened for what holds by then."""

from typing import Any

from paydesk.base.instants import instant
from tests.acts.orders import ready
from tests.acts.prices import priced
from tests.acts.taxes import taxed
from tests.payments.conftest import Answer, Api

MISMATCHED = [("/data/relationships/payment_source", "mismatched_amounts")]


async def intended(api: Api, order: Answer) -> tuple[int, int]:
    """What a new payment is opened for, and what the order costs then."""
    payment = await api.payment(order)
    (intent,) = [one for one in await api.stripe.intents() if one.id == payment["stripe_id"]]
    return intent.amount, (await api.get(order))["total_amount_with_taxes_cents"]


async def test_a_payment_is_opened_for_what_the_price_list_of_the_hour_says(api: Api) -> None:
    await priced(api)
    order = await ready(api, 0)
    await api.create("line_items", {"sku_code": "MUG", "quantity": 2}, order=order)
    now = api.app.clock()
    prices = await api.create("price_lists", {"name": "Sale", "currency_code": "EUR"})
    reduced = await api.create("prices", {"sku_code": "MUG", "amount_cents": 2000}, price_list=prices)
    times = {"starts_at": instant(now + 60), "expires_at": instant(now + 120)}
    await api.create("price_list_schedulers", {"name": "Sale", **times}, market=api.market, price_list=prices)
    tier: dict[str, Any] = {"name": "Pairs", "up_to": 2, "price_amount_cents": 1900}
    assert await intended(api, order) == (5800, 5800)
    api.app.clock.advance(61)  # type: ignore[attr-defined]
    assert await intended(api, order) == (4000, 4000)
    made = await api.create("price_volume_tiers", tier, price=reduced)
    assert await intended(api, order) == (3800, 3800)
    await api.update(made, {"price_amount_cents": 1950})
    assert await intended(api, order) == (3900, 3900)
    api.app.clock.advance(60)  # type: ignore[attr-defined]
    assert await intended(api, order) == (5800, 5800)


async def test_an_order_is_placed_by_the_tier_and_the_list_that_hold_then(api: Api) -> None:
    price = await priced(api)
    tier = await api.create(
        "price_volume_tiers", {"name": "Pairs", "up_to": 2, "price_amount_cents": 2000}, price=price
    )
    order = await ready(api, 0)
    await api.create("line_items", {"sku_code": "MUG", "quantity": 2}, order=order)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    await api.delete(tier)
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == MISMATCHED
    stands = await api.get(order)
    assert (stands["status"], stands["place_total_amount_cents"]) == ("pending", None)
    again = await api.create("price_volume_tiers", {"name": "Pairs", "price_amount_cents": 2000}, price=price)
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["place_total_amount_cents"]) == ("placed", 4000)
    await api.delete(again)
    (line,) = (await api.get(f"orders/{order.id}/line_items")).data
    assert line["attributes"]["unit_amount_cents"] == 2000


async def test_a_payment_is_opened_for_what_options_bundles_and_adjustments_cost_by_then(api: Api) -> None:
    await priced(api)
    order = await ready(api, 0)
    line = await api.create("line_items", {"sku_code": "MUG", "quantity": 2}, order=order)
    option = await api.create("sku_options", {"name": "Gift wrap", "price_amount_cents": 300}, market=api.market)
    given = {"quantity": 1, "options": {"paper": "red"}}
    await api.create("line_item_options", given, line_item=line, sku_option=option)
    held = await api.create("sku_lists", {"name": "Pair"})
    await api.create("sku_list_items", {"sku_code": "MUG", "quantity": 2}, sku_list=held)
    given = {"code": "PAIR", "name": "Pair", "price_amount_cents": 5000}
    pair = await api.create("bundles", given, market=api.market, sku_list=held)
    await api.create("line_items", {"bundle_code": "PAIR", "quantity": 1}, order=order)
    fee = await api.create("adjustments", {"name": "Fee", "currency_code": "EUR", "amount_cents": 100})
    await api.create("line_items", {"quantity": 1}, order=order, item=fee)
    assert await intended(api, order) == (11200, 11200)
    await api.update(option, {"price_amount_cents": 500})
    assert await intended(api, order) == (11400, 11400)
    await api.update(fee, {"amount_cents": -400})
    assert await intended(api, order) == (10900, 10900)
    await api.update(pair, {"price_amount_cents": 4000})
    assert await intended(api, order) == (9900, 9900)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    # What got dearer meanwhile is not sold for less.
    await api.update(option, {"price_amount_cents": 600})
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == MISMATCHED
    await api.update(option, {"price_amount_cents": 400})
    placed = await api.update(order, {"_place": True})
    told = ("status", "place_total_amount_cents", "adjustment_amount_cents", "line_item_options_count", "skus_count")
    assert [placed[name] for name in told] == ["placed", 9800, -400, 1, 4]


async def test_an_order_is_placed_by_whether_prices_contain_taxes_then(api: Api) -> None:
    await taxed(api, included=True)
    price = await priced(api)
    order = await ready(api, 0, attributes={"autorefresh": False})
    await api.create("line_items", {"sku_code": "MUG", "quantity": 1}, order=order)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    prices = await api.get(f"prices/{price.id}/price_list")
    await api.update(prices, {"tax_included": False})
    # 29.00 are no longer all that it costs, and nobody has paid the taxes.
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == MISMATCHED
    again = await api.payment(order)
    await api.stripe.confirm(again["stripe_id"])
    placed = await api.update(order, {"_place": True})
    told = ("status", "tax_included", "total_tax_amount_cents", "place_total_amount_cents")
    assert [placed[name] for name in told] == ["placed", False, 638, 3538]


async def test_an_order_is_not_placed_while_a_line_of_it_has_no_price(api: Api) -> None:
    price = await priced(api)
    order = await ready(api, 0)
    await api.create("line_items", {"sku_code": "MUG", "quantity": 1}, order=order)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.delete(price)
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/relationships/line_items", "no_price")]
    assert refused.errors[0]["meta"] == {"error": "no_price", "value": "MUG"}
    (intent,) = await api.stripe.intents()
    assert (intent.status, (await api.get(order))["status"]) == ("requires_capture", "pending")
    (line,) = (await api.get(f"orders/{order.id}/line_items")).data
    await api.update({"type": "line_items", "id": line["id"]}, {"unit_amount_cents": 2900})
    assert (await api.update(order, {"_place": True}))["place_total_amount_cents"] == 2900
