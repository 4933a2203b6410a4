"""What a reader meets in a browser: run on the built site, page by page.

The folder is `site`, or the one that the variable DLGUIDE_SITE names.
"""

import ast
import json
import re
from itertools import pairwise
from typing import Any

import pytest

from dlguide.errors import explain
from press import error_pages

TENSORS = "lessons/tensors/"


# Every page


def test_page_asks_no_other_host_and_raises_no_error(reader: Any, address: str) -> None:
    page = reader.open(address)
    # Lazy pictures come only when they are seen.
    page.evaluate(
        "document.querySelectorAll('img').forEach((i) => { i.loading = 'eager' })"
    )
    page.wait_for_load_state("networkidle")
    assert reader.troubles == []


def test_page_fits_a_phone(phone: Any, address: str) -> None:
    page = phone.open(address)
    page.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")
    page.wait_for_timeout(50)
    width = page.evaluate("document.documentElement.scrollWidth")
    wide = page.evaluate(
        """() => [...document.querySelectorAll('article *')]
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
            .filter((e) => !e.parentElement.closest(
                'pre, .output, .ledger-scroll, .arithmatex, math'
                + ', .md-typeset__scrollwrap'))
            .map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert width <= 390
    assert wide == []


def test_pictures_say_what_they_show(reader: Any, address: str) -> None:
    page = reader.open(address)
    alts = page.eval_on_selector_all("article img", "(all) => all.map((i) => i.alt)")
    poor = [alt for alt in alts if len(alt.split()) < 3]
    assert poor == []


def test_page_has_one_title_and_no_skipped_heading(reader: Any, address: str) -> None:
    page = reader.open(address)
    levels = page.eval_on_selector_all(
        "main :is(h1, h2, h3, h4, h5, h6)", "(all) => all.map((h) => +h.tagName[1])"
    )
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_mathematics_is_shown_and_no_source_of_it(reader: Any, address: str) -> None:
    page = reader.open(address)
    text = page.eval_on_selector(
        "main",
        "(m) => { const c = m.cloneNode(true);"
        " c.querySelectorAll('pre, code, script').forEach((e) => e.remove());"
        " return c.textContent }",
    )
    assert re.findall(r"\\\(|\\\[|\\frac|\\mathbf", text) == []


# Lessons


def copied(page: Any, pre: Any) -> str:
    """Press the copy button of a block and return what lies on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('nothing was copied')")
    pre.scroll_into_view_if_needed()
    pre.hover()
    pre.locator("xpath=ancestor-or-self::pre").locator("button").first.click()
    page.wait_for_function(
        "async () => await navigator.clipboard.readText() !== 'nothing was copied'"
    )
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_copy_button_copies_a_block_exactly(reader: Any) -> None:
    page = reader.open(TENSORS)
    block = page.locator(".language-python.highlight pre").first
    shown = block.locator("code").evaluate(
        "(c) => [...c.childNodes].filter((n) => !n.matches?.('nav, button'))"
        ".map((n) => n.textContent).join('')"
    )
    assert copied(page, block) == shown.rstrip("\n")
    assert shown.startswith("import torch\n")


def test_outputs_have_no_copy_button(reader: Any) -> None:
    page = reader.open(TENSORS)
    assert page.locator(".output pre").count() > 20
    assert page.locator(".output button").count() == 0


def test_evidence_line_leads_to_evidence_and_downloads(reader: Any) -> None:
    page = reader.open(TENSORS)
    line = page.locator("h1 + p.evidence")
    assert "torch 2." in line.inner_text()
    for name in ("notebook", "script"):
        with page.expect_download() as waiting:
            line.get_by_role("link", name=name).click()
        text = waiting.value.path().read_text(encoding="utf-8")
        if name == "notebook":
            assert {"code", "markdown"} <= {
                c["cell_type"] for c in json.loads(text)["cells"]
            }
        else:
            ast.parse(text)
    line.get_by_role("link", name="Evidence").click()
    assert page.locator("h1").inner_text().startswith("Evidence")


def seen(page: Any, ending: str) -> int:
    return int(
        page.eval_on_selector_all(
            f"img.figure[src$='#only-{ending}']",
            "(all) => all.filter((i) => getComputedStyle(i).display !== 'none').length",
        )
    )


def test_figures_change_with_the_colours(reader: Any) -> None:
    page = reader.open(TENSORS)
    figures = page.locator("img.figure").count() // 2
    assert figures > 0
    assert (seen(page, "light"), seen(page, "dark")) == (figures, 0)
    toggle = page.locator("[data-md-component=palette] label:not([hidden])")
    toggle.click()  # from the system's colours to light
    toggle.click()  # from light to dark
    assert page.locator("body[data-md-color-scheme=slate]").count() == 1
    assert (seen(page, "light"), seen(page, "dark")) == (0, figures)


def test_colours_follow_the_system(reader: Any) -> None:
    page = reader.page
    page.emulate_media(color_scheme="dark")
    reader.open(TENSORS)
    assert page.locator("body[data-md-color-scheme=slate]").count() == 1


# The ledger


def shown_rows(page: Any) -> list[list[str]]:
    rows = page.eval_on_selector_all(
        "#ledger tbody tr",
        "(all) => all.filter((r) => !r.hidden)"
        ".map((r) => [...r.cells].map((c) => c.textContent.trim()))",
    )
    return [list(row) for row in rows]


def test_ledger_filters_by_words_and_choices(reader: Any) -> None:
    page = reader.open("evidence/")
    everything = shown_rows(page)
    page.get_by_label("Words").fill("tensors failed")
    few = shown_rows(page)
    assert 0 < len(few) < len(everything)
    found = [" ".join(row).lower() for row in few]
    assert all("tensors" in row and "failed" in row for row in found)
    page.get_by_role("button", name="Show all").click()
    page.wait_for_timeout(50)
    assert shown_rows(page) == everything
    page.get_by_label("Outcome").select_option("ran")
    ran = shown_rows(page)
    assert ran == [row for row in everything if row[4] == "ran"]
    assert (
        f"{len(ran)} of {len(everything)}" in page.locator(".ledger-count").inner_text()
    )


def test_ledger_sorts_with_the_keyboard_and_says_so(reader: Any) -> None:
    page = reader.open("evidence/")
    everything = shown_rows(page)
    header = page.locator("#ledger th", has_text="Seconds")

    def seconds() -> list[float]:
        return [float(row[7]) for row in shown_rows(page) if row[7]]

    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert len(set(seconds())) > 1
    assert seconds() == sorted(seconds())
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert seconds() == sorted(seconds(), reverse=True)
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "none"
    assert shown_rows(page) == everything


def test_ledger_is_complete_without_scripts(browser: Any, root: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root + "evidence/")
    assert page.locator("#ledger tbody tr").count() > 50
    assert page.locator("#ledger tbody tr").first.is_visible()
    context.close()


# Search, keyboard, lost addresses


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("matmul", "Tensors"),
        ("gradient descent", "Workflow"),
        ("split_data", "Workflow"),
    ],
)
def test_search_finds(reader: Any, words: str, title: str) -> None:
    page = reader.open("")
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially(words)
    titles = page.locator(".md-search-result__item h1")
    titles.filter(has_text=re.compile(f"^{title}$")).wait_for(timeout=5000)
    assert reader.troubles == []


def test_every_tab_stop_can_be_seen(reader: Any) -> None:
    page = reader.open("")
    for stop in range(12):
        page.keyboard.press("Tab")
        box = page.evaluate(
            "(() => { const r = document.activeElement.getBoundingClientRect();"
            " return [document.activeElement.className, r.width, r.height] })()"
        )
        # A radio button without a size is shown by its label.
        if "md-option" not in box[0]:
            assert min(box[1:]) > 0, (stop, box)


def test_lost_reader_is_led_home_from_any_depth(reader: Any) -> None:
    page = reader.page
    body = page.request.get(reader.root + "404.html").text()
    lost = reader.root + "lessons/no/such/page"
    page.context.route(
        lost,
        lambda route: route.fulfill(status=404, content_type="text/html", body=body),
    )
    page.goto(lost)
    page.get_by_role("link", name="Go to the first page").click()
    page.wait_for_url(re.compile(r"/some/where/(lessons/)?$"))
    assert page.locator("meta[name=application-name]").count() == 1


# The error index

PASTED = {
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x8 and 10x2)": (
        "shape/#shape-linear-in-features",
        "4 rows with 8 features each",
    ),
    "Traceback (most recent call last):\n  loss = f(x, y)\n"
    "IndexError: Target 10 is out of bounds.": (
        "loss/#loss-target-out-of-bounds",
        "10",
    ),
    "RuntimeError: view size is not compatible with input tensor's size and stride": (
        "reshape/#reshape-view-stride",
        "memory",
    ),
}


@pytest.mark.parametrize("message", PASTED)
def test_pasted_error_finds_its_entry_and_says_its_numbers(
    reader: Any, message: str
) -> None:
    address, words = PASTED[message]
    page = reader.open("errors/")
    page.get_by_label("Paste your error").fill(message)
    found = page.locator("#error-found")
    found.locator("a").first.wait_for()
    assert found.locator("a").first.get_attribute("href") == address
    assert words in found.inner_text()
    found.locator("a").first.click()
    page.locator(f"[id='{address.partition('#')[2]}']").wait_for()


def test_unknown_error_gets_no_guess_but_neighbours(reader: Any) -> None:
    page = reader.open("errors/")
    page.get_by_label("Paste your error").fill("ValueError: the shape of a cat")
    page.get_by_text("No entry fits this message").wait_for()
    assert page.locator("#error-found li").count() > 0


def test_box_of_errors_agrees_with_the_package_on_every_message(reader: Any) -> None:
    registry = [error_pages.load(family) for family in error_pages.FAMILIES]
    entries = [entry for family in registry for entry in family["entry"]]
    messages = [error_pages.message_of(e) for e in entries if "patterns" in e]
    page = reader.open("errors/")
    box = page.get_by_label("Paste your error")
    for message in messages:
        box.fill(message)
        page.wait_for_timeout(200)
        link = page.locator("#error-found .error-title a").get_attribute("href")
        assert link.partition("#")[2] == explain(message).entry


def test_index_of_errors_is_complete_without_scripts(browser: Any, root: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root + "errors/")
    assert not page.get_by_label("Paste your error").is_visible()
    assert page.locator("article li a").count() >= 80
    context.close()
