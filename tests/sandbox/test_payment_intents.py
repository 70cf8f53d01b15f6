"""PaymentIntents: states, capture, cancel, updates."""

import pytest
import stripe

from .conftest import Desk, told

KEYS = """
    id object amount amount_capturable amount_details amount_received allowed_payment_method_types application
    application_fee_amount automatic_payment_methods canceled_at cancellation_reason capture_method
    client_secret confirmation_method created currency customer customer_account description
    excluded_payment_method_types last_payment_error latest_charge livemode metadata next_action on_behalf_of
    payment_method payment_method_configuration_details payment_method_options payment_method_types processing
    receipt_email review setup_future_usage shipping source statement_descriptor statement_descriptor_suffix
    status transfer_data transfer_group
"""


async def test_a_new_intent_has_every_key_and_waits_for_a_payment_method(desk: Desk):
    intent = (await desk.ask("POST", "/v1/payment_intents", {"amount": 5000, "currency": "eur"})).body
    assert intent["status"] == "requires_payment_method"
    assert intent["client_secret"].startswith(f"{intent['id']}_secret_")
    assert (intent["amount"], intent["amount_received"], intent["amount_capturable"]) == (5000, 0, 0)
    assert intent["automatic_payment_methods"] == {"allow_redirects": "always", "enabled": True}
    every = ["bancontact", "card", "eps", "ideal", "klarna", "link", "p24", "paypal", "sepa_debit"]
    assert sorted(intent["payment_method_types"]) == every
    assert sorted(intent) == sorted(KEYS.split())
    assert await desk.events() == ["payment_intent.created"]


async def test_an_authorization_is_captured_once(desk: Desk):
    intent = await desk.pay(capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 5000, 0)
    captured = await desk.v1.payment_intents.capture_async(intent.id, {"expand": ["latest_charge"]})
    assert (captured.status, captured.amount_capturable, captured.amount_received) == ("succeeded", 0, 5000)
    charge = captured.latest_charge
    assert (charge.amount, charge.amount_captured, charge.amount_refunded, charge.captured) == (5000, 5000, 0, True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.payment_intents.capture_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert told(refused).payment_intent.id == intent.id
    assert await desk.events() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
    ]


async def test_automatic_capture_pays_at_once(desk: Desk):
    intent = await desk.pay()
    assert (intent.status, intent.amount_received) == ("succeeded", 5000)
    assert await desk.events() == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


async def test_the_remainder_of_a_partial_capture_is_released_by_a_refund(desk: Desk):
    intent = await desk.pay(capture_method="manual")
    captured = await desk.v1.payment_intents.capture_async(
        intent.id, {"amount_to_capture": 3000, "expand": ["latest_charge"]}
    )
    assert (captured.status, captured.amount, captured.amount_received) == ("succeeded", 5000, 3000)
    charge = captured.latest_charge
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (3000, 2000, False)
    refunds = await desk.v1.refunds.list_async({"payment_intent": intent.id})
    assert [(each.amount, each.status, each.reason) for each in refunds.data] == [(2000, "succeeded", None)]


async def test_more_than_was_authorized_is_not_captured(desk: Desk):
    intent = await desk.pay(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 5001})
    assert (refused.value.code, refused.value.param) == ("amount_too_large", "amount_to_capture")
    with pytest.raises(stripe.InvalidRequestError):
        await desk.v1.payment_intents.capture_async(intent.id, {"final_capture": False})
    assert (await desk.v1.payment_intents.retrieve_async(intent.id)).status == "requires_capture"


async def test_multicapture_and_increments_work_where_they_were_asked_for(desk: Desk):
    options = {"card": {"request_multicapture": "if_available", "request_incremental_authorization": "if_available"}}
    intent = await desk.pay(capture_method="manual", payment_method_options=options)
    raised = await desk.v1.payment_intents.increment_authorization_async(intent.id, {"amount": 6000})
    assert raised.amount_capturable == 6000
    first = await desk.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 1000, "final_capture": False})
    assert (first.status, first.amount_received, first.amount_capturable) == ("requires_capture", 1000, 5000)
    last = await desk.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 4000})
    assert (last.status, last.amount_received, last.amount_capturable) == ("succeeded", 5000, 0)


async def test_canceling_an_authorization_releases_it(desk: Desk):
    intent = await desk.pay(capture_method="manual")
    canceled = await desk.v1.payment_intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason, canceled.amount_capturable) == ("canceled", "abandoned", 0)
    charge = await desk.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.captured, charge.refunded, charge.amount_refunded) == (False, True, 5000)
    assert (await desk.events())[-3:] == ["refund.created", "charge.refunded", "payment_intent.canceled"]


@pytest.mark.parametrize("verb", ["cancel", "capture", "confirm"])
async def test_a_canceled_intent_takes_nothing_more(desk: Desk, verb: str):
    intent = (await desk.ask("POST", "/v1/payment_intents", {"amount": 5000, "currency": "eur"})).body
    await desk.ask("POST", f"/v1/payment_intents/{intent['id']}/cancel")
    answer = await desk.ask("POST", f"/v1/payment_intents/{intent['id']}/{verb}")
    assert (answer.status, answer.error["code"]) == (400, "payment_intent_unexpected_state")
    assert "status of canceled" in answer.error["message"]


async def test_a_paid_intent_is_neither_canceled_nor_confirmed(desk: Desk):
    intent = await desk.pay()
    for verb in ("cancel", "confirm"):
        answer = await desk.ask("POST", f"/v1/payment_intents/{intent.id}/{verb}")
        assert (answer.status, answer.error["code"]) == (400, "payment_intent_unexpected_state")


async def test_a_payment_method_moves_the_intent_to_requires_confirmation(desk: Desk):
    intent = await desk.v1.payment_intents.create_async(
        {"amount": 5000, "currency": "eur", "allowed_payment_method_types": ["card"], "payment_method": "pm_card_visa"}
    )
    assert intent.status == "requires_confirmation"
    assert intent.payment_method.startswith("pm_3")
    assert (await desk.v1.payment_intents.confirm_async(intent.id)).status == "succeeded"


async def test_confirming_needs_a_payment_method(desk: Desk):
    intent = await desk.v1.payment_intents.create_async({"amount": 5000, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.payment_intents.confirm_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


async def test_automatic_payment_methods_need_a_return_url(desk: Desk):
    intent = await desk.v1.payment_intents.create_async({"amount": 5000, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="you must provide a `return_url`"):
        await desk.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    paid = await desk.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_card_visa", "return_url": "https://shop.example/done"}
    )
    assert paid.status == "succeeded"


async def test_the_amount_changes_until_it_is_authorized(desk: Desk):
    intent = await desk.v1.payment_intents.create_async(
        {"amount": 5000, "currency": "eur", "capture_method": "manual", "allowed_payment_method_types": ["card"]}
    )
    changed = await desk.v1.payment_intents.update_async(intent.id, {"amount": 7000, "metadata": {"order_id": "o1"}})
    assert (changed.amount, changed.metadata["order_id"]) == (7000, "o1")
    await desk.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.payment_intents.update_async(intent.id, {"amount": 8000})
    assert (refused.value.code, refused.value.param) == ("payment_intent_unexpected_state", "amount")
    described = await desk.v1.payment_intents.update_async(
        intent.id, {"description": "order 1", "metadata": {"k": "v"}}
    )
    assert (described.amount, described.description) == (7000, "order 1")
    assert described.metadata.to_dict() == {"order_id": "o1", "k": "v"}


async def test_a_changed_amount_ends_the_customers_action(desk: Desk):
    intent = await desk.pay("pm_card_authenticationRequired")
    assert intent.status == "requires_action"
    changed = await desk.v1.payment_intents.update_async(intent.id, {"amount": 6000})
    assert (changed.status, changed.next_action, changed.amount) == ("requires_confirmation", None, 6000)


async def test_a_bank_debit_is_processing_until_it_settles(timed_desk: Desk):
    desk = timed_desk
    debit = {"type": "sepa_debit", "sepa_debit": {"iban": "DE08370400440532013003"}, "billing_details": {"name": "A B"}}
    intent = await desk.v1.payment_intents.create_async(
        {
            "amount": 5000,
            "currency": "eur",
            "allowed_payment_method_types": ["sepa_debit"],
            "payment_method_data": debit,
            "confirm": True,
            "mandate_data": {"customer_acceptance": {"type": "offline"}},
        }
    )
    assert intent.status == "processing"
    await desk.advance(179)
    assert (await desk.v1.payment_intents.retrieve_async(intent.id)).status == "processing"
    await desk.advance(1)
    assert (await desk.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"


async def test_a_returned_bank_debit_fails_the_payment(timed_desk: Desk):
    desk = timed_desk
    debit = {"type": "sepa_debit", "sepa_debit": {"iban": "DE62370400440532013001"}}
    intent = await desk.v1.payment_intents.create_async(
        {
            "amount": 5000,
            "currency": "eur",
            "allowed_payment_method_types": ["sepa_debit"],
            "payment_method_data": debit,
            "confirm": True,
        }
    )
    await desk.advance(1)
    failed = await desk.v1.payment_intents.retrieve_async(intent.id)
    assert (failed.status, failed.last_payment_error.code) == (
        "requires_payment_method",
        "payment_method_provider_decline",
    )


async def test_every_account_has_the_documented_intent(desk: Desk):
    intent = await desk.v1.payment_intents.retrieve_async("pi_1234XXX")
    assert (intent.client_secret, intent.amount, intent.currency) == ("pi_1234XXX_secret_5678YYY", 15400, "eur")
    assert (intent.capture_method, intent.status) == ("manual", "requires_payment_method")
    assert await desk.events() == []


async def test_expand_puts_objects_for_ids(desk: Desk):
    customer = await desk.v1.customers.create_async({"email": "a@example.com"})
    intent = await desk.pay(
        customer=customer.id, expand=["latest_charge.balance_transaction", "customer", "payment_method"]
    )
    assert intent.latest_charge.balance_transaction.amount == 5000
    assert intent.latest_charge.balance_transaction.fee == 175
    assert intent.customer.email == "a@example.com"
    assert intent.payment_method.card.last4 == "4242"
    listed = await desk.v1.payment_intents.list_async({"expand": ["data.latest_charge"], "limit": 1})
    assert listed.data[0].latest_charge.id == intent.latest_charge.id
    answer = await desk.ask("GET", f"/v1/payment_intents/{intent.id}", {"expand[]": "nothing"})
    assert (answer.status, answer.error["param"]) == (400, "expand")
    assert "cannot be expanded (nothing)" in answer.error["message"]


async def test_an_intents_refunds_can_be_expanded_through_its_charge(desk: Desk):
    intent = await desk.pay()
    refund = await desk.v1.refunds.create_async(
        {"payment_intent": intent.id, "amount": 100, "expand": ["charge.refunds"]}
    )
    assert [each.id for each in refund.charge.refunds.data] == [refund.id]


async def test_lists_are_paged_newest_first(desk: Desk):
    made = [(await desk.v1.payment_intents.create_async({"amount": 1000 + n, "currency": "eur"})).id for n in range(5)]
    page = await desk.v1.payment_intents.list_async({"limit": 2})
    assert [each.id for each in page.data] == [made[4], made[3]]
    assert page.has_more is True
    seen = [each.id async for each in page.auto_paging_iter()]
    assert seen == [*reversed(made), "pi_1234XXX"]
    back = await desk.v1.payment_intents.list_async({"ending_before": made[1], "limit": 2})
    assert [each.id for each in back.data] == [made[3], made[2]]


async def test_searching_is_behind_by_a_minute(timed_desk: Desk):
    desk = timed_desk
    intent = await desk.v1.payment_intents.create_async(
        {"amount": 1000, "currency": "eur", "metadata": {"order_id": "o-7"}}
    )
    query = "metadata['order_id']:'o-7' AND status:'requires_payment_method'"
    assert (await desk.v1.payment_intents.search_async({"query": query})).data == []
    await desk.advance(60)
    found = await desk.v1.payment_intents.search_async({"query": query})
    assert [each.id for each in found.data] == [intent.id]
    assert (await desk.v1.payment_intents.search_async({"query": "-status:'canceled' AND amount>1000"})).data[
        0
    ].amount == 15400
    with pytest.raises(stripe.InvalidRequestError):
        await desk.v1.payment_intents.search_async({"query": "nonsense"})
