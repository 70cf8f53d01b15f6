"""A gateway that is settled by hand."""

from typing import Any

from tests.payments.conftest import Answer, Api


async def by_hand(api: Api, **attributes: Any) -> Answer:
    """The shop's payment method goes by wire from now on."""
    api.gateway = await api.create("manual_gateways", {"name": "By hand"})
    api.method = await api.method_of(api.gateway, payment_source_type="wire_transfers", **attributes)
    return api.method
