"""stripe_payments: an order's payment source, backed by one Stripe PaymentIntent."""

from __future__ import annotations

import hmac
from typing import Any

from paydesk.commerce.payable import EDITABLE
from paydesk.commerce.payments.former import instrument
from paydesk.commerce.payments.gateway_customers import known_at
from paydesk.commerce.payments.options import guarded, sent
from paydesk.commerce.payments.payment_sources import SOURCE_ACCESS, PaymentSource, refusal
from paydesk.commerce.payments.reconciling import UNCONFIRMED, reconcile
from paydesk.commerce.payments.watching import watch
from paydesk.declare import CREATE, WRITE, Rule, both, derived, document, eq, hidden, string, to_one, trigger
from paydesk.errors import Invalid
from paydesk.gateways.port import Snapshot
from paydesk.work import Change, Find, Journalled, Load, Plan, Work, new_id


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
    queues=("look_at", "overdue_since"),
    indexes=(("stripe_id",), ("order_id",)),
    access=SOURCE_ACCESS,
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
        WRITE, example="https://yourdomain.com/thankyou", max_length=2048, doc="Where the shopper comes back to."
    )
    receipt_email = string(CREATE, example="john@example.com", max_length=512, doc="Where Stripe sends the receipt.")
    payment_instrument = document(
        example={"issuer": "cl bank", "card_type": "visa"}, doc="The instrument in words common to all gateways."
    )
    capture_before = hidden("datetime", doc="Until when what is authorized can be captured.")
    news_at = hidden("datetime", doc="When its status was last heard to change.")
    look_at = hidden("datetime", doc="When it is looked at though no event tells of it; null once it came to its end.")
    overdue_since = hidden("datetime", doc="Since when it should have come to its end; null while there is time.")

    usage = hidden("string", doc="The intent's `setup_future_usage`.")
    saving = hidden("boolean", default=False, doc="It is to be kept in the customer's wallet, and is not yet.")

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

    def confirmation(self, order: Any, amount_cents: int, work: Work) -> dict[str, Any]:
        """Needs `wallet_entry` loaded. Only what comes from the wallet, or from an integration, is confirmed without
        the shopper; and nothing that is to be set up by it, which Stripe does with the shopper alone.
        """
        asked: dict[str, Any] = {}
        if self.wallet_entry is not None:
            asked["off_session"] = True
            asked["payment_method"] = self.wallet_entry.payment_source_token
        elif not work.actor.is_sales_channel and self.usage is None:
            asked["off_session"] = True
        url = self.return_url or self.options.get("return_url") or order.return_url
        if isinstance(url, str):
            asked["return_url"] = url
        return asked

    def absorb(self, snapshot: Snapshot, work: Work) -> bool:
        former_status = self.gateway_status
        if not super().absorb(snapshot, work):
            return False
        watch(self, former_status, snapshot, work)
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
        work.check()
        assert gateway is not None
        record = {
            **{
                name: values[name]
                for name in ("return_url", "receipt_email", "reference", "reference_origin")
                if values.get(name)
            },
            "metadata": values.get("metadata") or {},
            "options": options,
            "connected_account": gateway.connected_account,
            "publishable_key": gateway.publishable_key,
            "payment_gateway_id": gateway.id,
            "method_id": order.payment_method_id,
        }
        if stripe_id is not None:
            yield from cls._adopting(order, gateway, stripe_id, secret, record, values, work)
            return
        facts = order.for_intent(work.settings["organization"])
        known = None
        if facts["account"] is not None and work.actor.customer_id in (None, facts["account"]):
            known = yield from known_at(gateway.id, facts["account"])
        told = sent(options)
        is_named = known is not None and known.token is not None and "customer" not in told
        if known is not None and is_named:
            told["customer"] = known.token
        cls._open(order, gateway, record, told, facts, work, known=known.id if known and is_named else None)

    @classmethod
    def reopening(cls, order: Any, entry: Any, work: Work) -> Rule:
        """Open an intent that is paid with a wallet's entry, and show its card at once."""
        gateway = cls.gateway_for(order)
        options = {"customer": entry.customer_token, "payment_method": entry.payment_source_token}
        record = {
            "metadata": {},
            "options": options,
            "connected_account": gateway.connected_account,
            "publishable_key": gateway.publishable_key,
            "payment_gateway_id": gateway.id,
            "payment_method": entry.method,
            "payment_instrument": instrument(entry.instrument),
            "wallet_entry_id": entry.id,
        }
        # What is set up already is not set up again, and could not be without the shopper.
        facts = {**order.for_intent(work.settings["organization"]), "setup_future_usage": None}
        cls._open(order, gateway, record, options, facts, work, about="orders")
        yield from ()

    @classmethod
    def _open(
        cls,
        order: Any,
        gateway: Any,
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
            ask={
                **more,
                "source": cls.shape.type,
                "record": record,
                "replaces": order.payment_source_id,
                "payment_method_id": order.payment_method_id,
                "gateway": {
                    "amount_cents": amount.cents,
                    "currency": amount.currency,
                    "auto_payments": bool(gateway.auto_payments),
                    "moto": bool(order.payment_method.moto),
                    "options": options,
                    "receipt_email": record.get("receipt_email"),
                    "description": facts.get("description"),
                    "shipping": facts.get("shipping"),
                    "setup_future_usage": facts.get("setup_future_usage"),
                    "metadata": _metadata(order, record_id, work),
                },
            },
        )

    @classmethod
    def _adopting(
        cls,
        order: Any,
        gateway: Any,
        stripe_id: str,
        secret: str | None,
        record: dict[str, Any],
        values: dict[str, Any],
        work: Work,
    ) -> Rule:
        known = yield Find(cls, cls.known_as(stripe_id, gateway.id))
        if known is not None and known.order_id != order.id:
            raise Invalid("stripe_id", "taken")
        given = {name: value for name, value in record.items() if name in values}
        work.call(
            "adopt_payment",
            order,
            gateway=gateway,
            record_id=known.id if known is not None else new_id(),
            ask={"record": record, "given": given, "payment_id": stripe_id, "secret": secret, "gateway": {}},
        )

    # Changes.

    def updating(self, change: Change, work: Work) -> Rule:
        if "options" in change.values:
            given = change.values.pop("options") or {}
            given = guarded(given, work, (yield from _shoppers_own(given, self.payment_gateway, work)))
            work.check()
            work.change(self, options={**self.options, **given})
        yield from super().updating(change, work)

    @trigger(loads=("order.payment_method", "order.shipping_address", "order.customer", "order.market"))
    def _update(self, work: Work, value: bool) -> None:
        """Bring the intent to the order's present amount, shipping address, receipt address and options."""
        order = self.order
        order.takes_source(work)
        work.check()
        amount = order.due()
        facts = order.for_intent(work.settings["organization"])
        work.call(
            "amend_payment",
            self,
            gateway=self.payment_gateway,
            record_id=self.id,
            ask={
                "gateway": {
                    "payment_id": self.stripe_id,
                    "amount_cents": amount.cents,
                    "currency": amount.currency,
                    "options": sent(self.options),
                    "receipt_email": self.receipt_email,
                    "description": facts.get("description"),
                    "shipping": facts.get("shipping"),
                    "metadata": _metadata(order, self.id, work),
                }
            },
        )

    @trigger()
    def _refresh(self, work: Work, value: bool) -> None:
        """Read the intent again: the way back when a webhook could not come."""
        # An amendment in the same request is answered with the intent as it is then.
        if all(call.deferred for call in work.calls):
            self.read(work)


_UNCONFIRMED = ("requires_payment_method", "requires_confirmation", "requires_action")


def _shoppers_own(options: dict[str, Any], gateway: Any, work: Work) -> Rule:
    """The Stripe customers that the shopper who asks is, where the options name one."""
    customer_id = work.actor.customer_id
    if customer_id is None or gateway is None or options.get("customer") is None:
        return ()
    theirs = both(eq("customer_id", customer_id), eq("payment_gateway_id", gateway.id))
    known = yield from known_at(gateway.id, customer_id)
    kept = yield Find("customer_payment_sources", theirs, many=True)
    return {one.customer_token for one in kept} | ({known.token} if known is not None else set())


def _metadata(order: Any, record_id: str, work: Work) -> dict[str, str]:
    """What ties the intent to this installation, for webhooks and for calls whose answer was lost."""
    return {
        "order_id": order.id,
        "order_number": order.number or "",
        "stripe_payment_id": record_id,
        "organization_id": work.actor.organization_id,
        "organization": work.actor.slug,
        "mode": work.actor.mode,
        "paydesk": work.settings["installation"],
    }


class AdoptPayment(Plan):
    """Take over an intent that the client made at Stripe itself."""

    kind = "adopt_payment"

    def reads(self, call: Journalled) -> str | None:
        return str(call.ask["payment_id"])

    def settle(self, call: Journalled, answer: Snapshot, work: Work) -> Rule:
        order = yield Find("orders", eq("id", call.subject_id), ("payment_source.payment_gateway",), lock=True)
        if not hmac.compare_digest((answer.client_secret or "").encode(), call.ask["secret"].encode()):
            return Invalid("client_secret", "invalid")
        if order is None or answer.amount.currency != order.currency_code:
            return Invalid("stripe_id", "currency_mismatch", "has another currency")
        if order.status not in EDITABLE:
            # It was placed or cancelled while Stripe was asked.
            return Invalid("order", "not_editable", "is not editable", value=order.status)
        if answer.status == "canceled":
            return Invalid("stripe_id", "expired")
        same = StripePayment.known_as(answer.payment_id, call.gateway_id)
        known = yield Find(StripePayment, same, ("payment_gateway",), lock=True)
        if known is not None and known.order_id != order.id:
            return Invalid("stripe_id", "taken")
        payment = known
        if payment is None:
            payment = work.create(
                StripePayment,
                id=call.record_id,
                **call.ask["record"],
                order_id=order.id,
                **StripePayment.opened(answer),
            )
            yield Load(payment, ("payment_gateway",))
        else:
            given = {**call.ask["given"], "method_id": call.ask["record"]["method_id"]}
            if "options" in given:
                given["options"] = {**payment.options, **given["options"]}
            work.change(payment, **given)
        payment.__dict__["order"] = order
        payment.attach(order, work)
        yield from reconcile(payment, answer, work)
        return payment

    def refused(self, call: Journalled, problem: Any, work: Work) -> Any:
        if getattr(problem, "http_status", None) == 404:
            return Invalid("stripe_id", "invalid", problem.message)
        return refusal(problem)


PLANS: tuple[Plan, ...] = (AdoptPayment(),)
