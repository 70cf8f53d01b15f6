"""stripe_gateways: a Stripe account, with the key to it and the webhook endpoint registered there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from paydesk.base.errors import Locked
from paydesk.base.instants import later
from paydesk.commerce.payments.asks import EndpointAsk, KeyAsk, RegisterAsk, RenewAsk, UnregisterAsk
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.commerce.payments.payment_methods import PaymentMethod
from paydesk.commerce.payments.sealed import revealed
from paydesk.commerce.payments.stripe_keys import is_live, mistaken, shortened
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.declare import CREATE, NONE, WRITE, Rule, boolean, derived, eq, hidden, string, to_many
from paydesk.gateways.port.account import Credentials, Registration
from paydesk.rules.asking import Change, Find, new_id
from paydesk.rules.resource import switching
from paydesk.rules.work import Work

OVERLAP_SECONDS = 24 * 3600.0
"""How long the secret of a replaced endpoint counts."""


class StripeGateway(
    Gateway,
    type="stripe_gateways",
    singular="stripe_gateway",
    family="payment_gateways",
):
    """Credentials of one Stripe account. The secret key is kept sealed and never returned.

    Creating one tries the key and registers a webhook endpoint at Stripe; deleting one removes it again.
    Source: Commerce Layer, "Stripe gateways".
    """

    makes = StripePayment
    speaks_with = ("login", "sealed_webhook_secret", "sealed_former_secret", "publishable_key", "connected_account")

    login = string(
        CREATE,
        fetch=False,
        required=True,
        secret=True,
        example="sk_live_xxxx-yyyy-zzzz",
        doc="The secret or restricted key.",
    )
    publishable_key = string(
        CREATE, fetch=False, example="pk_live_xxxx-yyyy-zzzz", doc="Shown as `stripe_payments.publishable_key`."
    )
    connected_account = string(WRITE, example="acct_xxxx-yyyy-zzzz", doc="Calls are made in this account's name.")
    auto_payments = boolean(
        WRITE,
        default=False,
        example=True,
        doc="Offer every method that is enabled at Stripe: those that cannot be held are paid at once.",
    )
    webhook_endpoint_id = string(example="we_xxxx", doc="The endpoint registered at Stripe.")
    webhook_endpoint_secret = derived(
        "string",
        ["sealed_webhook_secret", "id"],
        revealed,
        confidential=True,
        secret=True,
        example="whsec_xxxx",
        doc="What Stripe signs its events with.",
    )
    webhook_endpoint_url = string(
        example="https://shop.example.com/webhook_callbacks/stripe_gateways/x", doc="Its address."
    )
    force_payments = boolean(WRITE, default=True, doc="A paying source is attached again though the shopper switched.")
    sealed_webhook_secret = hidden("string", secret=True)
    sealed_former_secret = hidden("string", secret=True, doc="What the endpoint signed with that this one replaced.")
    former_secret_until = hidden("datetime", doc="Until when that counts.")
    own_account = hidden("string", doc="The account that `login` is a key of, once that is known.")

    stripe_payments = to_many("stripe_payments", by="payment_gateway", flags=NONE)

    keeps_instruments = True
    loads = ()

    @property
    def account(self) -> str | None:
        account: str | None = self.connected_account or self.own_account
        return account

    def credentials(self, unseal: Callable[[str, str], str]) -> Credentials:
        key = unseal(self.login, f"login/{self.id}")
        secrets = [one for one in (self.sealed_webhook_secret, self.sealed_former_secret) if one]
        return Credentials(
            secret_key=key,
            publishable_key=self.publishable_key,
            account=self.connected_account,
            webhook_secrets=tuple(unseal(one, f"webhook/{self.id}") for one in secrets),
            live=is_live(key),
        )

    @classmethod
    def creating(cls, change: Change, work: Work) -> Any:
        switching(change, work)
        key = change.values["login"]
        if (mistake := mistaken(key, live=work.actor.live)) is not None:
            work.invalid("login", "invalid", mistake)
        account = change.values.get("connected_account")
        if account is not None and not account.startswith("acct_"):
            work.invalid("connected_account", "invalid")
        work.check()
        row_id = new_id()
        values = {**change.values, "login": work.settings["seal"](key, f"login/{row_id}")}
        url = work.settings["endpoint_url"](work, cls.shape.type, row_id)
        gateway = draft(values, row_id)
        if url is None:
            work.call("try_key", gateway, gateway=gateway, record_id=row_id, ask=KeyAsk(record=values))
            return
        # An equal request that comes while this one is open is to meet it: the id is new each time, the key is not.
        same = hashlib.sha256(f"{key}/{account}/{change.values['name']}".encode()).hexdigest()[:24]
        work.call(
            "register_endpoint",
            draft(values, same),
            gateway=gateway,
            record_id=row_id,
            ask=RegisterAsk(
                record=values,
                gateway={
                    "url": url,
                    "gateway_id": row_id,
                    "installation": work.settings["installation"],
                    "account": account,
                },
            ),
        )

    def updating(self, change: Change, work: Work) -> Any:
        switching(change, work)
        account = self.connected_account
        work.change(self, **change.values)
        if self.connected_account != account and self.webhook_endpoint_url is not None:
            self._renew(self.webhook_endpoint_url, self.webhook_endpoint_id, work)

    def rekey(self, former: str, key: str, publishable_key: str | None, work: Work) -> None:
        """Speak with another key of the same account from now on.

        former           the secret key that `login` keeps now
        publishable_key  the one to show from now on; None leaves it

        What was asked for with the former key and is not answered yet is asked again with this one, under the same
        idempotency keys: Stripe keeps those for an account, whichever of its keys they came with.
        Source: Stripe, "Idempotent requests"; "Connect: making API calls" (another account's are others).
        """
        if key != former:
            work.change(self, login=work.settings["seal"](key, f"login/{self.id}"))
            # Versions tell no secret: this one tells that there is another, as Stripe's dashboard shows it.
            work.note(self, secret_key=(shortened(former), shortened(key)))
        if publishable_key is not None:
            work.change(self, publishable_key=publishable_key)

    def deleting(self, work: Work) -> Rule:
        payments = yield Find(StripePayment, eq("payment_gateway_id", self.id))
        methods = yield Find(PaymentMethod, eq("payment_gateway_id", self.id))
        kept = yield Find("customer_payment_sources", eq("payment_gateway_id", self.id))
        if payments or methods or kept:
            raise Locked("payments, payment methods or customers' wallets use it")
        if self.webhook_endpoint_id is None:
            yield from delete_gateway(self, work)
            return
        work.call(
            "remove_endpoint",
            self,
            gateway=self,
            record_id=self.id,
            ask=UnregisterAsk(gateway={"endpoint_id": self.webhook_endpoint_id}),
        )

    def lost(self, work: Work) -> None:
        """The account does not let us in any more: nothing is to be paid through it."""
        if self.disabled_at is None:
            work.change(self, disabled_at=work.now)

    def belongs_to(self, account: str, work: Work) -> None:
        """Its key was seen to be of this account."""
        work.change(self, own_account=account)

    def tend(self, known: list[Registration], url: str, work: Work) -> None:
        """Bring the endpoint at Stripe to `url`, as it would be registered now.

        known   those found there for this gateway
        """
        until = self.former_secret_until
        # One further ahead than it is ever set was set by a clock that ran ahead: that time is over.
        if until is not None and not work.now < until <= later(work.now, 2 * OVERLAP_SECONDS):
            work.change(self, sealed_former_secret=None, former_secret_until=None)
        own = next((one for one in known if one.endpoint_id == self.webhook_endpoint_id), None)
        if own is None or not self.sealed_webhook_secret:
            own = None
            self._renew(url, None, work)
        elif not own.current or own.account != self.connected_account:
            self._renew(url, own.endpoint_id, work)
        elif own.url != url or not own.hears or own.status != "enabled":
            ask = EndpointAsk(gateway={"endpoint_id": own.endpoint_id, "url": url})
            work.call("move_endpoint", self, gateway=self, deferred=True, ask=ask)
        for one in known:
            if one is not own:
                self._drop(one.endpoint_id, work)

    def _renew(self, url: str, replaces: str | None, work: Work) -> None:
        ask = RenewAsk(
            replaces=replaces,
            gateway={
                "url": url,
                "gateway_id": self.id,
                "installation": work.settings["installation"],
                "account": self.connected_account,
            },
        )
        work.call("renew_endpoint", self, gateway=self, deferred=True, ask=ask)

    def _drop(self, endpoint_id: str, work: Work) -> None:
        ask = UnregisterAsk(gateway={"endpoint_id": endpoint_id})
        work.call("drop_endpoint", self, gateway=self, deferred=True, ask=ask)

    def renewed(self, answer: Registration, replaces: str | None, work: Work) -> None:
        """A new endpoint stands. The one it replaces goes, and what that signed counts for a day: it may be on its way,
        and a gateway repeats what was not taken.
        """
        if replaces is not None:
            until = later(work.now, OVERLAP_SECONDS)
            work.change(self, sealed_former_secret=self.sealed_webhook_secret, former_secret_until=until)
            self._drop(replaces, work)
        work.change(self, webhook_endpoint_id=answer.endpoint_id, webhook_endpoint_url=answer.url)
        if answer.secret:
            work.change(self, sealed_webhook_secret=work.settings["seal"](answer.secret, f"webhook/{self.id}"))


def delete_gateway(gateway: StripeGateway, work: Work) -> Rule:
    """Delete a gateway, and with it who customers are there."""
    for known in (yield Find("gateway_customers", eq("payment_gateway_id", gateway.id), many=True)):
        work.delete(known)
    work.delete(gateway)


def draft(values: dict[str, Any], row_id: str | None) -> StripeGateway:
    """The gateway as it will be, for the call that comes before it is stored."""
    row = {name: field.default for name, field in StripeGateway.shape.columns.items()}
    return StripeGateway(**{**row, **values, "id": row_id})
