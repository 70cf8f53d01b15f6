"""The browser itself: that it notices what a page does wrong."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.acts.browser import Browser, browsing

PAGES = {
    "/quiet": "<title>Quiet</title><meta name=viewport content='width=device-width'><p>Nothing else.</p>",
    "/loud": "<link rel=icon href=data:,><script>console.error('said'); console.log('not this'); throw Error('thrown')"
    "</script>",
    "/elsewhere": "<link rel=icon href=data:,><img src=http://elsewhere.test/picture.png>",
}


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = PAGES.get(self.path)
        self.send_response(200 if found else 204)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write((found or "").encode())

    def log_message(self, *told: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_quiet_page_is_looked_at_on_a_telephone(browser: Browser, site: int) -> None:
    window = browser.open(f"http://127.0.0.1:{site}/quiet", width=390)
    assert window.page.title() == "Quiet"
    assert window.page.evaluate("document.documentElement.scrollWidth") == 390
    assert ("GET", f"http://127.0.0.1:{site}/quiet", 200) in window.answers
    assert browser.troubles == []


def test_errors_and_requests_to_elsewhere_are_noticed(browser: Browser, site: int) -> None:
    loud = browser.open(f"http://localhost:{site}/loud")
    loud.until(lambda: len(loud.troubles) == 2)
    assert loud.troubles == ["error: said", "exception: thrown"]
    elsewhere = browser.open(f"http://localhost:{site}/elsewhere")
    elsewhere.until(lambda: len(elsewhere.troubles) == 2)
    assert "error: Failed to load resource: net::ERR_NAME_NOT_RESOLVED" in elsewhere.troubles
    assert "failed: GET http://elsewhere.test/picture.png: net::ERR_NAME_NOT_RESOLVED" in elsewhere.troubles
    loud.troubles.clear()
    elsewhere.troubles.clear()


def test_trouble_that_a_test_does_not_expect_fails_it(site: int) -> None:
    with pytest.raises(AssertionError, match="thrown"), browsing({"shop.test": site}) as browser:
        window = browser.open("http://shop.test/loud")
        window.until(lambda: len(window.troubles) == 2)
