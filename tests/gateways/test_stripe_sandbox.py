"""The adapter and the sandbox, each in a process of its own: whole payments, and every way an answer can get lost."""

import asyncio
import json
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from paydesk.base.money import Money
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.events import Forged
from paydesk.gateways.port.problems import Declined, Refused, Unknown
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.stripe import Patience, StripeGateway
from tests.processes import eventually, until

from .stub import Stub, says

QUICK = Patience(budget=60.0, first_pause=0.02, longest_pause=0.1, breaks_after=50)


class Sandbox:
    """A running sandbox and its control endpoints."""

    def __init__(self, base):
        self.base = base

    def control(self, path, given=None, method=None):
        data = None if given is None else json.dumps(given).encode()
        request = urllib.request.Request(f"{self.base}/_control/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def fault(self, do, times=1, **on):
        self.control("faults", {"on": on, "do": do, "times": times})

    def clear(self):
        self.control("faults", method="DELETE")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("sandbox")
    command = [
        sys.executable,
        "-m",
        "paydesk.sandbox",
        "--port",
        str(port),
        "--data-dir",
        str(folder),
        "--die-with-parent",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"

    def answers():
        assert process.poll() is None, (folder / "log").read_text()
        urllib.request.urlopen(f"{base}/healthz", timeout=1).close()
        return True

    until(answers)
    yield Sandbox(base)
    process.terminate()
    process.wait(60)


@pytest.fixture
async def desk(sandbox):
    """A gateway with a fresh account, and short ways to ask it."""
    gateway = StripeGateway(sandbox.base, patience=QUICK)
    yield Desk(gateway, Credentials("sk_test_" + secrets.token_hex(16)))
    sandbox.clear()
    await gateway.close()


class Desk:
    def __init__(self, gateway, credentials):
        self.gateway, self.credentials, self.keys = gateway, credentials, 0

    async def do(self, verb, key=None, seconds=None, **ask):
        self.keys += 1
        parameters = self.gateway.parameters(verb, ask)
        return await self.gateway.perform(
            verb,
            parameters,
            key=key or f"{self.credentials.secret_key[-8:]}/{self.keys}",
            credentials=self.credentials,
            seconds=seconds,
        )

    async def open(self, amount=15400, currency="EUR", **more):
        return await self.do("open", amount_cents=amount, currency=currency, auto_payments=False, **more)

    async def authorized(self, card="pm_card_visa", **more):
        opened = await self.open(**more)
        return await self.do("confirm", payment_id=opened.payment_id, payment_method=card)

    async def read(self, payment_id):
        return await self.gateway.read(payment_id, credentials=self.credentials)

    async def intents(self):
        """Every intent of the account but the one each account is born with."""
        found = [one async for one in self.gateway.requests.every("/v1/payment_intents", {}, self.credentials, None)]
        return [one for one in found if one["id"] != "pi_1234XXX"]


async def test_a_payment_from_its_opening_to_its_last_refund(desk):
    opened = await desk.open(
        metadata={"paydesk_call": "c1"},
        description="#1",
        receipt_email="a@b.example",
        shipping={"name": "Ada", "line_1": "Via 1", "country_code": "IT"},
    )
    assert (opened.status, opened.amount, opened.metadata) == ("open", Money(15400, "EUR"), {"paydesk_call": "c1"})
    assert opened.client_secret.startswith(f"{opened.payment_id}_secret_")
    amended = await desk.do(
        "amend", payment_id=opened.payment_id, amount_cents=16000, currency="EUR", receipt_email=None
    )
    assert (amended.status, amended.amount) == ("open", Money(16000, "EUR"))
    authorized = await desk.do("confirm", payment_id=opened.payment_id, payment_method="pm_card_visa")
    assert (authorized.status, authorized.authorized, authorized.charged) == ("authorized", 16000, 16000)
    assert authorized.instrument["card_type"] == "visa"
    assert authorized.capture_before > authorized.created_at
    captured = await desk.do("capture", payment_id=opened.payment_id, amount_cents=10000, currency="EUR")
    assert (captured.status, captured.received, captured.authorized, captured.refunded) == ("captured", 10000, 0, 0)
    assert (await desk.read(opened.payment_id)).refunds == ()
    refunded = await desk.do(
        "refund", payment_id=opened.payment_id, amount_cents=6000, currency="EUR", metadata={"paydesk_call": "c2"}
    )
    assert (refunded.refunded, refunded.refunds[0].metadata) == (6000, {"paydesk_call": "c2"})
    # The same amount as the rest that was released: it must not be taken for it.
    await desk.do("refund", payment_id=opened.payment_id, amount_cents=4000, currency="EUR")
    now = await desk.read(opened.payment_id)
    assert (now.received, now.refunded, [one.amount.cents for one in now.refunds]) == (10000, 10000, [6000, 4000])
    with pytest.raises(Refused):
        await desk.do("refund", payment_id=opened.payment_id, amount_cents=1, currency="EUR")


async def test_an_authorization_that_is_voided(desk):
    authorized = await desk.authorized()
    voided = await desk.do("cancel", payment_id=authorized.payment_id, reason="requested_by_customer")
    assert (voided.status, voided.authorized, voided.refunded) == ("canceled", 0, 0)
    assert (await desk.read(authorized.payment_id)).refunds == ()
    with pytest.raises(Refused) as caught:
        await desk.do("capture", payment_id=authorized.payment_id, amount_cents=15400, currency="EUR")
    assert caught.value.code == "payment_intent_unexpected_state"


async def test_an_authorization_that_runs_out(desk, sandbox):
    authorized = await desk.authorized()
    sandbox.control("clock", {"advance_seconds": 8 * 86400})
    now = await desk.read(authorized.payment_id)
    assert (now.status, now.authorized, now.refunded) == ("canceled", 0, 0)


async def test_a_declined_card_leaves_the_payment_payable(desk):
    with pytest.raises(Declined) as caught:
        await desk.authorized(card="pm_card_chargeDeclinedInsufficientFunds")
    assert (caught.value.failure.code, caught.value.failure.decline_code) == ("card_declined", "insufficient_funds")
    assert caught.value.snapshot.status == "open"
    now = await desk.read(caught.value.snapshot.payment_id)
    assert now.failure.decline_code == "insufficient_funds"
    paid = await desk.do("confirm", payment_id=now.payment_id, payment_method="pm_card_visa")
    assert (paid.status, paid.failure) == ("authorized", None)


async def test_a_refund_that_fails_later_is_seen(desk, sandbox):
    authorized = await desk.authorized(card="pm_card_refundFail")
    await desk.do("capture", payment_id=authorized.payment_id, amount_cents=15400, currency="EUR")
    done = await desk.do("refund", payment_id=authorized.payment_id, amount_cents=15400, currency="EUR")
    assert (done.refunded, done.refunds[0].status) == (15400, "succeeded")
    sandbox.control("clock", {"advance_seconds": 86400})
    now = await desk.read(authorized.payment_id)
    assert (now.refunded, now.refunds[0].status) == (0, "failed")


async def test_a_dispute_is_told_and_is_no_refund(desk):
    authorized = await desk.authorized(card="pm_card_createDispute")
    await desk.do("capture", payment_id=authorized.payment_id, amount_cents=15400, currency="EUR")
    now = await desk.read(authorized.payment_id)
    assert (now.disputed, now.refunded, now.received) == (True, 0, 15400)
    assert [(one.reason, one.amount) for one in now.disputes] == [("fraudulent", Money(15400, "EUR"))]


@pytest.mark.parametrize(
    ("currency", "cents"),
    [("ISK", 5000), ("UGX", 50000), ("JPY", 5000), ("KWD", 12340), ("HUF", 500000), ("MGA", 50000)],
)
async def test_odd_currencies_go_there_and_back(desk, currency, cents):
    authorized = await desk.authorized(amount=cents, currency=currency)
    assert (authorized.amount, authorized.authorized) == (Money(cents, currency), cents)
    captured = await desk.do("capture", payment_id=authorized.payment_id, amount_cents=cents, currency=currency)
    assert captured.received == cents
    refunded = await desk.do("refund", payment_id=authorized.payment_id, amount_cents=cents, currency=currency)
    assert (refunded.refunded, refunded.refunds[0].amount) == (cents, Money(cents, currency))


LOST = [
    {"drop": "before"},
    {"drop": "after"},
    {"cut": True},
    {"status": 500, "when": "before"},
    {"status": 503, "when": "after"},
    {"status": 429},
    {"status": 429, "retry_after": 1},
    {"status": 409},
    {"status": 424},
]


@pytest.mark.parametrize("do", LOST, ids=str)
async def test_an_answer_lost_on_the_way_opens_no_second_intent(desk, sandbox, do):
    sandbox.fault(do, times=2, method="POST", path="/v1/payment_intents")
    opened = await desk.open()
    assert isinstance(opened, Snapshot)
    (only,) = await desk.intents()
    assert (only["id"], only["amount"]) == (opened.payment_id, 15400)


@pytest.mark.parametrize("do", [{"drop": "after"}, {"cut": True}, {"status": 503, "when": "after"}], ids=str)
async def test_nothing_is_captured_or_refunded_twice(desk, sandbox, do):
    authorized = await desk.authorized()
    sandbox.fault(do, times=1, method="POST", path="/v1/payment_intents/*/capture")
    sandbox.fault(do, times=1, method="POST", path="/v1/refunds")
    captured = await desk.do("capture", payment_id=authorized.payment_id, amount_cents=15400, currency="EUR")
    assert (captured.status, captured.received) == ("captured", 15400)
    refunded = await desk.do("refund", payment_id=authorized.payment_id, amount_cents=5000, currency="EUR")
    assert refunded.refunded == 5000
    now = await desk.read(authorized.payment_id)
    assert (now.received, [one.amount.cents for one in now.refunds]) == (15400, [5000])


async def test_a_late_answer_is_fetched_under_the_same_key(desk, sandbox):
    sandbox.fault({"delay_ms": 1500, "when": "after"}, times=1, method="POST", path="/v1/payment_intents")
    hasty = StripeGateway(sandbox.base, patience=replace(QUICK, attempt_share=0.01))
    opened = await Desk(hasty, desk.credentials).open(seconds=60.0)
    await hasty.close()
    assert [one["id"] for one in await desk.intents()] == [opened.payment_id]


async def test_after_an_unknown_outcome_the_same_key_finds_what_happened(desk, sandbox):
    sandbox.fault({"drop": "after"}, times=0, method="POST", path="/v1/payment_intents")
    with pytest.raises(Unknown):
        await desk.open(key="same", seconds=0.5)
    sandbox.clear()
    (there,) = await desk.intents()
    again = await desk.open(key="same")
    assert (again.payment_id, again.replayed) == (there["id"], True)
    assert len(await desk.intents()) == 1


async def test_a_replayed_opening_shows_the_payment_as_it_is_now(desk):
    opened = await desk.open(key="once")
    await desk.do("confirm", payment_id=opened.payment_id, payment_method="pm_card_visa")
    again = await desk.open(key="once")
    assert (again.payment_id, again.status, again.authorized, again.complete) == (
        opened.payment_id,
        "authorized",
        15400,
        True,
    )


async def test_one_key_for_two_amounts_is_refused(desk, caplog):
    await desk.open(key="once")
    with pytest.raises(Refused) as caught:
        await desk.open(amount=1, key="once")
    assert caught.value.code == "idempotency_error"
    assert "two sets of parameters" in caplog.text


async def test_a_payment_is_found_by_its_metadata_or_in_the_list(desk, sandbox):
    opened = await desk.open(metadata={"paydesk_call": "it's"})
    found = await desk.gateway.find({"paydesk_call": "it's"}, credentials=desk.credentials, since=time.time() - 600)
    assert found.payment_id == opened.payment_id
    assert await desk.gateway.find({"paydesk_call": "other"}, credentials=desk.credentials) is None
    sandbox.control("search", {"lag_seconds": 3600})
    try:
        late = await desk.open(metadata={"paydesk_call": "late"})
        assert await desk.gateway.find({"paydesk_call": "late"}, credentials=desk.credentials) is None
        found = await desk.gateway.find({"paydesk_call": "late"}, credentials=desk.credentials, since=time.time() - 600)
        assert found.payment_id == late.payment_id
    finally:
        sandbox.control("search", {"lag_seconds": 0})


async def test_an_endpoint_and_the_events_it_is_told(desk):
    made = await desk.do("register", url="http://127.0.0.1:9/hook", gateway_id="g1", installation="i1")
    assert (made.status, made.secret[:6]) == ("enabled", "whsec_")
    (found,) = await desk.gateway.account.find_endpoints("g1", credentials=desk.credentials)
    assert (found.endpoint_id, found.secret, found.hears, found.current) == (made.endpoint_id, None, True, True)
    moved = await desk.do("move_endpoint", endpoint_id=made.endpoint_id, url="http://127.0.0.1:9/elsewhere")
    assert moved.url == "http://127.0.0.1:9/elsewhere"
    assert (await desk.do("unregister", endpoint_id=made.endpoint_id)).status == "deleted"
    assert (await desk.do("unregister", endpoint_id=made.endpoint_id)).status == "deleted"
    assert await desk.gateway.account.find_endpoints("g1", credentials=desk.credentials) == []


async def test_what_the_sandbox_sends_is_signed_and_names_our_call(desk):
    async with Stub([says(200, {})]) as shop:
        made = await desk.do("register", url=f"{shop.base}/hook", gateway_id="g1", installation="i1")
        opened = await desk.authorized()

        async def told():
            return len(shop.requests) >= 2

        await eventually(told)
        known = replace(desk.credentials, webhook_secrets=("whsec_older", made.secret))
        events = [
            desk.gateway.account.event(request.body, request.headers, credentials=known, now=time.time())
            for request in shop.requests
        ]
        assert {event.type for event in events} == {"charge.succeeded", "payment_intent.amount_capturable_updated"}
        assert {event.payment_id for event in events} == {opened.payment_id}
        assert all(event.key.endswith(f"/{desk.keys}") for event in events)
        with pytest.raises(Forged):
            desk.gateway.account.event(
                shop.requests[0].body + b" ", shop.requests[0].headers, credentials=known, now=time.time()
            )
        await desk.do("unregister", endpoint_id=made.endpoint_id)


async def test_events_are_caught_up_with_from_a_cursor(desk):
    first = await desk.authorized()
    page = await desk.gateway.account.events_since(None, since=0, credentials=desk.credentials)
    types = [event.type for event in page.events if event.payment_id == first.payment_id]
    assert types[0] == "payment_intent.created"
    assert "payment_intent.amount_capturable_updated" in types
    second = await desk.open()
    after = await desk.gateway.account.events_since(page.cursor, since=0, credentials=desk.credentials)
    assert [(event.type, event.payment_id) for event in after.events] == [("payment_intent.created", second.payment_id)]
    assert after.cursor == after.events[-1].event_id
    key = after.events[0].key
    assert key is not None and key.endswith(f"/{desk.keys}")
    forgotten = await desk.gateway.account.events_since("evt_0", since=0, credentials=desk.credentials)
    assert len(forgotten.events) == len(page.events) + 1


async def test_rights_that_a_restricted_key_lacks(desk, sandbox):
    key = "rk_test_" + secrets.token_hex(16)
    assert await desk.gateway.account.probe(Credentials(key)) == []
    lacking = ["rak_payment_intent_write", "rak_webhook_write"]
    sandbox.control(f"keys/{key}", {"without": lacking})
    assert await desk.gateway.account.probe(Credentials(key)) == lacking
    with pytest.raises(Refused) as caught:
        await desk.gateway.account.probe(Credentials("sk_test_wrong"))
    assert caught.value.http_status == 401


async def test_a_payment_is_read_with_what_it_moved_on_the_balance_as_far_as_the_key_may_see_that(
    desk, sandbox, caplog
):
    key = "rk_test_" + secrets.token_hex(16)
    desk.credentials = Credentials(key)
    held = await desk.authorized()
    await desk.do("capture", payment_id=held.payment_id, amount_cents=15400, currency="EUR")
    await desk.do("refund", payment_id=held.payment_id, amount_cents=400, currency="EUR")
    read = await desk.read(held.payment_id)
    assert [(one.kind, one.paid.cents, one.amount.cents, one.fee_cents, one.net_cents) for one in read.movements] == [
        ("capture", 15400, 15400, 477, 14923),
        ("refund", 400, -400, 0, -400),
    ]
    sandbox.control(f"keys/{key}", {"without": ["rak_balance_transaction_source_read"]})
    for _ in range(2):
        blind = await desk.read(held.payment_id)
        assert replace(blind, request_id=None) == replace(read, request_id=None, movements=())
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            f"stripe read: payments are read without their fees for an hour, since the key rk_test_…{key[-4:]} has no "
            "right to balance transactions (rak_balance_transaction_source_read)",
        )
    ]
    caplog.clear()
    sandbox.control(f"keys/{key}", {"without": ["rak_payment_intent_read"]})
    with pytest.raises(Refused):
        await desk.read(held.payment_id)
    (told,) = caplog.records
    assert re.fullmatch(r"stripe read: the key has no right to it \(request req_\w+\)", told.getMessage())


async def test_customers_and_saved_cards(desk):
    customer = (await desk.do("create_customer", email="a@b.example", name="Ada")).customer
    kept = await desk.do("attach", payment_method_id="pm_card_visa", customer=customer)
    assert (kept.customer, kept.instrument["card_last_digits"]) == (customer, "4242")
    opened = await desk.open(options={"customer": customer, "payment_method": kept.payment_method_id})
    assert (opened.status, opened.customer, opened.payment_method["id"]) == (
        "confirmable",
        customer,
        kept.payment_method_id,
    )
    paid = await desk.do("confirm", payment_id=opened.payment_id, off_session=True)
    assert paid.status == "authorized"
    gone = await desk.do("detach", payment_method_id=kept.payment_method_id)
    assert gone.customer is None


async def test_an_amount_below_the_least_is_refused_by_stripe(desk):
    with pytest.raises(Refused) as caught:
        await desk.open(amount=1)
    assert (caught.value.code, caught.value.http_status) == ("amount_too_small", 400)


async def test_the_intent_of_the_documented_example_is_there(desk):
    shown = await desk.read("pi_1234XXX")
    assert (shown.client_secret, shown.amount) == ("pi_1234XXX_secret_5678YYY", Money(15400, "EUR"))
    with pytest.raises(Refused) as caught:
        await desk.read("pi_nothing")
    assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)


async def test_eight_at_once_under_one_key_open_one_intent(desk):
    answers = await asyncio.gather(*(desk.open(key="same") for _ in range(8)))
    assert len({answer.payment_id for answer in answers}) == 1
    assert len(await desk.intents()) == 1
