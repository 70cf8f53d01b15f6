"""Letting a web application in: the page, the login, the redirect."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import delete

from paydesk.oauth.secrets import digest
from paydesk.store.oauth.administrators import users
from tests.acts.grants import AUTHORIZE, PKCE, REDIRECT
from tests.oauth.conftest import PASSWORD, Api, add_application, on_sqlite

LOGIN = {"email": "boss@acme.example", "password": PASSWORD, "decision": "allow"}


async def page(api: Api, **parameters: str | None) -> httpx.Response:
    asked = {name: value for name, value in (AUTHORIZE | parameters).items() if value is not None}
    return await api.client.get("/oauth/authorize", params=asked)


async def send(api: Api, form: dict[str, str], headers: Any = None, **parameters: str) -> httpx.Response:
    return await api.client.post("/oauth/authorize?" + urlencode(AUTHORIZE | parameters), data=form, headers=headers)


def told(response: httpx.Response) -> dict[str, str]:
    """What the application is told at its redirect URI."""
    assert response.status_code == 303, response.text
    target = urlsplit(response.headers["location"])
    assert (target.scheme, target.netloc, target.path, target.fragment) == ("https", "desk.example", "/callback", "")
    assert response.headers["cache-control"] == "no-store"
    return {name: value for name, (value,) in parse_qs(target.query).items()}


async def test_the_page_says_who_asks_for_what(api: Api) -> None:
    response = await page(api, scope="market:code:europe")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for text in ("My webapp", "The acme shop", "Test", "market:code:europe", "desk.example"):
        assert text in response.text
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("form-action 'self' https://desk.example; base-uri 'none'; frame-ancestors 'none'")
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    assert "http://" not in response.text and "<script" not in response.text


async def test_names_are_written_as_text(api: Api) -> None:
    await add_application(
        api.rows,
        "orgAAAAAAA/test",
        "odd",
        "webapp",
        redirect_uri="https://desk.example/",
        name="<script>alert(1)</script>",
    )
    response = await page(api, client_id="client-odd", redirect_uri="https://desk.example/")
    assert "<script" not in response.text
    assert "&lt;script&gt;" in response.text


async def test_a_person_logs_in_and_allows(api: Api) -> None:
    answer = told(await send(api, LOGIN, state="xyz&=é", scope="market:code:usa", **PKCE))
    assert answer.pop("state") == "xyz&=é"
    assert answer.pop("a") == "1"
    assert list(answer) == ["code"]
    ((kept, user_id, scope),) = await api.rows.all("authorization_codes", "digest", "user_id", "scope")
    assert (kept, user_id, scope) == (digest(answer["code"]), "usrADMINxx", "market:code:usa")
    given = await api.given("desk", "authorization_code", code=answer["code"], code_verifier="v" * 43, **REDIRECT)
    assert (given["owner_id"], given["scope"]) == ("usrADMINxx", "market:code:usa")


async def test_a_person_who_only_reads_gets_a_token_that_only_reads(api: Api) -> None:
    answer = told(await send(api, LOGIN | {"email": "Reader@acme.example"}))
    given = await api.given("desk", "authorization_code", code=answer["code"], **REDIRECT)
    assert api.oauth.actor(given["access_token"], "acme").role == "read_only"


async def test_a_person_denies(api: Api) -> None:
    assert told(await send(api, {"decision": "deny"}, state="s")) == {
        "a": "1",
        "error": "access_denied",
        "error_description": "The request was denied.",
        "state": "s",
    }


@pytest.mark.parametrize(
    "form",
    [
        LOGIN | {"password": "wrong"},
        LOGIN | {"email": "nobody@acme.example"},
        LOGIN | {"email": "ada@example.com"},
        {"decision": "allow"},
    ],
)
async def test_a_wrong_login_shows_the_page_again(api: Api, form: dict[str, str]) -> None:
    response = await send(api, form)
    assert response.status_code == 400
    assert "Email or password is wrong." in response.text
    assert await api.rows.all("authorization_codes", "digest") == []


async def test_another_organizations_people_cannot_log_in(api: Api) -> None:
    await add_application(api.rows, "orgBBBBBBB/test", "bolted", "webapp", redirect_uri=AUTHORIZE["redirect_uri"])
    response = await send(api, LOGIN, client_id="client-bolted")
    assert response.status_code == 400


@on_sqlite
@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"sec-fetch-site": "cross-site"}, urlencode(LOGIN)),
        ({"sec-fetch-site": "same-site"}, urlencode(LOGIN)),
        ({"content-type": "text/plain"}, urlencode(LOGIN)),
        ({}, urlencode(LOGIN | {"email": "a\0"})),
        ({}, "email=%ff"),
        ({}, "email=" + "a" * 20_000),
        ({}, "a=1&" * 30),
    ],
)
async def test_a_form_from_elsewhere_or_none_at_all(api: Api, headers: dict[str, str], content: str) -> None:
    sent = {"content-type": "application/x-www-form-urlencoded"} | headers
    response = await api.client.post("/oauth/authorize?" + urlencode(AUTHORIZE), content=content, headers=sent)
    assert response.status_code == 400
    assert "The form was not sent from this page." in response.text
    assert await api.rows.all("authorization_codes", "digest") == []


@on_sqlite
@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": "client-gone"},
        {"client_id": "a\0"},
        {"redirect_uri": "https://desk.example/callback"},
        {"redirect_uri": "https://desk.example/callback?a=1&b=2"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "client-back", "redirect_uri": None},
    ],
)
async def test_nothing_is_sent_where_the_application_did_not_say(api: Api, changed: dict[str, str | None]) -> None:
    api.oauth.auto_approve = True
    response = await page(api, **changed)
    assert response.status_code == 400
    assert "location" not in response.headers
    assert "form-action 'none'" in response.headers["content-security-policy"]


async def test_a_parameter_given_twice(api: Api) -> None:
    response = await api.client.get("/oauth/authorize?" + urlencode(AUTHORIZE) + "&client_id=client-back")
    assert response.status_code == 400
    assert "location" not in response.headers


@on_sqlite
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "market:code:nowhere"}, "invalid_scope"),
        ({"code_challenge": "v" * 43}, "invalid_request"),
        ({"code_challenge": "v" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_other_mistakes_are_told_to_the_application(api: Api, changed: dict[str, str | None], error: str) -> None:
    assert told(await page(api, **changed))["error"] == error


async def test_only_a_web_application_is_let_in(api: Api) -> None:
    await add_application(api.rows, "orgAAAAAAA/test", "late", "integration", redirect_uri=AUTHORIZE["redirect_uri"])
    assert told(await page(api, client_id="client-late"))["error"] == "unauthorized_client"


async def test_in_development_nobody_is_asked_and_an_administrator_is_made(api: Api) -> None:
    api.oauth.auto_approve = True
    await api.rows.run("no users", lambda: delete(users))
    codes = [told(await page(api))["code"] for _ in range(2)]
    ((user_id, role, password_hash),) = await api.rows.all("users", "id", "role", "password_hash")
    assert (role, password_hash) == ("admin", None)
    for code in codes:
        given = await api.given("desk", "authorization_code", code=code, **REDIRECT)
        assert given["owner_id"] == user_id
        assert api.oauth.actor(given["access_token"], None).role == "admin"
    api.oauth.auto_approve = False
    assert (await send(api, LOGIN | {"email": "admin@localhost", "password": ""})).status_code == 400
