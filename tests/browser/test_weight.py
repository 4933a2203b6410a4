"""What a page makes a reader download."""

from typing import Any

INDEX = "search_index.json"


def test_search_index_is_loaded_only_for_a_search(reader: Any) -> None:
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(request.url))
    page = reader.open("")
    assert not any(INDEX in address for address in asked)
    page.keyboard.press("/")
    page.keyboard.type("matmul")
    page.locator(".md-search-result__item").first.wait_for(timeout=5000)
    assert sum(INDEX in address for address in asked) == 1


def test_link_with_words_searches_at_once(reader: Any) -> None:
    page = reader.open("?q=matmul")
    page.locator(".md-search-result__item").first.wait_for(timeout=5000)
