"""The guides of the reference: every request in them is sent, in the shell and in Python, and every answer compared."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from paydesk.jsonapi.pages.guides import REQUEST_COLUMNS, guides
from paydesk.jsonapi.pages.requests import Request, curl, python
from paydesk.sandbox.objects import cards
from tests.acts.dev import credentials, dev, end
from tests.acts.guides import PATIENCE, Reader, follow, run
from tests.processes import free_port

GUIDES = guides()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder, port = tmp_path_factory.mktemp("guides"), free_port()
    with dev(folder, port) as process:
        made = credentials(process, folder)
        yield Reader(f"http://localhost:{port}", made)
        end(process)


def by_curl(request: Request, values: dict[str, str]) -> tuple[int, Any]:
    """Status and document, by what the shell's tab says."""
    script = curl(request, REQUEST_COLUMNS).replace("curl ", "curl -s -w '\\n%{http_code}' ", 1)
    text, _, status = run(["bash", "-euc", script], values).rpartition("\n")
    told = json.loads(text)
    for name, path in request.keep.items():
        part = told
        for step in path.split("."):
            part = part[int(step) if step.isdigit() else step]
        values[name] = part
    return int(status), told


def by_python(request: Request, values: dict[str, str]) -> tuple[int, Any]:
    """Status and document, by what Python's tab says."""
    names: dict[str, Any] = {**values, "requests": requests}
    exec(python(request, REQUEST_COLUMNS), names)
    values |= {name: names[name] for name in request.keep}
    return names["answer"].status_code, names["answer"].json()


@pytest.mark.slow
@pytest.mark.parametrize("key", GUIDES)
@pytest.mark.parametrize("send", [by_curl, by_python], ids=["curl", "python"])
def test_every_request_of_a_guide_is_answered_as_it_says(reader, key, send):
    follow(reader, GUIDES[key], send, send.__name__)


@pytest.mark.slow
def test_the_demo_may_be_tried_by_this_machine_alone(reader):
    here = requests.get(f"{reader.base}/docs", timeout=PATIENCE)
    assert 'lang="en" data-demo>' in here.text
    assert f"connect-src 'self' {reader.values['stripe']};" in here.headers["content-security-policy"]
    told = requests.post(f"{reader.base}/docs/demo.json", timeout=PATIENCE)
    assert "access-control-allow-origin" not in told.headers and told.headers["cache-control"] == "no-store"
    assert set(told.json()["grants"]) == {"token", "shop_token", "customer_token"}
    for grant in told.json()["grants"].values():
        assert requests.post(f"{reader.base}/oauth/token", json=grant, timeout=PATIENCE).status_code == 200
    assert told.json()["values"]["market"] == reader.values["market"]
    # A name that somebody else gave this machine, and a request that came through a proxy.
    for headers in ({"Host": "evil.test"}, {"X-Forwarded-For": "198.51.100.7"}):
        page = requests.get(f"{reader.base}/docs", headers=headers, timeout=PATIENCE)
        assert page.status_code == 200 and "data-demo" not in page.text
        refused = requests.post(f"{reader.base}/docs/demo.json", headers=headers, timeout=PATIENCE)
        assert refused.status_code == 404 and "secret" not in refused.text


def test_the_test_cards_are_those_of_the_sandbox():
    lines = re.findall(r"^\| ([\d ]+) \| `pm_card_(\w+)` \| (.*) \|$", GUIDES["test-cards"].text, re.M)
    assert len(lines) > 10
    for number, name, told in lines:
        card = cards.CARDS[number.replace(" ", "")]
        assert cards.by_id(f"pm_card_{name}") is card
        reason = re.fullmatch(r"`(\w+)`", told)
        refused = card.decline and (card.decline.decline_code or card.decline.code)
        assert (reason and reason[1]) == refused or "dispute" in told or "refund" in told


def test_a_guide_is_short():
    """One screen each, with its requests; `tests/clients` looks at it in a browser."""
    for guide in GUIDES.values():
        words = re.sub(r"```.*?```", "", guide.text, flags=re.S).split()
        assert len(words) < 260, f"{guide.key}: {len(words)} words"
