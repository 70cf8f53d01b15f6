"""`paydesk application`."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from paydesk.cli.groups import Mode, Version, group
from paydesk.cli.periods import SPANS, span
from paydesk.cli.running import finish, settings_of
from paydesk.cli.screen import Exit, done, fail, rows, say

if TYPE_CHECKING:
    from paydesk.operations import founding

application = group("Applications: the credentials that clients get tokens with.")


class Kind(StrEnum):
    INTEGRATION = "integration"
    SALES_CHANNEL = "sales_channel"
    WEBAPP = "webapp"


class Role(StrEnum):
    ADMIN = "admin"
    READ_ONLY = "read_only"


@application.command("create")
def create(
    organization: Annotated[str, typer.Option("--organization", "-o", metavar="SLUG", help="The organization's slug.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="The name people read.")],
    kind: Annotated[Kind, typer.Option(help="What it is meant for: back-ends, storefronts, user-facing tools.")],
    mode: Annotated[Mode, typer.Option(help="Its environment; test and live data never mix.")] = Mode.TEST,
    redirect_uri: Annotated[
        str | None, typer.Option(metavar="URL", help="Where a webapp's authorization codes are sent.")
    ] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", metavar="SCOPE", help="A scope its tokens may have; may be given again. [default: any]"
        ),
    ] = None,
    lifetime: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="How long its access tokens live, at most 15d. [default: 4h for a sales channel, 2h for the others]",
        ),
    ] = None,
    role: Annotated[
        Role | None, typer.Option(help="What a webapp may do with tokens that name no user. [default: read_only]")
    ] = None,
    version: Version = False,
) -> None:
    """Make a client id and a client secret, which is shown this once."""
    from paydesk.operations import founding

    if (kind is Kind.WEBAPP) != (redirect_uri is not None):
        fail("--redirect-uri goes with --kind webapp, and only with it.", exit=Exit.USAGE)
    if role is not None and kind is not Kind.WEBAPP:
        fail("--role goes with --kind webapp.", exit=Exit.USAGE)
    lifetime_seconds = span(lifetime) if lifetime is not None else None
    if lifetime is not None and lifetime_seconds is None:
        fail(f"--lifetime {lifetime}: that is no length of time.", hint=SPANS, exit=Exit.USAGE)
    created = finish(
        founding.create_application(
            settings_of(),
            organization_slug=organization,
            mode=mode.value,
            kind=kind.value,
            name=name,
            redirect_uri=redirect_uri,
            scopes=tuple(scopes or ()),
            lifetime_seconds=lifetime_seconds,
            role=role.value if role is not None else None,
        )
    )
    show_applications([created])


@application.command("list")
def list_(
    organization: Annotated[str, typer.Option("--organization", "-o", metavar="SLUG", help="The organization's slug.")],
    version: Version = False,
) -> None:
    """Show an organization's applications, without their secrets."""
    from paydesk.operations import founding

    found = finish(founding.list_applications(settings_of(), organization))
    for each in found:
        say(f"{each.client_id}  {each.kind:13}  {each.mode:4}  {each.name}")


@application.command("revoke")
def revoke(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="As `paydesk application list` shows it.")],
    version: Version = False,
) -> None:
    """End an application: its tokens stop working, and it gets no new ones."""
    from paydesk.operations import founding

    if not finish(founding.revoke_application(settings_of(), client_id)):
        fail(f"There is no application with the client id {client_id}.")
    done(f"Revoked {client_id}.")


def show_applications(created: Iterable["founding.Created"]) -> None:
    """With secrets; one line a value, so that a script can read it as well."""
    for each in created:
        rows(
            [
                (f"{each.kind}, {each.mode}", each.name),
                ("  client_id", each.client_id),
                ("  client_secret", each.client_secret),
            ]
        )
