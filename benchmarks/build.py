"""Measure the build: from nothing, with nothing changed, with one lesson changed.

Run it from anywhere: `python benchmarks/build.py`. It works in a copy, so that your
cache stays as it is, and prints seconds and the weight of each page.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LESSON = "docs/pages/lessons/tensors.md"
IGNORED = shutil.ignore_patterns(
    ".git", ".nox", ".venv", ".cache", "site", "*.ipynb", "__pycache__"
)
PRESS = ["-m", "press", "run"]
SITE = ["-m", "mkdocs", "build", "--strict"]


def seconds(command: list[str], folder: Path) -> float:
    """Return how long a Python command takes; fail if it does."""
    path = os.pathsep.join([str(folder), str(folder / "docs" / "hooks")])
    variables = os.environ | {"PYTHONPATH": path, "NO_MKDOCS_2_WARNING": "1"}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=variables,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def change_one_block(page: Path) -> None:
    """Edit the first executed block of a page in a way that changes no output."""
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace("```python\n", "```python\n# Changed.\n", 1), encoding="utf-8"
    )


def change_prose(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    page.write_text(text + "\nOne more sentence.\n", encoding="utf-8")


def page_weights(site: Path) -> dict[str, float]:
    """Return each page's HTML in kilobytes as a server sends it, compressed."""
    return {
        page.parent.relative_to(site).as_posix(): len(gzip.compress(page.read_bytes()))
        / 1024
        for page in sorted(site.rglob("index.html"))
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "copy"
        shutil.copytree(ROOT, folder, ignore=IGNORED)
        print(f"{'cold run of everything':34}{seconds(PRESS, folder):6.1f} s")
        print(f"{'run, nothing changed':34}{seconds(PRESS, folder):6.1f} s")
        print(f"{'site, first build':34}{seconds(SITE, folder):6.1f} s")
        print(f"{'site, nothing changed':34}{seconds(SITE, folder):6.1f} s")
        change_prose(folder / LESSON)
        print(f"{'site, prose of a lesson changed':34}{seconds(SITE, folder):6.1f} s")
        change_one_block(folder / LESSON)
        print(f"{'site, code of a lesson changed':34}{seconds(SITE, folder):6.1f} s")
        for page, weight in page_weights(folder / "site").items():
            print(f"{'HTML, compressed: ' + page:34}{weight:6.1f} kB")


if __name__ == "__main__":
    main()
