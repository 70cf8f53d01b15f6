"""One line a request, in which nothing stands that is secret or personal."""

import json
import logging
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from paydesk.app import Application
from paydesk.http.request_log import JsonLines, RequestLog, TextLines, shown
from paydesk.operations import founding
from paydesk.settings import read
from tests.processes import eventually

TEXT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?P<status>\d{3}) (?P<method>\S+) +(?P<path>\S+) \d+\.\d ms, "
    r"trace (?P<trace_id>[0-9a-f]{64})"
)


class Lines:
    """What was written so far."""

    def __init__(self, application: Application, file: Path) -> None:
        self._application, self._file = application, file

    def all(self) -> list[str]:
        assert self._application.requests is not None
        self._application.requests.write()
        return self._file.read_text().splitlines()

    def read(self) -> list[tuple[str, str, str]]:
        """Status, method and path of each."""
        found = [TEXT.fullmatch(line) for line in self.all()]
        return [(one["status"], one["method"], one["path"]) for one in found if one is not None]


@asynccontextmanager
async def served(database_url: str, folder: Path, **variables: str) -> AsyncIterator[tuple[httpx.AsyncClient, Lines]]:
    settings = read({"PAYDESK_LOG_REQUESTS": "on", **variables}, data_dir=folder, database_url=database_url)
    application = Application(settings, background=False)
    file = folder / "requests.log"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    application.requests = RequestLog(settings.log_format, descriptor)
    await application.start()
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.test") as client:
        yield client, Lines(application, file)
    await application.stop()
    os.close(descriptor)


async def test_a_request_is_one_line_with_the_trace_id_of_its_answer(database_url: str, tmp_path: Path) -> None:
    settings = read({}, data_dir=tmp_path, database_url=database_url)
    founded = await founding.found_organization(settings, name="Acme", slug="acme")
    client_of = founded.applications[0]
    grant = {
        "grant_type": "client_credentials",
        "client_id": client_of.client_id,
        "client_secret": client_of.client_secret,
    }
    async with served(database_url, tmp_path) as (client, lines):
        token = (await client.post("/oauth/token", json=grant)).json()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        one = await client.get("/api/organization?fields[organizations]=slug", headers=bearer)
        listed = await client.get("/api/orders?filter[q][customer_email_eq]=ada@example.com", headers=bearer)
        made = await client.post("/api/customers", headers=bearer, json={"data": {"type": "customers"}})
        assert [answer.status_code for answer in (one, listed, made)] == [200, 200, 415]
        assert lines.read() == [
            ("200", "POST", "/oauth/token"),
            ("200", "GET", "/api/organization"),
            ("200", "GET", "/api/orders"),
            ("415", "POST", "/api/customers"),
        ]
        whole = "\n".join(lines.all())
        assert one.json()["data"]["meta"]["trace_id"] in lines.all()[1]
        for secret in (token, client_of.client_secret, client_of.client_id, "ada@", "example", "filter", "fields"):
            assert secret not in whole


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/orders/ABCRtyUpBa/captures", "/api/orders/ABCRtyUpBa/captures"),
        ("/api/orders/0190f5e3-3c1c-7d6e-8a53-0d4b8f3f7a10", "/api/orders/0190f5e3-3c1c-7d6e-8a53-0d4b8f3f7a10"),
        ("/.well-known/jwks.json", "/.well-known/jwks.json"),
        ("/", "/"),
        ("/api/customers/ada@example.com", "/api/customers/…"),
        ("/api/customers/Ada Rossi", "/api/customers/…"),
        ("/api/\n2026-11-30T10:00:00.000Z 200 GET /forged", "/api/…/forged"),
        ("/oauth/eyJhbGciOiJSUzUxMiJ9.e30.c2lnbmVk" + "x" * 40, "/oauth/…"),
        ("/api/" + "A1b2" * 10 + "xyz", "/api/…"),
        ("/api/sk_test_51a1b2c3d4e5f6a7b8c9d0e1/x", "/api/…/x"),
        ("/" + "a/" * 200, "/a/a/a/a/a/a/a/a"),
        ("*", "…"),
        ('/api/"}', "/api/…"),
    ],
)
def test_of_a_path_only_words_and_ids_are_shown(path: str, told: str) -> None:
    assert shown(path) == told


async def test_in_json_each_line_is_an_object(sqlite_url: str, tmp_path: Path) -> None:
    async with served(sqlite_url, tmp_path, PAYDESK_LOG_FORMAT="json") as (client, lines):
        await client.get("/healthz")
        await client.request("SECRET", "/nowhere/a@b.c")
        told: list[dict[str, Any]] = [json.loads(line) for line in lines.all()]
    assert [list(one) for one in told] == [["at", "method", "path", "status", "ms", "trace_id"]] * 2
    assert [(one["method"], one["path"], one["status"]) for one in told] == [
        ("GET", "/healthz", 200),
        ("…", "/nowhere/…", 404),
    ]


def test_the_other_lines_of_a_json_log_are_objects_too() -> None:
    try:
        raise ValueError("of a\nreason")
    except ValueError:
        record = logging.LogRecord("paydesk.http", logging.ERROR, "", 0, "it %s", ("failed",), sys.exc_info())
    record.trace_id = "ab" * 32
    line = JsonLines().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert list(told) == ["at", "level", "logger", "message", "trace_id", "exception"]
    assert (told["level"], told["logger"], told["message"]) == ("ERROR", "paydesk.http", "it failed")
    assert told["trace_id"] == "ab" * 32
    assert told["exception"].endswith("ValueError: of a\nreason")


def test_others_words_neither_control_the_terminal_nor_begin_a_line_of_the_log() -> None:
    forged = "declined\x1b[2J\n2026-11-30 10:00:00 INFO paydesk: all is well\x9b"
    record = logging.LogRecord("paydesk.desk", logging.WARNING, "", 0, "Stripe said %s", (forged,), None)
    spelled = "Stripe said declined\\u001b[2J 2026-11-30 10:00:00 INFO paydesk: all is well\\u009b"
    assert TextLines(fmt="%(name)s: %(message)s").format(record) == f"paydesk.desk: {spelled}"
    line = JsonLines().format(record)
    assert (line.isprintable(), json.loads(line)["message"]) == (True, f"Stripe said {forged}")


async def test_lines_are_written_by_themselves_within_moments(sqlite_url: str, tmp_path: Path) -> None:
    async with served(sqlite_url, tmp_path) as (client, _):
        await client.get("/healthz")
        await eventually(lambda: _written(tmp_path / "requests.log"), True)


async def _written(file: Path) -> bool:
    return os.stat(file).st_size > 0


async def test_a_log_that_nobody_can_write_stops_no_request(sqlite_url: str, tmp_path: Path) -> None:
    async with served(sqlite_url, tmp_path) as (client, lines):
        reading, writing = os.pipe()
        os.close(reading)
        assert lines._application.requests is not None
        lines._application.requests = RequestLog("text", writing)
        assert (await client.get("/healthz")).status_code == 200
        lines._application.requests.write()
        os.close(writing)
        assert (await client.get("/healthz")).status_code == 200


async def test_nothing_is_logged_where_that_is_off(sqlite_url: str, tmp_path: Path) -> None:
    settings = read({"PAYDESK_LOG_REQUESTS": "off"}, data_dir=tmp_path, database_url=sqlite_url)
    assert Application(settings).requests is None
