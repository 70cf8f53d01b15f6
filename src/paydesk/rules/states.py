"""States: a table of moves, and the one function that makes a move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from paydesk.rules.work import Work


class Proof(Protocol):
    """What a move cannot be made without: a value that says of the record what has to be true of it by then."""

    def must_prove(self, record: Any, work: Work) -> None:
        """Raise unless it says so of this record, in this work."""
        ...


@dataclass(frozen=True)
class Move:
    """From any of these states to another; `needs` names the type of proof that has to be shown for it."""

    origins: frozenset[str]
    to: str
    needs: type[Any] | None = None

    @classmethod
    def of(cls, *origins: str, to: str, needs: type[Any] | None = None) -> Move:
        return cls(frozenset(origins), to, needs)


@dataclass(frozen=True)
class States:
    """The states that one column can be in, and the moves between them by the trigger that makes each.

    What is in the state already stays there without a mistake: asking twice is asking once.
    """

    column: str
    moves: Mapping[str, Move]

    def is_there(self, name: str, record: Any) -> bool:
        return bool(getattr(record, self.column) == self.moves[name].to)

    def admits(self, name: str, record: Any) -> bool:
        return getattr(record, self.column) in self.moves[name].origins

    def must_admit(self, name: str, record: Any, work: Work) -> None:
        """raises   Invalid(column, "invalid_transition") where the record's state does not allow the move"""
        if not self.admits(name, record):
            work.invalid(self.column, "invalid_transition", value=getattr(record, self.column))
            work.check()

    def move(self, name: str, record: Any, work: Work, *, proof: Proof | None = None, **also: Any) -> None:
        """Make a move that is allowed, writing `also` with it.

        raises   AssertionError without the proof that the move needs
        """
        self.must_admit(name, record, work)
        needs = self.moves[name].needs
        if needs is not None:
            if not isinstance(proof, needs):
                raise AssertionError(f"{name} needs a proof: {needs.__name__}")
            proof.must_prove(record, work)
        work.change(record, **{self.column: self.moves[name].to}, **also)
