"""Orders that a restored database does not know."""

from tests.payments.commands import paydesk
from tests.payments.conftest import Api, Running

WAYS = ("the background", "reconcile")


async def comes_back(api: Api, running: Running, way: str) -> None:
    if way == "reconcile":
        assert (await paydesk(running, "reconcile", "--fix", "--json")).json["mended"] == 1
        return
    await api.parts.catching_up.once()
    for _ in range(4):
        await api.recover(after=20)
