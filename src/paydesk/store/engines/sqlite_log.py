"""The write-ahead log of an SQLite file: copied into the file by a thread of its own, apart from writes."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import apsw

from paydesk.store.engines import sqlite_file

CHECKPOINT_SECONDS = 1.0

LOG_BYTES = 64 * 1024 * 1024
"""How long the write-ahead log may be before writes wait until it is begun anew."""

LOG_BUSY_MILLISECONDS = 100
"""How long beginning anew waits for readers of other processes; nothing is written meanwhile."""

LOG_AGAIN_SECONDS = 10.0
"""When it is tried again after a reader was in the way."""

STATISTICS_SECONDS = 60.0


class Log:
    """Copies the log every second. A log that outgrew its bound, since writes never pause, is begun anew between two
    groups of writes, by whoever writes.

    too_long                the next writer has it begun anew first
    reads_by_old_statistics the planner's statistics were made since the reading connection was opened
    writes_by_old_statistics  and since the writing one read them
    """

    def __init__(self, path: Path, vfs: str | None) -> None:
        self.too_long = False
        self.reads_by_old_statistics = self.writes_by_old_statistics = False
        self._path, self._vfs = path, vfs
        self._next_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="paydesk-checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for it."""
        self._stop.set()
        self._thread.join()

    def begin_anew(self, connection: apsw.Connection) -> None:
        """Copy all of the log into the database and empty it, by the connection that writes, while no transaction is
        open. Where somebody reads it, it stays as it is.
        """
        try:
            connection.set_busy_timeout(LOG_BUSY_MILLISECONDS)
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            self._next_at = time.monotonic() + LOG_AGAIN_SECONDS
        finally:
            connection.set_busy_timeout(0)

    def _loop(self) -> None:
        connection: apsw.Connection | None = None
        page_bytes = 0
        analyzed_at = time.monotonic()
        while not self._stop.wait(CHECKPOINT_SECONDS):
            try:
                if connection is None:
                    connection = sqlite_file.connect(self._path, vfs=self._vfs)
                    page_bytes = int(str(connection.pragma("page_size")))
                pages, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                # A log is begun anew by a writer that finds all of it copied; while writes never pause none does.
                if pages * page_bytes > LOG_BYTES and time.monotonic() >= self._next_at:
                    self.too_long = True
            except apsw.Error:
                continue  # Busy or full: the next second tries again; writes tell clients what is wrong.
            if time.monotonic() - analyzed_at >= STATISTICS_SECONDS:
                analyzed_at = time.monotonic()
                if sqlite_file.analyze(self._path, vfs=self._vfs):
                    self.reads_by_old_statistics = self.writes_by_old_statistics = True
        if connection:
            connection.close()
