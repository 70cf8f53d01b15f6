"""Access tokens: made, checked, kept while they are good, and forgotten at once when they are revoked.

A token is a JWT whose header is one of few fixed texts, one for each of the server's keys. So a token with any other
header (another algorithm, `jwk`, `jku`, a `kid` of somebody else's, a member twice) is none of ours before anything in
it is read. Source: Commerce Layer, "Access token"; RFC 7515, RFC 7519, RFC 8725 (what to refuse).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA512
from joserfc import jws

from paydesk.base.actor import Actor, Kind
from paydesk.base.errors import InvalidToken
from paydesk.base.instants import Clock, instant, seconds
from paydesk.base.tenants import tenant_of
from paydesk.oauth.keys import Keyring, SigningKey, header_of
from paydesk.store.oauth.administrators import User
from paydesk.store.oauth.state import State
from paydesk.store.oauth.tokens import AccessToken

LONGEST_TOKEN = 16_384
LONGEST_LIFETIME_SECONDS = 15 * 86_400
SKEW_SECONDS = 600.0
"""How far two clocks are apart that are both taken to be right. A token that ends later than that beyond the longest
lifetime was made by a clock that ran ahead, and counts as ended.
"""
LEEWAY_SECONDS = 30.0
"""How far another node's clock may be ahead, for `nbf`. `exp` is kept to the second."""
KEPT = 8192
SIGNATURE_CHARACTERS = 342
"""256 bytes in base64url."""

_PADDING = PKCS1v15()
_HASH = SHA512()
_NO_SIGNATURE = bytes(256)


@dataclass(frozen=True, slots=True)
class Read:
    """A token of ours whose signature and time are right; it may be revoked.

    digest  of header and payload: the signature's text can be written in several ways, what is signed in one
    """

    payload: dict[str, Any]
    digest: str
    until: float


@dataclass(slots=True)
class _Kept:
    actor: Actor
    until: float
    digest: str
    client_id: str


def issuer_of(scheme: str, host: str, public_domain: str | None, slugs: Iterable[str]) -> str:
    """The issuer of a token asked for at this address.

    The official clients want `https://auth.{domain}`, so a first label `auth` or a known slug becomes `auth`; any
    other host stays as it is, port included. A fixed domain wins over all.
    """
    if public_domain:
        return f"https://auth.{public_domain}"
    first, dot, rest = host.lower().partition(".")
    if dot and rest and (first == "auth" or first in slugs):
        return f"{scheme}://auth.{rest}"
    return f"{scheme}://{host}"


def first_label(host: str) -> str:
    """The part of a host name that may be an organization's slug."""
    return (urlsplit(f"//{host}").hostname or "").partition(".")[0]


class Tokens:
    """All that one process knows of access tokens. Synchronous throughout: nothing here asks the database."""

    def __init__(self, keyring: Keyring, clock: Clock, public_domain: str | None = None) -> None:
        self.keyring = keyring
        self.slugs: frozenset[str] = frozenset()
        self._clock = clock
        self._issuer = f"https://auth.{public_domain}" if public_domain else None
        self._kept: dict[str, _Kept] = {}
        self._revoked: dict[str, float] = {}
        self._gone: set[str] = set()
        self._users: dict[tuple[str, str], User] = {}
        self._emails: dict[tuple[str, str], str] = {}

    # Making.

    def make(self, payload: dict[str, Any]) -> tuple[str, AccessToken]:
        """The token, and what is remembered of it. The payload carries `exp`."""
        key = self.keyring.signer(instant(self._clock()))
        text = jws.serialize_compact(header_of(key.kid), orjson.dumps(payload), key.private(), algorithms=["RS512"])
        return text, AccessToken(_digest(text.rpartition(".")[0]), instant(payload["exp"]))

    # Checking.

    def actor(self, token: str, host_slug: str | None) -> Actor:
        """Whoever bears `token`, at a host whose first label is `host_slug`.

        A label that is no organization's says nothing; one that is must be the token's own.
        raises  InvalidToken
        """
        kept = self._kept.get(token)
        if kept is None or kept.until <= self._clock():
            kept = self._verified(token)
        actor = kept.actor
        if host_slug is not None and host_slug != actor.slug and host_slug in self.slugs:
            raise InvalidToken("The access token is for another organization.")
        return actor

    def read(self, token: str) -> Read:
        """raises InvalidToken where the token is not of our making, or not of this time."""
        header, _, rest = token.partition(".")
        body, _, signature = rest.partition(".")
        key = self.keyring.by_header.get(header)
        signed = f"{header}.{body}"
        if (
            key is None
            or len(token) > LONGEST_TOKEN
            or len(signature) != SIGNATURE_CHARACTERS
            or not token.isascii()
            or not _is_signed(key, signed, signature)
        ):
            if key is None:
                self._take_as_long()
            raise InvalidToken
        try:
            payload = orjson.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            until = float(payload["exp"])
            begins = float(payload.get("nbf", 0))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InvalidToken from None
        now = self._clock()
        if not now < until <= now + LONGEST_LIFETIME_SECONDS + SKEW_SECONDS or begins > now + LEEWAY_SECONDS:
            raise InvalidToken("The access token has expired.")
        if self._issuer is not None and payload.get("iss") != self._issuer:
            raise InvalidToken
        return Read(payload, _digest(signed), until)

    def is_revoked(self, read: Read) -> bool:
        return read.digest in self._revoked or read.payload["application"]["client_id"] in self._gone

    def _verified(self, token: str) -> _Kept:
        self._kept.pop(token, None)
        read = self.read(token)
        if self.is_revoked(read):
            raise InvalidToken("The access token was revoked.")
        kept = _Kept(
            self._actor(read.payload, read.digest), read.until, read.digest, read.payload["application"]["client_id"]
        )
        if len(self._kept) >= KEPT:
            # The one kept longest goes: it is verified again when it comes again.
            del self._kept[next(iter(self._kept))]
        self._kept[token] = kept
        return kept

    def _actor(self, payload: dict[str, Any], digest: str) -> Actor:
        organization, application = payload["organization"], payload["application"]
        kind: Kind = application["kind"]
        owner, market = payload.get("owner"), payload.get("market")
        tenant = tenant_of(organization["id"], not payload["test"])
        # Only in a web application does a role count: a user's, or else the one the application was made with.
        role = payload.get("role", "read_only") if kind == "webapp" else "admin"
        who: dict[str, Any] = {"application": application}
        if owner is not None:
            told: dict[str, Any] = {"email": None, "first_name": None, "last_name": None}
            if owner["type"] == "User":
                user = self._users.get((organization["id"], owner["id"]))
                if user is None:
                    raise InvalidToken("The owner of the access token is no more.")
                role = user.role if kind == "webapp" else role
                told = {"email": user.email, "first_name": user.first_name, "last_name": user.last_name}
            else:
                told["email"] = self._emails.get((tenant, owner["id"]))
            who["owner"] = {"id": owner["id"], "type": owner["type"], **told}
        return Actor(
            tenant=tenant,
            organization_id=organization["id"],
            slug=organization["slug"],
            live=not payload["test"],
            kind=kind,
            application_id=application["id"],
            owner_id=owner["id"] if owner else None,
            owner_type=owner["type"] if owner else None,
            market_ids=(tuple(market["id"]) or None) if market else None,
            stock_location_ids=tuple(market["stock_location_ids"]) or None if market else None,
            store_id=payload["store"]["id"] if "store" in payload else None,
            role=role,
            custom_claim=payload.get("custom_claim"),
            token=digest,
            trusted_at=payload.get("trusted_at"),
            who=who,
        )

    def _take_as_long(self) -> None:
        """Check a signature that cannot be right, so that an unknown key answers no sooner than a wrong signature."""
        for key in self.keyring.by_header.values():
            try:
                key.public.verify(_NO_SIGNATURE, b"", _PADDING, _HASH)
            except InvalidSignature:
                return

    # What the database tells, and what this process learns before it.

    def take(self, state: State) -> None:
        """Heed what the database says now."""
        self.slugs = state.slugs
        self.revoke(state.revoked)
        users = {(user.organization_id, user.id): user for user in state.users}
        if users != self._users:
            self._users = users
            self._forget(lambda kept: kept.actor.owner_type == "User")
        self._gone |= state.gone
        if state.gone:
            self._forget(lambda kept: kept.client_id in state.gone)

    def revoke(self, tokens: Iterable[AccessToken]) -> None:
        """These tokens are not good any more, from this instant on."""
        fresh = {one.digest: seconds(one.until) for one in tokens if one.digest not in self._revoked}
        if fresh:
            self._revoked.update(fresh)
            self._forget(lambda kept: kept.digest in fresh)

    def know_user(self, user: User) -> None:
        """A user who was let in here may be newer than what was last read."""
        self._users[user.organization_id, user.id] = replace(user, password_hash=None)

    def know_email(self, tenant: str, customer_id: str, email: str) -> None:
        """The email of a customer, which tokens do not carry but versions record."""
        if len(self._emails) >= KEPT:
            del self._emails[next(iter(self._emails))]
        self._emails[tenant, customer_id] = email

    def is_known(self, actor: Actor) -> bool:
        """Whether `who` says all it can of a customer."""
        return actor.owner_type != "Customer" or actor.who["owner"]["email"] is not None

    def introduce(self, actor: Actor, email: str) -> None:
        """Fill in a customer's email, for every token of that customer."""
        assert actor.owner_id is not None, "only an owner has an email"
        self.know_email(actor.tenant, actor.owner_id, email)
        for kept in self._kept.values():
            if kept.actor.owner_id == actor.owner_id and kept.actor.tenant == actor.tenant:
                kept.actor.who["owner"]["email"] = email

    def sweep(self) -> None:
        """Forget what has ended by itself."""
        now = self._clock()
        self._forget(lambda kept: kept.until <= now)
        self._revoked = {digest: until for digest, until in self._revoked.items() if until > now}

    def client_ids(self) -> set[str]:
        """Whose tokens are kept."""
        return {kept.client_id for kept in self._kept.values()}

    def _forget(self, which: Any) -> None:
        for token in [token for token, kept in self._kept.items() if which(kept)]:
            del self._kept[token]


def _digest(signed: str) -> str:
    return hashlib.sha256(signed.encode()).hexdigest()


def _is_signed(key: SigningKey, signed: str, signature: str) -> bool:
    try:
        given = urlsafe_b64decode(signature + "==")
        # The last character of base64 holds bits that are not looked at; a signature has one spelling here.
        if urlsafe_b64encode(given).rstrip(b"=") != signature.encode():
            return False
        key.public.verify(given, signed.encode(), _PADDING, _HASH)
    except (InvalidSignature, ValueError):
        return False
    return True
