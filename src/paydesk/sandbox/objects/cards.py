"""The test cards: the behavior of each number, and the `pm_card_*` ids that stand for them.

Sources: Stripe, "Testing" (card tables) and "3D Secure authentication" (test cards); stripe.md §12. Where a card has
short and long ids in public code, both are taken.
"""

from dataclasses import dataclass
from typing import Literal

from paydesk.sandbox.core.errors import StripeError, card_error


@dataclass(frozen=True, slots=True)
class Decline:
    """The refusal of an issuer, or of Stripe itself."""

    code: str
    message: str
    decline_code: str | None = None
    param: str | None = None
    advice: str | None = None
    network_code: str | None = None
    blocked: bool = False

    def error(self) -> StripeError:
        """The decline as a 402, before objects are added to it."""
        more = {}
        if self.advice:
            more["advice_code"] = self.advice
        if self.network_code:
            more["network_decline_code"] = self.network_code
        return card_error(self.message, code=self.code, decline_code=self.decline_code, param=self.param, **more)


def _declined(
    decline_code: str, message: str = "Your card was declined.", advice: str = "try_again_later", network: str = "01"
) -> Decline:
    return Decline("card_declined", message, decline_code, advice=advice, network_code=network)


GENERIC = _declined("generic_decline")
INSUFFICIENT_FUNDS = _declined("insufficient_funds", "Your card has insufficient funds.", network="51")
LOST = _declined("lost_card", advice="do_not_try_again", network="41")
STOLEN = _declined("stolen_card", advice="do_not_try_again", network="43")
EXPIRED = Decline(
    "expired_card", "Your card has expired.", param="exp_month", advice="do_not_try_again", network_code="54"
)
INCORRECT_CVC = Decline("incorrect_cvc", "Your card's security code is incorrect.", param="cvc", network_code="82")
PROCESSING = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    advice="try_again_later",
)
VELOCITY = _declined(
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    network="65",
)
FRAUDULENT = Decline("card_declined", "Your card was declined.", "fraudulent", advice="do_not_try_again", blocked=True)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
    advice="confirm_card_data",
    network_code="1A",
)
LIVE_CARD = Decline(
    "card_declined",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test "
    "cards, visit: https://stripe.com/docs/testing.",
    "test_mode_live_card",
)

ThreeDSecure = Literal["optional", "required", "on_session", "unless_set_up", "unsupported"]


@dataclass(frozen=True, slots=True)
class Card:
    """One test number.

    three_d_secure  optional       asked for only when the request demands it
                    required       always
                    on_session     unless the customer is absent: works as if it had been set up
                    unless_set_up  until it was set up or paid with once under authentication
                    unsupported    never
    charging_only   the decline comes when money moves, not when the card is attached or set up
    """

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    charging_only: bool = False
    three_d_secure: ThreeDSecure = "optional"
    cvc_check: str = "pass"
    postal_code_check: str = "pass"
    line1_check: str = "pass"
    risk_level: str = "normal"
    review: bool = False
    dispute: str | None = None
    fraud_warning: bool = False
    refund: Literal["succeeds", "pending", "fails"] = "succeeds"


_BY_COUNTRY = {
    "AR": "4000000320000021",
    "AT": "4000000400000008",
    "AU": "4000000360000006",
    "BE": "4000000560000004",
    "BR": "4000000760000002",
    "CA": "4000001240000000",
    "CH": "4000007560000009",
    "CN": "4000001560000002",
    "CZ": "4000002030000002",
    "DE": "4000002760000016",
    "DK": "4000002080000001",
    "ES": "4000007240000007",
    "FI": "4000002460000001",
    "FR": "4000002500000003",
    "GB": "4000008260000000",
    "GR": "4000003000000030",
    "HK": "4000003440000004",
    "IE": "4000003720000005",
    "IN": "4000003560000008",
    "IT": "4000003800000008",
    "JP": "4000003920000003",
    "LU": "4000004420000006",
    "MX": "4000004840008001",
    "NL": "4000005280000002",
    "NO": "4000005780000007",
    "NZ": "4000005540000008",
    "PL": "4000006160000005",
    "PT": "4000006200000007",
    "SE": "4000007520000008",
    "SG": "4000007020000003",
}

CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242"),
        Card("4000056655665556", funding="debit"),
        Card("5555555555554444", "mastercard"),
        Card("2223003122003222", "mastercard"),
        Card("5200828282828210", "mastercard", "debit"),
        Card("5105105105105100", "mastercard", "prepaid"),
        Card("378282246310005", "amex", three_d_secure="unsupported"),
        Card("371449635398431", "amex"),
        Card("6011111111111117", "discover"),
        Card("6011000990139424", "discover"),
        Card("6011981111111113", "discover", "debit"),
        Card("3056930009020004", "diners"),
        Card("36227206271667", "diners"),
        Card("3566002020360505", "jcb", country="JP"),
        Card("6200000000000005", "unionpay", country="CN"),
        Card("6200000000000047", "unionpay", "debit", "CN"),
        Card("6555900000604105", "discover"),
        *(Card(number, country=country) for country, number in _BY_COUNTRY.items()),
        # Declines
        Card("4000000000000002", decline=GENERIC),
        Card("4000000000009995", decline=INSUFFICIENT_FUNDS),
        Card("4000000000009987", decline=LOST),
        Card("4000000000009979", decline=STOLEN),
        Card("4000000000000069", decline=EXPIRED),
        Card("4000000000000127", decline=INCORRECT_CVC, cvc_check="fail"),
        Card("4000000000000119", decline=PROCESSING),
        Card("4000000000006975", decline=VELOCITY),
        Card("4000000000000341", decline=GENERIC, charging_only=True),
        Card("4100000000000019", decline=FRAUDULENT, charging_only=True, risk_level="highest"),
        Card("4000000000004954", risk_level="highest"),
        Card("4000000000009235", risk_level="elevated", review=True),
        # Checks
        Card("4000000000000101", cvc_check="fail"),
        Card("4000000000000036", postal_code_check="fail"),
        Card("4000000000000028", line1_check="fail"),
        Card("4000000000000010", line1_check="fail", postal_code_check="fail"),
        Card("4000000000000044", line1_check="unavailable", postal_code_check="unavailable"),
        # 3-D Secure
        Card("4000002500003155", three_d_secure="unless_set_up"),
        Card("4000002760003184", three_d_secure="required"),
        Card("4000003800000446", three_d_secure="on_session"),
        Card("4000008260003178", three_d_secure="required", decline=INSUFFICIENT_FUNDS, charging_only=True),
        Card("4000000000003220", three_d_secure="required"),
        Card("4000000000003063", three_d_secure="required"),
        Card("4000000000003055"),
        Card("4000008400001629", three_d_secure="required", decline=GENERIC, charging_only=True),
        # After the payment
        Card("4000000000000259", dispute="fraudulent"),
        Card("4000000000002685", dispute="product_not_received"),
        Card("4000000000001976", dispute="inquiry"),
        Card("4000000000005423", fraud_warning=True),
        Card("4000000000007726", refund="pending"),
        Card("4000000000005126", refund="fails"),
        Card("4000000000000077"),
        Card("4000003720000278"),
    )
}
"""Every test number."""

_IDS = {
    "visa": "4242424242424242",
    "us": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210",
    "mastercard_prepaid": "5105105105105100",
    "amex": "378282246310005",
    "amex_threeDSecureNotSupported": "378282246310005",
    "discover": "6011111111111117",
    "diners": "3056930009020004",
    "jcb": "3566002020360505",
    "unionpay": "6200000000000005",
    "chargeDeclined": "4000000000000002",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedLostCard": "4000000000009987",
    "chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "chargeDeclinedFraudulent": "4100000000000019",
    "chargeCustomerFail": "4000000000000341",
    "authenticationRequiredOnSetup": "4000002500003155",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredSetupForOffSession": "4000003800000446",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "threeDSecure2Required": "4000000000003220",
    "threeDSecureRequired": "4000000000003063",
    "threeDSecureOptional": "4000000000003055",
    "threeDSecureRequiredChargeDeclined": "4000008400001629",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
    "createIssuerFraudRecord": "4000000000005423",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
    "bypassPending": "4000000000000077",
    "cvcCheckFail": "4000000000000101",
    "avsZipFail": "4000000000000036",
    "avsLine1Fail": "4000000000000028",
    "avsFail": "4000000000000010",
    "avsUnchecked": "4000000000000044",
    "riskLevelElevated": "4000000000009235",
    "riskLevelHighest": "4000000000004954",
    "radarBlock": "4100000000000019",
    **{country.lower(): number for country, number in _BY_COUNTRY.items()},
}


def by_id(identifier: str) -> Card | None:
    """The card a `pm_card_*` id stands for; `pm_card_visa_chargeDeclined` is `pm_card_chargeDeclined`."""
    name = identifier.removeprefix("pm_card_")
    if name == identifier:
        return None
    number = _IDS.get(name) or _IDS.get(name.removeprefix("visa_"))
    return CARDS[number] if number else None


def passes_luhn(number: str) -> bool:
    """The check digit of a card number."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def by_number(number: str) -> Card:
    """The card with that number.

    raises   StripeError 402: incorrect_number, or card_declined for a number that is no test card
    """
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isascii() or not digits.isdigit() or not 12 <= len(digits) <= 19 or not passes_luhn(digits):
        raise card_error("Your card number is incorrect.", code="incorrect_number", param="number")
    card = CARDS.get(digits)
    if card is None:
        raise LIVE_CARD.error()
    return card
