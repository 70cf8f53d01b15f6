"""attachments: files and notes about records."""

from __future__ import annotations

from paydesk.declare import FILTER, FIND, WRITE, Access, string, to_one
from paydesk.rules.resource import Resource


class Attachment(
    Resource,
    type="attachments",
    singular="attachment",
    versions=False,
    access=Access(guest="S", customer="S"),
):
    """A file somewhere else, or a note, about one record. A sales channel is shown those of records that it may read.

    Source: Commerce Layer, "Attachments".
    """

    about = "attachable"

    name = string(WRITE | FIND, required=True, example="DDT transport document", doc="What people call it.")
    description = string(WRITE | FILTER, example="text", doc="What it is, or the note itself.")
    url = string(WRITE, example="https://s3.yourdomain.com/attachment.pdf", doc="Where the file is.")
    attachable = to_one(
        (
            "bundles",
            "carrier_accounts",
            "coupon_recipients",
            "customer_groups",
            "customers",
            "delivery_lead_times",
            "discount_engines",
            "geocoders",
            "gift_card_recipients",
            "gift_cards",
            "inventory_models",
            "markets",
            "merchants",
            "order_validation_rules",
            "orders",
            "packages",
            "parcels",
            "payment_methods",
            "payment_options",
            "price_lists",
            "price_tiers",
            "prices",
            "promotions",
            "returns",
            "shipments",
            "shipping_categories",
            "shipping_method_tiers",
            "shipping_methods",
            "shipping_zones",
            "sku_lists",
            "sku_options",
            "skus",
            "stock_items",
            "stock_locations",
            "stock_transfers",
            "subscription_models",
            "tax_calculators",
            "tax_categories",
            "transactions",
        ),
        WRITE,
        required=True,
        doc="What it is about.",
    )
