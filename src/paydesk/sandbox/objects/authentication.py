"""The end of a customer's authentication, which the sandbox's own page or Stripe.js reports. Source: stripe.md §12."""

from typing import Any

from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import StripeError, missing
from paydesk.sandbox.objects import setup_intents
from paydesk.sandbox.objects.payment_intents import confirm


def authenticate(call: Call) -> dict[str, Any]:
    """POST /v1/3ds2/authenticate: the customer has authenticated, or with `outcome=fail` has failed to."""
    source = call.params["source"]
    for account, identifier in call.state.rows(
        "select account, id from objects where account = ? and kind in ('payment_intent', 'setup_intent') "
        "and json_extract(inner, '$.action.source') = ?",
        (call.account.n, source),
    ):
        assert account == call.account.n, "the statement asks for this account's intents"
        finish(call, identifier, success=call.params.get("outcome") != "fail")
        return {
            "id": source.replace("payatt", "threeds2"),
            "object": "three_d_secure_2",
            "ares": None,
            "created": call.now,
            "error": None,
            "fallback_redirect_url": None,
            "livemode": False,
            "source": source,
            "state": "succeeded" if call.params.get("outcome") != "fail" else "failed",
        }
    raise missing("source", source, "source", status=400)


def finish(call: Call, identifier: str, *, success: bool) -> str:
    """Go on with an intent after its customer's authentication.

    Returns `succeeded` or `failed`, the `redirect_status` that the shop is sent.
    """
    try:
        if identifier.startswith("seti_"):
            setup_intents.finish_authentication(call, call.get("setup_intent", identifier), success=success)
        else:
            confirm.finish_authentication(call, call.get("payment_intent", identifier), success=success)
    except StripeError as refused:
        if not refused.keeps:
            raise
        return "failed"
    return "succeeded"
