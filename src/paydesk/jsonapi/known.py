"""The query string of a list of what the contract knows and is not served: as far as names can be wrong."""

from __future__ import annotations

from urllib.parse import quote

from paydesk.declare.contract import KnownType
from paydesk.jsonapi import query
from paydesk.jsonapi.errors import RequestProblems
from paydesk.rules.registry import Registry


def parse(raw_query: bytes, known: KnownType, registry: Registry) -> str:
    """Read a query string; returns what the links of the page repeat.

    raises   RequestProblems (400) for names that the contract does not know
    """
    reading, links = query.Reading(query.grammar_of(registry), known.name, "list"), []
    for parameter, keys, text in reading.pairs(raw_query):
        try:
            _take(reading, known, parameter, keys, text)
        except query.Mistake as mistake:
            reading.wrong(mistake.code, parameter, mistake.detail)
        if keys != ("page", "number"):
            links.append(f"{quote(parameter, safe='')}={quote(text, safe='')}")
    if reading.problems:
        raise RequestProblems(reading.problems)
    return "&".join(links)


def _take(reading: query.Reading, known: KnownType, parameter: str, keys: tuple[str, ...], text: str) -> None:
    """Read one parameter.

    raises   Mistake
    """
    family, names = keys[0], [one for one in text.split(",") if one]
    if family == "fields":
        reading.take_fields(parameter, keys, text)
    elif family == "page":
        reading.take_page(keys, text)
    elif family == "include" and len(keys) == 1:
        for name in (one.partition(".")[0] for one in names):
            if name not in known.relationships:
                detail = f"{name[:100]} is not a valid includable relationship of {known.name}."
                raise query.Mistake("INVALID_INCLUDE", detail)
    elif family == "sort" and len(keys) == 1:
        for name in (one.removeprefix("-") for one in names):
            if name not in known.attributes and name not in known.relationships:
                detail = f"{name[:100]} is not a valid sort criteria for {known.name}."
                raise query.Mistake("INVALID_SORT_CRITERIA", detail)
    elif family != "filter":
        raise query.Mistake("PARAM_NOT_ALLOWED")
