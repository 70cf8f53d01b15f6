"""`Idempotency-Key`: the first answer again byte for byte, and after an unknown outcome the same operation."""

import asyncio
from typing import Any

import pytest

from tests.payments.conftest import Api, Running, Stripe, document_of, furnish, on_sqlite


def body_of(order: Any, **attributes: Any) -> Any:
    return document_of("stripe_payments", None, attributes, {"order": order})


async def post(api: Api, body: Any, key: str, path: str = "stripe_payments", token: str | None = None) -> Any:
    return await api.send("POST", path, body, token=token, **{"Idempotency-Key": key})


async def test_the_same_key_is_told_the_same_bytes(api: Api) -> None:
    order = await api.order()
    first = await post(api, body_of(order), "once")
    again = await post(api, body_of(order), "once")
    assert (first.status, again.status) == (201, 201)
    assert again.raw == first.raw
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await api.stripe.intents()) == 1
    another = await post(api, body_of(order), "twice")
    assert another.id != first.id


@on_sqlite
async def test_a_change_without_a_gateway_is_kept_as_well(api: Api) -> None:
    payment = await api.payment()
    first = await api.update(payment, {"metadata": {"a": 1}}, key="once")
    await api.update(payment, {"metadata": {"a": 2}})
    again = await api.update(payment, {"metadata": {"a": 1}}, key="once")
    assert again.raw == first.raw
    assert (await api.get(payment))["metadata"] == {"a": 2}


async def test_a_key_that_named_another_request_is_refused(api: Api) -> None:
    order = await api.order()
    await post(api, body_of(order), "once")
    other = await post(api, body_of(order, return_url="https://shop.example.com"), "once")
    query = await post(api, body_of(order), "once", "stripe_payments?include=order")
    for refused in (other, query):
        assert (refused.status, refused.errors[0]["source"]) == (422, {"header": "Idempotency-Key"})
        assert refused.said == [("Idempotency-Key", "idempotency_key_reused")]
    assert len(await api.stripe.intents()) == 1


@on_sqlite
async def test_a_key_belongs_to_its_application(api: Api) -> None:
    order = await api.order()
    first = await post(api, body_of(order), "once")
    second = await post(api, body_of(order), "once", token=await api.log_in("acme/test/second"))
    assert second.status == 201
    assert second.id != first.id


@pytest.mark.parametrize("key", ["", "k" * 256, "café"])
@on_sqlite
async def test_what_is_no_key_is_a_bad_request(api: Api, key: str) -> None:
    order = await api.order()
    given: Any = key.encode("latin-1")
    headers = {"accept": "application/vnd.api+json", "content-type": "application/vnd.api+json"}
    headers["authorization"] = f"Bearer {api.token}"
    response = await api.http.post(
        "/api/stripe_payments",
        json=body_of(order),
        headers=[*((name.encode(), value.encode()) for name, value in headers.items()), (b"idempotency-key", given)],
    )
    (told,) = response.json()["errors"]
    assert (response.status_code, told["code"], told["source"]) == (400, "BAD_REQUEST", {"header": "Idempotency-Key"})
    assert await api.stripe.intents() == []


async def test_while_the_first_runs_the_same_key_is_told_so(api: Api) -> None:
    order = await api.order()
    held = await api.stripe.hold()
    first = asyncio.create_task(post(api, body_of(order), "once"))
    await held.begun()
    meanwhile = await post(api, body_of(order), "once")
    assert (meanwhile.status, meanwhile.said) == (409, [("", "CONFLICT")])
    await held.go()
    answered = await first
    assert (await post(api, body_of(order), "once")).raw == answered.raw


async def test_after_an_unknown_outcome_the_same_key_goes_on_with_the_same_operation(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, drop="after")
        assert (await post(api, body_of(order), "once")).status == 503
        assert (await post(api, body_of(order), "once")).status == 503
        other = await post(api, body_of(order, return_url="https://shop.example.com"), "once")
        assert other.said == [("Idempotency-Key", "idempotency_key_reused")]
        await api.stripe.mend()
        answered = await post(api, body_of(order), "once")
        assert answered.status == 201
        again = await post(api, body_of(order), "once")
        assert (again.raw, again.headers["idempotent-replayed"]) == (answered.raw, "true")
        assert [one.id for one in await api.stripe.intents()] == [answered["stripe_id"]]


async def test_what_recovery_finished_the_key_is_told(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, drop="after")
        assert (await post(api, body_of(order), "once")).status == 503
        await api.stripe.mend()
        await api.recover(after=3)
        answered = await post(api, body_of(order), "once")
        assert (answered.status, answered.id) == (201, await api.source_of(order))
        assert (await post(api, body_of(order), "once")).raw == answered.raw
        assert len(await api.stripe.intents()) == 1


async def test_a_key_keeps_the_answer_of_the_operation_that_its_request_joined(api: Api) -> None:
    order = await api.order()
    held = await api.stripe.hold()
    answers = await held.together([api], *(post(api, body_of(order), f"key {at}") for at in range(3)))
    assert len({one.id for one in answers}) == 1
    for at, answered in enumerate(answers):
        again = await post(api, body_of(order), f"key {at}")
        assert (again.raw, again.headers["idempotent-replayed"]) == (answered.raw, "true")
    assert len(await api.stripe.intents()) == 1


async def test_a_refusal_of_the_gateway_is_kept(api: Api) -> None:
    order = await api.order(10)
    first = await post(api, body_of(order), "once")
    await api.line(order, 5000)
    again = await post(api, body_of(order), "once")
    assert (first.status, first.said) == (422, [("/data", "amount_too_small")])
    assert (again.raw, again.headers["idempotent-replayed"]) == (first.raw, "true")
    assert await api.stripe.intents() == []
    assert (await post(api, body_of(order), "new")).status == 201


async def test_a_refusal_that_came_by_recovery_is_kept_too(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order(10)
        await api.stripe.faults(times=0, drop="before")
        assert (await post(api, body_of(order), "once")).status == 503
        await api.stripe.mend()
        await api.recover(after=3)
        first = await post(api, body_of(order), "once")
        again = await post(api, body_of(order), "once")
        assert first.said == [("/data", "amount_too_small")]
        assert (again.raw, again.headers["idempotent-replayed"]) == (first.raw, "true")


@on_sqlite
async def test_our_own_refusals_are_not_kept(api: Api) -> None:
    order = await api.order(0)
    assert (await post(api, body_of(order), "once")).said == [("/data/relationships/order", "free")]
    await api.line(order, 5000)
    assert (await post(api, body_of(order), "once")).status == 201


@on_sqlite
async def test_a_key_is_forgotten_after_a_day(api: Api) -> None:
    order = await api.order()
    first = await post(api, body_of(order), "once")
    await api.recover(after=24 * 3600 + 1)
    again = await post(api, body_of(order), "once")
    assert again.status == 201
    assert again.id != first.id


async def test_permission_is_checked_before_an_answer_is_repeated(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    guest = await api.guest()
    body = document_of("stripe_payments", payment.id, {"metadata": {"a": 1}}, {})
    path = f"stripe_payments/{payment.id}"
    assert (await api.send("PATCH", path, body, token=guest, **{"Idempotency-Key": "once"})).status == 200
    await api.update(order, {"customer_email": "ada@example.com", "customer_password": "correct horse", "guest": False})
    denied = await api.send("PATCH", path, body, token=guest, **{"Idempotency-Key": "once"})
    assert denied.said == [("", "UNAUTHORIZED")]


async def test_a_read_that_failed_may_be_asked_for_again_with_the_same_key(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment = await api.payment()
        await api.stripe.faults("GET", times=0, status=503)
        changes = {"_refresh": True, "options": {"a": 1}}
        await api.update(payment, changes, key="once", expect=503)
        await api.stripe.mend()
        done = await api.update(payment, changes, key="once")
        assert done["options"] == {"intent_amount_cents": 15400, "a": 1}
        assert (await api.update(payment, changes, key="once")).raw == done.raw
