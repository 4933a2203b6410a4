"""Run copies of blocks from nothing: `Prover` asks, a process of its own answers.

That process waits with all libraries in memory, and forks for each request. Copies
that begin with the same statements share their run and part by `fork`. A block that
others need is shown on their way, so that no training runs twice for them.
"""

import ast
import contextlib
import dataclasses
import functools
import gc
import importlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from press import added, figures, run, worker
from press.blocks import Block
from press.effects import Effects

CAN_FORK = hasattr(os, "fork")
TIME_LIMIT_SECONDS = 1200
# What libraries would else load at first use, in each copy again.
LOADED_LATE = (
    "tracemalloc",
    "numpy",
    "torch._dynamo.repro.after_dynamo",
    "torch._functorch.aot_autograd",
    "torch._subclasses.schema_check_mode",
    "torch.profiler._cupti_monitor",
    "torch.utils.serialization",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_svg",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.ImageDraw",
    "PIL.ImageOps",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "sklearn.datasets",
    "sklearn.datasets.data",
    "sklearn.datasets.descr",
)
# Memory in large pages: a fork copies a table of them all.
QUICK_FORKS = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
Claim = list[tuple[int, bool]]  # statements: their first line, whether they fail
Outcomes = dict[int, dict[str, Any]]  # number of a block -> what its copy showed


class Prover:
    """Gives what the block of a copy shows that is run from nothing.

    Many threads may ask at once. Its process starts with the first request, or before.
    """

    def __init__(self, imports: Sequence[str] = ()) -> None:
        self.imports = list(imports)  # statements, of all pages
        self.process: subprocess.Popen[str] | None = None
        self.lock = threading.Lock()
        self.done: dict[str, threading.Event] = {}

    def __enter__(self) -> "Prover":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            end(self.process)

    def start(self) -> None:
        """Start the process, if it does not run yet: it takes its time to load all."""
        with self.lock:
            if CAN_FORK and self.process is None:
                self.process = started(self.imports)
                threading.Thread(target=self.listen, daemon=True).start()

    def show(
        self,
        blocks: Sequence[Block],
        claims: Mapping[int, Claim],
        free_imports: Sequence[int] = (),
        seeds: Sequence[int] = (),
        keep: Mapping[int, Sequence[str]] = MappingProxyType({}),
        kept: Mapping[int, str] = MappingProxyType({}),
    ) -> Outcomes:
        """Run copies of a page, and return what the block of each showed.

        Args:
            blocks: All blocks of the page.
            claims: What each copy has before its block, by the block's number.
            free_imports: The lines of imports that may come later than a copy has
                them, so that it shares more with others.
            seeds: What all random numbers start from, if not as in a new interpreter:
                with each of them a block must show the same.
            keep: The statements that only add to containers, by line, with the names
                of those: where one runs in its own block, the outcome says what it
                added.
            kept: What such statements have added; they need not run again.
        """
        asked = {
            "blocks": [dataclasses.asdict(block) for block in blocks],
            "free_imports": free_imports,
            "seeds": seeds,
            "keep": dict(keep),
            "kept": dict(kept),
        }
        if CAN_FORK:
            return self.request(asked, claims) if claims else {}
        return {
            number: outcome
            for number, claim in claims.items()
            for outcome in self.request(asked, {number: claim}).values()
        }

    def request(self, asked: dict[str, Any], claims: Mapping[int, Claim]) -> Outcomes:
        with tempfile.TemporaryDirectory(prefix="dlguide-") as name:
            folder = Path(name)
            (folder / "work").mkdir()
            request = asked | {"claims": claims, "folder": name}
            if CAN_FORK:
                self.ask(request)
            else:
                process = started([])
                process.communicate(json.dumps(request) + "\n")
            errors = folder / "errors"
            said = errors.read_text("utf-8")[-2000:] if errors.exists() else ""
            lost = {"message": f"ended its process\n{said}"}
            return {number: outcome_in(folder, number) or lost for number in claims}

    def ask(self, request: dict[str, Any]) -> None:
        """Hand a request to the process, and wait for its end."""
        done = self.done[request["folder"]] = threading.Event()
        self.start()
        assert self.process is not None
        assert self.process.stdin is not None
        with self.lock:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(json.dumps(request) + "\n")
                self.process.stdin.flush()
            if self.process.poll() is not None:
                done.set()
        done.wait(TIME_LIMIT_SECONDS)

    def listen(self) -> None:
        """Hear which requests have come to their end; all, if the process has."""
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.done[line.strip()].set()
        for done in list(self.done.values()):
            done.set()


def outcome_in(folder: Path, number: int) -> dict[str, Any] | None:
    path = folder / f"{number}.json"
    if not path.exists():
        return None
    outcome: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return outcome


def started(imports: Sequence[str]) -> subprocess.Popen[str]:
    """Start the process that runs copies, with what it is to import."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        env=run.environment_variables("cpu") | QUICK_FORKS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(list(imports)) + "\n")
    process.stdin.flush()
    return process


def end(process: subprocess.Popen[str]) -> None:
    """End a process and all its forks."""
    if CAN_FORK:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()


@dataclasses.dataclass
class Branch:
    """Copies that have begun alike: those that end here, and those that go on."""

    ends: list[int] = dataclasses.field(default_factory=list)
    goes_on: dict[int, "Branch"] = dataclasses.field(default_factory=dict)
    # Which free imports all of these copies have before the last statement.
    imports: set[int] | None = None

    def then(self, line: int, imports: Collection[int]) -> "Branch":
        """Return the branch of one more copy behind a statement."""
        branch = self.goes_on.setdefault(line, Branch())
        known = branch.imports
        branch.imports = set(imports) if known is None else known & set(imports)
        return branch

    @property
    def numbers(self) -> list[int]:
        """Return every copy on this branch."""
        below = [n for branch in self.goes_on.values() for n in branch.numbers]
        return [*self.ends, *below]


class PageCopies:
    """Runs the copies of one page, in this process and its forks."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.blocks = blocks = [Block(**fields) for fields in request["blocks"]]
        self.folder = Path(request["folder"])
        self.free_imports = set(request["free_imports"])
        self.seeds: list[int] = request["seeds"]
        self.keep = {int(line): names for line, names in request["keep"].items()}
        self.kept = {int(line): text for line, text in request["kept"].items()}
        self.root = Branch()
        self.imports: dict[int, list[int]] = {}  # that each copy has before its block
        self.lines: dict[int, list[int]] = {}  # of all that each copy has there
        self.failing: set[int] = set()
        self.statements = {}
        self.own: list[list[int]] = []  # the lines of each block's statements
        for block in blocks:
            self.own.append([])
            with contextlib.suppress(SyntaxError):
                for statement in worker.statements_of(block):
                    line = worker.lines_of(statement)[0]
                    self.statements[line] = statement
                    self.own[-1].append(line)
        for number, claim in request["claims"].items():
            self.add(int(number), claim)
        # As far as this process has come:
        self.names: dict[str, Any] = {}
        self.imported: set[int] = set()
        self.seconds = 0.0

    def add(self, number: int, claim: Claim) -> None:
        """Add a copy, by the number of its block."""
        branch, imports = self.root, []
        for line, fails in claim:
            if line in self.free_imports:
                imports.append(line)
                continue
            branch = branch.then(line, imports)
            if fails:
                self.failing.add(line)
        branch.ends.append(number)
        self.imports[number] = imports
        self.lines[number] = [line for line, _ in claim]

    def begin(self) -> None:
        """Become a fresh program, and run all copies."""
        self.become_fresh(*self.seeds[:1])
        self.follow(self.root)

    def become_fresh(self, *seed: int) -> None:
        """Have no names, and random numbers from a seed if there is one."""
        for number in seed:
            start_random_numbers(number)
        module = types.ModuleType("__main__")
        worker.become_main(module, self.blocks)
        self.names = vars(module)

    def follow(self, branch: Branch) -> None:
        """Run all copies on a branch, the last in this process."""
        ways: list[Callable[[], None]] = [
            functools.partial(self.finish, number, self.through(number, branch))
            for number in branch.ends
        ]
        ways += [
            functools.partial(self.step, line, below)
            for line, below in branch.goes_on.items()
        ]
        for way in ways[:-1]:
            in_fork(way, self.folder)
        if ways:
            ways[-1]()

    def through(self, number: int, branch: Branch) -> Branch:
        """Take out the copies that go on with the block that ends here."""
        own = (line for line in self.own[number] if line not in self.free_imports)
        first = next(own, None)
        below = branch.goes_on.pop(first, None) if first is not None else None
        return Branch(goes_on={} if below is None else {first: below})

    def step(self, line: int, branch: Branch) -> None:
        """Run one statement and go on; report an error for all that lean on it."""
        start = time.perf_counter()
        try:
            self.import_only(branch.imports or ())
            if line in self.kept:
                self.seconds += added.again(self.kept[line], self.names)
            else:
                self.run_statement(line)
        except BaseException as error:
            if line not in self.failing:
                message = f"line {line}: {worker.error_text(error)}"
                for number in branch.numbers:
                    self.report(number, {"message": message})
                return
        self.seconds += time.perf_counter() - start
        self.follow(branch)

    def run_statement(self, line: int) -> None:
        with quiet():
            page = self.blocks[0].page
            worker.run_statement(self.statements[line], page, self.names)

    def import_only(self, lines: Collection[int]) -> None:
        """Have the names of these free imports, and of no others."""
        wanted = set(lines)
        names = {line: imported_names(self.statements[line]) or {} for line in wanted}
        for line in self.imported - wanted:
            for name in imported_names(self.statements[line]) or {}:
                if not any(name in others for others in names.values()):
                    self.names.pop(name, None)
        for line in sorted(wanted - self.imported):
            self.run_statement(line)
        self.imported = wanted

    def finish(self, number: int, through: Branch) -> None:
        """Run the block of a copy and report what it shows; then those beyond it."""
        figures.close()
        self.import_only(self.imports[number])
        watch = Parting(self, through)
        outcome = worker.run_block(self.blocks[number], self.names, watch=watch)
        told = outcome | {"before": self.seconds, "kept": watch.kept}
        if not self.seeds[1:]:
            self.report(number, told)
        elif watch.branch.numbers:
            in_fork(lambda: self.try_luck(number, told), self.folder)
        else:
            self.try_luck(number, told)
        if "message" in outcome:
            for other in watch.branch.numbers:
                self.report(other, {"message": outcome["message"]})
            return
        self.seconds += outcome["seconds"]
        self.follow(watch.branch)

    def try_luck(self, number: int, outcome: dict[str, Any]) -> None:
        """Report a block, as wrong if it shows something else with the other seeds."""
        for seed in self.seeds[1:]:
            self.become_fresh(seed)
            for line in self.lines[number]:
                with contextlib.suppress(Exception):
                    self.run_statement(line)
            again = worker.run_block(self.blocks[number], self.names)
            if again["outputs"] != outcome["outputs"]:
                outcome |= {"message": f"shows something else with the seed {seed}"}
        self.report(number, outcome)

    def report(self, number: int, outcome: dict[str, Any]) -> None:
        path = self.folder / f"{number}.json"
        path.write_text(json.dumps(outcome), encoding="utf-8")


class Parting:
    """Lets copies part from a block between two of its statements."""

    def __init__(self, copies: PageCopies, branch: Branch) -> None:
        self.copies = copies
        self.branch = branch  # of those that have come with the block so far
        self.kept: dict[int, str] = {}
        self.start = time.perf_counter()
        self.seconds = 0.0  # that others took

    @contextlib.contextmanager
    def statement(self, effects: Effects) -> Iterator[None]:
        """Let those go their own way that do not come with this statement."""
        line = effects.first
        if line in self.copies.free_imports:
            yield
            self.copies.imported.add(line)
            return
        start = time.perf_counter()
        further = self.branch.goes_on.pop(line, Branch())
        if self.branch.numbers:
            in_fork(self.part, self.copies.folder)
        self.branch = further
        self.seconds += time.perf_counter() - start
        names = self.copies.keep.get(line, ())
        with added.noted(names, self.copies.names) as note:
            yield
        if note.text:
            self.kept[line] = note.text

    def part(self) -> None:
        self.copies.seconds += time.perf_counter() - self.start - self.seconds
        self.copies.follow(self.branch)


def start_random_numbers(seed: int) -> None:
    """Seed every generator that has no owner."""
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def imported_names(nodes: Sequence[ast.stmt]) -> dict[str, str] | None:
    """Return which name comes from where, or None where there is more than imports."""
    found = {}
    for node in nodes:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            return None
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            else:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
    return None if "*" in found else found


@contextlib.contextmanager
def quiet() -> Iterator[None]:
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
    numbers = random.getstate()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        random.setstate(numbers)  # Python seeds these anew in each fork.
        own = tempfile.mkdtemp(dir=folder)
        if os.listdir():
            shutil.copytree(".", own, dirs_exist_ok=True)
        os.chdir(own)
        way()
    finally:
        os._exit(0)


def load(imports: Sequence[str]) -> None:
    """Load all that copies import, so that none waits for that."""
    figures.prepare()
    with quiet():
        for statement in imports:
            with contextlib.suppress(Exception):
                exec(statement, {})
        for name in LOADED_LATE:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        draw_something()
    # A collector that visits every object makes each fork copy all of them.
    gc.collect()
    gc.freeze()


def draw_something() -> None:
    """Have matplotlib find its fonts."""
    import matplotlib.pyplot as plt

    plt.subplots()[1].plot([0, 1])
    figures.take()


def answer(request: dict[str, Any]) -> None:
    """Run the copies of a request in its folder."""
    folder = Path(request["folder"])
    os.chdir(folder / "work")
    # What a page's own programs print and read must not get among the requests.
    errors = os.open(folder / "errors", os.O_WRONLY | os.O_CREAT)
    for stream, other in ((os.open(os.devnull, os.O_RDONLY), 0), (errors, 1), (1, 2)):
        os.dup2(stream, other)
    PageCopies(request).begin()


def answer_in_fork(request: dict[str, Any], answers: int) -> None:
    """Answer in a process of its own; another says when that has come to its end."""
    if os.fork():
        return
    try:
        child = os.fork()
        if child == 0:
            os.close(answers)
            answer(request)
            os._exit(0)
        os.waitpid(child, 0)
        os.write(answers, f"{request['folder']}\n".encode())
    finally:
        os._exit(0)


def reap() -> None:
    """Forget the processes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Answer each line of standard input that is a request."""
    for name in QUICK_FORKS:  # Meant for this process, not for those of the pages.
        os.environ.pop(name, None)
    load(json.loads(sys.stdin.readline()))
    if not CAN_FORK:
        answer(json.loads(sys.stdin.readline()))
        return
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        reap()
        answer_in_fork(json.loads(line), answers)


if __name__ == "__main__":
    main()
