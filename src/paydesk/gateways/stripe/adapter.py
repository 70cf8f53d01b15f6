"""Stripe behind the gateway port: one object for all the credentials of the process.

Every request goes through `_ask`, which alone repeats, waits and decides what an answer means (Stripe, "Error
handling", "Advanced error handling", "Idempotent requests"):

    2xx                         done
    402                         Declined
    other 4xx                   Refused; of 400 `idempotency_error` it is no answer to what is asked (`key_is_spent`)
    409, 424, 429               again after a pause, same key; Unknown once the time is up
    5xx, no or no whole answer  again after a pause, same key; Unknown once the time is up, or at once when Stripe says
                                that it keeps this answer

An answer that is not Stripe's (an HTML page of something in between) is no answer, whatever its status.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

import aiohttp
import orjson
import stripe

from paydesk.gateways.port.account import MARK, Account, Credentials, Registration
from paydesk.gateways.port.events import EventPage, GatewayEvent, Malformed, SelfTest
from paydesk.gateways.port.problems import Answer, Declined, GatewayProblem, Refused, Unknown
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import Verb
from paydesk.gateways.port.wallet import CustomerAnswer, Instrument, Setup, Wallet
from paydesk.gateways.stripe import amounts, parameters, reading, signature
from paydesk.gateways.stripe.lanes import Lane, Patience
from paydesk.gateways.stripe.transport import Transports

log = logging.getLogger("paydesk.gateways.stripe")

Object = Mapping[str, Any]
T = TypeVar("T")

# Verb → method and path; {} is the object's id.
_ROUTES: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("post", "/v1/payment_intents"),
    "amend": ("post", "/v1/payment_intents/{}"),
    "adopt": ("post", "/v1/payment_intents/{}"),
    "confirm": ("post", "/v1/payment_intents/{}/confirm"),
    "cancel": ("post", "/v1/payment_intents/{}/cancel"),
    "capture": ("post", "/v1/payment_intents/{}/capture"),
    "refund": ("post", "/v1/refunds"),
    "register": ("post", "/v1/webhook_endpoints"),
    "move_endpoint": ("post", "/v1/webhook_endpoints/{}"),
    "unregister": ("delete", "/v1/webhook_endpoints/{}"),
    "create_customer": ("post", "/v1/customers"),
    "attach": ("post", "/v1/payment_methods/{}/attach"),
    "detach": ("post", "/v1/payment_methods/{}/detach"),
}

_OF_THE_PLATFORM: Final = ("register", "move_endpoint", "unregister")
"""Verbs about webhook endpoints, which are the platform's even where payments are a connected account's."""

# Asked of a restricted key: each right with a request that Stripe refuses in any case, or one that only looks. 403
# means that the right is missing. No request of these changes anything (an amount or a url is missing, an id is
# unknown).
_RIGHTS: Final[tuple[tuple[str, str, str, Mapping[str, Any]], ...]] = (
    ("rak_payment_intent_read", "get", "/v1/payment_intents", {"limit": 1}),
    ("rak_payment_intent_write", "post", "/v1/payment_intents", {}),
    ("rak_charge_read", "get", "/v1/charges", {"limit": 1}),
    ("rak_charge_write", "post", "/v1/refunds", {}),
    ("rak_dispute_read", "get", "/v1/disputes", {"limit": 1}),
    ("rak_customer_write", "post", "/v1/customers/cus_paydesk_probe", {}),
    ("rak_setup_intent_read", "get", "/v1/setup_intents", {"limit": 1}),
    ("rak_payment_method_read", "get", "/v1/payment_methods/pm_paydesk_probe", {}),
    ("rak_payment_method_write", "post", "/v1/payment_methods/pm_paydesk_probe/detach", {}),
    ("rak_webhook_read", "get", "/v1/webhook_endpoints", {"limit": 1}),
    ("rak_webhook_write", "post", "/v1/webhook_endpoints", {}),
    ("rak_event_read", "get", "/v1/events", {"limit": 1}),
)

_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
_HEADER = re.compile(r"[!-~]{1,255}")
_RIGHT = re.compile(r"\brak_[a-z0-9_]+")
_PAGE = 100
_MOST_PAGES = 100
_LOOKS = 4
"""How often a payment and its refunds are read until they agree; nothing beyond what was captured is booked anyway."""
_LONGEST_WAIT = 3600.0


class StripeGateway:
    """The gateway of `stripe_gateways`. Thread-safe as far as every event loop has connections of its own.

    api_base      where Stripe is; None for Stripe itself
    http_client   another HTTP client of the SDK, for instance behind a proxy; then it serves one event loop only
    patience      how long things may take
    """

    def __init__(
        self,
        api_base: str | None = None,
        http_client: stripe.HTTPClient | None = None,
        *,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._transports = Transports(api_base.rstrip("/") if api_base else None, http_client, self._patience)

    @property
    def account(self) -> Account:
        return self

    @property
    def wallet(self) -> Wallet:
        return self

    def parameters(self, verb: Verb, ask: Mapping[str, Any]) -> dict[str, Any]:
        return parameters.parameters(verb, ask)

    async def perform(
        self,
        verb: Verb,
        parameters: Mapping[str, Any],
        *,
        key: str,
        credentials: Credentials,
        seconds: float | None = None,
    ) -> Answer:
        if not _HEADER.fullmatch(key):
            raise ValueError("an idempotency key has 1 to 255 printable characters")
        method, path = _ROUTES[verb]
        if verb in _OF_THE_PLATFORM:
            credentials = replace(credentials, account=None)
        sent = dict(parameters)
        if "{}" in path:
            path = path.format(_checked(sent.pop("id")))
        if "currency" in sent and not amounts.chargeable(sent.get("amount", 0), sent["currency"]):
            raise Refused(
                f"Stripe takes no such amount in {sent['currency'].upper()}: its last digit has to be 0.",
                code="parameter_invalid_integer",
                param="amount",
            )
        try:
            answer, headers = await self._ask(
                method, path, sent, what=verb, credentials=credentials, seconds=seconds, key=key
            )
        except Refused as refusal:
            if verb == "unregister" and refusal.http_status == 404:
                return Registration(endpoint_id=str(parameters["id"]), url=None, status="deleted")
            raise
        request_id = headers.get("Request-Id")
        replayed = headers.get("Idempotent-Replayed") == "true"
        made = _understood(_READERS[verb], answer, request_id, replayed)
        if made is None or (replayed and isinstance(made, Snapshot)):
            # A kept answer tells what was true then; and a refund's may come without its payment.
            payment_id = made.payment_id if made else reading.identity(answer.get("payment_intent"))
            try:
                fresh = await self.read(str(payment_id), credentials=credentials, seconds=seconds)
            except GatewayProblem as problem:
                if made is None:
                    raise Unknown(f"done, but not to be read: {problem.message}", request_id=request_id) from None
            else:
                made = replace(fresh, request_id=request_id, replayed=replayed)
        return made

    async def read(
        self, payment_id: str, *, credentials: Credentials, seconds: float | None = None, closely: bool = False
    ) -> Snapshot:
        whose = {"payment_intent": payment_id}
        for look in range(_LOOKS):
            intent, headers = await self._ask(
                "get",
                f"/v1/payment_intents/{_checked(payment_id)}",
                {"expand": list(parameters.EXPAND)},
                what="read",
                credentials=credentials,
                seconds=seconds,
            )
            charge = intent.get("latest_charge")
            # Asked for even when the charge counts no refund: one that failed is counted no longer, yet has to be seen.
            if not isinstance(charge, dict) or not charge.get("amount_captured"):
                refunds: list[Object] = []
                break
            refunds = [one async for one in self._list("/v1/refunds", whose, credentials, seconds)]
            if _understood(lambda value, _, __: reading.agree(value, refunds), intent, None, False):  # noqa: B023
                break
            # It moved between the two requests; what is told of it has to be of one moment.
            log.info("stripe payment %s and its refunds do not agree (look %d)", payment_id, look + 1)
        disputes: list[Object] = []
        if isinstance(charge, dict) and charge.get("disputed"):
            disputes = [one async for one in self._list("/v1/disputes", whose, credentials, seconds)]
        watched = await self._watched(payment_id, intent, credentials, seconds) if closely else None
        request_id = headers.get("Request-Id")
        return _understood(
            lambda value, request_id, _: reading.snapshot(
                value, refunds=refunds, disputes=disputes, watched=watched, request_id=request_id
            ),
            intent,
            request_id,
            False,
        )

    async def _watched(
        self, payment_id: str, intent: Object, credentials: Credentials, seconds: float | None
    ) -> dict[str, Object | None]:
        """The review and the early fraud warning of a payment; without what a restricted key may not see."""
        found: dict[str, Object | None] = {}
        review_id = reading.review_of(intent)
        asked: dict[str, tuple[str, dict[str, Any]]] = {
            "warning": ("/v1/radar/early_fraud_warnings", {"payment_intent": payment_id, "limit": 1})
        }
        if review_id is not None:
            asked["review"] = (f"/v1/reviews/{_checked(review_id)}", {})
        for name, (path, sent) in asked.items():
            try:
                answer, _ = await self._ask("get", path, sent, what=name, credentials=credentials, seconds=seconds)
            except Refused as refusal:
                if refusal.http_status not in (403, 404):
                    raise
                continue
            listed = answer.get("data")
            found[name] = answer if listed is None else next(iter(listed), None)
        return found

    async def read_instrument(
        self, payment_method_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> Instrument:
        answer, headers = await self._ask(
            "get",
            f"/v1/payment_methods/{_checked(payment_method_id)}",
            {},
            what="read_instrument",
            credentials=credentials,
            seconds=seconds,
        )
        return _understood(_instrument, answer, headers.get("Request-Id"), False)

    async def read_setup(self, setup_id: str, *, credentials: Credentials, seconds: float | None = None) -> Setup:
        answer, headers = await self._ask(
            "get",
            f"/v1/setup_intents/{_checked(setup_id)}",
            {},
            what="read_setup",
            credentials=credentials,
            seconds=seconds,
        )
        return _understood(_setup, answer, headers.get("Request-Id"), False)

    async def find(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> Snapshot | None:
        found = await self._bearing("/v1/payment_intents", metadata, credentials, since, seconds)
        if not found:
            return None
        first = min(found, key=lambda one: (one.get("status") == "canceled", one.get("created") or 0, one["id"]))
        return await self.read(str(first["id"]), credentials=credentials, seconds=seconds)

    async def find_customer(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> CustomerAnswer | None:
        found = await self._bearing("/v1/customers", metadata, credentials, since, seconds)
        if not found:
            return None
        return _customer(min(found, key=lambda one: (one.get("created") or 0, one["id"])), None, False)

    async def _bearing(
        self,
        path: str,
        metadata: Mapping[str, str],
        credentials: Credentials,
        since: float | None,
        seconds: float | None,
    ) -> list[Object]:
        """The objects at a path that carry all of `metadata`: searched for, then gone through one by one."""
        found: list[Object] = []
        query = " AND ".join(f"metadata[{_quoted(key)}]:{_quoted(value)}" for key, value in metadata.items())
        try:
            answer, _ = await self._ask(
                "get",
                f"{path}/search",
                {"query": query, "limit": _PAGE},
                what="find",
                credentials=credentials,
                seconds=seconds,
            )
            found = [one for one in answer["data"] if _bears(one, metadata)]
        except Refused as refusal:
            # Some countries' accounts have no search (Stripe, "Search"); the list knows everything, only slowly.
            if since is None or refusal.unauthorized:
                raise
        if not found and since is not None:
            made = {"created": {"gte": int(since)}}
            async for one in self._list(path, made, credentials, seconds):
                if _bears(one, metadata):
                    found.append(one)
        return found

    async def payments_made(
        self, since: float, until: float, *, credentials: Credentials, seconds: float | None = None
    ) -> AsyncIterator[Snapshot]:
        made = {"created": {"gte": math.floor(since), "lt": math.ceil(until)}}
        async for one in self._list("/v1/payment_intents", made, credentials, seconds, most_pages=sys.maxsize):
            yield _understood(lambda value, _, __: reading.snapshot(value), one, None, False)

    async def find_endpoints(
        self, gateway_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> list[Registration]:
        own = replace(credentials, account=None)
        listed = [one async for one in self._list("/v1/webhook_endpoints", {}, own, seconds)]
        return [reading.registration(one) for one in listed if _bears(one, {"paydesk_gateway": gateway_id})]

    async def mark_endpoint(
        self, endpoint_id: str, mark: str, *, credentials: Credentials, seconds: float | None = None
    ) -> None:
        await self._ask(
            "post",
            f"/v1/webhook_endpoints/{_checked(endpoint_id)}",
            {"metadata": {MARK: mark}},
            what="mark",
            credentials=replace(credentials, account=None),
            seconds=seconds,
            key=f"paydesk/mark/{endpoint_id}/{mark}",
        )

    def event(self, body: bytes, headers: Mapping[str, str], *, credentials: Credentials, now: float) -> GatewayEvent:
        signature.check(body, headers, secrets=credentials.webhook_secrets, now=now)
        try:
            return reading.event(orjson.loads(body))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Malformed("the body is no event") from None

    def self_tests(self, *, credentials: Credentials, now: float) -> list[SelfTest]:
        tests = []
        for secret in credentials.webhook_secrets:
            # Unlike every id of Stripe's, whose part behind the prefix has no hyphens.
            event_id = f"evt_self-test-{secrets.token_hex(8)}"
            told = {
                "id": event_id,
                "object": "event",
                "type": parameters.SELF_TEST,
                "api_version": parameters.API_VERSION,
                "created": int(now),
                "livemode": credentials.live,
            }
            body = orjson.dumps(told)
            headers = {
                "content-type": "application/json; charset=utf-8",
                "stripe-signature": signature.sign(body, secret, at=int(now)),
            }
            tests.append(SelfTest(event_id, body, headers))
        return tests

    async def events_since(
        self, cursor: str | None, *, since: float, credentials: Credentials, seconds: float | None = None
    ) -> EventPage:
        if cursor is not None:
            try:
                answer, _ = await self._ask(
                    "get",
                    "/v1/events",
                    {"ending_before": cursor, "limit": _PAGE},
                    what="events_since",
                    credentials=credentials,
                    seconds=seconds,
                )
            except Refused as refusal:
                if refusal.unauthorized:
                    raise
                log.info("stripe has forgotten the last event seen; asking by time")
            else:
                events = [reading.event(one) for one in reversed(answer["data"])]
                return EventPage(tuple(events), events[-1].event_id if events else cursor, bool(answer["has_more"]))
        made = {"created": {"gte": int(since)}}
        newest_first = [reading.event(one) async for one in self._list("/v1/events", made, credentials, seconds)]
        return EventPage(tuple(reversed(newest_first)), newest_first[0].event_id if newest_first else None, False)

    async def probe(self, credentials: Credentials, *, seconds: float | None = None) -> list[str]:
        rights = _RIGHTS if credentials.secret_key.startswith("rk_") else _RIGHTS[:1]
        missing: list[str] = []
        for right, method, path, sent in rights:
            try:
                await self._ask(method, path, dict(sent), what="probe", credentials=credentials, seconds=seconds)
            except Refused as refusal:
                if refusal.http_status == 401:
                    raise
                if refusal.http_status == 403:
                    named = _RIGHT.search(refusal.message)
                    missing.append(named.group() if named else right)
        return list(dict.fromkeys(missing))

    async def account_id(self, credentials: Credentials, *, seconds: float | None = None) -> str | None:
        own = replace(credentials, account=None)
        try:
            # A right that nothing else here needs, so that restricted keys may well lack it.
            answer, _ = await self._ask("get", "/v1/account", {}, what="probe", credentials=own, seconds=seconds)
        except Refused as refusal:
            if refusal.http_status != 403:
                raise
            return None
        return reading.identity(answer.get("id"))

    async def close(self) -> None:
        await self._transports.close()

    def breakers(self) -> dict[str, int]:
        """How many sets of credentials are "closed", "open" and "half-open", for the metrics."""
        counted = Counter(lane.breaker for transport in self._transports.every() for lane in transport.lanes())
        return {state: counted[state] for state in ("closed", "open", "half-open")}

    async def _list(
        self,
        path: str,
        sent: Mapping[str, Any],
        credentials: Credentials,
        seconds: float | None,
        *,
        most_pages: int = _MOST_PAGES,
    ) -> AsyncIterator[Object]:
        """Every object of a list, newest first, page by page."""
        cursor: dict[str, Any] = {}
        for _ in range(most_pages):
            answer, _headers = await self._ask(
                "get", path, {**sent, **cursor, "limit": _PAGE}, what="list", credentials=credentials, seconds=seconds
            )
            page = answer.get("data")
            if not isinstance(page, list):
                raise Unknown("Stripe's answer could not be read.")
            for one in page:
                yield one
            if not page or not answer.get("has_more"):
                return
            cursor = {"starting_after": page[-1]["id"]}
        log.warning("stripe list %s is longer than %d pages; the rest was not read", path, most_pages)

    async def _ask(
        self,
        method: str,
        path: str,
        sent: Mapping[str, Any],
        *,
        what: str,
        credentials: Credentials,
        seconds: float | None,
        key: str | None = None,
    ) -> tuple[Object, Mapping[str, str]]:
        """One request and its repetitions: the answer's object and headers. Raises Declined, Refused, Unknown."""
        _check(credentials)
        client, lane = self._transports.here().of(credentials)
        patience = self._patience
        deadline = time.monotonic() + (patience.budget if seconds is None else seconds)
        trouble: Unknown | None = None
        unsent = True
        request_id: str | None = None
        attempt = 0
        while True:
            if (closed := await lane.enter(deadline)) is not None:
                if trouble is None:
                    raise Unknown("Stripe is not being asked at the moment.", closed, unsent=True)
                trouble.retry_after = closed
                raise trouble
            left = deadline - time.monotonic()
            limit = max(left * patience.attempt_share, min(left, 2.0))
            try:
                async with asyncio.timeout(limit):
                    response = await client.raw_request_async(
                        method, path, **sent, **({"idempotency_key": key} if key is not None else {})
                    )
                if not isinstance(response.data, dict):
                    raise TypeError("not an object")
            except asyncio.CancelledError:
                lane.left()
                raise
            except stripe.StripeError as problem:
                try:
                    trouble = self._trouble(problem, lane, what, attempt)
                except Refused as refusal:
                    if key is None or unsent or not refusal.unauthorized:
                        raise
                    # The key was ended between two attempts, and the first of them may have been carried out.
                    raise Unknown(refusal.message, request_id=refusal.request_id) from None
            except TimeoutError:
                lane.untold()
                trouble = Unknown("Stripe did not answer in time.")
            except (aiohttp.ClientError, OSError, EOFError) as problem:
                # The SDK wraps what happens before the body; a body that breaks off comes as it is.
                lane.untold()
                trouble = Unknown(f"Stripe's answer broke off ({type(problem).__name__}).")
            except (AttributeError, KeyError, TypeError, ValueError):
                lane.untold()
                trouble = Unknown("Stripe's answer could not be read.")
            else:
                lane.told()
                return response.data, response.headers
            unsent = trouble.unsent = unsent and trouble.unsent  # one attempt that may have got through is enough
            # The name of the last attempt that Stripe knows of, though later ones were never answered.
            request_id = trouble.request_id = trouble.request_id or request_id
            pause = max(patience.pause(attempt), trouble.retry_after or 0.0)
            if trouble.kept or time.monotonic() + pause >= deadline:
                log.warning("stripe %s unknown after %d attempts: %s", what, attempt + 1, trouble.reason)
                trouble.retry_after = pause
                raise trouble
            log.info("stripe %s again in %.1f s: %s", what, pause, trouble.reason)
            await asyncio.sleep(pause)
            attempt += 1

    def _trouble(self, problem: stripe.StripeError, lane: Lane, what: str, attempt: int) -> Unknown:
        """What a failed attempt means: the Unknown to raise once time is up. Raises Declined, Refused at once.

        Nothing of the answer is repeated but Stripe's own message, and that only of an answer that is Stripe's.
        """
        status = problem.http_status
        request_id = problem.request_id
        if isinstance(problem, stripe.APIConnectionError) or status is None:
            lane.untold()
            cause = problem.__cause__
            # Neither a refused connection nor an unknown name has let anything through.
            unsent = isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            return Unknown(f"Stripe could not be reached ({type(cause).__name__}).", unsent=unsent)
        told: Any = problem.json_body.get("error") if isinstance(problem.json_body, dict) else None
        if not isinstance(told, dict):
            lane.untold()
            return Unknown(f"Stripe's answer could not be read (status {status}).")
        headers: Mapping[str, str] = problem.headers or {}
        code = told.get("code") if isinstance(told.get("code"), str) else None
        if status == 429 or code == "rate_limit":
            wait = _retry_after(headers)
            lane.limited(max(wait or 0.0, self._patience.pause(attempt)))
            return Unknown("Stripe limits the rate of requests.", wait, request_id=request_id)
        if status >= 500:
            lane.untold()
            kept = headers.get("Idempotent-Replayed") == "true" or headers.get("Stripe-Should-Retry") == "false"
            return Unknown(f"Stripe failed (status {status}).", _retry_after(headers), kept=kept, request_id=request_id)
        lane.told()
        if status in (409, 424):
            return Unknown(f"Stripe is busy with it ({code or status}).", _retry_after(headers), request_id=request_id)
        message = str(told.get("message") or "Stripe refused the request.")
        intent = told.get("payment_intent")
        shown = _understood(_snapshot, intent, request_id, False) if isinstance(intent, dict) else None
        if status == 402:
            raise Declined(reading.failure(told), shown, request_id=request_id)
        if told.get("type") == "idempotency_error":
            # After a restore of a database whose keys were not random yet; of an intent that somebody else adopts.
            log.warning("stripe %s: one idempotency key, two sets of parameters (request %s)", what, request_id)
            code = "idempotency_error"
        elif status in (401, 403) and what != "probe":
            log.error("stripe %s: the key was not accepted, status %d (request %s)", what, status, request_id)
        raise Refused(message, code, told.get("param"), status, snapshot=shown, request_id=request_id)


def _snapshot(value: Object, request_id: str | None, replayed: bool) -> Snapshot:
    return reading.snapshot(value, request_id=request_id, replayed=replayed)


def _refund(value: Object, request_id: str | None, replayed: bool) -> Snapshot | None:
    """The payment after a refund, from the refund; None when Stripe did not show the payment."""
    intent = value.get("payment_intent")
    if not isinstance(intent, dict):
        return None
    made = reading.refund(value)
    whole = reading.snapshot(intent, request_id=request_id, replayed=replayed)
    returned = made.amount.cents if made.status not in ("failed", "canceled") else 0
    return replace(whole, refunds=(made,), refunded=max(whole.refunded, returned))


def _registration(value: Object, request_id: str | None, replayed: bool) -> Registration:
    return reading.registration(value, request_id=request_id)


def _customer(value: Object, request_id: str | None, replayed: bool) -> CustomerAnswer:
    return CustomerAnswer(str(value["id"]), request_id)


def _instrument(value: Object, request_id: str | None, replayed: bool = False) -> Instrument:
    return reading.instrument(value, request_id=request_id)


def _setup(value: Object, request_id: str | None, replayed: bool = False) -> Setup:
    return reading.setup(value, request_id=request_id)


_READERS: Final[Mapping[str, Callable[[Object, str | None, bool], Answer | None]]] = {
    "open": _snapshot,
    "amend": _snapshot,
    "adopt": _snapshot,
    "confirm": _snapshot,
    "cancel": _snapshot,
    "capture": _snapshot,
    "refund": _refund,
    "register": _registration,
    "move_endpoint": _registration,
    "unregister": _registration,
    "create_customer": _customer,
    "attach": _instrument,
    "detach": _instrument,
}


def _understood(
    read: Callable[[Object, str | None, bool], T], value: Object, request_id: str | None, replayed: bool
) -> T:
    try:
        return read(value, request_id, replayed)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Unknown(f"Stripe's answer could not be read ({problem}).", request_id=request_id) from None


def _checked(identifier: Any) -> str:
    """An id as a part of a path. What cannot be one is what Stripe does not have; an empty one would ask for a list."""
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise Refused("No such object at Stripe.", code="resource_missing", param="id", http_status=404)
    return identifier


def _check(credentials: Credentials) -> None:
    secret = credentials.secret_key
    if not _HEADER.fullmatch(secret) or not _HEADER.fullmatch(credentials.account or "-"):
        raise Refused("Invalid API key or account.", http_status=401)
    if secret.startswith(("sk_test_", "rk_test_") if credentials.live else ("sk_live_", "rk_live_")):
        raise Refused("The API key is of the other mode.", code="livemode_mismatch", http_status=401)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    told = headers.get("Retry-After") or ""
    return min(float(told), _LONGEST_WAIT) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", told) else None


def _bears(value: Object, metadata: Mapping[str, str]) -> bool:
    borne = reading.texts(value.get("metadata"))
    return all(borne.get(key) == one for key, one in metadata.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
