"""Whether a customer has to authenticate, and the `next_action` that sends them there.

Source: stripe.md §12 ("3DS flow"); Stripe, "3D Secure authentication".
"""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.ids import new_id
from paydesk.sandbox.objects import payment_methods


def demands(method: Record, *, off_session: bool, requested: str | None) -> bool:
    """True when a card has to be authenticated.

    requested  `payment_method_options[card][request_three_d_secure]`
    """
    if method.body["type"] != "card":
        return False
    rule = payment_methods.card_of(method).three_d_secure
    if rule == "unsupported":
        return False
    if rule == "required":
        return True
    if rule == "on_session":
        return not off_session
    if rule == "unless_set_up" and not method.inner.get("set_up"):
        return True
    return requested in ("any", "challenge") and not off_session


def next_action(call: Call, intent: Record, method: Record, return_url: str | None, in_browser: bool) -> dict[str, Any]:
    """The action that sends the customer to the sandbox's own page, with a button to complete and a button to fail."""
    source = new_id("payatt")
    intent.inner["action"] = {"source": source, "return_url": return_url}
    url = f"{call.base_url}/_pay/{call.account.n}/{intent.id}/{source}"
    if not in_browser or method.body["type"] != "card":
        return {"redirect_to_url": {"return_url": return_url, "url": url}, "type": "redirect_to_url"}
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {
            "source": source,
            "stripe_js": url,
            "three_d_secure_2_source": source,
            "type": "three_d_secure_redirect",
        },
    }
