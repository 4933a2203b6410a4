"""Write a page with the outputs of its run, as Markdown that any engine can publish."""

import re
from typing import Any

from press import figures
from press.blocks import Block, Page, Prose
from press.run import Run, runs_here

Results = dict[str, dict[str, Any]]
FIGURES = "assets/figures"
STYLE = re.compile(r"<style.*?</style>|\s(?:style|border|class)=\"[^\"]*\"", re.DOTALL)


def results_of(page: Page, run: Run) -> Results:
    """Return each block's result by its anchor."""
    ran = [block for block in page.blocks if runs_here(block, run.environment)]
    return {b.anchor: r for b, r in zip(ran, run.results, strict=True)}


def figure_files(page: Page, results: Results) -> dict[str, str]:
    """Return the figures of a page: path below the site -> SVG."""
    files = {}
    for anchor, result in results.items():
        for number, svg in enumerate(svgs(result), 1):
            for theme in figures.THEMES:
                path = figure_path(page, anchor, number, theme)
                files[path] = figures.in_theme(svg, theme)
    return files


def svgs(result: dict[str, Any]) -> list[str]:
    return [out["text"] for out in result["outputs"] if out["kind"] == "figure"]


def figure_path(page: Page, anchor: str, number: int, theme: str) -> str:
    return f"{FIGURES}/{page.stem}-{anchor}-{number}-{theme}.svg"


def markdown(page: Page, results: Results) -> str:
    """Return the page with each block's outputs beneath it.

    The note of a result says where its outputs come from, or why it has none.
    """
    parts = []
    for piece in page.pieces:
        if isinstance(piece, Prose):
            parts.append(piece.text)
            continue
        shown = fence(piece.code, f".{piece.language} #{piece.anchor}")
        if result := results.get(piece.anchor):
            if note := result.get("note"):
                shown += f"\n{note}\n{{ .not-run }}\n"
            shown += outputs(page, piece, result)
        parts.append(indented(shown, piece.indent))
    return "\n".join(parts)


def outputs(page: Page, block: Block, result: dict[str, Any]) -> str:
    """Return what a block printed, drew or raised."""
    shown, number = "", 0
    for output in result["outputs"]:
        kind, text = output["kind"], output["text"]
        if kind == "table":
            shown += f'\n<div class="output table">{plain_table(text)}</div>\n'
        elif kind == "figure":
            number += 1
            shown += figure(page, block, number, text)
        else:
            extra = "" if kind == "text" else f" .{kind}"
            shown += fence(text, f".text .output .no-copy{extra}")
    return shown


def fence(text: str, attributes: str) -> str:
    """Return a fenced block whose fence is longer than any inside it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    marks = "`" * (longest + 1)
    return f"\n{marks}{{{attributes}}}\n{text}\n{marks}\n"


def figure(page: Page, block: Block, number: int, svg: str) -> str:
    """Return a figure twice, once for each theme; the site shows one of them."""
    width, height = figures.size(svg)
    alt = block.options["alt"].replace("[", "(").replace("]", ")")
    up = "../" * page.name.count("/")
    images = [
        f"![{alt}]({up}{figure_path(page, block.anchor, number, theme)}#only-{theme})"
        f'{{ .figure loading=lazy width="{width}" height="{height}" }}'
        for theme in figures.THEMES
    ]
    return "\n" + "\n".join(images) + "\n"


def plain_table(html: str) -> str:
    """Return pandas' table without its own styles and without empty headers."""
    html = STYLE.sub("", html).replace("<th></th>", "<td></td>")
    return " ".join(html.split())


def indented(text: str, indent: str) -> str:
    return "\n".join(indent + line if line else line for line in text.split("\n"))
