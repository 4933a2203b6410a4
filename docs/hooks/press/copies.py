"""Say what must run before a block, so that a copy of it runs alone."""

import ast
import dataclasses

from press.blocks import Block, Page
from press.run import runs_here

NOTABLE_SECONDS = 2


@dataclasses.dataclass(frozen=True)
class Copy:
    """What must run before a block, taken from earlier blocks of its page, in order."""

    statements: tuple[str, ...]  # source text of each earlier statement
    seconds: float  # recorded: how long the copy takes

    def text(self, block: Block) -> str:
        """Return the whole runnable program, with its time where that is notable."""
        slow = self.seconds >= NOTABLE_SECONDS
        head = [f"# Takes about {self.seconds:.0f} s."] if slow else []
        return "\n".join([*head, *self.statements, block.code])


def of_page(page: Page) -> dict[str, Copy]:
    """Return each executed block's copy: all earlier statements.

    The last statement of a block that fails on purpose is the one that fails.
    """
    found: dict[str, Copy] = {}
    earlier: list[str] = []
    for block in page.blocks:
        if not runs_here(block, "cpu"):
            continue
        found[block.anchor] = Copy(tuple(earlier), 0.0)
        earlier += statements_of(block.code)[
            : -1 if "raises" in block.options else None
        ]
    return found


def statements_of(code: str) -> list[str]:
    """Return the source of each statement, decorators included."""
    lines = code.split("\n")
    found: list[str] = []
    try:
        body = ast.parse(code).body
    except SyntaxError:  # On purpose.
        return found
    for node in body:
        first = min(n.lineno for n in [node, *getattr(node, "decorator_list", [])])
        found.append("\n".join(lines[first - 1 : node.end_lineno]))
    return found
