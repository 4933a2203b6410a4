"""Cut a runnable copy of each block, and prove it in a process of its own.

A copy is the block with the earlier statements that it needs. It is run from nothing,
and what the block then shows must be what the page shows; a slice that shows anything
else gives way to a more careful one.

As a module: run copies of a page, as standard input asks. Copies that begin with the
same statements share their run and part by `fork`.
"""

import contextlib
import dataclasses
import functools
import gc
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from press import figures, outputs, run, slices, worker
from press.blocks import Block, Page, digest
from press.effects import Effects
from press.slices import RULES, Rule

SLOW_SECONDS = 0.5
TOLD_SECONDS = 5
TIME_LIMIT_SECONDS = 1200
OWN_SOURCES = ("copies.py", "slices.py", "outputs.py")
CAN_FORK = hasattr(os, "fork")
Seconds = Mapping[str, float]  # as committed: address -> how long it took
Slice = tuple[int, ...]  # the numbers of statements
Outcomes = dict[int, dict[str, Any]]  # number of a block -> what its copy showed
ProveAll = Callable[[dict[int, Slice]], Outcomes]


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
    blocks: list[Block]
    results: list[dict[str, Any]]
    recorded: Seconds

    @classmethod
    def of(cls, page: Page, one: run.Run, recorded: Seconds) -> "Ran":
        blocks = [b for b in page.blocks if run.runs_here(b, one.environment)]
        return cls(page, blocks, one.results, recorded)

    @property
    def statements(self) -> list[Effects]:
        return [Effects(**each) for r in self.results for each in r["effects"]]

    @property
    def own(self) -> list[range]:
        """Return the numbers of each block's statements."""
        stops, total = [], 0
        for result in self.results:
            start, total = total, total + len(result["effects"])
            stops.append(range(start, total))
        return stops

    @functools.cached_property
    def slow(self) -> set[int]:
        """Return the numbers of the statements in slow blocks.

        By the recorded times, so that two builds of a commit cut the same copies.
        """
        return {
            number
            for block, own in zip(self.blocks, self.own, strict=True)
            if self.recorded.get(f"{self.page.name}#{block.anchor}", 0.0)
            >= SLOW_SECONDS
            for number in own
        }

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


def prove(
    page: Page, one: run.Run, recorded: Seconds, *, execute: bool = True
) -> run.Run:
    """Return which statements each block of a page needs, from the cache if kept."""
    here = Path(__file__).parent
    own = [(here / name).read_text(encoding="utf-8") for name in OWN_SOURCES]
    ran = Ran.of(page, one, recorded)
    slow = sorted(ran.slow)
    key = digest([one.key, own, slow])
    return run.cached(
        page.name, "copies", key, (lambda: search(ran, key)) if execute else None
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


def search(ran: Ran, key: str) -> run.Run:
    """Try the smallest slice of each block first; widen those that show otherwise."""
    own = ran.own
    found: dict[int, dict[str, Any]] = {}
    tried: dict[int, set[Slice]] = {n: set() for n in range(len(own))}
    why: dict[int, str] = {}
    with prover_of(ran) as prove_all:
        for rule in RULES:
            left = [n for n in range(len(own)) if n not in found]
            claims = claim(ran, left, rule)
            claims = {n: one for n, one in claims.items() if one not in tried[n]}
            for number, outcome in prove_all(claims).items():
                tried[number].add(claims[number])
                problem = difference(ran.results[number], outcome)
                if problem is None:
                    found[number] = {
                        "statements": claims[number],
                        "rule": rule.name,
                        "seconds": outcome["seconds"] + outcome["before"],
                    }
                else:
                    why[number] = problem
    name = ran.page.name
    failures = [
        f"{name}:{ran.blocks[n].line}: a copy of this block, with all that the page "
        f"has before it, does not show what the page shows:\n{problem}"
        for n, problem in why.items()
        if n not in found
    ]
    results = [found.get(n, {}) for n in range(len(own))]
    return run.Run(name, "copies", key, results, "\n".join(failures) or None)


def claim(ran: Ran, left: Sequence[int], rule: Rule) -> dict[int, Slice]:
    """Return the slice of each block by a rule, slow beginnings shared."""
    statements, own = ran.statements, ran.own
    claims = {n: slices.slice_before(statements, own[n], rule) for n in left}
    if not rule.random_numbers_count:
        # A guess, which is likely for an error and a shape: not for minutes of work.
        slow = ran.slow
        claims = {n: c for n, c in claims.items() if slow.isdisjoint({*c, *own[n]})}
    shared = slices.share_slow_beginnings([*claims.values()], ran.slow.__contains__)
    return dict(zip(claims, shared, strict=True))


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


@contextlib.contextmanager
def prover_of(ran: Ran) -> Iterator[ProveAll]:
    """Give what runs copies of a page from nothing, and tells what each block showed.

    One process waits with the page's libraries in memory, and forks for each request.
    """
    with tempfile.TemporaryDirectory(prefix="dlguide-") as name:
        folder = Path(name)
        (folder / "work").mkdir()
        if not CAN_FORK:
            yield lambda claims: one_by_one(ran, folder, claims)
            return
        with started(ran, folder) as process:
            yield lambda claims: ask(process, ran, folder, claims)


def one_by_one(ran: Ran, folder: Path, claims: dict[int, Slice]) -> Outcomes:
    """Run each copy in a process that is started for it alone."""
    outcomes = {}
    for number, one in claims.items():
        with started(ran, folder) as process:
            outcomes |= ask(process, ran, folder, {number: one})
    return outcomes


@contextlib.contextmanager
def started(ran: Ran, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the process that runs the copies of a page; end it, whatever happens."""
    with (folder / "errors").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=folder / "work",
            env=run.environment_variables("cpu"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
        )
    limit = threading.Timer(TIME_LIMIT_SECONDS, process.kill)
    limit.start()
    try:
        blocks = [dataclasses.asdict(block) for block in ran.blocks]
        tell(process, {"blocks": blocks, "folder": str(folder)})
        yield process
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


def tell(process: subprocess.Popen[str], message: Any) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # Its end is told by what is missing.
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()


def ask(
    process: subprocess.Popen[str], ran: Ran, folder: Path, claims: dict[int, Slice]
) -> Outcomes:
    """Have copies run, and return what the block of each showed."""
    if not claims:
        return {}
    statements = ran.statements
    assert process.stdout is not None
    tell(
        process,
        {
            number: [[statements[n].first, statements[n].failed] for n in one]
            for number, one in claims.items()
        },
    )
    process.stdout.readline()
    errors = (folder / "errors").read_text(encoding="utf-8")[-2000:]
    lost = {"message": f"ended its process\n{errors}"}
    return {number: outcome_in(folder, number) or lost for number in claims}


def outcome_in(folder: Path, number: int) -> dict[str, Any] | None:
    path = folder / f"{number}.json"
    if not path.exists():
        return None
    outcome: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return outcome


@dataclasses.dataclass
class Branch:
    """Copies that have begun alike: those that end here, and those that go on."""

    ends: list[int] = dataclasses.field(default_factory=list)
    goes_on: dict[tuple[int, bool], "Branch"] = dataclasses.field(default_factory=dict)

    def add(self, number: int, statements: Sequence[tuple[int, bool]]) -> None:
        branch = self
        for statement in statements:
            branch = branch.goes_on.setdefault(tuple(statement), Branch())  # type: ignore[arg-type]
        branch.ends.append(number)

    @property
    def numbers(self) -> list[int]:
        """Return every copy on this branch."""
        below = [n for branch in self.goes_on.values() for n in branch.numbers]
        return [*self.ends, *below]


class Prover:
    """Runs the copies of one page, in this process and its forks."""

    def __init__(self, blocks: list[Block], folder: Path) -> None:
        self.blocks = blocks
        self.folder = folder
        self.seconds = 0.0
        self.statements = {}
        for block in blocks:
            with contextlib.suppress(SyntaxError):
                for statement in worker.statements_of(block):
                    self.statements[worker.lines_of(statement)[0]] = statement

    def import_all(self) -> None:
        """Import what the page imports, so that no copy waits for that."""
        import ast

        with quiet():
            for statement in self.statements.values():
                if isinstance(statement[0], ast.Import | ast.ImportFrom):
                    with contextlib.suppress(Exception):
                        worker.run_statement(statement, "", {})
        # A collector that visits every object makes each fork copy all of them.
        gc.collect()
        gc.freeze()

    def begin(self, root: Branch) -> None:
        """Become a fresh program, and run all copies."""
        module = types.ModuleType("__main__")
        worker.become_main(module, self.blocks)
        self.follow(root, vars(module))

    def follow(self, branch: Branch, names: dict[str, Any]) -> None:
        """Run all copies on a branch, the last in this process."""
        ways: list[Callable[[], None]] = [
            lambda n=number: self.finish(n, names)  # type: ignore[misc]
            for number in branch.ends
        ]
        ways += [
            lambda s=statement, b=below: self.step(s, b, names)  # type: ignore[misc]
            for statement, below in branch.goes_on.items()
        ]
        for way in ways[:-1]:
            in_fork(way, self.folder)
        ways[-1]()

    def step(
        self, statement: tuple[int, bool], branch: Branch, names: dict[str, Any]
    ) -> None:
        """Run one statement and go on; report an error for all that lean on it."""
        line, fails = statement
        start = time.perf_counter()
        try:
            with quiet():
                worker.run_statement(self.statements[line], self.blocks[0].page, names)
        except BaseException as error:
            if not fails:
                message = f"line {line}: {worker.error_text(error)}"
                for number in branch.numbers:
                    self.report(number, {"message": message})
                return
        self.seconds += time.perf_counter() - start
        self.follow(branch, names)

    def finish(self, number: int, names: dict[str, Any]) -> None:
        """Run the block of a copy, and report what it shows."""
        figures.take()
        outcome = worker.run_block(self.blocks[number], names)
        self.report(number, outcome | {"before": self.seconds})

    def report(self, number: int, outcome: dict[str, Any]) -> None:
        path = self.folder / f"{number}.json"
        path.write_text(json.dumps(outcome), encoding="utf-8")


@contextlib.contextmanager
def quiet() -> Any:
    """Swallow what earlier statements print and warn of."""
    with (
        warnings.catch_warnings(record=True),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("always")
        yield


def in_fork(way: Callable[[], None], folder: Path) -> None:
    """Go one way in a process and a folder of its own, and wait for its end."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        own = tempfile.mkdtemp(dir=folder)
        shutil.copytree(".", own, dirs_exist_ok=True)
        os.chdir(own)
        way()
    finally:
        os._exit(0)


def main() -> None:
    """Run the copies of each request, a line of standard input, and answer with one."""
    page = json.loads(sys.stdin.readline())
    blocks = [Block(**fields) for fields in page["blocks"]]
    # What a page's own programs print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    figures.prepare()
    prover = Prover(blocks, Path(page["folder"]))
    prover.import_all()
    for line in sys.stdin:
        root = Branch()
        for number, statements in json.loads(line).items():
            root.add(int(number), statements)
        if CAN_FORK:
            in_fork(lambda top=root: prover.begin(top), prover.folder)  # type: ignore[misc]
        else:
            prover.begin(root)
        print("done", file=answers, flush=True)


if __name__ == "__main__":
    main()
