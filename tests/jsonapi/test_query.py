from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paydesk.declare import ALWAYS, NEVER, All, AnyOf, Condition, Test, eq
from paydesk.jsonapi.errors import RequestProblems
from paydesk.jsonapi.query.parse import parse
from paydesk.jsonapi.query.predicates import PREDICATES, predicates_of
from paydesk.jsonapi.query.query import EVERYTHING, Purpose, Query
from paydesk.rules.resource import Resource
from tests.jsonapi.shop import SHOP, Change, LineItem, Market, Order


def read(text: str, resource: type[Resource] = Order, purpose: Purpose = "list") -> Query:
    return parse(text.encode(), resource, SHOP, purpose=purpose)


def where(name: str, value: str, resource: type[Resource] = Order) -> Condition:
    return read(f"filter[q][{quote(name)}]={quote(value)}", resource).where


def refused(text: str, resource: type[Resource] = Order, purpose: Purpose = "list") -> list[tuple[str, str | None]]:
    with pytest.raises(RequestProblems) as caught:
        read(text, resource, purpose)
    return [(error.code, error.parameter) for error in caught.value.errors]


def test_no_query_at_all_is_one_constant() -> None:
    assert read("") is EVERYTHING
    assert Query({}, {}, ALWAYS, (), 1, 10, None, "") == EVERYTHING


def test_equal_queries_are_read_once() -> None:
    assert read("page[size]=5") is read("page[size]=5")
    assert read("page[size]=5", Market) is read("page[size]=5", Market)


def test_include_brings_intermediate_levels() -> None:
    assert read("include=market.merchant,line_items.order.market,market").include == {
        "market": {"merchant": {}},
        "line_items": {"order": {"market": {}}},
    }


@pytest.mark.parametrize(
    "path",
    ["nope", "number", "market.nope", "line_items.order.line_items.order", "event_stores", "secret", "a, b", "."],
)
def test_an_include_that_is_not_a_relationship_is_refused(path: str) -> None:
    assert set(refused(f"include={quote(path)}", purpose="one")) == {("INVALID_INCLUDE", "include")}


def test_fields_name_attributes_relationships_and_id_of_a_type() -> None:
    assert read("fields[orders]=id,number,line_items&fields%5Bmarkets%5D=").fields == {
        "orders": frozenset({"id", "number", "line_items"}),
        "markets": frozenset(),
    }


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("fields[orders]=number,nope,token", [("INVALID_FIELD", "fields[orders]")] * 2),
        ("fields[orders]=_place", [("INVALID_FIELD", "fields[orders]")]),
        ("fields[nopes]=id", [("INVALID_RESOURCE", "fields[nopes]")]),
        ("fields=id", [("INVALID_FIELD_FORMAT", "fields")]),
        ("fields[orders][]=id", [("INVALID_FIELD_FORMAT", "fields[orders][]")]),
        ("page[size]=26", [("INVALID_PAGE_VALUE", "page[size]")]),
        (
            "page[size]=0&page[number]=-1",
            [("INVALID_PAGE_VALUE", "page[size]"), ("INVALID_PAGE_VALUE", "page[number]")],
        ),
        ("page[number]=99999999999999999999", [("INVALID_PAGE_VALUE", "page[number]")]),
        ("page[number]=x", [("INVALID_PAGE_VALUE", "page[number]")]),
        ("page=2", [("INVALID_PAGE_OBJECT", "page")]),
        ("page[after]=x", [("PARAM_NOT_ALLOWED", "page[after]")]),
        ("page[limit]=3", [("PARAM_NOT_ALLOWED", "page[limit]")]),
        ("sort=-number,nope", [("INVALID_SORT_CRITERIA", "sort")]),
        ("sort=payment_status", [("INVALID_SORT_CRITERIA", "sort")]),
        ("sort=line_items", [("INVALID_SORT_CRITERIA", "sort")]),
        ("filter=x", [("INVALID_FILTERS_SYNTAX", "filter")]),
        ("filter[q]=x", [("INVALID_FILTERS_SYNTAX", "filter[q]")]),
        ("filter[q][number_in][]=x", [("INVALID_FILTERS_SYNTAX", "filter[q][number_in][]")]),
        ("foo=1&bar", [("PARAM_NOT_ALLOWED", "foo"), ("PARAM_NOT_ALLOWED", "bar")]),
        ("include=nope.market,nope,market.nope", [("INVALID_INCLUDE", "include"), ("INVALID_INCLUDE", "include")]),
        ("sort=nope,nope,-nope", [("INVALID_SORT_CRITERIA", "sort")]),
        ("include=market&include=market", [("BAD_REQUEST", "include")]),
        ("a%zz=1", [("BAD_REQUEST", "a%zz")]),
        ("sort=%ff", [("BAD_REQUEST", "sort")]),
        ("filter[q][number_eq]=%00", [("INVALID_FILTER_VALUE", "filter[q][number_eq]")]),
        ("sort=%00", [("BAD_REQUEST", "sort")]),
    ],
)
def test_each_mistake_names_its_parameter_as_sent(query: str, problems: list[tuple[str, str]]) -> None:
    assert refused(query) == problems


def test_all_mistakes_come_together() -> None:
    query = "include=nope&fields%5Bx%5D=y&sort=z&page%5Bsize%5D=0&filter%5Bq%5D%5Bx_eq%5D=1&foo=2"
    assert refused(query) == [
        ("INVALID_INCLUDE", "include"),
        ("INVALID_RESOURCE", "fields[x]"),
        ("INVALID_SORT_CRITERIA", "sort"),
        ("INVALID_PAGE_VALUE", "page[size]"),
        ("FILTER_NOT_ALLOWED", "filter[q][x_eq]"),
        ("PARAM_NOT_ALLOWED", "foo"),
    ]


@pytest.mark.parametrize("purpose", ["one", "write"])
def test_one_record_takes_include_and_fields_alone(purpose: Purpose) -> None:
    query = "include=market&fields[orders]=id"
    assert read(query, purpose=purpose).include == {"market": {}}
    assert refused("page[number]=1&sort=number&filter[q][number_eq]=1", purpose=purpose) == [
        ("PARAM_NOT_ALLOWED", "page[number]"),
        ("PARAM_NOT_ALLOWED", "sort"),
        ("PARAM_NOT_ALLOWED", "filter[q][number_eq]"),
    ]


def test_a_history_is_paged_by_cursor_and_ignores_the_page_number() -> None:
    found = read("page[number]=7&page[size]=3&page[after]=1722-0", Change, "cursor")
    assert (found.page_number, found.page_size, found.after, found.link_query) == (1, 3, "1722-0", "page%5Bsize%5D=3")
    assert refused("include=x&sort=id&page[after]=", Change, "cursor") == [
        ("PARAM_NOT_ALLOWED", "include"),
        ("INVALID_SORT_CRITERIA", "sort"),
        ("INVALID_PAGE_VALUE", "page[after]"),
    ]


def test_sort_takes_columns_and_related_ids() -> None:
    assert read("sort=-created_at,number,market,-coupon_code,number").sort == (
        ("created_at", True),
        ("number", False),
        ("market_id", False),
    )


def test_pagination_links_keep_every_other_parameter() -> None:
    found = read("page[number]=2&filter[q][number_eq]=a+b%26c&page[size]=3&include=market,line_items")
    assert found.page_number == 2
    assert found.link_query == ("filter%5Bq%5D%5Bnumber_eq%5D=a%20b%26c&page%5Bsize%5D=3&include=market%2Cline_items")


@pytest.mark.parametrize(
    ("name", "value", "condition"),
    [
        ("number_eq", "a b", Test("number", "eq", "a b")),
        ("number_not_eq", "x", Test("number", "ne", "x")),
        ("number_eq_or_null", "x", AnyOf((Test("number", "eq", "x"), Test("number", "null")))),
        ("number_not_eq_or_null", "x", AnyOf((Test("number", "ne", "x"), Test("number", "null")))),
        ("number_in", "a,b,a", Test("number", "in", ("a", "b"))),
        ("number_not_in", "a,b", Test("number", "not_in", ("a", "b"))),
        ("number_in_or_null", "a", AnyOf((Test("number", "in", ("a",)), Test("number", "null")))),
        ("number_not_in_or_null", "a", AnyOf((Test("number", "not_in", ("a",)), Test("number", "null")))),
        ("number_not_eq_all", "a,b", Test("number", "not_in", ("a", "b"))),
        ("total_amount_cents_lt", "-5", Test("total_amount_cents", "lt", -5)),
        ("total_amount_cents_gteq_any", "5,3", Test("total_amount_cents", "gteq", 3)),
        ("total_amount_cents_gteq_all", "5,3", Test("total_amount_cents", "gteq", 5)),
        ("total_amount_cents_lteq_any", "5,3", Test("total_amount_cents", "lteq", 5)),
        ("total_amount_cents_lt_all", "5,3", Test("total_amount_cents", "lt", 3)),
        ("tax_rate_gt", "0.5", Test("tax_rate", "gt", 0.5)),
        ("placed_at_gt", "2024-05-01", Test("placed_at", "gt", "2024-05-01T00:00:00.000Z")),
        ("placed_at_lteq", "2024-05-01T02:00:00+02:00", Test("placed_at", "lteq", "2024-05-01T00:00:00.000Z")),
        ("placed_at_lteq", "2024-05-01T02:00:00 02:00", Test("placed_at", "lteq", "2024-05-01T00:00:00.000Z")),
        ("number_matches", "a%_b", Test("number", "like", "a%_b")),
        ("number_matches", "a\\%b\\", Test("number", "like", "a\\%b\\\\")),
        ("number_does_not_match", "%", Test("number", "not_like", "%")),
        ("number_start", "50%_\\", Test("number", "like", "50\\%\\_\\\\%")),
        ("number_not_end", "x", Test("number", "not_like", "%x")),
        ("number_cont_any", "a,b", AnyOf((Test("number", "like", "%a%"), Test("number", "like", "%b%")))),
        ("number_not_cont_all", "a,b", All((Test("number", "not_like", "%a%"), Test("number", "not_like", "%b%")))),
        ("number_present", "true", Test("number", "ne", "")),
        ("number_present", "false", AnyOf((Test("number", "null"), Test("number", "eq", "")))),
        ("number_blank", "1", AnyOf((Test("number", "null"), Test("number", "eq", "")))),
        ("placed_at_blank", "1", Test("placed_at", "null")),
        ("metadata_present", "1", Test("metadata", "ne", {})),
        ("placed_at_null", "false", Test("placed_at", "not_null")),
        ("placed_at_not_null", "0", Test("placed_at", "null")),
        ("guest_true", "true", eq("guest", True)),
        ("guest_true", "false", eq("guest", False)),
        ("guest_false", "1", eq("guest", False)),
        ("guest_eq", "1", eq("guest", True)),
        ("metadata_jcont", '{"foo":{"bar":1}}', Test("metadata", "contains", {"foo": {"bar": 1}})),
        ("number_or_reference_eq", "x", AnyOf((eq("number", "x"), eq("reference", "x")))),
        ("number_and_reference_eq", "x", All((eq("number", "x"), eq("reference", "x")))),
        (
            "number_or_status_and_reference_eq",
            "x",
            AnyOf((eq("number", "x"), All((eq("status", "x"), eq("reference", "x"))))),
        ),
        ("market_name_start", "E", Test("market.name", "like", "E%")),
        ("market_id_eq", "x", eq("market_id", "x")),
        ("id_in", "a,b", Test("id", "in", ("a", "b"))),
        ("line_items_sku_code_eq", "X", eq("line_items.sku_code", "X")),
        ("line_items_id_eq", "X", eq("line_items.id", "X")),
        ("payment_source_type_eq", "cards", eq("payment_source_type", "cards")),
        ("payment_source_id_eq", "X", eq("payment_source_id", "X")),
        ("payment_source_reference_eq", "X", eq("payment_source.reference", "X")),
        ("open", "true", eq("status", "draft")),
        ("open", "false", AnyOf((Test("status", "ne", "draft"), Test("status", "null")))),
        ("nothing", "true", NEVER),
        ("nothing", "false", ALWAYS),
        ("sku_code_start", "A_", Test("line_items.sku_code", "like", "A\\_%")),
    ],
)
def test_what_each_filter_asks(name: str, value: str, condition: Condition) -> None:
    assert where(name, value) == condition


def test_filters_reach_through_several_relationships() -> None:
    assert where("order_market_name_eq", "Europe", LineItem) == eq("order.market.name", "Europe")
    assert where("order_market_id_eq", "x", LineItem) == eq("order.market_id", "x")


@pytest.mark.parametrize(
    ("name", "value", "truth"),
    [
        ("coupon_code_eq", "X", NEVER),
        ("coupon_code_not_eq", "X", NEVER),
        ("coupon_code_eq_or_null", "X", ALWAYS),
        ("coupon_code_null", "true", ALWAYS),
        ("coupon_code_present", "true", NEVER),
        ("coupon_code_cont", "%", NEVER),
        ("gift_wrapped_false", "true", ALWAYS),
        ("gift_wrapped_eq", "true", NEVER),
        ("gift_wrapped_in", "true,false", ALWAYS),
        ("coupon_code_or_number_eq", "X", eq("number", "X")),
        ("coupon_code_or_number_null", "1", ALWAYS),
        ("coupon_code_and_number_eq", "X", All((NEVER, eq("number", "X")))),
    ],
)
def test_a_feature_that_is_not_there_answers_by_its_constant(name: str, value: str, truth: Condition) -> None:
    assert where(name, value) == truth


def test_a_constant_of_a_related_record_asks_whether_there_is_one() -> None:
    assert where("order_coupon_code_null", "true", LineItem) == Test("order.id", "not_null")
    assert where("order_coupon_code_eq", "X", LineItem) == NEVER


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("filter[ids]=a,b", Test("id", "in", ("a", "b"))),
        ("filter[market_id]=a", eq("market_id", "a")),
        ("filter[line_items_id]=a", eq("line_items.id", "a")),
        ("filter[number]=a", eq("number", "a")),
        ("filter[created_at_from]=2024-01-01", Test("created_at", "gteq", "2024-01-01T00:00:00.000Z")),
        ("filter[created_at_to]=2024-01-01", Test("created_at", "lteq", "2024-01-01T00:00:00.000Z")),
        ("filter[opened_at_from]=2024-01-01", Test("opened_at", "gteq", "2024-01-01T00:00:00.000Z")),
        ("filter[metadata]={%22a%22:1}", Test("metadata", "contains", {"a": 1})),
        ("filter[number]=a&filter[q][guest_true]=1", All((eq("number", "a"), eq("guest", True)))),
    ],
)
def test_plain_filters(query: str, condition: Condition) -> None:
    assert read(query).where == condition


@pytest.mark.parametrize(
    "name",
    [
        "token_eq",
        "secret_name_eq",
        "market_secret_key_eq",
        "market_merchant_name_eq",
        "payment_status_eq",
        "total_amount_float_gt",
        "number",
        "eq",
        "_eq",
        "number_",
        "number_gt",
        "number_true",
        "guest_cont",
        "metadata_eq",
        "notes_in",
        "payment_source_brand_eq",
        "number_or_nope_eq",
        "number_or__eq",
        "versions_id_eq",
        "opened_at_eq",
    ],
)
def test_only_what_a_type_lets_filter_is_filtered_by(name: str) -> None:
    assert refused(f"filter[q][{name}]=1") == [("FILTER_NOT_ALLOWED", f"filter[q][{name}]")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("total_amount_cents_eq", "x"),
        ("total_amount_cents_eq", "1.0"),
        ("total_amount_cents_eq", "9223372036854775808"),
        ("total_amount_cents_in", "1,,2"),
        ("total_amount_cents_eq", "9" * 5000),
        ("tax_rate_gt", "nan"),
        ("tax_rate_gt", "1e999"),
        ("placed_at_gt", "yesterday"),
        ("guest_eq", "yes"),
        ("number_null", "maybe"),
        ("metadata_jcont", "[]"),
        ("metadata_jcont", "{"),
        ("metadata_jcont", '{"a":"\\u0000"}'),
        ("metadata_jcont", '{"a":1,"a":2}'),
        ("number_cont", "x" * 1001),
        ("number_in", ",".join("x" * 1001)),
        ("number_cont_any", ",".join(str(one) for one in range(300))),
        ("open", "perhaps"),
    ],
)
def test_a_value_that_cannot_be_one_is_refused(name: str, value: str) -> None:
    assert refused(f"filter[q][{name}]={quote(value)}") == [("INVALID_FILTER_VALUE", f"filter[q][{name}]")]


def test_integers_to_the_edge_of_64_bits_are_values() -> None:
    assert where("total_amount_cents_eq", "9223372036854775807") == eq("total_amount_cents", 2**63 - 1)
    assert where("total_amount_cents_eq", "-9223372036854775808") == eq("total_amount_cents", -(2**63))


def test_too_many_filters_are_refused_once() -> None:
    predicates = [name for name in predicates_of("string") if not name.endswith(("any", "all"))]
    names = [f"filter[q][{name}_{predicate}]" for predicate in predicates for name in ("id", "number", "reference")]
    assert len(names) > 51
    assert read("&".join(f"{name}=1" for name in names[:50])).where != ALWAYS
    assert refused("&".join(f"{name}=1" for name in names)) == [("INVALID_FILTERS_SYNTAX", names[50])]


def test_a_query_without_measure_is_refused() -> None:
    assert refused("&".join(f"a{one}=1" for one in range(201))) == [("BAD_REQUEST", "")]
    assert refused("&".join(f"a{one}=1" for one in range(199))) == [
        ("PARAM_NOT_ALLOWED", f"a{one}") for one in range(100)
    ]
    long = f"filter[q][number{'_or_number' * 20}_eq]"
    assert refused(f"{long}=1") == [("FILTER_NOT_ALLOWED", long[:200])]


VALUES = st.sampled_from(["", "1", "true", "x,y", "2024-01-01", "%", "\\", "{}", '{"a":1}', "\x00", "9" * 30])
NAMES = st.sampled_from([*Order.shape.fields, *Order.shape.relationships, "market_name", "line_items_sku_code", "nope"])


@st.composite
def parameters(draw: st.DrawFn) -> tuple[str, str]:
    family = draw(st.sampled_from(["filter", "plain", "page", "fields", "include", "sort", "any"]))
    value = draw(VALUES | st.text(max_size=8))
    if family == "filter":
        names = draw(st.lists(NAMES, min_size=1, max_size=3))
        joined = draw(st.sampled_from(["_or_", "_and_"])).join(names)
        return f"filter[q][{joined}_{draw(st.sampled_from(sorted(PREDICATES)))}]", value
    if family == "plain":
        return f"filter[{draw(NAMES)}{draw(st.sampled_from(['', '_id', '_from', '_to', 's']))}]", value
    if family == "page":
        return f"page[{draw(st.sampled_from(['number', 'size', 'after', '']))}]", value
    if family == "any":
        return draw(st.text(max_size=8)), value
    listed = ",".join(draw(st.lists(NAMES, max_size=4)))
    return {"fields": "fields[orders]"}.get(family, family), listed


PURPOSES = st.sampled_from(["list", "one", "related-many", "write", "cursor"])


@settings(max_examples=150, deadline=None)
@given(pairs=st.lists(parameters(), max_size=5), purpose=PURPOSES)
def test_no_query_raises_anything_but_its_problems_and_links_lead_to_the_same(
    pairs: list[tuple[str, str]], purpose: Any
) -> None:
    raw = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
    try:
        found = read(raw, purpose=purpose)
    except RequestProblems as problems:
        assert problems.errors
        assert all(error.status == 400 and error.parameter is not None for error in problems.errors)
        return
    again = read(found.link_query, purpose=purpose)
    assert (again.include, again.fields, again.where, again.sort, again.page_size) == (
        found.include,
        found.fields,
        found.where,
        found.sort,
        found.page_size,
    )
    assert "page[number]" not in dict(parse_qsl(found.link_query, keep_blank_values=True))


@settings(max_examples=150, deadline=None)
@given(raw=st.binary(max_size=60))
def test_no_bytes_raise_anything_but_problems(raw: bytes) -> None:
    try:
        parse(raw, Order, SHOP, purpose="list")
    except RequestProblems as problems:
        assert problems.errors
