"""Events that no webhook brought: fetched from Stripe's own list, kept once, worked like any other."""

import asyncio
from typing import Any

from tests.acts.events import confirmed
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite

PAGE = "/v1/events"


async def kept(api: Api) -> list[tuple[Any, ...]]:
    return sorted(await api.rows("gateway_events", "event_id", "outcome"))


async def cursor(api: Api) -> str | None:
    ((event_id,),) = await api.rows("gateway_cursors", "event_id")
    return str(event_id) if event_id is not None else None


async def test_what_happened_while_nobody_listened_is_fetched_and_worked(api: Api) -> None:
    payment, events = await confirmed(api)
    assert await api.parts.catching_up.once() == len(await kept(api)) >= len(events)
    await api.recover()
    assert set(events) <= {event for event, outcome in await kept(api) if outcome == "read"}
    order = await api.get(f"stripe_payments/{payment.id}/order")
    assert (order["status"], order["payment_status"]) == ("draft", "authorized")
    assert (await api.get(payment))["payment_instrument"]["card_last_digits"] == "4242"


async def test_an_event_that_came_as_a_webhook_is_known(api: Api) -> None:
    payment, _ = await confirmed(api)
    for event in await api.stripe.events():
        assert (await api.deliver(event)).status_code == 200
    assert await api.parts.catching_up.once() == 0
    await api.recover()
    authorizations = (await api.get("authorizations")).document["data"]
    assert [one["attributes"]["amount_cents"] for one in authorizations] == [15400]
    assert (await api.get(payment))["charge_id"] is not None


async def test_a_webhook_that_comes_after_all_is_known_too(api: Api) -> None:
    payment, _ = await confirmed(api)
    await api.parts.catching_up.once()
    await api.recover()
    before = await kept(api)
    reads = len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}"))
    for event in await api.stripe.events(payment["stripe_id"]):
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    assert await kept(api) == before
    assert len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}")) == reads


async def test_the_list_is_read_on_from_the_last_event_that_is_settled(api: Api) -> None:
    await confirmed(api)
    await api.parts.catching_up.once()
    # All are younger than two minutes: another may still appear among them.
    assert await cursor(api) is None
    newest = (await api.stripe.events())[-1]["id"]
    api.app.clock.advance(300)  # type: ignore[attr-defined]
    assert await api.parts.catching_up.once() == 0
    assert await cursor(api) == newest
    _, events = await confirmed(api)
    api.app.clock.advance(61)  # type: ignore[attr-defined]
    assert await api.parts.catching_up.once() >= len(events)
    assert await cursor(api) == (await api.stripe.events())[-1]["id"] != newest


async def test_a_gateway_is_asked_once_a_minute_by_whoever_comes_first(running: Running, account: Stripe) -> None:
    async with running.api(account) as one, running.api(account) as two:
        await furnish(one)
        two.gateway, two.method = one.gateway, one.method
        await confirmed(one)
        asked = len(await account.requests("GET", PAGE))
        await asyncio.gather(*((one, two)[at % 2].parts.catching_up.once() for at in range(6)))
        assert len(await account.requests("GET", PAGE)) == asked + 1


@on_sqlite
async def test_a_gateway_that_does_not_answer_is_asked_again_and_holds_up_no_other(api: Api, running: Running) -> None:
    await confirmed(api)
    elsewhere = Stripe(running.sandbox, running.http)
    await api.gateway_of(elsewhere.key)
    await api.stripe.faults("GET", PAGE, times=0, status=503)
    await api.parts.catching_up.once()
    assert {gateway for (gateway,) in await api.rows("gateway_events", "gateway_id")} <= {api.gateway.id}
    assert await kept(api) == []
    await api.stripe.mend()
    api.app.clock.advance(61)  # type: ignore[attr-defined]
    assert await api.parts.catching_up.once() > 0
    await elsewhere.close()


@on_sqlite
async def test_what_other_programs_did_on_the_account_changes_nothing(api: Api) -> None:
    made = await api.stripe.v1.payment_intents.create_async({"amount": 500, "currency": "eur"})
    assert await api.parts.catching_up.once() > 0
    for seconds in (0, 3, 6, 12, 24, 48):
        await api.recover(after=seconds)
    assert {outcome for _, outcome in await kept(api)} == {"unknown payment"}
    assert made.id not in str((await api.get("stripe_payments")).document)
    assert await api.rows("gateway_tallies", "foreign_events") == [(len(await kept(api)),)]


@on_sqlite
async def test_it_begins_by_itself(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment, _ = await confirmed(api)
    async with running.api(account, background=True) as api:
        for _ in range(600):
            if (await api.get(payment))["charge_id"]:
                break
            await asyncio.sleep(0.05)
        assert (await api.get("authorizations")).document["meta"]["record_count"] == 1
