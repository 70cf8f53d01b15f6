"""The fields of a request, put on an intent."""

from typing import Any

from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.objects import payment_method_kinds
from paydesk.sandbox.objects.payment_intents.methods import accepted


def allowed_types(call: Call, body: dict[str, Any], *, creating: bool) -> list[str] | None:
    """The payment method types that a request allows; None when it names none.

    An intent whose creation names none takes automatic payment methods, as since API version 2023-08-16.
    """
    params = call.params
    automatic = params.get("automatic_payment_methods")
    types = params.get("allowed_payment_method_types") or params.get("payment_method_types")
    name = "allowed_payment_method_types" if "allowed_payment_method_types" in params else "payment_method_types"
    if types is None:
        if creating:
            if automatic is None or automatic.get("enabled"):
                automatic = {"allow_redirects": (automatic or {}).get("allow_redirects", "always"), "enabled": True}
            body["automatic_payment_methods"] = automatic if automatic["enabled"] else None
        return None
    if automatic is not None and automatic.get("enabled"):
        raise invalid(f"You may only specify one of these parameters: automatic_payment_methods, {name}.", param=name)
    for kind in types:
        if kind not in payment_method_kinds.TYPES:
            raise payment_method_kinds.unsupported_type(kind, name)
    currency = body["currency"]
    for kind in types:
        if currency not in payment_method_kinds.CURRENCIES.get(kind, (currency,)):
            raise invalid(
                f"The currency provided ({currency}) is invalid for one or more payment method types on this "
                f"PaymentIntent: {kind}.",
                param="currency",
            )
    if name == "allowed_payment_method_types":
        body["allowed_payment_method_types"] = types
    return list(types)


def apply(call: Call, body: dict[str, Any], types: list[str] | None) -> None:
    """Put a request's plain fields on an intent."""
    params = call.params
    if types is not None:
        body["payment_method_types"] = types
    if "customer" in params:
        customer = params["customer"] or None
        if customer:
            call.get("customer", customer, "customer")
        body["customer"] = customer
    for name in (
        "description",
        "receipt_email",
        "setup_future_usage",
        "statement_descriptor_suffix",
        "transfer_group",
        "on_behalf_of",
        "customer_account",
        "excluded_payment_method_types",
    ):
        if name in params:
            body[name] = params[name] or None
    if "capture_method" in params:
        body["capture_method"] = params["capture_method"]
        refusing = [kind for kind in body["payment_method_types"] if kind not in payment_method_kinds.MANUAL_CAPTURE]
        if params["capture_method"] == "manual" and refusing and len(refusing) == len(body["payment_method_types"]):
            raise invalid(
                f"The following payment method types do not support manual capture: {', '.join(refusing)}.",
                param="capture_method",
            )
    if types is None and body["automatic_payment_methods"]:
        body["payment_method_types"] = list(accepted(body))
    if "confirmation_method" in params:
        body["confirmation_method"] = params["confirmation_method"]
    if "metadata" in params:
        body["metadata"] = merge_metadata(body["metadata"], params["metadata"])
    if "shipping" in params:
        body["shipping"] = _shipping(params["shipping"])
    if "payment_method_options" in params:
        body["payment_method_options"] = params["payment_method_options"] or {}
    if "statement_descriptor" in params:
        if params["statement_descriptor"] and set(body["payment_method_types"]) & {"card", "link"}:
            raise invalid(
                "The `statement_descriptor` parameter is not supported for the `card` payment method type. Use "
                "`statement_descriptor_suffix` instead.",
                param="statement_descriptor",
            )
        body["statement_descriptor"] = params["statement_descriptor"] or None
    suffix = body["statement_descriptor_suffix"]
    if suffix and "statement_descriptor_suffix" in params:
        _check_descriptor(suffix)
    if "application_fee_amount" in params:
        check_fee(call, body, params["application_fee_amount"])
        body["application_fee_amount"] = params["application_fee_amount"] or None
    if "transfer_data" in params:
        transfer = params["transfer_data"]
        body["transfer_data"] = {**(body["transfer_data"] or {}), **transfer} if transfer else None


def _check_descriptor(suffix: str) -> None:
    if len(suffix) > 22:
        raise invalid(
            "The statement descriptor suffix must be at most 22 characters.", param="statement_descriptor_suffix"
        )
    if not any(letter.isalpha() for letter in suffix):
        raise invalid(
            "The statement descriptor suffix must contain at least one letter.", param="statement_descriptor_suffix"
        )
    if set(suffix) & set("<>\\'\"*"):
        raise invalid(
            "The statement descriptor suffix must not contain any of these characters: < > \\ ' \" *",
            param="statement_descriptor_suffix",
        )


def check_fee(call: Call, body: dict[str, Any], fee: int | str) -> None:
    """An application fee needs a connected account to take it from."""
    if not fee:
        return
    assert isinstance(fee, int), "the parameter table lets nothing else through"
    if call.account.platform is None and not call.params.get("transfer_data") and not body["transfer_data"]:
        raise invalid(
            "Can only apply an application_fee when the PaymentIntent is attempting a direct payment (using an OAuth "
            "key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
            param="application_fee_amount",
        )
    if fee > body["amount"]:
        raise invalid("The application fee cannot be larger than the amount.", param="application_fee_amount")


def _shipping(shipping: dict[str, Any] | str) -> dict[str, Any] | None:
    if not isinstance(shipping, dict):
        return None
    address = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
    address.update({key: value or None for key, value in shipping.get("address", {}).items()})
    plain = {"carrier": None, "name": None, "phone": None, "tracking_number": None}
    plain.update({key: value or None for key, value in shipping.items() if key != "address"})
    return {"address": address, **plain}
