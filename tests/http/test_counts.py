"""Counts of lists: exact as far as it is cheap, an estimate beyond that, and nothing is lost by paging with either."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from paydesk.commerce.catalog.skus import Sku
from paydesk.store.records import documents
from tests.http.world import CATEGORY, World

CODES = [f"S{number:02}" for number in range(23)]


@pytest.fixture(scope="module")
def filled(world: World) -> World:
    of = {"shipping_category_id": CATEGORY, "name": "Counted"}
    world.write("shop/test", *((Sku, f"counted{code}", {**of, "code": code}) for code in CODES))
    return world


@contextmanager
def counting_to(world: World, most: int) -> Iterator[None]:
    reads = world.desk.reads
    before, reads.counted_to = reads.counted_to, most
    try:
        yield
    finally:
        reads.counted_to = before


COUNTED = "skus?filter[q][name_eq]=Counted&sort=code"


def codes(document: Any) -> list[str]:
    return [one["attributes"]["code"] for one in document["data"]]


def of(world: World, path: str, **headers: str) -> tuple[Any, list[str]]:
    document = world.get(path, headers=headers).document
    return document["meta"], list(document["links"])


def test_a_client_that_pages_by_page_count_sees_every_record(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the official SDK does: another page is asked for while `page_count` says that there is one."""
    for most, size, deep in ((0, 5, 1000), (4, 2, 4), (22, 5, 10), (23, 23, 1000), (24, 3, 6), (1, 25, 1000)):
        monkeypatch.setattr(documents, "DEEP", deep)
        seen: list[str] = []
        number, pages = 0, 1
        with counting_to(filled, most):
            while number < pages:
                number += 1
                document = filled.get(f"{COUNTED}&page[size]={size}&page[number]={number}").document
                seen += codes(document)
                pages = document["meta"]["page_count"]
                assert document["meta"]["record_count"] >= len(seen)
                assert ("next" in document["links"]) == (len(seen) < len(CODES))
                if "next" in document["links"]:
                    assert pages > number
                    assert document["meta"]["record_count"] > len(seen)
                else:
                    assert document["meta"] == {"record_count": 23, "page_count": -(-23 // size)}
        assert seen == CODES


def test_counts_are_exact_up_to_the_most_that_is_counted_and_where_a_client_prefers_it(filled: World) -> None:
    exact, first = {"record_count": 23, "page_count": 5}, ["first", "next", "last"]
    page = f"{COUNTED}&page[size]=5"
    assert of(filled, page) == (exact, first)
    with counting_to(filled, 23):
        assert of(filled, page) == (exact, first)
    with counting_to(filled, 9):
        estimate, links = of(filled, page)
        assert (estimate["record_count"] >= 10, links) == (True, first)
        # Where the list ends it is counted by the way, and beyond its end.
        assert of(filled, f"{page}&page[number]=5") == (exact, ["first", "prev", "last"])
        assert of(filled, f"{page}&page[number]=9") == (exact, ["first", "prev", "last"])
        beyond = filled.get(f"{page}&page[number]=9").document["links"]
        assert "number%5D=5&" in beyond["prev"] and "number%5D=5&" in beyond["last"]
        for preference in ("count=exact", "respond-async, Count=exact; x=y", 'count="exact"'):
            answer = filled.get(page, headers={"prefer": preference})
            assert answer.document["meta"] == exact
            assert answer.headers["preference-applied"] == "count=exact"
        unknown = filled.get(page, headers={"prefer": "count=planned"})
        assert unknown.document["meta"] == estimate
        assert "preference-applied" not in unknown.headers


def test_pages_far_from_the_first_are_the_same_read_by_their_ids(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        "skus?sort=-reference,code&page[size]=3&page[number]=4&include=prices",
        "skus?page[size]=4&page[number]=5",
        "orders?sort=-placed_at,number&page[size]=2&page[number]=2&include=market,line_items",
        "orders?sort=market,number&filter[q][market_name_start]=E&page[size]=1&page[number]=2",
        "skus/skuAlpha/prices?page[size]=1&page[number]=2",
    ]
    near = [_untraced(filled.get(path).document) for path in paths]
    monkeypatch.setattr(documents, "DEEP", 1)
    assert [_untraced(filled.get(path).document) for path in paths] == near
    assert [len(one["data"]) for one in near] == [3, 4, 2, 1, 1]


def _untraced(document: Any) -> Any:
    for one in (*document["data"], *document.get("included", ())):
        one["meta"].pop("trace_id")
    return document
