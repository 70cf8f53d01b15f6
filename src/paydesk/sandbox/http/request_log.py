"""The request log: the last API requests, for `/_control/requests`."""

from collections import deque
from typing import Any

KEPT_REQUESTS = 10_000


class RequestLog:
    """The last requests, oldest first, and the number of all requests so far."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.total = 0

    def add(self, entry: dict[str, Any]) -> None:
        """Note a request."""
        self.total += 1
        self.entries.append({"n": self.total, **entry})
