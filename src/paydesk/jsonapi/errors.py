"""Error objects: the one table from what went wrong to status, code and title.

Source: JSON:API, "Error objects"; Commerce Layer, "Handling errors" (titles, `meta.error`, `status` as a string); the
codes and titles of bad requests are those of the public `jsonapi-resources` library, whose words the service uses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from paydesk.base.errors import (
    Conflict,
    Denied,
    GatewayRefused,
    Invalid,
    InvalidToken,
    KeyReused,
    Locked,
    NotFound,
    NotUnique,
    Refusal,
    Several,
    TooMany,
    Unavailable,
    message_of,
)


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error object. At most one of `pointer`, `parameter` and `header` says where it is.

    retry_after  seconds for the `Retry-After` header, where the request may be sent again
    reason       what is wrong with the access token, for the `WWW-Authenticate` header
    """

    status: int
    code: str
    title: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    meta: dict[str, Any] | None = None
    retry_after: int | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The member of `errors`; `source` and `meta` are left out when there is nothing to say."""
        said: dict[str, Any] = {"title": self.title, "detail": self.detail, "code": self.code}
        if self.pointer is not None:
            said["source"] = {"pointer": self.pointer}
        elif self.parameter is not None:
            said["source"] = {"parameter": self.parameter}
        elif self.header is not None:
            said["source"] = {"header": self.header}
        said["status"] = str(self.status)
        if self.meta:
            said["meta"] = self.meta
        return said


class RequestProblems(Exception):
    """A request that cannot be read. All problems of one stage, in the order found; never empty.

    names   they are about names in a document whose shape is right, as those of a query string are
    """

    def __init__(self, errors: Iterable[ApiError], *, names: bool = False) -> None:
        self.errors = list(errors)
        self.names = names
        super().__init__("; ".join(f"{error.code}: {error.detail}" for error in self.errors))


# code: status, title, detail where the caller has nothing closer to say.
_TABLE: dict[str, tuple[int, str, str]] = {
    "BAD_REQUEST": (400, "Bad Request", "The request could not be read."),
    "PARAM_MISSING": (400, "Missing Parameter", "A required parameter is missing."),
    "INVALID_DATA_FORMAT": (400, "Invalid data format", "Invalid data format: data must be an object."),
    "INVALID_RESOURCE": (400, "Invalid resource", "This is not a valid resource."),
    "PARAM_NOT_ALLOWED": (400, "Param not allowed", "This parameter is not allowed."),
    "TYPE_MISMATCH": (400, "Type Mismatch", "This is not a valid type for this operation."),
    "INVALID_LINKS_OBJECT": (400, "Invalid Links Object", "Data is not a valid Links Object."),
    "KEY_ORDER_MISMATCH": (400, "A key is required", "A key is required."),
    "KEY_NOT_INCLUDED_IN_URL": (400, "Key is not included in URL", "The URL does not support this key."),
    "INVALID_FIELD": (400, "Invalid field", "This is not a valid field."),
    "INVALID_FIELD_VALUE": (400, "Invalid field value", "This is not a valid value for the field."),
    "INVALID_FIELD_FORMAT": (400, "Invalid field format", "Fields must specify a type."),
    "INVALID_INCLUDE": (400, "Invalid field", "This is not a valid includable relationship."),
    "INVALID_SORT_CRITERIA": (400, "Invalid sort criteria", "This is not a valid sort criteria."),
    "INVALID_PAGE_OBJECT": (400, "Invalid Page Object", "Page must be an object: page[number], page[size]."),
    "INVALID_PAGE_VALUE": (400, "Invalid page value", "This is not a valid page parameter."),
    "FILTER_NOT_ALLOWED": (400, "Filter not allowed", "This filter is not allowed."),
    "INVALID_FILTER_VALUE": (400, "Invalid filter value", "This is not a valid value for the filter."),
    "INVALID_FILTERS_SYNTAX": (400, "Invalid filters syntax", "This is not a valid syntax for filtering."),
    "INVALID_TOKEN": (401, "Invalid token", "The access token you provided is invalid."),
    "UNAUTHORIZED": (
        401,
        "Access denied",
        "You are not authorized to perform this action on the requested resource.",
    ),
    "FORBIDDEN": (403, "Forbidden", "This operation is not permitted."),
    "RECORD_NOT_FOUND": (
        404,
        "Record not found",
        "The requested resource was not found. Please double-check the resource id.",
    ),
    "METHOD_NOT_ALLOWED": (405, "Method not allowed", "The resource does not offer this operation."),
    "NOT_ACCEPTABLE": (406, "Not acceptable", "The API answers with application/vnd.api+json."),
    "RECORD_NOT_UNIQUE": (
        409,
        "Record not unique",
        "Another request has just saved the same value. It is safe to try again.",
    ),
    "CONFLICT": (409, "Conflict", "Another operation on the same record is under way."),
    "PAYLOAD_TOO_LARGE": (413, "Payload too large", "The request body is too large."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported media type", "The request body must be application/vnd.api+json."),
    "VALIDATION_ERROR": (422, "is invalid", "The record is invalid."),
    "SAVE_FAILED": (422, "Save failed or was cancelled", "The record could not be saved."),
    "LOCKED": (423, "Locked resource", "Failed to destroy the resource."),
    "TOO_MANY_REQUESTS": (429, "Too many requests", "The rate limit is exceeded. Slow down and try again."),
    "INTERNAL_SERVER_ERROR": (500, "Internal Server Error", "Something went wrong on our side."),
    "SERVICE_UNAVAILABLE": (503, "Service unavailable", "The service cannot answer at present. Try again shortly."),
}

CODES: tuple[str, ...] = tuple(_TABLE)
"""Every code there is."""


def table() -> dict[str, ApiError]:
    """By code, the error as it is told where nothing closer is known."""
    return {code: problem(code) for code in CODES}


def problem(
    code: str,
    *,
    detail: str | None = None,
    pointer: str | None = None,
    parameter: str | None = None,
    header: str | None = None,
    meta: dict[str, Any] | None = None,
    retry_after: int | None = None,
) -> ApiError:
    """An error of the table, with a closer detail and where it is."""
    status, title, usual = _TABLE[code]
    return ApiError(status, code, title, detail or usual, pointer, parameter, header, meta, retry_after)


def validation(
    name: str | None,
    error: str,
    message: str | None = None,
    *,
    pointer: str,
    meta: dict[str, Any] | None = None,
) -> ApiError:
    """A broken rule about `name` (None: the whole record). Its key and parameters become `meta`."""
    meta = meta or {}
    text = message or message_of(error, meta)
    return ApiError(
        422,
        "VALIDATION_ERROR",
        text,
        text if name is None else f"{name} - {text}",
        pointer,
        meta={"error": error, **{key: value for key, value in meta.items() if key != "error"}},
    )


def invalid_header(name: str, error: str) -> ApiError:
    """A header that asks for something that cannot be (422), such as an `Idempotency-Key` of another request."""
    text = message_of(error, {})
    return ApiError(422, "VALIDATION_ERROR", text, f"{name} - {text}", header=name, meta={"error": error})


def pointer_to(name: str | None, relationships: Collection[str]) -> str:
    """Where a field of the type stands in a document."""
    if name is None:
        return "/data"
    if name == "id":
        return "/data/id"
    return f"/data/{'relationships' if name in relationships else 'attributes'}/{name}"


def from_refusal(refusal: Refusal, *, relationships: Collection[str] = ()) -> list[ApiError]:
    """What a rule raised, as error objects. `relationships` are the names of the type's relationships."""
    if isinstance(refusal, Several):
        return [error for one in refusal.refusals for error in from_refusal(one, relationships=relationships)]
    if isinstance(refusal, Invalid):
        name, message = refusal.field, refusal.message
        if refusal.error == "blank" and name in relationships:
            message = message or "must exist"
        pointer = pointer_to(name, relationships)
        return [validation(name, refusal.error, message, pointer=pointer, meta=refusal.meta)]
    if isinstance(refusal, GatewayRefused):
        pointer = pointer_to(refusal.field, relationships)
        return [validation(refusal.field, refusal.code, refusal.message, pointer=pointer, meta=refusal.meta)]
    if isinstance(refusal, InvalidToken):
        return [replace(problem("INVALID_TOKEN"), reason=refusal.reason)]
    if isinstance(refusal, KeyReused):
        return [invalid_header("Idempotency-Key", "idempotency_key_reused")]
    if isinstance(refusal, Denied):
        return [problem("UNAUTHORIZED")]
    if isinstance(refusal, NotFound):
        return [problem("RECORD_NOT_FOUND")]
    if isinstance(refusal, Locked):
        return [problem("LOCKED", detail=str(refusal) or None)]
    if isinstance(refusal, Conflict):
        detail, meta = str(refusal) or None, refusal.meta
        return [problem("CONFLICT", detail=detail, meta=meta, retry_after=refusal.retry_after)]
    if isinstance(refusal, NotUnique):
        return [problem("RECORD_NOT_UNIQUE")]
    if isinstance(refusal, Unavailable):
        return [problem("SERVICE_UNAVAILABLE", detail=str(refusal) or None, retry_after=refusal.retry_after)]
    if isinstance(refusal, TooMany):
        return [problem("TOO_MANY_REQUESTS", detail=str(refusal) or None, retry_after=refusal.retry_after)]
    return [problem("SAVE_FAILED", detail=str(refusal) or None)]


def document(errors: Iterable[ApiError]) -> tuple[int, bytes]:
    """Status and body of an answer that tells these errors, of which there is at least one."""
    told = list(errors)
    assert told, "an error document tells at least one error"
    return told[0].status, orjson.dumps({"errors": [error.as_json() for error in told]}, default=str)
