"""The cheat sheet on paper: two pages, every entry, the same bytes each time."""

import io

import pypdf
import pytest

from press import cheat_sheet, paper, run
from press.blocks import PageError, parse_page, read_page
from press.render import results_of

SITE = "https://guide.example/some/where/"
TRIAL = """\
# Trial

## Join

[Tensors: join](lessons/tensors.md#join-tensors){ .learn }

<div class="sheet" markdown>

Stack along a `new` axis

```python
torch.stack([x, x]).shape
```

</div>

## Look

[Errors](errors/index.md){ .learn }

Print

```python
print(x)
```
"""


@pytest.fixture(scope="module")
def sheet():
    """Return the guide's own page with the results of its run."""
    page = read_page(cheat_sheet.NAME)
    one = run.run_page(page, "cpu")
    assert one.failure is None
    return page, results_of(page, one)


@pytest.fixture(scope="module")
def printed(sheet):
    return paper.pdf(*sheet, SITE)


@pytest.fixture(scope="module")
def reader(printed):
    return pypdf.PdfReader(io.BytesIO(printed))


def trial(text=TRIAL, printed="1"):
    page = parse_page(cheat_sheet.NAME, text)
    outputs = [{"kind": "text", "text": printed}]
    return page, {block.anchor: {"outputs": outputs} for block in page.blocks}


def squeezed(text):
    return "".join(text.split())


def test_sheet_has_exactly_two_pages(reader):
    assert len(reader.pages) == 2


def test_pages_are_a4_on_their_long_side(reader):
    for page in reader.pages:
        assert [round(size) for size in page.mediabox[2:]] == [842, 595]


def test_every_entry_of_the_page_can_be_read_on_paper(sheet, reader):
    text = squeezed("".join(page.extract_text() for page in reader.pages))
    rows = [row for group in cheat_sheet.groups(*sheet) for row in group.rows]
    assert len(rows) == len(sheet[0].blocks) >= 120
    for row in rows:
        for part in (row.want, *row.code.splitlines(), *row.result.splitlines()):
            assert squeezed(part) in text


def test_sheet_says_how_many_entries_ran_and_on_what(sheet, reader):
    text = reader.pages[0].extract_text()
    assert f"All {len(sheet[0].blocks)} entries ran with PyTorch" in text
    assert run.versions()["torch"] in text


def test_each_group_leads_to_its_lesson(sheet, reader):
    linked = {
        note.get_object()["/A"]["/URI"]
        for page in reader.pages
        for note in page["/Annots"]
    }
    lessons = {SITE + group.lesson for group in cheat_sheet.groups(*sheet)}
    assert lessons <= linked
    assert SITE + "lessons/tensors/#join-tensors" in linked
    assert SITE + "errors/" in linked


def test_file_says_what_it_is_and_in_which_language(reader):
    assert reader.metadata.title == "PyTorch cheat sheet"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    assert len(reader.outline) == len({entry.title for entry in reader.outline}) > 15


def test_every_font_is_in_the_file(reader):
    for page in reader.pages:
        fonts = page["/Resources"]["/Font"]
        assert fonts
        for font in fonts.values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile2" in below["/FontDescriptor"].get_object()


def test_bytes_depend_on_nothing_but_the_page(sheet, printed):
    assert paper.pdf(*sheet, SITE) == printed


def test_entry_has_its_words_its_code_and_one_line_for_a_value():
    page, results = trial(printed="tensor([[1, 2],\n        [3, 4]])")
    join, look = cheat_sheet.groups(page, results)
    assert (join.title, join.lesson) == ("Join", "lessons/tensors/#join-tensors")
    assert join.rows[0].want == "Stack along a new axis"
    assert join.rows[0].result == "tensor([[1, 2], [3, 4]])"
    assert (look.lesson, look.rows[0].want) == ("errors/", "Print")


def test_what_a_block_printed_keeps_its_lines():
    page, results = trial(printed="Linear 8\nReLU 8")
    assert cheat_sheet.groups(page, results)[1].rows[0].result == "Linear 8\nReLU 8"


def test_group_without_a_lesson_is_refused():
    text = TRIAL.replace("[Errors](errors/index.md){ .learn }", "")
    with pytest.raises(PageError, match="no lesson is linked under '## Look'"):
        cheat_sheet.groups(*trial(text))


def test_block_without_words_is_refused():
    text = TRIAL.replace("Stack along a `new` axis\n", "")
    with pytest.raises(PageError, match=r"md:\d+: say above this block what it is for"):
        cheat_sheet.groups(*trial(text))


def test_letter_that_no_font_has_is_refused():
    with pytest.raises(PageError, match="DejaVuSansMono has no"):
        paper.pdf(*trial(printed="網"), SITE)


def test_sheet_that_needs_a_third_page_is_refused(sheet):
    page, results = trial(TRIAL.replace("print(x)", "print(x)\n" * 900))
    with pytest.raises(PageError, match="too long for 2 pages"):
        paper.pdf(page, results, SITE)


def test_count_is_of_blocks_that_ran_on_this_page():
    row = {"page": cheat_sheet.NAME, "environment": "cpu", "outcome": "ran"}
    rows = [
        row,
        row | {"outcome": "failed as intended"},
        row | {"outcome": "not run"},
        row | {"environment": "cuda"},
        row | {"page": "index.md"},
    ]
    assert cheat_sheet.count_line(rows).startswith("all 2 blocks")


def test_groups_are_listed_to_jump_to():
    page, _ = trial()
    assert cheat_sheet.list_groups(page) == "[Join](#join) · [Look](#look)"


def test_group_is_parted_only_where_two_rows_stay_together():
    heights = [[1.0, 3.0, 3.0, 3.0, 3.0, 3.0]]
    first, second = paper.columns_of(heights, 14.0, 0.0)
    assert [(p.start, p.stop) for p in (*first, *second)] == [(0, 3), (3, 5)]
