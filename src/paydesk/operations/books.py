"""What our own books say of a payment, for a gateway that keeps none itself."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.commerce.payments.transactions import AnyTransaction
from paydesk.declare import eq
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find
from paydesk.store.inbox import gateways
from paydesk.store.records.reading import Reader
from paydesk.store.records.sessions import Session
from paydesk.store.sql.ask import Database


class Books:
    """Reads payments by the ids of their gateway record and of their source."""

    def __init__(self, database: Database, reader: Reader) -> None:
        self.database = database
        self.reader = reader

    async def __call__(self, gateway_id: str, payment_id: str) -> Snapshot | None:
        found: Snapshot | None = await self.database.read(lambda: self._read(gateway_id, payment_id))
        return found

    def _read(self, gateway_id: str, payment_id: str) -> Generator[Any, Any, Snapshot | None]:
        tenant = yield from gateways.gateway_tenant(PaymentGateway, gateway_id)
        if tenant is None:
            return None
        session = Session(tenant, {})
        for gateway in (yield from self.reader.records(session, Find("payment_gateways", eq("id", gateway_id)))):
            sources = Find(gateway.makes, gateway.makes.known_as(payment_id, gateway_id), ("order",))
            for source in (yield from self.reader.records(session, sources)):
                paid = Find(AnyTransaction, eq("order_id", source.order_id))
                found: Snapshot = source.booked((yield from self.reader.records(session, paid)))
                return found
        return None
