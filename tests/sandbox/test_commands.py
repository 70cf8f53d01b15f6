"""The commands, and the sandbox as a process."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paydesk.sandbox.cli import cli, seconds

from .conftest import SOURCE, Process, free_port

runner = CliRunner()


@pytest.mark.parametrize(
    ("text", "expected"), [("15s", 15), ("90m", 5400), ("36h", 129_600), ("7d", 604_800), ("1d12h", 129_600)]
)
def test_a_duration_is_read(text: str, expected: int):
    assert seconds(text) == expected


def test_the_clock_is_moved_and_shown(own: Process):
    moved = runner.invoke(cli, ["clock", "--advance", "7d", "--url", own.url])
    assert (moved.exit_code, "604800 s ahead of wall time" in moved.output) == (0, True)
    shown = runner.invoke(cli, ["clock", "--url", own.url])
    assert (shown.exit_code, "604800 s ahead of wall time" in shown.output) == (0, True)


def test_faults_are_added_listed_and_cleared(own: Process):
    at = ["--url", own.url]
    added = runner.invoke(cli, ["faults", "add", "--path", "/v1/refunds", "--status", "503", "--times", "0", *at])
    assert (added.exit_code, '{"status": 503, "when": "before"}' in added.output) == (0, True)
    assert "until cleared" in runner.invoke(cli, ["faults", "list", *at]).output
    assert runner.invoke(cli, ["faults", "clear", *at]).output == "Cleared 1.\n"
    assert runner.invoke(cli, ["faults", "list", *at]).output == "No faults are set.\n"


def test_a_second_one_on_the_same_port_is_refused(own: Process, tmp_path: Path):
    port = own.url.rpartition(":")[2]
    command = [sys.executable, "-m", "paydesk.sandbox", "--port", port, "--data-dir", str(tmp_path / "second")]
    ended = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=120)
    told = f"Port {port} of 127.0.0.1 is in use by another process. Choose another with --port."
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"The sandbox cannot start. {told}\n")
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clock", "--advance", "soon"], "no duration"),
        (["faults", "add", "--cut", "--drop", "after"], "exactly one of"),
        (["clock", "--url", "ftp://x"], "no http address"),
        (["clock", "--url", "http://127.0.0.1:9"], "Start one with: paydesk sandbox"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(arguments: list[str], message: str):
    result = runner.invoke(cli, arguments)
    assert result.exit_code != 0
    assert message in " ".join(result.output.replace("│", " ").split())


def test_every_command_explains_itself():
    for command in ([], ["run"], ["clock"], ["faults"], ["faults", "add"], ["faults", "list"], ["faults", "clear"]):
        result = runner.invoke(cli, [*command, "--help"])
        assert (result.exit_code, "Usage" in result.output) == (0, True)


def test_it_starts_within_seconds_and_ends_with_its_parent(tmp_path: Path):
    port = free_port()
    program = (
        "import subprocess, sys, time, urllib.request\n"
        f"child = subprocess.Popen([sys.executable, '-m', 'paydesk.sandbox', '--port', '{port}', '--data-dir', "
        f"{str(tmp_path)!r}, '--die-with-parent'], stdout=subprocess.DEVNULL)\n"
        "for _ in range(400):\n"
        "    try:\n"
        f"        urllib.request.urlopen('http://127.0.0.1:{port}/healthz', timeout=1)\n"
        "        break\n"
        "    except OSError:\n"
        "        time.sleep(0.02)\n"
        "print(child.pid, flush=True)\n"
        "import os, signal\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", program], cwd=SOURCE, capture_output=True, timeout=120)
    child = int(parent.stdout)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _lives(child):
        time.sleep(0.02)
    assert not _lives(child)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_nothing_of_paydesk_is_imported():
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, paydesk.sandbox.http.app, paydesk.sandbox.serve\n"
            "ours = [name for name in sys.modules if name.startswith('paydesk.')]\n"
            "print(*[name for name in ours if not name.startswith('paydesk.sandbox')])",
        ],
        cwd=SOURCE,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.stdout.strip() == ""
