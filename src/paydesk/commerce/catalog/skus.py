"""skus: what can be bought."""

from __future__ import annotations

from paydesk.base.errors import Locked
from paydesk.commerce.catalog import code_matches
from paydesk.commerce.catalog.selling import ALL_SOLD, PRICED_IN, SCHEDULED_IN, SELLABLE, SOLD_IN
from paydesk.commerce.inventory.lead_times import EXAMPLE as LEAD_TIME
from paydesk.commerce.inventory.levels import inventories
from paydesk.commerce.unserved import as_it_is
from paydesk.declare import (
    ALWAYS,
    FILTER,
    FIND,
    NONE,
    WRITE,
    Access,
    Caller,
    Own,
    Rule,
    Tied,
    boolean,
    derived,
    either,
    eq,
    gathered,
    integer,
    null,
    number,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class Sku(
    Resource,
    type="skus",
    singular="sku",
    cacheable=True,
    unique=(("code",),),
    access=Access(
        guest="SL",
        customer="SL",
        guest_sees=ALWAYS,
        customer_sees=ALWAYS,
        sales_scope=SELLABLE,
        unscoped=ALL_SOLD,
    ),
):
    """A stock keeping unit; a sales channel sees those that its market sells. Source: Commerce Layer, "SKUs"."""

    code = string(WRITE | FIND, required=True, example="TSHIRTMM000000FFFFFFXLXX", doc="Unique within the environment.")
    name = string(WRITE | FIND, required=True, example="text", doc="What people call it.")
    description = string(WRITE | FILTER, example="text", doc="What it is.")
    image_url = string(WRITE | FILTER, example="https://img.yourdomain.com/skus/xYZkjABcde.png", doc="A picture of it.")
    pieces_per_pack = integer(WRITE, example=6, doc="Pieces in one pack.")
    weight = number(WRITE, example=300.0, doc="Weight of one.")
    unit_of_weight = string(WRITE, enum=("gr", "oz", "lb"), example="gr", doc="What `weight` counts.")
    hs_tariff_number = string(WRITE, example="4901.91.0020", doc="Harmonized System code for customs.")
    do_not_ship = boolean(WRITE | FIND, default=False, example=False, doc="Nothing is shipped, as with digital goods.")
    do_not_track = boolean(WRITE | FIND, default=False, example=False, doc="Its stock is not counted.")
    inventory = gathered(
        "object",
        ("do_not_track", "shipping_category_id"),
        inventories,
        example={
            "available": True,
            "quantity": 10,
            "levels": [
                {"quantity": 4, "delivery_lead_times": [LEAD_TIME]},
                {"quantity": 6, "delivery_lead_times": []},
            ],
        },
        doc="What is in stock for the caller's market, or for that of the order it is included in. Null where the "
        "market has no inventory model; without `quantity` where stock is not counted.",
    )
    jwt_custom_claim = derived(
        "object", ("caller.custom_claim",), as_it_is, example="{}", doc="The custom claim of the caller's token."
    )
    shipping_category = to_one("shipping_categories", WRITE | FIND, required=True)
    prices = to_many("prices", by="sku")
    stock_items = to_many("stock_items", by="sku")
    delivery_lead_times = to_many("delivery_lead_times", match=eq("stock_location.stock_items.sku_id", Own("id")))
    stock_reservations = to_many("stock_reservations", by="sku")
    sku_options = to_many(
        "sku_options",
        flags=NONE,
        match=either(null("sku_code_regex"), Tied((eq("sku_id", Own("id")),), "code_matches", "matcher_id")),
    )
    sku_list_items = to_many("sku_list_items", by="sku")
    sku_lists = to_many(
        "sku_lists",
        match=either(
            eq("sku_list_items.sku_id", Own("id")), Tied((eq("sku_id", Own("id")),), "code_matches", "matcher_id")
        ),
    )
    priced_in = to_many("markets", match=PRICED_IN, hidden=True)
    sold_in = to_many("markets", match=SOLD_IN, hidden=True)
    priced_by_schedulers = to_many("price_list_schedulers", match=PRICED_IN, hidden=True)
    sold_by_schedulers = to_many("price_list_schedulers", match=SCHEDULED_IN, hidden=True)
    jwt_customer = to_one("customers", match=eq("id", Caller("owner_id")))
    jwt_markets = to_many("markets", flags=NONE, match=within("id", Caller("market_ids")))
    jwt_stock_locations = to_many("stock_locations", flags=NONE, match=within("id", Caller("stock_location_ids")))

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        made = work.create(cls, **change.values)
        yield from code_matches.follow_code(made, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        """Prices and stock say the code of their sku, so they follow it. Line items keep the code that was bought."""
        code = change.values.get("code", self.code)
        is_renamed = code != self.code
        if is_renamed:
            yield Load(self, ("prices", "stock_items", "sku_list_items"))
            for one in (*self.prices, *self.stock_items, *self.sku_list_items):
                work.change(one, sku_code=code)
        flags = {name: change.values.get(name, getattr(self, name)) for name in ("do_not_ship", "do_not_track")}
        is_other = any(flags[name] != getattr(self, name) for name in flags)
        work.change(self, **change.values)
        if is_other:
            yield Load(self, ("sku_list_items.sku_list.bundles",))
            for bundle in {one for item in self.sku_list_items for one in item.sku_list.bundles}:
                yield from bundle.follow_skus(work)
        if is_renamed:
            yield from code_matches.follow_code(self, work)

    def deleting(self, work: Work) -> Rule:
        """Its prices, its stock and its places in lists go with it, unless some is reserved or a bundle holds it."""
        yield Load(self, ("prices", "stock_items", "sku_list_items.sku_list.bundles"))
        if any(item.sku_list.bundles for item in self.sku_list_items):
            raise Locked("bundles hold it")
        for place in self.sku_list_items:
            work.delete(place)
        for item in self.stock_items:
            item.discard(work)
        for price in self.prices:
            yield from price.discard(work)
        yield from code_matches.forget(self, work)
        work.delete(self)
