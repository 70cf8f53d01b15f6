"""payment_gateways: every gateway, whoever runs it; each kind has a type of its own in the same table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from paydesk.commerce.payments.asks import SetupAsk
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.declare import FIND, READ_ACTIONS, WRITE, boolean, string, to_many
from paydesk.gateways.port.account import Credentials
from paydesk.rules.asking import Change
from paydesk.rules.resource import Disableable, switching
from paydesk.rules.work import Work


class Gateway(Disableable):
    """What all gateways share. A disabled one takes no new payment; its methods are no longer offered.

    makes              the type of its payment sources
    speaks_with        the columns that its credentials are made of
    keeps_instruments  it keeps its customers' payment methods for further orders
    """

    makes: ClassVar[type[PaymentSource]]
    speaks_with: ClassVar[tuple[str, ...]] = ()
    keeps_instruments: ClassVar[bool] = False

    name = string(WRITE | FIND, required=True, example="US payment gateway", doc="What your team calls it.")
    force_payments = boolean(
        WRITE,
        default=False,
        example=True,
        doc="A successful payment is attached to its order again, even if the shopper switched meanwhile.",
    )
    payment_methods = to_many("payment_methods", by="payment_gateway")

    @property
    def account(self) -> str | None:
        """The gateway's name for the account that its payments are of; None where there is none, or not known yet."""
        return None

    def credentials(self, unseal: Callable[[str, str], str]) -> Credentials:
        """How to speak for it; `unseal(sealed, about)` opens what is kept sealed."""
        raise AssertionError(f"{self.shape.type} do not say how they are spoken for")

    def read(self, work: Work, *, setup: str) -> None:
        """Ask what became of the setting up of a payment method, after this work is written."""
        work.call("read_setup", self, gateway=self, ask=SetupAsk(setup=setup))

    @classmethod
    def creating(cls, change: Change, work: Work) -> Any:
        switching(change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Any:
        switching(change, work)
        work.change(self, **change.values)


class PaymentGateway(
    Gateway,
    type="payment_gateways",
    singular="payment_gateway",
    actions=READ_ACTIONS,
):
    """Any payment gateway, read as what it shares with the others. Source: Commerce Layer, "Payment gateways"."""
