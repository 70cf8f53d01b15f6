"""`paydesk dev`: the API, a Stripe sandbox and a demo organization, from one command and one folder.

This process watches; the API's worker and the sandbox are its children, in its process group, and end when it does,
even when it is killed. It makes the demo before the first worker starts, and tells of it once the API answers.
"""

import asyncio
import hashlib
import http.client
import json
import os
import shlex
import shutil
import signal
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from paydesk.base import private
from paydesk.cli import certificates
from paydesk.cli.certificates import Certificates
from paydesk.cli.holding import InUse, hold, hold_database
from paydesk.cli.running import fail_to_listen
from paydesk.cli.sandboxed import Sandbox, SandboxFailed
from paydesk.cli.screen import Exit, done, err, fail, out, own_name, rows, safe
from paydesk.settings import LOOPBACK, Settings

READY_SECONDS = 30.0
GRACE_SECONDS = 5
LINES_SECONDS = 0.1
"""After how long the lines of the requests that were made here are written, which are not to stand amid the rest."""
KEPT = ("paydesk.sqlite3", "vault.keys", "dev.json", "credentials.json", "sandbox.log", "sandbox", "tls")
"""What a data directory holds, and `--reset` removes: names, or beginnings of names."""
STRIPE = "https://api.stripe.com"
DOCUMENTED_ORDER = "ABCRtyUpBa"
DOCUMENTED_INTENT = {"stripe_id": "pi_1234XXX", "client_secret": "pi_1234XXX_secret_5678YYY"}
MEDIA_TYPE = "application/vnd.api+json"


@dataclass(frozen=True)
class Options:
    credentials: Path | None
    reset: bool
    tls: bool
    sandbox_port: int | None


def develop(settings: Settings, options: Options) -> None:
    """Run until Ctrl-C, SIGTERM or the end of the terminal."""
    from paydesk.http import listening, serving

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    directory = settings.data_dir.absolute()
    credentials = options.credentials or directory / "credentials.json"
    try:
        with ExitStack() as stack:
            stack.enter_context(hold(directory / "dev.lock", f"The folder {directory}"))
            listening.require_free(settings.host, settings.port)
            # The file is there while the API is ready: whoever waits for it must not find that of a start before.
            credentials.unlink(missing_ok=True)
            stack.callback(credentials.unlink, missing_ok=True)
            if options.reset:
                _reset(directory, settings)
            stack.enter_context(hold_database(settings))
            sandbox = _sandbox(directory, settings, options)
            if sandbox:
                stack.callback(sandbox.stop)
            settings, demo = prepare(directory, settings, options, sandbox)
            announcement = _Announcement(settings, demo, credentials, sandbox)
            serving.serve(settings, started=announcement.begin, grace_seconds=GRACE_SECONDS)
            if announcement.problem:
                fail(announcement.problem)
    except InUse as error:
        fail(str(error), hint="A second one takes another folder and another port: --data-dir FOLDER --port NUMBER.")
    except listening.CannotListen as error:
        fail_to_listen(error, host="--host", port="--port")
    except SandboxFailed as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(Exit.OK) from None
    err().print("Stopped.", style="dim")


def _reset(directory: Path, settings: Settings) -> None:
    if not settings.on_sqlite or not settings.sqlite_file.is_relative_to(directory):
        fail(
            "--reset forgets a data directory with all that is in it, and PAYDESK_DATABASE_URL is somewhere else.",
            hint="Empty that database by hand.",
            exit=Exit.USAGE,
        )
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name in KEPT:
            shutil.rmtree(path)
        elif path.is_file() and path.name.startswith(KEPT):
            path.unlink()


def _sandbox(directory: Path, settings: Settings, options: Options) -> Sandbox | None:
    """A sandbox on its way up, unless Stripe is to be found elsewhere."""
    if settings.stripe_api_base or settings.stripe_secret_key:
        return None
    sandbox = Sandbox(directory / "sandbox", directory / "dev.json", options.sandbox_port)
    # It delivers webhooks to us, and with --tls by HTTPS.
    sandbox.start(certificates.trusting(certificates.ensure(directory / "tls")) if options.tls else None)
    return sandbox


def prepare(
    directory: Path, settings: Settings, options: Options, sandbox: Sandbox | None
) -> tuple[Settings, dict[str, Any]]:
    """Keys, schema, demo and certificate, while the sandbox starts; the settings to serve with and the demo."""
    from paydesk.app import open_vault
    from paydesk.base.errors import Refusal
    from paydesk.store import migrate

    try:
        done(f"Database at revision {migrate.upgrade(settings.database_url)}")
    except migrate.SchemaTooNew as error:
        fail(str(error), hint="Use a newer paydesk, or begin anew with --reset.", exit=Exit.DATABASE)
    vault = asyncio.run(open_vault(settings))
    tls = Certificates.below(directory / "tls")
    secret_key = settings.stripe_secret_key or "sk_test_" + vault.derive("demo stripe secret key", 24).hex()
    publishable_key = settings.stripe_publishable_key
    if publishable_key is None and (sandbox or settings.stripe_api_base):
        # The sandbox takes a secret key it never saw for a new account, with the publishable key made this way.
        publishable_key = "pk_test_" + hashlib.sha256(secret_key.encode()).hexdigest()[:32]
    settings = replace(
        settings,
        development=True,
        log_requests=settings.log_requests is not False,
        trusted_proxies=settings.trusted_proxies or LOOPBACK,
        stripe_api_base=sandbox.base if sandbox else settings.stripe_api_base,
        stripe_secret_key=secret_key,
        stripe_publishable_key=publishable_key,
        tls_certificate=tls.certificate if options.tls else settings.tls_certificate,
        tls_key=tls.key if options.tls else settings.tls_key,
    )
    if sandbox:
        sandbox.wait()
        done(f"Stripe sandbox at {sandbox.base}")
    stripe_api_base = settings.stripe_api_base or STRIPE
    try:
        demo = asyncio.run(_demo(settings, stripe_api_base))
    except Refusal as error:
        fail(f"The demo organization could not be made: {error}")
    done(f"Demo organization {demo['organization']['slug']}")
    if options.tls:
        certificates.ensure(directory / "tls", demo["organization"]["slug"])
    return settings, demo


async def _demo(settings: Settings, stripe_api_base: str) -> dict[str, Any]:
    """The demo organization, made where it is missing."""
    from paydesk.app import Parts
    from paydesk.operations import staging

    parts = await Parts.open(settings)
    try:
        return await staging.ensure_demo(parts, stripe_api_base=stripe_api_base, base_url=base_url(settings))
    finally:
        await parts.close()


def base_url(settings: Settings) -> str:
    """Where a person on this machine finds the API."""
    host = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else settings.host  # noqa: S104
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}"


class _Announcement:
    """Waits, beside the server, until the API answers; then says how to begin and writes the credentials."""

    def __init__(self, settings: Settings, demo: dict[str, Any], credentials: Path, sandbox: Sandbox | None) -> None:
        self.problem: str | None = None
        self._settings = settings
        self._base_url = base_url(settings)
        self._demo = {"base_url": self._base_url} | demo
        self._credentials = credentials
        self._sandbox = sandbox

    def begin(self) -> None:
        threading.Thread(target=self._announce, name="announcement", daemon=True).start()

    def _announce(self) -> None:
        try:
            self._wait()
            token = self._token()
            time.sleep(LINES_SECONDS)
            self._show(token)
            # The file comes last: whoever waits for it may stop the server at once, and all has been said by then.
            write_whole(self._credentials, json.dumps(self._demo, indent=2) + "\n")
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            self.problem = f"The API did not become ready: {error}"
            os.kill(os.getpid(), signal.SIGINT)

    def _wait(self) -> None:
        """Until the process serves and its database, key and migrations are in order."""
        deadline = time.monotonic() + READY_SECONDS
        for path in ("/healthz", "/readyz"):
            while True:
                problem = "no answer"
                try:
                    status, body = self._ask("GET", path)
                    if status == 200:
                        break
                    problem = f"{status} {body[:200].decode(errors='replace')}"
                except (OSError, http.client.HTTPException) as error:
                    problem = str(error)
                if time.monotonic() > deadline:
                    raise OSError(f"{path}: {problem}")
                time.sleep(0.02)

    def _token(self) -> str:
        client = self._demo["applications"]["integration"]
        grant = {
            "grant_type": "client_credentials",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        status, body = self._ask("POST", "/oauth/token", grant)
        if status != 200:
            raise OSError(f"/oauth/token: {status} {body[:200].decode(errors='replace')}")
        return str(json.loads(body)["access_token"])

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._settings.host, self._settings.host)  # noqa: S104
        connection: http.client.HTTPConnection
        if self._settings.tls_certificate:
            authority = Certificates.below(self._settings.tls_certificate.parent).authority
            trust = ssl.create_default_context(cafile=str(authority) if authority.exists() else None)
            connection = http.client.HTTPSConnection(host, self._settings.port, timeout=5, context=trust)
        else:
            connection = http.client.HTTPConnection(host, self._settings.port, timeout=5)
        try:
            # The issuer of the token is the name that the credentials file gives.
            headers = {"Content-Type": "application/json", "Host": self._base_url.partition("://")[2]}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _show(self, token: str) -> None:
        demo = self._demo
        pairs: list[tuple[str, object]] = [
            ("API", f"{self._base_url}/api"),
            ("Stripe sandbox" if self._sandbox else "Stripe", demo["stripe"]["api_base"]),
            ("publishable key", demo["stripe"]["publishable_key"]),
            ("organization", f"{demo['organization']['slug']} ({demo['organization']['id']})"),
        ]
        for kind, client in demo["applications"].items():
            pairs += [
                (kind, f"client_id      {client['client_id']}"),
                ("", f"client_secret  {client['client_secret']}"),
            ]
        pairs += [
            ("market", f"scope {demo['market']['scope']}"),
            ("customer", f"{demo['customer']['email']}, password {demo['customer']['password']}"),
            ("all of it", self._credentials),
        ]
        out().print()
        rows(pairs)
        authority = None
        if self._settings.tls_certificate:
            authority = Certificates.below(self._settings.tls_certificate.parent).authority
            slug, port = demo["organization"]["slug"], self._settings.port
            out().print(
                f"\nHTTPS names: https://{slug}.localhost:{port} and https://auth.localhost:{port}. To trust them:"
            )
            out().print(f"  export NODE_EXTRA_CA_CERTS={shlex.quote(str(authority))}", markup=False)
        out().print("\nTry the documented request:\n")
        real = not self._sandbox and self._settings.stripe_api_base is None
        out().print(curl(self._base_url, token, {} if real else DOCUMENTED_INTENT, authority), markup=False)
        self._show_where_to_look(buys=not real)
        ends = "Ctrl-C ends everything." + " A line for each request follows." * bool(self._settings.log_requests)
        out().print(f"\n{ends}", style="dim")

    def _show_where_to_look(self, *, buys: bool) -> None:
        places = [(f"{self._base_url}/", "what runs here"), (f"{self._base_url}/docs", "the reference of the API")]
        if buys:
            buy = f"{own_name()} demo buy"
            if self._credentials != Path(".paydesk/credentials.json").absolute():
                buy += f" --credentials {shlex.quote(str(self._credentials))}"
            places.append((buy, "buys something, and gives a part back"))
        out().print("\nWhere to look:\n")
        width = max(len(place) for place, _ in places)
        for place, what in places:
            out().print(f"  {safe(place.ljust(width))}  [dim]{what}[/]")


def curl(base: str, token: str, attributes: Mapping[str, str], authority: Path | None = None) -> str:
    """The documented request as one command for a POSIX shell."""
    order = {"data": {"type": "orders", "id": DOCUMENTED_ORDER}}
    document = {"data": {"type": "stripe_payments", "attributes": attributes, "relationships": {"order": order}}}
    lines = [
        f"curl -g -X POST {shlex.quote(base + '/api/stripe_payments')}",
        f"-H 'Accept: {MEDIA_TYPE}'",
        f"-H 'Content-Type: {MEDIA_TYPE}'",
        f"-H {shlex.quote(f'Authorization: Bearer {token}')}",
        f"-d {shlex.quote(json.dumps(document, indent=2))}",
    ]
    if authority:
        lines.insert(1, f"--cacert {shlex.quote(str(authority))}")
    return " \\\n  ".join(lines)


def write_whole(file: Path, text: str) -> None:
    """For this user's eyes alone, and never half of it for a reader who watches the name."""
    private.make_folder(file.parent)
    unfinished = file.with_name(file.name + ".new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    unfinished.replace(file)
