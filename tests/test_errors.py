"""Errors explained in their own numbers, unknown ones left alone, a tidy registry."""

import ast
import io
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

from dlguide import __main__ as command
from dlguide.errors import explain, hints, load_ipython_extension
from press import error_pages

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "pages"
ENTRIES = [
    (family, entry)
    for family in error_pages.FAMILIES
    for entry in error_pages.load(family)["entry"]
]
MESSAGES = tomllib.loads(
    (ROOT / "tests" / "error_messages.toml").read_text(encoding="utf-8")
)
KEYS = {"id", "title", "means", "cause", "broken", "do", "cure", "foresee", "learn"}
every_entry = pytest.mark.parametrize(
    ("family", "entry"), ENTRIES, ids=[entry["id"] for _, entry in ENTRIES]
)


# The registry


def test_there_are_enough_entries_and_each_name_is_taken_once():
    names = [entry["id"] for _, entry in ENTRIES]
    assert len(names) == len(set(names)) >= 80
    assert len(error_pages.load("silent")["entry"]) >= 20


def test_every_file_of_the_registry_is_a_page_in_the_order_of_the_index():
    files = {path.stem for path in error_pages.REGISTRY.glob("*.toml")}
    assert files == set(error_pages.FAMILIES)


@every_entry
def test_an_entry_is_complete_and_says_one_thing(family, entry):
    assert entry.keys() >= KEYS | {"thread"}
    assert len({"raises", "warns", "shows"} & entry.keys()) == 1
    assert ("patterns" in entry) == (family != "silent")
    assert ("cured" in entry) == ("shows" in entry)
    assert entry["thread"].startswith("https://")


@every_entry
def test_a_broken_program_and_its_cure_are_short(family, entry):
    assert len(entry["broken"].strip().splitlines()) <= 12
    assert len(entry["cure"].strip().splitlines()) <= 16


@every_entry
def test_a_program_imports_what_it_uses(family, entry):
    code = f"{entry['broken']}\n{entry['cure']}"
    used = {
        node.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Name) and node.id in {"torch", "nn", "np", "DataLoader"}
    }
    for name in used:
        assert re.search(rf"^(?:import|from) .*\b{name}\b", code, re.MULTILINE)


@every_entry
def test_a_lesson_that_an_entry_names_has_that_section(family, entry):
    page, _, anchor = entry["learn"].partition("#")
    text = (PAGES / page).read_text(encoding="utf-8")
    headings = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
    assert anchor in slugs


@every_entry
def test_a_pattern_fits_what_its_own_program_raises(family, entry):
    if "patterns" not in entry:
        return
    found = explain(error_pages.message_of(entry))
    assert found is not None
    assert found.entry == entry["id"]


@every_entry
def test_every_pattern_fills_the_sentence_or_there_is_one_without_numbers(
    family, entry
):
    wanted = set(re.findall(r"\{(\w+)\}", entry["means"]))
    for pattern in entry.get("patterns", ()):
        assert wanted <= set(re.compile(pattern).groupindex) or "briefly" in entry


def test_every_entry_that_preflight_names_is_in_the_registry():
    code = (ROOT / "dlguide" / "preflight.py").read_text(encoding="utf-8")
    kinds = "|".join(error_pages.FAMILIES)
    named = set(re.findall(rf'"((?:{kinds})-[\w-]+)"', code))
    assert named
    assert named <= {entry["id"] for _, entry in ENTRIES}


# Messages that others met


@pytest.mark.parametrize("known", [m for m in MESSAGES["known"] if m["entry"]])
def test_a_message_that_people_met_finds_its_entry(known):
    found = explain(known["text"])
    assert found is not None, known["source"]
    assert found.entry == known["entry"]


@pytest.mark.parametrize(
    "message",
    [*MESSAGES["foreign"], *(m for m in MESSAGES["known"] if not m["entry"])],
)
def test_a_message_of_another_library_gets_no_guess(message):
    assert explain(message["text"]) is None, message["source"]


# Explaining


def test_an_exception_is_explained_with_its_own_numbers():
    with pytest.raises(RuntimeError) as caught:
        torch.nn.Linear(10, 5)(torch.ones(32, 784))
    found = explain(caught.value)
    assert found.means.startswith("32 rows with 784 features")
    assert found.means.endswith("expects 10.")


@pytest.mark.parametrize("kind", [RuntimeError, ValueError])
def test_the_type_of_an_exception_counts_as_words_of_its_message(kind):
    class Unsupported(kind):
        pass

    error = Unsupported("Data-dependent branching")
    assert explain(error).entry == "compile-data-dependent-branching"


def test_the_last_error_of_a_traceback_is_the_one_that_is_explained():
    first = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x8 and 10x2)"
    then = "During handling of the above exception, another exception occurred:"
    last = "IndexError: Target 10 is out of bounds."
    assert explain(f"{first}\n\n{then}\n\n{last}").entry == "loss-target-out-of-bounds"


def test_line_breaks_in_a_message_do_not_matter():
    words = "mat1 and mat2 shapes\n  cannot be multiplied (4x8\nand 10x2)"
    assert explain(words).entry == "shape-linear-in-features"


def test_a_hint_is_a_note_below_an_error_that_stays_as_it_is():
    with pytest.raises(IndexError) as caught, hints():
        torch.tensor([1, 2, 3])[3]
    assert str(caught.value) == "index 3 is out of bounds for dimension 0 with size 3"
    assert "errors/reshape/#reshape-index-out-of-bounds" in caught.value.__notes__[0]


def test_hints_inside_hints_say_it_once():
    with pytest.raises(IndexError) as caught, hints(), hints():
        torch.tensor([1, 2, 3])[3]
    assert len(caught.value.__notes__) == 1


def test_an_unknown_error_gets_no_note():
    with pytest.raises(ValueError, match="invalid literal") as caught, hints():
        int("cat")
    assert not hasattr(caught.value, "__notes__")


def test_a_notebook_shows_the_note_after_one_line():
    class Shell:
        def set_custom_exc(self, kinds, handler):
            self.handler = handler

        def showtraceback(self, shown, tb_offset):
            self.shown = shown

    shell = Shell()
    load_ipython_extension(shell)
    error = IndexError("Target 10 is out of bounds.")
    shell.handler(shell, IndexError, error, None, tb_offset=0)
    assert shell.shown == (IndexError, error, None)
    assert "Cure: " in error.__notes__[0]


# The command


def run(monkeypatch, *words, typed=""):
    monkeypatch.setattr(sys, "argv", ["dlguide", "explain", *words])
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    return command.main()


def test_the_command_explains_words_and_what_a_pipe_brings(monkeypatch, capsys):
    message = "Target 10 is out of bounds."
    assert run(monkeypatch, *message.split()) == 0
    assert run(monkeypatch, typed=f"Traceback …\nIndexError: {message}\n") == 0
    first, second = capsys.readouterr().out.split("https://")[:2]
    assert "Cure: " in first
    assert "Cure: " in second


def test_the_command_says_that_it_does_not_know(monkeypatch, capsys):
    assert run(monkeypatch, "something", "else") == 1
    assert "unknown error" in capsys.readouterr().err


def test_the_command_needs_no_torch():
    code = (
        "import runpy, sys; sys.argv = ['dlguide', 'explain', 'Target 3 is out of "
        "bounds.']\ntry: runpy.run_module('dlguide', run_name='__main__')\n"
        "except SystemExit: print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=ROOT, text=True).endswith("False\n")


# The pages


def test_a_page_breaks_and_cures_every_entry_of_its_family():
    text = error_pages.text_of("errors/loss.md")
    for entry in error_pages.load("loss")["entry"]:
        assert f"{{ #{entry['id']} }}" in text
        assert entry["broken"].strip() in text
        assert entry["cure"].strip() in text


def test_the_index_links_every_entry():
    text = error_pages.index()
    for family, entry in ENTRIES:
        assert f"({family}.md#{entry['id']})" in text


def test_data_of_the_search_box_cannot_end_its_element():
    assert "<" not in error_pages.search_data()
