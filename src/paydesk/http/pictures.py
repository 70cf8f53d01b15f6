"""The pictures of the demo's goods, drawn for it: small files of this package, shown to every page that asks."""

from __future__ import annotations

from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PLACE = "/pictures"
_DRAWN = {one.name: one.read_bytes() for one in files(__package__).joinpath("drawn").iterdir()}
_HEADERS = {
    "cache-control": "public, max-age=86400",
    # A storefront of another origin shows them. Opened by itself a picture runs and loads nothing.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
}


def routes() -> list[Route]:
    return [Route(f"{PLACE}/{{name}}", _picture)]


async def _picture(request: Request) -> Response:
    body = _DRAWN.get(request.path_params["name"])
    if body is None:
        raise HTTPException(404)
    return Response(body, headers=_HEADERS, media_type="image/svg+xml")
