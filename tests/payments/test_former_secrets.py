"""The secret of an endpoint that was replaced counts for a day, whatever a clock that ran ahead has made of that."""

from dataclasses import replace

import pytest

from paydesk.base.instants import instant
from tests.acts.differences import falsify
from tests.payments.conftest import Running, Stripe

HOUR = 3600.0


@pytest.mark.parametrize(("ahead", "stays"), [(-HOUR, False), (23 * HOUR, True), (365 * 24 * HOUR, False)])
async def test_a_former_secret_whose_end_lies_too_far_ahead_counts_no_more(
    running: Running, account: Stripe, ahead: float, stays: bool
) -> None:
    domain = replace(running.settings, public_domain="one.example.com")
    async with running.api(account, settings=domain) as api:
        gateway = await api.gateway_of()
        until = instant(api.app.clock() + ahead)
        ((sealed,),) = await api.rows("payment_gateways", "sealed_webhook_secret")
        await falsify(api, "payment_gateways", gateway.id, sealed_former_secret=sealed, former_secret_until=until)
        assert await api.parts.endpoints.once()
        kept = await api.rows("payment_gateways", "sealed_former_secret", "former_secret_until")
        assert kept == [(sealed, until) if stays else (None, None)]
