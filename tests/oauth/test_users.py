"""The people who may let web applications in, by `paydesk user`, and what ends with them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from paydesk.app import Application
from paydesk.oauth.secrets import verify_password
from paydesk.operations import founding
from paydesk.settings import Settings, read
from paydesk.store import open_database
from tests import forked
from tests.oauth.conftest import Rows, on_sqlite

CALLBACK = "https://office.test/callback"
PASSWORD = "correct horse battery"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return read({}, data_dir=tmp_path, database_url=database_url)


async def user(settings: Settings, act: str, *arguments: str, typed: str = "") -> "CompletedProcess[str]":
    """`paydesk user`, of the organization `acme`."""
    here = {"PAYDESK_DATABASE_URL": settings.database_url, "PAYDESK_DATA_DIR": str(settings.data_dir)}
    return await asyncio.to_thread(forked.paydesk, "user", act, "-o", "acme", *arguments, typed=typed, **here)


async def hash_of(settings: Settings, email: str) -> str:
    database = open_database(settings.database_url)
    try:
        kept = dict(await Rows(database).all("users", "email", "password_hash"))
    finally:
        await database.close()
    return str(kept[email])


class Office:
    """A web application that works in a person's name."""

    def __init__(self, application: Application, http: httpx.AsyncClient, client: founding.Created) -> None:
        self.application, self.http, self.client = application, http, client

    async def let_in(self, email: str, password: str) -> str | None:
        """The code that the person gets it; None where that person is not let in."""
        query = {"response_type": "code", "client_id": self.client.client_id, "redirect_uri": CALLBACK}
        form = {"email": email, "password": password, "decision": "allow"}
        answer = await self.http.post("/oauth/authorize", params=query, data=form)
        if answer.status_code == 400:
            assert "Email or password is wrong." in answer.text
            return None
        assert answer.status_code == 303
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def grant(self, **given: str) -> httpx.Response:
        own = {"client_id": self.client.client_id, "client_secret": self.client.client_secret}
        return await self.http.post("/oauth/token", json=own | given)

    async def tokens(self, email: str, password: str) -> dict[str, Any]:
        code = await self.let_in(email, password)
        assert code is not None
        answer = await self.grant(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def works(self, tokens: dict[str, Any]) -> bool:
        """Whether the token is good, once this process has read what others changed."""
        assert self.application.parts is not None
        await self.application.parts.oauth.refresh()
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        return (await self.http.get("/api/organization", headers=bearer)).status_code == 200

    async def refreshes(self, tokens: dict[str, Any]) -> bool:
        answer = await self.grant(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        return answer.status_code == 200


@asynccontextmanager
async def office(settings: Settings) -> AsyncIterator[Office]:
    await founding.found_organization(settings, name="Acme", slug="acme")
    client = await founding.create_application(
        settings, organization_slug="acme", mode="test", kind="webapp", name="Office", redirect_uri=CALLBACK
    )
    application = Application(settings, background=False)
    await application.start()
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.test") as http:
        yield Office(application, http, client)
    await application.stop()


async def test_a_user_lets_an_application_in_until_disabled(settings: Settings) -> None:
    async with office(settings) as one:
        said = await user(settings, "add", "Ada@Example.com", "--stdin", typed=f"{PASSWORD}\n")
        assert (said.returncode, said.stdout) == (0, "")
        assert said.stderr == "✓ Ada@Example.com may let web applications in to acme, as admin.\n"
        assert (await hash_of(settings, "Ada@Example.com")).startswith("$argon2id$")
        tokens = await one.tokens("ada@example.com", PASSWORD)
        code = await one.let_in("ada@example.com", PASSWORD)
        assert await one.works(tokens)
        said = await user(settings, "disable", "ADA@example.com")
        assert (said.returncode, said.stderr) == (0, "✓ Ada@Example.com is disabled; tokens in that name have ended.\n")
        assert not await one.works(tokens)
        assert not await one.refreshes(tokens)
        assert await one.let_in("ada@example.com", PASSWORD) is None
        assert code is not None
        late = await one.grant(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert late.status_code == 400
        listed = await user(settings, "list")
        assert re.fullmatch(
            r"admin@acme +admin +enabled\nAda@Example\.com +admin +disabled since \d{4}-\d\d-\d\dT[0-9:.]+Z\n",
            listed.stdout,
        )
        assert (await user(settings, "enable", "ada@example.com")).returncode == 0
        assert not await one.works(tokens), "what was ended stays ended"
        assert not await one.refreshes(tokens)
        assert await one.works(await one.tokens("ada@example.com", PASSWORD))


async def test_another_password_ends_what_the_old_one_let_in(settings: Settings) -> None:
    async with office(settings) as one:
        assert (await user(settings, "add", "ada@example.com", "--stdin", typed=PASSWORD)).returncode == 0
        tokens = await one.tokens("ada@example.com", PASSWORD)
        said = await user(settings, "passwd", "ada@example.com", "--generate")
        assert said.returncode == 0
        assert said.stderr == "✓ ada@example.com has another password; applications have to be let in again.\n"
        made = re.fullmatch(r"password  ([\w-]{43})\n", said.stdout)
        assert made is not None
        assert not await one.works(tokens)
        assert not await one.refreshes(tokens)
        assert await one.let_in("ada@example.com", PASSWORD) is None
        assert await one.works(await one.tokens("ada@example.com", made[1]))


@on_sqlite
async def test_a_user_who_only_reads_lends_no_more(settings: Settings) -> None:
    async with office(settings) as one:
        said = await user(settings, "add", "bob@example.com", "--role", "read_only", "--stdin", typed=PASSWORD)
        assert said.returncode == 0
        tokens = await one.tokens("bob@example.com", PASSWORD)
        answer = await one.http.post(
            "/api/customers",
            headers={
                "authorization": f"Bearer {tokens['access_token']}",
                "content-type": "application/vnd.api+json",
            },
            json={"data": {"type": "customers", "attributes": {"email": "c@example.com"}}},
        )
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "UNAUTHORIZED")


@on_sqlite
async def test_what_is_wrong_is_told_and_changes_nothing(settings: Settings) -> None:
    await founding.found_organization(settings, name="Acme", slug="acme", admin_email="ada@example.com")
    before = await hash_of(settings, "ada@example.com")
    for arguments, typed, status, told in (
        (("add", "ada", "--generate"), "", 1, "error: email: is no e-mail address"),
        (("add", "ADA@example.com", "--generate"), "", 1, "error: email: is taken by another user of acme"),
        (("add", "bob@example.com", "--stdin"), "short", 1, "error: password: must have from 12 to 256 characters"),
        (("add", "bob@example.com", "--stdin"), "", 1, "error: password: must have from 12 to 256 characters"),
        (("add", "bob@example.com"), PASSWORD, 2, "error: There is nobody to ask for a password."),
        (("add", "bob@example.com", "--stdin", "--generate"), "", 2, "error: Give either --stdin or --generate."),
        (("passwd", "bob@example.com", "--generate"), "", 1, "error: There is no user bob@example.com of acme."),
        (("disable", "bob@example.com"), "", 1, "error: There is no user bob@example.com of acme."),
        (("enable", "bob@example.com"), "", 1, "error: There is no user bob@example.com of acme."),
    ):
        said = await user(settings, *arguments, typed=typed)
        assert (said.returncode, said.stdout, said.stderr.splitlines()[0]) == (status, "", told)
    assert (await user(settings, "list")).stdout == "ada@example.com  admin  enabled\n"
    assert await hash_of(settings, "ada@example.com") == before
    assert not verify_password(PASSWORD, before)
