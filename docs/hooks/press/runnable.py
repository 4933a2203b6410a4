"""Put into a page what its second copy button copies: a block with what it needs.

Each line or statement stands in the page once; a copy is a list of their numbers.
"""

import json
from collections.abc import Iterable, Mapping

from press.blocks import Block
from press.copies import Copy

ID = "copies"


def data(blocks: Iterable[Block], copies: Mapping[str, Copy]) -> str:
    """Return the element that holds the copies of a page; nothing where it has none."""
    wanted = [b for b in blocks if b.anchor in copies and copies[b.anchor].statements]
    if not wanted:
        return ""
    known = {s for block in wanted for s in copies[block.anchor].statements}
    numbers: dict[str, int] = {}
    needs = {}
    for block in wanted:
        parts = pieces(copies[block.anchor].text(block), known)
        needs[block.anchor] = [numbers.setdefault(p, len(numbers)) for p in parts]
    content = json.dumps(
        {"pieces": list(numbers), "copies": needs},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    # A script element ends at the first "</script", also inside a string.
    safe = content.replace("<", "\\u003c")
    return f'<script type="application/json" id="{ID}">{safe}</script>'


def pieces(text: str, known: set[str]) -> list[str]:
    """Cut a program into known statements, and single lines between them.

    Joined by line breaks the pieces give the program.
    """
    lines = text.split("\n")
    lengths = sorted({s.count("\n") + 1 for s in known}, reverse=True)
    found, at = [], 0
    while at < len(lines):
        candidates = ("\n".join(lines[at : at + n]) for n in lengths)
        piece = next((c for c in candidates if c in known), lines[at])
        found.append(piece)
        at += piece.count("\n") + 1
    return found
