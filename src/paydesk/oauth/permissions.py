"""Which kind of client may do what with a resource, from the resource's own declaration.

Four questions, in the order a request asks them: may this kind of client do this at all; which rows does it see; which
of those does it list; which may it change. What they answer depends on the resource and on little of the caller, so
every answer is worked out once and kept; what differs from caller to caller stays in the condition as `Caller` and is
put in by the store. Source: Commerce Layer, "Roles and permissions", "Sales channel restrictions".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

from paydesk.base.actor import Actor
from paydesk.declare import ALWAYS, NEVER, Condition, Related, Relationship, both, either
from paydesk.declare.access import Act, acts
from paydesk.rules.record import Record

_ACTIONS: dict[Act, str] = {
    "create": "create",
    "show": "retrieve",
    "list": "list",
    "update": "update",
    "delete": "delete",
}
_READS: frozenset[Act] = frozenset({"show", "list"})
_KEPT = 8192

Limits = tuple[bool, bool, bool]
"""Whether a token names markets, whether it names a store, and whether it names stock locations and no market."""

_NO_LIMITS: Limits = (False, False, False)

F = TypeVar("F", bound=Callable[..., Any])


def _kept(function: F) -> F:
    """Each answer is worked out once."""
    return cast(F, lru_cache(_KEPT)(function))


def may(actor: Actor, resource: type[Record], act: str) -> bool:
    """Whether the caller's role allows `act` (create, show, list, update, delete) on the type at all; rows are the
    business of `sees` and `writes`. A list reached through a readable record asks for `show`.
    """
    return act in _acts(actor.kind, actor.owner_type, actor.role, resource)


def sees(actor: Actor, resource: type[Record]) -> Condition | None:
    """Which rows of the environment the caller reads: None for all of them, NEVER for none."""
    return _sees(actor.kind, actor.owner_type, _within(actor), resource)


def sees_by(actor: Actor, relationship: Relationship, resource: type[Record]) -> Condition | None:
    """Which rows the caller reads of those that a record which it reads holds by a relationship: what is about that
    record is shown with it.
    """
    near = relationship.by if relationship.tie is None else relationship.tie.near
    is_about = resource.about and near == resource.about.rpartition(".")[2]
    return None if is_about else sees(actor, resource)


def lists(actor: Actor, resource: type[Record]) -> Condition | None:
    """Which of them a collection of its own (`/api/orders`) holds: a customer's lists are the owner's own records."""
    return _lists(actor.kind, actor.owner_type, _within(actor), resource)


def writes(actor: Actor, resource: type[Record], asks: frozenset[str] = frozenset()) -> Condition | None:
    """Which rows the caller changes or deletes: None for all of them, NEVER for none. Always a part of what it sees.

    asks   all that the change asks for, where it may be what can still be asked of rows that are no longer written
    """
    late = asks if asks and any(asks <= one.asks for one in resource.shape.access.late) else frozenset()
    return _writes(actor.kind, actor.owner_type, actor.role, _within(actor), resource, late)


def reads_confidential(actor: Actor) -> bool:
    """Whether the caller reads confidential values, as integrations and administrators do: they could change them."""
    return not actor.is_sales_channel and not _only_reads(actor.kind, actor.role)


def caller_values(actor: Actor) -> dict[str, Any]:
    """What `Caller` stands for in conditions: `owner_id`, `trusted_at`, `market_ids`, `store_ids`,
    `stock_location_ids`, `application_id`, `organization_id`, `custom_claim`; `enters`: whether markets that it enters
    whoever owns the token are private.
    """
    return {
        "owner_id": actor.owner_id,
        "trusted_at": actor.trusted_at,
        "market_ids": actor.market_ids or (),
        "store_ids": (actor.store_id,) if actor.store_id is not None else (),
        "enters": (False,) if actor.is_sales_channel else (False, True),
        "stock_location_ids": actor.stock_location_ids or (),
        "application_id": actor.application_id,
        "organization_id": actor.organization_id,
        "custom_claim": actor.custom_claim,
    }


def _within(actor: Actor) -> Limits:
    return (
        actor.market_ids is not None,
        actor.store_id is not None,
        actor.market_ids is None and bool(actor.stock_location_ids),
    )


def _only_reads(kind: str, role: str) -> bool:
    return kind == "webapp" and role != "admin"


def _is_customer(owner_type: str | None) -> bool:
    return owner_type == "Customer"


@_kept
def _acts(kind: str, owner_type: str | None, role: str, resource: type[Record]) -> frozenset[Act]:
    shape = resource.shape
    served = frozenset(act for act, action in _ACTIONS.items() if action in shape.actions)
    if kind == "sales_channel":
        return served & acts(shape.access.customer if _is_customer(owner_type) else shape.access.guest)
    return served & _READS if _only_reads(kind, role) else served


def _plain(condition: Condition) -> Condition | None:
    return None if condition == ALWAYS else condition


@_kept
def _sees(kind: str, owner_type: str | None, limits: Limits, resource: type[Record]) -> Condition | None:
    access, about = resource.shape.access, resource.about
    if about and (kind == "sales_channel" or (limits != _NO_LIMITS and "." not in about)):
        return _sees_holder(kind, owner_type, limits, resource)
    by_market, by_store, by_place = limits
    scope = both(
        access.scope if by_market else None,
        access.store_scope if by_store else None,
        access.place_scope if by_place else None,
    )
    if kind != "sales_channel":
        return _plain(scope)
    rows = access.customer_sees if _is_customer(owner_type) else access.guest_sees
    if rows == NEVER:
        return NEVER
    return _plain(both(rows, scope, access.sales_scope if by_market else access.unscoped))


def _sees_holder(kind: str, owner_type: str | None, limits: Limits, resource: type[Record]) -> Condition:
    """The rows about a record that the caller reads."""
    *steps, last = resource.about.split(".")
    held = []
    for holder in resource.shape.holders:
        rows = _sees(kind, owner_type, limits, holder) if "show" in _acts(kind, owner_type, "admin", holder) else NEVER
        if rows != NEVER:
            held.append(Related(() if rows is None else (rows,), last, holder.shape.type))
    seen: Condition = either(*held) if held else NEVER
    for step in reversed(steps):
        seen = Related((seen,), step, resource.shape.relationships[step].types[0])
    return seen


@_kept
def _lists(kind: str, owner_type: str | None, limits: Limits, resource: type[Record]) -> Condition | None:
    rows = _sees(kind, owner_type, limits, resource)
    if kind == "sales_channel" and _is_customer(owner_type) and rows != NEVER:
        return _plain(both(rows, resource.shape.access.customer_lists))
    return rows


@_kept
def _writes(
    kind: str, owner_type: str | None, role: str, limits: Limits, resource: type[Record], late: frozenset[str]
) -> Condition | None:
    rows = _sees(kind, owner_type, limits, resource)
    if kind == "sales_channel":
        access = resource.shape.access
        changed = access.customer_writes if _is_customer(owner_type) else access.guest_writes
        for one in access.late:
            if late and late <= one.asks:
                changed = either(changed, one.customer if _is_customer(owner_type) else one.guest)
        return NEVER if NEVER in (rows, changed) else _plain(both(rows, changed))
    return NEVER if _only_reads(kind, role) else rows
