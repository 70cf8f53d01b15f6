"""`paydesk gateways`."""

import getpass
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paydesk.cli.groups import Version, group
from paydesk.cli.running import beside_dev, finish, opened, settings_of
from paydesk.cli.screen import Exit, done, fail, rows

if TYPE_CHECKING:
    from paydesk.operations.check_gateways import Checked
    from paydesk.operations.shop import Added
    from paydesk.settings import Settings

LONGEST_KEY = 1024

gateways = group("Gateways: whether they work, and their keys.")


@gateways.command("check")
def check(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Only these gateways. [default: all]")] = None,
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
    from paydesk.cli.screens import gateways

    found = finish(checked(beside_dev(settings_of()), ids or (), self_test=self_test))
    (gateways.as_json if json else gateways.show)(found)
    if any(one.problems for one in found):
        raise typer.Exit(Exit.FAILED)


async def checked(
    settings: "Settings", ids: Sequence[str], *, self_test: bool = True, **options: Any
) -> list["Checked"]:
    """Check the gateways with these ids, or all that are not disabled. Raises Unknown."""
    from paydesk.cli.certificates import Certificates
    from paydesk.operations.check_gateways import check_gateways

    authority = Certificates.below(settings.data_dir / "tls").authority
    trusted = authority if authority.exists() else None
    async with opened(settings, reading=True, **options) as parts:
        return await check_gateways(parts, ids, self_test=self_test, authority=trusted)


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
            help="Another publishable key, where that changes, too. [without --stdin: PAYDESK_STRIPE_PUBLISHABLE_KEY]",
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
    from paydesk.cli.screens import rekeyed
    from paydesk.operations.rekey import Rekeyed
    from paydesk.operations.rekey import rekey as give_key

    settings = beside_dev(settings_of())
    key = _new_key(settings, from_stdin=stdin)
    public = publishable_key or (None if stdin else settings.stripe_publishable_key)

    async def given() -> Rekeyed:
        async with opened(settings) as parts:
            return await give_key(parts, id, key, public)

    rekeyed.show(finish(given()))


@gateways.command("add")
def add(
    organization: Annotated[str, typer.Option("--organization", "-o", metavar="SLUG", help="The organization's slug.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="What it is called.")] = "Stripe",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the key from the standard input; typed in, it is not shown.")
    ] = False,
    publishable_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Its publishable key. [without --stdin: PAYDESK_STRIPE_PUBLISHABLE_KEY]"),
    ] = None,
    version: Version = False,
) -> None:
    """Let an organization be paid by Stripe.

    Makes a gateway with a secret or restricted key, in the environment of the key, and a way to pay by it for each
    market that has none. The key comes from PAYDESK_STRIPE_SECRET_KEY or, with --stdin, from the standard input. It
    is tried at Stripe first, and a webhook endpoint is registered where PAYDESK_PUBLIC_DOMAIN says the address.
    """
    from paydesk.operations import shop

    settings = beside_dev(settings_of())
    key = _new_key(settings, from_stdin=stdin)
    public = publishable_key or (None if stdin else settings.stripe_publishable_key)

    async def adding() -> "Added":
        async with opened(settings, beside=True) as parts:
            return await shop.add_gateway(parts, slug=organization, secret_key=key, publishable_key=public, name=name)

    show_added(finish(adding()))


def show_added(added: "Added") -> None:
    done(f"Stripe gateway {added.id} for {added.mode} payments")
    rows(
        [
            ("events come to", added.endpoint or "no address; they are fetched from Stripe every minute"),
            ("pays for orders of", ", ".join(added.markets) or "no further market"),
        ]
    )


def _new_key(settings: "Settings", *, from_stdin: bool) -> str:
    """The key to put in, from where no other user of this machine sees it. Ends the command where there is none."""
    if from_stdin:
        key = getpass.getpass("Secret key: ") if sys.stdin.isatty() else sys.stdin.read(LONGEST_KEY)
    else:
        key = settings.stripe_secret_key or ""
    if not key.strip():
        where = "the standard input" if from_stdin else "PAYDESK_STRIPE_SECRET_KEY"
        hint = "Set PAYDESK_STRIPE_SECRET_KEY, or give it with --stdin."
        fail(f"There is no key in {where}.", hint=hint, exit=Exit.USAGE)
    return key.strip()
