"""Pieces of HTML that the pages are put together from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from paydesk.jsonapi.pages.requests import FORM, JSON, Request, languages

_COPY = '<button type="button" class="copy">Copy</button>'


def title_of(name: str) -> str:
    words = name.replace("_", " ").replace("sku", "SKU")
    return words[:1].upper() + words[1:]


def prose(text: str) -> str:
    """Escaped text with `code` marked as such."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def json_text(value: Any) -> str:
    """On one line."""
    return json.dumps(value, ensure_ascii=False)


def code(title: str, text: str, kind: str = "") -> str:
    """Something to read or copy."""
    return (
        f'<figure class="{kind}"><figcaption><span>{escape(title)}</span>{_COPY}</figcaption>'
        f'<pre tabindex="0"><code>{escape(text)}</code></pre></figure>'
    )


def example(title: str, request: Request, columns: int | None = None) -> str:
    """A request in each language. The script makes tabs of them, and lets it be tried where there is a demo."""
    panels = "".join(
        f'<div class="panel" data-language="{name}"><b>{name}</b>'
        f'<pre tabindex="0"><code>{escape(text)}</code></pre></div>'
        for name, text in languages(request, columns).items()
    )
    body = request.body if request.media != FORM or request.body is None else dict(request.body)
    facts: Mapping[str, Any] = {
        "method": request.method,
        "url": request.url,
        "headers": request.all_headers,
        "form": request.media == FORM,
        "body": body,
        "keep": dict(request.keep),
    }
    return (
        f'<figure class="request" data-request="{escape(json_text(facts))}"><figcaption><span>{escape(title)}</span>'
        f"{_COPY}</figcaption>{panels}</figure>"
    )


def answer(title: str, value: Any, columns: int | None = None) -> str:
    return code(title, JSON.within(columns).write(value), "answer")


def codes(names: Iterable[str], *, before: str = "") -> str:
    return '<span class="codes">' + "".join(f"<code>{before}{escape(name)}</code>" for name in names) + "</span>"


def table(heads: Iterable[str], rows: str, name: str) -> str:
    """A table that is wider than a phone is moved in its own box.

    heads  HTML of the titles of its columns
    name   what the box is called
    """
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
