"""kill -9 in the middle: after a restart the operation has happened once, or can be asked for again.

Every act that moves money is killed at every point by `paydesk prove` (`tests/proving`); here is what that leaves out.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from paydesk.settings import Settings
from tests.acts.crashes import environment_of, headers_of, killed, long_gone, post, ready
from tests.payments.conftest import Running, Stripe, document_of, furnish, on_sqlite
from tests.processes import free_port, group, until


async def test_killed_while_it_registers_an_endpoint_there_is_one(running: Running, account: Stripe) -> None:
    given = {"name": "Second", "login": account.key, "publishable_key": "pk_test_shop"}
    async with running.api(account) as api:
        await furnish(api)
    asked = post("stripe_gateways", given)
    assert await killed(running, api, "register_endpoint.asked", [asked]) == ""
    running.clock.advance(11)  # by then a process that is gone is known to be gone
    async with running.api(account) as api:
        assert await api.open_calls() == ["register_endpoint"]
        await api.recover()
        assert await api.open_calls() == []
        gateways = (await api.get("stripe_gateways")).document["data"]
        endpoints = await api.stripe.endpoints()
        assert len(gateways) == 2
        assert {one["attributes"]["webhook_endpoint_id"] for one in gateways} == {one.id for one in endpoints}
        assert all(one["attributes"]["webhook_endpoint_secret"] for one in gateways)


async def test_killed_while_it_lets_a_replaced_intent_go_it_goes_once(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        first = await api.payment(order)
        second = await api.payment(order)
    assert await killed(running, api, "release_payment.asked", [], recover=True) == ""
    running.clock.advance(11)
    async with running.api(account) as api:
        await api.recover()
        assert [one.id for one in await api.stripe.live()] == [second["stripe_id"]]
        assert await api.source_of(order) == second.id
        assert (await api.get(first))["stripe_id"] == first["stripe_id"]
        assert await api.open_calls() == []


async def test_killed_after_stripe_acted_the_same_idempotency_key_is_told_the_outcome(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
    asked = post("stripe_payments", {}, order=order)
    assert await killed(running, api, "open_payment.asked", [asked], key="once") == ""
    running.clock.advance(11)
    async with running.api(account) as api:
        first = await api.payment(order, key="once")
        again = await api.payment(order, key="once")
        assert again.raw == first.raw
        assert [one.id for one in await api.stripe.intents()] == [first["stripe_id"]]


@contextmanager
def served(settings: Settings, port: int, **more: str) -> "Iterator[subprocess.Popen[bytes]]":
    """`paydesk serve` in a process group of its own."""
    environment = environment_of(settings, PAYDESK_PORT=str(port), **more)
    command = [sys.executable, "-m", "paydesk", "serve"]
    with subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: ready(port))
            yield process
        finally:
            if group(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


async def test_what_a_killed_server_acknowledged_is_there_after_its_restart(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        orders = [await api.order(1000 + at) for at in range(24)]
    acknowledged: dict[str, str] = {}
    written: dict[str, int] = {}
    port = free_port()
    with served(running.settings, port) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers_of(api), timeout=60) as http:

            async def shop(order: Any, at: int) -> None:
                try:
                    body = document_of("stripe_payments", None, {}, {"order": order})
                    made = await http.post("/api/stripe_payments", json=body)
                    if made.status_code == 201:
                        acknowledged[order.id] = made.json()["data"]["id"]
                    for count in range(1000):
                        body = document_of("orders", order.id, {"metadata": {"count": count}}, {})
                        changed = await http.patch(f"/api/orders/{order.id}", json=body)
                        if changed.status_code == 200:
                            written[order.id] = count
                except httpx.TransportError:
                    return

            working = [asyncio.create_task(shop(order, at)) for at, order in enumerate(orders)]
            while len(acknowledged) < len(orders) // 2:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            os.killpg(process.pid, signal.SIGKILL)
            await asyncio.gather(*working)
    await long_gone(running)
    assert acknowledged
    running.clock.advance(11)
    async with running.api(account) as api:
        await api.recover()
        for order in orders:
            source = await api.source_of(order)
            assert source == acknowledged.get(order.id, source)
            assert (await api.get(order))["metadata"].get("count", -1) >= written.get(order.id, -1)
        live = await api.stripe.live()
        assert len(live) == len({one.metadata["order_id"] for one in live})
        shown = [one["attributes"]["stripe_id"] for one in (await api.get("stripe_payments?page[size]=25")).data]
        assert sorted(shown) == sorted(one.id for one in live)
        assert await api.open_calls() == []


@on_sqlite
async def test_a_server_killed_between_stripe_and_its_commit_finishes_by_itself_when_started_again(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
    port = free_port()
    body = document_of("stripe_payments", None, {}, {"order": order})
    # The worker is killed, and so is the one that takes its place and goes on with the call: then the server ends.
    with served(running.settings, port, PAYDESK_CRASH_AT="open_payment.asked") as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers_of(api), timeout=60) as http:
            with pytest.raises(httpx.TransportError):
                await http.post("/api/stripe_payments", json=body)
            assert await asyncio.to_thread(process.wait, 60) == 1
    port = free_port()
    with served(running.settings, port):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers_of(api), timeout=60) as http:
            for _ in range(600):
                found = (await http.get("/api/stripe_payments")).json()["data"]
                if found:
                    break
                await asyncio.sleep(0.1)
    (intent,) = await account.intents()
    assert [one["attributes"]["stripe_id"] for one in found] == [intent.id]


@on_sqlite
async def test_a_client_that_hangs_up_does_not_stop_the_operation(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
    port = free_port()
    body = json.dumps(document_of("stripe_payments", None, {}, {"order": order}))
    with served(running.settings, port):
        held = await account.hold()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers_of(api), timeout=60) as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.post("/api/stripe_payments", content=body, timeout=1)
            await held.begun()
            await held.go()
            for _ in range(1200):
                found = (await http.get("/api/stripe_payments")).json()["data"]
                if found:
                    break
                await asyncio.sleep(0.05)
    (intent,) = await account.intents()
    assert [one["attributes"]["stripe_id"] for one in found] == [intent.id]
    assert len(await account.requests()) == 1
