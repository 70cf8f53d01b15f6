"""The floor: the same server sending the same bytes from memory.

`PUT /name` keeps a body; any other request for `/name` is answered with it, once the request's own body was read.
"""

from __future__ import annotations

from typing import Any

from paydesk.http.answers import CORS, MEDIA_TYPE
from paydesk.settings import Settings

HEADERS = [(b"content-type", MEDIA_TYPE.encode()), *CORS]


def create_app(settings: Settings) -> Any:
    kept: dict[str, bytes] = {"/healthz": b"{}"}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for stage in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{stage}.complete"})
            return
        path: str = scope["path"]
        if scope["method"] != "GET":
            body = await _body(receive)
            if scope["method"] == "PUT":
                kept[path] = body
        status = 201 if scope["method"] == "POST" else 200
        await send({"type": "http.response.start", "status": status, "headers": HEADERS})
        await send({"type": "http.response.body", "body": kept[path]})

    return application


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
