"""Docstring examples as code: what is shown, what is imported, what is refused."""

import dataclasses

import pytest
from bs4 import BeautifulSoup

from press import example_html, examples, package
from press.blocks import PageError

MODULE = """
import math
import numpy as np
from torch import nn
from collections.abc import Sequence

LIMIT = 3


def describe(): ...
"""
DOCSTRING = """Do it.

Examples:
    >>> import tempfile
    >>> layer = nn.Linear(math.floor(np.pi), LIMIT)
    >>> describe(layer)
    'fine'
    >>> describe([layer for layer in range(2)])

    Or else:

    >>> print("a\\\\n\\\\nb")
    a
    <BLANKLINE>
    b
    >>> int("x")
    Traceback (most recent call last):
    ValueError: invalid literal
"""
NAME = "dlguide.trial.describe"


@pytest.fixture
def trial(monkeypatch):
    monkeypatch.setattr(package, "modules", lambda: ["trial"])
    monkeypatch.setattr(package, "source", lambda name: MODULE)
    return examples.blocks(NAME, examples.paragraphs(DOCSTRING))


def test_a_block_ends_where_something_is_printed_or_prose_begins(trial):
    assert [[one.number for one in part] for part in trial] == [[1, 2], [3, 4]]
    assert [one.output for one in trial[0]] == ["'fine'", ""]


def test_names_of_the_module_are_imported_once_where_they_are_first_used(trial):
    first, second = trial[0]
    assert first.code.split("\n\n")[0].split("\n") == [
        "import math",
        "import tempfile",
        "import numpy as np",
        "from torch import nn",
        "from dlguide.trial import LIMIT, describe",
    ]
    assert second.code == "describe([layer for layer in range(2)])"


def test_a_blank_line_and_an_error_are_shown_as_they_come(trial):
    third, fourth = trial[1]
    assert third.output == "a\n\nb"
    assert (fourth.output, fourth.fails) == ("ValueError: invalid literal", True)


def test_an_anchor_can_stand_in_a_selector(trial):
    assert trial[0][0].anchor == "dlguide-trial-describe-example-1"


def test_a_copy_holds_all_earlier_blocks_but_those_that_fail(trial):
    every = [one for part in trial for one in part]
    made = examples.copies([*every, every[1]])
    assert made[every[0].anchor].statements == ()
    assert made[every[2].anchor].statements == (
        *every[0].statements,
        *every[1].statements,
    )
    assert every[3].statements[0] not in made[every[1].anchor].statements


def test_a_copy_holds_nothing_of_other_docstrings(trial):
    every = [one for part in trial for one in part]
    others = [dataclasses.replace(one, name="dlguide.trial.other") for one in every]
    made = examples.copies([*every, *others])
    assert made[others[0].anchor].statements == ()
    assert made[others[2].anchor] == made[every[2].anchor]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("print(1)\n2", "1\n2"),
        ("x = 1", ""),
        ("describe()", "NameError: name 'describe' is not defined"),
        ("import warnings\nwarnings.warn('old')", "UserWarning: old"),
    ],
)
def test_code_shows_what_a_fresh_cell_shows(code, shown):
    assert examples.shown_by(code) == shown


@pytest.fixture(scope="module")
def prover():
    one = examples.Prover()
    yield one
    one.stop()


def test_a_copy_that_shows_what_the_docstring_shows_is_proven(prover):
    prover.start("dlguide.errors.a", "\n>>> 1 + 1\n2\n>>> print(3)\n3\n")
    assert prover.problem("dlguide.errors.a") is None


def test_a_copy_that_shows_something_else_is_named(prover):
    prover.start("dlguide.errors.b", "\n>>> with open('a', 'w'):\n...     1 + 1\n2\n")
    found = prover.problem("dlguide.errors.b")
    assert found is not None
    assert found.startswith("dlguide-errors-b-example-1: what a reader copies shows")


SESSION = (
    '<h3 class="doc doc-heading" id="dlguide.errors.a">a</h3>'
    '<div class="language-pycon highlight"><pre><code>&gt;&gt;&gt; 1 &lt; 2\n'
    "True\n</code></pre></div>"
)


def test_a_session_becomes_code_and_output():
    soup = BeautifulSoup(SESSION, "html.parser")
    example_html.show_examples(soup, {"dlguide.errors.a": "1 < 2\n"})
    code, output = soup.select("div.highlight")
    assert code["id"] == "dlguide-errors-a-example-1"
    assert code.get_text() == "1 < 2\n"
    assert output.get_text() == "True\n"
    assert {"output", "no-copy"} <= set(output["class"])


@pytest.mark.parametrize("codes", [{}, {"dlguide.errors.a": "2 < 1\n"}])
def test_an_example_that_has_not_run_is_refused(codes):
    soup = BeautifulSoup(SESSION, "html.parser")
    with pytest.raises(PageError, match="shows another example than has run"):
        example_html.show_examples(soup, codes)
