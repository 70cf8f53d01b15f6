"""price_frequency_tiers: what a sku costs by how often it is delivered."""

from __future__ import annotations

from paydesk.commerce.catalog.price_tiers import PriceTier
from paydesk.declare import to_many


class PriceFrequencyTier(
    PriceTier, type="price_frequency_tiers", singular="price_frequency_tier", family="price_tiers"
):
    """A price that holds for lines that are delivered again within so many days. Of a price's tiers the one applies
    that the days fall within; beyond the highest limit the tier without one, otherwise the price itself.
    Source: Commerce Layer, "Price frequency tiers".
    """

    events = to_many("events", by="resource")
