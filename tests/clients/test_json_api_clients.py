"""JSON:API clients that know nothing of Commerce Layer, and simple-oauth2, against `paydesk dev`, as they come."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acts.dev import credentials, dev, end
from tests.acts.node import NODE
from tests.acts.readme import environment
from tests.processes import free_port

PYTHON = Path(sys.prefix) / "clients" / "bin" / "python"
PATIENCE = 120
DIGITAL = ("BACKPACK-PATTERN", "FIELD-GUIDE", "SOUND-LIBRARY")
GOODS = ("TENT-LANTERN", "TIN-MUG", "TRAIL-COMPASS", "TRAIL-PACK", "WATER-FLASK", "WOOL-HAT")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The demo's credentials and a token of its integration."""
    data = tmp_path_factory.mktemp("dev")
    with dev(data, free_port()) as process:
        made = credentials(process, data)
        integration = made["applications"]["integration"]
        grant = {"grant_type": "client_credentials", "client_id": integration["client_id"]}
        grant["client_secret"] = integration["client_secret"]
        answer = httpx.post(f"{made['base_url']}/oauth/token", json=grant, timeout=PATIENCE)
        yield {**made, "token": answer.json()["access_token"]}
        end(process)


def said(command: list[str | Path], folder: Path, **variables: str) -> Any:
    done = subprocess.run(
        command, cwd=folder, env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_node(shop: dict[str, Any], script: str) -> Any:
    return said(["node", script], NODE, SERVER=shop["base_url"], TOKEN=shop["token"])


def by_python(shop: dict[str, Any], script: str) -> Any:
    return said([PYTHON, script, f"{shop['base_url']}/api", shop["token"]], Path(__file__).parent)


def test_kitsu_works_unmodified(shop):
    assert by_node(shop, "kitsu.mjs") == {
        "guide": ["skus", "Field guide to alpine flowers"],
        "made": ["orders", "draft", {"by": "kitsu"}, None],
        "changed": [200, "kitsu@example.com"],
        "cleared": 200,
        "total": 9000,
        "lines": [[2, "FIELD-GUIDE"]],
        "market": "Demo market",
        "related": ["FIELD-GUIDE"],
        "linkage": ["markets", True],
        "page": [["FIELD-GUIDE"], 9, 9, ["first", "prev", "next", "last"]],
        "removed": [204, [404, [["RECORD_NOT_FOUND", None]]]],
        "wrong": [422, [["VALIDATION_ERROR", "/data/relationships/market"]]],
        "unknown": [400, [["FILTER_NOT_ALLOWED", "filter[q][nonsense_eq]"]]],
    }


def test_devour_works_unmodified_with_and_without_trailing_slashes(shop):
    assert by_node(shop, "devour.mjs") == {
        "guide": ["skus", "Field guide to alpine flowers"],
        "made": ["orders", "draft", {"by": "devour"}],
        "line": [2, None],
        "changed": "devour@example.com",
        "cleared": True,
        "total": 9000,
        "lines": [[2, "FIELD-GUIDE"]],
        "market": "Demo market",
        "address": None,
        "again": ["again@example.com", True],
        "related": ["FIELD-GUIDE"],
        "page": [["FIELD-GUIDE"], {"record_count": 9, "page_count": 9}, ["first", "prev", "next", "last"]],
        "removed": {
            "0": {
                "title": "Record not found",
                "detail": "The requested resource was not found. Please double-check the resource id.",
            }
        },
        "wrong": {"market": {"title": "must exist", "detail": "market - must exist"}},
        "unknown": {"0": {"title": "Filter not allowed", "detail": "filter[q][nonsense_eq] is not allowed."}},
    }


def test_jsonapi_client_works_unmodified(shop):
    assert by_python(shop, "jsonapi_client_script.py") == {
        "guide": ["skus", "Field guide to alpine flowers"],
        "pages": [*DIGITAL, *GOODS],
        "page": [["FIELD-GUIDE"], 9, True],
        "related": "Demo market's prices",
        "unknown": [400, "FILTER_NOT_ALLOWED"],
        "missing": [404, "RECORD_NOT_FOUND"],
        "made": ["orders", {"by": ["jsonapi-client"]}, True],
        "line": [2, True],
        "changed": "ada@example.com",
        "wrong": [422, "VALIDATION_ERROR"],
        "total": 9000,
        "lines": [[2, "FIELD-GUIDE"]],
        "market": "Demo market",
        "address": None,
        "removed": 404,
    }


def test_jsonapi_requests_works_unmodified(shop):
    assert by_python(shop, "jsonapi_requests_script.py") == {
        "guide": ["skus", "Field guide to alpine flowers"],
        "made": ["orders", "draft", {"by": ["jsonapi-requests"]}],
        "line": 2,
        "changed": "ada@example.com",
        "total": 9000,
        "lines": [[2, "FIELD-GUIDE"]],
        "market": "Demo market",
        "address": None,
        "page": [["FIELD-GUIDE"], {"record_count": 9, "page_count": 9}],
        "next": ["SOUND-LIBRARY"],
        "related": ["FIELD-GUIDE"],
        "empty": False,
        "there": True,
        "removed": True,
        "wrong": [422, "VALIDATION_ERROR"],
        "unknown": [400, "FILTER_NOT_ALLOWED"],
    }


def test_simple_oauth2_works_unmodified(shop):
    sales, back, office = (shop["applications"][kind] for kind in ("sales_channel", "integration", "webapp"))
    assert said(
        ["node", "simple-oauth2.mjs"],
        NODE,
        SERVER=shop["base_url"],
        SALES_CHANNEL=sales["client_id"],
        INTEGRATION=back["client_id"],
        INTEGRATION_SECRET=back["client_secret"],
        WEBAPP=office["client_id"],
        WEBAPP_SECRET=office["client_secret"],
        REDIRECT=office["redirect_uri"],
        EMAIL=shop["customer"]["email"],
        PASSWORD=shop["customer"]["password"],
    ) == {
        "state": "ours",
        "expired": False,
        "scope": "market:code:demo",
        "owners": [None, None, "Customer", "Customer", "User", "User"],
        "revoked": [401, 401, [400, "invalid_grant"]],
        "wrong": [401, "invalid_client"],
        "password": [400, "invalid_grant"],
    }
