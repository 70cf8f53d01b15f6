"""shipping_weight_tiers: what a shipment costs up to a weight, by a method with the scheme `weight_tiered`."""

from __future__ import annotations

from paydesk.commerce.shipping.shipping_method_tiers import Tier


class ShippingWeightTier(
    Tier,
    type="shipping_weight_tiers",
    singular="shipping_weight_tier",
    family="shipping_method_tiers",
):
    """A price up to a weight. A shipment that no tier of the method reaches is not sent by it. Source: Commerce Layer,
    "Shipping weight tiers".
    """
