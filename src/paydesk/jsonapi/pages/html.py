"""Pieces of HTML that the pages are put together from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any


def title_of(name: str) -> str:
    words = name.replace("_", " ").replace("sku", "SKU")
    return words[:1].upper() + words[1:]


def prose(text: str) -> str:
    """Escaped text with `code` marked as such."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def json_text(value: Any, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def code(title: str, text: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}<button type="button">Copy</button></figcaption>'
        f"<pre><code>{escape(text)}</code></pre></figure>"
    )


def codes(names: Iterable[str], *, before: str = "") -> str:
    return '<span class="codes">' + "".join(f"<code>{before}{escape(name)}</code>" for name in names) + "</span>"
