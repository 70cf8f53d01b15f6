"""Which of a client's `options` reach Stripe: they are copied name by name, so no other gets through.

Who may set which of them is decided before (`commerce`). The amount, the currency and the way of capturing are never
taken from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from paydesk.gateways.stripe.verbs.verb import take

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


def method_options(given: Any) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {}
    if not isinstance(given, Mapping):
        return options
    for method, allowed in METHOD_OPTIONS.items():
        theirs = given.get(method)
        if isinstance(theirs, Mapping):
            kept: dict[str, Any] = {}
            take(kept, theirs, sorted(allowed))
            if kept:
                options[method] = kept
    return options


def shipping_option(given: Any) -> dict[str, Any] | None:
    """A client's own `options.shipping`, which is in Stripe's words already, less what Stripe does not know."""
    if not isinstance(given, Mapping) or not isinstance(given.get("address"), Mapping) or not given.get("name"):
        return None
    shipping: dict[str, Any] = {}
    take(shipping, given, ("name", "phone", "carrier", "tracking_number"))
    address: dict[str, Any] = {}
    take(address, given["address"], ("line1", "line2", "city", "postal_code", "state", "country"))
    return {**shipping, "address": address} if shipping.get("name") and address else None
