"""The wallet: cards that customers keep, brought in by their tokens, shown to nobody else, and let go again."""

from typing import Any

import pytest

from tests.acts.wallet import PASSWORD, customer_of, event_of, imported, kept_at_stripe, names
from tests.payments.conftest import Api, on_sqlite


async def test_what_stripe_keeps_is_brought_in_by_two_tokens(api: Api) -> None:
    customer = await customer_of(api)
    owner, method = await kept_at_stripe(api)
    entry = await imported(api, customer, tokens=(owner, method))
    assert {name: entry[name] for name in ("name", "customer_token", "payment_source_token")} == {
        "name": "visa …4242",
        "customer_token": owner,
        "payment_source_token": method,
    }
    wallet = await api.get(f"customers/{customer.id}/customer_payment_sources")
    assert [one["id"] for one in wallet.data] == [entry.id]
    found = await api.get(f"customer_payment_sources?filter[q][payment_source_token_eq]={method}")
    assert [one["id"] for one in found.data] == [entry.id]


@on_sqlite
async def test_tokens_that_do_not_belong_together_are_refused(api: Api) -> None:
    customer = await customer_of(api)
    owner, method = await kept_at_stripe(api)
    stranger, _ = await kept_at_stripe(api)
    wrong: dict[tuple[str | None, str | None], tuple[str, str]] = {
        (None, method): ("/data/attributes/customer_token", "blank"),
        (owner, None): ("/data/attributes/payment_source_token", "blank"),
        (stranger, method): ("/data/attributes/customer_token", "invalid"),
        (owner, "pm_nobodys"): ("/data/attributes/payment_source_token", "invalid"),
    }
    for (customer_token, token), said in wrong.items():
        given = {"customer_token": customer_token, "payment_source_token": token}
        refused = await api.create("customer_payment_sources", given, customer=customer, expect=422)
        assert refused.said == [said]
    await imported(api, customer, tokens=(owner, method))
    twice = {"customer_token": owner, "payment_source_token": method}
    assert (await api.create("customer_payment_sources", twice, customer=customer, expect=422)).said == [
        ("/data/attributes/payment_source_token", "taken")
    ]
    other = await customer_of(api, "bob@example.com")
    _, second = await kept_at_stripe(api, "pm_card_mastercard", owner)
    theirs = {"customer_token": owner, "payment_source_token": second}
    assert (await api.create("customer_payment_sources", theirs, customer=other, expect=422)).said == [
        ("/data/attributes/customer_token", "taken")
    ]
    assert await names(api) == ["visa …4242"]


@on_sqlite
async def test_with_several_gateways_an_import_says_which(api: Api) -> None:
    await api.gateway_of()
    customer = await customer_of(api)
    owner, method = await kept_at_stripe(api)
    given = {"customer_token": owner, "payment_source_token": method}
    refused = await api.create("customer_payment_sources", given, customer=customer, expect=422)
    assert refused.said == [("/data/relationships/payment_method", "blank")]
    await imported(api, customer, tokens=(owner, method), payment_method=api.method)


async def test_a_customer_sees_the_own_wallet_alone(api: Api) -> None:
    ada, bob = await customer_of(api), await customer_of(api, "bob@example.com")
    hers = await imported(api, ada)
    his = await imported(api, bob, "pm_card_mastercard")
    token = await api.customer("ada@example.com", PASSWORD)
    assert await names(api) == ["mastercard …4444", "visa …4242"]
    assert await names(api, token) == ["visa …4242"]
    for verb, body in (("GET", None), ("DELETE", None), ("PATCH", {"metadata": {"a": 1}})):
        document = {"data": {"type": "customer_payment_sources", "id": his.id, "attributes": body}} if body else None
        answer = await api.send(verb, f"customer_payment_sources/{his.id}", document, token=token)
        assert (answer.status, answer.said) == (401, [("", "UNAUTHORIZED")])
    guest = await api.guest()
    for path in ("customer_payment_sources", f"customer_payment_sources/{hers.id}"):
        await api.get(path, expect=401, token=guest)
    changed = await api.update(hers, {"metadata": {"favourite": True}}, token=token)
    assert changed["metadata"] == {"favourite": True}
    stolen = {"customer_token": his["customer_token"], "payment_source_token": his["payment_source_token"]}
    await api.update(hers, stolen, expect=401, token=token)
    await api.create("customer_payment_sources", stolen, customer=ada, expect=401, token=token)
    assert (await api.get(hers))["payment_source_token"] == hers["payment_source_token"]


async def test_deleting_an_entry_detaches_the_card_once(api: Api) -> None:
    entry = await imported(api, await customer_of(api))
    token = await api.customer("ada@example.com", PASSWORD)
    await api.delete(entry, token=token)
    method = entry["payment_source_token"]
    assert (await api.stripe.v1.payment_methods.retrieve_async(method)).customer is None
    await api.get(entry, expect=404)
    assert len(await api.stripe.requests("POST", f"/v1/payment_methods/{method}/detach")) == 1
    assert await api.calls() == [("detach_instrument", "done"), ("register_endpoint", "done")]
    await api.deliver(await event_of(api, "payment_method.detached", method))
    await api.recover()
    assert await api.open_calls() == []


@on_sqlite
async def test_a_card_that_is_gone_at_stripe_is_no_obstacle(api: Api) -> None:
    customer = await customer_of(api)
    entry = await imported(api, customer)
    await api.stripe.v1.payment_methods.detach_async(entry["payment_source_token"])
    await api.delete(entry)
    assert await names(api) == []
    assert await api.open_calls() == []


@pytest.mark.parametrize("do", [{"drop": "after"}, {"drop": "before"}])
@on_sqlite
async def test_while_stripe_does_not_say_that_it_is_detached_the_entry_stays(api: Api, do: dict[str, Any]) -> None:
    entry = await imported(api, await customer_of(api))
    method = entry["payment_source_token"]
    path = f"/v1/payment_methods/{method}/detach"
    await api.stripe.faults("POST", path, times=0, **do)
    await api.delete(entry, expect=503)
    assert await names(api) == ["visa …4242"]
    await api.stripe.mend()
    await api.recover(after=3)
    assert await names(api) == []
    assert len({one["idempotency_key"] for one in await api.stripe.requests("POST", path)}) == 1
    assert [one["type"] for one in await api.stripe.events(method)].count("payment_method.detached") == 1


@on_sqlite
async def test_what_becomes_of_a_card_at_stripe_becomes_of_the_entry(api: Api) -> None:
    customer = await customer_of(api)
    entry = await imported(api, customer)
    method = entry["payment_source_token"]
    await api.stripe.v1.payment_methods.update_async(method, {"card": {"exp_month": 3, "exp_year": 2040}})
    changed = await event_of(api, "payment_method.updated", method)
    lying = changed | {"id": "evt_made_up", "type": "payment_method.automatically_updated"}
    lying["data"] = {"object": {**changed["data"]["object"], "customer": None}}
    for event in (changed, lying):
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    ((shown,),) = await api.rows("customer_payment_sources", "instrument")
    assert (shown["card_expiry_month"], shown["card_expiry_year"]) == ("3", "2040")
    await api.stripe.v1.payment_methods.detach_async(method)
    await api.deliver(await event_of(api, "payment_method.detached", method))
    await api.recover()
    assert await names(api) == []
    outcomes = [outcome for _, outcome in await api.rows("gateway_events", "event_id", "outcome")]
    assert outcomes == ["read", "read", "read"]


@on_sqlite
async def test_a_strangers_card_at_the_same_account_is_nobodys_business(api: Api) -> None:
    _, method = await kept_at_stripe(api)
    await api.deliver(await event_of(api, "payment_method.attached", method))
    await api.recover()
    assert await names(api) == []
    assert await api.rows("gateway_events", "outcome") == [("nothing to do",)]


async def test_a_card_set_up_for_a_customer_of_ours_is_kept(api: Api) -> None:
    entry = await imported(api, await customer_of(api))
    given = {"customer": entry["customer_token"], "allowed_payment_method_types": ["card"]}
    setup = await api.stripe.v1.setup_intents.create_async(given)
    await api.stripe.v1.setup_intents.confirm_async(setup.id, {"payment_method": "pm_card_amex"})
    stranger = await api.stripe.v1.setup_intents.create_async(
        {"payment_method": "pm_card_visa", "confirm": True, "allowed_payment_method_types": ["card"]}
    )
    for one in (setup, stranger):
        await api.deliver(await event_of(api, "setup_intent.succeeded", one.id))
    await api.recover()
    assert await names(api) == ["amex …0005", "visa …4242"]
    await api.recover(after=3)
    assert len(await names(api)) == 2


@on_sqlite
async def test_a_setting_up_that_stripe_knows_nothing_of_keeps_nothing(api: Api) -> None:
    entry = await imported(api, await customer_of(api))
    given = {"customer": entry["customer_token"], "allowed_payment_method_types": ["card"]}
    setup = await api.stripe.v1.setup_intents.create_async(given)
    (created,) = await api.stripe.events(setup.id)
    for at, about in enumerate((setup.id, "seti_nobodys")):
        claimed = {"id": about, "object": "setup_intent", "status": "succeeded", "payment_method": "pm_x", **given}
        event = created | {"id": f"evt_{at}", "type": "setup_intent.succeeded", "data": {"object": claimed}}
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    assert await names(api) == ["visa …4242"]


async def test_a_customer_goes_with_the_wallet_and_the_cards_are_detached(api: Api) -> None:
    customer = await customer_of(api)
    entries = [await imported(api, customer)]
    owner = entries[0]["customer_token"]
    entries.append(await imported(api, customer, tokens=await kept_at_stripe(api, "pm_card_mastercard", owner)))
    await api.delete(customer)
    assert await names(api) == []
    await api.recover()
    for entry in entries:
        assert (await api.stripe.v1.payment_methods.retrieve_async(entry["payment_source_token"])).customer is None
    assert await api.open_calls() == []
    assert await api.rows("gateway_customers", "token") == []


async def test_a_gateway_that_keeps_cards_is_locked(api: Api) -> None:
    gateway = await api.gateway_of()
    method = await api.method_of(gateway)
    entry = await imported(api, await customer_of(api), payment_method=method)
    await api.update(entry, payment_method=None)
    await api.delete(method)
    assert (await api.delete(gateway, expect=423)).said == [("", "LOCKED")]
    await api.delete(entry)
    await api.delete(gateway)
