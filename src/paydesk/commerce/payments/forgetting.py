"""Taking out of a wallet what its gateway does not keep any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.declare import Rule, both, eq
from paydesk.gateways.port.problems import Refused
from paydesk.rules.asking import Find
from paydesk.rules.plans import No
from paydesk.rules.work import Work

_GONE = ("resource_missing", "payment_method_unexpected_state")
"""What a gateway says of a customer that was deleted there, and of a payment method that is nobody's any more."""


def forget_gone(gateway_id: str, asked: Mapping[str, Any], problem: No, work: Work) -> Rule:
    """Delete the wallet entries that a refusal says are of no use any more; it goes on to be told as it is.

    asked   the `customer` and the `payment_method` that the gateway was told

    A method that is another customer's is refused by the same words: only an entry of just this customer goes.
    """
    customer, token = asked.get("customer"), asked.get("payment_method")
    if not isinstance(problem, Refused) or problem.code not in _GONE or not customer:
        return
    at_gateway = eq("payment_gateway_id", gateway_id)
    lost = both(at_gateway, eq("customer_token", customer))
    if problem.param == "customer":
        known = yield Find("gateway_customers", both(at_gateway, eq("token", customer)))
        if known is not None:
            work.change(known, token=None)
    elif token and problem.param in (None, "payment_method"):
        lost = both(lost, eq("payment_source_token", token))
    else:
        return
    for entry in (yield Find("customer_payment_sources", lost, many=True)):
        work.delete(entry)
