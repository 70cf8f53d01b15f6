"""What paydesk asks of any payment gateway, and the values it gets back.

Every value is frozen and plain: no object of a gateway's SDK crosses this line. Amounts are whole minor units of ISO
4217 (`Money.cents`), whatever the gateway counts in. Times are text, UTC with milliseconds: "2026-11-22T10:00:00.000Z".

A call with an effect is two steps, so that it can be written down in between:

    parameters = gateway.parameters("open", ask)              # pure; keep these with the call
    answer = await gateway.perform("open", parameters, key=key, credentials=credentials)

Every repetition sends the same parameters under the same key. The answer is a value, or one of the problems:
`Declined` (the bank said no), `Refused` (the gateway will not do it), `Unknown` (nobody can say whether it happened).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from paydesk.gateways.port.account import Account, Credentials
from paydesk.gateways.port.problems import Answer
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import Verb
from paydesk.gateways.port.wallet import Wallet


class Gateway(Protocol):
    """What paydesk asks of any payment gateway. One object serves every gateway record of its kind.

    Orders and transactions need no more than this: a payment is opened, amended, confirmed, canceled, captured and
    refunded, and it can be read. Two further parts, `account` and `wallet`, are None where a gateway lacks them.
    """

    @property
    def account(self) -> Account | None:
        """The account at the gateway that keeps the payments: it is reached with a key and sends events."""
        ...

    @property
    def wallet(self) -> Wallet | None:
        """The payment methods that customers keep at the gateway for further orders."""
        ...

    def parameters(self, verb: Verb, ask: Mapping[str, Any]) -> dict[str, Any]:
        """The exact parameters the call will send, JSON values only. Pure: no clock, no network, the same every time.

        verb              ask (those with ? may be left out or None)
        open              amount_cents, currency, auto_payments, options?, receipt_email?, description?,
                          shipping? {name, phone?, line_1, line_2?, city?, zip_code?, state_code?, country_code?},
                          metadata?, setup_future_usage?, moto?
        amend             payment_id, and any of open's; receipt_email None takes the address away
        confirm           payment_id, payment_method?, off_session?, return_url?, setup_future_usage?; amount_cents and
                          currency for a payment that is for any amount
        adopt             payment_id, metadata: says at the gateway whose a payment is that somebody else opened
        cancel            payment_id, reason?
        capture           payment_id, amount_cents, currency, metadata?, final? (default true)
        refund            payment_id, amount_cents, currency, reason?, metadata?

        of an `account`
        register          url, gateway_id, installation, account?
        move_endpoint     endpoint_id, url
        unregister        endpoint_id

        of a `wallet`
        create_customer   email?, name?, phone?, metadata?
        attach            payment_method_id, customer
        detach            payment_method_id

        A text may be sealed ({"sealed", "about"}): it stays so in the parameters, and is opened for `perform`.

        raises  ValueError for a verb or a key that is not in this table, KeyError for a missing one: our own mistakes
        """
        ...

    async def perform(
        self,
        verb: Verb,
        parameters: Mapping[str, Any],
        *,
        key: str,
        credentials: Credentials,
        seconds: float | None = None,
    ) -> Answer:
        """Do it, trying again under the same key for at most `seconds` (default 20).

        returns  Snapshot (open, amend, adopt, confirm, cancel, capture, refund), Registration (register, move_endpoint,
                 unregister), CustomerAnswer (create_customer), Instrument (attach, detach)
        raises   Declined, Refused, Unknown
        """
        ...

    async def read(
        self, payment_id: str, *, credentials: Credentials, seconds: float | None = None, closely: bool = False
    ) -> Snapshot:
        """The payment as it is now, with its refunds and disputes. Raises Refused (404: not there), Unknown.

        closely   also with reviews and warnings of fraud, as far as the credentials may see them
        """
        ...

    async def find(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> Snapshot | None:
        """The payment that carries all of `metadata`, oldest first, or None. For calls too old to be repeated.

        since   unix seconds; when given and the search knows nothing, all that was made since then is gone through
        raises  Refused, Unknown
        """
        ...

    async def close(self) -> None:
        """Let go of the connections of the running event loop."""
        ...
