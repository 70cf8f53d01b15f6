"""What shipments come to is captured by itself once they have left, where their organization wishes it."""

import asyncio
import random
from typing import Any

import pytest

from paydesk.base.money import Money
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.sent_goods import shares_of
from tests.acts.crashes import killed
from tests.acts.matters import counted
from tests.acts.orders import PARTS, at_stripe, moved, only, stands
from tests.acts.stocked import counted as counted_stock
from tests.payments.commands import paydesk
from tests.payments.conftest import ADDRESS, Answer, Api, Running, Stripe, furnish

Link = dict[str, str]


async def approved(
    api: Api, running: Running, options: dict[str, Any] | None = None
) -> tuple[Answer, Answer, list[Link]]:
    """An approved order of a hat for 10.00 and two coats for 40.00 in all, each sent for 5.00 by a shipment of its own.

    options   as they are given with the payment; its card may be captured several times because paydesk asks for that
    """
    said = await paydesk(running, "organization", "capture", "acme", "--shipped")
    assert said.lines[1] == "once a shipment has left      yes"
    api.parts.desk.transactions.organizations.clear()
    await counted_stock(api, strategy="split_shipments")
    post = await api.create("shipping_methods", {"name": "Post", "price_amount_cents": 500}, market=api.market)
    location = (await api.get("stock_locations")).data[0]
    await api.update(api.method, {"require_capture": False})
    order = await api.order(0, attributes={"customer_email": "ada@example.com"})
    for code, quantity, cents in (("HAT", 1, 1000), ("COAT", 2, 2000)):
        sku = await api.sku(code)
        await api.create(
            "stock_items", {"quantity": 5}, sku=sku, stock_location={"type": "stock_locations", "id": location["id"]}
        )
        await api.create("line_items", {"quantity": quantity, "unit_amount_cents": cents}, order=order, item=sku)
    goal = await api.create("addresses", ADDRESS)
    await api.update(order, billing_address=goal, shipping_address=goal)
    found = (await api.get(f"orders/{order.id}/shipments")).data
    own = [{"type": "shipments", "id": one["id"]} for one in sorted(found, key=lambda one: one["attributes"]["number"])]
    for one in own:
        await api.update(one, shipping_method=post)
    payment = await api.payment(order, options)
    await api.stripe.confirm(payment["stripe_id"])
    for trigger in ("_place", "_approve"):
        await api.update(order, {trigger: True})
    assert await stands(api, order) == ("approved", "authorized", "in_progress")
    return order, payment, own


async def ship(api: Api, shipment: Link) -> None:
    for trigger in ("_picking", "_packing", "_ready_to_ship", "_ship"):
        await api.update(shipment, {trigger: True})


async def turn(api: Api) -> int:
    asked = await api.parts.recovery.capturing.once(every_seconds=0)
    await api.recover()
    return asked


async def test_each_shipment_is_captured_as_it_leaves_and_the_last_one_is_final(api: Api, running: Running) -> None:
    order, payment, (hat, coats) = await approved(api, running)
    assert (await api.get(payment))["options"]["multicapture"] is True
    assert await turn(api) == 0
    await ship(api, hat)
    assert await turn(api) == 1
    assert await turn(api) == 0
    assert await at_stripe(api, payment) == ("requires_capture", 1500, 0)
    assert await stands(api, order) == ("approved", "partially_paid", "in_progress")
    authorization = await only(api, order, "authorizations")
    assert (await api.get(authorization))["capture_balance_cents"] == 4500
    first = await only(api, order, "captures")
    await ship(api, coats)
    assert await turn(api) == 1
    assert await at_stripe(api, payment) == ("succeeded", 6000, 0)
    # Each capture is given back by itself; that money is not taken again.
    assert (await api.update(first, {"_refund": True, "_refund_amount_cents": 1600}, expect=422)).status == 422
    assert (await api.update(first, {"_refund": True}))["refund_balance_cents"] == 0
    await api.update(payment, {"_refresh": True})
    assert await turn(api) == 0
    assert await moved(api, order) == [
        ("authorizations", 6000, True), ("captures", 1500, True), ("captures", 4500, True), ("refunds", 1500, True),
    ]  # fmt: skip
    assert await at_stripe(api, payment) == ("succeeded", 6000, 1500)
    assert await stands(api, order) == ("approved", "partially_refunded", "fulfilled")
    assert (await counted(api), await api.open_calls()) == ({}, [])


async def test_a_card_that_is_captured_once_is_charged_with_the_last_shipment(api: Api, running: Running) -> None:
    never = {"options": {"payment_method_options": {"card": {"request_multicapture": "never"}}}}
    order, payment, (hat, coats) = await approved(api, running, never)
    await ship(api, hat)
    assert await turn(api) == 0
    assert await at_stripe(api, payment) == ("requires_capture", 0, 0)
    await ship(api, coats)
    assert await turn(api) == 1
    assert await at_stripe(api, payment) == ("succeeded", 6000, 0)
    assert await stands(api, order) == ("approved", "paid", "fulfilled")


async def test_what_was_captured_by_hand_or_will_not_be_sent_is_not_taken(api: Api, running: Running) -> None:
    order, payment, (hat, coats) = await approved(api, running, PARTS)
    authorization = await only(api, order, "authorizations")
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 1200})
    await ship(api, hat)
    # A capture whose outcome is not known is waited for, and the shipment's is not forgotten.
    path = f"/v1/payment_intents/{payment['stripe_id']}/capture"
    await api.stripe.faults(path=path, times=0, status=503)
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 100}, expect=503)
    assert await api.parts.recovery.capturing.once(every_seconds=0) == 0
    await api.stripe.mend()
    await api.recover(after=60)
    assert await turn(api) == 1
    assert [one[1] for one in await moved(api, order)] == [6000, 1200, 100, 200]
    await api.update(coats, {"_cancel": True})
    assert await turn(api) == 0
    assert await at_stripe(api, payment) == ("requires_capture", 1500, 0)
    # The rest is still there to be let go, or taken by hand.
    await api.update(authorization, {"_void": True})
    assert await moved(api, order) == [
        ("authorizations", 6000, True), ("captures", 1200, True), ("captures", 100, True), ("captures", 200, True),
        ("voids", 4500, True),
    ]  # fmt: skip


async def test_a_refused_capture_is_told_and_made_up_for_with_the_next_shipment(api: Api, running: Running) -> None:
    order, payment, (hat, coats) = await approved(api, running)
    await ship(api, hat)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/capture", status=400, code="oops")
    assert await turn(api) == 1
    assert await turn(api) == 0
    assert await counted(api) == {"capture_failed": 1}
    await ship(api, coats)
    assert await turn(api) == 1
    assert await moved(api, order) == [
        ("authorizations", 6000, True), ("captures", 1500, False), ("captures", 6000, True),
    ]  # fmt: skip
    assert (await stands(api, order), await counted(api)) == (("approved", "paid", "fulfilled"), {})


@pytest.mark.parametrize("at", ["capture_payment.asking", "capture_payment.asked", "capture_payment.settling"])
async def test_killed_while_it_captures_a_shipment_it_captures_it_once(
    running: Running, account: Stripe, at: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, payment, (hat, coats) = await approved(api, running)
        await ship(api, hat)
        assert await api.parts.recovery.capturing.once(every_seconds=0) == 1
    assert await killed(running, api, at, [], recover=True) == ""
    running.clock.advance(11)
    async with running.api(account) as api:
        await api.recover()
        assert await turn(api) == 0
        assert await at_stripe(api, payment) == ("requires_capture", 1500, 0)
        # Two that look at once, and a shopkeeper who captures all of it by hand.
        await ship(api, coats)
        await asyncio.gather(
            *(api.parts.recovery.capturing.once(every_seconds=0) for _ in range(3)),
            api.send("PATCH", f"orders/{order.id}", {"data": {**order.link, "attributes": {"_capture": True}}}),
        )
        await api.recover()
        await turn(api)
        assert await moved(api, order) == [
            ("authorizations", 6000, True), ("captures", 1500, True), ("captures", 4500, True),
        ]  # fmt: skip
        assert await at_stripe(api, payment) == ("succeeded", 6000, 0)


def test_the_shares_of_shipments_are_what_the_order_costs() -> None:
    chance = random.Random(7)
    for _ in range(500):
        due, currency = chance.randrange(10**7), chance.choice(["EUR", "JPY", "KWD"])
        lines, contents = list[LineItem](), {"a": list[tuple[str, int]](), "b": list[tuple[str, int]]()}
        for at in range(chance.randrange(6)):
            pieces = {name: chance.randrange(9) for name in contents}
            line = LineItem(
                id=str(at), item_type="skus", item_id=f"sku{at}", quantity=sum(pieces.values()) + 1, contents=None,
                unit_amount_cents=chance.randrange(-(10**6), 10**6), options_amount_cents=0, discount_cents=-7,
                tax_amount_cents=31,
            )  # fmt: skip
            lines.append(line)
            for name, quantity in pieces.items():
                contents[name] += [(line.id, quantity)]
        shares = shares_of(Money(due, currency), lines, contents, included=chance.random() < 0.5)
        assert sum(one.cents for one in shares.values()) == due
        assert min(one.cents for one in shares.values()) >= 0
