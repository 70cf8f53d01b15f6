"""What was read for one document: by the store, for whoever renders it."""

from __future__ import annotations

from typing import Any

COUNTED = 10_000
"""How many records of a list are counted, unless a client prefers an exact count. Longer lists have an estimate."""

Identity = tuple[str, str]
"""Type and id of a record."""


class Selection:
    """The primary rows, the included ones, and which records each of them is linked to.

    total     of a list, how many there are on all pages; None where they were not counted. Of a long list it may be
              an estimate, which is no less than the records up to this page, and one more where `more` follow
    more      of a list that was counted, whether further records follow this page
    views     the view of each primary row, where they are of several types
    included  the included rows, each with its view
    gathered  of records, what was gathered for them, by name
    linkage   of each record that includes others, what its relationships hold
    """

    __slots__ = ("gathered", "included", "linkage", "more", "primary", "total", "views")

    def __init__(self, primary: list[Any], total: int | None = None) -> None:
        self.primary = primary
        self.total = total
        self.more = False
        self.views: list[Any] | None = None
        self.included: dict[Identity, tuple[Any, Any]] = {}
        self.gathered: dict[Identity, dict[str, Any]] = {}
        self.linkage: dict[Identity, dict[str, Any]] = {}
