"""manual_gateways: payments that are settled by hand, by whoever sees the money come in."""

from __future__ import annotations

from collections.abc import Callable

from paydesk.base.errors import Locked
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.commerce.payments.payment_methods import PaymentMethod
from paydesk.commerce.payments.wire_transfers import WireTransfer
from paydesk.declare import Rule, eq
from paydesk.gateways.port.account import Credentials
from paydesk.rules.asking import Find
from paydesk.rules.work import Work


class ManualGateway(
    Gateway,
    type="manual_gateways",
    singular="manual_gateway",
    family="payment_gateways",
):
    """Wire transfers and whatever else is paid outside: nobody is asked, and what is captured or refunded here is
    what your books say. Source: Commerce Layer, "Manual gateways".
    """

    makes = WireTransfer

    def credentials(self, unseal: Callable[[str, str], str]) -> Credentials:
        return Credentials(secret_key="", account=self.id)

    def deleting(self, work: Work) -> Rule:
        transfers = yield Find(WireTransfer, eq("payment_gateway_id", self.id))
        methods = yield Find(PaymentMethod, eq("payment_gateway_id", self.id))
        if transfers or methods:
            raise Locked("payments or payment methods use it")
        work.delete(self)
