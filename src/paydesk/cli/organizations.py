"""`paydesk organization`."""

import re
from typing import Annotated

import typer

from paydesk.cli.applications import show_applications
from paydesk.cli.groups import Version, group
from paydesk.cli.running import finish, settings_of
from paydesk.cli.screen import Exit, done, fail, rows

organization = group("Organizations: the tenants of this server.")


@organization.command("create")
def create(
    name: Annotated[str, typer.Argument(help="The name people read.")],
    slug: Annotated[
        str | None, typer.Option(help="The first label of its host name. [the name in lower case, with hyphens]")
    ] = None,
    version: Version = False,
) -> None:
    """Found an organization.

    It gets an administrator, and an integration and a sales channel for test and for live. The secrets are shown once:
    they are stored as hashes.
    """
    from paydesk.operations import founding

    chosen = slug or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", chosen):
        fail(f"{chosen!r} cannot be a host name's label.", hint="Give one with --slug.", exit=Exit.USAGE)
    founded = finish(founding.found_organization(settings_of(), name=name, slug=chosen))
    done(f"Organization {founded.slug} ({founded.id})")
    rows(
        [
            ("administrator", "lets web applications in"),
            ("  email", founded.admin_email),
            ("  password", founded.admin_password),
        ]
    )
    show_applications(founded.applications)
