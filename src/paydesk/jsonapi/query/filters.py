"""`filter[q][code_eq]`, in Ransack's words, and `filter[code]`, in plain ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

from paydesk.declare import ALWAYS, NEVER, Condition, Test, both, either
from paydesk.jsonapi.query.comparisons import Target, comparison
from paydesk.jsonapi.query.grammar import Grammar
from paydesk.jsonapi.query.mistakes import Mistake, shown
from paydesk.jsonapi.query.opposites import opposite_of
from paydesk.jsonapi.query.parameters import Parameter
from paydesk.jsonapi.query.predicates import ENDINGS, PREDICATES, Predicate
from paydesk.jsonapi.query.values import switch, values_of

_MOST_FILTERS = 50
_MOST_NAMES = 20
_MOST_TESTS = 200
_OR = re.compile(r"_or_")
_AND = re.compile(r"_and_")


class Filters:
    """The conditions that a query's filters set, all of which records fulfil."""

    def __init__(self, grammar: Grammar, type_name: str) -> None:
        self.conditions: list[Condition] = []
        self._grammar = grammar
        self._type = type_name
        self._shape = grammar.shape(type_name)
        self._count = 0
        self._tests = 0

    def read(self, parameter: Parameter) -> None:
        """Add the condition of one filter.

        raises   Mistake
        """
        keys, text = parameter.keys, parameter.text
        self._count += 1
        if self._count > _MOST_FILTERS:
            if self._count > _MOST_FILTERS + 1:
                return
            raise Mistake("INVALID_FILTERS_SYNTAX", f"A query has at most {_MOST_FILTERS} filters.")
        if len(keys) == 3 and keys[1] == "q" and keys[2]:
            condition = self._by_predicate(keys[2], text)
        elif len(keys) == 2 and keys[1] and keys[1] != "q":
            condition = self._plain(keys[1], text)
        else:
            raise Mistake("INVALID_FILTERS_SYNTAX", f"{shown(parameter.name)} is not a valid syntax for filtering.")
        self._tests += sum(1 for _ in _tests(condition))
        if self._tests > _MOST_TESTS:
            raise Mistake("INVALID_FILTER_VALUE", "The filters of this query ask for too many comparisons.")
        self.conditions.append(condition)

    def _by_predicate(self, name: str, text: str) -> Condition:
        """`filter[q][name]`: a scope, or attributes and a predicate."""
        scope = self._shape.scopes.get(name)
        if scope is not None:
            return self._scope(name, scope, text)
        for ending in ENDINGS:
            if name.endswith(ending) and name[: -len(ending)].endswith("_"):
                return self._comparisons(name[: -len(ending) - 1], PREDICATES[ending], text)
        raise Mistake("FILTER_NOT_ALLOWED")

    def _comparisons(self, attributes: str, predicate: Predicate, text: str) -> Condition:
        """One predicate over attributes joined by `_or_` and `_and_`, of which `_and_` binds closer."""
        whole = self._grammar.resolve(self._type, attributes)
        if whole is not None:
            return comparison(whole, predicate, text)
        alternatives: list[Condition] = []
        names = 0
        for alternative in _OR.split(attributes):
            parts: list[Condition] = []
            for name in _AND.split(alternative):
                target = self._grammar.resolve(self._type, name)
                names += 1
                if target is None or names > _MOST_NAMES:
                    raise Mistake("FILTER_NOT_ALLOWED")
                parts.append(comparison(target, predicate, text))
            alternatives.append(both(*parts))
        if ALWAYS in alternatives:
            return ALWAYS
        possible = [alternative for alternative in alternatives if alternative != NEVER]
        return either(*possible) if possible else NEVER

    def _scope(self, name: str, scope: Condition, text: str) -> Condition:
        """A named condition: switched by true and false; a scope that compares with no value takes the one sent."""
        if not isinstance(scope, Test) or scope.value is not None or scope.operator in ("null", "not_null", "never"):
            return scope if switch(text) else opposite_of(scope)
        target = Target(scope.path, self._grammar.column(self._type, scope.path))
        for ending in ENDINGS:
            if name.endswith("_" + ending):
                return comparison(target, PREDICATES[ending], text)
        return comparison(target, PREDICATES["eq"], text)

    def _plain(self, name: str, text: str) -> Condition:
        """`filter[name]`: ids, a related id, from and to, or an attribute: its value, or one of several (`codes`)."""
        if name == "ids":
            return Test("id", "in", tuple(dict.fromkeys(values_of(text, "string"))))
        if name in self._shape.scopes:
            return self._scope(name, self._shape.scopes[name], text)
        target = self._target(name, name)
        if target is not None:
            return comparison(target, PREDICATES["jcont" if target.field.kind == "object" else "eq"], text)
        for ending, predicate in (("_from", "gteq"), ("_to", "lteq"), ("s", "in")):
            if name.endswith(ending):
                target = self._target(name.removesuffix(ending), name)
                if target is not None and (ending == "s" or target.field.kind == "datetime"):
                    return comparison(target, PREDICATES[predicate], text)
        raise Mistake("FILTER_NOT_ALLOWED")

    def _target(self, column: str, name: str) -> Target | None:
        """The column of a plain filter; the declaration may name columns that only plain filters reach."""
        target = self._grammar.resolve(self._type, column)
        if target is None and name in self._shape.plain_filters and column in self._shape.columns:
            return Target(column, self._shape.columns[column])
        return target


def _tests(condition: Condition) -> Iterable[Test]:
    if isinstance(condition, Test):
        yield condition
    else:
        for part in condition.parts:
            yield from _tests(part)
