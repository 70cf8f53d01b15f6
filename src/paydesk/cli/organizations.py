"""`paydesk organization`."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paydesk.cli.applications import show_applications
from paydesk.cli.gateways import show_added
from paydesk.cli.groups import Version, group, number
from paydesk.cli.running import beside_dev, finish, opened, settings_of
from paydesk.cli.screen import Exit, done, fail, out, rows

if TYPE_CHECKING:
    from paydesk.settings import Settings

MOST_HOURS = 24 * 30
"""The longest that an authorization lasts."""

organization = group("Organizations: the tenants of this server.")


@organization.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name people read.")],
    slug: Annotated[
        str | None,
        typer.Option(
            metavar="SLUG", help="The first label of its host name. [default: the name in lower case, with hyphens]"
        ),
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(metavar="EMAIL", help="The first administrator's e-mail address. [default: admin@SLUG]"),
    ] = None,
    with_shop: Annotated[
        str | None,
        typer.Option(
            metavar="CURRENCY",
            help="Make it able to sell in a currency such as EUR: a merchant, a price list and a market.",
        ),
    ] = None,
    country: Annotated[
        str, typer.Option(metavar="CODE", help="With --with-shop: the merchant's country, as IT.")
    ] = "US",
    version: Version = False,
) -> None:
    """Found an organization.

    It gets an administrator, and an integration and a sales channel for test and for live. With --with-shop it gets a
    shop in both environments, and where PAYDESK_STRIPE_SECRET_KEY is set, the way to pay with Stripe in that key's;
    `paydesk gateways add` makes it later. The secrets are shown once: they are stored as hashes.
    """
    from paydesk.base.errors import Invalid
    from paydesk.operations import founding, shop

    chosen = slug or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", chosen):
        fail(
            f"{chosen!r} cannot be a host name's label.",
            hint="Give one with --slug: small letters and digits, with hyphens between, as in acme-books.",
            exit=Exit.USAGE,
        )
    settings = beside_dev(settings_of())
    currency = with_shop.upper() if with_shop else None
    if currency is not None:
        try:
            shop.check(currency, country.upper())
        except Invalid as wrong:
            fail(str(wrong), exit=Exit.USAGE)
    founded = finish(founding.found_organization(settings, name=name, slug=chosen, admin_email=email))
    done(f"Organization {founded.slug} ({founded.id})")
    rows(
        [
            ("administrator", "lets web applications in; `paydesk user` adds others"),
            ("  email", founded.admin_email),
            ("  password", founded.admin_password),
        ]
    )
    show_applications(founded.applications)
    if currency is not None:
        _open_shops(settings, founded.slug, founded.name, currency, country.upper())


def _hours(text: str) -> int:
    return 0 if text == "never" else number(1, MOST_HOURS)(text)


@organization.command("capture")
def capture(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The organization.")],
    before_end: Annotated[
        int | None,
        typer.Option(
            metavar="HOURS",
            parser=_hours,
            help="Capture what is authorized for a placed order so many hours before it ends; `never` as at first.",
        ),
    ] = None,
    shipped: Annotated[
        bool | None,
        typer.Option(
            "--shipped/--not-shipped",
            help="Capture what each shipment comes to once it has left; if a card allows one capture, with the last.",
        ),
    ] = None,
    version: Version = False,
) -> None:
    """Say when money is captured by itself, or see it.

    Unless told otherwise it never is: an authorization that nobody captures ends, and the money with it. What is
    captured so is a matter, which `paydesk matters` tells until the goods are sent or the money is given back. Running
    servers know within a minute.
    """
    from paydesk.operations import capturing

    values: dict[str, Any] = {} if before_end is None else {"captures_before_end_hours": before_end or None}
    if shipped is not None:
        values["captures_shipped"] = shipped

    async def tuning() -> dict[str, Any]:
        async with opened(settings_of(), beside=True) as parts:
            return await capturing.tune(parts, slug, values)

    stands = finish(tuning())
    hours = stands["captures_before_end_hours"]
    rows(
        [
            ("before an authorization ends", "never" if hours is None else f"{hours} hours"),
            ("once a shipment has left", "yes" if stands["captures_shipped"] else "no"),
        ]
    )


def _open_shops(settings: "Settings", slug: str, name: str, currency: str, country: str) -> None:
    """The shops of an organization, told with what is left to do."""
    from paydesk.operations import shop
    from paydesk.operations.shop import Added, Shop

    async def opening() -> tuple[tuple[Shop, ...], Added | None]:
        async with opened(settings, beside=True) as parts:
            shops = await shop.open_shops(parts, slug=slug, name=name, currency=currency, country=country)
            if settings.stripe_secret_key is None:
                return shops, None
            key, public = settings.stripe_secret_key, settings.stripe_publishable_key
            return shops, await shop.add_gateway(parts, slug=slug, secret_key=key, publishable_key=public)

    shops, added = finish(opening())
    done(f"A shop in {currency} for test and one for live; a storefront's scope is market:code:{shop.CODE}")
    for each in shops:
        rows(
            [
                (f"{each.mode} market", each.market_id),
                ("  price list", each.price_list_id),
                ("  shipping category", each.shipping_category_id),
                ("  merchant's address", f"{each.address_id}, to be filled in"),
            ]
        )
    if added is not None:
        show_added(added)
    else:
        out().print(f"To be paid by Stripe: paydesk gateways add -o {slug}", markup=False)
