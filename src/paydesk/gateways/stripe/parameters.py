"""From what paydesk asks to the parameters Stripe takes: the one place that knows their names.

Pure functions: the same ask makes the same parameters on every day and every machine, since Stripe compares them when a
key is used again (Stripe, "Idempotent requests"). Every name stands in the SDK's own types; a test holds that. A
client's `options` are copied name by name, so nothing gets through that is not written here. Who may set which of them
is decided before (`commerce`); the amount, the currency and the way of capturing are never taken from them.

`id` is the one entry that is not a parameter: it is the object in the request's path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from paydesk.gateways.port.snapshots import as_text
from paydesk.gateways.port.verbs import METADATA_KEYS, METADATA_VALUE, MOST_METADATA
from paydesk.gateways.stripe import amounts

# The API version is the one these parameters were written for: that of the SDK's release.
API_VERSION: Final = "2026-10-28.endive"

_DESCRIPTION = 1000

# Charge and method come along in the same answer, so no second request is needed to tell what happened.
ACCOUNT: Final = "paydesk_account"
"""The metadata of a webhook endpoint that names the connected account it is for: Stripe itself does not tell."""

EXPAND: Final = ("latest_charge", "payment_method")

# Stripe, "Webhook endpoints": each has its effect in `commerce`, most of them the same one: read the payment again.
EVENTS: Final = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.partially_funded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "charge.captured",
    "charge.expired",
    "charge.failed",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "review.closed",
    "review.opened",
    "radar.early_fraud_warning.created",
    "customer.deleted",
    "payment_method.attached",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "payment_method.updated",
    "setup_intent.setup_failed",
    "setup_intent.succeeded",
    "account.application.deauthorized",
)

SELF_TEST: Final = "paydesk.self_test"
"""The type of an event of our own, by which it is seen whether one gets to the door. Stripe has no such type."""

# Options that are handed on as they come, when an intent is opened and when it is amended.
OPEN_OPTIONS: Final = (
    "customer",
    "payment_method",
    "statement_descriptor_suffix",
    "on_behalf_of",
    "transfer_group",
    "application_fee_amount",
)
AMEND_OPTIONS: Final = (
    "customer",
    "payment_method",
    "statement_descriptor_suffix",
    "transfer_group",
    "application_fee_amount",
)

# Of `options.payment_method_options`, method by method. Left out: `moto` (it spares the customer's authentication, so
# the merchant's payment method says it), `capture_method` (ours), what carries card data of its own (`cvc_token`,
# `three_d_secure`), and what has names within names (`installments`, `mandate_options`).
METHOD_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "acss_debit": frozenset(("setup_future_usage", "target_date", "verification_method")),
    "affirm": frozenset(("preferred_locale", "setup_future_usage")),
    "afterpay_clearpay": frozenset(("reference", "setup_future_usage")),
    "amazon_pay": frozenset(("setup_future_usage",)),
    "bancontact": frozenset(("preferred_language", "setup_future_usage")),
    "boleto": frozenset(("expires_after_days", "setup_future_usage")),
    "card": frozenset(
        (
            "network",
            "request_extended_authorization",
            "request_incremental_authorization",
            "request_multicapture",
            "request_overcapture",
            "request_three_d_secure",
            "require_cvc_recollection",
            "setup_future_usage",
            "statement_descriptor_suffix_kana",
            "statement_descriptor_suffix_kanji",
        )
    ),
    "cashapp": frozenset(("setup_future_usage",)),
    "ideal": frozenset(("setup_future_usage",)),
    "klarna": frozenset(("preferred_locale", "setup_future_usage")),
    "konbini": frozenset(
        ("confirmation_number", "expires_after_days", "expires_at", "product_description", "setup_future_usage")
    ),
    "link": frozenset(("setup_future_usage",)),
    "oxxo": frozenset(("expires_after_days", "setup_future_usage")),
    "p24": frozenset(("setup_future_usage", "tos_shown_and_accepted")),
    "paypal": frozenset(("preferred_locale", "reference", "setup_future_usage")),
    "revolut_pay": frozenset(("setup_future_usage",)),
    "sepa_debit": frozenset(("setup_future_usage", "target_date")),
    "us_bank_account": frozenset(("setup_future_usage", "target_date", "verification_method")),
    "wechat_pay": frozenset(("app_id", "client", "setup_future_usage")),
}

HOLDABLE: Final = (
    "affirm",
    "afterpay_clearpay",
    "alma",
    "amazon_pay",
    "billie",
    "card",
    "cashapp",
    "kakao_pay",
    "klarna",
    "kr_card",
    "link",
    "mobilepay",
    "naver_pay",
    "payco",
    "paypal",
    "revolut_pay",
    "samsung_pay",
    "satispay",
    "scalapay",
    "sequra",
    "sunbit",
)
"""The methods whose `payment_method_options` take `capture_method: manual`: what they authorize is captured later. An
intent that asks for manual capture as a whole hides every other method (iDEAL, Bancontact, SEPA, EPS, P24, ...).
"""

# What each verb may be asked, and what it must be.
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
_ASKS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "open": (_PAYMENT, frozenset(("amount_cents", "currency", "auto_payments"))),
    "amend": (_PAYMENT | {"payment_id"}, frozenset(("payment_id",))),
    "adopt": (frozenset(("payment_id", "metadata")), frozenset(("payment_id", "metadata"))),
    "confirm": (
        frozenset(("payment_id", "payment_method", "off_session", "return_url", "setup_future_usage")),
        frozenset(("payment_id",)),
    ),
    "cancel": (frozenset(("payment_id", "reason")), frozenset(("payment_id",))),
    "capture": (
        frozenset(("payment_id", "amount_cents", "currency", "metadata", "final")),
        frozenset(("payment_id", "amount_cents", "currency")),
    ),
    "refund": (
        frozenset(
            (
                "payment_id",
                "amount_cents",
                "currency",
                "reason",
                "metadata",
                "reverse_transfer",
                "refund_application_fee",
            )
        ),
        frozenset(("payment_id", "amount_cents", "currency")),
    ),
    "register": (
        frozenset(("url", "gateway_id", "installation", "account")),
        frozenset(("url", "gateway_id", "installation")),
    ),
    "move_endpoint": (frozenset(("endpoint_id", "url")), frozenset(("endpoint_id", "url"))),
    "unregister": (frozenset(("endpoint_id",)), frozenset(("endpoint_id",))),
    "create_customer": (frozenset(("email", "name", "phone", "metadata")), frozenset()),
    "attach": (frozenset(("payment_method_id", "customer")), frozenset(("payment_method_id", "customer"))),
    "detach": (frozenset(("payment_method_id",)), frozenset(("payment_method_id",))),
}


def parameters(verb: str, ask: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `verb`, as `port.Gateway.parameters` has them. JSON values only.

    raises  ValueError for an unknown verb or key, KeyError for a missing key, UnknownCurrency
    """
    if verb not in _ASKS:
        raise ValueError(f"no such verb: {verb}")
    known, needed = _ASKS[verb]
    if not known.issuperset(ask):
        raise ValueError(f"{verb} is not asked with {', '.join(sorted(set(ask) - known))}")
    for name in needed:
        if ask[name] is None:
            raise KeyError(name)
    return _MAKERS[verb](ask)


def _open(ask: Mapping[str, Any]) -> dict[str, Any]:
    options: Mapping[str, Any] = ask.get("options") or {}
    made: dict[str, Any] = {
        "amount": amounts.to_stripe(ask["amount_cents"], ask["currency"]),
        "currency": ask["currency"].lower(),
        "capture_method": "automatic" if ask["auto_payments"] else "manual",
    }
    if ask["auto_payments"]:
        made["automatic_payment_methods"] = {"enabled": True}
    else:
        made["allowed_payment_method_types"] = ["card"]
    _take(made, options, OPEN_OPTIONS)
    _describe(made, ask, options)
    transfer = options.get("transfer_data")
    if isinstance(transfer, Mapping) and isinstance(transfer.get("destination"), str):
        made["transfer_data"] = {}
        _take(made["transfer_data"], transfer, ("destination", "amount"))
    if "payment_method" in made:
        # An intent that has no method yet has no charge either: its answer is whole without any expansion.
        made["expand"] = list(EXPAND)
    return made


def _amend(ask: Mapping[str, Any]) -> dict[str, Any]:
    options: Mapping[str, Any] = ask.get("options") or {}
    made: dict[str, Any] = {"id": ask["payment_id"]}
    if ask.get("amount_cents") is not None:
        made["amount"] = amounts.to_stripe(ask["amount_cents"], ask["currency"])
    if ask.get("currency") is not None:
        made["currency"] = ask["currency"].lower()
    _take(made, options, AMEND_OPTIONS)
    _describe(made, ask, options)
    if "receipt_email" in ask and ask["receipt_email"] is None:
        made["receipt_email"] = ""  # on the wire an empty text unsets what is there
    transfer = options.get("transfer_data")
    if isinstance(transfer, Mapping) and isinstance(transfer.get("amount"), int):
        made["transfer_data"] = {"amount": transfer["amount"]}
    made["expand"] = list(EXPAND)
    return made


def _adopt(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["payment_id"], "metadata": _metadata(ask["metadata"], {}), "expand": list(EXPAND)}


def _confirm(ask: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": ask["payment_id"]}
    _take(made, ask, ("payment_method", "return_url", "setup_future_usage"))
    if isinstance(ask.get("return_url"), Mapping):
        made["return_url"] = dict(ask["return_url"])
    if ask.get("off_session") is not None:
        made["off_session"] = bool(ask["off_session"])
    made["expand"] = list(EXPAND)
    return made


def _cancel(ask: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": ask["payment_id"]}
    if ask.get("reason") is not None:
        made["cancellation_reason"] = ask["reason"]
    made["expand"] = list(EXPAND)
    return made


def _capture(ask: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": ask["payment_id"],
        # Said even when it is all of it: what a repetition takes must not depend on what is capturable by then.
        "amount_to_capture": amounts.to_stripe(ask["amount_cents"], ask["currency"]),
    }
    if ask.get("final") is False:
        made["final_capture"] = False  # only an account with multicapture takes it, so the default is not said
    if ask.get("metadata"):
        made["metadata"] = _metadata(ask["metadata"], {})
    made["expand"] = list(EXPAND)
    return made


def _refund(ask: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "payment_intent": ask["payment_id"],
        "amount": amounts.to_stripe(ask["amount_cents"], ask["currency"]),
    }
    if ask.get("reason") is not None:
        made["reason"] = ask["reason"]
    for name in ("reverse_transfer", "refund_application_fee"):
        if ask.get(name):
            made[name] = True
    if ask.get("metadata"):
        made["metadata"] = _metadata(ask["metadata"], {})
    made["expand"] = [
        "payment_intent",
        "payment_intent.latest_charge",
        "payment_intent.payment_method",
    ]
    return made


def _register(ask: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "url": ask["url"],
        "enabled_events": list(EVENTS),
        "api_version": API_VERSION,
        "description": "paydesk",
        "metadata": {"paydesk_gateway": ask["gateway_id"], "paydesk_installation": ask["installation"]},
    }
    if ask.get("account"):
        # The platform's own endpoint, which hears of all its connected accounts.
        made["connect"] = True
        made["metadata"][ACCOUNT] = ask["account"]
    return made


def _move_endpoint(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["endpoint_id"], "url": ask["url"], "enabled_events": list(EVENTS), "disabled": False}


def _unregister(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["endpoint_id"]}


def _create_customer(ask: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    _take(made, ask, ("email", "name", "phone"))
    if ask.get("metadata"):
        made["metadata"] = _metadata(ask["metadata"], {})
    return made


def _attach(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["payment_method_id"], "customer": ask["customer"]}


def _detach(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["payment_method_id"]}


_MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "open": _open,
    "amend": _amend,
    "adopt": _adopt,
    "confirm": _confirm,
    "cancel": _cancel,
    "capture": _capture,
    "refund": _refund,
    "register": _register,
    "move_endpoint": _move_endpoint,
    "unregister": _unregister,
    "create_customer": _create_customer,
    "attach": _attach,
    "detach": _detach,
}


def _take(made: dict[str, Any], given: Mapping[str, Any], names: Iterable[str]) -> None:
    """Copy what is given under these names, single values only: an object would bring names of its own."""
    for name in names:
        value = given.get(name)
        if isinstance(value, str | int):
            made[name] = value


def _describe(made: dict[str, Any], ask: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """What an intent that is opened and one that is amended have in common, apart from money."""
    if ask.get("receipt_email"):
        made["receipt_email"] = ask["receipt_email"]
    description = options.get("description") or ask.get("description")
    if isinstance(description, str):
        made["description"] = description[:_DESCRIPTION]
    usage = options.get("setup_future_usage") or ask.get("setup_future_usage")
    if isinstance(usage, str):
        made["setup_future_usage"] = usage
    shipping = _shipping(ask.get("shipping")) or _stripe_shipping(options.get("shipping"))
    if shipping is not None:
        made["shipping"] = shipping
    metadata = _metadata(ask.get("metadata") or {}, options.get("metadata"), unsets="id" in made)
    if metadata:
        made["metadata"] = metadata
    by_method = _method_options(options.get("payment_method_options"))
    if ask.get("auto_payments"):
        for method in HOLDABLE:
            by_method.setdefault(method, {})["capture_method"] = "manual"
    if ask.get("moto"):
        by_method.setdefault("card", {})["moto"] = True
    if by_method:
        made["payment_method_options"] = by_method


def _shipping(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An address of ours in Stripe's words; None when it lacks what Stripe insists on, the name and the first line."""
    if not given or not given.get("name") or not given.get("line_1"):
        return None
    address = {
        "line1": given["line_1"],
        "line2": given.get("line_2"),
        "city": given.get("city"),
        "postal_code": given.get("zip_code"),
        "state": given.get("state_code"),
        "country": given.get("country_code"),
    }
    made: dict[str, Any] = {
        "name": given["name"],
        "address": {name: value for name, value in address.items() if value},
    }
    if given.get("phone"):
        made["phone"] = given["phone"]
    return made


def _stripe_shipping(given: Any) -> dict[str, Any] | None:
    """A client's own `options.shipping`, which is in Stripe's words already, less what Stripe does not know."""
    if not isinstance(given, Mapping) or not isinstance(given.get("address"), Mapping) or not given.get("name"):
        return None
    made: dict[str, Any] = {}
    _take(made, given, ("name", "phone", "carrier", "tracking_number"))
    address: dict[str, Any] = {}
    _take(address, given["address"], ("line1", "line2", "city", "postal_code", "state", "country"))
    return {**made, "address": address} if made.get("name") and address else None


def _metadata(ours: Mapping[str, Any], theirs: Any, *, unsets: bool = False) -> dict[str, str]:
    """Our keys first and always, then theirs: a null unsets a key of an intent that is there.

    What Stripe could not take is refused where it is entered. Payments that the first release stored may have such
    options still, and are amended without them, as they were before.
    """
    made = {str(key): str(value)[:METADATA_VALUE] for key, value in ours.items() if value is not None}
    if not isinstance(theirs, Mapping):
        return made
    unset: dict[str, str] = {}
    for key, value in theirs.items():
        if key in made or isinstance(value, Mapping | list):
            continue
        if value in (None, ""):
            unset[key] = ""
        elif len(made) < MOST_METADATA and 0 < len(key) <= METADATA_KEYS and "[" not in key and "]" not in key:
            made[key] = as_text(value)[:METADATA_VALUE]
    return {**made, **unset} if unsets else made


def _method_options(given: Any) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    if not isinstance(given, Mapping):
        return made
    for method, allowed in METHOD_OPTIONS.items():
        asked = given.get(method)
        if isinstance(asked, Mapping):
            kept: dict[str, Any] = {}
            _take(kept, asked, sorted(allowed))
            if kept:
                made[method] = kept
    return made
