"""A lesson on paper: all of it, in light colours, without what only a screen needs."""

import re
from pathlib import Path
from typing import Any

import pytest

LESSON = "lessons/tensors/"
A4_WIDTH_PX = 672  # 210 mm less two margins of 16 mm, at 96 dots to the inch.


@pytest.fixture(scope="module")
def printed(browser: Any, root: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the text of a printed lesson, from a browser in dark colours."""
    pypdf = pytest.importorskip("pypdf", reason="pypdf is missing")
    page = browser.new_page(color_scheme="dark")
    page.goto(root + LESSON, wait_until="networkidle")
    path: Path = tmp_path_factory.mktemp("paper") / "lesson.pdf"
    page.pdf(path=path, format="A4", prefer_css_page_size=False)
    page.close()
    sheets = pypdf.PdfReader(path).pages
    assert len(sheets) > 5
    return "\n".join(sheet.extract_text() for sheet in sheets)


def on_paper(reader: Any, colours: str = "light", address: str = LESSON) -> Any:
    page = reader.page
    page.set_viewport_size({"width": A4_WIDTH_PX, "height": 1000})
    page.emulate_media(media="print", color_scheme=colours)
    return reader.open(address)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_every_block_and_output_is_printed_whole(reader: Any, printed: str) -> None:
    page = reader.open(LESSON)
    blocks = page.eval_on_selector_all(
        "article .highlight pre > code",
        "(all) => all.map((c) => [...c.childNodes]"
        ".filter((n) => !n.matches?.('nav, button'))"
        ".map((n) => n.textContent).join(''))",
    )
    assert len(blocks) > 50
    paper = squeezed(printed)
    missing = [block for block in blocks if squeezed(block) not in paper]
    # A block may be parted by the end of a sheet, where it fills one; few do.
    assert missing == []


def test_the_title_is_printed_and_no_navigation(printed: str) -> None:
    assert printed.startswith("Tensors")
    for word in ("Table of contents", "Take this site with you", "Back to top", "¶"):
        assert word not in printed


def test_an_outside_link_shows_its_address(printed: str) -> None:
    assert "(https://" in squeezed(printed)
    assert "(http://127" not in squeezed(printed)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_paper_is_light_and_so_are_its_figures(reader: Any, colours: str) -> None:
    page = on_paper(reader, colours)
    red = page.evaluate(
        "+getComputedStyle(document.querySelector('article p')).color.match(/\\d+/)[0]"
    )
    assert red < 100
    shown = page.eval_on_selector_all(
        "img.figure",
        "(all) => all.filter((i) => getComputedStyle(i).display !== 'none')"
        ".map((i) => i.getAttribute('src').split('#')[1])",
    )
    assert set(shown) == {"only-light"}
    assert len(shown) == page.locator("img.figure").count() // 2


@pytest.mark.parametrize("place", [LESSON, "reference/tensors/", "errors/shape/", ""])
def test_nothing_reaches_beyond_the_paper(reader: Any, place: str) -> None:
    page = on_paper(reader, address=place)
    wide = page.evaluate(
        """(width) => [...document.querySelectorAll('article *')]
            .filter((e) => !e.closest('math, svg'))
            .filter((e) => e.getBoundingClientRect().right > width + 1)
            .map((e) => e.outerHTML.slice(0, 100))""",
        A4_WIDTH_PX,
    )
    assert wide == []


def test_buttons_and_boxes_to_type_in_are_not_printed(reader: Any) -> None:
    for address in (LESSON, "errors/", "evidence/"):
        page = on_paper(reader, address=address)
        seen = page.eval_on_selector_all(
            "button:not(.ledger-sort), input, textarea, select, nav",
            "(all) => all.filter((e) => e.offsetWidth && e.offsetHeight)"
            ".map((e) => e.outerHTML.slice(0, 100))",
        )
        assert seen == [], address
    # The heads of the ledger are buttons, and on paper words.
    arrow = "(e) => getComputedStyle(e, '::after').content"
    assert page.locator(".ledger-sort").first.evaluate(arrow) == "none"
