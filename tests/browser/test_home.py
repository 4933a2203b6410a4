"""The first page: what it counts, draws and opens, and the thread that runs from it."""

import json
import re
from typing import Any

DESK = {"width": 1280, "height": 860}


def test_the_numbers_are_those_of_the_ledger(reader: Any) -> None:
    page = reader.open("")
    shown = page.locator("dl.numbers dd").all_inner_texts()
    rows = json.loads(page.request.get(reader.root + "ledger.json").text())
    here = [row for row in rows if row["environment"] == "cpu"]
    ran = [
        (row["kind"], row["outcome"])
        for row in here
        if row["outcome"] in ("ran", "failed as intended")
    ]
    expected = [
        sum(kind == "python" for kind, _ in ran),
        sum(outcome == "failed as intended" for _, outcome in ran),
        sum(row["copy"] is not None for row in here),
        sum(kind == "docstring" for kind, _ in ran),
        sum(kind == "download" for kind, _ in ran),
    ]
    assert [int(number.replace(",", "")) for number in shown] == expected
    assert all(expected)


def test_one_screen_says_what_this_is_and_where_to_go(reader: Any) -> None:
    reader.page.set_viewport_size(DESK)
    page = reader.open("")
    assert page.locator("a.door").count() == 4
    for part in ("h1", ".lead", "a.door >> nth=3", "dl.numbers"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] < DESK["height"], part


def test_figures_of_lessons_lead_to_the_block_that_drew_them(reader: Any) -> None:
    page = reader.open("")
    links = page.locator(".drawn figure a:has(img)")
    assert links.count() >= 2
    for number in range(links.count()):
        address = links.nth(number).get_attribute("href")
        links.nth(number).click()
        page.wait_for_url(re.compile(re.escape(address)))
        anchor = address.partition("#")[2]
        assert page.locator(f"[id='{anchor}']").count() == 1
        page.go_back()


def test_every_door_opens(reader: Any) -> None:
    page = reader.open("")
    titles = []
    for number in range(4):
        page.locator("a.door").nth(number).click()
        page.locator("h1").first.wait_for()
        titles.append(page.locator("h1").first.inner_text().rstrip("¶"))
        reader.open("")
    assert len(set(titles)) == 4
    assert reader.troubles == []


def test_next_leads_through_the_whole_navigation_and_previous_back(reader: Any) -> None:
    page = reader.open("")
    listed = page.eval_on_selector_all(
        ".md-nav--primary a.md-nav__link[href]",
        "(all) => [...new Set(all.map((a) => a.href.split('#')[0]))]",
    )
    found = [page.url]
    while page.locator("a.md-footer__link--next").count():
        page.goto(page.locator("a.md-footer__link--next").evaluate("(a) => a.href"))
        back = page.locator("a.md-footer__link--prev").evaluate("(a) => a.href")
        assert back == found[-1]
        found.append(page.url)
    assert found == listed
