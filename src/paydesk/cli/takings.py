"""`paydesk takings`, `paydesk refunds` and `paydesk disputes`: money by period."""

import time
from enum import StrEnum
from typing import Annotated, Any

import typer

from paydesk.base.instants import instant
from paydesk.cli.groups import Mode, Version
from paydesk.cli.periods import period
from paydesk.cli.running import finish, opened, settings_of
from paydesk.cli.screen import Exit, fail


class By(StrEnum):
    DAY = "day"
    MARKET = "market"
    METHOD = "method"


class RefundState(StrEnum):
    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"


class DisputeState(StrEnum):
    OPEN = "open"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    INQUIRY = "inquiry"
    OTHER = "other"


Since = Annotated[str, typer.Option(metavar="WHEN", help="From when (UTC): 7d, 12h ago, a date, or an ISO 8601 time.")]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="To when, that moment not included. [default: now]")]
Organization = Annotated[
    str | None, typer.Option("--organization", "-o", metavar="SLUG", help="Only this organization's, by its slug.")
]
OfMode = Annotated[Mode | None, typer.Option("--mode", help="Only test or live.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values, for a spreadsheet.")]
Json = Annotated[bool, typer.Option("--json", help="Tell it to a program.")]


def takings(
    by: Annotated[By, typer.Option("--by", help="What the sums are of.")] = By.DAY,
    since: Since = "30d",
    until: Until = None,
    organization: Organization = None,
    mode: OfMode = None,
    csv: Csv = False,
    json: Json = False,
    version: Version = False,
) -> None:
    """Show what was captured, refunded and disputed, with fees and net.

    Fees and net are those of Stripe's balance transactions, in the currency of the balance. Each counts when Stripe
    booked it; what Stripe has not told of yet, and money by hand, when it was booked here. Disputed is what disputes
    took, less what they gave back. Days are those of UTC. It only reads, and may be run beside a server.
    """
    from paydesk.cli.screens import takings as screen
    from paydesk.operations.takings import Takings, takings

    begins, ends = _asked(since, until, csv, json)

    async def found() -> Takings:
        async with opened(settings_of(), reading=True) as parts:
            return await takings(parts, begins, ends, by=by.value, slug=organization, mode=mode and mode.value)

    _drawn(screen, csv, json)(finish(found()))


def refunds(
    status: Annotated[
        RefundState | None, typer.Option(metavar="STATUS", help="Only those that stand like this.")
    ] = None,
    since: Since = "30d",
    until: Until = None,
    organization: Organization = None,
    mode: OfMode = None,
    csv: Csv = False,
    json: Json = False,
    version: Version = False,
) -> None:
    """List the refunds of a period, the newest first.

    A pending refund is on its way: its bank has not got it yet. It only reads, and may be run beside a server.
    """
    from paydesk.cli.screens import refunds as screen
    from paydesk.operations.given_back import Refunds, refunds

    begins, ends = _asked(since, until, csv, json)

    async def found() -> Refunds:
        async with opened(settings_of(), reading=True) as parts:
            return await refunds(
                parts, begins, ends, status=status and status.value, slug=organization, mode=mode and mode.value
            )

    _drawn(screen, csv, json)(finish(found()))


def disputes(
    status: Annotated[
        DisputeState | None,
        typer.Option(metavar="STATUS", help="Only those that stand like this; open: an answer is awaited."),
    ] = None,
    since: Since = "120d",
    until: Until = None,
    organization: Organization = None,
    mode: OfMode = None,
    csv: Csv = False,
    json: Json = False,
    version: Version = False,
) -> None:
    """List the disputes that were opened in a period, with their deadlines.

    Those that await an answer come first, the most urgent at the top. Evidence is given at Stripe. It only reads, and
    may be run beside a server.
    """
    from paydesk.cli.screens import disputes as screen
    from paydesk.operations.given_back import Disputes, disputes

    begins, ends = _asked(since, until, csv, json)

    async def found() -> Disputes:
        async with opened(settings_of(), reading=True) as parts:
            return await disputes(
                parts,
                begins,
                ends,
                now=instant(parts.clock()),
                status=status and status.value,
                slug=organization,
                mode=mode and mode.value,
            )

    _drawn(screen, csv, json)(finish(found()))


def _asked(since: str, until: str | None, csv: bool, json: bool) -> tuple[str, str]:
    if csv and json:
        fail("Say --csv or --json, not both.", exit=Exit.USAGE)
    return period(since, until, time.time())


def _drawn(screen: Any, csv: bool, json: bool) -> Any:
    return screen.as_json if json else screen.as_csv if csv else screen.show
