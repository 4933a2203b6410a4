"""What comes first when a learner searches: the reviewed queries, in a real browser."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

TABLE = Path(__file__).with_name("queries.toml")
# Subject -> what is typed -> where it must lead.
QUERIES = tomllib.loads(TABLE.read_text(encoding="utf-8"))
# The best entry of the first group: the theme shows a page above its sections, and
# opens those sections only that fit better than the page does.
TOP_HIT = """() => {
    const first = document.querySelector(".md-search-result__item");
    const [page, ...sections] = [...first.querySelectorAll("a.md-search-result__link")]
        .filter((link) => !link.closest("details"));
    const { origin, pathname, hash } = new URL((sections[0] ?? page).href);
    return origin + pathname + hash;
}"""


def top_hit(reader: Any, words: str) -> str:
    """Type words into the search box and return the address of the first hit."""
    page = reader.page
    field = page.locator("input.md-search__input")
    items = page.locator(".md-search-result__item")
    field.fill("")
    page.keyboard.press("End")  # The theme looks when a key is let go.
    items.first.wait_for(state="detached", timeout=5000)
    field.fill(words)
    page.keyboard.press("End")
    items.first.wait_for(timeout=5000)
    return str(page.evaluate(TOP_HIT)).removeprefix(reader.root)


@pytest.mark.parametrize("subject", QUERIES)
def test_a_learner_lands_where_it_is_taught(reader: Any, subject: str) -> None:
    page = reader.open("")
    page.locator("input.md-search__input").click()
    found = {words: top_hit(reader, words) for words in QUERIES[subject]}
    assert found == QUERIES[subject]
    assert reader.troubles == []


def test_there_are_queries_for_every_lesson() -> None:
    lessons = Path(__file__).parents[2].glob("docs/pages/lessons/*.md")
    assert {path.stem for path in lessons} <= set(QUERIES)
    assert sum(map(len, QUERIES.values())) >= 60


def test_pages_that_only_disturb_are_not_found(reader: Any) -> None:
    docs = reader.page.request.get(reader.root + "search/search_index.json").json()
    texts = {doc["location"]: doc["text"] for doc in docs["docs"]}
    assert not any(place.startswith("index-of-terms/") for place in texts)
    ledger = [texts[place] for place in texts if place.startswith("evidence/")]
    assert ledger
    assert not any("lessons/tensors.md" in text for text in ledger)
