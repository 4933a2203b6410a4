import re

import pytest

from press import glossary, search_index, topics
from press.blocks import PageError

TOPICS = topics.load()
TERMS = glossary.load()


def test_every_promised_topic_has_one_place():
    ids = [topic.id for topic in TOPICS if topic.id]
    assert sorted(ids) == [f"T{number:03}" for number in range(1, 276)]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.term)
def test_a_term_leads_to_a_heading(topic):
    assert topic.anchor in topics.headings(topic.page)


def test_no_term_is_listed_twice():
    names = [topic.term for topic in TOPICS]
    assert len(names) == len(set(names))


def test_the_page_lists_every_term_once_under_its_letter():
    page = topics.text()
    assert page.count("\n- [") == len(TOPICS)
    letters = re.findall(r"^## (.) \{ #letter-(.) \}$", page, re.MULTILINE)
    assert [shown.lower() for shown, _ in letters] == [a for _, a in letters]
    assert [shown for shown, _ in letters] == sorted({t.letter for t in TOPICS})
    under_l = page.split("## L {")[1].split("## M {")[0]
    assert "[`nn.Linear`](lessons/workflow.md#use-a-linear-layer)" in under_l


def test_a_lost_heading_stops_the_build():
    lost = topics.Topic("", "lost", "lessons/tensors.md", "no-such-heading")
    with pytest.raises(PageError, match=r"lost: lessons/tensors\.md has no heading"):
        topics.line(lost)


def test_headings_are_named_as_the_site_names_them():
    found = topics.headings("lessons/workflow.md")
    assert (
        found["choose-inference_mode-or-no_grad"] == "Choose inference_mode or no_grad"
    )
    assert "silent-lr-too-high" in topics.headings("errors/silent.md")


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.term)
def test_a_term_of_the_glossary_is_one_sentence_with_a_place_to_learn_it(term):
    page, anchor = term.learn.split("#")
    assert anchor in topics.headings(page)
    assert re.fullmatch(r"[^.]+\.", term.means)


def test_the_search_weighs_lessons_above_the_rest():
    lesson = search_index.weight("lessons/tensors/#create-a-tensor")
    others = (
        "errors/shape/#x",
        "reference/tensors/#x",
        "notebooks/a/#x",
        "evidence/#x",
    )
    assert all(search_index.weight(place) < lesson for place in others)
    assert search_index.weight("lessons/tensors/") < lesson


def test_hidden_words_go_to_the_section_and_are_kept_from_what_is_shown():
    places = {*search_index.terms_by_location(), *search_index.words_by_location()}
    docs = [{"location": place, "title": "t", "text": "x"} for place in places]
    tuned = search_index.tune({"config": {"fields": {"title": {}}}, "docs": docs})
    found = {doc["location"]: doc for doc in tuned["docs"]}
    section = found["lessons/tensors/#multiply-and-add-up"]
    assert "matmul" in section["words"]
    assert "dot product" in section["terms"]
    assert (section["title"], section["text"]) == ("t", "x")
    assert {"terms", "words"} <= set(tuned["config"]["fields"])


def test_a_synonym_for_a_section_that_is_gone_stops_the_build():
    with pytest.raises(PageError, match=r"does not know: .*lessons/tensors/"):
        search_index.tune({"config": {"fields": {}}, "docs": []})
