"""`paydesk serve` limits how often clients may ask, where nothing is said of it."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.processes import group, until

PATIENCE = 120
"""Seconds that a busy machine may take over what takes one."""


def test_serve_has_limits_on_where_nothing_is_said(port: int, sqlite_url: str, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAYDESK_")}
    here = {"PAYDESK_PORT": str(port), "PAYDESK_DATA_DIR": str(tmp_path), "PAYDESK_DATABASE_URL": sqlite_url}
    command = [sys.executable, "-m", "paydesk", "serve"]
    process = subprocess.Popen(command, env=clean | here, start_new_session=True, stderr=subprocess.PIPE)

    def limit() -> list[str | None]:
        if process.poll() is not None:
            assert process.stderr is not None
            pytest.fail(process.stderr.read().decode())
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/orders")
        except urllib.error.HTTPError as refused:
            assert refused.code == 401
            return [refused.headers.get(f"x-ratelimit-{name}") for name in ("limit", "interval", "remaining")]
        return []

    try:
        assert until(limit, PATIENCE) == ["25", "10", "24"]
    finally:
        if group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
