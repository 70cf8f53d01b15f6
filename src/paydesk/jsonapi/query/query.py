"""Query: what a request wants to see, after its query string was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paydesk.declare import ALWAYS, Condition

Purpose = Literal["list", "one", "related-many", "write", "cursor"]
"""`one` and `write` answer with one record, `list` and `related-many` with a page, `cursor` with a history's page."""

PAGE_SIZE = 10
PAGE_SIZE_MAXIMUM = 25

Include = dict[str, "Include"]


@dataclass(frozen=True, slots=True)
class Query:
    """What a client wants to see.

    include      relationships to include, each with those to include from there
    fields       by type, the names of attributes and relationships to show; a type without an entry shows all
    where        the condition that records fulfil; `ALWAYS` without filters
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
