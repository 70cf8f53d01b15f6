"""Files and folders that are for nobody but the user that paydesk runs as."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077
"""What group and others may do."""


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter, with its parents as they come; one that is there is left alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_file(file: Path) -> None:
    """Make an empty file that only its owner may read, unless there is one; whoever opens it tells what is wrong."""
    with suppress(OSError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def close_file(file: Path) -> None:
    """Take a file of our own from everybody else."""
    _close(file)


def close_folder(folder: Path) -> None:
    """Take a folder of our own from everybody else; not one that is everybody's, or that others work in."""
    with suppress(OSError, RuntimeError):
        whole = folder.resolve()
        if not any(place == whole or whole in place.parents for place in (Path.cwd(), Path.home())):
            _close(whole)


def _close(path: Path) -> None:
    # A mounted file may be read-only: then its owner sees to it.
    with suppress(OSError):
        status = path.stat()
        shared = status.st_mode & stat.S_ISVTX
        if status.st_mode & OTHERS and status.st_uid == os.geteuid() and not shared:
            path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)
