"""Find the package's names in the code of pages: for links, and for who uses what."""

import ast
import dataclasses
import functools
import re
from collections.abc import Iterable

from press import package
from press.blocks import Block, Page, Prose

HEADING = re.compile(r"^(#{1,6}) +(.+?)(?: +\{[^}]*\})? *$", re.MULTILINE)
MARKUP = re.compile(r"\\(?=[^\w\s])|[`*]")
PACKAGE = package.PACKAGE.name
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (*NAMED, ast.Lambda, *COMPREHENSIONS)


@dataclasses.dataclass(frozen=True)
class Use:
    """One mention of a public name in a block's code."""

    target: str  # "dlguide.tensors.describe", or a module
    start: int  # in characters of the block's code
    end: int
    imported: bool  # mentioned in an import, not used


@dataclasses.dataclass(frozen=True)
class Place:
    """A block that uses a name, and where a reader finds it."""

    page: str
    title: str  # of the page
    section: str
    anchor: str


@functools.cache
def public(module: str) -> frozenset[str]:
    """Return a module's dotted name and those of the functions and classes it lists."""
    dotted = f"{PACKAGE}.{module}"
    listed: list[str] = []
    documented = {}
    for node in ast.parse(package.source(module)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            listed = ast.literal_eval(node.value)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            documented[node.name] = ast.get_docstring(node)
    names = (f"{dotted}.{name}" for name in listed if documented.get(name))
    return frozenset({dotted, *names})


def known() -> frozenset[str]:
    """Return every public name that the reference has an entry for."""
    # What lies deeper is a part of its module.
    modules = [name for name in package.modules() if name[0] != "_" and "." not in name]
    return frozenset().union(*map(public, modules))


def uses(page: Page) -> dict[str, list[Use]]:
    """Return the public names in each block of a page, by the block's anchor."""
    finder = Finder(known())
    found = {}
    for block in page.blocks:
        if not block.runs:
            continue
        try:
            tree = ast.parse(block.code)
        except SyntaxError:  # On purpose: the page shows what Python says of it.
            continue
        found[block.anchor] = finder.find(block, tree)
    return found


def places(
    pages: Iterable[Page], used: dict[str, dict[str, list[Use]]]
) -> dict[str, list[Place]]:
    """Return where each name is used, the first block of each section, in order."""
    found: dict[str, list[Place]] = {}
    for page in pages:
        title = section = ""
        for piece in page.pieces:
            if isinstance(piece, Prose):
                for level, text in HEADING.findall(piece.text):
                    section = MARKUP.sub("", text)
                    title = section if len(level) == 1 else title
                continue
            here = Place(page.name, title, section, piece.anchor)
            in_block = used[page.name].get(piece.anchor, [])
            for target in sorted({use.target for use in in_block if not use.imported}):
                others = found.setdefault(target, [])
                if not any((o.page, o.section) == (page.name, section) for o in others):
                    others.append(here)
    return found


class Finder(ast.NodeVisitor):
    """Follows which names of a page are the package's, from block to block."""

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.bound: dict[str, str] = {}
        self.local: list[set[str]] = []
        self.found: list[Use] = []
        self.code = ""

    def find(self, block: Block, tree: ast.Module) -> list[Use]:
        """Return the uses in one block, in the order of its text."""
        self.code, self.found = block.code, []
        self.visit(tree)
        return sorted(self.found, key=lambda use: use.start)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.bind(name, alias.name if alias.asname else name)
            self.note(alias.name, alias, alias.name, imported=True)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        self.note(module, node, module, imported=True, after="from ")
        for alias in node.names:
            self.bind(alias.asname or alias.name, f"{module}.{alias.name}")
            target = f"{module}.{alias.name}"
            self.note(target, alias, alias.name, imported=True)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            if target := self.meaning(node):
                self.note(target, node, node.id)
        elif not self.local:
            self.bound.pop(node.id, None)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        target = self.meaning(node)
        if target in self.known:
            self.note(target, node, ast.unparse(node))
        else:
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        # Python evaluates the right side first, while names have their old meaning.
        for part in (node.value, *node.targets):
            self.visit(part)

    def visit_For(self, node: ast.For) -> None:
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, NAMED):
            self.bind(node.name, "")
        if isinstance(node, SCOPES):
            self.within(node)
        else:
            super().visit(node)

    def within(self, node: ast.AST) -> None:
        """Visit a scope, in which its own names hide the page's."""
        nodes = list(ast.walk(node))
        own = {n.arg for n in nodes if isinstance(n, ast.arg)}
        own |= {
            n.id
            for n in nodes
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        self.local.append(own)
        self.generic_visit(node)
        self.local.pop()

    def bind(self, name: str, target: str) -> None:
        """Remember what a name of the page means from here on."""
        self.bound.pop(name, None)
        if target.partition(".")[0] == PACKAGE:
            self.bound[name] = target

    def meaning(self, node: ast.expr) -> str:
        """Return the dotted name that a name or a chain of attributes stands for."""
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            return owner and f"{owner}.{node.attr}"
        if not isinstance(node, ast.Name) or any(node.id in own for own in self.local):
            return ""
        return self.bound.get(node.id, "")

    def note(
        self,
        target: str,
        node: ast.AST,
        text: str,
        *,
        imported: bool = False,
        after: str = "",
    ) -> None:
        """Note a use where the code has its text, as it does outside of f-strings."""
        if target not in self.known:
            return
        line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]
        lines = self.code.split("\n")
        before = lines[line - 1].encode()[:column].decode(errors="ignore")
        start = sum(len(one) + 1 for one in lines[: line - 1]) + len(before + after)
        if not self.code.startswith(text, start):
            start = -1
        self.found.append(Use(target, start, start + len(text), imported))
