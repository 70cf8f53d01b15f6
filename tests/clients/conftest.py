"""What tests of other people's software share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acts.browser import Browser


@pytest.fixture
def browser() -> "Iterator[Browser]":
    """Chromium, which reaches this machine and nothing else. A test that wants names mapped calls `browsing` itself."""
    from tests.acts.browser import browsing  # most tests here need no browser, and run without its driver

    with browsing() as found:
        yield found
