"""What Stripe answers, and what the desk is told: a value, Declined, Refused or Unknown, and never anything else."""

import asyncio
import logging
import socket
import time
from types import SimpleNamespace

import pytest

from paydesk.base.money import Money
from paydesk.gateways.port.account import Credentials, Registration
from paydesk.gateways.port.problems import Declined, Refused, Unknown
from paydesk.gateways.port.snapshots import Failure
from paydesk.gateways.port.wallet import CustomerAnswer, Instrument
from paydesk.gateways.stripe import Patience, StripeGateway, lanes, requests
from paydesk.gateways.stripe.reading.events import EVENTS
from paydesk.gateways.stripe.version import API_VERSION

from .conftest import FAST
from .stub import charge, cut, drop, error, hang, intent, listing, method, raw, refund, says, together

OPEN = {"amount": 5000, "currency": "eur", "capture_method": "manual"}


async def open_(gateway, credentials, **more):
    return await gateway.perform("open", OPEN, key="k1", credentials=credentials, **more)


async def test_an_answer_becomes_a_snapshot(talking, credentials):
    gateway, stub = await talking(says(200, intent()))
    snapshot = await open_(gateway, credentials)
    assert (snapshot.payment_id, snapshot.status, snapshot.amount) == ("pi_1", "open", Money(5000, "EUR"))
    assert (snapshot.client_secret, snapshot.request_id, snapshot.replayed) == ("pi_1_secret_x", "req_1", False)
    (request,) = stub.requests
    assert (request.method, request.path) == ("POST", "/v1/payment_intents")
    assert request.fields == {"amount": "5000", "currency": "eur", "capture_method": "manual"}
    assert request.headers["authorization"] == f"Bearer {credentials.secret_key}"
    assert request.headers["idempotency-key"] == "k1"
    assert request.headers["stripe-version"] == API_VERSION
    assert "stripe-account" not in request.headers
    assert "paydesk/" in request.headers["user-agent"]
    assert "x-stripe-client-telemetry" not in request.headers


async def test_a_connected_account_is_named_in_every_call(talking, credentials):
    gateway, stub = await talking(says(200, intent()))
    connected = Credentials(credentials.secret_key, account="acct_1")
    await open_(gateway, connected)
    await gateway.read("pi_1", credentials=connected)
    assert [request.headers["stripe-account"] for request in stub.requests] == ["acct_1", "acct_1"]


@pytest.mark.parametrize(
    ("verb", "parameters", "wire"),
    [
        ("amend", {"id": "pi_1", "amount": 1}, ("POST", "/v1/payment_intents/pi_1", {"amount": "1"})),
        (
            "confirm",
            {"id": "pi_1", "off_session": True},
            ("POST", "/v1/payment_intents/pi_1/confirm", {"off_session": "true"}),
        ),
        ("cancel", {"id": "pi_1"}, ("POST", "/v1/payment_intents/pi_1/cancel", {})),
        (
            "capture",
            {"id": "pi_1", "amount_to_capture": 5, "expand": ["latest_charge"]},
            ("POST", "/v1/payment_intents/pi_1/capture", {"amount_to_capture": "5", "expand[0]": "latest_charge"}),
        ),
    ],
)
async def test_the_verbs_of_a_payment_on_the_wire(talking, credentials, verb, parameters, wire):
    gateway, stub = await talking(says(200, intent()))
    kept = dict(parameters)
    await gateway.perform(verb, parameters, key="k1", credentials=credentials)
    (request,) = stub.requests
    assert (request.method, request.path, request.fields) == wire
    assert parameters == kept


async def test_a_refund_answers_with_the_payment_and_the_refund(talking, credentials):
    whole = intent(status="succeeded", amount_received=5000)
    whole["latest_charge"] = charge(captured=True, amount_captured=5000, amount_refunded=1000)
    gateway, stub = await talking(says(200, refund(payment_intent=whole, metadata={"paydesk_call": "c"})))
    snapshot = await gateway.perform(
        "refund", {"payment_intent": "pi_1", "amount": 1000}, key="k1", credentials=credentials
    )
    assert (snapshot.status, snapshot.received, snapshot.refunded, snapshot.complete) == ("captured", 5000, 1000, False)
    (made,) = snapshot.refunds
    assert (made.refund_id, made.amount, made.status) == ("re_1", Money(1000, "EUR"), "succeeded")
    assert (made.metadata, made.charge_id) == ({"paydesk_call": "c"}, "ch_1")
    assert len(stub.requests) == 1


async def test_a_refund_that_comes_without_its_payment_is_followed_by_a_look(talking, credentials):
    whole = intent(status="succeeded", amount_received=5000)
    whole["latest_charge"] = charge(captured=True, amount_captured=5000, amount_refunded=1000)
    gateway, stub = await talking(says(200, refund()), says(200, whole), says(200, listing(refund())))
    snapshot = await gateway.perform("refund", {"payment_intent": "pi_1"}, key="k1", credentials=credentials)
    assert (snapshot.refunded, snapshot.complete, snapshot.refunds[0].refund_id) == (1000, True, "re_1")
    assert [request.path for request in stub.requests] == ["/v1/refunds", "/v1/payment_intents/pi_1", "/v1/refunds"]


async def test_a_refund_done_but_not_to_be_read_is_unknown_so_it_is_asked_again(talking, credentials):
    gateway, _ = await talking(says(200, refund()), error(404, code="resource_missing"))
    with pytest.raises(Unknown, match="done, but"):
        await gateway.perform("refund", {"payment_intent": "pi_1"}, key="k1", credentials=credentials)


async def test_a_kept_answer_is_followed_by_a_fresh_look(talking, credentials):
    gateway, stub = await talking(
        says(200, intent(), Idempotent_Replayed="true"),
        says(200, intent(status="requires_capture", amount_capturable=5000)),
    )
    snapshot = await open_(gateway, credentials)
    assert (snapshot.status, snapshot.authorized, snapshot.replayed) == ("authorized", 5000, True)
    assert [request.method for request in stub.requests] == ["POST", "GET"]


async def test_when_the_fresh_look_fails_the_kept_answer_counts(talking, credentials):
    gateway, _ = await talking(says(200, intent(), Idempotent_Replayed="true"), error(404))
    snapshot = await open_(gateway, credentials)
    assert (snapshot.status, snapshot.replayed) == ("open", True)


async def test_registering_an_endpoint(talking, credentials):
    gateway, stub = await talking(
        says(
            200,
            {
                "id": "we_1",
                "object": "webhook_endpoint",
                "url": "https://x",
                "secret": "whsec_1",
                "status": "enabled",
                "metadata": {"a": "b"},
                "api_version": API_VERSION,
                "enabled_events": list(EVENTS),
            },
        )
    )
    parameters = gateway.parameters("register", {"url": "https://x", "gateway_id": "g", "installation": "i"})
    made = await gateway.perform("register", parameters, key="k1", credentials=credentials)
    assert made == Registration(
        "we_1", "https://x", "enabled", "whsec_1", version=API_VERSION, metadata={"a": "b"}, request_id="req_1"
    )
    assert (made.hears, made.current) == (True, True)
    assert "whsec_1" not in repr(made)
    fields = stub.requests[0].fields
    assert fields["enabled_events[0]"] == "payment_intent.amount_capturable_updated"
    assert fields["metadata[paydesk_gateway]"] == "g"


async def test_an_endpoint_that_is_gone_already_is_unregistered(talking, credentials):
    gateway, stub = await talking(says(200, {"id": "we_1", "object": "webhook_endpoint", "deleted": True}), error(404))
    for _ in range(2):
        gone = await gateway.perform("unregister", {"id": "we_1"}, key="k1", credentials=credentials)
        assert (gone.endpoint_id, gone.status) == ("we_1", "deleted")
    assert [(request.method, request.path) for request in stub.requests] == [
        ("DELETE", "/v1/webhook_endpoints/we_1")
    ] * 2


async def test_customers_and_their_methods(talking, credentials):
    gateway, stub = await talking(says(200, {"id": "cus_1", "object": "customer"}), says(200, method(customer="cus_1")))
    made = await gateway.perform("create_customer", {"email": "a@b.example"}, key="k1", credentials=credentials)
    assert made == CustomerAnswer("cus_1", "req_1")
    kept = await gateway.perform("attach", {"id": "pm_1", "customer": "cus_1"}, key="k2", credentials=credentials)
    assert isinstance(kept, Instrument)
    assert (kept.payment_method_id, kept.customer, kept.fingerprint) == ("pm_1", "cus_1", "f1")
    assert kept.instrument["card_last_digits"] == "4242"
    assert await gateway.wallet.read_instrument("pm_1", credentials=credentials) == kept
    assert [request.path for request in stub.requests] == [
        "/v1/customers",
        "/v1/payment_methods/pm_1/attach",
        "/v1/payment_methods/pm_1",
    ]


async def test_a_decline_is_told_with_the_payment_it_left(talking, credentials):
    left = intent(last_payment_error={"type": "card_error", "code": "card_declined", "message": "Declined."})
    gateway, stub = await talking(
        error(
            402,
            "card_error",
            code="card_declined",
            decline_code="insufficient_funds",
            charge="ch_2",
            payment_intent=left,
        )
    )
    with pytest.raises(Declined) as caught:
        await gateway.perform("confirm", {"id": "pi_1"}, key="k1", credentials=credentials)
    assert caught.value.failure == Failure("No.", "card_declined", "insufficient_funds", "ch_2")
    assert caught.value.snapshot.status == "open"
    assert caught.value.snapshot.failure == Failure("Declined.", "card_declined")
    assert caught.value.request_id == "req_1"
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "param"),
    [
        (400, "amount_too_small", "amount"),
        (404, "resource_missing", "intent"),
        (401, None, None),
        (403, "more_permissions_required", None),
    ],
)
async def test_a_refusal_is_final(talking, credentials, status, code, param):
    gateway, stub = await talking(error(status, code=code, param=param))
    with pytest.raises(Refused) as caught:
        await open_(gateway, credentials)
    refusal = caught.value
    assert (refusal.message, refusal.code, refusal.param, refusal.http_status) == ("No.", code, param, status)
    assert refusal.unauthorized is (status in (401, 403))
    assert len(stub.requests) == 1


async def test_a_refusal_may_show_the_payment(talking, credentials):
    gateway, _ = await talking(
        error(400, code="payment_intent_unexpected_state", payment_intent=intent(status="canceled"))
    )
    with pytest.raises(Refused) as caught:
        await gateway.perform("capture", {"id": "pi_1"}, key="k1", credentials=credentials)
    assert caught.value.snapshot.status == "canceled"


async def test_one_key_with_two_sets_of_parameters_is_no_answer(talking, credentials, caplog):
    gateway, stub = await talking(error(400, "idempotency_error"))
    with pytest.raises(Refused) as caught:
        await open_(gateway, credentials)
    assert caught.value.key_is_spent
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        drop,
        cut(intent()),
        raw(b"nonsense\r\n\r\n", then=False),
        says(200, b"<html>"),
        says(200, b"[]"),
        says(200, b"\xff"),
        says(200, {"id": "pi_1"}),
        says(502, b"<html>"),
        says(404, b"<html>"),
        says(402, b"{}"),
        says(400, {"error": "text"}),
        says(400, {"error": []}),
        error(500),
        error(503),
        error(409, code="idempotency_key_in_use"),
        error(409, code="lock_timeout"),
        error(424),
        error(429, code="rate_limit"),
        error(400, code="rate_limit"),
    ],
)
async def test_what_tells_nothing_is_asked_again_under_the_same_key(talking, credentials, trouble):
    gateway, stub = await talking(trouble, trouble, says(200, intent()))
    if trouble.__name__ == "answer" and (await _is_whole(trouble)):
        return await _is_unknown_at_once(gateway, stub, credentials)
    snapshot = await open_(gateway, credentials)
    assert snapshot.payment_id == "pi_1"
    assert stub.keys == ["k1"] * 3
    assert (
        stub.requests[0].fields
        == stub.requests[2].fields
        == {"amount": "5000", "currency": "eur", "capture_method": "manual"}
    )


async def _is_whole(trouble):
    """Whether it is a 2xx with an object that is no payment: Stripe has answered, so asking again tells the same."""

    class Writer:
        data = b""

        def write(self, data):
            Writer.data = data

        async def drain(self):
            pass

    await trouble(None, Writer())
    return Writer.data.endswith(b'{"id": "pi_1"}')


async def _is_unknown_at_once(gateway, stub, credentials):
    with pytest.raises(Unknown, match="could not be read"):
        await open_(gateway, credentials)
    assert stub.keys == ["k1"]


@pytest.mark.parametrize(
    "trouble", [drop, cut(intent()), error(500), error(429, code="rate_limit"), error(409), says(200, b"<html>")]
)
async def test_when_the_time_is_up_the_outcome_is_unknown(talking, credentials, trouble):
    gateway, stub = await talking(trouble)
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials, seconds=1.5)
    assert caught.value.retry_after > 0
    assert not caught.value.unsent
    assert set(stub.keys) == {"k1"}
    assert 2 <= len(stub.requests) <= 65


async def test_an_answer_that_does_not_come_is_waited_for_only_so_long(talking, credentials):
    gateway, stub = await talking(hang)
    began = time.monotonic()
    with pytest.raises(Unknown, match="in time"):
        await open_(gateway, credentials, seconds=0.5)
    assert time.monotonic() - began > 0.2
    assert set(stub.keys) == {"k1"}


async def test_an_unknown_outcome_names_the_last_attempt_that_was_answered(talking, credentials):
    gateway, stub = await talking(error(500), hang)
    with pytest.raises(Unknown, match="in time") as caught:
        await open_(gateway, credentials, seconds=1.5)
    assert caught.value.request_id == "req_1"
    assert len(stub.requests) >= 2


async def test_a_lost_answer_is_fetched_within_the_callers_time(talking, credentials):
    patience = Patience(first_pause=0.01, longest_pause=0.05, attempt_share=0.01)
    gateway, stub = await talking(hang, says(200, intent()), patience=patience)
    assert (await open_(gateway, credentials, seconds=60.0)).payment_id == "pi_1"
    assert len(stub.keys) >= 2
    assert set(stub.keys) == {"k1"}


async def test_nobody_listening_is_unknown_yet_nothing_was_sent(credentials):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gateway = StripeGateway(f"http://127.0.0.1:{taken.getsockname()[1]}", patience=FAST)
        with pytest.raises(Unknown) as caught:
            await open_(gateway, credentials, seconds=5.0)
    assert caught.value.unsent
    await gateway.close()


async def test_one_attempt_that_may_have_got_through_is_enough_to_know_nothing(talking, credentials):
    gateway, stub = await talking(drop)

    async def then_nobody_listens():
        await stub.first.wait()
        await stub.__aexit__()

    closing = asyncio.create_task(then_nobody_listens())
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials, seconds=5.0)
    assert not caught.value.unsent
    await closing


@pytest.mark.parametrize("headers", [{"Stripe_Should_Retry": "false"}, {"Idempotent_Replayed": "true"}])
async def test_a_failure_that_stripe_keeps_is_not_asked_for_again(talking, credentials, headers):
    gateway, stub = await talking(error(500, "api_error", headers=headers))
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials)
    assert caught.value.kept
    assert len(stub.requests) == 1


async def test_a_key_that_ends_between_two_attempts_tells_nothing_of_the_first(talking, credentials):
    gateway, stub = await talking(drop, error(401, code="api_key_expired"))
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials)
    assert (caught.value.reason, caught.value.unsent, len(stub.requests)) == ("No.", False, 2)
    # What only reads has no effect to be in doubt about.
    gateway, _ = await talking(drop, error(401, code="api_key_expired"))
    with pytest.raises(Refused):
        await gateway.read("pi_1", credentials=credentials)


async def test_whose_a_key_is_is_told_where_it_may_see_that(talking, credentials):
    gateway, stub = await talking(says(200, {"id": "acct_1", "object": "account"}))
    assert await gateway.account.account_id(Credentials(credentials.secret_key, account="acct_2")) == "acct_1"
    assert (stub.requests[0].path, "stripe-account" in stub.requests[0].headers) == ("/v1/account", False)
    gateway, _ = await talking(error(403, code="more_permissions_required"))
    assert await gateway.account.account_id(credentials) is None
    gateway, _ = await talking(error(401))
    with pytest.raises(Refused):
        await gateway.account.account_id(credentials)


async def test_the_wait_that_stripe_names_is_kept(talking, credentials):
    gateway, stub = await talking(error(429, headers={"Retry_After": "0.4"}), says(200, intent()))
    began = time.monotonic()
    await open_(gateway, credentials)
    assert time.monotonic() - began >= 0.4
    assert len(stub.requests) == 2


async def test_a_wait_longer_than_the_callers_time_is_handed_on(talking, credentials):
    gateway, stub = await talking(error(429, headers={"Retry_After": "30"}))
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials, seconds=1.0)
    assert caught.value.retry_after == 30.0
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials, seconds=1.0)
    assert 0 < caught.value.retry_after <= 30
    assert caught.value.unsent
    assert len(stub.requests) == 1


async def test_after_a_429_fewer_calls_go_at_a_time(talking, credentials):
    patience = Patience(budget=5.0, first_pause=0.02, longest_pause=0.05, concurrent=8)
    gateway, stub = await talking(*[together(8, error(429))] * 8, says(200, intent()), patience=patience)
    await asyncio.gather(*(open_(gateway, credentials) for _ in range(8)))
    assert stub.most_inside == 8
    gateway2, stub2 = await talking(error(429), says(200, intent(), after=0.02), patience=patience)
    await open_(gateway2, credentials)
    await asyncio.gather(*(open_(gateway2, credentials) for _ in range(16)))
    assert stub2.most_inside <= 6


async def test_no_more_than_so_many_calls_at_once(talking, credentials):
    answer = together(3, says(200, intent(), after=0.02))
    gateway, stub = await talking(answer, patience=Patience(concurrent=3))
    await asyncio.gather(*(open_(gateway, credentials) for _ in range(20)))
    assert stub.most_inside == 3
    assert len(stub.requests) == 20


async def test_150_calls_at_once_wait_for_no_connection(talking, credentials):
    gateway, stub = await talking(together(150, says(200, intent())), patience=Patience(concurrent=200))
    await asyncio.gather(*(open_(gateway, credentials) for _ in range(150)))
    assert stub.most_inside == 150


@pytest.fixture
def pass_by(monkeypatch):
    """Moves the clock that gateways wait by: so many seconds pass at once."""
    ahead = 0.0

    def move(seconds):
        nonlocal ahead
        ahead += seconds

    for module in (lanes, requests):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + ahead))
    return move


async def test_the_breaker_opens_and_closes_by_itself(talking, credentials, pass_by):
    patience = Patience(60.0, first_pause=0.01, longest_pause=0.02, breaks_after=3, breaks_for=120, breaks_longest=300)
    gateway, stub = await talking(error(500), error(500), error(500), says(200, intent()), patience=patience)
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials)
    assert 0 < caught.value.retry_after <= 120
    assert len(stub.requests) == 3
    assert gateway.account.breakers() == {"closed": 0, "open": 1, "half-open": 0}
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials)
    assert caught.value.unsent
    assert len(stub.requests) == 3
    other = Credentials("sk_test_" + "b" * 24)
    assert (await open_(gateway, other)).payment_id == "pi_1"
    pass_by(120)
    assert gateway.account.breakers() == {"closed": 1, "open": 0, "half-open": 1}
    assert (await open_(gateway, credentials)).payment_id == "pi_1"
    assert gateway.account.breakers() == {"closed": 2, "open": 0, "half-open": 0}


async def test_half_open_lets_one_call_through_and_opens_for_longer_when_it_fails(talking, credentials, pass_by):
    patience = Patience(60.0, first_pause=0.01, longest_pause=0.02, breaks_after=2, breaks_for=120, breaks_longest=300)
    gateway, stub = await talking(error(500), error(500), error(500, after=0.1), patience=patience)
    with pytest.raises(Unknown):
        await open_(gateway, credentials)
    pass_by(120)
    outcomes = await asyncio.gather(*(open_(gateway, credentials) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, Unknown) for outcome in outcomes)
    assert sum(outcome.unsent for outcome in outcomes) == 4
    assert len(stub.requests) == 3
    with pytest.raises(Unknown) as caught:
        await open_(gateway, credentials)
    assert 120 < caught.value.retry_after <= 240


async def test_a_definite_no_does_not_open_the_breaker(talking, credentials):
    gateway, stub = await talking(error(400), patience=Patience(breaks_after=2))
    for _ in range(5):
        with pytest.raises(Refused):
            await open_(gateway, credentials)
    assert len(stub.requests) == 5
    assert gateway.account.breakers()["closed"] == 1


async def test_a_call_called_off_gives_its_place_back(talking, credentials):
    gateway, stub = await talking(hang, says(200, intent()), patience=Patience(concurrent=1))
    running = asyncio.create_task(open_(gateway, credentials))
    waiting = asyncio.create_task(open_(gateway, credentials))
    await stub.first.wait()
    for task in (running, waiting):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    third = asyncio.create_task(open_(gateway, credentials, seconds=60.0))
    assert (await third).payment_id == "pi_1"


async def test_reading_expands_the_charge_and_lists_refunds_only_of_captured_money(talking, credentials):
    gateway, stub = await talking(
        says(200, intent(status="requires_capture", amount_capturable=5000, latest_charge=charge()))
    )
    snapshot = await gateway.read("pi_1", credentials=credentials)
    assert (snapshot.authorized, snapshot.charge_id, snapshot.complete) == (5000, "ch_1", True)
    (request,) = stub.requests
    assert request.fields == {
        "expand[0]": "latest_charge",
        "expand[1]": "payment_method",
        "expand[2]": "latest_charge.balance_transaction",
    }
    assert request.headers.get("idempotency-key") is None


async def test_reading_a_captured_payment_tells_every_refund_and_dispute(talking, credentials):
    whole = intent(status="succeeded", amount_received=5000)
    whole["latest_charge"] = charge(captured=True, amount_captured=5000, amount_refunded=1000, disputed=True)
    dispute = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 5000,
        "currency": "eur",
        "status": "needs_response",
        "reason": "fraudulent",
        "created": 1790000200,
        "charge": "ch_1",
        "evidence_details": {"due_by": 1790600000},
        "is_charge_refundable": False,
        "balance_transactions": [{"amount": -5000}, {"amount": 5000}],
    }
    pages = [
        listing(
            refund(id="re_2", status="failed", failure_reason="lost_or_stolen_card", created=1790000101), more=True
        ),
        listing(refund()),
    ]
    gateway, stub = await talking(says(200, whole), *[says(200, page) for page in pages], says(200, listing(dispute)))
    snapshot = await gateway.read("pi_1", credentials=credentials)
    assert [(one.refund_id, one.status, one.failure) for one in snapshot.refunds] == [
        ("re_1", "succeeded", None),
        ("re_2", "failed", "lost_or_stolen_card"),
    ]
    assert (snapshot.refunded, snapshot.received, snapshot.disputed) == (1000, 5000, True)
    (shown,) = snapshot.disputes
    assert (shown.dispute_id, shown.amount, shown.due_by) == ("dp_1", Money(5000, "EUR"), "2026-09-28T12:53:20.000Z")
    assert (shown.funds_withdrawn, shown.funds_reinstated, shown.refundable) == (5000, 5000, False)
    assert stub.requests[2].fields == {
        "payment_intent": "pi_1",
        "limit": "100",
        "starting_after": "re_2",
        "expand[0]": "data.balance_transaction",
        "expand[1]": "data.failure_balance_transaction",
    }


async def test_a_payment_that_changes_while_it_is_read_is_read_again(talking, credentials):
    held = intent(status="requires_capture", amount_capturable=4000, amount_received=1000)
    held["latest_charge"] = charge(amount_captured=1000)
    whole = intent(status="succeeded", amount_received=3000)
    whole["latest_charge"] = charge(captured=True, amount_captured=3000, amount_refunded=2500)
    rest = refund(id="re_0", amount=2000, balance_transaction=None)
    given = refund(amount=500, created=1790000200)
    gateway, stub = await talking(*[says(200, one) for one in (held, listing(rest), whole, listing(given, rest))])
    snapshot = await gateway.read("pi_1", credentials=credentials)
    assert (snapshot.status, snapshot.received, snapshot.refunded) == ("captured", 3000, 500)
    assert [one.refund_id for one in snapshot.refunds] == ["re_1"]
    assert len(stub.requests) == 4


async def test_a_payment_that_never_agrees_with_its_refunds_is_read_a_few_times(talking, credentials):
    whole = intent(status="succeeded", amount_received=5000)
    whole["latest_charge"] = charge(captured=True, amount_captured=5000, amount_refunded=7000)
    gateway, stub = await talking(*[says(200, one) for one in (whole, listing(refund())) * 4])
    snapshot = await gateway.read("pi_1", credentials=credentials)
    assert (snapshot.received, snapshot.refunded, len(stub.requests)) == (5000, 1000, 8)


@pytest.mark.parametrize("bad", ["", "../customers", "pi 1", "pi_1?x", "pi_1/cancel", "pi_é", None, 5])
async def test_what_cannot_be_an_id_is_missing_without_asking(talking, credentials, bad):
    gateway, stub = await talking(says(200, intent()))
    with pytest.raises(Refused) as caught:
        await gateway.read(bad, credentials=credentials)
    assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)
    with pytest.raises(Refused):
        await gateway.perform("cancel", {"id": bad}, key="k", credentials=credentials)
    assert stub.requests == []


@pytest.mark.parametrize(
    ("key", "live", "code"),
    [
        ("sk_live_x", False, "livemode_mismatch"),
        ("rk_test_x", True, "livemode_mismatch"),
        ("sk test", False, None),
        ("sk\r\nX: y", False, None),
        ("", False, None),
    ],
)
async def test_a_key_of_the_other_mode_or_of_no_shape_is_never_sent(talking, key, live, code):
    gateway, stub = await talking(says(200, intent()))
    with pytest.raises(Refused) as caught:
        await open_(gateway, Credentials(key, live=live))
    assert (caught.value.code, caught.value.unauthorized) == (code, True)
    assert stub.requests == []


async def test_an_amount_stripe_cannot_move_is_not_sent(talking, credentials):
    gateway, stub = await talking(says(200, intent()))
    parameters = gateway.parameters("open", {"amount_cents": 1234, "currency": "KWD", "auto_payments": True})
    with pytest.raises(Refused, match="KWD") as caught:
        await gateway.perform("open", parameters, key="k", credentials=credentials)
    assert caught.value.param == "amount"
    assert stub.requests == []


async def test_a_payment_is_found_by_its_metadata(talking, credentials):
    mine = intent(metadata={"paydesk_call": "c'1", "x": "y"})
    gateway, stub = await talking(
        says(200, {"object": "search_result", "data": [intent(id="pi_0"), mine], "has_more": False}), says(200, mine)
    )
    found = await gateway.find({"paydesk_call": "c'1"}, credentials=credentials)
    assert found.payment_id == "pi_1"
    assert stub.requests[0].fields == {"query": "metadata['paydesk_call']:'c\\'1'", "limit": "100"}


async def test_what_the_search_does_not_know_yet_is_found_in_the_list(talking, credentials):
    mine = intent(metadata={"paydesk_call": "c1"})
    gateway, stub = await talking(
        says(200, {"object": "search_result", "data": [], "has_more": False}),
        says(200, listing(intent(id="pi_8"), intent(id="pi_9"), more=True)),
        says(200, listing(mine)),
        says(200, mine),
    )
    found = await gateway.find({"paydesk_call": "c1"}, credentials=credentials, since=1789999999.5)
    assert found.payment_id == "pi_1"
    assert stub.requests[2].fields == {"created[gte]": "1789999999", "limit": "100", "starting_after": "pi_9"}


async def test_an_account_without_search_is_gone_through(talking, credentials):
    gateway, _ = await talking(error(400), says(200, listing()))
    assert await gateway.find({"paydesk_call": "c1"}, credentials=credentials, since=1.0) is None
    gateway, _ = await talking(error(400))
    with pytest.raises(Refused):
        await gateway.find({"paydesk_call": "c1"}, credentials=credentials)


async def test_an_endpoint_is_found_by_the_gateway_it_is_for(talking, credentials):
    def endpoint(name, gateway):
        return {
            "id": name,
            "object": "webhook_endpoint",
            "url": "https://x",
            "status": "enabled",
            "metadata": {"paydesk_gateway": gateway},
        }

    gateway, _ = await talking(says(200, listing(endpoint("we_1", "a"), endpoint("we_2", "b"))))
    (found,) = await gateway.account.find_endpoints("b", credentials=credentials)
    assert (found.endpoint_id, found.secret, found.hears, found.current) == ("we_2", None, False, False)
    assert await gateway.account.find_endpoints("c", credentials=credentials) == []


def event(n):
    return {
        "id": f"evt_{n}",
        "object": "event",
        "type": "charge.updated",
        "created": 1790000000 + n,
        "livemode": False,
        "data": {"object": {"id": "ch_1", "object": "charge"}},
    }


async def test_events_are_read_on_from_a_cursor_oldest_first(talking, credentials):
    gateway, stub = await talking(says(200, listing(event(3), event(2), more=True)), says(200, listing()))
    page = await gateway.account.events_since("evt_1", since=0, credentials=credentials)
    assert ([one.event_id for one in page.events], page.cursor, page.more) == (["evt_2", "evt_3"], "evt_3", True)
    assert stub.requests[0].fields == {"ending_before": "evt_1", "limit": "100"}
    page = await gateway.account.events_since("evt_3", since=0, credentials=credentials)
    assert (page.events, page.cursor, page.more) == ((), "evt_3", False)


async def test_without_a_cursor_events_are_read_by_time(talking, credentials):
    gateway, stub = await talking(
        error(404, code="resource_missing"),
        says(200, listing(event(3), event(2), more=True)),
        says(200, listing(event(1))),
        says(200, listing()),
    )
    page = await gateway.account.events_since("evt_0", since=1790000000.7, credentials=credentials)
    assert ([one.event_id for one in page.events], page.cursor, page.more) == (
        ["evt_1", "evt_2", "evt_3"],
        "evt_3",
        False,
    )
    assert stub.requests[1].fields == {"created[gte]": "1790000000", "limit": "100"}
    page = await gateway.account.events_since(None, since=1790000000, credentials=credentials)
    assert (page.events, page.cursor, page.more) == ((), None, False)


async def test_a_full_key_is_tried_with_one_cheap_call(talking, credentials):
    gateway, stub = await talking(says(200, listing()))
    assert await gateway.account.probe(credentials) == []
    assert [(request.method, request.path) for request in stub.requests] == [("GET", "/v1/payment_intents")]
    gateway, _ = await talking(error(401))
    with pytest.raises(Refused) as caught:
        await gateway.account.probe(credentials)
    assert caught.value.http_status == 401


async def test_a_restricted_key_is_asked_for_every_right(talking):
    lacking = "Having the 'rak_refund_write' permission would allow this request to continue."
    answers = [says(200, listing()), error(400), says(200, listing())]
    answers += [says(403, {"error": {"type": "invalid_request_error", "message": lacking}})]
    answers += [says(200, listing()), error(404), says(200, listing())]
    answers += [error(403), error(404), says(200, listing()), error(400), error(403)]
    gateway, stub = await talking(*answers)
    assert await gateway.account.probe(Credentials("rk_test_" + "a" * 24)) == [
        "rak_refund_write",
        "rak_payment_method_read",
        "rak_event_read",
    ]
    assert len(stub.requests) == 12
    assert all("amount" not in request.fields and "url" not in request.fields for request in stub.requests)


async def test_every_event_loop_has_connections_of_its_own(credentials):
    """A second loop that used the first one's would see every call fail as a connection error."""
    from .stub import Stub

    gateway = StripeGateway("http://127.0.0.1:9")

    def in_a_loop_of_its_own():
        async def talk():
            async with Stub([says(200, intent())]) as stub:
                gateway.transports._make = StripeGateway(stub.base).transports._make
                try:
                    return (await open_(gateway, credentials)).payment_id
                finally:
                    await gateway.close()

        return asyncio.run(talk())

    assert await asyncio.to_thread(in_a_loop_of_its_own) == "pi_1"
    assert await asyncio.to_thread(in_a_loop_of_its_own) == "pi_1"


async def test_no_secret_gets_into_a_log_a_repr_or_an_error(talking, caplog, capfd, monkeypatch):
    monkeypatch.setenv("STRIPE_LOG", "debug")
    caplog.set_level(logging.DEBUG)
    secret = "sk_test_" + "topsecret" * 3
    credentials = Credentials(secret, webhook_secrets=("whsec_topsecret",))
    told = intent(client_secret="pi_1_secret_topsecret")
    gateway, _ = await talking(
        says(200, told), cut(told), error(500), error(402, "card_error", payment_intent=told), says(200, b"topsecret")
    )
    snapshot = await open_(gateway, credentials)
    problems = []
    for _ in range(2):
        with pytest.raises((Declined, Unknown)) as caught:
            await open_(gateway, credentials, seconds=0.5)
        problems.append(caught.value)
    assert isinstance(problems[0], Declined)
    assert isinstance(problems[1], Unknown)
    shown = [repr(credentials), repr(snapshot), repr(gateway), caplog.text, "".join(capfd.readouterr())]
    shown += [repr(problem) + str(problem) + repr(problem.__cause__) + repr(problem.__dict__) for problem in problems]
    assert all("topsecret" not in text for text in shown)


async def test_a_key_that_may_not_see_the_balance_is_asked_for_it_once(talking, credentials):
    whole = intent(status="succeeded", amount_received=5000)
    whole["latest_charge"] = charge(captured=True, amount_captured=5000, amount_refunded=1000)
    answers = [says(200, whole), error(403, code="more_permissions_required"), says(200, listing(refund()))]
    gateway, stub = await talking(*answers, says(200, whole), says(200, listing(refund())))
    for _ in range(2):
        snapshot = await gateway.read("pi_1", credentials=credentials)
        assert (snapshot.received, snapshot.refunded, snapshot.movements) == (5000, 1000, ())
    asked = [[value for name, value in one.fields.items() if "balance" in value] for one in stub.requests]
    fees = ["latest_charge.balance_transaction"], ["data.balance_transaction", "data.failure_balance_transaction"]
    assert asked == [*fees, [], [], []]
