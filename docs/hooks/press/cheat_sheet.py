"""Read the cheat sheet: what is wanted, the code, and what that printed.

The page is ordinary Markdown: a heading for each group, a link to its lesson, then
pairs of a line that says what you want and a block that does it.
"""

import dataclasses
import re
from typing import Any

from markdown.extensions.toc import slugify

from press import run
from press.blocks import Block, Page, PageError, Prose
from press.render import Results

NAME = "cheat-sheet.md"
COUNT_MARK = "<!-- blocks of the cheat sheet -->"
GROUPS_MARK = "<!-- groups of the cheat sheet -->"
HEADING = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
LEARN = re.compile(r"^\[[^\]]+\]\((?P<path>[^)#]+)\.md(?P<anchor>#[^)]+)?\)")


@dataclasses.dataclass(frozen=True)
class Row:
    """One entry: what is wanted, the code that does it, and what that printed."""

    want: str
    code: str
    result: str


@dataclasses.dataclass(frozen=True)
class Group:
    """Entries that belong together, and where on the site they are taught."""

    title: str
    lesson: str  # below the site's root
    rows: tuple[Row, ...]


def groups(page: Page, results: Results) -> list[Group]:
    """Return the entries of the page in its order; refuse one that lacks its words."""
    found: list[tuple[str, str, list[Row]]] = []
    prose = ""
    for piece in page.pieces:
        if isinstance(piece, Prose):
            prose += piece.text
            continue
        if heading := HEADING.search(prose):
            learn = next(filter(None, map(LEARN.match, prose.splitlines())), None)
            if learn is None:
                raise PageError(f"{NAME}: no lesson is linked under {heading[0]!r}")
            lesson = f"{learn['path'].removesuffix('index')}/{learn['anchor'] or ''}"
            found.append((heading["title"], lesson.replace("//", "/"), []))
        if not found:
            raise PageError(f"{NAME}:{piece.line}: a block above the first heading")
        found[-1][2].append(Row(want(piece, prose), piece.code, result(piece, results)))
        prose = ""
    return [Group(title, lesson, tuple(rows)) for title, lesson, rows in found]


def want(block: Block, prose: str) -> str:
    """Return the line above a block, which says what it is for."""
    words = prose.strip().splitlines()[-1:] or [""]
    if not words[0] or words[0].startswith(("<", "[", "#")):
        raise PageError(f"{NAME}:{block.line}: say above this block what it is for")
    return words[0].replace("`", "")


def result(block: Block, results: Results) -> str:
    """Return what a block printed, one line for each value."""
    outputs = results[block.anchor]["outputs"] if block.anchor in results else []
    return "\n".join(joined(output["text"]) for output in outputs)


def joined(text: str) -> str:
    """Put a value that was printed on several lines on one."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and lines[-1].count("(") > lines[-1].count(")"):
            space = "" if lines[-1].endswith("(") else " "
            lines[-1] += space + line.strip()
        else:
            lines.append(line)
    return "\n".join(lines)


def count_line(rows: list[dict[str, Any]]) -> str:
    """Say how many blocks of the page have run, and on what."""
    ran = [
        row
        for row in rows
        if (row["page"], row["environment"]) == (NAME, "cpu")
        and row["outcome"] in run.RAN
    ]
    torch = run.versions()["torch"]
    return f"all {len(ran)} blocks of this one ran with PyTorch {torch}"


def list_groups(page: Page) -> str:
    """Return a link to each group, to jump to."""
    prose = "".join(piece.text for piece in page.pieces if isinstance(piece, Prose))
    titles = HEADING.findall(prose)
    return " · ".join(f"[{title}](#{slugify(title, '-')})" for title in titles)
