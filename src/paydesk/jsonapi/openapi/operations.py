"""One operation: what is asked of it, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from paydesk.declare import Shape
from paydesk.jsonapi.openapi.components import error_answers
from paydesk.jsonapi.openapi.schema import MEDIA_TYPE, Json, ref


class Operation(TypedDict, total=False):
    """An operation object of OpenAPI. Its tag is the type that it is about."""

    tags: list[str]
    operationId: str
    summary: str
    parameters: list[Json]
    requestBody: Json
    responses: Json


def operation(
    shape: Shape,
    name: str,
    summary: str,
    parameters: list[Json],
    answers: Json,
    errors: Iterable[int],
    *,
    body: str | None = None,
) -> Operation:
    """An operation on a type.

    answers   by status, the answers where all is well
    errors    the statuses of the others
    body      the schema of the request's body
    """
    described = Operation(tags=[shape.type], operationId=name, summary=summary)
    if parameters:
        described["parameters"] = parameters
    if body:
        described["requestBody"] = {"required": True, "content": {MEDIA_TYPE: {"schema": ref(body)}}}
    described["responses"] = {**answers, **error_answers(errors)}
    return described
