"""What a payment method's flags bring about: `moto`, `auto_place`, `auto_capture` and its limit, `require_capture`."""

import pytest

from tests.acts.methods import SEPA, confirmed, told
from tests.acts.orders import at_stripe, authorized, moved, ready, stands
from tests.payments.conftest import Api, on_sqlite

pytestmark = on_sqlite


async def test_orders_by_telephone_are_said_to_be_such(api: Api) -> None:
    method = await api.method_of(api.gateway, moto=True)
    order = await ready(api, method=method)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
    assert intent.payment_method_options.card.moto is True
    await api.line(order, 600)
    await api.update(payment, {"_update": True})
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    assert await moved(api, order) == [("authorizations", 16000, True)]


async def test_an_authorization_places_where_the_method_says_so(api: Api) -> None:
    order, payment = await confirmed(api, auto_place=True)
    await told(api, payment)
    assert await stands(api, order) == ("placed", "authorized", "not_required")
    order, payment = await confirmed(api)
    await told(api, payment)
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")


async def test_what_stands_against_placing_stands_against_placing_by_itself(api: Api) -> None:
    order, payment = await confirmed(api, auto_place=True)
    await api.update(order, billing_address=None)
    await told(api, payment)
    assert await stands(api, order) == ("pending", "authorized", "unfulfilled")


@pytest.mark.parametrize(("most", "taken"), [(None, True), (15400, True), (15399, False), (0, False)])
async def test_what_is_authorized_is_captured_up_to_the_limit(api: Api, most: int | None, taken: bool) -> None:
    order, payment = await confirmed(api, auto_place=True, auto_capture=True, auto_capture_max_amount_cents=most)
    await told(api, payment)
    assert await stands(api, order) == ("placed", "paid" if taken else "authorized", "not_required")
    assert (await at_stripe(api, payment))[:2] == (("succeeded", 15400) if taken else ("requires_capture", 0))
    assert len(await moved(api, order)) == (2 if taken else 1)


async def test_fulfilment_need_not_wait_for_the_money(api: Api) -> None:
    sku = await api.sku("SHIRT")
    (prices,) = (await api.get("price_lists", "?filter[q][code_eq]=eur")).data
    await api.create("prices", {"amount_cents": 5000}, sku=sku, price_list={"type": "price_lists", "id": prices["id"]})
    for waits, began in ((True, "unfulfilled"), (False, "in_progress")):
        method = await api.method_of(api.gateway, require_capture=waits)
        order = await ready(api, 0, method=method)
        await api.create("line_items", {"sku_code": "SHIRT", "quantity": 1}, order=order)
        await api.update(order, {"_shipping_address_same_as_billing": True})
        await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
        assert (await api.update(order, {"_place": True}))["fulfillment_status"] == "unfulfilled"
        assert (await api.update(order, {"_approve": True}))["fulfillment_status"] == began
        assert (await api.update(order, {"_capture": True}))["fulfillment_status"] == "in_progress"


async def test_a_bank_debit_is_placed_before_it_is_paid(timely: Api) -> None:
    api = timely
    order = await ready(api)
    made = await api.stripe.v1.payment_intents.create_async(
        {"amount": 15400, "currency": "eur", "allowed_payment_method_types": ["sepa_debit"]}
    )
    payment = await api.payment(order, {"stripe_id": made.id, "client_secret": made.client_secret})
    accepted = {"type": "online", "online": {"ip_address": "192.0.2.1", "user_agent": "a browser"}}
    await api.stripe.v1.payment_intents.confirm_async(
        made.id,
        {"payment_method_data": SEPA, "mandate_data": {"customer_acceptance": accepted}},
    )
    assert (await at_stripe(api, payment))[0] == "processing"
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "unpaid")
    assert (await api.update(order, {"_place": True}))["updated_at"] == placed["updated_at"]
    assert await moved(api, order) == []
    assert (await api.update(order, {"_approve": True}, expect=422)).said == [
        ("/data/attributes/payment_status", "invalid_transition")
    ]
    await api.stripe.control("POST", "clock", {"advance_seconds": 3600})
    await told(api, payment)
    assert await stands(api, order) == ("placed", "paid", "not_required")
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]


async def test_who_ordered_before_is_told_from_who_did_not(api: Api) -> None:
    first, _ = await authorized(api)
    second, _ = await authorized(api)
    assert (first["customer_type"], second["customer_type"]) == ("new", "new")
    assert (await api.update(first, {"_place": True}))["customer_type"] == "new"
    assert (await api.update(first, {"_cancel": True}))["status"] == "cancelled"
    assert (await api.update(second, {"_place": True}))["customer_type"] == "returning"
    third = await ready(api)
    assert third["customer_type"] == "returning"
    (customer,) = (await api.get("customers")).data
    found = customer["attributes"]
    assert (found["total_orders_count"], found["status"]) == (2, "repeat")
