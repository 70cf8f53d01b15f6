"""`paydesk serve`, the whole process, as an operator starts it in a terminal."""

import http.client
import json
from pathlib import Path

from tests.acts.terminal import on_terminal
from tests.forked import paydesk
from tests.processes import group, until

PATIENCE = 120


def test_its_whole_log_is_json_and_a_closed_terminal_ends_it(tmp_path: Path, port: int) -> None:
    here = {"PAYDESK_DATA_DIR": str(tmp_path), "PAYDESK_PORT": str(port)}
    assert paydesk("migrate", **here).returncode == 0
    log = tmp_path / "log"

    def asked(path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path, headers={"Authorization": "Bearer secret-of-a-shopper"})
            return connection.getresponse().status
        finally:
            connection.close()

    with (
        log.open("wb") as errors,
        on_terminal("serve", errors=errors, **here, PAYDESK_LOG_FORMAT="json") as (process, terminal),
    ):
        assert until(lambda: asked("/healthz")) == 200
        assert asked("/api/orders?filter[q][email_eq]=ada@example.com") == 401
        lines = until(lambda: [one for one in log.read_text().splitlines(keepends=True) if "/api/orders" in one])
        terminal.close()
        assert process.wait(PATIENCE) == 0
        assert group(process.pid) == []
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert told[0]["message"].endswith(f"listens on http://127.0.0.1:{port}")
    assert list(told[0]) == ["at", "level", "logger", "message"]
    (request,) = (json.loads(line) for line in lines)
    assert list(request) == ["at", "method", "path", "status", "ms", "trace_id"]
    assert (request["method"], request["path"], request["status"]) == ("GET", "/api/orders", 401)
    assert len(bytes.fromhex(request["trace_id"])) == 32
    assert "secret-of" not in log.read_text() and "ada@" not in log.read_text() and terminal.said == ""
    assert not list(tmp_path.glob("*-wal"))
