"""PaymentIntents: created, changed, confirmed, authenticated, captured, canceled.

Every move between the seven states is made here. Source: stripe.md §2 to §4, §12; Stripe, "The Payment Intents API",
"How PaymentIntents and SetupIntents work", "Place a hold".
"""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.currencies import check_amount, check_currency, check_digits, check_positive
from paydesk.sandbox.core.errors import StripeError, card_error, doc_url, invalid, unexpected_state
from paydesk.sandbox.core.ids import new_id, token
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merged
from paydesk.sandbox.core.search import searched
from paydesk.sandbox.objects import cards, charges, disputes, payment_methods, refunds, reviews
from paydesk.sandbox.objects.cards import Decline
from paydesk.sandbox.objects.confirmation_tokens import taken
from paydesk.sandbox.objects.next_action import demands, next_action

CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")

_AMOUNT_FIELDS = (
    "amount",
    "currency",
    "customer",
    "payment_method",
    "payment_method_data",
    "confirmation_token",
    "setup_future_usage",
    "capture_method",
    "payment_method_types",
    "allowed_payment_method_types",
    "payment_method_options",
    "application_fee_amount",
    "transfer_data",
)
"""What an intent no longer takes once it is authorized."""

_ONLY_WITH_CONFIRM = (
    "off_session",
    "return_url",
    "error_on_requires_action",
    "mandate",
    "mandate_data",
    "use_stripe_sdk",
)

# fmt: off
REDUCED = (
    "id", "object", "amount", "automatic_payment_methods", "canceled_at", "cancellation_reason", "capture_method",
    "client_secret", "confirmation_method", "created", "currency", "description", "last_payment_error", "livemode",
    "next_action", "payment_method", "payment_method_types", "processing", "receipt_email", "setup_future_usage",
    "shipping", "status",
)
# fmt: on
"""What a browser sees of an intent (stripe.md §13)."""


def blank(identifier_secret: str, now: int, amount: int, currency: str) -> dict[str, Any]:
    """A new intent's body with every key, without its id."""
    return {
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": identifier_secret,
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def create(call: Call) -> Record:
    """POST /v1/payment_intents"""
    params = call.params
    currency = check_currency(params["currency"])
    amount = params["amount"]
    check_amount(amount, currency)
    confirm = params.get("confirm", False)
    if not confirm:
        for name in _ONLY_WITH_CONFIRM:
            if name in params and name != "use_stripe_sdk":
                raise invalid(f"You can only set `{name}` when `confirm` is `true`.", param=name)
    identifier = new_id("pi")
    body = blank(f"{identifier}_secret_{token(25)}", call.now, amount, currency)
    types = _types(call, body, creating=True)
    _apply(call, body, types)
    intent = call.add_as("payment_intent", identifier, body)
    call.emit("payment_intent.created", intent)
    _choose_method(call, intent)
    if confirm:
        return _confirm(call, intent)
    return intent


def _types(call: Call, body: dict[str, Any], *, creating: bool) -> list[str] | None:
    """The payment method types a request allows; None when it says nothing.

    An intent whose creation names none takes automatic payment methods, as since API version 2023-08-16.
    """
    params = call.params
    automatic = params.get("automatic_payment_methods")
    given = params.get("allowed_payment_method_types") or params.get("payment_method_types")
    name = "allowed_payment_method_types" if "allowed_payment_method_types" in params else "payment_method_types"
    if given is None:
        if creating:
            if automatic is None or automatic.get("enabled"):
                automatic = {"allow_redirects": (automatic or {}).get("allow_redirects", "always"), "enabled": True}
            body["automatic_payment_methods"] = automatic if automatic["enabled"] else None
        return None
    if automatic is not None and automatic.get("enabled"):
        raise invalid(f"You may only specify one of these parameters: automatic_payment_methods, {name}.", param=name)
    for kind in given:
        if kind not in payment_methods.TYPES:
            raise payment_methods.unplayed(kind, name)
    currency = body["currency"]
    for kind in given:
        if currency not in payment_methods.CURRENCIES.get(kind, (currency,)):
            raise invalid(
                f"The currency provided ({currency}) is invalid for one or more payment method types on this "
                f"PaymentIntent: {kind}.",
                param="currency",
            )
    if name == "allowed_payment_method_types":
        body["allowed_payment_method_types"] = given
    return list(given)


def _apply(call: Call, body: dict[str, Any], types: list[str] | None) -> None:
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
        refusing = [kind for kind in body["payment_method_types"] if kind not in payment_methods.MANUAL_CAPTURE]
        if params["capture_method"] == "manual" and refusing and len(refusing) == len(body["payment_method_types"]):
            raise invalid(
                f"The following payment method types do not support manual capture: {', '.join(refusing)}.",
                param="capture_method",
            )
    if types is None and body["automatic_payment_methods"]:
        body["payment_method_types"] = list(_accepted(body))
    if "confirmation_method" in params:
        body["confirmation_method"] = params["confirmation_method"]
    if "metadata" in params:
        body["metadata"] = merged(body["metadata"], params["metadata"])
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
        _check_fee(call, body, params["application_fee_amount"])
        body["application_fee_amount"] = params["application_fee_amount"] or None
    if "transfer_data" in params:
        given = params["transfer_data"] or None
        old = body["transfer_data"]
        body["transfer_data"] = {**(old or {}), **given} if given else None


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


def _check_fee(call: Call, body: dict[str, Any], fee: int | str) -> None:
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


def _shipping(given: dict[str, Any] | str) -> dict[str, Any] | None:
    if not isinstance(given, dict):
        return None
    address = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
    address.update({key: value or None for key, value in given.get("address", {}).items()})
    plain = {"carrier": None, "name": None, "phone": None, "tracking_number": None}
    plain.update({key: value or None for key, value in given.items() if key != "address"})
    return {"address": address, **plain}


def _choose_method(call: Call, intent: Record) -> Record | None:
    """The PaymentMethod a request names, put on the intent; None when it names none."""
    params, body = call.params, intent.body
    method = None
    if "confirmation_token" in params:
        method = taken(call, params["confirmation_token"], body)
    elif "payment_method_data" in params:
        method = payment_methods.make(call, params["payment_method_data"])
    elif params.get("payment_method"):
        method = payment_methods.usable(call, params["payment_method"], body["customer"])
    elif params.get("payment_method") == "":
        body["payment_method"] = None
        body["status"] = "requires_payment_method"
        call.save(intent)
        return None
    if method is None:
        return None
    kind = method.body["type"]
    if kind not in _accepted(body):
        raise invalid(
            f"The PaymentMethod provided ({kind}) is not allowed for this PaymentIntent. Please attach a "
            f"PaymentMethod of one of the following types: {', '.join(body['payment_method_types'])}.",
            param="payment_method",
        )
    body["payment_method"] = method.id
    if body["status"] in CONFIRMABLE:
        body["status"] = "requires_confirmation"
        body["next_action"] = None
        intent.inner.pop("action", None)
    call.save(intent)
    return method


def _accepted(body: dict[str, Any]) -> tuple[str, ...]:
    """The types an intent can be paid with: those it lists, or with automatic payment methods all that fit."""
    automatic = body["automatic_payment_methods"]
    if not automatic:
        return tuple(body["payment_method_types"])
    left_out = body["excluded_payment_method_types"] or ()
    redirects = automatic["allow_redirects"] == "always"
    return tuple(
        kind
        for kind in payment_methods.TYPES
        if kind not in left_out
        and (redirects or kind not in payment_methods.REDIRECTING)
        and body["currency"] in payment_methods.CURRENCIES.get(kind, (body["currency"],))
        and (body["capture_method"] != "manual" or kind in payment_methods.MANUAL_CAPTURE)
    )


def _is_held(body: dict[str, Any], kind: str) -> bool:
    """Whether what is paid by a kind of method is held until it is captured: its own word counts before the intent's.

    Source: Stripe, "Create a PaymentIntent", `payment_method_options.card.capture_method`.
    """
    own = (body["payment_method_options"] or {}).get(kind) or {}
    return bool((own.get("capture_method") or body["capture_method"]) == "manual")


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/payment_intents/:id; with a publishable key only with its client secret"""
    return _visible(call, identifier)


def _visible(call: Call, identifier: str) -> Record:
    """The intent, after checking the client secret where one is given or needed.

    raises   StripeError 404 resource_missing, 400 payment_intent_invalid client secret
    """
    intent = call.get("payment_intent", identifier)
    secret = call.params.get("client_secret")
    if secret is None and call.publishable:
        raise invalid(
            "Missing required param: client_secret.", code="parameter_missing", param="client_secret"
        ).unstored()
    if secret is not None and secret != intent.body["client_secret"]:
        raise invalid(
            "The client_secret provided does not match any associated PaymentIntent on this account. Ensure the "
            "publishable key used belongs to the same account that created the PaymentIntent.",
            param="client_secret",
        )
    return intent


def listing(call: Call) -> bytes:
    """GET /v1/payment_intents"""
    customer = call.params.get("customer")
    if customer is not None:
        call.get("customer", customer, "customer")
    return page(call, "payment_intent", "/v1/payment_intents", customer=customer)


def search(call: Call) -> bytes:
    """GET /v1/payment_intents/search"""
    return searched(call, "payment_intent", "/v1/payment_intents/search")


def update(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id"""
    params = call.params
    intent = _visible(call, identifier)
    body = intent.body
    status = body["status"]
    if status not in CONFIRMABLE:
        for name in _AMOUNT_FIELDS:
            if name in params and params[name] != body.get(name):
                raise unexpected_state(
                    f"This PaymentIntent's {name} could not be updated because it has a status of {status}. You may "
                    f"only update the {name} of a PaymentIntent with one of the following statuses: "
                    f"{', '.join(CONFIRMABLE)}.",
                    body,
                    param=name,
                )
    amount, currency = body["amount"], body["currency"]
    if "currency" in params:
        currency = check_currency(params["currency"])
    if "amount" in params or "currency" in params:
        amount = params.get("amount", amount)
        if status in CONFIRMABLE:
            check_amount(amount, currency)
    changed_amount = (amount, currency) != (body["amount"], body["currency"])
    body["amount"], body["currency"] = amount, currency
    _apply(call, body, _types(call, body, creating=False))
    call.save(intent)
    if status in CONFIRMABLE:
        _choose_method(call, intent)
        if status == "requires_action" and changed_amount and body["status"] == "requires_action":
            body["status"] = "requires_confirmation"
            body["next_action"] = None
            intent.inner.pop("action", None)
    return intent


def confirm(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/confirm"""
    params = call.params
    intent = _visible(call, identifier)
    body = intent.body
    status = body["status"]
    if status in ("succeeded", "requires_capture", "processing"):
        why = {
            "succeeded": "it has already succeeded after being previously confirmed",
            "requires_capture": "it has already succeeded after being previously confirmed",
            "processing": "it is processing after being previously confirmed",
        }[status]
        raise unexpected_state(f"You cannot confirm this PaymentIntent because {why}.", _shown(call, body))
    if status not in CONFIRMABLE:
        raise unexpected_state(
            f"You cannot confirm this PaymentIntent because it has a status of {status}. Only a PaymentIntent with "
            f"one of the following statuses may be confirmed: {', '.join(CONFIRMABLE[1:])}.",
            _shown(call, body),
        )
    if "amount_to_confirm" in params and params["amount_to_confirm"] != body["amount"]:
        raise invalid(
            f"The amount_to_confirm ({params['amount_to_confirm']}) does not match the PaymentIntent's amount "
            f"({body['amount']}).",
            param="amount_to_confirm",
        )
    types = _types(call, body, creating=False)
    _apply(call, body, types)
    call.save(intent)
    _choose_method(call, intent)
    return _confirm(call, intent)


def _shown(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return reduced(body) if call.publishable else body


def reduced(body: dict[str, Any]) -> dict[str, Any]:
    """An intent as a publishable key sees it."""
    return {name: body[name] for name in REDUCED}


def _confirm(call: Call, intent: Record) -> Record:
    """Try to pay with the intent's PaymentMethod."""
    params, body = call.params, intent.body
    if body["payment_method"] is None:
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
            _shown(call, body),
        )
    method = call.get("payment_method", body["payment_method"])
    automatic = body["automatic_payment_methods"]
    return_url = params.get("return_url")
    in_browser = params.get("use_stripe_sdk", False)
    if (
        automatic
        and automatic["allow_redirects"] == "always"
        and not return_url
        and not in_browser
        and not call.publishable
    ):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. If "
            "you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents."
        )
    if method.body["type"] in payment_methods.REDIRECTING and not return_url:
        raise invalid(
            "A return_url must be specified because this PaymentIntent's payment method redirects the customer.",
            param="return_url",
        )
    if method.inner.get("spent"):
        raise payment_methods.spent()
    off_session = params.get("off_session", False) is not False
    if off_session and body["setup_future_usage"]:
        raise invalid(
            "You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the "
            "PaymentIntent because you cannot set up future usages when processing payments off-session."
        )
    body["last_payment_error"] = None
    intent.inner["off_session"] = off_session
    if _must_act(method, body, off_session):
        if off_session or params.get("error_on_requires_action"):
            raise decline(call, intent, method, cards.AUTHENTICATION_REQUIRED)
        in_browser = in_browser or return_url is None
        body["status"] = "requires_action"
        body["next_action"] = next_action(call, intent, method, return_url, in_browser)
        call.save(intent)
        call.emit("payment_intent.requires_action", intent)
        return intent
    return _pay(call, intent, method, authenticated=False)


def _must_act(method: Record, body: dict[str, Any], off_session: bool) -> bool:
    """True when the customer has to act before money moves."""
    if method.body["type"] in payment_methods.REDIRECTING:
        return True
    options = (body["payment_method_options"] or {}).get("card") or {}
    return demands(method, off_session=off_session, requested=options.get("request_three_d_secure"))


def acted(call: Call, intent: Record, *, success: bool) -> None:
    """The customer has come through authentication, or failed it; called by the sandbox's page and by Stripe.js.

    raises   StripeError 402 when the payment is declined after all; the decline stays on the intent
    """
    body = intent.body
    method = call.get("payment_method", body["payment_method"])
    body["next_action"] = None
    intent.inner.pop("action", None)
    call.save(intent)
    if success:
        _pay(call, intent, method, authenticated=method.body["type"] == "card")
        return
    refused = card_error(
        "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        code="payment_intent_authentication_failure",
    )
    refused.error["type"] = "invalid_request_error" if method.body["type"] == "card" else "card_error"
    raise _failed(call, intent, method, refused, None)


def _pay(call: Call, intent: Record, method: Record, *, authenticated: bool) -> Record:
    """Take, or hold, the intent's amount.

    raises   StripeError 402 when the card is declined
    """
    body = intent.body
    off_session = intent.inner.get("off_session", False)
    if method.body["type"] == "sepa_debit":
        return _debit(call, intent, method)
    if method.body["type"] == "card":
        why = payment_methods.card_of(method).decline
        if why is not None:
            raise decline(call, intent, method, why, authenticated=authenticated)
    manual = _is_held(body, method.body["type"])
    charge = charges.charge(
        call, intent, method, captured=not manual, authenticated=authenticated, merchant_initiated=off_session
    )
    body["latest_charge"] = charge.id
    _keep_method(call, intent, method, authenticated=authenticated)
    if manual:
        body["status"] = "requires_capture"
        body["amount_capturable"] = body["amount"]
        call.save(intent)
        reviews.open_where_due(call, intent, charge)
        call.emit("charge.succeeded", charge)
        call.emit("payment_intent.amount_capturable_updated", intent)
    else:
        _paid(call, intent, charge, body["amount"])
        reviews.open_where_due(call, intent, charge)
        call.emit("charge.succeeded", charge)
        call.emit("payment_intent.succeeded", intent)
        disputes.open_where_due(call, charge)
    return intent


def _paid(call: Call, intent: Record, charge: Record, amount: int) -> None:
    charges.settle(call, charge, amount)
    intent.body["status"] = "succeeded"
    intent.body["amount_received"] = amount
    intent.body["amount_capturable"] = 0
    intent.body["processing"] = None
    call.save(charge)
    call.save(intent)


def _keep_method(call: Call, intent: Record, method: Record, *, authenticated: bool) -> None:
    """After a successful payment: attach the PaymentMethod where that was asked for, or let it be used up."""
    body = intent.body
    usage = body["setup_future_usage"]
    if usage and authenticated:
        method.inner["set_up"] = True
        call.save(method)
    if usage and body["customer"] and method.body["customer"] is None:
        payment_methods.bind(call, method, body["customer"])
    elif not usage and method.body["customer"] is None:
        method.inner["spent"] = True
        call.save(method)


def _debit(call: Call, intent: Record, method: Record) -> Record:
    """A bank debit: processing now, decided later."""
    body = intent.body
    charge = charges.charge(call, intent, method, captured=True, pending=True)
    body.update(status="processing", latest_charge=charge.id, processing={"type": "sepa_debit"})
    call.save(intent)
    _, seconds = _sepa_outcome(method)
    call.later(seconds, "debit_settles", intent)
    call.emit("charge.pending", charge)
    call.emit("payment_intent.processing", intent)
    return intent


def _sepa_outcome(method: Record) -> tuple[str, int]:
    return payment_methods.SEPA_ACCOUNTS.get(method.inner["iban"][-4:], ("succeeds", 0))


def debit_settled(call: Call, intent: Record) -> None:
    """A bank debit has come due: paid, or sent back."""
    body = intent.body
    if body["status"] != "processing":
        return
    charge = call.get("charge", body["latest_charge"])
    method = call.get("payment_method", body["payment_method"])
    outcome, _ = _sepa_outcome(method)
    if outcome == "fails":
        message = "The bank returned the direct debit because the account has insufficient funds."
        charge.body.update(status="failed", failure_code="insufficient_funds", failure_message=message, paid=False)
        call.save(charge)
        call.emit("charge.failed", charge)
        body["processing"] = None
        refused = card_error(message, code="payment_method_provider_decline", decline_code="insufficient_funds")
        _failed(call, intent, method, refused, charge)
        return
    charge.body.update(status="succeeded", paid=True, captured=True, amount_captured=charge.body["amount"])
    _keep_method(call, intent, method, authenticated=False)
    _paid(call, intent, charge, charge.body["amount"])
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    if outcome == "disputed":
        disputes.open_dispute(call, charge, "debit_not_authorized")


def decline(call: Call, intent: Record, method: Record, why: Decline, *, authenticated: bool = False) -> StripeError:
    """A declined attempt: its failed charge, the intent back to `requires_payment_method`, and the 402 to raise."""
    charge = charges.charge(call, intent, method, decline=why, authenticated=authenticated)
    intent.body["latest_charge"] = charge.id
    call.emit("charge.failed", charge)
    return _failed(call, intent, method, why.error(), charge)


def _failed(call: Call, intent: Record, method: Record, refused: StripeError, charge: Record | None) -> StripeError:
    body = intent.body
    error = dict(refused.error)
    error["doc_url"] = doc_url(error["code"])
    if charge is not None:
        error["charge"] = charge.id
    error["payment_method"] = method.body
    body.update(status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error)
    intent.inner.pop("action", None)
    call.save(intent)
    call.emit("payment_intent.payment_failed", intent)
    shown = _shown(call, body)
    refused.error = {
        **{key: value for key, value in error.items() if key != "payment_method"},
        "payment_intent": shown,
        "payment_method": method.body,
    }
    return refused


def capture(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/capture

    raises   StripeError 400: payment_intent_unexpected_state; amount_too_large beyond what can be captured
    """
    params = call.params
    intent = call.get("payment_intent", identifier)
    body = intent.body
    if body["status"] != "requires_capture":
        raise unexpected_state(
            f"This PaymentIntent could not be captured because it has a status of {body['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            body,
        )
    charge = call.get("charge", body["latest_charge"])
    card = charge.body["payment_method_details"].get("card") or {}
    capturable = body["amount_capturable"]
    amount = params.get("amount_to_capture", capturable)
    final = params.get("final_capture", True)
    check_positive(amount, "amount_to_capture")
    check_digits(amount, body["currency"], "amount_to_capture")
    over = card.get("overcapture", {}).get("status") == "available" and body["amount_received"] == 0
    maximum = card["overcapture"]["maximum_amount_capturable"] if over else capturable
    if amount > maximum:
        raise invalid(
            f"The amount_to_capture ({amount}) is greater than the amount that can be captured ({maximum}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    if not final and (card.get("multicapture") or {}).get("status") != "available":
        raise invalid(
            "This PaymentIntent is not eligible for multicapture; final_capture must be true.", param="final_capture"
        )
    captures = intent.inner.get("captures", 0) + 1
    if not final and captures >= charges.MULTICAPTURE_LIMIT:
        raise invalid(
            f"A PaymentIntent can be captured at most {charges.MULTICAPTURE_LIMIT} times.", param="final_capture"
        )
    intent.inner["captures"] = captures
    for name in ("application_fee_amount", "statement_descriptor_suffix", "statement_descriptor"):
        if name in params:
            if name == "application_fee_amount":
                _check_fee(call, body, params[name])
            body[name] = charge.body[name] = params[name] or None
    if "transfer_data" in params and body["transfer_data"]:
        body["transfer_data"] = charge.body["transfer_data"] = {**body["transfer_data"], **params["transfer_data"]}
    if "metadata" in params:
        body["metadata"] = merged(body["metadata"], params["metadata"])
    _capture(call, intent, charge, amount, final=final)
    return intent


def _capture(call: Call, intent: Record, charge: Record, amount: int, *, final: bool) -> None:
    body = intent.body
    previous = {name: charge.body[name] for name in ("amount_captured", "balance_transaction", "captured")}
    received = body["amount_received"] + amount
    charge.body["amount_captured"] = received
    if received > charge.body["amount"]:  # overcapture
        charge.body["amount"] = body["amount"] = received
    left = charge.body["amount"] - received
    if not final and left > 0:
        charges.settle(call, charge, amount)
        body["amount_received"], body["amount_capturable"] = received, left
        call.save(charge)
        call.save(intent)
        call.emit("charge.captured", charge, previous)
        call.emit("payment_intent.amount_capturable_updated", intent)
        return
    charge.body["captured"] = True
    charge.body["payment_method_details"].get("card", {}).pop("capture_before", None)
    if left > 0:
        # Whole before part: the refund of the remainder is a reversal, so it is made while the charge counts as held.
        charge.body["captured"] = False
        refunds.release(call, charge, left)
        charge.body["captured"] = True
        previous["amount_refunded"] = charge.body["amount_refunded"] - left
    _paid(call, intent, charge, amount)
    body["amount_received"] = received
    call.save(intent)
    call.emit("charge.captured", charge, previous)
    call.emit("payment_intent.succeeded", intent)
    disputes.open_where_due(call, charge)


def increment(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/increment_authorization: only where it was asked for when confirming."""
    params = call.params
    intent = call.get("payment_intent", identifier)
    body = intent.body
    if body["status"] != "requires_capture":
        raise unexpected_state(
            "This PaymentIntent's authorization could not be incremented because it has a status of "
            f"{body['status']}. Only a PaymentIntent with one of the following statuses may be incremented: "
            "requires_capture.",
            body,
        )
    charge = call.get("charge", body["latest_charge"])
    card = charge.body["payment_method_details"].get("card") or {}
    if (card.get("incremental_authorization") or {}).get("status") != "available":
        raise invalid(
            "This PaymentIntent is not eligible for incremental authorization.", code="payment_intent_unexpected_state"
        )
    check_amount(params["amount"], body["currency"])
    if params["amount"] <= body["amount"]:
        raise invalid(
            f"The amount must be greater than the currently authorized amount ({body['amount']}).", param="amount"
        )
    _apply(call, body, None)
    previous = {"amount": body["amount"]}
    body["amount"] = charge.body["amount"] = card["amount_authorized"] = params["amount"]
    card["overcapture"]["maximum_amount_capturable"] = params["amount"]
    body["amount_capturable"] = params["amount"] - body["amount_received"]
    call.save(intent)
    call.save(charge)
    call.emit("charge.updated", charge, previous)
    call.emit("payment_intent.amount_capturable_updated", intent)
    return intent


def cancel(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/cancel"""
    intent = call.get("payment_intent", identifier)
    status = intent.body["status"]
    if status not in CANCELABLE:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one "
            f"of the following statuses may be canceled: {', '.join(CANCELABLE)}, processing.",
            intent.body,
        )
    _cancel(call, intent, call.params.get("cancellation_reason"))
    return intent


def _cancel(call: Call, intent: Record, reason: str | None, *, expired: bool = False) -> None:
    body = intent.body
    held = body["status"] == "requires_capture"
    if held and body["amount_received"]:  # a multicapture that was begun is ended, not canceled
        charge = call.get("charge", body["latest_charge"])
        left = body["amount_capturable"]
        charge.body["captured"] = True
        body.update(status="succeeded", amount_capturable=0)
        refunds.release(call, charge, left)
        call.save(intent)
        call.emit("payment_intent.succeeded", intent)
        return
    body.update(status="canceled", canceled_at=call.now, cancellation_reason=reason, next_action=None)
    intent.inner.pop("action", None)
    if held:
        charge = call.get("charge", body["latest_charge"])
        left = body["amount_capturable"]
        body["amount_capturable"] = 0
        if expired:
            charge.inner["expired"] = True
        refunds.release(call, charge, left, "expired_uncaptured_charge" if expired else None)
        if expired:
            call.emit("charge.expired", charge)
    call.save(intent)
    call.emit("payment_intent.canceled", intent)


def expired(call: Call, intent: Record) -> None:
    """An authorization's time is up: what was not captured is let go."""
    if intent.body["status"] == "requires_capture":
        _cancel(call, intent, "automatic", expired=True)
