"""What is measured."""

from tests.payments.conftest import Api


async def measured(api: Api) -> dict[str, float]:
    """Every metric with its labels, and its value."""
    response = await api.http.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
