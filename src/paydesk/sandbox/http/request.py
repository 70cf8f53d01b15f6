"""One API request: its key and parameters are read, its call is made, and its answer is kept."""

from typing import Any
from urllib.parse import unquote

import orjson

from paydesk.sandbox.core import faults
from paydesk.sandbox.core.accounts import Account, Key
from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.call import API_VERSION, Call, Record
from paydesk.sandbox.core.errors import StripeError, doc_url, invalid
from paydesk.sandbox.core.faults import Fault
from paydesk.sandbox.core.ids import token
from paydesk.sandbox.core.lists import expand
from paydesk.sandbox.http import forms
from paydesk.sandbox.http.idempotency import IdempotencyKeys, fingerprint, replay
from paydesk.sandbox.http.parameters import call_parameters
from paydesk.sandbox.http.replies import Dropped, Reply
from paydesk.sandbox.http.routes import Result, Route, find_route, rendered
from paydesk.sandbox.objects import setup_intents
from paydesk.sandbox.objects.payment_intents import intent


class Request:
    """One API request, from its bytes to its reply.

    headers     by their names in lower case
    query       the query string
    scheme      http or https, for the address of a page in the answer
    do          what a fault does to this request; empty without one
    delayed_by  the fault that holds it up
    """

    def __init__(
        self,
        backend: Backend,
        keys: IdempotencyKeys,
        method: str,
        path: str,
        headers: dict[bytes, bytes],
        query: bytes,
        scheme: str,
    ) -> None:
        self.backend = backend
        self.keys = keys
        self.method = method
        self.path = path
        self.headers = headers
        self.query = query
        self.scheme = scheme
        self.id = f"req_{token(14)}"
        self.idempotency_key = headers.get(b"idempotency-key", b"").decode("latin-1") if method == "POST" else ""
        self.account_id: str | None = None
        self.do: dict[str, Any] = {}
        self.delayed_by: Fault | None = None

    def log_entry(self, status: int, *, replayed: bool) -> dict[str, Any]:
        """The request as `/_control/requests` shows it; status 0 means that the connection was dropped."""
        return {
            "method": self.method,
            "path": self.path,
            "account": self.account_id,
            "idempotency_key": self.idempotency_key or None,
            "status": status,
            "request_id": self.id,
            "replayed": replayed,
            "created": self.backend.clock.now(),
        }

    async def answer(self, body: bytes) -> Reply:
        """The reply.

        raises   StripeError for a refusal before the call begins; Dropped for a fault that gives no answer
        """
        raw = self._parameters(body)
        key = self.backend.accounts.authenticate(self.headers.get(b"authorization"), _text(raw, "key"))
        match = find_route(self.method, self.path)
        if match is None:
            raise invalid(
                f"Unrecognized request URL ({self.method}: {self.path}). Please see https://stripe.com/docs or we can "
                "help at https://support.stripe.com/.",
                status=404,
            ).unstored()
        route, ids = match
        ids = tuple(unquote(identifier) if "%" in identifier else identifier for identifier in ids)
        call = self._call(key, raw, route, ids)
        self._strike(call.account)
        if not self.idempotency_key:
            return await self._run(call, route, ids, raw, b"")
        mark = fingerprint(raw)
        kept = self.keys.kept_answer(call, self.idempotency_key, mark)
        if kept is not None:
            reply = replay(kept)
            if self.do.get("drop") == "after":
                raise Dropped
            reply.cut = "cut" in self.do
            return reply
        with self.keys.run(call.account.n, self.idempotency_key):
            return await self._run(call, route, ids, raw, mark)

    def _parameters(self, body: bytes) -> dict[str, Any]:
        query = self.query
        if self.method != "POST":
            return forms.parse(query + b"&" + body if query and body else query or body)
        kind = self.headers.get(b"content-type", b"")
        if body and kind and not kind.startswith(b"application/x-www-form-urlencoded"):
            raise invalid(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you "
                "have any questions, we can help at https://support.stripe.com/."
            ).unstored()
        return forms.parse(body + b"&" + query if query and body else body or query)

    def _strike(self, account: Account) -> None:
        """Find the fault that is set on this request, and do the part of it that comes before the work."""
        if not self.backend.faults.on_calls:
            return
        fault = self.backend.faults.strike_call(self.method, self.path, account.id)
        if fault is None:
            return
        self.do = fault.do
        if "delay_ms" in self.do:
            self.delayed_by = fault
        if self.do.get("drop") == "before":
            raise Dropped
        if "status" in self.do and self.do.get("when", "before") == "before":
            raise faults.error(self.do)

    def _call(self, key: Key, raw: dict[str, Any], route: Route, ids: tuple[str, ...]) -> Call:
        """The call in the account it works in.

        raises   StripeError 401, 403 for a key that may not make it
        """
        account = self._account(key, raw, route, ids)
        self.account_id = account.id
        right = f"rak_{route.right}_{'read' if self.method == 'GET' else 'write'}"
        if key.without and right in key.without:
            raise invalid(
                f"The provided key '{key.masked}' does not have the required permissions for this endpoint on account "
                f"'{account.id}'. Having the '{right}' permission would allow this request to continue.",
                code="more_permissions_required",
                status=403,
            ).unstored()
        call = Call(
            self.backend,
            account,
            key=key,
            request=self.id,
            idempotency_key=self.idempotency_key or None,
            method=self.method,
            path=self.path,
        )
        version = self.headers.get(b"stripe-version", b"")
        call.older = bool(version) and version[:10] < API_VERSION[:10].encode()
        call.base_url = f"{self.scheme}://{self.headers.get(b'host', b'').decode('latin-1')}"
        return call

    def _account(self, key: Key, raw: dict[str, Any], route: Route, ids: tuple[str, ...]) -> Account:
        """The account that the key opens, or the connected one that the request names."""
        header = self.headers.get(b"stripe-account", b"").decode("latin-1") or _text(raw, "_stripe_account")
        if key.kind == "pk":
            if not route.public:
                raise invalid(
                    "This API call cannot be made with a publishable API key. Please use a secret API key. You can "
                    "find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
                    code="secret_key_required",
                    status=401,
                ).unstored()
            if key.account is None:
                self._bind(key, raw, ids)
        account = self.backend.accounts.account_of(key, header)
        if account is None:
            raise invalid(
                "This publishable key is bound to no account yet: first retrieve or confirm an intent with its client "
                "secret.",
                status=401,
            ).unstored()
        return account

    def _bind(self, key: Key, raw: dict[str, Any], ids: tuple[str, ...]) -> None:
        """Bind a publishable key that is new to the account of the intent whose client secret it shows."""
        secret = _text(raw, "client_secret")
        identifier = ids[0] if ids else (secret or "").partition("_secret_")[0]
        rows = self.backend.state.rows(
            "select account, body from objects where account in (select n from accounts where platform is null) and "
            "id = ? order by account desc",
            (identifier,),
        )
        for account, body in rows:
            if secret and orjson.loads(body).get("client_secret") == secret:
                self.backend.accounts.bind(key, account)
                return

    async def _run(self, call: Call, route: Route, ids: tuple[str, ...], raw: dict[str, Any], mark: bytes) -> Reply:
        """Do the work, keep its outcome, and wait until both are on disk."""
        backend, do = self.backend, self.do
        late = do.get("when") == "after"
        if self.delayed_by is not None and not late:
            await backend.faults.delay(self.delayed_by)
            call.now = backend.clock.now()
        reply = self._execute(call, route, ids, raw, mark)
        await backend.state.written()
        if self.delayed_by is not None and late:
            await backend.faults.delay(self.delayed_by)
        if do.get("drop") == "after":
            raise Dropped
        if "status" in do and do["status"] != 500:
            raise faults.error(do)
        reply.cut = "cut" in do
        return reply

    def _execute(self, call: Call, route: Route, ids: tuple[str, ...], raw: dict[str, Any], mark: bytes) -> Reply:
        """The work itself: nothing else runs between its first reading and its last change."""
        table = call_parameters(route.name, older=call.older, client=call.publishable)
        assert table is not None, "every route is in the parameter table"
        try:
            call.params = table.check(raw)
        except StripeError as refused:
            raise refused.unstored() from None
        try:
            reply = Reply(200, _render(call, route.work(call, *ids)))
            call.finish()
        except StripeError as refused:
            if refused.keeps:
                call.finish()
            if not refused.stored:
                raise
            reply = self.error(refused)
        if self.do.get("status") == 500:  # after the work: Stripe keeps such an answer, and so it comes again
            reply = self.error(faults.error(self.do))
            reply.headers.append((b"stripe-should-retry", b"false"))
        if mark:
            self.keys.keep(call, self.idempotency_key, mark, reply)
        return reply

    def error(self, refused: StripeError) -> Reply:
        """An error as Stripe answers it."""
        error = dict(refused.error)
        if "code" in error:
            error.setdefault("doc_url", doc_url(error["code"]))
        if self.account_id:
            error["request_log_url"] = (
                f"https://dashboard.stripe.com/{self.account_id}/test/workbench/logs?object={self.id}"
            )
        headers = [(name.lower().encode(), value.encode()) for name, value in refused.headers.items()]
        if refused.status == 402:
            headers.append((b"stripe-should-retry", b"false"))
        return Reply(refused.status, orjson.dumps({"error": error}), headers)


def _text(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) else None


def _render(call: Call, result: Result) -> bytes:
    """A result as JSON: with the objects that were to be expanded, and only a part of an intent for browsers."""
    paths = call.params.get("expand")
    if call.publishable and isinstance(result, Record) and result.kind in ("payment_intent", "setup_intent"):
        reduce = intent.reduced if result.kind == "payment_intent" else setup_intents.reduced
        visible = reduce(result.body)
        if "payment_method" in (paths or ()):
            expand(call, visible, ["payment_method"])
        return orjson.dumps(visible)
    raw = rendered(result)
    if not paths:
        return raw
    return orjson.dumps(expand(call, orjson.loads(raw), paths))
