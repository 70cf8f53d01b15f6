"""The resources of the API and their rules, one file per wire type, file and type sharing one name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

from paydesk.commerce import history
from paydesk.declare.contract import contract
from paydesk.rules.plans import Plan
from paydesk.rules.registry import Registry, register
from paydesk.rules.resource import Resource


def resources() -> list[type[Resource]]:
    """Every declared type: the package is walked, so a new resource is one new file."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return sorted(set(_declared(Resource)), key=lambda one: one.shape.type)


def _declared(base: type[Resource]) -> Iterator[type[Resource]]:
    for one in base.__subclasses__():
        if "shape" in vars(one) and one.__module__.startswith(f"{__name__}."):
            yield one
        yield from _declared(one)


@cache
def registry() -> Registry:
    """All served types, put together."""
    served = register(resources(), contract())
    history.confine(served)
    return served


@cache
def plans() -> dict[str, Plan[Any]]:
    """Every kind of gateway call, from the `PLANS` of the modules that ask for them."""
    resources()
    found: dict[str, Plan[Any]] = {}
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        for plan in getattr(importlib.import_module(module.name), "PLANS", ()):
            found[plan.kind] = plan
    return found
