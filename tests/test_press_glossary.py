import pytest
from bs4 import BeautifulSoup

from press import glossary
from press.blocks import PageError


def marked(html):
    soup = BeautifulSoup(html, "html.parser")
    glossary.mark_first_uses(soup, "../../")
    return soup


def words(soup):
    return [link.get_text() for link in soup.select("a.term")]


def test_only_the_first_use_is_explained():
    soup = marked("<p>A tensor and a tensor.</p><p>Tensors again.</p>")
    assert words(soup) == ["tensor"]
    assert soup.p.get_text().startswith("A tensorA grid of numbers")


def test_another_form_of_a_term_is_the_same_term():
    assert words(marked("<p>Tensors, then one tensor.</p>")) == ["Tensors"]


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Tensor</h2>",
        "<p><code>tensor</code></p>",
        "<pre>tensor</pre>",
        '<p><a href="x">tensor</a></p>',
        '<p class="admonition-title">tensor</p>',
        '<div class="output"><p>tensor</p></div>',
        "<table><tr><td><p>tensor</p></td></tr></table>",
        "<details><summary><p>tensor</p></summary></details>",
        '<p><span class="arithmatex"><math><mi>tensor</mi></math></span></p>',
        "<p><!-- tensor --></p>",
        "<div>tensor</div>",
    ],
)
def test_what_is_no_prose_is_left_alone_and_is_no_first_use(html):
    soup = marked(f"{html}<p>A tensor.</p>")
    assert [link.parent.get_text()[:8] for link in soup.select("a.term")] == [
        "A tensor"
    ]


def test_the_longest_term_wins_and_its_parts_are_not_used_up():
    soup = marked("<p>A learning rate, a weight decay, a weight.</p>")
    assert words(soup) == ["learning rate", "weight decay", "weight"]


def test_only_whole_words_are_terms():
    assert words(marked("<p>The tensorial, non-tensor, tensor-like one.</p>")) == []


def test_a_term_is_a_link_described_by_its_tooltip():
    soup = marked('<ul><li class="x">An <em>epoch</em>.</li></ul>')
    link = soup.select_one("a.term")
    tip = soup.find(id=link["aria-describedby"])
    assert link["href"] == "../../glossary/#term-epoch"
    assert tip["role"] == "tooltip"
    assert tip.get_text() == "One pass through all training data."
    assert soup.li["class"] == "x has-terms"


def test_a_page_without_terms_stays_as_it_is():
    html = "<p>Nothing to explain here &amp; there.</p>"
    assert str(marked(html)) == html


def test_a_spelling_with_two_meanings_is_refused():
    one = glossary.Term("bank", "A seat.", "x#y")
    other = glossary.Term("money", "What one has.", "x#y", ("Bank",))
    with pytest.raises(PageError, match="'bank' has two meanings"):
        glossary.by_spelling((one, other))


def test_the_page_lists_the_terms_in_alphabetical_order():
    page = glossary.text()
    found = [line[3:].split(" {")[0] for line in page.split("\n") if line[:3] == "## "]
    assert found == sorted((term.term for term in glossary.load()), key=str.lower)
