"""What may be done with a payment once it is there: options, `_update`, `_refresh`, moving, deleting, detaching."""

import asyncio

import pytest

from tests.acts.orders import ready
from tests.payments.conftest import ADDRESS, Answer, Api, Running, Stripe, furnish, on_sqlite


async def test_options_are_merged_and_nothing_is_sent(api: Api) -> None:
    payment = await api.payment(attributes={"options": {"a": 1, "b": 2}})
    sent = len(await api.stripe.requests())
    changed = await api.update(payment, {"options": {"return_url": "https://shop.example.com", "b": 3, "amount": 1}})
    assert changed["options"] == {
        "a": 1,
        "b": 3,
        "intent_amount_cents": 15400,
        "return_url": "https://shop.example.com",
    }
    assert (await api.update(payment, {"options": {"intent_amount_cents": 1}}))["options"] == changed["options"]
    assert len(await api.stripe.requests()) == sent


@on_sqlite
async def test_an_authorized_payment_still_takes_a_return_url(api: Api) -> None:
    payment = await api.payment()
    await api.stripe.confirm(payment["stripe_id"])
    changed = await api.update(
        payment, {"options": {"return_url": "https://shop.example.com"}, "return_url": "https://a.example"}
    )
    assert changed["return_url"] == "https://a.example"
    assert changed["options"]["return_url"] == "https://shop.example.com"


async def test_an_order_that_changes_shows_and_update_brings_it_to_stripe(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    await api.line(order, 1000)
    assert (await api.get(payment))["mismatched_amounts"] is True
    address = await api.create("addresses", ADDRESS)
    await api.update(order, shipping_address=address)
    changed = await api.update(payment, {"_update": True, "options": {"statement_descriptor_suffix": "SHOP"}})
    assert (changed["mismatched_amounts"], changed["options"]["intent_amount_cents"]) == (False, 16400)
    (intent,) = await api.stripe.intents()
    assert (intent.id, intent.amount, intent.shipping.name) == (payment["stripe_id"], 16400, "Ada Rossi")
    assert intent.statement_descriptor_suffix == "SHOP"


@on_sqlite
async def test_an_order_that_goes_back_is_not_mismatched_any_more(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    line = await api.line(order, 1000)
    assert (await api.get(payment))["mismatched_amounts"] is True
    await api.delete(line)
    assert (await api.get(payment))["mismatched_amounts"] is False


@on_sqlite
async def test_a_payment_that_holds_money_is_not_updated(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    await api.line(order, 1000)
    refused = await api.update(payment, {"_update": True}, expect=422)
    assert refused.said == [("/data", "payment_intent_unexpected_state")]
    assert "requires_capture" in refused.errors[0]["title"]
    assert (await api.stripe.intents())[0].amount == 15400
    assert (await api.get(payment))["mismatched_amounts"] is True
    assert await api.open_calls() == []


async def test_an_update_whose_answer_is_lost_is_finished_with_the_same_key(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        payment = await api.payment(order)
        await api.line(order, 1000)
        await api.stripe.faults(times=0, drop="after")
        await api.update(payment, {"_update": True}, expect=503)
        await api.stripe.mend()
        await api.recover(after=3)
        assert (await api.get(payment))["options"]["intent_amount_cents"] == 16400
        assert len({one["idempotency_key"] for one in await api.stripe.requests()}) == 2
        assert await api.open_calls() == []


@on_sqlite
async def test_an_update_is_of_the_order_as_it_is_now_also_after_one_that_is_unknown(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    await api.line(order, 600)
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}", times=0, drop="after")
    await api.update(payment, {"_update": True}, expect=503)
    await api.line(order, 1000)
    await api.stripe.mend()
    updated = await api.update(payment, {"_update": True})
    assert (updated["options"]["intent_amount_cents"], updated["mismatched_amounts"]) == (17000, False)
    assert [one.amount for one in await api.stripe.intents()] == [17000]


@on_sqlite
async def test_a_payment_that_is_deleted_while_it_is_read_is_not_found(api: Api) -> None:
    payment = await api.payment()
    held = await api.stripe.hold("GET", f"/v1/payment_intents/{payment['stripe_id']}", when="after")
    reading = asyncio.create_task(api.update(payment, {"_refresh": True}, expect=404))
    await held.begun()
    await api.delete(payment)
    await held.go()
    assert (await reading).said == [("", "RECORD_NOT_FOUND")]


@pytest.mark.parametrize("reads", ["refresh", "place"])
@on_sqlite
async def test_a_reading_that_was_begun_before_an_update_takes_its_amount_not_back(api: Api, reads: str) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    held = await api.stripe.hold("GET", f"/v1/payment_intents/{payment['stripe_id']}", when="after")
    read = (
        api.update(payment, {"_refresh": True})
        if reads == "refresh"
        else api.update(order, {"_place": True}, expect=422)
    )
    reading = asyncio.create_task(read)
    await held.begun()
    await api.line(order, 600)
    await api.update(payment, {"_update": True})
    await held.go()
    await reading
    now = await api.get(payment)
    assert (now["options"]["intent_amount_cents"], now["mismatched_amounts"]) == (16000, False)
    await api.stripe.v1.payment_intents.update_async(payment["stripe_id"], {"amount": 15400})
    assert (await api.update(payment, {"_refresh": True}))["mismatched_amounts"] is True


async def test_refresh_brings_the_card_after_confirmation(api: Api) -> None:
    payment = await api.payment()
    intent = await api.stripe.confirm(payment["stripe_id"], expand=["latest_charge", "payment_method"])
    assert (await api.get(payment))["payment_method"] is None
    refreshed = await api.update(payment, {"_refresh": True})
    card = {"brand": "visa", "last4": "4242", "exp_month": intent.payment_method.card.exp_month}
    assert refreshed["payment_method"]["id"] == intent.payment_method.id
    assert refreshed["payment_method"]["type"] == "card"
    assert card.items() <= refreshed["payment_method"]["card"].items()
    assert refreshed["payment_instrument"] == {
        "issuer_type": "credit_card",
        "card_type": "visa",
        "card_last_digits": "4242",
        "card_expiry_month": str(intent.payment_method.card.exp_month),
        "card_expiry_year": str(intent.payment_method.card.exp_year),
    }
    assert refreshed["charge_id"] == intent.latest_charge.id
    options = refreshed["options"]
    assert (options["id"], options["type"], options["card"]["last4"]) == (intent.payment_method.id, "card", "4242")
    assert options["capture_before"] > refreshed["updated_at"]
    assert options["intent_amount_cents"] == 15400
    again = await api.update(payment, {"_refresh": True})
    assert (again.data["attributes"], again["updated_at"]) == (refreshed.data["attributes"], refreshed["updated_at"])


@on_sqlite
async def test_a_declined_card_leaves_the_payment_payable(api: Api) -> None:
    import stripe

    payment = await api.payment()
    with pytest.raises(stripe.CardError):
        await api.stripe.confirm(payment["stripe_id"], "pm_card_chargeDeclined")
    refreshed = await api.update(payment, {"_refresh": True})
    assert (refreshed["payment_method"], refreshed["payment_instrument"]) == (None, None)
    assert (await api.update(payment, {"_update": True}))["mismatched_amounts"] is False
    await api.stripe.confirm(payment["stripe_id"])
    assert (await api.update(payment, {"_refresh": True}))["payment_instrument"]["card_type"] == "visa"


async def test_an_older_answer_that_comes_later_takes_nothing_back(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        payment = await api.payment()
        held = await api.stripe.hold("GET", when="after")
        slow = asyncio.create_task(api.update(payment, {"_refresh": True}))
        await held.begun()
        await api.stripe.confirm(payment["stripe_id"])
        fresh = await api.update(payment, {"_refresh": True})
        assert fresh["charge_id"] is not None
        await held.go()
        await slow
        after = await api.get(payment)
        assert after.data["attributes"] == fresh.data["attributes"]
        assert await api.rows("stripe_payments", "gateway_status") == [("requires_capture",)]


async def test_a_payment_moves_to_another_order_of_its_currency(api: Api) -> None:
    order, another = await api.order(), await api.order(9900)
    payment = await api.payment(order)
    replaced = await api.payment(another)
    moved = await api.update(payment, order=another)
    assert moved["mismatched_amounts"] is True
    assert (await api.source_of(order), await api.source_of(another)) == (None, payment.id)
    await api.recover()
    assert [one.id for one in await api.stripe.live()] == [payment["stripe_id"]]
    assert replaced.id != payment.id


@on_sqlite
async def test_a_payment_does_not_move_to_another_currency_or_a_free_order(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    market = await api.market_in("USD")
    method = await api.method_of(api.gateway, currency_code="USD")
    dollars = await api.order(9900, market=market, method=method)
    refused = await api.update(payment, order=dollars, expect=422)
    assert refused.said == [("/data/relationships/order", "currency_mismatch")]
    free = await api.order(0)
    assert (await api.update(payment, order=free, expect=422)).said == [("/data/relationships/order", "free")]
    assert (await api.update(payment, order=None, expect=422)).said == [("/data/relationships/order", "blank")]
    assert await api.source_of(order) == payment.id


@on_sqlite
async def test_moved_and_refreshed_at_once_a_payment_shows_what_stripe_says(api: Api) -> None:
    payment, another = await api.payment(), await api.order()
    await api.payment(another)
    await api.stripe.confirm(payment["stripe_id"])
    moved = await api.update(payment, {"_refresh": True}, order=another)
    assert moved["payment_instrument"]["card_type"] == "visa"


async def test_deleting_cancels_the_intent_and_frees_the_order(api: Api) -> None:
    order = await api.order()
    payment = await api.payment(order)
    deleted = await api.delete(payment)
    assert deleted.raw == b""
    assert await api.source_of(order) is None
    await api.get(payment, expect=404)
    assert [one.status for one in await api.stripe.intents()] == ["canceled"]
    await api.delete(payment, expect=404)
    assert await api.open_calls() == []


@pytest.mark.parametrize("captured", [False, True])
@on_sqlite
async def test_a_payment_that_holds_money_is_not_deleted(api: Api, captured: bool) -> None:
    order = await api.order()
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    if captured:
        await api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
    refused = await api.delete(payment, expect=423)
    assert refused.said == [("", "LOCKED")]
    assert await api.source_of(order) == payment.id
    assert [one.status for one in await api.stripe.intents()] == ["succeeded" if captured else "requires_capture"]
    assert await api.open_calls() == []


async def test_a_deletion_whose_answer_is_lost_ends_the_same(running: Running, account: Stripe) -> None:
    async with running.api(account) as api:
        await furnish(api)
        order = await api.order()
        payment = await api.payment(order)
        await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel", times=0, drop="after")
        await api.delete(payment, expect=503)
        await api.stripe.mend()
        await api.recover(after=3)
        await api.get(payment, expect=404)
        assert await api.source_of(order) is None
        assert await api.stripe.live() == []


async def test_two_deletions_at_once_are_one(api: Api) -> None:
    payment = await api.payment()
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel")
    deletions = (api.send("DELETE", f"stripe_payments/{payment.id}") for _ in range(2))
    first, second = await held.together([api], *deletions)
    assert (first.status, second.status) == (204, 204)
    assert len(await api.stripe.requests(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel")) == 1


async def let_go(api: Api, order: Answer) -> None:
    assert await api.source_of(order) is None
    await api.recover()
    assert await api.stripe.live() == []
    assert await api.open_calls() == []


async def test_an_order_that_drops_its_source_lets_the_intent_go(api: Api) -> None:
    for change in ({"_nullify_payment_source": True}, {"payment_source": None}):
        order = await api.order()
        payment = await api.payment(order)
        await api.update(order, change)
        assert (await api.get(payment))["stripe_id"] == payment["stripe_id"]
        await let_go(api, order)


@on_sqlite
async def test_an_order_that_takes_another_gateways_method_lets_the_intent_go(api: Api) -> None:
    order = await api.order()
    await api.payment(order)
    method = await api.method_of(await api.gateway_of())
    await api.update(order, payment_method=method)
    await let_go(api, order)


async def test_a_source_that_is_put_back_before_it_was_let_go_stays_alive(api: Api) -> None:
    order = await api.order()
    first = await api.payment(order)
    second = await api.payment(order)
    await api.update(order, payment_source=first)
    assert await api.source_of(order) == first.id
    await api.recover()
    assert [one.id for one in await api.stripe.live()] == [first["stripe_id"]]
    assert second["stripe_id"] != first["stripe_id"]
    assert await api.open_calls() == []


@on_sqlite
async def test_another_orders_payment_is_no_source(api: Api) -> None:
    order, another = await api.order(), await api.order()
    payment = await api.payment(another)
    refused = await api.update(order, payment_source=payment, expect=422)
    assert refused.said == [("/data/relationships/payment_source", "invalid")]
    assert await api.source_of(order) is None


async def test_a_payment_that_was_canceled_is_not_taken_back_as_the_source(api: Api) -> None:
    order = await api.order()
    first = await api.payment(order)
    second = await api.payment(order)
    await api.recover(after=3)
    assert {one.id: one.status for one in await api.stripe.intents()}[first["stripe_id"]] == "canceled"
    refused = await api.update(order, payment_source=first, expect=422)
    assert refused.said == [("/data/relationships/payment_source", "expired")]
    link = await api.send("GET", f"orders/{order.id}/relationships/payment_source")
    assert link.document["data"] == {"type": "stripe_payments", "id": second.id}
