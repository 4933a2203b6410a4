"""Cut a runnable copy of each block, and prove it in a process of its own.

A copy is the block with the earlier statements that it needs. It is run from nothing,
and what the block then shows must be what the page shows; a slice that shows anything
else gives way to a more careful one.
"""

import ast
import contextlib
import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from press import outputs, run, slices
from press.blocks import Block, Page, digest
from press.effects import TORCH_NUMBERS, Effects
from press.prover import Outcomes, Prover, imported_names
from press.slices import RULES, Rule

TOLD_SECONDS = 5
OWN_SOURCES = ("added.py", "copies.py", "outputs.py", "prover.py", "slices.py")
# A guess that random numbers do not show must hold for each of these.
GUESSED_SEEDS = (1, 2)
Seconds = Mapping[str, float]  # as committed: address -> how long it took
Slice = tuple[int, ...]  # the numbers of statements


@dataclasses.dataclass(frozen=True)
class Copy:
    """What must run before a block, taken from earlier blocks of its page, in order."""

    statements: tuple[str, ...]
    seconds: float  # that the whole copy takes, as recorded; 0 where it is quick

    def text(self, block: Block) -> str:
        """Return the whole program: what the block needs, and the block."""
        parts = [*self.statements, block.code]
        if self.seconds >= TOLD_SECONDS:
            parts.insert(0, f"# Takes about {told(self.seconds)}.")
        return joined(parts)

    @property
    def summary(self) -> dict[str, Any]:
        """Return what the ledger says of a copy."""
        lines = sum(statement.count("\n") + 1 for statement in self.statements)
        return {"lines_before": lines, "shows": "the same"}


def told(seconds: float) -> str:
    """Return a time as one would say it."""
    if seconds >= 90:
        return f"{seconds / 60:.0f} minutes"
    return f"{5 * round(seconds / 5)} seconds"


def joined(parts: Sequence[str]) -> str:
    """Return statements as one program, with blank lines around the longer ones."""
    text = ""
    for before, part in zip(["", *parts], parts, strict=False):
        wide = "\n" in before or "\n" in part or part is parts[-1]
        text += ("\n\n" if wide and text else "\n" if text else "") + part
    return text


@dataclasses.dataclass(frozen=True)
class Ran:
    """A page that ran, as numbered statements."""

    page: Page
    environment: str
    blocks: list[Block]
    results: list[dict[str, Any]]
    recorded: Seconds

    @classmethod
    def of(cls, page: Page, one: run.Run, recorded: Seconds) -> "Ran":
        blocks = [b for b in page.blocks if run.runs_here(b, one.environment)]
        return cls(page, one.environment, blocks, one.results, recorded)

    @property
    def wanted(self) -> list[int]:
        """Return the numbers of the blocks whose copies are to be found."""
        return [
            number
            for number, block in enumerate(self.blocks)
            if run.counts(block, self.environment)
        ]

    @functools.cached_property
    def statements(self) -> list[Effects]:
        return [
            Effects(**each).moved(block.line - 1)
            for block, result in zip(self.blocks, self.results, strict=True)
            for each in result["effects"]
        ]

    @functools.cached_property
    def own(self) -> list[range]:
        """Return the numbers of each block's statements."""
        stops, total = [], 0
        for result in self.results:
            start, total = total, total + len(result["effects"])
            stops.append(range(start, total))
        return stops

    @functools.cached_property
    def slow(self) -> set[int]:
        """Return the numbers of the statements in slow blocks, save imports.

        By the recorded times, so that two builds of a commit cut the same copies.
        """
        free = set(self.free_imports)
        return {
            number
            for block, own in zip(self.blocks, self.own, strict=True)
            if self.recorded.get(f"{self.page.name}#{block.anchor}", 0.0)
            >= slices.SLOW_SECONDS
            for number in own
            if self.statements[number].first not in free
        }

    @functools.cached_property
    def adding(self) -> dict[int, list[str]]:
        """Return the slow statements that only add to containers, and to which."""
        return {
            number: effects.grows
            for number, effects in enumerate(self.statements)
            if number in self.slow
            and effects.grows
            and effects.grows == effects.changes
            and set(effects.binds) <= {TORCH_NUMBERS}
            and not any(name.startswith("(") for name in effects.reads)
        }

    @functools.cached_property
    def free_imports(self) -> list[int]:
        """Return the lines of imports that do the same wherever they stand.

        What they bind is bound by no other statement, and they change nothing.
        """
        bound: dict[str, set[str]] = {}  # name -> from where it comes
        imports = {}
        for effects in self.statements:
            nodes = ast.parse(self.source(effects)).body
            names = imported_names(nodes) if not effects.changes else None
            if names is None or effects.failed:
                names = dict.fromkeys(effects.binds, f"line {effects.first}")
            else:
                imports[effects.first] = names
            for name, origin in names.items():
                bound.setdefault(name, set()).add(origin)
        return [
            line
            for line, names in imports.items()
            if all(len(bound[name]) == 1 for name in names)
        ]

    def source(self, effects: Effects) -> str:
        """Return a statement as its page has it; one that fails, held."""
        block = next(b for b in reversed(self.blocks) if b.line <= effects.first)
        lines = block.code.split("\n")
        start = effects.first - block.line
        text = "\n".join(lines[start : effects.last - block.line + 1])
        return held(text) if effects.failed else text


def held(statement: str) -> str:
    """Return a statement that fails on purpose so that the program goes on."""
    body = "\n".join(f"    {line}" if line else line for line in statement.split("\n"))
    return f"try:\n{body}\nexcept Exception as error:\n    print(error)"


def imports_of(pages: Iterable[Page]) -> list[str]:
    """Return the statements that import something, of all blocks that run."""
    found: dict[str, None] = {}
    for block in (b for page in pages for b in page.blocks if b.runs):
        with contextlib.suppress(SyntaxError):
            for node in ast.parse(block.code).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    found[ast.unparse(node)] = None
    return list(found)


def prove(
    page: Page, one: run.Run, recorded: Seconds, prover: Prover | None
) -> run.Run:
    """Return which statements each block of a page needs, from the cache if kept.

    Beside torchvision, of those that need it. Without a prover, only from the cache.
    """
    here = Path(__file__).parent
    own = [(here / name).read_text(encoding="utf-8") for name in OWN_SOURCES]
    ran = Ran.of(page, one, recorded)
    slow = sorted(ran.slow)
    key = digest([one.key, own, slow])
    return run.cached(
        page.name, "copies", key, (lambda: search(ran, key, prover)) if prover else None
    )


def made(
    page: Page, one: run.Run, proof: run.Run, recorded: Seconds
) -> dict[str, Copy]:
    """Return the proved copy of each block by its anchor."""
    ran = Ran.of(page, one, recorded)
    statements = ran.statements
    copies = {}
    for block, result in zip(ran.blocks, proof.results, strict=False):
        if result:
            needed = tuple(ran.source(statements[n]) for n in result["statements"])
            seconds = recorded.get(timing_address(page.name, block.anchor), 0.0)
            copies[block.anchor] = Copy(needed, seconds)
    return copies


def timing_address(page: str, anchor: str) -> str:
    """Return under which name the seconds of a copy are recorded."""
    return f"{page}#{anchor} copy"


def slow_ones(page: Page, one: run.Run, proof: run.Run) -> dict[str, float]:
    """Return the seconds of each copy whose reader must be told."""
    blocks = Ran.of(page, one, {}).blocks
    return {
        timing_address(page.name, block.anchor): result["seconds"]
        for block, result in zip(blocks, proof.results, strict=False)
        if result and result["seconds"] >= TOLD_SECONDS
    }


def search(ran: Ran, key: str, prover: Prover) -> run.Run:
    """Try the smallest slice of each block first; widen those that show otherwise."""
    found: dict[int, dict[str, Any]] = {}
    tried: dict[int, set[Slice]] = {n: set() for n in ran.wanted}
    why: dict[int, str] = {}
    kept: dict[int, str] = {}
    for rule in RULES:
        left = [n for n in ran.wanted if n not in found]
        claims = claim(ran, left, rule)
        claims = {n: one for n, one in claims.items() if one not in tried[n]}
        for part in parts(ran, claims):
            right, wrong = shown_right(ran, part, rule, prover, kept)
            for number, outcome in right.items():
                kept |= outcome["kept"]
                found[number] = {
                    "statements": part[number],
                    "rule": rule.name,
                    "seconds": outcome["seconds"] + outcome["before"],
                }
            why |= wrong
        for number, one in claims.items():
            tried[number].add(one)
    name = ran.page.name
    failures = [
        f"{name}:{ran.blocks[n].line}: a copy of this block, with all that the page "
        f"has before it, does not show what the page shows:\n{problem}"
        for n, problem in why.items()
        if n not in found
    ]
    results = [found.get(n, {}) for n in range(len(ran.own))]
    return run.Run(name, "copies", key, results, "\n".join(failures) or None)


def parts(ran: Ran, claims: dict[int, Slice]) -> list[dict[int, Slice]]:
    """Return first the copies with what only adds, then those that need it."""
    adding = ran.adding.keys()
    later = {n: one for n, one in claims.items() if not adding.isdisjoint(one)}
    return [{n: one for n, one in claims.items() if n not in later}, later]


def shown_right(
    ran: Ran,
    claims: Mapping[int, Slice],
    rule: Rule,
    prover: Prover,
    kept: Mapping[int, str],
) -> tuple[Outcomes, dict[int, str]]:
    """Run copies; return what came of those that show the same, and what else did."""
    statements = ran.statements
    right = prover.show(
        ran.blocks,
        {
            number: [
                (statements[n].first, statements[n].failed)
                for n in slices.slow_first(statements, one)
            ]
            for number, one in claims.items()
        },
        ran.free_imports,
        () if rule.random_numbers_count else GUESSED_SEEDS,
        {statements[n].first: names for n, names in ran.adding.items()},
        kept,
    )
    wrong = {}
    for number in claims:
        problem = difference(ran.results[number], right[number])
        if problem is not None:
            wrong[number] = problem
            del right[number]
    return right, wrong


def claim(ran: Ran, left: Sequence[int], rule: Rule) -> dict[int, Slice]:
    """Return the slice of each block by a rule; none where a guess is not worth it."""

    def by(rule: Rule) -> dict[int, Slice]:
        return {n: slices.slice_before(ran.statements, ran.own[n], rule) for n in left}

    claims = by(rule)
    if rule.random_numbers_count:
        return claims
    # Likely to hold for an error and a shape. Not for minutes of work.
    careful = by(dataclasses.replace(rule, random_numbers_count=True))
    return {
        n: one
        for n, one in claims.items()
        if one != careful[n] and ran.slow.isdisjoint({*one, *ran.own[n]})
    }


def difference(shown: dict[str, Any], outcome: dict[str, Any]) -> str | None:
    """Return in what a copy's outputs differ from the page's, or None."""
    if "message" in outcome:
        return str(outcome["message"])
    ours, theirs = shown["outputs"], outcome["outputs"]
    if [one["kind"] for one in ours] != [one["kind"] for one in theirs]:
        return f"{kinds(theirs)} in place of {kinds(ours)}"
    for one, other in zip(ours, theirs, strict=True):
        if one == other or (one["kind"] != "figure" and alike(one, other)):
            continue
        return f"expected {one['text'][:500]}\ngot      {other['text'][:500]}"
    return None


def alike(one: dict[str, str], other: dict[str, str]) -> bool:
    return outputs.same(
        one.get("plain", one["text"]), other.get("plain", other["text"])
    )


def kinds(shown: list[dict[str, str]]) -> str:
    return ", ".join(one["kind"] for one in shown) or "nothing"
