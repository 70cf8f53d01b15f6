"""The client of a request: which application it is, and whether it proved so by its secret.

Id and secret come in the body or by HTTP Basic, never both. Source: RFC 6749, section 2.3.1; RFC 7617 (Basic).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import unquote_plus

from paydesk.http.origin import Peer
from paydesk.oauth.authority import OAuth
from paydesk.oauth.refusals import invalid_client, invalid_request
from paydesk.oauth.secrets import matches
from paydesk.store.oauth import applications
from paydesk.store.oauth.applications import Application


@dataclass(frozen=True, slots=True)
class Credentials:
    """Id and secret of a client, each in every reading: those of HTTP Basic may be form-encoded or not.

    ids      never empty
    secrets  one of them must be right; empty where none was sent
    """

    ids: tuple[str, ...]
    secrets: tuple[str, ...] = field(repr=False)


async def authenticate(
    oauth: OAuth, parameters: Mapping[str, str], peer: Peer, authorization: Sequence[str] = ()
) -> tuple[Application, bool]:
    """The application that the client is, and whether it sent its secret. A secret that is sent must be right.

    authorization   the values of the request's `Authorization` headers
    raises          OAuthRefusal (`invalid_client`, `invalid_request`); TooMany
    """
    credentials = credentials_of(parameters, authorization)
    client_id, application = await _application(oauth, credentials)
    if not credentials.secrets:
        if application is None:
            raise invalid_client()
        return application, False

    async def look() -> bool:
        kept = application.secret_hash if application else None
        return any([matches(secret, kept) for secret in credentials.secrets])

    if not await oauth.guesses.tried(f"client {client_id}", peer, look) or application is None:
        raise invalid_client()
    return application, True


def credentials_of(parameters: Mapping[str, str], authorization: Sequence[str] = ()) -> Credentials:
    """What a request says of its client. Schemes other than Basic say nothing: a browser may send a token along.

    raises   OAuthRefusal: no client, unreadable, both ways at once, or two clients
    """
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    if not is_basic(authorization):
        if not client_id:
            raise invalid_client()
        return Credentials((client_id,), (secret,) if secret else ())
    if len(authorization) > 1 or secret:
        raise invalid_request("The client must authenticate in one way only.")
    credentials = _of_basic(authorization[0])
    if not client_id:
        return credentials
    if client_id not in credentials.ids:
        raise invalid_request("The request names two clients.")
    return replace(credentials, ids=(client_id,))


def is_basic(authorization: Sequence[str]) -> bool:
    """Whether a client came by HTTP Basic."""
    return any(value.partition(" ")[0].lower() == "basic" for value in authorization)


def _of_basic(authorization: str) -> Credentials:
    try:
        text = b64decode(authorization.partition(" ")[2].strip(), validate=True).decode()
    except ValueError:
        raise invalid_client() from None
    client_id, _, secret = text.partition(":")
    ids, secrets = _readings(client_id), _readings(secret)
    if not ids or (secret and not secrets):
        raise invalid_client()
    return Credentials(ids, secrets)


def _readings(text: str) -> tuple[str, ...]:
    """A text form-decoded and as it is, as far as it can be stored."""
    readings = [text]
    with suppress(UnicodeDecodeError):
        readings.insert(0, unquote_plus(text, errors="strict"))
    return tuple(dict.fromkeys(one for one in readings if one and "\0" not in one))


async def _application(oauth: OAuth, credentials: Credentials) -> tuple[str, Application | None]:
    """The application of the first id that is one's, with that id."""
    for client_id in credentials.ids:
        application = await oauth.database.read(partial(applications.application, client_id))
        if application is not None:
            return client_id, application
    return credentials.ids[0], None
