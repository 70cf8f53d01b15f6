import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.world import World, world_at


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One furnished world for all tests of a module, which only read, or write what no other test looks at."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("world") / "paydesk.sqlite3"
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copyfile(template, file)
        url = f"sqlite:///{file}"
    else:
        postgresql = request.getfixturevalue("postgresql")
        postgresql.empty()
        url = postgresql.url
    with world_at(url) as made:
        yield made


@pytest.fixture
def fresh(database_url: str) -> Iterator[World]:
    """A furnished world of the test's own."""
    with world_at(database_url) as made:
        yield made
