"""Saving the card that paid an order, and paying the next one with it, with nobody at the browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from paydesk.base import crash
from tests.acts.crashes import EVERYTHING, killed
from tests.acts.saved_cards import BACK, REUSE, SAVE, entries, paid, ready, saved, shopper_confirms, source_of
from tests.acts.wallet import PASSWORD, customer_of, imported, kept_at_stripe, names
from tests.payments.conftest import Api, Running, Stripe, document_of, furnish, on_sqlite


async def customers_made(api: Api) -> int:
    return len(await api.stripe.requests("POST", "/v1/customers"))


async def test_the_card_of_a_placed_order_is_kept_by_its_customer(api: Api) -> None:
    order = await ready(api)
    ada = await api.customer("ada@example.com", PASSWORD)
    payment = await paid(api, order, token=ada)
    placed = await api.update(order, {"_place": True}, token=ada)
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    await api.update(order, {"metadata": {"a": 1}}, token=ada, expect=401)
    await api.update(order, {SAVE: True, "metadata": {"a": 1}}, token=ada, expect=401)
    kept = await api.update(order, {SAVE: True}, token=ada)
    assert (kept.id, kept["status"]) == (order.id, "placed")
    (entry,) = (await api.get("customer_payment_sources?include=payment_source,payment_method", token=ada)).data
    assert entry["attributes"]["name"] == "visa …4242"
    assert entry["relationships"]["payment_source"]["data"] == payment.link
    assert entry["relationships"]["payment_method"]["data"] == api.method.link
    method = await api.stripe.v1.payment_methods.retrieve_async(entry["attributes"]["payment_source_token"])
    assert method.customer == entry["attributes"]["customer_token"]
    customer = await api.stripe.v1.customers.retrieve_async(method.customer)
    assert customer.email == "ada@example.com"
    await api.update(order, {SAVE: True}, token=ada)
    assert (await customers_made(api), len(await entries(api))) == (1, 1)


@on_sqlite
async def test_a_customer_is_told_to_stripe_once_and_named_from_then_on(api: Api) -> None:
    await saved(api)
    order = await ready(api)
    payment = await paid(api, order, "pm_card_mastercard")
    (customer,) = {one.customer for one in await api.stripe.intents()} - {None}
    assert (await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])).customer == customer
    await api.update(order, {SAVE: True})
    assert await names(api) == ["mastercard …4444", "visa …4242"]
    assert await customers_made(api) == 1


async def test_the_same_card_is_kept_once_by_its_newer_name(api: Api) -> None:
    entry = await saved(api)
    former = (await api.get(f"customer_payment_sources/{entry}"))["payment_source_token"]
    order = await ready(api)
    await paid(api, order)
    await api.update(order, {"_place": True})
    await api.update(order, {SAVE: True})
    await api.recover()
    assert await entries(api) == [entry]
    kept = (await api.get(f"customer_payment_sources/{entry}"))["payment_source_token"]
    assert kept != former
    assert (await api.stripe.v1.payment_methods.retrieve_async(former)).customer is None


async def test_saving_asked_along_with_placing_follows_it(api: Api) -> None:
    order = await ready(api)
    await paid(api, order)
    placed = await api.update(order, {"_place": True, SAVE: True})
    assert placed["status"] == "placed"
    await api.recover()
    await api.recover()
    assert await names(api) == ["visa …4242"]
    assert await api.open_calls() == []


@on_sqlite
async def test_a_card_that_cannot_be_kept_does_not_undo_the_placing(api: Api) -> None:
    order = await ready(api)
    payment = await paid(api, order)
    await api.stripe.faults("POST", "/v1/customers", times=0, status=400)
    assert (await api.update(order, {"_place": True, SAVE: True}))["status"] == "placed"
    await api.recover()
    await api.stripe.mend()
    assert (await api.get(order))["status"] == "placed"
    assert await entries(api) == []
    assert (await api.get(payment))["stripe_id"] == payment["stripe_id"]


@on_sqlite
async def test_what_cannot_be_kept_is_refused_and_says_why(api: Api) -> None:
    nobodys = await api.order()
    await api.payment(nobodys)
    assert (await api.update(nobodys, {SAVE: True}, expect=422)).said == [("/data/relationships/customer", "blank")]
    order = await ready(api)
    source = "/data/relationships/payment_source"
    assert (await api.update(order, {SAVE: True}, expect=422)).said == [(source, "blank")]
    await api.payment(order)
    assert (await api.update(order, {SAVE: True}, expect=422)).said == [(source, "invalid")]
    guests = await api.order(attributes={"customer_email": "guest@example.com"})
    await paid(api, guests)
    assert (await api.update(guests, {SAVE: True}, expect=422)).said == [(f"/data/attributes/{SAVE}", "not_reusable")]
    asked = await api.update(guests, {SAVE: True}, token=await api.guest(), expect=422)
    assert asked.said == [(f"/data/attributes/{SAVE}", "invalid")]
    assert (await customers_made(api), await entries(api)) == (0, [])


async def test_two_orders_that_save_at_once_make_one_customer(api: Api) -> None:
    orders = [await ready(api), await ready(api)]
    for order, card in zip(orders, ("pm_card_visa", "pm_card_amex"), strict=True):
        await paid(api, order, card)
        await api.update(order, {"_place": True})
    held = await api.stripe.hold("POST", "/v1/customers")
    await held.together([api], *(api.update(order, {SAVE: True}) for order in orders))
    assert await names(api) == ["amex …0005", "visa …4242"]
    assert len((await api.stripe.v1.customers.list_async({})).data) == 1


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/payment_methods/{method}/attach"])
@pytest.mark.parametrize("do", [{"drop": "after"}, {"drop": "before"}])
@on_sqlite
async def test_an_answer_that_stays_lost_is_asked_for_again_and_kept_once(
    running: Running, account: Stripe, do: dict[str, Any], path: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await ready(api)
        payment = await paid(api, order)
        await api.update(order, {"_place": True})
        intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
        path = path.format(method=intent.payment_method)
        await api.stripe.faults("POST", path, times=0, **do)
        await api.update(order, {SAVE: True}, expect=503)
        await api.stripe.mend()
        await api.recover(after=3)
        assert await names(api) == ["visa …4242"]
        assert len((await api.stripe.v1.customers.list_async({})).data) == 1
        assert len({one["idempotency_key"] for one in await api.stripe.requests("POST", path)}) == 1
        assert await api.open_calls() == []


@on_sqlite
async def test_two_cards_of_one_order_that_wait_for_the_customer_are_both_kept(api: Api) -> None:
    order = await ready(api)
    await paid(api, order)
    await api.stripe.faults("POST", "/v1/customers", times=0, drop="after")
    await api.update(order, {SAVE: True}, expect=503)
    await paid(api, order, "pm_card_mastercard")
    await api.update(order, {SAVE: True})
    await api.stripe.mend()
    await api.recover(after=3)
    await api.recover()
    assert await names(api) == ["mastercard …4444", "visa …4242"]
    assert await api.open_calls() == []


@pytest.mark.parametrize("odd", ["x", ["x"], 5, {"card": "x"}])
@on_sqlite
async def test_options_that_stripe_would_not_understand_keep_no_order_from_being_placed(api: Api, odd: Any) -> None:
    order = await ready(api)
    ada = await api.customer("ada@example.com", PASSWORD)
    if odd != "x":
        said = await api.payment(order, {"options": {"customer": odd}}, token=ada, expect=422)
        assert said.said == [("/data/attributes/options", "invalid")]
    payment = await api.payment(order, {"options": {"payment_method_options": odd}})
    await shopper_confirms(api, payment, "pm_card_visa")
    assert (await api.update(order, {"_place": True, SAVE: True}))["status"] == "placed"
    for _ in range(2):
        await api.recover()
    assert await names(api) == ["visa …4242"]


@on_sqlite
async def test_a_customer_that_was_deleted_at_stripe_is_made_anew(api: Api) -> None:
    await saved(api)
    (customer,) = (await api.stripe.v1.customers.list_async({})).data
    await api.stripe.v1.customers.delete_async(customer.id)
    order = await ready(api)
    await paid(api, order, "pm_card_amex")
    await api.update(order, {"_place": True})
    await api.update(order, {SAVE: True})
    assert "amex …0005" in await names(api)
    assert len((await api.stripe.v1.customers.list_async({})).data) == 1


# Paying with what is kept.


async def test_a_saved_card_is_shown_at_once_and_pays_when_the_order_is_placed(api: Api) -> None:
    entry = await saved(api)
    ada = await api.customer("ada@example.com", PASSWORD)
    order = await ready(api)
    offered = await api.get(order, "?include=available_customer_payment_sources.payment_source", token=ada)
    assert [one["id"] for one in offered.data["relationships"]["available_customer_payment_sources"]["data"]] == [entry]
    sources = [one for one in offered.document["included"] if one["type"] == "stripe_payments"]
    assert [one["attributes"]["payment_instrument"]["card_last_digits"] for one in sources] == ["4242"]
    first = await api.payment(order, token=ada)
    chosen = await api.update(order, {REUSE: entry}, token=ada, query="?include=payment_source,payment_method")
    assert (chosen.data["type"], chosen.id) == ("orders", order.id)
    source = await source_of(api, order)
    assert source.id != first.id
    kept = await api.get(f"customer_payment_sources/{entry}")
    assert source["options"] == {
        "customer": kept["customer_token"],
        "payment_method": kept["payment_source_token"],
        "intent_amount_cents": 15400,
    }
    assert (source["payment_instrument"]["card_type"], source["payment_method"]["type"]) == ("visa", "card")
    again = await api.update(order, {REUSE: entry}, token=ada)
    assert (again.id, await api.source_of(order)) == (order.id, source.id)
    await api.update(source, {"options": {"return_url": BACK}}, token=ada)
    placed = await api.update(order, {"_place": True}, token=ada)
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    asked = await api.stripe.requests("POST", f"/v1/payment_intents/{source['stripe_id']}/confirm")
    assert len(asked) == 1
    assert await names(api) == ["visa …4242"]
    await api.recover()
    assert (await api.stripe.v1.payment_intents.retrieve_async(first["stripe_id"])).status == "canceled"


@on_sqlite
async def test_nobody_elses_card_pays(api: Api) -> None:
    entry = await saved(api)
    bobs = await ready(api, "bob@example.com")
    guests = await api.order(attributes={"customer_email": "guest@example.com"})
    hers = await ready(api)
    bob, guest = await api.customer("bob@example.com", PASSWORD), await api.guest()
    said = [(f"/data/attributes/{REUSE}", "invalid")]
    for order, token in ((bobs, None), (bobs, bob), (guests, guest)):
        for wanted in (entry, "nobodysone"):
            assert (await api.update(order, {REUSE: wanted}, token=token, expect=422)).said == said
        assert await api.source_of(order) is None
    kept = await api.get(f"customer_payment_sources/{entry}")
    stolen = {"options": {"customer": kept["customer_token"], "payment_method": kept["payment_source_token"]}}
    assert (await api.payment(bobs, stolen, token=bob, expect=422)).said == [("/data/attributes/options", "invalid")]
    ada = await api.customer("ada@example.com", PASSWORD)
    await api.payment(hers, {"options": {"customer": kept["customer_token"]}}, token=ada)


@on_sqlite
async def test_what_the_order_is_not_offered_is_not_available(api: Api) -> None:
    entry = await saved(api)
    order = await ready(api)
    path = f"orders/{order.id}/available_customer_payment_sources"
    assert [one["id"] for one in (await api.get(path)).data] == [entry]
    await api.update(api.method, {"_disable": True})
    assert (await api.get(path)).data == []
    assert (await api.update(order, {REUSE: entry}, expect=422)).said == [(f"/data/attributes/{REUSE}", "invalid")]
    await api.update({"type": "customer_payment_sources", "id": entry}, payment_method=None)
    second = await api.method_of(api.gateway)
    assert [one["id"] for one in (await api.get(path)).data] == [entry]
    await api.update(order, {REUSE: entry})
    shown = await api.get(order, "?include=payment_method")
    assert shown.data["relationships"]["payment_method"]["data"] == second.link


# 3-D Secure with nobody at the browser.


async def test_a_bank_that_asks_for_the_shopper_is_answered_by_the_shopper_and_the_order_placed(api: Api) -> None:
    entry = await saved(api, "pm_card_authenticationRequired")
    ada = await api.customer("ada@example.com", PASSWORD)
    order = await ready(api)
    await api.update(order, {REUSE: entry}, token=ada)
    refused = await api.update(order, {"_place": True}, token=ada, expect=422)
    assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
    assert refused.errors[0]["meta"]["code"] == "authentication_required"
    shown = await api.get(order, "?include=transactions")
    assert (shown["status"], shown["payment_status"]) == ("pending", "unpaid")
    (failed,) = [one["attributes"] for one in shown.document["included"] if one["type"] == "authorizations"]
    assert (failed["succeeded"], failed["error_code"]) == (False, "authentication_required")
    source = await api.get(f"stripe_payments/{await api.source_of(order)}", token=ada)
    assert source["payment_instrument"]["card_last_digits"] == "3184"
    kept = await api.get(f"customer_payment_sources/{entry}")
    await shopper_confirms(api, source, kept["payment_source_token"])
    placed = await api.update(order, {"_place": True}, token=ada)
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    assert await api.source_of(order) == source.id
    assert len(await api.stripe.live()) == 2
    asked = await api.stripe.requests("POST", f"/v1/payment_intents/{source['stripe_id']}/confirm")
    assert len(asked) == 2  # ours, and the shopper's


@on_sqlite
async def test_a_card_set_up_under_authentication_needs_no_shopper_afterwards(api: Api) -> None:
    entry = await saved(api, "pm_card_authenticationRequiredOnSetup")
    order = await ready(api)
    ada = await api.customer("ada@example.com", PASSWORD)
    await api.update(order, {REUSE: entry}, token=ada)
    assert (await api.update(order, {"_place": True}, token=ada))["payment_status"] == "authorized"


@on_sqlite
async def test_a_card_that_declines_later_leaves_the_order_payable(api: Api) -> None:
    customer = await customer_of(api)
    entry = await imported(api, customer, "pm_card_chargeCustomerFail")
    order = await ready(api)
    await api.update(order, {REUSE: entry.id})
    for attempt in (1, 2):
        refused = await api.update(order, {"_place": True}, expect=422)
        assert refused.said == [("/data/attributes/payment_status", "not_placeable")]
        assert refused.errors[0]["meta"]["code"] == "generic_decline"
        shown = await api.get(order, "?include=authorizations")
        assert (shown["status"], shown["payment_status"]) == ("pending", "unpaid")
        failed = [one["attributes"]["succeeded"] for one in shown.document["included"]]
        assert failed == [False] * attempt
    good = await imported(api, customer, tokens=await kept_at_stripe(api, "pm_card_visa", entry["customer_token"]))
    await api.update(order, {REUSE: good.id})
    assert (await api.update(order, {"_place": True}))["status"] == "placed"


@on_sqlite
async def test_an_integration_confirms_nothing_without_the_shopper_that_is_to_be_set_up(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
    assert (intent.setup_future_usage, intent.status) == ("off_session", "requires_capture")


# kill -9 in the middle.


def matrix() -> Iterator[Any]:
    """What is killed, and where: all places with PAYDESK_TEST_CRASHES=all, else where something is left behind."""
    for kind in ("create_customer", "save_instrument", "place_order", "detach_instrument"):
        for place in crash.PLACES if EVERYTHING else ("asked",):
            yield pytest.param(kind, place, id=f"{kind}.{place}")


@pytest.mark.parametrize(("kind", "place"), list(matrix()))
async def test_killed_in_the_middle_the_wallet_ends_as_if_it_had_not_been(
    running: Running, account: Stripe, kind: str, place: str
) -> None:
    async with running.api(account) as api:
        await furnish(api)
        entry = await saved(api) if kind in ("place_order", "detach_instrument") else None
        order = await ready(api)
        if kind == "place_order":
            await api.update(order, {REUSE: entry})
        elif entry is None:
            await paid(api, order)
            await api.update(order, {"_place": True})
    patch = {"place_order": {"_place": True}}.get(kind, {SAVE: True})
    asked: dict[str, Any] = {
        "method": "PATCH",
        "path": f"/api/orders/{order.id}",
        "body": document_of("orders", order.id, patch, {}),
    }
    if kind == "detach_instrument":
        asked = {"method": "DELETE", "path": f"/api/customer_payment_sources/{entry}"}
    assert await killed(running, api, f"{kind}.{place}", [asked]) == ""

    running.clock.advance(11)  # by then a process that is gone is known to be gone
    async with running.api(account) as api:
        if place not in ("begun", "settled"):
            await api.recover()
            await api.recover()
        if place in ("begun", "settled") or kind == "create_customer":
            again = await api.send(asked["method"], asked["path"].removeprefix("/api/"), asked.get("body"))
            assert again.status in (200, 204, 404), again.raw
        assert await api.open_calls() == []
        assert len((await api.stripe.v1.customers.list_async({})).data) == 1
        if kind == "detach_instrument":
            assert await entries(api) == []
            attached = await api.stripe.v1.payment_methods.list_async({"type": "card"})
            assert attached.data == []
            return
        assert await names(api) == ["visa …4242"]
        assert (await api.get(order))["status"] == "placed"
        held = [one.amount_capturable for one in await api.stripe.intents() if one.status == "requires_capture"]
        assert held == [15400] * (2 if kind == "place_order" else 1)
