"""The kinds of payment methods that the sandbox has, and what each can do."""

from __future__ import annotations

from paydesk.sandbox.core.errors import StripeError, invalid

REDIRECTING = ("bancontact", "eps", "ideal", "klarna", "p24", "paypal")
"""Kinds whose customer is sent to a page to agree; in the sandbox that page is its own."""


TYPES = ("card", "link", "sepa_debit", *REDIRECTING)
"""The kinds that the sandbox has; `link` is listed beside cards as Stripe lists it, and cannot be made."""


MANUAL_CAPTURE = ("card", "link", "klarna", "paypal")
"""Kinds whose money can be held; the others are captured at once."""


CURRENCIES = {
    "bancontact": ("eur",),
    "eps": ("eur",),
    "ideal": ("eur",),
    "p24": ("eur", "pln"),
    "sepa_debit": ("eur",),
}
"""The currencies of the kinds that take only some (Stripe, "Payment method support")."""


SEPA_ACCOUNTS = {
    "3000": ("succeeds", 0),
    "3003": ("succeeds", 180),
    "3001": ("fails", 0),
    "3004": ("fails", 180),
    "3002": ("disputed", 0),
}
"""Last four digits of Stripe's German test IBANs (DE89370400440532013000, ...) → what happens, after what seconds."""


def unsupported_type(kind: str, param: str) -> StripeError:
    """Stripe's refusal of a kind that is not activated; in the sandbox all kinds of `TYPES` are."""
    return invalid(
        f'The payment method type "{kind}" is invalid. Please ensure the provided type is activated in your dashboard '
        "(https://dashboard.stripe.com/account/payments/settings) and your account is enabled for any preview "
        "features that you are trying to use. See "
        "https://stripe.com/docs/payments/payment-methods/integration-options for supported payment method, currency, "
        "and country combinations.",
        code="payment_intent_invalid_parameter",
        param=param,
    )
