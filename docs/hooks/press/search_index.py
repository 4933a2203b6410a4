"""Tune the search index: the words learners use, and which kind of page comes first.

The theme's search looks in every field that the index names, and shows only title and
text. The field `words` is added here: the terms of the A–Z table that a section
teaches, and what else people type for it, from `docs/synonyms.toml`.
"""

import tomllib
from typing import Any

from press import topics
from press.blocks import ROOT, PageError

TABLE = ROOT / "docs" / "synonyms.toml"
# A word that is meant for a section weighs as much as one in its heading.
FIELDS = {"words": {"boost": 1000.0}}
# What answers a learner's question comes before what one looks up.
WEIGHTS = {
    "lessons/": 1.0,
    "errors/": 0.9,
    "reference/": 0.4,
    "notebooks/": 0.3,
    "glossary/": 0.25,
    "contributing/": 0.2,
    "evidence/": 0.1,
}
# The theme counts a page two and a half times as much as a section of it.
WHOLE_PAGE = 0.5


def tune(index: dict[str, Any]) -> dict[str, Any]:
    """Return the index with its hidden words and weights."""
    words = hidden_words()
    docs = [tuned(doc, words.pop(doc["location"], ())) for doc in index["docs"]]
    if words:
        lost = ", ".join(sorted(words))
        raise PageError(f"{TABLE.name} or {topics.TABLE.name}: no such section: {lost}")
    config = index["config"]
    config = config | {"fields": config["fields"] | FIELDS}
    return index | {"config": config, "docs": docs}


def tuned(doc: dict[str, Any], words: list[str] | tuple[()]) -> dict[str, Any]:
    """Return one entry of the index with its weight and its hidden words."""
    made = doc | {"boost": weight(doc["location"])}
    return made | {"words": " ".join(words)} if words else made


def weight(location: str) -> float:
    """Return how much a section or a page counts among the results."""
    kinds = (w for folder, w in WEIGHTS.items() if location.startswith(folder))
    return next(kinds, 0.4) * (1.0 if "#" in location else WHOLE_PAGE)


def hidden_words() -> dict[str, list[str]]:
    """Return what else each section shall be found by: location -> words."""
    found: dict[str, list[str]] = {}
    for (page, anchor), terms in topics.words_by_place().items():
        found.setdefault(location(f"{page}#{anchor}"), []).extend(terms)
    with TABLE.open("rb") as file:
        entries = tomllib.load(file)
    for place, words in entries.items():
        found.setdefault(location(place), []).extend(words)
    return found


def location(place: str) -> str:
    """Return what the index calls a place, `page.md` or `page.md#anchor`."""
    page, _, anchor = place.partition("#")
    address = topics.address(page, anchor)
    is_top = not anchor or topics.headings(page).get(anchor) == title(page)
    return address.partition("#")[0] if is_top else address


def title(page: str) -> str:
    """Return the first heading of a page, which stands for the page itself."""
    return next(iter(topics.headings(page).values()))
