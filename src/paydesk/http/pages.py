"""Pages for people: how each looks, the one that says what runs here, and what a browser is told of an error.

A page loads nothing and runs nothing: its style stands in it, and the policy names that style alone.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Any

import orjson
from starlette.responses import Response

from paydesk import __version__
from paydesk.http.answers import CORS, Answer

_STYLE = """
:root { color-scheme: light dark; --ink: #16181d; --soft: #5d6470; --line: #d9dce2; --ground: #f3f4f7; --card: #fff;
  --lead: #2f5bea; --good: #16794a; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef2; --soft: #a0a7b4; --line: #343944; --ground: #121419;
  --card: #1b1e25; --lead: #7f9cff; --good: #5cc894; --bad: #ff8a80 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 25rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px }
main.wide { max-width: 34rem }
h1 { margin: 0 0 .5rem; font-size: 1.35rem; line-height: 1.3; overflow-wrap: anywhere }
p { margin: 0 0 1rem; color: var(--soft); overflow-wrap: anywhere }
strong { color: var(--ink) }
code { font: .9em ui-monospace, monospace; color: var(--ink); overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 1.5rem; padding: .9rem 0;
  border-block: 1px solid var(--line); font-size: .9rem }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
label { display: block; margin-bottom: 1rem; font-size: .9rem; font-weight: 600 }
input { display: block; width: 100%; margin-top: .3rem; padding: .6rem .7rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: 8px }
:focus-visible { outline: 2px solid var(--lead); outline-offset: 2px }
a { color: var(--lead) }
.good { color: var(--good); font-weight: 600 }
.bad { color: var(--bad); font-weight: 600 }
.row { display: flex; gap: .75rem; margin-top: 1.5rem }
button { flex: 1; padding: .65rem; font: inherit; font-weight: 600; border-radius: 8px; border: 1px solid var(--line);
  background: transparent; color: inherit; cursor: pointer }
button[value=allow] { background: var(--lead); border-color: var(--lead); color: var(--card) }
.places { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line) }
.places a { display: block; padding: .8rem 0; border-bottom: 1px solid var(--line); text-decoration: none }
.places a:hover span { text-decoration: underline }
.places span { display: block; font-weight: 600 }
.places small { display: block; color: var(--soft); font-size: .9rem }
p:last-child { margin-bottom: 0 }
footer { margin-top: 1.25rem; color: var(--soft); font-size: .85rem }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

_TITLES = {
    401: ("This address wants a token", "It is a part of the API, which programs ask with an access token."),
    404: ("There is nothing at this address", "It may be mistyped, or what was here is gone."),
    405: ("This address is for programs", "It takes other requests than the one that a browser sends."),
}
"""What a person is told by status, where that is clearer than the error's own words."""


def page(title: str, body: str, status: int = 200, *, form_action: str = "'none'", wide: bool = False) -> Response:
    """A whole page. `title` and `body` are HTML; a form in it may be sent to `form_action`."""
    shown = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · paydesk</title>
<style>{_STYLE}</style>
</head>
<body>
<main{' class="wide"' if wide else ""}>
{body}
</main>
</body>
</html>
"""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {form_action}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    return Response(shown, status, headers, "text/html; charset=utf-8")


def wanted(scope: Any) -> bool:
    """Whether a person asks, with a browser: by what its Accept header says, and without a token."""
    if scope["method"] not in ("GET", "HEAD"):
        return False
    accept = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return False
        if name == b"accept":
            accept += value
    return b"text/html" in accept and b"json" not in accept


def home(here: str, *, ready: bool, sandbox: str | None) -> Response:
    """What runs here, for people."""
    places = [
        ("/docs", "API reference", "Every resource, request and error, with examples"),
        ("/api/public/openapi.json", "OpenAPI document", "The same for generators of clients"),
        ("/api/public/resources", "Resources", "The types that are served, for programs"),
        ("/.well-known/oauth-authorization-server", "Access tokens", "Where and how clients get them"),
    ]
    if sandbox is not None:
        places.append((sandbox, "Stripe sandbox", "The stand-in that takes the payments of this server"))
    state = '<span class="good">Ready</span>' if ready else '<span class="bad">Not ready</span>'
    rows = "\n".join(
        f'<li><a href="{escape(at)}"><span>{name}</span><small>{told}</small></a></li>' for at, name, told in places
    )
    body = f"""<h1>paydesk answers here</h1>
<p>A payment desk for headless shops: orders, payments and refunds by an API at <code>{escape(here)}/api</code>.</p>
<ul class="places">
{rows}
</ul>
<footer>{state} · paydesk {__version__}</footer>"""
    return page("What runs here", body, wide=True)


def home_of_programs(here: str) -> Response:
    """What runs here, for programs."""
    told = {
        "name": "paydesk",
        "version": __version__,
        "links": {
            "api": f"{here}/api",
            "docs": f"{here}/docs",
            "openapi": f"{here}/api/public/openapi.json",
            "resources": f"{here}/api/public/resources",
            "token": f"{here}/oauth/token",
            "authorization_server": f"{here}/.well-known/oauth-authorization-server",
            "health": f"{here}/healthz",
            "ready": f"{here}/readyz",
        },
    }
    headers = {name.decode(): value.decode() for name, value in CORS} | {"vary": "Accept"}
    return Response(orjson.dumps(told), headers=headers, media_type="application/json")


def problem(status: int, path: str, told: Iterable[tuple[str, str]]) -> Response:
    """What is wrong, for people; `told` are the titles and details of the errors."""
    if status in _TITLES:
        title, text = _TITLES[status]
        said = f"<p>{text}</p>"
    else:
        first, *_ = told = list(told)
        title = first[0]
        said = "".join(f"<p>{escape(detail)}</p>" for _, detail in told)
    body = f"""<h1>{escape(title)}</h1>
{said}
<dl><dt>Address</dt><dd><code>{escape(path[:200])}</code></dd><dt>Status</dt><dd>{status}</dd></dl>
<p><a href="/">What runs here</a> · <a href="/docs">API reference</a></p>"""
    return page(escape(title), body, status)


def instead_of(answer: Answer, path: str) -> Answer:
    """The page that says what the error document of an answer says, with that answer's other headers."""
    status, headers, body = answer
    told = [(each["title"], each["detail"]) for each in orjson.loads(body)["errors"]]
    shown = problem(status, path, told)
    kept = [(name, value) for name, value in headers if name != b"content-type"]
    return status, [*kept, *shown.raw_headers], bytes(shown.body)
