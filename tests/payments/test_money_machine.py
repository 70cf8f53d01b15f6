"""Random shoppers, back offices, dashboards, events, faults, crashes and pauses, and after every step money's rules.

The whole application on both databases against the sandbox: an organization with two markets of two currencies, two
Stripe gateways of one key and wire transfers, and a second organization on the same Stripe account. The walks are
always the same; `PAYDESK_TEST_MACHINE=500` takes 500 others on each database. Rules and faults that came seldom come
sooner, and one that never came fails the test.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from paydesk import commerce
from tests.acts.stocked import counted
from tests.payments.agreeing import (
    agree,
    books,
    costs_what_its_lines_cost,
    evidence,
    history_replays,
    hold_together,
    keys_are_kept,
    one_payment_pays_one_order,
    stock_adds_up,
    stock_left,
    summed,
    table,
)
from tests.payments.conftest import ADDRESS, Api, Clock, Founded, _sandbox, document_of
from tests.payments.machine import (
    FAULTS,
    HASTY,
    PATIENT,
    QUIET,
    RULES,
    TROUBLE,
    Answer,
    Ground,
    Life,
    Order,
    Rule,
    Tally,
    rule,
)

pytestmark = pytest.mark.slow

WALKS = int(os.environ.get("PAYDESK_TEST_MACHINE", "0"))
FIXED = 4
STEPS = 40
RESTS = 10
"""After so many steps everything comes to rest, and what Stripe has is compared with what we have."""
PRICE = 9900
PIECES = 3
"""How many of the goods lie at each of two places, at first."""

WAYS: dict[str, tuple[str, ...]] = {
    "": (),
    "opened": ("opened",),
    "with a card": ("carded",),
    "paid": ("paid",),
    "paid and captured": ("paid", "captured"),
    "placed": ("paid", "_place"),
    "editing": ("paid", "_place", "_start_editing"),
    "approved": ("paid", "_place", "_approve"),
    "captured": ("paid", "_place", "_approve", "_capture"),
}
"""How far orders have come when a walk meets them."""

UNPLACED = ("draft", "pending", "placing")
EDITABLE = (*UNPLACED, "editing")
SERVERS = ("payment_methods", "shipments")
HELD = ("authorized", "partially_authorized")
PASSWORD = "correct horse"
ASKED_AGAIN = "asked again for what was not answered"


class Walk:
    """One walk: a fresh database, a fresh Stripe account, and what is known of what was made."""

    def __init__(self, ground: Ground, tally: Tally, sandbox: str, ahead: float, seed: str) -> None:
        self.ground, self.tally, self.sandbox = ground, tally, sandbox
        self.chance = random.Random(seed)
        self.clock = Clock()
        self.clock.advance(ahead)
        self.signed_in_at = ahead
        self.steps: list[str] = [f"walk {seed} on {ground.name}"]
        self.orders: list[Order] = []
        self.delivered: set[str] = set()
        self.ways: Counter[str] = Counter()
        self.forced: str | None = None
        """What goes wrong with the next request, where that is not left to chance."""
        self.url = ground.begin()
        self.key: str | None = None
        self.lives: list[Life] = []
        self.live()
        self.key = self.api.stripe.key
        self.run(self._furnished())

    # Lives.

    @property
    def life(self) -> Life:
        return self.lives[-1]

    @property
    def api(self) -> Api:
        return self.life.api

    def run(self, work: Awaitable[Any]) -> Any:
        return self.life.run(work)

    def live(self) -> None:
        """Another process begins its work on this database."""
        self.lives.append(Life(self.ground, self.url, self.clock, self.sandbox, self.key))

    def reborn(self) -> None:
        """Killed, and started again on what was left."""
        self.life.kill()
        self.live()

    async def _furnished(self) -> None:
        api = self.api
        self.tokens = {"acme": api.token, "other": await api.log_in("other/test/integration")}
        self.markets: dict[str, dict[str, dict[str, str]]] = {
            "acme": {"EUR": api.market, "USD": await api.market_in("USD")}
        }
        self.methods: dict[tuple[str, str, str], dict[str, str]] = {}
        self.sku = (await api.sku("GOODS")).link
        self.stock = [
            (await api.create("stock_items", {"quantity": PIECES}, sku=self.sku, stock_location=at)).link
            for at in await self._counted()
        ]
        self.pieces = [PIECES for _ in self.stock]
        for currency in ("EUR", "USD"):
            code = "eur" if currency == "EUR" else "m-usd"
            (prices,) = (await api.get("price_lists", f"?filter[q][code_eq]={code}")).data
            made = await api.create(
                "prices", {"amount_cents": PRICE}, sku=self.sku, price_list={"type": "price_lists", "id": prices["id"]}
            )
            self.prices = {**getattr(self, "prices", {}), currency: made.link}
            await self._taxed(currency, {"type": "price_lists", "id": prices["id"]})
            await self._sent(currency)
        manual = await api.create("manual_gateways", {"name": "By hand"})
        for name in ("card", "card beside"):
            gateway = await api.gateway_of(name=name)
            for currency in ("EUR", "USD"):
                self.methods["acme", name, currency] = (await api.method_of(gateway, currency_code=currency)).link
        self.gateway = gateway
        self.methods["acme", "card by itself", "EUR"] = (await api.method_of(gateway, auto_place=True)).link
        for currency in ("EUR", "USD"):
            method = await api.method_of(manual, payment_source_type="wire_transfers", currency_code=currency)
            self.methods["acme", "wire", currency] = method.link
        self.address = {"acme": (await api.create("addresses", ADDRESS)).link}
        ada = await api.create("customers", {"email": "ada@example.com", "password": PASSWORD})
        owner = (await api.stripe.v1.customers.create_async({})).id
        kept = await api.stripe.v1.payment_methods.attach_async("pm_card_mastercard", {"customer": owner})
        card = {"customer_token": owner, "payment_source_token": kept.id}
        wallet = self.methods["acme", "card", "EUR"]
        await api.create("customer_payment_sources", card, customer=ada, payment_method=wallet)
        self.guest = await self._guest()
        await self._furnished_beside()
        # Events come as the walk has them come: nobody listens at the shop's address, and trying takes long.
        for one in await api.stripe.endpoints():
            await api.stripe.v1.webhook_endpoints.delete_async(one.id)

    async def _counted(self) -> list[Answer]:
        """Have both markets count their stock; the locations where it lies."""
        api = self.api
        locations = await counted(api, 1, 2)
        model = {"type": "inventory_models", "id": (await api.get("inventory_models")).data[0]["id"]}
        await api.update(self.markets["acme"]["USD"], inventory_model=model)
        return locations

    async def count_anew(self, more: int) -> None:
        """Have so many pieces of the goods at each place that no order holds."""
        for at, item in enumerate(self.stock):
            (row,) = await table(self.api.parts.database, "stock_items", "reserved_quantity", id=item["id"])
            await self.api.update(item, {"quantity": row["reserved_quantity"] + more})
            self.pieces[at] = row["reserved_quantity"] + more + (await self._taken()).get(item["id"], 0)

    async def _taken(self) -> Counter[str]:
        """How many pieces of each stock item orders have taken."""
        rows = await table(self.api.parts.database, "stock_holdings", "stock_item_id", "quantity", status="taken")
        taken: Counter[str] = Counter()
        for row in rows:
            taken[row["stock_item_id"]] += row["quantity"]
        return taken

    async def _taxed(self, currency: str, prices: dict[str, str]) -> None:
        """A market is taxed by a rule of its own: prices in euros contain taxes, to those in dollars they are added."""
        calculator = await self.api.create("manual_tax_calculators", {"name": currency})
        given = {"name": currency, "tax_rate": 0.22, "payment_method_taxable": True, "freight_taxable": True}
        made = await self.api.create("tax_rules", given, manual_tax_calculator=calculator)
        self.tax_rules = {**getattr(self, "tax_rules", {}), currency: made.link}
        await self.api.update(self.markets["acme"][currency], tax_calculator=calculator)
        await self.api.update(prices, {"tax_included": currency == "EUR"})

    async def _sent(self, currency: str) -> None:
        """A market sends its goods in two ways, in one of them unless a shopper chooses."""
        self.sending: dict[str, list[dict[str, str]]] = getattr(self, "sending", {})
        self.sending[currency] = []
        for name, cents in (("Post", 500), ("Express", 1250)):
            given = {"name": name, "price_amount_cents": cents}
            made = await self.api.create("shipping_methods", given, market=self.markets["acme"][currency])
            self.sending[currency].append(made.link)
        await self.api.update(self.markets["acme"][currency], default_shipping_method=self.sending[currency][0])

    async def _furnished_beside(self) -> None:
        """The second organization, whose gateway speaks of the same Stripe account."""
        api, token = self.api, self.tokens["other"]
        self.address["other"] = (await api.create("addresses", ADDRESS, token=token)).link
        merchant = await api.create("merchants", {"name": "Brand"}, address=self.address["other"], token=token)
        given = {"name": "EUR", "code": "eur"}
        prices = await api.create("price_lists", {**given, "currency_code": "EUR"}, token=token)
        market = await api.create("markets", given, merchant=merchant, price_list=prices, token=token)
        self.markets["other"] = {"EUR": market.link}
        account = {"name": "Stripe", "login": self.key or api.stripe.key, "publishable_key": "pk_test_shop"}
        gateway = await api.create("stripe_gateways", account, token=token)
        method = {"payment_source_type": "stripe_payments", "price_amount_cents": 0, "currency_code": "EUR"}
        made = await api.create("payment_methods", method, payment_gateway=gateway, token=token)
        self.methods["other", "card", "EUR"] = made.link

    async def _guest(self) -> str:
        scope = " ".join(f"market:id:{one['id']}" for one in self.markets["acme"].values())
        token: str = await self.api.log_in("acme/test/sales_channel", scope=scope)
        return token

    # Asking the API.

    def ask(self, order: Order, method: str, path: str, body: Any = None, token: str | None = None) -> bool:
        """A request, and now and then something that goes wrong with it. Whatever that is, the answer is never an error
        of ours. Returns whether it was granted.
        """
        trouble = self.forced or QUIET
        attributes = body["data"]["attributes"] if body else {}
        asks = path.startswith("stripe_payments") or any(one.startswith("_") for one in attributes)
        if asks and self.forced is None and self.chance.random() < 0.6:
            trouble = self.tally.rarest(self.chance, list(TROUBLE), self.tally.struck)
        self.steps.append(f"  {method} {path} {attributes}: {trouble}")
        token = token or order.token
        moves = attributes.get("_refund_amount_cents") or attributes.get("_capture_amount_cents")
        before = self.run(self._moved(order)) if moves and trouble != QUIET else 0
        answers = self._troubled(trouble, method, path, body, token)
        self.run(self.api.stripe.mend())
        self.life.gateway.requests.patience = PATIENT
        if moves and trouble != QUIET and all(one.status == 503 for one in answers):
            answers += self._again(order, moves, before, method, path, body, token)
        allowed = (200, 201, 204, 401, 404, 409, 422, 423) + ((503,) if trouble != QUIET else ())
        for answer in answers:
            why = f" {answer.said}" if answer.status >= 400 else ""
            self.steps[-1] += f" -> {answer.status}{why}"
            assert answer.status in allowed, (answer.status, answer.raw)
        return any(answer.status < 300 for answer in answers)

    def _again(
        self, order: Order, moves: int, before: int, method: str, path: str, body: Any, token: str
    ) -> list[Answer]:
        """Who got no answer sends the same again, and what was asked for came about once."""
        self.tally.struck[ASKED_AGAIN] += 1
        self.run(self._later(17))
        (answer,) = self.run(self._send(1, method, path, body, token))
        if answer.status < 300:
            moved = self.run(self._moved(order)) - before
            assert moved == moves, f"{moved} was moved where {moves} was asked for"
        return [answer]

    async def _moved(self, order: Order) -> int:
        """What Stripe took and gave back of an order's payments, together."""
        found = await evidence(self.api.parts.database, self.api.stripe)
        own = {one["stripe_id"] for one in found.payments if one["order_id"] == order.link["id"]}
        given = [one for one in found.refunds if one["payment_intent"] in own and one["metadata"]]
        moved: int = sum(found.intents[one]["amount_received"] for one in own) + sum(one["amount"] for one in given)
        return moved

    def _troubled(self, trouble: str, method: str, path: str, body: Any, token: str) -> list[Answer]:
        kind, _, name = trouble.partition(" ")
        if kind in ("killed", "paused", "hung") and name != "unheard":
            return self._interrupted(kind, trouble, method, path, body, token)
        if kind == "once":
            self.run(self._faulty(1, FAULTS[name]))
        elif kind == "for":
            self.life.gateway.requests.patience = HASTY
            self.run(self._faulty(0, FAULTS[name.removeprefix("long ")]))
        answers: list[Answer] = self.run(self._send(2 if kind == "asked" else 1, method, path, body, token))
        if kind in ("once", "for"):
            self.tally.struck[trouble] += self.run(self._has_struck())
        elif kind in ("asked", "killed"):
            self.tally.struck[trouble] += 1
        if kind == "killed":
            self.reborn()
        return answers

    async def _faulty(self, times: int, do: dict[str, Any]) -> None:
        await self.api.stripe.faults(path="/v1/*", times=times, **do)

    async def _has_struck(self) -> bool:
        left = {one["id"]: one["struck"] for one in (await self.api.stripe.control("GET", "faults"))["data"]}
        return any(left.get(one, 1) for one in self.api.stripe._faults)

    async def _send(self, times: int, method: str, path: str, body: Any, token: str) -> list[Answer]:
        answers: list[Answer] = await asyncio.gather(
            *(self.api.send(method, path, body, token=token) for _ in range(times))
        )
        return answers

    def _interrupted(self, kind: str, trouble: str, method: str, path: str, body: Any, token: str) -> list[Answer]:
        """A request in the middle of which, while Stripe is asked, something befalls who asked or who answers."""
        asking, held = self.run(self._begun(method, path, body, token, trouble.rpartition(" ")[2]))
        if asking.done():
            return [asking.result()]
        self.tally.struck[trouble] += 1
        if kind == "killed":
            self.reborn()
            self.run(self._let_go(held))
        elif kind == "hung":
            asking.cancel()
            self.run(self._let_go(held))
            self.run(self._until_rest())
        else:
            before = len(self.lives)
            if self.ground.postgresql is not None:
                # The node stands still, and another one takes over what it was at.
                self.live()
            self.run(self._let_go(held))
            self.run(self._later(17))
            paused = self.lives[before - 1]
            answered: Answer = paused.run(asking)
            if paused is not self.life:
                paused.run(paused.api.parts.desk.close())
            return [answered]
        return []

    async def _begun(self, method: str, path: str, body: Any, token: str, when: str) -> tuple[Any, str]:
        """Ask, and come back while Stripe is at it, or when nothing was asked of Stripe."""
        account = self.api.stripe
        held = await account.hold(path="/v1/*", when=when)
        asking = asyncio.ensure_future(self.api.send(method, path, body, token=token))
        while not asking.done() and not await held.waiting():  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        if asking.done():
            await held.go()
        return asking, held.fault

    async def _let_go(self, fault: str) -> None:
        await self.api.stripe.http.delete(f"{self.sandbox}/_control/faults/{fault}")

    async def _until_rest(self) -> None:
        """Nobody waits for it: what goes on behind the request comes to its end."""
        behind = [task for task in asyncio.all_tasks() if "Desk." in getattr(task.get_coro(), "__qualname__", "")]
        if behind:
            await asyncio.wait(behind, timeout=30)

    def change(self, order: Order, link: dict[str, str], attributes: dict[str, Any], **related: Any) -> bool:
        body = document_of(link["type"], link["id"], attributes, related)
        return self.ask(order, "PATCH", f"{link['type']}/{link['id']}", body)

    def create(self, order: Order, kind: str, attributes: dict[str, Any], token: str | None = None) -> bool:
        return self.ask(order, "POST", kind, document_of(kind, None, attributes, {"order": order.link}), token)

    def either(self, order: Order) -> str:
        """The shop's integration, or the shopper."""
        return self.guest if order.tenant == "acme" and self.chance.random() < 0.5 else order.token

    # Looking.

    def look(self) -> None:
        """What holds at every moment."""
        found = self.run(books(self.api.parts.database))
        one_payment_pays_one_order(found)
        for order in self.orders:
            id_ = order.link["id"]
            if id_ not in found.orders:
                continue
            hold_together(found, id_, order.amounts)
            if found.orders[id_]["status"] in ("placed", "approved") and not order.is_placed:
                order.is_placed = True
                total = summed(found.of(id_))
                secured = total["authorizations"] - total["voids"] - total["refunds"]
                assert secured >= costs_what_its_lines_cost(found, id_), "placed for less than its lines"
            self._sends_what_it_charges(id_)
        self.run(
            stock_adds_up(
                self.api.parts.database, {one["id"]: n for one, n in zip(self.stock, self.pieces, strict=True)}
            )
        )

    def _sends_what_it_charges(self, order_id: str) -> None:
        """What is placed is sent by a way that is charged; what is cancelled is not sent, and what is fulfilled was."""
        (order,) = self.rows("orders", "id", "status", "fulfillment_status", id=order_id)
        rows = self.rows("shipments", "id", "status", "shipping_method_id", order_id=order_id)
        left = [one for one in rows if one["status"] not in ("shipped", "delivered", "cancelled")]
        if order["status"] in ("placed", "approved"):
            charged = {one["item_id"] for one in self.rows("line_items", "id", "item_id", order_id=order_id)}
            assert all(one["shipping_method_id"] and one["id"] in charged for one in rows), rows
            assert all(one["status"] != "draft" for one in rows), rows
        assert not left or order["status"] != "cancelled", (order, rows)
        assert not left or order["fulfillment_status"] != "fulfilled", (order, rows)

    def rows(self, name: str, *columns: str, **where: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.run(table(self.api.parts.database, name, *columns, **where))
        return found

    def row(self, order: Order) -> dict[str, Any]:
        """How an order stands; an empty row when it is gone."""
        names = ("status", "payment_status", "payment_source_id", "autorefresh", "payment_method_id", "currency_code")
        found = self.rows("orders", "id", *names, id=order.link["id"])
        methods = {link["id"]: name for (_, name, _), link in self.methods.items()}
        return (
            {**found[0], "method": methods.get(found[0]["payment_method_id"]), "tenant": order.tenant} if found else {}
        )

    def payments(self, order: Order) -> list[dict[str, Any]]:
        """An order's payments, the newest last."""
        found = self.rows(
            "stripe_payments", "id", "stripe_id", "client_secret", "created_at", order_id=order.link["id"]
        )
        return sorted(found, key=lambda one: (one["created_at"], one["id"]))

    def transactions(self, order: Order, kind: str) -> list[dict[str, str]]:
        found = self.rows("transactions", "id", "number", order_id=order.link["id"], type=kind, succeeded=True)
        return [{"type": kind, "id": one["id"]} for one in sorted(found, key=lambda one: str(one["number"]))]

    def lines(self, order: Order) -> list[dict[str, str]]:
        return self.lines_of(self.rows("line_items", "id", "item_type", order_id=order.link["id"]))

    @staticmethod
    def lines_of(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
        """Lines that somebody put in; what paying and sending cost is the server's."""
        return [{"type": "line_items", "id": one["id"]} for one in rows if one["item_type"] not in SERVERS]

    # Walking.

    def walk(self, steps: int) -> None:
        self.a_new_order("acme", "card")
        self.look()
        for number in range(1, steps + 1):
            self.step()
            self.look()
            if number % RESTS == 0:
                self.steps.append("everything comes to rest")
                self.run(self._settled())

    def step(self) -> None:
        if len(self.orders) < 5 and self.chance.random() < 0.2:
            tenant, method, _ = self.chance.choice(sorted(self.methods))
            self.a_new_order(tenant, method)
            return
        near = [(order, self.row(order)) for order in self.orders[-3:]]
        self.orders = [order for order in self.orders if (order, {}) not in near]
        near = [(order, stands) for order, stands in near if stands]
        fresh = [
            (order, stands, one.name)
            for order, stands in near
            for one in RULES.values()
            if one.likely(stands) and not self.tally.done[one.name]
        ]
        if not near:
            self.a_new_order("acme", "card")
            return
        if fresh and self.chance.random() < 0.6:
            # What is refused again and again gives way to what was not tried yet.
            weights = [1.0 / (1 + self.tally.asked[name]) ** 2 for _, _, name in fresh]
            order, stands, name = self.chance.choices(fresh, weights)[0]
        else:
            order, stands = self.chance.choice(near)
            names = [one.name for one in RULES.values() if one.likely(stands) or self.chance.random() < 0.04]
            name = self.tally.rarest(self.chance, names, self.tally.done)
        self.act(RULES[name], order)

    def fill(self) -> None:
        """What chance left out is done on purpose: each rule on a new order, each fault with a payment that is made."""
        self.forced = QUIET
        for name in self.tally.missing():
            for way in [way for _ in range(6) for way in WAYS]:
                if self.tally.done[name] or self.tally.struck[name]:
                    break
                if name in RULES:
                    order = self.a_new_order("acme", "card", way)
                    if RULES[name].likely(self.row(order)):
                        self.act(RULES[name], order)
                elif way == "":
                    self.forced = name
                    self.create(self.a_new_order("acme", "card", way), "stripe_payments", {})
                    self.forced = QUIET
            self.look()
        for _ in range(6):
            if self.tally.struck[ASKED_AGAIN]:
                break
            order = self.a_new_order("acme", "card", "captured")
            self.look()
            self.forced = "for long a connection lost before"
            last(self, order, "captures", {"_refund": True, "_refund_amount_cents": PRICE // 3})
            self.forced = QUIET
            self.look()
        self.forced = None

    def act(self, chosen: Rule, order: Order) -> None:
        stands = self.row(order)
        self.steps.append(f"{chosen.name} ({order.link['id']} {stands['status']} {stands['payment_status']})")
        self.tally.asked[chosen.name] += 1
        self.tally.done[chosen.name] += bool(chosen.act(self, order))

    def a_new_order(self, tenant: str, method: str, way: str | None = None) -> Order:
        """An order that has come some way already."""
        currencies = sorted(currency for at, name, currency in self.methods if (at, name) == (tenant, method))
        currency = self.chance.choice(currencies)
        if way is None:
            way = self.tally.rarest(self.chance, list(WAYS), self.ways)
        self.ways[way] += 1
        self.steps.append(f"a new order of {tenant}, {method}, {currency} {way}")
        order: Order = self.run(self._a_new_order(tenant, method, currency))
        self.orders.append(order)
        self.run(self._brought(order, method, WAYS[way]))
        return order

    async def _brought(self, order: Order, method: str, way: tuple[str, ...]) -> None:
        if not way:
            return
        if method == "wire":
            way = tuple(trigger for trigger in way if trigger != "captured")
            await self.api.create("wire_transfers", order=order.link, token=order.token)
        else:
            card = {"options": {"payment_method": "pm_card_visa"}} if way == ("carded",) else {}
            payment = await self.api.create("stripe_payments", card, order=order.link, token=order.token)
            if way in (("opened",), ("carded",)):
                return
            await self.api.stripe.confirm(payment["stripe_id"])
            await self.api.update(payment, {"_refresh": True}, token=order.token)
        for trigger in way[1:]:
            if trigger == "captured":
                await self.api.stripe.v1.payment_intents.capture_async(payment["stripe_id"])
                await self.api.update(payment, {"_refresh": True}, token=order.token)
                return
            await self.api.update(order.link, {trigger: True}, token=order.token)

    async def _a_new_order(self, tenant: str, method: str, currency: str) -> Order:
        token, api = self.tokens[tenant], self.api
        made = await api.create(
            "orders",
            {"customer_email": "ada@example.com", "guest": False},
            token=token,
            market=self.markets[tenant][currency],
            payment_method=self.methods[tenant, method, currency],
            billing_address=self.address[tenant],
            shipping_address=self.address[tenant],
        )
        line: dict[str, Any] = {"name": "Line", "quantity": 1, "unit_amount_cents": PRICE}
        if tenant == "acme" and self.chance.random() < 0.6 and await stock_left(api.parts.database):
            line["sku_code"] = "GOODS"
        await api.create("line_items", line, order=made, token=token)
        if self.chance.random() < 0.25:
            await api.update(made, {"autorefresh": False}, token=token)
        return Order(made.link, tenant, token)

    async def _later(self, seconds: float) -> None:
        """A round of the background, so many seconds from now, here and at Stripe."""
        if seconds:
            await self.api.stripe.control("POST", "clock", {"advance_seconds": int(seconds)})
            await self.ground.later(self.url, seconds)
        await self.api.recover(after=seconds)
        if self.clock.ahead > self.signed_in_at + 1800:
            self.signed_in_at = self.clock.ahead
            self.api.token = await self.api.log_in()
            self.tokens = {"acme": self.api.token, "other": await self.api.log_in("other/test/integration")}
            self.guest = await self._guest()
            for order in self.orders:
                order.token = self.tokens[order.tenant]

    # The end.

    def end(self) -> None:
        """Stripe's sums are ours, and no order is stuck: what is held can be taken, what was taken given back."""
        self.run(self._settled())
        self.run(self.count_anew(1000))
        for order in list(self.orders):
            if self.row(order):
                if order in self.orders[:2]:
                    self.run(self._replayed(order))
                self.run(self._driven(order))
        self.run(self._settled())
        self.look()
        events = {one["id"] for one in self.run(self.api.stripe.events())}
        self.tally.struck["a webhook lost"] += len(events - self.delivered)

    def leave(self) -> None:
        for life in self.lives[:-1]:
            life.bury()
        self.life.stop()
        self.ground.end()

    async def _healed(self) -> None:
        """All is well again, and what is owed is done."""
        for _ in range(8):
            await self._later(61)
            if not await self.api.open_calls():
                break
        assert await self.api.open_calls() == []

    async def _settled(self) -> None:
        await self._healed()
        database = self.api.parts.database
        for payment in await table(database, "stripe_payments", "id", "tenant"):
            link = {"type": "stripe_payments", "id": payment["id"]}
            await self.api.update(link, {"_refresh": True}, token=self._token_of(payment["tenant"]))
        await self._healed()
        found = await evidence(database, self.api.stripe)
        one_payment_pays_one_order(found)
        for order in self.orders:
            if order.link["id"] in found.orders:
                agree(found, order.link["id"])
        for intent in found.intents.values():
            names = intent["metadata"].get("order_id")
            assert not names or names in found.orders or intent["status"] == "canceled", f"no order has {intent['id']}"
        keys_are_kept(found)

    def _token_of(self, tenant: str) -> str:
        return next(self.tokens[name] for name in self.tokens if self._tenant(name) == tenant)

    def _tenant(self, name: str) -> str:
        uid = self.ground.founded.applications[f"{name}/test/integration"].client_id
        return str(next(row["tenant"] for row in self.ground.founded.rows["applications"] if row["uid"] == uid))

    async def _replayed(self, order: Order) -> None:
        api = self.api
        kept, api.token = api.token, order.token
        await history_replays(api, order.link)
        for kind in ("stripe_payments", "authorizations", "captures", "voids", "refunds"):
            name = kind if kind == "stripe_payments" else "transactions"
            where = {"order_id": order.link["id"], **({} if kind == "stripe_payments" else {"type": kind})}
            for one in await table(api.parts.database, name, "id", **where):
                await history_replays(api, {"type": kind, "id": one["id"]})
        api.token = kept

    async def _driven(self, order: Order) -> None:
        """From wherever it is to its end."""
        api, token = self.api, order.token
        now = await api.get(order.link, token=token)
        self.steps.append(f"driven: {order.link['id']} {now['status']} {now['payment_status']}")
        if now["status"] in ("draft", "cancelled"):
            return
        if now["status"] in ("pending", "placing"):
            now = await self._placed(order, now)
        if now["status"] == "editing":
            now = await self._edited(order)
        if now["status"] == "placed" and now["payment_status"] in ("authorized", "paid", "free"):
            now = await api.update(order.link, {"_approve": True}, token=token)
        if now["status"] == "approved" and now["payment_status"] == "authorized":
            now = await api.update(order.link, {"_capture": True}, token=token)
            assert now["payment_status"] == "paid"
        if now["payment_status"] in ("paid", "partially_paid", "partially_refunded"):
            # Of what is captured in parts nothing can be given back before the rest is let go; what nobody needs is let
            # go by itself.
            await self._healed()
            for one in (await api.get(f"orders/{order.link['id']}/authorizations", token=token)).data:
                if one["attributes"]["capture_balance_cents"] and one["attributes"]["succeeded"]:
                    await api.update({"type": "authorizations", "id": one["id"]}, {"_void": True}, token=token)
            now = await api.update(order.link, {"_refund": True}, token=token)
            await self._healed()
            now = await api.get(order.link, token=token)
            assert now["payment_status"] == "refunded"

    async def _placed(self, order: Order, now: Answer) -> Answer:
        """Whatever went before, who pays all of it gets what was ordered."""
        api, token = self.api, order.token
        if not await self._has_lines(order):
            return now  # All its lines were taken out.
        now = await api.update(order.link, {"_refresh": True}, token=token)
        method = next(name for name in ("card", "wire") if (order.tenant, name, now["currency_code"]) in self.methods)
        if now["payment_status"] != "authorized" or now["status"] == "placing":
            now = await api.update(
                order.link,
                {"autorefresh": True},
                payment_method=self.methods[order.tenant, method, now["currency_code"]],
                token=token,
            )
            payment = await api.create("stripe_payments", order=order.link, token=token)
            await api.stripe.confirm(payment["stripe_id"])
        now = await api.update(order.link, {"place_async": False, "_place": True}, token=token)
        assert now["status"] == "placed"
        return now

    async def _has_lines(self, order: Order) -> bool:
        rows = await table(self.api.parts.database, "line_items", "id", "item_type", order_id=order.link["id"])
        return bool(self.lines_of(rows))

    async def _edited(self, order: Order) -> Answer:
        """Editing ends where the order comes to no more than was paid."""
        api, token = self.api, order.token
        now = await api.get(order.link, token=token)
        if not await self._has_lines(order):
            return await api.update(order.link, {"_cancel": True}, token=token)
        if now["total_amount_with_taxes_cents"] > now["place_total_amount_cents"]:
            (first, *more) = [
                one
                for one in await table(api.parts.database, "line_items", "id", "item_type", order_id=order.link["id"])
                if one["item_type"] not in SERVERS
            ]
            for one in more:
                await api.delete({"type": "line_items", "id": one["id"]}, token=token)
            await api.update({"type": "line_items", "id": first["id"]}, {"quantity": 1}, token=token)
            now = await api.get(order.link, token=token)
        covered = now["payment_status"] in ("authorized", "paid", "free")
        if covered and now["total_amount_with_taxes_cents"] <= now["place_total_amount_cents"]:
            document = document_of("orders", order.link["id"], {"_stop_editing": True}, {})
            over = await api.send("PATCH", f"orders/{order.link['id']}", document, token=token)
            if over.status == 200:
                return over
            # A price went up meanwhile, which ending it has just found out.
            assert over.said == [("/data/attributes/total_amount_with_taxes_cents", "less_than_or_equal_to")], over.raw
        return await api.update(order.link, {"_cancel": True}, token=token)


# What somebody does.


def unplaced(stands: dict[str, Any]) -> bool:
    return stands["status"] in UNPLACED


def editable(stands: dict[str, Any]) -> bool:
    return stands["status"] in EDITABLE


def by_card(stands: dict[str, Any]) -> bool:
    return unplaced(stands) and "card" in (stands["method"] or "")


def has_source(stands: dict[str, Any]) -> bool:
    return bool(stands["payment_source_id"])


def is_opened(stands: dict[str, Any]) -> bool:
    """A payment of it may wait for the shopper."""
    return unplaced(stands) and has_source(stands) and stands["payment_status"] == "unpaid"


PARTS = {"payment_method_options": {"card": {"request_multicapture": "if_available"}}}

PAYMENTS: dict[str, dict[str, Any]] = {
    "a payment is made": {},
    "a payment is made with a card": {"payment_method": "pm_card_visa"},
    "a payment is made with a card that is declined": {"payment_method": "pm_card_chargeDeclined"},
    "a payment is made to be captured in parts": {"payment_method": "pm_card_visa", **PARTS},
}

for name, options in PAYMENTS.items():

    @rule(name, by_card)
    def a_payment_is_made(walk: Walk, order: Order, options: dict[str, Any] = options) -> bool:
        token = None if "payment_method_options" in options else walk.either(order)
        return walk.create(order, "stripe_payments", {"options": options} if options else {}, token)


@rule("an intent is brought along", by_card)
def an_intent_is_brought_along(walk: Walk, order: Order) -> bool:
    now = walk.run(walk.api.get(order.link, token=order.token))
    given = {
        "amount": now["total_amount_with_taxes_cents"] or PRICE,
        "currency": now["currency_code"].lower(),
        "capture_method": "manual",
        "allowed_payment_method_types": ["card"],
    }
    intent = walk.run(walk.api.stripe.v1.payment_intents.create_async(given))
    return walk.create(order, "stripe_payments", {"stripe_id": intent.id, "client_secret": intent.client_secret})


@rule("the payment of another order is brought along", by_card)
def the_payment_of_another_order_is_brought_along(walk: Walk, order: Order) -> bool:
    """Of either organization, through either gateway: it is the other order's."""
    others = [one for other in walk.orders if other is not order for one in walk.payments(other)]
    if not others:
        return False
    chosen = walk.chance.choice(others)
    given = {"stripe_id": chosen["stripe_id"], "client_secret": chosen["client_secret"]}
    assert not walk.create(order, "stripe_payments", given), "one payment pays one order"
    return True


@rule("an order is deleted", lambda stands: stands["status"] in ("draft", "pending"))
def an_order_is_deleted(walk: Walk, order: Order) -> bool:
    return len(walk.orders) > 1 and walk.ask(order, "DELETE", f"orders/{order.link['id']}")


@rule("a wire transfer is promised", lambda stands: unplaced(stands) and stands["tenant"] == "acme")
def a_wire_transfer_is_promised(walk: Walk, order: Order) -> bool:
    method = walk.methods["acme", "wire", walk.row(order)["currency_code"]] if order.tenant == "acme" else None
    return walk.change(order, order.link, {}, payment_method=method) and walk.create(
        order, "wire_transfers", {}, walk.either(order)
    )


def at_stripe(walk: Walk, order: Order, act: Callable[[Any, str], Awaitable[Any]]) -> bool:
    """Somebody does something at Stripe itself; what Stripe does not allow is not done."""
    payments = walk.payments(order)
    if not payments:
        return False
    chosen = payments[-1] if walk.chance.random() < 0.7 else walk.chance.choice(payments)
    walk.steps[-1] += f" of {chosen['id']}"
    with contextlib.suppress(stripe.InvalidRequestError, stripe.CardError):
        walk.run(act(walk.api.stripe, chosen["stripe_id"]))
        return True
    return False


for card in ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"):

    @rule(f"the shopper confirms with {card}", is_opened)
    def the_shopper_confirms(walk: Walk, order: Order, card: str = card) -> bool:
        confirmed = at_stripe(walk, order, lambda account, intent: account.confirm(intent, card))
        return confirmed or "Declined" in card


for name, given in {"captured": {}, "captured in part": {"amount_to_capture": PRICE // 2}}.items():

    @rule(f"{name} in the dashboard", lambda stands: stands["payment_status"] in HELD)
    def captured_in_the_dashboard(walk: Walk, order: Order, given: dict[str, Any] = given) -> bool:
        return at_stripe(walk, order, lambda account, one: account.v1.payment_intents.capture_async(one, given))


for name, given in {"refunded": {}, "refunded in part": {"amount": PRICE // 3}}.items():

    @rule(f"{name} in the dashboard", lambda stands: stands["payment_status"] in ("paid", "partially_refunded"))
    def refunded_in_the_dashboard(walk: Walk, order: Order, given: dict[str, Any] = given) -> bool:
        return at_stripe(
            walk, order, lambda account, one: account.v1.refunds.create_async({"payment_intent": one, **given})
        )


@rule("canceled in the dashboard", lambda stands: stands["payment_status"] in ("unpaid", *HELD) and has_source(stands))
def canceled_in_the_dashboard(walk: Walk, order: Order) -> bool:
    return at_stripe(walk, order, lambda account, one: account.v1.payment_intents.cancel_async(one))


@rule("a line is added", editable)
def a_line_is_added(walk: Walk, order: Order) -> bool:
    given = {"name": "One more", "quantity": 1, "unit_amount_cents": walk.chance.choice([100, 2500])}
    return walk.create(order, "line_items", given)


@rule("goods are added", lambda stands: editable(stands) and stands["method"] is not None)
def goods_are_added(walk: Walk, order: Order) -> bool:
    token = walk.either(order) if walk.row(order)["status"] in ("draft", "pending") else None
    return order.tenant == "acme" and walk.create(order, "line_items", {"sku_code": "GOODS", "quantity": 2}, token)


@rule("a quantity changes", editable)
def a_quantity_changes(walk: Walk, order: Order) -> bool:
    lines = walk.lines(order)
    return bool(lines) and walk.change(order, walk.chance.choice(lines), {"quantity": walk.chance.choice([1, 2, 5])})


@rule("a line is deleted", editable)
def a_line_is_deleted(walk: Walk, order: Order) -> bool:
    lines = walk.lines(order)
    return bool(lines) and walk.ask(order, "DELETE", f"line_items/{walk.chance.choice(lines)['id']}")


@rule("stock is counted anew", lambda stands: True)
def stock_is_counted_anew(walk: Walk, order: Order) -> bool:
    walk.run(walk.count_anew(walk.chance.choice([0, 1, 3])))
    return True


TAX_RATES = {PRICE: 0.22, PRICE // 2: 0.0825, PRICE * 2: 0.0}
SENT = {PRICE: 500, PRICE // 2: 0, PRICE * 2: 777}


@rule("a price changes", lambda stands: True)
def a_price_changes(walk: Walk, order: Order) -> bool:
    """And the rate that it is taxed by, and what sending it costs."""
    currency = walk.chance.choice(["EUR", "USD"])
    cents = walk.chance.choice([PRICE, PRICE // 2, PRICE * 2])
    walk.run(walk.api.update(walk.prices[currency], {"amount_cents": cents}))
    walk.run(walk.api.update(walk.tax_rules[currency], {"tax_rate": TAX_RATES[cents]}))
    post = walk.sending[currency][0]
    walk.run(walk.api.update(post, {"price_amount_cents": SENT[cents]}))
    return True


@rule("another way to send is chosen", lambda stands: unplaced(stands) and stands["tenant"] == "acme")
def another_way_to_send_is_chosen(walk: Walk, order: Order) -> bool:
    rows = walk.rows("shipments", "id", "shipping_method_id", order_id=order.link["id"])
    if not rows and not walk.create(order, "line_items", {"sku_code": "GOODS", "quantity": 1}):
        return False
    rows = walk.rows("shipments", "id", "shipping_method_id", order_id=order.link["id"])
    ways = walk.sending[walk.row(order)["currency_code"]]
    other = [one for one in ways if rows and one["id"] != rows[0]["shipping_method_id"]]
    shipment = {"type": "shipments", "id": rows[0]["id"]} if rows else None
    return shipment is not None and walk.change(order, shipment, {}, shipping_method=walk.chance.choice(other))


@rule("a shipment goes on its way", lambda stands: stands["status"] == "approved" and stands["tenant"] == "acme")
def a_shipment_goes_on_its_way(walk: Walk, order: Order) -> bool:
    rows = walk.rows("shipments", "id", "status", order_id=order.link["id"])
    on = {"upcoming": "_picking", "picking": "_packing", "packing": "_ready_to_ship", "ready_to_ship": "_ship"}
    waiting = [one for one in rows if one["status"] in on]
    if not waiting:
        return False
    one = waiting[0]
    return walk.change(order, {"type": "shipments", "id": one["id"]}, {on[one["status"]]: True})


@rule("an order is refreshed no more", lambda stands: editable(stands) and stands["autorefresh"])
def an_order_is_refreshed_no_more(walk: Walk, order: Order) -> bool:
    return walk.change(order, order.link, {"autorefresh": False})


@rule("an order is refreshed again", lambda stands: editable(stands) and not stands["autorefresh"])
def an_order_is_refreshed_again(walk: Walk, order: Order) -> bool:
    return walk.change(order, order.link, {"autorefresh": True})


@rule("an order is paid another way", unplaced)
def an_order_is_paid_another_way(walk: Walk, order: Order) -> bool:
    currency = walk.row(order)["currency_code"]
    names = sorted(name for at, name, one in walk.methods if (at, one) == (order.tenant, currency))
    return walk.change(
        order, order.link, {}, payment_method=walk.methods[order.tenant, walk.chance.choice(names), currency]
    )


@rule("an order moves to another market", lambda stands: unplaced(stands) and stands["tenant"] == "acme")
def an_order_moves_to_another_market(walk: Walk, order: Order) -> bool:
    """With goods that both markets have: what was held stays in the currency it was."""
    for line in walk.lines(order):
        walk.ask(order, "DELETE", f"line_items/{line['id']}")
    currency = {"EUR": "USD", "USD": "EUR"}[walk.row(order)["currency_code"]]
    to = {"market": walk.markets["acme"].get(currency), "payment_method": walk.methods.get(("acme", "card", currency))}
    return walk.change(order, order.link, {}, **to) and walk.create(
        order, "line_items", {"sku_code": "GOODS", "quantity": 1}
    )


TRIGGERS: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = {
    "_place": ({"_place": True}, lambda stands: unplaced(stands) and has_source(stands)),
    "_place later": ({"_place": True, "place_async": True}, lambda stands: unplaced(stands) and has_source(stands)),
    "_authorize": ({"_authorize": True}, lambda stands: unplaced(stands) and has_source(stands)),
    "_authorize a part": (
        {"_authorize": True, "_authorization_amount_cents": PRICE // 2},
        lambda stands: unplaced(stands) and has_source(stands),
    ),
    "_pending": ({"_pending": True}, unplaced),
    "_start_editing": ({"_start_editing": True}, lambda stands: stands["status"] == "placed"),
    "_stop_editing": ({"_stop_editing": True}, lambda stands: stands["status"] == "editing"),
    "_fix_payment_source": (
        {"_fix_payment_source": True},
        lambda stands: stands["payment_status"] in HELD and unplaced(stands),
    ),
    "_nullify_payment_source": (
        {"_nullify_payment_source": True},
        lambda stands: unplaced(stands) and has_source(stands),
    ),
    "_approve": ({"_approve": True}, lambda stands: stands["status"] == "placed"),
    "_capture": ({"_capture": True}, lambda stands: stands["status"] == "approved"),
    "_approve_and_capture": ({"_approve_and_capture": True}, lambda stands: stands["status"] == "placed"),
    "_refund": ({"_refund": True}, lambda stands: "paid" in stands["payment_status"]),
    "_cancel": ({"_cancel": True}, lambda stands: stands["status"] in ("placed", "approved", "editing")),
}

for name, (given, likely) in TRIGGERS.items():

    @rule(name, likely)
    def an_order_is_moved(walk: Walk, order: Order, given: dict[str, Any] = given) -> bool:
        return walk.change(order, order.link, given)


def last(walk: Walk, order: Order, kind: str, given: dict[str, Any]) -> bool:
    """A trigger of one of an order's transactions, most often of the last."""
    found = walk.transactions(order, kind)
    if not found:
        return False
    return walk.change(order, found[-1] if walk.chance.random() < 0.7 else walk.chance.choice(found), given)


def could_be_taken(stands: dict[str, Any]) -> bool:
    return stands["payment_status"] in (*HELD, "partially_paid")


def could_be_given_back(stands: dict[str, Any]) -> bool:
    return stands["payment_status"] in ("paid", "partially_paid", "partially_refunded")


def held_unplaced(stands: dict[str, Any]) -> bool:
    return stands["status"] == "pending" and stands["payment_status"] in HELD


def taken_unplaced(stands: dict[str, Any]) -> bool:
    return stands["status"] == "pending" and could_be_given_back(stands)


MOVES: dict[str, tuple[str, dict[str, Any], Callable[[dict[str, Any]], bool]]] = {
    "an authorization is captured": ("authorizations", {"_capture": True}, could_be_taken),
    "an authorization is captured in part": (
        "authorizations",
        {"_capture": True, "_capture_amount_cents": PRICE // 3},
        could_be_taken,
    ),
    "an authorization is voided": ("authorizations", {"_void": True}, could_be_taken),
    "an authorization is taken back": ("authorizations", {"_cancel": True}, held_unplaced),
    "a capture is given back": ("captures", {"_refund": True}, could_be_given_back),
    "a capture is given back in part": (
        "captures",
        {"_refund": True, "_refund_amount_cents": PRICE // 3},
        could_be_given_back,
    ),
    "a capture is taken back": ("captures", {"_cancel": True}, taken_unplaced),
}

for name, (kind, given, likely) in MOVES.items():

    @rule(name, likely)
    def a_transaction_is_moved(walk: Walk, order: Order, kind: str = kind, given: dict[str, Any] = given) -> bool:
        return last(walk, order, kind, given)


@rule("too much is asked for", lambda stands: stands["payment_status"] in (*HELD, "paid", "partially_refunded"))
def too_much_is_asked_for(walk: Walk, order: Order) -> bool:
    kind, trigger = walk.chance.choice([("authorizations", "_capture"), ("captures", "_refund")])
    assert not last(walk, order, kind, {trigger: True, f"{trigger}_amount_cents": PRICE * 100})
    return bool(walk.transactions(order, kind))


for trigger, likely in (
    ("_update", is_opened),
    ("_refresh", has_source),
):

    @rule(f"a payment's {trigger}", likely)
    def a_payment_is_changed(walk: Walk, order: Order, trigger: str = trigger) -> bool:
        payments = walk.payments(order)
        return bool(payments) and walk.change(
            order, {"type": "stripe_payments", "id": payments[-1]["id"]}, {trigger: True}
        )


@rule(
    "a payment is deleted",
    is_opened,
)
def a_payment_is_deleted(walk: Walk, order: Order) -> bool:
    payments = walk.payments(order)
    return bool(payments) and walk.ask(order, "DELETE", f"stripe_payments/{walk.chance.choice(payments)['id']}")


@rule("a card is kept", lambda stands: stands["status"] in ("pending", "placed", "approved") and has_source(stands))
def a_card_is_kept(walk: Walk, order: Order) -> bool:
    return walk.change(order, order.link, {"_save_payment_source_to_customer_wallet": True})


@rule("a kept card is used", lambda stands: stands["status"] == "pending" and stands["tenant"] == "acme")
def a_kept_card_is_used(walk: Walk, order: Order) -> bool:
    kept = [one["id"] for one in walk.rows("customer_payment_sources", "id")]
    return bool(kept) and walk.change(order, order.link, {"_customer_payment_source_id": kept[-1]})


@rule("an event comes", has_source)
def an_event_comes(walk: Walk, order: Order) -> bool:
    """Any event there ever was, as late and as often as you like."""
    intents = {one["stripe_id"] for one in walk.payments(order)}
    events = [one for one in walk.run(walk.api.stripe.events()) if _about(one) in intents]
    if not events:
        return False
    event = events[-1] if walk.chance.random() < 0.5 else walk.chance.choice(events)
    times = walk.chance.choice([1, 2])
    walk.steps[-1] += f": {event['type']}, {times} times"
    if order.tenant == "acme":
        for _ in range(times):
            assert walk.run(walk.api.deliver(event, walk.gateway)).status_code == 200
    walk.delivered.add(event["id"])
    walk.run(walk.api.recover())
    return True


def _about(event: dict[str, Any]) -> str | None:
    told = event["data"]["object"]
    return str(told["id"]) if told["object"] == "payment_intent" else told.get("payment_intent")


for seconds in (0, 3, 61, 24 * 3600, 8 * 24 * 3600):

    @rule(f"the background works {seconds} s later", lambda stands: True)
    def the_background_works(walk: Walk, order: Order, seconds: int = seconds) -> bool:
        walk.run(walk._later(seconds))
        return True


@rule("the list of events is read", lambda stands: True)
def the_list_of_events_is_read(walk: Walk, order: Order) -> bool:
    walk.run(walk._later(61))
    walk.run(walk.api.parts.catching_up.once())
    walk.run(walk.api.recover())
    return True


@rule("payments are looked at", lambda stands: True)
def payments_are_looked_at(walk: Walk, order: Order) -> bool:
    walk.run(walk._later(1800))
    return bool(walk.run(walk.api.parts.watching.once()))


# The tests.


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, founded: Founded, tmp_path: Path) -> Ground:
    commerce.registry()
    server = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    return Ground(founded, tmp_path, server)


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[str]:
    """A sandbox whose clock may be moved."""
    with _sandbox(tmp_path / "stripe") as sandbox:
        yield sandbox


def test_whatever_happens_money_keeps_its_rules(ground: Ground, own_sandbox: str, unhurried: None) -> None:
    tally, ahead = Tally(), 0.0
    for number in range(WALKS or FIXED):
        walk = Walk(ground, tally, own_sandbox, ahead, f"{random.getrandbits(32)}" if WALKS else f"fixed {number}")
        try:
            walk.walk(STEPS)
            if number + 1 == (WALKS or FIXED):
                walk.fill()
            walk.end()
        except BaseException:
            print("\n".join(["A walk went wrong:", *walk.steps]))
            raise
        finally:
            ahead = walk.clock.ahead
            walk.leave()
    print(tally)
    for name in ("a webhook lost", ASKED_AGAIN):
        assert tally.struck[name], name
    assert not tally.missing(), f"these never came: {tally.missing()}"
