"""The control endpoints: how tests and users move the clock, set faults, take keys away and see what was asked.

They are never under `/v1`, need no key, and speak JSON. Errors have Stripe's shape.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import orjson

from paydesk.sandbox.core.accounts import Key
from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.http import forms
from paydesk.sandbox.running.sandbox import Sandbox

Answer = tuple[int, bytes, list[tuple[bytes, bytes]]]

MAXIMUM_SECONDS = 10 * 365 * 86_400

_JSON = [(b"content-type", b"application/json")]
_RIGHT = re.compile(r"rak_[a-z0-9_]+_(read|write)\Z")


async def answer(sandbox: Sandbox, method: str, path: str, query: bytes, body: bytes) -> Answer:
    """The answer of a control endpoint or of `/healthz`."""
    if path == "/healthz":
        return 200, b'{"status":"ok"}', _JSON
    head, _, rest = path.removeprefix("/_control/").partition("/")
    work = _CALLS.get(f"{method} {head}")
    if work is None:
        known = ", ".join(f"{call.partition(' ')[0]} /_control/{call.partition(' ')[2]}" for call in _CALLS)
        raise invalid(f"No control endpoint at {method} {path}. There are: {known}.", status=404)
    given: Any = {}
    if body:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise invalid("The body is not JSON.") from None
        if not isinstance(given, dict):
            raise invalid("The body is a JSON object.")
    result = await work(sandbox, unquote(rest), given, forms.parse(query))
    return 200, orjson.dumps(result), _JSON


async def _add_fault(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    return sandbox.faults.add(given).shown()


async def _list_faults(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    return {"data": [fault.shown() for fault in sandbox.faults.known()]}


async def _clear_faults(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    cleared = sandbox.faults.clear(rest or None)
    if rest and not cleared:
        raise invalid(f"No such fault: '{rest}'", status=404)
    return {"cleared": cleared}


def _clock_shown(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "now": sandbox.clock.now(),
        "wall": int(sandbox.clock.wall()),
        "offset_seconds": round(sandbox.clock.offset),
        "next_due": None if sandbox.schedule.next_due == float("inf") else int(sandbox.schedule.next_due),
    }


async def _show_clock(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    return _clock_shown(sandbox)


async def _advance(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    seconds = given.get("advance_seconds")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= MAXIMUM_SECONDS:
        raise invalid(
            "`advance_seconds` is a whole number from 0 to ten years; the clock never goes back.",
            param="advance_seconds",
        )
    await sandbox.advance(seconds)
    await sandbox.state.written()
    return _clock_shown(sandbox)


async def _keys(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    """`{"without": ["rak_..."]}` takes rights from a restricted key, `[]` gives all back; `{"revoked": true}` ends any
    key, as rolling or deleting it does; `{"account": "acct_..."}` makes a well-formed key never seen this account's.
    """
    without, revoked, identifier = given.get("without"), given.get("revoked"), given.get("account")
    if without is not None and not (
        isinstance(without, list) and all(isinstance(each, str) and _RIGHT.match(each) for each in without)
    ):
        raise invalid("`without` is a list of rights such as rak_payment_intent_write.", param="without")
    if revoked is not None and not isinstance(revoked, bool):
        raise invalid("`revoked` is true or false.", param="revoked")
    if without is None and revoked is None and identifier is None:
        raise invalid("Say `without`, `revoked` or `account`.")
    key: Key | None = sandbox.accounts.named(rest)
    if identifier is not None:
        account = sandbox.accounts.by_id.get(identifier)
        if account is None:
            raise invalid(f"No such account: '{identifier}'", status=404, param="account")
        if key is not None and key.account != account.n:
            raise invalid("The key is of another account already.", param="account")
        key = key or sandbox.accounts.open(rest, account)
    elif key is None and rest.startswith("rk_test_"):
        key = sandbox.accounts.open(rest)
    if key is None:
        raise invalid(f"No such key: '{rest[:12]}...'", status=404)
    if without is not None and key.kind != "rk":
        raise invalid("Rights can only be taken from a restricted key (rk_test_).", param="key")
    key.without = key.without if without is None else set(without)
    key.revoked = key.revoked if revoked is None else revoked
    sandbox.accounts.save_key(key)
    await sandbox.state.written()
    of = None if key.account is None else sandbox.accounts.by_n[key.account].id
    return {"key": key.masked, "account": of, "without": sorted(key.without), "revoked": key.revoked}


async def _deliver(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    before = dict(sandbox.deliverer.counts)
    await sandbox.deliverer.run_due()
    await sandbox.state.written()
    after = sandbox.deliverer.counts
    return {
        "delivered": after["delivered"] - before["delivered"],
        "failed": after["failed"] - before["failed"],
        "waiting": len(sandbox.deliverer.waiting),
        "total_delivered": after["delivered"],
        "total_failed": after["failed"],
    }


async def _requests(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    """The last API calls, oldest first; `account`, `method` and `path` (its beginning) choose."""
    limit = query.get("limit", "100")
    if not isinstance(limit, str) or not limit.isdigit():
        raise invalid("`limit` is a number.", param="limit")
    chosen = [
        each
        for each in sandbox.requests
        if query.get("account", each["account"]) == each["account"]
        and query.get("method", each["method"]) == each["method"]
        and each["path"].startswith(query.get("path", ""))
    ]
    count = int(limit)
    return {"total": sandbox.requests_seen, "data": chosen[-count:] if count else []}


async def _accounts(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    accounts = []
    for account in sandbox.accounts.by_n.values():
        platform = None if account.platform is None else sandbox.accounts.by_n[account.platform].id
        keys = [key.masked for key in sandbox.accounts.keys.values() if key.account == account.n]
        accounts.append(
            {"id": account.id, "platform": platform, "deauthorized": account.deauthorized, "keys": sorted(keys)}
        )
    return {"data": accounts}


async def _deauthorize(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    """`{"account": "acct_...", "platform": "acct_..."}`: a connected account leaves its platform."""
    identifier, platform = given.get("account"), given.get("platform")
    for account in sandbox.accounts.connected.values():
        owner = sandbox.accounts.by_n[account.platform or 0]
        if account.id == identifier and platform in (None, owner.id):
            call = Call(sandbox, account)
            call.emit_body(
                "account.application.deauthorized", {"id": "ca_sandbox", "object": "application", "name": "Sandbox"}
            )
            account.deauthorized = True
            sandbox.accounts.save(account)
            call.finish()
            await sandbox.state.written()
            return {"account": account.id, "platform": owner.id, "deauthorized": True}
    raise invalid(f"No such connected account: '{identifier}'", status=404)


async def _search_lag(sandbox: Sandbox, rest: str, given: dict[str, Any], query: dict[str, Any]) -> Any:
    """`{"lag_seconds": N}`: how far the search index is behind."""
    seconds = given.get("lag_seconds")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
        raise invalid("`lag_seconds` is a whole number of seconds.", param="lag_seconds")
    sandbox.search_lag = seconds
    return {"lag_seconds": seconds}


_CALLS: dict[str, Callable[[Sandbox, str, dict[str, Any], dict[str, Any]], Awaitable[Any]]] = {
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
