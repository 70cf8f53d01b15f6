"""Stripe behind the gateway port: one object for all the credentials of the process.

Verbs stand in `verbs/`, the values that answers become in `reading/`; `requests` alone sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import stripe

from paydesk.gateways.port.account import Account, Credentials
from paydesk.gateways.port.problems import Answer, GatewayProblem, Refused, Unknown
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import Verb
from paydesk.gateways.port.wallet import Wallet
from paydesk.gateways.stripe import amounts, payments
from paydesk.gateways.stripe.account import StripeAccount
from paydesk.gateways.stripe.failures import understood
from paydesk.gateways.stripe.lanes import Patience
from paydesk.gateways.stripe.reading.values import identity
from paydesk.gateways.stripe.requests import Requests, checked
from paydesk.gateways.stripe.transport import Transports
from paydesk.gateways.stripe.verbs import customers, endpoints, intents, refunds
from paydesk.gateways.stripe.verbs.verb import StripeVerb
from paydesk.gateways.stripe.wallet import StripeWallet

VERBS: Final[Mapping[str, StripeVerb]] = {**intents.VERBS, **refunds.VERBS, **endpoints.VERBS, **customers.VERBS}


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
        patience = patience or Patience()
        self.transports = Transports(api_base.rstrip("/") if api_base else None, http_client, patience)
        self.requests = Requests(self.transports, patience)
        self._account = StripeAccount(self.requests, self.transports)
        self._wallet = StripeWallet(self.requests)

    @property
    def account(self) -> Account:
        return self._account

    @property
    def wallet(self) -> Wallet:
        return self._wallet

    def parameters(self, verb: Verb, ask: Mapping[str, Any]) -> dict[str, Any]:
        if verb not in VERBS:
            raise ValueError(f"no such verb: {verb}")
        return VERBS[verb].parameters(verb, ask)

    async def perform(
        self,
        verb: Verb,
        parameters: Mapping[str, Any],
        *,
        key: str,
        credentials: Credentials,
        seconds: float | None = None,
    ) -> Answer:
        stripe_verb = VERBS[verb]
        if stripe_verb.of_the_platform:
            credentials = replace(credentials, account=None)
        path, sent = stripe_verb.path, dict(parameters)
        if "{}" in path:
            path = path.format(checked(sent.pop("id")))
        if "currency" in sent and not amounts.chargeable(sent.get("amount", 0), sent["currency"]):
            raise Refused(
                f"Stripe takes no such amount in {sent['currency'].upper()}: its last digit has to be 0.",
                code="parameter_invalid_integer",
                param="amount",
            )
        try:
            value, headers = await self.requests.ask(
                stripe_verb.method, path, sent, what=verb, credentials=credentials, seconds=seconds, key=key
            )
        except Refused as refusal:
            if stripe_verb.missing is not None and refusal.http_status == 404:
                return stripe_verb.missing(str(parameters["id"]))
            raise
        request_id = headers.get("Request-Id")
        replayed = headers.get("Idempotent-Replayed") == "true"
        answer = understood(lambda value: stripe_verb.read(value, request_id, replayed), value, request_id)
        if answer is None or (replayed and isinstance(answer, Snapshot)):
            # A kept answer is of an earlier moment; and a refund may come without its payment.
            payment_id = answer.payment_id if answer else identity(value.get("payment_intent"))
            try:
                fresh = await self.read(str(payment_id), credentials=credentials, seconds=seconds)
            except GatewayProblem as problem:
                if answer is None:
                    raise Unknown(f"done, but not to be read: {problem.message}", request_id=request_id) from None
            else:
                answer = replace(fresh, request_id=request_id, replayed=replayed)
        return answer

    async def read(
        self, payment_id: str, *, credentials: Credentials, seconds: float | None = None, closely: bool = False
    ) -> Snapshot:
        return await payments.read(self.requests, payment_id, credentials, seconds, closely=closely)

    async def find(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> Snapshot | None:
        return await payments.find(self.requests, metadata, credentials, since, seconds)

    async def close(self) -> None:
        """Let go of the connections of the running event loop."""
        await self.transports.close()
