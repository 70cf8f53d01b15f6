"""Authorizations that are captured by themselves, so many hours before they end, where their organization wishes it."""

import asyncio

import pytest

from paydesk.base.instants import instant
from tests.acts.crashes import killed
from tests.acts.differences import falsify
from tests.acts.disputes import history
from tests.acts.matters import counted
from tests.acts.orders import approved, at_stripe, authorized, in_parts, moved, stands
from tests.payments.commands import paydesk
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish

HOUR = 3600


async def wished(running: Running, hours: int = 12) -> None:
    said = await paydesk(running, "organization", "capture", "acme", "--before-end", str(hours))
    assert said.lines[0] == f"before an authorization ends  {hours} hours"


async def ends_in(api: Api, payment: Answer, hours: float) -> None:
    await falsify(api, "stripe_payments", payment.id, capture_before=instant(api.app.clock() + hours * HOUR))


async def turn(api: Api) -> int:
    """The next turn of the background, and the calls that it leads to."""
    asked = await api.parts.recovery.capturing.once(every_seconds=0)
    await api.recover()
    return asked


async def test_what_ends_soon_is_captured_by_itself_once_and_told(timely: Api, running: Running) -> None:
    api = timely
    order, payment, authorization = await approved(api)
    cart, _ = await authorized(api)
    await api.stripe.control("POST", "clock", {"advance_seconds": 7 * 24 * HOUR - 13 * HOUR})
    api.app.clock.advance(7 * 24 * HOUR - 13 * HOUR)  # type: ignore[attr-defined]
    api.token = await api.log_in()
    # Nobody wished it, and then it is not time yet.
    assert await turn(api) == 0
    await wished(running)
    assert await turn(api) == 0
    assert await moved(api, order) == [("authorizations", 15400, True)]
    await api.stripe.control("POST", "clock", {"advance_seconds": 2 * HOUR})
    api.app.clock.advance(2 * HOUR)  # type: ignore[attr-defined]
    api.token = await api.log_in()
    assert await turn(api) == 1
    assert await turn(api) == 0
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)
    await api.update(payment, {"_refresh": True})
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
    assert (await stands(api, order))[:2] == ("approved", "paid")
    assert (await stands(api, cart))[:2] == ("pending", "authorized")
    ((told, event, who),) = await history(api, authorization, "captured_before_its_end")
    assert (told["from"], event, who) == (None, "update", ["worker"])
    assert await api.open_calls() == []


async def test_goods_that_wait_for_money_taken_early_are_a_matter_until_they_go(api: Api, running: Running) -> None:
    await wished(running)
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    await ends_in(api, payment, 11)
    assert await counted(api) == {"authorization_expiring": 1}
    assert await turn(api) == 1
    assert (await stands(api, order))[:2] == ("placed", "paid")
    assert await counted(api) == {"captured_before_its_end": 1}
    said = await paydesk(running, "matters")
    assert said.status == 4
    assert "captured before its end €154,00" in said.lines[0]
    await api.update(order, {"_approve": True})
    assert await counted(api) == {}


async def test_what_was_let_go_or_taken_by_hand_meanwhile_moves_nothing(api: Api, running: Running) -> None:
    await wished(running)
    taken, paid, _ = await approved(api)
    gone, _, _ = await approved(api)
    await api.update(taken, {"_capture": True})
    await api.update(gone, {"_cancel": True})
    await ends_in(api, paid, 1)
    # One that is changed is not looked at, as long as it may cost something else.
    edited, held = await authorized(api)
    await api.update(edited, {"_place": True})
    await api.update(edited, {"_start_editing": True})
    await ends_in(api, held, 1)
    assert await turn(api) == 0
    assert [one[0] for one in await moved(api, taken)] == ["authorizations", "captures"]
    assert [one[0] for one in await moved(api, gone)] == ["authorizations", "voids"]
    assert [one[0] for one in await moved(api, edited)] == ["authorizations"]
    await api.update(edited, {"_stop_editing": True})
    assert await turn(api) == 1
    assert await moved(api, edited) == [("authorizations", 15400, True), ("captures", 15400, True)]


async def test_the_rest_of_what_was_captured_in_parts_is_taken_after_a_capture_in_flight(
    api: Api, running: Running
) -> None:
    await wished(running)
    order, payment, authorization = await in_parts(api)
    await ends_in(api, payment, 11)
    # A part is asked for, and its outcome is not known: nothing is asked beside it, and the rest is not forgotten.
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/capture", times=0, status=503)
    await api.update(authorization, {"_capture": True, "_capture_amount_cents": 5000}, expect=503)
    assert await api.parts.recovery.capturing.once(every_seconds=0) == 0
    await api.stripe.mend()
    await api.recover(after=60)
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 5000, True)]
    await ends_in(api, payment, 11)
    assert await turn(api) == 1
    assert await moved(api, order) == [
        ("authorizations", 15400, True), ("captures", 5000, True), ("captures", 10400, True),
    ]  # fmt: skip
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


async def test_a_capture_that_is_refused_is_a_matter_and_is_not_tried_over_and_over(api: Api, running: Running) -> None:
    await wished(running)
    order, payment, authorization = await approved(api)
    await ends_in(api, payment, 11)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/capture", status=400, code="oops")
    assert await turn(api) == 1
    assert await turn(api) == 0
    assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, False)]
    assert await counted(api) == {"capture_failed": 1}
    await api.update(authorization, {"_capture": True})
    assert (await stands(api, order))[:2] == ("approved", "paid")
    assert await counted(api) == {}


@pytest.mark.parametrize("at", ["capture_payment.asking", "capture_payment.asked", "capture_payment.settling"])
async def test_killed_while_it_captures_by_itself_it_captures_once(running: Running, account: Stripe, at: str) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, payment, _ = await approved(api)
        await wished(running)
        await ends_in(api, payment, 11)
        assert await api.parts.recovery.capturing.once(every_seconds=0) == 1
    assert await killed(running, api, at, [], recover=True) == ""
    running.clock.advance(11)
    async with running.api(account) as api:
        await api.recover()
        assert await turn(api) == 0
        assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
        assert await at_stripe(api, payment) == ("succeeded", 15400, 0)
        assert await api.open_calls() == []


async def test_two_nodes_that_look_at_once_and_a_shopkeeper_capture_once(running: Running, account: Stripe) -> None:
    async with running.api(account) as one:
        await furnish(one)
        await wished(running)
        order, payment, _ = await approved(one)
        await ends_in(one, payment, 11)
        await asyncio.gather(
            *(one.parts.recovery.capturing.once(every_seconds=0) for _ in range(3)),
            one.send("PATCH", f"orders/{order.id}", {"data": {**order.link, "attributes": {"_capture": True}}}),
        )
        await one.recover()
        await turn(one)
        assert await moved(one, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
        assert await at_stripe(one, payment) == ("succeeded", 15400, 0)
