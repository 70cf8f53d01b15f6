"""What is gathered for a document: values that further records have to be read for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paydesk.base.actor import Actor


@dataclass(frozen=True, slots=True)
class About:
    """The document that something is gathered for.

    actor     who reads it
    told      what its own record tells (`Record.tells`), by path
    written   it answers a write
    found     what was read for one attribute and tells another, by a name that they share
    """

    actor: Actor
    told: Mapping[str, Any]
    written: bool
    found: dict[str, Any] = field(default_factory=dict)
