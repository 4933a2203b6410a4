"""The data of the second copy button: each piece once, each copy exact."""

import json

from bs4 import BeautifulSoup

from press import runnable
from press.blocks import parse_page
from press.copies import Copy

PAGE = parse_page(
    "lessons/trial.md",
    '```python\na = 1\n```\n```python\nfor i in range(a):\n    print("</script>")\n```'
    "\n```python\na\n```\n",
)
FIRST, SECOND, THIRD = PAGE.blocks
COPIES = {
    FIRST.anchor: Copy((), 0.0),
    SECOND.anchor: Copy(("a = 1",), 0.0),
    THIRD.anchor: Copy(("a = 1", SECOND.code), 7.0),
}


def read(html: str) -> dict:
    element = BeautifulSoup(html, "html.parser").script
    assert element["id"] == runnable.ID
    return json.loads(element.string)


def test_a_copy_is_put_together_exactly_as_the_press_ran_it():
    data = read(runnable.data(PAGE.blocks, COPIES))
    for block in (SECOND, THIRD):
        numbers = data["copies"][block.anchor]
        text = "\n".join(data["pieces"][n] for n in numbers)
        assert text == COPIES[block.anchor].text(block)


def test_each_piece_stands_in_the_page_once():
    pieces = read(runnable.data(PAGE.blocks, COPIES))["pieces"]
    assert len(pieces) == len(set(pieces))
    assert SECOND.code in pieces


def test_a_block_that_needs_nothing_has_no_data():
    assert FIRST.anchor not in read(runnable.data(PAGE.blocks, COPIES))["copies"]
    assert runnable.data([FIRST], COPIES) == ""


def test_no_code_can_end_the_element():
    assert runnable.data(PAGE.blocks, COPIES).count("</script") == 1
