"""Asks: what a gateway call asks for, as its plan knows it and as the journal keeps it.

The journal outlives a release: a call that an older one wrote down is settled by this one. So each kind of ask has a
version, which is written into its row. `Ask.read` knows every version that was released and brings it to the present
shape; what a later release wrote is not guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

from paydesk.base.errors import Unavailable

UNVERSIONED = 1
"""The version of a row that names none: releases up to 0.1 wrote none."""

_AROUND = ("version", "fingerprint", "waiting")
"""Members of a row that are not the plan's: see `document`."""


class Unreadable(Unavailable):
    """An ask that this release cannot read (503): a later one wrote it. The call stays open for a process of that."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What one gateway call asks for. Every member is JSON, or a value that `as_json` and `parsed` know.

    version  of the shape that this class has; raised whenever a member is added, renamed, or means something else
    gateway  what the call's verb needs, in neutral words; see `gateways.port.Gateway.parameters`
    """

    version: ClassVar[int] = 2

    gateway: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> list[Any]:
        """What of an act was done by the calls before this one (JSON)."""
        return []

    def as_json(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def parsed(cls, members: dict[str, Any]) -> dict[str, Any]:
        """Members of the present version, as the values that this class holds."""
        return members

    @classmethod
    def upgraded(cls, members: dict[str, Any], version: int) -> dict[str, Any]:
        """Members of an earlier version, brought to the present one; a member that is left out takes its default."""
        return members

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """The ask of a row.

        raises   Unreadable where a later release wrote it
        """
        version = row.get("version", UNVERSIONED)
        members = {name: value for name, value in row.items() if name not in _AROUND}
        if version not in range(UNVERSIONED, cls.version + 1):
            raise Unreadable(f"A later release of paydesk wrote this down (version {version}), and goes on with it.")
        known = {one.name for one in fields(cls)}
        if version < cls.version:
            members = {name: value for name, value in cls.upgraded(members, version).items() if name in known}
        elif members.keys() != known:
            raise Unreadable(f"Of version {version}, this has other members: {sorted(members.keys() ^ known)}.")
        return cls(**cls.parsed(members))


def document(ask: Ask, fingerprint: str, waiting: Any = None) -> dict[str, Any]:
    """A row's JSON: the ask and its version, and beside it what is not the plan's.

    fingerprint  tells equal requests from different ones; empty for what no request asks by itself
    waiting      the write that waits with the call
    """
    made = {"version": ask.version, **ask.as_json(), "fingerprint": fingerprint}
    if waiting is not None:
        made["waiting"] = waiting
    return made


def fingerprint_of(row: Mapping[str, Any]) -> str:
    """The fingerprint of a row, whatever its version."""
    return str(row.get("fingerprint", ""))


def waiting_of(row: Mapping[str, Any]) -> Any:
    """The write that waits with the call of a row, None where none does."""
    return row.get("waiting")
