"""Run Ruff over the code in pages: `python -m press.lint`.

Ruff sees each page as Python at the page's own line numbers, so what it finds names the
page and the line where its author wrote it.
"""

import subprocess
import sys

from press.blocks import ROOT, page_names, python_view, read_page, source_of


def lint_page(name: str) -> int:
    """Check the code that one page runs; return Ruff's exit status."""
    code = python_view([block for block in read_page(name).blocks if block.runs])
    if not code:
        return 0
    path = source_of(name).relative_to(ROOT).as_posix()
    command = [sys.executable, "-m", "ruff", "check", "--quiet"]
    command += ["--extension=md:python", f"--stdin-filename={path}", "-"]
    return subprocess.run(
        command, cwd=ROOT, input="".join(code), encoding="utf-8"
    ).returncode


def main() -> int:
    names = page_names()
    statuses = [lint_page(name) for name in names]
    failed = sum(status != 0 for status in statuses)
    print(f"{len(names)} pages, {failed} with something to mend")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
