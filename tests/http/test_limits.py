"""Who is counted by what: applications, addresses, and addresses that many clients share."""

import logging

import pytest

from paydesk.http.limits import SHARED, Limits
from paydesk.http.origin import origin
from tests.http.world import World, networks, world_at

ORDER = "/api/orders/ordFull"
Headers = dict[str, str | None]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


def test_a_factor_allows_so_many_times_more(limited: World) -> None:
    answers = [limited.ask("GET", ORDER, token="reader") for _ in range(13)]
    assert [one.status for one in answers] == [200] * 12 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == "12"


def test_an_integration_is_counted_by_itself_wherever_it_asks_from(limited: World) -> None:
    answers = [limited.ask("GET", ORDER, client=f"192.0.2.{number}") for number in range(13)]
    assert [one.status for one in answers] == [200] * 12 + [429]
    assert limited.ask("GET", ORDER, token="reader", client="192.0.2.1").status == 200


def test_of_ipv6_a_whole_network_is_one_address(limited: World) -> None:
    answers = [
        limited.ask("GET", ORDER, token="reader", client=f"2001:db8:1:2:{number:x}::1").status for number in range(13)
    ]
    assert answers == [200] * 12 + [429]
    assert limited.ask("GET", ORDER, token="reader", client="2001:db8:1:3::1").status == 200


def test_a_trusted_proxy_says_who_asks(sqlite_url: str) -> None:
    proxies = networks("192.0.2.0/24")
    with world_at(sqlite_url, trusted_proxies=proxies, limits=Limits(lambda: 1000.0)) as made:
        for number in range(30):
            asked: Headers = {"x-forwarded-for": f"203.0.113.{number}"}
            assert made.ask("GET", ORDER, token="reader", client="192.0.2.1", headers=asked).status == 200


def test_a_shop_behind_a_proxy_that_is_not_listed_is_warned_of_once_and_goes_on(
    limited: World, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(60):
        asked: Headers = {"x-forwarded-for": f"203.0.113.{number}"}
        assert limited.ask("GET", ORDER, token="reader", client="192.0.2.1", headers=asked).status == 200
    (told,) = warnings(caplog)
    assert "192.0.2.1" in told and "PAYDESK_TRUSTED_PROXIES" in told
    asked = {"x-forwarded-for": "203.0.113.1"}
    answers = [limited.ask("GET", ORDER, token="reader", client="192.0.2.1", headers=asked).status for _ in range(12)]
    assert answers == [200] * 11 + [429]


def test_nobody_asks_without_end_by_naming_others(limited: World) -> None:
    most = 12 * SHARED
    for number in range(most):
        asked: Headers = {"x-forwarded-for": f"10.{number // 250}.0.{number % 250}"}
        assert limited.ask("GET", ORDER, token=None, client="192.0.2.1", headers=asked).status == 401
    asked = {"x-forwarded-for": "198.51.100.1"}
    assert limited.ask("GET", ORDER, token=None, client="192.0.2.1", headers=asked).status == 429


def test_an_address_with_tokens_of_many_applications_is_warned_of_once_and_goes_on(
    limited: World, caplog: pytest.LogCaptureFixture
) -> None:
    tenants = [f"shop{number}/test" for number in range(22)]
    for tenant in tenants:
        name = limited.token(tenant, slug=tenant.partition("/")[0], kind="webapp", role="admin")
        for _ in range(2):
            limited.ask("GET", "/api/orders", token=name)
    (told,) = warnings(caplog)
    assert "PAYDESK_TRUSTED_PROXIES" in told
    answers = [limited.ask("GET", "/api/orders", token=tenants[-1]).status for _ in range(20)]
    assert answers[:5] == [200] * 5
    assert answers[-1] == 429
    assert limited.ask("GET", "/api/orders", token=tenants[-2]).status == 200


def test_where_a_request_came_from() -> None:
    def address(client: str, headers: dict[bytes, bytes], *trusted: str) -> tuple[str, str | None]:
        found = origin({"client": (client, 1)}, {b"host": b"shop.test"} | headers, networks(*trusted))
        return found.address, found.forwarded_for

    hops = {b"x-forwarded-for": b"10.9.9.9, 203.0.113.5"}
    assert address("192.0.2.1", {}) == ("192.0.2.1", None)
    assert address("192.0.2.1", hops) == ("192.0.2.1", "203.0.113.5")
    assert address("192.0.2.1", hops, "192.0.2.1") == ("203.0.113.5", None)
    assert address("::ffff:192.0.2.1", {}) == ("192.0.2.1", None)
    assert address("2001:db8::1", {}) == ("2001:db8::/64", None)
