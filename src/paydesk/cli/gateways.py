"""`paydesk gateways`."""

from typing import Annotated

import typer

from paydesk.cli.groups import Version, group
from paydesk.cli.running import beside_dev, finish, settings_of
from paydesk.cli.screen import Exit

gateways = group("Gateways: whether they work, and their keys.")


@gateways.command("check")
def check(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Only these gateways. [all]")] = None,
    self_test: Annotated[
        bool, typer.Option("--self-test/--no-self-test", help="Send a signed event of our own to the endpoint.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Tell it to a program.")] = False,
    version: Version = False,
) -> None:
    """Tell whether Stripe's webhooks reach paydesk.

    For each gateway: the key and its rights, the webhook endpoint at Stripe, the last event that was verified and what
    was forged since, when Stripe's own list of events was read last, and a signed event of our own, sent to the
    address that Stripe has. Use --no-self-test where this machine cannot reach that. Each problem is told with what to
    do about it. It only reads, and may be run beside a server. Ends with 1 while there are problems.
    """
    from paydesk.cli import checking

    checked = finish(checking.check(beside_dev(settings_of()), ids or (), self_test=self_test))
    (checking.as_json if json else checking.show)(checked)
    if any(one.problems for one in checked):
        raise typer.Exit(Exit.FAILED)


@gateways.command("rekey")
def rekey(
    id: Annotated[str, typer.Argument(metavar="ID", help="The Stripe gateway's id.")],
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the new key from the standard input; typed in, it is not shown.")
    ] = False,
    publishable_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Another publishable key, where that changes, too. [without --stdin PAYDESK_STRIPE_PUBLISHABLE_KEY]",
        ),
    ] = None,
    version: Version = False,
) -> None:
    """Give a Stripe gateway another secret key of the same account.

    For a key that was rolled or has expired, or is to be replaced by a restricted one. The new key comes from
    PAYDESK_STRIPE_SECRET_KEY or, with --stdin, from the standard input; on a command line others could read it. Its
    rights are tried, and it has to be of the very account and mode that the gateway has had; otherwise nothing is
    changed. May be run beside a server, which uses the new key from its next call on.
    """
    from paydesk.cli import rekeying

    settings = beside_dev(settings_of())
    key = rekeying.new_key(settings, from_stdin=stdin)
    public = publishable_key or (None if stdin else settings.stripe_publishable_key)
    rekeying.show(finish(rekeying.rekey(settings, id, key, public)))
