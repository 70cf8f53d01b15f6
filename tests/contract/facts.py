"""Writes the facts file, `src/paydesk/declare/contract.json`, from a description of the API's resources.

    python -m tests.contract.facts FILE

FILE is JSON, a description of the whole API: below `resources`, by the name of each type, an object with `type`,
`singular`, `actions`, `fields`, `triggers` and `relationships`, each of these with its flags. The facts file holds the
names of all types, of their attributes, triggers and relationships, and, of the types that are served, what may be done
with each. Review it as a difference, and write it anew when a type comes to be served: its flags are not there before.
`tests/contract/test_contract.py` compares the declarations with it. Notation: `paydesk.declare.contract`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from paydesk import commerce
from paydesk.declare.contract import FILE

FAMILIES = {
    "geocoders": "_geocoders",
    "payment_gateways": "_gateways",
    "price_tiers": ("price_frequency_tiers", "price_volume_tiers"),
    "promotion_rules": "_promotion_rules",
    "promotions": "_promotions",
    "shipping_method_tiers": ("shipping_weight_tiers",),
    "transactions": ("authorizations", "captures", "refunds", "voids"),
    "tax_calculators": (
        "avalara_accounts",
        "external_tax_calculators",
        "manual_tax_calculators",
        "stripe_tax_accounts",
        "taxjar_accounts",
        "vertex_accounts",
    ),
}
"""Types that read what several others share, and those others: by the end of their names, or one by one."""

GUESTS = """
    attachments bundles customer_subscriptions delivery_lead_times geocoders gift_card_recipients gift_cards
    in_stock_subscriptions line_item_options links notifications payment_options return_line_items returns
    shipment_line_items shipments shipping_methods sku_list_items sku_lists sku_options stock_items stock_line_items
    stock_locations stock_transfers stores tags adyen_payments axerve_payments braintree_payments checkout_com_payments
    external_payments klarna_payments paypal_payments satispay_payments promotions *_promotions
"""
CUSTOMERS = f"{GUESTS} customer_addresses order_subscription_items order_subscriptions parcels"
"""What a sales channel may show or list of the types that are not served. Source: "Roles and permissions"."""


def facts(resources: dict[str, Any], served: Iterable[str]) -> dict[str, Any]:
    """The facts of these resources, of which some are served."""
    served = set(served)
    return {name: _type(one, name in served) for name, one in sorted(resources.items())}


def _type(one: dict[str, Any], served: bool) -> dict[str, Any]:
    name = one["type"]
    made: dict[str, Any] = {"singular": one["singular"]}
    if family := next((it for it, members in FAMILIES.items() if name != it and _is_in(name, members)), None):
        made["family"] = family
    if served:
        made["actions"] = " ".join(one["actions"])
    else:
        readers = {"guest": _listed(name, GUESTS), "customer": _listed(name, CUSTOMERS)}
        if any(readers.values()):
            made["read by"] = " ".join(who for who, reads in readers.items() if reads)
    for kind, members in (("attributes", one["fields"]), ("triggers", one.get("triggers") or {})):
        if served:
            made[kind] = {it: _field(about) for it, about in members.items()}
        elif members:
            made[kind] = " ".join(members)
    made["relationships"] = {it: _relationship(about, served) for it, about in one["relationships"].items()}
    return made


def _is_in(name: str, members: Any) -> bool:
    if isinstance(members, str):
        return name.endswith(members)
    return name in members


def _listed(name: str, names: str) -> bool:
    return any(name == one or (one[0] == "*" and name.endswith(one[1:])) for one in names.split())


def _field(about: dict[str, Any]) -> str:
    return " ".join([about["type"], *_flags(about, ("create", "update", "fetch", "filter", "sort"))])


def _relationship(about: dict[str, Any], served: bool) -> str:
    words = ["many" if about["many"] else "one"]
    if about["includable"]:
        words.append("include")
    if served:
        words += _flags(about, ("create", "update", "filter", "sort"))
    return f"{' '.join(words)} : {' '.join(about['types'])}"


def _flags(about: dict[str, Any], names: Iterable[str]) -> list[str]:
    said = [name for name in names if about.get(name)]
    return [*said, "prohibited"] if about.get("sales_channel_prohibited") else said


def main(description: str) -> None:
    known = json.loads(Path(description).read_text())["resources"]
    made = facts(known, commerce.registry().types)
    FILE.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
