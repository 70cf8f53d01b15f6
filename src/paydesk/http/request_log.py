"""One line for each request: when, method, path, status, milliseconds, trace id.

A line holds nothing personal and no secret: no query, no header, no body, and of the path only what looks like our
words and ids. Lines are gathered for a moment and written together, past the logging module, whose records cost more
than a whole line.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable
from time import gmtime, perf_counter, strftime, time
from typing import Any, Literal

import orjson

from paydesk.base.printable import one_line, printable

Format = Literal["text", "json"]

PAUSE_SECONDS = 0.02
"""How long lines are gathered. Only a killed process loses those of that moment."""
STANDARD_ERROR = 2

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_WORD = r"(?!sk_|rk_|pk_|whsec_)[A-Za-z0-9._-]{0,40}"
"""Names of types and ids are that short; tokens and client secrets are longer, and addresses have an @."""
_PLAIN = re.compile(rf"(?:/{_WORD})+")
_SEGMENT = re.compile(_WORD)


def shown(path: str) -> str:
    """A path with "…" in place of each segment that may be something else than a word or an id of ours."""
    if len(path) <= 200 and _PLAIN.fullmatch(path):
        return path
    segments = path[:2000].split("/")[1:9]
    return "".join("/" + (each if _SEGMENT.fullmatch(each) else "…") for each in segments) or "…"


class RequestLog:
    """The lines of one process, written to the file with this descriptor."""

    def __init__(self, format: Format, descriptor: int = STANDARD_ERROR) -> None:
        self._line = _json if format == "json" else _text
        self._descriptor = descriptor
        self._lines: list[str] = []
        self._second = 0
        self._date = ""

    def begin(self, scope: Any, send: Any) -> Noted:
        """What is to be called in the place of `send` for the request that came just now; `end` ends it."""
        return Noted(self, scope, send)

    def add(self, scope: Any, status: int | None, seconds: float) -> None:
        """Write down a request that has its answer; `status` is None where it has none."""
        now = time()
        second = int(now)
        if second != self._second:
            self._second, self._date = second, strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))
        method = scope["method"]
        line = self._line(
            f"{self._date}.{int((now - second) * 1000):03d}Z",
            method if method in _METHODS else "…",
            shown(scope["path"]),
            status,
            seconds * 1000,
            scope["paydesk.trace_id"],
        )
        if not self._lines:
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self.write)
        self._lines.append(line)

    def write(self) -> None:
        """Write what was gathered."""
        lines, self._lines = self._lines, []
        left = "".join(lines).encode()
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            # Nobody reads them, or the disk is full: requests go on.
            return


class Noted:
    """`send` of one request, which keeps the status."""

    __slots__ = ("_began", "_log", "_scope", "_send", "_status")

    def __init__(self, log: RequestLog, scope: Any, send: Any) -> None:
        self._log, self._scope, self._send = log, scope, send
        self._began = perf_counter()
        self._status: int | None = None

    def __call__(self, message: Any) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        answer: Awaitable[None] = self._send(message)
        return answer

    def end(self) -> None:
        """The request has its answer, or will have none."""
        self._log.add(self._scope, self._status, perf_counter() - self._began)


def _text(at: str, method: str, path: str, status: int | None, milliseconds: float, trace_id: str) -> str:
    return f"{at} {status or '---'} {method:<6} {path} {milliseconds:.1f} ms, trace {trace_id}\n"


def _json(at: str, method: str, path: str, status: int | None, milliseconds: float, trace_id: str) -> str:
    return (
        f'{{"at":"{at}","method":"{method}","path":"{path}","status":{status or "null"},"ms":{milliseconds:.1f},'
        f'"trace_id":"{trace_id}"}}\n'
    )


class TextLines(logging.Formatter):
    """The other lines of a log as text, of which others' words neither control a terminal nor begin a line."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """The same in JSON: what was said, where, and with which trace id."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = int(record.created)
        line: dict[str, Any] = {
            "at": f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(seconds))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage().encode("utf-8", "replace").decode(),
        }
        if trace_id := getattr(record, "trace_id", None):
            line["trace_id"] = trace_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return printable(orjson.dumps(line, default=str).decode())
