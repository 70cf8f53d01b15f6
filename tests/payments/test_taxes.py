"""Taxes are paid: what is charged, placed, captured and refunded contains them, and no rise of them is overlooked."""

import pytest

from tests.acts.differences import falsify
from tests.acts.orders import authorized, moved, only, ready
from tests.acts.taxes import raised, taxed
from tests.payments.commands import paydesk
from tests.payments.conftest import Api, Running

MISMATCHED = [("/data/relationships/payment_source", "mismatched_amounts")]
HOW = ("rule", "new rule", "address")


async def test_taxes_that_are_added_are_charged_captured_and_refunded(api: Api) -> None:
    await taxed(api)
    order, payment = await authorized(api, 10000)
    intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
    assert (intent.amount, intent.amount_capturable) == (12200, 12200)
    order = await api.update(order, {"_place": True})
    assert (order["total_amount_cents"], order["place_total_amount_cents"], order["payment_status"]) == (
        10000,
        12200,
        "authorized",
    )
    await api.update(order, {"_approve_and_capture": True})
    capture = await only(api, order, "captures")
    refused = await api.update(capture, {"_refund": True, "_refund_amount_cents": 12201}, expect=422)
    assert refused.said[0][1] == "less_than_or_equal_to"
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 12200})
    assert await moved(api, order) == [
        ("authorizations", 12200, True),
        ("captures", 12200, True),
        ("refunds", 12200, True),
    ]
    assert (await api.get(order))["payment_status"] == "refunded"


async def test_taxes_that_are_included_change_nothing_that_is_paid_and_stay_once_placed(api: Api) -> None:
    rule = await taxed(api, included=True)
    order, payment = await authorized(api, 12200)
    assert (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).amount == 12200
    order = await api.update(order, {"_place": True})
    assert (order["place_total_amount_cents"], order["total_tax_amount_cents"]) == (12200, 2200)
    await api.update(rule, {"tax_rate": 0.5})
    order = await api.update(order, {"reference": "r"})
    assert (order["tax_rate"], order["total_tax_amount_cents"]) == (0.22, 2200)


@pytest.mark.parametrize("how", HOW)
async def test_an_order_whose_taxes_rose_is_not_placed_for_less(api: Api, how: str) -> None:
    rule = await taxed(api)
    order, payment = await authorized(api, 10000)
    await raised(api, how, order, rule)
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 12200
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == MISMATCHED
    assert (await api.get(order))["status"] == "pending"
    order = await api.update(order, {"_refresh": True})
    assert (order["total_amount_with_taxes_cents"], order["payment_status"]) == (13400, "partially_authorized")
    assert (await api.get(payment))["mismatched_amounts"] is True


@pytest.mark.parametrize("how", HOW)
async def test_a_payment_is_opened_for_the_taxes_of_this_moment(api: Api, how: str) -> None:
    rule = await taxed(api)
    order = await ready(api, 10000)
    await raised(api, how, order, rule)
    assert (await api.get(order))["total_amount_with_taxes_cents"] == 12200
    payment = await api.payment(order)
    assert (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).amount == 13400
    await api.stripe.confirm(payment["stripe_id"])
    order = await api.update(order, {"_place": True})
    assert (order["status"], order["place_total_amount_cents"]) == ("placed", 13400)


async def test_a_part_and_the_rest_of_a_taxed_order_are_authorized(api: Api) -> None:
    await taxed(api)
    order = await ready(api, 10000)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    order = await api.update(order, {"_authorize": True, "_authorization_amount_cents": 10000})
    assert (order["payment_status"], order["total_amount_with_taxes_cents"]) == ("partially_authorized", 12200)
    assert (await api.update(order, {"_place": True}, expect=422)).said[0][1] == "mismatched_amounts"
    assert (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).amount == 10000


async def test_an_edited_order_comes_to_cost_no_more_with_its_taxes(api: Api) -> None:
    rule = await taxed(api)
    order, _ = await authorized(api, 10000)
    await api.update(order, {"_place": True})
    await api.update(order, {"_start_editing": True})
    await api.update(rule, {"tax_rate": 0.23})
    refused = await api.update(order, {"_stop_editing": True}, expect=422)
    assert refused.said == [("/data/attributes/total_amount_with_taxes_cents", "less_than_or_equal_to")]
    await api.update(rule, {"tax_rate": 0.1})
    order = await api.update(order, {"_stop_editing": True})
    assert (order["status"], order["total_amount_with_taxes_cents"]) == ("placed", 11000)
    await api.update(order, {"_approve_and_capture": True})
    assert [one for one in await moved(api, order) if one[0] == "captures"] == [("captures", 11000, True)]


async def test_reconcile_tells_of_taxes_that_do_not_follow_from_the_rate(api: Api, running: Running) -> None:
    await taxed(api)
    order, _ = await authorized(api, 10000)
    await api.update(order, {"_place": True})
    assert (await paydesk(running, "reconcile", "--json")).json["wrong"] == []
    (line,) = (await api.get(f"orders/{order.id}/line_items")).data
    await falsify(api, "line_items", line["id"], tax_amount_cents=0)
    (wrong,) = (await paydesk(running, "reconcile", "--json")).json["wrong"]
    assert (wrong["rule"], wrong["what"], wrong["stored"], wrong["right"]) == (
        "line",
        f"tax on line {line['id']}",
        "€0,00",
        "€22,00",
    )
