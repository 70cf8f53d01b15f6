"""The guides: one Markdown file each in `guides/`, with requests that are shown in each language.

A fence of the language `http` is a request: its line, headers, an empty line, and a JSON document or a form. A header
`Keep: order=data.id` says what the next steps know the answer's part by, and `Token: shop_token` which access token is
sent. A fence `json 201` is the answer, with that status; "…" in it stands for anything. The tests send every request,
and run what stands in a fence `sh`; `text` is only shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

from markdown_it import MarkdownIt

from paydesk.jsonapi.openapi.schema import MEDIA_TYPE
from paydesk.jsonapi.pages.frame import PLACE
from paydesk.jsonapi.pages.html import answer, code, example
from paydesk.jsonapi.pages.requests import FORM, TOKEN, Request

REQUEST_COLUMNS, ANSWER_COLUMNS = 76, 54
"""A request stands beside its answer, in the wider column."""


@dataclass(frozen=True)
class Step:
    """A request of a guide, and what is said to come back: status and document."""

    request: Request
    status: int
    answer: Any


@dataclass(frozen=True)
class Guide:
    """One guide. `begins` names the state that its first request needs, for the tests that run it."""

    key: str
    title: str
    about: str
    begins: str
    text: str

    def html(self, origin: str) -> str:
        markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        tokens = markdown.parse(self.text)
        pieces: list[str] = []
        start = 0
        heading = self.title
        for index, token in enumerate(tokens):
            if token.type == "heading_open":
                heading = tokens[index + 1].content
                token.attrSet("id", anchor(heading))
            if token.type == "table_open":
                # A table that is wider than a phone is moved in its own box.
                token.attrSet("aria-label", heading)
            if token.type == "fence":
                pieces.append(_prose(markdown.renderer.render(tokens[start:index], markdown.options, {})))
                shown = _fence(token.info, token.content, origin)
                if token.info.startswith("json"):
                    shown = f'<div class="pair">{pieces.pop(-2)}{shown}</div>'
                pieces.append(shown)
                start = index + 1
        pieces.append(_prose(markdown.renderer.render(tokens[start:], markdown.options, {})))
        return "".join(pieces)

    def steps(self, origin: str) -> Iterator[Step | str]:
        """Its requests with their answers, and what is typed in a shell between them, in order."""
        fences = [token for token in MarkdownIt("commonmark").parse(self.text) if token.type == "fence"]
        for index, token in enumerate(fences):
            if token.info == "sh":
                yield token.content
            if token.info != "http":
                continue
            following = fences[index + 1] if index + 1 < len(fences) else None
            assert following is not None and following.info.startswith("json "), (
                f"{self.key}: each request has its answer"
            )
            yield Step(
                request_of(token.content, origin),
                int(following.info.split()[1]),
                json.loads(following.content or "null"),
            )

    def sections(self) -> Iterator[tuple[str, str, str]]:
        """Its headings: anchor, title, and the words below each. What stands before the first has no anchor."""
        pieces = re.split(r"^## (.+)$", self.text, flags=re.M)
        yield "", self.title, f"{self.about} {pieces[0]}"
        for title, text in zip(pieces[1::2], pieces[2::2], strict=True):
            yield anchor(title), title, text


def anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _prose(html: str) -> str:
    if not html:
        return ""
    html = html.replace('href="/docs', f'href="{PLACE}')
    html = re.sub(r'<table (aria-label="[^"]*")>', r'<div class="scroll" tabindex="0" role="region" \1><table>', html)
    return f'<div class="prose">{html.replace("</table>", "</table></div>")}</div>'


def _fence(info: str, text: str, origin: str) -> str:
    if info == "http":
        request = request_of(text, origin)
        return example(text.partition("\n")[0].partition("?")[0], request, REQUEST_COLUMNS)
    language, _, more = info.partition(" ")
    if language == "json":
        return answer(f"Answer {more}".strip(), json.loads(text), ANSWER_COLUMNS) if text.strip() else ""
    return code({"sh": "Shell", "js": "In the browser"}.get(language, language), text.rstrip("\n"))


def request_of(text: str, origin: str) -> Request:
    """What a fence describes."""
    head, _, given = text.rstrip("\n").partition("\n\n")
    first, *lines = head.splitlines()
    method, url = first.split(" ", 1)
    headers = dict(line.split(": ", 1) for line in lines)
    keep = dict(part.split("=", 1) for part in headers.pop("Keep", "").split(", ") if part)
    token = headers.pop("Token", TOKEN)
    media = headers.pop("Content-Type", MEDIA_TYPE)
    body: Any = None
    if given:
        body = dict(parse_qsl(given.replace("\n", ""), strict_parsing=True)) if media == FORM else json.loads(given)
    return Request(
        method,
        origin + url if url.startswith("/") else url,
        None if token == "none" else token,  # noqa: S105 - no token at all
        body,
        media,
        headers,
        keep,
    )


@cache
def guides() -> dict[str, Guide]:
    """By its key, each guide, in the order of the files."""
    found = sorted(files(__package__).joinpath("guides").iterdir(), key=lambda file: file.name)
    return {guide.key: guide for guide in (_read(file.name, file.read_text("utf-8")) for file in found)}


def _read(name: str, text: str) -> Guide:
    """A file such as `05-refund.md`: its title, a paragraph of what it is about, maybe where it begins, its text."""
    title, about, rest = text.split("\n\n", 2)
    begins = ""
    if rest.startswith("<!-- "):
        comment, _, rest = rest.partition("\n\n")
        begins = comment.removeprefix("<!-- begins: ").removesuffix(" -->")
    key = name.partition("-")[2].removesuffix(".md")
    return Guide(key, title.removeprefix("# "), about.replace("\n", " "), begins, rest)


def guide_page(guide: Guide, origin: str) -> str:
    """The text of its page."""
    markdown = MarkdownIt("commonmark", {"html": False})
    about = markdown.renderInline(guide.about)
    return (
        f'<header class="prose"><p class="kind">Guide</p><h1>{escape(guide.title)}</h1>'
        f'<p class="lead">{about}</p></header>'
        f'<section class="guide">{guide.html(origin)}</section>'
    )
