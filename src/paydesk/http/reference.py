"""The pages of the reference, as they are answered; and where a demo runs, what its requests are tried with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paydesk.http.public import Documents
from paydesk.jsonapi.pages.frame import PLACE, ROOT

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Demo:
    """What a reader tries requests with.

    stripe   the address at which a payment is confirmed
    values   gives the tokens' grants and the values that guides begin with
    """

    stripe: str
    values: Callable[[], Awaitable[dict[str, Any] | None]]


class Reference:
    """Answers for `/docs` and everything below it. `demo` is None where nothing is to be tried."""

    def __init__(self, documents: Documents, demo: Demo | None) -> None:
        self._documents = documents
        self._demo = demo

    def routes(self) -> list[Route]:
        return [
            Route(f"{PLACE}/demo.json", self._values, methods=["POST"]),
            Route(PLACE, self._page),
            Route(f"{PLACE}/{{path:path}}", self._page),
        ]

    async def _page(self, request: Request) -> Response:
        page = await self._documents.page(request.path_params.get("path", ""), request.scope["paydesk.links"])
        if page is None:
            raise HTTPException(404)
        headers = {**_HEADERS, "cache-control": _FOR_GOOD if request.url.query and not page.is_document else "no-cache"}
        body = page.body
        if page.is_document:
            demo = self._demo if _is_near(request) else None
            headers["content-security-policy"] = _policy(demo)
            if demo:
                body = body.replace(ROOT.encode(), ROOT.replace(">", " data-demo>").encode(), 1)
        return Response(body, media_type=page.media_type, headers=headers)

    async def _values(self, request: Request) -> Response:
        """Secrets of the demo, so for this machine alone; other sites cannot read it, since nothing allows them to."""
        values = await self._demo.values() if self._demo and _is_near(request) else None
        if values is None:
            raise HTTPException(404)
        headers = {**_HEADERS, "cache-control": "no-store"}
        return Response(orjson.dumps(values), media_type="application/json", headers=headers)


def _policy(demo: Demo | None) -> str:
    """The pages' own style, script, picture and data. With a demo also the place where its payments are confirmed."""
    also = f" {demo.stripe}" if demo else ""
    return (
        f"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'{also}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _is_near(request: Request) -> bool:
    """The request comes from this machine, and by a name of it: by none that another site has made lead here."""
    _, host = request.scope["paydesk.origin"]
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    address, forwarded = request.scope["paydesk.peer"]
    local = name in ("localhost", "[::1]") or name.endswith(".localhost") or name.startswith("127.")
    return local and not forwarded and ip_address(address).is_loopback
