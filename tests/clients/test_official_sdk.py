"""Scripts for the official JavaScript SDK, the README's among them, run by Node against one `paydesk dev --tls`."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acts.dev import credentials, dev, end
from tests.acts.node import NODE
from tests.acts.readme import block, environment
from tests.processes import free_port

TYPES = ["--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom"]
MODULES = ["--module", "esnext", "--moduleResolution", "bundler"]
BUNDLE = ["--bundle", "--format=esm", "--platform=node", "--packages=external", "--log-level=warning"]
PATIENCE = 300


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Shop"]:
    folder, port = tmp_path_factory.mktemp("shop"), free_port()
    with dev(folder, port, "--tls") as process:
        yield Shop(folder, port, credentials(process, folder))
        end(process)


@dataclass
class Shop:
    """A running `paydesk dev --tls`, and what is told of it."""

    folder: Path
    port: int
    made: Any

    def run(self, script: str) -> str:
        """What a script says."""
        patch = self.folder / "lookup.mjs"
        # Names under localhost are known to browsers; Node asks the system, which may not know them.
        patch.write_text(
            "import dns from 'node:dns'; const asked = dns.lookup;"
            "dns.lookup = (name, ...rest) => asked(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest);"
        )
        channel, office = self.made["applications"]["sales_channel"], self.made["applications"]["integration"]
        given = {
            "DOMAIN": f"localhost:{self.port}",
            "CLIENT_ID": channel["client_id"],
            "SALES_CHANNEL": channel["client_id"],
            "INTEGRATION": office["client_id"],
            "SECRET": office["client_secret"],
            "EMAIL": self.made["customer"]["email"],
            "PASSWORD": self.made["customer"]["password"],
            "STRIPE": self.made["stripe"]["api_base"],
            "NODE_EXTRA_CA_CERTS": str(self.folder / "tls" / "ca.pem"),
        }
        return node("--import", str(patch), "--input-type=module", stdin=script, **given)


def node(*arguments: str, stdin: str | None = None, **variables: str) -> str:
    """What Node says, run where the packages are."""
    done = subprocess.run(
        ["node", *arguments],
        input=stdin,
        cwd=NODE,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_official_sdk_works_unmodified(shop: Shop) -> None:
    script = block("js", "@commercelayer/sdk").replace("'localhost:8443'", f"'localhost:{shop.port}'")
    total, secret = shop.run(script).split()
    assert total == "€45,00"
    assert re.fullmatch(r"pi_\w+_secret_\w+", secret)


def test_the_official_sdk_reads_what_is_empty(shop: Shop) -> None:
    said = shop.run((NODE / "empty.mjs").read_text())
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


def test_a_shop_is_set_up_and_sells_what_it_sends_by_the_official_sdk_alone(shop: Shop) -> None:
    """A guest, a customer with address book and saved card, a declined card, 3-D Secure, two shipments, and what is out
    of stock in between. The scripts compare what they read; their types are the SDK's.
    """
    sources = [str(path) for path in sorted((NODE / "sdk").glob("*.ts"))]
    node("node_modules/.bin/tsc", *TYPES, *MODULES, *sources)
    script = subprocess.run(
        ["node_modules/.bin/esbuild", "sdk/journey.ts", *BUNDLE], cwd=NODE, capture_output=True, check=True, text=True
    ).stdout
    walked = set(shop.run(script).split())
    assert walked >= {
        "attachments", "bundles", "customer_groups", "links", "packages", "parcels", "price_frequency_tiers",
        "price_volume_tiers", "shipments", "shipping_methods", "sku_lists", "sku_options", "stock_items",
        "stock_locations", "stock_transfers", "stores", "tags",
    }  # fmt: skip
    assert len(walked) >= 30
