"""What stands against an order that is to be placed."""

from tests.payments.conftest import Answer, Api


async def complaints(api: Api, order: Answer, token: str | None = None) -> list[tuple[str, str, str]]:
    """What is kept against an order: names, codes and messages."""
    shown = await api.get(order, "?include=resource_errors", token=token)
    found = [one["attributes"] for one in shown.document.get("included", [])]
    assert shown["errors_count"] == len(found)
    return sorted((one["name"], one["code"], one["message"]) for one in found)
