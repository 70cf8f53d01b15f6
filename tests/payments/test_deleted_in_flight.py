"""A payment that is deleted while money of it is on its way: the call ends, and the books tell what came about."""

from tests.acts.orders import at_stripe, authorized, moved, only
from tests.payments.conftest import Api


async def test_a_void_in_flight_ends_though_its_payment_was_deleted_meanwhile(api: Api) -> None:
    order, payment = await authorized(api)
    authorization = await only(api, order, "authorizations")
    await api.stripe.faults(path=f"/v1/payment_intents/{payment['stripe_id']}/cancel", drop="after", times=0)
    body = {"data": {**authorization, "attributes": {"_void": True}}}
    lost = await api.send("PATCH", f"authorizations/{authorization['id']}", body)
    assert (lost.status, await api.open_calls()) == (503, ["void_payment"])
    await api.stripe.mend()
    await api.delete(payment)
    await api.recover(after=120)
    assert await api.open_calls() == []
    assert await at_stripe(api, payment) == ("canceled", 0, 0)
    assert await moved(api, order) == [("authorizations", 15400, True), ("voids", 15400, True)]
    assert (await api.get(order))["payment_status"] == "unpaid"
