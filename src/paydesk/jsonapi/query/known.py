"""The query string of a list, or of one record, of types that the contract knows and paydesk does not serve: names are
checked, and that is all, since there is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from paydesk.declare.contract import KnownType
from paydesk.jsonapi.query.fieldsets import Fieldsets
from paydesk.jsonapi.query.grammar import grammar_of
from paydesk.jsonapi.query.includes import Includes
from paydesk.jsonapi.query.mistakes import Mistake, Mistakes, shown
from paydesk.jsonapi.query.paging import Paging
from paydesk.jsonapi.query.parameters import Parameter, parameters
from paydesk.jsonapi.query.query import Purpose
from paydesk.rules.registry import Registry


def link_query(raw_query: bytes, known: Sequence[KnownType], registry: Registry, *, purpose: Purpose = "list") -> str:
    """Read a query string; returns what the links of the page repeat.

    known    the types that a record might be of
    raises   RequestProblems (400) for names that the contract does not know
    """
    mistakes, links, grammar = Mistakes(), list[str](), grammar_of(registry)
    fieldsets, paging = Fieldsets(grammar, mistakes), Paging(purpose)
    includes = Includes(grammar, tuple(one.name for one in known), mistakes)
    for parameter in parameters(raw_query, mistakes):
        family, single = parameter.keys[0], len(parameter.keys) == 1
        try:
            if family == "fields":
                fieldsets.read(parameter)
            elif family == "include" and single:
                includes.read(parameter)
            elif family == "page" and paging.allowed:
                paging.read(parameter)
            elif family == "sort" and single and purpose == "list":
                _check_sort(parameter, known)
            elif family != "filter" or purpose != "list":
                raise Mistake("PARAM_NOT_ALLOWED")
        except Mistake as mistake:
            mistakes.add(mistake.code, parameter.name, mistake.detail)
        if mistakes.enough:
            break
        if parameter.keys != ("page", "number"):
            links.append(parameter.link())
    mistakes.check()
    return "&".join(links)


def _check_sort(parameter: Parameter, known: Sequence[KnownType]) -> None:
    """Check what `sort` names.

    raises   Mistake
    """
    for name in (criterion.removeprefix("-") for criterion in parameter.text.split(",") if criterion):
        if not any(name in one.attributes or name in one.relationships for one in known):
            raise Mistake("INVALID_SORT_CRITERIA", f"{shown(name)} is not a valid sort criteria for {known[0].name}.")
