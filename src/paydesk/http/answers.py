"""Answers: status, headers and body; how errors become them."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.http import challenges
from paydesk.jsonapi import errors

MEDIA_TYPE = "application/vnd.api+json"
_MEDIA = MEDIA_TYPE.encode()

CORS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Location, Retry-After, WWW-Authenticate, Idempotent-Replayed, Preference-Applied, "
        b"X-Ratelimit-Limit, X-Ratelimit-Interval, X-Ratelimit-Remaining",
    ),
)
PREFLIGHT: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, POST, PATCH, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Accept, Idempotency-Key, Prefer"),
    (b"access-control-max-age", b"7200"),
    (b"allow", b"GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
    (b"content-length", b"0"),
)
JSON_HEADERS = ((b"content-type", _MEDIA), *CORS)

BAD_HOST = errors.problem("BAD_REQUEST", detail="The Host header is missing or malformed.", header="Host")

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body."""


class Rejected(Exception):
    """A request that goes no further, with the errors that answer it."""

    def __init__(self, *problems: errors.ApiError) -> None:
        super().__init__()
        self.problems = problems


def found(document: bytes) -> Answer:
    """The answer to a read."""
    return 200, list(JSON_HEADERS), document


def failed(problems: Iterable[errors.ApiError]) -> Answer:
    """The answer that names what is wrong."""
    problems = list(problems)
    status, body = errors.document(problems)
    headers = list(JSON_HEADERS)
    if status == 401:
        reason = problems[0].reason
        challenge = challenges.MAY_NOT if reason is None else challenges.bearer(reason)
        headers.append((b"www-authenticate", challenge.encode()))
    for problem in problems:
        if problem.retry_after is not None:
            headers.append((b"retry-after", str(problem.retry_after).encode()))
            break
    return status, headers, body


def check_media(headers: dict[bytes, bytes], *, has_body: bool) -> None:
    """Check that the answer and the body, where there is one, are of a media type that is spoken here.

    raises   Rejected
    """
    accept = headers.get(b"accept")
    if accept is not None and accept not in (_MEDIA, b"*/*") and not _accepts(accept):
        raise Rejected(errors.problem("NOT_ACCEPTABLE"))
    if has_body:
        content_type = headers.get(b"content-type", b"")
        if content_type != _MEDIA and content_type.partition(b";")[0].strip().lower() != _MEDIA:
            raise Rejected(errors.problem("UNSUPPORTED_MEDIA_TYPE"))


def _accepts(accept: bytes) -> bool:
    """Some range of an Accept header admits our media type."""
    for part in accept.split(b","):
        kind = part.partition(b";")[0].strip().lower()
        if kind in (_MEDIA, b"*/*", b"application/*"):
            return True
    return False
