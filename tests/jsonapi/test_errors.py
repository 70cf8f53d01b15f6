import orjson
import pytest

from paydesk.base.errors import (
    Conflict,
    Denied,
    GatewayRefused,
    Invalid,
    Locked,
    NotFound,
    NotUnique,
    Refusal,
    Several,
    Unavailable,
)
from paydesk.jsonapi.errors import ApiError, document, from_refusal, invalid_header, problem


def test_a_broken_rule_is_told_as_the_published_example() -> None:
    status, body = document(from_refusal(Invalid("first_name", "blank")))
    assert status == 422
    assert orjson.loads(body) == {
        "errors": [
            {
                "title": "can't be blank",
                "detail": "first_name - can't be blank",
                "code": "VALIDATION_ERROR",
                "source": {"pointer": "/data/attributes/first_name"},
                "status": "422",
                "meta": {"error": "blank"},
            }
        ]
    }


@pytest.mark.parametrize(
    ("refusal", "pointer", "title", "detail", "meta"),
    [
        (
            Invalid("order", "blank"),
            "/data/relationships/order",
            "must exist",
            "order - must exist",
            {"error": "blank"},
        ),
        (Invalid(None, "free"), "/data", "is free: there is nothing to pay", None, {"error": "free"}),
        (
            Invalid("id", "taken"),
            "/data/id",
            "has already been taken",
            "id - has already been taken",
            {"error": "taken"},
        ),
        (
            Invalid("quantity", "less_than_or_equal_to", value=100, count=10),
            "/data/attributes/quantity",
            "must be less than or equal to 10",
            "quantity - must be less than or equal to 10",
            {"error": "less_than_or_equal_to", "value": 100, "count": 10},
        ),
        (
            Invalid("status", "invalid_transition", "cannot be placed from cancelled"),
            "/data/attributes/status",
            "cannot be placed from cancelled",
            "status - cannot be placed from cancelled",
            {"error": "invalid_transition"},
        ),
        (
            Invalid("x", "some_new_key"),
            "/data/attributes/x",
            "some new key",
            "x - some new key",
            {"error": "some_new_key"},
        ),
        (
            GatewayRefused("Your card was declined.", "generic_decline"),
            "/data",
            "Your card was declined.",
            "Your card was declined.",
            {"error": "generic_decline"},
        ),
    ],
)
def test_each_rule_points_to_its_member(
    refusal: Refusal, pointer: str, title: str, detail: str | None, meta: dict[str, object]
) -> None:
    expected = ApiError(422, "VALIDATION_ERROR", title, detail or title, pointer, meta=meta)
    assert from_refusal(refusal, relationships={"order"}) == [expected]


@pytest.mark.parametrize(
    ("refusal", "status", "code", "title", "retry_after"),
    [
        (Denied("x"), 401, "UNAUTHORIZED", "Access denied", None),
        (NotFound(), 404, "RECORD_NOT_FOUND", "Record not found", None),
        (Locked("Failed to destroy the order"), 423, "LOCKED", "Locked resource", None),
        (Conflict("Busy.", 3), 409, "CONFLICT", "Conflict", 3),
        (NotUnique("orders_number"), 409, "RECORD_NOT_UNIQUE", "Record not unique", None),
        (Unavailable("Stripe cannot be reached.", 5), 503, "SERVICE_UNAVAILABLE", "Service unavailable", 5),
        (Refusal("no"), 422, "SAVE_FAILED", "Save failed or was cancelled", None),
    ],
)
def test_each_refusal_has_its_status(
    refusal: Refusal, status: int, code: str, title: str, retry_after: int | None
) -> None:
    (error,) = from_refusal(refusal, relationships=())
    assert (error.status, error.code, error.title, error.retry_after) == (status, code, title, retry_after)


def test_what_a_caller_is_denied_is_not_told() -> None:
    (error,) = from_refusal(Denied("_approve"))
    assert error.detail == "You are not authorized to perform this action on the requested resource."


def test_all_mistakes_come_in_the_order_found_and_the_first_gives_the_status() -> None:
    errors = from_refusal(Several([Invalid("a", "blank"), Several([NotFound()]), Invalid("b", "taken")]))
    assert [error.pointer for error in errors] == ["/data/attributes/a", None, "/data/attributes/b"]
    assert document(errors)[0] == 422


def test_source_and_meta_are_left_out_when_there_is_nothing_to_say() -> None:
    assert orjson.loads(document([problem("RECORD_NOT_FOUND")])[1]) == {
        "errors": [
            {
                "title": "Record not found",
                "detail": "The requested resource was not found. Please double-check the resource id.",
                "code": "RECORD_NOT_FOUND",
                "status": "404",
            }
        ]
    }


def test_a_header_is_named_as_the_source() -> None:
    error = invalid_header("Idempotency-Key", "idempotency_key_reused")
    assert error.as_json()["source"] == {"header": "Idempotency-Key"}
    assert error.as_json()["meta"] == {"error": "idempotency_key_reused"}
