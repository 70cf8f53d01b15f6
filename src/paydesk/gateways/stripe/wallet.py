"""What Stripe keeps of customers: the port's wallet."""

from __future__ import annotations

from collections.abc import Mapping

from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.wallet import CustomerAnswer, Instrument, Setup
from paydesk.gateways.stripe.failures import understood
from paydesk.gateways.stripe.reading.instruments import customer, instrument, setup
from paydesk.gateways.stripe.requests import Requests, checked


class StripeWallet:
    """Customers and their payment methods."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def read_instrument(
        self, payment_method_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> Instrument:
        answer, headers = await self._requests.ask(
            "get",
            f"/v1/payment_methods/{checked(payment_method_id)}",
            {},
            what="read_instrument",
            credentials=credentials,
            seconds=seconds,
        )
        request_id = headers.get("Request-Id")
        return understood(lambda value: instrument(value, request_id), answer, request_id)

    async def read_setup(self, setup_id: str, *, credentials: Credentials, seconds: float | None = None) -> Setup:
        answer, headers = await self._requests.ask(
            "get",
            f"/v1/setup_intents/{checked(setup_id)}",
            {},
            what="read_setup",
            credentials=credentials,
            seconds=seconds,
        )
        request_id = headers.get("Request-Id")
        return understood(lambda value: setup(value, request_id), answer, request_id)

    async def find_customer(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> CustomerAnswer | None:
        found = await self._requests.bearing("/v1/customers", metadata, credentials, since, seconds)
        if not found:
            return None
        return customer(min(found, key=lambda one: (one.get("created") or 0, one["id"])))
