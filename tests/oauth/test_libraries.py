"""OAuth libraries that others wrote, each with its own habits, through every grant: Authlib and requests-oauthlib."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error
from requests.adapters import BaseAdapter
from requests.auth import HTTPBasicAuth
from requests.structures import CaseInsensitiveDict
from requests_oauthlib import OAuth2Session

from paydesk.oauth.discovery import PATHS
from paydesk.oauth.grants import JWT_BEARER
from tests.acts.grants import AUTHORIZE, assertion
from tests.acts.tokens import is_good
from tests.oauth.conftest import PASSWORD, Api, on_sqlite

pytestmark = on_sqlite
SERVER = "https://auth.shop.test"
TOKENINFO = "https://acme.shop.test/oauth/tokeninfo"
Answer = dict[str, Any]


class InProcess(BaseAdapter):
    """Carries what `requests` sends to the application of this process, whose loop runs in another thread."""

    def __init__(self, api: Api, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._api, self._loop = api, loop

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        asked = self._api.client.request(
            request.method, request.url, content=request.body, headers=dict(request.headers)
        )
        answer = asyncio.run_coroutine_threadsafe(asked, self._loop).result(60)
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status_code, request.url, request
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = BytesIO(answer.content)
        return response

    def close(self) -> None:
        """Nothing is open."""


class Failed(Exception):
    """What the library understood of an error: its name and description."""


class Library(Protocol):
    """One library, as its manual says to use it: the client authenticates the way that is the library's own."""

    def __init__(self, adapter: InProcess) -> None: ...

    def token(self, id: str, secret: str | None, grant_type: str, **parameters: str) -> Answer: ...

    def signed_in(self, id: str, secret: str) -> Answer:
        """A person is sent to the consent page and back, with PKCE."""

    def refreshed(self, id: str, secret: str | None, token: Answer) -> Answer: ...

    def revoke(self, id: str, secret: str, text: str) -> Answer: ...

    def get(self, url: str, token: Answer) -> Answer: ...


class Authlib:
    def __init__(self, adapter: InProcess) -> None:
        self._adapter = adapter

    def _session(self, id: str = "none", secret: str | None = None, **options: Any) -> Any:
        session = AuthlibSession(f"client-{id}", secret, **options)
        session.mount("https://", self._adapter)
        return session

    def token(self, id: str, secret: str | None, grant_type: str, **parameters: str) -> Answer:
        try:
            session = self._session(id, secret)
            return dict(session.fetch_token(f"{SERVER}/oauth/token", grant_type=grant_type, **parameters))
        except OAuthError as error:
            raise Failed(error.error, error.description) from None

    def signed_in(self, id: str, secret: str) -> Answer:
        session = self._session(id, secret, redirect_uri=AUTHORIZE["redirect_uri"], code_challenge_method="S256")
        verifier = "v" * 48
        url, state = session.create_authorization_url(f"{SERVER}/oauth/authorize", code_verifier=verifier)
        back = session.get(url, withhold_token=True, allow_redirects=False).headers["location"]
        return dict(
            session.fetch_token(
                f"{SERVER}/oauth/token", authorization_response=back, state=state, code_verifier=verifier
            )
        )

    def refreshed(self, id: str, secret: str | None, token: Answer) -> Answer:
        return dict(self._session(id, secret, token=token).refresh_token(f"{SERVER}/oauth/token"))

    def revoke(self, id: str, secret: str, text: str) -> Answer:
        answer: Answer = self._session(id, secret).revoke_token(f"{SERVER}/oauth/revoke", text).json()
        return answer

    def get(self, url: str, token: Answer) -> Answer:
        answer: Answer = self._session(token=token).get(url).json()
        return answer


class JwtBearerClient(BackendApplicationClient):
    grant_type = JWT_BEARER


class RequestsOauthlib:
    _CLIENTS = {
        "client_credentials": BackendApplicationClient,
        "password": LegacyApplicationClient,
        JWT_BEARER: JwtBearerClient,
    }

    def __init__(self, adapter: InProcess) -> None:
        self._adapter = adapter

    def _session(self, *arguments: Any, **options: Any) -> Any:
        session = OAuth2Session(*arguments, **options)
        session.mount("https://", self._adapter)
        return session

    def token(self, id: str, secret: str | None, grant_type: str, **parameters: str) -> Answer:
        client = self._CLIENTS[grant_type](f"client-{id}", scope=parameters.pop("scope", None))
        session = self._session(client=client)
        try:
            return dict(session.fetch_token(f"{SERVER}/oauth/token", client_secret=secret, **parameters))
        except OAuth2Error as error:
            raise Failed(error.error, error.description) from None

    def signed_in(self, id: str, secret: str) -> Answer:
        session = self._session(f"client-{id}", redirect_uri=AUTHORIZE["redirect_uri"], pkce="S256")
        url, _ = session.authorization_url(f"{SERVER}/oauth/authorize")
        back = session.get(url, withhold_token=True, allow_redirects=False).headers["location"]
        answer = session.fetch_token(f"{SERVER}/oauth/token", authorization_response=back, client_secret=secret)
        return dict(answer)

    def refreshed(self, id: str, secret: str | None, token: Answer) -> Answer:
        session = self._session(f"client-{id}", token=token)
        return dict(session.refresh_token(f"{SERVER}/oauth/token", auth=HTTPBasicAuth(f"client-{id}", secret or "")))

    def revoke(self, id: str, secret: str, text: str) -> Answer:
        session = self._session(f"client-{id}")
        asked = {"token": text, "token_type_hint": "access_token"}
        auth = HTTPBasicAuth(f"client-{id}", secret)
        answer: Answer = session.post(f"{SERVER}/oauth/revoke", asked, auth=auth, withhold_token=True).json()
        return answer

    def get(self, url: str, token: Answer) -> Answer:
        answer: Answer = self._session(token=token).get(url).json()
        return answer


@pytest.fixture(params=[Authlib, RequestsOauthlib])
async def library(api: Api, request: pytest.FixtureRequest) -> Library:
    """The library of this test, whose requests go to `api`. Its calls wait: see `spoken`."""
    made: Library = request.param(InProcess(api, asyncio.get_running_loop()))
    return made


async def spoken(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
    """A call of a library that knows no event loop, beside ours."""
    return await asyncio.to_thread(call, *arguments, **parameters)


async def owner_told(library: Library, token: Answer) -> str | None:
    """Whose token it is, as the server tells its bearer."""
    answer = await spoken(library.get, TOKENINFO, token)
    owner: Answer | None = answer["owner"]
    return owner["id"] if owner else None


async def test_client_credentials(library: Library) -> None:
    for id, secret in (("back", "secret-back"), ("shop", "secret-shop"), ("shop", None)):
        token = await spoken(library.token, id, secret, "client_credentials", scope="market:code:europe")
        assert token["scope"] in ("market:code:europe", ["market:code:europe"])
        assert await owner_told(library, token) is None


@pytest.mark.parametrize("secret", [None, "secret-shop"])
async def test_password_and_refresh(library: Library, secret: str | None) -> None:
    login = {"username": "ada@example.com", "password": PASSWORD}
    token = await spoken(library.token, "shop", secret, "password", **login)
    again = await spoken(library.refreshed, "shop", secret, token)
    assert again["refresh_token"] != token["refresh_token"]
    for one in (token, again):
        assert await owner_told(library, one) == one["owner_id"] == "cusADAxxxx"


async def test_authorization_code_with_pkce_and_refresh(api: Api, library: Library) -> None:
    api.oauth.auto_approve = True
    token = await spoken(library.signed_in, "desk", "secret-desk")
    again = await spoken(library.refreshed, "desk", "secret-desk", token)
    for one in (token, again):
        assert await owner_told(library, one) == one["owner_id"] == "usrADMINxx"


async def test_jwt_bearer_and_refresh(library: Library) -> None:
    text = assertion({"owner": {"type": "Customer", "id": "cusADAxxxx"}})
    for id in ("shop", "back", "desk"):
        token = await spoken(library.token, id, f"secret-{id}", JWT_BEARER, assertion=text)
        again = await spoken(library.refreshed, id, f"secret-{id}", token)
        for one in (token, again):
            assert await owner_told(library, one) == one["owner_id"] == "cusADAxxxx"


async def test_revoking(api: Api, library: Library) -> None:
    token = await spoken(library.token, "back", "secret-back", "client_credentials")
    assert is_good(api.oauth, token["access_token"])
    assert await spoken(library.revoke, "back", "secret-back", token["access_token"]) == {}
    assert not is_good(api.oauth, token["access_token"])


@pytest.mark.parametrize(
    ("id", "secret", "grant_type", "parameters", "error"),
    [
        ("back", "wrong", "client_credentials", {}, "invalid_client"),
        ("back", None, "client_credentials", {}, "invalid_client"),
        ("nobody", "x", "client_credentials", {}, "invalid_client"),
        ("desk", "secret-desk", "client_credentials", {}, "unauthorized_client"),
        ("back", "secret-back", "client_credentials", {"scope": "market:code:nowhere"}, "invalid_scope"),
        ("shop", None, "password", {"username": "ada@example.com", "password": "wrong"}, "invalid_grant"),
        ("shop", "secret-shop", JWT_BEARER, {"assertion": assertion({})}, "invalid_assertion"),
    ],
)
async def test_a_library_understands_what_was_wrong(
    library: Library, id: str, secret: str | None, grant_type: str, parameters: dict[str, str], error: str
) -> None:
    with pytest.raises(Failed) as failed:
        await spoken(library.token, id, secret, grant_type, **parameters)
    name, description = failed.value.args
    assert (name, bool(description)) == (error, True)


@pytest.mark.parametrize("path", PATHS)
async def test_the_metadata_is_valid(api: Api, path: str) -> None:
    metadata = AuthorizationServerMetadata((await api.client.get(path)).json())
    metadata.validate()
    assert (metadata.issuer, metadata.token_endpoint) == (SERVER, f"{SERVER}/oauth/token")
