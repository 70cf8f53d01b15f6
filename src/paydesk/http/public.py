"""Documents of the API that anybody may read: its OpenAPI description and the reference page.

Making one takes as long as a hundred requests. So each is made once, beside the event loop and soon after the start,
with a name in place of the address that is asked, which may be any.
"""

from __future__ import annotations

import asyncio
from functools import cache

from paydesk import __version__
from paydesk.http.described import ELSEWHERE, HERE
from paydesk.jsonapi.openapi.document import openapi_document
from paydesk.jsonapi.pages.reference import reference_page
from paydesk.rules.registry import Registry


class Documents:
    """The documents of one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def make(self, after: asyncio.Task[None] | None = None) -> None:
        """Make all of them, once `after` has ended: the server is to answer first."""
        if after is not None:
            await asyncio.wait([after])
        await self.description("")
        await self.reference("")

    async def description(self, here: object) -> bytes:
        """The OpenAPI description of the API at this address."""
        return _at(await asyncio.to_thread(_description, self._registry), here)

    async def reference(self, here: object) -> bytes:
        """The reference page of the API at this address."""
        return _at(await asyncio.to_thread(_reference, self._registry), here)


@cache
def _description(registry: Registry) -> bytes:
    return openapi_document(registry, version=__version__, servers=[HERE], paths=ELSEWHERE)


@cache
def _reference(registry: Registry) -> bytes:
    return reference_page(registry, version=__version__, origin=HERE)


def _at(document: bytes, here: object) -> bytes:
    return document.replace(HERE.encode(), str(here).encode())
