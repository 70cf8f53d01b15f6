"""Stripe gateways: the key is tried and sealed, the webhook endpoint registered, found again, moved and removed."""

import logging
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
import stripe

from paydesk.gateways.stripe.reading.events import EVENTS
from paydesk.gateways.stripe.verbs import endpoints
from tests.payments.conftest import Api, Running, Stripe, on_sqlite


async def test_a_new_gateway_registers_its_endpoint_with_the_sdks_version(api: Api) -> None:
    (endpoint,) = [one.to_dict() for one in await api.stripe.endpoints()]
    ((installation,),) = await api.rows("installation", "id")
    url = f"http://127.0.0.1:9/webhook_callbacks/stripe_gateways/{api.gateway.id}"
    assert (endpoint["url"], endpoint["api_version"], endpoint["status"]) == (url, stripe.api_version, "enabled")
    assert sorted(endpoint["enabled_events"]) == sorted(EVENTS)
    assert endpoint["metadata"] == {"paydesk_gateway": api.gateway.id, "paydesk_installation": installation}
    shown = api.gateway.data["attributes"]
    assert (shown["webhook_endpoint_id"], shown["webhook_endpoint_url"]) == (endpoint["id"], url)
    assert shown["webhook_endpoint_secret"].startswith("whsec_")
    assert (shown["force_payments"], shown["auto_payments"], shown["connected_account"]) == (True, False, None)


async def test_a_key_that_stripe_does_not_take_leaves_nothing(api: Api) -> None:
    refused = await api.gateway_of("sk_test_tooshortforstripe", expect=422)
    assert refused.said == [("/data/attributes/login", "invalid")]
    assert "tooshortforstripe" not in refused.raw.decode()
    assert [one["id"] for one in (await api.get("stripe_gateways")).document["data"]] == [api.gateway.id]
    assert await api.open_calls() == []


@pytest.mark.parametrize(
    ("key", "token"),
    [
        ("sk_live_" + "a1" * 16, "acme/test/integration"),
        ("sk_test_" + "b2" * 16, "acme/live/integration"),
        ("pk_test_0123456789abcdef0123456789", "acme/test/integration"),
        ("hello", "acme/test/integration"),
    ],
)
@on_sqlite
async def test_a_key_of_the_other_environment_is_refused_unasked(api: Api, key: str, token: str) -> None:
    given = {"name": "Stripe", "login": key}
    refused = await api.create("stripe_gateways", given, token=await api.log_in(token), expect=422)
    assert refused.said == [("/data/attributes/login", "invalid")]
    assert key not in refused.raw.decode()
    assert await api.calls() == [("register_endpoint", "done")]


@on_sqlite
async def test_a_key_is_required_and_never_changed(api: Api) -> None:
    refused = await api.create("stripe_gateways", {"name": "Stripe"}, expect=422)
    assert refused.said == [("/data/attributes/login", "blank")]
    refused = await api.update(api.gateway, {"login": f"sk_test_{secrets.token_hex(16)}"}, expect=400)
    assert refused.said == [("/data/attributes/login", "PARAM_NOT_ALLOWED")]


async def test_the_key_is_nowhere_in_clear(
    api: Api, running: Running, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    key = api.stripe.key
    payment = await api.payment()
    await api.stripe.faults("GET", times=1, status=401)
    await api.update(payment, {"_refresh": True}, expect=422)
    told = [
        await api.get(api.gateway, "?include=versions"),
        await api.get(f"payment_gateways/{api.gateway.id}"),
        await api.get(f"stripe_gateways/{api.gateway.id}/event_stores"),
        await api.get(f"stripe_gateways/{api.gateway.id}/versions"),
        await api.get("versions?page[size]=25"),
        await api.get(payment, "?include=payment_gateway,versions"),
    ]
    secret = (await api.get(api.gateway))["webhook_endpoint_secret"]
    given = {"name": "Second", "login": key}
    second = await api.create("stripe_gateways", given, key="once")
    assert (await api.create("stripe_gateways", given, key="once")).raw == second.raw
    await api.update(second, {"name": "Third"}, key="twice")
    for answer in told:
        assert key not in answer.raw.decode()
        assert "login" not in answer.raw.decode()
    versions = await api.get("versions?page[size]=25")
    assert secret not in versions.raw.decode()
    assert payment["client_secret"] not in versions.raw.decode()
    assert key not in caplog.text
    assert secret not in caplog.text
    assert payment["client_secret"] not in caplog.text
    for table in ("payment_gateways", "gateway_calls", "versions", "idempotency_keys", "gateway_events"):
        from paydesk.store.types import METADATA

        names = [column.name for column in METADATA.tables[table].c]
        rows = repr(await api.rows(table, *names))
        assert key not in rows
        assert secret not in rows
        assert second["webhook_endpoint_secret"] not in rows
    if running.settings.on_sqlite:
        folder = running.settings.sqlite_file.parent
        for file in folder.glob(f"{running.settings.sqlite_file.name}*"):
            content = file.read_bytes()
            assert key.encode() not in content
            assert secret.encode() not in content
            assert second["webhook_endpoint_secret"].encode() not in content


@on_sqlite
async def test_two_gateways_may_share_an_account_and_have_an_endpoint_each(api: Api) -> None:
    second = await api.gateway_of()
    assert len(await api.stripe.endpoints()) == 2
    assert second["webhook_endpoint_id"] != api.gateway["webhook_endpoint_id"]


@on_sqlite
async def test_a_connected_account_is_named_in_every_call(api: Api) -> None:
    gateway = await api.gateway_of(connected_account="acct_connected1")
    method = await api.method_of(gateway)
    payment = await api.payment(await api.order(method=method))
    assert payment["connected_account"] == "acct_connected1"
    assert await api.stripe.intents() == []
    theirs = await api.stripe.v1.payment_intents.list_async({}, {"stripe_account": "acct_connected1"})
    assert payment["stripe_id"] in [one.id for one in theirs.data]
    await api.update(payment, {"_update": True, "_refresh": True})
    await api.delete(payment)
    canceled = await api.stripe.v1.payment_intents.retrieve_async(
        payment["stripe_id"], None, {"stripe_account": "acct_connected1"}
    )
    assert canceled.status == "canceled"
    refused = await api.gateway_of(connected_account="nonsense", expect=422)
    assert refused.said == [("/data/attributes/connected_account", "invalid")]


async def test_a_gateway_in_use_stays_and_one_that_is_not_takes_its_endpoint_along(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    assert (await api.delete(api.gateway, expect=423)).said == [("", "LOCKED")]
    await api.delete(payment)
    assert (await api.delete(api.gateway, expect=423)).said == [("", "LOCKED")]
    assert len(await api.stripe.endpoints()) == 1
    unused = await api.gateway_of()
    await api.delete(unused)
    await api.get(unused, expect=404)
    assert [one.id for one in await api.stripe.endpoints()] == [api.gateway["webhook_endpoint_id"]]


@on_sqlite
async def test_what_a_deleted_gateway_was_still_to_do_is_given_up(api: Api) -> None:
    await api.payment()
    api.app.clock.advance(70 * 86400)  # type: ignore[attr-defined]
    assert await api.parts.recovery.lapsing.once() == 1
    api.token = await api.log_in()
    await api.delete(api.method)
    await api.delete(api.gateway)
    assert await api.open_calls() == ["release_payment"]
    await api.recover()
    assert await api.open_calls() == []


async def test_an_endpoint_that_is_gone_already_does_not_keep_the_gateway(api: Api) -> None:
    unused = await api.gateway_of()
    await api.stripe.v1.webhook_endpoints.delete_async(unused["webhook_endpoint_id"])
    await api.delete(unused)
    await api.get(unused, expect=404)


async def test_a_registration_whose_answer_is_lost_makes_one_gateway_and_one_endpoint(
    running: Running, account: Stripe
) -> None:
    async with running.api(account) as api:
        await api.stripe.faults(path="/v1/webhook_endpoints", times=0, drop="after")
        await api.gateway_of(expect=503)
        assert (await api.get("stripe_gateways")).document["data"] == []
        await api.stripe.mend()
        await api.recover(after=3)
        (gateway,) = (await api.get("stripe_gateways")).document["data"]
        (endpoint,) = await api.stripe.endpoints()
        assert gateway["attributes"]["webhook_endpoint_id"] == endpoint.id
        assert gateway["attributes"]["webhook_endpoint_secret"].startswith("whsec_")


@on_sqlite
async def test_an_address_that_stripe_does_not_take_leaves_a_gateway_without_webhooks(api: Api) -> None:
    await api.stripe.faults(path="/v1/webhook_endpoints", times=1, status=400, code="url_invalid")
    gateway = await api.gateway_of()
    assert [gateway[f"webhook_endpoint_{name}"] for name in ("id", "secret", "url")] == [None, None, None]
    payment = await api.payment(await api.order(method=await api.method_of(gateway)))
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(payment, {"_refresh": True}))["charge_id"] is not None


@on_sqlite
async def test_an_address_that_stripe_could_never_reach_is_not_registered(running: Running, account: Stripe) -> None:
    real = replace(running.settings, stripe_api_base=None)
    async with running.api(account, settings=real) as api:
        gateway = await api.gateway_of()
        assert [gateway[f"webhook_endpoint_{name}"] for name in ("id", "secret", "url")] == [None, None, None]
        assert await api.stripe.endpoints() == []
        refused = await api.gateway_of("sk_test_tooshortforstripe", expect=422)
        assert refused.said == [("/data/attributes/login", "invalid")]
        await api.delete(gateway)


async def again(api: Api) -> None:
    """What a start does about endpoints, and the calls it leaves to the background."""
    assert await api.parts.endpoints.once()
    await api.recover()
    assert await api.open_calls() == []


@on_sqlite
async def test_at_a_start_the_endpoint_is_found_again_and_moved_where_the_server_is_now(
    running: Running, account: Stripe
) -> None:
    here = replace(running.settings, public_domain="one.example.com")
    async with running.api(account, settings=here) as api:
        gateway = await api.gateway_of()
        url = f"https://acme.one.example.com/webhook_callbacks/stripe_gateways/{gateway.id}"
        assert gateway["webhook_endpoint_url"] == url
        await again(api)
        (endpoint,) = await api.stripe.endpoints()
        assert (endpoint.id, endpoint.url) == (gateway["webhook_endpoint_id"], url)
    there = replace(running.settings, public_domain="two.example.com")
    async with running.api(account, settings=there) as api:
        await again(api)
        (endpoint,) = await api.stripe.endpoints()
        moved = url.replace("one", "two")
        assert (endpoint.id, endpoint.url) == (gateway["webhook_endpoint_id"], moved)
        assert (await api.get(gateway))["webhook_endpoint_url"] == moved


@on_sqlite
async def test_an_endpoint_whose_secret_is_not_ours_is_replaced(running: Running, account: Stripe) -> None:
    here = replace(running.settings, public_domain="one.example.com")
    async with running.api(account, settings=here) as api:
        gateway = await api.gateway_of()
        strange = await api.stripe.v1.webhook_endpoints.create_async(
            {
                "url": gateway["webhook_endpoint_url"],
                "enabled_events": ["payment_intent.succeeded"],
                "metadata": {"paydesk_gateway": gateway.id},
            }
        )
        await api.stripe.v1.webhook_endpoints.delete_async(gateway["webhook_endpoint_id"])
        await again(api)
        (endpoint,) = await api.stripe.endpoints()
        renewed = await api.get(gateway)
        assert endpoint.id not in (strange.id, gateway["webhook_endpoint_id"])
        assert renewed["webhook_endpoint_id"] == endpoint.id
        assert renewed["webhook_endpoint_secret"] != gateway["webhook_endpoint_secret"]
        await again(api)
        assert [one.id for one in await api.stripe.endpoints()] == [endpoint.id]


@on_sqlite
async def test_an_endpoint_that_was_lost_is_registered_anew(running: Running, account: Stripe) -> None:
    here = replace(running.settings, public_domain="one.example.com")
    async with running.api(account, settings=here) as api:
        gateway = await api.gateway_of()
        await api.stripe.v1.webhook_endpoints.delete_async(gateway["webhook_endpoint_id"])
        await again(api)
        (endpoint,) = await api.stripe.endpoints()
        assert (await api.get(gateway))["webhook_endpoint_id"] == endpoint.id


async def test_an_endpoint_of_another_api_version_is_replaced_while_both_secrets_count(
    running: Running, account: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = replace(running.settings, public_domain="one.example.com")
    async with running.api(account, settings=here) as api:
        with monkeypatch.context() as older:
            older.setattr(endpoints, "API_VERSION", "2024-06-20")
            gateway = await api.gateway_of()
        api.method = await api.method_of(gateway)
        former = gateway["webhook_endpoint_secret"]
        payment = await api.payment()
        await api.stripe.confirm(payment["stripe_id"])
        first, *_, last = await api.stripe.events(payment["stripe_id"])
        assert await api.parts.endpoints.once()
        await api.recover()
        renewed = await api.get(gateway)
        assert renewed["webhook_endpoint_secret"] not in (None, former)
        # The new one stands before the old one goes.
        assert len(await api.stripe.endpoints()) == 2
        await api.recover()
        (endpoint,) = await api.stripe.endpoints()
        assert (endpoint.id, endpoint.api_version) == (renewed["webhook_endpoint_id"], stripe.api_version)
        assert (await api.deliver(first, gateway, secret=former)).status_code == 200
        assert (await api.deliver(last, gateway)).status_code == 200
        assert (await api.deliver(last, gateway, secret="whsec_guessed")).status_code == 400
        running.clock.advance(86401)
        api.token = await api.log_in()
        await again(api)
        assert (await api.deliver(first, gateway, secret=former)).status_code == 400
        assert (await api.deliver(first, gateway)).status_code == 200
        assert [one.id for one in await api.stripe.endpoints()] == [endpoint.id]


@on_sqlite
async def test_an_endpoint_that_stripe_disabled_or_that_hears_too_little_is_mended(
    running: Running, account: Stripe
) -> None:
    here = replace(running.settings, public_domain="one.example.com")
    async with running.api(account, settings=here) as api:
        gateway = await api.gateway_of()
        endpoint_id = gateway["webhook_endpoint_id"]
        for change in ({"disabled": True}, {"enabled_events": ["charge.failed"]}):
            await api.stripe.v1.webhook_endpoints.update_async(endpoint_id, change)
            await again(api)
            (endpoint,) = await api.stripe.endpoints()
            assert (endpoint.id, endpoint.status) == (endpoint_id, "enabled")
            assert sorted(endpoint.enabled_events) == sorted(EVENTS)
        assert (await api.get(gateway))["webhook_endpoint_secret"] == gateway["webhook_endpoint_secret"]


async def test_a_connected_accounts_events_come_by_the_platforms_endpoint(api: Api) -> None:
    connected = f"acct_{secrets.token_hex(8)}"
    gateway = await api.gateway_of(connected_account=connected)
    endpoints = {one.id: one for one in await api.stripe.endpoints()}
    endpoint = endpoints[gateway["webhook_endpoint_id"]]
    assert endpoint.metadata["paydesk_account"] == connected
    method = await api.method_of(gateway)
    payment = await api.payment(await api.order(method=method))
    assert payment["connected_account"] == connected
    on_account = {"stripe_account": connected}
    await api.stripe.v1.payment_intents.confirm_async(
        payment["stripe_id"], {"payment_method": "pm_card_visa"}, on_account
    )
    page = await api.stripe.v1.events.list_async({"limit": 100}, on_account)
    event = {**page.data[0].to_dict(), "account": connected}
    assert (await api.deliver({**event, "account": None}, gateway)).status_code == 200
    assert (await api.deliver(event, gateway)).status_code == 200
    await api.recover()
    assert (await api.get(payment))["charge_id"] is not None
    assert await api.rows("gateway_events", "event_id", "outcome") == [(event["id"], "read")]
    assert await api.rows("gateway_tallies", "gateway_id", "foreign_events") == [(gateway.id, 1)]
    left = {"id": "evt_left", "type": "account.application.deauthorized", "livemode": False, "created": 1}
    left |= {"account": connected, "data": {"object": {"id": "ca_1", "object": "application"}}}
    assert (await api.deliver(left, gateway)).status_code == 200
    await api.recover()
    # Nobody but Stripe says whether we are still let in.
    assert (await api.get(gateway))["disabled_at"] is None
    await api.stripe.control("POST", "deauthorize", {"account": connected})
    assert (await api.deliver({**left, "id": "evt_left_2"}, gateway)).status_code == 200
    await api.recover()
    assert (await api.get(gateway))["disabled_at"] is not None


@on_sqlite
async def test_a_gateway_that_gets_another_account_gets_another_endpoint(api: Api) -> None:
    former = api.gateway["webhook_endpoint_id"]
    await api.update(api.gateway, {"connected_account": "acct_another1"})
    await api.recover()
    await api.recover()
    (endpoint,) = await api.stripe.endpoints()
    assert (endpoint.id != former, endpoint.metadata["paydesk_account"]) == (True, "acct_another1")
    assert (await api.get(api.gateway))["webhook_endpoint_id"] == endpoint.id


@on_sqlite
async def test_a_disabled_gateway_still_serves_the_payments_it_has(api: Api) -> None:
    payment = await api.payment()
    await api.update(api.gateway, {"_disable": True})
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(payment, {"_refresh": True}))["charge_id"] is not None


@pytest.mark.parametrize("reached", [True, False], ids=["with webhooks", "without"])
async def test_a_restricted_key_that_lacks_rights_is_told_which(
    running: Running, account: Stripe, reached: bool
) -> None:
    settings = None if reached else replace(running.settings, development=False, stripe_api_base=None)
    async with running.api(account, settings=settings) as api:
        key = f"rk_test_{secrets.token_hex(16)}"
        lacking = ["rak_charge_write", "rak_event_read"]
        await api.stripe.control("POST", f"keys/{key}", {"without": lacking})
        refused = await api.gateway_of(key, expect=422)
        assert refused.said == [("/data/attributes/login", "missing_rights")]
        assert refused.errors[0]["meta"]["rights"] == lacking
        assert "rak_charge_write, rak_event_read" in refused.errors[0]["detail"]
        assert key not in refused.raw.decode()
        assert (await api.get("stripe_gateways")).document["data"] == []
        assert await api.open_calls() == []
        await api.stripe.control("POST", f"keys/{key}", {"without": []})
        gateway = await api.gateway_of(key)
        assert (gateway["webhook_endpoint_id"] is not None) is reached
