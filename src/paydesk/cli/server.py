"""`paydesk dev` and `paydesk serve`."""

from dataclasses import replace
from functools import partial
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paydesk import __version__
from paydesk.cli.groups import EXIT_CODES, PORT, Version
from paydesk.cli.running import fail_to_listen, finish, settings_of, told_plainly
from paydesk.cli.screen import Exit, done, err, fail

if TYPE_CHECKING:
    from socket import socket

    from paydesk.settings import Settings


def dev(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The address to listen on. [default: 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", parser=PORT, help="The port to listen on. [default: 8000]")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", file_okay=False, help="Where everything is kept between two starts. [default: .paydesk]"
        ),
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="The JSON file to write once ready. [default: credentials.json in the data dir]",
        ),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Forget all data, keys and credentials first.")] = False,
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve HTTPS under {slug}.localhost, with an authority made here.")
    ] = False,
    sandbox_port: Annotated[
        int | None,
        typer.Option(metavar="PORT", parser=PORT, help="The sandbox's port. [default: the one it had, or a free one]"),
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
    settings = settings_of(**given)
    with told_plainly():
        develop(settings, Options(credentials=credentials, reset=reset, tls=tls, sandbox_port=sandbox_port))


def serve(
    check: Annotated[
        bool, typer.Option("--check", help="Only see whether it could serve: settings, database, keys, certificate.")
    ] = False,
    version: Version = False,
) -> None:
    """Serve the API in production.

    The settings come from the environment; `paydesk migrate` comes first. SIGTERM ends it once requests in flight are
    answered. SIGHUP has the paydesk that is installed by then take over, with the same settings, and no connection is
    refused meanwhile.
    """
    from paydesk.http import handover

    try:
        handed = handover.received()
    except handover.HandedWrongly as error:
        fail(str(error), exit=Exit.USAGE)
    settings = settings_of()

    from paydesk.app import open_vault
    from paydesk.cli.holding import InUse, hold_database
    from paydesk.http import listening, serving
    from paydesk.store import schema

    # Looked at here, since a worker that cannot start is only made anew.
    with told_plainly():
        schema.check(settings.database_url)
    finish(open_vault(settings))
    _try_certificate(settings)
    if check:
        done(f"paydesk {__version__} could serve.")
        return
    try:
        with told_plainly(), hold_database(settings, handed.lock) as lock:
            successor = handover.Successor(settings.database_url, lock)
            started = partial(_tell_where, settings, handed.listeners[0] if handed.listeners else None)
            serving.serve(_for_production(settings), started=started, handed=handed, successor=successor)
    except listening.CannotListen as error:
        fail_to_listen(error, host="PAYDESK_HOST", port="PAYDESK_PORT")
    except InUse as error:
        fail(str(error), hint="One process serves an SQLite database; PostgreSQL takes more.")


def _for_production(settings: "Settings") -> "Settings":
    """With what is on where nothing is set."""
    return replace(
        settings,
        rate_limits=1.0 if settings.rate_limits is None else settings.rate_limits,
        log_requests=settings.log_requests is not False,
    )


def _tell_where(settings: "Settings", handed: "socket | None") -> None:
    host, port = handed.getsockname()[:2] if handed else (settings.host, settings.port)
    scheme = "https" if settings.tls_certificate else "http"
    host = f"[{host}]" if ":" in host else host
    told = f"paydesk {__version__} listens on {scheme}://{host}:{port}"
    if settings.log_format == "json":
        getLogger("paydesk").info(told)
    else:
        err().print(told)


def settings_help() -> str:
    """The settings as a list for `paydesk serve --help`."""
    from paydesk.settings import describe

    lines = ["Settings, from the environment:"]
    for each in describe():
        default = f" Default: {each.default}." if each.default else ""
        lines.append(f"{each.name}: {each.sentence}{default}")
    return "\n\n".join([*lines, EXIT_CODES])


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
