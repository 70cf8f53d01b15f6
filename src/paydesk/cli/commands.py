"""The commands and their order. What they do is imported when they are run."""

import sys

from paydesk import __version__
from paydesk.cli.applications import application
from paydesk.cli.checks import prove, reconcile
from paydesk.cli.demos import demo
from paydesk.cli.gateways import gateways
from paydesk.cli.groups import group
from paydesk.cli.keys import keys
from paydesk.cli.matters import matters
from paydesk.cli.organizations import organization
from paydesk.cli.payments import payments
from paydesk.cli.screen import out
from paydesk.cli.server import dev, serve, settings_help
from paydesk.cli.takings import disputes, refunds, takings
from paydesk.cli.upkeep import adopt_installation, backup, migrate, recover, restore
from paydesk.cli.users import user
from paydesk.sandbox.cli import cli as sandbox

cli = group("paydesk: an open, self-hostable payment desk that speaks the Commerce Layer API.")
cli.command()(dev)
cli.command(epilog=settings_help())(serve)
for act in (
    migrate,
    recover,
    backup,
    restore,
    adopt_installation,
    matters,
    reconcile,
    takings,
    refunds,
    disputes,
    prove,
):
    cli.command()(act)
for name, commands in {
    "organization": organization,
    "application": application,
    "user": user,
    "payments": payments,
    "gateways": gateways,
    "keys": keys,
    "demo": demo,
    "sandbox": sandbox,
}.items():
    cli.add_typer(commands, name=name)


def run() -> None:
    """Run the command line; ends the process with one of `Exit`."""
    if sys.argv[1:2] == ["sandbox"] and "--version" in sys.argv:
        # The sandbox imports nothing of ours, so its commands cannot know the version.
        out().print(f"paydesk {__version__}")
        return
    cli(prog_name="paydesk")
