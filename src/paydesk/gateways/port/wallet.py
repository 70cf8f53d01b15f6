"""A customer at a gateway: payment methods, and setting one up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from paydesk.gateways.port.account import Credentials


@dataclass(frozen=True, slots=True)
class Instrument:
    """A saved payment method: the answer to "attach", "detach" and `read_instrument`.

    payment_method, instrument   as in `Snapshot`
    customer                     whose it is at the gateway; None when nobody's
    fingerprint                  the same for the same card within an account, None for what has none
    """

    payment_method_id: str
    payment_method: Mapping[str, Any]
    instrument: Mapping[str, Any]
    customer: str | None = None
    fingerprint: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """An attempt to set a payment method up for later, apart from any payment.

    succeeded           the method may be used from now on without its owner
    payment_method_id   the method, and `customer` whose it is at the gateway; None while there is none
    """

    setup_id: str
    succeeded: bool
    payment_method_id: str | None = None
    customer: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerAnswer:
    """A customer at the gateway, the answer to "create_customer"."""

    customer: str
    request_id: str | None = None


class Wallet(Protocol):
    """What paydesk asks of a gateway that keeps customers' payment methods.

    Verbs of its own: create_customer, attach, detach.
    """

    async def read_instrument(
        self, payment_method_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> Instrument:
        """A payment method as it is now. Raises Refused (404: not there), Unknown."""
        ...

    async def read_setup(self, setup_id: str, *, credentials: Credentials, seconds: float | None = None) -> Setup:
        """An attempt to set a payment method up, as it is now. Raises Refused (404: not there), Unknown."""
        ...

    async def find_customer(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> CustomerAnswer | None:
        """The customer that carries all of `metadata`, oldest first, or None; `since` and problems as in `find`."""
        ...
