"""What the OpenAPI document says may be sent is sent to a running server: it never fails, and answers as described.

The same cases each time: a few of each operation, drawn by schemathesis, half of them about records that are there.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.http.world import MEDIA_TYPE
from tests.processes import free_port, group, until

EXAMPLES = {"GET": 2, "POST": 4, "PATCH": 4, "DELETE": 2}
SUCCESSES = {"GET": 30, "POST": 1, "PATCH": 5, "DELETE": 1}
"""How many of a method's cases are carried out at least: refusals alone would prove little."""

LONGEST = 40
"""Longer texts cost seconds to describe as a pattern, and are tested elsewhere."""


@dataclass
class Served:
    base: str
    token: str
    guest: str
    operations: list[Any]
    ids: dict[str, list[str]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("fuzz") / "data", free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    command = [sys.executable, "-m", "paydesk", "dev", "--port", str(port), "--data-dir", str(folder)]
    with (folder.parent / "log").open("w") as log:
        process = subprocess.Popen(command, env=clean, start_new_session=True, stdout=log, stderr=log)
    try:
        told = until(lambda: json.loads((folder / "credentials.json").read_text()))
        yield _served(told, f"http://127.0.0.1:{port}")
        assert process.poll() is None, "the server still runs"
        said = (folder.parent / "log").read_text()
        assert "Traceback" not in said and "a request failed" not in said, said[-3000:]
    finally:
        if group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _served(told: Any, base: str) -> Served:
    import schemathesis

    def token(kind: str, **more: str) -> str:
        given = {"grant_type": "client_credentials", "client_id": told["applications"][kind]["client_id"], **more}
        answer = httpx.post(f"{base}/oauth/token", json=given, timeout=60)
        made: str = answer.json()["access_token"]
        return made

    integration = token("integration", client_secret=told["applications"]["integration"]["client_secret"])
    with urllib.request.urlopen(f"{base}/api/public/openapi.json") as answer:
        document = _shortened(json.load(answer))
    document["paths"] = _sampled(document["paths"])
    _name_fields(document["components"])
    operations = [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]
    ids: dict[str, list[str]] = {}
    with httpx.Client(base_url=base, headers={"authorization": f"Bearer {integration}"}, timeout=60) as http:
        for path, item in document["paths"].items():
            parts = path.split("/")
            if path.startswith("/api/") and len(parts) == 3 and "get" in item:
                answer = http.get(path)
                data = answer.json()["data"] if answer.status_code == 200 else []
                ids[parts[2]] = [one["id"] for one in data] if isinstance(data, list) else []
    return Served(base, integration, token("sales_channel", scope=told["market"]["scope"]), operations, ids)


def _shortened(document: Any) -> Any:
    """The document with shorter texts to draw."""
    if isinstance(document, dict):
        made = {name: _shortened(one) for name, one in document.items()}
        if isinstance(made.get("maxLength"), int):
            made["maxLength"] = min(made["maxLength"], LONGEST)
        return made
    return [_shortened(one) for one in document] if isinstance(document, list) else document


def _name_fields(components: Any) -> None:
    """Have `fields[...]`, which is text to the document, name attributes: any other text is refused."""
    for parameter in components["parameters"].values():
        kind, dot, rest = parameter["name"].partition("[")[2].partition("]")
        if parameter["name"].startswith("fields[") and dot and not rest:
            names = list(components["schemas"][kind]["properties"]["attributes"]["properties"])
            parameter["schema"] = {"type": "string", "enum": [*names[:20], ",".join(names)]}


def _sampled(paths: dict[str, Any]) -> dict[str, Any]:
    """Every path of a type or a record, and every eighth of those to what is related."""
    found = [path for path in paths if path.startswith("/api/")]
    related = [path for path in found if len(path.split("/")) > 4]
    chosen = ({*found} - {*related}) | {*related[::8]}
    return {path: item for path, item in paths.items() if path in chosen}


def _run(served: Served, operation: Any, examples: int, statuses: "Counter[int]") -> list[str]:
    """Send an operation's cases; returns what is wrong with the answers."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    wrong: list[str] = []
    sent = [0]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        sent[0] += 1
        known = served.ids.get(operation.path.split("/")[2], [])
        if case.path_parameters and known and sent[0] % 2:
            case.path_parameters["id"] = known[sent[0] % len(known)]
            if isinstance(case.body, dict) and isinstance(case.body.get("data"), dict):
                case.body["data"]["id"] = case.path_parameters["id"]
        token = served.guest if (sent[0] + len(operation.path)) % 4 == 3 else served.token
        headers = {"authorization": f"Bearer {token}", "accept": MEDIA_TYPE}
        response = case.call(base_url=served.base, headers=headers, timeout=60)
        statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=checks, headers=headers)
        except (Failure, FailureGroup) as failed:
            wrong.append(f"{operation.label} {response.status_code}: {failed} {response.text[:500]}")

    send()
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.filterwarnings("ignore")
def test_what_the_document_describes_is_what_the_server_does(served: Served, method: str) -> None:
    operations = [one for one in served.operations if one.method.upper() == method]
    assert operations
    statuses: Counter[int] = Counter()
    wrong = [one for operation in operations for one in _run(served, operation, EXAMPLES[method], statuses)]
    assert not wrong, "\n".join(wrong)
    assert {status for status, times in statuses.items() if status < 300 and times >= SUCCESSES[method]}, statuses
