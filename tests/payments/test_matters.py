"""What needs a person's attention: told apart from differences, by `paydesk reconcile` and at /metrics."""

import time

import pytest

from paydesk.base.instants import instant
from tests.acts.differences import falsify
from tests.acts.letting_go import confirmed
from tests.acts.matters import counted, told
from tests.acts.orders import approved, authorized, only, ready, stands
from tests.acts.watching import advance
from tests.payments.commands import paydesk
from tests.payments.conftest import Api, Running, on_sqlite


async def test_money_that_no_order_was_placed_for_is_a_matter_after_a_while(api: Api, running: Running) -> None:
    order, _ = await authorized(api)
    assert await counted(api) == {}
    advance(api, 901)
    assert await counted(api) == {"unplaced_money": 1}
    # The command's clock is the wall's.
    since = instant(time.time() - 1000)
    await falsify(api, "orders", order.id, attention={"unplaced_money": [since, 15400]}, attention_since=since)
    said = await paydesk(running, "reconcile", "--json")
    assert (said.status, told(said), said.json["findings"]) == (4, [("unplaced_money", 15400)], [])
    said = await paydesk(running, "reconcile")
    assert said.status == 4
    assert said.lines[-1] == (
        f"acme/test order {order['number']}: unplaced money €154,00, for 16 min. Place the order, or give the money "
        "back: void its authorizations, refund its captures."
    )
    await api.update(order, {"_place": True})
    assert await counted(api) == {}


@on_sqlite
async def test_a_wire_that_is_only_promised_is_no_money(api: Api) -> None:
    gateway = await api.create("manual_gateways", {"name": "Wire"})
    method = await api.method_of(gateway, payment_source_type="wire_transfers")
    order = await ready(api, method=method)
    await api.create("wire_transfers", order=order)
    await api.update(order, {"_authorize": True})
    assert (await stands(api, order))[1] == "authorized"
    advance(api, 901)
    assert await counted(api) == {}


async def test_a_placed_order_whose_authorization_is_gone_is_a_matter(api: Api) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    assert await counted(api) == {}
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert await stands(api, order) == ("placed", "voided", "not_required")
    assert await counted(api) == {"authorization_gone": 1}
    await api.update(order, {"_cancel": True})
    assert await counted(api) == {}


@on_sqlite
async def test_money_that_was_taken_twice_is_a_matter_until_it_is_given_back(api: Api) -> None:
    order = await ready(api)
    first = await api.payment(order)
    await api.stripe.confirm(first["stripe_id"])
    second = await confirmed(api, order)
    await api.update(order, {"_place": True})
    for one in (first, second):
        await api.stripe.v1.payment_intents.capture_async(one["stripe_id"])
    for one in (second, first):
        await api.update(one, {"_refresh": True})
    assert await counted(api) == {"surplus_money": 1}
    for capture in (await api.get(f"orders/{order.id}/captures")).data:
        if capture["attributes"]["token"] == first["stripe_id"]:
            await api.update({"type": "captures", "id": capture["id"]}, {"_refund": True})
    assert await counted(api) == {}


async def test_a_refund_that_failed_is_a_matter_until_another_came_about(api: Api) -> None:
    order, _, _ = await approved(api)
    await api.update(order, {"_capture": True})
    capture = await only(api, order, "captures")
    await api.stripe.faults(path="/v1/refunds", status=400, code="charge_disputed")
    failed = await api.update(capture, {"_refund": True, "_refund_amount_cents": 5000})
    assert failed["refund_balance_cents"] == 15400
    assert await counted(api) == {"refund_failed": 1}
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 5000})
    assert await counted(api) == {}


async def test_an_authorization_of_a_placed_order_that_ends_within_a_day_is_a_matter(
    api: Api, running: Running
) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    advance(api, 6.5 * 86400)
    assert await counted(api) == {"authorization_expiring": 1}
    await falsify(api, "stripe_payments", payment.id, capture_before=instant(time.time() + 40000))
    said = await paydesk(running, "reconcile", "--json")
    assert (said.status, told(said)) == (4, [("authorization_expiring", 15400)])


async def test_amounts_that_contradict_each_other_are_a_matter_and_a_fault(api: Api, running: Running) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    (held,) = (await api.get(f"orders/{order.id}/authorizations")).data
    await falsify(api, "transactions", held["id"], currency_code="HUF")
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    assert (await counted(api))["amounts_broken"] == 1
    assert (await paydesk(running, "reconcile")).status == 1


@pytest.mark.parametrize("status", ["draft", "pending"])
@on_sqlite
async def test_a_cart_is_no_matter(api: Api, status: str) -> None:
    order = await (ready(api) if status == "pending" else api.order())
    await api.payment(order)
    advance(api, 901)
    assert await counted(api) == {}


async def test_one_payment_of_two_orders_is_a_matter(api: Api) -> None:
    first = await api.payment()
    second = await api.payment(await api.order(method=await api.method_of(await api.gateway_of(name="Second"))))
    for one in (first, second):
        await falsify(api, "stripe_payments", one.id, account=None)
    await falsify(api, "stripe_payments", second.id, stripe_id=first["stripe_id"])
    assert await counted(api) == {}
    await api.parts.endpoints.once()
    assert await counted(api) == {"payment_of_several_orders": 1}
