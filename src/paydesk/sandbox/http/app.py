"""The ASGI application: reads a request, has it worked on, and answers as Stripe would.

It is written against ASGI itself: a router and request objects would cost as much as the work.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import apsw
import orjson

from paydesk.sandbox.core import faults
from paydesk.sandbox.core.accounts import Key
from paydesk.sandbox.core.call import API_VERSION, Call, Record
from paydesk.sandbox.core.clock import Clock
from paydesk.sandbox.core.errors import StripeError, doc_url, invalid
from paydesk.sandbox.core.ids import token
from paydesk.sandbox.core.lists import expand
from paydesk.sandbox.core.state import Answer
from paydesk.sandbox.http import control, forms, pages
from paydesk.sandbox.http.connection import shut_down
from paydesk.sandbox.http.fingerprint import fingerprint
from paydesk.sandbox.http.parameters import call_parameters
from paydesk.sandbox.http.routes import Result, Route, find, rendered
from paydesk.sandbox.objects.intents import reduced as reduced_payment
from paydesk.sandbox.objects.setup_intents import reduced as reduced_setup
from paydesk.sandbox.running.sandbox import KEY_SECONDS, Sandbox

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

log = logging.getLogger("paydesk.sandbox")

MAXIMUM_BODY = 1024 * 1024

_COMMON: Headers = [
    (b"content-type", b"application/json"),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, Idempotent-Replayed"),
    (b"cache-control", b"no-cache, no-store"),
]

_PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, PUT, PATCH, POST, DELETE"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Idempotency-Key, Stripe-Account, Stripe-Version, X-Requested-With",
    ),
    (b"access-control-max-age", b"300"),
    (b"content-length", b"0"),
]


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class Reply:
    """An answer on its way: status, body, headers, and whether the body breaks off."""

    __slots__ = ("body", "cut", "headers", "replayed", "status")

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        self.headers: Headers = []
        self.cut = False
        self.replayed = False


def create_app(data_dir: Path, *, clock: Clock | None = None) -> "Application":
    """The sandbox as an ASGI application with its state in `data_dir/sandbox.db`; one worker process.

    The lifespan opens and closes it: its file, the delivery of webhooks, and what comes due on its clock.
    """
    return Application(Path(data_dir), clock)


class Application:
    """The ASGI callable."""

    def __init__(self, data_dir: Path, clock: Clock | None) -> None:
        self.data_dir = data_dir
        self.clock = clock
        self.sandbox: Sandbox | None = None
        self.failure: str | None = None
        """Why it could not start."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    self.sandbox = Sandbox(self.data_dir, self.clock)
                    self.sandbox.start()
                except (apsw.Error, OSError, RuntimeError) as failure:
                    self.failure = str(failure)
                    await send({"type": "lifespan.startup.failed", "message": self.failure})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self.sandbox is not None:
                    await self.sandbox.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.sandbox is not None, "the server runs the lifespan first"
        path = scope["path"]
        try:
            if path.startswith("/v1/"):
                await self._api(self.sandbox, scope, receive, send, path)
                return
            body = await _read(receive)
            if path.startswith("/_control/") or path == "/healthz":
                status, answer, headers = await control.answer(
                    self.sandbox, scope["method"], path, scope["query_string"], body
                )
            else:
                status, answer, headers = await pages.answer(self.sandbox, scope["method"], path, body)
        except StripeError as refused:
            status, answer, headers = _told(refused)
        except apsw.Error:
            status, answer, headers = _told(_unwritten())
        except Exception:
            log.exception("%s %s failed", scope["method"], path)
            status, answer, headers = _told(_failed())
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*headers, (b"content-length", b"%d" % len(answer))],
            }
        )
        await send({"type": "http.response.body", "body": answer})

    async def _api(self, sandbox: Sandbox, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        method: str = scope["method"]
        if method == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request = f"req_{token(14)}"
        key = headers.get(b"idempotency-key", b"").decode("latin-1") if method == "POST" else ""
        work = Request(sandbox, method, path, headers, scope, request, key)
        try:
            reply = await work.answer(await _read(receive))
        except StripeError as refused:
            reply = work.error(refused)
        except Dropped:
            work.log(0, False)
            shut_down(dict(scope))
            return
        except apsw.Error:
            reply = work.error(_unwritten())
        except Exception:
            log.exception("%s %s failed (%s)", method, path, request)
            reply = work.error(_failed())
        work.log(reply.status, reply.replayed)
        out = [
            *_COMMON,
            *reply.headers,
            (b"content-length", b"%d" % len(reply.body)),
            (b"request-id", request.encode()),
            (b"stripe-version", headers.get(b"stripe-version") or API_VERSION.encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": out})
        if reply.cut:
            await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
            await asyncio.sleep(0.05)  # let the first half leave before the connection breaks
            shut_down(dict(scope))
            return
        await send({"type": "http.response.body", "body": reply.body})


def _unwritten() -> StripeError:
    return StripeError(503, {"type": "api_error", "message": "The sandbox's state could not be written."})


def _failed() -> StripeError:
    return StripeError(500, {"type": "api_error", "message": "The sandbox failed; its log says how."})


def _told(refused: StripeError) -> tuple[int, bytes, Headers]:
    return refused.status, orjson.dumps({"error": refused.error}), [(b"content-type", b"application/json")]


async def _read(receive: Receive) -> bytes:
    """The request's body.

    raises   StripeError 413 beyond a mebibyte
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAXIMUM_BODY:
            raise invalid("The request is larger than a mebibyte.", status=413).unstored()
        parts.append(part)
    return b"".join(parts)


class Request:
    """One API request from its bytes to its answer."""

    def __init__(
        self,
        sandbox: Sandbox,
        method: str,
        path: str,
        headers: dict[bytes, bytes],
        scope: Scope,
        request: str,
        key: str,
    ) -> None:
        self.sandbox = sandbox
        self.method = method
        self.path = path
        self.headers = headers
        self.scope = scope
        self.request = request
        self.idempotency_key = key
        self.account_id: str | None = None

    def log(self, status: int, replayed: bool) -> None:
        """Note the request for `/_control/requests`; status 0 means that the connection was dropped."""
        sandbox = self.sandbox
        sandbox.requests_seen += 1
        sandbox.requests.append(
            {
                "n": sandbox.requests_seen,
                "method": self.method,
                "path": self.path,
                "account": self.account_id,
                "idempotency_key": self.idempotency_key or None,
                "status": status,
                "request_id": self.request,
                "replayed": replayed,
                "created": sandbox.clock.now(),
            }
        )

    async def answer(self, body: bytes) -> Reply:
        """The answer.

        raises   StripeError for what is refused before it begins; Dropped for a fault that gives no answer
        """
        sandbox, headers = self.sandbox, self.headers
        raw = self._parameters(body)
        key = sandbox.accounts.authenticate(headers.get(b"authorization"), _plain(raw, "key"))
        found = find(self.method, self.path)
        if found is None:
            raise invalid(
                f"Unrecognized request URL ({self.method}: {self.path}). Please see https://stripe.com/docs or we can "
                "help at https://support.stripe.com/.",
                status=404,
            ).unstored()
        route, ids = found
        ids = tuple(unquote(each) if "%" in each else each for each in ids)
        call = self._call(key, raw, route, ids)
        strikes = (
            sandbox.faults.strike_call(self.method, self.path, call.account.id) if sandbox.faults.on_calls else None
        )
        do = strikes.do if strikes is not None else {}
        delayed = strikes if "delay_ms" in do else None
        if do.get("drop") == "before":
            raise Dropped
        if "status" in do and do.get("when", "before") == "before":
            raise faults.error(do)
        if not self.idempotency_key:
            return await self._run(call, route, ids, raw, do, b"", delayed)
        return await self._once(call, route, ids, raw, do, delayed)

    def _parameters(self, body: bytes) -> dict[str, Any]:
        query: bytes = self.scope["query_string"]
        if self.method != "POST":
            return forms.parse(query + b"&" + body if query and body else query or body)
        kind = self.headers.get(b"content-type", b"")
        if body and kind and not kind.startswith(b"application/x-www-form-urlencoded"):
            raise invalid(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you "
                "have any questions, we can help at https://support.stripe.com/."
            ).unstored()
        return forms.parse(body + b"&" + query if query and body else body or query)

    def _call(self, key: Key, raw: dict[str, Any], route: Route, ids: tuple[str, ...]) -> Call:
        """The call in the account it works in.

        raises   StripeError 401, 403 for a key that may not make it
        """
        sandbox = self.sandbox
        header = self.headers.get(b"stripe-account", b"").decode("latin-1") or _plain(raw, "_stripe_account")
        if key.kind == "pk":
            if not route.public:
                raise invalid(
                    "This API call cannot be made with a publishable API key. Please use a secret API key. You can "
                    "find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
                    code="secret_key_required",
                    status=401,
                ).unstored()
            if key.account is None:
                self._bind(key, raw, ids)
        account = sandbox.accounts.account_of(key, header)
        if account is None:
            raise invalid(
                "This publishable key is bound to no account yet: first retrieve or confirm an intent with its client "
                "secret.",
                status=401,
            ).unstored()
        self.account_id = account.id
        right = f"rak_{route.right}_{'read' if self.method == 'GET' else 'write'}"
        if key.without and right in key.without:
            raise invalid(
                f"The provided key '{key.masked}' does not have the required permissions for this endpoint on account "
                f"'{account.id}'. Having the '{right}' permission would allow this request to continue.",
                code="more_permissions_required",
                status=403,
            ).unstored()
        call = Call(
            sandbox,
            account,
            key=key,
            request=self.request,
            idempotency_key=self.idempotency_key or None,
            method=self.method,
            path=self.path,
        )
        version = self.headers.get(b"stripe-version", b"")
        call.older = bool(version) and version[:10] < API_VERSION[:10].encode()
        host = self.headers.get(b"host", b"").decode("latin-1")
        call.base_url = f"{self.scope.get('scheme', 'http')}://{host}"
        return call

    def _bind(self, key: Key, raw: dict[str, Any], ids: tuple[str, ...]) -> None:
        """Bind a publishable key nobody knows to the account of the intent whose client secret it shows."""
        secret = _plain(raw, "client_secret")
        identifier = ids[0] if ids else (secret or "").partition("_secret_")[0]
        rows = self.sandbox.state.rows(
            "select account, body from objects where account in (select n from accounts where platform is null) and "
            "id = ? order by account desc",
            (identifier,),
        )
        for account, body in rows:
            if secret and orjson.loads(body).get("client_secret") == secret:
                self.sandbox.accounts.bind(key, account)
                return

    async def _once(
        self,
        call: Call,
        route: Route,
        ids: tuple[str, ...],
        raw: dict[str, Any],
        do: dict[str, Any],
        delayed: faults.Fault | None,
    ) -> Reply:
        """A call under an idempotency key: done, replayed, or refused while it runs or when it differs."""
        sandbox, key, account = self.sandbox, self.idempotency_key, call.account.n
        if len(key) > 255:
            raise invalid("Idempotency keys can have up to 255 characters.").unstored()
        mark = fingerprint(raw)
        running = (account, key)
        if running in sandbox.running_keys:
            raise StripeError(
                409,
                {
                    "type": "idempotency_error",
                    "code": "idempotency_key_in_use",
                    "message": "There is currently another in-progress request using this Idempotent Key (that "
                    "probably means you submitted twice, and the other request is still going through): "
                    f"{key}. If you'd like to make a different request, use a different key.",
                },
                stored=False,
                headers={"Stripe-Should-Retry": "true"},
            )
        known = sandbox.state.answer(account, key)
        if known is not None and call.now - known.created < KEY_SECONDS:
            return self._replay(known, mark, do)
        sandbox.running_keys.add(running)
        try:
            return await self._run(call, route, ids, raw, do, mark, delayed)
        finally:
            sandbox.running_keys.discard(running)

    def _replay(self, known: Answer, mark: bytes, do: dict[str, Any]) -> Reply:
        key = self.idempotency_key
        if known.call != f"{self.method} {self.path}":
            raise StripeError(
                400,
                {
                    "type": "idempotency_error",
                    "message": "Keys for idempotent requests can only be used for the same endpoint they were first "
                    f"used for ('{known.call.partition(' ')[2]}'). Try using a key other than '{key}' if you meant to "
                    "execute a different request.",
                },
            )
        if known.fingerprint != mark:
            raise StripeError(
                400,
                {
                    "type": "idempotency_error",
                    "message": "Keys for idempotent requests can only be used with the same parameters they were first "
                    f"used with. Try using a key other than '{key}' if you meant to execute a different request.",
                },
            )
        reply = Reply(known.status, known.body)
        reply.replayed = True
        reply.headers = [
            (b"idempotent-replayed", b"true"),
            (b"idempotency-key", key.encode("latin-1", "replace")),
            (b"original-request", known.request.encode()),
        ]
        if known.status >= 500:
            reply.headers.append((b"stripe-should-retry", b"false"))
        if do.get("drop") == "after":
            raise Dropped
        reply.cut = "cut" in do
        return reply

    async def _run(
        self,
        call: Call,
        route: Route,
        ids: tuple[str, ...],
        raw: dict[str, Any],
        do: dict[str, Any],
        mark: bytes,
        delayed: faults.Fault | None,
    ) -> Reply:
        """Do the work, keep its outcome, and wait until both are on disk."""
        state = self.sandbox.state
        late = do.get("when") == "after"
        if delayed is not None and not late:
            await self.sandbox.faults.delay(delayed)
            call.now = self.sandbox.clock.now()
        reply = self._execute(call, route, ids, raw, do, mark)
        await state.written()
        if delayed is not None and late:
            await self.sandbox.faults.delay(delayed)
        if do.get("drop") == "after":
            raise Dropped
        if "status" in do and do["status"] != 500:
            raise faults.error(do)
        reply.cut = "cut" in do
        return reply

    def _execute(
        self, call: Call, route: Route, ids: tuple[str, ...], raw: dict[str, Any], do: dict[str, Any], mark: bytes
    ) -> Reply:
        """The work itself: nothing else runs between its first reading and its last change."""
        public = call.publishable
        table = call_parameters(route.name, older=call.older, client=public)
        assert table is not None, "every route is in the parameter table"
        try:
            call.params = table.check(raw)
        except StripeError as refused:
            raise refused.unstored() from None
        try:
            reply = Reply(200, _render(call, route.work(call, *ids)))
            call.finish()
        except StripeError as refused:
            if refused.keeps:
                call.finish()
            if not refused.stored:
                raise
            reply = self.error(refused)
        if do.get("status") == 500:  # after the work: Stripe keeps such an answer, and so it comes again
            reply = self.error(faults.error(do))
            reply.headers.append((b"stripe-should-retry", b"false"))
        if mark:
            self._keep(call, reply, mark)
        return reply

    def _keep(self, call: Call, reply: Reply, mark: bytes) -> None:
        key, state = self.idempotency_key, self.sandbox.state
        name = f"{self.method} {self.path}"
        state.put(
            "idempotency",
            Answer(state.next(), call.account.n, key, name, mark, reply.status, self.request, call.now, reply.body),
        )
        reply.headers += [
            (b"idempotency-key", key.encode("latin-1", "replace")),
            (b"original-request", self.request.encode()),
        ]

    def error(self, refused: StripeError) -> Reply:
        """An error as Stripe answers it."""
        error = dict(refused.error)
        if "code" in error:
            error.setdefault("doc_url", doc_url(error["code"]))
        if self.account_id:
            error["request_log_url"] = (
                f"https://dashboard.stripe.com/{self.account_id}/test/workbench/logs?object={self.request}"
            )
        reply = Reply(refused.status, orjson.dumps({"error": error}))
        reply.headers = [(name.lower().encode(), value.encode()) for name, value in refused.headers.items()]
        if refused.status == 402:
            reply.headers.append((b"stripe-should-retry", b"false"))
        return reply


def _plain(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) else None


def _render(call: Call, result: Result) -> bytes:
    """A result as JSON, with what was to be expanded, and less of it for browsers."""
    paths = call.params.get("expand")
    if call.publishable and isinstance(result, Record) and result.kind in ("payment_intent", "setup_intent"):
        shown = reduced_payment(result.body) if result.kind == "payment_intent" else reduced_setup(result.body)
        if "payment_method" in (paths or ()):
            expand(call, shown, ["payment_method"])
        return orjson.dumps(shown)
    raw = rendered(result)
    if not paths:
        return raw
    return orjson.dumps(expand(call, orjson.loads(raw), paths))
