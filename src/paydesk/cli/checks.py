"""`paydesk reconcile` and `paydesk prove`."""

from contextlib import ExitStack
from typing import Annotated

import typer

from paydesk.cli.groups import Version, number
from paydesk.cli.periods import period
from paydesk.cli.running import beside_dev, finish, opened, settings_of, told_plainly
from paydesk.cli.screen import Exit, fail


def reconcile(
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="From when: 7d, 36h, 1d12h ago, or an ISO 8601 time.")
    ] = "7d",
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="To when, in the same words. [default: now]")
    ] = None,
    organization: Annotated[
        str | None, typer.Option("--organization", "-o", metavar="SLUG", help="Only this organization's, by its slug.")
    ] = None,
    gateway: Annotated[str | None, typer.Option(metavar="ID", help="Only this gateway's.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Book what the gateways say; cancel what no order needs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Tell it to a program.")] = False,
    version: Version = False,
) -> None:
    """Compare payments with what Stripe says of them.

    Each difference is told with what to do about it. Every payment that was opened or moved in the period is read
    afresh; every payment that Stripe has of this installation is looked for here. It may be run beside a server, and
    only reads. With --fix, what Stripe knows and paydesk does not is booked, and nothing is ever taken back; and what
    can still be paid, was opened by this installation and is needed by no order is canceled, unless it holds money by
    then.
    Placed orders are worked out anew from their lines and transactions; what does not follow is told, never altered.
    Ends with 1 while there are differences, or amounts that do not follow; otherwise with 4 while something needs a
    person's attention, which is told apart and may be right as it stands: money held for an order that is not placed, a
    placed order whose authorization is gone, a refund that failed, an authorization that ends within a day.
    """
    import time

    from paydesk.cli.holding import InUse, hold_database
    from paydesk.cli.screens import reconciliation
    from paydesk.operations.reconcile import run
    from paydesk.operations.reconcile.report import Report

    settings = beside_dev(settings_of())
    begins, ends = period(since, until, time.time())

    async def reconciled(beside: bool) -> Report:
        async with opened(settings, reading=not fix, beside=beside) as parts:
            return await run.reconcile(parts, begins, ends, slug=organization, gateway=gateway, fix=fix, beside=beside)

    with told_plainly(), ExitStack() as held:
        beside = False
        if fix:
            try:
                held.enter_context(hold_database(settings))
            except InUse:
                beside = True
        told = finish(reconciled(beside))
    (reconciliation.as_json if json else reconciliation.show)(told)
    if told.findings or told.wrong:
        raise typer.Exit(Exit.FAILED)
    if told.attention:
        raise typer.Exit(Exit.ATTENTION)


def prove(
    database_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A PostgreSQL server, postgresql://user:password@host:5432/name, in which a database may be made for "
            "the proof. SQLite is tried in any case.",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A cross-section, in a fraction of the time.")] = False,
    interleavings: Annotated[
        int | None,
        typer.Option(
            parser=number(0), metavar="NUMBER", help="How many interleavings to try. [default: 200; 20 with --quick]"
        ),
    ] = None,
    refunds: Annotated[
        int | None,
        typer.Option(
            parser=number(0),
            metavar="NUMBER",
            help="How many refunds to lose the answers of. [default: 500; 30 with --quick]",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(parser=number(0), metavar="NUMBER", help="Ask the same things again. [default: drawn]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    version: Version = False,
) -> None:
    """Prove on this machine that money moves exactly once.

    Processes of paydesk are killed at every point of every act that moves money, on throw-away databases beside a
    Stripe sandbox; afterwards Stripe's sums must be paydesk's. Then seeded interleavings of requests, webhooks and
    faults, and refunds whose answers are lost. Nothing of yours is touched. Ends with 1 where something is wrong.
    """
    import asyncio
    import random

    from paydesk.cli.proving import prove_all
    from paydesk.proving.asking import NoAnswer, Unexpected
    from paydesk.proving.processes import Failed

    if database_url is not None and not database_url.startswith(("postgresql://", "postgres://")):
        fail("--database-url is for PostgreSQL; SQLite is tried in any case.", exit=Exit.USAGE)
    chosen = random.randrange(1_000_000) if seed is None else seed
    work = prove_all(
        database_url, quick=quick, interleavings=interleavings, refunds=refunds, seed=chosen, as_json=as_json
    )
    try:
        holds = asyncio.run(work)
    except (Failed, Unexpected, NoAnswer) as error:
        fail(str(error))
    if not holds:
        raise typer.Exit(Exit.FAILED)
