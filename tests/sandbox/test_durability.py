"""What was acknowledged is there after a restart, and after a kill."""

import asyncio

import aiohttp
import apsw

from .conftest import Desk, Process


async def test_a_restart_keeps_everything(own_desk: Desk, own: Process):
    desk = own_desk
    customer = await desk.v1.customers.create_async({"email": "a@example.com"})
    intent = await desk.pay(capture_method="manual", customer=customer.id)
    await desk.control("POST", f"keys/rk_test_{'a' * 24}", {"without": ["rak_customer_read"]})
    first = await desk.ask("POST", "/v1/payment_intents", {"amount": 700, "currency": "eur"}, Idempotency_Key="kept")
    events = await desk.events()
    own.stop()
    own.start()
    assert await desk.events() == events
    again = await desk.ask("POST", "/v1/payment_intents", {"amount": 700, "currency": "eur"}, Idempotency_Key="kept")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert (await desk.v1.payment_intents.capture_async(intent.id)).status == "succeeded"
    assert (await desk.ask("GET", "/v1/customers", key=f"rk_test_{'a' * 24}")).status == 403
    await desk.advance(8 * 86_400)
    assert (await desk.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"


async def test_a_kill_loses_nothing_that_was_acknowledged(own_desk: Desk, own: Process):
    desk = own_desk
    acknowledged: dict[str, str] = {}

    async def keep_creating(worker: int) -> None:
        for n in range(10_000):
            key = f"k-{worker}-{n}"
            try:
                answer = await desk.ask(
                    "POST", "/v1/payment_intents", {"amount": 5000, "currency": "eur"}, Idempotency_Key=key
                )
            except aiohttp.ClientError:
                return
            acknowledged[key] = answer.body["id"]

    for most in (60, 120):
        workers = [asyncio.create_task(keep_creating(n)) for n in range(8)]
        async with asyncio.timeout(30):
            while len(acknowledged) < most:  # noqa: ASYNC110 - the workers fill it
                await asyncio.sleep(0.01)
        own.stop(kill=True)
        await asyncio.gather(*workers)
        own.start()
        for key, identifier in list(acknowledged.items())[-40:]:
            answer = await desk.ask(
                "POST", "/v1/payment_intents", {"amount": 5000, "currency": "eur"}, Idempotency_Key=key
            )
            assert (answer.body["id"], answer.headers["Idempotent-Replayed"]) == (identifier, "true")
    own.stop()
    state = apsw.Connection(str(own.folder / "sandbox.db"))
    kept = {identifier for (identifier,) in state.execute("select id from objects where kind = 'payment_intent'")}
    told = {account for (account,) in state.execute("select json_extract(body, '$.data.object.id') from events")}
    assert set(acknowledged.values()) <= kept
    assert set(acknowledged.values()) <= told
    assert state.execute("pragma integrity_check").fetchall() == [("ok",)]
    state.close()


async def test_no_key_is_written_down(own_desk: Desk, own: Process):
    await own_desk.pay()
    own.stop()
    written = b"".join(each.read_bytes() for each in own.folder.iterdir())
    assert own_desk.key.encode() not in written


async def test_nothing_read_is_left_open_for_a_checkpoint_to_wait_for(own_desk: Desk, own: Process):
    for _ in range(2):
        answer = await own_desk.ask(
            "POST", "/v1/payment_intents", {"amount": 700, "currency": "eur"}, Idempotency_Key="twice"
        )
    assert answer.headers["Idempotent-Replayed"] == "true"
    state = apsw.Connection(str(own.folder / "sandbox.db"))
    ((busy, _, _),) = state.execute("pragma wal_checkpoint(restart)").fetchall()
    state.close()
    assert busy == 0


async def test_a_file_that_another_process_holds_is_told_in_stripes_words(own_desk: Desk, own: Process):
    state = apsw.Connection(str(own.folder / "sandbox.db"))
    state.execute("begin immediate")
    asked = await own_desk.ask("POST", "/v1/payment_intents", {"amount": 700, "currency": "eur"})
    async with own_desk.http.post(f"{own.url}/_control/clock", json={"advance_seconds": 60}) as moved:
        told = await moved.json()
    state.execute("rollback")
    state.close()
    assert (asked.status, asked.body["error"]["type"]) == (503, "api_error")
    assert (moved.status, told["error"]["type"]) == (503, "api_error")
    await own_desk.advance(60)
