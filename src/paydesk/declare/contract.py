"""The facts of the API, of types that are not served as well: `contract.json`, which `tests/contract/facts.py` writes.

A line of it is one member. An attribute of a served type: its kind, and what may be done with it (`string create update
fetch filter sort`). A relationship: `one` or `many`, `include` where it can be, and after a colon the types it
may hold. Of types that are not served there are names alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from paydesk.base.actor import Actor

FILE = Path(__file__).with_name("contract.json")


@dataclass(frozen=True)
class KnownMember:
    """An attribute, trigger or relationship: its kind, what may be done with it, and what a relationship may hold."""

    kind: str
    can: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()

    @property
    def many(self) -> bool:
        return self.kind == "many"


@dataclass(frozen=True)
class KnownType:
    """One type of the contract.

    family    the type that reads it and others as what they share
    actions   of a served one
    read_by   who of a sales channel may read one that is not served: `guest`, `customer`
    """

    name: str
    singular: str
    family: str | None = None
    actions: tuple[str, ...] = ()
    read_by: frozenset[str] = frozenset()
    attributes: Mapping[str, KnownMember] = field(default_factory=dict)
    triggers: Mapping[str, KnownMember] = field(default_factory=dict)
    relationships: Mapping[str, KnownMember] = field(default_factory=dict)

    def is_readable_by(self, actor: Actor) -> bool:
        """Whether the caller could read one that is not served, once it is."""
        who = "customer" if actor.owner_type == "Customer" else "guest"
        return not actor.is_sales_channel or who in self.read_by


@cache
def contract() -> Mapping[str, KnownType]:
    """Every type of the contract, by name."""
    return {name: _type(name, said) for name, said in json.loads(FILE.read_text("utf-8")).items()}


@cache
def members_of(family: str) -> frozenset[str]:
    """The types of a family, served or not."""
    return frozenset(name for name, one in contract().items() if one.family == family)


def _type(name: str, said: Mapping[str, Any]) -> KnownType:
    members = {kind: _members(said.get(kind, {})) for kind in ("attributes", "triggers", "relationships")}
    actions, read_by = tuple(said.get("actions", "").split()), frozenset(said.get("read by", "").split())
    return KnownType(name, said["singular"], said.get("family"), actions, read_by, **members)


def _members(said: str | Mapping[str, str]) -> dict[str, KnownMember]:
    if isinstance(said, str):
        return {name: KnownMember("") for name in said.split()}
    return {name: _member(text) for name, text in said.items()}


def _member(text: str) -> KnownMember:
    about, _, types = text.partition(" : ")
    kind, *can = about.split()
    return KnownMember(kind, frozenset(can), tuple(types.split()))
