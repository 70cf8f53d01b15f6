"""Random shoppers, back offices, events, faults and crashes, and after every step the rules of money.

The whole application on SQLite against the sandbox. `PAYDESK_TEST_MACHINE=500` tries 500 random walks instead of the
few that are always the same.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from paydesk import commerce
from paydesk.app import Application
from paydesk.gateways.stripe import Patience, StripeGateway
from paydesk.settings import Settings
from paydesk.store import open_database
from tests.payments.agreeing import agree, books, evidence, history_replays, hold_together, keys_are_kept, table
from tests.payments.conftest import HOST, Api, Clock, Founded, Stripe, _fill, _sandbox, document_of, furnish
from tests.payments.test_transactions_walk import ready

WALKS = int(os.environ.get("PAYDESK_TEST_MACHINE", "0"))

PATIENT = Patience(budget=20, first_pause=0.01, longest_pause=0.05, breaks_after=1000)
HASTY = Patience(budget=0.12, first_pause=0.01, longest_pause=0.05, breaks_after=1000)

PRICE = 9900

FAULTS: dict[str, dict[str, Any]] = {
    "a connection lost before": {"drop": "before"},
    "a connection lost after": {"drop": "after"},
    "half an answer": {"cut": True},
    "500 before": {"status": 500},
    "500 after": {"status": 500, "when": "after"},
    "429": {"status": 429, "retry_after": 0},
    "409": {"status": 409},
}

TROUBLE = (
    "none",
    *(f"once {name}" for name in FAULTS),
    *(f"for long {name}" for name in FAULTS),
    "asked twice at once",
    "killed before",
    "killed after",
    "killed unheard",
)
"""What goes wrong while something is asked for."""


@dataclass
class Order:
    """What the machine knows of an order: ids, and the amounts of its transactions."""

    link: dict[str, str]
    amounts: dict[str, int] = field(default_factory=dict)


@dataclass
class Shop:
    """What all walks share: a database to begin with, and an account of the sandbox."""

    folder: Path
    sandbox: str
    founded: Founded
    key: str = ""
    gateway: Any = None
    method: Any = None
    walks: int = 0
    ahead: float = 0.0
    """How far the clocks of all walks were moved: the sandbox's never goes back."""

    @property
    def template(self) -> Path:
        return self.folder / "template.sqlite3"

    def settings(self, file: Path) -> Settings:
        return Settings(
            database_url=f"sqlite:///{file}",
            data_dir=self.folder,
            stripe_api_base=self.sandbox,
            key_file=self.founded.keys,
        )


class Life:
    """One life of the application: an event loop, and everything that runs in it."""

    api: Api

    def __init__(self, shop: Shop, file: Path, clock: Clock) -> None:
        self.loop = asyncio.new_event_loop()
        self.shop, self.file, self.clock = shop, file, clock
        self.api = self.run(self._start())

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _start(self) -> Api:
        application = Application(self.shop.settings(self.file), self.clock)
        await application.start()
        parts = application.parts
        assert parts is not None, "it was started"
        await parts.recovery.stop()
        await parts.endpoints.stop()
        await parts.catching_up.stop()
        account = Stripe(self.shop.sandbox, httpx.AsyncClient(timeout=30), self.shop.key or None)
        self.gateway = StripeGateway(self.shop.sandbox, patience=PATIENT)
        parts.gateways["stripe_gateways"] = self.gateway
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url=HOST, timeout=60)
        api = Api(application, http, self.shop.founded, account)
        api.gateway, api.method = self.shop.gateway, self.shop.method
        api.token = self.shop.founded.token if self.clock.ahead < 3600 else await api.log_in()
        return api

    def stop(self) -> None:
        self.run(self._stop())
        self.loop.close()

    async def _stop(self) -> None:
        await self.api.stripe.close()
        await self.api.stripe.http.aclose()
        await self.api.app.stop()
        await self.api.http.aclose()

    def kill(self) -> None:
        """From here on nothing of it goes on: what was committed is left, and what was sent is on its way."""
        database: Any = self.api.parts.database
        database._stopping = True
        database._stop.set()
        database._wait_no_longer()
        database._committer.shutdown()
        database._checkpointer.join()
        database._connection.close()
        database._reader.close()

    def bury(self) -> None:
        """Let go of what a life that was killed still holds."""
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run(asyncio.sleep(0.01))
        self.run(self._let_go())
        self.loop.close()

    async def _let_go(self) -> None:
        await self.api.stripe.http.aclose()
        await self.api.stripe._sdk.close_async()
        await self.gateway.close()


class MoneyMachine(RuleBasedStateMachine):
    """See the module."""

    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        self.shop.walks += 1
        self.file = self.shop.folder / f"walk{self.shop.walks}.sqlite3"
        shutil.copyfile(self.shop.template, self.file)
        self.clock = Clock()
        self.clock.advance(self.shop.ahead)
        self.lives = [Life(self.shop, self.file, self.clock)]
        self.orders: list[Order] = []
        self.steps: list[str] = []
        self.failed = False

    @property
    def life(self) -> Life:
        return self.lives[-1]

    @property
    def api(self) -> Api:
        return self.life.api

    def run(self, work: Awaitable[Any]) -> Any:
        try:
            return self.life.run(work)
        except Exception as error:
            if not self.failed:
                # A walk that went wrong by chance may go well when it is tried again: this is all that is left of it.
                print("\n".join(["A walk went wrong:", *self.steps, repr(error)[:2000]]))
            self.failed = True
            raise

    def reborn(self) -> None:
        """Killed, and started again on what was left."""
        self.life.kill()
        self.lives.append(Life(self.shop, self.file, self.clock))

    # Asking the API.

    def ask(self, order: Order, method: str, path: str, body: Any, trouble: str) -> None:
        """A request and what goes wrong with it. Whatever that is, the answer is never an error of ours."""
        self.steps.append(f"{method} {path} {body and body['data'].get('attributes')}: {trouble}")
        kind, _, name = trouble.partition(" ")
        lost = kind in ("killed", "for")
        if kind == "once":
            self.run(self._faulty(1, FAULTS[name]))
        elif kind == "for":
            self.life.gateway._patience = HASTY
            self.run(self._faulty(0, FAULTS[name.removeprefix("long ")]))
        if kind == "killed" and name != "unheard":
            self.run(self._begin(method, path, body, name))
            self.reborn()
        else:
            allowed = (200, 201, 204, 404, 409, 422, 423) + ((503,) if lost or kind == "once" else ())
            self.run(self._send(2 if kind == "asked" else 1, allowed, method, path, body))
        if kind == "killed" and name == "unheard":
            self.reborn()
        self.run(self.api.stripe.mend())
        self.life.gateway._patience = PATIENT
        self.look()

    async def _faulty(self, times: int, do: dict[str, Any]) -> None:
        await self.api.stripe.faults(path="/v1/*", times=times, **do)

    async def _send(self, times: int, allowed: tuple[int, ...], method: str, path: str, body: Any) -> None:
        answers = await asyncio.gather(*(self.api.send(method, path, body) for _ in range(times)))
        for answer in answers:
            self.steps[-1] += f" -> {answer.status}"
            assert answer.status in allowed, (answer.status, answer.raw)

    async def _begin(self, method: str, path: str, body: Any, when: str) -> None:
        """Ask, and come back while Stripe is at it, or when nothing was asked of Stripe."""
        await self.api.stripe.faults(path="/v1/*", delay_ms=80, when=when)
        asking = asyncio.ensure_future(self.api.send(method, path, body))
        while not asking.done():
            faults = (await self.api.stripe.control("GET", "faults"))["data"]
            if not any(one["id"] in self.api.stripe._faults for one in faults):
                break
            await asyncio.sleep(0.002)

    def change(self, order: Order, link: dict[str, str], attributes: dict[str, Any], trouble: str) -> None:
        body = document_of(link["type"], link["id"], attributes, {})
        self.ask(order, "PATCH", f"{link['type']}/{link['id']}", body, trouble)

    # Looking.

    def look(self) -> None:
        self.run(self._looked())

    async def _looked(self) -> None:
        ours = await books(self.api.parts.database)
        for order in self.orders:
            hold_together(ours, order.link["id"], order.amounts)

    def rows(self, name: str, *columns: str, **where: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.run(table(self.api.parts.database, name, *columns, **where))
        return found

    def payments(self, order: Order) -> list[dict[str, Any]]:
        return sorted(
            self.rows("stripe_payments", "id", "stripe_id", "created_at", order_id=order.link["id"]),
            key=lambda one: (one["created_at"], one["id"]),
        )

    def transactions(self, order: Order, kind: str) -> list[dict[str, str]]:
        found = self.rows("transactions", "id", "number", order_id=order.link["id"], type=kind, succeeded=True)
        return [{"type": kind, "id": one["id"]} for one in sorted(found, key=lambda one: str(one["number"]))]

    # The walk.

    @initialize()
    def an_order(self) -> None:
        made = self.run(ready(self.api, PRICE))
        self.orders.append(Order(made.link))
        self.look()

    @rule()
    @precondition(lambda self: len(self.orders) < 2)
    def another_order(self) -> None:
        self.an_order()

    at = st.integers(0, 1)
    trouble = st.sampled_from(TROUBLE)

    def order_at(self, at: int) -> Order:
        return self.orders[at % len(self.orders)]

    @rule(at=at, trouble=trouble, method=st.sampled_from([None, "pm_card_visa", "pm_card_chargeDeclined"]))
    def a_payment_is_made(self, at: int, trouble: str, method: str | None) -> None:
        order = self.order_at(at)
        attributes = {"options": {"payment_method": method}} if method else {}
        body = document_of("stripe_payments", None, attributes, {"order": order.link})
        self.ask(order, "POST", "stripe_payments", body, trouble)

    @rule(
        at=at,
        which=st.integers(0, 3),
        card=st.sampled_from(
            ["pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"]
        ),
    )
    def the_shopper_confirms(self, at: int, which: int, card: str) -> None:
        self.at_stripe(f"confirm {card}", at, which, lambda intent: self.api.stripe.confirm(intent, card))

    @rule(at=at, which=st.integers(0, 3), cents=st.sampled_from([None, PRICE // 2, 1]))
    def captured_in_the_dashboard(self, at: int, which: int, cents: int | None) -> None:
        given = {"amount_to_capture": cents} if cents else {}
        self.at_stripe(
            f"capture {given}", at, which, lambda one: self.api.stripe.v1.payment_intents.capture_async(one, given)
        )

    @rule(at=at, which=st.integers(0, 3), cents=st.sampled_from([None, PRICE // 3]))
    def refunded_in_the_dashboard(self, at: int, which: int, cents: int | None) -> None:
        given = {"amount": cents} if cents else {}
        refund = self.api.stripe.v1.refunds.create_async
        self.at_stripe(f"refund {given}", at, which, lambda one: refund({"payment_intent": one, **given}))

    @rule(at=at, which=st.integers(0, 3))
    def canceled_in_the_dashboard(self, at: int, which: int) -> None:
        self.at_stripe("cancel", at, which, lambda one: self.api.stripe.v1.payment_intents.cancel_async(one))

    def at_stripe(self, what: str, at: int, which: int, act: Callable[[str], Awaitable[Any]]) -> None:
        """Somebody does something at Stripe itself; what Stripe does not allow is not done."""
        payments = self.payments(self.order_at(at))
        if payments:
            self.steps.append(f"at stripe: {what} {payments[-1 - which % len(payments)]['id']}")
            with contextlib.suppress(stripe.InvalidRequestError, stripe.CardError):
                self.life.run(act(payments[-1 - which % len(payments)]["stripe_id"]))

    @rule(at=at, cents=st.sampled_from([100, 2500]))
    def the_cart_changes(self, at: int, cents: int) -> None:
        order = self.order_at(at)
        given = {"name": "One more", "quantity": 1, "unit_amount_cents": cents}
        self.ask(order, "POST", "line_items", document_of("line_items", None, given, {"order": order.link}), "none")

    @rule(at=at, which=st.integers(0, 3), trigger=st.sampled_from(["_update", "_refresh", "delete"]), trouble=trouble)
    def a_payment_is_changed(self, at: int, which: int, trigger: str, trouble: str) -> None:
        order, payments = self.order_at(at), self.payments(self.order_at(at))
        if payments:
            link = {"type": "stripe_payments", "id": payments[-1 - which % len(payments)]["id"]}
            if trigger == "delete":
                self.ask(order, "DELETE", f"stripe_payments/{link['id']}", None, trouble)
            else:
                self.change(order, link, {trigger: True}, trouble)

    @rule(
        at=at,
        given=st.sampled_from(
            [
                {"_place": True},
                {"_place": True, "place_async": True},
                {"_authorize": True},
                {"_authorize": True, "_authorization_amount_cents": PRICE // 2},
                {"_pending": True},
                {"_start_editing": True},
                {"_stop_editing": True},
                {"_fix_payment_source": True},
                {"_nullify_payment_source": True},
                {"_cancel": True},
            ]
        ),
        trouble=trouble,
    )
    def an_order_is_placed_or_left(self, at: int, given: dict[str, Any], trouble: str) -> None:
        order = self.order_at(at)
        self.change(order, order.link, given, trouble)

    @rule(
        at=at,
        trigger=st.sampled_from(["_approve", "_capture", "_approve_and_capture", "_refund", "_cancel"]),
        trouble=trouble,
    )
    def an_order_is_moved(self, at: int, trigger: str, trouble: str) -> None:
        order = self.order_at(at)
        self.change(order, order.link, {trigger: True}, trouble)

    @rule(
        at=at,
        which=st.integers(0, 1),
        given=st.sampled_from(
            [
                {"_capture": True},
                {"_capture": True, "_capture_amount_cents": PRICE // 2},
                {"_capture": True, "_capture_amount_cents": PRICE * 3},
                {"_void": True},
                {"_cancel": True},
            ]
        ),
        trouble=trouble,
    )
    def an_authorization_is_moved(self, at: int, which: int, given: dict[str, Any], trouble: str) -> None:
        order = self.order_at(at)
        held = self.transactions(order, "authorizations")
        if held:
            self.change(order, held[-1 - which % len(held)], given, trouble)

    @rule(
        at=at,
        which=st.integers(0, 1),
        given=st.sampled_from(
            [
                {"_refund": True},
                {"_refund": True, "_refund_amount_cents": PRICE // 3},
                {"_refund": True, "_refund_amount_cents": PRICE * 3},
                {"_cancel": True},
            ]
        ),
        trouble=trouble,
    )
    def a_capture_is_given_back(self, at: int, which: int, given: dict[str, Any], trouble: str) -> None:
        order = self.order_at(at)
        captured = self.transactions(order, "captures")
        if captured:
            self.change(order, captured[-1 - which % len(captured)], given, trouble)

    @rule(at=at, which=st.integers(0, 30), times=st.integers(1, 2))
    def an_event_comes(self, at: int, which: int, times: int) -> None:
        """Any event there ever was, as late and as often as you like."""
        intents = {one["stripe_id"] for one in self.payments(self.order_at(at))}
        events = [one for one in self.run(self.api.stripe.events()) if _about(one) in intents]
        if events:
            self.steps.append(f"event {events[-1 - which % len(events)]['type']}, {times} times")
            for _ in range(times):
                told = self.run(self.api.deliver(events[-1 - which % len(events)]))
                assert told.status_code == 200
            self.run(self.api.recover())
            self.look()

    @rule(seconds=st.sampled_from([0, 3, 61, 24 * 3600, 8 * 24 * 3600]))
    def the_background_works(self, seconds: int) -> None:
        self.steps.append(f"recover after {seconds} s")
        self.run(self._later(seconds))
        self.look()

    async def _later(self, seconds: int) -> None:
        """A round of the background, so many seconds from now, here and at Stripe."""
        if seconds:
            await self.api.stripe.control("POST", "clock", {"advance_seconds": seconds})
            self.shop.ahead += seconds
        await self.api.recover(after=seconds)

    # The end.

    def teardown(self) -> None:
        try:
            if not self.failed:
                self.run(self._ended_well())
        finally:
            for life in self.lives[:-1]:
                life.bury()
            self.life.stop()
            for file in self.shop.folder.glob(f"walk{self.shop.walks}.sqlite3*"):
                file.unlink()

    async def _healed(self) -> None:
        """All is well again, and what is owed is done."""
        api = self.api
        for _ in range(8):
            await self._later(61)
            if not await api.open_calls():
                break
        assert await api.open_calls() == []

    async def _ended_well(self) -> None:
        """Stripe's sums are ours, and no order is stuck: what is held can be taken, what was taken given back."""
        await self._settled()
        for order in self.orders:
            await self._replayed(order)
            await self._driven(order)
        await self._settled()

    async def _settled(self) -> None:
        await self._healed()
        database = self.api.parts.database
        for payment in await table(database, "stripe_payments", "id"):
            await self.api.update({"type": "stripe_payments", "id": payment["id"]}, {"_refresh": True})
        await self._healed()
        found = await evidence(database, self.api.stripe)
        for order in self.orders:
            agree(found, order.link["id"])
        keys_are_kept(found)

    async def _replayed(self, order: Order) -> None:
        await history_replays(self.api, order.link)
        for kind in ("stripe_payments", "authorizations", "captures", "voids", "refunds"):
            name = kind if kind == "stripe_payments" else "transactions"
            where = {"order_id": order.link["id"], **({} if kind == "stripe_payments" else {"type": kind})}
            for one in await table(self.api.parts.database, name, "id", **where):
                await history_replays(self.api, {"type": kind, "id": one["id"]})

    async def _driven(self, order: Order) -> None:
        """From wherever it is to its end."""
        api = self.api
        now = await api.get(order.link)
        if now["status"] in ("draft", "cancelled"):
            return
        if now["status"] == "pending" and now["payment_status"] != "authorized":
            payment = await api.payment(now)
            await api.stripe.confirm(payment["stripe_id"])
        if now["status"] == "pending":
            # Whatever went before, who pays all of it gets what was ordered.
            now = await api.update(order.link, {"_place": True})
            assert now["status"] == "placed"
        if now["status"] == "placed" and now["payment_status"] in ("authorized", "paid"):
            now = await api.update(order.link, {"_approve": True})
        if now["status"] == "approved" and now["payment_status"] == "authorized":
            now = await api.update(order.link, {"_capture": True})
            assert now["payment_status"] == "paid"
        if now["payment_status"] in ("paid", "partially_paid", "partially_refunded"):
            now = await api.update(order.link, {"_refund": True})
            await self._healed()
            now = await api.get(order.link)
            assert now["payment_status"] == "refunded"


def _about(event: dict[str, Any]) -> str | None:
    told = event["data"]["object"]
    return str(told["id"]) if told["object"] == "payment_intent" else told.get("payment_intent")


@pytest.fixture
def shop(sqlite_template: Path, founded: Founded, tmp_path: Path) -> Iterator[Shop]:
    """A furnished shop, to begin every walk with, and a sandbox whose clock may be moved."""
    commerce.registry()
    with _sandbox(tmp_path / "stripe") as sandbox:
        yield _furnished(Shop(tmp_path, sandbox, founded), sqlite_template)


def _furnished(made: Shop, sqlite_template: Path) -> Shop:
    shutil.copyfile(sqlite_template, made.template)

    async def fill() -> None:
        database = open_database(f"sqlite:///{made.template}")
        await _fill(database, made.founded.rows)
        await database.close()

    asyncio.run(fill())
    life = Life(made, made.template, Clock())
    life.run(furnish(life.api))
    made.key, made.gateway, made.method = life.api.stripe.key, life.api.gateway, life.api.method
    life.stop()
    return made


@pytest.mark.parametrize("first", range(1 if WALKS else 3))
def test_whatever_happens_money_keeps_its_rules(shop: Shop, unhurried: None, first: int) -> None:
    class Walk(MoneyMachine):
        pass

    Walk.shop = shop
    run_state_machine_as_test(
        Walk if WALKS else seed(first)(Walk),
        settings=settings(
            max_examples=WALKS or 4,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            # Made smaller it would take minutes, and much of it is chance; what a walk did is printed.
            phases=[Phase.generate],
            report_multiple_bugs=False,
        ),
    )
