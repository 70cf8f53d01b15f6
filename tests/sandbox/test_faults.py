"""Faults set over the control endpoint, seen by the SDK and by plain HTTP."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
import stripe

from .conftest import Desk, Process, Receiver

INTENT = {"amount": 5000, "currency": "eur"}
PATH = "/v1/payment_intents"
CREATE: dict[str, Any] = {"method": "POST", "path": PATH}


async def made(desk: Desk) -> int:
    return (await desk.events()).count("payment_intent.created")


async def test_an_answer_dropped_after_the_work_is_replayed(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    await desk.fault({"drop": "after"}, **CREATE)
    with pytest.raises(aiohttp.ClientError):
        await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    again = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert await made(desk) == 1


async def test_a_request_dropped_before_the_work_does_nothing(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    await desk.fault({"drop": "before"}, **CREATE)
    with pytest.raises(aiohttp.ClientError):
        await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert await made(desk) == 0
    again = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert "Idempotent-Replayed" not in again.headers


async def test_a_body_that_breaks_off_is_a_connection_error(desk: Desk):
    await desk.fault({"cut": True}, times=1, **CREATE)
    with pytest.raises(aiohttp.ClientPayloadError):
        await desk.ask("POST", PATH, INTENT)
    assert await made(desk) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists another process's open files")
async def test_a_broken_connection_leaves_no_file_open(desk: Desk, running: Process):
    open_files = f"/proc/{running.child.pid}/fd"
    await desk.fault({"drop": "before"}, times=0, path=PATH)
    before = len(os.listdir(open_files))
    for _ in range(8):
        with pytest.raises(aiohttp.ClientError):
            await desk.ask("GET", PATH)
    assert len(os.listdir(open_files)) <= before + 2  # the client's connections come and go


async def test_the_sdk_retries_what_was_dropped_and_makes_one_intent(desk: Desk):
    await desk.fault({"drop": "after"}, **CREATE)
    intent = await desk.v1.payment_intents.create_async(INTENT, {"max_network_retries": 2})
    assert intent.status == "requires_payment_method"
    assert await made(desk) == 1


async def test_a_500_after_the_work_is_kept_and_comes_again(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    await desk.fault({"status": 500, "when": "after"}, **CREATE)
    first = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    again = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert (first.status, again.status, again.body) == (500, 500, first.body)
    assert (first.error["type"], again.headers["Idempotent-Replayed"]) == ("api_error", "true")
    assert first.headers["Stripe-Should-Retry"] == again.headers["Stripe-Should-Retry"] == "false"
    assert await made(desk) == 1


async def test_a_500_before_the_work_is_not_kept(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    await desk.fault({"status": 500}, **CREATE)
    assert (await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)).status == 500
    assert await made(desk) == 0
    assert (await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)).status == 200


async def test_a_503_after_the_work_hides_what_was_done(desk: Desk, fresh: Callable[[], str]):
    key = fresh()
    await desk.fault({"status": 503, "when": "after"}, **CREATE)
    assert (await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)).status == 503
    again = await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert await made(desk) == 1


async def test_a_rate_limit_says_when_to_come_back(desk: Desk):
    await desk.fault({"status": 429, "retry_after": 3}, times=2, **CREATE)
    answer = await desk.ask("POST", PATH, INTENT)
    assert (answer.status, answer.error["code"], answer.headers["Retry-After"]) == (429, "rate_limit", "3")
    assert answer.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    with pytest.raises(stripe.RateLimitError):
        await desk.v1.payment_intents.create_async(INTENT)
    assert (await desk.ask("POST", PATH, INTENT)).status == 200


async def test_a_lock_timeout_is_retried_by_the_sdk(desk: Desk):
    await desk.fault({"status": 409}, **CREATE)
    answer = await desk.ask("POST", PATH, INTENT)
    assert (answer.status, answer.error["code"]) == (409, "lock_timeout")
    await desk.fault({"status": 409}, **CREATE)
    assert (await desk.v1.payment_intents.create_async(INTENT, {"max_network_retries": 1})).amount == 5000


async def test_a_delay_holds_nobody_else_up(desk: Desk):
    fault = await desk.fault({"delay_ms": 60_000}, **CREATE)
    slow = asyncio.create_task(desk.ask("POST", PATH, INTENT))
    await desk.delayed(fault)
    assert (await desk.ask("GET", f"{PATH}/pi_1234XXX")).status == 200
    assert not slow.done()
    assert await desk.control("DELETE", f"faults/{fault}") == {"cleared": 1}
    assert (await slow).status == 200


async def test_a_delay_ends_by_itself(desk: Desk):
    await desk.fault({"delay_ms": 50, "when": "after"}, **CREATE)
    assert (await desk.ask("POST", PATH, INTENT)).status == 200


async def test_a_fault_strikes_only_what_it_names(desk: Desk):
    intent = (await desk.ask("POST", PATH, INTENT)).body
    await desk.fault({"status": 503}, path="/v1/payment_intents/*/cancel", times=0)
    assert (await desk.ask("POST", PATH, INTENT)).status == 200
    for _ in range(2):
        assert (await desk.ask("POST", f"{PATH}/{intent['id']}/cancel")).status == 503
    cleared = await desk.control("DELETE", f"faults/{desk.faults[-1]}")
    assert cleared == {"cleared": 1}
    assert (await desk.ask("POST", f"{PATH}/{intent['id']}/cancel")).body["status"] == "canceled"


async def test_faults_are_listed_with_what_they_struck(desk: Desk):
    identifier = await desk.fault({"status": 409}, times=3, **CREATE)
    await desk.ask("POST", PATH, INTENT)
    listed = (await desk.control("GET", "faults"))["data"]
    shown = next(fault for fault in listed if fault["id"] == identifier)
    assert (shown["times"], shown["struck"], shown["do"]) == (2, 1, {"status": 409})


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"do": {}},
        {"do": {"status": 200}},
        {"do": {"drop": "sideways"}},
        {"do": {"status": 500, "drop": "after"}},
        {"do": {"webhook": "never"}},
        {"do": {"cut": True}, "times": -1},
        {"do": {"cut": True}, "on": {"where": "x"}},
    ],
)
async def test_a_fault_that_means_nothing_is_refused(desk: Desk, given: dict[str, object]):
    async with desk.http.post(f"{desk.url}/_control/faults", json=given) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["message"]


async def test_the_log_of_requests_counts_what_was_asked(desk: Desk, fresh: Callable[[], str]):
    account = (await desk.ask("GET", "/v1/account")).body["id"]
    key = fresh()
    for _ in range(2):
        await desk.ask("POST", PATH, INTENT, Idempotency_Key=key)
    log = (await desk.control("GET", f"requests?limit=10&account={account}&method=POST"))["data"]
    assert [(each["path"], each["idempotency_key"], each["status"], each["replayed"]) for each in log] == [
        (PATH, key, 200, False),
        (PATH, key, 200, True),
    ]
    assert log[0]["request_id"].startswith("req_")


async def hooked(desk: Desk, receiver: Receiver) -> None:
    await desk.v1.webhook_endpoints.create_async({"url": receiver.url, "enabled_events": ["payment_intent.created"]})


async def test_a_webhook_comes_twice(desk: Desk, receiver: Receiver):
    await hooked(desk, receiver)
    await desk.fault({"webhook": "twice"}, event="payment_intent.*")
    await desk.ask("POST", PATH, INTENT)
    first, second = await receiver.until(2)
    assert first.event["id"] == second.event["id"]


async def test_webhooks_come_in_reverse(desk: Desk, receiver: Receiver):
    await hooked(desk, receiver)
    await desk.fault({"webhook": "reversed", "seconds": 30}, times=3)
    made = [(await desk.ask("POST", PATH, INTENT)).body["id"] for _ in range(3)]
    got = await receiver.until(3)
    assert [each.event["data"]["object"]["id"] for each in got] == list(reversed(made))


async def test_a_webhook_comes_late_and_another_never(own_desk: Desk, receiver: Receiver):
    desk = own_desk
    await hooked(desk, receiver)
    await desk.fault({"webhook": "late", "seconds": 600})
    await desk.fault({"webhook": "lost"})
    late = (await desk.ask("POST", PATH, INTENT)).body["id"]
    await desk.ask("POST", PATH, INTENT)
    assert (await desk.control("POST", "deliver"))["waiting"] == 1
    assert receiver.got == []
    await desk.advance(600)
    assert [each.event["data"]["object"]["id"] for each in receiver.got] == [late]
