"""Orders that are left alone until they lapse."""

from datetime import UTC, datetime, timedelta


def ahead(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
