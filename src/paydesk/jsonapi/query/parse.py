"""The query string of a request: include, fields, filter, sort and page, checked against the declarations.

Every name comes from an allow-list made of the registry, every value is typed by the attribute it is compared with, and
all mistakes are found at once, each with the parameter as it was sent.
Source: Commerce Layer, "Including associations", "Sparse fieldsets", "Sorting results", "Pagination", "Filtering data".
"""

from __future__ import annotations

from functools import lru_cache

from paydesk.declare import both
from paydesk.jsonapi.query.fieldsets import Fieldsets
from paydesk.jsonapi.query.filters import Filters
from paydesk.jsonapi.query.grammar import Grammar, grammar_of
from paydesk.jsonapi.query.includes import Includes
from paydesk.jsonapi.query.mistakes import Mistake, Mistakes, shown
from paydesk.jsonapi.query.paging import Paging
from paydesk.jsonapi.query.parameters import Parameter, parameters
from paydesk.jsonapi.query.query import EVERYTHING, Purpose, Query
from paydesk.jsonapi.query.sorting import Sorting
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

_CACHED_QUERIES = 512
_CACHED_BYTES = 2048


def parse(raw_query: bytes, resource: type[Resource], registry: Registry, *, purpose: Purpose) -> Query:
    """Read a query string for records of `resource`. Equal queries give the same `Query`: treat it as read-only.

    raises   RequestProblems (400) with all mistakes of the query
    """
    if not raw_query:
        return EVERYTHING
    if len(raw_query) <= _CACHED_BYTES:
        return _remembered(raw_query, resource.shape.type, registry, purpose)
    return _read(raw_query, resource.shape.type, registry, purpose)


def _read(raw_query: bytes, type_name: str, registry: Registry, purpose: Purpose) -> Query:
    return _Parts(grammar_of(registry), type_name, purpose).read(raw_query)


_remembered = lru_cache(_CACHED_QUERIES)(_read)


class _Parts:
    """The parts of one query, filled from its parameters."""

    def __init__(self, grammar: Grammar, type_name: str, purpose: Purpose) -> None:
        self._purpose = purpose
        self._mistakes = Mistakes()
        self._includes = Includes(grammar, (type_name,), self._mistakes)
        self._fieldsets = Fieldsets(grammar, self._mistakes)
        self._filters = Filters(grammar, type_name)
        self._sorting = Sorting(grammar, type_name, self._mistakes)
        self._paging = Paging(purpose)

    def read(self, raw_query: bytes) -> Query:
        links: list[str] = []
        for parameter in parameters(raw_query, self._mistakes):
            try:
                self._take(parameter)
            except Mistake as mistake:
                self._mistakes.add(mistake.code, parameter.name, mistake.detail)
                if self._mistakes.enough:
                    break
            else:
                if parameter.keys != ("page", "number") and parameter.keys != ("page", "after"):
                    links.append(parameter.link())
        self._mistakes.check()
        return Query(
            include=self._includes.tree,
            fields=self._fieldsets.fields,
            where=both(*self._filters.conditions),
            sort=tuple(self._sorting.columns.items()),
            page_number=self._paging.number,
            page_size=self._paging.size,
            after=self._paging.after,
            link_query="&".join(links),
        )

    def _take(self, parameter: Parameter) -> None:
        """Read one parameter.

        raises   Mistake
        """
        family, single = parameter.keys[0], len(parameter.keys) == 1
        in_list = self._purpose in ("list", "related-many")
        if family == "include" and single and self._purpose != "cursor":
            self._includes.read(parameter)
        elif family == "fields":
            self._fieldsets.read(parameter)
        elif family == "page" and self._paging.allowed:
            self._paging.read(parameter)
        elif family == "sort" and single and in_list:
            self._sorting.read(parameter)
        elif family == "sort" and single and self._purpose == "cursor":
            # A history is told in one order alone, which applications ask for by name.
            if parameter.text not in ("", "-id"):
                detail = f"{shown(parameter.text)} is not a valid sort criteria for a history: it is -id."
                raise Mistake("INVALID_SORT_CRITERIA", detail)
        elif family == "filter" and in_list:
            self._filters.read(parameter)
        else:
            raise Mistake("PARAM_NOT_ALLOWED")
