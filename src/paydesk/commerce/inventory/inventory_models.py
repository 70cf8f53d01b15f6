"""inventory_models: how a market's stock is counted and sent."""

from __future__ import annotations

from paydesk.commerce.accounts.organizations import setting
from paydesk.declare import FIND, WRITE, boolean, integer, string, to_many
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

CUTOFF = 2
"""The locations whose stock counts, unless a model says otherwise."""

_MOST_SECONDS = 100 * 365 * 24 * 3600


class InventoryModel(Resource, type="inventory_models", singular="inventory_model"):
    """The stock locations that a market sells from, those of the lowest `priority` first. In a market with a model, no
    more is sold than its locations hold. Source: Commerce Layer, "Inventory models".
    """

    name = string(WRITE | FIND, required=True, example="EU Inventory Model", doc="What people call it.")
    strategy = string(
        WRITE | FIND,
        default="no_split",
        enum=("no_split", "split_shipments", "ship_from_primary", "ship_from_first_available_or_primary"),
        example="no_split",
        doc="How an order's goods are divided among shipments.",
    )
    stock_locations_cutoff = integer(
        WRITE | FIND, default=CUTOFF, minimum=1, example=3, doc="How many of its locations count, by priority."
    )
    stock_reservation_cutoff = integer(
        WRITE | FIND,
        default=3600,
        minimum=0,
        maximum=_MOST_SECONDS,
        example=3600,
        doc="Seconds after which a draft reservation expires.",
    )
    put_stock_transfers_on_hold = boolean(
        WRITE, default=False, example=True, doc="New stock transfers are put on hold."
    )
    manual_stock_decrement = boolean(
        WRITE,
        default=False,
        example=True,
        doc="What is reserved for an order is not taken from stock when it is approved, but when it is fulfilled.",
    )
    inventory_stock_locations = to_many("inventory_stock_locations", by="inventory_model")
    inventory_return_locations = to_many("inventory_return_locations", by="inventory_model")
    markets = to_many("markets", by="inventory_model", hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> InventoryModel:
        _check(change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> None:
        _check(change, work)
        work.change(self, **change.values)


def _check(change: Change, work: Work) -> None:
    cutoff, most = (
        change.values.get("stock_locations_cutoff"),
        setting(work, "inventory_models_max_stock_locations_cutoff"),
    )
    if cutoff is not None and cutoff > most:
        work.invalid("stock_locations_cutoff", "less_than_or_equal_to", value=cutoff, count=most)
        work.check()
