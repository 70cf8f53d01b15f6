"""The calls that create and update a PaymentIntent, and the example that every account begins with."""

from paydesk.sandbox.core.accounts import Account
from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.currencies import check_amount, check_currency
from paydesk.sandbox.core.errors import invalid, unexpected_state
from paydesk.sandbox.core.ids import new_id, token
from paydesk.sandbox.objects.payment_intents.confirm import try_payment
from paydesk.sandbox.objects.payment_intents.fields import allowed_types, apply
from paydesk.sandbox.objects.payment_intents.intent import CONFIRMABLE, blank, visible
from paydesk.sandbox.objects.payment_intents.methods import choose_method

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
"""The fields that cannot be changed once an intent is authorized."""

_ONLY_WITH_CONFIRM = (
    "off_session",
    "return_url",
    "error_on_requires_action",
    "mandate",
    "mandate_data",
    "use_stripe_sdk",
)


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
    types = allowed_types(call, body, creating=True)
    apply(call, body, types)
    intent = call.add_as("payment_intent", identifier, body)
    call.emit("payment_intent.created", intent)
    choose_method(call, intent)
    if confirm:
        return try_payment(call, intent)
    return intent


def update(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id"""
    params = call.params
    intent = visible(call, identifier)
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
    apply(call, body, allowed_types(call, body, creating=False))
    call.save(intent)
    if status in CONFIRMABLE:
        choose_method(call, intent)
        if status == "requires_action" and changed_amount and body["status"] == "requires_action":
            body["status"] = "requires_confirmation"
            body["next_action"] = None
            intent.inner.pop("action", None)
    return intent


def furnish(backend: Backend, account: Account) -> None:
    """Put the intent of the documented example into a new account (stripe.md §15)."""
    call = Call(backend, account)
    body = blank("pi_1234XXX_secret_5678YYY", call.now, 15_400, "eur")
    body["capture_method"] = "manual"
    body["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
    call.add_as("payment_intent", "pi_1234XXX", body)
    call.finish()
