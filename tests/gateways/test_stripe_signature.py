"""Stripe's signature: only what was signed with a secret of ours, about now."""

import hmac
from hashlib import sha256

import orjson
import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.events import Forged, GatewayEvent, Malformed
from paydesk.gateways.stripe import StripeGateway
from paydesk.gateways.stripe.signature import check, sign

NOW = 1790000000
SECRET = "whsec_test"
BODY = b'{"id":"evt_1","type":"charge.updated"}'


def header(at=NOW, body=BODY, secret=SECRET):
    return {"stripe-signature": sign(body, secret, at=at)}


@pytest.mark.parametrize("at", [NOW, NOW - 300, NOW + 300])
def test_what_we_know_the_secret_of_is_let_in(at):
    check(BODY, header(at), secrets=[SECRET], now=NOW)


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=2**33))
def test_the_sdk_signs_alike(body, at):
    text = body.decode("latin-1")
    signed = stripe.WebhookSignature.generate_signature_header(text, SECRET, timestamp=at)
    assert signed == sign(text.encode(), SECRET, at=at)
    check(text.encode(), {"Stripe-Signature": signed}, secrets=[SECRET], now=at)


@pytest.mark.parametrize("name", ["stripe-signature", "Stripe-Signature", "STRIPE-SIGNATURE"])
def test_the_header_is_found_however_it_is_written(name):
    check(BODY, {name: header()["stripe-signature"]}, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("secrets", [("whsec_new", SECRET), (SECRET, "whsec_new")])
def test_during_a_change_of_secrets_either_one_counts(secrets):
    check(BODY, header(), secrets=secrets, now=NOW)
    both = header()["stripe-signature"] + ",v1=" + "0" * 64
    check(BODY, {"stripe-signature": both}, secrets=secrets, now=NOW)


def _v0():
    return f"t={NOW},v0=" + hmac.new(SECRET.encode(), f"{NOW}.".encode() + BODY, sha256).hexdigest()


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "no signature"),
        ({"stripe-signature": ""}, "no signature"),
        ({"stripe-signature": _v0()}, "no signature of scheme v1"),
        ({"stripe-signature": f"t={NOW}"}, "no signature of scheme v1"),
        ({"stripe-signature": "v1=00"}, "no time"),
        ({"stripe-signature": "t=soon,v1=00"}, "no time"),
        ({"stripe-signature": "t=-1,v1=00"}, "no time"),
        ({"stripe-signature": "t=²,v1=00"}, "no time"),
        ({"stripe-signature": f"t={'9' * 5000},v1=00"}, "too long"),
        ({"stripe-signature": f"t={NOW},v1=00"}, "no signature of ours"),
        ({"stripe-signature": f"t={NOW},v1=é"}, "no signature of ours"),
        ({"stripe-signature": f"t={NOW + 1},{header()['stripe-signature'].partition(',')[2]}"}, "no signature of ours"),
        ({"stripe-signature": f"t={NOW},{header(NOW - 900)['stripe-signature']}"}, "no time"),
        (header(secret="whsec_other"), "no signature of ours"),
        (header(secret=SECRET.removeprefix("whsec_")), "no signature of ours"),
        (header(body=BODY + b" "), "no signature of ours"),
        (header(NOW - 301), "too long ago"),
        (header(NOW + 301), "in the future"),
    ],
)
def test_everything_else_is_forged(headers, reason):
    with pytest.raises(Forged, match=reason):
        check(BODY, headers, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("secrets", [(), ("",), (" ",)])
def test_without_a_secret_nobody_gets_in(secrets):
    with pytest.raises(Forged):
        check(BODY, header(secret=""), secrets=secrets, now=NOW)


def read(body, headers=None):
    credentials = Credentials("sk_test_x", webhook_secrets=(SECRET,))
    return StripeGateway().account.event(body, headers or header(body=body), credentials=credentials, now=NOW)


def test_a_body_is_looked_into_only_once_its_signature_holds():
    with pytest.raises(Forged):
        read(b"\xff\xfe", header(body=b"other"))
    with pytest.raises(Forged):
        read(b"[" * 100_000, header(body=b"other"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"x"',
        b"{}",
        b'{"id":"evt_1"}',
        b'{"id":1,"type":"x"}',
        b'{"id":"","type":"x"}',
        b'{"id":"evt_1","type":null}',
        b'{"id":"evt_1","type":"x"',
        b'{"id":"evt_1","type":"x","livemode":NaN}',
        b"[" * 100_000,
    ],
)
def test_a_signed_body_that_is_no_event_is_malformed(body):
    with pytest.raises(Malformed):
        read(body)


def test_an_event_as_stripe_sends_it():
    body = orjson.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "account": "acct_1",
            "api_version": "2026-10-28.endive",
            "created": 1790000002,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": "req_1", "idempotency_key": "k1"},
            "type": "payment_intent.amount_capturable_updated",
            "data": {
                "object": {
                    "id": "pi_1",
                    "object": "payment_intent",
                    "latest_charge": "ch_1",
                    "customer": "cus_1",
                    "metadata": {"order_id": "o1"},
                },
                "previous_attributes": {},
            },
        }
    )
    event = read(body)
    assert event == GatewayEvent(
        event_id="evt_1",
        type="payment_intent.amount_capturable_updated",
        created_at="2026-09-21T14:13:22.000Z",
        live=False,
        account="acct_1",
        object_id="pi_1",
        object_type="payment_intent",
        payment_id="pi_1",
        charge_id="ch_1",
        customer="cus_1",
        key="k1",
        metadata={"order_id": "o1"},
    )
    assert GatewayEvent.from_json(event.to_json()) == event


@pytest.mark.parametrize(
    ("about", "payment_id", "charge_id"),
    [
        ({"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}, "pi_1", "ch_1"),
        ({"id": "re_1", "object": "refund", "payment_intent": "pi_1", "charge": "ch_1"}, "pi_1", "ch_1"),
        ({"id": "dp_1", "object": "dispute", "payment_intent": "pi_1", "charge": "ch_1"}, "pi_1", "ch_1"),
        ({"id": "pm_1", "object": "payment_method", "customer": None}, None, None),
        ({"id": "ch_1", "object": "charge", "payment_intent": {"id": "pi_1"}}, "pi_1", "ch_1"),
        ({"id": 5, "object": 6, "metadata": [1], "payment_intent": 7}, None, None),
        (None, None, None),
    ],
)
def test_an_event_names_the_payment_it_belongs_to(about, payment_id, charge_id):
    event = read(orjson.dumps({"id": "evt_1", "type": "x.y", "created": "?", "data": {"object": about}}))
    assert (event.payment_id, event.charge_id) == (payment_id, charge_id)
