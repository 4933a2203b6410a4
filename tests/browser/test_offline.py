"""The offline copy as a reader has it: unpacked, opened from a disk, no server."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup


def test_every_link_and_picture_is_a_file_of_the_copy(folder: Path) -> None:
    pages = {
        path.resolve(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in folder.rglob("*.html")
    }
    ids = {
        path: {str(t["id"]) for t in soup.select("[id]")}
        for path, soup in pages.items()
    }
    lost = []
    for path, soup in pages.items():
        for tag in soup.select("a[href], img[src], script[src], link[href]"):
            address = urlsplit(str(tag.get("href") or tag.get("src")))
            if address.scheme or address.netloc:
                continue
            target = path
            if address.path:
                target = (path.parent / unquote(address.path)).resolve()
            anchor = unquote(address.fragment)
            is_theme = anchor in ("only-light", "only-dark") or anchor.startswith("__")
            wanted = anchor if target in pages and not is_theme else ""
            if not target.is_file() or (wanted and wanted not in ids[target]):
                lost.append(f"{path.relative_to(folder)}: {address.geturl()}")
    assert len(pages) > 20
    assert lost == []


def test_a_reader_goes_from_the_first_page_through_a_lesson(disk: Any) -> None:
    page = disk.open("index.html")
    page.get_by_role("link", name=re.compile("^Learn")).click()
    assert page.locator("h1").inner_text().startswith("Tensors")
    pictures = page.locator("img.figure[src$='#only-light']")
    assert pictures.count() > 3
    pictures.first.scroll_into_view_if_needed()
    page.wait_for_function(
        "document.querySelector('img.figure').complete"
        " && document.querySelector('img.figure').naturalWidth > 0"
    )
    page.locator("a.md-footer__link--next").click()
    assert page.locator("h1").inner_text().startswith("Workflow")
    assert disk.troubles == []


def test_search_finds_and_leads_to_the_page(disk: Any) -> None:
    page = disk.open("lessons/workflow/index.html")
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("matmul")
    found = page.locator(".md-search-result__link").filter(
        has=page.locator("h1", has_text=re.compile("^Tensors$"))
    )
    found.first.wait_for(timeout=5000)
    found.first.click()
    page.wait_for_url(re.compile(r"/lessons/tensors/index\.html"))
    assert page.locator("h1").inner_text().startswith("Tensors")
    assert disk.troubles == []


def test_the_box_of_errors_leads_to_its_entry(disk: Any) -> None:
    page = disk.open("errors/index.html")
    page.get_by_label("Paste your error").fill("Target 10 is out of bounds.")
    page.locator("#error-found a").first.click()
    page.wait_for_url(re.compile(r"/errors/loss/index\.html#loss-target-out-of-bounds"))
    assert disk.troubles == []
