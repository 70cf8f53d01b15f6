"""`page[number]`, `page[size]` and, for a history, `page[after]`."""

from __future__ import annotations

from paydesk.jsonapi.query.mistakes import Mistake, shown
from paydesk.jsonapi.query.parameters import Parameter
from paydesk.jsonapi.query.query import PAGE_SIZE, PAGE_SIZE_MAXIMUM, Purpose
from paydesk.jsonapi.query.values import INTEGER

_KEYS: dict[Purpose, frozenset[str]] = {
    "list": frozenset({"number", "size"}),
    "related-many": frozenset({"number", "size"}),
    "cursor": frozenset({"number", "size", "after"}),
}


class Paging:
    """The page that a query wants."""

    def __init__(self, purpose: Purpose) -> None:
        self.number = 1
        self.size = PAGE_SIZE
        self.after: str | None = None
        self._purpose = purpose

    @property
    def allowed(self) -> bool:
        """The answer has pages."""
        return self._purpose in _KEYS

    def read(self, parameter: Parameter) -> None:
        """Take one part of the page's address.

        raises   Mistake
        """
        keys, text = parameter.keys, parameter.text
        if len(keys) != 2 or not keys[1]:
            raise Mistake("INVALID_PAGE_OBJECT")
        key = keys[1]
        if key not in _KEYS[self._purpose]:
            raise Mistake("PARAM_NOT_ALLOWED")
        if key == "after":
            if not text or len(text) > 255:
                raise Mistake("INVALID_PAGE_VALUE", f"{shown(text)} is not a valid value for after page parameter.")
            self.after = text
            return
        if self._purpose == "cursor" and key == "number":
            return  # A history goes on from its cursor; the number of the page means nothing there.
        # Beyond fifteen digits the offset would leave 64 bits.
        number = int(text) if INTEGER.fullmatch(text) and len(text) <= 15 else 0
        if number < 1 or (key == "size" and number > PAGE_SIZE_MAXIMUM):
            raise Mistake("INVALID_PAGE_VALUE", f"{shown(text)} is not a valid value for {key} page parameter.")
        if key == "size":
            self.size = number
        else:
            self.number = number
