"""Turn a page into files a reader can run: a notebook with outputs, a plain script."""

import re
import textwrap
from typing import Any

import jupytext
import nbformat

from press import figures
from press.blocks import Block, Page, Prose
from press.render import results_of
from press.run import Run

ADMONITION = re.compile(
    r'^ *(?:!!!|\?\?\?\+?|===) *(?P<kind>\w*) *(?:"(?P<title>[^"]*)")?$'
)
LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s]+)(?=\))")
REFERENCE = re.compile(r"\[(`[^`\]]+`|[^\]]+)\]\[[\w.]+\]")
COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE | re.DOTALL)
ATTRIBUTES = re.compile(r"\{ ?[.:#][^}]*\}")


def notebook(page: Page, run: Run, site_url: str, setup: str = "") -> str:
    """Return the page as a notebook that holds the outputs of its run.

    `setup` is code for a first cell, which the page itself does not have.
    """
    results = results_of(page, run)
    cells: list[Any] = [nbformat.v4.new_code_cell(setup)] if setup else []
    for piece in page.pieces:
        if isinstance(piece, Prose):
            cells += prose_cells(piece, page, site_url)
        elif piece.runs:
            cells.append(code_cell(piece, results.get(piece.anchor)))
        else:
            shown = f"```{piece.language}\n{piece.code}\n```"
            cells.append(nbformat.v4.new_markdown_cell(shown))
    return nbformat.writes(assemble(cells)) + "\n"


def prose_cells(prose: Prose, page: Page, site_url: str) -> list[Any]:
    """Return one Markdown cell, or none where there is nothing between two blocks."""
    text = plain_markdown(prose.text, page, site_url)
    return [nbformat.v4.new_markdown_cell(text)] if text else []


def code_cell(block: Block, result: dict[str, Any] | None) -> Any:
    code = block.code
    if "needs" in block.options:
        code = only_where_it_can(code, block.options["needs"])
    cell = nbformat.v4.new_code_cell(code)
    if "raises" in block.options:
        cell.metadata["tags"] = ["raises-exception"]
    for output in result["outputs"] if result else []:
        cell.outputs.append(cell_output(output, block))
    return cell


def cell_output(output: dict[str, str], block: Block) -> Any:
    kind, text = output["kind"], output["text"]
    if kind == "figure":
        svg = figures.in_theme(text, "light")
        data = {"image/svg+xml": svg, "text/plain": block.options["alt"]}
        return nbformat.v4.new_output("display_data", data)
    if kind == "table":
        data = {"text/html": text, "text/plain": output["plain"]}
        return nbformat.v4.new_output("display_data", data)
    if kind == "error":
        name, _, value = text.partition(": ")
        return nbformat.v4.new_output(
            "error", ename=name, evalue=value, traceback=[text]
        )
    name = "stderr" if kind == "warning" else "stdout"
    return nbformat.v4.new_output("stream", name=name, text=text + "\n")


def script(page: Page, site_url: str) -> str:
    """Return the page as a script that runs to its end.

    A block that is meant to fail catches its error, and a drawing is shown.
    """
    cells: list[Any] = []
    for piece in page.pieces:
        if isinstance(piece, Prose):
            cells += prose_cells(piece, page, site_url)
        elif piece.runs:
            cells.append(nbformat.v4.new_code_cell(as_script(piece)))
    return jupytext.writes(assemble(cells), fmt="py:percent")


def as_script(block: Block) -> str:
    code = block.code
    if "raises" in block.options:
        name = block.options["raises"].partition(":")[0].strip()
        code = (
            f"try:\n{textwrap.indent(code, '    ')}\n"
            f"except Exception as error:  # {name}, on purpose\n"
            '    print(f"{type(error).__name__}: {error}")'
        )
    if "needs" in block.options:
        code = only_where_it_can(code, block.options["needs"])
    if "alt" in block.options:
        code += "\nplt.show()"
        if not re.search(r"^import matplotlib.pyplot as plt$", code, re.MULTILINE):
            code = "import matplotlib.pyplot as plt\n\n" + code
    return code


def only_where_it_can(code: str, needed: str) -> str:
    """Put code behind a question that it must not fail on any reader's machine."""
    question = "if torch.cuda.is_available():"
    if needed == "torchvision":
        question = "import importlib.util\n\n"
        question += 'if importlib.util.find_spec("torchvision"):'
    return f"{question}\n{textwrap.indent(code, '    ')}"


def assemble(cells: list[Any]) -> Any:
    """Return a notebook whose cells have ids that never change between builds."""
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def plain_markdown(text: str, page: Page, site_url: str) -> str:
    """Return Markdown without what only the site's engine understands."""
    lines = []
    for line in text.split("\n"):
        if opening := ADMONITION.match(line):
            lines += [f"**{opening['title'] or opening['kind'].title()}**", ""]
            continue
        lines.append(line.removeprefix("    "))
    text = COMMENT.sub("", "\n".join(lines))
    text = ATTRIBUTES.sub("", text)
    text = REFERENCE.sub(r"\1", text)
    return LINK.sub(lambda m: absolute(m[1], page, site_url), text).strip()


def absolute(target: str, page: Page, site_url: str) -> str:
    """Return a link between pages as an address that works outside the site."""
    path, _, anchor = target.partition("#")
    if page.name.endswith(".py"):  # Notebooks link to rendered addresses already.
        folder = "notebooks/" + page.stem + "/"
    else:
        folder = page.name.rpartition("/")[0] + "/"
        path = re.sub(r"(?:index)?\.(?:md|ipynb)$", "/", path)
    parts: list[str] = folder.strip("/").split("/")
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in (".", ""):
            parts.append(part)
    if parts and "." not in parts[-1]:  # A page, whose address is a folder.
        parts.append("")
    return site_url + "/".join(parts) + (f"#{anchor}" if anchor else "")
