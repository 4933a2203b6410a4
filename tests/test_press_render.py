"""A page with its outputs, as Markdown and as figures."""

import re
import sys

import pytest
from markdown import Markdown

from press import figures, render, run, worker
from press.blocks import parse_page

PAGE = "lessons/trial.md"


def run_of(page, *outputs: list[dict[str, str]]) -> run.Run:
    """Return a run whose blocks had these outputs."""
    results = [{"outcome": "ran", "seconds": 0.1, "outputs": out} for out in outputs]
    return run.Run(page.name, "cpu", "key", results)


def text(value: str, kind: str = "text") -> list[dict[str, str]]:
    return [{"kind": kind, "text": value}]


def shown(source: str, *outputs: list[dict[str, str]]) -> str:
    page = parse_page(PAGE, source)
    results = render.results_of(page, run_of(page, *outputs))
    return render.markdown(page, results)


def html(markdown: str) -> str:
    names = [
        "admonition",
        "attr_list",
        "md_in_html",
        "pymdownx.superfences",
        "pymdownx.highlight",
    ]
    return Markdown(extensions=names).convert(markdown)


def test_an_output_stands_under_its_block():
    result = shown("# T\n\n```python\n1 + 1\n```\n\nAfter.\n", text("2"))
    assert re.search(
        r"1 \+ 1\n```\n+```\{\.text \.output \.no-copy\}\n2\n```\n+After\.", result
    )


def test_an_output_in_an_admonition_stays_in_it():
    result = shown(
        "!!! note\n    Before.\n\n    ```python\n    f()\n    ```\n", text("a\n  b")
    )
    assert "    ```{.text .output .no-copy}\n    a\n      b\n    ```" in result
    page = html(result)
    assert "<pre>" not in page.partition('<div class="admonition')[0]
    assert page.rindex("</div>") > page.index("  b")


def test_a_fence_is_longer_than_those_inside_it():
    inner = "````\ntext\n````"
    result = shown("```python\nprint()\n```\n", text(inner))
    assert f"`````{{.text .output .no-copy}}\n{inner}\n`````" in result


def test_the_finished_page_carries_each_blocks_anchor():
    source = "```python\n1\n```\n\n```console\n$ ls\n```\n"
    page = html(shown(source, text("1")))
    for block in parse_page(PAGE, source).blocks:
        assert f'id="{block.anchor}"' in page


@pytest.mark.parametrize("kind", ["error", "warning"])
def test_errors_and_warnings_are_marked_as_such(kind):
    assert f".output .no-copy .{kind}}}" in shown(
        "```python\n1\n```\n", text("E: x", kind)
    )


def test_a_note_stands_between_a_block_and_its_outputs():
    page = parse_page(PAGE, "```python\n1\n```\n")
    result = {"outputs": text("2"), "note": "Recorded elsewhere."}
    shown = render.markdown(page, {page.blocks[0].anchor: result})
    assert shown.count("Recorded elsewhere.\n{ .not-run }") == 1
    assert shown.index("1\n") < shown.index("Recorded") < shown.index("2\n")


DRAW = (
    "import matplotlib.pyplot as plt\n_, axes = plt.subplots()\n"
    "axes.plot([0, 1, 2], [0.123, 3, 1.7], label='a')\naxes.grid(True)\naxes.legend()\n"
    "axes.set(title='Title', xlabel='x')\n_ = axes.imshow([[1, 2], [3, 4]])"
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a page with one figure, and its run."""
    page = parse_page(PAGE, f'# T\n\n```python alt="A [bent] line"\n{DRAW}\n```\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "CACHE", tmp_path_factory.mktemp("cache"))
        one = run.run_page(page, "cpu")
    assert one.failure is None
    return page, one


def test_a_figure_is_shown_once_for_each_theme_with_its_alt_text(drawn):
    page, one = drawn
    text = render.markdown(page, render.results_of(page, one))
    images = re.findall(r"<img[^>]*>", html(text))
    assert len(images) == 2
    for image, theme in zip(images, ("light", "dark"), strict=True):
        assert 'alt="A (bent) line"' in image
        assert re.search(
            rf'src="\.\./assets/figures/trial-code-\w+-1-{theme}\.svg#only-', image
        )
        assert 'width="614"' in image
        assert 'height="346"' in image


def figure_files(drawn):
    page, one = drawn
    return render.figure_files(page, render.results_of(page, one))


def test_each_theme_has_its_own_file_and_colours(drawn):
    files = figure_files(drawn)
    assert [path.rpartition("-")[2] for path in files] == ["light.svg", "dark.svg"]
    for theme, svg in zip(figures.THEMES, files.values(), strict=True):
        assert figures.FOREGROUND not in svg
        assert figures.MUTED not in svg
        assert all(colour in svg for colour in figures.THEMES[theme].values())


def test_a_figure_names_no_date_and_no_creator(drawn):
    svg = next(iter(figure_files(drawn).values()))
    assert "<dc:date" not in svg
    assert not re.search("matplotlib v|Matplotlib v", svg)


def test_coordinates_have_two_decimals_and_scales_keep_theirs():
    svg = '<path d="M 1.23456 -7.10000 L 3.5 4"/><g transform="scale(0.015625 -0.01)"/>'
    assert figures.round_coordinates(svg) == (
        '<path d="M 1.23 -7.1 L 3.5 4"/><g transform="scale(0.015625 -0.01)"/>'
    )


def test_pictures_inside_a_figure_are_left_alone():
    picture = 'href="data:image/png;base64,aB1.23456+/="'
    assert figures.round_coordinates(picture) == picture


def test_the_real_figure_is_rounded(drawn):
    svg = next(iter(figure_files(drawn).values()))
    without = re.sub(r'scale\([^)]*\)|base64,[^"]*', "", svg)
    assert not re.search(r"\d\.\d{3}", without)
    assert re.search(r"scale\(0\.\d{4,}", svg)


def test_a_pandas_table_has_no_styles_and_no_empty_headers():
    table = render.plain_table(
        "<div>\n<style scoped>\n  .x { a: b; }\n</style>\n"
        '<table border="1" class="dataframe">\n<tr style="text-align: right;">\n'
        "<th></th><th>a</th></tr>\n</table>\n</div>"
    )
    assert table == "<div> <table> <tr> <td></td><th>a</th></tr> </table> </div>"


def test_a_table_is_shown_as_a_table():
    output = [{"kind": "table", "text": "<table></table>", "plain": "a"}]
    assert '<div class="output table"><table></table></div>' in shown(
        "```python\n1\n```\n", output
    )


def test_a_real_data_frame_is_a_table_in_html_and_in_text():
    pandas = pytest.importorskip("pandas")
    made = worker.represent(pandas.DataFrame({"a": [1]}))
    assert made["kind"] == "table"
    assert "<th>0</th>" in render.plain_table(made["text"])
    assert "a" in made["plain"]


def test_drawing_is_not_imported_for_a_page_that_draws_nothing(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    assert figures.take() == []
