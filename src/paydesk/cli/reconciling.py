"""`paydesk reconcile`: opens what `operations.reconcile` works with, and draws what comes of it."""

from __future__ import annotations

import json
from dataclasses import asdict

from paydesk.app import Parts
from paydesk.base.instants import Clock, instant, wall
from paydesk.cli.periods import moment
from paydesk.cli.screen import Exit, fail, out, rows
from paydesk.operations.names import Unknown
from paydesk.operations.reconcile import run
from paydesk.operations.reconcile.report import Finding, Report, Wrong
from paydesk.settings import Settings


async def reconcile(
    settings: Settings,
    *,
    since: str,
    until: str | None,
    slug: str | None = None,
    gateway: str | None = None,
    fix: bool = False,
    beside: bool = False,
    clock: Clock = wall,
) -> Report:
    """Compare the payments that were opened or moved in a period. Ends the command where the period or a name is wrong.

    slug, gateway, fix, beside   as `operations.reconcile.run` has them
    """
    now = clock()
    begins, ends = moment(since, now), moment(until, now) if until else instant(now + 1)
    for name, text, at in (("--since", since, begins), ("--until", until, ends)):
        if at is None:
            fail(f"{name} {text}: no time.", hint="Say 7d, 12h, 30m, or 2026-11-22T10:00:00Z.", exit=Exit.USAGE)
    assert begins is not None and ends is not None
    parts = await Parts.open(settings, clock, reading=not fix, beside=beside)
    try:
        return await run.reconcile(parts, begins, ends, slug=slug, gateway=gateway, fix=fix, beside=beside)
    except Unknown as unknown:
        fail(str(unknown))
    finally:
        await parts.recovery.stop()
        await parts.close()


def show(report: Report) -> None:
    """The counts, then a line for each difference."""
    rows(
        [
            ("since", report.since),
            ("until", report.until),
            ("payments compared", report.payments),
            ("payments listed", report.listed),
            ("payments mended", report.mended),
            ("payments canceled", report.canceled),
            ("orders recomputed", report.orders),
            ("orders' amounts broken", len(report.wrong)),
            ("need attention", len(report.attention)),
            ("differences", len(report.findings)),
        ]
    )
    for line in (*map(_wrong, report.wrong), *map(_difference, report.findings)):
        out().print(line, markup=False)
    if report.attention:
        out().print("\nNeeds attention, and may be right as it stands:", markup=False)
    for matter in report.attention:
        out().print(matter.line, markup=False)


def as_json(report: Report) -> None:
    out().print(json.dumps(asdict(report), indent=2, ensure_ascii=False), markup=False)


def _difference(one: Finding) -> str:
    order = f" order {one.number or one.order}" if one.number or one.order else ""
    names = ", ".join(name for name in (one.payment_id, one.payment) if name)
    return (
        f"{one.organization}/{one.mode}{order} {names or f'gateway {one.gateway}'}: "
        f"{'marked by hand, ' if one.marked else ''}{one.what}: "
        f"paydesk {one.ours or 'nothing'}, gateway {one.theirs or 'nothing'}. {one.do[0].upper()}{one.do[1:]}."
    )


def _wrong(one: Wrong) -> str:
    return (
        f"{one.organization}/{one.mode} order {one.number or one.order}: {one.what}: {one.stored} is stored, "
        f"{one.right} would be right. Settle it with the customer: nothing alters it by itself."
    )
