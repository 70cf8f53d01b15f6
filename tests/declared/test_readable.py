"""Every relationship that is declared can be read, and holds what is related: not whatever there is."""

from collections.abc import Iterator
from typing import Any

import pytest

from paydesk import commerce
from paydesk.rules.resource import Resource
from paydesk.store.sql.tables import table_of
from tests.http.world import BEGAN, World, world_at

TYPES = [name for name, one in commerce.registry().types.items() if "list" in one.shape.actions]


@pytest.fixture(scope="module")
def bare(module_database_url: str) -> Iterator[World]:
    """Two bare records of each type, related to nothing, beside what the furnished world has."""
    with world_at(module_database_url) as world:
        world.token("bare", slug="bare")
        for name in TYPES:
            for which in ("A", "B"):
                row(world, world.registry[name], which)
        yield world


KIND = {
    "transactions": "captures",
    "payment_gateways": "manual_gateways",
    "shipping_method_tiers": "shipping_weight_tiers",
    "tax_calculators": "manual_tax_calculators",
    "price_tiers": "price_volume_tiers",
}


NEEDED = ("metadata", "changes", "who", "currency_code", "amount_cents")
"""Columns that documents rely on."""


def id_of(type: str, which: str) -> str:
    return f"{commerce.registry()[type].shape.singular.replace('_', '')[:30]}{which}"


def row(world: World, resource: type[Resource], id: str) -> None:
    """A row with as little in it as the table allows."""
    table, shape = table_of(resource), resource.shape
    values: dict[str, Any] = {"tenant": "bare/test", "id": id_of(shape.type, id)}
    for column in table.c:
        if column.name not in values and (not column.nullable or column.name in NEEDED):
            fixed = {
                "created_at": BEGAN,
                "updated_at": BEGAN,
                "type": shape.discriminator or KIND.get(shape.table),
                "currency_code": "EUR",
                "amount_cents": 1,
            }
            values[column.name] = fixed.get(column.name, False if column.type.python_type is bool else {})

    world.row(resource, **values)


@pytest.mark.parametrize("type", TYPES)
def test_what_is_related_to_nothing_reads_as_nothing(bare: World, type: str) -> None:
    shape = bare.registry[type].shape
    for name, one in shape.relationships.items():
        if one.hidden or (type, name) == ("skus", "sku_options"):
            # An option whose expression is empty is for every sku.
            continue
        at = f"{type}/{id_of(type, 'A')}"
        nothing: Any = [] if one.many else None
        if name != "event_stores":
            assert bare.get(f"{at}/{name}", token="bare").data == nothing, name
        assert bare.get(f"{at}/relationships/{name}", token="bare").data == nothing, name
        if one.includable:
            page = bare.get(f"{type}?include={name}", token="bare")
            assert page.included == [], name
            assert all(each["relationships"][name]["data"] == nothing for each in page.data), name
