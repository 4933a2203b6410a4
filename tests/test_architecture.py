"""The promises of the layout: four mirrors, who may lean on whom, no strangers."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from press import glossary, topics

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "pages"
PACKAGE = ROOT / "dlguide"
READING_ORDER = [
    "tensors",
    "workflow",
    "classification",
    "vision",
    "datasets",
    "overfitting",
]
FREE_STANDING = {"doctor", "errors"}  # Lean on no lesson; no lesson leans on them.
TOOLS = {"pictures", "preflight"}  # Lean on lessons; no lesson leans on them.
EXERCISES = "exercises"  # Leans on any lesson, and nothing leans on it.
MODULES = sorted(
    [path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("_")]
    + [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
)
LESSONS = [name for name in MODULES if name not in {*FREE_STANDING, *TOOLS, EXERCISES}]
WRITTEN = sorted(PAGES.rglob("*.md")) + sorted(PAGES.glob("notebooks/*.py"))
HEAVY = [
    *("matplotlib", "pandas", "sklearn", "tqdm", "torchmetrics", "torchvision"),
    *("PIL", "pooch", "requests", "kornia", "optuna"),
]


def imports_of(path: Path) -> set[str]:
    """Return the dotted name of everything that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            dots = "dlguide." if node.level else ""
            base = dots + (node.module or "")
            found |= {base.rstrip(".")} | {
                f"{base.rstrip('.')}.{a.name}" for a in node.names
            }
    return found


def public_objects() -> list[tuple[str, str]]:
    return [
        (name, item)
        for name in MODULES
        for item in importlib.import_module(f"dlguide.{name}").__all__
    ]


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize(
    "mirror",
    ["docs/pages/lessons/{}.md", "docs/pages/reference/{}.md", "tests/test_{}.py"],
)
def test_a_module_has_its_lesson_its_reference_and_its_tests(name, mirror):
    assert (ROOT / mirror.format(name)).exists()


@pytest.mark.parametrize("folder", ["lessons", "reference"])
def test_a_lesson_or_a_reference_has_its_module(folder):
    names = {path.stem for path in (PAGES / folder).glob("*.md")} - {"index"}
    assert names <= set(MODULES)


@pytest.mark.parametrize("name", LESSONS)
def test_a_reference_page_shows_its_own_module(name):
    text = (PAGES / "reference" / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^::: (\S+)", text, re.MULTILINE) == [f"dlguide.{name}"]


@pytest.mark.parametrize("name", LESSONS)
def test_a_module_leans_only_on_those_before_it(name):
    assert name in READING_ORDER, f"give dlguide.{name} its place in the reading order"
    before = READING_ORDER[: READING_ORDER.index(name)]
    own = {
        i.split(".")[1]
        for i in imports_of(PACKAGE / f"{name}.py")
        if i.startswith("dlguide.")
    }
    assert own <= set(before)


@pytest.mark.parametrize("name", FREE_STANDING & set(MODULES))
def test_a_free_standing_module_leans_on_no_lesson_and_none_on_it(name):
    assert not any(i.startswith("dlguide") for i in imports_of(PACKAGE / f"{name}.py"))
    for lesson in LESSONS:
        assert f"dlguide.{name}" not in imports_of(PACKAGE / f"{lesson}.py")


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_tool_has_its_reference_and_tests_and_no_lesson_leans_on_it(name):
    assert (ROOT / f"docs/pages/reference/{name}.md").exists()
    assert (ROOT / f"tests/test_{name}.py").exists()
    for lesson in LESSONS:
        assert f"dlguide.{name}" not in imports_of(PACKAGE / f"{lesson}.py")


def test_exercises_have_their_reference_their_tests_and_a_checker_for_each_lesson():
    assert (ROOT / f"docs/pages/reference/{EXERCISES}.md").exists()
    assert (ROOT / f"tests/test_{EXERCISES}.py").exists()
    checkers = {path.stem for path in (PACKAGE / EXERCISES).glob("*.py")}
    assert checkers - {"__init__", "answers"} == set(LESSONS)


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / EXERCISES).glob("*.py")), ids=lambda path: path.stem
)
def test_exercises_lean_on_lessons_only(path):
    tops = {i.split(".")[1] for i in imports_of(path) if i.startswith("dlguide.")}
    assert tops <= {EXERCISES, *LESSONS}


def test_nothing_leans_on_exercises():
    others = set(PACKAGE.rglob("*.py")) - set((PACKAGE / EXERCISES).rglob("*.py"))
    for path in others:
        names = {".".join(name.split(".")[:2]) for name in imports_of(path)}
        assert f"dlguide.{EXERCISES}" not in names, path


def test_the_package_never_leans_on_the_site():
    for path in PACKAGE.rglob("*.py"):
        tops = {name.split(".")[0] for name in imports_of(path)}
        assert not tops & {"press", "docs", "mkdocs", "mkdocs_press", "tests"}, path


def test_the_press_never_leans_on_the_package():
    for path in (ROOT / "docs" / "hooks").rglob("*.py"):
        assert not any(name.split(".")[0] == "dlguide" for name in imports_of(path)), (
            path
        )


def test_only_the_adapter_knows_the_site_engine():
    for path in (ROOT / "docs" / "hooks" / "press").rglob("*.py"):
        assert not any(name.split(".")[0] == "mkdocs" for name in imports_of(path)), (
            path
        )


def printed_by(code):
    """Return what a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, cwd=ROOT, text=True).strip()


def test_importing_the_package_imports_nothing_heavy():
    modules = ", ".join(["dlguide", *(f"dlguide.{name}" for name in MODULES)])
    # torch may bring a library by itself, as it does tqdm where that is installed.
    code = (
        f"import sys, torch; before = set(sys.modules); import {modules}; "
        f"print([m for m in {HEAVY} if m in set(sys.modules) - before])"
    )
    assert printed_by(code) == "[]"


def test_importing_the_package_itself_imports_not_even_torch():
    code = "import sys, dlguide; print('torch' in sys.modules)"
    assert printed_by(code) == "False"


@pytest.mark.parametrize(("name", "item"), public_objects())
def test_a_public_object_has_an_example_that_runs(name, item):
    thing = getattr(importlib.import_module(f"dlguide.{name}"), item)
    if not callable(thing):
        pytest.skip("a constant")
    documented = inspect.getdoc(thing) or ""
    assert re.search(r"^Examples:$", documented, re.MULTILINE)
    assert ">>> " in documented


@pytest.mark.parametrize("name", MODULES)
def test_a_public_object_has_one_home_and_no_other(name):
    module = importlib.import_module(f"dlguide.{name}")
    defined = {
        item
        for item, thing in vars(module).items()
        if not item.startswith("_")
        and getattr(thing, "__module__", None) == module.__name__
        and (inspect.isclass(thing) or inspect.isfunction(thing))
    }
    listed = {i for i in module.__all__ if callable(getattr(module, i))}
    assert listed == defined


def pages_in(navigation) -> list[str]:
    if isinstance(navigation, str):
        return [navigation]
    items = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for item in items for page in pages_in(item)]


def test_every_page_is_in_the_navigation_once():
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda *_: None)
    Loader.add_multi_constructor("tag:", lambda *_: None)
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    listed = pages_in(config["nav"])
    written = [p.relative_to(PAGES).as_posix() for p in WRITTEN]
    families = (PACKAGE / "known_errors").glob("*.toml")
    written += [f"errors/{path.stem}.md" for path in families]
    written += [topics.NAME, glossary.NAME]
    written = [
        name.removesuffix(".py") + ".ipynb" if name.endswith(".py") else name
        for name in written
    ]
    assert sorted(page for page in listed if "://" not in page) == sorted(written)


def test_lessons_stand_in_reading_order_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    order = re.findall(r"\blessons/(\w+)\.md", text)
    assert order == [name for name in READING_ORDER if name in order]


STRANGERS = re.compile(
    r"""src\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?(?:https?:)?//|"""
    r"""<link[^>]+href=["'](?:https?:)?//|fonts\.(?:googleapis|gstatic)|cdn\.|unpkg\.com"""
)


def test_no_page_module_or_theme_asks_another_host_for_anything():
    kinds = ("*.md", "*.html", "*.css", "*.js")
    theme = [
        p
        for folder in (PAGES, ROOT / "docs" / "theme")
        for kind in kinds
        for p in folder.rglob(kind)
    ]
    for path in {*WRITTEN, *PACKAGE.rglob("*.py"), *theme}:
        found = STRANGERS.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]}"
