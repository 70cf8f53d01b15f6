"""`paydesk recover`: what was left open is finished without a server."""

import asyncio

from paydesk.base.instants import instant
from paydesk.commerce.payments.watching import DAY
from tests.acts.crashes import killed, post, settings_of
from tests.acts.differences import falsify
from tests.forked import paydesk
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish, on_sqlite


async def recover(running: Running) -> tuple[int, dict[str, str], str]:
    """Its exit status, the values it shows by name, and the rest of what it said."""
    ended = await asyncio.to_thread(paydesk, "recover", **settings_of(running.settings))
    lines = ended.stdout.splitlines()
    shown = dict(line.rsplit("  ", 1) for line in lines[:9])
    told = {name.strip(): value for name, value in shown.items()}
    return ended.returncode, told, "\n".join(lines[9:]) + ended.stderr


async def left_open(api: Api) -> Answer:
    """An order whose payment was opened at Stripe, which nobody here knows yet."""
    order = await api.order()
    await api.stripe.faults(times=0, drop="after")
    await api.payment(order, expect=503)
    await api.stripe.mend()
    return order


async def test_what_was_left_open_is_finished_and_what_no_webhook_brought_is_fetched(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await left_open(api)
        paid = await api.payment()
        await account.confirm(paid["stripe_id"])
    status, told, rest = await recover(running)
    assert (status, rest) == (0, "")
    assert (told["gateway calls finished"], told["gateway calls open"], told["events waiting"]) == ("1", "0", "0")
    assert told["events fetched"] == told["events worked"] != "0"
    async with running.api(account) as api:
        assert await api.open_calls() == []
        source = await api.get(f"stripe_payments/{await api.source_of(order)}")
        assert source["stripe_id"] in [one.id for one in await account.live()]
        assert (await api.get(f"stripe_payments/{paid.id}/order"))["payment_status"] == "authorized"
    status, told, rest = await recover(running)
    # Once again at once: the gateway is asked anew, whenever that was last, and there is nothing more.
    assert (status, told.pop("gateways asked for events"), set(told.values()), rest) == (0, "1", {"0"}, "")


async def test_payments_whose_time_has_come_are_looked_at(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        long_ago, just_now = instant(api.app.clock() - 9 * DAY), instant(api.app.clock() - 1)
        stuck, cart, _ = [await api.payment() for _ in range(3)]
        await falsify(api, "stripe_payments", stuck.id, look_at=just_now, news_at=long_ago)
        await falsify(api, "stripe_payments", cart.id, look_at=just_now)
    status, told, rest = await recover(running)
    assert (status, rest) == (0, "")
    # Of the one an event would have told; the other is under way for longer than anything may be.
    assert (told["payments due to be looked at"], told["payments looked at"]) == ("2", "1")
    assert (await recover(running))[1]["payments due to be looked at"] == "0"


async def test_where_the_list_of_events_is_not_to_be_had_payments_are_looked_at_and_that_is_told(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment = await api.payment()
        await account.confirm(payment["stripe_id"])
        await falsify(api, "stripe_payments", payment.id, look_at=instant(api.app.clock() - 1))
        gateway = api.gateway.id
    await account.faults("GET", "/v1/events", times=20, status=403)
    status, told, rest = await recover(running)
    assert (status, told["gateways asked for events"], told["events fetched"]) == (1, "1", "0")
    assert (told["payments due to be looked at"], told["payments looked at"]) == ("1", "1")
    assert rest.startswith(f"  gateway {gateway} does not tell its events: ")
    async with running.api(account) as api:
        assert (await api.get(f"stripe_payments/{payment.id}/order"))["payment_status"] == "authorized"


async def test_orders_whose_time_is_over_are_ended_and_what_they_held_is_let_go(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        payment = await api.payment(order)
        await account.confirm(payment["stripe_id"])
        await falsify(api, "orders", order.id, expires_at=instant(api.app.clock() - 1))
    status, told, rest = await recover(running)
    assert (status, rest, told["orders ended"]) == (0, "", "1")
    async with running.api(account) as api:
        ended = await api.get(order)
        assert (ended["status"], ended["payment_status"]) == ("cancelled", "voided")
    assert await account.live() == []


async def test_what_stays_open_is_named(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await left_open(api)
    await account.faults(times=0, status=429, retry_after=30)
    status, told, rest = await recover(running)
    assert status == 1
    assert (told["gateway calls finished"], told["gateway calls open"]) == ("0", "1")
    assert f"of orders/{order.id}, " in rest
    assert rest.strip().startswith("open_payment ")


@on_sqlite
async def test_after_kill_9_it_takes_over_at_once(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
    assert await killed(running, api, "open_payment.asked", [post("stripe_payments", {}, order=order)]) == ""
    assert (await recover(running))[0] == 0
    async with running.api(account) as api:
        (intent,) = await api.stripe.intents()
        assert (await api.get(f"stripe_payments/{await api.source_of(order)}"))["stripe_id"] == intent.id


@on_sqlite
async def test_a_database_that_is_served_is_left_to_its_server(running: Running, account: Stripe) -> None:
    from paydesk.cli.holding import hold_database

    with hold_database(running.settings):
        status, told, rest = await recover(running)
    assert (status, told) == (1, {})
    assert "in use by another paydesk" in rest
