"""sku_lists: skus that belong together, chosen one by one or by an expression that their codes match."""

from __future__ import annotations

import re
from typing import Any

from paydesk.base.errors import Locked
from paydesk.commerce.catalog import code_matches
from paydesk.commerce.patterns import LONGEST_PATTERN, must_be_patterns
from paydesk.declare import (
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
    both,
    either,
    eq,
    hidden,
    null,
    string,
    to_many,
    to_one,
)
from paydesk.rules.asking import Change, Find, Load, new_id
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_NOBODYS = null("customer_id")
_OWN = eq("customer_id", Caller("owner_id"))
_SHOPPERS = both(_NOBODYS, eq("by_shopper", True))

ACCESS = Access(
    guest="CSUD",
    customer="CSLUD",
    guest_sees=_NOBODYS,
    customer_sees=either(_NOBODYS, _OWN),
    guest_writes=_SHOPPERS,
    customer_writes=either(_OWN, _SHOPPERS),
    customer_lists=_OWN,
)
"""Shoppers read the shop's lists, by their ids, and keep lists of their own, such as wish lists. The shop's lists, of
which bundles are made, are the shop's to change.
"""


_BY_CODE = {f"sku_code_{how}": eq("skus.code", None) for how in ("eq", "matches", "start", "end", "in")}
"""Filters by the code of a sku in the list, whether an item or an expression says that it is."""


class SkuList(Resource, type="sku_lists", singular="sku_list", scopes=dict(_BY_CODE), access=ACCESS):
    """A list of skus: by its items where it is manual, otherwise of those whose code its expression matches.
    Source: Commerce Layer, "SKU lists".
    """

    name = string(WRITE | FIND, required=True, example="Personal list", doc="What people call it.")
    slug = string(FIND, example="personal-list-1", doc="Its first name as addresses write it, with its id if taken.")
    description = string(WRITE | FILTER, example="text", doc="What it is for.")
    image_url = string(WRITE | FILTER, example="https://img.yourdomain.com/skus/xYZkjABcde.png", doc="A picture of it.")
    manual = boolean(WRITE | FIND, default=True, example=False, doc="Its items say what is in it, and no expression.")
    sku_code_regex = string(
        WRITE,
        max_length=LONGEST_PATTERN,
        example="^(A|B).*$",
        doc="A regular expression (RE2) that a sku's code has to match, in part at least, where it is not manual.",
    )
    customer = to_one("customers", WRITE | FIND)
    skus = to_many(
        "skus",
        flags=NONE,
        match=either(
            eq("sku_list_items.sku_list_id", Own("id")), Tied((eq("matcher_id", Own("id")),), "code_matches", "sku_id")
        ),
    )
    sku_list_items = to_many("sku_list_items", by="sku_list")
    bundles = to_many("bundles", by="sku_list", flags=NONE)
    by_shopper = hidden("boolean", default=False, doc="A sales channel made it.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        values = change.values
        if work.actor.is_sales_channel:
            values.update(customer_id=work.actor.customer_id, by_shopper=True)
        _check(None, change, work)
        own = new_id()
        made = work.create(cls, id=own, **values, slug=(yield from _slug(values["name"], own)))
        if not made.manual:
            yield from code_matches.follow_pattern(made, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        values = change.values
        if work.actor.is_sales_channel and values.get("customer_id", self.customer_id) != self.customer_id:
            work.invalid("customer", "not_editable", "is not yours to change")
        _check(self, change, work)
        if not values.get("manual", self.manual) and self.manual:
            yield Load(self, ("sku_list_items", "bundles"))
            if self.sku_list_items or self.bundles:
                work.invalid("manual", "not_editable", "can't be false while there are items or bundles")
                work.check()
        work.change(self, **values)
        if values.keys() & {"manual", "sku_code_regex"}:
            yield from code_matches.follow_pattern(self, work)

    def deleting(self, work: Work) -> Rule:
        """Its items go with it."""
        yield Load(self, ("sku_list_items", "bundles"))
        if self.bundles:
            raise Locked("bundles are made of it")
        for item in self.sku_list_items:
            work.delete(item)
        yield from code_matches.forget(self, work)
        work.delete(self)


def _check(present: SkuList | None, change: Change, work: Work) -> None:
    values = change.values

    def now(name: str) -> Any:
        return values[name] if name in values else getattr(present, name, None)

    manual = now("manual") is not False
    if manual:
        if values.get("sku_code_regex"):
            work.invalid("sku_code_regex", "invalid", "is for lists that are not manual")
        values["sku_code_regex"] = None
    elif work.actor.is_sales_channel:
        work.invalid("manual", "inclusion", value=False)
    elif not now("sku_code_regex"):
        work.invalid("sku_code_regex", "blank")
    must_be_patterns(("sku_code_regex",), change, work)
    work.check()


def _slug(name: str, own: str) -> Rule:
    """Its name as addresses write it; with its id, where another list has that already."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "list"
    return slug if (yield Find(SkuList, eq("slug", slug))) is None else f"{slug}-{own}"
