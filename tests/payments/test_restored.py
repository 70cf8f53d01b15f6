"""A database that is older than what was asked of Stripe: a restored backup says no idempotency key a second time."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from paydesk.store.journal.tables import gateway_calls
from paydesk.store.sql.ask import Ask
from tests.acts import saved_cards
from tests.acts.adopted import ids, intent_of
from tests.acts.orders import at_stripe, moved, ready, stands
from tests.acts.restored import (
    MAKING,
    back,
)
from tests.acts.troubled import ENDED, KINDS, ended_once, prepared
from tests.acts.wallet import names
from tests.payments.conftest import Api, Running, Stripe, document_of, furnish
from tests.payments.past import remembered, restored


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_done_since_the_backup_is_found_done_or_done_again(
    running: Running, account: Stripe, kind: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, payment, subject, change, _ = await prepared(api, kind)
        rows = await remembered(api.parts.database)
        await api.update(subject, change)
        await ended_once(api, kind, order, payment)
    async with back(running, account, rows, api) as api:
        assert (await stands(api, order))[:2] != ENDED[kind][1]
        await api.update(subject, change)
        if kind != "refund_payment":
            await ended_once(api, kind, order, payment)
        else:
            # A part is given back once more: nobody could tell that it is the same.
            await api.update(payment, {"_refresh": True})
            assert await at_stripe(api, payment) == ("succeeded", 15400, 10000)
            assert (await moved(api, order))[2:] == [("refunds", 5000, True), ("refunds", 5000, True)]
        assert await api.open_calls() == []


async def test_a_cart_that_was_paid_since_the_backup_is_given_a_payment(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        rows = await remembered(api.parts.database)
        paid = await api.payment(order)
        await api.stripe.confirm(paid["stripe_id"])
    async with back(running, account, rows, api) as api:
        # Of another amount than the one before, as it has grown in the meantime.
        await api.line(order, 600)
        payment = await api.payment(order)
        amounts = {one.id: one.amount for one in await account.intents()}
        assert amounts == {paid["stripe_id"]: 15400, payment["stripe_id"]: 16000}


async def test_a_payment_that_was_amended_and_canceled_since_the_backup_is_seen_so(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        payment = await api.payment(order)
        other = await api.payment(await api.order())
        rows = await remembered(api.parts.database)
        await api.line(order, 600)
        await api.update(payment, {"_update": True})
        await api.delete(other)
    async with back(running, account, rows, api) as api:
        await api.line(order, 700)
        await api.update(payment, {"_update": True})
        await api.delete(other)
        stand = {one.id: (one.amount, one.status) for one in await account.intents()}
        assert stand == {
            payment["stripe_id"]: (16100, "requires_payment_method"),
            other["stripe_id"]: (15400, "canceled"),
        }
        assert await api.open_calls() == []


async def test_a_shopper_whose_card_was_saved_since_the_backup_saves_another(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, another = await saved_cards.ready(api), await saved_cards.ready(api)
        await saved_cards.paid(api, order)
        rows = await remembered(api.parts.database)
        await api.update(order, {saved_cards.SAVE: True})
        assert await names(api) == ["visa …4242"]
    async with back(running, account, rows, api) as api:
        await saved_cards.paid(api, another, "pm_card_mastercard")
        await api.update(another, {saved_cards.SAVE: True})
        assert await names(api) == ["mastercard …4444"]
        assert await api.open_calls() == []


async def test_an_intent_that_was_adopted_since_the_backup_is_adopted_again_and_by_no_other(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        intent = await intent_of(account)
        order, other = await ready(api), await ready(api)
        rows = await remembered(api.parts.database)
        await api.payment(order, ids(intent))
    async with back(running, account, rows, api) as api:
        assert (await api.payment(other, ids(intent), expect=422)).said == [("/data/attributes/stripe_id", "taken")]
        payment = await api.payment(order, ids(intent))
        assert await api.source_of(order) == payment.id
        assert await api.open_calls() == []


async def test_an_intent_that_was_moved_since_the_backup_is_moved_again(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        first, second, third = [await ready(api) for _ in range(3)]
        payment = await api.payment(first)
        rows = await remembered(api.parts.database)
        await api.update(payment, order=second)
        await api.recover()
    async with back(running, account, rows, api) as api:
        await api.update(payment, order=third)
        await api.recover()
        (intent,) = await account.intents()
        assert intent.metadata.to_dict()["order_id"] == third.id


async def test_an_endpoint_is_moved_replaced_and_removed_after_a_restore(running: Running, account: Stripe) -> None:
    def at(domain: str) -> Any:
        return replace(running.settings, public_domain=f"{domain}.example.com")

    async def addresses() -> list[str]:
        return sorted(one.url.split(".")[1] for one in await account.endpoints())

    async with running.api(account, settings=at("one")) as api:
        gateway = await api.gateway_of()
        rows = await remembered(api.parts.database)
        unused = await api.gateway_of(name="Unused")
        await api.delete(unused)
    async with running.api(account, settings=at("two")) as api:
        assert await api.parts.endpoints.once()
        await api.recover()
        assert await addresses() == ["two"]
    await restored(running.settings.database_url, rows)
    async with running.api(account, settings=at("three")) as api:
        assert await api.parts.endpoints.once()
        await api.recover()
        assert await addresses() == ["three"]
        again = await api.gateway_of(name="Unused")
        assert await addresses() == ["three", "three"]
        await api.delete(again)
        (endpoint,) = await account.endpoints()
        assert (await api.get(gateway))["webhook_endpoint_id"] == endpoint.id
    await restored(running.settings.database_url, rows)
    async with running.api(account, settings=at("one")) as api:
        # Gone at Stripe, which is the former life's doing as well.
        await account.v1.webhook_endpoints.delete_async(endpoint.id)
        assert await api.parts.endpoints.once()
        await api.recover()
        assert await addresses() == ["one"]
        await api.delete(gateway)
        assert await account.endpoints() == []


# Keys of an earlier release, which a later life of the same installation has said already.


async def key_of(api: Api, kind: str) -> str:
    """The key of the open call of a kind."""
    found = await api.rows("gateway_calls", "kind", "state", "idempotency_key")
    (key,) = [key for name, state, key in found if (name, state) == (kind, "open")]
    return str(key)


async def spend(api: Api, key: str) -> None:
    """Have Stripe know a key from something else."""
    await api.stripe.v1.customers.create_async({"name": "Of a later life"}, {"idempotency_key": key})


async def as_formerly(api: Api, kind: str) -> None:
    """Give the open call of a kind the key that the first release would have made."""
    found = await api.rows("gateway_calls", "kind", "state", "tenant", "subject_id", "attempt")
    ((tenant, subject, attempt),) = [row[2:] for row in found if row[:2] == (kind, "open")]
    key = f"paydesk/{api.parts.desk.installation}/{tenant}/{kind}/{subject}/{attempt}"

    def write() -> Any:
        at = (gateway_calls.c.kind == bindparam("at"), gateway_calls.c.state == "open")
        made = update(gateway_calls).where(*at).values(idempotency_key=bindparam("key"))
        yield Ask(("test formerly",), lambda: made, {"at": kind, "key": key})

    await api.parts.database.write(write)


@pytest.mark.parametrize("kind", MAKING)
@pytest.mark.parametrize("finishing", ["the same request", "recovery"])
async def test_a_key_that_stripe_knows_from_something_else_is_no_answer(
    running: Running, account: Stripe, kind: str, finishing: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        asks, kind, path, ended = await MAKING[kind](api, kind)
        method = "DELETE" if kind == "remove_endpoint" else "POST"
        await account.faults(method, path, times=0, drop="before")
        await asks(503)
        await account.mend()
        if kind != "adopt_payment":
            await as_formerly(api, kind)
        await spend(api, await key_of(api, kind))
        if finishing == "recovery":
            await api.recover(after=3)
            await api.recover()
        else:
            await asks(201 if kind in ("open_payment", "adopt_payment", "register_endpoint") else 200)
        await ended()
        assert await api.open_calls() == []
        states = {state for _, state in await api.calls()}
        assert states == {"done"}
        assert "dempotency" not in str(await api.rows("gateway_calls", "outcome"))


def spending(api: Api, keys: int) -> None:
    """Have Stripe know the next keys from something else, each just before it is said."""
    gateway: Any = api.parts.gateways["stripe_gateways"]
    perform, left = gateway.perform, iter(range(keys))

    async def performed(*given: Any, key: str, **more: Any) -> Any:
        if next(left, None) is not None:
            await spend(api, key)
        return await perform(*given, key=key, **more)

    gateway.perform = performed


async def test_a_request_whose_key_stripe_knows_is_told_what_came_of_it(api: Api) -> None:
    order, payment, subject, change, _ = await prepared(api, "capture_payment")
    spending(api, 1)
    await api.update(subject, change)
    await ended_once(api, "capture_payment", order, payment)


async def test_where_stripe_knows_the_next_key_too_nothing_is_booked_until_one_counts(api: Api) -> None:
    order, payment, subject, change, _ = await prepared(api, "refund_payment")
    spending(api, 2)
    await api.update(subject, change, expect=503)
    assert await moved(api, order) == ENDED["capture_payment"][2]
    assert await at_stripe(api, payment) == ("succeeded", 15400, 0)
    await api.recover(after=3)
    await ended_once(api, "refund_payment", order, payment)


async def test_of_two_orders_that_want_an_intent_whose_key_says_nothing_any_more_one_is_let(api: Api) -> None:
    orders = [await ready(api) for _ in range(2)]
    intent = await intent_of(api.stripe)
    await spend(api, f"paydesk/adopt/{intent.id}")

    async def asks(order: Any) -> int:
        body = document_of("stripe_payments", None, ids(intent), {"order": order})
        return (await api.send("POST", "stripe_payments", body)).status

    assert sorted(await asyncio.gather(*(asks(one) for one in orders))) == [201, 422]
    (payment,) = (await api.get("stripe_payments")).data
    told = (await api.stripe.v1.payment_intents.retrieve_async(intent.id)).metadata.to_dict()
    (own,) = [one for one in orders if one.id == told["order_id"]]
    assert await api.source_of(own) == payment["id"]
    assert await api.open_calls() == []


async def test_order_numbers_go_on_behind_those_that_payments_tell(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        first = await ready(api)
        rows = await remembered(api.parts.database)
        lost = [await ready(api) for _ in range(3)]
        for order in lost:
            await api.payment(order)
        last = int(lost[-1]["number"])
    async with back(running, account, rows, api) as api:
        assert int(first["number"]) < last
        # What others say of their own orders, and numbers that were chosen, move nothing.
        ours = (await account.intents())[0].metadata.to_dict()
        for told in ({"paydesk": "another"}, {"mode": "live"}, {"order_number": "99999999"}, {"order_number": "A7"}):
            metadata = {**ours, "order_number": str(last + 50), **told}
            await account.v1.payment_intents.create_async({"amount": 700, "currency": "eur", "metadata": metadata})
        await api.parts.catching_up.once()
        # PostgreSQL hands them out by fifties, so that some are left out.
        assert last < int((await ready(api))["number"]) <= last + 50


async def test_no_process_gives_a_number_again_that_a_payment_tells(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        await api.payment(await ready(api))
        rows = await remembered(api.parts.database)
    async with back(running, account, rows, api) as api, running.api(account) as other:
        other.gateway, other.method = api.gateway, api.method
        # Both have numbers ahead on PostgreSQL when one of them hears which are taken.
        given = [int((await ready(one))["number"]) for one in (api, other)]
        ours = (await account.intents())[0].metadata.to_dict()
        taken = max(given) + 7
        for number in (taken, min(given) + 5):
            told = {**ours, "order_number": str(number), "order_id": f"Gone{number}"}
            await account.v1.payment_intents.create_async({"amount": 700, "currency": "eur", "metadata": told})
        await api.parts.catching_up.once()
        api.app.clock.advance(6)  # type: ignore[attr-defined]
        numbers = [int((await ready(one))["number"]) for one in (api, other, api)]
        assert min(numbers) > taken
        assert len({*given, *numbers}) == 5


async def test_an_order_that_was_deleted_leaves_no_gap_in_the_numbers(
    running: Running, account: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        await api.payment(order)
        await api.delete(order)
        await api.recover()
        await api.parts.catching_up.once()
        assert int((await ready(api))["number"]) == int(order["number"]) + 1
        assert "is this database a restored one?" not in caplog.text
