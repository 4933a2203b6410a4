"""Names of the package in code: which are meant, how they are linked, who uses them."""

import pytest
from bs4 import BeautifulSoup

from press import name_links, names
from press.blocks import PageError, parse_page

TARGET = "dlguide.tensors.describe"


def uses_in(*codes):
    fences = "\n".join(f"```python\n{code}\n```\n" for code in codes)
    page = parse_page("lessons/trial.md", f"# Trial\n\n## Look at `it`\n\n{fences}")
    found = names.uses(page)
    return page, [(b, use) for b in page.blocks for use in found[b.anchor]]


def texts(*codes):
    _, found = uses_in(*codes)
    return [block.code[use.start : use.end] for block, use in found if use.start >= 0]


@pytest.mark.parametrize(
    "codes",
    [
        ("from dlguide.tensors import describe", "describe(x)"),
        ("from dlguide.tensors import describe as d", "d(x).shape"),
        ("import dlguide.tensors", "dlguide.tensors.describe(x)"),
        ("import dlguide.tensors as t", "x = 'ä', t.describe(x)"),
        ("from dlguide import tensors", "[tensors.describe(x) for x in y]"),
        ("from dlguide.tensors import describe", "def f(x):\n    return describe(x)"),
        ("from dlguide.tensors import describe", "describe = describe(x)"),
    ],
)
def test_a_use_is_found_however_it_was_imported(codes):
    _, found = uses_in(*codes)
    used = [
        block.code[use.start : use.end]
        for block, use in found
        if use.target == TARGET and not use.imported
    ]
    assert len(used) == 1
    assert used[0] in codes[1]


@pytest.mark.parametrize(
    "code",
    [
        "describe(x)",
        "from pandas import describe\ndescribe(x)",
        "from dlguide.tensors import describe\ndescribe = 1\n\n\nprint(describe)",
        "from dlguide.tensors import describe\nlambda describe: describe(x)",
        "from dlguide.tensors import describe\ndef f(describe):\n    describe(x)",
        "from dlguide.tensors import describe\ndef describe(x): ...\n\ndescribe(x)",
        "from dlguide.tensors import describe\nx.describe(x)",
    ],
)
def test_another_name_of_that_spelling_is_not_meant(code):
    _, found = uses_in(code)
    assert not [use for _, use in found if use.target == TARGET and not use.imported]


def test_a_block_that_python_cannot_read_is_passed_over():
    page = parse_page("a.md", '```python raises="SyntaxError: x"\nif\n```\n')
    assert names.uses(page) == {}


def test_a_place_is_the_first_block_of_its_section():
    page, _ = uses_in(
        "from dlguide.tensors import describe", "describe(1)", "describe(2)"
    )
    (place,) = names.places([page], {page.name: names.uses(page)})[TARGET]
    assert (place.title, place.section) == ("Trial", "Look at it")
    assert place.anchor == page.blocks[1].anchor
    assert name_links.label(place) == "Trial › Look at it"


CODE = (
    '<div id="a"><pre><span></span><code><span class="kn">from</span> '
    '<span class="nn">dlguide</span> <span class="kn">import</span> '
    '<span class="n">tensors</span>\n<span class="n">tensors</span>'
    '<span class="o">.</span><span class="n">describe</span></code></pre></div>'
)


def test_a_link_is_put_around_a_name_and_changes_no_text():
    soup = BeautifulSoup(CODE, "html.parser")
    text = soup.code.get_text()
    start = text.index("tensors.describe")
    uses = [names.Use(TARGET, start, start + 16, False), names.Use("x", -1, 3, False)]
    name_links.link_names(soup, {"a": uses, "absent": uses}, lambda page: f"../{page}")
    (link,) = soup.select("a.name")
    assert link["href"] == "../reference/tensors.md#dlguide.tensors.describe"
    assert link.get_text() == "tensors.describe"
    assert soup.code.get_text() == text


def test_an_entry_that_is_missing_stops_the_build():
    soup = BeautifulSoup("<p></p>", "html.parser")
    with pytest.raises(PageError, match=r"no entry for dlguide\.tensors"):
        name_links.add_uses(soup, "reference/tensors.md", {}, str)


def test_an_entry_lists_its_uses_before_its_source():
    targets = [t for t in names.known() if t.startswith("dlguide.errors")]
    entries = "".join(
        f'<h3 id="{target}"></h3><div class="doc-contents"><details></details></div>'
        for target in targets
    )
    soup = BeautifulSoup(entries, "html.parser")
    place = names.Place("lessons/a.md", "A", "B", "code-1")
    places = {"dlguide.errors.explain": [place]}
    name_links.add_uses(soup, "reference/errors.md", places, lambda page: "../a/")
    (listed,) = soup.select(".used-in")
    assert listed.a["href"] == "../a/#code-1"
    assert listed.find_next_sibling().name == "details"
    assert listed.parent.find_previous_sibling()["id"] == "dlguide.errors.explain"


def test_many_places_fold_away():
    place = names.Place("lessons/a.md", "A", "A", "code-1")
    html = name_links.used_in([place] * (name_links.FEW + 1), str)
    assert html.startswith('<details class="used-in"><summary>Used in 9 places')
