"""The OAuth paths over HTTP, the same on every host name: the organization of a request is that of its client.

Source: Commerce Layer, "Authentication"; RFC 6749, RFC 7009 (revocation), RFC 7517 (JWKS).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paydesk.base.actor import Actor
from paydesk.base.errors import InvalidToken, TooMany, Unavailable
from paydesk.base.instants import instant
from paydesk.http import bodies, challenges
from paydesk.http import pages as shown_pages
from paydesk.http.origin import Peer, single
from paydesk.oauth import discovery, grants, pages, permissions
from paydesk.oauth.authority import OAuth
from paydesk.oauth.clients import authenticate, is_basic
from paydesk.oauth.refusals import (
    OAuthRefusal,
    foreign_token,
    invalid_client,
    invalid_request,
    invalid_token,
    not_allowed,
    too_large,
    too_many,
    unavailable,
)
from paydesk.oauth.secrets import digest
from paydesk.oauth.tokens import first_label, issuer_of
from paydesk.rules.registry import Registry
from paydesk.store.oauth import administrators, applications, revocations
from paydesk.store.oauth import grants as stored_grants
from paydesk.store.oauth import tokens as stored_tokens
from paydesk.store.oauth.applications import Application
from paydesk.store.oauth.tokens import AccessToken

LONGEST_BODY = 64 * 1024
JWKS_SECONDS = 300
"""How long readers may keep the keys; a new one stands there before it signs."""

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": (
        "Retry-After, WWW-Authenticate, X-Ratelimit-Limit, X-Ratelimit-Interval, X-Ratelimit-Remaining"
    ),
}
_VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_ROLE_NAMES = {"sales_channel": "Sales channel", "integration": "Integration"}

Handler = Callable[[OAuth, Request], Awaitable[Response]]


def routes(oauth: OAuth) -> list[Route]:
    """The paths of this room."""
    return [
        _route(oauth, "/oauth/token", {"POST": token}),
        _route(oauth, "/oauth/revoke", {"POST": revoke}),
        _route(oauth, "/oauth/tokeninfo", {"GET": tokeninfo}),
        _route(oauth, "/.well-known/jwks.json", {"GET": jwks}),
        *(_route(oauth, path, {"GET": metadata}) for path in discovery.PATHS),
        Route("/oauth/authorize", _page(oauth), methods=["GET", "POST"]),
    ]


def _route(oauth: OAuth, path: str, handlers: dict[str, Handler]) -> Route:
    allowed = ", ".join([*handlers, *(["HEAD"] if "GET" in handlers else []), "OPTIONS"])

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(
                status_code=204,
                headers=_CORS
                | {
                    "access-control-allow-methods": allowed,
                    "access-control-allow-headers": "Authorization, Content-Type, Accept",
                    "access-control-max-age": "86400",
                    "allow": allowed,
                },
            )
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        try:
            if handler is None:
                raise not_allowed(f"{request.method} is not answered here.")
            response = await handler(oauth, request)
        except OAuthRefusal as refusal:
            response = _refused(refusal)
            if refusal.status == 405:
                response.headers["allow"] = allowed
            if refusal.error == "invalid_client" and is_basic(_authorization(request)):
                response.headers["www-authenticate"] = challenges.BASIC
        except InvalidToken as problem:
            response = _refused(invalid_token())
            response.headers["www-authenticate"] = challenges.bearer(problem.reason)
        except Unavailable as problem:
            response = _refused(unavailable(problem.retry_after))
        except TooMany as problem:
            response = _refused(too_many(problem.retry_after))
        response.headers.update(_CORS)
        if response.status_code == 405 and shown_pages.wanted(request.scope):
            shown = shown_pages.problem(405, path, [])
            shown.headers["allow"] = response.headers["allow"]
            return shown
        return response

    return Route(path, answer, methods=_VERBS)


def _page(oauth: OAuth) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await pages.authorize(oauth, request, peer(request))

    return answer


async def token(oauth: OAuth, request: Request) -> Response:
    """POST /oauth/token"""
    given = await parameters(request)
    return _json(await grants.token(oauth, given, origin(request), peer(request), _authorization(request)))


async def revoke(oauth: OAuth, request: Request) -> Response:
    """POST /oauth/revoke: an access or a refresh token, with all that came with it. A token that is none, or that has
    ended, is revoked already (RFC 7009, section 2.2).
    """
    given, authorization = await parameters(request), _authorization(request)
    if not given.get("client_id") and not is_basic(authorization):
        # Official clients read this as a token of somebody else's.
        raise foreign_token()
    application, proved = await authenticate(oauth, given, peer(request), authorization)
    text = given.get("token")
    if not text:
        raise invalid_request("Missing required parameter: token.")
    if not proved and application.kind != "sales_channel":
        raise invalid_client()
    ended = await _revoke_access_token(oauth, application, proved, text)
    if ended is None:
        ended = await _revoke_refresh_token(oauth, application, proved, text)
    oauth.tokens.revoke(ended)
    return _json({})


async def _revoke_access_token(
    oauth: OAuth, application: Application, proved: bool, text: str
) -> tuple[AccessToken, ...] | None:
    """What ended; None where the text is no access token of ours."""
    try:
        read = oauth.tokens.read(text)
    except InvalidToken:
        return None
    if read.payload["application"]["client_id"] != application.client_id:
        raise foreign_token()
    if not proved and "owner" not in read.payload:
        # Whoever loads a shop has its guest token; only the shop's own server may end it for everybody.
        raise invalid_client()
    tenant, now = application.tenant, oauth.now
    one = AccessToken(read.digest, instant(read.until))
    grant_id = await oauth.database.read(lambda: stored_tokens.grant_of_access_token(tenant, one.digest))
    if grant_id is None:
        return await oauth.database.write(lambda: revocations.revoke_access_token(tenant, one, now))
    return (one, *await oauth.database.write(lambda: stored_grants.end_grant(tenant, grant_id, now)))


async def _revoke_refresh_token(
    oauth: OAuth, application: Application, proved: bool, text: str
) -> tuple[AccessToken, ...]:
    key, now = digest(text), oauth.now
    grant = await oauth.database.read(lambda: stored_grants.grant_of_refresh_token(key))
    if grant is None:
        return ()
    if (grant.tenant, grant.application_id) != (application.tenant, application.id):
        raise foreign_token()
    if not proved and grant.owner_id is None:
        raise invalid_client()
    return await oauth.database.write(lambda: stored_grants.end_grant(grant.tenant, grant.id, now))


async def jwks(oauth: OAuth, request: Request) -> Response:
    """GET /.well-known/jwks.json"""
    response = _json(oauth.keyring.jwks())
    response.headers["cache-control"] = f"public, max-age={JWKS_SECONDS}"
    del response.headers["pragma"]
    return response


async def metadata(oauth: OAuth, request: Request) -> Response:
    """GET /.well-known/oauth-authorization-server, which names the issuer of the tokens that are asked for here."""
    return _json(discovery.document(issuer_of(*origin(request), oauth.public_domain, oauth.slugs)))


async def tokeninfo(oauth: OAuth, request: Request) -> Response:
    """GET /oauth/tokeninfo: what a token lets its bearer do; dashboards ask it. Source: fixtures of the JS client."""
    text = bearer(request.headers.get("authorization", ""))
    actor = await oauth.admit(text, first_label(origin(request)[1]))
    read = oauth.tokens.read(text)
    client_id = read.payload["application"]["client_id"]
    application = await oauth.database.read(lambda: applications.application(client_id))
    if application is None:
        raise InvalidToken("The application of the access token is no more.")
    owner = actor.who.get("owner")
    time_zone = None
    if actor.owner_type == "User" and actor.owner_id is not None:
        organization_id, user_id = actor.organization_id, actor.owner_id
        user = await oauth.database.read(lambda: administrators.user(organization_id, user_id))
        time_zone = user.time_zone if user else None
    role = actor.role if actor.kind == "webapp" else actor.kind
    return _json(
        {
            "token": {
                "test": not actor.live,
                "market_ids": list(actor.market_ids or ()),
                "stock_location_ids": list(actor.stock_location_ids or ()),
                "lifespan": read.payload["exp"] - read.payload["iat"],
            },
            "role": {
                "id": role,
                "kind": role,
                "name": _ROLE_NAMES.get(role, "Admin" if role == "admin" else "Read only"),
            },
            "application": {"id": application.id, "kind": application.kind, "name": application.name, "core": False},
            "owner": owner and owner | {"owner": role == "admin", "time_zone": time_zone},
            "permissions": _permissions(actor, oauth.resources) if oauth.resources else {},
            "accessible_apps": [],
        }
    )


def _permissions(actor: Actor, resources: Registry) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, resource in resources.types.items():
        may = {
            "create": permissions.may(actor, resource, "create"),
            "destroy": permissions.may(actor, resource, "delete"),
            "read": permissions.may(actor, resource, "show") or permissions.may(actor, resource, "list"),
            "update": permissions.may(actor, resource, "update"),
        }
        if any(may.values()):
            told[name] = {"actions": [action for action, allowed in may.items() if allowed]}
    # Dashboards forbid a page whose type is not told of; of these there is nothing, and it may be seen.
    told.update({name: {"actions": ["read"]} for name, known in resources.known.items() if known.is_readable_by(actor)})
    return told


def bearer(authorization: str) -> str:
    """The token of an `Authorization` header. Raises InvalidToken where there is none."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise InvalidToken(challenges.MISSING)
    return text.strip()


def _authorization(request: Request) -> list[str]:
    """The values of all `Authorization` headers."""
    return request.headers.getlist("authorization")


def origin(request: Request) -> grants.Origin:
    """Scheme and host the client sees: as the HTTP room found them behind its proxies, or as the request says."""
    found = request.scope.get("paydesk.origin")
    if found is not None:
        return found[0], found[1]
    return request.url.scheme, request.headers.get("host") or request.url.netloc


def peer(request: Request) -> Peer:
    """Where a request comes from, as the HTTP room found it behind its proxies."""
    found: tuple[str, bool] | None = request.scope.get("paydesk.peer")
    if found is not None:
        return Peer(*found)
    return Peer(request.client.host if request.client is not None else "")


async def parameters(request: Request) -> dict[str, str]:
    """The parameters of a JSON or form body. Those without a value count as left out (RFC 6749, section 3.1).

    raises  OAuthRefusal: too large, unreadable, a parameter twice, one that is no text
    """
    try:
        body = await bodies.read(request.receive, single(request.scope["headers"]), LONGEST_BODY)
    except bodies.TooLarge:
        raise too_large() from None
    except bodies.Unread:
        raise invalid_request(bodies.INCOMPLETE) from None
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in ("application/json", "application/vnd.api+json") or (not media and body.lstrip()[:1] == b"{"):
        pairs = _json_pairs(body)
    elif media in ("application/x-www-form-urlencoded", ""):
        pairs = _form_pairs(body)
    else:
        raise invalid_request("The request body must be JSON or form encoded.")
    return _once(pairs)


def _json_pairs(body: bytes) -> list[tuple[str, Any]]:
    def members(found: list[tuple[str, Any]]) -> Any:
        return _Members(found)

    try:
        read = json.loads(body.decode(), object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise invalid_request("The request body is not JSON.") from None
    if not isinstance(read, _Members):
        raise invalid_request("The request body is not a JSON object.")
    return list(read)


class _Members(list[tuple[str, Any]]):
    """The members of a JSON object in order, doubled ones too."""


def _form_pairs(body: bytes) -> list[tuple[str, Any]]:
    try:
        return list(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:
        raise invalid_request("The request body is not form encoded.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen:
            raise invalid_request("A parameter must not be given twice.")
        seen.add(name)
        if value is None or value == "":
            continue
        if name not in KNOWN:
            # Unknown parameters are ignored (RFC 6749, section 3.2).
            continue
        if not isinstance(value, str) or not _storable(value):
            raise invalid_request(f"The parameter {name} is not a text.")
        found[name] = value
    return found


def _storable(value: str) -> bool:
    """No NUL, which PostgreSQL cannot keep, and no half of a surrogate pair, which is no character."""
    return "\0" not in value and value.encode("utf-8", "replace").decode() == value


KNOWN = frozenset(
    {
        "assertion",
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "grant_type",
        "password",
        "redirect_uri",
        "refresh_token",
        "scope",
        "token",
        "username",
    }
)


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, dict(_NO_STORE), "application/json")


def _refused(refusal: OAuthRefusal) -> Response:
    response = _json(refusal.as_json(), refusal.status)
    if refusal.retry_after is not None:
        response.headers["retry-after"] = str(refusal.retry_after)
    return response
