"""A second organization on the same account."""

from typing import Any

from sqlalchemy import bindparam, update

from paydesk.store.sql.ask import Ask
from paydesk.store.types import METADATA
from tests.payments.conftest import ADDRESS, Api, furnish


async def second_organization(api: Api) -> Api:
    """Another organization of the same server, with a gateway of the same key."""
    other = Api(api.app, api.http, api.founded, api.stripe)
    other.token = await other.log_in("other/test/integration")
    address = await other.create("addresses", ADDRESS)
    merchant = await other.create("merchants", {"name": "Other"}, address=address)
    prices = await other.create("price_lists", {"name": "EUR", "code": "eur", "currency_code": "EUR"})
    market = await other.create("markets", {"name": "Other", "code": "o"}, merchant=merchant, price_list=prices)
    other.market = market.link
    return await furnish(other)


# What is in databases already, or cannot be known.


async def overwrite(api: Api, table: str, id: str | None = None, **values: Any) -> None:
    """Write columns of one row or of all of them as they are."""

    def write() -> Any:
        def build() -> Any:
            made = METADATA.tables[table]
            statement = update(made).values({name: bindparam(name, type_=made.c[name].type) for name in values})
            return statement if id is None else statement.where(made.c.id == bindparam("at_id"))

        yield Ask(("test overwrite", table, id is None, *values), build, {**values, **({"at_id": id} if id else {})})

    await api.parts.database.write(write)


async def forget_accounts(api: Api) -> None:
    """As the first release left its rows."""
    await overwrite(api, "stripe_payments", account=None)
    await overwrite(api, "payment_gateways", own_account=None)
