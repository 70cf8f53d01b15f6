"""Verbs about customers and their payment methods. Source: Stripe, "Customers", "Payment Methods"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from paydesk.gateways.port.wallet import CustomerAnswer, Instrument
from paydesk.gateways.stripe.reading.instruments import customer, instrument
from paydesk.gateways.stripe.reading.values import Object
from paydesk.gateways.stripe.verbs.verb import StripeVerb, metadata_of, take


def _create_customer(ask: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    take(parameters, ask, ("email", "name", "phone"))
    if ask.get("metadata"):
        parameters["metadata"] = metadata_of(ask["metadata"], {})
    return parameters


def _attach(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["payment_method_id"], "customer": ask["customer"]}


def _detach(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["payment_method_id"]}


def _customer(value: Object, request_id: str | None, replayed: bool) -> CustomerAnswer:
    return customer(value, request_id)


def _instrument(value: Object, request_id: str | None, replayed: bool) -> Instrument:
    return instrument(value, request_id)


VERBS: Final[Mapping[str, StripeVerb]] = {
    "create_customer": StripeVerb(
        path="/v1/customers",
        needs=frozenset(),
        takes=frozenset(("email", "name", "phone", "metadata")),
        make=_create_customer,
        read=_customer,
    ),
    "attach": StripeVerb(
        path="/v1/payment_methods/{}/attach",
        needs=frozenset(("payment_method_id", "customer")),
        make=_attach,
        read=_instrument,
    ),
    "detach": StripeVerb(
        path="/v1/payment_methods/{}/detach",
        needs=frozenset(("payment_method_id",)),
        make=_detach,
        read=_instrument,
    ),
}
