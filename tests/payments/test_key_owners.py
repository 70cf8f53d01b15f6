"""Whose an `Idempotency-Key` is: guests of one storefront share its application, and must not share their answers."""

from tests.payments.conftest import Answer, Api, document_of


async def _order(api: Api, token: str, key: str = "once") -> Answer:
    body = document_of("orders", None, {}, {"market": api.market})
    return await api.send("POST", "orders", body, token=token, **{"Idempotency-Key": key})


async def test_another_guest_with_the_same_key_and_body_has_an_order_of_its_own(api: Api) -> None:
    ada, eve = await api.guest(), await api.guest()
    first, other = await _order(api, ada), await _order(api, eve)
    assert (first.status, other.status) == (201, 201)
    assert other.id != first.id
    assert other["token"] != first["token"]
    assert "idempotent-replayed" not in other.headers
    again = await _order(api, ada)
    assert (again.raw, again.headers["idempotent-replayed"]) == (first.raw, "true")
    assert len(await api.rows("orders", "id")) == 2


async def test_a_renewed_guest_token_makes_a_key_new(api: Api) -> None:
    first, renewed = await _order(api, await api.guest()), await _order(api, await api.guest())
    assert renewed.id != first.id


async def test_a_customers_key_and_an_integrations_outlive_their_tokens(api: Api) -> None:
    await api.create("customers", {"email": "ada@example.com", "password": "correct horse"})
    for log_in in (lambda: api.customer("ada@example.com", "correct horse"), api.log_in):
        first, again = await _order(api, await log_in()), await _order(api, await log_in())
        assert (again.raw, again.headers["idempotent-replayed"]) == (first.raw, "true")
