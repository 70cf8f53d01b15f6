"""What the watch over payments sees as time goes on."""

from tests.payments.conftest import Api


def advance(api: Api, by: float) -> None:
    api.app.clock.advance(by)  # type: ignore[attr-defined]


async def look(api: Api, after: float) -> int:
    """What the background does in its next round, `after` seconds from now; no event comes."""
    advance(api, after)
    found = await api.parts.watching.once()
    if after >= 600:
        api.token = await api.log_in()
    return found
