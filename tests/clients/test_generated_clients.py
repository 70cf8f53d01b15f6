"""Clients that generators make of the OpenAPI document, and what tools say of it."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx
import pytest

from paydesk.commerce import registry
from paydesk.http.described import ELSEWHERE
from paydesk.jsonapi.openapi.document import openapi_document
from tests.acts.dev import credentials, dev, end
from tests.acts.node import NODE
from tests.processes import free_port

TOOLS = Path(sys.prefix) / "clients" / "bin"
"""The generators' environment; `make test-clients` makes it."""
PATIENCE = 300

USES = """
import type { components, operations } from './schema';

type Schemas = components['schemas'];
const request: operations['create_stripe_payment']['requestBody']['content']['application/vnd.api+json'] = {
  data: {
    type: 'stripe_payments',
    attributes: { options: { intent_amount_cents: 15400 }, metadata: { ours: [1] } },
    relationships: { order: { data: { type: 'orders', id: 'ABCRtyUpBa' } } },
  },
};
const order = {} as operations['retrieve_order']['responses'][200]['content']['application/vnd.api+json'];
const metadata: { [name: string]: unknown } | undefined = order.data.attributes.metadata;
const includes: unknown[] | null | undefined = ({} as Schemas['markets']).attributes.external_includes;
const refund: Schemas['captures_update'] = {
  data: { type: 'captures', id: 'x', attributes: { _refund: true, _refund_amount_cents: 2900 } },
};
// @ts-expect-error: a trigger is true or false.
const wrong: Schemas['captures_update'] = { data: { type: 'captures', id: 'x', attributes: { _refund: 'yes' } } };
export { request, metadata, includes, refund, wrong };
"""


def run(*command: str | Path, cwd: Path | None = None, **variables: str) -> str:
    environment = {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", **variables}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("description") / "openapi.json"
    path.write_bytes(openapi_document(registry(), version="1", servers=["https://shop.paydesk.test"], paths=ELSEWHERE))
    return path


def generate(document: Path, folder: Path) -> None:
    """A Python client of everything: a warning says that something is left out."""
    where = ("--path", document, "--output-path", folder / "client")
    run(TOOLS / "openapi-python-client", "generate", *where, "--meta", "none", "--fail-on-warning")


def test_a_generated_python_client_pays_and_refunds_an_order(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    with dev(data, port) as process:
        made = credentials(process, data)
        base, integration = f"http://127.0.0.1:{port}", made["applications"]["integration"]
        document = tmp_path / "openapi.json"
        with urllib.request.urlopen(f"{base}/api/public/openapi.json") as answer:
            document.write_bytes(answer.read())
        generate(document, tmp_path)
        operations = [
            operation["operationId"]
            for item in json.loads(document.read_text())["paths"].values()
            for method, operation in item.items()
            if method in ("post", "patch", "delete")
        ]
        generated = {path.stem for path in (tmp_path / "client" / "api").rglob("*.py")}
        assert len(operations) > 30 and not set(operations) - generated
        grant = {"grant_type": "client_credentials", "client_id": integration["client_id"]}
        grant["client_secret"] = integration["client_secret"]
        token = httpx.post(f"{base}/oauth/token", json=grant, timeout=60).json()["access_token"]
        stripe = made["stripe"]
        script = Path(__file__).with_name("generated.py")
        given = (base, token, stripe["api_base"], stripe["publishable_key"])
        told = run(TOOLS / "python", script, *given, PYTHONPATH=str(tmp_path))
        assert told == "12500\n"
        end(process)


def test_the_description_is_valid(description: Path) -> None:
    assert "OK" in run(TOOLS / "openapi-spec-validator", description)


def test_types_generated_for_typescript_are_those_of_the_wire(description: Path, tmp_path: Path) -> None:
    tools = NODE / "node_modules" / ".bin"
    run("node", tools / "openapi-typescript", description, "--output", tmp_path / "schema.d.ts")
    (tmp_path / "uses.ts").write_text(USES)
    run("node", tools / "tsc", "--strict", "--noEmit", tmp_path / "uses.ts", cwd=tmp_path)


def test_redocly_finds_nothing_wrong(description: Path) -> None:
    redocly = NODE / "node_modules" / ".bin" / "redocly"
    told = run(
        "node",
        redocly,
        "lint",
        description,
        "--format=json",
        REDOCLY_TELEMETRY="off",
        REDOCLY_SUPPRESS_UPDATE_NOTICE="true",
    )
    totals = json.loads(told)["totals"]
    assert totals["errors"] == 0 and totals["warnings"] == 0, told
