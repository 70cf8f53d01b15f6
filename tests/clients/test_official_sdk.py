"""The README's script for the official JavaScript SDK, run by Node against `paydesk dev`."""

import re
import subprocess

from tests.processes import free_port
from tests.test_cli_dev import credentials, dev, end
from tests.test_readme import ROOT, block, environment

NODE = ROOT / "tests" / "node"


def test_the_official_sdk_works_unmodified(tmp_path):
    port = free_port()
    with dev(tmp_path, port, "--tls") as process:
        made = credentials(process, tmp_path)
        script = block("js", "@commercelayer/sdk").replace("domain: 'localhost'", f"domain: 'localhost:{port}'")
        patch = tmp_path / "lookup.mjs"
        # Names under localhost are known to browsers; Node asks the system, which may not know them.
        lookup = (
            "import dns from 'node:dns'; const asked = dns.lookup;"
            "dns.lookup = (name, ...rest) => asked(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest);"
        )
        patch.write_text(lookup)
        done = subprocess.run(
            ["node", "--import", str(patch), "--input-type=module", "--eval", script],
            cwd=NODE,
            env=environment(
                NODE_EXTRA_CA_CERTS=str(tmp_path / "tls" / "ca.pem"),
                CLIENT_ID=made["applications"]["sales_channel"]["client_id"],
            ),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        total, secret = done.stdout.split()
        assert total == "€45,00"
        assert re.fullmatch(r"pi_\w+_secret_\w+", secret)
        end(process)
