"""Write the glossary from its reviewed table, and explain a term where it is first met.

In a lesson the first use of each term in running prose becomes a link to the glossary
with a tooltip that holds the definition; later uses are left alone.
"""

import dataclasses
import functools
import re
import tomllib
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag
from markdown.extensions.toc import slugify

from press.blocks import ROOT, PageError

TABLE = ROOT / "docs" / "glossary.toml"
NAME = "glossary.md"
# Prose is what stands in these and in none of those.
PROSE = ("p", "li", "dd")
NOT_PROSE = {
    *("a", "button", "code", "figure", "math", "pre", "script", "style", "summary"),
    *("svg", "table", "h1", "h2", "h3", "h4", "h5", "h6"),
}
NOT_PROSE_CLASSES = {
    "admonition-title",
    "arithmatex",
    "evidence",
    "highlight",
    "output",
}

INTRODUCTION = """\
---
title: Glossary
description: What the words of the lessons mean, each in one sentence for a beginner, \
with a link to the section of the guide that teaches it.
search:
  boost: 0.3
---

# Glossary

One sentence for each word, and a link to where it is taught.
In the lessons, a word with a dotted line below it shows this sentence: point at it, \
tap it, or reach it with the Tab key; Escape closes it.
For all topics in alphabetical order, see [A–Z](index-of-terms.md).
"""


@dataclasses.dataclass(frozen=True)
class Term:
    """A word of the lessons, what it means, and where it is taught."""

    term: str
    means: str
    learn: str  # page#anchor, below docs/pages
    forms: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        return f"term-{slugify(self.term, '-')}"

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.term, *self.forms)


@functools.cache
def load() -> tuple[Term, ...]:
    """Return the table; raise `PageError` for a spelling with two meanings."""
    with TABLE.open("rb") as file:
        entries = tomllib.load(file)["term"]
    terms = tuple(
        Term(**entry | {"forms": tuple(entry.get("forms", ()))}) for entry in entries
    )
    by_spelling(terms)
    return terms


def by_spelling(terms: tuple[Term, ...]) -> dict[str, Term]:
    """Return which term each spelling belongs to, in lower case."""
    found: dict[str, Term] = {}
    for term in terms:
        for spelling in map(str.lower, term.spellings):
            if spelling in found:
                raise PageError(f"{TABLE.name}: {spelling!r} has two meanings")
            found[spelling] = term
    return found


def text() -> str:
    """Return the page as Markdown, in alphabetical order."""
    terms = sorted(load(), key=lambda term: term.term.lower())
    return "\n".join([INTRODUCTION, *map(section, terms)])


def section(term: Term) -> str:
    return (
        f"## {term.term} {{ #{term.anchor} }}\n\n"
        f"{term.means}\n[Learn more]({term.learn}){{ aria-label="
        f'"Learn more about {term.term}" }}\n'
    )


def pattern(terms: tuple[Term, ...]) -> re.Pattern[str]:
    """Return what finds any spelling as whole words, the longest first."""
    spellings = sorted(by_spelling(terms), key=lambda words: (-len(words), words))
    words = "|".join(re.escape(s).replace(r"\ ", r"\s+") for s in spellings)
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)


def mark_first_uses(soup: BeautifulSoup, root: str) -> None:
    """Explain each term where running prose uses it for the first time."""
    terms = load()
    known = by_spelling(terms)
    spellings = pattern(terms)
    seen: set[Term] = set()
    for piece in list(prose(soup)):
        parts: list[NavigableString | Tag] = []
        end = 0
        for match in spellings.finditer(piece):
            term = known[" ".join(match[0].lower().split())]
            if term in seen:
                continue
            seen.add(term)
            parts.append(NavigableString(piece[end : match.start()]))
            parts += explained(soup, match[0], term, root)
            end = match.end()
        if parts:
            mark_holder(piece)
            piece.replace_with(*parts, NavigableString(piece[end:]))


def prose(soup: BeautifulSoup) -> Iterator[NavigableString]:
    """Yield the pieces of text that a reader reads as sentences, in their order."""
    for piece in soup.find_all(string=True):
        if isinstance(piece, PreformattedString) or not piece.strip():
            continue
        names: set[str] = set()
        classes: set[str] = set()
        for tag in piece.parents:
            names.add(tag.name)
            classes.update(tag.get_attribute_list("class"))
        if (
            names.intersection(PROSE)
            and not names & NOT_PROSE
            and not classes & NOT_PROSE_CLASSES
        ):
            yield piece


def mark_holder(piece: NavigableString) -> None:
    """Mark the block around a piece of text: its tooltips are placed within it."""
    holder = piece.find_parent(PROSE)
    if isinstance(holder, Tag):
        classes = [c for c in holder.get_attribute_list("class") if c]
        holder["class"] = " ".join(dict.fromkeys([*classes, "has-terms"]))


def explained(soup: BeautifulSoup, words: str, term: Term, root: str) -> list[Tag]:
    """Return a term as a link that is described by the tooltip behind it."""
    tip = f"tip-{term.anchor}"
    address = f"{root}{NAME.removesuffix('.md')}/#{term.anchor}"
    link = soup.new_tag(
        "a", attrs={"class": "term", "href": address, "aria-describedby": tip}
    )
    link.string = words
    # What a tooltip says is not what this section is about: search must not see it.
    hidden = {"class": "term-tip", "role": "tooltip", "data-search-exclude": "true"}
    box = soup.new_tag("span", attrs={"id": tip} | hidden)
    box.string = term.means
    return [link, box]
