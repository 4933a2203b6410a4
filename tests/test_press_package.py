"""Which modules a page leans on: no more than it can reach, and never fewer."""

import pytest

from press import package
from press.blocks import page_names, read_page

SOURCES = {
    "__init__": '"""Doc."""\n',
    "first": '"""Doc."""\n\nimport torch\n\nA = 1\n',
    "second": "from dlguide.first import A\n",
    "third": "from dlguide import second\n\nCACHE = 'dlguide'\n",
    "below/__init__": "from dlguide.below.one import B\n",
    "below/one": "from dlguide.first import A\n",
    "below/two": "B = 2\n",
}
NAMES = sorted(name.removesuffix("/__init__").replace("/", ".") for name in SOURCES)
BELOW = ["__init__", "below", "below.one", "below.two", "first"]


@pytest.fixture(autouse=True)
def sources(tmp_path, monkeypatch):
    folder = tmp_path / "dlguide"
    (folder / "below").mkdir(parents=True)
    for name, text in SOURCES.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(package, "PACKAGE", folder)
    return folder


def change(name: str, text: str) -> None:
    (package.PACKAGE / f"{name}.py").write_text(text)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import torch", []),
        ("from dlguide.first import A", ["__init__", "first"]),
        ("from dlguide import first", ["__init__", "first"]),
        ("from dlguide import (\n    first,\n)", ["__init__", "first"]),
        ("import dlguide.second", ["__init__", "first", "second"]),
        ("import dlguide.second as s, os", ["__init__", "first", "second"]),
        ("subprocess.run(['-m', 'dlguide.second'])", ["__init__", "first", "second"]),
        ("from dlguide.third import CACHE", ["__init__", "first", "second", "third"]),
        ("import dlguide", NAMES),
        ("import_module(f'dlguide.{name}')", NAMES),
        ("import_module('dlguide.' + name)", NAMES),
        ("from dlguide.below import B", BELOW),
        ("from dlguide.below.two import B", BELOW),
        ("from dlguide import below", BELOW),
        ("import_module(f'dlguide.below.{name}')", BELOW),
        ("from dlguide.absent import A", []),
        ("if broken(:\n  dlguide.second", ["__init__", "first", "second"]),
        ('def f():\n    """See dlguide.second."""', []),
    ],
)
def test_code_reaches_what_it_names_and_what_that_names(code, names):
    assert package.reached([code]) == names


USES_SECOND = ["from dlguide.second import A"]


def test_a_change_of_a_module_that_is_used_changes_the_fingerprint():
    before = package.fingerprint(USES_SECOND)
    change("first", SOURCES["first"].replace("A = 1", "A = 2"))
    assert package.fingerprint(USES_SECOND) != before


def test_a_change_of_a_module_that_is_not_used_changes_nothing():
    before = package.fingerprint(USES_SECOND)
    change("third", "A = 2\n")
    assert package.fingerprint(USES_SECOND) == before


@pytest.mark.parametrize("words", ['"""Other."""', '"""More.\n\nMuch more.\n"""'])
def test_a_change_of_a_docstring_changes_nothing(words):
    before = package.fingerprint(USES_SECOND)
    change("first", SOURCES["first"].replace('"""Doc."""', words))
    assert package.fingerprint(USES_SECOND) == before


@pytest.mark.parametrize(
    "shows", ["inspect.getsource(first)", "first.__doc__", "help(first)"]
)
def test_a_docstring_counts_where_the_page_may_show_it(shows):
    codes = [*USES_SECOND, shows]
    before = package.fingerprint(codes)
    change("first", SOURCES["first"].replace("Doc.", "Other."))
    assert package.fingerprint(codes) != before


@pytest.mark.parametrize("name", ["below/__init__", "below/one", "below/two"])
def test_a_change_anywhere_in_a_subpackage_changes_the_fingerprint(name):
    codes = ["from dlguide.below import B"]
    before, whole = package.fingerprint(codes), package.whole_package()
    change(name, SOURCES[name] + "C = 3\n")
    assert package.fingerprint(codes) != before
    assert package.whole_package() != whole


def test_a_comment_counts_since_a_page_may_show_it():
    before = package.fingerprint(USES_SECOND)
    change("first", SOURCES["first"] + "# A comment.\n")
    assert package.fingerprint(USES_SECOND) != before


def test_the_whole_package_counts_docstrings():
    before = package.whole_package()
    change("third", SOURCES["third"] + '"""Words."""\n')
    assert package.whole_package() != before


def test_every_module_that_a_real_page_imports_is_reached(monkeypatch):
    monkeypatch.undo()
    for name in page_names():
        codes = [block.code for block in read_page(name).blocks if block.runs]
        for module in package.modules():
            if any(f"from dlguide.{module} import" in code for code in codes):
                assert module in package.reached(codes)
