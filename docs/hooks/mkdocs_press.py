"""Hand the press's pages to MkDocs; a thin adapter, all that knows this site engine."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page as SitePage
from mkdocs.utils import get_relative_url

sys.path.insert(0, str(Path(__file__).parent))

from press import (
    cheat_sheet,
    colab,
    controls,
    downloads,
    error_pages,
    evidence,
    example_html,
    examples,
    front,
    glossary,
    ledger,
    name_links,
    names,
    notebook_html,
    offline,
    paper,
    reference_text,
    render,
    runnable,
    search_index,
    snippets,
    sources,
    topics,
    wheel,
)
from press.blocks import PAGES, Block, PageError, parse_page
from press.copies import Copy
from press.math import with_mathml
from press.run import write_atomically
from press.tables import ledger_table

LEDGER_MARK = "<!-- ledger -->"
edition: ledger.Edition
rows: list[dict[str, Any]] = []
evidences: dict[str, evidence.Evidence] = {}
results: dict[str, render.Results] = {}
copies: dict[str, dict[str, Copy]] = {}
used: dict[str, dict[str, list[names.Use]]] = {}
places: dict[str, list[names.Place]] = {}
shown: dict[str, list[examples.Example]] = {}  # docstring examples of each page
navigation: Navigation


def on_config(config: MkDocsConfig) -> None:
    """Run what has changed, and stop the build where something failed."""
    global edition, rows, evidences, results, copies, used, places
    try:
        edition = ledger.make_edition("cpu", config.site_url or "", others_run=False)
    except PageError as error:
        raise PluginError(str(error)) from error
    failures = [one.failure for one in edition.runs.values() if one.failure]
    if failures:
        raise PluginError("\n\n".join(failures))
    evidences = evidence.load_all()
    rows = ledger.entries(edition, evidences)
    copies = {
        name: edition.copies.get(name, {}) | evidence.copies_to_show(page, evidences)
        for name, page in edition.pages.items()
    }
    used = {name: names.uses(page) for name, page in edition.pages.items()}
    on_site = [page for name, page in edition.pages.items() if name != "README.md"]
    places = names.places(on_site, used)
    for name, page in edition.pages.items():
        one = edition.runs[name]
        results[name] = evidence.results_to_show(page, one, evidences)
        if name.endswith(".py"):
            keep_notebook(name, config.site_url or "")


def keep_notebook(name: str, site_url: str) -> None:
    """Write an executed notebook for mkdocs-jupyter, which takes no generated files."""
    path = (PAGES / name).with_suffix(".ipynb")
    text = downloads.notebook(edition.pages[name], edition.runs[name], site_url)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)


def on_nav(nav: Navigation, **_: Any) -> None:
    global navigation
    navigation = nav


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add figures, downloads and the ledger to the site."""
    made = {"ledger.json": json.dumps(rows, indent=1) + "\n"} | edition.files
    made |= {name: error_pages.text_of(name) for name in error_pages.names()}
    made |= lists_of_terms()
    for name, page in edition.pages.items():
        if name != "README.md":
            made |= render.figure_files(page, results[name])
    sheet = (paper.FILE, printed_sheet(config.site_url or ""))
    for path, content in [*made.items(), wheel.build(), sheet]:
        files.append(File.generated(config, path, content=content))
    return files


def lists_of_terms() -> dict[str, str]:
    """Return the pages that are made from tables and have no code."""
    return {topics.NAME: topics.text(), glossary.NAME: glossary.text()}


def printed_sheet(site_url: str) -> bytes:
    """Return the cheat sheet as a PDF, or stop the build where it cannot be printed."""
    name = cheat_sheet.NAME
    try:
        return paper.pdf(edition.pages[name], results[name], site_url)
    except PageError as error:
        raise PluginError(str(error)) from error


def on_page_markdown(
    markdown: str, page: SitePage, config: MkDocsConfig, **_: Any
) -> str:
    """Put outputs under the blocks, and lists where the page asks for them."""
    name = page.file.src_uri
    page.edit_url = sources.edit_address(
        name, config.repo_url, config.extra["edit_path"]
    )
    if name not in edition.pages:
        return markdown
    written = edition.pages[name]
    text = render.markdown(written, results[name])
    for mark, made in MADE_FOR.items():
        if mark in text:
            text = text.replace(mark, made())
    try:
        return front.with_figures(text, name, edition.pages, results)
    except PageError as error:
        raise PluginError(str(error)) from error


def error_search() -> str:
    """Return the data of the search box, in the page: it must work from a disk."""
    data = error_pages.search_data()
    return f'<script type="application/json" id="known-errors">{data}</script>'


# What takes the place of a mark, on the page that has it.
MADE_FOR = {
    LEDGER_MARK: lambda: ledger_table(rows),
    error_pages.INDEX_MARK: error_pages.index,
    error_pages.SEARCH_MARK: error_search,
    cheat_sheet.COUNT_MARK: lambda: cheat_sheet.count_line(rows),
    cheat_sheet.GROUPS_MARK: lambda: cheat_sheet.list_groups(
        edition.pages[cheat_sheet.NAME]
    ),
    front.NUMBERS_MARK: lambda: front.numbers(rows),
    front.VERSIONS_MARK: front.build_versions,
}


def on_page_content(html: str, page: SitePage, config: MkDocsConfig, **_: Any) -> str:
    """Finish a page: notebook markup, mathematics, evidence, every block known."""
    name = page.file.src_uri
    if name.endswith(".ipynb"):
        name = name.removesuffix(".ipynb") + ".py"
        html = notebook_html.as_lesson(
            html, edition.pages[name], results[name], site_root(page)
        )
        page.meta.setdefault("description", edition.pages[name].first_sentence)
    if name not in edition.pages:  # A list of terms, without code.
        return html
    soup = BeautifulSoup(with_mathml(html), "html.parser")
    if name.startswith("lessons/"):
        glossary.mark_first_uses(soup, site_root(page))
    if ledger.has_downloads(name):
        heading = soup.find("h1")
        if not isinstance(heading, Tag):
            raise PluginError(f"{name}: no first-level heading")
        line = evidence_html(name, page, config.repo_url)
        heading.insert_after(BeautifulSoup(line, "html.parser"))
    try:
        controls.add_controls(soup, name, site_root(page))
        blocks = [*edition.pages[name].blocks, *shown_examples(soup, name)]
        account_for_blocks(soup, name)
        link_names(soup, name, page)
    except PageError as error:
        raise PluginError(str(error)) from error
    return str(soup) + runnable.data(blocks, copies[name])


def shown_examples(soup: BeautifulSoup, name: str) -> list[Block]:
    """Show docstring examples as code and outputs; return them as blocks."""
    codes = {one["name"]: one["code"] for one in edition.docstrings.results}
    # While someone writes, examples may not have run; `nox -s site` refuses that.
    ran = edition.docstrings.failure is None
    found = example_html.show_examples(soup, codes if ran else None)
    copies[name] |= examples.copies(found)
    shown[name] = found
    return [example.as_block() for example in found]


def link_names(soup: BeautifulSoup, name: str, page: SitePage) -> None:
    """Lead from names in code to the reference, and from there to their uses."""

    def address(target: str) -> str:
        folder = re.sub(r"(^|/)index$", r"\1", target.rpartition(".")[0])
        return get_relative_url(f"{folder}/" if folder else ".", page.url)

    name_links.link_names(soup, used[name], address)
    name_links.add_uses(soup, name, places, address)


@event_priority(-100)  # The index of the search is written on this event too.
def on_post_build(config: MkDocsConfig) -> None:
    """Finish what needs the whole site; the offline copy of it comes last."""
    write_for_programs(config)
    tune_search(Path(config.site_dir) / "search" / "search_index.json")
    offline.pack(Path(config.site_dir), config.site_url or "")


def tune_search(path: Path) -> None:
    """Teach the search which words people use for what a section is about."""
    index = json.loads(path.read_text(encoding="utf-8"))
    try:
        tuned = search_index.tune(index)
    except PageError as error:
        raise PluginError(str(error)) from error
    path.write_text(json.dumps(tuned, separators=(",", ":")), encoding="utf-8")


def site_root(page: SitePage) -> str:
    return get_relative_url(".", page.url).rstrip("/") + "/"


def evidence_html(name: str, page: SitePage, repo_url: str | None) -> str:
    """Return the quiet line under a title: where it ran, and its downloads."""
    stem = edition.pages[name].stem
    line = ledger.summary_line(name, rows, evidences)

    def to(target: str) -> str:
        return get_relative_url(target, page.url)

    return (
        f'<p class="evidence">{line} <a href="{to("evidence/")}">Evidence</a>. '
        f'Download: <a download href="{to(f"downloads/{stem}.ipynb")}">notebook</a>, '
        f'<a download href="{to(f"downloads/{stem}.py")}">script</a>.'
        f"{colab_html(repo_url, stem)}</p>"
    )


def colab_html(repo_url: str | None, stem: str) -> str:
    """Return the link to Colab, or nothing where no GitHub repository is named."""
    address = colab.address(repo_url, f"{stem}.ipynb")
    return f' <a href="{address}">Open in Colab</a>.' if address else ""


def account_for_blocks(soup: BeautifulSoup, name: str) -> None:
    """Raise `PageError` for code on the finished page that the ledger does not know."""
    known = {row["anchor"] for row in rows if row["page"] == name}
    for pre in soup.find_all("pre"):
        around = [pre, *pre.parents]
        ids = {str(tag.get("id")) for tag in around if isinstance(tag, Tag)}
        classes = {
            c
            for tag in around
            if isinstance(tag, Tag)
            for c in tag.get_attribute_list("class")
        }
        # mkdocstrings' own: signatures, sources, and examples, which the doctests run.
        if not ids & known and not classes & {"output", "doc", "doc-signature"}:
            text = pre.get_text()[:60]
            raise PageError(f"{name}: a code block in no class: {text!r}")


def write_for_programs(config: MkDocsConfig) -> None:
    """Write the guide for programs, next to the pages that people read."""
    site_url = (config.site_url or "").rstrip("/") + "/"
    site = Path(config.site_dir)
    made = {
        "snippets.json": snippets.as_json(all_snippets()),
        "llms.txt": snippets.llms_text(
            config.site_name, page_list(navigation.items)[0][2], sections(), site_url
        ),
    }
    lists = lists_of_terms().items()
    without_code = {name: parse_page(name, text) for name, text in lists}
    for name, page in (edition.pages | without_code).items():
        if name != "README.md":
            made[snippets.twin(name)] = snippets.markdown(
                page, results.get(name, {}), site_url, reference_text.of_module
            )
    for path, text in made.items():
        write_atomically(site / path, text)


def all_snippets() -> list[dict[str, Any]]:
    """Return every block that a reader sees as data, page by page."""
    by_block: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        by_block.setdefault((row["page"], row["anchor"]), []).append(row)
    found = []
    for name, page in edition.pages.items():
        if name == "README.md":
            continue
        for block in page.blocks:
            copy = copies[name].get(block.anchor)
            result = results[name].get(block.anchor)
            about = by_block.get((name, block.anchor), [])
            found.append(snippets.snippet(block, copy, result, about))
        for example in shown.get(name, []):
            output = {"kind": "text", "text": example.output}
            result = {"outputs": [output] if example.output else []}
            copy = copies[name][example.anchor]
            about = by_block.get((name, example.name), [])
            found.append(snippets.snippet(example.as_block(), copy, result, about))
    return found


def sections() -> list[snippets.Section]:
    """Return the pages in the order of the navigation; single ones come last."""
    titled = [item for item in navigation.items if isinstance(item, Section)]
    single = [item for item in navigation.items if isinstance(item, SitePage)]
    listed = [(section.title, page_list(section.children)) for section in titled]
    return [*listed, ("Optional", page_list(single))]


def page_list(items: list[Any]) -> list[tuple[str, str, str]]:
    """Return title, name and description of each page among items of navigation."""
    return [
        (str(item.title), item.file.src_uri, str(item.meta.get("description", "")))
        for item in items
        if isinstance(item, SitePage)
    ]
