"""What is declared is what the contract says, as far as it goes: a difference is seen here before a client sees it."""

from collections.abc import Iterator
from typing import Any

import pytest

from paydesk import commerce
from paydesk.declare import CREATE, FILTER, SORT, UPDATE, Flag, Shape
from paydesk.declare.contract import KnownMember, contract

SERVED = {name: one.shape for name, one in commerce.registry().types.items()}
FLAGS = {"create": CREATE, "update": UPDATE, "filter": FILTER, "sort": SORT}


NOT_YET = {
    "shipments": {"_reserve_stock", "_release_stock", "_decrement_stock"},
    "stock_line_items": {"_reserve_stock", "_release_stock", "_decrement_stock"},
    "customers": {"_request_anonymization", "_cancel_anonymization"},
    "line_items": {"_reserve_stock", "_reset_circuit", "_reset_restocked_quantity"},
    "orders": {"_commit_invoice", "_refund_invoice", "_reset_circuit", "_validate"},
    "stock_items": {"_validate"},
}
"""Triggers of features that are not there."""

CACHEABLE = """
    bundles imports markets prices price_lists skus sku_options stock_items stock_locations promotions *_promotions
"""
"""Types whose reads have the larger limit. Source: "Rate limits"."""


def test_reads_of_the_types_that_the_contract_names_have_the_larger_limit() -> None:
    named = [one.removeprefix("*") for one in CACHEABLE.split()]
    expected = {it for it in SERVED if it in named or any(it.endswith(one) for one in named if one[0] == "_")}
    assert {name for name, shape in SERVED.items() if shape.cacheable} == expected


def flags(declared: Flag) -> set[str]:
    return {name for name, flag in FLAGS.items() if declared & flag}


def declared(shape: Shape) -> dict[str, KnownMember]:
    """The members of a type, in the words of the facts file."""
    found: dict[str, KnownMember] = {}
    for name, one in shape.fields.items():
        if one.on_wire:
            can = flags(one.flags) | ({"fetch"} if one.fetch else set()) | ({"prohibited"} if one.prohibited else set())
            found[name] = KnownMember(one.kind, frozenset(can))
    for name, acting in shape.triggers.items():
        can = flags(acting.flags) | ({"prohibited"} if acting.prohibited else set())
        found[name] = KnownMember(acting.kind, frozenset(can))
    for name, related in {**shape.relationships, **shape.empty}.items():
        if not related.hidden:
            can = flags(related.flags) | ({"include"} if related.includable else set())
            can |= {"prohibited"} if related.prohibited else set()
            found[name] = KnownMember("many" if related.many else "one", frozenset(can), related.types)
    return found


def known(name: str) -> dict[str, KnownMember]:
    """The same of the contract."""
    one = contract()[name]
    late = NOT_YET.get(name, set())
    members = {it: about for it, about in {**one.attributes, **one.triggers}.items() if about.can and it not in late}
    for relationship, about in one.relationships.items():
        # What is served of the types; where none is, all of them, and the relationship is always empty.
        types = tuple(sorted(set(about.types) & set(SERVED) or about.types))
        members[relationship] = KnownMember(about.kind, about.can, types)
    return members


def differences(name: str) -> Iterator[tuple[str, Any, Any]]:
    """Member, what is declared of it, and what the contract says; None for nothing."""
    ours, theirs = declared(SERVED[name]), known(name)
    for member in sorted({*ours, *theirs}):
        mine, its = ours.get(member), theirs.get(member)
        if mine is not None and mine.types:
            mine = KnownMember(mine.kind, mine.can, tuple(sorted(mine.types)))
        if mine != its:
            yield member, mine, its


def test_every_served_type_is_the_contracts() -> None:
    assert set(SERVED) <= set(contract())
    for name, shape in SERVED.items():
        one = contract()[name]
        assert (shape.singular, shape.family, set(shape.actions)) == (one.singular, one.family, set(one.actions)), name


@pytest.mark.parametrize("name", sorted(SERVED))
def test_its_members_are_the_contracts(name: str) -> None:
    assert list(differences(name)) == []
