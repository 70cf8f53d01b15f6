"""Documents of the API that anybody may read: its OpenAPI description and the pages of the reference.

Making the description takes as long as a hundred requests. So each is made once, beside the event loop, the description
soon after the start and a page when it is first asked for, with a name in place of the address that is asked, which may
be any.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

import orjson

from paydesk import __version__
from paydesk.http.described import ELSEWHERE, HERE
from paydesk.jsonapi.openapi.answers import EXAMPLE_ORIGIN
from paydesk.jsonapi.openapi.document import openapi_document
from paydesk.rules.registry import Registry

if TYPE_CHECKING:
    from paydesk.jsonapi.pages.site import Page, Site


class Documents:
    """The documents of one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def make(self, after: asyncio.Task[None] | None = None) -> None:
        """Make the description, once `after` has ended: the server is to answer first."""
        if after is not None:
            await asyncio.wait([after])
        await self.description("")

    async def description(self, here: object) -> bytes:
        """The OpenAPI description of the API at this address."""
        return _at(await asyncio.to_thread(_description, self._registry), here)

    async def page(self, path: str, here: object) -> Page | None:
        """A page of the reference of the API at this address; None where there is none."""
        page = await asyncio.to_thread(_page, self._registry, path)
        return page and page._replace(body=_at(page.body, here))


@cache
def _description(registry: Registry) -> bytes:
    return openapi_document(registry, version=__version__, servers=[HERE], paths=ELSEWHERE)


@cache
def _site(registry: Registry) -> Site:
    # The pages and their Markdown library take a twentieth of a server's start, which most servers never need.
    from paydesk.jsonapi.pages.site import Site

    description = _description(registry).replace(EXAMPLE_ORIGIN.encode(), HERE.encode())
    return Site(registry, orjson.loads(description), version=__version__, origin=HERE)


def _page(registry: Registry, path: str) -> Page | None:
    return _site(registry).page(path)


def _at(document: bytes, here: object) -> bytes:
    return document.replace(HERE.encode(), str(here).encode())
