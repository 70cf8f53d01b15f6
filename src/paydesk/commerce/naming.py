"""Skus that a request names by their code, as well as by the relationship."""

from __future__ import annotations

from typing import Any

from paydesk.declare import Rule, eq
from paydesk.rules.asking import Change, Find
from paydesk.rules.work import Work


def name_sku(change: Change, work: Work, *, required: bool = False) -> Rule:
    """Let `sku_code` and the relationship `sku` say the same; the relationship wins."""
    sku: Any = change.related.get("sku")
    code = change.values.pop("sku_code", None)
    if sku is None and code:
        sku = yield Find("skus", eq("code", code))
        if sku is None:
            work.invalid("sku_code", "noent_sku", "doesn't exist", value=code)
    elif sku is None and (required or "sku" in change.related):
        work.invalid("sku", "blank")
    if sku is not None:
        change.values.update(sku_id=sku.id, sku_code=sku.code)
