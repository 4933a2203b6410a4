"""Keep the ledger: for each code block and environment, the one thing that happened."""

import dataclasses
import datetime
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from press import docstrings, downloads, run
from press.blocks import ROOT, Page, PageError, Prose, page_names, read_page
from press.render import results_of

EVIDENCE = ROOT / "docs" / "evidence"
TIMINGS = EVIDENCE / "cpu.json"
DOWNLOADED = ("lessons/", "notebooks/")
MODULE = re.compile(r"^::: (dlguide[\w.]*)", re.MULTILINE)
GREEN = ("ran", "failed as intended", "shown only")


@dataclasses.dataclass
class Edition:
    """Every page of the guide with its run in one environment."""

    environment: str
    pages: dict[str, Page]
    runs: dict[str, run.Run]
    docstrings: run.Run
    downloads: dict[str, run.Run]
    # What readers download: path below the site -> text.
    files: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        every = [*self.runs.values(), self.docstrings, *self.downloads.values()]
        return [one.failure for one in every if one.failure]


def has_downloads(name: str) -> bool:
    return name.startswith(DOWNLOADED)


def make_edition(
    environment: str,
    site_url: str,
    *,
    only: list[str] | None = None,
    pages_run: bool = True,
    others_run: bool = True,
) -> Edition:
    """Run, or read from the cache, all that one environment has to say."""
    names = only or page_names()
    pages = {name: read_page(name) for name in names}
    runs = run.in_parallel(
        [
            lambda p=page: run.run_page(p, environment, execute=pages_run)  # type: ignore[misc]
            for page in pages.values()
        ]
    )
    by_name = dict(zip(names, runs, strict=True))
    jobs: list[Any] = [
        lambda: docstrings.run_docstrings(environment, execute=others_run)
    ]
    files: dict[str, str] = {}
    for name, one in by_name.items():
        if environment != "cpu" or one.failure is not None or not has_downloads(name):
            continue
        content = run.content_hash(pages[name].blocks)
        made = download_files(pages[name], one, site_url)
        files |= made
        jobs += [
            lambda p=path, t=text, c=content: run.run_download(
                p, t, environment, c, execute=others_run
            )
            for path, text in made.items()
        ]
    examples, *loads = run.in_parallel(jobs)
    edition = Edition(
        environment,
        pages,
        by_name,
        examples,
        dict(zip(files, loads, strict=True)),
        files,
    )
    refuse_empty_pages(edition)
    return edition


def download_files(page: Page, one: run.Run, site_url: str) -> dict[str, str]:
    """Return a page's downloads: path below the site -> text."""
    return {
        f"downloads/{page.stem}.ipynb": downloads.notebook(page, one, site_url),
        f"downloads/{page.stem}.py": downloads.script(page, site_url),
    }


def modules_on(page: Page) -> list[str]:
    """Return the modules whose reference a page shows."""
    prose = [piece for piece in page.pieces if isinstance(piece, Prose)]
    return [module for piece in prose for module in MODULE.findall(piece.text)]


def refuse_empty_pages(edition: Edition) -> None:
    """Raise `PageError` for a page or a module from which no block was collected."""
    for name, page in edition.pages.items():
        modules = modules_on(page)
        if not page.blocks and not modules:
            raise PageError(f"{name}: no code block was collected from this page")
        if edition.docstrings.failure is not None:
            continue
        for module in modules:
            if not any(
                e["name"].startswith(module) for e in edition.docstrings.results
            ):
                raise PageError(f"{module}: no docstring example was collected")


def entries(edition: Edition, evidence: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the ledger: one object for each block and environment."""
    return [*cpu_entries(edition), *cuda_entries(edition, evidence)]


def entry(
    page: str,
    anchor: str,
    kind: str,
    environment: str,
    hash_: str,
    outcome: str,
    reason: str = "",
    seconds: float | None = None,
    versions: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "page": page,
        "anchor": anchor,
        "kind": kind,
        "environment": environment,
        "outcome": outcome,
        "reason": reason,
        "seconds": seconds,
        "hash": hash_,
        "versions": versions or {},
    }


def cpu_entries(edition: Edition) -> list[dict[str, Any]]:
    timings = load(TIMINGS) or {"seconds": {}}
    versions = run.versions()
    rows = []

    def seconds(address: str, measured: float) -> float:
        """Return the recorded time, so that two builds of a commit agree."""
        return float(timings["seconds"].get(address, tidy(measured)))

    for name, page in edition.pages.items():
        one = edition.runs[name]
        results = results_of(page, one) if one.failure is None else {}
        for block in page.blocks:
            base = (name, block.anchor, block.language, "cpu", block.hash)
            if not block.runs:
                rows.append(entry(*base, "shown only", block.reason))
            elif not run.runs_here(block, "cpu"):
                why = f"needs {block.options['needs']}"
                rows.append(entry(*base, "shown only", why))
            elif block.anchor not in results:
                rows.append(entry(*base, "not run", one.failure or ""))
            else:
                result = results[block.anchor]
                took = seconds(f"{name}#{block.anchor}", result["seconds"])
                reason = block.options.get("raises", "")
                rows.append(entry(*base, result["outcome"], reason, took, versions))
    for example in edition.docstrings.results:
        page_name = reference_page(example["name"])
        took = seconds(f"{page_name}#{example['name']}", example["seconds"])
        rows.append(
            entry(
                page_name,
                example["name"],
                "docstring",
                "cpu",
                example["hash"],
                "ran",
                "",
                took,
                versions,
            )
        )
    for path, one in edition.downloads.items():
        ran = one.failure is None
        took = seconds(path, one.results[0]["seconds"]) if ran else None
        rows.append(
            entry(
                path,
                "",
                "download",
                "cpu",
                one.key,
                "ran" if ran else "not run",
                one.failure or "",
                took,
                versions if ran else {},
            )
        )
    return rows


def cuda_entries(
    edition: Edition, evidence: dict[str, Any] | None
) -> list[dict[str, Any]]:
    rows = []
    for name, page in edition.pages.items():
        content = run.content_hash(page.blocks)
        for block in page.blocks:
            base = (name, block.anchor, block.language, "cuda", block.hash)
            if not block.runs:
                rows.append(entry(*base, "shown only", block.reason))
            else:
                rows.append(
                    entry(
                        *base,
                        *from_evidence(
                            evidence, name, block.anchor, block.hash, content
                        ),
                    )
                )
    content = docstrings.content()
    for example in edition.docstrings.results:
        page_name = reference_page(example["name"])
        base = (page_name, example["name"], "docstring", "cuda", example["hash"])
        rows.append(
            entry(
                *base,
                *from_evidence(
                    evidence, "docstrings", example["name"], example["hash"], content
                ),
            )
        )
    return rows


def from_evidence(
    evidence: dict[str, Any] | None, page: str, anchor: str, hash_: str, content: str
) -> tuple[Any, ...]:
    """Return outcome, reason, seconds and versions of a block on the GPU."""
    known = (evidence or {}).get("pages", {}).get(page)
    block = known and known["blocks"].get(anchor)
    if not known or (not block and known["content"] == content):
        return "not run", "never run on a GPU"
    date = evidence["date"] if evidence else ""
    if not block or block["hash"] != hash_:
        return "stale", f"the block changed since the GPU run of {date}"
    if known["content"] != content:
        return "stale", f"the page or the package changed since the GPU run of {date}"
    versions = (
        {**evidence["versions"], "device": evidence["device"]} if evidence else {}
    )
    return block["outcome"], "", block["seconds"], versions


def reference_page(dotted: str) -> str:
    parts = dotted.split(".")
    return f"reference/{parts[1]}.md" if len(parts) > 1 else "reference/index.md"


def tidy(seconds: float) -> float:
    """Return seconds with two significant digits, a millisecond or more."""
    return float(f"{max(seconds, 0.001):.2g}")


def load(path: Path) -> dict[str, Any] | None:
    """Return committed evidence, or None where there is none yet."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def load_gpu_evidence() -> dict[str, Any] | None:
    return load(EVIDENCE / "cuda.json")


def write_timings(edition: Edition) -> None:
    """Record how long each block took, measured on this machine."""
    seconds = {}
    for name, page in edition.pages.items():
        for anchor, result in results_of(page, edition.runs[name]).items():
            seconds[f"{name}#{anchor}"] = tidy(result["seconds"])
    for example in edition.docstrings.results:
        address = f"{reference_page(example['name'])}#{example['name']}"
        seconds[address] = tidy(example["seconds"])
    for path, one in edition.downloads.items():
        seconds[path] = tidy(one.results[0]["seconds"])
    write(TIMINGS, {"date": today(), "versions": run.versions(), "seconds": seconds})


def write_gpu_evidence(edition: Edition) -> dict[str, Any]:
    """Write what ran on the GPU, each block with the hash of the code that ran."""
    pages: dict[str, Any] = {}
    for name, page in edition.pages.items():
        results = results_of(page, edition.runs[name])
        hashes = {block.anchor: block.hash for block in page.blocks}
        pages[name] = {
            "content": run.content_hash(page.blocks),
            "blocks": {a: evidence_of(hashes[a], r) for a, r in results.items()},
        }
    pages["docstrings"] = {
        "content": docstrings.content(),
        "blocks": {
            e["name"]: evidence_of(e["hash"], e) for e in edition.docstrings.results
        },
    }
    evidence = {
        "environment": edition.environment,
        "device": run.device_name(edition.environment),
        "date": today(),
        "versions": run.versions(),
        "pages": pages,
    }
    write(EVIDENCE / "cuda.json", evidence)
    return evidence


def evidence_of(hash_: str, result: dict[str, Any]) -> dict[str, Any]:
    return {
        "hash": hash_,
        "outcome": result["outcome"],
        "seconds": tidy(result["seconds"]),
        "touched": result["touched"],
    }


def write(path: Path, content: dict[str, Any]) -> None:
    run.write_atomically(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def count(rows: list[dict[str, Any]], environment: str) -> Counter[str]:
    return Counter(r["outcome"] for r in rows if r["environment"] == environment)


def problems(edition: Edition) -> list[str]:
    """Say what keeps the CPU ledger from being complete and green."""
    rows = cpu_entries(edition)
    bad = [
        f"{r['page']}#{r['anchor']}: {r['outcome']}"
        for r in rows
        if r["outcome"] not in GREEN
    ]
    return [*edition.failures, *bad]


def summary_line(
    page: str, rows: list[dict[str, Any]], evidence: dict[str, Any] | None
) -> str:
    """Say in one line on what a page ran, with which versions, and when."""
    versions = run.versions()
    python = short(versions["python"])
    cpu = f"CPU: torch {versions['torch']}, Python {python}, this build."
    outcomes = {
        r["outcome"] for r in rows if r["page"] == page and r["environment"] == "cuda"
    } - {"shown only"}
    if "stale" in outcomes:
        return f"{cpu} GPU: not run since this page changed."
    if "not run" in outcomes or evidence is None:
        return f"{cpu} GPU: not run yet."
    found = evidence["versions"]
    return (
        f"{cpu} GPU: {evidence['device']}, torch {found['torch']}, "
        f"Python {short(found['python'])}, {evidence['date']}."
    )


def short(version: str) -> str:
    return ".".join(version.split(".")[:2])
