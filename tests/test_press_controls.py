"""What a reader can move is made of the block's own table and figure, or refused."""

import re

import pytest
from bs4 import BeautifulSoup

from press.blocks import PageError
from press.controls import add_controls

PICTURE = (
    '<p><img alt="A" class="figure" height="200" src="a.svg#only-light" width="600">'
    '<img alt="A" class="figure" height="200" src="b.svg#only-dark" width="600"></p>'
)


def table(headings, rows):
    """Return a table as pandas writes it, with numbers of rows."""
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "".join(
        f"<tr><th>{n}</th>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
        for n, row in enumerate(rows)
    )
    return (
        '<div class="output table"><table><thead><tr><td></td>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


RATES = table(["rate", "loss", "accuracy %"], [("0.1", "0.5", "80"), ("1", "9", "10")])


def page(mark, *outputs):
    block = '<div class="highlight" id="code-1"><pre><code>f()</code></pre></div>'
    html = f"<h1>A</h1><!-- {mark} -->\n{block}\n{''.join(outputs)}<p>Then.</p>"
    return BeautifulSoup(html, "html.parser")


def made(mark, *outputs):
    soup = page(mark, *outputs)
    add_controls(soup, "lessons/a.md", "../../")
    return soup


def test_a_control_holds_the_frames_the_settings_and_the_table():
    soup = made("control: rate, 3 across", RATES, PICTURE)
    parts = [tag.name for tag in soup.select_one(".control").find_all(recursive=False)]
    assert parts == ["p", "div", "div"]
    assert soup.select_one(".control + p").get_text() == "Then."
    assert soup.select_one(".highlight + .control") is not None


def test_a_slider_has_a_label_and_the_values_of_the_first_column():
    slider = made("control: rate, 3 across", RATES, PICTURE).select_one("input")
    assert slider["data-values"] == "0.1|1"
    assert (slider["min"], slider["max"]) == ("0", "1")
    assert slider["aria-valuetext"] == "rate 0.1"
    assert slider.find_previous("label")["for"] == slider["id"]


def test_a_row_says_its_results_with_names_and_units():
    soup = made("control: rate, 3 across", RATES, PICTURE)
    said = [row["data-says"] for row in soup.select("tbody tr")]
    assert said == ["loss 0.5, accuracy 80 %.", "loss 9, accuracy 10 %."]


def test_the_table_names_its_rows_by_the_settings():
    soup = made("control: rate, 3 across", RATES, PICTURE)
    assert [cell.get_text() for cell in soup.select("th[scope=row]")] == ["0.1", "1"]
    assert [len(row.find_all(["th", "td"])) for row in soup.select("tr")] == [3, 3, 3]


def test_a_frame_has_the_shape_of_its_cell():
    soup = made("control: rate, 1 across", RATES, PICTURE)
    style = soup.select_one(".control-frames")["style"]
    assert style == "--across: 1; --down: 2; --ratio: 6.0"


def test_without_a_script_the_settings_are_hidden_and_nothing_else():
    soup = made("control: rate, 3 across", RATES, PICTURE)
    hidden = [tag["class"] for tag in soup.select("[hidden]")]
    assert hidden == [["control-panel"]]


def test_two_settings_make_two_sliders_over_every_pair():
    pairs = [("50", "0", "1"), ("50", "0.5", "2"), ("90", "0", "3"), ("90", "0.5", "4")]
    soup = made(
        "control: digits and dropout, 2 across",
        table(["digits", "dropout", "gap"], pairs),
        PICTURE,
    )
    values = [slider["data-values"] for slider in soup.select("input")]
    assert values == ["50|90", "0|0.5"]


def test_the_script_and_the_style_come_only_with_a_control():
    soup = made("control: rate, 3 across", RATES, PICTURE)
    assert soup.select_one("script")["src"] == "../../assets/controls.js"
    assert soup.select_one("link")["href"] == "../../assets/controls.css"
    plain = made("another remark", RATES, PICTURE)
    assert plain.select("script, link, .control") == []


def test_no_identity_is_given_twice():
    soup = page("control: rate, 3 across", RATES, PICTURE)
    soup.append(page("control: rate, 3 across", RATES, PICTURE))
    add_controls(soup, "lessons/a.md", "../../")
    names = [
        tag["id"] for tag in soup.select(".control, .control *") if "id" in tag.attrs
    ]
    assert len(names) == len(set(names)) == 6


@pytest.mark.parametrize(
    ("mark", "outputs", "message"),
    [
        ("control: rate", [RATES, PICTURE], "expected 'control: name of a column"),
        (
            "control: speed, 3 across",
            [RATES, PICTURE],
            "['rate', 'loss', 'accuracy %']",
        ),
        ("control: rate, 3 across", [RATES], "1 tables and 0 figures in 1 outputs"),
        ("control: rate, 3 across", [], "0 tables and 0 figures in 0 outputs"),
        ("control: loss and rate, 3 across", [RATES, PICTURE], "name the first"),
        ("control: rate and loss, 3 across", [RATES, PICTURE], "2 rows; expected 4"),
    ],
)
def test_a_mark_that_does_not_fit_its_block_is_refused(mark, outputs, message):
    with pytest.raises(PageError, match=re.escape(message)) as caught:
        made(mark, *outputs)
    assert str(caught.value).startswith(f"lessons/a.md: '{mark}': ")
