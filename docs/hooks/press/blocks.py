"""Split a page into prose and code blocks; refuse a block that is in no class."""

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jupytext

from press import error_pages

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "pages"

SHOWN_ONLY = {"console": "a shell command", "text": "plain text"}
OPTIONS = {
    "python": {"raises", "warns", "shows", "alt", "needs"},
    "py": {"reason"},
    "console": set(),
    "text": set(),
}
NEEDED = ("cpu", "cuda", "torchvision")
FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
OPTION = re.compile(r'(?P<name>[a-z]+)="(?P<value>(?:[^"\\]|\\.)*)"')
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


class PageError(Exception):
    """A page that cannot be published, with the place and the reason."""


@dataclasses.dataclass(frozen=True)
class Prose:
    """Markdown between two code blocks."""

    text: str


@dataclasses.dataclass(frozen=True)
class Block:
    """One code block of a page, as its author wrote it."""

    page: str
    line: int  # of the first line of code, counted from 1
    language: str
    code: str
    options: dict[str, str]
    anchor: str
    indent: str = ""

    @property
    def runs(self) -> bool:
        return self.language == "python"

    @property
    def reason(self) -> str:
        """Return why a block that does not run is shown."""
        return self.options.get("reason") or SHOWN_ONLY[self.language]

    @functools.cached_property
    def hash(self) -> str:
        return digest([self.language, self.code, self.options])


@dataclasses.dataclass(frozen=True)
class Page:
    """A page in reading order: prose, block, prose, block, …"""

    name: str  # below docs/pages, or README.md
    pieces: tuple[Prose | Block, ...]

    @property
    def blocks(self) -> list[Block]:
        return [piece for piece in self.pieces if isinstance(piece, Block)]

    @property
    def first_sentence(self) -> str:
        """Return the line under the title, which describes a notebook."""
        for piece in self.pieces:
            if isinstance(piece, Prose) and (
                found := re.search(r"^# .+\n+(.+)$", piece.text, re.MULTILINE)
            ):
                return found[1]
        raise PageError(f"{self.name}: say in one sentence under the title what it is")

    @property
    def stem(self) -> str:
        return Path(self.name).stem


def digest(content: object) -> str:
    """Return a short hash of anything that JSON can hold."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_of(name: str) -> Path:
    """Return the file of a page, which is named from docs/pages or is the README."""
    return ROOT / name if name == "README.md" else PAGES / name


def page_names() -> list[str]:
    """List every page, in a stable order: those of authors and of the registry."""
    files = [*PAGES.rglob("*.md"), *PAGES.glob("notebooks/*.py")]
    written = [path.relative_to(PAGES).as_posix() for path in files]
    return ["README.md", *sorted([*written, *error_pages.names()])]


def read_page(name: str) -> Page:
    """Read one page from its file, or from the registry of known errors."""
    if name in error_pages.names():
        return parse_page(name, error_pages.text_of(name))
    return parse_page(name, source_of(name).read_text(encoding="utf-8"))


def parse_page(name: str, text: str) -> Page:
    """Split the text of a page; raise `PageError` where a block is in no class."""
    pieces = parse_percent(name, text) if name.endswith(".py") else parse_md(name, text)
    return Page(name, tuple(pieces))


def parse_md(name: str, text: str) -> list[Prose | Block]:
    """Split Markdown at its fences, also those inside admonitions and tabs."""
    front = FRONT_MATTER.match(text)
    lines = text.split("\n")
    start = front[0].count("\n") if front else 0
    pieces: list[Prose | Block] = []
    prose: list[str] = []
    anchors = Anchors()
    number = start
    while number < len(lines):
        opening = FENCE.match(lines[number])
        if opening is None:
            prose.append(lines[number])
            number += 1
            continue
        closing = find_closing(name, lines, number, opening["fence"])
        indent = opening["indent"]
        code = "\n".join(
            line.removeprefix(indent) for line in lines[number + 1 : closing]
        )
        place = f"{name}:{number + 1}"
        language, options = parse_info(place, opening["info"])
        pieces.append(Prose("\n".join(prose)))
        pieces.append(
            Block(name, number + 2, language, code, options, anchors.of(code), indent)
        )
        prose = []
        number = closing + 1
    return [*pieces, Prose("\n".join(prose))]


def find_closing(name: str, lines: list[str], opening: int, fence: str) -> int:
    """Return the index of the line that closes the fence opened at `opening`."""
    for number in range(opening + 1, len(lines)):
        stripped = lines[number].strip()
        if len(stripped) >= len(fence) and set(stripped) == {fence[0]}:
            return number
    raise PageError(f"{name}:{opening + 1}: this code block is never closed")


def parse_info(place: str, info: str) -> tuple[str, dict[str, str]]:
    """Read a fence's language and options; refuse what no class holds."""
    language, _, rest = info.strip().partition(" ")
    if language not in OPTIONS:
        raise PageError(
            f"{place}: a code block of class {language or 'none'!r}; expected one of "
            f"{', '.join(OPTIONS)} (shell commands are 'console')"
        )
    options = {m["name"]: unescape(m["value"]) for m in OPTION.finditer(rest)}
    leftover = OPTION.sub("", rest).strip()
    unknown = sorted(set(options) - OPTIONS[language])
    empty = sorted(name for name, value in options.items() if not value.strip())
    if empty and not leftover and not unknown:
        raise PageError(f"{place}: {', '.join(empty)} says nothing; fill in its value")
    if leftover or unknown:
        raise PageError(
            f"{place}: cannot read {leftover or ', '.join(unknown)!r}; a {language} "
            f'block takes name="value" with {sorted(OPTIONS[language]) or "no names"}'
        )
    refuse_unknown_need(place, options)
    if language == "py" and not options.get("reason"):
        raise PageError(f'{place}: Python that is only shown needs reason="…"')
    return language, options


def refuse_unknown_need(place: str, options: dict[str, Any]) -> None:
    """Raise `PageError` for a block that no environment would ever run."""
    needed = options.get("needs", NEEDED[0])
    if needed not in NEEDED:
        raise PageError(
            f"{place}: needs {needed!r}; expected one of {', '.join(NEEDED)}"
        )


def unescape(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def parse_percent(name: str, text: str) -> list[Prose | Block]:
    """Split a notebook in jupytext's percent format."""
    notebook = jupytext.reads(text, fmt="py:percent")
    markers = [
        n for n, line in enumerate(text.split("\n"), 1) if line.startswith("# %%")
    ]
    if len(markers) != len(notebook.cells):
        raise PageError(f"{name}: each cell must start with a line '# %%'")
    pieces: list[Prose | Block] = []
    anchors = Anchors()
    for line, cell in zip(markers, notebook.cells, strict=True):
        if cell.cell_type == "markdown":
            pieces.append(Prose(cell.source + "\n"))
            continue
        # jupytext keeps its count of blank lines among the options.
        options = {
            option: value
            for option, value in cell.metadata.items()
            if not option.startswith("lines_to_")
        }
        unknown = sorted(set(options) - OPTIONS["python"])
        if unknown:
            raise PageError(f"{name}:{line}: unknown option {', '.join(unknown)}")
        for option, value in options.items():
            if not isinstance(value, str) or not value.strip():
                raise PageError(f'{name}:{line}: {option} needs a value in "quotes"')
        refuse_unknown_need(f"{name}:{line}", options)
        anchor = anchors.of(cell.source)
        pieces.append(Block(name, line + 1, "python", cell.source, options, anchor))
    return pieces


class Anchors:
    """Names blocks by their code: a block keeps its address when others move."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def of(self, code: str) -> str:
        base = f"code-{digest(code)[:6]}"
        self.seen[base] = self.seen.get(base, 0) + 1
        return base if self.seen[base] == 1 else f"{base}-{self.seen[base]}"


def python_view(blocks: Iterable[Block]) -> list[str]:
    """Return the page as Python only, each line of code where the page has it.

    Tracebacks and `inspect.getsource` then show the page's own lines.
    """
    lines: list[str] = []
    for block in blocks:
        lines += ["\n"] * (block.line - 1 - len(lines))
        lines += [line + "\n" for line in block.code.split("\n")]
    return lines
