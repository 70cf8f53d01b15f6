"""`sort`: the columns that order a list (`-placed_at,number`)."""

from __future__ import annotations

from paydesk.declare import SORT
from paydesk.jsonapi.query.grammar import Grammar
from paydesk.jsonapi.query.mistakes import Mistakes, shown
from paydesk.jsonapi.query.parameters import Parameter


class Sorting:
    """Columns, each with whether it descends."""

    def __init__(self, grammar: Grammar, type_name: str, mistakes: Mistakes) -> None:
        self.columns: dict[str, bool] = {}
        self._type = type_name
        self._shape = grammar.shape(type_name)
        self._mistakes = mistakes

    def read(self, parameter: Parameter) -> None:
        """Add the criteria of a parameter; names that sort nothing are mistakes, each of its own."""
        if not parameter.text:
            return
        for criterion in parameter.text.split(","):
            name = criterion.removeprefix("-")
            field, relationship = self._shape.fields.get(name), self._shape.relationships.get(name)
            if field is not None and field.can(SORT) and field.stored:
                self.columns.setdefault(name, criterion != name)
            elif (field is not None and field.can(SORT) and field.constant) or self._is_empty(name):
                # A feature that is not there has one value for every record: it sorts nothing.
                continue
            elif (
                relationship is not None and relationship.can(SORT) and relationship.stored and not relationship.hidden
            ):
                self.columns.setdefault(f"{name}_id", criterion != name)
            else:
                detail = f"{shown(name)} is not a valid sort criteria for {self._type}."
                self._mistakes.add("INVALID_SORT_CRITERIA", parameter.name, detail)
                if self._mistakes.enough:
                    return

    def _is_empty(self, name: str) -> bool:
        return name in self._shape.empty and self._shape.empty[name].can(SORT)
