"""What a reader can move on the lessons: with a keyboard, a finger, or no script."""

import re
from typing import Any

import pytest

# Each control's page, the names of its settings, and how many frames it has.
CONTROLS = [
    ("lessons/workflow/", ["learning rate"], 9),
    ("lessons/workflow/", ["momentum"], 9),
    ("lessons/classification/", ["epoch"], 12),
    ("lessons/classification/", ["threshold"], 12),
    ("lessons/overfitting/", ["digits", "dropout"], 12),
]
each_control = pytest.mark.parametrize(("lesson", "settings", "frames"), CONTROLS)


def find(page: Any, settings: list[str]) -> Any:
    """Return the control on a page that has these settings."""
    heading = re.compile(f"^{settings[0]}$")
    named = page.locator("th[scope=col]", has_text=heading)
    return page.locator(".control").filter(has=named)


def rows_of(control: Any) -> list[list[str]]:
    """Return headings and rows of the table, shown or not."""
    rows = control.locator("tr").evaluate_all(
        "(all) => all.map((r) => [...r.cells].map((c) => c.textContent))"
    )
    return [list(row) for row in rows]


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def place_of(control: Any) -> tuple[int, int]:
    """Return column and row of the frame that is seen: its shift in frames."""
    column, row = control.locator(".control-frames").evaluate(
        """(box) => {
            const image = [...box.querySelectorAll('img')]
                .find((i) => getComputedStyle(i).display !== 'none');
            const [own, outer] = [image, box].map((e) => e.getBoundingClientRect());
            return [(outer.x - own.x) / outer.width, (outer.y - own.y) / outer.height];
        }"""
    )
    assert (column, row) == pytest.approx((round(column), round(row)), abs=0.02)
    return round(column), round(row)


@each_control
def test_keyboard_shows_every_frame_with_the_numbers_of_its_row(
    reader: Any, lesson: str, settings: list[str], frames: int
) -> None:
    page = reader.open(lesson)
    control = find(page, settings)
    _, *rows = rows_of(control)
    sliders = [control.get_by_label(name, exact=True) for name in settings]
    said = []
    assert len(rows) == frames
    for number, row in enumerate(rows):
        for slider, value in zip(sliders, row[: len(settings)], strict=True):
            slider.focus()
            page.keyboard.press("Home")
            for _ in range(40):
                if slider.get_attribute("aria-valuetext").split()[-1] == value:
                    break
                page.keyboard.press("ArrowRight")
        told = control.locator("output").inner_text()
        said.append(told)
        pairs = zip(rows_of(control)[0], row, strict=True)
        results = [pair for pair in pairs if pair[0] not in settings]
        for heading, value in results:
            assert f"{heading.removesuffix(' %')} {value}" in told
        assert place_of(control) == (number % 3, number // 3)
        assert (
            control.locator("tr.shown").inner_html()
            == control.locator("tbody tr").nth(number).inner_html()
        )
    assert len(set(said)) > 1
    assert reader.troubles == []


@each_control
def test_a_setting_is_named_and_speaks_in_words(
    reader: Any, lesson: str, settings: list[str], frames: int
) -> None:
    control = find(reader.open(lesson), settings)
    for name in settings:
        slider = control.get_by_role("slider", name=name, exact=True)
        text = slider.get_attribute("aria-valuetext")
        assert text.startswith(name + " ")
        assert numbers(text.removeprefix(name)) != []
    assert control.get_by_role("status").get_attribute("aria-live") == "polite"


@each_control
def test_without_a_script_all_frames_and_the_table_are_there(
    browser: Any, root: str, lesson: str, settings: list[str], frames: int
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root + lesson)
    control = find(page, settings)
    assert control.locator("tbody tr").count() == frames
    assert control.locator("table").is_visible()
    assert not control.locator(".control-panel").is_visible()
    sheet, box = (
        control.locator(part).bounding_box()
        for part in ("img.figure >> visible=true", ".control-frames")
    )
    assert sheet["width"] <= box["width"] + 1
    assert sheet["height"] <= box["height"] + 1
    context.close()


@each_control
def test_on_paper_all_frames_and_the_table_are_there(
    reader: Any, lesson: str, settings: list[str], frames: int
) -> None:
    page = reader.open(lesson)
    control = find(page, settings)
    assert not control.locator("table").is_visible()
    page.emulate_media(media="print")
    assert control.locator("table").is_visible()
    assert not control.locator("input").first.is_visible()
    sheet = control.locator("img.figure >> visible=true").bounding_box()
    box = control.bounding_box()
    assert box["x"] <= sheet["x"]
    assert sheet["x"] + sheet["width"] <= box["x"] + box["width"]
    assert box["y"] <= sheet["y"]


@each_control
def test_a_button_shows_the_table_and_says_so(
    reader: Any, lesson: str, settings: list[str], frames: int
) -> None:
    control = find(reader.open(lesson), settings)
    button = control.get_by_role("button", name="Show all as a table")
    assert button.get_attribute("aria-expanded") == "false"
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert control.locator("table").is_visible()
    button.press("Enter")
    assert not control.locator("table").is_visible()


@each_control
def test_a_finger_can_move_it_on_a_phone(
    phone: Any, lesson: str, settings: list[str], frames: int
) -> None:
    page = phone.open(lesson)
    slider = find(page, settings).get_by_label(settings[0], exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box["height"] >= 24
    before = slider.input_value()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert int(slider.input_value()) > int(before)


def test_pages_without_a_control_do_not_load_its_script(reader: Any) -> None:
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(request.url))
    reader.open("lessons/tensors/")
    assert asked
    assert not any("controls" in url for url in asked)
