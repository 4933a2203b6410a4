"""Make what a reader can move out of a block's table and its figure.

A page asks for it with `<!-- control: learning rate, 3 across -->` above a block whose
last value is a table and which draws one figure: a frame for each row of the table, in
a grid. Without a script, and in print, all frames and the whole table are there.
"""

import itertools
import math
import re
from collections.abc import Iterator
from html import escape

from bs4 import BeautifulSoup, Comment
from bs4.element import Tag

from press.blocks import PageError

MARK = re.compile(r"control: (?P<settings>.+), (?P<across>[1-9]\d*) across")
Rows = list[list[Tag]]


def add_controls(soup: BeautifulSoup, name: str, root: str) -> None:
    """Turn each marked block's outputs into a control; `root` leads to the site's."""
    comments = soup.find_all(string=lambda text: isinstance(text, Comment))
    marks = [c for c in comments if c.strip().startswith("control:")]
    for number, mark in enumerate(marks, 1):
        try:
            add_control(soup, mark, f"control-{number}")
        except PageError as error:
            raise PageError(f"{name}: {mark.strip()!r}: {error}") from error
    if marks:
        load = (
            f'<link rel="stylesheet" href="{root}assets/controls.css">'
            f'<script src="{root}assets/controls.js" defer></script>'
        )
        soup.append(BeautifulSoup(load, "html.parser"))


def add_control(soup: BeautifulSoup, mark: Comment, identity: str) -> None:
    """Put the table and the figure below a mark into one box, with settings to move."""
    read = MARK.fullmatch(mark.strip())
    if read is None:
        raise PageError("expected 'control: name of a column, 3 across'")
    settings, across = read["settings"].split(" and "), int(read["across"])
    table, picture = outputs_below(mark)
    headings, rows = tidy(table, settings)
    values = [values_of(column, rows) for column in range(len(settings))]
    every = list(itertools.product(*values))
    shown = [tuple(cell.get_text() for cell in row[: len(settings)]) for row in rows]
    if shown != every:
        raise PageError(f"{len(rows)} rows; expected {len(every)}: {every}, in order")
    for line, row in zip(table.find_all("tr")[1:], rows, strict=True):
        line["data-says"] = sentence(headings, row, len(settings))
    box = soup.new_tag("div", attrs={"class": "output control", "id": identity})
    table.insert_before(box)
    picture["class"] = "control-frames"
    picture["style"] = frame_style(picture, across, len(rows))
    fields = [
        field(f"{identity}-{place}", heading, column)
        for place, (heading, column) in enumerate(zip(settings, values, strict=True))
    ]
    box.extend([picture, BeautifulSoup(panel(identity, fields), "html.parser"), table])
    table["id"] = f"{identity}-table"
    mark.extract()


def outputs_below(mark: Comment) -> tuple[Tag, Tag]:
    """Return the table and the figure of the block below a mark."""
    block = mark.find_next_sibling()
    outputs = list(outputs_of(block)) if isinstance(block, Tag) else []
    tables = [tag for tag in outputs if tag.select_one("table")]
    pictures = [tag for tag in outputs if tag.select_one("img.figure")]
    if len(outputs) != 2 or len(tables) != 1 or len(pictures) != 1:
        raise PageError(
            f"{len(tables)} tables and {len(pictures)} figures in {len(outputs)} "
            "outputs; expected one table and one figure below the next block"
        )
    return tables[0], pictures[0]


def outputs_of(block: Tag) -> Iterator[Tag]:
    """Yield what stands below a block of code as its output."""
    for tag in block.find_next_siblings():
        if "output" in tag.get_attribute_list("class") or tag.select_one("img.figure"):
            yield tag
        else:
            return


def tidy(table: Tag, settings: list[str]) -> tuple[list[str], Rows]:
    """Drop the table's column of row numbers; return headings and cells."""
    lines = [line.find_all(["th", "td"]) for line in table.find_all("tr")]
    for number, *_ in lines:
        number.extract()
    (head, *rows) = [line[1:] for line in lines]
    headings = [cell.get_text() for cell in head]
    if headings[: len(settings)] != settings:
        raise PageError(f"the table's columns are {headings}; name the first of them")
    for cell in head:
        cell["scope"] = "col"
    for row in rows:
        for cell in row[: len(settings)]:
            cell.name = "th"
            cell["scope"] = "row"
    return headings, rows


def values_of(column: int, rows: Rows) -> list[str]:
    """Return the values of a column, each once, in the order of the rows."""
    return list(dict.fromkeys(row[column].get_text() for row in rows))


def sentence(headings: list[str], row: list[Tag], settings: int) -> str:
    """Say the results of a row in words."""
    pairs = zip(headings, row, strict=True)
    said = [worded(heading, cell.get_text()) for heading, cell in pairs]
    return ", ".join(said[settings:]) + "."


def worded(heading: str, value: str) -> str:
    """Return a number with its name, and its unit behind it where it has one."""
    what, percent, _ = heading.partition(" %")
    return f"{what} {value}{percent}"


def frame_style(picture: Tag, across: int, count: int) -> str:
    """Return what the style sheet must know to show one frame."""
    down = math.ceil(count / across)
    image = picture.select_one("img.figure")
    assert image is not None
    width, height = (int(str(image[side])) for side in ("width", "height"))
    ratio = round(width / across / (height / down), 3)
    return f"--across: {across}; --down: {down}; --ratio: {ratio}"


def field(identity: str, heading: str, values: list[str]) -> str:
    """Return a slider over the values of one setting."""
    heading, *values = map(escape, (heading, *values))
    return (
        f'<div class="control-field"><label for="{identity}">{heading}</label>'
        f'<input type="range" id="{identity}" min="0" max="{len(values) - 1}" value="0"'
        f' autocomplete="off" data-values="{"|".join(values)}"'
        f' aria-valuetext="{heading} {values[0]}">'
        f'<span class="control-value" aria-hidden="true">{values[0]}</span></div>'
    )


def panel(identity: str, fields: list[str]) -> str:
    """Return the fields, what they bring, and a button for the table."""
    return (
        f'<div class="control-panel" hidden>{"".join(fields)}'
        '<output aria-live="polite"></output>'
        '<button type="button" aria-expanded="false" '
        f'aria-controls="{identity}-table">Show all as a table</button></div>'
    )
