"""Idempotency keys as Stripe keeps them."""

import asyncio
from collections.abc import Callable

from .conftest import Desk

INTENT = {"amount": 5000, "currency": "eur"}
PATH = "/v1/payment_intents"


async def test_the_first_answer_is_replayed(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    first = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    again = await desk.ask("POST", PATH, dict(reversed(INTENT.items())), Idempotency_Key=key)
    assert again.body == first.body
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"] == key
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]
    assert await desk.events() == ["payment_intent.created"]


async def test_other_parameters_or_another_endpoint_are_refused(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    first = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    other = await desk.ask("POST", PATH, {**INTENT, "amount": 5001}, Idempotency_Key=key)
    assert (other.status, other.error["type"]) == (400, "idempotency_error")
    assert "same parameters they were first used with" in other.error["message"]
    other = await desk.ask("POST", f"{PATH}/{first.body['id']}", {"amount": 5000}, Idempotency_Key=key)
    assert (other.status, other.error["type"]) == (400, "idempotency_error")
    assert "same endpoint they were first used for ('/v1/payment_intents')" in other.error["message"]
    assert await desk.events() == ["payment_intent.created"]


async def test_a_decline_is_replayed(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    form = {**INTENT, "payment_method": "pm_card_chargeDeclined", "confirm": "true", "return_url": "https://a.example"}
    first = await desk.ask("POST", PATH, form, Idempotency_Key=key)
    again = await desk.ask("POST", PATH, form, Idempotency_Key=key)
    assert (first.status, again.status, again.body) == (402, 402, first.body)
    assert (again.headers["Idempotent-Replayed"], first.headers["Stripe-Should-Retry"]) == ("true", "false")


async def test_a_refused_execution_is_kept_and_a_refused_parameter_is_not(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    for replayed in (None, "true"):
        answer = await desk.ask("POST", "/v1/refunds", {"payment_intent": "pi_none"}, Idempotency_Key=key)
        assert (answer.status, answer.headers.get("Idempotent-Replayed")) == (400, replayed)
    key = fresh()
    wrong = await desk.ask("POST", PATH, {**INTENT, "amount": "abc"}, Idempotency_Key=key)
    right = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert (wrong.status, right.status) == (400, 200)


async def test_while_the_first_runs_the_second_is_told_to_wait(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    fault = await desk.fault({"delay_ms": 60_000}, method="POST")
    first = asyncio.create_task(desk.ask("POST", PATH, INTENT, Idempotency_Key=key))
    await desk.delayed(fault)
    second = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert (second.status, second.error["code"]) == (409, "idempotency_key_in_use")
    assert second.headers["Stripe-Should-Retry"] == "true"
    await desk.control("DELETE", f"faults/{fault}")
    assert (await first).status == 200
    third = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert third.body == (await first).body


async def test_eight_at_once_make_one_intent(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    answers = await asyncio.gather(*(desk.ask("POST", PATH, INTENT, Idempotency_Key=key) for _ in range(8)))
    assert {each.status for each in answers} <= {200, 409}
    assert len({each.body["id"] for each in answers if each.status == 200}) == 1
    assert await desk.events() == ["payment_intent.created"]


async def test_accounts_do_not_share_keys(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    own = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    connected = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key, Stripe_Account="acct_shop")
    assert connected.status == 200
    assert connected.body["id"] != own.body["id"]


async def test_a_key_is_forgotten_after_a_day(timed_desk: Desk, fresh: Callable[[], str]):
    desk, key = timed_desk, fresh()
    first = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    await desk.advance(86_300)
    assert (await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)).body == first.body
    await desk.advance(101)
    later = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert "Idempotent-Replayed" not in later.headers
    assert later.body["id"] != first.body["id"]


async def test_a_key_has_at_most_255_characters(desk: Desk):
    answer = await desk.ask("POST", PATH, INTENT, Idempotency_Key="k" * 256)
    assert answer.status == 400
