"""Queries drawn at random over the real declarations, run on a real database: never a failure of ours, and a filter
means what its words say.
"""

import random
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paydesk.commerce.catalog.prices import Price
from paydesk.commerce.catalog.skus import Sku
from paydesk.jsonapi.query.predicates import PREDICATES
from tests.http.world import World

ALPHABET = "aAbBéÉßΣσжЖ%_\\ ,\n"
EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Rows, the same on both databases.

SKUS = 30
Row = dict[str, Any]


def _rows() -> tuple[list[Row], list[Row]]:
    drawn = random.Random(20240501)

    def text() -> str:
        return "".join(drawn.choice(ALPHABET) for _ in range(drawn.randrange(5)))

    def value(depth: int = 0) -> Any:
        kind = drawn.randrange(8 if depth < 2 else 5)
        if kind > 5:
            return [value(depth + 1) for _ in range(drawn.randrange(3))]
        if kind == 5:
            return {drawn.choice("ab"): value(depth + 1) for _ in range(drawn.randrange(3))}
        return [None, True, 1, 1.0, "a", "A"][kind]

    skus = [
        {
            "id": f"gen{at:03d}",
            "code": f"{text()}{at}",
            "name": text(),
            "description": drawn.choice([None, "", text(), text()]),
            "reference": drawn.choice([None, text()]),
            "do_not_ship": drawn.random() < 0.5,
            "metadata": {drawn.choice("ab"): value() for _ in range(drawn.randrange(3))},
        }
        for at in range(SKUS)
    ]
    prices = [
        {
            "id": f"prc{at:03d}{list_}",
            "sku_id": sku["id"],
            "price_list_id": list_,
            "amount_cents": drawn.randrange(5),
            "compare_at_amount_cents": drawn.choice([None, 1, 3]),
        }
        for at, sku in enumerate(skus)
        for list_ in ("lstEur", "lstUsd")
        if drawn.random() < 0.5
    ]
    return skus, prices


GENERATED, PRICES = _rows()
LISTS = {
    "lstEur": {"id": "lstEur", "code": "eur", "tax_included": True},
    "lstUsd": {"id": "lstUsd", "code": "usd", "tax_included": False},
}


@pytest.fixture(scope="module")
def filled(world: World) -> World:
    for row in GENERATED:
        world.row(Sku, tenant="shop/test", do_not_track=False, **row)
    for row in PRICES:
        world.row(Price, tenant="shop/test", currency_code="EUR", metadata={}, **row)
    return world


# What the words mean.


def lower(text: str) -> str:
    return "".join(letter.lower() for letter in text)


def like(text: str, pattern: str) -> bool:
    made, escaped = "", False
    for at, letter in enumerate(pattern):
        if escaped:
            made += re.escape(letter)
            escaped = False
        elif letter == "\\" and pattern[at + 1 : at + 2] in ("%", "_", "\\") and pattern[at + 1 : at + 2]:
            escaped = True
        else:
            made += {"%": ".*", "_": "."}.get(letter, re.escape(letter))
    return re.fullmatch(made, lower(text), re.DOTALL) is not None


def contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and contains(whole[name], part[name]) for name in part)
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains(has, wants) for has in whole) for wants in part)
    if isinstance(whole, dict | list):
        return False
    return bool(whole == part) and isinstance(whole, bool) == isinstance(part, bool)


TEXTS = {
    "start": lambda text, part: text.startswith(part),
    "end": lambda text, part: text.endswith(part),
    "cont": lambda text, part: part in text,
    "i_cont": lambda text, part: part in text,
}


def holds(value: Any, predicate: str, given: Any) -> bool:
    """Whether a value fulfils a predicate; `given` is a value, a list of them, or a switch."""
    if predicate.endswith("_or_null"):
        return value is None or holds(value, predicate.removesuffix("_or_null"), given)
    if predicate in ("null", "not_null", "present", "blank", "true", "false"):
        state = {
            "null": value is None,
            "not_null": value is not None,
            "blank": value in (None, "", {}),
            "present": value not in (None, "", {}),
            "true": value is True,
            "false": value is False,
        }[predicate]
        return state == given and not (predicate in ("true", "false") and value is None)
    if value is None:
        return False
    for ending, every in (("_any", any), ("_all", all)):
        if predicate.endswith(ending) and predicate != "not_eq_all":
            return bool(every(holds(value, predicate.removesuffix(ending), one) for one in given))
    if predicate in ("eq", "not_eq"):
        return bool(value == given) == (predicate == "eq")
    if predicate in ("in", "not_in", "not_eq_all"):
        return (value in given) == (predicate == "in")
    if predicate in ("lt", "lteq", "gt", "gteq"):
        order = {"lt": value < given, "lteq": value <= given, "gt": value > given, "gteq": value >= given}
        return bool(order[predicate])
    if predicate in ("matches", "does_not_match"):
        return like(value, lower(given)) == (predicate == "matches")
    if predicate == "jcont":
        return contains(value, given)
    found = bool(TEXTS[predicate.removeprefix("not_")](lower(value), lower(given)))
    return found != predicate.startswith("not_")


def values_of(row: Row, path: str) -> list[Any]:
    """What stands at the end of a path: nothing, one value, or one of each related row."""
    first, _, rest = path.partition(".")
    if not rest:
        return [row[first]]
    if first == "prices":
        return [one for price in PRICES if price["sku_id"] == row["id"] for one in values_of(price, rest)]
    return values_of(LISTS[row["price_list_id"]], rest)


KINDS = {
    "code": "string",
    "name": "string",
    "description": "string",
    "reference": "string",
    "do_not_ship": "boolean",
    "metadata": "object",
    "id": "string",
    "prices.amount_cents": "integer",
    "prices.compare_at_amount_cents": "integer",
    "prices.price_list.code": "string",
    "prices.price_list.tax_included": "boolean",
    "prices.id": "string",
}
BY_KIND = {
    "string": [name for name in PREDICATES if name not in ("jcont", "true", "false", "lt", "lteq", "gt", "gteq")
               and not re.fullmatch("(lt|lteq|gt|gteq)_(any|all)", name)],
    "integer": [name for name in PREDICATES if re.match("(not_)?(eq|in|null|lt|gt|present|blank)", name)],
    "boolean": ["eq", "not_eq", "eq_or_null", "in", "not_in", "true", "false", "null", "not_null", "present", "blank"],
    "object": ["jcont", "null", "not_null", "present", "blank"],
}  # fmt: skip
SWITCHES = ("null", "not_null", "present", "blank", "true", "false")


def _is_list(predicate: str) -> bool:
    return predicate.endswith(("_any", "_all")) or re.match("(not_)?in(_or_null)?$", predicate) is not None


@st.composite
def filters(draw: Any) -> tuple[list[str], bool, str, Any, str]:
    """Paths joined by `_or_` or `_and_`, a predicate, and its value as Python and as text."""
    path = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[path]
    others = [other for other in sorted(KINDS) if KINDS[other] == kind and other != path]
    paths = [path, *draw(st.lists(st.sampled_from(others), max_size=2, unique=True))] if others else [path]
    predicate = draw(st.sampled_from(BY_KIND[kind]))
    letters = st.text(ALPHABET.replace(",", ""), max_size=3)
    plain = {
        "string": st.one_of(letters, st.sampled_from([row["name"].replace(",", "") for row in GENERATED])),
        "integer": st.integers(-1, 5),
        "boolean": st.booleans(),
        "object": st.sampled_from([{}, *(row["metadata"] for row in GENERATED), {"a": []}, {"a": {}}, {"b": [1]}]),
    }[kind]
    together = draw(st.booleans())
    if predicate in SWITCHES:
        given = draw(st.booleans())
        return paths, together, predicate, given, draw(st.sampled_from(["true", "1"] if given else ["false", "0"]))
    if _is_list(predicate):
        several = draw(st.lists(plain, min_size=1, max_size=3))
        return paths, together, predicate, several, ",".join(_text(one) for one in several)
    one = draw(plain)
    return paths, together, predicate, one, _text(one)


def _text(value: Any) -> str:
    import json

    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@EXAMPLES
@given(filters())
def test_a_filter_means_what_it_says(filled: World, drawn: tuple[list[str], bool, str, Any, str]) -> None:
    paths, together, predicate, value, text = drawn
    joined = ("_and_" if together else "_or_").join(path.replace(".", "_") for path in paths)
    name = f"filter[q][{joined}_{predicate}]"
    found: list[str] = []
    for number in (1, 2):
        query = f"filter[ids]={','.join(row['id'] for row in GENERATED)}&sort=code&page[size]=25&page[number]={number}"
        found += filled.get(f"skus?fields[skus]=id&{query}&{quote(name)}={quote(text, safe='')}").ids
    every = all if together else any
    model = [
        row["id"]
        for row in GENERATED
        if every(any(holds(one, predicate, value) for one in values_of(row, path)) for path in paths)
    ]
    assert sorted(found) == model, (name, text)


# Any query at all.

TOKENS = ("shop/test", "shop/live", "guest", "ada", "bound", "reader")
VALUES = ["", "1", "0", "true", "a", "EUR", "x,y", "2024-05-01", "2024-05-01T00:00:00+02:00", "-1", "1.5", "%", "\\",
          "_", "é", "{}", '{"a":[1,null]}', "null", "NaN", "1e308", "9223372036854775807", "-9223372036854775808",
          "0001-01-01", "9999-12-31T23:59:59.999999Z", "mktEurope", "'", '"', ";", "\U0001f600"]  # fmt: skip


@st.composite
def queries(draw: Any, types: dict[str, Any]) -> str:
    type_ = draw(st.sampled_from(sorted(types)))
    shape = types[type_].shape
    relationships = sorted(name for name, one in shape.relationships.items())
    names = sorted([*shape.fields, *shape.relationships])
    parts = []

    def path(length: int) -> str:
        at, steps = shape, []
        for _ in range(length):
            choices = sorted(name for name, one in at.relationships.items() if not one.hidden) or ["none"]
            step = draw(st.sampled_from(choices))
            steps.append(step)
            if step not in at.relationships:
                break
            at = types[draw(st.sampled_from(at.relationships[step].types))].shape
        return ".".join(steps)

    def attribute() -> str:
        at, prefix = shape, ""
        for _ in range(draw(st.integers(0, 3))):
            choices = sorted(name for name, one in at.relationships.items() if not one.hidden and one.flags.value)
            if not choices:
                break
            step = draw(st.sampled_from(choices))
            prefix += step + "_"
            at = types[draw(st.sampled_from(at.relationships[step].types))].shape
        name: str = draw(st.sampled_from(sorted([*at.fields, "id", "type"])))
        return prefix + name

    if draw(st.booleans()):
        parts.append("include=" + ",".join(path(draw(st.integers(1, 3))) for _ in range(draw(st.integers(1, 3)))))
    if draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(names), max_size=4))
        parts.append(f"fields[{type_}]=" + ",".join(chosen))
    if draw(st.booleans()):
        parts.append("sort=" + draw(st.sampled_from(["", "-"])) + draw(st.sampled_from(names)))
    if draw(st.booleans()):
        parts.append(f"page[size]={draw(st.integers(1, 26))}&page[number]={draw(st.integers(1, 3))}")
    for _ in range(draw(st.integers(0, 2))):
        joined = draw(st.sampled_from(["_or_", "_and_"])).join(attribute() for _ in range(draw(st.integers(1, 2))))
        predicate = draw(st.sampled_from(sorted(PREDICATES)))
        parts.append(f"filter[q][{joined}_{predicate}]=" + quote(draw(st.sampled_from(VALUES)), safe=""))
    one = draw(st.sampled_from(["", "", "", *(f"/{id_}" for id_ in ("ordFull", "skuAlpha", "mktEurope", "cusAda"))]))
    rest = f"/{draw(st.sampled_from(relationships))}" if one and relationships and draw(st.booleans()) else ""
    return f"{type_}{one}{rest}?{'&'.join(parts)}"


CODES = {400: None, 401: {"UNAUTHORIZED"}, 404: {"RECORD_NOT_FOUND"}, 405: {"METHOD_NOT_ALLOWED"}}


@EXAMPLES
@given(st.data())
def test_no_query_makes_the_server_fail(filled: World, data: st.DataObject) -> None:
    path = data.draw(queries(filled.registry.types))
    token = data.draw(st.sampled_from(TOKENS))
    answer = filled.ask("GET", f"/api/{path}", token=token)
    assert answer.status == 200 or answer.status in CODES, (answer.status, path, token)
    if answer.status != 200:
        expected = CODES[answer.status]
        assert all(expected is None or code in expected for _, code, _ in answer.errors)
    else:
        assert set(answer.document) <= {"data", "included", "meta", "links"}


@EXAMPLES
@given(st.binary(max_size=60) | st.text(max_size=30).map(lambda text: quote(text).encode()))
def test_no_bytes_for_a_query_make_the_server_fail(filled: World, raw: bytes) -> None:
    for start in (b"", b"filter[q][", b"fields[skus]=", b"include=", b"sort=", b"page["):
        scope_query = (start + raw).replace(b"#", b"").replace(b"\n", b"").replace(b"\r", b"").replace(b"\t", b"")
        answer = filled.ask("GET", "/api/skus?" + scope_query.decode("ascii", "ignore"))
        assert answer.status in (200, 400), scope_query
