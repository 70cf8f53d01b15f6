"""Under which address a request comes in, who may say so, and what browsers of other origins are told."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from paydesk.http.limits import Limits
from tests.http.world import GOODS, MEDIA_TYPE, World, networks, world_at

EXPOSED = (
    "Location, Retry-After, WWW-Authenticate, Idempotent-Replayed, Preference-Applied, "
    "X-Ratelimit-Limit, X-Ratelimit-Interval, X-Ratelimit-Remaining"
)


def link(answer: Any) -> str:
    told: str = answer.data["links"]["self"]
    return told


def test_links_follow_the_host_of_the_request(world: World) -> None:
    for host, base in (
        ("shop.test", "http://shop.test"),
        ("SHOP.Test:8080", "http://shop.test:8080"),
        ("127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("[::1]:3000", "http://[::1]:3000"),
        ("a_b-c.localhost", "http://a_b-c.localhost"),
    ):
        answer = world.get("skus/skuAlpha", headers={"host": host})
        assert link(answer) == f"{base}/api/skus/skuAlpha"
        assert answer.data["relationships"]["prices"]["links"]["related"] == f"{base}/api/skus/skuAlpha/prices"
        listed = world.get("skus", headers={"host": host}).document["links"]["first"]
        assert listed == f"{base}/api/skus?page%5Bnumber%5D=1"


@pytest.mark.parametrize(
    "host",
    [None, "", "a b", "a/b", "a\\b", "user@shop.test", "shop.test:port", "shop.test:123456", "-a.test", "a..b", "<x>",
     "a,b", "shop.test#x", "shop.test?x", "é.test", "a" * 300, "[::1", "x\ty", "shop.test\0"],
)  # fmt: skip
def test_a_host_that_is_none_is_refused(world: World, host: str | None) -> None:
    answer = world.ask("GET", "/api/skus", headers={"host": host})
    assert answer.errors == [("400", "BAD_REQUEST", "Host")]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_two_hosts_are_none(world: World) -> None:
    headers = [(b"host", b"shop.test"), (b"host", b"evil.test"), (b"authorization", b"Bearer shop/test")]
    assert world.ask("GET", "/api/skus", headers=headers).errors == [("400", "BAD_REQUEST", "Host")]


FORWARDED: dict[str, str | None] = {
    "x-forwarded-host": "europe.pay.example, inner.test",
    "x-forwarded-proto": "https",
    "x-forwarded-for": "203.0.113.9, 10.1.2.3",
}


def test_nobody_is_believed_who_is_not_trusted(world: World) -> None:
    assert link(world.get("skus/skuAlpha", headers=FORWARDED)) == "http://shop.test/api/skus/skuAlpha"


@pytest.fixture(scope="module")
def behind(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server behind proxies at 10/8."""
    file = tmp_path_factory.mktemp("behind") / "paydesk.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    with world_at(f"sqlite:///{file}", trusted_proxies=networks("10.0.0.0/8", "::1/128")) as made:
        yield made


@pytest.mark.parametrize(
    ("client", "base"),
    [
        ("10.0.0.1", "https://europe.pay.example"),
        ("::ffff:10.0.0.1", "https://europe.pay.example"),
        ("::1", "https://europe.pay.example"),
        ("192.0.2.7", "http://shop.test"),
        ("", "http://shop.test"),
        ("unix", "http://shop.test"),
    ],
)
def test_a_trusted_proxy_says_which_address_was_asked(behind: World, client: str, base: str) -> None:
    answer = behind.get("skus/skuAlpha", headers=FORWARDED, client=client)
    assert link(answer) == f"{base}/api/skus/skuAlpha"


def test_what_a_trusted_proxy_forwards_has_to_be_a_host_too(behind: World) -> None:
    for forwarded in ("a b", "evil.test/x", "<script>"):
        headers: dict[str, str | None] = {"x-forwarded-host": forwarded}
        assert behind.ask("GET", "/api/skus", headers=headers, client="10.0.0.1").errors[0][1] == "BAD_REQUEST"
    odd: dict[str, str | None] = {"x-forwarded-proto": "javascript"}
    assert link(behind.get("skus/skuAlpha", headers=odd, client="10.0.0.1")).startswith("http://shop.test/")


def test_a_change_remembers_whose_address_it_came_from(behind: World) -> None:
    from paydesk.store.sql.ask import Ask
    from paydesk.store.types import METADATA

    renamed = {"data": {"type": "markets", "id": "mktUsa", "attributes": {"name": "U"}}}
    behind.ask("PATCH", "/api/markets/mktUsa", renamed, headers=FORWARDED, client="10.0.0.1")

    def last() -> Any:
        versions = METADATA.tables["versions"]
        rows = yield Ask(
            ("last",),
            lambda: versions.select().where(versions.c.event == "update").with_only_columns(versions.c.ip_address),
        )
        return rows[-1][0]

    assert behind.run(behind.database.read(last)) == "203.0.113.9"


def test_a_fixed_domain_makes_every_link(sqlite_url: str) -> None:
    with world_at(sqlite_url, public_domain="pay.example", trusted_proxies=networks("10.0.0.0/8")) as fixed:
        for client in ("192.0.2.7", "10.0.0.1"):
            answer = fixed.get("skus/skuAlpha", headers={**FORWARDED, "host": "evil.test"}, client=client)
            assert link(answer) == "https://shop.pay.example/api/skus/skuAlpha"
        made = fixed.send("POST", "skus", {"code": "n", "name": "n"}, **GOODS, expect=201)
        assert made.headers["location"] == f"https://shop.pay.example/api/skus/{made.data['id']}"
        assert fixed.ask("GET", "/api/skus", headers={"host": "a b"}).status == 400


# Browsers of other origins.


@pytest.mark.parametrize("path", ["skus", "skus/skuAlpha", "orders/nonexistent", "nopes", "organization"])
def test_a_preflight_is_answered_without_a_token(world: World, path: str) -> None:
    headers = [(b"origin", b"https://shop.example"), (b"access-control-request-method", b"PATCH")]
    answer = world.ask("OPTIONS", f"/api/{path}", headers=headers)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, PATCH, DELETE"
    assert (
        answer.headers["access-control-allow-headers"] == "Authorization, Content-Type, Accept, Idempotency-Key, Prefer"
    )
    assert "access-control-allow-credentials" not in answer.headers


def test_every_answer_may_be_read_by_any_origin(fresh: World) -> None:
    answers = [
        fresh.ask("GET", "/api/skus"),
        fresh.ask("HEAD", "/api/skus"),
        fresh.send("POST", "skus", {"code": "n", "name": "n"}, **GOODS),
        fresh.send("POST", "skus", {}, **GOODS),
        fresh.ask("DELETE", "/api/skus/skuPlain"),
        fresh.ask("GET", "/api/nope"),
        fresh.ask("GET", "/api/skus", token=None),
        fresh.ask("GET", "/api/skus", headers={"accept": "text/html"}),
        fresh.ask("POST", "/api/skus", b"{", headers={"content-length": "9999999999"}),
        fresh.ask("PUT", "/api/skus"),
    ]
    assert [one.status for one in answers] == [200, 200, 201, 422, 204, 404, 401, 406, 413, 405]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"] == EXPOSED


def test_head_is_get_without_its_body(world: World) -> None:
    for path in ("skus/skuAlpha", "skus?page[size]=2", "nope/x", "skus/nonexistent"):
        got, head = (world.ask(method, f"/api/{path}") for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (got.status, b"")
        assert head.headers["content-type"] == got.headers["content-type"] == MEDIA_TYPE
        assert head.headers["content-length"] == str(len(got.body))


# Limits.


def test_past_the_limit_a_client_is_told_when_to_come_back(sqlite_url: str) -> None:
    now = [1000.0]
    with world_at(sqlite_url, limits=Limits(lambda: now[0])) as limited:
        order = partial(limited.ask, "GET", "/api/orders/ordFull", token="reader")
        answers = [order() for _ in range(26)]
        assert [one.status for one in answers] == [200] * 25 + [429]
        assert [answers[0].headers[f"x-ratelimit-{name}"] for name in ("limit", "interval", "remaining")] == [
            "25",
            "10",
            "24",
        ]
        assert answers[-1].errors == [("429", "TOO_MANY_REQUESTS", "")]
        assert answers[-1].headers["retry-after"] == "10"
        assert order(client="192.0.2.8").status == 200
        assert limited.ask("GET", "/api/skus", token="reader").status == 200
        now[0] += 10
        assert order().status == 200


def test_what_is_refused_counts_as_well(sqlite_url: str) -> None:
    with world_at(sqlite_url, limits=Limits(lambda: 1000.0)) as limited:
        ask = partial(limited.ask, token="reader")
        refused = [
            ask("GET", "/api/orders/ordFull", token=None),
            ask("GET", "/api/orders/ordFull", headers={"accept": "text/html"}),
            ask("POST", "/api/orders", b"{}", headers={"content-type": "text/plain"}),
            *(ask("GET", f"/api/{name}") for name in ("nope", "nowhere")),
            *(ask(name, "/api/orders") for name in ("TRACE", "BREW")),
        ]
        assert [one.status for one in refused] == [401, 406, 415, 404, 404, 405, 405]
        assert [one.headers["x-ratelimit-remaining"] for one in refused] == ["24", "23", "24", "24", "23", "22", "21"]
        assert [ask("GET", "/api/orders/ordFull", token=None).status for _ in range(24)] == [401] * 23 + [429]
        assert ask("GET", "/api/orders/ordFull").status == 429


def test_without_limits_nothing_is_said_of_them(world: World) -> None:
    assert not [name for name in world.get("skus").headers if "ratelimit" in name]
