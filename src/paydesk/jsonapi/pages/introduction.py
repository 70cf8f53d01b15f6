"""The introduction of the reference page: what every request and answer has in common."""

from __future__ import annotations

from paydesk.jsonapi.pages.html import code, codes
from paydesk.jsonapi.query.query import PAGE_SIZE, PAGE_SIZE_MAXIMUM

SECTIONS = (
    ("introduction", "Introduction"),
    ("requests", "Requests"),
    ("reading", "Shaping answers"),
    ("filters", "Filters"),
    ("errors", "Errors"),
)
"""By key, the title in the page's navigation."""

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

_DOCUMENT = """\
{
  "data": {
    "type": "line_items",
    "attributes": {
      "quantity": 2
    },
    "relationships": {
      "order": {
        "data": {
          "type": "orders",
          "id": "XAyRWNUzyN"
        }
      }
    }
  }
}"""

_ERROR = """\
{
  "errors": [
    {
      "title": "can't be blank",
      "detail": "first_name - can't be blank",
      "code": "VALIDATION_ERROR",
      "source": {
        "pointer": "/data/attributes/first_name"
      },
      "status": "422",
      "meta": {
        "error": "blank"
      }
    }
  ]
}"""


def introduction(origin: str) -> str:
    """The sections, with examples that ask the API at this address."""
    return _introduction(origin) + _requests() + _reading(origin) + _filters(origin) + _errors()


def _introduction(origin: str) -> str:
    token = (
        f"curl {origin}/oauth/token \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        '  -d \'{"grant_type":"client_credentials",\n'
        '       "client_id":"…","client_secret":"…"}\''
    )
    return _section(
        "introduction",
        "API reference",
        "<p>paydesk speaks the Commerce Layer API: JSON:API documents over HTTPS. This page is made from what "
        "this very server serves. The same for machines: "
        '<a href="/api/public/openapi.json">OpenAPI</a> and '
        '<a href="/api/public/resources">published resources</a>.</p>'
        "<p>Every request under <code>/api</code> carries an access token. The token also decides the "
        "environment, test or live; data never crosses between them.</p>",
        code("An access token", token),
    )


def _requests() -> str:
    return _section(
        "requests",
        "Requests",
        "<p>Bodies are sent as <code>application/vnd.api+json</code>. Attributes and relationships that a "
        "<code>PATCH</code> does not name stay as they are; <code>null</code> clears. Names that begin with an "
        "underscore are <em>triggers</em>: they act when true and are never kept.</p>"
        "<p>Give a <code>POST</code> or <code>PATCH</code> an <code>Idempotency-Key</code> and it may be "
        "repeated safely for 24 hours: the same key has the same answer, and an operation whose outcome was "
        "unknown goes on instead of beginning anew. A key is good for the application and the customer or user "
        "whose token it came with. Guests have no owner: a guest's key is good for that very access token, and "
        "under a renewed one it is a new key.</p>",
        code("A document", _DOCUMENT),
    )


def _reading(origin: str) -> str:
    listing = (
        f"curl -gG {origin}/api/orders \\\n"
        "  -d 'include=line_items' \\\n"
        "  -d 'fields[orders]=number,status' \\\n"
        "  -H 'Accept: application/vnd.api+json' \\\n"
        '  -H "Authorization: Bearer $TOKEN"'
    )
    return _section(
        "reading",
        "Shaping answers",
        "<p><code>include=a,b.c</code> brings related records along, up to three levels deep. "
        "<code>fields[type]=…</code> limits a type to the members named, relationships among them. "
        "<code>sort=-created_at,code</code> orders a list; without it the newest come first.</p>"
        f"<p>Lists come in pages: <code>page[number]</code> from 1, <code>page[size]</code> {PAGE_SIZE} unless "
        f"given, at most {PAGE_SIZE_MAXIMUM}.</p>",
        code("A list", listing),
    )


def _filters(origin: str) -> str:
    filtering = (
        f"curl -gG {origin}/api/orders \\\n"
        "  -d 'filter[q][status_in]=placed,approved' \\\n"
        "  -d 'filter[q][customer_email_end]=@example.com' \\\n"
        "  -d 'sort=-placed_at' \\\n"
        '  -H "Authorization: Bearer $TOKEN"'
    )
    predicates = "".join(
        f"<tr><td>{codes(names.split())}</td><td>{meaning}</td></tr>" for names, meaning in _PREDICATES
    )
    return _section(
        "filters",
        "Filters",
        "<p><code>filter[q][{attribute}_{predicate}]=value</code>; several narrow further. Join names with "
        "<code>_or_</code> or <code>_and_</code>; reach through relationships by their name: "
        "<code>order_market_name_eq</code>. Lists are separated by commas.</p>"
        f'<div class="scroll"><table><thead><tr><th>Predicate</th><th>The value</th></tr></thead>'
        f"<tbody>{predicates}</tbody></table></div>",
        code("Filtering", filtering),
    )


def _errors() -> str:
    return _section(
        "errors",
        "Errors",
        "<p>Whatever goes wrong is told in <code>errors</code>, all problems of a kind at once. "
        "<code>code</code> says what, <code>source</code> where, <code>meta.error</code> which rule. "
        "<code>429</code> and <code>503</code> carry <code>Retry-After</code>: "
        "send the same request again.</p>",
        code("An error", _ERROR),
    )


def _section(key: str, title: str, text: str, example: str) -> str:
    heading = "h1" if key == "introduction" else "h2"
    return (
        f'<section id="{key}" class="basic"><div class="prose"><{heading}>{title}</{heading}>{text}</div>'
        f'<div class="side">{example}</div></section>'
    )
