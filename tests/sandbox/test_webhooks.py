"""Webhook endpoints, and the delivery of events to them."""

import time

import pytest
import stripe

from .conftest import Desk, Opener, Receiver

INTENT = {"amount": 5000, "currency": "eur"}


async def hooked(desk: Desk, receiver: Receiver, *types: str, **more: object):
    return await desk.v1.webhook_endpoints.create_async(
        {"url": receiver.url, "enabled_events": list(types) or ["*"], **more}
    )


async def test_an_event_is_signed_and_says_which_request_made_it(desk: Desk, receiver: Receiver):
    endpoint = await hooked(desk, receiver)
    assert endpoint.secret.startswith("whsec_")
    answer = await desk.ask("POST", "/v1/payment_intents", INTENT, Idempotency_Key=f"k-{endpoint.id}")
    (got,) = await receiver.until(1)
    event = stripe.Webhook.construct_event(got.body, got.signature, endpoint.secret)
    assert (event.type, event.data.object.id) == ("payment_intent.created", answer.body["id"])
    assert (event.request.id, event.request.idempotency_key) == (answer.headers["Request-Id"], f"k-{endpoint.id}")
    assert (event.api_version, event.pending_webhooks) == ("2026-10-28.endive", 1)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(got.body, got.signature, "whsec_other")
    kept = await desk.v1.events.retrieve_async(event.id)
    assert (kept.type, kept.data.object.id) == (event.type, answer.body["id"])


async def test_the_secret_is_told_once(desk: Desk, receiver: Receiver):
    endpoint = await hooked(desk, receiver)
    again = await desk.v1.webhook_endpoints.retrieve_async(endpoint.id)
    assert "secret" not in again.to_dict()
    assert again.enabled_events == ["*"]


async def test_only_enabled_events_come(desk: Desk, receiver: Receiver):
    await hooked(desk, receiver, "payment_intent.succeeded", "charge.refunded")
    intent = await desk.pay()
    await desk.v1.refunds.create_async({"payment_intent": intent.id})
    await receiver.until(2)
    await desk.control("POST", "deliver")
    assert sorted(receiver.types) == ["charge.refunded", "payment_intent.succeeded"]


async def test_a_disabled_or_deleted_endpoint_gets_nothing(desk: Desk, receiver: Receiver):
    endpoint = await hooked(desk, receiver)
    disabled = await desk.v1.webhook_endpoints.update_async(endpoint.id, {"disabled": True})
    assert disabled.status == "disabled"
    await desk.ask("POST", "/v1/payment_intents", INTENT)
    await desk.v1.webhook_endpoints.update_async(endpoint.id, {"disabled": False})
    assert (await desk.v1.webhook_endpoints.delete_async(endpoint.id)).deleted is True
    await desk.ask("POST", "/v1/payment_intents", INTENT)
    await desk.control("POST", "deliver")
    assert receiver.got == []
    assert (await desk.v1.webhook_endpoints.list_async()).data == []


@pytest.mark.parametrize("failure", [500, 302, 404])
async def test_a_failed_delivery_comes_again_after_a_pause(timed_desk: Desk, receiver: Receiver, failure: int):
    desk = timed_desk
    await hooked(desk, receiver)
    receiver.answers = [failure, failure]
    await desk.ask("POST", "/v1/payment_intents", INTENT)
    await receiver.until(1)
    await desk.control("POST", "deliver")
    await desk.advance(59)
    assert len(receiver.got) == 1
    await desk.advance(2)
    assert len(receiver.got) == 2
    await desk.advance(301)
    assert len(receiver.got) == 3
    await desk.advance(86_400)
    assert len({each.event["id"] for each in receiver.got}) == 1
    assert len(receiver.got) == 3
    assert (await desk.v1.events.list_async({"limit": 1})).data[0].pending_webhooks == 0


async def test_after_three_days_nobody_tries_again(timed_desk: Desk, receiver: Receiver):
    desk = timed_desk
    await hooked(desk, receiver)
    receiver.answers = [500] * 50
    await desk.ask("POST", "/v1/payment_intents", INTENT)
    await desk.advance(4 * 86_400)
    assert len(receiver.got) == 11
    failed = await desk.ask("GET", "/v1/events", {"delivery_success": "false"})
    assert [each["type"] for each in failed.body["data"]] == ["payment_intent.created"]


async def test_the_signatures_time_is_wall_time(timed_desk: Desk, receiver: Receiver):
    desk = timed_desk
    endpoint = await hooked(desk, receiver)
    await desk.advance(30 * 86_400)
    intent = (await desk.ask("POST", "/v1/payment_intents", INTENT)).body
    (got,) = await receiver.until(1)
    assert intent["created"] > time.time() + 29 * 86_400
    event = stripe.Webhook.construct_event(got.body, got.signature, endpoint.secret, tolerance=30)
    assert event.created == intent["created"]


async def test_what_was_not_delivered_is_sent_after_a_kill(own_desk: Desk, own, receiver: Receiver):
    desk = own_desk
    await hooked(desk, receiver)
    await desk.fault({"webhook": "late", "seconds": 2})
    await desk.ask("POST", "/v1/payment_intents", INTENT)
    own.stop(kill=True)
    assert receiver.got == []
    own.start()
    await receiver.until(1)
    assert receiver.types == ["payment_intent.created"]


async def test_a_connected_accounts_events_go_to_connect_endpoints(desk: Desk, receiver: Receiver, open_desk: Opener):
    await hooked(desk, receiver, connect=True)
    await desk.ask("POST", "/v1/payment_intents", INTENT)
    await desk.ask("POST", "/v1/payment_intents", INTENT, Stripe_Account="acct_shop")
    (got,) = await receiver.until(1)
    await desk.control("POST", "deliver")
    assert (len(receiver.got), got.event["account"]) == (1, "acct_shop")


async def test_a_connected_account_leaves(desk: Desk, receiver: Receiver):
    await hooked(desk, receiver, "account.application.deauthorized", connect=True)
    platform = (await desk.ask("GET", "/v1/account")).body["id"]
    await desk.ask("POST", "/v1/payment_intents", INTENT, Stripe_Account="acct_leaving")
    await desk.control("POST", "deauthorize", {"account": "acct_leaving", "platform": platform})
    (got,) = await receiver.until(1)
    assert (got.event["type"], got.event["account"]) == ("account.application.deauthorized", "acct_leaving")
    answer = await desk.ask("GET", "/v1/payment_intents", Stripe_Account="acct_leaving")
    assert (answer.status, answer.error["code"]) == (403, "account_invalid")


async def test_an_endpoints_api_version_is_that_of_its_events(desk: Desk, receiver: Receiver):
    await hooked(desk, receiver, api_version="2025-03-31.basil")
    await desk.ask("POST", "/v1/payment_intents", INTENT)
    assert (await receiver.until(1))[0].event["api_version"] == "2025-03-31.basil"


async def test_an_account_has_at_most_sixteen_endpoints(desk: Desk, receiver: Receiver):
    for _ in range(16):
        await hooked(desk, receiver, "charge.expired")
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        await hooked(desk, receiver, "charge.expired")


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({"url": "shop.example", "enabled_events[0]": "*"}, "url_invalid", "url"),
        ({"enabled_events[0]": "*"}, "parameter_missing", "url"),
        ({"url": "https://shop.example"}, "parameter_missing", "enabled_events"),
        ({"url": "https://shop.example", "enabled_events[0]": "nothing.happened"}, None, "enabled_events[0]"),
    ],
)
async def test_an_endpoint_that_cannot_be(desk: Desk, form: dict[str, str], code: str | None, param: str):
    answer = await desk.ask("POST", "/v1/webhook_endpoints", form)
    assert (answer.status, answer.error.get("code"), answer.error["param"]) == (400, code, param)


async def test_events_are_listed_by_type_and_paged(desk: Desk):
    for _ in range(3):
        await desk.ask("POST", "/v1/payment_intents", INTENT)
    await desk.v1.customers.create_async()
    listed = await desk.v1.events.list_async({"type": "payment_intent.*", "limit": 2})
    assert ([each.type for each in listed.data], listed.has_more) == (["payment_intent.created"] * 2, True)
    assert len([each async for each in listed.auto_paging_iter()]) == 3
    both = await desk.v1.events.list_async({"types": ["customer.created", "charge.succeeded"]})
    assert [each.type for each in both.data] == ["customer.created"]
