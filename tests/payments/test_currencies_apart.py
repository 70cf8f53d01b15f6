"""Money of two currencies never meets: in carts, in what is held, in price lists."""

from tests.acts.by_hand import by_hand
from tests.acts.differences import falsify
from tests.acts.orders import authorized, moved, ready, stands
from tests.acts.prices import priced
from tests.payments.conftest import Answer, Api, Link, on_sqlite

SAVED = {"options": {"payment_method": "pm_card_visa"}}


async def forints(api: Api) -> tuple[dict[str, str], Answer]:
    """A second market, in HUF, and its payment method."""
    market = await api.market_in("HUF")
    return market, await api.method_of(api.gateway, currency_code="HUF")


async def everywhere(api: Api) -> str:
    """A guest's token for all markets."""
    return await api.log_in("acme/test/sales_channel", scope="market:all")


async def line_of(api: Api, order: Answer) -> Link:
    (line,) = (await api.get(f"orders/{order.id}/line_items")).data
    return {"type": "line_items", "id": line["id"]}


async def money(api: Api, order: Answer) -> tuple[str, str, str, int]:
    now = await api.get(order)
    return now["status"], now["payment_status"], now["currency_code"], now["total_amount_with_taxes_cents"]


async def test_what_was_authorized_in_one_currency_pays_nothing_in_another(api: Api) -> None:
    market, method = await forints(api)
    guest = await everywhere(api)
    order = await ready(api, 51000, market=market, method=method)
    payment = await api.payment(order, token=guest)
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(payment, {"_refresh": True}, token=guest)
    await api.delete(await line_of(api, order), token=guest)
    refused = await api.update(order, market=api.market, token=guest, expect=422)
    assert refused.said == [("/data/relationships/market", "currency_mismatch")]
    # An emptied cart lets it go; until Stripe has, the order stays in its currency.
    assert await money(api, order) == ("draft", "unpaid", "HUF", 0)
    await api.recover()
    await api.update(order, market=api.market, payment_method=api.method, token=guest)
    assert await money(api, order) == ("draft", "unpaid", "EUR", 0)
    await api.line(order, 51000)
    await api.payment(order, token=guest)
    assert (await api.update(order, {"_place": True}, token=guest, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    assert await money(api, order) == ("pending", "unpaid", "EUR", 51000)


async def test_what_can_still_be_paid_keeps_the_currency(api: Api) -> None:
    market, _ = await forints(api)
    guest = await everywhere(api)
    order = await api.order()
    payment = await api.payment(order, token=guest)
    await api.delete(await line_of(api, order), token=guest)
    assert (await api.update(order, market=market, token=guest, expect=422)).said == [
        ("/data/relationships/market", "currency_mismatch")
    ]
    await api.update(order, {"_nullify_payment_source": True}, token=guest)
    # It can be paid until Stripe has let it go.
    await api.update(order, market=market, token=guest, expect=422)
    await api.recover()
    assert (await api.get(payment))["options"]["intent_amount_cents"] == 15400
    assert (await api.update(order, market=market, token=guest))["currency_code"] == "HUF"


@on_sqlite
async def test_a_promise_keeps_the_currency_too(api: Api) -> None:
    market, _ = await forints(api)
    await by_hand(api)
    order = await ready(api)
    await api.create("wire_transfers", order=order)
    await api.update(order, {"_authorize": True})
    assert (await api.get(order))["payment_status"] == "authorized"
    assert (await api.update(order, market=market, expect=422)).said == [("/data/relationships/market", "invalid")]
    # An emptied cart is promised nothing.
    await api.delete(await line_of(api, order))
    assert (await api.update(order, market=market))["currency_code"] == "HUF"
    await api.recover()
    await api.line(order, 15400)
    assert await money(api, order) == ("pending", "unpaid", "HUF", 15400)
    assert await api.open_calls() == []


async def test_an_order_that_is_edited_stays_in_its_market(api: Api) -> None:
    market, _ = await forints(api)
    order, _ = await authorized(api, 40000)
    await api.update(order, {"_place": True})
    await api.update(order, {"_start_editing": True})
    await api.delete(await line_of(api, order))
    assert (await api.update(order, market=market, expect=422)).said == [("/data/relationships/market", "not_editable")]
    await api.line(order, 39000)
    assert (await api.update(order, {"_stop_editing": True}))["status"] == "placed"
    assert await money(api, order) == ("placed", "authorized", "EUR", 39000)


async def test_a_price_list_with_prices_keeps_its_currency(api: Api) -> None:
    price = await priced(api, 51000)
    (prices,) = (await api.get("price_lists", "?filter[q][code_eq]=eur")).data
    eur = {"type": "price_lists", "id": prices["id"]}
    assert (await api.update(eur, {"currency_code": "HUF"}, expect=422)).said == [
        ("/data/attributes/currency_code", "not_editable")
    ]
    assert (await api.get(eur))["currency_code"] == (await api.get(price))["currency_code"] == "EUR"
    empty = await api.create("price_lists", {"name": "New", "currency_code": "USD"})
    assert (await api.update(empty, {"currency_code": "HUF"}))["currency_code"] == "HUF"


async def test_a_market_changes_its_currency_only_without_open_carts(api: Api) -> None:
    await priced(api, 51000)
    huf = await api.create("price_lists", {"name": "HUF", "currency_code": "HUF"})
    (mug,) = (await api.get("skus", "?filter[q][code_eq]=MUG")).data
    sku = {"type": "skus", "id": mug["id"]}
    await api.create("prices", {"amount_cents": 51000}, sku=sku, price_list=huf)
    order = await ready(api, 0)
    await api.create("line_items", {"sku_code": "MUG", "quantity": 1}, order=order)
    assert (await api.update(api.market, price_list=huf, expect=422)).said == [
        ("/data/relationships/price_list", "currency_mismatch")
    ]
    await api.update(order, {"_refresh": True})
    assert await money(api, order) == ("pending", "unpaid", "EUR", 51000)
    await api.update(order, {"_cancel": True})
    await api.update(api.market, price_list=huf)
    assert (await api.create("orders", market=api.market))["currency_code"] == "HUF"


async def test_a_price_of_another_currency_is_no_price(api: Api) -> None:
    price = await priced(api, 51000)
    order = await ready(api, 0)
    line = await api.create("line_items", {"sku_code": "MUG", "quantity": 1}, order=order)
    # As an earlier release let it come about.
    await falsify(api, "prices", price.id, currency_code="HUF", amount_cents=510)
    refused = await api.create("line_items", {"sku_code": "MUG", "quantity": 1}, order=order, expect=422)
    assert refused.said == [("/data/attributes/sku_code", "no_price")]
    await api.update(line, {"quantity": 2})
    assert await money(api, order) == ("pending", "unpaid", "EUR", 102000)


async def test_a_transaction_of_another_currency_counts_for_nothing(api: Api) -> None:
    order, payment = await authorized(api)
    (row,) = (await api.get(f"orders/{order.id}/authorizations")).data
    await falsify(api, "transactions", row["id"], currency_code="HUF")
    assert (await api.update(order, {"_place": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "not_placeable")
    ]
    await api.update(payment, {"_refresh": True})
    assert (await stands(api, order))[0] == "pending"
    assert await moved(api, order) == [("authorizations", 15400, True)]
    assert (await api.get(order))["placed_at"] is None
