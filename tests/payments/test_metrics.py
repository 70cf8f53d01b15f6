"""What an operator watches: told to those it is for, and true."""

import asyncio
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest

from paydesk.commerce.payments.watching import DAY
from tests.acts.differences import falsify
from tests.acts.disputes import paid
from tests.acts.metrics import measured
from tests.acts.watching import advance, look
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite


async def test_open_calls_waiting_events_and_silent_gateways_are_told(api: Api) -> None:
    door = f'{{gateway="{api.gateway.id}"}}'
    told = await measured(api)
    assert told["paydesk_gateway_calls_open"] == told["paydesk_gateway_calls_oldest_seconds"] == 0
    assert told["paydesk_gateway_events_waiting"] == told["paydesk_payments_overdue"] == 0
    assert f"paydesk_gateway_event_age_seconds{door}" not in told
    order = await api.order()
    await api.stripe.faults(times=0, drop="after")
    await api.payment(order, expect=503)
    await api.stripe.mend()
    await api.stripe.confirm((await api.stripe.intents())[0].id)
    event = (await api.stripe.events())[-1]
    assert (await api.deliver(event)).status_code == 200
    assert (await api.deliver(event, secret="whsec_guessed")).status_code == 400
    assert (await api.deliver({**event, "livemode": True})).status_code == 200
    advance(api, 100)
    told = await measured(api)
    assert (told["paydesk_gateway_calls_open"], told["paydesk_gateway_events_waiting"]) == (1, 1)
    assert told["paydesk_gateway_calls_oldest_seconds"] >= 100
    assert told["paydesk_gateway_events_lag_seconds"] >= 100
    await api.parts.catching_up.once()
    for _ in range(3):
        await api.recover(after=3)
    told = await measured(api)
    assert (told["paydesk_gateway_calls_open"], told["paydesk_gateway_events_lag_seconds"]) == (0, 0)
    assert told[f"paydesk_gateway_event_age_seconds{door}"] >= 100
    assert told[f"paydesk_gateway_list_age_seconds{door}"] < 60
    # The list brought what no webhook has.
    assert 0 < told[f"paydesk_gateway_unheard_seconds{door}"] < 60
    assert (await api.deliver(event)).status_code == 200
    await api.recover()
    assert (await measured(api))[f"paydesk_gateway_unheard_seconds{door}"] == 0
    assert told[f"paydesk_gateway_foreign_events_total{door}"] == 1
    assert told[f"paydesk_gateway_forged_events_total{door}"] == 1
    assert told['paydesk_gateway_breakers{type="stripe_gateways",state="closed"}'] == 1


@on_sqlite
async def test_overdue_payments_and_open_breakers_are_told(api: Api) -> None:
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"], "pm_card_authenticationRequired")
    await look(api, 61)
    await look(api, 8 * DAY + 1)
    assert (await measured(api))["paydesk_payments_overdue"] == 1


@on_sqlite
async def test_money_of_ours_that_no_payment_knows_is_counted_as_orphaned(api: Api, running: Running) -> None:
    _, payment = await paid(api, "pm_card_visa")
    (event,) = [one for one in await api.stripe.events() if one["type"] == "payment_intent.succeeded"]
    other = await api.gateway_of()
    await falsify(api, "stripe_payments", payment.id, stripe_id="pi_of_another_record")
    assert (await api.deliver(event)).status_code == 200
    for tries in range(1, 13):
        await api.recover(after=min(2**tries, 3601))
    told = await measured(api)
    assert told[f'paydesk_gateway_orphaned_events_total{{gateway="{api.gateway.id}"}}'] == 1
    assert told[f'paydesk_gateway_orphaned_events_total{{gateway="{other.id}"}}'] == 0
    assert payment["stripe_id"] not in (await api.http.get("/metrics")).text


@on_sqlite
@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.1.2.3", {}, 200),
        ("10.9.9.9", {"x-forwarded-for": "10.1.2.3"}, 200),
        ("203.0.113.7", {}, 404),
        ("10.9.9.9", {"x-forwarded-for": "203.0.113.7"}, 404),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404),
        ("127.0.0.1", {"via": "1.1 proxy"}, 404),
        ("127.0.0.1", {"host": "acme.pay.example.com"}, 404),
    ],
)
async def test_metrics_are_not_for_the_world(
    running: Running, account: Stripe, peer: str, headers: dict[str, str], status: int
) -> None:
    settings = replace(
        running.settings,
        public_domain="pay.example.com",
        trusted_proxies=(ip_network("10.9.9.9/32"),),
        metrics_networks=(*running.settings.metrics_networks, ip_network("10.1.0.0/16")),
    )
    async with running.api(account, settings=settings) as api:
        transport = httpx.ASGITransport(app=api.app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            assert (await http.get("/metrics", headers=headers)).status_code == status


async def test_hundreds_of_events_at_once_are_acknowledged_and_each_payment_read_once(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment = await api.payment()
        await api.stripe.confirm(payment["stripe_id"])
        event = (await api.stripe.events(payment["stripe_id"]))[-1]
        burst = [{**event, "id": f"evt_{number}"} for number in range(300)]
        secret = api.gateway["webhook_endpoint_secret"]
        answers = await asyncio.gather(*(api.deliver(one, secret=secret) for one in burst))
        assert {one.status_code for one in answers} == {200}
        assert (await measured(api))["paydesk_gateway_events_waiting"] == 300
        for _ in range(3):
            await api.recover()
        assert (await measured(api))["paydesk_gateway_events_waiting"] == 0
        assert len(await api.stripe.requests("GET", f"/v1/payment_intents/{payment['stripe_id']}")) == 3
        assert (await api.get("authorizations")).document["meta"]["record_count"] == 1
