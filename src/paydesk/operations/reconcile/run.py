"""Every payment of a period, compared with what its gateway says, and what the gateway has beside.

It reads: our books by transactions that write nothing, the gateway's by reading each payment and by listing all. Where
a server is at work meanwhile, what differs is looked at twice, so that what was just on its way is no difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from paydesk.base.instants import instant
from paydesk.base.tenants import mode_of
from paydesk.commerce.orders.invariants import broken
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule, eq
from paydesk.operations.matters import matters
from paydesk.operations.parts import Parts
from paydesk.operations.reconcile.fix import Fix
from paydesk.operations.reconcile.payments import Compared, Payments
from paydesk.operations.reconcile.report import Attention, Finding, Report, Wrong
from paydesk.operations.reconcile.scope import Scope, choose
from paydesk.operations.reconcile.strays import Strays
from paydesk.rules.asking import Find
from paydesk.rules.work import Work

SECOND_LOOK_SECONDS = 2.0


async def reconcile(
    parts: Parts,
    since: str,
    until: str,
    *,
    slug: str | None = None,
    gateway: str | None = None,
    fix: bool = False,
    beside: bool = False,
) -> Report:
    """Compare the payments that were opened or moved in a period. Raises Unknown where a name is wrong.

    slug, gateway   only this organization's, only this gateway's
    fix             bring our books to what the gateway says, and cancel what no order needs; then not all is only read
    beside          another process serves the database
    """
    if fix:
        # A copy of an installation that acts elsewhere is told so before it lets anything go.
        await parts.owner.look()
    scope = await choose(parts, since, until, slug, gateway)
    payments, strays = Payments(scope), Strays(scope)
    report = Report(since, until)
    compared: list[Compared] = []
    for each in scope.gateways:
        ids = await payments.of(each)
        compared += await payments.compare(each, ids)
        report.payments += len(ids)
        await strays.look(each)
    report.listed = strays.listed
    report.without_fees = sum(one.lacks_fees for one in compared)
    calls = await scope.open_calls()
    if (any(one.findings for one in compared) or strays.found or calls) and await scope.is_served():
        await asyncio.sleep(SECOND_LOOK_SECONDS)
        compared = await payments.again(compared)
        waiting = {call["id"] for call in calls}
        calls = [call for call in await scope.open_calls() if call["id"] in waiting]
    if fix:
        fixing = Fix(scope, payments, strays, beside=beside)
        compared = await fixing.all(compared)
        report.mended, report.canceled = fixing.mended, fixing.canceled
        still_open = {call["id"] for call in await scope.open_calls()}
        calls = [call for call in calls if call["id"] in still_open]
        report.fees_kept = fixing.fees_kept
    findings = [finding for one in compared for finding in one.findings]
    findings += await strays.findings()
    findings += [_open(scope, call) for call in calls]
    report.findings = [*scope.unreadable.values(), *findings]
    await _recompute(scope, payments.orders, report)
    report.attention = await _attention(scope)
    return report


def _open(scope: Scope, call: Mapping[str, Any]) -> Finding:
    (gateway,) = [
        one for one in scope.gateways if (one.actor.tenant, one.record.id) == (call["tenant"], call["gateway_id"])
    ]
    about = f"{call['subject_type']}/{call['subject_id']}"
    ours = f"open since {call['created_at']}, taken up again {max(call['tries'], 0)} times"
    do = "run `paydesk recover` where no server does it by itself"
    return gateway.finding(f"call {call['kind']} {call['id']}", ours, "not known", do, payment=about)


async def _recompute(scope: Scope, compared: Mapping[tuple[str, str], None], report: Report) -> None:
    """Work every order out anew that was made in the period, or whose payment was compared."""
    orders = dict(compared)
    for tenant in scope.slugs if not scope.of_one_gateway else ():
        for (id_,) in await scope.made(tenant, "orders", ()):
            orders[(tenant, id_)] = None
    for tenant, id_ in orders:
        actor = scope.actor(tenant)
        found = await scope.parts.desk.consider(actor, lambda work: _broken(id_, work))  # noqa: B023
        report.orders += found is not None
        for order, one in found or ():
            report.wrong.append(
                Wrong(actor.slug, actor.mode, id_, order.number, one.rule, one.what, one.stored, one.right)
            )


def _broken(order_id: str, work: Work) -> Rule:
    """What is broken of an order, each with the order; None where there is none any more."""
    order = yield Find("orders", eq("id", order_id), ("line_items",))
    if order is None:
        return None
    everything = yield from booked(order, work)
    return [(order, one) for one in broken(order, order.line_items, everything)]


async def _attention(scope: Scope) -> list[Attention]:
    """What needs a person's attention now."""
    now, payments = scope.parts.clock(), scope.parts.watching.types
    found = await scope.parts.database.read(lambda: matters(instant(now), payments, list(scope.slugs)))
    attention = []
    for matter in found:
        slug, mode = scope.slugs[matter.tenant], mode_of(matter.tenant)
        attention.append(Attention(slug, mode, matter, matter.line(f"{slug}/{mode}", now)))
    return attention
