"""Two processes on one PostgreSQL, asked for two things about one order at the same moment, for every two things.

`PAYDESK_TEST_RACES=5` runs every pair in every state of an order, five times.
"""

import asyncio
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.settings import Settings
from paydesk.store import open_database
from paydesk.store.sql.ask import Database
from tests.acts.crashes import environment_of, ready
from tests.payments.agreeing import Evidence, agree, evidence, keys_are_kept, table
from tests.payments.conftest import ADDRESS, Answer, Api, Founded, Running, Stripe, document_of, furnish
from tests.processes import free_port, group, until

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("PAYDESK_TEST_RACES", "0"))

PRICE = 5000
AT_ONCE = 6
"""Orders that are raced for at the same time: there is enough to wait for."""

STATES = ("confirmable", "authorized", "placed", "approved", "paid")
"""How far an order has come: its card given, the money held, placed, approved, the money taken."""


@dataclass
class Raced:
    """An order to race for."""

    state: str
    order: Answer
    payment: Answer
    authorization: dict[str, str] | None = None
    capture: dict[str, str] | None = None
    event: dict[str, Any] | None = None


Asking = tuple[str, str, Any]


def patch(link: Any, trigger: str, **also: Any) -> Asking | None:
    if link is None:
        return None
    given = link.link if isinstance(link, Answer) else link
    return (
        "PATCH",
        f"{given['type']}/{given['id']}",
        document_of(given["type"], given["id"], {trigger: True, **also}, {}),
    )


def creation(one: Raced) -> Asking:
    return "POST", "stripe_payments", document_of("stripe_payments", None, {}, {"order": one.order})


TRIGGERS: dict[str, tuple[tuple[str, ...], Callable[[Raced], Asking | None]]] = {
    "create": (STATES[:2], creation),
    "update": (STATES[:2], lambda one: patch(one.payment, "_update")),
    "delete": (STATES[:2], lambda one: ("DELETE", f"stripe_payments/{one.payment.id}", None)),
    "place": (STATES[:2], lambda one: patch(one.order, "_place")),
    "place later": (STATES[:2], lambda one: patch(one.order, "_place", place_async=True)),
    "authorize": (STATES[:2], lambda one: patch(one.order, "_authorize")),
    "take back": (STATES[1:2], lambda one: patch(one.authorization, "_cancel")),
    "approve": (STATES[2:3], lambda one: patch(one.order, "_approve")),
    "edit": (STATES[2:3], lambda one: patch(one.order, "_start_editing")),
    "approve and capture": (STATES[2:4], lambda one: patch(one.order, "_approve_and_capture")),
    "capture": (STATES[3:4], lambda one: patch(one.order, "_capture")),
    "capture it": (STATES[1:4], lambda one: patch(one.authorization, "_capture")),
    "void it": (STATES[1:4], lambda one: patch(one.authorization, "_void")),
    "refund it": (STATES[4:], lambda one: patch(one.capture, "_refund")),
    "refund": (STATES[4:], lambda one: patch(one.order, "_refund")),
    "cancel": (STATES, lambda one: patch(one.order, "_cancel")),
    "refresh": (STATES, lambda one: patch(one.payment, "_refresh")),
    "event": (STATES, lambda one: ("EVENT", "", one.event)),
}
"""What can be asked for, and in which states that does something."""


def races() -> Iterator[tuple[str, str, str]]:
    """Each pair in the last state in which both do something, or else in the last in which the earlier one does."""
    for one, two in itertools.combinations_with_replacement(TRIGGERS, 2):
        first, second = TRIGGERS[one][0], TRIGGERS[two][0]
        if ROUNDS:
            for state in STATES:
                if state in first or state in second:
                    yield from itertools.repeat((one, two, state), ROUNDS)
        else:
            both = [state for state in first if state in second]
            yield one, two, (both or [min(first[-1], second[-1], key=STATES.index)])[-1]


@pytest.fixture
def settings(postgresql_url: str, sandbox: str, founded: Founded, tmp_path: Path) -> Settings:
    commerce.registry()
    return Settings(
        database_url=postgresql_url, data_dir=tmp_path / "data", stripe_api_base=sandbox, key_file=founded.keys
    )


@contextmanager
def serving(settings: Settings, port: int, log: Path) -> Iterator[str]:
    """`paydesk serve` in a process of its own; gives its address."""
    environment = environment_of(settings, PAYDESK_PORT=str(port), PAYDESK_STRIPE_TIMEOUT="20")
    command = [sys.executable, "-m", "paydesk", "serve"]
    with (
        log.open("w") as said,
        subprocess.Popen(command, env=environment, start_new_session=True, stdout=said, stderr=said) as process,
    ):
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            if group(process.pid):
                os.killpg(process.pid, 9)
            process.wait(60)


@dataclass
class Nodes:
    """Two processes, and what is behind them."""

    one: Api
    two: Api
    database: Database
    logs: tuple[Path, Path]

    @property
    def said(self) -> str:
        return "\n".join(log.read_text()[-3000:] for log in self.logs)


@pytest_asyncio.fixture
async def nodes(running: Running, account: Stripe, tmp_path: Path) -> AsyncIterator[Nodes]:
    await running.fill()
    ports = (free_port(), free_port())
    logs = (tmp_path / "one.log", tmp_path / "two.log")
    with serving(running.settings, ports[0], logs[0]) as one, serving(running.settings, ports[1], logs[1]) as two:
        for port in ports:
            await asyncio.to_thread(until, lambda port=port: ready(port))
        database = open_database(running.settings.database_url)
        async with (
            httpx.AsyncClient(base_url=one, timeout=60) as first,
            httpx.AsyncClient(base_url=two, timeout=60) as second,
        ):
            apis = [Api(None, http, running.founded, account) for http in (first, second)]  # type: ignore[arg-type]
            for api in apis:
                api.token = running.founded.token
            await furnish(apis[0])
            apis[1].gateway, apis[1].method = apis[0].gateway, apis[0].method
            yield Nodes(apis[0], apis[1], database, logs)
        await database.close()


async def brought_to(nodes: Nodes, state: str, address: Answer) -> Raced:
    """An order in this state."""
    api = nodes.one
    order = await api.order(PRICE, attributes={"customer_email": "ada@example.com"})
    await api.update(order, billing_address=address)
    payment = await api.payment(order, {"options": {"payment_method": "pm_card_visa"}})
    made = Raced(state, order, payment)
    far = STATES.index(state)
    if far >= 1:
        await api.stripe.confirm(payment["stripe_id"])
        await nodes.two.update(payment, {"_refresh": True})
        made.authorization = {"type": "authorizations", "id": await only(api, order, "authorizations")}
    for at, trigger in ((2, "_place"), (3, "_approve"), (4, "_capture")):
        if far >= at:
            await nodes.two.update(order, {trigger: True})
    if far >= 4:
        made.capture = {"type": "captures", "id": await only(api, order, "captures")}
    made.event = {
        "id": f"evt_{order.id}",
        "object": "event",
        "type": "payment_intent.amount_capturable_updated",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": {"id": payment["stripe_id"], "object": "payment_intent"}},
    }
    return made


async def only(api: Api, order: Answer, kind: str) -> str:
    (one,) = (await api.get(f"orders/{order.id}/{kind}")).data
    return str(one["id"])


async def ask(api: Api, asking: Asking, secret: str, pause: float) -> tuple[int, str]:
    method, path, body = asking
    await asyncio.sleep(pause)
    if method == "EVENT":
        told = await api.deliver(body, secret=secret, at=time.time())
        return told.status_code, told.text
    answer = await api.send(method, path, body)
    return answer.status, answer.raw.decode()


async def raced(nodes: Nodes, race: tuple[str, str, str], address: Answer, secret: str, pick: random.Random) -> Any:
    """The order and what the two were told."""
    one, two, state = race
    pauses = [0.0, pick.choice((0.0, 0.0, 0.004, 0.012))]
    pick.shuffle(pauses)
    order = await brought_to(nodes, state, address)
    asked = [TRIGGERS[name][1](order) for name in (one, two)]
    told = await asyncio.gather(
        *(
            ask(api, asking, secret, pause)
            for api, asking, pause in zip((nodes.one, nodes.two), asked, pauses, strict=True)
            if asking is not None
        )
    )
    return race, order, told


@pytest.mark.parametrize("half", [0, 1])
async def test_two_processes_race_for_one_order_in_every_pair_of_triggers(
    nodes: Nodes, unhurried: None, half: int
) -> None:
    pick = random.Random(half if not ROUNDS else None)
    address = await nodes.one.create("addresses", ADDRESS)
    secret = (await nodes.one.get(nodes.one.gateway))["webhook_endpoint_secret"]
    # What takes a moment at Stripe leaves room for the other to come in between.
    for path in ("/v1/payment_intents", "/v1/refunds"):
        await nodes.one.stripe.faults(path=path, times=0, delay_ms=15)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one_of(race: tuple[str, str, str]) -> Any:
        async with gate:
            return await raced(nodes, race, address, secret, pick)

    ended = await asyncio.gather(*(one_of(race) for race in itertools.islice(races(), half, None, 2)))
    await nodes.one.stripe.mend()
    await at_rest(nodes)
    for _, order, _ in ended:
        await nodes.one.send("PATCH", f"stripe_payments/{order.payment.id}", refreshing(order.payment))
    await at_rest(nodes)
    found = await evidence(nodes.database, nodes.one.stripe)
    wrong = [one for one in (judged(found, *each) for each in ended) if one]
    assert wrong == [], nodes.said
    keys_are_kept(found)


def refreshing(payment: Answer) -> Any:
    return document_of("stripe_payments", payment.id, {"_refresh": True}, {})


def judged(found: Evidence, race: tuple[str, str, str], order: Raced, told: list[tuple[int, str]]) -> str | None:
    """What is wrong with how a race ended, None when nothing is."""
    said = f"{race}: {[(status, text[:300]) for status, text in told]}"
    if not {status for status, _ in told} <= {200, 201, 204, 404, 409, 422, 423}:
        return said
    try:
        agree(found, order.order.id)
        ended_whole(found.orders[order.order.id])
    except AssertionError as error:
        return f"{said}: {error}"
    return None


def ended_whole(order: dict[str, Any]) -> None:
    """No money is left with an order that is cancelled, and none is missing where one was placed."""
    if order["status"] == "cancelled":
        assert order["captured_cents"] == order["refunded_cents"], order
        assert order["captured_cents"] or order["authorized_cents"] == order["voided_cents"], order
    if order["status"] in ("placed", "approved"):
        assert order["authorized_cents"] == PRICE, order


async def at_rest(nodes: Nodes) -> None:
    """Nothing is open and every event was worked, but those of payments that were deleted: they are parked for long."""
    fewest, since = 10**6, time.monotonic()
    while True:
        left = await table(nodes.database, "gateway_calls", "kind", state="open")
        known = {one["stripe_id"] for one in await table(nodes.database, "stripe_payments", "stripe_id")}
        events = await table(nodes.database, "gateway_events", "type", "payment_id", worked_at=None)
        waiting = [one for one in events if one["payment_id"] in known]
        if not left and not waiting:
            return
        if len(left) + len(waiting) < fewest:
            fewest, since = len(left) + len(waiting), time.monotonic()
        assert time.monotonic() - since < 60, (left, waiting, nodes.said)
        await asyncio.sleep(0.1)
