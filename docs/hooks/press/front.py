"""Fill the first page with what the build itself knows: its numbers, its figures."""

import re
from collections.abc import Mapping
from typing import Any

from press import figures, render
from press.blocks import Page, PageError
from press.run import RAN, versions

NUMBERS_MARK = "<!-- numbers -->"
VERSIONS_MARK = "<!-- versions -->"
FIGURE_MARK = re.compile(r"<!-- figure of (?P<page>\S+): (?P<words>.+?) -->")
CODE = ("python", "py")


def numbers(rows: list[dict[str, Any]]) -> str:
    """Return what this build has run, counted, as HTML on one line for Markdown."""
    mine = [r for r in rows if r["environment"] == "cpu" and r["outcome"] in RAN]
    counts = {
        "blocks of code ran": sum(r["kind"] in CODE for r in mine),
        "of them failed on purpose": sum(
            r["outcome"] == "failed as intended" for r in mine
        ),
        "ran again alone, as a copy": sum(r["copy"] is not None for r in mine),
        "examples of the reference ran": sum(r["kind"] == "docstring" for r in mine),
        "notebooks and scripts ran": sum(r["kind"] == "download" for r in mine),
    }
    items = "".join(
        f"<div><dt>{name}</dt><dd>{number:,}</dd></div>"
        for name, number in counts.items()
    )
    return f'<dl class="numbers">{items}</dl>'


def build_versions() -> str:
    """Return on what this build ran, in words."""
    found = versions()
    return f"torch {found['torch']} on Python {found['python']}"


def with_figures(
    text: str, name: str, pages: Mapping[str, Page], results: Mapping[str, Any]
) -> str:
    """Return a page with figures of other pages in place of its marks.

    A mark names a figure by the words that its description begins with.
    """

    def shown(mark: re.Match[str]) -> str:
        page = pages.get(mark["page"])
        if page is None:
            raise PageError(f"{name}: a figure of {mark['page']}, which is no page")
        return figure(page, mark["words"], name, results[page.name])

    return FIGURE_MARK.sub(shown, text)


def figure(page: Page, words: str, target: str, results: render.Results) -> str:
    """Return a figure in light and in dark, as a link to where it was drawn."""
    found = [b for b in page.blocks if b.options.get("alt", "").startswith(words)]
    drawn = [svg for b in found[:1] for svg in render.svgs(results[b.anchor])]
    if len(found) != 1 or not drawn:
        raise PageError(
            f"{target}: {len(found)} figures of {page.name} begin with {words!r}; "
            "expected one that was drawn"
        )
    (block,) = found
    width, height = figures.size(drawn[0])
    up = "../" * target.count("/")
    alt = block.options["alt"].replace("[", "(").replace("]", ")")
    images = "".join(
        f"![{alt}]({up}{render.figure_path(page, block.anchor, 1, theme)}#only-{theme})"
        f'{{ .figure width="{width}" height="{height}" }}'
        for theme in figures.THEMES
    )
    # Not as Markdown: the strict build knows only the anchors of headings.
    address = f"{page.name.rpartition('.')[0]}/#{block.anchor}"
    return f'<a href="{"../" * levels(target)}{address}">{images}</a>'


def levels(name: str) -> int:
    """Return how many folders deep a page's own address is."""
    return len([part for part in name.rpartition(".")[0].split("/") if part != "index"])
