"""A real pgbouncer for tests, where the program is installed: `apt-get install pgbouncer`."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.postgres import _as, _ending_with, _user
from tests.processes import free_port, until

PROGRAM = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
MISSING = "pgbouncer is not installed"


@contextmanager
def pgbouncer(server: str, mode: str) -> Iterator[str]:
    """A pgbouncer of mode `session` or `transaction` before a PostgreSQL; gives the URL of the same database by it.

    It is as its package has it: no start parameter is ignored, and few connections serve many clients.
    """
    assert PROGRAM is not None, MISSING
    user, port = _user(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="paydesk-bouncer-"))
    parts = urlsplit(server)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    settings = f"""
[databases]
* = host={host} port={parts.port or 5432} user={parts.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {4 if mode == "transaction" else 30}
"""
    (folder / "pgbouncer.ini").write_text(settings)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, str(folder / "pgbouncer.ini")],
            stdout=log,
            stderr=log,
            preexec_fn=_ending_with(os.getpid()),
            **_as(user),
        )
    try:

        def listens() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            with socket.create_connection(("127.0.0.1", port), 1):
                return True

        until(listens)
        yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
    finally:
        process.kill()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
