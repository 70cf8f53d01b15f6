"""Customers, their payment methods, and intents that set a card up."""

import pytest
import stripe

from .conftest import Desk, told


async def test_a_customer_is_kept_changed_listed_and_deleted(desk: Desk):
    customer = await desk.v1.customers.create_async({"email": "a@example.com", "name": "A", "metadata": {"k": "v"}})
    changed = await desk.v1.customers.update_async(customer.id, {"name": "B", "metadata": {"k": ""}})
    assert (changed.name, changed.email, changed.metadata.to_dict()) == ("B", "a@example.com", {})
    assert [each.id for each in (await desk.v1.customers.list_async({"email": "a@example.com"})).data] == [customer.id]
    assert (await desk.v1.customers.delete_async(customer.id)).deleted is True
    assert (await desk.v1.customers.retrieve_async(customer.id)).deleted is True
    assert (await desk.v1.customers.list_async()).data == []
    assert await desk.events() == ["customer.created", "customer.updated", "customer.deleted"]


async def test_a_card_is_attached_used_and_detached(desk: Desk):
    customer = await desk.v1.customers.create_async()
    method = await desk.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
    assert method.customer == customer.id
    assert [each.id for each in (await desk.v1.customers.payment_methods.list_async(customer.id)).data] == [method.id]
    assert (await desk.pay(method.id, customer=customer.id)).status == "succeeded"
    assert (await desk.pay(method.id, customer=customer.id)).status == "succeeded"
    await desk.v1.payment_methods.detach_async(method.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        await desk.pay(method.id)


async def test_a_customers_card_needs_the_customer(desk: Desk):
    customer, other = await desk.v1.customers.create_async(), await desk.v1.customers.create_async()
    method = await desk.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError, match="you must provide the customer"):
        await desk.pay(method.id)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        await desk.pay(method.id, customer=other.id)


async def test_a_method_used_without_being_kept_is_used_up(desk: Desk):
    intent = await desk.pay()
    customer = await desk.v1.customers.create_async()
    for attempt in (
        desk.pay(intent.payment_method),
        desk.v1.payment_methods.attach_async(intent.payment_method, {"customer": customer.id}),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
            await attempt


async def test_setup_future_usage_attaches_the_card(desk: Desk):
    customer = await desk.v1.customers.create_async()
    intent = await desk.pay(customer=customer.id, setup_future_usage="off_session")
    assert (await desk.v1.payment_methods.retrieve_async(intent.payment_method)).customer == customer.id
    assert "payment_method.attached" in await desk.events()


async def test_a_declined_card_is_not_attached_but_one_that_fails_later_is(desk: Desk):
    customer = await desk.v1.customers.create_async()
    with pytest.raises(stripe.CardError):
        await desk.v1.payment_methods.attach_async("pm_card_chargeDeclined", {"customer": customer.id})
    assert (await desk.v1.customers.payment_methods.list_async(customer.id)).data == []
    method = await desk.v1.payment_methods.attach_async("pm_card_chargeCustomerFail", {"customer": customer.id})
    with pytest.raises(stripe.CardError):
        await desk.pay(method.id, customer=customer.id)


async def test_a_setup_intent_keeps_a_card(desk: Desk):
    customer = await desk.v1.customers.create_async()
    setup = await desk.v1.setup_intents.create_async(
        {"customer": customer.id, "allowed_payment_method_types": ["card"], "usage": "off_session"}
    )
    assert setup.status == "requires_payment_method"
    done = await desk.v1.setup_intents.confirm_async(setup.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    assert (await desk.v1.payment_methods.retrieve_async(done.payment_method)).customer == customer.id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.v1.setup_intents.cancel_async(setup.id)
    assert refused.value.code == "setup_intent_unexpected_state"


async def test_a_card_that_was_set_up_with_its_owner_is_charged_without(desk: Desk):
    customer = await desk.v1.customers.create_async()
    setup = await desk.v1.setup_intents.create_async(
        {
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "allowed_payment_method_types": ["card"],
            "confirm": True,
            "return_url": "https://shop.example.com/back",
        }
    )
    assert setup.status == "requires_action"
    page = setup.next_action.redirect_to_url.url.removeprefix(desk.url)
    assert (await desk.ask("POST", page, {"decision": "complete"})).status == 303
    done = await desk.v1.setup_intents.retrieve_async(setup.id)
    assert (done.status, done.payment_method) == ("succeeded", setup.payment_method)
    assert (await desk.v1.payment_methods.retrieve_async(done.payment_method)).customer == customer.id
    charged = await desk.pay(done.payment_method, customer=customer.id, off_session=True)
    assert charged.status == "succeeded"


async def test_nothing_is_set_up_without_its_owner(desk: Desk):
    customer = await desk.v1.customers.create_async()
    method = await desk.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError, match="cannot set up future usages"):
        await desk.pay(method.id, customer=customer.id, off_session=True, setup_future_usage="off_session")


async def test_a_declined_setup_says_why(desk: Desk):
    with pytest.raises(stripe.CardError) as declined:
        await desk.v1.setup_intents.create_async(
            {"payment_method": "pm_card_chargeDeclined", "confirm": True, "allowed_payment_method_types": ["card"]}
        )
    assert told(declined).setup_intent.last_setup_error.code == "card_declined"
    assert await desk.events() == ["setup_intent.created", "setup_intent.setup_failed"]


async def test_a_setup_intent_is_canceled(desk: Desk):
    setup = await desk.v1.setup_intents.create_async({})
    canceled = await desk.v1.setup_intents.cancel_async(setup.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
