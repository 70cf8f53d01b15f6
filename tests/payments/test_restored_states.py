"""What was approved and cancelled since the backup: told, for a person to do again, or done again by itself."""

from typing import Any

import pytest

from tests.acts.automatic_methods import opened, shopper_pays
from tests.acts.lost_orders import WAYS, comes_back
from tests.acts.matters import counted
from tests.acts.methods import told
from tests.acts.orders import at_stripe, authorized, moved, only, ready, stands
from tests.acts.restored import back
from tests.acts.watching import advance
from tests.payments.commands import paydesk
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish, on_sqlite
from tests.payments.past import Rows, remembered

LATE = 901.0


async def done_since(running: Running, account: Stripe, *changes: dict[str, Any]) -> tuple[Api, Rows, Answer, Answer]:
    """A placed order, the database as it was then, and what was done with it since."""
    async with running.api(account) as api:
        await furnish(api)
        order, payment = await authorized(api)
        await api.update(order, {"_place": True})
        rows = await remembered(api.parts.database)
        for change in changes:
            await api.update(order, change)
    return api, rows, order, payment


async def counted_late(api: Api) -> dict[str, int]:
    """What is a matter after a while."""
    advance(api, LATE)
    return await counted(api)


@pytest.mark.parametrize("way", WAYS)
async def test_an_order_that_was_approved_and_captured_is_to_be_approved_again(
    running: Running, account: Stripe, way: str
) -> None:
    api, rows, order, payment = await done_since(running, account, {"_approve_and_capture": True})
    async with back(running, account, rows, api) as api:
        await comes_back(api, running, way)
        assert await stands(api, order) == ("placed", "paid", "not_required")
        assert await counted(api) == {}
        assert await counted_late(api) == {"unapproved_money": 1}
        await api.update(order, {"_approve": True})
        assert await stands(api, order) == ("approved", "paid", "not_required")
        assert await counted(api) == {}
        assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
        assert await at_stripe(api, payment) == ("succeeded", 15400, 0)


async def test_an_order_that_was_placed_and_captured_is_to_be_placed_and_approved_again(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        payment = await api.payment(order)
        rows = await remembered(api.parts.database)
        await api.stripe.confirm(payment["stripe_id"])
        await api.update(order, {"_place": True})
        await api.update(order, {"_approve_and_capture": True})
    async with back(running, account, rows, api) as api:
        await comes_back(api, running, "the background")
        assert (await stands(api, order))[:2] == ("pending", "paid")
        assert await counted_late(api) == {"unplaced_money": 1}
        await api.update(order, {"_place": True})
        assert await counted_late(api) == {"unapproved_money": 1}
        await api.update(order, {"_approve_and_capture": True})
        assert (await stands(api, order))[:2] == ("approved", "paid")
        assert await counted(api) == {}


@pytest.mark.parametrize("way", WAYS)
async def test_an_order_whose_authorization_was_let_go_is_to_be_cancelled_again(
    running: Running, account: Stripe, way: str
) -> None:
    api, rows, order, payment = await done_since(running, account, {"_cancel": True})
    async with back(running, account, rows, api) as api:
        await comes_back(api, running, way)
        assert (await stands(api, order))[:2] == ("placed", "voided")
        assert await counted(api) == {"authorization_gone": 1}
        if way == "reconcile":
            # The command's clock is the wall's, as this shop's is as long as nobody sets it on.
            (matter,) = [one["matter"] for one in (await paydesk(running, "reconcile", "--json")).json["attention"]]
            do = "have the order paid anew, or cancel it, as it may have been before a restore: nothing holds the money"
            assert (matter["kind"], matter["amount_cents"], matter["do"]) == (
                "authorization_gone",
                15400,
                f"{do} any more",
            )
        await api.update(order, {"_cancel": True})
        assert (await stands(api, order))[:2] == ("cancelled", "voided")
        assert await counted(api) == {}
        assert await at_stripe(api, payment) == ("canceled", 0, 0)


@pytest.mark.parametrize("way", WAYS)
async def test_an_order_whose_money_was_all_given_back_is_cancelled_again_by_itself(
    running: Running, account: Stripe, way: str
) -> None:
    changes = ({"_approve_and_capture": True}, {"_cancel": True})
    api, rows, order, payment = await done_since(running, account, *changes)
    async with back(running, account, rows, api) as api:
        await comes_back(api, running, way)
        assert (await stands(api, order))[:2] == ("cancelled", "refunded")
        assert await counted_late(api) == {}
        assert await moved(api, order) == [
            ("authorizations", 15400, True),
            ("captures", 15400, True),
            ("refunds", 15400, True),
        ]
        assert await at_stripe(api, payment) == ("succeeded", 15400, 15400)


async def test_a_capture_by_hand_is_a_matter_until_it_is_given_back(api: Api, running: Running) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    await api.update(payment, {"_refresh": True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 400})
    assert await counted_late(api) == {"unapproved_money": 1}
    ((attention,),) = [row for row in await api.rows("orders", "attention") if row[0]]
    assert attention["unapproved_money"][1] == 15000
    await api.update(capture, {"_refund": True})
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")
    assert await counted(api) == {}


async def test_what_was_captured_here_is_no_matter_whoever_tells_of_it_first(api: Api) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    held = await only(api, order, "authorizations")
    path = f"/v1/payment_intents/{payment['stripe_id']}/capture"
    # The answer is lost, and the payment is read before anybody comes back to the call.
    await api.stripe.faults(path=path, times=0, drop="after")
    await api.update(held, {"_capture": True}, expect=503)
    await api.stripe.mend()
    await api.update(payment, {"_refresh": True})
    assert (await stands(api, order))[:2] == ("placed", "paid")
    await api.recover(after=3)
    assert await api.open_calls() == []
    assert await counted_late(api) == {}


@on_sqlite
async def test_what_is_taken_without_anybodys_approval_is_no_matter(api: Api) -> None:
    order, payment = await opened(api)
    await shopper_pays(api, payment, "ideal")
    await api.update(order, {"_place": True})
    assert (await stands(api, order))[:2] == ("placed", "paid")
    assert await counted_late(api) == {}


@on_sqlite
async def test_what_an_auto_capturing_method_took_since_the_backup_is_no_matter(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        method = await api.method_of(api.gateway, auto_capture=False)
        order, payment = await authorized(api, method=method)
        await api.update(order, {"_place": True})
        await api.update(method, {"auto_capture": True})
        rows = await remembered(api.parts.database)
        await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
        await told(api, payment)
    async with back(running, account, rows, api) as api:
        await comes_back(api, running, "the background")
        assert (await stands(api, order))[:2] == ("placed", "paid")
        assert await counted_late(api) == {}
