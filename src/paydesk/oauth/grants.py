"""The five grants: what each asks, and the tokens it gives.

Source: Commerce Layer, "Authentication" and "JWT bearer"; RFC 6749; RFC 7636 (PKCE); RFC 7523 (assertions); RFC 9700
(security practice: rotation of refresh tokens, S256 alone).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from paydesk.base.instants import instant
from paydesk.http.origin import Peer
from paydesk.oauth import scopes
from paydesk.oauth.authority import CUSTOMERS, OAuth
from paydesk.oauth.clients import authenticate
from paydesk.oauth.refusals import (
    OAuthRefusal,
    invalid_assertion,
    invalid_client,
    invalid_grant,
    invalid_request,
    invalid_scope,
    unauthorized_client,
    unsupported_grant_type,
)
from paydesk.oauth.scopes import Scope
from paydesk.oauth.secrets import digest, new_secret, successor
from paydesk.oauth.tokens import LONGEST_LIFETIME_SECONDS, SKEW_SECONDS, issuer_of
from paydesk.rules.asking import new_id
from paydesk.store.oauth import administrators, codes, customers
from paydesk.store.oauth import grants as stored_grants
from paydesk.store.oauth.applications import Application
from paydesk.store.oauth.grants import Grant
from paydesk.store.oauth.tokens import AccessToken, RefreshToken
from paydesk.store.sql.ask import Transaction

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLAIMS = "https://commercelayer.io/claims"
GRANTS: dict[str, frozenset[str]] = {
    "sales_channel": frozenset({"client_credentials", "password", "refresh_token", JWT_BEARER}),
    "integration": frozenset({"client_credentials", "refresh_token", JWT_BEARER}),
    "webapp": frozenset({"authorization_code", "refresh_token", JWT_BEARER}),
}
"""Which kind of application may use which grant. An integration refreshes what it got by an assertion alone: its own
credentials give it no refresh token.
"""
ROLES = ("admin", "read_only")
"""What a web application may be made with, for tokens that no user's role bounds."""
LIFETIMES_SECONDS = {"sales_channel": 4 * 3600, "integration": 2 * 3600, "webapp": 2 * 3600}
REFRESH_SECONDS = 14 * 86_400
CODE_SECONDS = 600
RETRY_SECONDS = 30.0
"""How long the answer to a refresh can be had again with the token it used up. A client that lost the answer tries
again within that (the official ones give up after 15 s); afterwards, or once the new token was used, the old one must
have been stolen, and its whole family is ended (RFC 9700, section 4.14.2)."""
LONGEST_ASSERTION = 4096
_ASSERTION_LEEWAY_SECONDS = 30.0

Parameters = Mapping[str, str]
Origin = tuple[str, str]
"""Scheme and host that a request was sent to."""
NOWHERE = Peer()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a token is given to; `type` as the token writes it."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A token request whose client is known. `proved`: it sent its secret."""

    oauth: OAuth
    application: Application
    parameters: Parameters
    origin: Origin
    proved: bool
    peer: Peer

    def required(self, name: str) -> str:
        value = self.parameters.get(name)
        if not value:
            raise invalid_request(f"Missing required parameter: {name}.")
        return value


async def token(
    oauth: OAuth,
    parameters: Parameters,
    origin: Origin,
    peer: Peer = NOWHERE,
    authorization: Sequence[str] = (),
) -> dict[str, Any]:
    """The body of a successful answer.

    peer            where the request comes from, for the limits of guesses
    authorization   the values of the request's `Authorization` headers
    raises          OAuthRefusal; TooMany
    """
    grant_type = parameters.get("grant_type")
    if not grant_type:
        raise invalid_request("Missing required parameter: grant_type.")
    if grant_type not in _ANSWERS:
        raise unsupported_grant_type()
    application, proved = await authenticate(oauth, parameters, peer, authorization)
    if not proved and (application.kind != "sales_channel" or grant_type == JWT_BEARER):
        raise invalid_client()
    if grant_type not in GRANTS.get(application.kind, frozenset()):
        raise unauthorized_client()
    return await _ANSWERS[grant_type](
        Asked(oauth, application, parameters, origin, proved, replace(peer, vouched=proved))
    )


async def _client_credentials(asked: Asked) -> dict[str, Any]:
    scope = await _scope(asked)
    await _must_enter(asked, scope, None)
    text, _, payload = _access_token(asked, scope, None, None)
    return _answer(text, payload)


async def _password(asked: Asked) -> dict[str, Any]:
    oauth, tenant = asked.oauth, asked.application.tenant
    email_key = asked.required("username").strip().lower()
    password = asked.required("password")
    scope = await _scope(asked)
    customer = await oauth.database.read(lambda: customers.customer_with_email(CUSTOMERS, tenant, email_key))

    async def look() -> bool:
        return await oauth.passwords.verify(password, customer.password_hash if customer else None)

    if not await oauth.guesses.tried(f"customer {tenant} {email_key}", asked.peer, look) or customer is None:
        raise invalid_grant()
    if not scope.is_for(customer.group):
        raise _not_entered()
    oauth.tokens.know_email(tenant, customer.id, customer.email)
    owner = Owner("Customer", customer.id)
    return await _open(asked, scope, owner, None, trusted_at=customer.trusted_at, password_hash=customer.password_hash)


async def _jwt_bearer(asked: Asked) -> dict[str, Any]:
    owner, custom_claim = _assertion(asked.required("assertion"), asked.oauth.clock())
    if owner is not None and not await _lives(asked.oauth, asked.application, owner):
        raise invalid_assertion("The owner is no customer and no user of this organization and environment.")
    scope = await _scope(asked)
    await _must_enter(asked, scope, owner)
    if owner is None or owner.type != "Customer":
        return await _open(asked, scope, owner, custom_claim)
    # The shop's own sign-in vouches for its customer.
    tenant, now = asked.application.tenant, asked.oauth.now
    proved_at = await asked.oauth.database.write(lambda: customers.prove_customer(CUSTOMERS, tenant, owner.id, now))
    return await _open(asked, scope, owner, custom_claim, trusted_at=max(now, proved_at))


async def _authorization_code(asked: Asked) -> dict[str, Any]:
    oauth, application = asked.oauth, asked.application
    code_digest = digest(asked.required("code"))
    code = await oauth.database.read(lambda: codes.code(code_digest))
    if (
        code is None
        or (code.tenant, code.application_id) != (application.tenant, application.id)
        or not oauth.now < code.expires_at <= instant(oauth.clock() + CODE_SECONDS + SKEW_SECONDS)
        or code.redirect_uri not in (None, asked.parameters.get("redirect_uri"))
        or not _proves(asked.parameters.get("code_verifier"), code.challenge)
    ):
        raise invalid_grant()
    owner = Owner("User", code.user_id)
    if not await _lives(oauth, application, owner):
        raise invalid_grant()
    scope = await scopes.resolve(oauth.database, application.tenant, code.scope, application.scopes)
    return await _open(asked, scope, owner, None, code_digest)


async def _refresh_token(asked: Asked) -> dict[str, Any]:
    """Rotates: the token is used up, and a new one comes with the answer. See `RETRY_SECONDS`."""
    oauth, application = asked.oauth, asked.application
    used = asked.required("refresh_token")
    used_digest = digest(used)
    grant = await oauth.database.read(lambda: stored_grants.grant_of_refresh_token(used_digest))
    if grant is None or (grant.tenant, grant.application_id) != (application.tenant, application.id):
        raise invalid_grant()
    owner = Owner(grant.owner_type, grant.owner_id) if grant.owner_type and grant.owner_id else None
    if owner is not None and not await _lives(oauth, application, owner):
        raise invalid_grant()
    scope = await scopes.resolve(oauth.database, application.tenant, asked.parameters.get("scope"), grant.scope)
    await _must_enter(asked, scope, owner)
    text, access, payload = _access_token(asked, scope, owner, grant.custom_claim, grant.trusted_at)
    salt = secrets.token_hex(16)
    following = _new_refresh_token(oauth, grant, successor(used, salt))
    now = oauth.now
    rotation = await oauth.database.write(
        lambda: stored_grants.rotate(used_digest, following, salt, access, now, RETRY_SECONDS)
    )
    oauth.tokens.revoke(rotation.revoked)
    if rotation.outcome not in ("rotated", "repeated"):
        raise invalid_grant()
    return _answer(text, payload, successor(used, rotation.salt), owner)


_ANSWERS: dict[str, Callable[[Asked], Awaitable[dict[str, Any]]]] = {
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh_token,
    "authorization_code": _authorization_code,
    JWT_BEARER: _jwt_bearer,
}


async def _scope(asked: Asked) -> Scope:
    application = asked.application
    wanted = asked.parameters.get("scope")
    return await scopes.resolve(asked.oauth.database, application.tenant, wanted, application.scopes)


async def _must_enter(asked: Asked, scope: Scope, owner: Owner | None) -> None:
    """A private market is for the customers of its group, and for applications that are no storefront.

    raises  OAuthRefusal (`invalid_scope`)
    """
    if asked.application.kind != "sales_channel" or not scope.groups:
        return
    tenant, group = asked.application.tenant, None
    if owner is not None and owner.type == "Customer":
        customer_id = owner.id
        group = await asked.oauth.database.read(lambda: customers.customer_group(CUSTOMERS, tenant, customer_id))
    if not scope.is_for(group):
        raise _not_entered()


def _not_entered() -> OAuthRefusal:
    return invalid_scope("The requested scope names a market that is for the customers of a group.")


async def _lives(oauth: OAuth, application: Application, owner: Owner) -> bool:
    """Whether the owner is still there; what is known of it is remembered. An assertion may name any type."""
    if owner.type not in ("Customer", "User"):
        return False
    if owner.type == "User":
        user = await oauth.database.read(lambda: administrators.user(application.organization_id, owner.id))
        if user is not None:
            oauth.tokens.know_user(user)
        return user is not None
    email = await oauth.database.read(lambda: customers.customer_email(CUSTOMERS, application.tenant, owner.id))
    if email is not None:
        oauth.tokens.know_email(application.tenant, owner.id, email)
    return email is not None


async def _open(
    asked: Asked,
    scope: Scope,
    owner: Owner | None,
    custom_claim: dict[str, Any] | None,
    code_digest: str | None = None,
    trusted_at: str | None = None,
    password_hash: str | None = None,
) -> dict[str, Any]:
    """Give the first tokens of a new grant, in exchange for a code where there is one, and while a password that was
    told is still the customer's: looking at it takes long, and whoever sets another one signs out all others.
    """
    oauth, application = asked.oauth, asked.application
    text, access, payload = _access_token(asked, scope, owner, custom_claim, trusted_at)
    grant = Grant(
        application.tenant,
        new_id(),
        application.id,
        owner.id if owner else None,
        owner.type if owner else None,
        scope.text,
        custom_claim,
        expires_at="",
        trusted_at=trusted_at,
    )
    fresh = new_secret()
    refresh = _new_refresh_token(oauth, grant, fresh)
    grant = replace(grant, expires_at=refresh.expires_at)
    now = oauth.now
    if code_digest is None:

        def opened() -> Transaction[bool]:
            if password_hash is not None:
                held = yield from customers.held_password(CUSTOMERS, grant.tenant, grant.owner_id)
                if held != password_hash:
                    return False
            yield from stored_grants.open_grant(grant, refresh, access, now)
            return True

        if not await oauth.database.write(opened):
            raise invalid_grant()
    else:
        ended = await oauth.database.write(lambda: codes.use_code(code_digest, grant, refresh, access, now))
        if ended is not None:
            oauth.tokens.revoke(ended)
            raise invalid_grant()
    return _answer(text, payload, fresh, owner)


def _new_refresh_token(oauth: OAuth, grant: Grant, text: str) -> RefreshToken:
    return RefreshToken(digest(text), grant.tenant, grant.id, instant(oauth.clock() + REFRESH_SECONDS))


def _access_token(
    asked: Asked,
    scope: Scope,
    owner: Owner | None,
    custom_claim: dict[str, Any] | None,
    trusted_at: str | None = None,
) -> tuple[str, AccessToken, dict[str, Any]]:
    """Text, digest and payload of a new token; the payload as Commerce Layer, "Access token" has it."""
    application, oauth = asked.application, asked.oauth
    issued_at = int(oauth.clock())
    lifetime = application.lifetime_seconds or LIFETIMES_SECONDS[application.kind]
    public = application.kind == "sales_channel"
    payload: dict[str, Any] = {
        "organization": {
            "id": application.organization_id,
            "slug": application.slug,
            "enterprise": False,
            "region": "self-hosted",
        },
        "application": {
            "id": application.id,
            "client_id": application.client_id,
            "kind": application.kind,
            "public": public,
            "confidential": asked.proved or not public,
        },
        "test": not application.live,
    }
    if owner is not None:
        payload["owner"] = {"id": owner.id, "type": owner.type}
    if trusted_at is not None:
        payload["trusted_at"] = trusted_at
    if application.kind == "webapp" and (owner is None or owner.type != "User"):
        # No user's role bounds this token; without a role of its own the application only reads.
        payload["role"] = application.role or "read_only"
    if scope.market_ids is not None or scope.stock_location_ids:
        payload["market"] = {
            "id": list(scope.market_ids or ()),
            "stock_location_ids": list(scope.stock_location_ids),
            "geocoder_id": None,
            "allows_external_prices": scope.allows_external_prices,
        }
    if scope.store_id is not None:
        payload["store"] = {"id": scope.store_id}
    if custom_claim is not None:
        payload["custom_claim"] = custom_claim
    payload |= {
        "scope": scope.text,
        "exp": issued_at + min(lifetime, LONGEST_LIFETIME_SECONDS),
        "iat": issued_at,
        "iss": issuer_of(*asked.origin, oauth.public_domain, oauth.slugs | {application.slug}),
        "rand": secrets.randbits(53) / 2**53,
    }
    text, access = oauth.tokens.make(payload)
    return text, access, payload


def _answer(
    text: str, payload: dict[str, Any], refresh_token: str | None = None, owner: Owner | None = None
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": text,
        "token_type": "bearer",
        "expires_in": payload["exp"] - payload["iat"],
    }
    if refresh_token is not None:
        answer["refresh_token"] = refresh_token
    answer |= {"scope": payload["scope"], "created_at": payload["iat"]}
    if owner is not None:
        answer |= {"owner_id": owner.id, "owner_type": owner.type.lower()}
    return answer


def _assertion(text: str, now: float) -> tuple[Owner | None, dict[str, Any] | None]:
    """Owner and custom claim of an assertion. Its signature says nothing: the official client signs with a fixed
    word, and the client's secret is what is trusted.

    raises  OAuthRefusal (`invalid_assertion`)
    """
    if len(text.encode()) > LONGEST_ASSERTION:
        raise invalid_assertion("The assertion is longer than 4 KB.")
    try:
        header, body, _signature = text.split(".")
        parts = [orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, body)]
    except ValueError:
        raise invalid_assertion("The assertion is not a JSON Web Token.") from None
    claims = parts[1]
    told = claims.get(CLAIMS) if isinstance(claims, dict) and isinstance(parts[0], dict) else None
    if not isinstance(told, dict) or not (told.get("owner") or told.get("custom_claim")):
        raise invalid_assertion("The provided assertion is invalid.")
    if not _is_number(claims.get("iat")):
        raise invalid_assertion("The assertion does not say when it was issued (iat).")
    ends = claims.get("exp")
    if ends is not None and (not _is_number(ends) or ends + _ASSERTION_LEEWAY_SECONDS <= now):
        raise invalid_assertion("The assertion has ended (exp).")
    owner, custom_claim = told.get("owner"), told.get("custom_claim")
    if owner is not None and (
        not isinstance(owner, dict) or not _is_text(owner.get("type")) or not _is_text(owner.get("id"))
    ):
        raise invalid_assertion("The assertion's owner needs a type and an id.")
    if custom_claim is not None and not isinstance(custom_claim, dict):
        raise invalid_assertion("The assertion's custom claim is not an object.")
    if b"\\u0000" in orjson.dumps(custom_claim):
        raise invalid_assertion("The assertion's custom claim has a character that cannot be stored.")
    return (Owner(owner["type"], owner["id"]) if owner is not None else None), custom_claim


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _proves(verifier: str | None, challenge: str | None) -> bool:
    """PKCE, S256. A verifier without a challenge is wrong too: somebody took the challenge away (RFC 9700, 2.1.1)."""
    if verifier is None or challenge is None:
        return verifier is None and challenge is None
    made = urlsafe_b64encode(hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode("utf-8", "surrogatepass"))
