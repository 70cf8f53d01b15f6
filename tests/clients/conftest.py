"""What tests of other people's software share."""

from collections.abc import Iterator

import pytest

from tests.acts.browser import Browser, browsing


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium, which reaches this machine and nothing else. A test that wants names mapped calls `browsing` itself."""
    with browsing() as found:
        yield found
