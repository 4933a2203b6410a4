"""Write the A–Z page from the reviewed table of terms, `docs/topics.csv`.

A row of the table names a term and the section that teaches it. Rows with a number
are the topics that the guide has promised to teach; the others are more ways in.
"""

import csv
import dataclasses
import functools
import re
from itertools import groupby
from pathlib import PurePosixPath

from markdown.extensions.toc import slugify, unique

from press.blocks import ROOT, PageError, Prose, read_page

TABLE = ROOT / "docs" / "topics.csv"
NAME = "index-of-terms.md"
# Where a name of PyTorch lives is not what a reader looks it up by.
HOMES = re.compile(r"^(?:torch\.optim\.|torch\.cuda\.|torch\.|nn\.|tensor\.)")
HEADING = re.compile(r"^(#{1,6}) (.+?)(?: *\{ *#([\w.-]+) *\})? *$", re.MULTILINE)

INTRODUCTION = """\
---
title: A–Z
description: Every term and every PyTorch name that the guide teaches, in alphabetical \
order, each with a link to the section that explains it.
search:
  exclude: true
---

# A–Z of terms

Each term leads to the section that teaches it.
Names of PyTorch stand under their last part: `nn.Linear` under L, \
`torch.stack` under S.
For a definition in one sentence, see the [glossary](glossary.md).
"""


@dataclasses.dataclass(frozen=True)
class Topic:
    """One row of the table: a term, and the heading under which it is taught."""

    id: str  # T001, … for what must be taught; empty for more ways in
    term: str
    page: str  # below docs/pages
    anchor: str

    @property
    def key(self) -> str:
        """Return what the term is sorted by."""
        return HOMES.sub("", self.term.replace("`", "").lower())

    @property
    def letter(self) -> str:
        return self.key[0].upper()


def load() -> list[Topic]:
    """Return the table, row by row; raise `PageError` for a row that is not whole."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        topics = [Topic(**row) for row in csv.DictReader(file, strict=True)]
    for topic in topics:
        if not (topic.term and topic.page and topic.anchor):
            raise PageError(f"{TABLE.name}: a term, page or anchor is missing: {topic}")
    return topics


@functools.cache
def headings(name: str) -> dict[str, str]:
    """Return the headings of a page: anchor -> text."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for piece in read_page(name).pieces:
        if not isinstance(piece, Prose):
            continue
        for _, title, given in HEADING.findall(piece.text):
            text = plain(title)
            found[given or unique(slugify(text, "-"), taken)] = text
    return found


def plain(title: str) -> str:
    """Return the words of a heading without Markdown's signs."""
    return re.sub(r"`|\\(?=\W)", "", title)


def text() -> str:
    """Return the page as Markdown: a line of letters, then the terms of each."""
    topics = sorted(load(), key=lambda topic: (topic.key, topic.term))
    letters = {
        letter: list(of_letter)
        for letter, of_letter in groupby(topics, lambda topic: topic.letter)
    }
    jumps = " ".join(f"[{letter}](#{anchor_of(letter)})" for letter in letters)
    parts = [INTRODUCTION, f"{jumps}\n{{ .letters }}\n"]
    for letter, of_letter in letters.items():
        lines = "\n".join(map(line, of_letter))
        parts.append(f"## {letter} {{ #{anchor_of(letter)} }}\n")
        parts.append(f'<div class="index-of-terms" markdown>\n\n{lines}\n\n</div>\n')
    return "\n".join(parts)


def anchor_of(letter: str) -> str:
    return f"letter-{letter.lower()}"


def line(topic: Topic) -> str:
    """Return one entry: the term as a link, and the place that it leads to."""
    return (
        f"- [{topic.term}]({topic.page}#{topic.anchor}) <small>{place(topic)}</small>"
    )


def place(topic: Topic) -> str:
    """Say where a term is taught: the page, and the section unless it is the top."""
    known = headings(topic.page)
    if topic.anchor not in known:
        raise PageError(
            f"{TABLE.name}: {topic.term}: {topic.page} has no heading #{topic.anchor}"
        )
    title = next(iter(known.values()))
    section = known[topic.anchor]
    return title if section == title else f"{title}: {section}"


def address(page: str, anchor: str) -> str:
    """Return where a section of a page is found below the root of the site."""
    path = PurePosixPath(page)
    folder = path.parent if path.stem == "index" else path.with_suffix("")
    return f"{'' if str(folder) == '.' else f'{folder}/'}#{anchor}"
