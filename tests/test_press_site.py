"""What the site hook adds to a finished page, and what it refuses to publish."""

import mkdocs_press
import pytest
from bs4 import BeautifulSoup

from press import notebook_html
from press.blocks import PageError, parse_page
from press.math import with_mathml
from press.tables import ledger_table

NAME = "lessons/trial.md"


def account(html: str, monkeypatch, *anchors: str) -> None:
    rows = [{"page": NAME, "anchor": anchor} for anchor in anchors]
    monkeypatch.setattr(mkdocs_press, "rows", rows)
    mkdocs_press.account_for_blocks(BeautifulSoup(html, "html.parser"), NAME)


@pytest.mark.parametrize(
    "html",
    [
        '<div id="code-abc" class="highlight"><pre>1</pre></div>',
        '<pre id="code-abc">1</pre>',
        '<div class="language-text output no-copy"><pre>2</pre></div>',
        '<div class="doc doc-contents"><details><pre>3</pre></details></div>',
    ],
)
def test_a_block_that_is_accounted_for_is_published(html, monkeypatch):
    account(html, monkeypatch, "code-abc")


@pytest.mark.parametrize(
    "html",
    [
        "<pre>1</pre>",
        "<blockquote><pre><code>import torch</code></pre></blockquote>",
        '<div id="code-other" class="highlight"><pre>1</pre></div>',
        '<div class="highlight"><pre>1</pre></div>',
    ],
)
def test_a_block_that_no_one_knows_is_refused(html, monkeypatch):
    with pytest.raises(PageError, match=rf"{NAME}: a code block in no class: "):
        account(html, monkeypatch, "code-abc")


def test_an_entry_of_another_page_accounts_for_nothing(monkeypatch):
    monkeypatch.setattr(
        mkdocs_press, "rows", [{"page": "index.md", "anchor": "code-abc"}]
    )
    soup = BeautifulSoup('<pre id="code-abc">1</pre>', "html.parser")
    with pytest.raises(PageError):
        mkdocs_press.account_for_blocks(soup, NAME)


def test_formulas_become_mathml():
    html = with_mathml(
        r'<p><span class="arithmatex">\(a &lt; \frac{1}{2}\)</span></p>'
        '<div class="arithmatex">\\[\nx^2\n\\]</div>'
    )
    soup = BeautifulSoup(html, "html.parser")
    assert [m["display"] for m in soup.find_all("math")] == ["inline", "block"]
    assert soup.find("mfrac")
    assert soup.find("msup")
    assert "\\" not in html
    assert soup.select_one("div.formula")["tabindex"] == "0"


NOTEBOOK = """\
# %% [markdown]
# # Line
# A line.

# %%
a = 1
a

# %% alt="A <line>"
draw()
"""
CELL = '<div class="jp-Cell jp-Notebook-cell" id="cell-{n}">{inner}</div>'
RENDERED = (
    "<style>body { color: red }</style><script src='https://cdn.example/x.js'></script>"
    '<div class="jupyter-wrapper">'
    + CELL.format(
        n=0,
        inner='<div class="jp-MarkdownOutput"><h1 id="line">Line'
        '<a class="anchor-link" href="#line">¶</a></h1><p>A line.</p></div>',
    )
    + CELL.format(
        n=1,
        inner='<div class="jp-InputArea"><pre><span></span><span class="n">'
        'a</span> = 1\na</pre></div><div class="jp-OutputArea"><pre>old</pre></div>',
    )
    + CELL.format(n=2, inner='<div class="jp-InputArea"><pre>draw()</pre></div>')
    + "</div><script>alert(1)</script>"
)
SVG = '<svg width="72pt" height="36pt" viewBox="0 0 72 36"></svg>'


def lesson(html: str = RENDERED) -> str:
    page = parse_page("notebooks/line.py", NOTEBOOK)
    results = [
        {"outputs": [{"kind": "text", "text": "1 < 2"}], "note": "Recorded < here."},
        {"outcome": "ran", "outputs": [{"kind": "figure", "text": SVG}]},
    ]
    by_anchor = {b.anchor: r for b, r in zip(page.blocks, results, strict=True)}
    return notebook_html.as_lesson(html, page, by_anchor, "../../")


def test_a_notebook_loses_its_styles_and_scripts_and_keeps_its_words():
    html = lesson()
    for gone in ("<style", "<script", "old", "jp-"):
        assert gone not in html
    soup = BeautifulSoup(html, "html.parser")
    assert soup.h1.get_text() == "Line¶"
    assert soup.select_one("h1 a.headerlink")["title"] == "Permanent link"


def test_a_notebooks_blocks_have_their_anchors_and_outputs():
    soup = BeautifulSoup(lesson(), "html.parser")
    blocks = parse_page("notebooks/line.py", NOTEBOOK).blocks
    assert [div["id"] for div in soup.select("div[id]")] == [b.anchor for b in blocks]
    assert soup.select_one(".output code").get_text() == "1 < 2\n"
    assert soup.select_one("p.not-run").get_text() == "Recorded < here."
    images = soup.find_all("img")
    assert [image["alt"] for image in images] == ["A <line>"] * 2
    assert images[0]["src"].startswith("../../assets/figures/line-code-")
    assert images[1]["src"].endswith("-dark.svg#only-dark")


def test_a_notebook_cell_that_was_not_rendered_is_missed():
    with pytest.raises(
        ValueError, match=r"notebooks/line\.py:10: this cell was not rendered"
    ):
        lesson(RENDERED.replace('id="cell-2"', ""))


def row(**changes) -> dict:
    return {
        "page": NAME,
        "anchor": "code-abc",
        "kind": "python",
        "environment": "cpu",
        "outcome": "ran",
        "reason": "",
        "seconds": 0.1,
        "hash": "h",
        "versions": {},
        "copy": {"lines_before": 9},
    } | changes


def test_the_ledgers_table_has_one_row_for_each_entry_and_links_to_its_block():
    rows = [
        row(),
        row(environment="cuda", outcome="not run", reason="a < b", seconds=None)
        | {"copy": None},
        row(copy={"lines_before": 0}),
    ]
    soup = BeautifulSoup(ledger_table(rows), "html.parser")
    found = soup.select("#ledger tbody tr")
    states = [tr["class"] for tr in found]
    assert states == [["outcome-ran"], ["outcome-not-run"], ["outcome-ran"]]
    copied = [tr.find_all("td")[5].get_text() for tr in found]
    assert copied == ["same, with 9", "", "same"]
    assert found[0].a["href"] == "../lessons/trial/#code-abc"
    assert "a < b" in found[1].get_text()


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"page": "index.md"}, "../#code-abc"),
        ({"page": "errors/index.md"}, "../errors/#code-abc"),
        ({"page": "notebooks/line.py"}, "../notebooks/line/#code-abc"),
        (
            {"page": "downloads/a.py", "kind": "download", "anchor": ""},
            "../downloads/a.py",
        ),
    ],
)
def test_the_ledger_links_to_where_a_block_is_published(changes, target):
    soup = BeautifulSoup(ledger_table([row(**changes)]), "html.parser")
    assert soup.select_one("#ledger a")["href"] == target
