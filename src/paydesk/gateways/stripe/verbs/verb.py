"""How a verb is sent to Stripe: where to, with which parameters, and how the answer is read.

Parameters are made by pure functions: the same ask makes the same parameters on every day and every machine, since
Stripe compares them when an idempotency key is used again (Stripe, "Idempotent requests"). Every name stands in the
SDK's own types; a test holds that. `id` is the one entry that is not a parameter: it is the object in the request's
path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paydesk.gateways.port.problems import Answer
from paydesk.gateways.port.snapshots import as_text
from paydesk.gateways.port.verbs import METADATA_KEYS, METADATA_VALUE, MOST_METADATA
from paydesk.gateways.stripe.reading.values import Object


@dataclass(frozen=True, kw_only=True)
class StripeVerb:
    """One verb of the port, as Stripe has it.

    path             {} is the object's id
    needs, takes     the keys that an ask must have, and those that it may have
    make             an ask's parameters
    read             the answer, its request id and whether it is a kept one: as a value of the port. None where the
                     answer does not show the payment
    missing          what the answer is where Stripe has no such object; None: it is refused
    of_the_platform  it is about the platform's own account, even where payments are a connected account's
    """

    method: str = "post"
    path: str
    needs: frozenset[str]
    takes: frozenset[str] = frozenset()
    make: Callable[[Mapping[str, Any]], dict[str, Any]]
    read: Callable[[Object, str | None, bool], Answer | None]
    missing: Callable[[str], Answer] | None = None
    of_the_platform: bool = False

    def parameters(self, name: str, ask: Mapping[str, Any]) -> dict[str, Any]:
        """raises  ValueError for an unknown key, KeyError for a missing one, UnknownCurrency"""
        unknown = set(ask) - self.needs - self.takes
        if unknown:
            raise ValueError(f"{name} is not asked with {', '.join(sorted(unknown))}")
        for key in self.needs:
            if ask[key] is None:
                raise KeyError(key)
        return self.make(ask)


def take(parameters: dict[str, Any], given: Mapping[str, Any], names: Iterable[str]) -> None:
    """Copy what is given under these names, single values only: an object would bring names of its own."""
    for name in names:
        value = given.get(name)
        if isinstance(value, str | int):
            parameters[name] = value


def metadata_of(ours: Mapping[str, Any], theirs: Any, *, unsets: bool = False) -> dict[str, str]:
    """Our keys first and always, then theirs: a null unsets a key of an intent that is there.

    What Stripe could not take is refused where it is entered. Payments that the first release stored may have such
    options still, and are amended without them, as they were before.
    """
    metadata = {str(key): str(value)[:METADATA_VALUE] for key, value in ours.items() if value is not None}
    if not isinstance(theirs, Mapping):
        return metadata
    unset: dict[str, str] = {}
    for key, value in theirs.items():
        if key in metadata or isinstance(value, Mapping | list):
            continue
        if value in (None, ""):
            unset[key] = ""
        elif len(metadata) < MOST_METADATA and 0 < len(key) <= METADATA_KEYS and "[" not in key and "]" not in key:
            metadata[key] = as_text(value)[:METADATA_VALUE]
    return {**metadata, **unset} if unsets else metadata
