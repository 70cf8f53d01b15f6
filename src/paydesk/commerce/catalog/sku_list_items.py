"""sku_list_items: one sku of a manual list, and how many of it."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Locked
from paydesk.commerce.catalog.bundles import MOST_ITEMS
from paydesk.commerce.catalog.sku_lists import ACCESS
from paydesk.commerce.limits import MOST_PIECES
from paydesk.commerce.naming import name_sku
from paydesk.declare import CREATE, FIND, WRITE, Rule, integer, string, to_one
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class SkuListItem(
    Resource,
    type="sku_list_items",
    singular="sku_list_item",
    access=ACCESS.via("sku_list", guest="CSUD", customer="CSLUD"),
):
    """A sku of a list. The bundles that are made of the list hold what its items say. Source: Commerce Layer,
    "SKU list items".
    """

    root = "sku_list"
    loads = ("sku_list.sku_list_items", "sku_list.bundles")
    create_loads = loads

    position = integer(WRITE | FIND, minimum=0, maximum=MOST_PIECES, example=2, doc="Its place; last unless given.")
    sku_code = string(WRITE, example="TSHIRTMM000000FFFFFFXLXX", doc="The sku's code; names the sku when written.")
    quantity = integer(
        WRITE | FIND, default=1, minimum=1, maximum=MOST_PIECES, example=1, doc="How many of it a bundle holds."
    )
    sku_list = to_one("sku_lists", CREATE | FIND, required=True)
    sku = to_one("skus", CREATE | FIND)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        held = change.related["sku_list"]
        yield from name_sku(change, work, required=True)
        if not held.manual:
            work.invalid("sku_list", "invalid", "is not manual: its expression says what is in it")
        if held.bundles and len(held.sku_list_items) >= MOST_ITEMS:
            work.invalid("sku_list", "too_long", f"has bundles, and {MOST_ITEMS} skus already", count=MOST_ITEMS)
        work.check()
        if change.values.get("position") is None:
            last = max((one.position or 0 for one in held.sku_list_items), default=0)
            change.values["position"] = min(last + 1, MOST_PIECES)
        made = work.create(cls, **change.values)
        yield from _tell(held, [*held.sku_list_items, made], work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        yield from name_sku(change, work)
        work.check()
        work.change(self, **change.values)
        yield from _tell(self.sku_list, self.sku_list.sku_list_items, work)

    def deleting(self, work: Work) -> Rule:
        left = [one for one in self.sku_list.sku_list_items if one.id != self.id]
        if self.sku_list.bundles and not left:
            raise Locked("bundles are made of its list, which holds nothing else")
        work.delete(self)
        yield from _tell(self.sku_list, left, work)


def _tell(held: Any, items: list[Any], work: Work) -> Rule:
    for bundle in held.bundles:
        yield from bundle.fill(items, work)
