"""`paydesk dev`, the whole of it: processes, folder, credentials."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acts.dev import PATIENCE, credentials, dev, end
from tests.acts.terminal import on_terminal
from tests.processes import free_port, group, until


def buy(data_dir: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "paydesk", "demo", "buy"]
    here = os.environ | {"PAYDESK_DATA_DIR": str(data_dir)}
    return subprocess.run(command, env=here, capture_output=True, text=True, timeout=PATIENCE)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@dataclass
class Before:
    """A `dev` that was started in a new folder and ended by Ctrl-C: what it told, what it said, what it looked like."""

    data_dir: Path
    port: int
    told: dict[str, Any]
    mode: int
    processes: int
    statuses: list[int]
    limits: list[str] = field(default_factory=list)
    said: str = ""
    left: bool = True

    def again(self, data_dir: Path) -> Path:
        """A copy of the folder, for a `dev` of a test's own on the same port."""
        return shutil.copytree(self.data_dir, data_dir)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    data_dir, port = tmp_path_factory.mktemp("dev") / "data", free_port()
    with dev(data_dir, port, PAYDESK_LOG_REQUESTS="on") as process:
        told = credentials(process, data_dir)
        file = data_dir / "credentials.json"
        found = Before(data_dir, port, told, file.stat().st_mode & 0o777, len(group(process.pid)), [])
        for path in ("/healthz", "/readyz"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                found.statuses.append(answer.status)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/orders")
        found.limits = [name for name in refused.value.headers if "ratelimit" in name.lower()]
        found.said = end(process)
    found.left = file.exists()
    return found


def test_it_limits_nobody_by_itself(before: Before) -> None:
    assert before.limits == []


def test_it_tells_everything_once_it_is_ready(before: Before) -> None:
    told = before.told
    assert list(told) == [
        "base_url",
        "organization",
        "applications",
        "market",
        "skus",
        "payment_method",
        "stripe_gateway",
        "stripe",
        "customer",
    ]
    assert told["base_url"] == f"http://localhost:{before.port}"
    assert list(told["applications"]) == ["integration", "sales_channel", "webapp"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["stripe"]["api_base"])
    assert told["stripe"]["secret_key"].startswith("sk_test_")
    assert (before.mode, before.processes, before.statuses, before.left) == (0o600, 3, [200, 200], False)
    assert told["stripe"]["secret_key"] not in before.said
    assert told["applications"]["integration"]["client_secret"] in before.said
    assert "curl -g -X POST" in before.said
    looked = before.said.partition("\nWhere to look:\n")[2].partition("\nCtrl-C ends everything.")[0].splitlines()
    here = f"http://localhost:{before.port}"
    assert [line.split()[0] for line in looked[1:3]] == [f"{here}/", f"{here}/docs"]
    assert f"paydesk demo buy --credentials {before.data_dir}/credentials.json" in looked[3]
    assert re.search(r"Z 401 GET    /api/orders \d+\.\d ms, trace [0-9a-f]{64}\n", before.said)


def test_it_begins_again_with_the_same_and_ends_cleanly(before: Before, data_dir: Path) -> None:
    with dev(before.again(data_dir), before.port) as process:
        assert credentials(process, data_dir) == before.told
        end(process, signal.SIGTERM)
    assert not (data_dir / "credentials.json").exists()


def test_a_killed_dev_leaves_nothing_running_and_begins_again_with_the_same(before: Before, data_dir: Path) -> None:
    with dev(before.again(data_dir), before.port) as process:
        credentials(process, data_dir)
        process.kill()
        process.wait()
        (data_dir / "credentials.json").unlink()
        with dev(data_dir, before.port) as again:
            assert credentials(again, data_dir) == before.told
            assert group(process.pid) == []


def test_the_sandbox_outlives_the_api_and_both_come_back(before: Before, data_dir: Path) -> None:
    with dev(before.again(data_dir), before.port) as process:
        told = credentials(process, data_dir)
        children = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in group(process.pid) if pid != process.pid}
        (sandbox,) = [pid for pid, command in children.items() if b"paydesk.sandbox" in command]
        (worker,) = [pid for pid in children if pid != sandbox]
        os.kill(worker, signal.SIGKILL)
        until(lambda: urllib.request.urlopen(f"{told['base_url']}/readyz").close() or True)
        assert sandbox in group(process.pid)
        os.kill(sandbox, signal.SIGKILL)
        until(lambda: urllib.request.urlopen(told["stripe"]["api_base"] + "/healthz").close() or True)
        end(process)


def test_it_ends_cleanly_when_its_terminal_is_closed(before: Before, data_dir: Path) -> None:
    arguments = ("dev", "--port", str(before.port), "--data-dir", str(before.again(data_dir)))
    with on_terminal(*arguments) as (process, terminal):
        credentials(process, data_dir, terminal.read)
        terminal.close()
        assert process.wait(PATIENCE) == 0
        assert group(process.pid) == []
    assert "Ctrl-C ends everything." in terminal.said and "Traceback" not in terminal.said
    assert [file.name for file in data_dir.iterdir() if file.name.endswith(("credentials.json", "-wal"))] == []


def test_a_folder_is_for_one_process_at_a_time(before: Before, data_dir: Path) -> None:
    with dev(before.again(data_dir), before.port) as process:
        credentials(process, data_dir)
        with dev(data_dir, free_port()) as second:
            output, _ = second.communicate(timeout=PATIENCE)
            assert second.returncode == 1
            assert output.decode().splitlines() == [
                f"error: The folder {data_dir} is in use by another paydesk (process {process.pid})",
                "  A second one takes another folder and another port: --data-dir FOLDER --port NUMBER.",
            ]


def test_reset_forgets_everything(before: Before, data_dir: Path) -> None:
    with dev(before.again(data_dir), before.port, "--reset") as process:
        assert credentials(process, data_dir)["stripe"]["secret_key"] != before.told["stripe"]["secret_key"]


def test_reset_leaves_a_database_elsewhere_alone(data_dir: Path, port: int, tmp_path: Path) -> None:
    with dev(data_dir, port, "--reset", PAYDESK_DATABASE_URL=f"sqlite:///{tmp_path}/other.sqlite3") as process:
        assert process.wait(PATIENCE) == 2


def test_https_is_served_under_localhost(data_dir: Path, port: int) -> None:
    with dev(data_dir, port, "--tls") as process:
        told = credentials(process, data_dir)
        assert told["base_url"] == f"https://localhost:{port}"
        trust = ssl.create_default_context(cafile=str(data_dir / "tls" / "ca.pem"))
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", context=trust) as answer:
            assert answer.status == 200
        bought = buy(data_dir)
        said = end(process)
    assert bought.returncode == 0, bought.stderr
    assert "Take its payment: the documented request" in bought.stdout
    assert "Order 10000001 is approved and partially refunded." in bought.stdout
    assert f"NODE_EXTRA_CA_CERTS={data_dir}/tls/ca.pem" in said


def test_nothing_is_bought_where_no_dev_runs(data_dir: Path, port: int) -> None:
    told = buy(data_dir)
    assert (told.returncode, told.stdout) == (1, "")
    assert f"there is no {data_dir}/credentials.json" in told.stderr
    data_dir.mkdir()
    left = {"base_url": f"http://localhost:{port}", "stripe": {"api_base": "http://127.0.0.1:9"}}
    left["applications"] = {"integration": {"client_id": "of", "client_secret": "before"}}
    (data_dir / "credentials.json").write_text(json.dumps(left))
    told = buy(data_dir)
    assert told.returncode == 1
    assert f"http://localhost:{port}/oauth/token does not answer" in told.stderr
