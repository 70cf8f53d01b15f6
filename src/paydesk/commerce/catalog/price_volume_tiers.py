"""price_volume_tiers: what a sku costs by the quantity that is bought."""

from __future__ import annotations

from paydesk.commerce.catalog.price_tiers import PriceTier
from paydesk.declare import to_many


class PriceVolumeTier(PriceTier, type="price_volume_tiers", singular="price_volume_tier", family="price_tiers"):
    """A price that holds for lines of so many pieces. Of a price's tiers the one applies that the quantity falls
    within; beyond the highest limit the tier without one, otherwise the price itself.
    Source: Commerce Layer, "Price volume tiers".
    """

    events = to_many("events", by="resource")
