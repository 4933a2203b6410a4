"""What the first page shows: counts of the ledger, figures that lessons drew."""

import re
from pathlib import Path

import pytest

from press import front
from press.blocks import PageError, parse_page

SVG = '<svg width="72pt" height="36pt" viewBox="0 0 72 36"></svg>'
PAGE = parse_page(
    "lessons/trial.md",
    '# T\n\n```python alt="Two [rings] of points."\ndraw()\n```\n'
    '\n```python alt="Two squares."\ndraw_squares()\n```\n'
    '\n```python alt="Nothing."\nforget()\n```\n',
)
RINGS, SQUARES, NOTHING = (block.anchor for block in PAGE.blocks)
RESULTS = {
    "lessons/trial.md": {
        RINGS: {"outputs": [{"kind": "figure", "text": SVG}]},
        SQUARES: {"outputs": [{"kind": "figure", "text": SVG}]},
        NOTHING: {"outputs": []},
    }
}


def row(kind: str, outcome: str = "ran", environment: str = "cpu") -> dict:
    copy = {"lines_before": 3} if (kind, outcome) == ("python", "ran") else None
    return {
        "kind": kind,
        "outcome": outcome,
        "environment": environment,
        "copy": copy,
    }


def test_numbers_count_what_ran_in_this_build_and_nothing_else():
    rows = [row("python")] * 1200 + [row("python", "failed as intended")] * 34
    rows += [row("docstring")] * 5 + [row("download")] * 2
    rows += [
        row("python", "not run"),
        row("py", "shown only"),
        row("console", "shown only"),
    ]
    rows += [row("python", environment="cuda"), row("docstring", environment="cuda")]
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", front.numbers(rows))
    assert [number for _, number in found] == ["1,234", "34", "1,200", "5", "2"]
    assert "\n" not in front.numbers(rows)


def show(mark: str, name: str = "index.md") -> str:
    return front.with_figures(mark, name, {PAGE.name: PAGE}, RESULTS)


def test_a_figure_stands_for_its_mark_in_light_and_dark_and_leads_to_its_block():
    shown = show("before <!-- figure of lessons/trial.md: Two [rings] --> after")
    for theme in ("light", "dark"):
        path = f"assets/figures/trial-{RINGS}-1-{theme}.svg#only-{theme}"
        assert (
            f'![Two (rings) of points.]({path}){{ .figure width="96" height="48" }}'
            in shown
        )
    assert f'before <a href="lessons/trial/#{RINGS}">![' in shown


def test_a_figure_on_a_deeper_page_is_found_from_there():
    shown = show("<!-- figure of lessons/trial.md: Two squares -->", "errors/index.md")
    assert "](../assets/figures/" in shown
    assert shown.startswith(f'<a href="../lessons/trial/#{SQUARES}">')
    lesson = show("<!-- figure of lessons/trial.md: Two squares -->", "lessons/b.md")
    assert lesson.startswith('<a href="../../lessons/trial/#')


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("lessons/none.md: Two", "a figure of lessons/none.md, which is no page"),
        ("lessons/trial.md: Two", "2 figures of lessons/trial.md begin with 'Two'"),
        ("lessons/trial.md: Three", "0 figures"),
        ("lessons/trial.md: Nothing", "1 figures .* expected one that was drawn"),
    ],
)
def test_a_figure_that_is_not_one_stops_the_build(mark, message):
    with pytest.raises(PageError, match=rf"index\.md: .*{message}"):
        show(f"<!-- figure of {mark} -->")


def test_the_first_page_asks_for_numbers_and_figures():
    text = (Path(__file__).parents[1] / "docs/pages/index.md").read_text("utf-8")
    assert front.NUMBERS_MARK in text
    assert len(front.FIGURE_MARK.findall(text)) >= 2
