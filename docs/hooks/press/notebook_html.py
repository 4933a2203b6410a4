"""Give a page from mkdocs-jupyter the markup, and so the weight, of a lesson."""

from html import escape

from bs4 import BeautifulSoup
from bs4.element import Tag

from press import figures
from press.blocks import Block, Page
from press.render import Results, figure_path, plain_table


def as_lesson(html: str, page: Page, results: Results, root: str) -> str:
    """Keep prose and highlighted code; leave out the inlined styles and scripts.

    `root` leads from the page to the top of the site.
    """
    soup = BeautifulSoup(html, "html.parser")
    blocks = iter(page.blocks)
    parts = []
    for cell in soup.select(".jp-Notebook-cell[id]"):
        prose = cell.select_one(".jp-MarkdownOutput")
        if prose is not None:
            parts.append(prose_html(prose))
            continue
        block = next(blocks)
        parts.append(code_html(cell, block))
        result = results.get(block.anchor, {"outputs": []})
        if note := result.get("note"):
            parts.append(f'<p class="not-run">{escape(note)}</p>')
        parts += outputs_html(page, block, result["outputs"], root)
    if (left := next(blocks, None)) is not None:
        raise ValueError(f"{page.name}:{left.line}: this cell was not rendered")
    return "\n".join(parts)


def prose_html(prose: Tag) -> str:
    """Return a Markdown cell, its heading links as the theme writes them."""
    for link in prose.select("a.anchor-link"):
        link["class"] = "headerlink"
        link["title"] = "Permanent link"
    return prose.decode_contents()


def code_html(cell: Tag, block: Block) -> str:
    """Return a code cell as the theme writes a highlighted block."""
    pre = cell.select_one(".jp-InputArea pre")
    if pre is None:
        raise ValueError(f"{block.page}:{block.line}: this cell has no code")
    return (
        f'<div class="language-python highlight" id="{block.anchor}">'
        f"<pre><span></span><code>{pre.decode_contents().removeprefix('<span></span>')}"
        "</code></pre></div>"
    )


def outputs_html(
    page: Page, block: Block, outputs: list[dict[str, str]], root: str
) -> list[str]:
    """Return what a cell printed, drew or raised, as under a lesson's block."""
    parts, number = [], 0
    for output in outputs:
        kind, text = output["kind"], output["text"]
        if kind == "figure":
            number += 1
            parts.append(figure_html(page, block, number, text, root))
        elif kind == "table":
            parts.append(f'<div class="output table">{plain_table(text)}</div>')
        else:
            extra = "" if kind == "text" else f" {kind}"
            parts.append(
                f'<div class="language-text output no-copy{extra} highlight">'
                f"<pre><span></span><code>{escape(text)}\n</code></pre></div>"
            )
    return parts


def figure_html(page: Page, block: Block, number: int, svg: str, root: str) -> str:
    width, height = figures.size(svg)
    images = [
        f'<img alt="{escape(block.options["alt"])}" class="figure" loading="lazy" '
        f'width="{width}" height="{height}" '
        f'src="{root}{figure_path(page, block.anchor, number, theme)}#only-{theme}">'
        for theme in figures.THEMES
    ]
    return f"<p>{''.join(images)}</p>"
