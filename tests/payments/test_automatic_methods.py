"""A gateway with `auto_payments`: every method of the account is offered, and held where it can be."""

import pytest

from tests.acts.automatic_methods import opened, shopper_pays
from tests.acts.methods import told
from tests.acts.orders import at_stripe, moved, ready, stands
from tests.payments.conftest import Api, on_sqlite

OFFERED = ["bancontact", "card", "eps", "ideal", "klarna", "link", "p24", "paypal", "sepa_debit"]
HELD = [("authorizations", 15400, True)]
PAID = [*HELD, ("captures", 15400, True)]


@on_sqlite
async def test_what_the_account_takes_is_offered(api: Api) -> None:
    _, payment = await opened(api)
    intent = (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).to_dict()
    assert intent["automatic_payment_methods"]["enabled"] is True
    assert (intent["capture_method"], intent["allowed_payment_method_types"]) == ("automatic", None)
    assert sorted(intent["payment_method_types"]) == OFFERED
    assert intent["payment_method_options"]["card"] == {"capture_method": "manual"}
    assert "ideal" not in intent["payment_method_options"]


@pytest.mark.parametrize("kind", ["card", "klarna", "paypal"])
async def test_what_can_be_held_is_held_until_it_is_captured(api: Api, kind: str) -> None:
    order, payment = await opened(api)
    assert (await shopper_pays(api, payment, kind)).status == "requires_capture"
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert await moved(api, order) == HELD
    await api.update(order, {"_approve_and_capture": True})
    assert await stands(api, order) == ("approved", "paid", "not_required")
    assert await moved(api, order) == PAID
    assert (await at_stripe(api, payment))[:2] == ("succeeded", 15400)


@pytest.mark.parametrize("kind", ["ideal", "bancontact", "eps", "p24"])
async def test_what_cannot_be_held_is_paid_and_then_placed_by_hand(api: Api, kind: str) -> None:
    order, payment = await opened(api)
    assert (await shopper_pays(api, payment, kind)).status == "succeeded"
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "paid")
    assert await moved(api, order) == PAID
    await told(api, payment)
    assert await moved(api, order) == PAID
    source = await api.get(payment)
    assert source["payment_instrument"] == {"issuer": "stripe", "issuer_type": kind}
    await api.update(order, {"_approve": True})
    assert await stands(api, order) == ("approved", "paid", "not_required")
    await api.update(order, {"_refund": True})
    assert await stands(api, order) == ("cancelled", "refunded", "not_required")


@pytest.mark.parametrize("kind", ["ideal", "p24"])
async def test_what_cannot_be_held_is_paid_and_placed_by_the_webhook(api: Api, kind: str) -> None:
    order, payment = await opened(api, auto_place=True, auto_capture=True)
    await shopper_pays(api, payment, kind)
    await told(api, payment)
    assert await stands(api, order) == ("placed", "paid", "not_required")
    assert await moved(api, order) == PAID
    assert (await api.update(order, {"_place": True}))["status"] == "placed"


@pytest.mark.parametrize("first", ["place", "pay"])
async def test_a_debit_is_placed_while_it_is_processed_or_once_it_is_paid(timely: Api, first: str) -> None:
    api = timely
    order, payment = await opened(api)
    assert (await shopper_pays(api, payment, "sepa_debit")).status == "processing"
    if first == "place":
        placed = await api.update(order, {"_place": True})
        assert (placed["status"], placed["payment_status"]) == ("placed", "unpaid")
    await api.stripe.control("POST", "clock", {"advance_seconds": 3600})
    if first == "place":
        await told(api, payment)
    else:
        await api.update(order, {"_place": True})
    assert await stands(api, order) == ("placed", "paid", "not_required")
    assert await moved(api, order) == PAID


@on_sqlite
async def test_options_of_a_method_and_an_amendment_leave_it_to_be_held(api: Api) -> None:
    await api.update(api.gateway, {"auto_payments": True})
    order = await ready(api)
    options = {"payment_method_options": {"card": {"request_three_d_secure": "any", "capture_method": "automatic"}}}
    payment = await api.payment(order, {"options": options})
    await api.line(order, 600)
    await api.update(payment, {"_update": True})
    intent = (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).to_dict()
    assert intent["payment_method_options"]["card"] == {"request_three_d_secure": "any", "capture_method": "manual"}
    assert intent["payment_method_options"]["klarna"] == {"capture_method": "manual"}
    assert (intent["amount"], intent["capture_method"]) == (16000, "automatic")


@on_sqlite
async def test_what_is_asked_for_in_another_currency_is_offered_without_the_methods_of_the_euro(api: Api) -> None:
    given = {"amount": 15400, "currency": "usd", "automatic_payment_methods": {"enabled": True}}
    intent = await api.stripe.v1.payment_intents.create_async(given)
    assert sorted(intent.payment_method_types) == ["card", "klarna", "link", "paypal"]
    manual = await api.stripe.v1.payment_intents.create_async({**given, "currency": "eur", "capture_method": "manual"})
    assert sorted(manual.payment_method_types) == ["card", "klarna", "link", "paypal"]
