"""The query string of a request: include, fields, filter, sort and page, checked against the declarations.

Every name comes from an allow-list made of the registry, every value is typed by the attribute it is compared with, and
all mistakes are found at once, each with the parameter as it was sent.
Source: Commerce Layer, "Including associations", "Sparse fieldsets", "Sorting results", "Pagination", "Filtering data".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote, unquote_to_bytes

from paydesk.base.instants import parse as parse_instant
from paydesk.declare import ALWAYS, FILTER, NEVER, SORT, All, AnyOf, Condition, Field, Relationship, Test, both, either
from paydesk.declare.conditions import Operator
from paydesk.jsonapi import strict
from paydesk.jsonapi.errors import ApiError, RequestProblems, problem
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

Purpose = Literal["list", "one", "related-many", "write", "cursor"]
"""`one` and `write` answer with one record, `list` and `related-many` with a page, `cursor` with a history's page."""

PAGE_SIZE = 10
PAGE_SIZE_MAXIMUM = 25
INCLUDE_DEPTH = 3

_MAXIMUM_PARAMETERS = 200
_MAXIMUM_INCLUDED = 100
_MAXIMUM_FILTERS = 50
_MAXIMUM_NAMES = 20
_MAXIMUM_TESTS = 200
_MAXIMUM_VALUES = 1000
_MAXIMUM_TEXT = 1000
_MAXIMUM_DEPTH = 3
_MAXIMUM_PROBLEMS = 100
_CACHED_QUERIES = 512
_CACHED_BYTES = 2048

Include = dict[str, "Include"]


@dataclass(frozen=True, slots=True)
class Query:
    """What a client wants to see.

    include      relationships to include, each with those to include from there
    fields       by type, the names of attributes and relationships to tell; a type without an entry tells all
    where        what records fulfil; `ALWAYS` without filters
    sort         columns, each with whether it descends; empty for the usual order
    page_number  from 1
    after        the cursor as sent, None for the first page
    link_query   all other parameters, percent-encoded, as pagination links repeat them (`a=b&c=d`)
    """

    include: Include
    fields: dict[str, frozenset[str]]
    where: Condition = ALWAYS
    sort: tuple[tuple[str, bool], ...] = ()
    page_number: int = 1
    page_size: int = PAGE_SIZE
    after: str | None = None
    link_query: str = ""


EVERYTHING = Query({}, {})
"""No query string at all."""


def parse(raw_query: bytes, resource: type[Resource], registry: Registry, *, purpose: Purpose) -> Query:
    """Read a query string for records of `resource`. Equal queries give the same `Query`: treat it as read-only.

    raises   RequestProblems (400) with all mistakes of the query
    """
    if not raw_query:
        return EVERYTHING
    grammar = grammar_of(registry)
    if len(raw_query) <= _CACHED_BYTES:
        return grammar.remembered(raw_query, resource.shape.type, purpose)
    return grammar.parse(raw_query, resource.shape.type, purpose)


class Mistake(Exception):
    """One thing wrong with one parameter."""

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


# Predicates


@dataclass(frozen=True, slots=True)
class _Predicate:
    """One ending of a filter's name.

    operator  the comparison of one value; for texts `like` with the value put into `pattern`
    takes     "value", "list" (a comma list is one value), "any" or "all" (each of a comma list), "switch" (a boolean)
    """

    operator: str
    takes: Literal["value", "list", "any", "all", "switch"] = "value"
    pattern: str = ""
    or_null: bool = False


def _predicates() -> dict[str, _Predicate]:
    table: dict[str, _Predicate] = {
        "eq": _Predicate("eq"),
        "not_eq": _Predicate("ne"),
        "eq_or_null": _Predicate("eq", or_null=True),
        "not_eq_or_null": _Predicate("ne", or_null=True),
        "in": _Predicate("in", "list"),
        "not_in": _Predicate("not_in", "list"),
        "in_or_null": _Predicate("in", "list", or_null=True),
        "not_in_or_null": _Predicate("not_in", "list", or_null=True),
        "not_eq_all": _Predicate("not_in", "list"),
        "present": _Predicate("present", "switch"),
        "blank": _Predicate("blank", "switch"),
        "null": _Predicate("null", "switch"),
        "not_null": _Predicate("not_null", "switch"),
        "true": _Predicate("true", "switch"),
        "false": _Predicate("false", "switch"),
        "jcont": _Predicate("contains"),
    }
    several: dict[str, tuple[str, str]] = {
        "lt": ("lt", ""),
        "lteq": ("lteq", ""),
        "gt": ("gt", ""),
        "gteq": ("gteq", ""),
        "matches": ("like", "{}"),
        "does_not_match": ("not_like", "{}"),
        "start": ("like", "{}%"),
        "not_start": ("not_like", "{}%"),
        "end": ("like", "%{}"),
        "not_end": ("not_like", "%{}"),
        "cont": ("like", "%{}%"),
        "not_cont": ("not_like", "%{}%"),
    }
    for name, (operator, pattern) in several.items():
        table[name] = _Predicate(operator, "value", pattern)
        table[f"{name}_any"] = _Predicate(operator, "any", pattern)
        table[f"{name}_all"] = _Predicate(operator, "all", pattern)
    return table


PREDICATES: dict[str, _Predicate] = _predicates()
_ENDINGS = sorted(PREDICATES, key=len, reverse=True)

_OPPOSITE: dict[str, str] = {
    "present": "blank",
    "blank": "present",
    "null": "not_null",
    "not_null": "null",
    "true": "false",
    "false": "true",
}


def predicates_of(kind: str) -> tuple[str, ...]:
    """The predicates that an attribute of this wire type takes."""
    return tuple(name for name, one in PREDICATES.items() if _takes(kind, one.operator))


def _takes(kind: str, operator: str) -> bool:
    if operator in ("present", "blank", "null", "not_null"):
        return True
    if operator in ("like", "not_like"):
        return kind == "string"
    if operator in ("lt", "lteq", "gt", "gteq"):
        return kind in ("integer", "float", "datetime")
    if operator in ("true", "false"):
        return kind == "boolean"
    if operator == "contains":
        return kind == "object"
    return kind not in ("object", "array")


# Values

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_FLOAT = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_LOST_PLUS = re.compile(r"(.*[0-9]) ([0-9]{2}:?[0-9]{2})", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def _bad_value(text: str) -> Mistake:
    return Mistake("INVALID_FILTER_VALUE", f"{_shown(text)} is not a valid value for this filter.")


def _value(text: str, kind: str) -> Any:
    """A value as the columns of this kind hold it."""
    if kind == "string":
        if len(text) > _MAXIMUM_TEXT:
            raise _bad_value(text)
        return text
    if kind == "integer":
        if _INTEGER.fullmatch(text) and -strict.INTEGER_MAXIMUM - 1 <= (number := int(text)) <= strict.INTEGER_MAXIMUM:
            return number
    elif kind == "datetime":
        if len(text) <= 64:
            moment = parse_instant(text)
            if moment is None and (lost := _LOST_PLUS.fullmatch(text)):
                # A plus sign that was not percent-encoded means a space: `12:00:00+02:00`.
                moment = parse_instant(f"{lost[1]}+{lost[2]}")
            if moment is not None:
                return moment
    elif kind == "boolean":
        if text in _BOOLEANS:
            return _BOOLEANS[text]
    elif kind == "float" and _FLOAT.fullmatch(text):
        fraction = float(text)
        if abs(fraction) < float("inf"):
            return fraction
    raise _bad_value(text)


def _values(text: str, kind: str) -> list[Any]:
    parts = text.split(",")
    if len(parts) > _MAXIMUM_VALUES:
        raise Mistake("INVALID_FILTER_VALUE", f"A list has at most {_MAXIMUM_VALUES} values.")
    return [_value(part, kind) for part in parts]


def _switch(text: str) -> bool:
    if text not in _BOOLEANS:
        raise _bad_value(text)
    return _BOOLEANS[text]


def _pattern(text: str, frame: str) -> str:
    r"""A LIKE pattern. `\` escapes `%`, `_` and itself; elsewhere it means itself, so that no pattern ends in half."""
    if frame == "{}":
        return re.sub(r"\\([%_\\])?", lambda found: found[0] if found[1] else r"\\", text)
    return frame.replace("{}", text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"))


def _document(text: str) -> dict[str, Any]:
    try:
        value = strict.read(text.encode()).value
    except strict.NotJson:
        raise _bad_value(text) from None
    if type(value) is not dict or not strict.storable(value):
        raise _bad_value(text)
    return value


# Conditions


@dataclass(frozen=True, slots=True)
class _Target:
    """A column that a filter's name means: by path from the record, with its declaration."""

    path: str
    field: Field


def _condition(target: _Target, predicate: _Predicate, text: str) -> Condition:
    """What a filter of one name asks.

    raises   Mistake
    """
    kind = target.field.kind
    if not _takes(kind, predicate.operator):
        raise Mistake("FILTER_NOT_ALLOWED")
    path = target.path
    if target.field.digested:
        if predicate not in (PREDICATES["eq"], PREDICATES["in"]):
            raise Mistake("FILTER_NOT_ALLOWED")
        text = ",".join(hashlib.sha256(one.encode()).hexdigest() for one in _values(text, kind))
    asked: Condition
    if predicate.takes == "switch":
        operator = predicate.operator if _switch(text) else _OPPOSITE[predicate.operator]
        asked = _state(path, kind, operator)
    elif predicate.operator == "contains":
        asked = Test(path, "contains", _document(text))
    else:
        asked = _comparison(path, kind, predicate, text)
        if predicate.or_null:
            asked = either(asked, Test(path, "null"))
    if not target.field.constant:
        return asked
    # A feature that is not there has one value for every record, so the answer is known without looking.
    if not _holds(asked, target.field.default):
        return NEVER
    relationship, _, _ = path.rpartition(".")
    return Test(f"{relationship}.id", "not_null") if relationship else ALWAYS


def _state(path: str, kind: str, operator: str) -> Condition:
    if operator in ("true", "false"):
        return Test(path, "eq", operator == "true")
    if operator in ("null", "not_null"):
        return Test(path, "null" if operator == "null" else "not_null")
    nothing: Any = {"string": "", "object": {}, "array": []}.get(kind)
    if operator == "blank":
        return Test(path, "null") if nothing is None else AnyOf((Test(path, "null"), Test(path, "eq", nothing)))
    # What is unequal to the empty value is no null either.
    return Test(path, "not_null") if nothing is None else Test(path, "ne", nothing)


def _comparison(path: str, kind: str, predicate: _Predicate, text: str) -> Condition:
    operator: Operator = predicate.operator  # type: ignore[assignment]
    if predicate.takes == "list":
        return Test(path, operator, tuple(dict.fromkeys(_values(text, kind))))
    if predicate.takes == "value":
        value = _value(text, kind)
        return Test(path, operator, _pattern(value, predicate.pattern) if predicate.pattern else value)
    values = _values(text, kind)
    if predicate.pattern:
        tests = tuple(Test(path, operator, _pattern(value, predicate.pattern)) for value in dict.fromkeys(values))
        if len(tests) == 1:
            return tests[0]
        return AnyOf(tests) if predicate.takes == "any" else All(tests)
    # Below any of several is below the greatest, below all of them below the least.
    upper = operator in ("lt", "lteq")
    return Test(path, operator, max(values) if upper == (predicate.takes == "any") else min(values))


def _holds(condition: Condition, value: Any) -> bool:
    """Whether a column with this value fulfils the condition."""
    if isinstance(condition, All):
        return all(_holds(part, value) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_holds(part, value) for part in condition.parts)
    operator, against = condition.operator, condition.value
    if operator in ("null", "not_null") or value is None:
        return (value is None) == (operator == "null")
    return _COMPARED[operator](value, against)


def _like(text: str, pattern: str) -> bool:
    """SQL's LIKE, any case, in time proportional to both lengths: constants are short, and a pattern is limited."""
    states = {0}
    parts = re.findall(r"\\.|.", pattern.lower(), re.DOTALL)

    def skipped(at: set[int]) -> set[int]:
        reached = set(at)
        for state in at:
            while state < len(parts) and parts[state] == "%":
                state += 1
                reached.add(state)
        return reached

    states = skipped(states)
    for character in text.lower():
        following: set[int] = set()
        for state in states:
            if state == len(parts):
                continue
            part = parts[state]
            if part == "%":
                following.add(state)
            elif part == "_" or part[-1] == character:
                following.add(state + 1)
        states = skipped(following)
    return len(parts) in states


def _contains(value: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            name in value and _contains(value[name], one) for name, one in part.items()
        )
    return bool(value == part)


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, against: value == against,
    "ne": lambda value, against: value != against,
    "lt": lambda value, against: value < against,
    "lteq": lambda value, against: value <= against,
    "gt": lambda value, against: value > against,
    "gteq": lambda value, against: value >= against,
    "in": lambda value, against: value in against,
    "not_in": lambda value, against: value not in against,
    "like": _like,
    "not_like": lambda value, against: not _like(value, against),
    "contains": _contains,
}

_NEGATED: dict[str, Operator] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "gteq",
    "lteq": "gt",
    "gt": "lteq",
    "gteq": "lt",
    "in": "not_in",
    "not_in": "in",
    "like": "not_like",
    "not_like": "like",
    "null": "not_null",
    "not_null": "null",
}


def _negated(condition: Condition) -> Condition:
    """What holds for the records for which `condition` does not, nulls included.

    raises   Mistake where that cannot be said in conditions
    """
    if isinstance(condition, All):
        return AnyOf(tuple(_negated(part) for part in condition.parts))
    if isinstance(condition, AnyOf):
        return All(tuple(_negated(part) for part in condition.parts))
    operator = _NEGATED.get(condition.operator)
    if operator is None or "." in condition.path:
        raise Mistake("INVALID_FILTER_VALUE", "false is not a valid value for this filter.")
    opposite = Test(condition.path, operator, condition.value)
    if operator in ("null", "not_null"):
        return opposite
    return AnyOf((opposite, Test(condition.path, "null")))


def _tests(condition: Condition) -> Iterable[Test]:
    if isinstance(condition, Test):
        yield condition
    else:
        for part in condition.parts:
            yield from _tests(part)


# The grammar

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SPLIT_OR = re.compile(r"_or_")
_SPLIT_AND = re.compile(r"_and_")
_PAGE_KEYS = {
    "list": frozenset({"number", "size"}),
    "related-many": frozenset({"number", "size"}),
    "cursor": frozenset({"number", "size", "after"}),
}


def _shown(text: str) -> str:
    return text[:100]


def _text(raw: bytes) -> str:
    """Percent-decoded text.

    raises   ValueError for a bad escape, or what is not UTF-8
    """
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        if _BAD_PERCENT.search(raw):
            raise ValueError
        raw = unquote_to_bytes(raw)
    return raw.decode()


class _Grammar:
    """What a registry's declarations allow. It holds the registry, so that its id stays its own."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.remembered = lru_cache(_CACHED_QUERIES)(self.parse)
        self.resolve = lru_cache(4096)(self._resolve)
        self.unserved = {*registry.known, *(one.singular for one in registry.known.values())}
        self.known = {
            name: frozenset(
                [one.name for one in resource.shape.fields.values() if one.fetch]
                + [one.name for one in resource.shape.relationships.values() if not one.hidden]
            )
            for name, resource in registry.types.items()
        }

    def parse(self, raw_query: bytes, type_name: str, purpose: Purpose) -> Query:
        return Reading(self, type_name, purpose).read(raw_query)

    def shape(self, type_name: str) -> Any:
        return self.registry[type_name].shape

    def _resolve(self, type_name: str, name: str, depth: int = 0) -> _Target | None:
        """The column that a name in a filter means, None when there is none that may be filtered by."""
        shape = self.registry[type_name].shape
        one = shape.fields.get(name)
        if one is not None and one.can(FILTER) and (one.stored or one.constant or one.digested):
            return _Target(one.digested or name, one)
        # A price's own `sku_code` is not to be filtered by; its sku's `code` is.
        for relationship in sorted(shape.relationships.values(), key=lambda each: len(each.name), reverse=True):
            prefix = relationship.name + "_"
            if name.startswith(prefix) and relationship.can(FILTER) and not relationship.hidden:
                found = self._through(relationship, shape.columns, name[len(prefix) :], depth)
                if found is not None:
                    return found
        return None

    def _through(self, relationship: Relationship, columns: dict[str, Field], rest: str, depth: int) -> _Target | None:
        own = f"{relationship.name}_{rest}"
        if relationship.stored and (rest == "id" or (rest == "type" and relationship.polymorphic)):
            return _Target(own, columns[own])
        if depth == _MAXIMUM_DEPTH:
            return None
        # Records of several types: a name is known when it means the same column in each of them.
        found: set[tuple[str, str]] = set()
        target: _Target | None = None
        for type_name in relationship.types:
            shape = self.registry[type_name].shape
            target = _Target("id", shape.fields["id"]) if rest == "id" else self.resolve(type_name, rest, depth + 1)
            if target is None:
                return None
            found.add((target.path, target.field.kind))
        if target is None or len(found) > 1 or (target.field.constant and len(relationship.types) > 1):
            return None
        return _Target(f"{relationship.name}.{target.path}", target.field)


_GRAMMARS: dict[int, _Grammar] = {}


def grammar_of(registry: Registry) -> _Grammar:
    grammar = _GRAMMARS.get(id(registry))
    if grammar is None:
        grammar = _GRAMMARS[id(registry)] = _Grammar(registry)
    return grammar


class Reading:
    """One query string being read."""

    def __init__(self, grammar: _Grammar, type_name: str, purpose: Purpose) -> None:
        self.grammar = grammar
        self.type = type_name
        self.purpose = purpose
        self.problems: list[ApiError] = []
        self.said: set[tuple[str, str, str | None]] = set()
        self.include: Include = {}
        self.fields: dict[str, frozenset[str]] = {}
        self.where: list[Condition] = []
        self.sort: dict[str, bool] = {}
        self.page_number = 1
        self.page_size = PAGE_SIZE
        self.after: str | None = None
        self.included = 0
        self.filters = 0
        self.tests = 0

    def read(self, raw_query: bytes) -> Query:
        links: list[str] = []
        for parameter, keys, text in self.pairs(raw_query):
            try:
                self.take(parameter, keys, text)
            except Mistake as mistake:
                self.wrong(mistake.code, parameter, mistake.detail)
                if len(self.problems) == _MAXIMUM_PROBLEMS:
                    break
            else:
                if keys != ("page", "number") and keys != ("page", "after"):
                    links.append(f"{quote(parameter, safe='')}={quote(text, safe='')}")
        if self.problems:
            raise RequestProblems(self.problems)
        return Query(
            self.include,
            self.fields,
            both(*self.where),
            tuple(self.sort.items()),
            self.page_number,
            self.page_size,
            self.after,
            "&".join(links),
        )

    def wrong(self, code: str, parameter: str, detail: str | None = None) -> None:
        if detail is None and code in ("PARAM_NOT_ALLOWED", "FILTER_NOT_ALLOWED"):
            detail = f"{_shown(parameter)} is not allowed."
        said = (code, parameter, detail)
        if said not in self.said:
            self.said.add(said)
            self.problems.append(problem(code, detail=detail, parameter=parameter[:200]))

    def pairs(self, raw_query: bytes) -> list[tuple[str, tuple[str, ...], str]]:
        """Name as sent, name as keys (`filter`, `q`, `code_eq`) and value of each parameter.

        raises   RequestProblems when the query cannot be read at all
        """
        raw_pairs = [raw for raw in raw_query.split(b"&") if raw]
        if len(raw_pairs) > _MAXIMUM_PARAMETERS:
            detail = f"A query has at most {_MAXIMUM_PARAMETERS} parameters."
            raise RequestProblems([problem("BAD_REQUEST", detail=detail, parameter="")])
        pairs: list[tuple[str, tuple[str, ...], str]] = []
        given: set[str] = set()
        for raw in raw_pairs:
            raw_name, _, raw_text = raw.partition(b"=")
            try:
                name = _text(raw_name)
            except ValueError:
                self.wrong("BAD_REQUEST", raw_name.decode("ascii", "replace"), "The query string could not be read.")
                continue
            try:
                text = _text(raw_text)
            except ValueError:
                self.wrong("BAD_REQUEST", name, "The value could not be read: it is not percent-encoded UTF-8.")
                continue
            split = _NAME.fullmatch(name)
            if split is None or "\0" in name:
                self.wrong("PARAM_NOT_ALLOWED", name)
            elif "\0" in text:
                code = "INVALID_FILTER_VALUE" if name.startswith("filter") else "BAD_REQUEST"
                self.wrong(code, name, "The value has a character that is not allowed.")
            elif name in given:
                self.wrong("BAD_REQUEST", name, f"{_shown(name)} is given more than once.")
            else:
                given.add(name)
                pairs.append((name, (split[1], *split[2][1:-1].split("][")) if split[2] else (split[1],), text))
        return pairs

    def take(self, parameter: str, keys: tuple[str, ...], text: str) -> None:
        """Read one parameter.

        raises   Mistake
        """
        family = keys[0]
        if family == "include" and len(keys) == 1 and self.purpose != "cursor":
            self.take_include(parameter, text)
        elif family == "fields":
            self.take_fields(parameter, keys, text)
        elif family == "page" and self.purpose in _PAGE_KEYS:
            self.take_page(keys, text)
        elif family == "sort" and len(keys) == 1 and self.purpose in ("list", "related-many"):
            self.take_sort(parameter, text)
        elif family == "filter" and self.purpose in ("list", "related-many"):
            self.take_filter(parameter, keys, text)
        else:
            raise Mistake("PARAM_NOT_ALLOWED")

    # include

    def take_include(self, parameter: str, text: str) -> None:
        if not text:
            return
        for path in text.split(","):
            names = path.split(".")
            if len(names) > INCLUDE_DEPTH:
                detail = f"{_shown(path)} goes deeper than {INCLUDE_DEPTH} levels."
                self.wrong("INVALID_INCLUDE", parameter, detail)
                if len(self.problems) >= _MAXIMUM_PROBLEMS:
                    return
                continue
            types: tuple[str, ...] = (self.type,)
            tree = self.include
            for name in names:
                targets = [
                    one
                    for one in (self.grammar.shape(type_name).relationships.get(name) for type_name in types)
                    if one is not None and one.includable and not one.hidden
                ]
                if not targets:
                    detail = f"{_shown(name)} is not a valid includable relationship of {types[0]}."
                    self.wrong("INVALID_INCLUDE", parameter, detail)
                    if len(self.problems) >= _MAXIMUM_PROBLEMS:
                        return
                    break
                types = tuple(dict.fromkeys(target for one in targets for target in one.types))
                if name not in tree:
                    self.included += 1
                    if self.included > _MAXIMUM_INCLUDED:
                        detail = f"A query includes at most {_MAXIMUM_INCLUDED} relationships."
                        raise Mistake("INVALID_INCLUDE", detail)
                tree = tree.setdefault(name, {})

    # fields

    def take_fields(self, parameter: str, keys: tuple[str, ...], text: str) -> None:
        if len(keys) != 2 or not keys[1]:
            raise Mistake("INVALID_FIELD_FORMAT")
        known = self.grammar.known.get(keys[1])
        if known is None:
            if keys[1] in self.grammar.unserved:
                return  # Nothing of it is in any document.
            raise Mistake("INVALID_RESOURCE", f"{_shown(keys[1])} is not a valid resource.")
        names = frozenset(text.split(",")) if text else frozenset()
        if not names <= known:
            for name in sorted(names - known)[:_MAXIMUM_PROBLEMS]:
                self.wrong("INVALID_FIELD", parameter, f"{_shown(name)} is not a valid field for {keys[1]}.")
            return
        self.fields[keys[1]] = names

    # page

    def take_page(self, keys: tuple[str, ...], text: str) -> None:
        if len(keys) != 2 or not keys[1]:
            raise Mistake("INVALID_PAGE_OBJECT")
        key = keys[1]
        if key not in _PAGE_KEYS[self.purpose]:
            raise Mistake("PARAM_NOT_ALLOWED")
        if key == "after":
            if not text or len(text) > 255:
                raise Mistake("INVALID_PAGE_VALUE", f"{_shown(text)} is not a valid value for after page parameter.")
            self.after = text
            return
        if self.purpose == "cursor" and key == "number":
            return
        # Beyond fifteen digits the offset would leave 64 bits.
        number = int(text) if _INTEGER.fullmatch(text) and len(text) <= 15 else 0
        if number < 1 or (key == "size" and number > PAGE_SIZE_MAXIMUM):
            raise Mistake("INVALID_PAGE_VALUE", f"{_shown(text)} is not a valid value for {key} page parameter.")
        if key == "size":
            self.page_size = number
        else:
            self.page_number = number

    # sort

    def take_sort(self, parameter: str, text: str) -> None:
        if not text:
            return
        shape = self.grammar.shape(self.type)
        for criterion in text.split(","):
            name = criterion.removeprefix("-")
            one, relationship = shape.fields.get(name), shape.relationships.get(name)
            if one is not None and one.can(SORT) and one.stored:
                self.sort.setdefault(name, criterion != name)
            elif one is not None and one.can(SORT) and one.constant:
                # A feature that is not there has one value for every record: it sorts nothing.
                continue
            elif (
                relationship is not None and relationship.can(SORT) and relationship.stored and not relationship.hidden
            ):
                self.sort.setdefault(f"{name}_id", criterion != name)
            else:
                detail = f"{_shown(name)} is not a valid sort criteria for {self.type}."
                self.wrong("INVALID_SORT_CRITERIA", parameter, detail)
                if len(self.problems) >= _MAXIMUM_PROBLEMS:
                    return

    # filter

    def take_filter(self, parameter: str, keys: tuple[str, ...], text: str) -> None:
        self.filters += 1
        if self.filters > _MAXIMUM_FILTERS:
            if self.filters > _MAXIMUM_FILTERS + 1:
                return
            raise Mistake("INVALID_FILTERS_SYNTAX", f"A query has at most {_MAXIMUM_FILTERS} filters.")
        if len(keys) == 3 and keys[1] == "q" and keys[2]:
            asked = self.ransacked(keys[2], text)
        elif len(keys) == 2 and keys[1] and keys[1] != "q":
            asked = self.plain(keys[1], text)
        else:
            raise Mistake("INVALID_FILTERS_SYNTAX", f"{_shown(parameter)} is not a valid syntax for filtering.")
        self.tests += sum(1 for _ in _tests(asked))
        if self.tests > _MAXIMUM_TESTS:
            raise Mistake("INVALID_FILTER_VALUE", "The filters of this query ask for too many comparisons.")
        self.where.append(asked)

    def ransacked(self, name: str, text: str) -> Condition:
        """`filter[q][name]`: a scope, or attributes and a predicate."""
        scope = self.grammar.shape(self.type).scopes.get(name)
        if scope is not None:
            return self.scoped(name, scope, text)
        for ending in _ENDINGS:
            if name.endswith(ending) and name[: -len(ending)].endswith("_"):
                return self.compared(name[: -len(ending) - 1], PREDICATES[ending], text)
        raise Mistake("FILTER_NOT_ALLOWED")

    def compared(self, attributes: str, predicate: _Predicate, text: str) -> Condition:
        """One predicate over attributes joined by `_or_` and `_and_`, of which `_and_` binds closer."""
        whole = self.grammar.resolve(self.type, attributes)
        if whole is not None:
            return _condition(whole, predicate, text)
        alternatives: list[Condition] = []
        names = 0
        for alternative in _SPLIT_OR.split(attributes):
            parts: list[Condition] = []
            for name in _SPLIT_AND.split(alternative):
                target = self.grammar.resolve(self.type, name)
                names += 1
                if target is None or names > _MAXIMUM_NAMES:
                    raise Mistake("FILTER_NOT_ALLOWED")
                parts.append(_condition(target, predicate, text))
            alternatives.append(both(*parts))
        if ALWAYS in alternatives:
            return ALWAYS
        kept = [one for one in alternatives if one != NEVER]
        return either(*kept) if kept else NEVER

    def scoped(self, name: str, scope: Condition, text: str) -> Condition:
        """A named condition: switched by true and false; one that compares with no value takes the value given."""
        if not isinstance(scope, Test) or scope.value is not None or scope.operator in ("null", "not_null", "never"):
            return scope if _switch(text) else _negated(scope)
        target = _Target(scope.path, self.column(scope.path))
        for ending in _ENDINGS:
            if name.endswith("_" + ending):
                return _condition(target, PREDICATES[ending], text)
        return _condition(target, PREDICATES["eq"], text)

    def column(self, path: str) -> Field:
        """The declaration of a column by path, as a declaration's own conditions name it."""
        shape = self.grammar.shape(self.type)
        *relationships, name = path.split(".")
        for relationship in relationships:
            shape = self.grammar.shape(shape.relationships[relationship].types[0])
        return shape.columns[name]  # type: ignore[no-any-return]

    def plain(self, name: str, text: str) -> Condition:
        """`filter[name]`: ids, a related id, from and to, or an attribute: its value, or one of several (`codes`)."""
        if name == "ids":
            return Test("id", "in", tuple(dict.fromkeys(_values(text, "string"))))
        shape = self.grammar.shape(self.type)
        if name in shape.scopes:
            return self.scoped(name, shape.scopes[name], text)
        target = self.named(name, name)
        if target is not None:
            return _condition(target, PREDICATES["jcont" if target.field.kind == "object" else "eq"], text)
        for ending, predicate in (("_from", "gteq"), ("_to", "lteq"), ("s", "in")):
            if name.endswith(ending):
                target = self.named(name.removesuffix(ending), name)
                if target is not None and (ending == "s" or target.field.kind == "datetime"):
                    return _condition(target, PREDICATES[predicate], text)
        raise Mistake("FILTER_NOT_ALLOWED")

    def named(self, column: str, name: str) -> _Target | None:
        """What a plain filter's column is; one that the type names among its plain filters needs no other leave."""
        target = self.grammar.resolve(self.type, column)
        shape = self.grammar.shape(self.type)
        if target is None and name in shape.plain_filters and column in shape.columns:
            return _Target(column, shape.columns[column])
        return target
