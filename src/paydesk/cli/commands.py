"""The commands, their options and their help. What they do is imported when they are run."""

import re
import sys
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from paydesk import __version__
from paydesk.cli.periods import span
from paydesk.cli.screen import Exit, complain, done, err, fail, out, rows
from paydesk.sandbox.cli import cli as sandbox

if TYPE_CHECKING:
    from paydesk.operations import founding
    from paydesk.settings import Settings

T = TypeVar("T")


class Kind(StrEnum):
    INTEGRATION = "integration"
    SALES_CHANNEL = "sales_channel"
    WEBAPP = "webapp"


class Role(StrEnum):
    ADMIN = "admin"
    READ_ONLY = "read_only"


class Mode(StrEnum):
    TEST = "test"
    LIVE = "live"


EXIT_CODES = (
    "Exit status: 0 done, 1 failed, 2 wrong usage, settings or key file, 3 database not reachable or not migrated."
)


def _show_version(asked: bool) -> None:
    if asked:
        out().print(f"paydesk {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
]


def _group(help: str) -> typer.Typer:
    return typer.Typer(
        help=help,
        epilog=EXIT_CODES,
        no_args_is_help=True,
        rich_markup_mode=None,  # typer's help by rich takes 0.3 s to import
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )


cli = _group("paydesk: an open, self-hostable payment desk that speaks the Commerce Layer API.")
organization = _group("Organizations: the tenants of this server.")
application = _group("Applications: the credentials that clients get tokens with.")
payments = _group("Payments: what happened to them, and what is about to.")
gateways = _group("Gateways: whether they work, and their keys.")
keys = _group("Keys: those that seal secrets in the database, and those that sign tokens.")
demo = _group("The demo of a running `paydesk dev`.")
cli.add_typer(organization, name="organization")
cli.add_typer(application, name="application")
cli.add_typer(payments, name="payments")
cli.add_typer(gateways, name="gateways")
cli.add_typer(keys, name="keys")
cli.add_typer(demo, name="demo")
cli.add_typer(sandbox, name="sandbox")


@cli.callback()
@organization.callback()
@application.callback()
@payments.callback()
@gateways.callback()
@demo.callback()
def _root(version: Version = False) -> None:
    pass


def _settings_help() -> str:
    """The settings as a list for `paydesk serve --help`."""
    from paydesk.settings import describe

    lines = ["Settings, from the environment:"]
    for each in describe():
        default = f" Default: {each.default}." if each.default else ""
        lines.append(f"{each.name}: {each.sentence}{default}")
    return "\n\n".join([*lines, EXIT_CODES])


@cli.command()
def dev(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on. [8000]")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where everything is kept between two starts. [.paydesk]")
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The JSON file to write once ready. [credentials.json in the data dir]"),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Forget all data, keys and credentials first.")] = False,
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve HTTPS under {slug}.localhost, with an authority made here.")
    ] = False,
    sandbox_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The sandbox's port. [the one it had, or a free one]")
    ] = None,
    stripe_secret_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Talk to the real Stripe with this key; safer by PAYDESK_STRIPE_SECRET_KEY than on a command line.",
        ),
    ] = None,
    version: Version = False,
) -> None:
    """Start the API, a sandbox and a demo organization.

    For development. All data lives in one folder; the same command finds it again. Ctrl-C ends everything.
    """
    from paydesk.cli.dev import Options, develop

    given = {
        name: value
        for name, value in {
            "host": host,
            "port": port,
            "data_dir": data_dir,
            "stripe_secret_key": stripe_secret_key,
        }.items()
        if value is not None
    }
    settings = _settings(**given)
    with _told_plainly():
        develop(settings, Options(credentials=credentials, reset=reset, tls=tls, sandbox_port=sandbox_port))


@cli.command(epilog=_settings_help())
def serve(version: Version = False) -> None:
    """Serve the API in production.

    The settings come from the environment; `paydesk migrate` comes first.
    """
    settings = _settings()

    from paydesk.app import open_vault
    from paydesk.cli.holding import InUse, hold_database
    from paydesk.http import serving
    from paydesk.store import schema

    # Looked at here, since a worker that cannot start is only made anew.
    with _told_plainly():
        schema.check(settings.database_url)
    _run(open_vault(settings))
    _try_certificate(settings)
    try:
        with _told_plainly(), hold_database(settings):
            scheme = "https" if settings.tls_certificate else "http"
            err().print(f"paydesk {__version__} listens on {scheme}://{settings.host}:{settings.port}")
            serving.serve(settings if settings.rate_limits is not None else replace(settings, rate_limits=1.0))
    except serving.AddressInUse as error:
        fail(str(error), hint="Choose another with PAYDESK_PORT.")
    except InUse as error:
        fail(str(error), hint="One process serves an SQLite database; PostgreSQL takes more.")


@cli.command()
def migrate(version: Version = False) -> None:
    """Bring the database to the newest schema.

    Safe to run again, and while processes of the release before serve.
    """
    settings = _settings()

    from paydesk.store import migrate as migrations

    with _told_plainly():
        revision = migrations.upgrade(settings.database_url)
    done(f"The database is at revision {revision}.")


@cli.command()
def recover(version: Version = False) -> None:
    """Finish what was left open.

    That is gateway calls without an answer, events not worked yet, events that Stripe's own list has and no webhook
    brought, and payments whose time has come to be looked at. A server does so by itself, all the time. This is for a
    server that is down, and to see what is left. Ends with 1 while something is, or where a gateway did not answer.
    """
    settings = _settings()

    from paydesk.cli import recovering
    from paydesk.cli.holding import InUse, hold_database

    try:
        with _told_plainly(), hold_database(settings):
            ended = _run(recovering.recover(settings))
    except InUse as error:
        fail(str(error), hint="That process recovers by itself.")
    recovering.show(ended)
    if ended.is_left:
        raise typer.Exit(Exit.FAILED)


@cli.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to; a file that is not there yet.")], version: Version = False
) -> None:
    """Copy the SQLite database to a file, whole, also while it is served.

    It says which keys are to be kept with it. On PostgreSQL it says what to run instead, and ends with 1.
    """
    settings = _settings()

    from paydesk.cli import backing_up

    with _told_plainly():
        backing_up.save(settings, file)


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `paydesk backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put the database aside that is there.")] = False,
    version: Version = False,
) -> None:
    """Put a backup in the SQLite database's place, while nobody serves it.

    The keys it was sealed with have to be there. It says what is to be done next.
    """
    settings = _settings()

    from paydesk.cli import backing_up
    from paydesk.cli.holding import InUse, hold_database

    try:
        with _told_plainly(), hold_database(settings):
            backing_up.restore(settings, file, replace=replace)
    except InUse as error:
        fail(str(error), hint="Stop that one first.")


@cli.command("adopt-installation")
def adopt_installation(version: Version = False) -> None:
    """Have this installation be the one that acts at its gateways.

    Where an installation is there twice with the same keys (a copy, a restored backup, a database that was moved), the
    one that finds a younger one at work asks Stripe for nothing that has an effect. This makes it the younger one: the
    other stops within minutes. Stop that one first.
    """
    settings = _settings()

    from paydesk.cli import adopting

    with _told_plainly():
        marked = _run(adopting.adopt(settings))
    done(f"This installation acts from now on; it is written at {marked} webhook endpoints.")


@cli.command()
def reconcile(
    since: Annotated[str, typer.Option(help="From when: 7d, 12h, 30m ago, or an ISO 8601 time.")] = "7d",
    until: Annotated[str | None, typer.Option(help="To when, in the same words. [now]")] = None,
    organization: Annotated[
        str | None, typer.Option("--organization", "-o", help="Only this organization's, by its slug.")
    ] = None,
    gateway: Annotated[str | None, typer.Option(metavar="ID", help="Only this gateway's.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Book what the gateways say; cancel what no order needs.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Tell it to a program.")] = False,
    version: Version = False,
) -> None:
    """Compare payments with what Stripe says of them.

    Each difference is told with what to do about it. Every payment that was opened or moved in the period is read
    afresh; every payment that Stripe has of this installation is looked for here. It may be run beside a server, and
    only reads. With --fix, what Stripe knows and paydesk does not is booked, and nothing is ever taken back; and what
    can still be paid, was opened by this installation and is needed by no order is canceled, unless it holds money by
    then.
    Placed orders are worked out anew from their lines and transactions; what does not follow is told, never altered.
    Ends with 1 while there are differences, or amounts that do not follow; otherwise with 4 while something needs a
    person's attention, which is told apart and may be right as it stands: money held for an order that is not placed, a
    placed order whose authorization is gone, a refund that failed, an authorization that ends within a day.
    """
    from paydesk.cli import reconciling
    from paydesk.cli.holding import InUse, hold_database

    settings = _beside_dev(_settings())
    chosen: dict[str, Any] = {"since": since, "until": until, "slug": organization, "gateway": gateway, "fix": fix}
    with _told_plainly(), ExitStack() as held:
        if fix:
            try:
                held.enter_context(hold_database(settings))
            except InUse:
                chosen["beside"] = True
        told = _run(reconciling.reconcile(settings, **chosen))
    if json:
        reconciling.as_json(told)
    else:
        reconciling.show(told)
    if told.findings or told.wrong:
        raise typer.Exit(Exit.FAILED)
    if told.attention:
        raise typer.Exit(Exit.ATTENTION)


@cli.command()
def prove(
    database_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A PostgreSQL server, postgresql://user:password@host:5432/name, in which a database may be made for "
            "the proof. SQLite is tried in any case.",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A cross-section, in a fraction of the time.")] = False,
    interleavings: Annotated[
        int | None, typer.Option(min=0, help="How many interleavings to try. [200; 20 with --quick]")
    ] = None,
    refunds: Annotated[
        int | None, typer.Option(min=0, help="How many refunds to lose the answers of. [500; 30 with --quick]")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Ask the same things again. [drawn]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    version: Version = False,
) -> None:
    """Prove on this machine that money moves exactly once.

    Processes of paydesk are killed at every point of every act that moves money, on throw-away databases beside a
    Stripe sandbox; afterwards Stripe's sums must be paydesk's. Then seeded interleavings of requests, webhooks and
    faults, and refunds whose answers are lost. Nothing of yours is touched. Ends with 1 where something is wrong.
    """
    import asyncio
    import random

    from paydesk.cli.proving import prove_all
    from paydesk.proving.asking import NoAnswer, Unexpected
    from paydesk.proving.processes import Failed

    if database_url is not None and not database_url.startswith(("postgresql://", "postgres://")):
        fail("--database-url is for PostgreSQL; SQLite is tried in any case.", exit=Exit.USAGE)
    chosen = random.randrange(1_000_000) if seed is None else seed
    work = prove_all(
        database_url, quick=quick, interleavings=interleavings, refunds=refunds, seed=chosen, as_json=as_json
    )
    try:
        holds = asyncio.run(work)
    except (Failed, Unexpected, NoAnswer) as error:
        fail(str(error))
    if not holds:
        raise typer.Exit(Exit.FAILED)


@organization.command("create")
def organization_create(
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
    founded = _run(founding.found_organization(_settings(), name=name, slug=chosen))
    done(f"Organization {founded.slug} ({founded.id})")
    rows(
        [
            ("administrator", "lets web applications in"),
            ("  email", founded.admin_email),
            ("  password", founded.admin_password),
        ]
    )
    _show_applications(founded.applications)


@application.command("create")
def application_create(
    organization: Annotated[str, typer.Option("--organization", "-o", help="The organization's slug.")],
    name: Annotated[str, typer.Option(help="The name people read.")],
    kind: Annotated[Kind, typer.Option(help="What it is meant for: back-ends, storefronts, user-facing tools.")],
    mode: Annotated[Mode, typer.Option(help="Its environment; test and live data never mix.")] = Mode.TEST,
    redirect_uri: Annotated[str | None, typer.Option(help="Where a webapp's authorization codes are sent.")] = None,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="A scope its tokens may have; may be given again. [any]")
    ] = None,
    lifetime: Annotated[
        str | None,
        typer.Option(help="How long its access tokens live, at most 15d. [4h for a sales channel, 2h for the others]"),
    ] = None,
    role: Annotated[
        Role | None, typer.Option(help="What a webapp may do with tokens that name no user. [read_only]")
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
        fail(f"--lifetime {lifetime}: no span.", hint="Say 12h, 15d, 90m.", exit=Exit.USAGE)
    created = _run(
        founding.create_application(
            _settings(),
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
    _show_applications([created])


@application.command("list")
def application_list(
    organization: Annotated[str, typer.Option("--organization", "-o", help="The organization's slug.")],
    version: Version = False,
) -> None:
    """Show an organization's applications, without their secrets."""
    from paydesk.operations import founding

    found = _run(founding.list_applications(_settings(), organization))
    for each in found:
        out().print(f"{each.client_id}  {each.kind:13}  {each.mode:4}  {each.name}", markup=False)


@application.command("revoke")
def application_revoke(
    client_id: Annotated[str, typer.Argument(help="As `paydesk application list` shows it.")],
    version: Version = False,
) -> None:
    """End an application: its tokens stop working, and it gets no new ones."""
    from paydesk.operations import founding

    if not _run(founding.revoke_application(_settings(), client_id)):
        fail(f"There is no application with the client id {client_id}.")
    done(f"Revoked {client_id}.")


@payments.command("make-order")
def payments_make_order(
    payment: Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's name at Stripe, pi_….")],
    market: Annotated[
        str | None, typer.Option(metavar="ID", help="The order's market, where the payment does not tell it.")
    ] = None,
    give_back: Annotated[
        bool, typer.Option("--give-back", help="Cancel the order at once: void what is held, refund what was taken.")
    ] = False,
    version: Version = False,
) -> None:
    """Make an order again that is gone, of what its payment tells at Stripe.

    For a payment that `paydesk reconcile` tells after an older database was restored. The order has the id, the number
    and the e-mail address it had, and one line of the whole amount; whoever knows what was bought places it. With
    --give-back the money goes back instead. It may be run beside a server.
    """
    from paydesk.cli import remaking

    with _told_plainly():
        remaking.show(_run(remaking.remake(_beside_dev(_settings()), payment, market=market, give_back=give_back)))


@payments.command("show")
def payments_show(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="An order's id or number.")],
    organization: Annotated[
        str | None, typer.Option("--organization", "-o", help="The organization's slug, where several have the number.")
    ] = None,
    mode: Annotated[Mode | None, typer.Option(help="Test or live, where both have the number.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Tell all of it, for a program.")] = False,
    version: Version = False,
) -> None:
    """Show all that happened to an order's payment, in the order of time.

    Versions of its records, gateway calls with what was asked and answered, webhooks and what came of them, the
    transactions, and how things stand. It only reads, and may be run beside a server.
    """
    from paydesk.cli import showing

    found = _run(showing.find(_settings(), order, organization, mode and mode.value))
    (showing.as_json if json else showing.show)(found)


@payments.command("expiring")
def payments_expiring(
    within: Annotated[str, typer.Option(help="How soon: 24h, 3d, 90m.")] = "24h",
    organization: Annotated[
        str | None, typer.Option("--organization", "-o", help="Only this organization's, by its slug.")
    ] = None,
    mode: Annotated[Mode | None, typer.Option(help="Only test or live.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Tell it to a program.")] = False,
    version: Version = False,
) -> None:
    """List the orders whose authorization ends soon.

    What is authorized and not captured by then is lost: the soonest first, with what can still be captured and how the
    order stands. One that should have ended is listed until its end is known. It only reads, and may be run beside a
    server.
    """
    from paydesk.cli import expiring

    found = _run(expiring.find(_settings(), within=within, slug=organization, mode=mode and mode.value))
    (expiring.as_json if json else expiring.show)(found)


@gateways.command("check")
def gateways_check(
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

    checked = _run(checking.check(_beside_dev(_settings()), ids or (), self_test=self_test))
    (checking.as_json if json else checking.show)(checked)
    if any(one.problems for one in checked):
        raise typer.Exit(Exit.FAILED)


@gateways.command("rekey")
def gateways_rekey(
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

    settings = _beside_dev(_settings())
    key = rekeying.new_key(settings, from_stdin=stdin)
    public = publishable_key or (None if stdin else settings.stripe_publishable_key)
    rekeying.show(_run(rekeying.rekey(settings, id, key, public)))


@keys.command("rotate")
def keys_rotate(
    only: Annotated[str | None, typer.Option(help="vault or signing; both, where it is not given.")] = None,
    version: Version = False,
) -> None:
    """Put a new key in front: one that seals secrets, and one that signs tokens.

    What was sealed before still opens, and tokens signed before are valid until they end. `paydesk keys reseal` then
    seals everything under the new key.
    """
    if only not in (None, "vault", "signing"):
        fail("--only is vault or signing.", exit=Exit.USAGE)
    settings = _settings()

    from paydesk.cli import resealing

    sealing, signing = _run(resealing.rotate(settings, vault=only != "signing", signing=only != "vault"))
    if sealing is not None:
        done(f"Secrets are sealed under the key {sealing} from now on; next: `paydesk keys reseal`.")
    if signing is not None:
        done(f"Tokens are signed with the key {signing} once every process knows it; those signed before stay valid.")


@keys.command("reseal")
def keys_reseal(version: Version = False) -> None:
    """Seal everything under the newest key, also while servers run, and say which keys can be taken out."""
    settings = _settings()

    from paydesk.cli import resealing

    where = "PAYDESK_KEYS" if settings.keys else str(settings.vault_file)
    resealing.show(_run(resealing.reseal(settings)), where)


@demo.command("buy")
def demo_buy(
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

    directory = _settings().data_dir
    buy(credentials or directory / "credentials.json", directory)


def _show_applications(created: Iterable["founding.Created"]) -> None:
    """With secrets; one line a value, so that a script can read it as well."""
    for each in created:
        rows(
            [
                (f"{each.kind}, {each.mode}", each.name),
                ("  client_id", each.client_id),
                ("  client_secret", each.client_secret),
            ]
        )


def _settings(**given: Any) -> "Settings":
    from paydesk.settings import SettingsError, read

    try:
        return read(**given)
    except SettingsError as error:
        for variable, problem in error.mistakes.items():
            complain(f"{variable} {problem}")
        err().print("  All settings are listed by `paydesk serve --help`.", style="dim")
        raise typer.Exit(Exit.USAGE) from None


def _beside_dev(settings: "Settings") -> "Settings":
    from json import loads

    from paydesk.cli.sandboxed import running

    if settings.stripe_api_base is not None:
        return settings
    # Where it is not there or cannot be read, no `dev` of ours runs there.
    with suppress(OSError, ValueError, KeyError, TypeError):
        file = settings.data_dir / "credentials.json"
        return replace(settings, stripe_api_base=loads(file.read_text(encoding="utf-8"))["stripe"]["api_base"])
    # Its credentials may be elsewhere; the sandbox that it started is not.
    return replace(settings, stripe_api_base=running(settings.data_dir / "dev.json"))


def _try_certificate(settings: "Settings") -> None:
    """See that HTTPS can be served, where that is wanted."""
    import ssl

    if settings.tls_certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:  # which SSLError is
        why = error.strerror or error
        fail(f"PAYDESK_TLS_CERTIFICATE and PAYDESK_TLS_KEY cannot be used: {why}", exit=Exit.USAGE)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run what changes the database, and say what went wrong in a sentence."""
    import asyncio

    from paydesk.base.errors import Refusal, Unavailable, reason_of

    with _told_plainly():
        try:
            return asyncio.run(work)
        except Unavailable as error:
            fail(reason_of(error))
        except Refusal as error:
            fail(str(error))


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Say in a sentence what stands against a command that nobody could have carried out: a database that is not there,
    a key file that is not the database's, a folder that cannot be read or written.
    """
    from paydesk.store import schema

    try:
        yield
    except schema.DatabaseUnreachable as error:
        fail(f"The database cannot be reached: {error}", hint="PAYDESK_DATABASE_URL says where.", exit=Exit.DATABASE)
    except schema.NotMigrated as error:
        fail(str(error), exit=Exit.DATABASE)
    except schema.SchemaTooNew as error:
        fail(str(error), hint="Install the paydesk that migrated it, or a newer one.", exit=Exit.DATABASE)
    except OSError as error:
        if error.filename is None:
            raise
        hint = "PAYDESK_DATA_DIR, PAYDESK_DATABASE_URL and PAYDESK_KEY_FILE say where everything is kept."
        fail(f"{error.filename} cannot be used: {error.strerror}", hint=hint, exit=Exit.USAGE)
    except Exception as error:
        # Imported by now, where one of these was raised.
        from paydesk.vault import KeyMissing, NoFolder, SealBroken

        if isinstance(error, NoFolder):
            hint = "PAYDESK_KEY_FILE, or else PAYDESK_DATA_DIR, says where the key file is kept."
            fail(str(error), hint=hint, exit=Exit.USAGE)
        if not isinstance(error, KeyMissing | SealBroken):
            raise
        hint = "PAYDESK_KEY_FILE or PAYDESK_KEYS has to name the keys that this database was sealed with."
        fail(f"The database's secrets cannot be opened: {error}", hint=hint, exit=Exit.USAGE)


def run() -> None:
    """Run the command line; ends the process with one of `Exit`."""
    if sys.argv[1:2] == ["sandbox"] and "--version" in sys.argv:
        # The sandbox imports nothing of ours, so its commands cannot know the version.
        out().print(f"paydesk {__version__}")
        return
    cli(prog_name="paydesk")
