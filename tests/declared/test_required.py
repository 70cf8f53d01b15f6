"""What is required is required of everybody: of a client, of what the desk is asked by ourselves, and of a rule."""

from typing import Any

import pytest

from paydesk.base.errors import Invalid, Refusal, Several
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.catalog.prices import Price
from paydesk.desk.requests import Request, Write
from paydesk.jsonapi.documents.views import views_of
from paydesk.rules.asking import Change
from paydesk.rules.work import Work
from tests.http.world import BEGAN, World


def refused(world: World, verb: str, type: str, id: str | None = None, **given: Any) -> list[tuple[str | None, str]]:
    """What the desk is told by itself, without any document, and says is wrong."""
    resource = world.registry[type]
    links = {name: given.pop(name) for name in list(given) if name in resource.shape.relationships}
    write = Write(verb, resource, id, Change(type, given), links)
    view = views_of(world.registry).of(resource, {}, {}, in_list=False)
    before = world.everything()
    with pytest.raises(Refusal) as caught:
        world.run(world.desk.change(Request(world.tokens["shop/test"], "trace"), write, view))
    assert world.everything() == before
    assert isinstance(caught.value, Several)
    return [(one.field, one.error) for one in caught.value.refusals if isinstance(one, Invalid)]


def test_what_a_document_lacks_is_told_all_at_once_with_pointers(fresh: World) -> None:
    answer = fresh.send("POST", "prices", {"compare_at_amount_cents": "many"}, expect=422)
    assert answer.rules == [
        ("/data/attributes/compare_at_amount_cents", "not_a_number"),
        ("/data/attributes/amount_cents", "blank"),
        ("/data/relationships/price_list", "blank"),
    ]
    answer = fresh.send("PATCH", "markets/mktEurope", {"name": None}, merchant=None, expect=422)
    assert answer.rules == [("/data/attributes/name", "blank"), ("/data/relationships/merchant", "blank")]


def test_the_desk_asks_for_it_where_no_document_was_read(fresh: World) -> None:
    assert refused(fresh, "create", "prices", compare_at_amount_cents=3) == [
        ("amount_cents", "blank"),
        ("price_list", "blank"),
    ]
    assert refused(fresh, "create", "markets", name="", price_list=("price_lists", "none")) == [
        ("price_list", "blank"),
        ("name", "blank"),
        ("merchant", "blank"),
    ]
    assert refused(fresh, "update", "markets", "mktEurope", name=None, merchant=None) == [
        ("name", "blank"),
        ("merchant", "blank"),
    ]


@pytest.mark.parametrize(
    ("resource", "values", "lacking"),
    [
        (Market, {"name": "Nowhere", "price_list_id": "lstEur"}, ["merchant"]),
        (Price, {"sku_id": "skuAlpha", "currency_code": "EUR"}, ["amount_cents", "price_list"]),
    ],
)
def test_a_rule_makes_no_record_without_it(
    fresh: World, resource: Any, values: dict[str, Any], lacking: list[str]
) -> None:
    work = Work(fresh.tokens["shop/test"], BEGAN)
    work.create(resource, **values)
    before = fresh.everything()
    with pytest.raises(Several) as caught:
        fresh.run(fresh.desk.database.write(lambda: fresh.desk.writer.write(work)))
    assert [(one.field, one.error) for one in caught.value.refusals if isinstance(one, Invalid)] == [
        (name, "blank") for name in lacking
    ]
    assert fresh.everything() == before
