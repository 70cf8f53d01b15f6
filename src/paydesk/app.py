"""Puts the rooms together; it alone knows them all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paydesk import commerce
from paydesk.background.fetch_events import CatchingUp
from paydesk.background.keep_endpoints import Endpoints
from paydesk.background.keep_ownership import Owner
from paydesk.background.recover_calls import Recovery
from paydesk.background.watch_payments import Watching
from paydesk.background.work_events import Inbox
from paydesk.base import files, private
from paydesk.base.errors import InvalidToken, NotFound, Refusal, reason_of
from paydesk.base.instants import Clock, Followed, passed, seconds, wall
from paydesk.commerce import sealed
from paydesk.desk import Desk
from paydesk.gateways.later import later, warm
from paydesk.gateways.manual import ManualGateway
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.events import Forged, Malformed
from paydesk.gateways.port.gateway import Gateway
from paydesk.http import bodies, pages, pictures
from paydesk.http.answers import BAD_HOST, CORS, MEDIA_TYPE, PREFLIGHT
from paydesk.http.api import Api, is_id
from paydesk.http.door import Door
from paydesk.http.exchange import new_trace_id
from paydesk.http.limits import Caller, Limits, Unlisted, Verdict
from paydesk.http.origin import BadHost, Origin, links, origin, single
from paydesk.http.public import Documents
from paydesk.http.readiness import Readiness
from paydesk.http.reference import Demo, Reference
from paydesk.http.request_log import RequestLog
from paydesk.http.sparing import Sparing
from paydesk.jsonapi import errors
from paydesk.jsonapi.documents.views import views_of
from paydesk.jsonapi.pages.resources import resources_document
from paydesk.oauth import keys, permissions
from paydesk.oauth.authority import OAuth
from paydesk.oauth.endpoints import bearer
from paydesk.oauth.endpoints import routes as oauth_routes
from paydesk.oauth.refusals import too_many
from paydesk.oauth.secrets import Passwords
from paydesk.operations import staging
from paydesk.operations.books import Books
from paydesk.operations.metrics import MEDIA_TYPE as METRICS
from paydesk.operations.metrics import Metrics, answers
from paydesk.rules.work import Work
from paydesk.settings import Settings
from paydesk.store import open_database, ownership, released, schema
from paydesk.store.journal import holders
from paydesk.store.oauth import signing_keys
from paydesk.store.records.numbers import number_of_process
from paydesk.store.records.reading import Reader
from paydesk.store.sql.ask import Database
from paydesk.vault import Vault

log = logging.getLogger("paydesk")

TOKEN_PATHS = frozenset({"/oauth/token", "/oauth/revoke", "/oauth/authorize"})
"""What somebody without a token may ask that costs something, each with the limit of the token endpoint."""
TOKENINFO = "/oauth/tokeninfo"
"""It is limited as reads of the API are that nobody may cache."""
CALLBACK_BYTES = 1024 * 1024
"""The longest gateway event that is read."""
RETRY_SECONDS = 2
"""After how long a request that could not be answered may come again."""


CREDENTIALS_KEPT = 1000
STRIPE = "paydesk.gateways.stripe"
STRIPE_API = "https://api.stripe.com"


class Parts:
    """The running parts of one process: database, vault, desk, gateways. Made inside its event loop."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        vault: Vault,
        installation: str,
        clock: Clock,
        process: int = 0,
    ) -> None:
        self.settings = settings
        self.database = database
        self.vault = vault
        self.clock = clock
        self._opened: dict[tuple[str | None, ...], Credentials] = {}
        self.registry = commerce.registry()
        self.views = views_of(self.registry)
        self.gateways: dict[str, Gateway] = {
            "manual_gateways": ManualGateway(Books(database, Reader(self.registry))),
            "stripe_gateways": later(STRIPE, self._stripe),
        }
        self.warming: asyncio.Task[None] | None = None
        self.passwords = Passwords()
        sealed.open_with(vault.open)
        self.desk = Desk(
            database,
            self.registry,
            permissions,
            self.gateways,
            commerce.plans(),
            unseal=self.credentials,
            clock=clock,
            installation=installation,
            hash_password=self.passwords.hash,
            tools={
                "seal": vault.seal,
                "open": vault.open,
                "endpoint_url": self.endpoint_url,
            },
            process=process,
        )
        self.inbox = Inbox(self.desk, self.gateways, self.credentials)
        self.recovery = Recovery(self.desk, self.inbox)
        self.owner = Owner(self.desk, self.gateways, self.credentials)
        self.readiness = Readiness(database, self.desk.holder, clock)
        self.endpoints = Endpoints(self.desk, self.gateways, self.credentials, self.fixed_address)
        self.catching_up = CatchingUp(self.desk, self.inbox, self.gateways, self.credentials)
        self.watching = Watching(self.desk)
        self._loops = (self.owner.loop, self.endpoints.loop, self.catching_up.loop, self.watching.loop)
        self.metrics = Metrics(database, self.gateways, clock, self.watching.types)
        self.metrics.stopped = lambda: self.owner.stopped
        self.oauth = OAuth(
            database,
            vault,
            clock=clock,
            public_domain=settings.public_domain,
            auto_approve=settings.development,
            resources=self.registry,
            passwords=self.passwords,
        )

    @classmethod
    async def open(
        cls, settings: Settings, clock: Clock = wall, *, reading: bool = False, beside: bool = False
    ) -> Parts:
        """Open the database and vault that the settings name.

        reading   nothing will be written
        beside    another process may serve the same SQLite file. Each writes in transactions that exclude the other's,
                  and who makes a gateway call is told by its lease, as between the processes on PostgreSQL.
        raises    as `schema.check` and `vault_of`; Unavailable
        """
        await asyncio.to_thread(schema.check, settings.database_url)
        if not reading:
            private.close_folder(settings.data_dir)
        database = open_database(settings.database_url, connections=settings.database_connections, reading=reading)
        try:
            installation = await database.read(ownership.installation_id)
            if installation is None:
                raise schema.NotMigrated("The database was never migrated.")
            vault = await vault_of(settings, database)
            alone = database.name == "sqlite" and not beside
            process = 0 if alone or reading else await number_of_process(database)
            if clock is wall and database.name == "postgresql":
                # Many processes, on machines whose clocks may be far apart: all go by the database's.
                clock, asked = Followed(), passed()
                clock.set(seconds(await database.read(holders.time)), asked)
        except BaseException:
            await database.close()
            raise
        return cls(settings, database, vault, installation, clock, process)

    def credentials(self, record: Any) -> Credentials:
        """What a gateway record's calls are made with. Opening seals takes a tenth of a call, so the last are kept."""
        sealed = (record.id, *(getattr(record, name) for name in record.speaks_with))
        kept = self._opened.get(sealed)
        if kept is None:
            if len(self._opened) >= CREDENTIALS_KEPT:
                self._opened.clear()
            kept = self._opened[sealed] = record.credentials(self.vault.open)
        return kept

    def endpoint_url(self, work: Work, kind: str, gateway_id: str) -> str | None:
        """Where a gateway of this type is to send its events; None where it could never reach us.

        The fixed domain, else the host of the request that makes the gateway, else (`dev`) our own port.
        """
        settings = self.settings
        base = work.settings.get("origin") or ""
        if settings.public_domain:
            base = f"https://{work.actor.slug}.{settings.public_domain}"
        elif not base:
            scheme = "https" if settings.tls_certificate else "http"
            base = f"{scheme}://127.0.0.1:{settings.port}"
        return self._callback_address(base, kind, gateway_id)

    def fixed_address(self, slug: str, kind: str, gateway_id: str) -> str | None:
        """The same without a request: known where the domain is fixed, and in development."""
        settings = self.settings
        if settings.public_domain:
            return self._callback_address(f"https://{slug}.{settings.public_domain}", kind, gateway_id)
        if not settings.development:
            return None
        scheme = "https" if settings.tls_certificate else "http"
        return self._callback_address(f"{scheme}://127.0.0.1:{settings.port}", kind, gateway_id)

    def _callback_address(self, base: str, kind: str, gateway_id: str) -> str | None:
        settings = self.settings
        host = urlsplit(base).hostname or ""
        near = (
            host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith(("127.", "10.", "192.168."))
        )
        if near and not settings.development and settings.stripe_api_base is None:
            return None
        return f"{base}/webhook_callbacks/{kind}/{gateway_id}"

    def _stripe(self, module: Any) -> Gateway:
        patience = module.Patience(read=self.settings.stripe_timeout)
        gateway: Gateway = module.StripeGateway(self.settings.stripe_api_base, patience=patience)
        return gateway

    async def start(self, *, background: bool = True) -> None:
        await self.oauth.start()
        if not background:
            await self.recovery.begin()
            return
        await self.recovery.start()
        self.warming = asyncio.create_task(warm(STRIPE), name="imports")
        self.owner.watches = True
        for loop in self._loops:
            loop.start(after=self.warming)

    async def stop(self) -> None:
        """End background work, then close."""
        for loop in reversed(self._loops):
            await loop.stop()
        self.owner.watches = False
        if self.warming is not None:
            self.warming.cancel()
        await self.recovery.stop()
        await self.oauth.stop()
        await self.readiness.stop()
        await self.close()

    async def close(self) -> None:
        """Finish the gateway calls under way and let go of connections and files."""
        await self.desk.close()
        self.passwords.close()
        for gateway in self.gateways.values():
            await gateway.close()
        await self.database.close()


async def vault_of(settings: Settings, database: Database) -> Vault:
    """The vault that the settings name, which is the one that the database's secrets were sealed with.

    Its key file is made where nothing is sealed yet.
    raises   KeyMissing, SealBroken
    """
    await released.check(database)
    sealed = await database.read(signing_keys.keys)
    vault = Vault.given(settings.keys) if settings.keys else Vault.at(settings.vault_file, make=not sealed)
    keys.check(sealed, vault)
    return vault


async def open_vault(settings: Settings) -> Vault:
    """The same of a database that is not open yet. Raises as `vault_of`, and Unavailable."""
    database = open_database(settings.database_url, connections=1, reading=True)
    try:
        return await vault_of(settings, database)
    finally:
        await database.close()


class Application:
    """The ASGI application: `/api/` goes straight to its room, the few other paths through a small router.

    background   whether this process also does the work that nobody waits for: recovery, events, endpoints
    """

    def __init__(self, settings: Settings, clock: Clock = wall, *, background: bool = True) -> None:
        self.settings = settings
        self.clock = clock
        self.background = background
        self.parts: Parts | None = None
        self.api: Api | None = None
        self.documents: Documents | None = None
        self._documenting: asyncio.Task[None] | None = None
        self.limits = Limits(factor=settings.rate_limits) if settings.rate_limits else None
        self.unlisted = Unlisted()
        self._refused = Sparing(log, "%d more gateway events were refused within %d s")
        self.requests = RequestLog(settings.log_format) if settings.log_requests else None
        self.door = Door(settings.body_timeout, bodies=files.connections() * 3 // 4)
        self._rest: Starlette | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        scope["paydesk.trace_id"] = new_trace_id()
        noted = send if self.requests is None else self.requests.begin(scope, send)
        body = self.door.body(receive)
        try:
            await self._answer(scope, body, noted)
        finally:
            body.end()
            if noted is not send:
                noted.end()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        path: str = scope["path"]
        if path.endswith("/") and len(path) > 1:
            # The same address, for every check of it.
            path = path[:-1]
            scope = {**scope, "path": path}
        assert self.api is not None and self._rest is not None, "the lifespan comes first"
        if path.startswith("/api/") and not path.startswith("/api/public/"):
            await self.api(scope, receive, send)
            return
        try:
            headers = single(scope["headers"])
            came = origin(scope, headers, self.settings.trusted_proxies)
        except BadHost:
            await _told(BAD_HOST, scope)(scope, receive, send)
            return
        if came.forwarded_for is not None:
            self.unlisted.tell(came.client)
        verdict = self._counted(path, scope["method"], headers, came)
        if verdict is not None:
            if verdict.retry_after is not None:
                await _too_many(verdict.retry_after)(scope, receive, _with(verdict, send))
                return
            send = _with(verdict, send)
        peer = (scope.get("client") or ("",))[0]
        if path == "/metrics" and not answers(self.settings, peer, came, headers):
            await _error("RECORD_NOT_FOUND", scope=scope)(scope, receive, send)
            return
        scope["paydesk.origin"] = (came.scheme, came.host)
        scope["paydesk.peer"] = (came.address, came.forwarded_for is not None)
        scope["paydesk.links"] = links(came, came.label, self.settings.public_domain)
        await self._rest(scope, receive, send)

    def _counted(self, path: str, method: str, headers: dict[bytes, bytes], came: Origin) -> Verdict | None:
        """Count a request outside of the API; None where nothing is limited."""
        if self.limits is None or method == "OPTIONS" or path not in (*TOKEN_PATHS, TOKENINFO):
            return None
        if path != TOKENINFO:
            return self.limits.token(Caller(came.address, came.forwarded_for), path)
        assert self.parts is not None
        try:
            actor = self.parts.oauth.actor(bearer(headers.get(b"authorization", b"").decode("latin-1")), came.label)
        except InvalidToken:
            return self.limits.request(Caller(came.address, came.forwarded_for), "GET", TOKENINFO, live=False)
        caller = Caller(
            came.address, came.forwarded_for, f"{actor.tenant}/{actor.application_id}", actor.kind == "integration"
        )
        return self.limits.request(caller, "GET", TOKENINFO, actor.live)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:
            reason = reason_of(error)
            log.error("paydesk cannot start: %s", reason)
            await send({"type": "lifespan.startup.failed", "message": reason})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self) -> None:
        """Open everything; what `lifespan` does, and tests do."""
        settings = self.settings
        self.parts = parts = await Parts.open(settings, self.clock)
        await parts.start(background=self.background)
        self.documents = Documents(parts.registry)
        if self.background:
            self._documenting = asyncio.create_task(self.documents.make(parts.warming), name="documents")
        self.api = Api(
            parts.desk,
            parts.registry,
            parts.views,
            permissions,
            parts.oauth.admit,
            public_domain=settings.public_domain,
            trusted_proxies=settings.trusted_proxies,
            max_body_bytes=settings.max_body_bytes,
            limits=self.limits,
            unlisted=self.unlisted,
            guesses=parts.oauth.guesses,
        )
        self._rest = Starlette(
            routes=[
                Route("/healthz", _healthz),
                Route("/readyz", self._readyz),
                Route("/metrics", self._metrics),
                Route("/", self._home),
                *Reference(self.documents, self._demo()).routes(),
                *pictures.routes(),
                Route("/api/public/resources", self._published(resources_document(parts.registry))),
                Route("/api/public/openapi.json", self._openapi),
                Route("/webhook_callbacks/{kind}/{gateway_id}", self._callback, methods=["POST"]),
                *oauth_routes(parts.oauth),
            ],
            exception_handlers={404: _not_found, 405: _not_allowed, 500: _broken},
        )

    async def stop(self) -> None:
        if self._documenting is not None:
            self._documenting.cancel()
            await asyncio.gather(self._documenting, return_exceptions=True)
        if self.parts is not None:
            await self.parts.stop()
        if self.requests is not None:
            self.requests.write()

    async def _readyz(self, request: Request) -> Response:
        assert self.parts is not None
        if not await self.parts.readiness.is_ready():
            return Response(b'{"status":"unavailable"}', 503, media_type="application/json")
        if self.parts.owner.stopped is not None:
            with suppress(Refusal):
                await self.parts.owner.know()
        if self.parts.owner.stopped is not None:
            # A copy of an installation that acts elsewhere.
            return Response(b'{"status":"stopped"}', 503, media_type="application/json")
        return Response(b'{"status":"ready"}', media_type="application/json")

    async def _home(self, request: Request) -> Response:
        assert self.parts is not None
        here = str(request.scope["paydesk.links"])
        if not pages.wanted(request.scope):
            return pages.home_of_programs(here)
        ready = self.parts.owner.stopped is None and await self.parts.readiness.is_ready()
        sandbox = self.settings.stripe_api_base if self.settings.development else None
        return pages.home(here, ready=ready, sandbox=sandbox)

    async def _metrics(self, request: Request) -> Response:
        assert self.parts is not None
        try:
            return Response(await self.parts.metrics.text(), media_type=METRICS)
        except Refusal:
            return _unavailable()

    def _published(self, body: bytes) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return _document(body)

        return answer

    async def _openapi(self, request: Request) -> Response:
        assert self.documents is not None
        body = await self.documents.description(request.scope["paydesk.links"])
        return _document(body, "application/json")

    def _demo(self) -> Demo | None:
        """What a reader of the reference may try requests with: in development alone."""
        if not self.settings.development:
            return None
        assert self.parts is not None
        parts, stripe = self.parts, self.settings.stripe_api_base or STRIPE_API
        return Demo(stripe, lambda: staging.for_readers(parts, stripe_api_base=stripe))

    async def _callback(self, request: Request) -> Response:
        """A gateway's event: verified over the raw bytes, kept, answered; worked afterwards."""
        assert self.parts is not None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        try:
            body = await bodies.read(request.receive, single(request.scope["headers"]), CALLBACK_BYTES)
            if not is_id(gateway_id := request.path_params["gateway_id"]):
                raise NotFound(gateway_id)
            told = await self.parts.inbox.take(request.path_params["kind"], gateway_id, body, headers)
        except (Forged, Malformed) as bad:
            self._refused.warning("a gateway event was refused: %s", bad)
            return _error("BAD_REQUEST", "The event is not signed by this gateway, or is no event.")
        except NotFound:
            return _error("RECORD_NOT_FOUND")
        except bodies.TooLarge:
            return _error("PAYLOAD_TOO_LARGE")
        except bodies.Unread:
            return _error("BAD_REQUEST", bodies.INCOMPLETE)
        except Refusal:
            # Not kept: the gateway sends it again.
            return _unavailable()
        return Response(orjson.dumps(told), media_type="application/json")


def _document(body: bytes, media_type: str = MEDIA_TYPE) -> Response:
    headers = {name.decode(): value.decode() for name, value in CORS}
    return Response(body, media_type=media_type, headers=headers)


def _error(code: str, detail: str | None = None, *, scope: Any = None) -> Response:
    return _told(errors.problem(code, detail=detail), scope)


def _unavailable() -> Response:
    return _told(errors.problem("SERVICE_UNAVAILABLE", retry_after=RETRY_SECONDS))


def _told(problem: errors.ApiError, scope: Any = None) -> Response:
    """An error for programs, or for the person who asks with a browser."""
    if scope is not None and pages.wanted(scope):
        return pages.problem(problem.status, scope["path"], [(problem.title, problem.detail)])
    status, body = errors.document([problem])
    headers = {name.decode(): value.decode() for name, value in CORS}
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    return Response(body, status, media_type=MEDIA_TYPE, headers=headers)


def _with(verdict: Verdict, send: Any) -> Any:
    """`send`, which tells beside the answer how the limit stands."""

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *verdict.headers()]}
        await send(message)

    return sending


def _too_many(retry_after: int) -> Response:
    """What the token endpoint says past its limit, in that endpoint's own form of errors."""
    headers = {name.decode(): value.decode() for name, value in CORS} | {"cache-control": "no-store"}
    body = orjson.dumps(too_many(retry_after).as_json())
    return Response(body, 429, media_type="application/json", headers=headers)


async def _healthz(request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


async def _not_found(request: Request, error: Exception) -> Response:
    return _error("RECORD_NOT_FOUND", scope=request.scope)


async def _not_allowed(request: Request, error: Exception) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={name.decode(): value.decode() for name, value in PREFLIGHT[:-1]})
    return _error("METHOD_NOT_ALLOWED", scope=request.scope)


async def _broken(request: Request, error: Exception) -> Response:
    return _error("INTERNAL_SERVER_ERROR", scope=request.scope)


def create_app(settings: Settings) -> Application:
    """The application that a server runs."""
    return Application(settings)
