"""The control calls: how tests and users move the clock, set faults, take keys away and see the requests so far.

They are never under `/v1`, need no key, and speak JSON. Errors have Stripe's shape.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from paydesk.sandbox.core.accounts import Key
from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.jobs import NEVER
from paydesk.sandbox.http import forms
from paydesk.sandbox.http.replies import Headers, Reply
from paydesk.sandbox.http.request_log import RequestLog
from paydesk.sandbox.running.sandbox import Sandbox

MAXIMUM_SECONDS = 10 * 365 * 86_400

_JSON: Headers = [(b"content-type", b"application/json")]
_RIGHT = re.compile(r"rak_[a-z0-9_]+_(read|write)\Z")


class Control(NamedTuple):
    """One control call.

    name   the end of the path: the fault or the key that is meant; "" without one
    body   the JSON object that was sent
    query  the query string
    """

    sandbox: Sandbox
    log: RequestLog
    name: str
    body: dict[str, Any]
    query: dict[str, Any]

    @property
    def backend(self) -> Backend:
        """The backend of the sandbox."""
        return self.sandbox.backend


async def answer(sandbox: Sandbox, log: RequestLog, method: str, path: str, query: bytes, raw: bytes) -> Reply:
    """The reply to a control call or to `/healthz`."""
    if path == "/healthz":
        return Reply(200, b'{"status":"ok"}', list(_JSON))
    head, _, name = path.removeprefix("/_control/").partition("/")
    work = _CALLS.get(f"{method} {head}")
    if work is None:
        calls = ", ".join(f"{call.partition(' ')[0]} /_control/{call.partition(' ')[2]}" for call in _CALLS)
        raise invalid(f"No control endpoint at {method} {path}. There are: {calls}.", status=404)
    body: Any = {}
    if raw:
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise invalid("The body is not JSON.") from None
        if not isinstance(body, dict):
            raise invalid("The body is a JSON object.")
    result = await work(Control(sandbox, log, unquote(name), body, forms.parse(query)))
    return Reply(200, orjson.dumps(result), list(_JSON))


async def _add_fault(control: Control) -> Any:
    return control.backend.faults.add(control.body).as_json()


async def _list_faults(control: Control) -> Any:
    return {"data": [fault.as_json() for fault in control.backend.faults.current()]}


async def _clear_faults(control: Control) -> Any:
    cleared = control.backend.faults.clear(control.name or None)
    if control.name and not cleared:
        raise invalid(f"No such fault: '{control.name}'", status=404)
    return {"cleared": cleared}


async def _show_clock(control: Control) -> Any:
    clock, next_due = control.backend.clock, control.backend.jobs.next_due
    return {
        "now": clock.now(),
        "wall": int(clock.wall()),
        "offset_seconds": round(clock.offset),
        "next_due": None if next_due == NEVER else int(next_due),
    }


async def _advance(control: Control) -> Any:
    seconds = control.body.get("advance_seconds")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= MAXIMUM_SECONDS:
        raise invalid(
            "`advance_seconds` is a whole number from 0 to ten years; the clock never goes back.",
            param="advance_seconds",
        )
    await control.sandbox.advance(seconds)
    await control.backend.state.written()
    return await _show_clock(control)


async def _keys(control: Control) -> Any:
    """`{"without": ["rak_..."]}` takes rights from a restricted key, `[]` gives all back; `{"revoked": true}` ends any
    key, as rolling or deleting it does; `{"account": "acct_..."}` makes a well-formed key that is new this account's.
    """
    body, accounts = control.body, control.backend.accounts
    without, revoked, identifier = body.get("without"), body.get("revoked"), body.get("account")
    if without is not None and not (
        isinstance(without, list) and all(isinstance(right, str) and _RIGHT.match(right) for right in without)
    ):
        raise invalid("`without` is a list of rights such as rak_payment_intent_write.", param="without")
    if revoked is not None and not isinstance(revoked, bool):
        raise invalid("`revoked` is true or false.", param="revoked")
    if without is None and revoked is None and identifier is None:
        raise invalid("Say `without`, `revoked` or `account`.")
    key = _key(control, identifier)
    if without is not None and key.kind != "rk":
        raise invalid("Rights can only be taken from a restricted key (rk_test_).", param="key")
    key.without = key.without if without is None else set(without)
    key.revoked = key.revoked if revoked is None else revoked
    accounts.save_key(key)
    await control.backend.state.written()
    account = None if key.account is None else accounts.by_n[key.account].id
    return {"key": key.masked, "account": account, "without": sorted(key.without), "revoked": key.revoked}


def _key(control: Control, identifier: str | None) -> Key:
    """The key that the call names; a new one is opened where the call says its account, or where it is restricted."""
    accounts = control.backend.accounts
    key: Key | None = accounts.named(control.name)
    if identifier is not None:
        account = accounts.by_id.get(identifier)
        if account is None:
            raise invalid(f"No such account: '{identifier}'", status=404, param="account")
        if key is not None and key.account != account.n:
            raise invalid("The key is of another account already.", param="account")
        key = key or accounts.open(control.name, account)
    elif key is None and control.name.startswith("rk_test_"):
        key = accounts.open(control.name)
    if key is None:
        raise invalid(f"No such key: '{control.name[:12]}...'", status=404)
    return key


async def _deliver(control: Control) -> Any:
    deliverer = control.sandbox.deliverer
    before = dict(deliverer.counts)
    await deliverer.run_due()
    await control.backend.state.written()
    after = deliverer.counts
    return {
        "delivered": after["delivered"] - before["delivered"],
        "failed": after["failed"] - before["failed"],
        "waiting": len(control.backend.deliveries.waiting),
        "total_delivered": after["delivered"],
        "total_failed": after["failed"],
    }


async def _requests(control: Control) -> Any:
    """The last API calls, oldest first; `account`, `method` and `path` (its beginning) choose."""
    query = control.query
    limit = query.get("limit", "100")
    if not isinstance(limit, str) or not limit.isdigit():
        raise invalid("`limit` is a number.", param="limit")
    entries = [
        entry
        for entry in control.log.entries
        if query.get("account", entry["account"]) == entry["account"]
        and query.get("method", entry["method"]) == entry["method"]
        and entry["path"].startswith(query.get("path", ""))
    ]
    count = int(limit)
    return {"total": control.log.total, "data": entries[-count:] if count else []}


async def _accounts(control: Control) -> Any:
    book = control.backend.accounts
    accounts = []
    for account in book.by_n.values():
        platform = None if account.platform is None else book.by_n[account.platform].id
        keys = [key.masked for key in book.keys.values() if key.account == account.n]
        accounts.append(
            {"id": account.id, "platform": platform, "deauthorized": account.deauthorized, "keys": sorted(keys)}
        )
    return {"data": accounts}


async def _deauthorize(control: Control) -> Any:
    """`{"account": "acct_...", "platform": "acct_..."}`: a connected account leaves its platform."""
    accounts = control.backend.accounts
    identifier, platform_id = control.body.get("account"), control.body.get("platform")
    for account in accounts.connected.values():
        platform = accounts.by_n[account.platform or 0]
        if account.id == identifier and platform_id in (None, platform.id):
            call = Call(control.backend, account)
            call.emit_body(
                "account.application.deauthorized", {"id": "ca_sandbox", "object": "application", "name": "Sandbox"}
            )
            account.deauthorized = True
            accounts.save(account)
            call.finish()
            await control.backend.state.written()
            return {"account": account.id, "platform": platform.id, "deauthorized": True}
    raise invalid(f"No such connected account: '{identifier}'", status=404)


async def _search_lag(control: Control) -> Any:
    """`{"lag_seconds": N}`: how far the search index is behind."""
    seconds = control.body.get("lag_seconds")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
        raise invalid("`lag_seconds` is a whole number of seconds.", param="lag_seconds")
    control.backend.search_lag = seconds
    return {"lag_seconds": seconds}


_CALLS: dict[str, Callable[[Control], Awaitable[Any]]] = {
    "POST faults": _add_fault,
    "GET faults": _list_faults,
    "DELETE faults": _clear_faults,
    "GET clock": _show_clock,
    "POST clock": _advance,
    "POST keys": _keys,
    "POST deliver": _deliver,
    "GET requests": _requests,
    "GET accounts": _accounts,
    "POST deauthorize": _deauthorize,
    "POST search": _search_lag,
}
