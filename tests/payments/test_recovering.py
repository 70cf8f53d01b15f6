"""`paydesk recover`: what was left open is finished without a server."""

import asyncio

from tests.forked import paydesk
from tests.payments.conftest import Answer, Api, Running, Stripe, furnish, on_sqlite
from tests.payments.test_crashes import killed, post, settings_of


async def recover(running: Running) -> tuple[int, dict[str, str], str]:
    """Its exit status, the values it shows by name, and the rest of what it said."""
    ended = await asyncio.to_thread(paydesk, "recover", **settings_of(running.settings))
    lines = ended.stdout.splitlines()
    shown = dict(line.rsplit("  ", 1) for line in lines[:5])
    told = {name.strip(): value for name, value in shown.items()}
    return ended.returncode, told, "\n".join(lines[5:]) + ended.stderr


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
    assert (status, set(told.values()), rest) == (0, {"0"}, "")


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
