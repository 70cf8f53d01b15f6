"""The pages that are about no type in particular: the start, what all requests have in common, and errors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape

from paydesk.base.errors import MESSAGES
from paydesk.base.selection import COUNTED
from paydesk.jsonapi import errors
from paydesk.jsonapi.openapi.answers import example_error
from paydesk.jsonapi.openapi.components import ERRORS
from paydesk.jsonapi.openapi.schema import MEDIA_TYPE
from paydesk.jsonapi.pages.frame import contents, link
from paydesk.jsonapi.pages.html import answer, codes, example, prose, table
from paydesk.jsonapi.pages.requests import Request
from paydesk.jsonapi.query.query import PAGE_SIZE, PAGE_SIZE_MAXIMUM

_PREDICATES = (
    ("eq not_eq", "is it, is another; neither finds nulls"),
    ("in not_in", "is one of a list, none of it (also <code>not_eq_all</code>)"),
    ("eq_or_null not_eq_or_null in_or_null not_in_or_null", "the same, with nulls"),
    ("lt lteq gt gteq", "is less, less or equal, greater, greater or equal: numbers and datetimes"),
    ("start end cont i_cont", "begins with it, ends with it, has it inside: strings, in any case of letters"),
    ("not_start not_end not_cont not_i_cont", "does not"),
    ("matches does_not_match", "fits a pattern of <code>%</code> and <code>_</code>: strings, in any case of letters"),
    ("…_any …_all", "of the three rows above and of comparisons: one of a list does, every one does"),
    ("present blank", "something, or nothing and empty; <code>false</code> inverts"),
    ("null not_null", "<code>true</code>; <code>false</code> inverts"),
    ("true false", "booleans: <code>true</code>; <code>false</code> inverts"),
    ("jcont", "JSON: has the members of this object"),
)
"""Predicates that mean alike, and their meaning."""

_DOCUMENT = """
{"data": {"type": "line_items", "attributes": {"sku_code": "FIELD-GUIDE", "quantity": 2},
 "relationships": {"order": {"data": {"type": "orders", "id": "XAyRWNUzyN"}}}}}"""

_CODE_HEADS = ("<code>code</code>", "title, and the detail where nothing closer is known")

_GRANT = {"grant_type": "client_credentials", "client_id": "{client_id}", "client_secret": "{client_secret}"}
_TOKEN = {
    "access_token": "…",
    "token_type": "bearer",
    "expires_in": 7200,
    "scope": "market:all",
    "created_at": 1543582800,
}


def start_page(origin: str, guides: Iterable[tuple[str, str, str]]) -> str:
    """Where a reader begins.

    guides   path, title and what each is about
    """
    token = Request("POST", f"{origin}/oauth/token", None, _GRANT, "application/json", keep={"token": "access_token"})
    cards = "".join(
        f'<li><a href="{link(path)}"><b>{escape(title)}</b><span>{prose(about)}</span></a></li>'
        for path, title, about in guides
    )
    return (
        '<header class="prose"><h1>paydesk API</h1>'
        '<p class="lead">Orders, payments, captures and refunds over JSON:API, as Commerce Layer documents them. '
        "These pages are made by this very server, of what it serves.</p>"
        f'<p>For machines: <a href="/api/public/openapi.json">OpenAPI</a>, '
        f'<a href="/api/public/resources">published resources</a>. {_about_errors()}</p></header>'
        f'<section id="guides"><h2>Guides</h2><ul class="cards">{cards}</ul></section>'
        + _section(
            "token",
            "A token first",
            "<p>Every request under <code>/api</code> carries an access token. It says who asks, and also decides the "
            "environment, test or live; data never crosses between them.</p>"
            "<p><b>Integrations</b> (your back end, and most examples here) send their client's id and secret. "
            "<b>Sales channels</b> (your storefront) leave the secret out and name a market: "
            '<code>"scope": "market:code:europe"</code>. <b>Customers</b> get theirs by the '
            "<code>password</code> grant through a sales channel.</p>"
            "<p>While <code>paydesk dev</code> runs, the demo's credentials stand in "
            "<code>.paydesk/credentials.json</code>, and the examples of these pages can be tried where they "
            "stand.</p>",
            example("Get a token", token) + answer("200 The token", _TOKEN),
        )
    )


def _about_errors() -> str:
    return f'How requests are shaped: <a href="{link("requests")}">Requests and lists</a>.'


def requests_page(origin: str) -> str:
    """What every request and answer has in common."""
    return (
        '<header class="prose"><h1>Requests and lists</h1><p class="lead">JSON:API documents over HTTPS: how they are '
        "written, shaped, sorted, paged and filtered.</p>"
        + contents([("writing", "Writing"), ("reading", "Shaping answers"), ("pages", "Pages"), ("filters", "Filters")])
        + "</header>"
        + _writing(origin)
        + _reading(origin)
        + _filters(origin)
    )


def _writing(origin: str) -> str:
    return _section(
        "writing",
        "Writing",
        f"<p>Bodies are sent as <code>{MEDIA_TYPE}</code>. Attributes and relationships that a <code>PATCH</code> does "
        "not name stay as they are; <code>null</code> clears.</p><p>Names that begin with an underscore are "
        "<em>triggers</em>: they act when true and are never kept.</p><p>Give a <code>POST</code> or "
        "<code>PATCH</code> an <code>Idempotency-Key</code> and it may be repeated safely "
        f'(<a href="{link("guides/idempotency")}">guide</a>).</p>',
        example("Create a line item", Request("POST", f"{origin}/api/line_items", body=json.loads(_DOCUMENT))),
    )


def _reading(origin: str) -> str:
    query = "include=line_items&fields[orders]=number,status,line_items&fields[line_items]=name,quantity"
    return _section(
        "reading",
        "Shaping answers",
        "<p><code>include=a,b.c</code> brings related records along, up to three levels deep. "
        "<code>fields[type]=…</code> limits a type to the members named, relationships among them. "
        "<code>sort=-created_at,code</code> orders a list; without it the newest come first.</p>"
        f'<h3 id="pages">Pages</h3><p>Lists come in pages: <code>page[number]</code> from 1, <code>page[size]</code> '
        f"{PAGE_SIZE} unless given, at most {PAGE_SIZE_MAXIMUM}. <code>meta.record_count</code> says how many there "
        f"are, exactly up to {COUNTED:,}; beyond that it is an estimate until the last page, unless the request has "
        "the header <code>Prefer: count=exact</code>. <code>links.next</code> leads on as long as there is more, and "
        "<code>meta.page_count</code> is never less than the next page.</p>",
        example("Orders with their lines", Request("GET", f"{origin}/api/orders?{query}")),
    )


def _filters(origin: str) -> str:
    query = "filter[q][status_in]=placed,approved&filter[q][customer_email_end]=@example.com&sort=-placed_at"
    predicates = "".join(
        f"<tr><td>{codes(names.split())}</td><td>{meaning}</td></tr>" for names, meaning in _PREDICATES
    )
    return _section(
        "filters",
        "Filters",
        "<p><code>filter[q][{attribute}_{predicate}]=value</code>; several narrow further. Join names with "
        "<code>_or_</code> or <code>_and_</code>; reach through relationships by their name: "
        "<code>order_market_name_eq</code>. Lists are separated by commas.</p>"
        + table(("Predicate", "The value"), predicates, "Predicates"),
        example("Filtering", Request("GET", f"{origin}/api/orders?{query}")),
    )


def errors_page() -> str:
    """Every status, code and rule that an answer may tell."""
    told = errors.table()
    by_status: dict[int, list[str]] = {}
    for name, problem in told.items():
        by_status.setdefault(problem.status, []).append(name)
    parts = []
    for status, names in sorted(by_status.items()):
        rows = "".join(
            f'<tr id="{name}"><th scope="row"><code>{name}</code></th><td>{escape(told[name].title)}'
            f'<span class="example">{escape(told[name].detail)}</span></td></tr>'
            for name in names
        )
        meaning = prose(ERRORS.get(status, "A fault of ours. It is logged; send the same request again."))
        shown = answer(f"A {status}", example_error(status)) if status in ERRORS else ""
        parts.append(
            f'<section id="{status}" class="basic"><div class="prose"><h2>{status}</h2><p>{meaning}</p>'
            f"{table(_CODE_HEADS, rows, f'Codes of a {status}')}</div>"
            f'<div class="side">{shown}</div></section>'
        )
    rules = "".join(
        f'<tr id="{name}"><th scope="row"><code>{name}</code></th><td>{escape(text)}</td></tr>'
        for name, text in MESSAGES.items()
    )
    return (
        '<header class="prose"><h1>Errors</h1><p class="lead">Whatever goes wrong is told in <code>errors</code>, all '
        "problems of a kind at once.</p><p><code>code</code> says what, <code>source</code> where: a pointer into the "
        "document, a parameter or a header. <code>meta.error</code> says which rule a 422 is about. "
        f'<a href="{link("guides/errors")}">What to do about each</a>.</p>'
        + contents([*((str(status), str(status)) for status in sorted(by_status)), ("rules", "Rules")])
        + "</header>"
        + "".join(parts)
        + '<section id="rules"><h2>Rules</h2><p class="prose">Of a 422 <code>meta.error</code> is one of these, or the '
        "<code>code</code> of the payment provider.</p>"
        + table(("<code>meta.error</code>", "The message"), rules, "Rules")
        + "</section>"
    )


def _section(key: str, title: str, text: str, side: str) -> str:
    return (
        f'<section id="{key}" class="basic"><div class="prose"><h2>{title}</h2>{text}</div>'
        f'<div class="side">{side}</div></section>'
    )
