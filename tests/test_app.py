"""What is served beside the API: health, descriptions, the reference."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.app import Application
from paydesk.operations.demo_goods import THINGS
from paydesk.settings import Settings, read


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    application = Application(settings)
    await application.start()
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.example.com:8000") as made:
        yield made
    await application.stop()


@pytest_asyncio.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(read({}, data_dir=tmp_path, database_url=sqlite_url)) as made:
        yield made


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_told_to_everybody(client, path):
    answer = await client.get(path, headers={"host": "anything.test"})
    assert answer.status_code == 200
    assert answer.json()["status"] in ("ok", "ready")


async def test_the_reference_needs_nothing_from_elsewhere(client):
    page = await client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "http://acme.example.com:8000/oauth/token" in page.text
    for resource in commerce.registry().types:
        assert f'href="/docs/resources/{resource}"' in page.text
    style = await client.get(re.search(r"/docs/style.css\?\w+", page.text)[0])
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style.headers["cache-control"] and page.headers["cache-control"] == "no-cache"
    assert (await client.get("/docs/resources/orders/")).status_code == 200
    assert (await client.get("/docs/resources/nothing")).status_code == 404


async def test_where_no_demo_is_there_is_nothing_to_try(client):
    assert "data-demo" not in (await client.get("/docs", headers={"host": "localhost:8000"})).text
    assert (await client.post("/docs/demo.json", headers={"host": "localhost:8000"})).status_code == 404


async def test_the_pictures_of_the_demos_goods_are_shown_to_every_page(client):
    for thing in THINGS:
        picture = await client.get(thing.picture)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
        assert picture.headers["cross-origin-resource-policy"] == "cross-origin"
        assert picture.headers["content-security-policy"] == "default-src 'none'"
        drawn = ElementTree.fromstring(picture.content)
        assert drawn.attrib["viewBox"] == "0 0 400 400" and len(drawn.attrib["aria-label"]) > 8
        assert len(picture.content) < 2000
    for path in ("/pictures", "/pictures/nothing.svg", "/pictures/..%2fpages.py", "/pictures/__init__.py"):
        assert (await client.get(path)).status_code == 404


async def test_descriptions_are_published_without_a_token(client):
    listed = await client.get("/api/public/resources")
    assert listed.status_code == 200
    assert len(listed.json()["data"]) == len(commerce.registry().types)
    described = (await client.get("/api/public/openapi.json")).json()
    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": "http://acme.example.com:8000"}]
    elsewhere = await client.get("/api/public/openapi.json", headers={"host": "shop.test"})
    assert elsewhere.json()["servers"] == [{"url": "http://shop.test"}]
    assert "here.invalid" not in elsewhere.text + (await client.get("/docs")).text
    assert {"/api/stripe_payments", "/oauth/token", "/healthz"} <= set(described["paths"])


async def test_what_is_not_there_is_said_in_the_form_of_the_api(client):
    answer = await client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "RECORD_NOT_FOUND"
    assert (await client.post("/healthz")).status_code == 405


@pytest.mark.parametrize("path", ["/docs", "/api/orders", "/oauth/token"])
async def test_a_malformed_host_is_refused(client, path):
    answer = await client.get(path, headers={"host": "<script>"})
    assert answer.status_code == 400
    assert [(one["code"], one["source"]) for one in answer.json()["errors"]] == [("BAD_REQUEST", {"header": "Host"})]
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_requests_for_tokens_are_told_their_limit(sqlite_url: str, tmp_path: Path) -> None:
    settings = read({"PAYDESK_RATE_LIMITS": "on"}, data_dir=tmp_path, database_url=sqlite_url)
    async with opened(settings) as client:
        answers = [await client.post("/oauth/token", json={"grant_type": "none"}) for _ in range(31)]
    assert [one.status_code for one in answers] == [400] * 30 + [429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == [
        str(max(left, 0)) for left in range(29, -2, -1)
    ]
    assert {(one.headers["x-ratelimit-limit"], one.headers["x-ratelimit-interval"]) for one in answers} == {
        ("30", "60")
    }
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    refused = answers[-1].json()
    assert (refused["error"], refused["errors"][0]["status"]) == ("too_many_requests", 429)
    assert refused["error_description"] == refused["errors"][0]["detail"]
    for answer in answers:
        assert "X-Ratelimit-Remaining" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/oauth/token/", "/oauth/revoke", "/oauth/authorize?client_id=x"])
async def test_whoever_has_no_token_is_limited_at_every_door(sqlite_url: str, tmp_path: Path, path: str) -> None:
    settings = read({"PAYDESK_RATE_LIMITS": "0.1"}, data_dir=tmp_path, database_url=sqlite_url)
    async with opened(settings) as client:
        answers = [await client.post(path, json={}) for _ in range(4)]
        assert [one.status_code == 429 for one in answers] == [False] * 3 + [True]
        assert {one.headers["x-ratelimit-limit"] for one in answers} == {"3"}
        assert (await client.get("/healthz")).status_code == 200


async def test_who_asks_about_tokens_without_a_good_one_is_limited(sqlite_url: str, tmp_path: Path) -> None:
    settings = read({"PAYDESK_RATE_LIMITS": "0.2"}, data_dir=tmp_path, database_url=sqlite_url)
    async with opened(settings) as client:
        for path in (
            "/oauth/tokeninfo",
            "/oauth/tokeninfo/",
            "/oauth/tokeninfo?x=1",
            "/oauth/tokeninfo",
            "/oauth/tokeninfo",
        ):
            answer = await client.get(path, headers={"authorization": "Bearer none.of.ours"})
            assert (answer.status_code, answer.headers["x-ratelimit-limit"]) == (401, "5")
        refused = await client.head("/oauth/tokeninfo")
        assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (429, "0")
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert (await client.options("/oauth/tokeninfo")).status_code == 204


async def test_a_trailing_slash_makes_no_other_address(client):
    assert (await client.get("/healthz/")).json() == {"status": "ok"}
    assert (await client.get("/api/orders/")).json()["errors"][0]["code"] == "INVALID_TOKEN"
    assert (await client.post("/oauth/token/", json={"grant_type": "none"})).status_code == 400
