"""How payments differ from what their gateways say."""

from __future__ import annotations

from dataclasses import asdict

from paydesk.cli.screen import rows, say, write_json
from paydesk.operations.reconcile.report import Finding, Report, Wrong


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
        say(line)
    if report.fees_kept:
        say(f"The fees of {_payments(report.fees_kept)} were kept.")
    elif report.without_fees:
        say(f"The fees of {_payments(report.without_fees)} are not kept yet; `paydesk reconcile --fix` keeps them.")
    if report.attention:
        say("")
        say("Needs attention, and may be right as it stands:")
    for matter in report.attention:
        say(matter.line)


def _payments(count: int) -> str:
    return "1 payment" if count == 1 else f"{count} payments"


def as_json(report: Report) -> None:
    write_json(asdict(report))


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
