"""From Stripe's objects to values: what each field of a snapshot is taken from."""

import json

import pytest

from paydesk.base.money import Money
from paydesk.gateways.port.events import GatewayEvent
from paydesk.gateways.port.snapshots import DisputeSnapshot, Failure, RefundSnapshot, Snapshot
from paydesk.gateways.stripe.reading.disputes import dispute as dispute_of
from paydesk.gateways.stripe.reading.events import event as event_of
from paydesk.gateways.stripe.reading.instruments import instrument as instrument_of
from paydesk.gateways.stripe.reading.snapshots import snapshot as snapshot_of

from .stub import CARD, charge, intent, method, refund


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("requires_payment_method", "open"),
        ("requires_confirmation", "confirmable"),
        ("requires_action", "action_needed"),
        ("processing", "processing"),
        ("requires_capture", "authorized"),
        ("succeeded", "captured"),
        ("canceled", "canceled"),
        ("something_new", "processing"),
    ],
)
def test_every_state_of_an_intent(word, status):
    snapshot = snapshot_of(intent(status=word))
    assert (snapshot.status, snapshot.gateway_status) == (status, word)


def authorized(**more):
    return intent(
        status="requires_capture", amount_capturable=5000, latest_charge=charge(), payment_method=method(), **more
    )


def test_an_authorized_payment():
    snapshot = snapshot_of(
        authorized(customer="cus_1", on_behalf_of="acct_1", transfer_group="g", setup_future_usage="off_session"),
        request_id="req_1",
    )
    assert snapshot == Snapshot(
        payment_id="pi_1",
        status="authorized",
        gateway_status="requires_capture",
        amount=Money(5000, "EUR"),
        client_secret="pi_1_secret_x",
        authorized=5000,
        charged=5000,
        charge_id="ch_1",
        capture_before="2026-09-28T14:13:21.000Z",
        created_at="2026-09-21T14:13:20.000Z",
        on_behalf_of="acct_1",
        transfer_group="g",
        customer="cus_1",
        payment_method={
            "id": "pm_1",
            "type": "card",
            "card": {
                name: CARD[name]
                for name in (
                    "brand",
                    "country",
                    "display_brand",
                    "exp_month",
                    "exp_year",
                    "fingerprint",
                    "funding",
                    "last4",
                    "networks",
                    "wallet",
                )
            },
            "billing_details": {"address": None, "email": "a@b.example", "name": None, "phone": None},
            "allow_redisplay": "unspecified",
        },
        instrument={
            "issuer_type": "credit_card",
            "card_type": "visa",
            "card_last_digits": "4242",
            "card_expiry_month": "8",
            "card_expiry_year": "2030",
        },
        setup_future_usage="off_session",
        checks={"cvc": "pass", "address_line1": "pass", "address_postal_code": "fail"},
        fraud={
            "risk_level": "normal",
            "type": "authorized",
            "reason": None,
            "network_status": "approved_by_network",
            "seller_message": "Payment complete.",
            "review": None,
        },
        manual_capture=True,
        metadata={"order_id": "o1"},
        request_id="req_1",
    )
    assert "secret" not in repr(snapshot)


@pytest.mark.parametrize(
    "value",
    [
        intent(),
        authorized(),
        authorized(last_payment_error={"message": "No.", "code": "card_declined"}),
        intent(status="requires_payment_method", last_payment_error={"message": "No.", "decline_code": "lost_card"}),
    ],
)
def test_a_snapshot_survives_json(value):
    dispute = {"id": "dp_1", "amount": 5, "currency": "eur", "status": "lost", "reason": "x", "created": 1}
    snapshot = snapshot_of(value, refunds=[refund()], disputes=[dispute], replayed=True)
    assert Snapshot.from_json(json.loads(json.dumps(snapshot.to_json()))) == snapshot
    for one in snapshot.refunds:
        assert RefundSnapshot.from_json(json.loads(json.dumps(one.to_json()))) == one
    for disputed in snapshot.disputes:
        assert DisputeSnapshot.from_json(json.loads(json.dumps(disputed.to_json()))) == disputed


def test_the_methods_facts_come_from_the_charge_when_it_was_not_expanded():
    snapshot = snapshot_of(intent(status="requires_capture", latest_charge=charge(), payment_method="pm_1"))
    assert (snapshot.payment_method["id"], snapshot.payment_method["type"]) == ("pm_1", "card")
    assert snapshot.payment_method["card"]["network"] == "visa"
    assert snapshot.instrument["card_last_digits"] == "4242"
    snapshot = snapshot_of(intent(payment_method="pm_1"))
    assert (snapshot.payment_method, snapshot.instrument) == (None, None)


@pytest.mark.parametrize(
    ("kind", "facts", "shown"),
    [
        ("klarna", {"dob": {"day": 1}}, {}),
        (
            "sepa_debit",
            {"last4": "3000", "country": "DE", "generated_from": {"charge": None}},
            {"last4": "3000", "country": "DE"},
        ),
    ],
)
def test_methods_that_are_no_card(kind, facts, shown):
    snapshot = snapshot_of(intent(payment_method=method(type=kind, card=None, **{kind: facts})))
    assert snapshot.instrument == {"issuer": "stripe", "issuer_type": kind}
    assert snapshot.payment_method[kind] == shown


def test_a_wallet_and_an_issuing_bank_are_named():
    whole = authorized()
    whole["payment_method"]["card"]["wallet"] = {"type": "apple_pay"}
    whole["latest_charge"]["payment_method_details"]["card"]["issuer"] = "Bank of Tests"
    assert snapshot_of(whole).instrument["issuer_type"] == "apple_pay"
    assert snapshot_of(whole).instrument["issuer"] == "Bank of Tests"


def test_a_methods_private_parts_stay_where_they_are():
    assert "private" not in json.dumps(snapshot_of(authorized()).to_json())
    assert instrument_of(method(customer={"id": "cus_1"})).customer == "cus_1"


def test_a_failed_attempt_is_told_until_one_succeeds():
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "lost_card",
        "message": "No.",
        "charge": "ch_9",
    }
    failed = charge(status="failed", paid=False)
    snapshot = snapshot_of(intent(last_payment_error=error, latest_charge=failed))
    assert snapshot.failure == Failure("No.", "card_declined", "lost_card", "ch_9")
    assert (snapshot.charged, snapshot.capture_before, snapshot.checks["cvc"]) == (0, None, "pass")
    assert snapshot_of(authorized(last_payment_error=error)).failure is None
    assert snapshot_of(intent(status="canceled", last_payment_error=error)).failure is not None


def captured(amount=5000, taken=5000, returned=0, **more):
    return intent(
        status="succeeded",
        amount=amount,
        amount_received=taken,
        latest_charge=charge(amount=amount, captured=True, amount_captured=taken, amount_refunded=returned, **more),
    )


def amounts(snapshot):
    return snapshot.charged, snapshot.received, snapshot.refunded, [one.amount.cents for one in snapshot.refunds]


def test_a_captured_payment_and_its_refunds():
    refunds = [
        refund(id="re_2", created=2),
        refund(),
        refund(id="re_3", amount=500, status="failed"),
        refund(id="re_4", amount=50, status="pending"),
        refund(id="re_5", amount=7, status="canceled"),
        refund(id="re_6", amount=3, status="requires_action"),
    ]
    snapshot = snapshot_of(captured(returned=2053), refunds=refunds[::-1], disputes=[])
    assert amounts(snapshot) == (5000, 5000, 2053, [1000, 1000, 500, 50, 7, 3])
    assert [one.refund_id for one in snapshot.refunds][:2] == ["re_2", "re_1"]
    assert snapshot.refunds[5].status == "action_needed"
    assert snapshot.complete


RELEASED = {"balance_transaction": None, "reason": None, "metadata": {}}


def test_the_released_rest_of_a_partial_capture_is_no_refund():
    rest = refund(id="re_0", amount=2000, created=1790000050, **RELEASED)
    assert amounts(snapshot_of(captured(taken=3000, returned=2000), refunds=[rest], disputes=[])) == (
        5000,
        3000,
        0,
        [],
    )
    both = [refund(id="re_1", amount=2000), rest]
    assert amounts(snapshot_of(captured(taken=3000, returned=4000), refunds=both, disputes=[])) == (
        5000,
        3000,
        2000,
        [2000],
    )
    ours = refund(amount=2000, balance_transaction=None, metadata={"paydesk_call": "c"})
    assert amounts(snapshot_of(captured(taken=3000, returned=4000), refunds=[ours, rest], disputes=[])) == (
        5000,
        3000,
        2000,
        [2000],
    )
    assert amounts(snapshot_of(captured(taken=3000, returned=2000)))[2] == 0
    assert amounts(snapshot_of(captured(taken=3000, returned=4000)))[2] == 2000


@pytest.mark.parametrize("amount", [1, 1999, 2000, 3000, 5000])
def test_what_moved_no_balance_is_no_refund_whatever_its_size(amount):
    let_go = refund(id="re_0", amount=amount, **RELEASED)
    lapsed = refund(id="re_9", amount=amount, **{**RELEASED, "reason": "expired_uncaptured_charge"})
    for one in (let_go, lapsed, {**let_go, "metadata": {"why": "theirs"}}):
        assert amounts(snapshot_of(captured(taken=3000), refunds=[one], disputes=[])) == (5000, 3000, 0, [])
    # One that is on its way, or failed before it left, has moved nothing yet either, and is a refund all the same.
    for status in ("pending", "requires_action", "failed", "canceled"):
        told = snapshot_of(captured(taken=3000), refunds=[{**let_go, "status": status}], disputes=[])
        assert [one.amount.cents for one in told.refunds] == [amount]


def test_a_canceled_authorization_has_no_refunds():
    whole = intent(status="canceled", canceled_at=1790000500, cancellation_reason="automatic")
    whole["latest_charge"] = charge(refunded=True, amount_refunded=5000)
    gone = refund(amount=5000, **{**RELEASED, "reason": "expired_uncaptured_charge"})
    snapshot = snapshot_of(whole, refunds=[gone], disputes=[])
    assert amounts(snapshot) == (5000, 0, 0, [])
    assert (snapshot.canceled_at, snapshot.cancellation_reason) == ("2026-09-21T14:21:40.000Z", "automatic")
    assert snapshot_of(whole).refunded == 0


@pytest.mark.parametrize(("currency", "stripes", "ours"), [("isk", 50000, 500), ("jpy", 500, 500), ("kwd", 1230, 1230)])
def test_amounts_are_in_our_units_everywhere(currency, stripes, ours):
    whole = captured(amount=stripes, taken=stripes, returned=stripes)
    whole["currency"] = currency
    snapshot = snapshot_of(whole, refunds=[refund(amount=stripes, currency=currency)], disputes=[])
    assert snapshot.amount == Money(ours, currency.upper())
    assert amounts(snapshot) == (ours, ours, ours, [ours])
    dispute = dispute_of(
        {
            "id": "dp_1",
            "amount": stripes,
            "currency": currency,
            "status": "won",
            "reason": None,
            "created": 1,
            "balance_transactions": [{"amount": -stripes}],
        }
    )
    assert (dispute.amount.cents, dispute.funds_withdrawn) == (ours, ours)


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([("eur", -5000)], (5000, 0)),
        ([("eur", -5000), ("eur", 3000)], (5000, 3000)),
        # Changed at one rate, and back at another.
        ([("usd", -5600)], (5000, 0)),
        ([("usd", -5600), ("usd", 5400)], (5000, 5000)),
    ],
)
def test_what_a_dispute_took_is_told_in_its_own_currency(moves, told):
    dispute = dispute_of(
        {
            "id": "dp_1",
            "amount": 5000,
            "currency": "eur",
            "status": "lost",
            "reason": None,
            "created": 1,
            "balance_transactions": [{"amount": amount, "currency": currency} for currency, amount in moves],
        }
    )
    assert (dispute.funds_withdrawn, dispute.funds_reinstated) == told


def test_multicapture_and_review_and_next_action():
    whole = authorized(
        next_action={"type": "redirect_to_url", "redirect_to_url": {"url": "https://secret"}}, review="prv_1"
    )
    whole["latest_charge"]["payment_method_details"]["card"]["multicapture"] = {"status": "available"}
    snapshot = snapshot_of(whole)
    assert (snapshot.multicapture, snapshot.fraud["review"], snapshot.next_action) == (True, "prv_1", "redirect_to_url")


@pytest.mark.parametrize("value", [{}, {"id": "pi_1"}, {"id": "pi_1", "currency": "xxx", "status": "x", "amount": 1}])
def test_what_is_no_payment_is_not_made_into_one(value):
    with pytest.raises((KeyError, ValueError)):
        snapshot_of(value)


def test_an_event_survives_json():
    event = event_of({"id": "evt_1", "type": "x", "created": 1, "livemode": True})
    assert event == GatewayEvent("evt_1", "x", "1970-01-01T00:00:01.000Z", True, heard=False)
    assert GatewayEvent.from_json(json.loads(json.dumps(event.to_json()))) == event
