"""The system's Chromium, in which pages are looked at the way people look at them.

Chromium finds no name but the given ones, so that a page that loads anything from elsewhere is noticed, and the tests
need no network.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from playwright.sync_api import sync_playwright

T = TypeVar("T")

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60
"""Seconds that a busy machine may take over what a page does at once."""

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def executable() -> str:
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert found, "these tests need Chromium (Debian, Ubuntu: apt install chromium)"
    return found


def resolving(hosts: Mapping[str, int]) -> str:
    """The rules by which Chromium finds these names at these ports of this machine, whatever port an address has, and
    else only the machine itself.
    """
    rules = [f"MAP {name} 127.0.0.1:{port}" for name, port in hosts.items()]
    return ", ".join([*rules, "MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.0.0.1"])


@dataclass
class Window:
    """A page, and everything that went wrong in it."""

    page: Any
    """Playwright's `Page`."""
    troubles: list[str] = field(default_factory=list)
    """Errors and warnings on the console, exceptions that nothing caught, and requests that failed: those that looked
    for another machine among them. A test that means one takes it off the list.
    """
    answers: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, address and status of each answer."""

    def watch(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.troubles.append(f"exception: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def until(self, what: Callable[[], T]) -> T:
        """The first true answer. While it waits, the page goes on and what happens in it is noticed."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := what()):
            assert time.monotonic() < deadline, f"not within {PATIENCE} s; {self.troubles}"
            self.page.wait_for_timeout(20)
        return answer

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text}")

    def _failed(self, request: Any) -> None:
        if request.resource_type in ("other", "fetch") and request.failure == "net::ERR_ABORTED":
            return  # the icon, or what is searched, of a page that was left before it came
        self.troubles.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Any) -> None:
        self.answers.append((response.request.method, response.url, response.status))


@dataclass
class Browser:
    """A running Chromium."""

    chromium: Any
    """Playwright's `Browser`."""
    windows: list[Window] = field(default_factory=list)

    def open(self, address: str | None = None, *, width: int = 1280, height: int = 800, **options: Any) -> Window:
        """A page of its own, which shares no cookies with the others. The options are those of playwright's contexts;
        our certificates of `paydesk dev --tls` are taken as they are.
        """
        size = {"width": width, "height": height}
        context = self.chromium.new_context(viewport=size, ignore_https_errors=True, **options)
        context.set_default_timeout(PATIENCE * 1000)
        window = Window(context.new_page())
        window.watch()
        self.windows.append(window)
        if address is not None:
            window.page.goto(address)
        return window

    @property
    def troubles(self) -> list[str]:
        return [trouble for window in self.windows for trouble in window.troubles]


@contextmanager
def browsing(hosts: Mapping[str, int] | None = None) -> Iterator[Browser]:
    """A Chromium that finds these names at these ports of this machine. At the end nothing may have gone wrong in it
    that the test did not expect.
    """
    options = [*QUIET, f"--host-resolver-rules={resolving(hosts or {})}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to be root's in one
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=options, timeout=PATIENCE * 1000)
        browser = Browser(chromium)
        try:
            yield browser
            assert browser.troubles == []
        finally:
            chromium.close()
