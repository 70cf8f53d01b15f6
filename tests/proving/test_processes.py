"""The processes of a proof: one that ends by itself fails the proof, and keeps nobody waiting."""

import os
import signal
from pathlib import Path

import pytest

from paydesk.proving.processes import Failed, Server, Servers
from tests.processes import eventually


async def test_a_process_that_ends_by_itself_is_no_death_of_the_proof(sqlite_url: str, tmp_path: Path) -> None:
    settings = {"PAYDESK_DATABASE_URL": sqlite_url, "PAYDESK_DATA_DIR": str(tmp_path), "PAYDESK_LOG_LEVEL": "error"}
    servers = Servers(settings, tmp_path / "log")
    await servers.start()
    server = Server(servers)
    await server.start()
    assert await server.runs()
    await server.kill()
    assert not await server.runs()
    await server.kill()
    await server.start()
    os.kill(server._pid, signal.SIGABRT)
    await eventually(server.runs, False)
    with pytest.raises(Failed, match="A server ended by itself, with status -6"):
        await server.kill()
    await server.start()
    assert servers._process is not None
    servers._process.kill()
    await eventually(server.runs, False)
    with pytest.raises(Failed, match="The process that servers are forked from ended by itself"):
        await server.kill()
    with pytest.raises(Failed, match="The process that servers are forked from ended by itself"):
        await servers.stop()
