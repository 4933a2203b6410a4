"""What the press reads from a page, and which pages it refuses."""

import pytest

from press.blocks import PageError, Prose, parse_page, python_view, read_page


def page_of(text: str, name: str = "lessons/trial.md"):
    return parse_page(name, text)


def refusal(text: str, name: str = "lessons/trial.md") -> str:
    with pytest.raises(PageError) as caught:
        page_of(text, name)
    return str(caught.value)


def test_fences_in_admonitions_and_tabs_are_collected_and_dedented():
    page = page_of(
        "# T\n\n!!! note\n    ```python\n    if True:\n        1\n    ```\n"
        '=== "tab"\n    !!! tip\n        ```python\n        2\n        ```\n'
    )
    assert [block.code for block in page.blocks] == ["if True:\n    1", "2"]
    assert [block.indent for block in page.blocks] == ["    ", "        "]


def test_a_longer_fence_holds_a_shorter_one():
    page = page_of("````text\n```python\n1\n```\n````\n")
    assert [block.code for block in page.blocks] == ["```python\n1\n```"]


def test_a_tilde_fence_is_collected_too():
    assert page_of("~~~python\n1\n~~~\n").blocks[0].runs


@pytest.mark.parametrize(
    "info", ["", "bash", "{.python}", "python3", "pycon", "{code-cell}"]
)
def test_a_fence_of_no_class_is_refused_with_its_place(info):
    message = refusal(f"# T\n\n```{info}\nls\n```\n")
    assert message.startswith(
        f"lessons/trial.md:3: a code block of class {info or 'none'!r}"
    )


def test_a_fence_of_no_class_inside_an_admonition_is_refused_too():
    assert "trial.md:2:" in refusal("!!! note\n    ```bash\n    ls\n    ```\n")


def test_a_fence_that_is_never_closed_is_refused():
    assert (
        refusal("a\n```python\n1\n")
        == "lessons/trial.md:2: this code block is never closed"
    )


@pytest.mark.parametrize(
    "options", ['raise="ValueError"', "raises=ValueError", "raises", "x"]
)
def test_an_option_that_no_one_knows_is_refused(options):
    assert "lessons/trial.md:1: cannot read" in refusal(
        f"```python {options}\n1\n```\n"
    )


@pytest.mark.parametrize("option", ["raises", "warns", "alt", "needs"])
def test_an_option_without_a_value_is_refused(option):
    assert f"{option} says nothing" in refusal(f'```python {option}=""\n1\n```\n')


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lessons/a.md", '# T\n\n```python needs="gpu"\n1\n```\n'),
        ("notebooks/a.py", '# %% [markdown]\n# # T\n\n# %% needs="gpu"\n1\n'),
    ],
)
def test_a_need_that_no_environment_meets_is_refused(name, text):
    with pytest.raises(
        PageError, match=rf"{name}.*'gpu'; expected one of cpu, cuda, torch"
    ):
        parse_page(name, text)


def test_options_may_hold_quotes_and_stand_together():
    options = (
        page_of(r'```python raises="E: say \"no\"" alt="A line"' "\n1\n```\n")
        .blocks[0]
        .options
    )
    assert options == {"raises": 'E: say "no"', "alt": "A line"}


@pytest.mark.parametrize("info", ["py", 'py reason=""'])
def test_python_that_is_only_shown_needs_a_reason(info):
    assert "lessons/trial.md:1:" in refusal(f"```{info}\n1\n```\n")


def test_shell_and_plain_text_are_shown_and_say_so():
    page = page_of("```console\n$ ls\n```\n```text\nhi\n```\n")
    assert [block.reason for block in page.blocks] == ["a shell command", "plain text"]
    assert not any(block.runs for block in page.blocks)


def test_a_block_keeps_its_anchor_when_another_comes_before_it():
    before = page_of("```python\n1\n```\n").blocks[0]
    after = page_of("```python\n2\n```\n\n```python\n1\n```\n").blocks[1]
    assert before.anchor == after.anchor
    assert before.line != after.line


def test_the_same_code_twice_has_two_anchors():
    first, second = page_of("```python\n1\n```\n" * 2).blocks
    assert second.anchor == f"{first.anchor}-2"
    assert first.hash == second.hash


def test_a_blocks_hash_follows_its_code_and_its_options():
    plain, other, marked = page_of(
        '```python\n1\n```\n```python\n2\n```\n```python warns="W: x"\n1\n```\n'
    ).blocks
    assert len({plain.hash, other.hash, marked.hash}) == 3


def test_a_blocks_line_is_that_of_its_first_line_of_code():
    text = "---\ntitle: T\n---\n# T\n\n```python\nfirst = 1\n```\n"
    block = page_of(text).blocks[0]
    assert text.split("\n")[block.line - 1] == "first = 1"


def test_front_matter_is_no_prose():
    page = page_of("---\ntitle: T\n---\n# Title\n\nText.\n")
    assert page.pieces == (Prose("# Title\n\nText.\n"),)


def test_a_notebook_without_a_sentence_under_its_title_is_told_so():
    with pytest.raises(PageError, match="in one sentence under the title"):
        _ = page_of("# Title\n").first_sentence


def test_the_python_view_has_code_at_the_pages_own_lines():
    text = "# T\n\n```python\na = 1\nb = 2\n```\n\nText.\n\n```python\nc = 3\n```\n"
    view = python_view(page_of(text).blocks)
    lines = text.split("\n")
    for number, line in enumerate(view):
        assert line == "\n" or line == lines[number] + "\n"
    assert [line for line in view if line != "\n"] == ["a = 1\n", "b = 2\n", "c = 3\n"]


NOTEBOOK = """\
# %% [markdown]
# # Title
#
# What it is.

# %%
a = 1

# %% raises="ZeroDivisionError"
a / 0
"""


def test_a_percent_notebooks_blocks_have_the_files_own_lines():
    page = page_of(NOTEBOOK, "notebooks/trial.py")
    lines = NOTEBOOK.split("\n")
    assert [lines[block.line - 1] for block in page.blocks] == ["a = 1", "a / 0"]
    assert page.blocks[1].options == {"raises": "ZeroDivisionError"}
    assert page.first_sentence == "What it is."


def test_a_percent_notebook_with_code_outside_a_cell_is_refused():
    assert "must start with a line '# %%'" in refusal(
        "x = 1\n\n" + NOTEBOOK, "notebooks/t.py"
    )


@pytest.mark.parametrize(
    "option",
    ['raise="E"', "A title", 'tags=["raises-exception"]', "raises=1", 'raises=""'],
)
def test_a_percent_cell_with_an_unknown_or_empty_option_is_refused(option):
    message = refusal(f"# %% [markdown]\n# # T\n\n# %% {option}\n1\n", "notebooks/t.py")
    assert message.startswith("notebooks/t.py:4: ")


def test_a_page_is_read_from_its_place_below_the_pages(monkeypatch, tmp_path):
    monkeypatch.setattr("press.blocks.PAGES", tmp_path)
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "a.md").write_text("# A\n\n```python\n1\n```\n")
    page = read_page("lessons/a.md")
    assert (page.name, page.stem, len(page.blocks)) == ("lessons/a.md", "a", 1)
