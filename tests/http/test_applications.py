"""What official applications ask beyond what the published flags of the resources allow."""

from typing import Any

import pytest

from tests.http.world import World


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("markets?filter[q][private_true]=false", ["mktUsa", "mktEurope"]),
        ("markets?filter[q][private_true]=true", []),
        ("markets?filter[q][private_false]=true&filter[q][customer_group_null]=true", ["mktUsa", "mktEurope"]),
        ("orders?filter[q][editable_true]=true", ["ordDraft", "ordFull"]),
        ("orders?filter[q][editable_true]=false", ["ordLone", "ordOld", "ordPlaced"]),
        ("orders?filter[q][editable_false]=true&filter[q][status_in]=placed", ["ordPlaced"]),
        ("customers/cusAda/orders?filter[q][guest_false]=true&filter[q][editable_true]=true", ["ordFull"]),
        ("customers?filter[q][password_present]=true", ["cusAda"]),
        ("customers?filter[q][password_present]=false", ["cusBob"]),
        ("customers?filter[q][password_null]=true", ["cusBob"]),
        ("customers?filter[q][password_blank]=false", ["cusAda"]),
        ("skus?filter[q][code_or_name_i_cont]=ALPH", ["skuLetter", "skuAlpha"]),
        ("skus?filter[q][name_not_i_cont]=a&filter[q][code_i_cont_any]=alpha,BET", []),
    ],
)
def test_their_filters_are_known(world: World, asked: str, found: list[str]) -> None:
    assert world.get(asked).ids == found


def test_a_filter_by_a_password_asks_for_its_presence_alone(world: World) -> None:
    for asked in ("customers?filter[q][password_eq]=secret", "customers?filter[q][password_cont]=s"):
        assert world.get(asked, expect=400).errors[0][:2] == ("400", "FILTER_NOT_ALLOWED")


def test_a_history_may_be_sorted_by_the_order_it_has(world: World) -> None:
    for reference in ("a", "b"):
        world.send("PATCH", "skus/skuPlain", {"reference": reference}, expect=200)
    plain = world.get("skus/skuPlain/event_stores").data
    page = world.get("skus/skuPlain/event_stores?page[size]=1&sort=-id").document
    assert [one["id"] for one in page["data"]] == [plain[0]["id"]]
    following = page["links"]["next"].partition("/api/")[2]
    assert "sort=-id" in following
    assert world.get(following).ids == [plain[1]["id"]]
    for asked in ("id", "-created_at", "id,-id"):
        answer = world.get(f"skus/skuPlain/event_stores?sort={asked}", expect=400)
        assert answer.errors == [("400", "INVALID_SORT_CRITERIA", "sort")]


def test_the_author_of_a_change_has_no_member_that_is_null(world: World) -> None:
    world.send("PATCH", "skus/skuPlain", {"reference": "c"}, expect=200)
    who = world.get("skus/skuPlain/event_stores?page[size]=1").data[0]["attributes"]["who"]
    assert who
    assert None not in who.values()
    assert all(None not in one.values() for one in who.values() if isinstance(one, dict))


def test_each_type_is_an_endpoint_of_its_own_whether_it_is_served_or_not(limited: World) -> None:
    told = [int(limited.get(path).headers["x-ratelimit-remaining"]) for path in ("shipments", "tags", "shipments")]
    assert told == [11, 11, 10]


def test_an_identifier_whose_id_is_null_clears(fresh: World) -> None:
    def write(type_: str, id_: str, **related: Any) -> int:
        links = {name: {"data": one} for name, one in related.items()}
        body = {"data": {"type": type_, "id": id_, "relationships": links}}
        return fresh.ask("PATCH", f"/api/{type_}/{id_}?include={','.join(related)}", body).status

    assert write("orders", "ordFull", payment_method={"type": "payment_methods", "id": None}) == 200
    assert fresh.get("orders/ordFull/relationships/payment_method").data is None
    # What is required is not cleared, and what names no type or another one is no identifier.
    assert write("prices", "prcAlphaEur", sku={"type": "skus", "id": None}) == 422
    assert write("orders", "ordFull", billing_address={"id": None}) == 400
    assert write("orders", "ordFull", billing_address={"type": "skus", "id": None}) == 400
    assert fresh.get("orders/ordFull/relationships/billing_address").data["id"] == "adrTorino"
