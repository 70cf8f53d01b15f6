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

    def __init__(self, grammar: Grammar, type_name: str, mistakes: Mistakes) -> None:
        self.tree: Include = {}
        self._grammar = grammar
        self._type = type_name
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
        types: tuple[str, ...] = (self._type,)
        tree = self.tree
        for name in names:
            relationships = [
                relationship
                for relationship in (self._grammar.shape(type_name).relationships.get(name) for type_name in types)
                if relationship is not None and relationship.includable and not relationship.hidden
            ]
            if not relationships:
                return f"{shown(name)} is not a valid includable relationship of {types[0]}."
            types = tuple(dict.fromkeys(target for relationship in relationships for target in relationship.types))
            if name not in tree:
                self._count += 1
                if self._count > _MOST_INCLUDED:
                    detail = f"A query includes at most {_MOST_INCLUDED} relationships."
                    raise Mistake("INVALID_INCLUDE", detail)
            tree = tree.setdefault(name, {})
        return None
