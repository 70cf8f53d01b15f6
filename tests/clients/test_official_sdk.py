"""Scripts for the official JavaScript SDK, the README's among them, run by Node against `paydesk dev`."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.acts.dev import credentials, dev, end
from tests.acts.node import NODE
from tests.acts.readme import block, environment
from tests.processes import free_port


def run(script: str, port: int, folder: Path, **variables: str) -> str:
    """What a script says that asks the served organization at `domain: 'localhost'`."""
    patch = folder / "lookup.mjs"
    # Names under localhost are known to browsers; Node asks the system, which may not know them.
    patch.write_text(
        "import dns from 'node:dns'; const asked = dns.lookup;"
        "dns.lookup = (name, ...rest) => asked(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest);"
    )
    done = subprocess.run(
        [
            "node",
            "--import",
            str(patch),
            "--input-type=module",
            "--eval",
            script.replace("'localhost'", f"'localhost:{port}'"),
        ],
        cwd=NODE,
        env=environment(NODE_EXTRA_CA_CERTS=str(folder / "tls" / "ca.pem"), **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_official_sdk_works_unmodified(tmp_path):
    port = free_port()
    with dev(tmp_path, port, "--tls") as process:
        made = credentials(process, tmp_path)
        script = block("js", "@commercelayer/sdk").replace("'localhost:8443'", "'localhost'")
        said = run(script, port, tmp_path, CLIENT_ID=made["applications"]["sales_channel"]["client_id"])
        total, secret = said.split()
        assert total == "€45,00"
        assert re.fullmatch(r"pi_\w+_secret_\w+", secret)
        end(process)


def test_the_official_sdk_reads_what_is_empty(tmp_path):
    port = free_port()
    with dev(tmp_path, port, "--tls") as process:
        made: Any = credentials(process, tmp_path)
        shop, office = made["applications"]["sales_channel"], made["applications"]["integration"]
        said = run(
            (NODE / "empty.mjs").read_text(),
            port,
            tmp_path,
            SALES_CHANNEL=shop["client_id"],
            INTEGRATION=office["client_id"],
            SECRET=office["client_secret"],
            EMAIL=made["customer"]["email"],
            PASSWORD=made["customer"]["password"],
        )
        assert json.loads(said) == {
            "shipments": [],
            "options": [],
            "source": None,
            "returns": True,
            "addresses": 1,
            "book": [["Ada Rossi, Via Garibaldi 12, 10122 Torino TO (IT) 1", True]],
            "lead_times": 2,
            "tags": [],
            "group": None,
            "attachments": [],
            "found": 1,
        }
        end(process)
