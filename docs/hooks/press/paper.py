"""Set the cheat sheet on two pages of paper: the page's own blocks and results.

The type is the largest in which everything fits; a page that would need a third stops
the build.
"""

import dataclasses
import datetime
import functools
import itertools
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import matplotlib
from fpdf import FPDF, ViewerPreferences

from press import run
from press.blocks import Page, PageError
from press.cheat_sheet import NAME, Group, Row, groups
from press.render import Results

FILE = "cheat-sheet.pdf"
FONTS = {"sans": "DejaVuSans", "bold": "DejaVuSans-Bold", "mono": "DejaVuSansMono"}

# All in points; A4 lies on its long side.
WIDTH, HEIGHT = 841.89, 595.28
MARGIN, GUTTER, BANNER = 18.0, 11.0, 24.0
PAGES, COLUMNS = 2, 3
COLUMN_WIDTH = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GUTTER) / COLUMNS
COLUMN_HEIGHT = HEIGHT - 2 * MARGIN - BANNER
WANT_SHARE = 0.27
LARGEST, SMALLEST, STEP = 7.0, 5.6, 0.05
LEADING = 1.18
TOGETHER = 2
# DejaVu is wide; at 90 % its letters are those of its own condensed cut.
CONDENSED = {"sans": 90, "bold": 90, "mono": 87}
INK, SOFT, RULE, BAR, PAPER = 15, 75, 200, 45, 255  # greys


@dataclasses.dataclass(frozen=True)
class Part:
    """Rows of a group that stand together in a column."""

    group: int
    start: int
    stop: int


Column = list[Part]


@dataclasses.dataclass(frozen=True)
class Laid:
    """An entry broken into the lines of a column."""

    want: list[str]
    lines: list[tuple[str, bool]]  # text, and whether it is a result
    beside: str  # a result that fits behind the last line of code

    @property
    def height(self) -> int:
        return max(len(self.want), len(self.lines))


class Sheet(FPDF):
    """Two pages in columns, set in the largest type in which everything fits."""

    def __init__(self) -> None:
        super().__init__(orientation="landscape", unit="pt", format="A4")
        self.set_auto_page_break(False)
        self.set_margins(0, 0)
        self.c_margin = 0
        folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        for family, file in FONTS.items():
            self.add_font(family, fname=folder / f"{file}.ttf")
        self.size = LARGEST

    def write_at(
        self, x: float, y: float, text: str, font: str = "sans", grey: int = INK
    ) -> None:
        """Write one line, its upper edge at `y`."""
        self.use(font)
        self.set_text_color(grey)
        self.text(x, y + 0.95 * self.size, text)

    def use(self, font: str) -> None:
        """Choose a font at the sheet's size; `check_glyphs` has looked at the text."""
        self.set_font(font, size=self.size)
        self.set_stretching(CONDENSED[font])

    def wide(self, text: str, font: str) -> float:
        self.use(font)
        return float(self.get_string_width(text))

    @property
    def leading(self) -> float:
        return self.size * LEADING

    @property
    def want_width(self) -> float:
        return COLUMN_WIDTH * WANT_SHARE

    @property
    def letters(self) -> int:
        """Return how many letters of code a line holds."""
        free = COLUMN_WIDTH - self.want_width - 4
        return int(free / self.wide("m", "mono"))

    def lay(self, row: Row) -> Laid:
        """Break an entry into lines at the sheet's size."""
        code = [
            part
            for line in row.code.splitlines()
            for part in broken(line, self.letters)
        ]
        results = [
            part
            for line in row.result.splitlines()
            for part in broken("→ " + line, self.letters)
        ]
        room = self.letters - len(code[-1]) - 2
        beside = results[0] if len(results) == 1 and len(results[0]) <= room else ""
        lines = [(line, False) for line in code]
        lines += [] if beside else [(line, True) for line in results]
        return Laid(self.filled(row.want), lines, beside)

    def filled(self, words: str) -> list[str]:
        """Break words into lines that fit the left part of a column."""
        lines = [""]
        for word in words.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.wide(longer, "sans") > self.want_width - 4:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def heights_of(self, rows: list[Laid]) -> list[float]:
        """Return the heights of a group: of its bar, then of each entry."""
        return [self.bar, *(laid.height * self.leading + self.gap for laid in rows)]

    @property
    def bar(self) -> float:
        return self.leading * 1.35 + self.gap

    @property
    def gap(self) -> float:
        return self.size * 0.26


def broken(line: str, letters: int) -> list[str]:
    """Break a line of code where it is too long, and indent what follows."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line, letters, subsequent_indent=indent, break_on_hyphens=False
    )


def columns_of(
    heights: list[list[float]], limit: float, space: float
) -> list[Column] | None:
    """Fill columns of a height from left to right, or say None where a row is taller.

    The first height of a group is that of its bar, which each part of it gets.
    """
    columns: list[Column] = [[]]
    free = limit
    for number, (bar, *rows) in enumerate(heights):
        start = 0
        while start < len(rows):
            ahead = space if columns[-1] else 0
            fitting = fit(rows[start:], free - ahead - bar)
            if fitting == 0:
                if not columns[-1]:
                    return None
                columns.append([])
                free = limit
                continue
            columns[-1].append(Part(number, start, start + fitting))
            free -= ahead + bar + sum(rows[start : start + fitting])
            start += fitting
    return columns


def fit(rows: list[float], free: float) -> int:
    """Return how many rows fit, none of them alone before or after a parting."""
    tops = list(itertools.accumulate(rows))
    number = sum(top <= free + 0.01 for top in tops)
    if number < len(rows):
        number = min(number, len(rows) - TOGETHER)
        number = number if number >= TOGETHER else 0
    return number


def balanced(heights: list[list[float]], space: float) -> list[Column] | None:
    """Return columns as even as can be, or None where there are too few columns."""
    for percent in range(50, 101):
        columns = columns_of(heights, COLUMN_HEIGHT * percent / 100, space)
        if columns and len(columns) <= PAGES * COLUMNS:
            return columns
    return None


def sizes() -> Iterator[float]:
    """Yield type sizes from the largest down."""
    steps = round((LARGEST - SMALLEST) / STEP)
    yield from (round(LARGEST - STEP * step, 2) for step in range(steps + 1))


def pdf(page: Page, results: Results, site_url: str) -> bytes:
    """Return the sheet; raise `PageError` where it does not fit on two pages."""
    sheet = Sheet()
    content = groups(page, results)
    check_glyphs(sheet, content)
    for size in sizes():
        sheet.size = size
        laid = [[sheet.lay(row) for row in group.rows] for group in content]
        heights = [sheet.heights_of(rows) for rows in laid]
        if columns := balanced(heights, sheet.leading * 0.6):
            describe(sheet, site_url)
            draw(sheet, content, laid, columns, site_url)
            return bytes(sheet.output())
    raise PageError(
        f"{NAME}: too long for {PAGES} pages at {SMALLEST} points; shorten an entry"
    )


def check_glyphs(sheet: Sheet, content: list[Group]) -> None:
    """Raise `PageError` for a letter that the fonts do not have."""
    rows = list(itertools.chain.from_iterable(group.rows for group in content))
    texts = {
        "bold": "".join(group.title for group in content),
        "sans": "".join(row.want for row in rows),
        "mono": "".join(row.code + row.result for row in rows),
    }
    for family, text in texts.items():
        missing = {c for c in text if c != "\n" and ord(c) not in glyphs(sheet, family)}
        if missing:
            raise PageError(f"{NAME}: {FONTS[family]} has no {sorted(missing)}")


def glyphs(sheet: Sheet, family: str) -> Any:
    return sheet.fonts[family].cmap


def describe(sheet: Sheet, site_url: str) -> None:
    """Give the file what readers, libraries and screen readers ask for."""
    sheet.set_title("PyTorch cheat sheet")
    sheet.set_subject("The PyTorch calls people look up, each with what it printed")
    sheet.set_author("The dlguide authors")
    sheet.set_keywords("PyTorch, cheat sheet, deep learning")
    sheet.set_creator(urljoin(site_url, "cheat-sheet/"))
    sheet.set_lang("en")
    sheet.set_creation_date(source_date())
    sheet.viewer_preferences = ViewerPreferences(display_doc_title=True)


@functools.cache
def source_date() -> datetime.datetime:
    """Return the date of the sources: the file must not depend on the hour."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def draw(
    sheet: Sheet,
    content: list[Group],
    laid: list[list[Laid]],
    columns: list[Column],
    site_url: str,
) -> None:
    """Draw every group in its place."""
    for number, column in enumerate(columns):
        if number % COLUMNS == 0:
            begin_page(sheet, content, site_url)
        x = MARGIN + number % COLUMNS * (COLUMN_WIDTH + GUTTER)
        y = MARGIN + BANNER
        parts = [(part, laid[part.group][part.start : part.stop]) for part in column]
        heights = [sum(sheet.heights_of(rows)) for _, rows in parts]
        slack = COLUMN_HEIGHT - sum(heights)
        space = min(slack / max(1, len(column) - 1), 2 * sheet.leading)
        for (part, rows), height in zip(parts, heights, strict=True):
            group = content[part.group]
            draw_bar(sheet, x, y, group, site_url, continued=part.start > 0)
            draw_rows(sheet, x, y + sheet.bar, rows)
            y += height + space


def begin_page(sheet: Sheet, content: list[Group], site_url: str) -> None:
    """Begin a page with its banner: what this is, how old, and where it lives."""
    sheet.add_page()
    size, sheet.size = sheet.size, 15.0
    sheet.write_at(MARGIN, MARGIN - 3, "PyTorch cheat sheet", "bold")
    sheet.size = 6.8
    versions = run.versions()
    count = sum(len(group.rows) for group in content)
    told = (
        f"All {count} entries ran with PyTorch {versions['torch']}, and → shows what "
        "each printed."
    )
    address = urljoin(site_url, "cheat-sheet/")
    place = f"{address}   {sheet.page_no()} of {PAGES}"
    for line, text in enumerate((told, place)):
        left = WIDTH - MARGIN - sheet.wide(text, "sans")
        sheet.write_at(left, MARGIN - 3 + line * 9, text, "sans", SOFT)
    sheet.link(left, MARGIN + 6, sheet.wide(address, "sans"), 8, address)
    sheet.size = size


def draw_bar(
    sheet: Sheet, x: float, y: float, group: Group, site_url: str, *, continued: bool
) -> None:
    """Draw the bar above a group: its title, and its lesson to click on."""
    high = sheet.leading * 1.35
    sheet.set_fill_color(BAR)
    sheet.rect(x, y, COLUMN_WIDTH, high, style="F")
    title = group.title
    if continued:
        title += ", continued"
    else:
        sheet.set_xy(x, y)
        sheet.start_section(title)
    top = y + (high - sheet.leading) / 2
    sheet.write_at(x + 4, top, title, "bold", PAPER)
    lesson = group.lesson.partition("/#")[0].strip("/")
    left = x + COLUMN_WIDTH - 4 - sheet.wide(lesson, "sans")
    sheet.write_at(left, top, lesson, "sans", PAPER)
    sheet.link(x, y, COLUMN_WIDTH, high, urljoin(site_url, group.lesson))


def draw_rows(sheet: Sheet, x: float, y: float, rows: list[Laid]) -> None:
    """Draw entries one below the other, with a thin rule between."""
    sheet.set_draw_color(RULE)
    sheet.set_line_width(0.3)
    for number, entry in enumerate(rows):
        if number:
            above = y - sheet.gap / 2
            sheet.line(x, above, x + COLUMN_WIDTH, above)
        draw_entry(sheet, x, y, entry)
        y += entry.height * sheet.leading + sheet.gap


def draw_entry(sheet: Sheet, x: float, y: float, entry: Laid) -> None:
    """Draw what is wanted on the left, the code and its result on the right."""
    for number, line in enumerate(entry.want):
        sheet.write_at(x, y + number * sheet.leading, line, "sans")
    left = x + sheet.want_width
    for number, (line, is_result) in enumerate(entry.lines):
        grey = SOFT if is_result else INK
        sheet.write_at(left, y + number * sheet.leading, line, "mono", grey)
    if entry.beside:
        last = y + (len(entry.lines) - 1) * sheet.leading
        right = x + COLUMN_WIDTH - sheet.wide(entry.beside, "mono")
        sheet.write_at(right, last, entry.beside, "mono", SOFT)
