"""The parameter table against the SDK's types, and the form parser."""

from pathlib import Path
from urllib.parse import quote, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydesk.sandbox.core.errors import StripeError
from paydesk.sandbox.http.forms import parse
from paydesk.sandbox.http.parameters import call_parameters
from paydesk.sandbox.http.routes import ROUTES

from .sdk_parameters import CALLS, read

TABLE = Path(__file__).resolve().parents[2] / "src/paydesk/sandbox/http/parameters.json"


def test_the_table_is_what_the_sdk_says():
    assert orjson.loads(TABLE.read_bytes()) == orjson.loads(orjson.dumps(read()))


def test_every_call_has_its_parameters_and_every_table_its_call():
    assert [name for name in ROUTES if call_parameters(name) is None] == []
    assert set(CALLS) <= set(ROUTES)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", {}),
        (b"a=1&b=x%20y+z", {"a": "1", "b": "x y z"}),
        (b"a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[0]=1&a[1]=2", {"a": {"0": "1", "1": "2"}}),
        (b"a[][x]=1&a[][y]=2&a[][x]=3", {"a": [{"x": "1", "y": "2"}, {"x": "3"}]}),
        (b"metadata%5Bk%5D=v%3D1", {"metadata": {"k": "v=1"}}),
        (b"a", {"a": ""}),
    ],
)
def test_forms_are_nested_as_rack_nests_them(body: bytes, expected: object):
    assert parse(body) == expected


@given(st.dictionaries(st.text("abcdefg_", min_size=1), st.text(max_size=30), max_size=8))
def test_what_is_encoded_is_read_again(fields: dict[str, str]):
    assert parse(urlencode({f"metadata[{name}]": value for name, value in fields.items()}).encode()) == (
        {"metadata": fields} if fields else {}
    )
    assert parse(urlencode(fields, quote_via=quote).encode()) == fields


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(body: bytes):
    try:
        assert isinstance(parse(body), dict)
    except StripeError as refused:
        assert refused.status == 400
