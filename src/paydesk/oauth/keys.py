"""The server's signing keys: RSA 2048, made once, sealed at rest, published as JWKS.

They belong to the server and not to an organization, since JWKS is asked at `auth.{domain}`, where none is known.
Source: Commerce Layer, "JWKS"; RFC 7517 (JSON Web Key), RFC 7518 section 3.3 (RS512).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from joserfc.jwk import RSAKey

from paydesk.base.errors import NotUnique
from paydesk.base.instants import instant, later
from paydesk.store.oauth import signing_keys
from paydesk.store.oauth.signing_keys import KeyRow
from paydesk.store.sql.ask import Database

KEY_BITS = 2048
SETTLING_SECONDS = 15.0
"""How old a key is before it signs, so that all processes and readers of JWKS know it; the only key signs at once."""
RETIREMENT_SECONDS = 16 * 86_400.0
"""How long a key that was replaced verifies: longer than any token lives."""


class Sealer(Protocol):
    """What is asked of `paydesk.vault.Vault`."""

    def seal(self, plain: str, about: str) -> str: ...

    def open(self, sealed: str, about: str) -> str: ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair.

    header      the one JOSE header of its tokens, as it stands in them: a token with any other is none of ours
    private     opened when it first signs; `public` checks signatures
    """

    kid: str
    header: str
    public: RSAPublicKey
    private: Callable[[], RSAKey]
    created_at: str
    retired_at: str | None

    def as_jwk(self) -> dict[str, Any]:
        """The public half, as JWKS publishes it."""
        numbers = RSAKey.import_key(_pem(self.public)).as_dict(private=False)
        return {"kty": "RSA", "n": numbers["n"], "e": numbers["e"], "alg": "RS512", "use": "sig", "kid": self.kid}


def header_of(kid: str) -> dict[str, str]:
    return {"alg": "RS512", "typ": "JWT", "kid": kid}


def kid_of(public: RSAPublicKey) -> str:
    """SHA-256, in hex, of the key's DER SubjectPublicKeyInfo (RFC 5280, section 4.1)."""
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _pem(public: RSAPublicKey) -> bytes:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sealed_for(kid: str) -> str:
    """What a private key is sealed for."""
    return f"signing_keys/{kid}/private_key"


def make(vault: Sealer, serial: int, now: str) -> KeyRow:
    """A new key pair, as it is stored."""
    private = generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    public = private.public_key()
    kid = kid_of(public)
    plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyRow(kid, serial, vault.seal(plain, sealed_for(kid)), _pem(public).decode(), now, None)


def _read(row: KeyRow, vault: Sealer) -> SigningKey:
    public = load_pem_public_key(row.public_key.encode())
    assert isinstance(public, RSAPublicKey), "signing keys are RSA"
    opened: list[RSAKey] = []

    def private() -> RSAKey:
        if not opened:
            plain = vault.open(row.private_key, sealed_for(row.kid)).encode()
            # The vault vouches that these are the bytes that `make` wrote; proving the primes once more takes as long
            # as fifty tokens.
            native = load_pem_private_key(plain, None, unsafe_skip_rsa_key_validation=True)
            assert isinstance(native, RSAPrivateKey), "signing keys are RSA"
            opened.append(RSAKey(native, plain))
        return opened[0]

    header = urlsafe_b64encode(orjson.dumps(header_of(row.kid))).rstrip(b"=").decode()
    return SigningKey(row.kid, header, public, private, row.created_at, row.retired_at)


def check(rows: Iterable[KeyRow], vault: Sealer) -> None:
    """See that this is the vault which a database's keys were sealed with; raises what `vault.open` does.

    They are the first that is ever sealed, so what does not open them is not the vault of anything else there.
    """
    for row in rows:
        vault.open(row.private_key, sealed_for(row.kid))


class Keyring:
    """The keys that verify now, and the one that signs."""

    def __init__(self) -> None:
        self.by_header: dict[str, SigningKey] = {}
        self._newest_first: tuple[SigningKey, ...] = ()

    def take(self, rows: Iterable[KeyRow], vault: Sealer, now: str) -> None:
        """Hold what the database holds, less what is retired."""
        known = {key.kid: key for key in self.by_header.values()}
        kept: list[SigningKey] = []
        for row in sorted(rows, key=lambda row: row.serial, reverse=True):
            if row.retired_at is not None and row.retired_at <= now:
                continue
            key = known.get(row.kid)
            kept.append(key if key and key.retired_at == row.retired_at else _read(row, vault))
        self._newest_first = tuple(kept)
        self.by_header = {key.header: key for key in kept}

    def signer(self, now: str) -> SigningKey:
        """The newest key that every process knows by now; the oldest while none is that old."""
        assert self._newest_first, "start() makes the first key"
        settled = later(now, -SETTLING_SECONDS)
        return next((key for key in self._newest_first if key.created_at <= settled), self._newest_first[-1])

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.as_jwk() for key in self._newest_first]}


async def ensure(database: Database, vault: Sealer, now: float) -> None:
    """Make the first key where there is none. Processes that start together end up with the same one."""
    if await database.read(signing_keys.keys):
        return
    row = make(vault, 1, instant(now))
    try:
        await database.write(lambda: signing_keys.add_key(row, None))
    except NotUnique:
        return  # Another process was first: its key is there now.


async def rotate(database: Database, vault: Sealer, now: float) -> str:
    """Put a new key in front and return its kid. It signs once all processes know it; the others verify until every
    token they signed has ended.

    raises  NotUnique when another process rotates at the same time; harmless to try again
    """
    rows = await database.read(signing_keys.keys)
    row = make(vault, max((one.serial for one in rows), default=0) + 1, instant(now))
    await database.write(lambda: signing_keys.add_key(row, instant(now + RETIREMENT_SECONDS)))
    return row.kid
