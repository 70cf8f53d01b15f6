"""Every test card, by number and by id, and what follows from it."""

import pytest
import stripe

from paydesk.sandbox.objects.cards import CARDS, by_id

from .conftest import Desk, told

SUCCEEDING = {
    "pm_card_visa": ("visa", "4242", "credit"),
    "pm_card_visa_debit": ("visa", "5556", "debit"),
    "pm_card_mastercard": ("mastercard", "4444", "credit"),
    "pm_card_mastercard_debit": ("mastercard", "8210", "debit"),
    "pm_card_mastercard_prepaid": ("mastercard", "5100", "prepaid"),
    "pm_card_amex": ("amex", "0005", "credit"),
    "pm_card_amex_threeDSecureNotSupported": ("amex", "0005", "credit"),
    "pm_card_discover": ("discover", "1117", "credit"),
    "pm_card_diners": ("diners", "0004", "credit"),
    "pm_card_jcb": ("jcb", "0505", "credit"),
    "pm_card_unionpay": ("unionpay", "0005", "credit"),
    "pm_card_bypassPending": ("visa", "0077", "credit"),
    "pm_card_threeDSecureOptional": ("visa", "3055", "credit"),
    "pm_card_gb": ("visa", "0000", "credit"),
}

DECLINED = {
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "pm_card_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": ("card_declined", "stolen_card"),
    "pm_card_chargeDeclinedStolenCard": ("card_declined", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
    "pm_card_visa_chargeDeclinedExpiredCard": ("expired_card", None),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", None),
    "pm_card_visa_chargeDeclinedIncorrectCvc": ("incorrect_cvc", None),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", None),
    "pm_card_visa_chargeDeclinedProcessingError": ("processing_error", None),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": ("card_declined", "card_velocity_exceeded"),
    "pm_card_chargeDeclinedFraudulent": ("card_declined", "fraudulent"),
    "pm_card_chargeCustomerFail": ("card_declined", "generic_decline"),
    "pm_card_radarBlock": ("card_declined", "fraudulent"),
}

AUTHENTICATED = [
    "pm_card_authenticationRequiredOnSetup",
    "pm_card_authenticationRequired",
    "pm_card_authenticationRequiredSetupForOffSession",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
    "pm_card_threeDSecure2Required",
    "pm_card_threeDSecureRequiredChargeDeclined",
]


@pytest.mark.parametrize("identifier", SUCCEEDING)
async def test_a_card_that_succeeds(desk: Desk, identifier: str):
    intent = await desk.pay(identifier, expand=["latest_charge"])
    card = intent.latest_charge.payment_method_details.card
    assert intent.status == "succeeded"
    assert (card.brand, card.last4, card.funding) == SUCCEEDING[identifier]
    assert card.checks.cvc_check == "pass"


@pytest.mark.parametrize("identifier", DECLINED)
async def test_a_card_that_is_declined(desk: Desk, identifier: str):
    with pytest.raises(stripe.CardError) as declined:
        await desk.pay(identifier)
    error = told(declined)
    code, decline_code = DECLINED[identifier]
    assert (declined.value.http_status, error.code) == (402, code)
    assert error.to_dict().get("decline_code") == decline_code
    intent = error.payment_intent
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == code
    charge = await desk.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.id, charge.status, charge.paid, charge.failure_code) == (error.charge, "failed", False, code)
    assert await desk.events() == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


async def test_a_declined_intent_is_paid_with_another_card(desk: Desk):
    with pytest.raises(stripe.CardError) as declined:
        await desk.pay("pm_card_chargeDeclined")
    intent = told(declined).payment_intent
    paid = await desk.v1.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)


@pytest.mark.parametrize("identifier", AUTHENTICATED)
async def test_a_card_that_wants_authentication(desk: Desk, identifier: str):
    intent = await desk.pay(identifier)
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert await desk.events() == ["payment_intent.created", "payment_intent.requires_action"]


@pytest.mark.parametrize(
    ("identifier", "works"),
    [("pm_card_authenticationRequired", False), ("pm_card_authenticationRequiredSetupForOffSession", True)],
)
async def test_without_the_customer_only_a_card_set_up_works(desk: Desk, identifier: str, works: bool):
    customer = await desk.v1.customers.create_async()
    if works:
        assert (await desk.pay(identifier, customer=customer.id, off_session=True)).status == "succeeded"
        return
    with pytest.raises(stripe.CardError) as declined:
        await desk.pay(identifier, customer=customer.id, off_session=True)
    assert told(declined).code == "authentication_required"
    assert told(declined).decline_code == "authentication_required"


async def test_a_card_set_up_once_pays_off_session(desk: Desk):
    customer = await desk.v1.customers.create_async()
    setup = await desk.v1.setup_intents.create_async(
        {
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "confirm": True,
            "allowed_payment_method_types": ["card"],
        }
    )
    assert setup.status == "requires_action"
    await desk.ask("POST", "/v1/3ds2/authenticate", {"source": setup.next_action.use_stripe_sdk["source"]})
    setup = await desk.v1.setup_intents.retrieve_async(setup.id)
    assert setup.status == "succeeded"
    paid = await desk.pay(setup.payment_method, customer=customer.id, off_session=True)
    assert paid.status == "succeeded"


async def test_error_on_requires_action_declines_instead(desk: Desk):
    with pytest.raises(stripe.CardError) as declined:
        await desk.pay("pm_card_authenticationRequired", error_on_requires_action=True)
    assert told(declined).code == "authentication_required"


@pytest.mark.parametrize(
    ("identifier", "checks"),
    [
        ("pm_card_cvcCheckFail", {"cvc_check": "fail", "address_postal_code_check": None, "address_line1_check": None}),
        ("pm_card_avsZipFail", {"cvc_check": "pass", "address_postal_code_check": "fail", "address_line1_check": None}),
    ],
)
async def test_a_card_whose_check_fails(desk: Desk, identifier: str, checks: dict[str, str | None]):
    intent = await desk.pay(identifier, expand=["latest_charge"])
    assert intent.latest_charge.payment_method_details.card.checks.to_dict() == checks


async def test_elevated_risk_opens_a_review(desk: Desk):
    intent = await desk.pay("pm_card_riskLevelElevated", expand=["latest_charge", "review"])
    assert intent.latest_charge.outcome.risk_level == "elevated"
    assert (intent.review.open, intent.review.payment_intent) == (True, intent.id)
    approved = await desk.v1.reviews.approve_async(intent.review.id)
    assert (approved.open, approved.closed_reason) == (False, "approved")


@pytest.mark.parametrize(
    ("identifier", "reason", "status"),
    [
        ("pm_card_createDispute", "fraudulent", "needs_response"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "needs_response"),
        ("pm_card_createDisputeInquiry", "fraudulent", "warning_needs_response"),
    ],
)
async def test_a_card_whose_payment_is_disputed(desk: Desk, identifier: str, reason: str, status: str):
    intent = await desk.pay(identifier)
    disputes = await desk.v1.disputes.list_async({"payment_intent": intent.id})
    assert [(each.reason, each.status, each.amount) for each in disputes.data] == [(reason, status, 5000)]
    assert (await desk.v1.disputes.retrieve_async(disputes.data[0].id)).charge == intent.latest_charge
    inquiry = status.startswith("warning")
    assert disputes.data[0].is_charge_refundable is inquiry
    answer = await desk.ask("POST", "/v1/refunds", {"payment_intent": intent.id})
    assert (answer.status, answer.body.get("error", {}).get("code")) == (
        (200, None) if inquiry else (400, "charge_disputed")
    )


async def test_a_dispute_is_won_with_winning_evidence(desk: Desk):
    intent = await desk.pay("pm_card_createDispute")
    dispute = (await desk.v1.disputes.list_async({"charge": intent.latest_charge})).data[0]
    won = await desk.v1.disputes.update_async(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert won.status == "won"
    assert [each.amount for each in won.balance_transactions] == [-5000, 5000]
    assert (await desk.events())[-5:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]


async def test_a_dispute_is_lost_when_it_is_accepted(desk: Desk):
    intent = await desk.pay("pm_card_createDispute")
    dispute = (await desk.v1.disputes.list_async({"charge": intent.latest_charge})).data[0]
    assert (await desk.v1.disputes.close_async(dispute.id)).status == "lost"


async def test_every_number_makes_the_payment_method_of_its_card(desk: Desk):
    for number, card in CARDS.items():
        method = await desk.v1.payment_methods.create_async(
            {"type": "card", "card": {"number": number, "exp_month": 8, "exp_year": 2034, "cvc": "123"}}
        )
        assert (method.card.brand, method.card.last4, method.card.country) == (card.brand, number[-4:], card.country)


@pytest.mark.parametrize(
    ("card", "code", "param"),
    [
        ({"number": "4242424242424241"}, "incorrect_number", "number"),
        ({"number": "4111111111111111"}, "card_declined", None),
        ({"exp_month": 13}, "invalid_expiry_month", "exp_month"),
        ({"exp_year": 2001}, "invalid_expiry_year", "exp_year"),
        ({"cvc": "12"}, "invalid_cvc", "cvc"),
    ],
)
async def test_a_card_that_cannot_be(desk: Desk, card: dict[str, object], code: str, param: str | None):
    with pytest.raises(stripe.CardError) as refused:
        await desk.v1.payment_methods.create_async(
            {
                "type": "card",
                "card": {"number": "4242424242424242", "exp_month": 8, "exp_year": 2034, "cvc": "123", **card},
            }
        )
    assert (refused.value.code, refused.value.param) == (code, param)


async def test_a_template_makes_a_fresh_method_with_the_same_fingerprint(desk: Desk):
    first, second = await desk.pay(expand=["payment_method"]), await desk.pay(expand=["payment_method"])
    assert first.payment_method.id != second.payment_method.id
    assert first.payment_method.card.fingerprint == second.payment_method.card.fingerprint


async def test_an_unknown_template_is_missing(desk: Desk):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await desk.pay("pm_card_nonsense")
    assert (refused.value.code, refused.value.http_status) == ("resource_missing", 400)
    assert str(refused.value).endswith("No such PaymentMethod: 'pm_card_nonsense'")
    assert by_id("pm_card_nonsense") is None
