"""The components of the OpenAPI document that every operation shares: schemas, parameters, headers, error answers."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.base.selection import COUNTED
from paydesk.jsonapi.errors import CODES
from paydesk.jsonapi.openapi.answers import example_error
from paydesk.jsonapi.openapi.schema import MEDIA_TYPE, Json, ref
from paydesk.jsonapi.query.query import PAGE_SIZE, PAGE_SIZE_MAXIMUM

ERRORS = {
    400: "The request could not be read: a malformed body, or a name or value that is not known.",
    401: "The token is missing or not valid (`INVALID_TOKEN`), or does not permit this (`UNAUTHORIZED`).",
    403: "The operation is never permitted.",
    404: "No such record in this environment.",
    405: "The resource does not offer this operation.",
    406: "`Accept` leaves no media type to answer with.",
    409: "Another operation on the same record is under way, or a unique value was taken meanwhile. Try again.",
    413: "The request body is too large.",
    415: "The request body is not of the media type `application/vnd.api+json`.",
    422: "A rule is broken. `source.pointer` says where, `meta.error` which.",
    423: "The record cannot be deleted in its state.",
    429: "The rate limit is exceeded; `Retry-After` says for how long.",
    503: "The outcome is not known yet, or a gateway cannot be reached. Send the same request again.",
}
"""By status, what an answer with it means."""
READING = (400, 401, 403, 404, 405, 406, 429, 503)
WRITING = (400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 503)
DELETING = (*WRITING, 423)

SECURITY: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `POST /oauth/token`. It also decides the environment, test or live.",
    }
}

PARAMETERS: Json = {
    "page_number": {
        "name": "page[number]",
        "in": "query",
        "description": "The page, from 1.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 10**15 - 1, "default": 1},
    },
    "page_size": {
        "name": "page[size]",
        "in": "query",
        "description": f"Records a page, at most {PAGE_SIZE_MAXIMUM}.",
        "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAXIMUM, "default": PAGE_SIZE},
    },
    "page_after": {
        "name": "page[after]",
        "in": "query",
        "description": "Where the page before ended: taken from its `links.next`.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "prefer": {
        "name": "Prefer",
        "in": "header",
        "description": f"`count=exact` counts all records of a list, also where there are more than {COUNTED:,}.",
        "schema": {"type": "string", "maxLength": 100},
        "example": "count=exact",
    },
    "idempotency_key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes repeating the request safe: for 24 hours the same key gives the same answer. A key "
        "belongs to the application and the token's owner; a guest's belongs to the access token itself.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
}

HEADERS: Json = {
    "location": {"description": "The address of the new record.", "schema": {"type": "string", "format": "uri"}},
    "retry_after": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "idempotent_replayed": {
        "description": "`true` when this is the kept answer to an earlier request with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

SCHEMAS: Json = {
    "instant": {
        "type": "string",
        "format": "date-time",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
        "description": "A point in time: UTC with milliseconds.",
    },
    "instant_input": {
        "description": "A point in time in ISO 8601; without an offset it is UTC, without a time midnight.",
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
    },
    "relationship_links": {
        "type": "object",
        "required": ["self", "related"],
        "properties": {"self": {"type": "string", "format": "uri"}, "related": {"type": "string", "format": "uri"}},
    },
    "resource_links": {
        "type": "object",
        "required": ["self"],
        "properties": {"self": {"type": "string", "format": "uri"}},
    },
    "page_links": {
        "type": "object",
        "required": ["first", "last"],
        "description": "`next` is there while further records are. `last` leads to the page `page_count`: of an "
        "estimate that may lie beyond the end, where the page is empty and `prev` leads to the last records.",
        "properties": {name: {"type": "string", "format": "uri"} for name in ("first", "prev", "next", "last")},
        "additionalProperties": False,
    },
    "page_meta": {
        "type": "object",
        "required": ["record_count", "page_count"],
        "properties": {
            "record_count": {
                "type": "integer",
                "minimum": 0,
                "description": f"Exact up to {COUNTED:,}, on the last page, and with `Prefer: count=exact`. Otherwise "
                "an estimate: no less than the records up to this page, and one more while further ones follow.",
            },
            "page_count": {
                "type": "integer",
                "minimum": 1,
                "description": "At least the number of the next page while there is one.",
            },
        },
    },
    "resource_meta": {
        "type": "object",
        "required": ["mode", "organization_id", "trace_id"],
        "properties": {
            "mode": {"type": "string", "enum": ["test", "live"]},
            "organization_id": {"type": "string"},
            "trace_id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    },
    "included": {
        "type": "array",
        "description": "The related records that `include` asked for, each once.",
        "items": {
            "type": "object",
            "required": ["id", "type", "attributes"],
            "properties": {
                "id": {"type": "string"},
                "type": {"type": "string"},
                "links": ref("resource_links"),
                "attributes": {"type": "object", "additionalProperties": True},
                "relationships": {"type": "object", "additionalProperties": True},
                "meta": ref("resource_meta"),
            },
        },
    },
    "errors": {
        "type": "object",
        "required": ["errors"],
        "properties": {
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["title", "detail", "code", "status"],
                    "properties": {
                        "title": {"type": "string"},
                        "detail": {"type": "string"},
                        "code": {"type": "string", "enum": list(CODES)},
                        "status": {"type": "string", "pattern": "^[45][0-9]{2}$"},
                        "source": {
                            "type": "object",
                            "properties": {
                                "pointer": {"type": "string"},
                                "parameter": {"type": "string"},
                                "header": {"type": "string"},
                            },
                        },
                        "meta": {"type": "object", "additionalProperties": True},
                    },
                },
            }
        },
    },
}


def _error_answer(status: int) -> Json:
    content = {"schema": ref("errors"), "example": example_error(status)}
    answer: Json = {"description": ERRORS[status], "content": {MEDIA_TYPE: content}}
    if status in (409, 429, 503):
        answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/retry_after"}}
    return answer


def error_answers(statuses: Iterable[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/error_{status}"} for status in sorted(statuses)}


ERROR_ANSWERS: Json = {f"error_{status}": _error_answer(status) for status in ERRORS}
