"""Open in Colab and edit links: which address, and a first cell that installs."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import mkdocs_press
import pytest

from press import colab, downloads, run, sources, wheel
from press.blocks import ROOT, page_names, parse_page, read_page

SITE = "https://example.org/guide/"
PAGES = [name for name in page_names() if name.startswith(("lessons/", "notebooks/"))]


@pytest.mark.parametrize(
    "repo_url",
    [
        "https://github.com/a-b/guide",
        "https://github.com/a-b/guide/",
        "https://github.com/a-b/guide.git",
    ],
)
def test_colab_opens_a_notebook_from_the_branch_that_the_workflow_pushes(repo_url):
    assert colab.address(repo_url, "tensors.ipynb") == (
        "https://colab.research.google.com/github/a-b/guide/blob/downloads/tensors.ipynb"
    )
    workflow = (ROOT / ".github/workflows/site.yml").read_text(encoding="utf-8")
    assert f"HEAD:{colab.BRANCH}" in workflow


@pytest.mark.parametrize(
    "repo_url", [None, "", "https://gitlab.com/a/b", "https://github.com/a"]
)
def test_without_a_github_repository_there_is_no_link_to_colab(repo_url):
    assert colab.address(repo_url, "tensors.ipynb") is None
    assert mkdocs_press.colab_html(repo_url, "tensors") == ""


def test_the_evidence_line_has_the_link_where_there_is_a_repository():
    html = mkdocs_press.colab_html("https://github.com/a/b", "tensors")
    assert html.endswith('/a/b/blob/downloads/tensors.ipynb">Open in Colab</a>.')


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("index.md", "docs/pages/index.md"),
        ("lessons/tensors.md", "docs/pages/lessons/tensors.md"),
        ("errors/index.md", "docs/pages/errors/index.md"),
        ("errors/shape.md", "dlguide/known_errors/shape.toml"),
        ("reference/tensors.md", "dlguide/tensors.py"),
        ("notebooks/straight_line.ipynb", "docs/pages/notebooks/straight_line.py"),
    ],
)
def test_the_edit_link_leads_to_the_file_that_the_page_is_made_of(name, file):
    assert sources.source_file(name) == file
    assert (ROOT / file).is_file()
    address = sources.edit_address(name, "https://github.com/a/b/", "edit/main")
    assert address == f"https://github.com/a/b/edit/main/{file}"
    assert sources.edit_address(name, "", "edit/main") is None


@pytest.mark.parametrize("name", page_names())
def test_every_page_has_a_file_to_edit(name):
    if name != "README.md":  # It is not on the site.
        assert (ROOT / sources.source_file(name)).is_file()


@pytest.mark.parametrize("name", PAGES)
def test_the_first_cell_names_all_that_a_page_imports(name):
    page = read_page(name)
    codes = [b.code for b in page.blocks if b.runs and "needs" not in b.options]
    with_package = {"dlguide", "torch", "numpy", "matplotlib", "PIL", "pooch", "tqdm"}
    known = with_package | set(colab.needed(page).values())
    assert colab.imports(codes) - set(sys.stdlib_module_names) <= known


def test_libraries_that_the_package_imports_for_a_page_are_named_too():
    page = parse_page("lessons/t.md", "# T\n\n```python\nimport dlguide.vision\n```\n")
    assert colab.needed(page) == {"scikit-learn": "sklearn"}
    alone = parse_page("lessons/t.md", "# T\n\n```python\nimport torch\n```\n")
    assert colab.needed(alone) == {}


RUN_CELL = """\
import importlib.util, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
asked = []
shell.register_magic_function(asked.append, magic_name="pip")
absent = set(sys.argv[2:])
importlib.util.find_spec = lambda name: None if name in absent else object()
shell.run_cell(sys.argv[1]).raise_error()
print(asked)
"""


def pip_asked_for(tmp_path: Path, *absent: str) -> str:
    page = parse_page("lessons/t.md", "# T\n\n```python\nimport sklearn.svm\n```\n")
    cell = colab.setup(page, SITE + "downloads/dlguide.whl")
    done = subprocess.run(
        [sys.executable, "-c", RUN_CELL, cell, *absent],
        env=os.environ | {"IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_first_cell_installs_nothing_where_nothing_is_missing(tmp_path):
    assert pip_asked_for(tmp_path) == "[]"


def test_the_first_cell_installs_what_is_missing_and_nothing_else(tmp_path):
    absent = "sklearn", "torchvision"
    assert pip_asked_for(tmp_path, *absent) == "['install --quiet scikit-learn']"


def test_a_torchvision_that_is_there_is_kept_in_step(tmp_path):
    line = f"install --quiet {SITE}downloads/dlguide.whl torchvision"
    assert pip_asked_for(tmp_path, "dlguide") == f"['{line}']"


def test_the_notebook_begins_with_that_cell_and_the_page_does_not():
    page = parse_page("lessons/t.md", "# T\n\n```python\n1 + 1\n```\n")
    one = run.Run(page.name, "cpu", "key", [{"outcome": "ran", "outputs": []}])
    cells = {
        setup: downloads.notebook(page, one, SITE, setup) for setup in ("", "a = 1")
    }
    assert '"a = 1"' in cells["a = 1"]
    assert cells["a = 1"].index("a = 1") < cells["a = 1"].index("# T")
    assert '"a = 1"' not in cells[""]


def test_the_wheel_is_the_same_in_every_build_and_at_its_address():
    path, content = wheel.build()
    assert (path, content) == wheel.build()
    assert wheel.url(SITE) == SITE + path
    assert importlib.metadata.version("dlguide") in path


def test_the_wheel_can_be_installed_and_knows_the_errors(tmp_path):
    path, content = wheel.build()
    file = tmp_path / Path(path).name
    file.write_bytes(content)
    target = tmp_path / "packages"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    options = ["--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, *options, str(file)], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "dlguide", "explain", "Target 3 is out of bounds."],
        cwd=target,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert "loss-target-out-of-bounds" in done.stdout
