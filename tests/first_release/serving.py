"""`python -m tests.first_release.serving PORT FOLDER SECONDS`: a sandbox whose clock is so many seconds behind."""

import asyncio
import sys
import time
from pathlib import Path

from paydesk.sandbox.core.clock import Clock
from paydesk.sandbox.http.app import create_app
from paydesk.sandbox.serve import die_with_parent, run_server

if __name__ == "__main__":
    port, folder, seconds = int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    die_with_parent()
    asyncio.run(run_server("127.0.0.1", port, create_app(folder, clock=Clock(lambda: time.time() - seconds))))
