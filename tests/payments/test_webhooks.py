"""Stripe's events: verified over the raw bytes, kept once, and nothing more than a reason to look."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import pytest

from paydesk.commerce.payments.watching import DAY
from tests.acts.orders import approved, moved, ready, stands
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite
from tests.processes import eventually


async def authorized(api: Api) -> tuple[Any, list[dict[str, Any]]]:
    """A payment whose card was authorized, and Stripe's events about it, oldest first; nothing was delivered."""
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"])
    return payment, await api.stripe.events(payment["stripe_id"])


async def kept(api: Api) -> list[tuple[Any, ...]]:
    return await api.rows("gateway_events", "event_id", "outcome")


async def test_an_event_brings_the_payment_to_what_stripe_says(api: Api) -> None:
    payment, events = await authorized(api)
    response = await api.deliver(events[-1])
    assert (response.status_code, response.json()) == (200, {"received": True})
    await api.recover()
    after = await api.get(payment)
    assert after["payment_instrument"]["card_last_digits"] == "4242"
    assert after["charge_id"] is not None
    assert await kept(api) == [(events[-1]["id"], "read")]


async def test_many_deliveries_of_one_event_are_one(api: Api) -> None:
    payment, events = await authorized(api)
    answers = await asyncio.gather(*(api.deliver(events[-1]) for _ in range(10)))
    assert {one.status_code for one in answers} == {200}
    await api.recover()
    reads = len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}"))
    version = (await api.get(payment))["updated_at"]
    assert (await api.deliver(events[-1])).status_code == 200
    await api.recover(after=10)
    assert len(await kept(api)) == 1
    assert len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}")) == reads
    assert (await api.get(payment))["updated_at"] == version


async def test_a_worked_event_is_forgotten_after_ninety_days_and_an_unworked_one_never(api: Api) -> None:
    _, events = await authorized(api)
    await api.deliver(events[-1])
    await api.recover()
    await api.stripe.faults("GET", times=0, status=503)
    await api.deliver(events[0])
    await api.recover(after=90 * DAY - 60)
    assert await api.parts.recovery.sweep() is False
    assert sorted(await kept(api), key=str) == sorted([(events[0]["id"], None), (events[-1]["id"], "read")], key=str)
    await api.recover(after=61)
    assert await api.parts.recovery.sweep() is False
    assert await kept(api) == [(events[0]["id"], None)]
    await api.recover(after=365 * DAY)
    assert await api.parts.recovery.sweep() is False
    await api.stripe.mend()
    await api.recover(after=3600)
    assert await kept(api) == [(events[0]["id"], "read")]


async def test_events_in_any_order_end_the_same(api: Api) -> None:
    import stripe

    payment = await api.payment()
    with pytest.raises(stripe.CardError):
        await api.stripe.confirm(payment["stripe_id"], "pm_card_chargeDeclined")
    await api.stripe.confirm(payment["stripe_id"])
    events = await api.stripe.events(payment["stripe_id"])
    assert "payment_intent.payment_failed" in [one["type"] for one in events]
    shown = []
    for event in reversed(events):
        assert (await api.deliver(event)).status_code == 200
        await api.recover()
        shown.append((await api.get(payment)).data["attributes"])
    assert all(one == shown[0] for one in shown)
    assert shown[0]["payment_instrument"]["card_type"] == "visa"


def signature_of(body: bytes, secret: str, at: int, scheme: str = "v1") -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},{scheme}={digest}"


FORGED = {
    "no signature": lambda body, secret, now: None,
    "an empty one": lambda body, secret, now: "",
    "nonsense": lambda body, secret, now: "hello",
    "another secret": lambda body, secret, now: signature_of(body, "whsec_guessed", now),
    "an empty secret": lambda body, secret, now: signature_of(body, "", now),
    "only scheme v0": lambda body, secret, now: signature_of(body, secret, now, "v0"),
    "a changed body": lambda body, secret, now: signature_of(body + b" ", secret, now),
    "a replaced time": lambda body, secret, now: signature_of(body, secret, now).replace(f"t={now}", f"t={now - 1}"),
    "no time": lambda body, secret, now: signature_of(body, secret, now).partition(",")[2],
    "too old": lambda body, secret, now: signature_of(body, secret, now - 305),
    "too far ahead": lambda body, secret, now: signature_of(body, secret, now + 305),
}


@pytest.mark.parametrize("forgery", FORGED)
@on_sqlite
async def test_what_this_gateways_stripe_did_not_sign_is_refused(api: Api, forgery: str) -> None:
    payment, events = await authorized(api)
    secret = (await api.get(api.gateway))["webhook_endpoint_secret"]
    body = json.dumps(events[-1]).encode()
    signature = FORGED[forgery](body, secret, int(api.app.clock()))
    response = await api.deliver(events[-1], body=body, signature=signature)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "BAD_REQUEST")
    assert await kept(api) == []
    await api.recover()
    assert (await api.get(payment))["payment_method"] is None
    assert await api.rows("gateway_tallies", "forged_events", "verified_at") == [(1, None)]


@pytest.mark.parametrize("seconds", [-295, 295])
@on_sqlite
async def test_a_clock_that_is_a_little_off_is_no_forgery(api: Api, seconds: int) -> None:
    _, events = await authorized(api)
    response = await api.deliver(events[-1], at=int(api.app.clock()) + seconds)
    assert response.status_code == 200


@on_sqlite
async def test_while_a_secret_is_changed_either_signature_will_do(api: Api) -> None:
    _, events = await authorized(api)
    secret = (await api.get(api.gateway))["webhook_endpoint_secret"]
    body = json.dumps(events[-1]).encode()
    at = int(api.app.clock())
    both = f"{signature_of(body, 'whsec_old', at)},{signature_of(body, secret, at).partition(',')[2]}"
    assert (await api.deliver(events[-1], body=body, signature=both)).status_code == 200


@on_sqlite
async def test_another_gateways_secret_signs_nothing_here(api: Api) -> None:
    _, events = await authorized(api)
    other = await api.gateway_of()
    response = await api.deliver(events[-1], secret=other["webhook_endpoint_secret"])
    assert response.status_code == 400
    assert await kept(api) == []


@pytest.mark.parametrize("path", ["stripe_gateways/nobodysone", "adyen_gateways/{id}", "nothing/{id}"])
@on_sqlite
async def test_a_gateway_that_is_not_there_is_not_found(api: Api, path: str) -> None:
    response = await api.http.post("/webhook_callbacks/" + path.format(id=api.gateway.id), content=b"{}")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, "RECORD_NOT_FOUND")


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b"null", b'{"id":1,"type":"a"}', b'{"type":"a"}', b"\xff\xfe"])
@on_sqlite
async def test_a_signed_body_that_is_no_event_is_a_bad_request(api: Api, body: bytes) -> None:
    response = await api.deliver({}, body=body)
    assert response.status_code == 400
    assert await kept(api) == []


@on_sqlite
async def test_a_signed_event_that_says_more_than_stripe_does_changes_nothing(api: Api) -> None:
    payment = await api.payment()
    event = {
        "id": "evt_made_up",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "created": 1,
        "data": {
            "object": {"id": payment["stripe_id"], "object": "payment_intent", "status": "succeeded", "amount": 1}
        },
    }
    assert (await api.deliver(event)).status_code == 200
    await api.recover()
    assert (await api.get(payment)).data["attributes"] == payment.data["attributes"]


@pytest.mark.parametrize(
    "about",
    [
        {"type": "payment_intent.succeeded", "data": {"object": {"id": "pi_foreign", "object": "payment_intent"}}},
        {"type": "something.new", "data": {"object": {"id": "x", "object": "something"}}},
        {"type": "payment_intent.succeeded", "data": {"object": None}},
    ],
)
@on_sqlite
async def test_an_event_of_another_program_is_taken_and_forgotten(api: Api, about: dict[str, Any]) -> None:
    event = {"id": "evt_1", "object": "event", "livemode": False, "created": 1, **about}
    assert (await api.deliver(event)).status_code == 200
    for _ in range(6):
        await api.recover(after=35)
    ((_, outcome),) = await kept(api)
    assert outcome in ("unknown payment", "nothing to do")


@pytest.mark.parametrize("change", [{"livemode": True}, {"account": "acct_of_another"}])
@on_sqlite
async def test_an_event_of_another_mode_or_account_is_answered_and_counted(api: Api, change: dict[str, Any]) -> None:
    payment, events = await authorized(api)
    for _ in range(2):
        assert (await api.deliver({**events[-1], **change})).status_code == 200
    await api.recover()
    assert await kept(api) == []
    assert (await api.get(payment))["payment_method"] is None
    assert await api.rows("gateway_tallies", "foreign_events", "forged_events") == [(2, 0)]


async def test_an_event_that_comes_before_the_payment_is_there_is_not_lost(api: Api) -> None:
    made = await api.stripe.v1.payment_intents.create_async(
        {"amount": 15400, "currency": "eur", "capture_method": "manual", "allowed_payment_method_types": ["card"]}
    )
    order = await api.order()
    held = await api.stripe.hold(path=f"/v1/payment_intents/{made.id}", when="after")
    adopting = asyncio.create_task(api.payment(order, {"stripe_id": made.id, "client_secret": made.client_secret}))
    await held.begun()
    await api.stripe.confirm(made.id)
    for event in await api.stripe.events(made.id):
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    await held.go()
    payment = await adopting
    assert payment["payment_method"] is None
    await api.recover(after=3)
    assert (await api.get(payment))["payment_instrument"]["card_last_digits"] == "4242"


async def test_an_event_about_an_intent_whose_opening_is_unknown_is_not_lost(api: Api) -> None:
    order = await api.order()
    await api.stripe.faults(times=0, drop="after")
    await api.payment(order, expect=503)
    await api.stripe.mend()
    (intent,) = await api.stripe.intents()
    await api.stripe.confirm(intent.id)
    for event in await api.stripe.events(intent.id):
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    await api.recover(after=3)
    source = await api.source_of(order)
    shown = await api.get(f"stripe_payments/{source}")
    assert shown["payment_instrument"]["card_last_digits"] == "4242"


async def test_an_event_that_overtakes_the_answer_of_our_own_capture_books_it_once(api: Api) -> None:
    order, payment, authorization = await approved(api)
    intent = payment["stripe_id"]
    held = await api.stripe.hold(path=f"/v1/payment_intents/{intent}/capture", when="after")
    capturing = asyncio.create_task(api.update(authorization, {"_capture": True}))
    events: list[dict[str, Any]] = []
    while not events:
        await asyncio.sleep(0.02)
        events = [one for one in await api.stripe.events(intent) if one["type"] == "payment_intent.succeeded"]
    assert not capturing.done()
    assert (await api.deliver(events[0])).status_code == 200
    await api.recover()
    once = [("authorizations", 15400, True), ("captures", 15400, True)]
    assert await moved(api, order) == once
    await held.go()
    assert (await capturing)["capture_balance_cents"] == 0
    assert (await moved(api, order), await api.open_calls()) == (once, [])
    assert (await stands(api, order))[:2] == ("approved", "paid")


@on_sqlite
async def test_while_stripe_does_not_answer_events_wait(api: Api) -> None:
    payment, events = await authorized(api)
    await api.stripe.faults("GET", times=0, status=503)
    assert (await api.deliver(events[-1])).status_code == 200
    await api.recover()
    assert (await kept(api))[0][1] is None
    await api.stripe.mend()
    await api.recover(after=5)
    assert (await api.get(payment))["charge_id"] is not None
    assert (await kept(api))[0][1] == "read"


@on_sqlite
async def test_an_event_is_worked_though_another_gateway_hangs(running: Running, account: Stripe) -> None:
    elsewhere = Stripe(account.base, account.http)
    async with running.api(account, background=True) as api:
        await api.parts.catching_up.loop.stop()
        await furnish(api)
        hanging = await api.payment()
        gateway = await api.gateway_of(elsewhere.key)
        payment = await api.payment(await api.order(method=await api.method_of(gateway)))
        await account.confirm(hanging["stripe_id"])
        await elsewhere.confirm(payment["stripe_id"])
        held = await account.hold("GET", f"/v1/payment_intents/{hanging['stripe_id']}")
        await api.deliver((await account.events(hanging["stripe_id"]))[-1])
        await held.begun()
        await api.deliver((await elsewhere.events(payment["stripe_id"]))[-1], gateway)

        async def is_told() -> bool:
            return (await api.get(payment))["charge_id"] is not None

        await eventually(is_told)
        assert {tries for tries, worked in await api.rows("gateway_events", "tries", "worked_at") if not worked} == {0}
        await held.go()
    await elsewhere.close()


async def test_an_acknowledged_event_is_worked_by_the_next_process(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment, events = await authorized(api)
        assert (await api.deliver(events[-1])).status_code == 200
    async with running.api(account) as api:
        await api.recover()
        assert (await api.get(payment))["charge_id"] is not None


@on_sqlite
async def test_a_canceled_intent_is_shown_as_what_it_is(api: Api) -> None:
    payment = await api.payment()
    await api.stripe.v1.payment_intents.cancel_async(payment["stripe_id"])
    (event,) = [
        one for one in await api.stripe.events(payment["stripe_id"]) if one["type"] == "payment_intent.canceled"
    ]
    await api.deliver(event)
    await api.recover()
    assert await api.rows("stripe_payments", "gateway_status") == [("canceled",)]
    assert (await api.payment({"type": "orders", "id": await order_of(api, payment)})).id != payment.id


async def order_of(api: Api, payment: Any) -> str:
    found = await api.get(payment, "?include=order")
    return str(found.data["relationships"]["order"]["data"]["id"])


async def test_stripes_own_deliveries_fill_the_payment_without_anybody_asking(reachable: Api) -> None:
    api = reachable
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"])
    for _ in range(1200):
        shown = await api.get(payment)
        if shown["payment_instrument"]:
            break
        await asyncio.sleep(0.05)
    assert shown["payment_instrument"]["card_last_digits"] == "4242"
    assert len(await kept(api)) >= 1


@pytest.mark.parametrize(("fault", "times"), [("twice", 0), ("reversed", 3), ("late", 2), ("lost", 0)])
@on_sqlite
async def test_however_stripe_delivers_money_is_booked_once(reachable: Api, fault: str, times: int) -> None:
    api = reachable
    order = await ready(api, method=await api.method_of(api.gateway, auto_place=True))
    payment = await api.payment(order)
    do = {"webhook": fault, **({"seconds": 1} if fault in ("late", "reversed") else {})}
    on = {"account": await api.stripe.account()}
    made = await api.stripe.control("POST", "faults", {"on": on, "do": do, "times": times})
    api.stripe._faults.append(made["id"])
    await api.stripe.confirm(payment["stripe_id"])
    await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    booked = [("authorizations", 15400, True), ("captures", 15400, True)]
    if fault == "lost":
        await api.update(payment, {"_refresh": True})
    await eventually(lambda: moved(api, order), booked)
    assert (await stands(api, order))[:2] == ("placed", "paid")
    await api.stripe.v1.refunds.create_async({"payment_intent": payment["stripe_id"], "amount": 400})
    if fault == "lost":
        await api.update(payment, {"_refresh": True})
    await eventually(lambda: moved(api, order), [*booked, ("refunds", 400, True)])
    assert (await stands(api, order))[:2] == ("placed", "partially_refunded")


@on_sqlite
async def test_an_event_that_comes_with_the_end_does_not_keep_the_server(running: Running, account: Stripe) -> None:
    async with running.api(account, background=True) as api:
        for turns in range(4):
            await api.parts.recovery.stop()
            await api.parts.recovery.start()
            await asyncio.sleep(0.05)
            api.parts.inbox.wake.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            async with asyncio.timeout(60):
                await api.parts.recovery.stop()
