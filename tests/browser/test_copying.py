"""What a reader copies runs: press a button, run what is on the clipboard, compare."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from press.examples import Prover, shown_by
from press.outputs import same

SITE = Path(os.environ.get("DLGUIDE_SITE", Path(__file__).parents[2] / "site"))
TENSORS = "lessons/tensors/"
PAGES = [TENSORS, "notebooks/straight_line/", "reference/tensors/", "errors/shape/"]


@pytest.fixture(scope="module")
def run_alone() -> Iterator[Callable[[str], str]]:
    """Yield what runs a program in a fresh process and returns what it shows."""
    prover = Prover()
    yield lambda text: prover.pool.submit(shown_by, text, "ignore").result()
    prover.stop()


def copies_on(page: Any) -> dict[str, list[str]]:
    """Return the pieces of each copy that a page offers."""
    text = page.locator("script#copies").text_content()
    data = json.loads(text)
    return {a: [data["pieces"][n] for n in copy] for a, copy in data["copies"].items()}


def press(page: Any, button: Any) -> str:
    """Press a copy button; return what then lies on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('nothing was copied')")
    button.click()
    for _ in range(40):
        text = str(page.evaluate("navigator.clipboard.readText()"))
        if text != "nothing was copied":
            return text
        page.wait_for_timeout(50)
    raise AssertionError("nothing was copied")


def runnable(page: Any, anchor: str) -> Any:
    block = page.locator(f"[id='{anchor}']")
    block.scroll_into_view_if_needed()
    return block.get_by_role("button", name="Copy with what it needs")


def output_below(page: Any, anchor: str) -> str | None:
    """Return the printed text under a block, None where there is none or an error."""
    return page.evaluate(
        """(anchor) => {
            const texts = [];
            let next = document.getElementById(anchor).nextElementSibling;
            for (; next?.matches('.output'); next = next.nextElementSibling) {
                if (!next.matches('.language-text:not(.error, .warning)')) return null;
                texts.push(next.querySelector('code').textContent.trimEnd());
            }
            return texts.length ? texts.join('\\n') : null;
        }""",
        anchor,
    )


@pytest.mark.parametrize("place", PAGES)
def test_what_the_second_button_copies_shows_what_the_page_shows(
    reader: Any, place: str, run_alone: Callable[[str], str]
) -> None:
    page = reader.open(place)
    copies = copies_on(page)
    assert len(copies) >= 3
    ran = 0
    for anchor in list(copies)[:: max(1, len(copies) // 4)]:
        text = press(page, runnable(page, anchor))
        assert text == "\n".join(copies[anchor])
        expected = output_below(page, anchor)
        if expected is not None:
            shown = run_alone(text).rstrip().split("\n")[-len(expected.split("\n")) :]
            assert same(expected, "\n".join(shown)), text
            ran += 1
    assert ran > 0
    assert reader.troubles == []


def test_second_button_copies_what_was_proved_beside_torchvision(reader: Any) -> None:
    snippets = json.loads((SITE / "snippets.json").read_text(encoding="utf-8"))
    beside = [one for one in snippets if "torchvision" in one["environments"]]
    assert len(beside) >= 3
    for one in beside:
        page = reader.open(one["page"])
        block = page.locator(f"[id='{one['anchor']}']")
        block.evaluate(
            "element => { for (let box; box = element.closest('details:not([open])');)"
            " box.open = true; }"
        )
        text = press(page, runnable(page, one["anchor"]))
        assert text == one["runnable"]
        assert text.endswith(one["code"])
        assert "from torchvision" in text


def test_block_that_needs_nothing_has_no_second_button(reader: Any) -> None:
    page = reader.open(TENSORS)
    first = page.locator(".language-python.highlight").first
    first.get_by_role("button").first.wait_for()
    assert first.get_by_role("button").count() == 1
    assert first.get_attribute("id") not in copies_on(page)


def test_second_button_works_with_the_keyboard_and_says_what_it_did(
    reader: Any,
) -> None:
    page = reader.open(TENSORS)
    anchor, pieces = list(copies_on(page).items())[2]
    runnable(page, anchor).wait_for()
    first = page.locator(f"[id='{anchor}']").get_by_role("button").first
    first.focus()
    page.keyboard.press("Tab")
    assert "runnable" in page.evaluate("document.activeElement.className")
    page.keyboard.press("Enter")
    lines = "\n".join(pieces).count("\n") + 1
    page.get_by_role("status").filter(has_text=f"Copied {lines} lines").wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    assert text == "\n".join(pieces)


@pytest.mark.parametrize("place", ["reference/tensors/", "reference/workflow/"])
def test_docstring_examples_are_shown_and_copied_without_prompts(
    reader: Any, place: str, run_alone: Callable[[str], str]
) -> None:
    page = reader.open(place)
    assert page.locator(".language-pycon").count() == 0
    blocks = page.locator("[id*='-example-1'].highlight")
    assert blocks.count() >= 5
    for index in range(3):
        block = blocks.nth(index)
        # The theme adds its button to what a reader has in sight, and takes the
        # button's title into a tooltip while the pointer lies on it.
        page.mouse.move(0, 0)
        block.evaluate("element => element.scrollIntoView({block: 'center'})")
        shown = block.locator("code").text_content()
        text = press(page, block.get_by_role("button", name="Copy to clipboard"))
        assert text == shown.rstrip("\n")
        assert "from dlguide." in text
        anchor = block.get_attribute("id")
        assert same(output_below(page, anchor), run_alone(text).rstrip("\n"))


def test_copying_works_from_a_disk(browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto((SITE / TENSORS / "index.html").as_uri())
    anchor, pieces = list(copies_on(page).items())[1]
    runnable(page, anchor).click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    page.evaluate(
        "document.body.prepend(document.createElement('textarea'));"
        "document.querySelector('textarea').focus()"
    )
    page.keyboard.press("Control+V")
    assert page.locator("textarea").first.input_value() == "\n".join(pieces)
    context.close()


def test_every_name_in_code_leads_to_an_entry_and_back() -> None:
    ids: dict[Path, set[str]] = {}
    links = 0
    for path in SITE.rglob("index.html"):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for link in soup.select("a.name, .used-in a"):
            target, _, anchor = str(link["href"]).partition("#")
            there = (path.parent / target / "index.html").resolve()
            if there not in ids:
                text = there.read_text(encoding="utf-8")
                ids[there] = set(re.findall(r'\bid="([^"]+)"', text))
            assert anchor in ids[there], f"{path}: {link['href']}"
            links += 1
    assert links > 300


def test_name_in_code_can_be_followed(reader: Any) -> None:
    page = reader.open(TENSORS)
    page.locator("code a.name", has_text="draw_tensor").first.click()
    page.wait_for_url("**/reference/tensors/#dlguide.tensors.draw_tensor")
    used = page.locator(".used-in", has=page.locator("a", has_text="Tensors ›")).first
    used.locator("a").first.click()
    page.wait_for_url("**/lessons/tensors/#code-*")


def test_each_page_names_its_markdown_twin_which_lies_beside_it() -> None:
    found = sorted(SITE.rglob("index.html"))
    assert len(found) > 20
    for path in found:
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        link = soup.select_one("link[rel~=alternate][type='text/markdown']")
        assert link is not None, path
        text = (path.parent / str(link["href"])).read_text(encoding="utf-8")
        assert text.startswith("# ")


def test_every_snippet_is_the_code_that_its_page_shows() -> None:
    snippets = json.loads((SITE / "snippets.json").read_text(encoding="utf-8"))
    pages: dict[str, BeautifulSoup] = {}
    for one in snippets:
        if one["page"] not in pages:
            text = (SITE / one["page"] / "index.html").read_text(encoding="utf-8")
            pages[one["page"]] = BeautifulSoup(text, "html.parser")
        block = pages[one["page"]].find(id=one["anchor"])
        assert block.get_text().strip("\n") == one["code"].strip("\n")
        assert one["environments"], one["anchor"]
