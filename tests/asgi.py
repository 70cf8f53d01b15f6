"""An ASGI application asked directly: a client library between costs as much as the application itself."""

import asyncio
import re
from typing import Any

import httpx

PLAIN = re.compile(r"[A-Za-z0-9/_.~-]*(\?[A-Za-z0-9/_.~=&,-]*)?")
"""Paths that are sent as they are written: nothing in them is to be quoted."""


def application_of(client: httpx.AsyncClient) -> Any:
    """The application that a client speaks to in this process; None where it speaks to a server."""
    transport = client._transport
    return transport.app if isinstance(transport, httpx.ASGITransport) else None


async def ask(
    app: Any, method: str, base: httpx.URL, path: str, headers: dict[str, str], content: bytes | None
) -> tuple[int, httpx.Headers, bytes]:
    """Status, headers and body of what httpx would be answered for a plain path."""
    path, _, query = path.partition("?")
    sent = [(b"host", base.netloc), (b"accept-encoding", b"identity"), (b"user-agent", b"tests")]
    sent += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if content is not None or method in ("POST", "PUT", "PATCH"):
        sent.append((b"content-length", str(len(content or b"")).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "headers": sent,
        "scheme": base.scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "server": (base.host, base.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
    taken = False
    answered = asyncio.Event()
    said: list[Any] = []

    async def receive() -> Any:
        nonlocal taken
        if not taken:
            taken = True
            return {"type": "http.request", "body": content or b"", "more_body": False}
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    await app(scope, receive, send)
    assert answered.is_set(), "the application answered"
    body = b"" if method == "HEAD" else b"".join(one.get("body", b"") for one in said[1:])
    return said[0]["status"], httpx.Headers(said[0]["headers"]), body
