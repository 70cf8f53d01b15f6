"""Filling the demo with skus, customers and orders: models by the rules that clients meet, then copies of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from paydesk.base.actor import Actor, worker
from paydesk.base.instants import instant_of
from paydesk.base.tenants import tenant_of
from paydesk.commerce.payments.stripe_keys import is_live
from paydesk.declare import Test
from paydesk.operations import demo, staging
from paydesk.operations.demo_goods import GOODS, THINGS
from paydesk.operations.doing import first
from paydesk.operations.loading.batches import Batch, written
from paydesk.operations.loading.copies import FAR_MS, Model, Tables, apart
from paydesk.operations.loading.copying import BATCH, RETURNS, Copying, Way, apart_from_writing, here, portions
from paydesk.operations.loading.goods import MODELS, Made, another, made_model, names_of
from paydesk.operations.loading.journeys import DAY_MS, HOUR_MS, JOURNEYS, Going, gone
from paydesk.operations.loading.people import MODEL, REGIONS, Person, made_up, model_address
from paydesk.operations.parts import Parts
from paydesk.operations.undone import Undone
from paydesk.rules.asking import Find, Next, new_id
from paydesk.store.organizations import organization_with_slug
from paydesk.store.records import filling
from paydesk.store.records.numbers import next_number

T = TypeVar("T")

Told = Callable[[str, int, int], None]
"""What is told of the progress: what is being made, how many of it are there, and how many it will be."""

LEAST_CUSTOMERS = 1_000
ORDERS_A_CUSTOMER = 20
FEW = 2_000
"""Up to so many orders, shoppers of two regions will do."""

WIRE = "demo-wire"
"""The `reference` of what a bank transfer is paid by."""

SHIPPED = tuple(thing for thing in THINGS if thing.grams)


async def load(
    parts: Parts,
    *,
    skus: int,
    orders: int,
    customers: int | None = None,
    seed: int = 1,
    told: Told,
    beside: bool | None = None,
) -> None:
    """Add so many. The demo has to be there, and its Stripe is the sandbox that the settings name.

    customers   by default one for each so many orders, and at least a thousand
    beside      orders are copied by a process beside the one that writes them; by default where there are many
    raises      Undone where the demo is missing, or where its money could be real
    """
    beside = orders > FEW if beside is None else beside
    loading = _Loading(parts, await _permitted(parts), random.Random(seed), told, beside)
    await loading.furnish()
    await loading.goods(skus)
    await loading.customers(customers or max(LEAST_CUSTOMERS, orders // ORDERS_A_CUSTOMER))
    await loading.orders(orders)


async def _permitted(parts: Parts) -> Actor:
    """The demo's integration, where nothing but a sandbox's money moves.

    raises  Undone
    """
    organization_id = await parts.database.read(lambda: organization_with_slug(staging.SLUG))
    if organization_id is None:
        raise Undone("There is no demo in this database.", "Start `paydesk dev` once, which makes it.")
    live = tenant_of(organization_id, True)
    for table in ("payment_gateways", "orders"):
        if await parts.database.read(partial(filling.has_any, live, table)):
            raise Undone(
                f"The organization {staging.SLUG} is in live mode: it has {table.replace('_', ' ')} there.",
                "Take a data directory of its own for what is made up: PAYDESK_DATA_DIR.",
            )
    actor = worker(tenant_of(organization_id, False), staging.SLUG, "demo", organization_id)
    gateways = await staging.Finding(parts, actor).all(Find("stripe_gateways", Test("id", "not_null"), many=True))
    for gateway in gateways:
        key = parts.credentials(gateway).secret_key
        sandboxed = parts.settings.stripe_api_base is not None and key == parts.settings.stripe_secret_key
        if is_live(key) or not sandboxed:
            raise Undone(
                f"The gateway {gateway.name} ({gateway.id}) has a real Stripe key, or that of another sandbox.",
                "Take a data directory of its own for what is made up: PAYDESK_DATA_DIR.",
            )
    return actor


class _Loading:
    """One load, step by step."""

    def __init__(self, parts: Parts, actor: Actor, chance: random.Random, told: Told, beside: bool) -> None:
        self.beside = beside
        self.parts, self.actor, self.chance, self.told = parts, actor, chance, told
        self.do, self.find = staging.Doing(parts, actor), staging.Finding(parts, actor)
        self.name = new_id()[:4].upper()
        """Tells this load's codes from those of others."""
        records = {one.shape.table for one in parts.registry.every.values() if one.shape.tenancy == "environment"}
        self.tables = {table: filling.refers_to_itself(table) for table in filling.in_order(records)}
        self.columns = {table: filling.columns_of(table) for table in self.tables}
        self.skus: list[list[Made]] = []
        self.people: list[list[Person]] = []

    async def furnish(self) -> None:
        """Find the demo's records, and give its markets a way to pay by wire."""
        codes = (demo.MARKET_CODE, demo.US_CODE)
        self.markets = [await first(self.find, "markets", "code", code) for code in codes]
        self.category = await first(self.find, "shipping_categories", "code", GOODS)
        if None in (*self.markets, self.category):
            raise Undone("The demo of this database is an older one.", "Start `paydesk dev` once, which completes it.")
        self.price_lists = [await first(self.find, "price_lists", "code", code) for code in codes]
        self.locations = [await first(self.find, "stock_locations", "code", code) for code in codes]
        self.cards = [await first(self.find, "payment_methods", "reference", code) for code in codes]
        gateway = await first(self.find, "manual_gateways", "reference", WIRE) or await self.do(
            "manual_gateways", "create", {"name": "Bank transfer", "reference": WIRE}, {}
        )
        self.wires = []
        for market in self.markets:
            reference = f"{WIRE}-{market.code}"
            given = {"payment_source_type": "wire_transfers", "price_amount_cents": 0, "reference": reference}
            related = {"market": market, "payment_gateway": gateway}
            known = await first(self.find, "payment_methods", "reference", reference)
            self.wires.append(known or await self.do("payment_methods", "create", given, related))

    # Goods.

    async def goods(self, count: int) -> None:
        """So many skus, each with its prices and its stock."""
        likes = [await first(self.find, "skus", "code", one.code) for one in SHIPPED]
        self.model_skus, models = [], min(MODELS, count)
        for number in range(models):
            since, like = self.since(), likes[number % len(likes)]
            sku, made = await made_model(
                self.do, self.name, number, like, self.category, self.price_lists, self.locations, self.chance
            )
            self.model_skus.append(sku)
            self.skus.append([made])
            model = Model(await self.rows_since(since), self.columns, made.names)
            copies = count // models + (number < count % models) - 1
            for portion in portions(islice(names_of(self.name, number), 1, copies + 1), BATCH):
                batch = self.batch()
                for code, name in portion:
                    made = another(code, name)
                    self.skus[number].append(made)
                    batch.add(model, model.names(made.names, self.now_ms() - 401 * DAY_MS, 1))
                await self.write(batch)
            self.told("skus", sum(map(len, self.skus)), count)

    # Customers.

    async def customers(self, count: int) -> None:
        """So many customers with an address in their books."""
        done = 0
        for number, region in enumerate(REGIONS[:count]):
            since, email = self.since(), f"model.{self.name.lower()}{number}@example.com"
            customer = await self.do("customers", "create", {"email": email}, {})
            address = await self.do("addresses", "create", model_address(region), {})
            await self.do("customer_addresses", "create", {}, {"customer": customer, "address": address})
            model = Model(await self.rows_since(since), self.columns, (customer.id, email, *MODEL))
            self.people.append([Person(customer.id, email, MODEL)])
            copies = count // len(REGIONS) + (number < count % len(REGIONS))
            for portion in portions(range(copies - 1), BATCH):
                batch = self.batch()
                for _ in portion:
                    names = made_up(region, self.chance)
                    person = Person(new_id(), f"{names[0]}.{names[1]}.{new_id()}@example.com".lower(), names)
                    self.people[number].append(person)
                    began = self.now_ms() - self.chance.randrange(366 * DAY_MS, 400 * DAY_MS)
                    batch.add(model, model.names(person.all_names, began, 1))
                await self.write(batch)
            done += copies
            self.told("customers", done, count)

    # Orders.

    async def orders(self, count: int) -> None:
        """So many orders of every journey, the oldest first, as their numbers have it."""
        ways, done = await self._ways(count)
        now, known = self.now_ms(), [journey for journey in JOURNEYS if journey.name in ways]
        drawn = []
        for journey in self.chance.choices(known, [one.share for one in known], k=count - done) if known else ():
            age = int(self.chance.random() ** 1.2 * journey.days * DAY_MS) + HOUR_MS
            drawn.append((now - age, self.chance.choice(ways[journey.name])))
        drawn.sort(key=itemgetter(0))
        if drawn:
            sequence = Next("orders.number", start=10000001)
            last = await self.parts.database.write(partial(next_number, self.actor.tenant, sequence, len(drawn)))
            first_number, seed = last - len(drawn) + 1, self.chance.random()
            copying = Copying(self.columns, self.tables, self.skus, self.people, drawn, first_number, now, seed)
            async for copied in apart_from_writing(copying) if self.beside else here(copying):
                await self.parts.database.write(partial(written, copied, self.actor.tenant, self.columns))
                done = min(done + BATCH, count)
                self.told("orders", done, count)

    async def _ways(self, count: int) -> tuple[dict[str, list[Way]], int]:
        """What orders are copied from, every journey of several regions' shoppers; and how many there are by now."""
        since, drawn, made = self.since(), [], 0
        regions = range(min(2 if count <= FEW else len(REGIONS), len(self.people)))
        # Whoever the models are of has ordered before. A few orders come from one region or the other.
        turns = [(region, JOURNEYS[0]) for region in regions]
        if count <= FEW:
            turns += [(regions[at % len(regions)], journey) for at, journey in enumerate(JOURNEYS)]
        else:
            turns += [(region, journey) for region in regions for journey in JOURNEYS]
        for region, journey in turns[:count]:
            goods = self.chance.sample(range(len(self.skus)), min(self.chance.randint(1, 4), len(self.skus)))
            order = await gone(journey, self._going(region, goods))
            made += 1
            if self.people[region][0].count:
                drawn.append((journey, region, order, tuple(goods)))
            self.people[region][0].count += order.placed_at is not None
            self.told("orders", made, count)
        await self._recount()
        together = apart(await self.rows_since(since), self.columns, [order.id for _, _, order, _ in drawn])
        ways: dict[str, list[Way]] = defaultdict(list)
        for journey, region, order, sold in drawn:
            ways[journey.name].append(self._way(region, order, sold, together[order.id]))
        return ways, made

    async def _recount(self) -> None:
        """See how the models' own goods and customers stand, from which the copies are counted on."""
        for made in (one[0] for one in self.skus):
            for at, item in enumerate(made.items):
                made.left[at] = (await first(self.find, "stock_items", "id", item)).quantity
        for person in (one[0] for one in self.people):
            found = await first(self.find, "customers", "id", person.id)
            person.count, person.own = found.total_orders_count, found.own_orders_count or 0

    def _going(self, region: int, goods: list[int]) -> Going:
        at = REGIONS[region].market
        return Going(
            do=self.do,
            find=self.find,
            settle=self.parts.recovery.once,
            market=self.markets[at],
            card=self.cards[at],
            wire=self.wires[at],
            email=self.people[region][0].email,
            address=model_address(REGIONS[region]),
            goods=[(self.model_skus[one], self.chance.randint(1, 3)) for one in goods],
        )

    def _way(self, region: int, order: Any, goods: tuple[int, ...], rows: Tables) -> Way:
        given = [order.number, *RETURNS, *self.people[region][0].all_names]
        for one in goods:
            given += self.skus[one][0].names
        columns = self.columns["stock_holdings"]
        sku, status, quantity = (columns.index(name) for name in ("sku_id", "status", "quantity"))
        held = {row[sku]: (row[status], row[quantity]) for row in rows.get("stock_holdings", ())}
        takes = []
        for one in goods:
            state, pieces = held.get(self.skus[one][0].id, ("", 0))
            takes.append((pieces * (state == "reserved"), pieces * (state == "taken")))
        model = Model(rows, self.columns, given)
        longest = max((one for one in model.moments if one < FAR_MS), default=0)
        counts, owned = order.placed_at is not None, bool(order.is_owned)
        return Way(region, model, goods, tuple(takes), counts, owned, longest)

    # Rows.

    def batch(self) -> Batch:
        return Batch(self.columns, self.chance)

    async def write(self, batch: Batch) -> None:
        portion = batch.portion(self.tables)
        await self.parts.database.write(partial(written, portion, self.actor.tenant, self.columns))

    def since(self) -> str:
        return instant_of(self.now_ms())

    def now_ms(self) -> int:
        return int(self.parts.clock() * 1000)

    async def rows_since(self, since: str) -> Tables:
        """All that came since an instant, by table."""
        tenant, database = self.actor.tenant, self.parts.database
        found: Tables = {}
        for table in self.tables:
            rows = await database.read(partial(filling.made_since, tenant, table, since))
            if rows:
                found[table] = rows
        return found
