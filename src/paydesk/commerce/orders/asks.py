"""What the calls about orders ask for. See `paydesk.commerce.payments.asks` for what an edit of these needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from paydesk.gateways.port.verbs import AmendRequest, ConfirmRequest
from paydesk.rules.asks import Ask


@dataclass(frozen=True, kw_only=True)
class PlaceLaterAsk(Ask):
    """The order is all there is to say."""


@dataclass(frozen=True, kw_only=True)
class ConfirmAsk(Ask):
    """
    payment       the order's payment source, of type `source`; `payment_id`: the gateway's name for it
    intended      what the payment was for by then: minor units, currency
    amount_cents  what is to be authorized, in minor units of `currency`
    any_amount    the payment takes any amount
    later         in the background: nobody waits for the answer
    covered       another payment holds the amount: the payment is only read, since a confirmation would hold it twice
    """

    version: ClassVar[int] = 3

    gateway: ConfirmRequest
    payment: str
    source: str
    payment_id: str
    intended: list[Any]
    amount_cents: int
    currency: str
    any_amount: bool
    later: bool
    covered: bool = False


@dataclass(frozen=True, kw_only=True)
class AmendToAuthorizeAsk(Ask):
    """
    amount_cents  the part of what the order costs that is to be authorized, in minor units
    """

    gateway: AmendRequest
    payment: str
    source: str
    payment_id: str
    amount_cents: int
