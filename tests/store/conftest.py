from collections.abc import AsyncIterator

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
