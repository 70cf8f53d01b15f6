"""A server that was down for longer than Stripe's list of events goes back."""

import logging

import pytest

from tests.payments.conftest import Api
from tests.payments.test_transactions_walk import ready, stands

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
