"""Keys and the accounts they open.

A well-formed secret or restricted key that is new opens an account of its own. A control call can add a key to an
account beforehand, so that it has several, and can revoke any of them. The publishable key of a secret key is
`pk_test_` and the first 32 hex digits of its SHA-256, so that a program can work it out by itself. A connected account
belongs to the platform that names it. Source: stripe.md §8, §15.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paydesk.sandbox.core.errors import StripeError, invalid
from paydesk.sandbox.core.state import State

_SECRET = re.compile(r"(sk|rk)_test_[A-Za-z0-9]{24,247}\Z")
_PUBLISHABLE = re.compile(r"pk_test_[A-Za-z0-9]{16,247}\Z")
_CONNECTED = re.compile(r"acct_[A-Za-z0-9_]{1,60}\Z")


@dataclass(slots=True)
class Account:
    """An account has objects of its own. `platform` is the number of the account that a connected one belongs to."""

    n: int
    id: str
    platform: int | None = None
    deauthorized: bool = False


@dataclass(slots=True)
class Key:
    """A key: its digest and its masked form, never its text.

    kind     sk, rk or pk
    account  None for a publishable key whose account is not known yet
    without  the rights taken from a restricted key
    revoked  it was rolled or deleted, or has expired, and is answered 401 from then on
    """

    digest: str
    kind: str
    masked: str
    account: int | None
    without: set[str] = field(default_factory=set)
    revoked: bool = False


def masked(key: str) -> str:
    """A key as error messages show it: its kind and its last four characters."""
    head = "_".join(key.split("_")[:2]) + "_" if key.count("_") >= 2 else ""
    hidden = max(len(key) - len(head) - 4, 0)
    return f"{head}{'*' * hidden}{key[-4:]}" if hidden else "*" * len(key)


def publishable_key(secret: str) -> str:
    """The publishable key that goes with a secret key."""
    return "pk_test_" + hashlib.sha256(secret.encode()).hexdigest()[:32]


def unauthorized(message: str, **more: Any) -> StripeError:
    """401, with the challenge that makes curl's `-u` work."""
    error = invalid(message, status=401, **more).unstored()
    error.headers = {"WWW-Authenticate": 'Basic realm="Stripe"'}
    return error


class Accounts:
    """All keys and accounts seen so far.

    furnish  puts the first objects into an account that is new
    """

    def __init__(self, state: State, furnish: Callable[[Account], None]) -> None:
        self.state = state
        self.furnish = furnish
        self.by_n: dict[int, Account] = {}
        self.connected: dict[tuple[int, str], Account] = {}
        self.by_id: dict[str, Account] = {}
        self.keys: dict[str, Key] = {}
        self.headers: dict[bytes, Key] = {}
        for n, identifier, platform, deauthorized in state.rows("select * from accounts order by n"):
            self._remember(Account(n, identifier, platform, bool(deauthorized)))
        for digest, account, kind, masked_key, without, revoked in state.rows("select * from keys"):
            self.keys[digest] = Key(digest, kind, masked_key, account, set(without.split()), bool(revoked))

    def _remember(self, account: Account) -> None:
        self.by_n[account.n] = account
        if account.platform is None:
            self.by_id[account.id] = account
        else:
            self.connected[account.platform, account.id] = account

    def authenticate(self, header: bytes | None, param: str | None) -> Key:
        """The key of a request, from its Authorization header or, as Stripe.js may send it, its `key` parameter.

        raises   StripeError 401
        """
        if header is not None:
            key = self.headers.get(header)
            if key is not None:
                return _valid(key)
            text = _credentials(header)
        else:
            text = param or ""
        if not text:
            raise unauthorized(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using "
                "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
                "https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."
            )
        key = self._key(text)
        if header is not None and len(self.headers) < 10_000:
            self.headers[header] = key
        return _valid(key)

    def _key(self, text: str) -> Key:
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = self.keys.get(digest)
        if key is not None:
            return key
        if _SECRET.match(text):
            return self._open(text, digest)
        if _PUBLISHABLE.match(text):
            return Key(digest, "pk", masked(text), None)
        raise unauthorized(f"Invalid API Key provided: {masked(text)}")

    def open(self, text: str, account: Account | None = None) -> Key | None:
        """Add a secret or restricted key with its publishable one to the account, or without one to a new account.

        Returns None for a key that is not well-formed.
        """
        return self._open(text, hashlib.sha256(text.encode()).hexdigest(), account) if _SECRET.match(text) else None

    def _open(self, text: str, digest: str, account: Account | None = None) -> Key:
        account = account or self._add(f"acct_{digest[32:48]}", None)
        key = Key(digest, text[:2], masked(text), account.n)
        public = publishable_key(text)
        self._keep(key)
        self._keep(Key(hashlib.sha256(public.encode()).hexdigest(), "pk", masked(public), account.n))
        return key

    def _add(self, identifier: str, platform: int | None) -> Account:
        account = Account(self.state.next(), identifier, platform)
        self._remember(account)
        self.save(account)
        self.furnish(account)
        return account

    def save(self, account: Account) -> None:
        """Write an account down."""
        self.state.put("accounts", (account.n, account.id, account.platform, int(account.deauthorized)))

    def _keep(self, key: Key) -> None:
        self.keys[key.digest] = key
        self.save_key(key)

    def save_key(self, key: Key) -> None:
        """Write a key's digest and rights down."""
        rights = " ".join(sorted(key.without))
        self.state.put("keys", (key.digest, key.account, key.kind, key.masked, rights, int(key.revoked)))

    def bind(self, key: Key, account: int) -> None:
        """Bind a publishable key to the account of the first intent whose client secret it shows."""
        key.account = account
        self._keep(key)

    def account_of(self, key: Key, header: str | None) -> Account | None:
        """The account a request works in; None for a publishable key that is bound to none yet.

        header   the request's Stripe-Account
        raises   StripeError 403 for an account the key has no access to
        """
        if key.account is None:
            return None
        own = self.by_n[key.account]
        if not header or header == own.id:
            return own
        account = self.connected.get((own.n, header))
        if account is None and _CONNECTED.match(header) and header not in self.by_id and key.kind != "pk":
            account = self._add(header, own.n)
        if account is None or account.deauthorized:
            raise invalid(
                f"The provided key '{key.masked}' does not have access to account '{header}' (or that account does "
                "not exist). Application access may have been revoked.",
                code="account_invalid",
                status=403,
            ).unstored()
        return account

    def named(self, name: str) -> Key | None:
        """A key by its text or by its masked form."""
        key = self.keys.get(hashlib.sha256(name.encode()).hexdigest())
        return key or next((each for each in self.keys.values() if each.masked == name), None)


def _valid(key: Key) -> Key:
    """The key, unless it was revoked.

    raises   StripeError 401
    """
    if key.revoked:
        raise unauthorized(f"Expired API Key provided: {key.masked}", code="api_key_expired")
    return key


def _credentials(header: bytes) -> str:
    """The key in an Authorization header, Bearer or Basic (the key as user name)."""
    scheme, _, value = header.decode("latin-1").partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
