"""A payment intent that the client made at Stripe itself is taken over: once, by its order, with its secret."""

import asyncio

import pytest

from tests.acts.adopted import ids, intent_of, untouched
from tests.acts.orders import authorized
from tests.payments.conftest import Api, Running, Stripe, on_sqlite


async def test_the_documented_intent_is_adopted_and_adopted_again(api: Api) -> None:
    order = await api.order()
    given = {"stripe_id": "pi_1234XXX", "client_secret": "pi_1234XXX_secret_5678YYY"}
    first = await api.payment(order, given)
    assert (first["stripe_id"], first["client_secret"]) == tuple(given.values())
    assert (first["options"], first["mismatched_amounts"]) == ({"intent_amount_cents": 15400}, False)
    again = await api.payment(order, {**given, "return_url": "https://shop.example.com/back", "options": {"a": 1}})
    assert again.id == first.id
    assert again["return_url"] == "https://shop.example.com/back"
    assert again["options"] == {"intent_amount_cents": 15400, "a": 1}
    third = await api.payment(order, given)
    assert (third.id, third["return_url"], third["options"]) == (first.id, again["return_url"], again["options"])
    assert (await api.get("stripe_payments")).document["meta"]["record_count"] == 1
    assert await api.source_of(order) == first.id
    (told,) = await api.stripe.requests()
    assert told["idempotency_key"] == "paydesk/adopt/pi_1234XXX"


@on_sqlite
async def test_an_intent_of_another_amount_is_adopted_and_shown_as_mismatched(api: Api) -> None:
    intent = await intent_of(api.stripe, 15300)
    payment = await api.payment(None, ids(intent))
    assert (payment["options"]["intent_amount_cents"], payment["mismatched_amounts"]) == (15300, True)


@on_sqlite
async def test_one_that_is_authorized_already_brings_its_card(api: Api) -> None:
    intent = await intent_of(api.stripe)
    await api.stripe.confirm(intent.id)
    payment = await api.payment(None, ids(intent))
    assert payment["payment_instrument"]["card_last_digits"] == "4242"
    assert payment["charge_id"].startswith("ch_")


@on_sqlite
async def test_an_intent_stripe_does_not_know_is_refused(api: Api) -> None:
    order = await api.order()
    refused = await api.payment(order, {"stripe_id": "pi_no", "client_secret": "pi_no_secret_1"}, expect=422)
    assert refused.said == [("/data/attributes/stripe_id", "invalid")]
    await untouched(api, order)


@on_sqlite
async def test_an_intent_of_another_account_is_as_unknown_as_any(api: Api, running: Running) -> None:
    elsewhere = Stripe(running.sandbox, running.http)
    intent = await intent_of(elsewhere)
    order = await api.order()
    refused = await api.payment(order, ids(intent), expect=422)
    assert refused.said == [("/data/attributes/stripe_id", "invalid")]
    await untouched(api, order)
    await elsewhere.close()


@on_sqlite
async def test_the_secret_must_be_the_intents(api: Api) -> None:
    intent = await intent_of(api.stripe)
    order = await api.order()
    given = {"stripe_id": intent.id, "client_secret": f"{intent.id}_secret_guessed"}
    refused = await api.payment(order, given, expect=422)
    assert refused.said == [("/data/attributes/client_secret", "invalid")]
    assert intent.client_secret not in refused.raw.decode()
    await untouched(api, order)


@on_sqlite
async def test_a_canceled_intent_has_expired(api: Api) -> None:
    intent = await intent_of(api.stripe)
    await api.stripe.v1.payment_intents.cancel_async(intent.id)
    order = await api.order()
    assert (await api.payment(order, ids(intent), expect=422)).said == [("/data/attributes/stripe_id", "expired")]
    await untouched(api, order)


@on_sqlite
async def test_an_intent_in_another_currency_is_refused(api: Api) -> None:
    intent = await intent_of(api.stripe, currency="usd")
    order = await api.order()
    refused = await api.payment(order, ids(intent), expect=422)
    assert refused.said == [("/data/attributes/stripe_id", "currency_mismatch")]
    await untouched(api, order)


async def test_one_intent_pays_one_order(api: Api) -> None:
    intent = await intent_of(api.stripe)
    mine, another = await api.order(), await api.order()
    payment = await api.payment(mine, ids(intent))
    refused = await api.payment(another, ids(intent), expect=422)
    assert refused.said == [("/data/attributes/stripe_id", "taken")]
    assert (await api.source_of(mine), await api.source_of(another)) == (payment.id, None)


async def test_two_orders_that_want_one_intent_at_once_do_not_both_get_it(api: Api) -> None:
    intent = await intent_of(api.stripe)
    orders = [await api.order(), await api.order()]
    held = await api.stripe.hold("GET", calls=2)
    body = [
        {
            "data": {
                "type": "stripe_payments",
                "attributes": ids(intent),
                "relationships": {"order": {"data": order.link}},
            }
        }
        for order in orders
    ]
    asked = asyncio.gather(*(api.send("POST", "stripe_payments", one) for one in body))
    await held.begun(2)
    await held.go()
    answers = await asked
    assert sorted(one.status for one in answers) == [201, 422]
    (refused,) = [one for one in answers if one.status == 422]
    assert refused.said == [("/data/attributes/stripe_id", "taken")]
    assert (await api.get("stripe_payments")).document["meta"]["record_count"] == 1


async def test_an_intent_adopted_again_after_another_was_tried_stays_alive(api: Api) -> None:
    order = await api.order()
    intent = await intent_of(api.stripe)
    first = await api.payment(order, ids(intent))
    opened = await api.payment(order)
    back = await api.payment(order, ids(intent))
    assert (back.id, await api.source_of(order)) == (first.id, first.id)
    await api.recover()
    assert [one.id for one in await api.stripe.live()] == [intent.id]
    assert opened["stripe_id"] != intent.id
    assert await api.open_calls() == []


@pytest.mark.parametrize("status", [500, 429])
@on_sqlite
async def test_while_stripe_does_not_answer_nothing_is_adopted(api: Api, status: int) -> None:
    intent = await intent_of(api.stripe)
    order = await api.order()
    await api.stripe.faults("GET", times=0, status=status)
    unknown = await api.payment(order, ids(intent), expect=503, key="again")
    assert int(unknown.headers["retry-after"]) >= 1
    await api.stripe.mend()
    await untouched(api, order, open_calls=["adopt_payment"])
    payment = await api.payment(order, ids(intent), key="again")
    assert (payment["stripe_id"], await api.source_of(order)) == (intent.id, payment.id)


@on_sqlite
async def test_an_order_that_is_placed_meanwhile_keeps_what_paid_it(api: Api) -> None:
    order, payment = await authorized(api)
    intent = await intent_of(api.stripe)
    held = await api.stripe.hold("GET", when="after")
    adopting = asyncio.create_task(api.payment(order, ids(intent), expect=422))
    await held.begun()
    await api.update(order, {"_place": True})
    await held.go()
    assert (await adopting).said == [("/data/relationships/order", "not_editable")]
    assert await api.source_of(order) == payment.id
