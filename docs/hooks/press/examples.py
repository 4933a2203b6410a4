"""Turn docstring examples into code that runs when copied, and prove that it does.

A doctest runs among the names of its module; whoever copies it has none of them.
So each block of an example first imports what it takes from there, with the module's
own import statement or from the module itself.
"""

import ast
import builtins
import concurrent.futures
import contextlib
import dataclasses
import doctest
import io
import multiprocessing
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from typing import Literal

from press import figures, package, worker
from press.blocks import Block
from press.copies import Copy
from press.outputs import same

PRELOADED = [
    "torch",
    "matplotlib.pyplot",
    "press.examples",
]  # In memory, under no name.


@dataclasses.dataclass(frozen=True)
class Example:
    """One block of a docstring's example and what it must show."""

    name: str  # of the documented object
    number: int  # counted from 1, through the docstring
    statements: tuple[str, ...]  # imports first
    imports: int  # how many of the statements
    output: str
    fails: bool  # on purpose; then `output` is the error

    @property
    def anchor(self) -> str:
        # Without dots: the theme's copy button finds its block with a selector.
        return f"{self.name.replace('.', '-')}-example-{self.number}"

    @property
    def code(self) -> str:
        lines = [*self.statements]
        if 0 < self.imports < len(lines):
            lines.insert(self.imports, "")
        return "\n".join(lines)

    def as_block(self) -> Block:
        """Return the example as if an author had written it on a page."""
        return Block(page_of(self.name), 1, "python", self.code, {}, self.anchor)


def page_of(name: str) -> str:
    return f"reference/{module_of(name)}.md"


def module_of(name: str) -> str:
    """Return the module in which a documented object lives."""
    parts = name.split(".")
    known = len(parts) > 1 and parts[1] in package.modules()
    return parts[1] if known else "__init__"


def paragraphs(docstring: str) -> list[list[doctest.Example]]:
    """Return the examples of a docstring, parted where prose stands between them."""
    found: list[list[doctest.Example]] = [[]]
    for part in doctest.DocTestParser().parse(docstring):
        if isinstance(part, doctest.Example):
            found[-1].append(part)
        elif part.strip() and found[-1]:
            found.append([])
    return [examples for examples in found if examples]


def blocks(name: str, parts: Iterable[list[doctest.Example]]) -> list[list[Example]]:
    """Return each paragraph's blocks: each ends where something is printed."""
    available = names_of_module(module_of(name))
    bound: set[str] = set()
    number = 0
    found = []
    for examples in parts:
        made = []
        for group in ending_in_output(examples):
            number += 1
            sources = [example.source.rstrip("\n") for example in group]
            needed = names_taken(sources, bound)
            bound |= needed & set(available)
            first = [available[name] for name in available if name in needed]
            while sources and (written := origins_imported(sources[0])):
                first += written
                sources.pop(0)
            imports = import_lines(first)
            error = group[-1].exc_msg
            output = (error or group[-1].want).rstrip("\n")
            made.append(
                Example(
                    name,
                    number,
                    (*imports, *sources),
                    len(imports),
                    output.replace(doctest.BLANKLINE_MARKER, ""),
                    error is not None,
                )
            )
        found.append(made)
    return found


def ending_in_output(
    examples: list[doctest.Example],
) -> Iterator[list[doctest.Example]]:
    """Yield runs of examples of which only the last shows something."""
    group: list[doctest.Example] = []
    for example in examples:
        group.append(example)
        if example.want:
            yield group
            group = []
    if group:
        yield group


Origin = tuple[str, str]  # ("dlguide.tensors", "describe") or ("", "numpy as np")


def names_of_module(module: str) -> dict[str, Origin]:
    """Return where each name at the top of a module can be imported from, in order."""
    dotted = package.PACKAGE.name
    dotted += "" if module == "__init__" else f".{module}"
    found: dict[str, Origin] = {}
    for node in ast.parse(package.source(module)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (alias.asname or alias.name for alias in node.names)
            tops = (name.partition(".")[0] for name in names)
            found |= dict(zip(tops, origins_of(node), strict=True))
        else:
            found |= {name: (dotted, name) for name in sorted(names_bound(node))}
    return found


def origins_imported(source: str) -> list[Origin]:
    """Return what an import statement imports; nothing for any other statement."""
    (node,) = ast.parse(source).body
    return origins_of(node) if isinstance(node, ast.Import | ast.ImportFrom) else []


def origins_of(node: ast.Import | ast.ImportFrom) -> list[Origin]:
    module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    return [(module, as_written(alias)) for alias in node.names]


def as_written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def names_bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement leaves behind."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        names = (alias.asname or alias.name for alias in statement.names)
        return {name.partition(".")[0] for name in names}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def names_taken(sources: Iterable[str], bound: set[str]) -> set[str]:
    """Return the names that statements use before they bind them; note new ones."""
    taken = set()
    for source in sources:
        for statement in ast.parse(source).body:
            nodes = list(ast.walk(statement))
            read = {
                node.id
                for node in nodes
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            }
            inner = {node.arg for node in nodes if isinstance(node, ast.arg)}
            taken |= read - inner - bound - set(vars(builtins))
            bound |= names_bound(statement)
    return taken


def import_lines(origins: Iterable[Origin]) -> list[str]:
    """Return import statements in Ruff's order, one for each module."""
    grouped: dict[Origin, list[str]] = {}
    for module, name in origins:
        grouped.setdefault((module, "" if module else name), []).append(name)
    lines = []
    for module, name in sorted(grouped, key=statement_order):
        names = sorted(set(grouped[module, name]), key=import_order)
        listed = f"from {module} import {', '.join(names)}"
        lines.append(listed if module else f"import {name}")
    return lines


def statement_order(origin: Origin) -> tuple[int, bool, Origin]:
    """Order modules: Python's own, others', ours; `import` before `from`."""
    module, name = origin
    top = re.split(r"[. ]", module or name)[0]
    place = 0 if top in sys.stdlib_module_names else 1 + (top == package.PACKAGE.name)
    return place, bool(module), origin


def import_order(name: str) -> tuple[bool, bool, str]:
    """Order names as Ruff does: constants, classes, functions."""
    return not name.isupper(), not name[0].isupper(), name


def copies(examples: list[Example]) -> dict[str, Copy]:
    """Return each block's copy: all blocks of its own docstring before it."""
    found: dict[str, Copy] = {}
    earlier: dict[str, tuple[str, ...]] = {}
    for example in examples:
        before = earlier.get(example.name, ())
        found[example.anchor] = Copy(before, 0.0)
        if not example.fails:
            earlier[example.name] = before + example.statements
    return found


def shown_by(code: str, on_warning: Literal["error", "ignore"] = "error") -> str:
    """Run code as a fresh notebook cell; return what it prints, shows or raises."""
    block = Block("copy", 1, "python", code, {}, "copy")
    printed = io.StringIO()
    before = os.getcwd()
    with (
        tempfile.TemporaryDirectory(prefix="dlguide-") as folder,
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter(on_warning)
        os.chdir(folder)
        try:
            value = worker.execute(block, {"__name__": "__main__"}, None, [])
        except Exception as error:
            return printed.getvalue() + f"{type(error).__name__}: {error}"
        finally:
            os.chdir(before)
    return printed.getvalue() + ("" if value is None else repr(value))


Job = tuple[Example, str, "concurrent.futures.Future[str]"]


class Prover:
    """Runs each copy of a docstring's example alone, in a fresh process."""

    def __init__(self) -> None:
        # A fork of a process with torch in memory is fresh and costs no import.
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if forks else "spawn")
        if forks:
            context.set_forkserver_preload(PRELOADED)
        self.pool = concurrent.futures.ProcessPoolExecutor(
            os.cpu_count(), context, initializer=prepare, max_tasks_per_child=1
        )
        self.jobs: dict[str, list[Job]] = {}

    def start(self, name: str, docstring: str) -> None:
        """Begin to run the copies of one docstring."""
        every = [one for part in blocks(name, paragraphs(docstring)) for one in part]
        made = copies(every)
        texts = [made[one.anchor].text(one.as_block()) for one in every]
        self.jobs[name] = [
            (one, text, self.pool.submit(shown_by, text))
            for one, text in zip(every, texts, strict=True)
        ]

    def stop(self) -> None:
        self.pool.shutdown()

    def problem(self, name: str) -> str | None:
        """Say which copy shows something else than its docstring, or return None."""
        for example, text, job in self.jobs[name]:
            shown = job.result()
            if not same(example.output, last_of(shown, example)):
                return (
                    f"{example.anchor}: what a reader copies shows something else\n"
                    f"{text}\nexpected:\n{example.output}\nshown:\n{shown}"
                )
        return None


def last_of(shown: str, example: Example) -> str:
    """Return the end of an output: what earlier blocks print comes before it."""
    lines = shown.rstrip("\n").split("\n")
    if example.number == 1 or not example.output:
        return "\n".join(lines) if example.number == 1 else ""
    return "\n".join(lines[-len(example.output.split("\n")) :])


def prepare() -> None:
    """Keep a process on the CPU and its drawings off the screen."""
    worker.enter_device("cpu")
    figures.prepare()
