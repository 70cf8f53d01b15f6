"""What official clients make of an answer: they match included records by type and id, and tell apart a relationship
that was not loaded (no `data`), one that is empty (null) and one without records (`[]`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paydesk.declare.contract import contract

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "datetime": (str,),
    "integer": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
TOLD_OTHERWISE = {("organizations", "imports_trigger_webhooks")}
"""Published as one kind, and told as another."""


class Read(dict[str, Any]):
    """A record with what it is related to, as the official SDK gives it: `order["line_items"][0]["item"]["code"]`.

    A relationship that was not loaded is no member.
    """


def read(document: Any) -> Any:
    """The primary data of a document."""
    included = {(one["type"], one["id"]): one for one in document.get("included", ())}
    data = document["data"]
    if isinstance(data, list):
        included |= {(one["type"], one["id"]): one for one in data}
        return [_read(one, included, 4) for one in data]
    return None if data is None else _read(data, {**included, (data["type"], data["id"]): data}, 4)


def _read(one: Any, included: Any, depth: int) -> Read:
    # Transactions have an attribute `type`, too.
    made = Read({**one.get("attributes", {}), "id": one["id"], "type": one["type"]})
    for name, related in one.get("relationships", {}).items():
        if "data" in related and depth:
            linkage = related["data"]
            if isinstance(linkage, list):
                made[name] = [_follow(each, included, depth) for each in linkage]
            else:
                made[name] = None if linkage is None else _follow(linkage, included, depth)
    return made


def _follow(linkage: Any, included: Any, depth: int) -> Read:
    found = included.get((linkage["type"], linkage["id"]))
    return Read(**linkage) if found is None else _read(found, included, depth - 1)


def misfits(document: Any) -> list[str]:
    """Attributes whose JSON type is not the one that the contract says; null is everybody's."""
    data = document["data"]
    records = [*(data if isinstance(data, list) else [data] if data else []), *document.get("included", ())]
    return [
        f"{one['type']}.{name} is {value!r}"
        for one in records
        for name, value in one.get("attributes", {}).items()
        if value is not None and not _fits(one["type"], name, value)
    ]


def _fits(type_: str, name: str, value: Any) -> bool:
    if (type_, name) in TOLD_OTHERWISE:
        return True
    known = contract()[type_]
    kind = {**known.attributes, **known.triggers}[name].kind
    return isinstance(value, KINDS[kind]) and (kind == "boolean") == isinstance(value, bool)


def unlinked(document: Any, include: str) -> list[str]:
    """The paths of `include` that some record which could have them does not link."""
    included = {(one["type"], one["id"]): one for one in document.get("included", ())}
    data = document["data"]
    primary = data if isinstance(data, list) else [data] if data else []
    return [path for path in include.split(",") if path and any(_lacks(primary, path.split("."), included))]


def _lacks(records: list[Any], names: list[str], included: Any) -> Iterator[bool]:
    first, *rest = names
    for one in records:
        if first not in contract()[one["type"]].relationships:
            continue
        related = one.get("relationships", {}).get(first, {})
        yield "data" not in related
        linkage = related.get("data") or []
        found = [
            included.get((each["type"], each["id"])) for each in (linkage if isinstance(linkage, list) else [linkage])
        ]
        if rest:
            yield from _lacks([each for each in found if each is not None], rest, included)
