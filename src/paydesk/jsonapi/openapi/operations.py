"""One operation: what is asked of it, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from paydesk.declare import Shape
from paydesk.jsonapi.openapi.components import error_answers
from paydesk.jsonapi.openapi.schema import MEDIA_TYPE, Json


class Operation(TypedDict, total=False):
    """An operation object of OpenAPI. Its tag is the type that it is about."""

    tags: list[str]
    operationId: str
    summary: str
    description: str
    parameters: list[Json]
    requestBody: Json
    responses: Json


def operation(
    shape: Shape,
    name: str,
    summary: str,
    description: str,
    parameters: list[Json],
    answers: Json,
    errors: Iterable[int],
    *,
    body: Json | None = None,
) -> Operation:
    """An operation on a type.

    answers   by status, the answers where all is well
    errors    the statuses of the others
    body      the request's body: its schema and example
    """
    described = Operation(tags=[shape.type], operationId=name, summary=summary, description=description)
    if parameters:
        described["parameters"] = parameters
    if body:
        described["requestBody"] = {"required": True, "content": {MEDIA_TYPE: body}}
    described["responses"] = {**answers, **error_answers(errors)}
    return described
