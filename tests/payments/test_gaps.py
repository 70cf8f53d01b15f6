"""A server that was down for longer than Stripe's list of events goes back."""

import logging

import pytest

from paydesk.background import fetch_events as catching_up
from tests.acts.orders import ready, stands
from tests.payments.conftest import HASTY, Answer, Api, Running, Stripe, furnish

DAY = 24 * 3600.0


async def test_what_happened_in_a_gap_of_the_list_is_found_by_looking_at_the_payments(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.parts.catching_up.once()
    await api.recover()
    assert (await stands(api, order))[1] == "authorized"
    before = len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}"))
    # 29 days later the list tells all.
    api.app.clock.advance(29 * DAY)  # type: ignore[attr-defined]
    await api.parts.catching_up.once()
    assert len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}")) == before
    # Captured by hand at Stripe; no event of it is worked here.
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    api.app.clock.advance(31 * DAY)  # type: ignore[attr-defined]
    api.token = await api.log_in()
    with caplog.at_level(logging.WARNING):
        await api.parts.catching_up.once()
    assert "goes back 30 days: each of its payments is looked at" in caplog.text
    assert (await stands(api, order))[1] == "paid"
    # Once: the list was read to its end since.
    read = len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}"))
    api.app.clock.advance(61)  # type: ignore[attr-defined]
    await api.parts.catching_up.once()
    assert len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}")) == read


async def reads(api: Api, payments: list[Answer]) -> list[int]:
    """How often each payment was read at Stripe."""
    return [len(await api.stripe.requests("GET", f"/v1/payment_intents/{one['stripe_id']}")) for one in payments]


async def test_looking_at_the_payments_goes_on_where_it_was_broken_off(
    running: Running, account: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "PAGE", 2)
    async with running.api(account, patience=HASTY) as api:
        await furnish(api)
        payments = sorted([await api.payment() for _ in range(5)], key=lambda one: str(one["stripe_id"]))
        await api.parts.catching_up.once()
        api.app.clock.advance(31 * DAY)  # type: ignore[attr-defined]
        before = await reads(api, payments)
        # The fourth gets no answer, and the process is gone before the next round.
        await account.faults("GET", f"/v1/payment_intents/{payments[3]['stripe_id']}", times=0, drop="before")
        assert list((await api.parts.catching_up.round()).silent) == [api.gateway.id]
        now = await reads(api, payments)
        assert [one - two for one, two in zip(now[:3] + now[4:], before[:3] + before[4:], strict=True)] == [1, 1, 1, 0]
        await account.mend()
    async with running.api(account) as api:
        before = await reads(api, payments)
        api.app.clock.advance(61)  # type: ignore[attr-defined]
        assert not (await api.parts.catching_up.round()).silent
        assert [one - two for one, two in zip(await reads(api, payments), before, strict=True)] == [0, 0, 0, 1, 1]
        assert await api.rows("gateway_cursors", "gap_began_at", "gap_after") == [(None, None)]


async def test_what_was_looked_at_before_the_list_begins_is_looked_at_anew(
    running: Running, account: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "PAGE", 1)
    async with running.api(account, patience=HASTY) as api:
        await furnish(api)
        payments = sorted([await api.payment() for _ in range(2)], key=lambda one: str(one["stripe_id"]))
        await api.parts.catching_up.once()
        api.app.clock.advance(31 * DAY)  # type: ignore[attr-defined]
        await account.faults("GET", f"/v1/payment_intents/{payments[1]['stripe_id']}", times=0, drop="before")
        assert (await api.parts.catching_up.round()).silent
        await account.mend()
        api.app.clock.advance(31 * DAY)  # type: ignore[attr-defined]
        before = await reads(api, payments)
        assert not (await api.parts.catching_up.round()).silent
        assert [one - two for one, two in zip(await reads(api, payments), before, strict=True)] == [1, 1]
