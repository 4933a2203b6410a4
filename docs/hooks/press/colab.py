"""Make a notebook run on a fresh machine, and say where Colab finds it."""

import ast
import re
import tomllib
from collections.abc import Iterable

from press import package
from press.blocks import ROOT, Page

BRANCH = "downloads"  # What the workflow pushes there is the folder of that name.
GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
# Where the name on PyPI is not the name in Python.
MODULES = {"scikit-learn": "sklearn"}


def address(repo_url: str | None, notebook: str) -> str | None:
    """Return where Colab opens a notebook; None where no GitHub repository is named."""
    found = GITHUB.fullmatch(repo_url or "")
    if found is None:
        return None
    owner, repository = found.groups()
    return (
        "https://colab.research.google.com/github/"
        f"{owner}/{repository}/blob/{BRANCH}/{notebook}"
    )


def setup(page: Page, wheel_url: str) -> str:
    """Return the cell that installs what the page needs, where it is missing."""
    sources = {"dlguide": wheel_url} | {
        module: name for name, module in needed(page).items()
    }
    lines = "\n".join(f'    "{module}": "{sources[module]}",' for module in sources)
    return f"""\
# Install what this page needs where it is missing: on Colab, for example.
from importlib.util import find_spec

needed = {{
{lines}
}}
missing = [source for module, source in needed.items() if not find_spec(module)]
if missing and find_spec("torchvision"):
    missing.append("torchvision")  # It must fit the PyTorch that comes along.
if missing:
    %pip install --quiet {{" ".join(missing)}}"""


def needed(page: Page) -> dict[str, str]:
    """Return what the page imports beside the package: name on PyPI -> module."""
    codes = [block.code for block in page.blocks if block.runs]
    inside = [package.source(name) for name in package.reached(codes)]
    imported = imports(codes) | imports(inside)
    offered = {name: MODULES.get(name, name) for name in beside_package()}
    return {name: module for name, module in offered.items() if module in imported}


def beside_package() -> list[str]:
    """Return the libraries that pages may import beside those of the package."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    group = tomllib.loads(text)["dependency-groups"]["pages"]
    return [re.split(r"[<>=~! ]", requirement)[0] for requirement in group]


def imports(codes: Iterable[str]) -> set[str]:
    """Return the first name of everything that some code imports."""
    found = set()
    for node in (node for code in codes for node in package.nodes_of(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
