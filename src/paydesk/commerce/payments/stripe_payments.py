"""stripe_payments: an order's payment source, backed by one Stripe PaymentIntent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paydesk.commerce.payable import CUSTOMER_PLACED, EDITABLE, GUEST_PLACED, Payable
from paydesk.commerce.payments.acts import amend, create, read
from paydesk.commerce.payments.customer_payment_sources import CustomerPaymentSource
from paydesk.commerce.payments.options import take_options
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.commerce.payments.payment_sources import SOURCE_ACCESS, PaymentSource
from paydesk.commerce.payments.reconcile.fold import UNCONFIRMED
from paydesk.commerce.payments.watching import DAY, ENDING, watch
from paydesk.commerce.returning import whole
from paydesk.declare import (
    CREATE,
    NEVER,
    WRITE,
    Late,
    Queue,
    Rule,
    act,
    derived,
    document,
    hidden,
    string,
    through,
    to_one,
    waiting,
)
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import ConfirmFacts, Reversal
from paydesk.rules.asking import Change
from paydesk.rules.work import Work


def _mismatched(
    intended: int | None, currency: str | None, due: int | None, order_currency: str | None, status: str | None
) -> bool:
    if due is None or intended is None or status not in EDITABLE:
        return False
    return intended != due or currency != order_currency


class StripePayment(
    PaymentSource,
    type="stripe_payments",
    singular="stripe_payment",
    unique=(("payment_gateway_id", "stripe_id"),),
    server_wide=(("stripe_id", "account"),),
    queues=(
        waiting("look_at", most=DAY),
        waiting("overdue_since"),
        ENDING,
        Queue("account_unknown", ("payment_gateway_id", "id"), lacking=("account",)),
    ),
    indexes=(
        ("stripe_id",),
        ("order_id",),
        ("charge_id",),
        ("card_last_digits", "created_at"),
        ("intended_cents", "created_at"),
    ),
    access=replace(
        SOURCE_ACCESS,
        late=(
            Late(
                frozenset(("options.return_url", "_refresh")),
                guest=through("order", GUEST_PLACED) or NEVER,
                customer=through("order", CUSTOMER_PLACED) or NEVER,
            ),
        ),
    ),
):
    """What a storefront needs to confirm a payment with Stripe.js; seen by whoever may see its order.

    Creating one opens a PaymentIntent for what the order is due, or adopts the one whose id and secret are given,
    and makes it the order's payment source. Source: Commerce Layer, "Stripe payments"; Stripe, "PaymentIntent".
    """

    named_by = "stripe_id"
    untried = "requires_payment_method"
    finality = {"requires_capture": 1, "succeeded": 2, "canceled": 2}

    stripe_id = string(
        CREATE, example="pi_1234XXX", max_length=255, searched=True, doc="The PaymentIntent; one is opened if null."
    )
    client_secret = string(
        CREATE, secret=True, example="pi_1234XXX_secret_5678YYY", max_length=500, doc="Confirms it in the browser."
    )
    connected_account = string(example="acct_xxxx-yyyy-zzzz", doc="The connected account it belongs to.")
    charge_id = string(example="ch_1234XXX", searched=True, doc="The latest charge, once there is one.")
    publishable_key = string(example="pk_live_xxxx-yyyy-zzzz", doc="The gateway's key for the browser.")
    on_behalf_of = string(example="acct_xxxx", doc="The account whose payment it is, with Connect.")
    transfer_group = string(example="ORDER_95", doc="Ties transfers together, with Connect.")
    options = document(
        WRITE,
        default={},
        example={"customer": "cus_xxx", "payment_method": "pm_xxx"},
        doc="Handed on to Stripe; merged key by key on update. `intent_amount_cents` is the intent's amount, "
        "`multicapture` whether what is authorized may be captured in parts.",
    )
    payment_method = document(example={"id": "pm_xxx"}, doc="Stripe's payment method, once it is confirmed.")
    mismatched_amounts = derived(
        "boolean",
        [
            "intended_cents",
            "intended_currency",
            "order.total_amount_with_taxes_cents",
            "order.currency_code",
            "order.status",
        ],
        _mismatched,
        example=False,
        doc="The order's total is no longer the intent's; `_update` brings it up to date.",
    )
    return_url = string(
        WRITE,
        example="https://yourdomain.com/thankyou",
        max_length=2048,
        doc="Where the shopper comes back to; a token in it is shown as `…`.",
    )
    receipt_email = string(CREATE, example="john@example.com", max_length=512, doc="Where Stripe sends the receipt.")
    payment_instrument = document(
        example={"issuer": "cl bank", "card_type": "visa"}, doc="The instrument in words common to all gateways."
    )
    card_last_digits = hidden(
        "string", searched=True, doc="The last four digits of the card or account that it is paid with, as told there."
    )
    account = hidden("string", doc="The Stripe account that it is of, which has it once; null while that is not known.")
    capture_before = hidden("datetime", doc="Until when what is authorized can be captured.")
    end_met_at = hidden("datetime", doc="When it was captured by itself before that, or there was nothing to capture.")
    news_at = hidden("datetime", doc="When its status was last heard to change.")
    look_at = hidden("datetime", doc="When it is looked at though no event tells of it; null once it came to its end.")
    overdue_since = hidden("datetime", doc="Since when it should have come to its end; null while there is time.")

    usage = hidden("string", doc="The intent's `setup_future_usage`.")
    connect = hidden(
        "object", doc="Of what was opened: `destination` of its transfer, `fee` in minor units; null before."
    )
    saving = hidden("boolean", default=False, doc="It is to be kept in the customer's wallet, and is not yet.")

    sealed_urls = hidden("object", doc="Whole addresses that are shown without their tokens, until it came to its end.")

    payment_gateway = to_one("payment_gateways", required=True, doc="Taken from the order's payment method.")
    wallet_entry = to_one(
        "customer_payment_sources", hidden=True, constrained=False, doc="What it was opened to be paid with."
    )

    @property
    def method_type(self) -> str:
        method: str = (self.payment_method or {}).get("type") or "card"
        return "credit card" if method == "card" else method.replace("_", " ")

    @classmethod
    def opened(cls, answer: Snapshot) -> dict[str, Any]:
        return {"stripe_id": answer.payment_id, "client_secret": answer.client_secret}

    @classmethod
    def again(cls, gateway: Gateway) -> dict[str, Any]:
        return {name: getattr(gateway, name) for name in ("connected_account", "account", "publishable_key")}

    @property
    def instrument_id(self) -> str | None:
        if self.gateway_status in _UNCONFIRMED or not self.payment_method:
            return None
        return str(self.payment_method["id"])

    @property
    def is_reusable(self) -> bool:
        by_method = self.options.get("payment_method_options")
        options = by_method.values() if isinstance(by_method, dict) else ()
        return bool(self.usage or any(isinstance(one, dict) and one.get("setup_future_usage") for one in options))

    @property
    def details(self) -> dict[str, Any] | None:
        method = self.payment_method
        if not method:
            return None
        return {
            "type": self.shape.singular,
            "payment_method_id": method.get("id"),
            "payment_method_type": method.get("type"),
            "payment_method_details": method.get(method.get("type")) or {},
        }

    def reversal(self) -> Reversal:
        """Stripe takes of both a part in proportion to what is given back (Stripe, "Create a refund")."""
        connect = self.connect
        if connect is None:
            # Opened by an earlier version, and not read since.
            transfer = self.options.get("transfer_data")
            connect = {
                "destination": transfer.get("destination") if isinstance(transfer, dict) else None,
                "fee": self.options.get("application_fee_amount"),
            }
        reversal: Reversal = {}
        if connect.get("destination"):
            reversal["reverse_transfer"] = True
        if connect.get("fee"):
            reversal["refund_application_fee"] = True
        return reversal

    def confirmation(self, order: Payable, amount_cents: int, work: Work) -> ConfirmFacts:
        """Needs `wallet_entry` loaded. Only what comes from the wallet, or from an integration, is confirmed without
        the shopper; and nothing that is to be set up by it, which Stripe does with the shopper alone.
        """
        facts: ConfirmFacts = {}
        if self.wallet_entry is not None:
            facts["off_session"] = True
            facts["payment_method"] = self.wallet_entry.payment_source_token
            if self.usage is not None:
                # The card is set up already; setting it up again is not possible without the shopper.
                facts["setup_future_usage"] = ""
        elif not work.actor.is_sales_channel and self.usage is None:
            facts["off_session"] = True
        sealed = self.sealed_urls or {}
        url = (
            whole(self.return_url, sealed.get("return_url"))
            or whole(self.options.get("return_url"), sealed.get("options"))
            or whole(order.return_url, order.sealed_return_url)
        )
        if url is not None:
            facts["return_url"] = url
        return facts

    def absorb(self, snapshot: Snapshot, work: Work) -> bool:
        former_status = self.gateway_status
        if not super().absorb(snapshot, work):
            return False
        watch(self, former_status, snapshot, work)
        if self.finality.get(self.gateway_status or "", 0) == 2:
            work.change(self, sealed_urls=None)
        work.change(self, usage=snapshot.setup_future_usage)
        options = {**self.options, "intent_amount_cents": snapshot.amount.cents}
        if snapshot.capture_before is not None:
            options["capture_before"] = snapshot.capture_before
        if snapshot.charged:
            options["multicapture"] = snapshot.multicapture
        method = snapshot.payment_method if snapshot.status not in UNCONFIRMED else None
        if method is not None:
            options.update(method)
            if snapshot.setup_future_usage is not None:
                options["setup_future_usage"] = snapshot.setup_future_usage
        work.change(
            self,
            options=options,
            charge_id=snapshot.charge_id or self.charge_id,
            on_behalf_of=snapshot.on_behalf_of,
            transfer_group=snapshot.transfer_group,
            connect=_connected(snapshot),
        )
        if method is not None:
            instrument = snapshot.instrument
            work.change(
                self,
                payment_method=dict(method),
                payment_instrument=dict(instrument) if instrument is not None else self.payment_instrument,
                card_last_digits=last_digits(method),
            )
        return True

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        yield from create.create(cls, change, work)

    @classmethod
    def reopening(cls, order: Payable, entry: CustomerPaymentSource, former: dict[str, Any], work: Work) -> Rule:
        """Open an intent that is paid with a wallet's entry: see `acts.create`."""
        yield from create.reopen(cls, order, entry, former, work)

    def updating(self, change: Change, work: Work) -> Rule:
        yield from take_options(self, change.values, work)
        former = self.order_id
        yield from super().updating(change, work)
        if self.order_id != former:
            amend.label(self, work)

    _update = act(
        amend.amend, loads=("order.payment_method", "order.shipping_address", "order.customer", "order.market")
    )
    _refresh = act(read.refresh)


_UNCONFIRMED = ("requires_payment_method", "requires_confirmation", "requires_action")


def last_digits(method: Mapping[str, Any]) -> str | None:
    """The last four digits of a payment method's card, or of its bank account; None where it has none."""
    facts = method.get(str(method.get("type")))
    digits = facts.get("last4") if isinstance(facts, Mapping) else None
    return str(digits) if digits else None


def _connected(snapshot: Snapshot) -> dict[str, Any]:
    facts = {"destination": snapshot.destination, "fee": snapshot.application_fee}
    return {name: value for name, value in facts.items() if value}
