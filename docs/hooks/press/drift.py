"""Keep in the repository what each page prints; refuse a run that prints otherwise.

One readable file for each page, so that a change of outputs is reviewed like a change
of code. Numbers may differ beyond the digits that are printed, as in doctests.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from press import run
from press.blocks import ROOT, Block, Page
from press.outputs import same
from press.render import results_of

OUTPUTS = ROOT / "docs" / "evidence" / "outputs"
HEAD = "What {name} prints; `nox -s accept` writes this file, for review.\n"
BLOCK = "== "
# How a line begins that was printed, warned or raised.
MARKS = {"text": "| ", "table": "| ", "warning": "? ", "error": "! "}
ADVICE = "If that is as it should be, take it with `nox -s accept` and commit the file."
Kept = dict[str, list[str]]  # anchor -> lines, each with its mark


def path_of(name: str) -> Path:
    """Return the file that keeps a page's outputs."""
    return (OUTPUTS / name).with_suffix(".txt")


def problems(
    pages: Mapping[str, Page], runs: Mapping[str, run.Run], *, whole: bool = True
) -> list[str]:
    """Return for each page that prints something else, or anew, a unified diff.

    With `whole` these are all pages there are, and no file may be left over.
    """
    found = []
    for name, page in comparable(pages, runs):
        path = path_of(name)
        kept = read_text(path)
        now = text_of(page, runs[name], parse(kept))
        if now != kept:
            label = path.relative_to(OUTPUTS.parents[2]).as_posix()
            lines = difflib.unified_diff(
                kept.splitlines(), now.splitlines(), label, "this run", lineterm=""
            )
            found.append("\n".join([f"{name}: prints something else:", *lines]))
    if whole:
        found += [f"{path}: outputs of a page that is gone" for path in gone(pages)]
    return [*found, ADVICE] if found else []


def accept(
    pages: Mapping[str, Page], runs: Mapping[str, run.Run], *, whole: bool = True
) -> list[Path]:
    """Keep what the pages print now; return the files that changed."""
    changed = []
    for name, page in comparable(pages, runs):
        path = path_of(name)
        kept = read_text(path)
        now = text_of(page, runs[name], parse(kept))
        if now == kept:
            continue
        changed.append(path)
        if now:
            run.write_atomically(path, now)
        else:
            path.unlink()
    for path in gone(pages) if whole else ():
        path.unlink()
        changed.append(path)
    return changed


def comparable(
    pages: Mapping[str, Page], runs: Mapping[str, run.Run]
) -> Iterator[tuple[str, Page]]:
    """Yield the pages whose run is to be held against what was kept."""
    other_data = bool(os.environ.get("DLGUIDE_DATA"))
    for name, page in pages.items():
        # On a reader's own data a page prints other numbers.
        reads_it = any("DLGUIDE_DATA" in block.code for block in page.blocks)
        if runs[name].failure is None and not (other_data and reads_it):
            yield name, page


def gone(pages: Mapping[str, Page]) -> list[Path]:
    """Return the files of pages that there are no more."""
    return sorted(set(OUTPUTS.rglob("*.txt")) - {path_of(name) for name in pages})


def read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def text_of(page: Page, one: run.Run, kept: Kept) -> str:
    """Return what to keep of a page's run: what was kept, where it says the same.

    A page that prints nothing has no text.
    """
    results = results_of(page, one)
    parts = []
    for block in page.blocks:
        lines = marked_lines(results.get(block.anchor, {"outputs": []})["outputs"])
        if lines:
            before = kept.get(block.anchor, [])
            lines = before if agree(before, lines) else lines
            parts.append("\n".join([title(block), *lines]) + "\n")
    return "\n".join([HEAD.format(name=page.name), *parts]) if parts else ""


def title(block: Block) -> str:
    """Return a line that names a block, with its last line of code for orientation."""
    last = block.code.rstrip().rpartition("\n")[2].strip()
    return f"{BLOCK}{block.anchor}  {last[:70]}".rstrip()


def marked_lines(outputs: list[dict[str, Any]]) -> list[str]:
    """Return the lines of text outputs; figures are no text."""
    return [
        (MARKS[output["kind"]] + line).rstrip()
        for output in outputs
        if output["kind"] in MARKS
        for line in output.get("plain", output["text"]).split("\n")
    ]


def agree(kept: list[str], now: list[str]) -> bool:
    """Return whether two outputs are the same, to the digits that were kept."""
    return same("\n".join(kept), "\n".join(now))


def parse(text: str) -> Kept:
    """Return the lines that a file keeps for each block."""
    found: Kept = {}
    for part in text.split("\n" + BLOCK)[1:]:
        head, *lines = part.rstrip("\n").split("\n")
        found[head.partition(" ")[0]] = lines
    return found
