from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.store import open_database
from paydesk.store.records import tables
from paydesk.store.sql.ask import Database

tables.build(commerce.registry())


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that was never migrated."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'paydesk.sqlite3'}"
    url: str = request.getfixturevalue("empty_url")
    return url
