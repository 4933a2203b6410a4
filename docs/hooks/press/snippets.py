"""Write the guide for programs: every block as data, every page as clean Markdown."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from press import error_pages, render
from press.blocks import Block, Page, Prose
from press.copies import Copy
from press.downloads import LINK, absolute, plain_markdown
from press.render import Results

REFERENCE = re.compile(r"^::: (dlguide[\w.]*)$", re.MULTILINE)
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LEDGER_MARK = "<!-- ledger -->"
Section = tuple[str, list[tuple[str, str, str]]]  # title, [(title, page, description)]


def twin(name: str) -> str:
    """Return where a page's clean Markdown lies, below the site."""
    return re.sub(r"\.(py|ipynb)$", ".md", name)


def address(name: str) -> str:
    """Return a page's address below the site."""
    stem = re.sub(r"(^|/)index$", r"\1", name.rpartition(".")[0])
    return stem if not stem or stem.endswith("/") else f"{stem}/"


def snippet(
    block: Block,
    copy: Copy | None,
    result: Mapping[str, Any] | None,
    rows: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return all that is known of one block of code.

    `runnable` is the program that was run alone to prove it, None for a block that
    has not run anywhere; `output` is the text below the block.
    """
    return {
        "page": address(block.page),
        "anchor": block.anchor,
        "language": block.language,
        "code": block.code,
        "runnable": copy.text(block) if copy else None,
        "output": text_output(result) if result else None,
        "environments": {
            row["environment"]: {
                key: row[key] for key in ("outcome", "reason", "seconds", "versions")
            }
            for row in rows
        },
    }


def text_output(result: Mapping[str, Any]) -> str | None:
    """Return what a block printed, warned or raised; None where it is silent."""
    texts = [
        output.get("plain", output["text"])
        for output in result["outputs"]
        if output["kind"] != "figure"
    ]
    return "\n".join(texts) if texts else None


def as_json(snippets: list[dict[str, Any]]) -> str:
    return json.dumps(snippets, indent=1, ensure_ascii=False) + "\n"


def markdown(
    page: Page, results: Results, site_url: str, reference: Callable[[str], str]
) -> str:
    """Return a page as Markdown that needs no site: outputs below each block.

    `reference` writes what stands in the place of a module's name.
    """
    parts = []
    for piece in page.pieces:
        if isinstance(piece, Prose):
            text = piece.text.replace(error_pages.INDEX_MARK, error_pages.index())
            text = text.replace(error_pages.SEARCH_MARK, "")
            text = text.replace(LEDGER_MARK, f"The ledger: <{site_url}ledger.json>")
            before, *modules = REFERENCE.split(text)
            parts.append(plain_markdown(before, page, site_url))
            for module, after in zip(modules[::2], modules[1::2], strict=True):
                parts.append(with_absolute_links(reference(module), page, site_url))
                parts.append(plain_markdown(after, page, site_url))
        else:
            parts.append(fence(piece.code, piece.language))
            parts += shown_below(page, piece, results.get(piece.anchor), site_url)
    return "\n\n".join(filter(None, parts)) + "\n"


def shown_below(
    page: Page, block: Block, result: Mapping[str, Any] | None, site_url: str
) -> list[str]:
    """Return a block's outputs and figures, and the note on where they are from."""
    if result is None:
        return []
    parts = [result.get("note", "")]
    if text := text_output(result):
        parts.append(fence(text, "text"))
    for number, _ in enumerate(render.svgs(dict(result)), 1):
        path = render.figure_path(page, block.anchor, number, "light")
        parts.append(f"![{block.options['alt']}]({site_url}{path})")
    return parts


def with_absolute_links(text: str, page: Page, site_url: str) -> str:
    """Return Markdown whose links work outside of the site; code stays as it is."""
    parts = FENCED.split(text)
    parts[::2] = [
        LINK.sub(lambda found: absolute(found[1], page, site_url), part)
        for part in parts[::2]
    ]
    return "".join(parts)


def fence(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    marks = "`" * (longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def llms_text(
    name: str, summary: str, sections: Iterable[Section], site_url: str
) -> str:
    """Return the list of pages in the form of llmstxt.org."""
    parts = [
        f"# {name}",
        f"> {summary}",
        "The build has run each block of code, and its output stands below it. "
        "All blocks as data, with programs that run alone, outputs and versions: "
        f"[snippets.json]({site_url}snippets.json).",
    ]
    for title, pages in sections:
        links = [
            f"- [{label}]({site_url}{twin(page)}): {description}"
            for label, page, description in pages
        ]
        parts.append("\n".join([f"## {title}", "", *links]))
    return "\n\n".join(parts) + "\n"
