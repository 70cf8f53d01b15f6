from collections.abc import Iterator

import pytest

from paydesk.http.limits import Limits
from tests.http.world import World, world_at


@pytest.fixture(scope="module")
def world(module_database_url: str) -> Iterator[World]:
    """One furnished world for all tests of a module, which only read, or write what no other test looks at."""
    with world_at(module_database_url) as made:
        yield made


@pytest.fixture
def fresh(database_url: str) -> Iterator[World]:
    """A furnished world of the test's own."""
    with world_at(database_url) as made:
        yield made


@pytest.fixture
def limited(sqlite_url: str) -> Iterator[World]:
    """Half of the numbers, so 12 reads of one kind that is not cached in 10 seconds."""
    with world_at(sqlite_url, limits=Limits(lambda: 1000.0, 0.5)) as made:
        yield made
