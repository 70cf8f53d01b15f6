from __future__ import annotations

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paydesk.base.errors import Denied
from paydesk.jsonapi.body.decode import Decoded, decode
from paydesk.jsonapi.errors import RequestProblems
from paydesk.rules.resource import Resource
from tests.jsonapi.shop import SHOP, LineItem, Market, Order

ID = "XAyRWNUzyN"
MARKET = {"market": {"data": {"type": "markets", "id": "abc"}}}


def update(attributes: Any = None, relationships: Any = None, *, prohibited: bool = False, **data: Any) -> Decoded:
    document = {"type": "orders", "id": ID, "attributes": attributes or {}, "relationships": relationships or {}}
    return raw(json.dumps({"data": {**document, **data}}).encode(), prohibited=prohibited)


def raw(body: bytes, resource: type[Resource] = Order, *, prohibited: bool = False) -> Decoded:
    return decode(body, resource, SHOP, verb="update", record_id=ID, prohibited=prohibited)


def create(attributes: Any, relationships: Any, resource: type[Resource] = Order, **data: Any) -> Decoded:
    document = {"type": resource.shape.type, "attributes": attributes, "relationships": relationships, **data}
    return decode(json.dumps({"data": document}).encode(), resource, SHOP, verb="create")


def refused(body: bytes) -> list[tuple[str, str | None]]:
    with pytest.raises(RequestProblems) as caught:
        raw(body)
    return [(error.code, error.pointer) for error in caught.value.errors]


def broken(decoded: Decoded) -> list[tuple[str | None, dict[str, Any] | None]]:
    assert all(error.code == "VALIDATION_ERROR" and error.status == 422 for error in decoded.problems)
    return [(error.pointer, error.meta) for error in decoded.problems]


def test_values_arguments_and_links_are_told_apart() -> None:
    decoded = update(
        {"guest": True, "coupon_code": "X", "_note": "n", "_place": True, "metadata": {"a": [1]}},
        {
            "market": {"data": {"type": "markets", "id": "m"}},
            "payment_source": {"data": None},
            "tags": {"data": [{"type": "tags", "id": "b"}, {"type": "tags", "id": "a"}, {"type": "tags", "id": "b"}]},
        },
    )
    assert decoded.change.type == "orders"
    assert decoded.change.values == {"guest": True, "metadata": {"a": [1]}}
    assert decoded.change.arguments == {"coupon_code": "X", "_note": "n", "_place": True}
    assert decoded.links == {"market": ("markets", "m"), "payment_source": None}
    assert decoded.many == {"tags": [("tags", "b"), ("tags", "a")]}
    assert decoded.problems == [] and decoded.pointers == {}


def test_an_empty_patch_is_legal() -> None:
    for body in (
        b'{"data":{"type":"orders","id":"XAyRWNUzyN"}}',
        b'{"data":{"type":"orders","id":"XAyRWNUzyN","attributes":null}}',
    ):
        assert raw(body).change.values == {}


def test_triggers_that_do_not_act_are_no_request() -> None:
    assert update({"_place": False, "_approve": None, "_capture_amount_cents": 0}).change.arguments == {
        "_capture_amount_cents": 0
    }


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("guest", "1", True),
        ("guest", 0, False),
        ("guest", "false", False),
        ("guest", None, False),
        ("tax_rate", "0.25", 0.25),
        ("tax_rate", 1, 1.0),
        ("tax_rate", None, None),
        ("placed_at", "2024-05-01T02:00:00+02:00", "2024-05-01T00:00:00.000Z"),
        ("placed_at", "2024-05-01", "2024-05-01T00:00:00.000Z"),
        ("notes", [1, "a"], [1, "a"]),
        ("metadata", None, {}),
        ("reference", None, None),
        ("reference", "", ""),
    ],
)
def test_values_are_coerced(name: str, given: Any, kept: Any) -> None:
    decoded = update({name: given})
    assert decoded.problems == []
    assert decoded.change.values == {name: kept} and type(decoded.change.values[name]) is type(kept)


@pytest.mark.parametrize(("given", "kept"), [("7", 7), (7.0, 7), (100, 100)])
def test_integers_may_be_numeric_strings(given: Any, kept: int) -> None:
    body = {"data": {"type": "line_items", "id": ID, "attributes": {"quantity": given}}}
    assert raw(json.dumps(body).encode(), LineItem).change.values == {"quantity": kept}


@pytest.mark.parametrize(
    ("given", "meta"),
    [
        ("x", {"error": "not_a_number"}),
        ("1.5", {"error": "not_a_number"}),
        (1.5, {"error": "not_an_integer"}),
        (True, {"error": "not_a_number"}),
        ([], {"error": "not_a_number"}),
        ("9" * 19, {"error": "not_a_number"}),
        ("9" * 40_000, {"error": "not_a_number"}),
        (0, {"error": "greater_than_or_equal_to", "value": 0, "count": 1}),
        ("101", {"error": "less_than_or_equal_to", "value": 101, "count": 100}),
        (None, {"error": "blank"}),
    ],
)
def test_integers_that_are_none_are_refused(given: Any, meta: dict[str, Any]) -> None:
    body = {"data": {"type": "line_items", "id": ID, "attributes": {"quantity": given}}}
    assert broken(raw(json.dumps(body).encode(), LineItem)) == [("/data/attributes/quantity", meta)]


@pytest.mark.parametrize(
    ("name", "given", "meta"),
    [
        ("guest", "yes", {"error": "invalid"}),
        ("guest", 2, {"error": "invalid"}),
        ("reference", 5, {"error": "invalid"}),
        ("reference", "x" * 65_537, {"error": "too_long", "count": 65_536}),
        ("tax_rate", "x", {"error": "not_a_number"}),
        ("tax_rate", 2, {"error": "less_than_or_equal_to", "value": 2.0, "count": 1}),
        ("placed_at", "soon", {"error": "invalid"}),
        ("placed_at", 5, {"error": "invalid"}),
        ("metadata", [], {"error": "invalid"}),
        ("metadata", "x", {"error": "invalid"}),
        ("metadata", {str(one): 1 for one in range(51)}, {"error": "too_many", "count": 50}),
        ("metadata", {"a": "x" * 16_384}, {"error": "too_large", "count": 16_384}),
        ("notes", {}, {"error": "invalid"}),
        ("_place", "perhaps", {"error": "invalid"}),
        ("_capture_amount_cents", "x", {"error": "not_a_number"}),
        ("reference", "a\0b", {"error": "invalid"}),
        ("reference", "\ud800", {"error": "invalid"}),
        ("metadata", {"a": [{"b\0": 1}]}, {"error": "invalid"}),
    ],
)
def test_values_of_another_kind_are_refused(name: str, given: Any, meta: dict[str, Any]) -> None:
    decoded = update({name: given})
    assert broken(decoded) == [(f"/data/attributes/{name}", meta)]
    assert decoded.change.values == {} and decoded.change.arguments == {}
    with pytest.raises(RequestProblems):
        decoded.check()


def test_what_a_creation_needs_is_told_all_at_once() -> None:
    assert broken(create({"name": ""}, {}, Market)) == [
        ("/data/attributes/name", {"error": "blank"}),
        ("/data/relationships/merchant", {"error": "blank"}),
    ]
    assert broken(create({"name": "x"}, {"merchant": {"data": None}}, Market)) == [
        ("/data/relationships/merchant", {"error": "blank"})
    ]
    (error,) = create({}, {}).problems
    assert (error.title, error.detail) == ("must exist", "market - must exist")


def test_an_update_needs_nothing_but_may_not_clear_what_is_required() -> None:
    assert update({}).problems == []
    assert broken(update({}, {"market": {"data": None}})) == [("/data/relationships/market", {"error": "blank"})]


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        (b"", [("PARAM_MISSING", "/data")]),
        (b"  ", [("PARAM_MISSING", "/data")]),
        (b"{}", [("PARAM_MISSING", "/data")]),
        (b"[]", [("PARAM_MISSING", "/data")]),
        (b'{"data":[]}', [("INVALID_DATA_FORMAT", "/data")]),
        (b'{"data":{}}', [("PARAM_MISSING", "/data/type"), ("KEY_ORDER_MISMATCH", "/data/id")]),
        (
            b'{"data":{"type":"skus","id":"x"}}',
            [("INVALID_RESOURCE", "/data/type"), ("KEY_NOT_INCLUDED_IN_URL", "/data/id")],
        ),
        (b'{"data":{"type":["orders"],"id":"XAyRWNUzyN"}}', [("INVALID_RESOURCE", "/data/type")]),
        (
            b'{"data":{"type":"orders","id":"XAyRWNUzyN","attributes":[],"relationships":1}}',
            [("INVALID_DATA_FORMAT", "/data/attributes"), ("INVALID_DATA_FORMAT", "/data/relationships")],
        ),
        (b"{", [("BAD_REQUEST", "")]),
        (b"{'data':1}", [("BAD_REQUEST", "")]),
        (b"\xff", [("BAD_REQUEST", "")]),
        (b'\xef\xbb\xbf{"data":{}}', [("BAD_REQUEST", "")]),
        (b'{"data":NaN}', [("BAD_REQUEST", "")]),
        (b'{"data":1e999}', [("BAD_REQUEST", "")]),
        (b'{"data":9223372036854775808}', [("BAD_REQUEST", "")]),
        (b'{"data":-9223372036854775809}', [("BAD_REQUEST", "")]),
        (b'{"data":1,"data":2}', [("BAD_REQUEST", "")]),
        (b'{"data":1,"d\\u0061ta":2}', [("BAD_REQUEST", "")]),
        (b'{"data":{"a":"::","a":""}}', [("BAD_REQUEST", "")]),
        (b'{"data":{"a":"\\u003a","a":"1"}}', [("BAD_REQUEST", "")]),
        (b'{"data":' + b"[" * 32 + b"]" * 32 + b"}", [("BAD_REQUEST", "")]),
        (b'{"data":' + b"[" * 31 + b"]" * 31 + b"}", [("INVALID_DATA_FORMAT", "/data")]),
        (b"[" * 50_000, [("BAD_REQUEST", "")]),
        (b"[" * 100_000 + b"]" * 100_000, [("BAD_REQUEST", "")]),
    ],
)
def test_shapes_that_are_none_are_refused(body: bytes, problems: list[tuple[str, str]]) -> None:
    assert refused(body) == problems


def test_what_was_sent_is_told_back_as_it_was_written() -> None:
    with pytest.raises(RequestProblems) as raised:
        raw(b'{"data":{"type":["orders",null],"id":true}}')
    assert [one.detail for one in raised.value.errors] == [
        '["orders", null] is not a valid resource.',
        "The URL does not support the key true",
    ]


def test_integers_to_the_edge_of_64_bits_and_large_doubles_are_read() -> None:
    value = {"a": 2**63 - 1, "b": -(2**63), "c": 1e300}
    assert update({"metadata": value}).change.values == {"metadata": value}


def test_names_come_before_values_and_all_at_once() -> None:
    with pytest.raises(RequestProblems) as caught:
        update(
            {"nope": 1, "number": "1", "a/b~": 1, "guest": "maybe", "id": "x", "payment_source": "x"},
            {
                "line_items": {"data": []},
                "market": {"data": {"type": "skus", "id": "a"}},
                "payment_source": {"data": {"type": "cards"}},
                "gateway": {},
                "tags": {"data": {"type": "tags", "id": "a"}},
            },
            links={},
            lid="x",
        )
    assert [(error.code, error.pointer) for error in caught.value.errors] == [
        ("PARAM_NOT_ALLOWED", "/data/lid"),
        ("PARAM_NOT_ALLOWED", "/data/attributes/nope"),
        ("PARAM_NOT_ALLOWED", "/data/attributes/number"),
        ("PARAM_NOT_ALLOWED", "/data/attributes/a~1b~0"),
        ("PARAM_NOT_ALLOWED", "/data/attributes/id"),
        ("PARAM_NOT_ALLOWED", "/data/attributes/payment_source"),
        ("PARAM_NOT_ALLOWED", "/data/relationships/line_items"),
        ("TYPE_MISMATCH", "/data/relationships/market"),
        ("INVALID_LINKS_OBJECT", "/data/relationships/payment_source"),
        ("INVALID_LINKS_OBJECT", "/data/relationships/gateway"),
        ("INVALID_LINKS_OBJECT", "/data/relationships/tags"),
    ]


def test_a_creation_brings_no_id_of_its_own() -> None:
    with pytest.raises(RequestProblems) as caught:
        create({}, MARKET, id="x")
    assert [(error.code, error.pointer) for error in caught.value.errors] == [("PARAM_NOT_ALLOWED", "/data/id")]


def test_a_relationship_may_be_cleared_as_an_attribute() -> None:
    decoded = update({"payment_source": None})
    assert decoded.links == {"payment_source": None}
    assert decoded.pointers == {"payment_source": "/data/attributes/payment_source"}
    both = update({"payment_source": None}, {"payment_source": {"data": {"type": "cards", "id": "c"}}})
    assert (both.links, both.pointers) == ({"payment_source": ("cards", "c")}, {})


@pytest.mark.parametrize("name", ["payment_gateways", "stripe_gateways"])
def test_a_gateway_is_known_by_either_type(name: str) -> None:
    assert update({}, {"gateway": {"data": {"type": name, "id": "g"}}}).links == {"gateway": ("payment_gateways", "g")}


def test_an_id_that_no_record_has_names_none() -> None:
    for key in ("a\0b", "\ud800", "x" * 256):
        decoded = update({}, {"market": {"data": {"type": "markets", "id": key}}})
        assert broken(decoded) == [("/data/relationships/market", {"error": "blank"})]


@pytest.mark.parametrize(
    ("attributes", "relationships"),
    [
        ({"_approve": True}, {}),
        ({"_approve": False}, {}),
        ({"_note": "x"}, {}),
        ({"guest": "maybe"}, {"gateway": {"data": None}}),
    ],
)
def test_what_a_sales_channel_may_not_write_is_denied(attributes: Any, relationships: Any) -> None:
    with pytest.raises(Denied):
        update(attributes, relationships, prohibited=True)
    update(attributes, relationships)


@pytest.mark.parametrize(
    "value",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "paid with 378282246310005.",
        "2024-05-01 4242 4242 4242 4242",
        "4222222222222",
        {"card": {"number": "6011111111111117"}},
        {"deep": [{"x": 5555555555554444}]},
        {"pan": "1234567812345670"},
        {"cvc": "123"},
        {"card": {"security_code": 1234}},
        {"4242424242424242": "x"},
    ],
)
def test_card_data_is_refused_without_repeating_it(value: Any) -> None:
    decoded = update({"metadata": value} if isinstance(value, dict) else {"reference": value})
    ((pointer, meta),) = broken(decoded)
    assert pointer in ("/data/attributes/metadata", "/data/attributes/reference") and meta == {"error": "card_number"}
    assert decoded.problems[0].title == "must not contain card data"
    assert decoded.change.values == {}


def test_card_data_hidden_in_escapes_is_found() -> None:
    body = b'{"data":{"type":"orders","id":"XAyRWNUzyN","attributes":{"reference":"\\u0034242424242424242"}}}'
    assert broken(raw(body)) == [("/data/attributes/reference", {"error": "card_number"})]


@pytest.mark.parametrize(
    "value",
    [
        "XAyRWNUzyN",
        "19346523",
        "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "4006381333931",
        "1700000000000",
        "2024-05-01T12:00:00.000Z",
        "+4242424242424242",
        "order_4242424242424242",
        "a4242424242424242",
        "4242424242424241",
        "0000000000000000",
        {"phone": "4242424242424242", "shop_phone_number": "4242 4242 4242 4242"},
        {"cvc_check": "pass", "cvc": "pass"},
        {"id": "550e8400-e29b-41d4-a716-446655440000"},
    ],
)
def test_what_is_no_card_is_kept(value: Any) -> None:
    attributes = {"metadata": value} if isinstance(value, dict) else {"reference": value}
    assert update(attributes).change.values == attributes


def test_a_phone_number_is_none_of_a_card() -> None:
    assert update({"phone": "4242424242424242"}).problems == []


HOSTILE = [
    b"[" * 1_048_576,
    b'{"data":' + b'{"a":' * 150_000,
    b'{"data":{' + b",".join(b'"k%d":1' % one for one in range(100_000)) + b"}}",
    b'{"data":{"type":"orders","id":"XAyRWNUzyN","attributes":{'
    + b",".join(b'"k%d":1' % one for one in range(80_000))
    + b"}}}",
    b'{"data":' + b"9" * 1_000_000 + b"}",
    b'{"data":"' + b"1 " * 500_000 + b'"}',
    b'{"data":{"type":"orders","id":"XAyRWNUzyN","attributes":{"reference":"' + b"4242-" * 13_000 + b'"}}}',
    b'{"data":{"type":"orders","id":"XAyRWNUzyN","attributes":{"reference":"' + b"424242424242a" * 5_000 + b'"}}}',
    b'{"data":"' + b'\\"' * 500_000,
    b'{"data":[' + b"[]," * 340_000 + b"[]]}",
    b'{"data":{"type":"orders","id":"XAyRWNUzyN","relationships":{"tags":{"data":['
    + b",".join(b'{"type":"tags","id":"%d"}' % one for one in range(35_000))
    + b"]}}}}",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_megabyte_of_malice_is_read_in_a_moment(number: int) -> None:
    began = time.process_time()
    try:
        decoded = raw(HOSTILE[number])
    except RequestProblems as problems:
        assert 1 <= len(problems.errors) <= 100
    else:
        assert decoded.change.type == "orders"
    assert time.process_time() - began < 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=80))
def test_no_bytes_raise_anything_but_problems(body: bytes) -> None:
    with pytest.raises(RequestProblems):
        raw(body)


@settings(max_examples=150, deadline=None)
@given(
    attributes=JSON | st.dictionaries(st.sampled_from([*Order.shape.fields, *Order.shape.triggers]), JSON, max_size=4),
    relationships=JSON
    | st.dictionaries(
        st.sampled_from(list(Order.shape.relationships)), st.fixed_dictionaries({"data": JSON}), max_size=3
    ),
    prohibited=st.booleans(),
)
def test_no_document_raises_anything_but_problems_and_denials(
    attributes: Any, relationships: Any, prohibited: bool
) -> None:
    try:
        decoded = update(attributes, relationships, prohibited=prohibited)
    except (RequestProblems, Denied):
        return
    orjson.dumps([decoded.change.values, decoded.change.arguments, decoded.links])
    orjson.dumps([error.as_json() for error in decoded.problems])


@settings(max_examples=100, deadline=None)
@given(
    document=st.dictionaries(st.text('ab:\\"é', max_size=3), st.text('ab:\\"é', max_size=3), max_size=4),
    twice=st.booleans(),
)
def test_a_key_given_twice_is_found_whatever_the_strings_hold(document: dict[str, str], twice: bool) -> None:
    members = [f"{json.dumps(key, ensure_ascii=False)}:{json.dumps(value)}" for key, value in document.items()]
    if twice and members:
        members.append(members[0])
    attributes = '{"metadata":{' + ",".join(members) + "}}"
    body = '{"data":{"type":"orders","id":"' + ID + '","attributes":' + attributes + "}}"
    if twice and members:
        assert refused(body.encode()) == [("BAD_REQUEST", "")]
    else:
        assert raw(body.encode()).change.values == {"metadata": document}
