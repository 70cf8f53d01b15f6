"""The pages that a customer sees: a stand-in for the 3-D Secure page of a bank or the page of a wallet.

It has a button to complete and a button to fail, both of which lead back to the shop.

Source: stripe.md §12 ("3DS flow"): the browser goes to `return_url` with `payment_intent` and
`payment_intent_client_secret` added.
"""

import html
from base64 import b64encode
from hashlib import sha256
from urllib.parse import urlencode, urlsplit, urlunsplit

from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.http import forms
from paydesk.sandbox.http.replies import Headers, Reply
from paydesk.sandbox.objects import authentication

_STYLE = """
:root{color-scheme:light dark;--ink:#1a1f36;--soft:#596171;--line:#e3e8ee;--ground:#f6f7f9;--card:#fff;--yes:#0a6847;
  --on-yes:#fff;--edge:#8792a2}
@media (prefers-color-scheme:dark){:root{--ink:#eceef2;--soft:#a0a7b4;--line:#343944;--ground:#121419;--card:#1b1e25;
  --yes:#5cc894;--on-yes:#0d1f17;--edge:#5d6470}}
body{font:16px/1.5 system-ui,sans-serif;background:var(--ground);color:var(--ink);margin:0;min-height:100vh;
  display:grid;place-items:center;padding:1.5rem;box-sizing:border-box}
main{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:2rem;max-width:26rem;width:100%;
  box-sizing:border-box}
h1{font-size:1.35rem;line-height:1.3;margin:0 0 .5rem}
p{color:var(--soft);margin:0 0 1rem;overflow-wrap:anywhere}
p:last-child{margin-bottom:0}
code{font:.9em ui-monospace,monospace;color:var(--ink);overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1rem 0 1.5rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
form{display:flex;gap:.75rem}
button{flex:1;font:inherit;font-weight:600;padding:.65rem 1rem;border-radius:8px;border:1px solid var(--edge);
  background:transparent;color:inherit;cursor:pointer}
button.yes{background:var(--yes);border-color:var(--yes);color:var(--on-yes)}
button:focus-visible{outline:3px solid #7aa7ff;outline-offset:2px}
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest())

_HTML: Headers = [
    (b"content-type", b"text/html; charset=utf-8"),
    # Browsers hold the redirect that answers a form to `form-action` too, and it leads to the shop: so none is named.
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'sha256-" + _STYLE_HASH + b"'; base-uri 'none'",
    ),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


def _page(title: str, body: str, status: int = 200) -> Reply:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
    return Reply(status, text.encode(), list(_HTML))


async def answer(backend: Backend, method: str, path: str, body: bytes) -> Reply:
    """A page, or where its form leads."""
    parts = path.strip("/").split("/")
    if path == "/" and method == "GET":
        return _page(
            "Stripe sandbox",
            "<p>This is a stand-in for Stripe's API, with a memory. Point a Stripe client's base address here, with "
            "any <code>sk_test_</code> key of 24 letters or digits.</p>",
        )
    if len(parts) == 4 and parts[0] == "_pay" and parts[1].isdigit():
        waiting = _waiting(backend, int(parts[1]), parts[2], parts[3])
        if waiting is None:
            return _page(
                "Nothing to authenticate", "<p>This payment was already decided, or never waited for you.</p>", 404
            )
        call, intent = waiting
        if method == "GET":
            return _ask(intent)
        if method == "POST":
            return await _decide(call, intent, success=forms.parse(body).get("decision") == "complete")
    return _page("Not found", "<p>There is nothing at this address.</p>", 404)


def _waiting(backend: Backend, account: int, identifier: str, source: str) -> tuple[Call, Record] | None:
    """The intent whose customer was sent to this address, with a call to take it on; None once it is decided."""
    owner = backend.accounts.by_n.get(account)
    if owner is None:
        return None
    call = Call(backend, owner)
    intent = call.find("payment_intent", identifier) or call.find("setup_intent", identifier)
    if intent is None or (intent.inner.get("action") or {}).get("source") != source:
        return None
    return call, intent


def _ask(intent: Record) -> Reply:
    body = intent.body
    rows = f"<dt>Reference</dt><dd>{html.escape(intent.id)}</dd>"
    if "amount" in body:
        rows = f"<dt>Amount</dt><dd>{body['amount']} {html.escape(body['currency'])} (minor units)</dd>{rows}"
    return _page(
        "Sandbox authentication",
        f'<dl>{rows}</dl><form method="post"><button class="yes" name="decision" value="complete">Complete</button>'
        '<button name="decision" value="fail">Fail</button></form>',
    )


async def _decide(call: Call, intent: Record, *, success: bool) -> Reply:
    """Finish the authentication, and send the browser back to the shop."""
    return_url = intent.inner["action"]["return_url"]
    secret, kind = intent.body["client_secret"], intent.kind
    status = authentication.finish(call, intent.id, success=success)
    call.finish()
    await call.state.written()
    if return_url is None:
        return _page("Done", f"<p>The customer's part is done: {status}. You can close this page.</p>")
    added = urlencode({kind: intent.id, f"{kind}_client_secret": secret, "redirect_status": status})
    parts = urlsplit(return_url)
    query = f"{parts.query}&{added}" if parts.query else added
    return Reply(303, b"", [(b"location", urlunsplit(parts._replace(query=query)).encode())])
