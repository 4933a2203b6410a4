"""The cheat sheet in a browser: what you want, the call and its result at a glance."""

from typing import Any

SHEET = "cheat-sheet/"
# The places of the first entry that has all three: words, call and result.
PLACES = """() => {
  const output = document.querySelector('.sheet > .output');
  const call = output.previousElementSibling;
  return [call.previousElementSibling, call, output].map((e) => {
    const box = e.getBoundingClientRect();
    return [box.left, box.top];
  });
}"""
# Results that are wider than the room they have.
CUT = """() => [...document.querySelectorAll('.sheet > .output code')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"""


def test_entry_stands_on_one_line_where_there_is_room(reader: Any) -> None:
    page = reader.open(SHEET)
    (want, line), (call, second), (result, third) = page.evaluate(PLACES)
    assert want < call < result
    assert line == second == third


def test_entry_stands_in_one_column_on_a_phone(phone: Any) -> None:
    page = phone.open(SHEET)
    (want, first), (call, second), (result, third) = page.evaluate(PLACES)
    assert want == call == result
    assert first < second < third


def test_no_result_is_cut_off(reader: Any, phone: Any) -> None:
    for one in (reader, phone):
        assert one.open(SHEET).evaluate(CUT) == []


def test_copy_button_comes_to_the_mouse_and_to_the_keyboard(reader: Any) -> None:
    page = reader.open(SHEET)
    block = page.locator(".sheet pre:has(button)").first
    tools = block.locator(".md-code__nav")
    shade = "(e) => getComputedStyle(e).opacity"
    assert tools.evaluate(shade) == "0"
    block.hover()
    page.wait_for_timeout(200)
    assert tools.evaluate(shade) == "1"
    page.mouse.move(0, 0)
    block.locator("button").focus()
    page.wait_for_timeout(200)
    assert tools.evaluate(shade) == "1"


def test_line_says_how_many_blocks_ran_and_leads_to_them(reader: Any) -> None:
    page = reader.open(SHEET)
    blocks = page.locator(".sheet .language-python").count()
    assert blocks > 120
    assert f"all {blocks} blocks of this one ran" in page.locator("main").inner_text()
    page.get_by_role("link", name="the ledger").click()
    assert page.locator("h1").inner_text().startswith("Evidence")


def test_printed_sheet_is_a_link_away(reader: Any) -> None:
    page = reader.open(SHEET)
    address = page.get_by_role("link", name="PDF").evaluate("(a) => a.href")
    answer = page.request.get(address)
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF-")


def test_groups_are_jumped_to(reader: Any) -> None:
    page = reader.open(SHEET)
    links = page.locator(".groups a")
    assert links.count() == page.locator("article h2").count()
    links.last.click()
    page.wait_for_function("scrollY > 1000")
