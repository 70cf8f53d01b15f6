"""A saved card that Stripe does not keep any more leaves the wallet: told by an event, or found when it is used."""

import pytest

from tests.acts.saved_cards import REUSE, ready
from tests.acts.wallet import customer_of, event_of, imported, kept_at_stripe, names
from tests.payments.conftest import Api, on_sqlite


async def offered(api: Api, order: object) -> list[str]:
    found = await api.get(f"orders/{order.id}/available_customer_payment_sources")  # type: ignore[attr-defined]
    return [one["id"] for one in found.data]


async def test_with_a_customer_that_was_deleted_at_stripe_all_of_its_cards_go(api: Api) -> None:
    ada, bob = await customer_of(api), await customer_of(api, "bob@example.com")
    entry = await imported(api, ada)
    second = await kept_at_stripe(api, "pm_card_mastercard", entry["customer_token"])
    await imported(api, ada, tokens=second)
    kept = await imported(api, bob, "pm_card_amex")
    event = await api.stripe.v1.customers.retrieve_async(entry["customer_token"])
    assert event.id == entry["customer_token"]
    # A hint alone changes nothing: what counts is what Stripe says of the cards.
    await api.stripe.v1.customers.update_async(entry["customer_token"], {"name": "Ada"})
    hint = await event_of(api, "customer.updated", entry["customer_token"])
    assert (await api.deliver(hint | {"id": "evt_made_up", "type": "customer.deleted"})).status_code == 200
    await api.recover()
    assert await names(api) == ["amex …0005", "mastercard …4444", "visa …4242"]
    await api.stripe.v1.customers.delete_async(entry["customer_token"])
    await api.deliver(await event_of(api, "customer.deleted", entry["customer_token"]))
    await api.recover()
    assert await names(api) == ["amex …0005"]
    assert [one["id"] for one in (await api.get("customer_payment_sources")).data] == [kept.id]
    outcomes = [outcome for _, outcome in await api.rows("gateway_events", "event_id", "outcome")]
    assert outcomes == ["read", "read"]


@pytest.mark.parametrize("gone", ["customer", "method"])
async def test_a_card_that_is_gone_is_found_when_it_is_chosen_and_offered_no_more(api: Api, gone: str) -> None:
    entry = await imported(api, await customer_of(api))
    kept = await imported(api, await customer_of(api, "bob@example.com"), "pm_card_mastercard")
    order = await ready(api)
    assert await offered(api, order) == [entry.id]
    if gone == "customer":
        await api.stripe.v1.customers.delete_async(entry["customer_token"])
    else:
        await api.stripe.v1.payment_methods.detach_async(entry["payment_source_token"])
    refused = await api.update(order, {REUSE: entry.id}, expect=422)
    assert refused.errors[0]["meta"].get("error") != "invalid"
    assert await api.source_of(order) is None
    assert await offered(api, order) == []
    assert [one["id"] for one in (await api.get("customer_payment_sources")).data] == [kept.id]
    again = await api.update(order, {REUSE: entry.id}, expect=422)
    assert again.said == [(f"/data/attributes/{REUSE}", "invalid")]
    # The order is paid another way, and the new card is kept like any other.
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    await api.update(order, {"_save_payment_source_to_customer_wallet": True})
    assert await names(api) == ["mastercard …4444", "visa …4242"]


@pytest.mark.parametrize("gone", ["customer", "method"])
async def test_a_card_that_goes_before_the_order_is_placed_places_nothing(api: Api, gone: str) -> None:
    entry = await imported(api, await customer_of(api))
    order = await ready(api)
    await api.update(order, {REUSE: entry.id})
    if gone == "customer":
        await api.stripe.v1.customers.delete_async(entry["customer_token"])
    else:
        await api.stripe.v1.payment_methods.detach_async(entry["payment_source_token"])
    refused = await api.update(order, {"_place": True}, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    assert await names(api) == []
    shown = await api.get(order)
    assert (shown["status"], shown["payment_status"]) == ("pending", "unpaid")


@on_sqlite
async def test_another_customers_card_stays_whatever_is_asked_for_with_it(api: Api) -> None:
    entry = await imported(api, await customer_of(api))
    stranger = (await api.stripe.v1.customers.create_async({})).id
    order = await ready(api)
    wrong = {"customer": stranger, "payment_method": entry["payment_source_token"]}
    await api.payment(order, {"options": wrong}, expect=422)
    await api.payment(order, {"options": {**wrong, "customer": "cus_nobody"}}, expect=422)
    assert await names(api) == ["visa …4242"]
