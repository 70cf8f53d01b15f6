"""`paydesk payments`."""

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paydesk.cli.groups import Mode, Version, group, number
from paydesk.cli.periods import MOMENTS, SPANS, moment, span
from paydesk.cli.running import beside_dev, finish, opened, settings_of, told_plainly
from paydesk.cli.screen import Exit, fail

if TYPE_CHECKING:
    from paydesk.operations.told.browsing import Filters

Organization = Annotated[
    str | None, typer.Option("--organization", "-o", metavar="SLUG", help="Only this organization's, by its slug.")
]

Method = Annotated[
    str | None,
    typer.Option(
        metavar="METHOD", help="A payment method's name or id, or Stripe's word for a kind (card, ideal), or wire."
    ),
]

payments = group("Payments: what happened to them, and what is about to.")


@payments.command("make-order")
def make_order(
    payment: Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's name at Stripe, pi_….")],
    market: Annotated[
        str | None, typer.Option(metavar="ID", help="The order's market, where the payment does not tell it.")
    ] = None,
    give_back: Annotated[
        bool, typer.Option("--give-back", help="Cancel the order at once: void what is held, refund what was taken.")
    ] = False,
    version: Version = False,
) -> None:
    """Make an order again that is gone, of what its payment tells at Stripe.

    For a payment that `paydesk reconcile` tells after an older database was restored. The order has the id, the number
    and the e-mail address it had, and one line of the whole amount; whoever knows what was bought places it. With
    --give-back the money goes back instead. It may be run beside a server.
    """
    from paydesk.cli.holding import InUse, hold_database
    from paydesk.cli.screens import remade
    from paydesk.operations.remake_order import Remade, remake

    async def made(beside: bool) -> Remade:
        async with opened(settings, beside=beside) as parts:
            return await remake(parts, payment, market=market, give_back=give_back, beside=beside)

    settings = beside_dev(settings_of())
    with told_plainly(), ExitStack() as held:
        beside = False
        try:
            held.enter_context(hold_database(settings))
        except InUse:
            beside = True
        remade.show(finish(made(beside)))


@payments.command("show")
def show(
    clue: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="An order's number or id, an e-mail address, a card's last four digits, an amount (154, 154.00 EUR), "
            "or Stripe's name for a payment, charge, refund or dispute (pi_…, ch_…, re_…, du_…).",
        ),
    ],
    organization: Annotated[
        str | None,
        typer.Option("--organization", "-o", metavar="SLUG", help="Look only in this organization, by its slug."),
    ] = None,
    mode: Annotated[Mode | None, typer.Option(help="Look only in test or live.")] = None,
    history: Annotated[bool, typer.Option("--history", help="Tell all that happened as well, in order.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Tell all of it, for a program.")] = False,
    version: Version = False,
) -> None:
    """Answer what became of a payment.

    WHAT is what a customer can say. Six lines answer: who, what, with which card, where the money is, what to say to
    the customer, and what to do. Below stand the transactions and sums. Where several orders match, each has a line,
    the newest first; #1234 is an order's number and nothing else. It only reads, and may be run beside a server.
    """
    from paydesk.cli.screens import answer
    from paydesk.cli.screens import history as screen
    from paydesk.operations.show_payment import show_payment

    async def found() -> dict[str, Any]:
        async with opened(settings_of(), reading=True) as parts:
            return await show_payment(parts, clue, organization, mode and mode.value, whole=history or json)

    told = finish(found())
    if json:
        screen.as_json(told)
    elif "matches" in told:
        answer.matches(told["matches"], more=told["more"], clue=clue)
    else:
        screen.show(told, history=history)


@payments.command("list")
def list_(
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="Stored since: 30d, 12h, or 2026-11-22T10:00:00Z.")
    ] = "30d",
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Stored until, likewise. [default: now]")] = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS",
            help="A payment status, an order's status, or a state as the list shows it; several by commas.",
        ),
    ] = None,
    order: Annotated[str | None, typer.Option(metavar="ORDER", help="An order's number or id.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="EMAIL", help="A customer's e-mail address.")] = None,
    amount: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What the payment is for: 154, 154.00 EUR.")
    ] = None,
    last_digits: Annotated[str | None, typer.Option(metavar="DDDD", help="The last four digits of a card.")] = None,
    market: Annotated[str | None, typer.Option(metavar="MARKET", help="A market's code, name or id.")] = None,
    method: Method = None,
    organization: Organization = None,
    mode: Annotated[Mode | None, typer.Option(help="Only test or live.")] = None,
    limit: Annotated[int, typer.Option(parser=number(1, 500), metavar="NUMBER", help="How many at most.")] = 25,
    after: Annotated[
        str | None, typer.Option(metavar="PLACE", help="Go on behind this one, as the page before said.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write it for a spreadsheet.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Tell it to a program.")] = False,
    version: Version = False,
) -> None:
    """List payments, the newest first.

    Each has a line: when, how much, which order, how it stands, with which card, whose. All filters that are given
    have to hold. `payments show` tells more of one. It only reads, and may be run beside a server.
    """
    from paydesk.base.instants import instant
    from paydesk.cli.screens import listing
    from paydesk.operations.told.browsing import Page, browse

    if csv and json:
        fail("--csv and --json: one of them.", exit=Exit.USAGE)
    settings, now = settings_of(), time.time()
    filters = _filters(
        now, since=since, until=until, status=status, order=order, customer=customer, amount=amount,
        last_digits=last_digits, market=market, method=method, limit=limit, after=after,
    )  # fmt: skip

    async def found() -> Page:
        async with opened(settings, reading=True) as parts:
            return await browse(parts, filters, organization, mode and mode.value, instant(now))

    page = finish(found())
    if json:
        listing.as_json(page)
    elif csv:
        listing.as_csv(page)
    else:
        listing.show(page, filters.since)


def _filters(now: float, *, since: str, until: str | None, **given: Any) -> "Filters":
    """What is asked for; ends the command where it cannot be meant."""
    from paydesk.base.instants import instant, parse
    from paydesk.operations.told.browsing import STATUSES, Filters
    from paydesk.operations.told.clues import amounts

    times = {"--since": moment(since, now), "--until": moment(until, now) if until else instant(now + 1)}
    for name, at in times.items():
        if at is None:
            told = since if name == "--since" else until
            fail(f"{name} {told}: that is no time.", hint=MOMENTS, exit=Exit.USAGE)
    statuses = [one.strip().replace("-", " ") for one in (given["status"] or "").split(",") if one.strip()]
    statuses = [{one.replace("_", " "): one for one in STATUSES}.get(one.replace("_", " "), one) for one in statuses]
    for one in statuses:
        if one not in STATUSES:
            fail(f"--status {one}: no such state.", hint=f"There are: {', '.join(STATUSES)}.", exit=Exit.USAGE)
    meant = amounts(given["amount"]) if given["amount"] is not None else None
    if meant == {}:
        fail(f"--amount {given['amount']}: no amount.", hint="Say 154, 154.00 EUR or €154,00.", exit=Exit.USAGE)
    digits = given["last_digits"]
    if digits is not None and not (len(digits) == 4 and digits.isascii() and digits.isdigit()):
        fail(f"--last-digits {digits}: not four digits.", exit=Exit.USAGE)
    at, mark, id_ = (given["after"] or "").partition("/")
    if given["after"] and (not id_ or parse(at) is None):
        fail(f"--after {given['after']}: no page said so.", exit=Exit.USAGE)
    return Filters(
        since=str(times["--since"]),
        until=str(times["--until"]),
        statuses=tuple(statuses),
        order=given["order"],
        email=given["customer"],
        digits=digits,
        amounts=meant,
        market=given["market"],
        method=given["method"],
        after=(str(parse(at)), id_) if mark else None,
        limit=given["limit"],
    )


@payments.command("expiring")
def expiring(
    within: Annotated[str, typer.Option(metavar="SPAN", help="How soon: 24h, 3d, 90m.")] = "24h",
    organization: Organization = None,
    mode: Annotated[Mode | None, typer.Option(help="Only test or live.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Tell it to a program.")] = False,
    version: Version = False,
) -> None:
    """List the orders whose authorization ends soon.

    What is authorized and not captured by then is lost: the soonest first, with what can still be captured and how the
    order stands. One that should have ended is listed until its end is known. It only reads, and may be run beside a
    server.
    """
    from paydesk.cli.screens import expiring
    from paydesk.operations.expiring import Found, find

    settings, seconds = settings_of(), span(within)
    if seconds is None:
        fail(f"--within {within}: that is no length of time.", hint=SPANS, exit=Exit.USAGE)

    async def found() -> Found:
        async with opened(settings, reading=True) as parts:
            return await find(parts, within=seconds, slug=organization, mode=mode and mode.value)

    (expiring.as_json if json else expiring.show)(finish(found()))
