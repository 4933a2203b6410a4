"""Measure how long it takes to prove what each block needs when it is copied.

Run it after `press run`, which keeps the runs of the pages: this measures the proofs
of all copies of the site, from nothing, with as many processes as there are cores.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "hooks"))

from press import copies, evidence, ledger, run  # noqa: E402
from press.blocks import page_names, read_page  # noqa: E402
from press.prover import Prover  # noqa: E402


def main() -> None:
    pages = {name: read_page(name) for name in page_names()}
    runs = {
        name: one
        for name, page in pages.items()
        if (one := run.run_page(page, "cpu")).results
    }
    recorded = evidence.recorded_seconds()
    took = {}

    def prove(name: str) -> run.Run:
        start = time.perf_counter()
        ran = copies.Ran.of(pages[name], runs[name], recorded)
        found = copies.search(ran, "", prover)
        took[name] = time.perf_counter() - start
        return found

    begun = time.perf_counter()
    with Prover(copies.imports_of(pages.values())) as prover:
        names = ledger.by_length(runs)
        prover.show(pages[names[0]].blocks, {0: []})  # It answers when all is loaded.
        start = time.perf_counter()
        proofs = run.in_parallel([lambda n=name: prove(n) for name in names])  # type: ignore[misc]
        seconds = time.perf_counter() - start
    for name in names:
        print(f"{took[name]:6.1f} s  {name}")
    print(f"{start - begun:6.1f} s  loading what pages import")
    failures = [proof.failure for proof in proofs if proof.failure]
    count = sum(len(proof.results) for proof in proofs)
    print(f"{seconds:6.1f} s  all {count} copies, {len(failures)} pages failed")


if __name__ == "__main__":
    main()
