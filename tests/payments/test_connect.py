"""What integrations set for Connect is the order's: it goes into each new payment, and refunds take it back."""

from typing import Any

import pytest

from paydesk.gateways.stripe import StripeGateway
from tests.acts.differences import falsify
from tests.acts.orders import at_stripe, only, ready
from tests.payments.conftest import Api, on_sqlite

CONNECT = {
    "transfer_data": {"destination": "acct_seller"},
    "application_fee_amount": 900,
    "on_behalf_of": "acct_seller",
    "transfer_group": "ORDER_1",
}


async def has(api: Api, intent: str) -> tuple[Any, Any, Any, Any]:
    """What an intent has for Connect, as Stripe tells it."""
    made = (await api.stripe.v1.payment_intents.retrieve_async(intent)).to_dict()
    destination = (made["transfer_data"] or {}).get("destination")
    return destination, made["application_fee_amount"], made["on_behalf_of"], made["transfer_group"]


ALL = ("acct_seller", 900, "acct_seller", "ORDER_1")
NOTHING = (None, None, None, None)


async def asked(api: Api) -> list[tuple[Any, Any]]:
    """What each refund asked of Stripe to take back beside."""
    calls = await api.rows("gateway_calls", "created_at", "kind", "parameters")
    made = [parameters for _, kind, parameters in sorted(calls, key=lambda one: one[0]) if kind == "refund_payment"]
    return [(one.get("reverse_transfer"), one.get("refund_application_fee")) for one in made]


async def test_a_shoppers_next_payment_has_what_an_integration_set(api: Api) -> None:
    order = await ready(api)
    first = await api.payment(order, {"options": CONNECT})
    assert await has(api, first["stripe_id"]) == ALL
    guest = await api.guest()
    second = await api.payment(order, {"options": {"transfer_data": {"destination": "acct_thief"}}}, token=guest)
    assert second["stripe_id"] != first["stripe_id"]
    assert await has(api, second["stripe_id"]) == ALL
    assert "transfer_data" not in second["options"]
    await api.stripe.confirm(second["stripe_id"])
    await api.update(order, {"_place": True}, token=guest)
    await api.update(order, {"_approve_and_capture": True})
    await api.update(await only(api, order, "captures"), {"_refund": True, "_refund_amount_cents": 5400})
    await api.update(order, {"_refund": True})
    assert (await api.get(order))["payment_status"] == "refunded"
    assert await at_stripe(api, second) == ("succeeded", 15400, 15400)
    assert await asked(api) == [(True, True), (True, True)]


async def test_what_is_set_anew_counts_from_then_on_and_null_takes_it_away(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": CONNECT})
    changed = {"application_fee_amount": 500, "transfer_group": None}
    await api.update(payment, {"options": changed, "_update": True})
    assert (await has(api, payment["stripe_id"]))[1] == 500
    await api.update(payment, {"options": {"application_fee_amount": 15401}, "_update": True}, expect=422)
    again = await api.payment(order, token=await api.guest())
    assert await has(api, again["stripe_id"]) == ("acct_seller", 500, "acct_seller", None)
    bare = await api.payment(order, {"options": dict.fromkeys(CONNECT)})
    assert await has(api, bare["stripe_id"]) == NOTHING
    last = await api.payment(order, token=await api.guest())
    assert await has(api, last["stripe_id"]) == NOTHING


async def test_what_stripe_refuses_is_not_kept_for_the_order(api: Api) -> None:
    order = await ready(api)
    await api.payment(order, {"options": {"application_fee_amount": 900}}, expect=422)
    payment = await api.payment(order, token=await api.guest())
    assert await has(api, payment["stripe_id"]) == NOTHING
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    await api.update(order, {"_refund": True})
    assert await asked(api) == [(None, None)]


@on_sqlite
async def test_a_payment_that_an_earlier_version_opened_is_given_back_with_what_its_options_say(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": CONNECT})
    await api.stripe.confirm(payment["stripe_id"])
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    await falsify(api, "stripe_payments", payment.id, connect=None)
    await falsify(api, "orders", order.id, connect=None)
    await api.update(order, {"_refund": True})
    assert await asked(api) == [(True, True)]


@pytest.mark.parametrize("name", ["reverse_transfer", "refund_application_fee"])
def test_a_refund_takes_back_only_what_there_was(name: str) -> None:
    ask = {"payment_id": "pi_1", "amount_cents": 100, "currency": "EUR"}
    assert StripeGateway().parameters("refund", {**ask, name: True})[name] is True
    assert name not in StripeGateway().parameters("refund", ask)
