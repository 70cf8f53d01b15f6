"""Another secret key for a gateway, of the same account.

Everything that a gateway has at Stripe (payments, customers, its webhook endpoint, what was asked for and not answered)
is one account's, so a key of another account is refused. Whose a key is, is told by the account's id, where the present
key and the new one may both see it; else by what only that account has: this gateway's webhook endpoint, or a payment
that paydesk knows by more than its id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from paydesk.background.keep_ownership import TOLD
from paydesk.base.actor import worker
from paydesk.base.errors import Conflict
from paydesk.base.tenants import mode_of
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.commerce.payments.stripe_gateways import StripeGateway
from paydesk.commerce.payments.stripe_keys import is_live, mistaken, shortened
from paydesk.declare import eq
from paydesk.gateways.port.account import Account, Credentials
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.operations.parts import Parts
from paydesk.operations.undone import Undone
from paydesk.rules.asking import Find
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.inbox import gateways
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup
from paydesk.vault import KeyMissing, SealBroken

KIND = StripeGateway.shape.type
NEWEST = 20
"""So many of a gateway's payments are looked for with the new key, the newest first."""


@dataclass(frozen=True)
class Rekeyed:
    """How it ended.

    shown     the new key, by its kind and its last characters
    account   how it was seen to be of the same account
    changed   False where the gateway had it already
    """

    id: str
    name: str
    shown: str
    account: str
    changed: bool


async def rekey(parts: Parts, id_: str, key: str, publishable_key: str | None) -> Rekeyed:
    """Give a gateway another secret key, and where one is given another publishable key.

    raises  Undone, with nothing changed, where the key is not taken, lacks rights, or is not of the same account and
            mode, and in a copy of an installation that acts elsewhere
    """
    known = await parts.database.read(lambda: gateways.every_gateway(PaymentGateway))
    tenant = next((tenant for tenant, kind, one in known if one == id_ and kind == KIND), None)
    if tenant is None:
        raise Undone(f"There is no Stripe gateway {id_}.")
    return await _Rekeying(parts, tenant, id_).go(key, publishable_key)


class _Rekeying:
    """One gateway, which is given another key."""

    def __init__(self, parts: Parts, tenant: str, id_: str) -> None:
        self._parts, self._tenant, self._id = parts, tenant, id_
        self._adapter: Gateway = parts.gateways[KIND]
        account = self._adapter.account
        assert account is not None, "Stripe's payments are kept in an account"
        self._account: Account = account

    async def go(self, key: str, publishable_key: str | None) -> Rekeyed:
        self._check_looks(key, publishable_key, mode_of(self._tenant))
        # A copy of an installation that acts elsewhere needs no key, and is told so before it is given one.
        await self._parts.owner.look()
        if self._parts.owner.stopped is not None:
            _refuse(TOLD)
        read, reader = self._parts.database.read, self._parts.desk.reader
        (record,) = await read(lambda: reader.records(Session(self._tenant, {}), Find(KIND, eq("id", self._id))))
        try:
            present = self._parts.credentials(record)
        except (KeyMissing, SealBroken) as problem:
            # Whoever seals under another vault's key shuts the servers out that have the right one.
            hint = "See that PAYDESK_KEY_FILE or PAYDESK_KEYS names the keys that this database was sealed with."
            raise Undone(f"The gateway's present key cannot be opened: {problem}.", hint, usage=True) from problem
        given = replace(present, secret_key=key, live=is_live(key))
        said = await self._same_account(record, present, given)
        actor = worker(
            self._tenant, await read(lambda: organizations.slug_of(self._tenant)), "gateways rekey", self._id
        )
        rule = _rule(self._id, record.login, present.secret_key, key, publishable_key)
        changed = await self._parts.desk.operate(actor, rule)
        return Rekeyed(self._id, record.name, shortened(key), said, changed)

    def _check_looks(self, key: str, publishable_key: str | None, mode: str) -> None:
        """What needs no asking."""
        live = mode == "live"
        if (wrong := mistaken(key, live=live)) is not None:
            raise Undone(f"The new key {wrong}, and the gateway is for {mode} payments.", usage=True)
        if publishable_key is not None and (wrong := mistaken(publishable_key, live=live, kinds=("pk_",))) is not None:
            raise Undone(f"--publishable-key {wrong}, and the gateway is for {mode} payments.", usage=True)

    async def _same_account(self, record: Any, present: Credentials, given: Credentials) -> str:
        """How the new key, which has all rights, is seen to be of the present one's account."""
        ours = await self._account_of(present, or_none=True)
        theirs = await self._account_of(given)
        if ours is not None and theirs is not None and ours != theirs:
            _refuse(f"The new key is of another account: {theirs}, and the gateway's is {ours}.")
        try:
            lacks = await self._account.probe(given)
            if lacks:
                _refuse(f"The new key lacks rights: {', '.join(lacks)}.", "Give the restricted key these rights first.")
            if ours is not None and theirs is not None:
                return f"account {ours}"
            said = await self._endpoint(record, given) or await self._payment(record, given)
        except GatewayProblem as problem:
            _unasked(problem)
        if said is None:
            _refuse(
                "The new key does not show that it is of the gateway's account: it finds neither its webhook endpoint "
                "nor a payment of it, and the present key cannot be compared with.",
                "If it is of another account, make a gateway with it, and have the payment methods point to that.",
            )
        return said

    async def _account_of(self, credentials: Credentials, *, or_none: bool = False) -> str | None:
        """The account's id; None where the key may not see it, or, with `or_none`, is not taken any more."""
        try:
            return await self._account.account_id(credentials)
        except Refused as problem:
            if or_none:
                return None
            _refuse(f"The gateway does not take the new key: {_sentence(problem)}.")
        except GatewayProblem as problem:
            _unasked(problem)

    async def _endpoint(self, record: Any, given: Credentials) -> str | None:
        """The webhook endpoint that was registered for this gateway, if the new key finds it."""
        known = await self._account.find_endpoints(self._id, credentials=given)
        found = any(one.endpoint_id == record.webhook_endpoint_id for one in known)
        return f"webhook endpoint {record.webhook_endpoint_id}" if found else None

    async def _payment(self, record: Any, given: Credentials) -> str | None:
        """One of the gateway's payments, if the new key finds it.

        Payments of a connected account tell nothing of the platform whose key this is. An id alone is not enough
        either: in the sandbox every account has the documented intent.
        """
        if record.connected_account is not None:
            return None
        source = record.makes
        columns = (source.named_by, "id", "charge_id")
        rows = await self._parts.database.read(
            lambda: lookup.newest_payments(source.shape.table, columns, self._tenant, self._id, NEWEST)
        )
        for name, payment_id, charge_id in rows:
            if name is None:
                continue
            try:
                found = await self._adapter.read(name, credentials=given)
            except Refused as problem:
                if problem.http_status != 404:
                    raise
                continue
            charged = charge_id is not None and found.charge_id == charge_id
            if charged or found.metadata.get("stripe_payment_id") == payment_id:
                return f"payment {name}"
        return None


def _rule(id_: str, login: str, former: str, key: str, publishable_key: str | None) -> Callable[[Work], Any]:
    """login: the sealed key that was compared with."""

    def rule(work: Work) -> Any:
        record = yield Find(StripeGateway, eq("id", id_), lock=True)
        if record is None or record.login != login:
            raise Conflict("The gateway was changed meanwhile.")
        record.rekey(former, key, publishable_key, work)
        return bool(work.changed)

    return rule


def _refuse(message: str, hint: str | None = None) -> NoReturn:
    raise Undone(f"{message} Nothing was changed.", hint)


def _unasked(problem: GatewayProblem) -> NoReturn:
    _refuse(f"The gateway could not be asked: {_sentence(problem)}.", "Try again.")


def _sentence(problem: GatewayProblem) -> str:
    return problem.message.rstrip(".")
