"""The mistakes of a query string: all are gathered, so that one answer names them all."""

from __future__ import annotations

from paydesk.jsonapi.errors import ApiError, RequestProblems, problem

MOST_PROBLEMS = 100


class Mistake(Exception):
    """One mistake in one parameter."""

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Mistakes:
    """The mistakes found so far, each once."""

    def __init__(self) -> None:
        self._problems: list[ApiError] = []
        self._seen: set[tuple[str, str, str | None]] = set()

    def add(self, code: str, parameter: str, detail: str | None = None) -> None:
        if detail is None and code in ("PARAM_NOT_ALLOWED", "FILTER_NOT_ALLOWED"):
            detail = f"{shown(parameter)} is not allowed."
        key = (code, parameter, detail)
        if key not in self._seen:
            self._seen.add(key)
            self._problems.append(problem(code, detail=detail, parameter=parameter[:200]))

    @property
    def enough(self) -> bool:
        """There are as many as one answer names."""
        return len(self._problems) >= MOST_PROBLEMS

    def check(self) -> None:
        """Raise RequestProblems (400) when there is any."""
        if self._problems:
            raise RequestProblems(self._problems)


def shown(text: str) -> str:
    """Text of a client's as an error repeats it."""
    return text[:100]
