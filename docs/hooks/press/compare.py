"""Name the files in which two builds differ: `python -m press.compare A B`."""

import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any


def differences(left: Path, right: Path) -> Iterator[str]:
    """Yield in words where two folders differ, file by file."""
    ours, theirs = files_below(left), files_below(right)
    for name in sorted(ours | theirs):
        if name not in theirs:
            yield f"{name}: only in {left}"
            continue
        if name not in ours:
            yield f"{name}: only in {right}"
            continue
        first, second = (left / name).read_bytes(), (right / name).read_bytes()
        if first != second:
            yield f"{name}: {difference(first, second)}"


def files_below(folder: Path) -> set[str]:
    """Return the name of every file in a folder, from that folder on."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def difference(first: bytes, second: bytes) -> str:
    """Return the first line that differs; where there are no lines, the first byte."""
    try:
        ours = first.decode().splitlines(keepends=True)
        theirs = second.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        byte, _, _ = first_pair(first, second)
        return f"byte {byte} of {len(first)} and {len(second)} differs"
    line, left, right = first_pair(ours, theirs)
    column, _, _ = first_pair(left or "", right or "")
    shown = f"{excerpt(left, column)}\n  {excerpt(right, column)}"
    return f"line {line + 1} differs at column {column + 1}\n  {shown}"


def first_pair(left: Sequence[Any], right: Sequence[Any]) -> tuple[int, Any, Any]:
    """Return the first place where two sequences differ, with what each has there."""
    pairs = enumerate(zip_longest(left, right))
    return next((place, one, other) for place, (one, other) in pairs if one != other)


def excerpt(line: str | None, column: int) -> str:
    """Return the part of a line around a column, as a terminal can show it."""
    if line is None:
        return "(no such line)"
    start, stop = max(0, column - 100), column + 100
    before, after = "… " * (start > 0), " …" * (stop < len(line))
    return f"{before}{line[start:stop]!r}{after}"


def main() -> int:
    left, right = map(Path, sys.argv[1:3])
    empty = [str(folder) for folder in (left, right) if not files_below(folder)]
    found = [f"no files in {empty[0]}"] if empty else list(differences(left, right))
    same = f"{len(files_below(left))} files, byte for byte the same"
    print("\n".join(found) or same)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
