"""The ASGI application: reads a request, has it worked on, and answers as Stripe would.

It is written against ASGI itself: a router and request objects would cost as much as the work.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import apsw

from paydesk.sandbox.core.call import API_VERSION
from paydesk.sandbox.core.clock import Clock
from paydesk.sandbox.core.errors import StripeError, invalid
from paydesk.sandbox.http import control, pages
from paydesk.sandbox.http.connections import shut_down
from paydesk.sandbox.http.idempotency import IdempotencyKeys
from paydesk.sandbox.http.replies import Dropped, Headers, Reply, failed, refusal, unwritten
from paydesk.sandbox.http.request import Request
from paydesk.sandbox.http.request_log import RequestLog
from paydesk.sandbox.running.sandbox import Sandbox

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

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


def create_app(data_dir: Path, *, clock: Clock | None = None) -> "Application":
    """The sandbox as an ASGI application with its state in `data_dir/sandbox.db`; one worker process.

    The lifespan opens its file and starts the schedule and the deliverer, and ends them.
    """
    return Application(Path(data_dir), clock)


class Application:
    """The ASGI callable."""

    def __init__(self, data_dir: Path, clock: Clock | None) -> None:
        self.data_dir = data_dir
        self.clock = clock
        self.service: Service | None = None
        self.failure: str | None = None
        """Why it could not start."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            assert self.service is not None, "the server runs the lifespan first"
            await self.service.http(scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    sandbox = Sandbox(self.data_dir, self.clock)
                    sandbox.start()
                    self.service = Service(sandbox)
                except (apsw.Error, OSError, RuntimeError) as failure:
                    self.failure = str(failure)
                    await send({"type": "lifespan.startup.failed", "message": self.failure})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self.service is not None:
                    await self.service.sandbox.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


class Service:
    """The HTTP side of one sandbox that runs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.keys = IdempotencyKeys(sandbox.backend.state)
        self.log = RequestLog()

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"]
        if path.startswith("/v1/"):
            await self._api(scope, receive, send)
            return
        method: str = scope["method"]
        try:
            body = await _read(receive)
            if path.startswith("/_control/") or path == "/healthz":
                reply = await control.answer(self.sandbox, self.log, method, path, scope["query_string"], body)
            else:
                reply = await pages.answer(self.sandbox.backend, method, path, body)
        except StripeError as refused:
            reply = refusal(refused)
        except apsw.Error:
            reply = refusal(unwritten())
        except Exception:
            log.exception("%s %s failed", method, path)
            reply = refusal(failed())
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [*reply.headers, (b"content-length", b"%d" % len(reply.body))],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to Stripe's API, and note it in the request log."""
        method: str = scope["method"]
        if method == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request = Request(
            self.sandbox.backend,
            self.keys,
            method,
            scope["path"],
            headers,
            scope["query_string"],
            scope.get("scheme", "http"),
        )
        try:
            reply = await self._reply(request, receive)
        except Dropped:
            self.log.add(request.log_entry(0, replayed=False))
            shut_down(dict(scope))
            return
        self.log.add(request.log_entry(reply.status, replayed=reply.replayed))
        sent = [
            *_COMMON,
            *reply.headers,
            (b"content-length", b"%d" % len(reply.body)),
            (b"request-id", request.id.encode()),
            (b"stripe-version", headers.get(b"stripe-version") or API_VERSION.encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        if not reply.cut:
            await send({"type": "http.response.body", "body": reply.body})
            return
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
        await asyncio.sleep(0.05)  # let the first half leave before the connection breaks
        shut_down(dict(scope))

    async def _reply(self, request: Request, receive: Receive) -> Reply:
        try:
            return await request.answer(await _read(receive))
        except StripeError as refused:
            return request.error(refused)
        except Dropped:
            raise
        except apsw.Error:
            return request.error(unwritten())
        except Exception:
            log.exception("%s %s failed (%s)", request.method, request.path, request.id)
            return request.error(failed())


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
