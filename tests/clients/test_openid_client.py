"""openid-client, which sets itself up by the server's metadata, through every grant against `paydesk dev`."""

import json
import subprocess
from pathlib import Path

from tests.acts.dev import credentials, dev, end
from tests.acts.readme import ROOT, environment
from tests.processes import free_port

NODE = ROOT / "tests" / "node"


def test_openid_client_works_unmodified(tmp_path: Path) -> None:
    port = free_port()
    with dev(tmp_path, port) as process:
        made = credentials(process, tmp_path)
        shop, back, office = (made["applications"][kind] for kind in ("sales_channel", "integration", "webapp"))
        done = subprocess.run(
            ["node", "oauth.mjs"],
            cwd=NODE,
            env=environment(
                SERVER=made["base_url"],
                SALES_CHANNEL=shop["client_id"],
                INTEGRATION=back["client_id"],
                INTEGRATION_SECRET=back["client_secret"],
                WEBAPP=office["client_id"],
                WEBAPP_SECRET=office["client_secret"],
                REDIRECT=office["redirect_uri"],
                EMAIL=made["customer"]["email"],
                PASSWORD=made["customer"]["password"],
            ),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {
            "issuers": [f"http://localhost:{port}"] * 2,
            "scope": "market:code:demo",
            "owners": [None, "Customer", "Customer", None, None, "User", "User", "Customer"],
            "revoked": [["bearer", "invalid_token"]],
            "wrong": [["basic", "paydesk"]],
            "kind": "unauthorized_client",
            "password": "invalid_grant",
        }
        end(process)
