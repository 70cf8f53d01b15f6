"""What was read for one document: by the store, for whoever renders it."""

from __future__ import annotations

from typing import Any

Identity = tuple[str, str]
"""Type and id of a record."""


class Selection:
    """The primary rows, the included ones, and which records each of them is linked to.

    total     of a list, how many there are on all pages; None where they were not counted
    views     the view of each primary row, where they are of several types
    included  the included rows, each with its view
    gathered  of records, what was gathered for them, by name
    linkage   of each record that includes others, what its relationships hold
    """

    __slots__ = ("gathered", "included", "linkage", "primary", "total", "views")

    def __init__(self, primary: list[Any], total: int | None = None) -> None:
        self.primary = primary
        self.total = total
        self.views: list[Any] | None = None
        self.included: dict[Identity, tuple[Any, Any]] = {}
        self.gathered: dict[Identity, dict[str, Any]] = {}
        self.linkage: dict[Identity, dict[str, Any]] = {}
