import contextlib

import pytest

from paydesk.gateways.port.account import Credentials
from paydesk.gateways.stripe import Patience, StripeGateway

from .stub import Stub

FAST = Patience(budget=60.0, connect=30.0, read=30.0, first_pause=0.01, longest_pause=0.05, breaks_for=0.1)


@pytest.fixture
def credentials():
    return Credentials("sk_test_" + "a" * 24, "pk_test_x", webhook_secrets=("whsec_x",))


@pytest.fixture
async def talking(credentials):
    """`gateway, stub = await talking(script)`: a gateway that talks to a server playing the script."""
    async with contextlib.AsyncExitStack() as stack:

        async def talk(*script, patience=FAST):
            stub = await stack.enter_async_context(Stub(list(script)))
            gateway = StripeGateway(stub.base, patience=patience)
            stack.push_async_callback(gateway.close)
            return gateway, stub

        yield talk
