"""The guide for programs: blocks as data, pages as Markdown, the list of pages."""

import json

import pytest

from press import reference_text, snippets
from press.blocks import parse_page
from press.copies import Copy

URL = "https://example.org/"
PAGE = parse_page(
    "lessons/trial.md",
    "---\ntitle: T\n---\n# T\n\nSee [there](other.md#x).\n\n"
    "```python\nx = 1\n```\n\n"
    '```python alt="A line"\nprint("```")\n```\n\n!!! note "Mind"\n    Words.\n\n'
    "```console\nls\n```\n\n::: dlguide.trial\n\nAfter.\n",
)
FIRST, SECOND, COMMAND = PAGE.blocks
RESULT = {
    "outputs": [{"kind": "text", "text": "```"}, {"kind": "figure", "text": "<svg/>"}]
}
ROWS = [
    {
        "environment": "cpu",
        "outcome": "ran",
        "reason": "",
        "seconds": 0.1,
        "versions": {"torch": "2"},
        "hash": "h",
    }
]


def test_a_snippet_says_all_that_is_known_of_a_block():
    found = snippets.snippet(SECOND, Copy(("x = 1",), 0.0), RESULT, ROWS)
    assert found["page"] == "lessons/trial/"
    assert found["runnable"] == 'x = 1\n\nprint("```")'
    assert found["output"] == "```"
    assert found["environments"]["cpu"] == {
        "outcome": "ran",
        "reason": "",
        "seconds": 0.1,
        "versions": {"torch": "2"},
    }
    assert json.loads(snippets.as_json([found])) == [found]


def test_a_block_that_does_not_run_has_no_program_and_no_output():
    found = snippets.snippet(COMMAND, None, None, [])
    assert (found["runnable"], found["output"]) == (None, None)
    assert found["language"] == "console"


def test_a_page_in_markdown_has_outputs_and_links_that_work_elsewhere():
    link = "See [that](../lessons/trial.md).\n\n```python\ncalls[0](x)\n```"
    text = snippets.markdown(PAGE, {SECOND.anchor: RESULT}, URL, lambda name: link)
    assert text.startswith("# T\n")
    assert f"[there]({URL}lessons/other/#x)" in text
    assert "```python\nx = 1\n```\n\n" in text
    assert '````python\nprint("```")\n````\n\n````text\n```\n````' in text
    assert f"![A line]({URL}assets/figures/trial-{SECOND.anchor}-1-light.svg)" in text
    assert "**Mind**" in text
    assert f"[that]({URL}lessons/trial/)" in text
    assert "calls[0](x)" in text
    assert text.endswith("After.\n")


@pytest.mark.parametrize(
    ("name", "address", "twin"),
    [
        ("index.md", "", "index.md"),
        ("errors/index.md", "errors/", "errors/index.md"),
        ("lessons/tensors.md", "lessons/tensors/", "lessons/tensors.md"),
        ("notebooks/line.py", "notebooks/line/", "notebooks/line.md"),
    ],
)
def test_a_page_has_an_address_and_a_twin(name, address, twin):
    assert snippets.address(name) == address
    assert snippets.twin(name) == twin


def test_the_list_of_pages_has_the_form_of_llmstxt():
    sections = [("Lessons", [("Tensors", "lessons/tensors.md", "All of it.")])]
    text = snippets.llms_text("guide", "In short.", sections, URL)
    lines = text.splitlines()
    assert lines[:3] == ["# guide", "", "> In short."]
    assert lines[-3:] == [
        "## Lessons",
        "",
        f"- [Tensors]({URL}lessons/tensors.md): All of it.",
    ]


def test_a_modules_reference_has_signatures_arguments_and_examples_that_run():
    text = reference_text.of_module("dlguide.tensors")
    assert "## dlguide.tensors.describe\n\n```python\ndescribe(tensor: " in text
    assert "- `tensor`: Dense tensor" in text
    assert "from dlguide.tensors import describe" in text
    assert ">>>" not in text
    assert "_require_strides" not in text
