"""Attributes whose feature this server does not have: they answer as in a shop that does not use the feature."""

from __future__ import annotations

from typing import Any

from paydesk.rules.asking import Change
from paydesk.rules.work import Work


def as_it_is(value: Any) -> Any:
    return value


def asked(change: Change, name: str) -> Any:
    """What a request wants to write to an attribute that no column keeps."""
    return change.arguments.get(name)


def refuse_rules(change: Change, work: Work) -> None:
    """Rules are refused while the organization's `api_rules_engine` is off. Source: Commerce Layer, "Rules engine"."""
    if asked(change, "rules"):
        work.invalid("rules", "invalid")
