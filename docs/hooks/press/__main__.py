"""The press by command: `python -m press run | check | accept | show PAGE | record`."""

import argparse
import os
import sys

from press import drift, evidence, ledger, render, run
from press.blocks import PageError, read_page

SITE_URL = os.environ.get("SITE_URL", "https://dlguide.github.io/dlguide/")


def run_command(environment: str, only: list[str] | None, draft: bool) -> int:
    """Run what changed; write evidence if this was not the CPU.

    On the CPU the outputs must be those that were kept, except of a draft.
    """
    if environment == "cuda":
        import torch

        if not torch.cuda.is_available():
            print("gpu: skipped, no CUDA device on this machine")
            return 0
    edition = ledger.make_edition(environment, SITE_URL, only=only)
    if edition.failures:
        print(*edition.failures, sep="\n\n", file=sys.stderr)
        print(f"\n{len(edition.failures)} failed", file=sys.stderr)
        return 1
    if environment == "cpu" and not draft:
        found = drift.problems(edition.pages, edition.runs, whole=not only)
        if found:
            print(*found, sep="\n\n", file=sys.stderr)
            return 1
    if only:
        # Evidence of a part must not take the place of evidence of the whole.
        print(f"{environment}: {', '.join(only)} ran")
        return 0
    if environment != "cpu":
        pages = ledger.write_evidence(edition)["pages"].values()
        blocks = [block for page in pages for block in page["blocks"].values()]
        touched = sum(block["touched"] for block in blocks)
        note = f", {touched} of them touched the device" * (environment == "cuda")
        print(f"{environment}: {len(blocks)} blocks ran{note}")
        return 0
    counts = ledger.count(ledger.cpu_entries(edition), "cpu")
    print(
        "cpu:", ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    )
    return 0


def check_command() -> int:
    """Refuse unless everything has run on the CPU as it stands now."""
    edition = ledger.make_edition("cpu", SITE_URL, pages_run=False, others_run=False)
    found = ledger.problems(edition, evidence.load_all())
    print(*found, sep="\n", file=sys.stderr)
    if not found:
        print("the CPU ledger is complete and green")
    return 1 if found else 0


def accept_command(only: list[str] | None) -> int:
    """Keep what the pages print now, after somebody has looked at it."""
    edition = ledger.make_edition("cpu", SITE_URL, only=only, others_run=False)
    failures = [one.failure for one in edition.runs.values() if one.failure]
    if failures:
        print(*failures, sep="\n\n", file=sys.stderr)
        return 1
    changed = drift.accept(edition.pages, edition.runs, whole=not only)
    print(*changed, sep="\n")
    print(f"{len(changed)} files changed: read the difference before you commit it")
    return 0


def show_command(name: str) -> int:
    page = read_page(name)
    one = run.run_page(page, "cpu")
    print(one.failure or render.markdown(page, render.results_of(page, one)))
    return 1 if one.failure else 0


def record_command() -> int:
    """Record how long each block takes on this machine."""
    edition = ledger.make_edition("cpu", SITE_URL)
    if edition.failures:
        print(*edition.failures, sep="\n\n", file=sys.stderr)
        return 1
    ledger.write_timings(edition)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m press", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="run what changed")
    runner.add_argument("--environment", choices=run.ENVIRONMENTS, default="cpu")
    runner.add_argument("--only", nargs="+", metavar="PAGE")
    runner.add_argument("--draft", action="store_true", help="outputs may be new")
    accepter = commands.add_parser("accept", help="keep what the pages print now")
    accepter.add_argument("--only", nargs="+", metavar="PAGE")
    commands.add_parser("check", help="is the CPU ledger complete and green?")
    shower = commands.add_parser("show", help="print a page with its outputs")
    shower.add_argument("page")
    commands.add_parser("record", help="record how long each block takes")
    arguments = parser.parse_args()
    try:
        if arguments.command == "run":
            return run_command(arguments.environment, arguments.only, arguments.draft)
        if arguments.command == "accept":
            return accept_command(arguments.only)
        if arguments.command == "show":
            return show_command(arguments.page)
        return check_command() if arguments.command == "check" else record_command()
    except PageError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
