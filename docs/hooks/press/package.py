"""Tell which modules of the companion package some code leans on, and hash them.

A page runs again when a module that it uses has changed, not when any other has.
"""

import ast
import re
from collections.abc import Iterable

from press.blocks import ROOT, digest

PACKAGE = ROOT / "dlguide"
SHOWS_DOCSTRINGS = re.compile(r"\bgetsource|\b__doc__\b|\bgetdoc\b|\bhelp\(")
MENTION = re.compile(r"\bdlguide\.(\w*)")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def fingerprint(codes: Iterable[str]) -> str:
    """Return a hash of every module that the code can reach.

    Docstrings count only where the code may show them.
    """
    codes = list(codes)
    read = source if any(map(SHOWS_DOCSTRINGS.search, codes)) else source_without_prose
    return digest({name: read(name) for name in reached(codes)})


def whole_package() -> str:
    """Return a hash of the package as it is written, docstrings and all."""
    return digest({name: source(name) for name in modules()})


def modules() -> list[str]:
    """List the modules by their names in the package; a subpackage is one as well."""
    paths = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return sorted(
        ".".join(path.parts[:-1])
        if path.stem == "__init__" and len(path.parts) > 1
        else ".".join(path.with_suffix("").parts)
        for path in paths
    )


def source(name: str) -> str:
    path = PACKAGE / name.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path.read_text(encoding="utf-8")


def source_without_prose(name: str) -> str:
    return without_docstrings(source(name))


def reached(codes: Iterable[str]) -> list[str]:
    """Return the modules that the code names, and those that they name in turn."""
    known = set(modules())
    todo = {name for code in codes for name in named(code, known)}
    found: set[str] = set()
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= named(source(name), known) - found
    return sorted(found)


def named(code: str, known: set[str]) -> set[str]:
    """Return the modules that some code names; all of them where that is in doubt."""
    code = without_docstrings(code)
    mentioned = {match[1] for match in MENTION.finditer(code)}
    imported = imported_from_package(code)
    # f"dlguide.{name}" and `import dlguide`: anything may follow.
    if "" in mentioned or "" in imported:
        return known
    # A subpackage counts as a whole.
    found = {name for name in known if name.split(".")[0] in mentioned | imported}
    return found | {"__init__"} if found else found


def imported_from_package(code: str) -> set[str]:
    """Return the names in `from dlguide import …`, and "" for `import dlguide`."""
    found = set()
    for node in nodes_of(code):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE.name:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {"" for alias in node.names if alias.name == PACKAGE.name}
    return found


def without_docstrings(code: str) -> str:
    """Return the code without its docstrings, all other lines as they are.

    That is text, not a syntax tree: a tree looks different in each Python.
    """
    dropped: set[int] = set()
    for node in nodes_of(code):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            dropped |= {*range(docstring.lineno, (docstring.end_lineno or 0) + 1)}
    lines = enumerate(code.split("\n"), 1)
    return "\n".join(line for number, line in lines if number not in dropped)


def nodes_of(code: str) -> list[ast.AST]:
    """Return every node of some code; none where it is a mistake on purpose."""
    try:
        return list(ast.walk(ast.parse(code)))
    except SyntaxError:
        return []
