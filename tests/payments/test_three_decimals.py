"""Currencies of thousandths, which cards pay in tens: every amount that is entered or worked out can be paid."""

from typing import Any

import pytest

from tests.acts.mending import put
from tests.acts.orders import moved, ready
from tests.payments.conftest import Answer, Api, on_sqlite

ODD = ("not_a_multiple_of", 10)


def said(answer: Answer) -> list[tuple[str, str, int]]:
    return [(one["source"]["pointer"], one["meta"]["error"], one["meta"]["count"]) for one in answer.errors]


async def shop(api: Api, **flags: Any) -> tuple[dict[str, str], Answer, Answer]:
    """A market in KWD, its price list, and a method of it."""
    market = await api.market_in("KWD")
    (prices,) = (await api.get("price_lists", "?filter[q][currency_code_eq]=KWD")).data
    method = await api.method_of(api.gateway, currency_code="KWD", **flags)
    return market, {"type": "price_lists", "id": prices["id"]}, method  # type: ignore[return-value]


async def test_what_a_card_cannot_pay_is_refused_where_it_is_entered(api: Api) -> None:
    market, prices, method = await shop(api)
    sku = await api.sku("TEA", do_not_ship=True)

    async def refused(names: list[str], type: str, given: dict[str, Any], of: Any = None, **related: Any) -> None:
        asked = api.update(of, given, expect=422) if of else api.create(type, given, expect=422, **related)
        assert said(await asked) == [(f"/data/attributes/{name}", *ODD) for name in names]

    names = ["amount_cents", "compare_at_amount_cents"]
    await refused(names, "prices", dict.fromkeys(names, 18605), price_list=prices, sku=sku)
    price = await api.create("prices", {"amount_cents": 18610}, price_list=prices, sku=sku)
    await refused(["amount_cents"], "prices", {"amount_cents": 18611}, price)
    given = {"payment_source_type": "stripe_payments", "price_amount_cents": 5, "currency_code": "KWD"}
    await refused(["price_amount_cents"], "payment_methods", given, payment_gateway=api.gateway)
    await refused(["price_amount_cents"], "payment_methods", {"price_amount_cents": 1005}, method)
    euros = await api.method_of(api.gateway, price_amount_cents=1005)
    await refused(["price_amount_cents"], "payment_methods", {"currency_code": "KWD"}, euros)
    order = await api.create("orders", market=market, payment_method=method)
    line = {"name": "Line", "quantity": 1, "unit_amount_cents": 18605}
    await refused(["unit_amount_cents"], "line_items", line, order=order)
    made = await api.create("line_items", {**line, "unit_amount_cents": 18610}, order=order)
    await refused(["unit_amount_cents"], "line_items", {"unit_amount_cents": 18601}, made)
    await refused(["options_amount_cents"], "line_items", {"options_amount_cents": 15}, made)
    assert (await api.get(order))["total_amount_cents"] == 18610
    # Other currencies count every unit: an IQD has thousandths that no card pays, but wires may.
    other = await api.order(18605)
    assert other["currency_code"] == "EUR"


async def test_a_price_is_not_moved_to_a_list_in_which_it_cannot_be_paid(api: Api) -> None:
    _, prices, _ = await shop(api)
    sku = await api.sku("TEA", do_not_ship=True)
    (euros,) = (await api.get("price_lists", "?filter[q][code_eq]=eur")).data
    list_of_euros = {"type": "price_lists", "id": euros["id"]}
    price = await api.create("prices", {"amount_cents": 1005}, price_list=list_of_euros, sku=sku)
    refused = await api.update(price, price_list=prices, expect=422)
    assert said(refused) == [("/data/attributes/amount_cents", *ODD)]


async def test_an_order_in_thousandths_is_paid_captured_and_refunded_in_tens(api: Api) -> None:
    market, _, method = await shop(api, price_amount_cents=250)
    order = await ready(api, 18600, market=market, method=method)
    assert order["total_amount_cents"] == 18850
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
    assert (intent.amount, intent.currency) == (18850, "kwd")
    asked = {"_authorize": True, "_authorization_amount_cents": 18605}
    refused = await api.update(order, asked, expect=422)
    assert said(refused) == [("/data/attributes/_authorization_amount_cents", *ODD)]
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve": True})
    (authorization,) = (await api.get(f"orders/{order.id}/authorizations")).data
    odd = {"_capture": True, "_capture_amount_cents": 18605}
    refused = await api.update(authorization, odd, expect=422)
    assert said(refused) == [("/data/attributes/_capture_amount_cents", *ODD)]
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 18610})
    (capture,) = (await api.get(f"orders/{order.id}/captures")).data
    refused = await api.update(capture, {"_refund": True, "_refund_amount_cents": 1}, expect=422)
    assert said(refused) == [("/data/attributes/_refund_amount_cents", *ODD)]
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 18600})
    await api.update(capture, {"_refund": True})
    assert await moved(api, order) == [
        ("authorizations", 18850, True),
        ("captures", 18610, True),
        ("refunds", 18600, True),
        ("refunds", 10, True),
    ]


async def test_what_was_entered_before_costs_what_can_be_paid(api: Api) -> None:
    market, prices, method = await shop(api)
    sku = await api.sku("TEA", do_not_ship=True)
    price = await api.create("prices", {"amount_cents": 18610}, price_list=prices, sku=sku)
    order = await ready(api, 0, market=market, method=method)
    line = await api.create("line_items", {"sku_code": "TEA", "quantity": 3}, order=order)
    fixed = await api.line(order, 1000)
    await put(api, price, amount_cents=18605)
    await put(api, line, unit_amount_cents=18605, total_amount_cents=55815)
    await put(api, fixed, unit_amount_cents=1004, total_amount_cents=1004)
    await put(api, method, price_amount_cents=125)
    order = await api.update(order, {"_refresh": True})
    assert order["total_amount_cents"] == 3 * 18610 + 1000 + 130
    assert (await api.get(line))["unit_amount_cents"] == 18610
    assert (await api.get(fixed))["total_amount_cents"] == 1000
    refreshed = await api.get(line)
    await api.update(order, {"_refresh": True})
    assert (await api.get(line))["updated_at"] == refreshed["updated_at"]
    await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    second = await ready(api, 0, market=market, method=method)
    added = await api.create("line_items", {"sku_code": "TEA", "quantity": 2}, order=second)
    assert (added["unit_amount_cents"], added["total_amount_cents"]) == (18610, 37220)


@on_sqlite
@pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
async def test_every_such_currency_is_paid(api: Api, currency: str) -> None:
    market = await api.market_in(currency)
    method = await api.method_of(api.gateway, currency_code=currency)
    order = await ready(api, 12340, market=market, method=method)
    await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    assert (await api.update(order, {"_place": True}))["payment_status"] == "authorized"
