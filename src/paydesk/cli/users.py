"""`paydesk user`."""

import getpass
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from paydesk.cli.groups import Version, group
from paydesk.cli.running import finish, settings_of
from paydesk.cli.screen import Exit, done, fail, rows, say

if TYPE_CHECKING:
    from paydesk.operations.users import Lent

LONGEST_LINE = 1024

user = group("Users: the people who may let web applications in.")


class UserRole(StrEnum):
    ADMIN = "admin"
    READ_ONLY = "read_only"


Organization = Annotated[str, typer.Option("--organization", "-o", metavar="SLUG", help="The organization's slug.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]
Stdin = Annotated[bool, typer.Option("--stdin", help="Read the password from the standard input.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password, and show it this once.")]


@user.command("add")
def add(
    email: Email,
    organization: Organization,
    role: Annotated[UserRole, typer.Option(help="What they may do by an application.")] = UserRole.ADMIN,
    stdin: Stdin = False,
    generate: Generate = False,
    version: Version = False,
) -> None:
    """Add somebody who may let web applications in.

    The password is asked for, read with --stdin, or made with --generate; never on the command line, where others
    could read it.
    """
    from paydesk.operations import users

    settings = settings_of()
    password = _password(stdin=stdin, generate=generate)
    lent = finish(users.add_user(settings, slug=organization, email=email, role=role.value, password=password))
    done(f"{lent.email} may let web applications in to {organization}, as {lent.role}.")
    _show(lent)


@user.command("passwd")
def passwd(
    email: Email, organization: Organization, stdin: Stdin = False, generate: Generate = False, version: Version = False
) -> None:
    """Give somebody another password, and end their tokens.

    The password comes as for `paydesk user add`.
    """
    from paydesk.operations import users

    settings = settings_of()
    password = _password(stdin=stdin, generate=generate)
    lent = finish(users.set_password(settings, slug=organization, email=email, password=password))
    done(f"{lent.email} has another password; applications have to be let in again.")
    _show(lent)


@user.command("disable")
def disable(email: Email, organization: Organization, version: Version = False) -> None:
    """Let somebody in no more, and end their tokens.

    Applications that work in this person's name stop within seconds. `paydesk user enable` undoes it.
    """
    from paydesk.operations import users

    account = finish(users.disable_user(settings_of(), slug=organization, email=email))
    done(f"{account.email} is disabled; tokens in that name have ended.")


@user.command("enable")
def enable(email: Email, organization: Organization, version: Version = False) -> None:
    """Let somebody in again, with the password of before."""
    from paydesk.operations import users

    account = finish(users.enable_user(settings_of(), slug=organization, email=email))
    done(f"{account.email} may let web applications in again.")


@user.command("list")
def list_(organization: Organization, version: Version = False) -> None:
    """List the people who may let web applications in."""
    from paydesk.operations import users

    found = finish(users.list_users(settings_of(), organization))
    width = max((len(each.email) for each in found), default=0)
    for each in found:
        state = f"disabled since {each.disabled_at}" if each.disabled_at else "enabled"
        role = each.role.ljust(9) if any(one.role == "read_only" for one in found) else each.role
        say(f"{each.email.ljust(width)}  {role}  {state}")


def _password(*, stdin: bool, generate: bool) -> str | None:
    """The password to set, None for one that is to be made. Ends the command where there is none."""
    if stdin and generate:
        fail("Give either --stdin or --generate.", exit=Exit.USAGE)
    if generate:
        return None
    if stdin:
        return sys.stdin.readline(LONGEST_LINE).rstrip("\r\n")
    if not sys.stdin.isatty():
        hint = "Give --generate for one that is made, or --stdin to read one from the standard input."
        fail("There is nobody to ask for a password.", hint=hint, exit=Exit.USAGE)
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        fail("These are two passwords. Nothing was changed.", exit=Exit.USAGE)
    return password


def _show(lent: "Lent") -> None:
    if lent.password is not None:
        rows([("password", lent.password)])
