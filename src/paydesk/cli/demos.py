"""`paydesk demo`."""

from pathlib import Path
from typing import Annotated

import typer

from paydesk.cli.groups import Version, group, number
from paydesk.cli.running import settings_of

demo = group("The demo of `paydesk dev`: buying something, and filling it up.")


@demo.command("buy")
def buy(
    credentials: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="The file that `paydesk dev` wrote. [default: credentials.json in the data dir]",
        ),
    ] = None,
    version: Version = False,
) -> None:
    """Buy something at the demo and give a part back, showing each request and answer.

    From the documented request to a paid, captured and partly refunded order. The shopper's card is confirmed at the
    sandbox, as Stripe.js would do it.
    """
    from paydesk.cli.buying import buy

    directory = settings_of().data_dir
    buy(credentials or directory / "credentials.json", directory)


@demo.command("load")
def load(
    skus: Annotated[
        int, typer.Option(parser=number(1, 1_000_000), metavar="NUMBER", help="How many skus to add.")
    ] = 1_000,
    orders: Annotated[
        int, typer.Option(parser=number(1, 10_000_000), metavar="NUMBER", help="How many orders to add.")
    ] = 10_000,
    customers: Annotated[
        int | None,
        typer.Option(
            parser=number(8),
            metavar="NUMBER",
            help="How many customers to add. [default: one for every 20 orders, and at least 1000]",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            parser=number(0), metavar="NUMBER", help="What is drawn by chance: the same again for the same number."
        ),
    ] = 1,
    version: Version = False,
) -> None:
    """Fill the demo with skus, customers and orders of every kind.

    A few orders are made by the rules that clients meet and paid at the sandbox; the others are copies of these with
    names, goods and times of their own. `paydesk dev` must not run meanwhile in the same data directory. What is
    there stays; an organization in live mode, or with a real Stripe key, is refused.
    """
    from paydesk.cli.loading import load

    load(settings_of(), skus=skus, orders=orders, customers=customers, seed=seed)
