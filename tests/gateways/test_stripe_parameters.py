"""What is sent to Stripe: the exact parameters, and not one that the SDK does not know."""

import functools
import importlib
import re
import typing
from typing import Any

import orjson
import pytest
import stripe
import typing_extensions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stripe._encode import _api_encode
from stripe._request_options import RequestOptions

from paydesk.base.currencies import UnknownCurrency
from paydesk.gateways.stripe import StripeGateway
from paydesk.gateways.stripe.reading.events import EVENTS
from paydesk.gateways.stripe.verbs.options import HOLDABLE, METHOD_OPTIONS
from paydesk.gateways.stripe.version import API_VERSION

gateway = StripeGateway()

TYPES = {
    "open": "payment_intent_create",
    "amend": "payment_intent_update",
    "confirm": "payment_intent_confirm",
    "cancel": "payment_intent_cancel",
    "capture": "payment_intent_capture",
    "refund": "refund_create",
    "register": "webhook_endpoint_create",
    "move_endpoint": "webhook_endpoint_update",
    "unregister": "webhook_endpoint_delete",
    "create_customer": "customer_create",
    "attach": "payment_method_attach",
    "detach": "payment_method_detach",
}
# The SDK takes these among the parameters, yet sends them as headers: they are none.
NO_PARAMETERS = set(RequestOptions.__annotations__)

SHIPPING = {
    "name": "Ada Lovelace",
    "phone": "+39 1",
    "line_1": "Via 1",
    "line_2": "B",
    "city": "Roma",
    "zip_code": "00100",
    "state_code": "RM",
    "country_code": "IT",
}
OPEN = {"amount_cents": 15400, "currency": "EUR", "auto_payments": False}
EVERYTHING = {
    "options": {
        "customer": "cus_1",
        "payment_method": "pm_1",
        "setup_future_usage": "on_session",
        "statement_descriptor_suffix": "SHOP",
        "on_behalf_of": "acct_1",
        "transfer_group": "g",
        "application_fee_amount": 5,
        "transfer_data": {"destination": "acct_2", "amount": 7, "other": 1},
        "payment_method_options": {kind: dict.fromkeys(names, "x") for kind, names in METHOD_OPTIONS.items()},
        "metadata": {"theirs": "1"},
    },
    "receipt_email": "a@b.example",
    "description": "#1",
    "shipping": SHIPPING,
    "metadata": {"order_id": "o1"},
    "setup_future_usage": "off_session",
    "moto": True,
}
ASKS: dict[str, Any] = {
    "open": [OPEN, {**OPEN, "auto_payments": True}, {**OPEN, **EVERYTHING}],
    "amend": [{"payment_id": "pi_1", "amount_cents": 1, "currency": "EUR", **EVERYTHING}, {"payment_id": "pi_1"}],
    "confirm": [
        {"payment_id": "pi_1"},
        {
            "payment_id": "pi_1",
            "payment_method": "pm_1",
            "off_session": True,
            "return_url": "https://x",
            "setup_future_usage": "off_session",
        },
    ],
    "cancel": [{"payment_id": "pi_1"}, {"payment_id": "pi_1", "reason": "abandoned"}],
    "capture": [
        {"payment_id": "pi_1", "amount_cents": 1, "currency": "EUR"},
        {"payment_id": "pi_1", "amount_cents": 1, "currency": "EUR", "final": False, "metadata": {"a": "b"}},
    ],
    "refund": [
        {"payment_id": "pi_1", "amount_cents": 1, "currency": "EUR"},
        {"payment_id": "pi_1", "amount_cents": 1, "currency": "EUR", "reason": "duplicate", "metadata": {"a": "b"}},
    ],
    "register": [{"url": "https://x", "gateway_id": "g", "installation": "i", "account": "acct_1"}],
    "move_endpoint": [{"endpoint_id": "we_1", "url": "https://x"}],
    "unregister": [{"endpoint_id": "we_1"}],
    "create_customer": [{}, {"email": "a@b.example", "name": "A", "phone": "1", "metadata": {"a": "b"}}],
    "attach": [{"payment_method_id": "pm_1", "customer": "cus_1"}],
    "detach": [{"payment_method_id": "pm_1"}],
}


def typed_dict(name):
    """The SDK's own type of a call's parameters, and the module whose names its annotations use."""
    module = importlib.import_module(f"stripe.params._{name}_params")
    return getattr(module, "".join(word.capitalize() for word in name.split("_")) + "Params"), module


def inside(annotation):
    """The TypedDicts within an annotation: in NotRequired, List, unions."""
    if typing_extensions.is_typeddict(annotation):
        yield annotation
    for part in typing.get_args(annotation):
        yield from inside(part)


@functools.cache
def hints(one, module):
    """Name → annotation, without what is a header."""
    names = {**vars(typing), "StripeContext": str, **vars(module)}
    return {name: hint for name, hint in typing.get_type_hints(one, names).items() if name not in NO_PARAMETERS}


def unknown(value, types, module, where=""):
    """The names in `value` that none of `types` has, with their way down to them."""
    known: dict[str, Any] = {}
    for one in types:
        known |= hints(one, module)
    for name, one in value.items():
        way = f"{where}{name}"
        if name not in known:
            yield way
        elif isinstance(one, dict):
            nested = list(inside(known[name]))
            if nested:
                yield from unknown(one, nested, module, way + ".")
            elif name != "metadata":
                yield way + ".*"


@pytest.mark.parametrize("verb", sorted(TYPES))
def test_every_parameter_that_can_be_sent_is_in_the_sdks_types(verb):
    kind, module = typed_dict(TYPES[verb])
    for ask in ASKS[verb]:
        made = gateway.parameters(verb, ask)
        made.pop("id", None)
        assert list(unknown(made, [kind], module)) == []


def test_the_check_above_finds_what_it_is_there_for():
    kind, module = typed_dict("payment_intent_create")
    wrong = {"payment_method_types": ["card"], "shipping": {"nme": "x"}, "transfer_data": {"destination": "x", "to": 1}}
    assert list(unknown(wrong, [kind], module)) == ["payment_method_types", "shipping.nme", "transfer_data.to"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 10**6) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
option_names = st.sampled_from(
    [
        "amount",
        "currency",
        "capture_method",
        "confirm",
        "off_session",
        "return_url",
        "payment_method_types",
        "payment_method_data",
        "expand",
        "id",
        "api_key",
        "stripe_account",
        "headers",
        "idempotency_key",
        "base",
        "shipping",
        "payment_method_options",
        "transfer_data",
        "metadata",
        "customer",
        "payment_method",
        "description",
        "setup_future_usage",
        "intent_amount_cents",
    ]
)
shippings = st.fixed_dictionaries({"name": st.text(min_size=1), "address": st.dictionaries(st.text(), st.text())})
options = st.dictionaries(option_names | st.text(max_size=10), json_values | shippings, max_size=8)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(options, st.booleans(), st.sampled_from(["open", "amend"]))
def test_no_option_of_a_client_reaches_stripe_unless_its_name_is_known(given_options, auto_payments, verb):
    ask = {"amount_cents": 15400, "currency": "EUR", "options": given_options}
    ask |= {"auto_payments": auto_payments} if verb == "open" else {"payment_id": "pi_1"}
    made = gateway.parameters(verb, ask)
    assert orjson.loads(orjson.dumps(made)) == made
    assert (made["amount"], made["currency"]) == (15400, "eur")
    way = "automatic" if auto_payments else "manual"
    assert made.get("capture_method") == (way if verb == "open" else None)
    assert made.pop("id", None) == (None if verb == "open" else "pi_1")
    kind, module = typed_dict(TYPES[verb])
    assert list(unknown({**made, "metadata": {}}, [kind], module)) == []
    assert not {"api_key", "stripe_account", "headers", "idempotency_key", "base", "confirm"} & set(made)
    assert list(_api_encode(made))


def test_opening_an_intent_sends_these_and_nothing_else():
    assert gateway.parameters("open", OPEN) == {
        "amount": 15400,
        "currency": "eur",
        "capture_method": "manual",
        "allowed_payment_method_types": ["card"],
    }
    assert gateway.parameters("open", {**OPEN, "auto_payments": True}) == {
        "amount": 15400,
        "currency": "eur",
        "capture_method": "automatic",
        "automatic_payment_methods": {"enabled": True},
        "payment_method_options": {kind: {"capture_method": "manual"} for kind in HOLDABLE},
    }


@pytest.mark.parametrize("verb", ["create", "update"])
def test_every_method_that_stripe_can_hold_is_asked_to(verb):
    module = importlib.import_module(f"stripe.params._payment_intent_{verb}_params")
    options = f"PaymentIntent{verb.title()}ParamsPaymentMethodOptions"
    by_kind = getattr(module, options).__annotations__
    takes_manual = {
        kind
        for kind, declared in by_kind.items()
        if "Literal['']|Literal['manual']" in str(_of(module, declared, options).get("capture_method", ""))
    }
    assert takes_manual == set(HOLDABLE)


def _of(module, declared, options):
    """What a method's options may hold, by the SDK's types."""
    name = next(part for part in re.findall(r"\w+", str(declared)) if part.startswith(options))
    return getattr(module, name).__annotations__


def test_opening_an_intent_with_all_there_is():
    made = gateway.parameters("open", {**OPEN, **EVERYTHING})
    by_method = made.pop("payment_method_options")
    assert by_method["card"]["moto"] is True
    assert by_method["card"]["request_three_d_secure"] == "x"
    assert made == {
        "amount": 15400,
        "currency": "eur",
        "capture_method": "manual",
        "allowed_payment_method_types": ["card"],
        "customer": "cus_1",
        "payment_method": "pm_1",
        "statement_descriptor_suffix": "SHOP",
        "on_behalf_of": "acct_1",
        "transfer_group": "g",
        "application_fee_amount": 5,
        "receipt_email": "a@b.example",
        "description": "#1",
        "setup_future_usage": "on_session",
        "shipping": {
            "name": "Ada Lovelace",
            "phone": "+39 1",
            "address": {
                "line1": "Via 1",
                "line2": "B",
                "city": "Roma",
                "postal_code": "00100",
                "state": "RM",
                "country": "IT",
            },
        },
        "metadata": {"order_id": "o1", "theirs": "1"},
        "transfer_data": {"destination": "acct_2", "amount": 7},
        "expand": ["latest_charge", "payment_method"],
    }


def test_a_client_cannot_spare_the_authentication_nor_bring_card_data():
    theirs = {
        "card": {"moto": True, "cvc_token": "x", "three_d_secure": {}, "capture_method": "manual"},
        "bogus": {"a": 1},
    }
    made = gateway.parameters("open", {**OPEN, "options": {"payment_method_options": theirs}})
    assert "payment_method_options" not in made


def test_our_metadata_wins_and_theirs_takes_the_room_that_is_left():
    theirs = {"order_id": "evil", "a[b]": "x", "n": 5, "flag": True, "x" * 41: "y", "long": "z" * 600, "none": None}
    theirs |= {f"k{n}": "v" for n in range(60)}
    made = gateway.parameters("open", {**OPEN, "metadata": {"order_id": "o1"}, "options": {"metadata": theirs}})[
        "metadata"
    ]
    assert len(made) == 50
    assert made["order_id"] == "o1"
    assert (made["n"], made["flag"]) == ("5", "true")
    assert made["long"] == "z" * 500
    assert not {"a[b]", "none", "x" * 41} & set(made)
    amended = gateway.parameters("amend", {"payment_id": "pi_1", "options": {"metadata": {"none": None, "n": 1.50}}})
    assert amended["metadata"] == {"none": "", "n": "1.5"}


def test_an_address_without_name_or_street_is_not_sent():
    for lacking in ("name", "line_1"):
        assert "shipping" not in gateway.parameters("open", {**OPEN, "shipping": {**SHIPPING, lacking: None}})


def test_the_orders_address_comes_before_a_clients():
    theirs = {"name": "Eve", "address": {"line1": "x", "bogus": "y"}, "bogus": 1}
    made = gateway.parameters("open", {**OPEN, "options": {"shipping": theirs}})
    assert made["shipping"] == {"name": "Eve", "address": {"line1": "x"}}
    made = gateway.parameters("open", {**OPEN, "shipping": SHIPPING, "options": {"shipping": theirs}})
    assert made["shipping"]["name"] == "Ada Lovelace"


def test_amending_can_take_the_receipt_address_away():
    assert gateway.parameters("amend", {"payment_id": "pi_1", "receipt_email": None})["receipt_email"] == ""
    assert "receipt_email" not in gateway.parameters("amend", {"payment_id": "pi_1"})
    assert "receipt_email" not in gateway.parameters("open", {**OPEN, "receipt_email": None})


@pytest.mark.parametrize(
    ("verb", "ask", "made"),
    [
        (
            "capture",
            {"payment_id": "pi_1", "amount_cents": 500, "currency": "ISK"},
            {"id": "pi_1", "amount_to_capture": 50000, "expand": ["latest_charge", "payment_method"]},
        ),
        (
            "refund",
            {"payment_id": "pi_1", "amount_cents": 500, "currency": "UGX", "metadata": {"paydesk_call": "c"}},
            {
                "payment_intent": "pi_1",
                "amount": 50000,
                "metadata": {"paydesk_call": "c"},
                "expand": ["payment_intent", "payment_intent.latest_charge", "payment_intent.payment_method"],
            },
        ),
        (
            "cancel",
            {"payment_id": "pi_1", "reason": "abandoned"},
            {"id": "pi_1", "cancellation_reason": "abandoned", "expand": ["latest_charge", "payment_method"]},
        ),
        (
            "confirm",
            {"payment_id": "pi_1", "payment_method": "pm_1", "off_session": True},
            {
                "id": "pi_1",
                "payment_method": "pm_1",
                "off_session": True,
                "expand": ["latest_charge", "payment_method"],
            },
        ),
        ("unregister", {"endpoint_id": "we_1"}, {"id": "we_1"}),
        ("attach", {"payment_method_id": "pm_1", "customer": "cus_1"}, {"id": "pm_1", "customer": "cus_1"}),
        ("detach", {"payment_method_id": "pm_1"}, {"id": "pm_1"}),
    ],
)
def test_the_other_verbs(verb, ask, made):
    assert gateway.parameters(verb, ask) == made


def test_an_endpoint_is_registered_for_every_event_in_the_sdks_own_version():
    made = gateway.parameters(
        "register", {"url": "https://x/y", "gateway_id": "g", "installation": "i", "account": "acct_1"}
    )
    assert made == {
        "url": "https://x/y",
        "enabled_events": list(EVENTS),
        "api_version": API_VERSION,
        "description": "paydesk",
        "metadata": {"paydesk_gateway": "g", "paydesk_installation": "i", "paydesk_account": "acct_1"},
        "connect": True,
    }
    assert "connect" not in gateway.parameters("register", {"url": "https://x", "gateway_id": "g", "installation": "i"})
    assert len(set(EVENTS)) == len(EVENTS) == 33


def test_the_version_and_the_events_are_the_sdks():
    assert stripe.api_version == API_VERSION
    kind, module = typed_dict("webhook_endpoint_create")
    (events,) = typing.get_args(hints(kind, module)["enabled_events"])
    assert set(EVENTS) <= {event for part in typing.get_args(events) for event in typing.get_args(part) or [part]}


@pytest.mark.parametrize(
    ("verb", "ask", "problem"),
    [
        ("pay", {}, ValueError),
        ("open", {**OPEN, "confirm": True}, ValueError),
        ("open", {"amount_cents": 1, "currency": "EUR"}, KeyError),
        ("open", {**OPEN, "amount_cents": None}, KeyError),
        ("open", {**OPEN, "currency": "XXX"}, UnknownCurrency),
        ("refund", {"payment_id": "pi_1", "amount_cents": 1}, KeyError),
        ("cancel", {"payment_id": None}, KeyError),
    ],
)
def test_an_ask_of_the_wrong_shape_is_our_own_mistake(verb, ask, problem):
    with pytest.raises(problem):
        gateway.parameters(verb, ask)


def test_the_same_ask_makes_the_same_parameters():
    ask = {**OPEN, **EVERYTHING}
    assert orjson.dumps(gateway.parameters("open", ask)) == orjson.dumps(gateway.parameters("open", ask))
