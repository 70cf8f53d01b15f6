"""A tag on a record. A record of ours: clients see the tags."""

from __future__ import annotations

from paydesk.declare import to_one
from paydesk.rules.resource import Resource

MOST_TAGS = 10
"""On one record."""


class Tagging(
    Resource,
    type="taggings",
    singular="tagging",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("taggable_id", "taggable_type", "tag_id"),),
):
    """What ties a record to a tag that it bears."""

    recorded = False
    most = {"taggable": MOST_TAGS}

    taggable = to_one(
        (
            "addresses",
            "bundles",
            "coupons",
            "customers",
            "gift_cards",
            "line_item_options",
            "line_items",
            "order_subscriptions",
            "orders",
            "promotions",
            "returns",
            "shipments",
            "shipping_methods",
            "sku_options",
            "skus",
        )
    )
    tag = to_one("tags")
