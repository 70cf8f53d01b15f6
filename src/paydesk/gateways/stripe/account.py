"""The port's account: the keys, webhook endpoints, events and payments of a Stripe account."""

from __future__ import annotations

import logging
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from paydesk.gateways.port.account import MARK, Credentials, Registration
from paydesk.gateways.port.events import EventPage, GatewayEvent, Malformed, SelfTest
from paydesk.gateways.port.problems import Refused
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.stripe import payments, signature
from paydesk.gateways.stripe.reading.endpoints import registration
from paydesk.gateways.stripe.reading.events import SELF_TEST, event
from paydesk.gateways.stripe.reading.values import bears, identity
from paydesk.gateways.stripe.requests import PAGE, Requests, checked
from paydesk.gateways.stripe.transport import Transports
from paydesk.gateways.stripe.verbs import endpoints
from paydesk.gateways.stripe.version import API_VERSION

log = logging.getLogger("paydesk.gateways.stripe")

# Each right of a restricted key is probed with a request that Stripe refuses in any case, or one that only looks; 403
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

_RIGHT = re.compile(r"\brak_[a-z0-9_]+")


class StripeAccount:
    """The accounts that the process has keys of."""

    def __init__(self, requests: Requests, transports: Transports) -> None:
        self._requests = requests
        self._transports = transports

    async def probe(self, credentials: Credentials, *, seconds: float | None = None) -> list[str]:
        rights = _RIGHTS if credentials.secret_key.startswith("rk_") else _RIGHTS[:1]
        missing: list[str] = []
        for right, method, path, sent in rights:
            try:
                await self._requests.ask(
                    method, path, dict(sent), what="probe", credentials=credentials, seconds=seconds
                )
            except Refused as refusal:
                if refusal.http_status == 401:
                    raise
                if refusal.http_status == 403:
                    named = _RIGHT.search(refusal.message)
                    missing.append(named.group() if named else right)
        return list(dict.fromkeys(missing))

    async def tells_fees(self, credentials: Credentials, *, seconds: float | None = None) -> bool:
        if not credentials.secret_key.startswith("rk_"):
            return True
        sent = {"limit": 1}
        try:
            await self._requests.ask(
                "get", "/v1/balance_transactions", sent, what="probe", credentials=credentials, seconds=seconds
            )
        except Refused as refusal:
            if refusal.http_status != 403:
                raise
            return False
        return True

    async def account_id(self, credentials: Credentials, *, seconds: float | None = None) -> str | None:
        own = replace(credentials, account=None)
        try:
            # A right that nothing else here needs, so that restricted keys may well lack it.
            answer, _ = await self._requests.ask(
                "get", "/v1/account", {}, what="probe", credentials=own, seconds=seconds
            )
        except Refused as refusal:
            if refusal.http_status != 403:
                raise
            return None
        return identity(answer.get("id"))

    def breakers(self) -> dict[str, int]:
        counted = Counter(lane.breaker for transport in self._transports.every() for lane in transport.lanes())
        return {state: counted[state] for state in ("closed", "open", "half-open")}

    async def find_endpoints(
        self, gateway_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> list[Registration]:
        own = replace(credentials, account=None)
        listed = [one async for one in self._requests.every(endpoints.PATH, {}, own, seconds)]
        return [registration(one) for one in listed if bears(one, {"paydesk_gateway": gateway_id})]

    async def mark_endpoint(
        self, endpoint_id: str, mark: str, *, credentials: Credentials, seconds: float | None = None
    ) -> None:
        await self._requests.ask(
            "post",
            f"{endpoints.PATH}/{checked(endpoint_id)}",
            {"metadata": {MARK: mark}},
            what="mark",
            credentials=replace(credentials, account=None),
            seconds=seconds,
            key=f"paydesk/mark/{endpoint_id}/{mark}",
        )

    def event(self, body: bytes, headers: Mapping[str, str], *, credentials: Credentials, now: float) -> GatewayEvent:
        signature.check(body, headers, secrets=credentials.webhook_secrets, now=now)
        try:
            return event(orjson.loads(body))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Malformed("the body is no event") from None

    def self_tests(self, *, credentials: Credentials, now: float) -> list[SelfTest]:
        tests = []
        for secret in credentials.webhook_secrets:
            # Unlike every id of Stripe's, whose part behind the prefix has no hyphens.
            event_id = f"evt_self-test-{secrets.token_hex(8)}"
            test = {
                "id": event_id,
                "object": "event",
                "type": SELF_TEST,
                "api_version": API_VERSION,
                "created": int(now),
                "livemode": credentials.live,
            }
            body = orjson.dumps(test)
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
                answer, _ = await self._requests.ask(
                    "get",
                    "/v1/events",
                    {"ending_before": cursor, "limit": PAGE},
                    what="events_since",
                    credentials=credentials,
                    seconds=seconds,
                )
            except Refused as refusal:
                if refusal.unauthorized:
                    raise
                log.info("stripe has forgotten the last event seen; asking by time")
            else:
                events = [event(one) for one in reversed(answer["data"])]
                return EventPage(tuple(events), events[-1].event_id if events else cursor, bool(answer["has_more"]))
        created = {"created": {"gte": int(since)}}
        newest_first = [event(one) async for one in self._requests.every("/v1/events", created, credentials, seconds)]
        return EventPage(tuple(reversed(newest_first)), newest_first[0].event_id if newest_first else None, False)

    def payments_made(
        self, since: float, until: float, *, credentials: Credentials, seconds: float | None = None
    ) -> AsyncIterator[Snapshot]:
        return payments.made_between(self._requests, since, until, credentials, seconds)
