"""`fields[orders]`: the attributes and relationships that documents show of a type."""

from __future__ import annotations

from paydesk.jsonapi.query.grammar import Grammar
from paydesk.jsonapi.query.mistakes import MOST_PROBLEMS, Mistake, Mistakes, shown
from paydesk.jsonapi.query.parameters import Parameter


class Fieldsets:
    """By type, the names that a query wants shown."""

    def __init__(self, grammar: Grammar, mistakes: Mistakes) -> None:
        self.fields: dict[str, frozenset[str]] = {}
        self._grammar = grammar
        self._mistakes = mistakes

    def read(self, parameter: Parameter) -> None:
        """Take the names for one type; names that it does not have are mistakes, each of its own.

        raises   Mistake where the parameter names no type
        """
        keys, text = parameter.keys, parameter.text
        if len(keys) != 2 or not keys[1]:
            raise Mistake("INVALID_FIELD_FORMAT")
        allowed = self._grammar.fields.get(keys[1])
        if allowed is None:
            if keys[1] in self._grammar.unserved:
                return  # No document shows anything of it.
            raise Mistake("INVALID_RESOURCE", f"{shown(keys[1])} is not a valid resource.")
        names = frozenset(text.split(",")) if text else frozenset()
        if not names <= allowed:
            for name in sorted(names - allowed)[:MOST_PROBLEMS]:
                self._mistakes.add(
                    "INVALID_FIELD", parameter.name, f"{shown(name)} is not a valid field for {keys[1]}."
                )
            return
        self.fields[keys[1]] = names
