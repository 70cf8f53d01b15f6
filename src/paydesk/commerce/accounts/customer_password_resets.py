"""customer_password_resets: how whoever owns an address comes by a password for its account, and so proves it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from paydesk.base.errors import Denied
from paydesk.base.instants import later
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.emails import email_key, is_email
from paydesk.commerce.accounts.passwords import LONGEST_PASSWORD, hashed
from paydesk.commerce.sealed import opened
from paydesk.declare import (
    ALWAYS,
    CREATE,
    FILTER,
    FIND,
    UPDATE,
    Access,
    Limited,
    Rule,
    Test,
    argument,
    both,
    derived,
    eq,
    hidden,
    moment,
    string,
    to_one,
)
from paydesk.rules.asking import Change, Find, new_id
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

GOOD_SECONDS = 2 * 3600.0
"""How long a token is good: it is mailed at once, and whoever asked for it waits."""

_TOKEN_BYTES = 24


def _about(record_id: str) -> str:
    return f"customer_password_resets/{record_id}/token"


def _token(sealed: str | None, record_id: str) -> str | None:
    return opened(sealed, _about(record_id))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class CustomerPasswordReset(
    Resource,
    type="customer_password_resets",
    singular="customer_password_reset",
    versions=False,
    indexes=(("token_digest",),),
    access=Access(
        guest="CU",
        customer="CU",
        guest_sees=ALWAYS,
        customer_sees=ALWAYS,
        guest_writes=ALWAYS,
        customer_writes=ALWAYS,
    ),
):
    """Asked for with an address; completed with the token that an integration reads here and sends to that address. It
    is good once and for two hours. Completing one sets the password, proves the address, and signs the customer out
    everywhere. A storefront's request is answered alike for an address without a customer, which gets no token.

    Source: Commerce Layer, "Customer password resets".
    """

    customer_email = string(CREATE, required=True, example="john@example.com", doc="Whose password is to be set.")
    reset_password_token = derived(
        "string",
        ("sealed_token", "id"),
        _token,
        FILTER,
        digested="token_digest",
        confidential=True,
        example="xhFfkmfybsLxzaAP6xcs",
        doc="Sent to the address by an integration; null once it was used. A storefront never sees it.",
    )
    customer_password = argument(
        "string", UPDATE, secret=True, max_length=LONGEST_PASSWORD, example="secret", doc="The new password."
    )
    _reset_password_token = argument(
        "string", UPDATE, secret=True, max_length=255, example="xhFfkmfybsLxzaAP6xcs", doc="The token, to complete it."
    )
    reset_password_at = moment(FILTER, example="2018-01-01T12:00:00.000Z", doc="When it was completed.")
    customer = to_one("customers", FIND)
    sealed_token = hidden("string", secret=True, doc="The token, sealed by the vault.")
    token_digest = hidden("string", secret=True, doc="SHA-256 of the token, while it may be used.")
    expires_at = hidden("datetime", doc="How long the token is good.")

    @classmethod
    def limited(cls, verb: str, record_id: str | None, change: Change) -> Limited | None:
        """Each one is a mail to somebody who may not have asked for it; completing one may be a guess at its token."""
        if verb == "create":
            return Limited("mail", email_key(str(change.values.get("customer_email") or "")))
        if change.gives("_reset_password_token") or change.gives("customer_password"):
            return Limited("account", f"reset {record_id}")
        return None

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        values = dict(change.values)
        email = values["customer_email"] = values["customer_email"].strip()
        if not is_email(email):
            work.invalid("customer_email", "invalid", value=email)
            work.check()
        customer = yield Find(Customer, eq("email_key", email_key(email)))
        if customer is None and not work.actor.is_sales_channel:
            work.invalid("customer_email", "invalid", "is no customer's", value=email)
            work.check()
        record_id, token = new_id(), secrets.token_urlsafe(_TOKEN_BYTES)
        sealed = work.settings["seal"](token, _about(record_id))
        if customer is not None:
            values["customer_id"] = customer.id
            values["sealed_token"] = sealed
            values["token_digest"] = _digest(token)
            values["expires_at"] = later(work.now, GOOD_SECONDS)
        return work.create(cls, id=record_id, **values)

    def updating(self, change: Change, work: Work) -> Rule:
        password, token = change.arguments.get("customer_password"), change.arguments.get("_reset_password_token")
        if not password and not token:
            if work.actor.is_sales_channel:
                raise Denied("a reset without its token")
            work.change(self, **change.values)
            return
        for name, value in (("customer_password", password), ("_reset_password_token", token)):
            if not value:
                work.invalid(name, "blank")
        password_hash = hashed("customer_password", change, work)
        customer = yield from self._whose(token, work)
        if token and customer is None:
            work.guessed("_reset_password_token", "invalid")
        work.check()
        assert customer is not None and password_hash is not None, "both were checked"
        customer.prove(password_hash, work)
        # Other tokens that were sent to this address are as good as this one was, and no longer needed.
        others = both(eq("customer_id", customer.id), Test("token_digest", "not_null"))
        for one in (yield Find(CustomerPasswordReset, others, many=True)):
            work.change(one, sealed_token=None, token_digest=None)
        work.change(self, **change.values, reset_password_at=work.now)

    def _whose(self, token: Any, work: Work) -> Rule:
        """The customer whose password `token` sets, locked; None where it sets nobody's, for whatever reason."""
        if not token or self.token_digest is None or not hmac.compare_digest(_digest(token), self.token_digest):
            return None
        if self.expires_at is None or self.expires_at <= work.now:
            return None
        customer = yield Find(Customer, eq("id", self.customer_id), lock=True)
        # The token went to this address: it proves no other one that the account has taken since.
        if customer is None or customer.email_key != email_key(self.customer_email):
            return None
        return customer
