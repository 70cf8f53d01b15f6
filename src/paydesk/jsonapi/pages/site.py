"""The reference for people at `/docs`: a set of pages made of the declarations, complete in itself.

They load nothing but their own style, script and index of words, so they work on a machine without the internet and
under the strict policy of the server, and each can be read without a script.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import orjson

from paydesk.jsonapi.openapi.answers import EXAMPLE_ORIGIN
from paydesk.jsonapi.openapi.schema import Json
from paydesk.jsonapi.pages.basics import errors_page, requests_page, start_page
from paydesk.jsonapi.pages.frame import ICON, SCRIPT, STYLE, Menu, framed
from paydesk.jsonapi.pages.guides import guide_page, guides
from paydesk.jsonapi.pages.html import title_of
from paydesk.jsonapi.pages.search import index
from paydesk.jsonapi.pages.types import type_page
from paydesk.rules.registry import Registry


class Page(NamedTuple):
    """What is answered at one address."""

    body: bytes
    media_type: str

    @property
    def is_document(self) -> bool:
        return self.media_type.startswith("text/html")


class Site:
    """The pages of one registry, each made when it is first asked for.

    description   the OpenAPI document, whose requests and answers the pages show
    origin        the address that the examples ask
    """

    def __init__(self, registry: Registry, description: Json, *, version: str, origin: str = EXAMPLE_ORIGIN) -> None:
        self._registry = registry
        self._description = description
        self._version = version
        self._origin = origin
        self._made: dict[str, Page] = {}

    @cached_property
    def menu(self) -> Menu:
        start = [("", "Introduction"), ("requests", "Requests and lists"), ("errors", "Errors")]
        return Menu(
            {
                "Start": start,
                "Guides": [(f"guides/{one.key}", one.title) for one in guides().values()],
                "Resources": [(f"resources/{name}", title_of(name)) for name in self._registry.types],
            }
        )

    def paths(self) -> Iterator[str]:
        """Of everything there is, below the place of the pages."""
        for pages in self.menu.groups.values():
            yield from (path for path, _ in pages)
        yield from ("search.json", "style.css", "script.js", "icon.svg")

    def page(self, path: str) -> Page | None:
        """What stands at a path; None where nothing does."""
        if path not in self._made:
            made = self._make(path)
            if made is None:
                return None
            self._made[path] = made
        return self._made[path]

    def _make(self, path: str) -> Page | None:
        if path == "style.css":
            return Page(STYLE, "text/css; charset=utf-8")
        if path == "script.js":
            return Page(SCRIPT, "text/javascript; charset=utf-8")
        if path == "icon.svg":
            return Page(ICON, "image/svg+xml")
        if path == "search.json":
            return Page(orjson.dumps(index(self._registry)), "application/json")
        for pages in self.menu.groups.values():
            for known, title in pages:
                if known == path:
                    text, kind = self._text(path)
                    body = framed(path, title, text, self.menu, version=self._version, kind=kind)
                    return Page(body, "text/html; charset=utf-8")
        return None

    def _text(self, path: str) -> tuple[str, str]:
        """The text of a page of the menu, and how it is laid out."""
        group, _, name = path.partition("/")
        if group == "resources":
            return type_page(self._registry[name].shape, self._description, self._origin), "type"
        if group == "guides":
            return guide_page(guides()[name], self._origin), "steps"
        if group == "errors":
            return errors_page(), "basics"
        if group == "requests":
            return requests_page(self._origin), "basics"
        known = ((f"guides/{one.key}", one.title, one.about) for one in guides().values())
        return start_page(self._origin, known), "start"
