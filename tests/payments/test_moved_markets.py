"""A market that moves to another price list while its former one says something else of taxes follows its own."""

import asyncio
from typing import Any

import pytest

from tests.payments.conftest import Api
from tests.payments.test_held_rows import held, some_wait
from tests.processes import eventually

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def test_a_market_that_is_moving_to_another_list_does_not_follow_its_former_one(
    api: Api, database_url: str
) -> None:
    gross = {"currency_code": "EUR", "tax_included": True}
    former = await api.create("price_lists", {**gross, "name": "Former"})
    other = await api.create("price_lists", {**gross, "name": "Other"})
    market = await api.create("markets", {"name": "Moving"}, price_list=former, merchant=await merchant(api))
    stays = await api.create("markets", {"name": "Stays"}, price_list=former, merchant=await merchant(api))
    async with held(database_url, market) as moves:
        await moves.execute("UPDATE markets SET price_list_id = $1 WHERE id = $2", other.id, market.id)
        change = asyncio.create_task(api.update(former, {"tax_included": False}))
        await eventually(lambda: some_wait(api))
        await moves.execute("COMMIT")
        await change
    noted = {one[0]: one[1] for one in await api.rows("markets", "id", "tax_included")}
    assert (noted[market.id], noted[stays.id]) == (True, False)


async def merchant(api: Api) -> Any:
    found = (await api.get("merchants")).data
    return {"type": "merchants", "id": found[0]["id"]}
