"""What every page of the reference has around its text: the menu, the search, style and script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib.resources import files

PLACE = "/docs"
"""Where the pages stand."""

STYLE, SCRIPT, ICON = (
    files(__package__).joinpath(name).read_bytes() for name in ("style.css", "script.js", "icon.svg")
)


def _address(name: str, content: bytes) -> str:
    """The address of a file that a browser may keep: another content has another address."""
    return f"{PLACE}/{name}?{hashlib.sha256(content).hexdigest()[:12]}"


_HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    f'<link rel="icon" href="{_address("icon.svg", ICON)}">'
    f'<link rel="stylesheet" href="{_address("style.css", STYLE)}">'
    f'<script src="{_address("script.js", SCRIPT)}" defer></script>'
)

ROOT = '<html lang="en">'
"""How a page begins; with `data-demo` its requests can be tried."""


@dataclass(frozen=True)
class Menu:
    """By the title of each group, the pages in it: path and title."""

    groups: dict[str, list[tuple[str, str]]]

    def html(self, current: str) -> str:
        return "".join(
            f"<h2>{escape(group)}</h2><ul>{''.join(_line(path, title, current) for path, title in pages)}</ul>"
            for group, pages in self.groups.items()
        )


def _line(path: str, title: str, current: str) -> str:
    here = ' aria-current="page"' if path == current else ""
    return f'<li><a href="{link(path)}"{here}>{escape(title)}</a></li>'


def link(path: str) -> str:
    """The address of a page by its path, which may name a place in it."""
    return f"{PLACE}/{path}" if path else PLACE


def framed(path: str, title: str, text: str, menu: Menu, *, version: str, kind: str = "") -> bytes:
    """A whole page. On a narrow screen the menu is a sheet that its link opens, also without a script."""
    return (
        f"<!doctype html>{ROOT}<head>{_HEAD}<title>{escape(title)} · paydesk</title></head><body>"
        '<a class="skip" href="#content">Skip to the content</a>'
        f'<header class="bar"><a class="brand" href="{PLACE}"><i></i>paydesk</a>'
        '<a class="button" href="#menu" id="open">Menu and search</a></header>'
        '<aside class="menu" id="menu" aria-label="Menu and search">'
        f'<div class="top"><a class="brand" href="{PLACE}"><i></i>paydesk<small>{escape(version)}</small></a>'
        '<a class="button" href="#content" id="close">Close</a></div>'
        '<label class="search"><span>Search</span><input id="search" type="search" placeholder="Search, e.g. 4242" '
        'autocomplete="off" spellcheck="false" aria-controls="results"><kbd>/</kbd></label>'
        '<ol id="results" hidden></ol><p id="nothing" role="status"></p>'
        f'<nav id="navigation" aria-label="Pages">{menu.html(path)}</nav></aside>'
        f'<main id="content" tabindex="-1" class="{kind}">{text}</main></body></html>'
    ).encode()


def contents(places: Iterable[tuple[str, str]]) -> str:
    """Links to the places of a long page."""
    lines = "".join(f'<li><a href="#{key}">{escape(title)}</a></li>' for key, title in places)
    return f'<ul class="contents" aria-label="On this page">{lines}</ul>'
