"""The A–Z page, the glossary, and the words that lessons explain at first use."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from press import glossary, topics

LESSON = "lessons/workflow/"
ROOT = Path(__file__).parents[2]


def term(page: Any, words: str) -> Any:
    return page.locator("a.term", has_text=re.compile(f"^{words}$")).first


def tip_of(page: Any, link: Any) -> Any:
    return page.locator(f"#{link.get_attribute('aria-describedby')}")


def test_every_term_of_the_table_leads_to_a_place_on_the_site(reader: Any) -> None:
    page = reader.open("index-of-terms/")
    links = page.eval_on_selector_all(
        ".index-of-terms a", "(all) => all.map((a) => a.href)"
    )
    with topics.TABLE.open(encoding="utf-8") as file:
        assert len(links) == sum(1 for _ in csv.DictReader(file))
    assert_all_exist(page, links)


def assert_all_exist(page: Any, links: list[str]) -> None:
    """Check that each link leads to an element of a page that the site has."""
    wanted: dict[str, set[str]] = {}
    for address, _, anchor in (link.partition("#") for link in links):
        wanted.setdefault(address, set()).add(anchor)
    missing = {a: lost for a in wanted if (lost := wanted[a] - ids_on(page, a))}
    assert missing == {}


def ids_on(page: Any, address: str) -> set[str]:
    """Return the ids of a page as the site serves it."""
    answer = page.request.get(address)
    assert answer.ok, address
    return set(re.findall(r'\bid="?([^"\s>]+)', answer.text()))


def test_letters_jump_to_their_terms(reader: Any) -> None:
    page = reader.open("index-of-terms/")
    page.locator(".letters").get_by_role("link", name="S", exact=True).click()
    assert page.url.endswith("#letter-s")
    heading = page.locator("h2#letter-s")
    heading.wait_for()
    top = heading.evaluate("(h) => h.getBoundingClientRect().top")
    assert 0 <= top < 200


@pytest.mark.parametrize("lesson", sorted((ROOT / "docs/pages/lessons").glob("*.md")))
def test_a_lesson_explains_each_term_once_and_links_to_it(
    reader: Any, lesson: Path
) -> None:
    page = reader.open(f"lessons/{lesson.stem}/")
    ids = page.eval_on_selector_all(
        "a.term", "(all) => all.map((a) => a.getAttribute('aria-describedby'))"
    )
    assert len(ids) > 10
    assert len(ids) == len(set(ids))
    inside = page.locator(":is(h1, h2, h3, h4, a, code, table, .output) a.term")
    assert inside.count() == 0
    links = page.eval_on_selector_all("a.term", "(all) => all.map((a) => a.href)")
    assert_all_exist(page, links)


def test_every_term_leads_to_the_section_that_teaches_it(reader: Any) -> None:
    page = reader.open("glossary/")
    links = page.eval_on_selector_all(
        "article a[aria-label^=Learn]", "(all) => all.map((a) => a.href)"
    )
    assert len(links) == len(glossary.load())
    assert_all_exist(page, links)


def test_a_term_is_explained_to_the_keyboard_until_escape(reader: Any) -> None:
    page = reader.open(LESSON)
    link = term(page, "Epochs")
    tip = tip_of(page, link)
    assert not tip.is_visible()
    # From the link before it, by the Tab key alone.
    link.evaluate(
        "(a) => { const all = [...document.querySelectorAll('a[href], button, input')];"
        " all[all.indexOf(a) - 1].focus() }"
    )
    page.keyboard.press("Tab")
    assert link.evaluate("(a) => a === document.activeElement")
    assert tip.inner_text() == "One pass through all training data."
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    assert link.evaluate("(a) => a === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert tip.is_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary/#term-epoch")
    assert reader.troubles == []


def test_a_screen_reader_hears_the_definition(reader: Any) -> None:
    page = reader.open(LESSON)
    link = term(page, "Epochs")
    session = page.context.new_cdp_session(page)
    handle = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    selector = f"a[aria-describedby={link.get_attribute('aria-describedby')}]"
    node = session.send("DOM.querySelector", {"nodeId": handle, "selector": selector})
    tree = session.send("Accessibility.getPartialAXTree", {"nodeId": node["nodeId"]})
    heard = next(n for n in tree["nodes"] if n["role"]["value"] == "link")
    assert heard["name"]["value"] == "Epochs"
    assert heard["description"]["value"] == "One pass through all training data."


def test_a_pointer_can_move_onto_the_sentence_below_the_word(reader: Any) -> None:
    page = reader.open(LESSON)
    link = term(page, "Epochs")
    tip = tip_of(page, link)
    link.scroll_into_view_if_needed()
    link.hover()
    assert tip.is_visible()
    box, word = tip.bounding_box(), link.bounding_box()
    assert abs(box["x"] - word["x"]) < 2 or box["x"] < word["x"]
    page.mouse.move(word["x"] + 5, box["y"] + 8, steps=10)
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.mouse.move(0, 0)
    link.hover()
    assert tip.is_visible()


def test_a_tap_shows_the_sentence_and_the_next_follows_the_link(phone: Any) -> None:
    page = phone.open(LESSON)
    link = term(page, "Epochs")
    tip = tip_of(page, link)
    link.scroll_into_view_if_needed()
    link.tap()
    assert tip.is_visible()
    assert page.url.endswith(LESSON)
    page.locator("h1").tap()
    assert not tip.is_visible()
    link.tap()
    link.tap()
    page.wait_for_url("**/glossary/#term-epoch")


def test_no_sentence_leaves_a_phone_s_screen(phone: Any) -> None:
    page = phone.open(LESSON)
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    wide = page.evaluate(
        """() => [...document.querySelectorAll("a.term")].filter((link) => {
            link.focus({ preventScroll: true, focusVisible: true });
            const box = link.nextElementSibling.getBoundingClientRect();
            return !box.width || box.left < 0 || box.right > innerWidth;
        }).map((link) => link.textContent)"""
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_terms_are_explained_without_scripts(browser: Any, root: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root + LESSON)
    link = term(page, "Epochs")
    tip = tip_of(page, link)
    assert not tip.is_visible()
    link.hover()
    assert tip.is_visible()
    context.close()
