"""What readers download: a notebook with outputs and a script, both of which run."""

import json
import subprocess
import sys

import nbformat
import pytest

from press import downloads, render, run
from press.blocks import parse_page

SITE = "https://example.org/guide/"
PAGE = """\
---
title: Trial
---
# Trial

See [the rest](workflow.md#train), [home](../index.md), [a file](../assets/data.csv),
[torch](https://pytorch.org), [below](#end), [mail](mailto:a@example.org) and
[`describe`][dlguide.tensors.describe]. { .lead }

!!! warning "Looks right, is wrong"
    It looks right.

    ```python
    total = 1
    total + 1
    ```

!!! note
    Plain.

<!-- control: rate, 3 across -->

```python raises="ZeroDivisionError: division"
total / 0
```

```python needs="cuda"
torch.ones(1, device="cuda")
```

```python warns="UserWarning: careful"
import torch
import warnings
warnings.warn("careful")
```

```console
$ ls
```

```python
print("the end")
```
"""


@pytest.fixture(scope="module")
def page():
    return parse_page("lessons/trial.md", PAGE.replace("import torch\n", ""))


@pytest.fixture(scope="module")
def book(page):
    def result(kind: str, text: str) -> dict:
        return {"outcome": "ran", "outputs": [{"kind": kind, "text": text}]}

    results = [
        result("text", "2"),
        result("error", "ZeroDivisionError: division by zero"),
        result("warning", "UserWarning: careful"),
        result("text", "the end"),
    ]
    one = run.Run(page.name, "cpu", "key", results)
    return nbformat.reads(downloads.notebook(page, one, SITE), as_version=4)


def code_cells(book) -> list:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def prose(book) -> str:
    return "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")


def test_the_notebook_is_valid_and_holds_every_block(book, page):
    nbformat.validate(book)
    assert len(code_cells(book)) == sum(block.runs for block in page.blocks)
    assert "```console\n$ ls\n```" in prose(book)


def test_the_notebook_holds_the_outputs_of_the_run(book):
    outputs = [cell.outputs for cell in code_cells(book)]
    assert outputs[0][0].text == "2\n"
    assert (outputs[1][0].ename, outputs[1][0].evalue) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert outputs[2] == []
    assert outputs[3][0].name == "stderr"


def test_a_cell_that_fails_on_purpose_does_not_stop_the_notebook(book):
    tagged = [
        cell
        for cell in code_cells(book)
        if "raises-exception" in cell.metadata.get("tags", [])
    ]
    assert [cell.source for cell in tagged] == ["total / 0"]


def test_a_cell_that_needs_a_gpu_looks_for_one(book):
    assert code_cells(book)[2].source.startswith(
        "if torch.cuda.is_available():\n    torch.ones"
    )


def test_a_block_that_needs_torchvision_runs_where_it_is_installed():
    source = '# T\n\n```python needs="torchvision"\nimport torchvision\n```\n'
    script = downloads.script(parse_page("lessons/trial.md", source), SITE)
    assert (
        'if importlib.util.find_spec("torchvision"):\n    import torchvision' in script
    )
    exec(compile(script, "script.py", "exec"), {})


def test_cells_have_the_same_ids_in_every_build(book, page):
    ids = [cell.id for cell in book.cells]
    assert ids == [f"cell-{number}" for number in range(len(ids))]
    one = run.Run(page.name, "cpu", "key", [{"outcome": "ran", "outputs": []}] * 4)
    assert downloads.notebook(page, one, SITE) == downloads.notebook(page, one, SITE)


@pytest.mark.parametrize(
    "link",
    [
        f"[the rest]({SITE}lessons/workflow/#train)",
        f"[home]({SITE})",
        f"[a file]({SITE}assets/data.csv)",
        "[torch](https://pytorch.org)",
        "[below](#end)",
        "[mail](mailto:a@example.org)",
    ],
)
def test_links_work_outside_the_site(book, link):
    assert link in prose(book)


def test_links_of_a_notebook_lead_from_its_rendered_address():
    page = parse_page(
        "notebooks/line.py", "# %% [markdown]\n# # L\n# [t](../../lessons/tensors/)\n"
    )
    assert f"[t]({SITE}lessons/tensors/)" in downloads.script(page, SITE)


def test_what_only_the_site_understands_becomes_plain_text(book):
    text = prose(book)
    assert "**Looks right, is wrong**\n\nIt looks right." in text
    assert "**Note**\n\nPlain." in text
    assert "`describe`." in text
    for mark in ("!!!", "][", "{ .lead", "title: Trial", "control"):
        assert mark not in text


def test_the_script_runs_to_its_end_although_a_block_fails_on_purpose(tmp_path):
    source = PAGE.replace('```python needs="cuda"', '```py reason="no GPU"')
    source = source.replace("import torch\n", "")
    script = downloads.script(parse_page("lessons/trial.md", source), SITE)
    path = tmp_path / "trial.py"
    path.write_text(script)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ZeroDivisionError: division by zero\nthe end\n"


def test_a_script_that_draws_shows_its_figure():
    page = parse_page(
        "lessons/t.md", '# T\n\n```python alt="A line"\nplt.plot([1])\n```\n'
    )
    script = downloads.script(page, SITE)
    assert "import matplotlib.pyplot as plt\n" in script
    assert script.rstrip().endswith("plt.show()")


def test_the_notebook_runs_too(page, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "CACHE", tmp_path)
    source = "# T\n\n```python\n1 + 1\n```\n"
    source += "\n```python raises=\"ValueError\"\nint('x')\n```\n"
    small = parse_page("lessons/t.md", source)
    text = downloads.notebook(small, run.run_page(small, "cpu"), SITE)
    assert run.run_download("downloads/t.ipynb", text, "cpu", "hash").failure is None
    broken = json.loads(text)
    broken["cells"][1]["source"] = ["1 / 0"]
    failure = run.run_download(
        "downloads/t.ipynb", json.dumps(broken), "cpu", "other"
    ).failure
    assert "ZeroDivisionError" in failure


def test_results_belong_to_the_blocks_that_ran(page):
    one = run.Run(page.name, "cpu", "key", [{"n": n} for n in range(4)])
    code = {block.anchor: block.code for block in page.blocks}
    assert [
        code[anchor].split("\n")[-1] for anchor in render.results_of(page, one)
    ] == [
        "total + 1",
        "total / 0",
        'warnings.warn("careful")',
        'print("the end")',
    ]
