"""What people see who open an address in a browser, and programs at the same address."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from paydesk import __version__
from paydesk.settings import read
from tests.test_app import opened

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROGRAMS = [{}, {"accept": "*/*"}, {"accept": "application/vnd.api+json"}, {"accept": "application/json, text/html"}]


@pytest_asyncio.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(read({}, data_dir=tmp_path, database_url=sqlite_url)) as made:
        yield made


def check_page(answer: httpx.Response, status: int) -> str:
    """A whole page under a policy that lets nothing in; gives its heading."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        policy,
    )
    assert not re.search(r"<script|<link|<img|style=|\son\w+=", answer.text)
    (heading,) = re.findall("<h1>(.*?)</h1>", answer.text)
    return str(heading)


async def test_the_first_page_says_what_runs(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers=BROWSER)
    assert check_page(answer, 200) == "paydesk answers here"
    assert "<code>http://acme.example.com:8000/api</code>" in answer.text
    assert ">Ready</span>" in answer.text
    assert f"· paydesk {__version__}</footer>" in answer.text
    for path in re.findall('href="(.*?)"', answer.text):
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("headers", PROGRAMS)
async def test_programs_are_told_what_runs_in_json(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/", headers=headers)
    here = "http://acme.example.com:8000"
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert (told["name"], told["version"]) == ("paydesk", __version__)
    assert told["links"]["api"] == f"{here}/api"
    for name, link in told["links"].items():
        if name not in ("api", "token"):
            assert (await client.get(link)).status_code == 200, name


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/nowhere", 404, "There is nothing at this address"),
        ("/nowhere/", 404, "There is nothing at this address"),
        ("/oauth/token", 405, "This address is for programs"),
        ("/api/orders", 401, "This address wants a token"),
        ("/api/nonsense", 401, "This address wants a token"),
    ],
)
async def test_a_browser_at_a_wrong_address_is_shown_a_page(
    client: httpx.AsyncClient, path: str, status: int, heading: str
) -> None:
    shown = await client.get(path, headers=BROWSER)
    assert check_page(shown, status) == heading
    for headers in PROGRAMS[:3]:
        told = await client.get(path, headers=headers)
        assert told.status_code == status
        assert told.headers["content-type"] == f"application/{'vnd.api+' * (path != '/oauth/token')}json"
        assert len(told.json()["errors"]) == 1
    assert {name: value for name, value in shown.headers.items() if name == "www-authenticate"} == {
        name: value for name, value in told.headers.items() if name == "www-authenticate"
    }


async def test_a_malformed_host_is_told_on_a_page_to_a_browser(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs", headers={**BROWSER, "host": "<script>"})
    assert check_page(answer, 400) == "Bad Request"
    assert "The Host header is missing or malformed." in answer.text


async def test_what_an_address_holds_is_no_part_of_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/<script>alert(1)</script>", headers=BROWSER)
    check_page(answer, 404)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


@pytest.mark.parametrize("request_", [{"method": "POST"}, {"headers": {"authorization": "Bearer x"}}])
async def test_what_writes_or_has_a_token_is_a_program(client: httpx.AsyncClient, request_: dict[str, object]) -> None:
    given = {"method": "GET", **request_}
    headers = {**BROWSER, **(given.pop("headers", {}) or {})}  # type: ignore[dict-item]
    answer = await client.request(str(given["method"]), "/api/orders", headers=headers)
    assert answer.headers["content-type"] == "application/vnd.api+json"
