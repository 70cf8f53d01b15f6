"""`paydesk keys`."""

from typing import Annotated

import typer

from paydesk.cli.groups import Version, group
from paydesk.cli.running import finish, opened, settings_of
from paydesk.cli.screen import Exit, done, fail

keys = group("Keys: those that seal secrets in the database, and those that sign tokens.")


@keys.command("rotate")
def rotate(
    only: Annotated[
        str | None, typer.Option(metavar="KEY", help="vault or signing; both, where it is not given.")
    ] = None,
    version: Version = False,
) -> None:
    """Put a new key in front: one that seals secrets, and one that signs tokens.

    What was sealed before still opens, and tokens signed before are valid until they end. `paydesk keys reseal` then
    seals everything under the new key.
    """
    if only not in (None, "vault", "signing"):
        fail("--only is vault or signing.", exit=Exit.USAGE)
    settings = settings_of()

    from paydesk.operations import reseal

    async def rotated() -> tuple[str | None, str | None]:
        async with opened(settings) as parts:
            return await reseal.rotate(parts, vault=only != "signing", signing=only != "vault")

    sealing, signing = finish(rotated())
    if sealing is not None:
        done(f"Secrets are sealed under the key {sealing} from now on; next: `paydesk keys reseal`.")
    if signing is not None:
        done(f"Tokens are signed with the key {signing} once every process knows it; those signed before stay valid.")


@keys.command("reseal")
def reseal(version: Version = False) -> None:
    """Seal everything under the newest key, also while servers run, and say which keys can be taken out."""
    settings = settings_of()

    from paydesk.cli.screens import resealed
    from paydesk.operations import reseal

    async def done() -> reseal.Resealed:
        async with opened(settings) as parts:
            return await reseal.reseal(parts)

    resealed.show(finish(done()), "PAYDESK_KEYS" if settings.keys else str(settings.vault_file))
