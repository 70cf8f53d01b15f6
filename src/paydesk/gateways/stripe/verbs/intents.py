"""Verbs about payments. Source: Stripe, "PaymentIntents", its requests to create, update, confirm, cancel, capture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.stripe import amounts
from paydesk.gateways.stripe.reading.snapshots import snapshot
from paydesk.gateways.stripe.reading.values import Object
from paydesk.gateways.stripe.verbs.options import (
    AMEND_OPTIONS,
    HOLDABLE,
    OPEN_OPTIONS,
    method_options,
    shipping_option,
)
from paydesk.gateways.stripe.verbs.verb import StripeVerb, metadata_of, take

PATH: Final = "/v1/payment_intents"

EXPAND: Final = ("latest_charge", "payment_method")
"""Charge and method come along in the same answer, so no second request is needed to tell what happened."""

_DESCRIPTION = 1000

_PAYMENT = frozenset(
    (
        "amount_cents",
        "currency",
        "options",
        "receipt_email",
        "description",
        "shipping",
        "metadata",
        "setup_future_usage",
        "moto",
        "auto_payments",
    )
)


def _open(ask: Mapping[str, Any]) -> dict[str, Any]:
    options: Mapping[str, Any] = ask.get("options") or {}
    parameters: dict[str, Any] = {
        "amount": amounts.to_stripe(ask["amount_cents"], ask["currency"]),
        "currency": ask["currency"].lower(),
        "capture_method": "automatic" if ask["auto_payments"] else "manual",
    }
    if ask["auto_payments"]:
        parameters["automatic_payment_methods"] = {"enabled": True}
    else:
        parameters["allowed_payment_method_types"] = ["card"]
    take(parameters, options, OPEN_OPTIONS)
    _describe(parameters, ask, options)
    transfer = options.get("transfer_data")
    if isinstance(transfer, Mapping) and isinstance(transfer.get("destination"), str):
        parameters["transfer_data"] = {}
        take(parameters["transfer_data"], transfer, ("destination", "amount"))
    if "payment_method" in parameters:
        # An intent that has no method yet has no charge either: its answer is whole without any expansion.
        parameters["expand"] = list(EXPAND)
    return parameters


def _amend(ask: Mapping[str, Any]) -> dict[str, Any]:
    options: Mapping[str, Any] = ask.get("options") or {}
    parameters: dict[str, Any] = {"id": ask["payment_id"]}
    if ask.get("amount_cents") is not None:
        parameters["amount"] = amounts.to_stripe(ask["amount_cents"], ask["currency"])
    if ask.get("currency") is not None:
        parameters["currency"] = ask["currency"].lower()
    take(parameters, options, AMEND_OPTIONS)
    _describe(parameters, ask, options)
    if "receipt_email" in ask and ask["receipt_email"] is None:
        parameters["receipt_email"] = ""  # on the wire an empty text unsets what is there
    transfer = options.get("transfer_data")
    if isinstance(transfer, Mapping) and isinstance(transfer.get("amount"), int):
        parameters["transfer_data"] = {"amount": transfer["amount"]}
    parameters["expand"] = list(EXPAND)
    return parameters


def _adopt(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["payment_id"], "metadata": metadata_of(ask["metadata"], {}), "expand": list(EXPAND)}


def _confirm(ask: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"id": ask["payment_id"]}
    take(parameters, ask, ("payment_method", "return_url", "setup_future_usage"))
    if isinstance(ask.get("return_url"), Mapping):
        parameters["return_url"] = dict(ask["return_url"])
    if ask.get("off_session") is not None:
        parameters["off_session"] = bool(ask["off_session"])
    parameters["expand"] = list(EXPAND)
    return parameters


def _cancel(ask: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"id": ask["payment_id"]}
    if ask.get("reason") is not None:
        parameters["cancellation_reason"] = ask["reason"]
    parameters["expand"] = list(EXPAND)
    return parameters


def _capture(ask: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "id": ask["payment_id"],
        # Said even when it is all of it: what a repetition takes must not depend on what is capturable by then.
        "amount_to_capture": amounts.to_stripe(ask["amount_cents"], ask["currency"]),
    }
    if ask.get("final") is False:
        parameters["final_capture"] = False  # only an account with multicapture takes it, so the default is not said
    if ask.get("metadata"):
        parameters["metadata"] = metadata_of(ask["metadata"], {})
    parameters["expand"] = list(EXPAND)
    return parameters


def _describe(parameters: dict[str, Any], ask: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """What an intent that is opened and one that is amended have in common, apart from money."""
    if ask.get("receipt_email"):
        parameters["receipt_email"] = ask["receipt_email"]
    description = options.get("description") or ask.get("description")
    if isinstance(description, str):
        parameters["description"] = description[:_DESCRIPTION]
    usage = options.get("setup_future_usage") or ask.get("setup_future_usage")
    if isinstance(usage, str):
        parameters["setup_future_usage"] = usage
    shipping = shipping_of(ask.get("shipping")) or shipping_option(options.get("shipping"))
    if shipping is not None:
        parameters["shipping"] = shipping
    metadata = metadata_of(ask.get("metadata") or {}, options.get("metadata"), unsets="id" in parameters)
    if metadata:
        parameters["metadata"] = metadata
    by_method = method_options(options.get("payment_method_options"))
    if ask.get("auto_payments"):
        for method in HOLDABLE:
            by_method.setdefault(method, {})["capture_method"] = "manual"
    if ask.get("moto"):
        by_method.setdefault("card", {})["moto"] = True
    if by_method:
        parameters["payment_method_options"] = by_method


def shipping_of(ours: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An address of ours in Stripe's words; None when it lacks what Stripe insists on, the name and the first line."""
    if not ours or not ours.get("name") or not ours.get("line_1"):
        return None
    address = {
        "line1": ours["line_1"],
        "line2": ours.get("line_2"),
        "city": ours.get("city"),
        "postal_code": ours.get("zip_code"),
        "state": ours.get("state_code"),
        "country": ours.get("country_code"),
    }
    shipping: dict[str, Any] = {
        "name": ours["name"],
        "address": {name: value for name, value in address.items() if value},
    }
    if ours.get("phone"):
        shipping["phone"] = ours["phone"]
    return shipping


def _read(value: Object, request_id: str | None, replayed: bool) -> Snapshot:
    return snapshot(value, request_id=request_id, replayed=replayed)


VERBS: Final[Mapping[str, StripeVerb]] = {
    "open": StripeVerb(
        path=PATH,
        needs=frozenset(("amount_cents", "currency", "auto_payments")),
        takes=_PAYMENT,
        make=_open,
        read=_read,
    ),
    "amend": StripeVerb(path=f"{PATH}/{{}}", needs=frozenset(("payment_id",)), takes=_PAYMENT, make=_amend, read=_read),
    "adopt": StripeVerb(path=f"{PATH}/{{}}", needs=frozenset(("payment_id", "metadata")), make=_adopt, read=_read),
    "confirm": StripeVerb(
        path=f"{PATH}/{{}}/confirm",
        needs=frozenset(("payment_id",)),
        takes=frozenset(("payment_method", "off_session", "return_url", "setup_future_usage")),
        make=_confirm,
        read=_read,
    ),
    "cancel": StripeVerb(
        path=f"{PATH}/{{}}/cancel",
        needs=frozenset(("payment_id",)),
        takes=frozenset(("reason",)),
        make=_cancel,
        read=_read,
    ),
    "capture": StripeVerb(
        path=f"{PATH}/{{}}/capture",
        needs=frozenset(("payment_id", "amount_cents", "currency")),
        takes=frozenset(("metadata", "final")),
        make=_capture,
        read=_read,
    ),
}
