"""Tune the search index: the words learners use, and which kind of page comes first.

The theme's search looks in every field that the index names, and shows only title and
text. Two are added here: `terms`, what the A–Z table says that a section teaches, and
`words`, what people type for it, from `docs/synonyms.toml`.
"""

import tomllib
from typing import Any

from press import topics
from press.blocks import ROOT, PageError

TABLE = ROOT / "docs" / "synonyms.toml"
# A heading counts 1,000 and the text 1, so that the words chosen for a section win.
FIELDS = {"terms": {"boost": 1000.0}, "words": {"boost": 1500.0}}
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
    terms, words = terms_by_location(), words_by_location()
    known = {doc["location"] for doc in index["docs"]}
    if lost := sorted({*terms, *words} - known):
        raise PageError(
            f"{topics.TABLE.name} or {TABLE.name} names a section that the search "
            f"does not know: {', '.join(lost)}"
        )
    docs = [
        doc
        | {"boost": weight(doc["location"])}
        | hidden("terms", terms.get(doc["location"], []))
        | hidden("words", words.get(doc["location"], []))
        for doc in index["docs"]
    ]
    config = index["config"]
    config = config | {"fields": config["fields"] | FIELDS}
    return index | {"config": config, "docs": docs}


def hidden(field: str, phrases: list[str]) -> dict[str, str]:
    """Return a field of the index that is searched and never shown."""
    return {field: " ".join(phrases)} if phrases else {}


def weight(location: str) -> float:
    """Return how much a section or a page counts among the results."""
    kinds = (w for folder, w in WEIGHTS.items() if location.startswith(folder))
    return next(kinds, 0.4) * (1.0 if "#" in location else WHOLE_PAGE)


def terms_by_location() -> dict[str, list[str]]:
    """Return the terms of the A–Z table that each section teaches."""
    found: dict[str, list[str]] = {}
    for topic in topics.load():
        place = location(f"{topic.page}#{topic.anchor}")
        found.setdefault(place, []).append(topic.term.replace("`", ""))
    return found


def words_by_location() -> dict[str, list[str]]:
    """Return what people type for a section, from the table of synonyms."""
    with TABLE.open("rb") as file:
        return {location(place): words for place, words in tomllib.load(file).items()}


def location(place: str) -> str:
    """Return what the index calls a place, `page.md` or `page.md#anchor`."""
    page, _, anchor = place.partition("#")
    address = topics.address(page, anchor)
    is_top = not anchor or topics.headings(page).get(anchor) == title(page)
    return address.partition("#")[0] if is_top else address


def title(page: str) -> str:
    """Return the first heading of a page, which stands for the page itself."""
    return next(iter(topics.headings(page).values()))
