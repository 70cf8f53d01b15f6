"""An answer that did not reach its client is owed: the next equal request is told it, once, and moves nothing."""

import asyncio
from typing import Any

import pytest

from tests.acts.orders import approved, at_stripe, moved, ready
from tests.acts.refunds import PART, ask, captured, refunds
from tests.payments.conftest import Api, Link, Running, Stripe, document_of, furnish, on_sqlite


async def lost(api: Api, *asking: Any, path: str = "/v1/refunds", do: dict[str, Any] | None = None) -> list[Any]:
    """What requests are told whose gateway calls happen, and whose answers do not come; recovery has settled them."""
    await api.stripe.faults(path=path, times=0, **(do or {"drop": "after"}))
    told = await asyncio.gather(*asking)
    await api.stripe.mend()
    await api.recover(after=3)
    assert await api.open_calls() == []
    return list(told)


@pytest.fixture
def shop(running: Running, account: Stripe) -> Any:
    """A shop whose background rests; `recover` moves its clock."""
    return running.api(account)


async def test_a_refund_whose_answer_was_lost_is_told_to_its_retry_and_made_once(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, payment, capture = await captured(api)
        assert await lost(api, ask(api, capture, PART)) == [(503, False)]
        assert await refunds(api, order) == [900]
        assert await ask(api, capture, PART) == (200, True)
        assert (await at_stripe(api, payment), await refunds(api, order)) == (("succeeded", 15400, 900), [900])
        # It was owed once: the next one is meant.
        assert await ask(api, capture, PART) == (200, False)
        assert (await at_stripe(api, payment), await refunds(api, order)) == (("succeeded", 15400, 1800), [900, 900])


async def test_two_intended_equal_refunds_stay_two(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        assert [await ask(api, capture, PART) for _ in range(3)] == [(200, False)] * 3
        assert await refunds(api, order) == [900, 900, 900]


async def test_two_clients_who_joined_one_call_are_owed_two_answers(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        assert await lost(api, ask(api, capture, PART), ask(api, capture, PART)) == [(503, False)] * 2
        assert [await ask(api, capture, PART) for _ in range(3)] == [(200, True), (200, True), (200, False)]
        assert await refunds(api, order) == [900, 900]


async def test_a_retry_that_joins_the_call_while_it_is_open_takes_over_what_was_owed(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await api.stripe.faults(path="/v1/refunds", times=0, drop="after")
        assert await ask(api, capture, PART) == (503, False)
        await api.stripe.mend()
        assert await ask(api, capture, PART) == (200, True)
        assert await refunds(api, order) == [900]
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900, 900]


async def test_another_owners_equal_refund_is_a_new_one(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await lost(api, ask(api, capture, PART))
        mine, api.token = api.token, await api.log_in("acme/test/second")
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900, 900]
        api.token = mine
        assert await ask(api, capture, PART) == (200, True)
        assert await refunds(api, order) == [900, 900]


async def test_another_amount_is_a_new_refund(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await lost(api, ask(api, capture, PART))
        assert await ask(api, capture, {**PART, "_refund_amount_cents": 901}) == (200, False)
        assert await ask(api, capture, PART) == (200, True)
        assert await refunds(api, order) == [900, 901]


async def test_a_request_with_a_key_of_its_own_is_a_new_one(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await lost(api, ask(api, capture, PART))
        assert await ask(api, capture, PART, Idempotency_Key="mine") == (200, False)
        assert await refunds(api, order) == [900, 900]
        assert await ask(api, capture, PART) == (200, True)
        assert await refunds(api, order) == [900, 900]


async def test_what_a_key_was_told_is_owed_no_more(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        assert await lost(api, ask(api, capture, PART, Idempotency_Key="mine")) == [(503, False)]
        assert await ask(api, capture, PART, Idempotency_Key="mine") == (200, False)
        assert await refunds(api, order) == [900]
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900, 900]


async def test_what_was_refused_in_the_end_is_tried_anew(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await api.stripe.faults(path="/v1/refunds", times=0, drop="before")
        assert await ask(api, capture, PART) == (503, False)
        await api.stripe.mend()
        await api.stripe.faults(path="/v1/refunds", status=400)
        await api.recover(after=3)
        assert (await api.open_calls(), await refunds(api, order)) == ([], [])
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900]


@on_sqlite
async def test_after_a_day_nothing_is_owed(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await lost(api, ask(api, capture, PART))
        api.app.clock.advance(24 * 3600)
        api.token = await api.log_in()
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900, 900]


async def test_it_is_owed_after_a_restart_too(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, _, capture = await captured(api)
        await lost(api, ask(api, capture, PART))
    async with running.api(account) as api:
        assert await ask(api, capture, PART) == (200, True)
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900, 900]


async def test_what_was_answered_before_a_restart_is_not_owed(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order, _, capture = await captured(api)
        assert await ask(api, capture, PART) == (200, False)
    async with running.api(account) as api:
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900, 900]


async def test_a_client_that_hung_up_is_owed_what_came_of_it(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        held = await api.stripe.hold(path="/v1/refunds", when="after")
        going = asyncio.create_task(ask(api, capture, PART))
        await held.begun()
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        await held.go()
        assert await ask(api, capture, PART) == (200, True)
        assert await refunds(api, order) == [900]
        assert await ask(api, capture, PART) == (200, False)
        assert await refunds(api, order) == [900, 900]


async def test_an_answer_that_was_written_to_a_connection_that_was_gone_is_owed(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        body = document_of(capture["type"], capture["id"], PART, {})
        held = await api.stripe.hold(path="/v1/refunds", when="after")
        gone = asyncio.Event()
        path = f"/api/{capture['type']}/{capture['id']}"
        asking = asyncio.create_task(raw(api, path, body, gone))
        await held.begun()
        gone.set()
        await asyncio.sleep(0)
        await held.go()
        assert await asking == 200
        assert await ask(api, capture, PART) == (200, True)
        assert await refunds(api, order) == [900]


async def test_a_request_whose_client_went_away_before_it_was_begun_moves_nothing(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order, _, capture = await captured(api)
        changes, gone, waits, goes_on = api.parts.desk.changes, asyncio.Event(), asyncio.Event(), asyncio.Event()
        begin = changes._commit

        async def slowly(*given: Any) -> Any:
            changes._commit = begin
            waits.set()
            await goes_on.wait()
            return await begin(*given)

        changes._commit = slowly
        path, body = f"/api/{capture['type']}/{capture['id']}", document_of(capture["type"], capture["id"], PART, {})
        asking = asyncio.create_task(raw(api, path, body, gone))
        await waits.wait()
        gone.set()
        # Its client asks again meanwhile, and is told.
        assert await ask(api, capture, PART) == (200, False)
        goes_on.set()
        assert await asking == 503
        assert await refunds(api, order) == [900]


async def raw(api: Api, path: str, body: Any, gone: asyncio.Event) -> int:
    """One request as a server passes it on, whose client is gone once that is said; the status of its answer."""
    import json

    headers = {
        "host": "127.0.0.1:9",
        "authorization": f"Bearer {api.token}",
        "content-type": "application/vnd.api+json",
        "accept": "application/vnd.api+json",
    }
    scope = {
        "type": "http",
        "method": "PATCH",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 9),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    messages = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await api.app(scope, receive, send)
    return int(sent[0]["status"])


MOVES: dict[str, tuple[dict[str, Any], str, list[tuple[str, int, bool]]]] = {
    "refund all of a capture": (
        {"_refund": True},
        "/v1/refunds",
        [("authorizations", 15400, True), ("captures", 15400, True), ("refunds", 15400, True)],
    ),
    "refund the order": (
        {"_refund": True},
        "/v1/refunds",
        [("authorizations", 15400, True), ("captures", 15400, True), ("refunds", 15400, True)],
    ),
    "capture": (
        {"_capture": True},
        "/v1/payment_intents/{}/capture",
        [("authorizations", 15400, True), ("captures", 15400, True)],
    ),
    "capture a part": (
        {"_capture": True, "_capture_amount_cents": 400},
        "/v1/payment_intents/{}/capture",
        [("authorizations", 15400, True), ("captures", 400, True)],
    ),
    "void": (
        {"_void": True},
        "/v1/payment_intents/{}/cancel",
        [("authorizations", 15400, True), ("voids", 15400, True)],
    ),
    "cancel the order": (
        {"_cancel": True},
        "/v1/payment_intents/{}/cancel",
        [("authorizations", 15400, True), ("voids", 15400, True)],
    ),
    "authorize": ({"_authorize": True}, "/v1/payment_intents/{}/confirm", [("authorizations", 15400, True)]),
    "authorize a part": (
        {"_authorize": True, "_authorization_amount_cents": 500},
        "/v1/payment_intents/{}/confirm",
        [("authorizations", 500, True)],
    ),
}


@pytest.mark.parametrize("move", MOVES)
async def test_whatever_moves_money_is_told_to_its_retry(shop: Any, move: str) -> None:
    change, path, transactions = MOVES[move]
    async with shop as api:
        await furnish(api)
        subject: Link
        if move.startswith("authorize"):
            order = await ready(api)
            subject, payment = order, await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
        elif move.startswith("refund"):
            order, payment, capture = await captured(api)
            subject = order if "order" in move else capture
        else:
            order, payment, authorization = await approved(api)
            subject = order if "order" in move else authorization
        where = path.format(payment["stripe_id"])
        assert await lost(api, ask(api, subject, change), path=where) == [(503, False)]
        assert await moved(api, order) == transactions
        assert await ask(api, subject, change) == (200, True)
        assert await moved(api, order) == transactions
        assert len({one["idempotency_key"] for one in await api.stripe.requests(path=where)}) == 1
        # Once is enough: from now on it is asked for anew, whatever that means.
        assert (await ask(api, subject, change))[1] is False


async def test_a_create_without_ids_is_told_to_its_retry_and_then_made_anew(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order = await api.order()
        (unknown,) = await lost(api, api.payment(order, expect=503), path="/v1/payment_intents")
        assert unknown.said == [("", "SERVICE_UNAVAILABLE")]
        again = await api.payment(order)
        assert (again.headers["idempotent-replayed"], len(await api.stripe.intents())) == ("true", 1)
        assert again.headers["location"].endswith(f"/stripe_payments/{again.id}")
        assert await api.source_of(order) == again.id
        new = await api.payment(order)
        assert "idempotent-replayed" not in new.headers
        assert (new.id != again.id, await api.source_of(order)) == (True, new.id)


async def test_a_create_for_another_amount_is_a_new_one(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order = await api.order()
        await lost(api, api.payment(order, expect=503), path="/v1/payment_intents")
        await api.line(order, 600)
        payment = await api.payment(order)
        assert "idempotent-replayed" not in payment.headers
        assert payment["options"]["intent_amount_cents"] == 16000


async def test_a_payment_that_another_one_replaced_is_not_told_again(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        order = await api.order()
        await lost(api, api.payment(order, expect=503), path="/v1/payment_intents")
        other = await api.payment(order, {"receipt_email": "ada@example.com"})
        payment = await api.payment(order)
        assert "idempotent-replayed" not in payment.headers
        assert (payment.id != other.id, await api.source_of(order)) == (True, payment.id)


async def test_who_was_answered_is_written_down_for_many_at_once(shop: Any) -> None:
    async with shop as api:
        await furnish(api)
        await api.parts.oauth.stop()
        owing = api.parts.desk.owing
        owing.flush_seconds = 60.0
        orders = [await api.order() for _ in range(4)]
        for order in orders:
            await api.payment(order)
        database: Any = api.parts.database
        before = database.statements_run, database.transactions_run
        await owing.flush()
        after = database.statements_run, database.transactions_run
        assert [one for (one,) in await api.rows("gateway_calls", "owed") if one is not None] == []
        assert after[1] - before[1] == 1
        assert after[0] - before[0] <= 3
