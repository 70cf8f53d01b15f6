"""stripe_payments: an order's payment source, backed by one Stripe PaymentIntent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paydesk.commerce.owning import shows_entry
from paydesk.commerce.payable import CUSTOMER_PLACED, EDITABLE, GUEST_PLACED, Payable
from paydesk.commerce.payments.asks import AdoptAsk, AmendAsk, LabelAsk, OpenAsk
from paydesk.commerce.payments.customer_payment_sources import CustomerPaymentSource
from paydesk.commerce.payments.former import instrument
from paydesk.commerce.payments.gateway_customers import known_at
from paydesk.commerce.payments.options import (
    CONNECT,
    MADE_AGAIN_OF,
    OUR_METADATA,
    check_metadata,
    connected,
    connecting,
    guarded,
    merged,
    sent,
    without_setup,
)
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.commerce.payments.payment_sources import SOURCE_ACCESS, PaymentSource
from paydesk.commerce.payments.reconciling import UNCONFIRMED
from paydesk.commerce.payments.watching import watch
from paydesk.commerce.returning import kept, masked_options, whole
from paydesk.declare import (
    CREATE,
    NEVER,
    WRITE,
    Late,
    Rule,
    both,
    derived,
    document,
    eq,
    hidden,
    string,
    through,
    to_one,
    trigger,
)
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import MOST_METADATA, ConfirmFacts, Reversal
from paydesk.rules.asking import Change, Find, Holder, new_id
from paydesk.rules.work import Work

_NAMED = ("reference", "reference_origin")


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
    unique=(("payment_gateway_id", "stripe_id"), ("stripe_id", "account")),
    queues=("look_at", "overdue_since"),
    indexes=(("stripe_id",), ("order_id",)),
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

    stripe_id = string(CREATE, example="pi_1234XXX", max_length=255, doc="The PaymentIntent; one is opened if null.")
    client_secret = string(
        CREATE, secret=True, example="pi_1234XXX_secret_5678YYY", max_length=500, doc="Confirms it in the browser."
    )
    connected_account = string(example="acct_xxxx-yyyy-zzzz", doc="The connected account it belongs to.")
    charge_id = string(example="ch_1234XXX", doc="The latest charge, once there is one.")
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
    account = hidden("string", doc="The Stripe account that it is of, which has it once; null while that is not known.")
    capture_before = hidden("datetime", doc="Until when what is authorized can be captured.")
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
        told = by_method.values() if isinstance(by_method, dict) else ()
        return bool(self.usage or any(isinstance(one, dict) and one.get("setup_future_usage") for one in told))

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
        made = self.connect
        if made is None:
            # Opened by an earlier version, and not read since.
            transfer = self.options.get("transfer_data")
            made = {
                "destination": transfer.get("destination") if isinstance(transfer, dict) else None,
                "fee": self.options.get("application_fee_amount"),
            }
        asked: Reversal = {}
        if made.get("destination"):
            asked["reverse_transfer"] = True
        if made.get("fee"):
            asked["refund_application_fee"] = True
        return asked

    def confirmation(self, order: Payable, amount_cents: int, work: Work) -> ConfirmFacts:
        """Needs `wallet_entry` loaded. Only what comes from the wallet, or from an integration, is confirmed without
        the shopper; and nothing that is to be set up by it, which Stripe does with the shopper alone.
        """
        asked: ConfirmFacts = {}
        if self.wallet_entry is not None:
            asked["off_session"] = True
            asked["payment_method"] = self.wallet_entry.payment_source_token
            if self.usage is not None:
                # Whoever asked for it: it is set up, and not again without the shopper.
                asked["setup_future_usage"] = ""
        elif not work.actor.is_sales_channel and self.usage is None:
            asked["off_session"] = True
        sealed = self.sealed_urls or {}
        url = (
            whole(self.return_url, sealed.get("return_url"))
            or whole(self.options.get("return_url"), sealed.get("options"))
            or whole(order.return_url, order.sealed_return_url)
        )
        if url is not None:
            asked["return_url"] = url
        return asked

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
            told = snapshot.instrument
            work.change(
                self,
                payment_method=dict(method),
                payment_instrument=dict(told) if told is not None else self.payment_instrument,
            )
        return True

    # Creation.

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        order = change.related["order"]
        was_behind = not change.values.get("stripe_id") and (yield from order.catch_up(work))
        order.takes_source(work)
        gateway = cls.gateway_for(order)
        if gateway is None:
            work.invalid("payment_gateway", "blank", "must exist")
        values = change.values
        stripe_id, secret = values.get("stripe_id") or None, values.get("client_secret") or None
        if (stripe_id is None) != (secret is None):
            work.invalid("client_secret" if secret is None else "stripe_id", "blank")
        elif stripe_id is not None and secret is not None and not secret.startswith(f"{stripe_id}_secret_"):
            work.invalid("client_secret", "invalid")
        given = values.get("options") or {}
        options = guarded(given, work, (yield from _shoppers_own(given, gateway, work)))
        check_metadata(options, options, work)
        work.check()
        assert gateway is not None
        options, sealed = _hidden(values, options, {}, None, work)
        record = {
            **({"sealed_urls": sealed} if sealed else {}),
            **{name: values[name] for name in ("return_url", "receipt_email", *_NAMED) if values.get(name)},
            "metadata": values.get("metadata") or {},
            "options": options,
            "connected_account": gateway.connected_account,
            "account": gateway.account,
            "publishable_key": gateway.publishable_key,
            "payment_gateway_id": gateway.id,
            "method_id": order.payment_method_id,
        }
        if stripe_id is not None and secret is not None:
            yield from cls._adopting(order, gateway, stripe_id, secret, record, values, work)
            return
        facts = order.for_intent(work.settings["organization"])
        known = None
        if facts["account"] is not None and work.actor.customer_id in (None, facts["account"]):
            known = yield from known_at(gateway.id, facts["account"])
        connect = connecting(options, work)
        told = {**sent(options), **dict.fromkeys(CONNECT), **connected(order, connect)}
        is_named = known is not None and known.token is not None and "customer" not in told
        if known is not None and is_named:
            told["customer"] = known.token
        named = known.id if known and is_named else None
        cls._open(order, gateway, record, told, facts, work, known=named, connect=connect, behind=was_behind)

    @classmethod
    def reopening(cls, order: Payable, entry: CustomerPaymentSource, former: dict[str, Any], work: Work) -> Rule:
        """Open an intent that is paid with a wallet's entry, and show its card at once. The order takes the payment
        method that it has in hand, and the payment, once that is there.

        former   the source and method that the order has until then
        """
        gateway = cls.gateway_for(order)
        options = {"customer": entry.customer_token, "payment_method": entry.payment_source_token}
        record = {
            "metadata": {},
            "options": options,
            "connected_account": gateway.connected_account,
            "account": gateway.account,
            "publishable_key": gateway.publishable_key,
            "payment_gateway_id": gateway.id,
            "method_id": order.payment_method_id,
            "payment_method": entry.method,
            "payment_instrument": instrument(entry.instrument),
            "wallet_entry_id": entry.id,
        }
        # What is set up already is not set up again, and could not be without the shopper.
        facts = {**order.for_intent(work.settings["organization"]), "setup_future_usage": None}
        costs_other = "total_amount_with_taxes_cents" in work.changed.get(order, {})
        chosen = {**former, "chooses": order.payment_method_id, "behind": costs_other}
        opened = {**connected(order, {}), **options}
        cls._open(order, gateway, record, opened, facts, work, about="orders", **chosen)
        yield from ()

    @classmethod
    def _open(
        cls,
        order: Payable,
        gateway: Gateway,
        record: dict[str, Any],
        options: dict[str, Any],
        facts: dict[str, Any],
        work: Work,
        **more: Any,
    ) -> None:
        record_id = new_id()
        amount = order.due()
        work.call(
            "open_payment",
            order,
            gateway=gateway,
            record_id=record_id,
            ask=OpenAsk(
                **{"replaces": order.payment_source_id, "payment_method_id": order.payment_method_id, **more},
                source=cls.shape.type,
                record=record,
                gateway={
                    "amount_cents": amount.cents,
                    "currency": amount.currency,
                    "auto_payments": bool(gateway.auto_payments),
                    "moto": bool(order.payment_method.moto),
                    "options": options,
                    "receipt_email": record.get("receipt_email"),
                    "description": facts.get("description"),
                    "shipping": facts.get("shipping"),
                    "setup_future_usage": facts.get("setup_future_usage"),
                    "metadata": _metadata(order, record_id, options, work),
                },
            ),
        )

    @classmethod
    def _adopting(
        cls,
        order: Payable,
        gateway: Gateway,
        stripe_id: str,
        secret: str,
        record: dict[str, Any],
        values: dict[str, Any],
        work: Work,
    ) -> Rule:
        known, taken = holder_of((yield cls.holders(stripe_id)), gateway.account, order.id, work)
        given = {name: values[name] for name in ("return_url", "receipt_email", *_NAMED, "metadata") if name in values}
        if "options" in values:
            given["options"] = record["options"]
        if "sealed_urls" in record:
            given["sealed_urls"] = record["sealed_urls"]
        work.call(
            "adopt_payment",
            order,
            gateway=gateway,
            record_id=known.id if known is not None else new_id(),
            ask=AdoptAsk(
                record=record,
                given=given,
                payment_id=stripe_id,
                secret=digest(secret),
                currency=order.currency_code,
                ordered_at=order.created_at,
                shopper=work.actor.is_sales_channel,
                known=known is not None,
                connect=connecting(record["options"], work),
                taken=taken,
                gateway={"payment_id": stripe_id, "metadata": _belonging(order, work)},
            ),
        )

    # Changes.

    def updating(self, change: Change, work: Work) -> Rule:
        values, options = change.values, None
        if "options" in values:
            given = values.pop("options") or {}
            given = guarded(given, work, (yield from _shoppers_own(given, self.payment_gateway, work)))
            check_metadata(given, merged(self.options, given), work)
            work.check()
            options = given
            if self.order is not None:
                work.change(self.order, connect=connected(self.order, connecting(given, work)) or None)
        if options is not None or "return_url" in values:
            options, sealed = _hidden(values, options or {}, self.options, self, work)
            work.change(self, options=merged(self.options, options), sealed_urls=sealed or None)
        former = self.order_id
        yield from super().updating(change, work)
        if self.order_id != former:
            # What was to be said of a move before this one is not true any more.
            work.withdraw("label_payment", self)
            metadata = {**_belonging(self.order, work), "order_number": self.order.number or ""}
            ask = LabelAsk(gateway={"payment_id": self.stripe_id, "metadata": metadata})
            gateway = self.payment_gateway
            work.call("label_payment", self, gateway=gateway, record_id=self.id, deferred=True, ask=ask)

    @trigger(loads=("order.payment_method", "order.shipping_address", "order.customer", "order.market"))
    def _update(self, work: Work, value: bool) -> Rule:
        """Bring the intent to the order's present amount, shipping address, receipt address and options."""
        order = self.order
        was_behind = yield from order.catch_up(work)
        order.takes_source(work)
        work.check()
        amount = order.due()
        facts = order.for_intent(work.settings["organization"])
        work.call(
            "amend_payment",
            self,
            gateway=self.payment_gateway,
            record_id=self.id,
            ask=AmendAsk(
                behind=was_behind,
                gateway={
                    "payment_id": self.stripe_id,
                    "amount_cents": amount.cents,
                    "currency": amount.currency,
                    "auto_payments": bool(self.payment_gateway.auto_payments),
                    "options": self._sent(),
                    "receipt_email": self.receipt_email,
                    "description": facts.get("description"),
                    "shipping": facts.get("shipping"),
                    "metadata": _metadata(order, self.id, self.options, work),
                },
            ),
        )

    def _sent(self) -> dict[str, Any]:
        options = self.options if self.wallet_entry_id is None else without_setup(self.options)
        return {**sent(options), **dict.fromkeys(CONNECT), **(self.order.connect or {})}

    @trigger()
    def _refresh(self, work: Work, value: bool) -> None:
        """Read the intent again: the way back when a webhook could not come."""
        # An amendment in the same request is answered with the intent as it is then.
        if all(call.deferred for call in work.calls):
            self.read(work)


_UNCONFIRMED = ("requires_payment_method", "requires_confirmation", "requires_action")


def _connected(snapshot: Snapshot) -> dict[str, Any]:
    made = {"destination": snapshot.destination, "fee": snapshot.application_fee}
    return {name: value for name, value in made.items() if value}


def _shoppers_own(options: dict[str, Any], gateway: Gateway, work: Work) -> Rule:
    """The Stripe customers that the shopper who asks is, where the options name one."""
    customer_id = work.actor.customer_id
    if customer_id is None or gateway is None or options.get("customer") is None:
        return ()
    theirs = both(eq("customer_id", customer_id), eq("payment_gateway_id", gateway.id))
    known = yield from known_at(gateway.id, customer_id)
    kept = yield Find("customer_payment_sources", theirs, many=True)
    customer = yield Find("customers", eq("id", customer_id))
    proved_at = customer.proved_at if customer is not None else None
    kept = [one for one in kept if shows_entry(work.actor, one, proved_at)]
    return {one.customer_token for one in kept} | ({known.token} if known is not None else set())


def _hidden(
    values: dict[str, Any], options: dict[str, Any], stored: dict[str, Any], payment: StripePayment | None, work: Work
) -> tuple[dict[str, Any], dict[str, str]]:
    """What is stored of the options that a client gives, and of `return_url` among the values: addresses without their
    tokens; and the whole of those that a confirmation may send, sealed, by where they stand.
    """
    sealed: dict[str, str] = dict(payment.sealed_urls or {}) if payment is not None else {}
    options = {**masked_options(options)} | ({"return_url": options["return_url"]} if "return_url" in options else {})
    for place, held, former in (
        ("return_url", values, payment.return_url if payment is not None else None),
        ("options", options, stored.get("return_url")),
    ):
        if "return_url" in held:
            held["return_url"], secret = kept(held["return_url"], former, sealed.pop(place, None), work)
            if secret is not None:
                sealed[place] = secret
    return options, sealed


def _metadata(order: Payable, record_id: str, options: Mapping[str, Any], work: Work) -> dict[str, str]:
    """What ties the intent to this installation, for webhooks and for calls whose answer was lost."""
    made = {
        "order_id": order.id,
        "order_number": order.number or "",
        "stripe_payment_id": record_id,
        "organization_id": work.actor.organization_id,
        "organization": work.actor.slug,
        "mode": work.actor.mode,
        "paydesk": work.settings["installation"],
    }
    assert made.keys() == OUR_METADATA, "an integration's metadata leaves room for all of ours"
    if len(options.get("metadata") or {}) + len(made) + len(MADE_AGAIN_OF) <= MOST_METADATA:
        made |= dict(zip(MADE_AGAIN_OF, (order.customer_email or "", order.market_id), strict=True))
    return made


def _belonging(order: Payable, work: Work) -> dict[str, str]:
    """What tells at Stripe whose an intent is: the same text whenever it is said of an order, by whichever record."""
    return {
        "order_id": order.id,
        "organization_id": work.actor.organization_id,
        "mode": work.actor.mode,
        "paydesk": work.settings["installation"],
    }


def digest(secret: str) -> str:
    """A client secret as the journal keeps it: to be compared with, and no more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def holder_of(holders: list[Holder], account: str | None, order_id: str, work: Work) -> tuple[Holder | None, bool]:
    """The order's own record of an intent, and whether there is none though the intent pays another order.

    account   of the gateway that the order is paid through
    """
    same = [one for one in holders if one.is_of(account)]
    own = [one for one in same if (one.tenant, one.order_id) == (work.actor.tenant, order_id)]
    return (own[0], False) if own else (None, bool(same))
