"""`include`: the relationships of which the records are wanted too, by paths (`line_items.item,market`)."""

from __future__ import annotations

from paydesk.jsonapi.query.grammar import Grammar
from paydesk.jsonapi.query.mistakes import Mistake, Mistakes, shown
from paydesk.jsonapi.query.parameters import Parameter
from paydesk.jsonapi.query.query import Include

INCLUDE_DEPTH = 3
_MOST_INCLUDED = 100


class Includes:
    """The tree of relationships that a query includes."""

    def __init__(self, grammar: Grammar, types: tuple[str, ...], mistakes: Mistakes) -> None:
        self.tree: Include = {}
        self._grammar = grammar
        self._types = types
        self._mistakes = mistakes
        self._count = 0

    def read(self, parameter: Parameter) -> None:
        """Add the paths of a parameter; paths that are not allowed are mistakes, each of its own.

        raises   Mistake for too many
        """
        if not parameter.text:
            return
        for path in parameter.text.split(","):
            problem = self._add(path)
            if problem is not None:
                self._mistakes.add("INVALID_INCLUDE", parameter.name, problem)
                if self._mistakes.enough:
                    return

    def _add(self, path: str) -> str | None:
        """Add one path; says why where that is not allowed."""
        names = path.split(".")
        if len(names) > INCLUDE_DEPTH:
            return f"{shown(path)} goes deeper than {INCLUDE_DEPTH} levels."
        types, tree = self._types, self.tree
        for name in names:
            related = [target for each in types for target in self._grammar.includable(each, name)]
            if not related:
                return f"{shown(name)} is not a valid includable relationship of {types[0]}."
            types = tuple(dict.fromkeys(related))
            if name not in tree:
                self._count += 1
                if self._count > _MOST_INCLUDED:
                    detail = f"A query includes at most {_MOST_INCLUDED} relationships."
                    raise Mistake("INVALID_INCLUDE", detail)
            tree = tree.setdefault(name, {})
        return None
