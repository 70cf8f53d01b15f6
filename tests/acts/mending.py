"""Rows of earlier versions, and how they are mended."""

from typing import Any

from sqlalchemy import bindparam, delete, update

from paydesk.background.mend_rows import Mending
from paydesk.store.sql.ask import Ask
from paydesk.store.turns import turns
from paydesk.store.types import METADATA
from tests.payments.conftest import Answer, Api


async def put(api: Api, of: Answer, **values: Any) -> None:
    """Have a record's columns hold what another release wrote there."""

    def write() -> Any:
        table = METADATA.tables[of.data["type"]]
        changed = update(table).where(table.c.id == bindparam("of"))
        changed = changed.values({name: bindparam(name, type_=table.c[name].type) for name in values})
        yield Ask(("test put", table.name, tuple(values)), lambda: changed, {**values, "of": of.id})

    await api.parts.database.write(write)


async def dated(api: Api, table_name: str, column: str, at: str, **of: str) -> None:
    """Have the rows that are named by one column have happened then."""
    ((name, value),) = of.items()

    def write() -> Any:
        table = METADATA.tables[table_name]
        changed = update(table).where(table.c[name] == bindparam("of"))
        changed = changed.values({column: bindparam("at", type_=table.c[column].type)})
        yield Ask(("test dated", table_name, column, name), lambda: changed, {"of": value, "at": at})

    await api.parts.database.write(write)


async def begun(api: Api) -> Mending:
    """The walks of a process that has just been started with an older release's database."""

    def forget() -> Any:
        yield Ask(("test forget",), lambda: delete(turns).where(turns.c.name.like("mended/%")))

    await api.parts.database.write(forget)
    return Mending(api.parts.desk)


async def walk(mending: Mending) -> int:
    """Walk to the end of what is to be mended now; how many portions that were."""
    portions = 1
    while await mending.once():
        portions += 1
        assert portions < 100
    return portions
