"""What makes our books differ from Stripe's."""

from typing import Any

from sqlalchemy import bindparam, update

from paydesk.store.sql.ask import Ask
from paydesk.store.types import METADATA
from tests.acts.bought import bought
from tests.payments.conftest import ADDRESS, Answer, Api


async def falsify(api: Api, table: str, id: str, **values: Any) -> None:
    """Change a row behind everybody's back."""

    def write() -> Any:
        made = METADATA.tables[table]

        def build() -> Any:
            return update(made).where(made.c.id == bindparam("at")).values({name: bindparam(name) for name in values})

        yield Ask(("falsify", table, tuple(values)), build, {"at": id, **values})

    await api.parts.database.write(write)


async def lost_refund(api: Api) -> tuple[Answer, str, str]:
    """A bought order, of which 10 euros were given back in Stripe's dashboard; no webhook told."""
    order, payment = await bought(api)
    intent = payment["stripe_id"]
    refund = await api.stripe.v1.refunds.create_async({"payment_intent": intent, "amount": 1000})
    return order, intent, refund.id


async def orphan(api: Api, **more: str) -> str:
    """An intent that says it is of this installation, and that nobody here knows."""
    organization = api.parts.desk.installation and (await api.get("organization")).id
    ours = {"paydesk": api.parts.desk.installation, "organization_id": organization, "mode": "test"}
    metadata = {**ours, "stripe_payment_id": "gone", **more}
    given = {"amount": 700, "currency": "eur", "metadata": metadata}
    name = str((await api.stripe.v1.payment_intents.create_async(given)).id)
    # The shop goes on: what a database made nothing after may be there for a copy of it alone.
    await api.create("addresses", ADDRESS)
    return name
