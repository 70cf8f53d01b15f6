"""The pages that a customer sees: a stand-in for the 3-D Secure page of a bank or the page of a wallet.

It has a button to complete and a button to fail, both of which lead back to the shop.

Source: stripe.md §12 ("3DS flow"): the browser goes to `return_url` with `payment_intent` and
`payment_intent_client_secret` added.
"""

import html
from urllib.parse import urlencode, urlsplit, urlunsplit

from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.http import forms
from paydesk.sandbox.http.replies import Headers, Reply
from paydesk.sandbox.objects import authentication

_HTML: Headers = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;background:#f6f7f9;color:#1a1f36;margin:0;min-height:100vh;display:grid;
  place-items:center}
main{background:#fff;border:1px solid #e3e8ee;border-radius:8px;padding:2rem;max-width:26rem;width:100%;
  box-sizing:border-box}
h1{font-size:1.2rem;margin:0 0 1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0 0 1.5rem}
dt{color:#596171}
dd{margin:0;overflow-wrap:anywhere}
form{display:flex;gap:.75rem}
button{flex:1;font:inherit;padding:.6rem 1rem;border-radius:6px;border:1px solid #8792a2;background:#fff;color:inherit;
  cursor:pointer}
button.yes{background:#0a6847;border-color:#0a6847;color:#fff}
button:focus-visible{outline:3px solid #7aa7ff}
"""


def _page(title: str, body: str, status: int = 200) -> Reply:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
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
