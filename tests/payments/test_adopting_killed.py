"""kill -9 while an intent is adopted: afterwards it is the order's, told at Stripe once, and nobody else's."""

import pytest

from tests.acts.adopted import ids, intent_of
from tests.acts.crashes import killed, post
from tests.payments.conftest import Running, Stripe, furnish, on_sqlite


@pytest.mark.parametrize("point", ["journalled", "asking", "asked", "settling", "settled"])
@on_sqlite
async def test_an_intent_is_adopted_once_though_the_process_is_killed(
    running: Running, account: Stripe, point: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, another = await api.order(), await api.order()
        intent = await intent_of(account)
    asked = post("stripe_payments", ids(intent), order=order)
    assert await killed(running, api, f"adopt_payment.{point}", [asked]) == ""
    running.clock.advance(11)  # by then a process that is gone is known to be gone
    async with running.api(account) as api:
        await api.recover()
        assert await api.open_calls() == []
        payment = await api.payment(order, ids(intent))
        assert (await api.source_of(order), payment["stripe_id"]) == (payment.id, intent.id)
        taken = await api.payment(another, ids(intent), expect=422)
        assert taken.said == [("/data/attributes/stripe_id", "taken")]
        assert (await api.get("stripe_payments")).document["meta"]["record_count"] == 1
        told = await account.requests(path=f"/v1/payment_intents/{intent.id}")
        assert {one["idempotency_key"] for one in told} == {f"paydesk/adopt/{intent.id}"}
