"""The pages of the reference in Chromium: on a phone and a desk, in light and dark, by keyboard, without a script."""

from collections.abc import Iterator
from typing import Any

import pytest

from paydesk.jsonapi.pages.guides import guides
from tests.acts.browser import Browser, Window
from tests.acts.dev import credentials, dev, end
from tests.acts.node import NODE
from tests.processes import free_port

PHONE = {"width": 390, "height": 844}
AXE = NODE / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("reference"), free_port()
    with dev(folder, port) as process:
        credentials(process, folder)
        yield f"http://localhost:{port}/docs"
        end(process)


def seen(window: Window, selector: str) -> bool:
    """The element's upper edge stands in the window, with nothing over it."""
    script = """selector => {
        const found = document.querySelector(selector), box = found.getBoundingClientRect();
        const over = document.elementFromPoint(box.left + 2, box.top + Math.min(box.height, 20) / 2);
        return box.top >= 0 && box.top < innerHeight && (found === over || found.contains(over));
    }"""
    return bool(window.page.evaluate(script, selector))


def test_on_a_phone_each_line_of_the_menu_leads_to_its_page(browser: Browser, base: str) -> None:
    window = browser.open(base, **PHONE)
    lines = window.page.eval_on_selector_all(
        "#navigation a", "all => all.map(a => [a.getAttribute('href'), a.textContent])"
    )
    assert len(lines) > 40
    for href, title in lines:
        assert not window.page.is_visible("#navigation")
        window.page.click("text=Menu and search")
        window.page.click(f"#navigation a[href='{href}']")
        window.page.wait_for_url(lambda url, href=href: url.partition("localhost")[2].partition("/")[2] == href[1:])
        assert window.page.title() == f"{title} · paydesk"
        assert not window.page.is_visible("#navigation")
        window.until(lambda: seen(window, "h1"))
        assert window.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], href


def test_a_guide_is_one_screen_of_a_desk(browser: Browser, base: str) -> None:
    """As near as stays useful: a quarter more at most, and two and a half for the ways from a cart to its payment and
    from a method of shipping to its choice.
    """
    long = ("take-a-payment", "ship-goods")
    window = browser.open(width=1440, height=900)
    screens = {}
    for key in guides():
        window.page.goto(f"{base}/guides/{key}", wait_until="networkidle")
        edge = window.page.evaluate("document.querySelector('section.guide').getBoundingClientRect().bottom")
        screens[key] = edge / 900
    assert {key: round(most, 2) for key, most in screens.items() if most > (2.5 if key in long else 1.25)} == {}


def test_on_a_phone_the_places_of_a_page_come_into_view_and_stay(browser: Browser, base: str) -> None:
    window = browser.open(f"{base}/resources/orders", **PHONE)
    for key in ("relationships", "attributes", "triggers", "requests"):
        window.page.click(f".contents a[href='#{key}']")
        window.until(lambda key=key: seen(window, f"#{key} h2"))
        place = window.page.evaluate("scrollY")
        window.page.wait_for_timeout(300)
        assert window.page.evaluate("scrollY") == place
        window.page.evaluate("scrollTo(0, 0)")
    window.page.goto(f"{base}#orders._place")
    window.page.wait_for_url(f"{base}/resources/orders#_place")


FOUND = (
    ("4242", "They pay", "/guides/test-cards#they-pay"),
    ("idempotency", "Idempotency", "/guides/idempotency"),
    ("422", "422", "/errors#422"),
    ("VALIDATION_ERROR", "VALIDATION_ERROR", "/errors#VALIDATION_ERROR"),
    ("_place", "_place", "/resources/orders#_place"),
    ("who tells", "Who tells the shopper", "/guides/who-tells-the-shopper"),
)
"""What is searched for, and what is found first."""


@pytest.mark.parametrize("size", [PHONE, {}], ids=["phone", "desk"])
def test_the_search_finds_texts_errors_and_cards_by_the_keyboard(
    browser: Browser, base: str, size: dict[str, int]
) -> None:
    window = browser.open(base, **size)
    for query, title, place in FOUND:
        window.page.keyboard.press("/")
        window.page.keyboard.type(query)
        window.page.wait_for_selector("#results a")
        first = window.page.locator("#results a").first
        window.until(lambda first=first, title=title: first.locator("b").inner_text() == title)
        window.page.keyboard.press("ArrowDown")
        window.page.keyboard.press("Enter")
        window.page.wait_for_url(base + place)
        window.until(lambda: not size or not window.page.is_visible("#navigation"))


def test_words_that_are_nowhere_are_said_to_be_nowhere(browser: Browser, base: str) -> None:
    window = browser.open(base)
    window.page.fill("#search", "zyzzyva")
    window.page.wait_for_selector("text=Nothing has these words.")
    window.page.keyboard.press("Escape")
    assert window.page.is_visible("#navigation")


def test_the_language_that_is_chosen_stays_chosen(browser: Browser, base: str) -> None:
    window = browser.open(f"{base}/guides/refund")
    first = window.page.locator("figure.request").first
    assert first.locator("[aria-selected=true]").inner_text() == "curl"
    first.locator("[role=tab]").first.focus()
    window.page.keyboard.press("ArrowRight")
    assert first.locator("pre:visible").inner_text().startswith("answer = requests.get(")
    window.page.goto(f"{base}/resources/captures")
    for figure in window.page.locator("figure.request").all():
        assert figure.locator("pre:visible").inner_text().startswith("answer = requests.")


def test_a_payment_is_taken_from_its_guide(browser: Browser, base: str) -> None:
    window = browser.open(f"{base}/guides/take-a-payment")
    figures = window.page.locator("figure.request").all()
    told = []
    for figure in figures:
        figure.locator(".try").click()
        figure.locator(".console button").click()
        figure.locator("output", has_text=" ms").wait_for()
        told.append(figure.locator("output").inner_text().partition(" ")[0])
    assert told == ["201", "201", "201", "200", "200", "201", "200", "200"]
    assert '"status": "placed"' in figures[-1].locator(".console pre").inner_text()


def test_without_a_script_everything_can_be_read_and_reached(browser: Browser, base: str) -> None:
    window = browser.open(f"{base}/guides/refund", java_script_enabled=False, **PHONE)
    for language in ("curl -g", "answer = requests.", "const answer = await fetch("):
        assert window.page.locator("figure.request").first.locator("pre", has_text=language).is_visible()
    window.page.click("text=Menu and search")
    window.page.click("#navigation a >> text=Customers")
    window.page.wait_for_url(f"{base}/resources/customers")
    assert window.page.locator("h1").inner_text() == "Customers"


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), ({}, "light")], ids=["phone", "desk"])
def test_nobody_is_kept_out(browser: Browser, base: str, size: dict[str, int], scheme: str) -> None:
    """By axe-core's rules, with everything open that opens."""
    found: dict[str, Any] = {}
    for path in ("", "#menu", "/requests", "/errors", "/guides/refund", "/guides/test-cards", "/resources/captures"):
        window = browser.open(f"{base}{path}", color_scheme=scheme, **size)
        window.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        if path == "/guides/refund":
            window.page.locator(".try").first.click()
            window.page.wait_for_selector(".console")
        window.page.evaluate(AXE.read_text())
        violations = window.page.evaluate("axe.run().then(told => told.violations)")
        found |= {f"{path} {one['id']}": [node["html"] for node in one["nodes"]] for one in violations}
        window.page.close()
    assert found == {}
