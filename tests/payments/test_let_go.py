"""What cannot be given back, deleted or set up again, and what is let go in the moment it is paid."""

import asyncio

import pytest
import stripe

from tests.acts import saved_cards
from tests.acts.orders import moved, only, ready, stands
from tests.acts.wallet import PASSWORD
from tests.payments.conftest import Answer, Api


async def disputed(api: Api) -> tuple[Answer, Answer, dict[str, str]]:
    """A paid order whose shopper disputes the payment, and its capture."""
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"], "pm_card_createDisputeProductNotReceived")
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve_and_capture": True})
    await api.update(payment, {"_refresh": True})
    return order, payment, await only(api, order, "captures")


async def test_what_a_dispute_keeps_is_not_promised_to_be_given_back(api: Api) -> None:
    order, payment, capture = await disputed(api)

    async def is_not_given_back() -> None:
        assert (await api.get(capture))["refund_balance_cents"] == 0
        for amounts in ({}, {"_refund_amount_cents": 100}):
            refused = await api.update(capture, {"_refund": True, **amounts}, expect=422)
            assert refused.said == [("/data/attributes/refund_balance_cents", "disputed")]
        await api.update(order, {"_refund": True}, expect=422)
        assert await moved(api, order) == [("authorizations", 15400, True), ("captures", 15400, True)]
        assert (await stands(api, order))[:2] == ("approved", "paid")

    await is_not_given_back()
    (dispute,) = (await api.stripe.v1.disputes.list_async({})).data
    await api.stripe.v1.disputes.close_async(dispute.id)
    await api.update(payment, {"_refresh": True})
    await is_not_given_back()
    assert await api.stripe.requests("POST", "/v1/refunds") == []


async def test_a_dispute_that_is_won_leaves_all_to_be_given_back(api: Api) -> None:
    order, payment, capture = await disputed(api)
    (dispute,) = (await api.stripe.v1.disputes.list_async({})).data
    await api.stripe.v1.disputes.update_async(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    await api.update(payment, {"_refresh": True})
    assert (await api.get(capture))["refund_balance_cents"] == 15400
    await api.update(order, {"_refund": True})
    assert (await stands(api, order))[:2] == ("cancelled", "refunded")


async def test_a_payment_that_is_confirmed_while_it_is_deleted_goes_with_what_it_held(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    held = await api.stripe.hold(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel")

    async def confirmed() -> None:
        await held.begun()
        await api.stripe.confirm(payment["stripe_id"])
        await held.go()

    await asyncio.gather(api.delete(payment), confirmed())
    assert [one.status for one in await api.stripe.intents()] == ["canceled"]
    await api.get(payment, expect=404)
    assert await api.source_of(order) is None
    assert (await stands(api, order))[:2] == ("pending", "unpaid")
    again = await api.payment(order)
    await api.stripe.confirm(again["stripe_id"])
    await api.update(order, {"_place": True})
    assert (await stands(api, order))[:2] == ("placed", "authorized")
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("voids", 15400, True),
        ("authorizations", 15400, True),
    ]


async def test_a_payment_that_was_declined_can_be_deleted(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    with pytest.raises(stripe.CardError):
        await api.stripe.confirm(payment["stripe_id"], "pm_card_chargeDeclined")
    await api.update(payment, {"_refresh": True})
    await api.delete(payment)
    assert [one.status for one in await api.stripe.intents()] == ["canceled"]
    assert await moved(api, order) == [("authorizations", 15400, False)]
    assert (await api.get(f"orders/{order.id}/authorizations", "?include=payment_source")).status == 200


async def test_what_is_set_up_already_is_placed_though_a_shopper_asks_for_it_again(api: Api) -> None:
    entry = await saved_cards.saved(api)
    ada = await api.customer("ada@example.com", PASSWORD)
    order = await saved_cards.ready(api)
    await api.update(order, {saved_cards.REUSE: entry}, token=ada)
    payment = await saved_cards.source_of(api, order)
    for options in (
        {"setup_future_usage": "off_session"},
        {"payment_method_options": {"card": {"setup_future_usage": "off_session", "network": "visa"}}},
    ):
        await api.update(payment, {"options": options, "_update": True}, token=ada)
        intent = await api.stripe.v1.payment_intents.retrieve_async(payment["stripe_id"])
        assert intent.setup_future_usage is None
    # What a version before this one sent is taken back when it is confirmed.
    await api.stripe.v1.payment_intents.update_async(payment["stripe_id"], {"setup_future_usage": "off_session"})
    await api.update(payment, {"_refresh": True})
    await api.update(order, {"_place": True}, token=ada)
    assert (await stands(api, order))[:2] == ("placed", "authorized")
