"""`paydesk demo`."""

from pathlib import Path
from typing import Annotated

import typer

from paydesk.cli.groups import Version, group
from paydesk.cli.running import settings_of

demo = group("The demo of a running `paydesk dev`.")


@demo.command("buy")
def buy(
    credentials: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The file that `paydesk dev` wrote. [credentials.json in the data dir]"),
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
