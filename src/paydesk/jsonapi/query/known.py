"""The query string of a list of a type that the contract knows and paydesk does not serve: names are checked, and that
is all, since the list is empty.
"""

from __future__ import annotations

from paydesk.declare.contract import KnownType
from paydesk.jsonapi.query.fieldsets import Fieldsets
from paydesk.jsonapi.query.grammar import grammar_of
from paydesk.jsonapi.query.mistakes import Mistake, Mistakes, shown
from paydesk.jsonapi.query.paging import Paging
from paydesk.jsonapi.query.parameters import Parameter, parameters
from paydesk.rules.registry import Registry


def link_query(raw_query: bytes, known: KnownType, registry: Registry) -> str:
    """Read a query string; returns what the links of the page repeat.

    raises   RequestProblems (400) for names that the contract does not know
    """
    mistakes, links = Mistakes(), []
    fieldsets, paging = Fieldsets(grammar_of(registry), mistakes), Paging("list")
    for parameter in parameters(raw_query, mistakes):
        try:
            family = parameter.keys[0]
            if family == "fields":
                fieldsets.read(parameter)
            elif family == "page":
                paging.read(parameter)
            else:
                _check_names(parameter, known)
        except Mistake as mistake:
            mistakes.add(mistake.code, parameter.name, mistake.detail)
        if parameter.keys != ("page", "number"):
            links.append(parameter.link())
    mistakes.check()
    return "&".join(links)


def _check_names(parameter: Parameter, known: KnownType) -> None:
    """Check what `include` and `sort` name.

    raises   Mistake
    """
    family, single = parameter.keys[0], len(parameter.keys) == 1
    names = [name for name in parameter.text.split(",") if name]
    if family == "include" and single:
        for name in (path.partition(".")[0] for path in names):
            if name not in known.relationships:
                detail = f"{shown(name)} is not a valid includable relationship of {known.name}."
                raise Mistake("INVALID_INCLUDE", detail)
    elif family == "sort" and single:
        for name in (criterion.removeprefix("-") for criterion in names):
            if name not in known.attributes and name not in known.relationships:
                detail = f"{shown(name)} is not a valid sort criteria for {known.name}."
                raise Mistake("INVALID_SORT_CRITERIA", detail)
    elif family != "filter":
        raise Mistake("PARAM_NOT_ALLOWED")
