"""Every change of a payment leaves a version and an event store with who did it, also what recovery finished."""

import pytest

from paydesk.store.records.numbers import PROCESSES
from tests.acts.history import history
from tests.payments.conftest import Api, Running, Stripe, furnish, on_sqlite


async def test_a_payment_and_its_order_tell_what_happened_and_who_did_it(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order, {"return_url": "https://shop.example.com"})
    (created,) = await history(api, payment)
    application = (await api.get("application")).id
    assert (created["event"], created["resource_type"], created["resource_id"]) == (
        "create",
        "stripe_payments",
        payment.id,
    )
    assert created["who"]["application"]["id"] == application
    payload = created["payload"]
    assert payload["stripe_id"] == {"from": None, "to": payment["stripe_id"]}
    assert payload["return_url"] == {"from": None, "to": "https://shop.example.com"}
    assert payload["options"] == {"from": None, "to": {"intent_amount_cents": 15400}}
    assert payload["order_id"] == {"from": None, "to": order.id}
    assert "client_secret" not in payload
    attached = (await history(api, order))[-1]
    assert attached["payload"]["payment_source_id"] == {"from": None, "to": payment.id}
    assert attached["who"]["application"]["id"] == application
    versions = (await api.get(f"stripe_payments/{payment.id}/versions")).data
    assert [(one["attributes"]["event"], one["attributes"]["who"]) for one in versions] == [("create", created["who"])]
    assert versions[0]["attributes"]["changes"]["stripe_id"] == [None, payment["stripe_id"]]


async def test_a_change_and_a_deletion_are_told(api: Api) -> None:
    payment = await api.payment()
    await api.update(payment, {"options": {"a": 1}})
    updated = (await history(api, payment))[-1]
    assert (updated["event"], updated["payload"]) == (
        "update",
        {"options": {"from": {"intent_amount_cents": 15400}, "to": {"a": 1, "intent_amount_cents": 15400}}},
    )
    await api.delete(payment)
    versions = (await api.get(f"versions?filter[q][resource_id_eq]={payment.id}")).data
    assert [one["attributes"]["event"] for one in versions] == ["destroy", "update", "create"]


@on_sqlite
async def test_what_changes_nothing_leaves_no_trace(api: Api) -> None:
    payment = await api.payment()
    await api.update(payment, {"_refresh": True})
    await api.update(payment, {"options": {"intent_amount_cents": 1}})
    assert len(await history(api, payment)) == 1


@on_sqlite
async def test_a_shoppers_payment_is_signed_by_the_shopper(api: Api) -> None:
    given = {"customer_email": "ada@example.com", "customer_password": "correct horse", "guest": False}
    order = await api.order(attributes=given)
    token = await api.customer("ada@example.com", "correct horse")
    payment = await api.payment(order, token=token)
    customer = (await api.get(order, "?include=customer")).data["relationships"]["customer"]["data"]["id"]
    (created,) = await history(api, payment)
    assert created["who"]["owner"]["id"] == customer


async def test_what_recovery_finishes_is_signed_by_who_asked(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        await api.stripe.faults(times=0, drop="after")
        await api.payment(order, expect=503)
        assert len(await api.rows("versions", "id")) == len(
            [one for one in await api.rows("versions", "resource_type") if one != ("stripe_payments",)]
        )
        await api.stripe.mend()
        await api.recover(after=3)
        payment = await api.get(f"stripe_payments/{await api.source_of(order)}")
        (created,) = await history(api, payment)
        assert created["who"]["application"]["id"] == (await api.get("application")).id
        assert (await history(api, order))[-1]["who"] == created["who"]


async def test_what_a_webhook_brings_is_signed_by_the_worker(api: Api) -> None:
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"])
    event = (await api.stripe.events(payment["stripe_id"]))[-1]
    await api.deliver(event)
    await api.recover()
    updated = (await history(api, payment))[-1]
    assert updated["who"] == {"worker": {"id": event["id"], "type": "webhooks"}}
    assert updated["payload"]["charge_id"]["from"] is None


@on_sqlite
async def test_a_gateways_history_knows_no_secret(api: Api) -> None:
    (created,) = await history(api, api.gateway)
    assert {"login", "sealed_webhook_secret", "webhook_endpoint_secret"}.isdisjoint(created["payload"])
    assert created["payload"]["webhook_endpoint_id"]["to"] == api.gateway["webhook_endpoint_id"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_no_two_processes_number_what_happened_alike(running: Running, account: Stripe) -> None:
    async with running.api(account) as one, running.api(account) as other:
        await furnish(one)
        orders = [await one.order(), await one.order()]
        before = set(await one.rows("versions", "sequence"))
        for number in range(3):
            for api, order in zip((one, other), orders, strict=True):
                await api.update(order, {"metadata": {"number": number}})
        rows = [row for row in await one.rows("versions", "sequence", "resource_id") if (row[0],) not in before]
    assert len(rows) == 6
    processes = [{sequence % PROCESSES for sequence, of in rows if of == order.id} for order in orders]
    assert [len(those) for those in processes] == [1, 1]
    assert processes[0] != processes[1]
