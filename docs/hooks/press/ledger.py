"""Keep the ledger: for each code block and environment, the one thing that happened."""

import dataclasses
import functools
import re
from collections import Counter
from typing import Any

from press import colab, copies, docstrings, downloads, drift, evidence, run, wheel
from press.blocks import Block, Page, PageError, Prose, page_names, read_page
from press.evidence import ELSEWHERE, Evidence
from press.prover import Prover
from press.render import results_of

DOWNLOADED = ("lessons/", "notebooks/")
MODULE = re.compile(r"^::: (dlguide[\w.]*)", re.MULTILINE)
GREEN = (*run.RAN, "shown only")


@dataclasses.dataclass
class Edition:
    """Every page of the guide with its run in one environment."""

    environment: str
    pages: dict[str, Page]
    runs: dict[str, run.Run]
    docstrings: run.Run
    downloads: dict[str, run.Run]
    # Of each page that ran here: the proof of what each block needs when copied.
    proofs: dict[str, run.Run] = dataclasses.field(default_factory=dict)
    # What readers download: path below the site -> text.
    files: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        every = [*self.runs.values(), self.docstrings, *self.downloads.values()]
        return [one.failure for one in [*every, *self.proofs.values()] if one.failure]

    @functools.cached_property
    def copies(self) -> dict[str, dict[str, copies.Copy]]:
        """Return what each block needs when it is copied: page -> anchor -> copy."""
        recorded = evidence.recorded_seconds()
        made = {}
        for name, proof in self.proofs.items():
            page, one = self.pages[name], self.runs[name]
            here = self.environment == "cpu"
            took = recorded if here else copies.slow_ones(page, one, proof)
            made[name] = copies.made(page, one, proof, took)
        return made


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
    if environment == "torchvision":
        pages = {name: page for name, page in pages.items() if wants(page, environment)}
    watched = environment != "cuda"  # What no watch has seen has no copies.
    with Prover(copies.imports_of(pages.values())) as prover:
        if watched and others_run:
            prover.start()  # It loads while pages run.
        runs = run.in_parallel(
            [
                lambda p=page: run.run_page(p, environment, execute=pages_run)  # type: ignore[misc]
                for page in pages.values()
            ]
        )
        by_name = dict(zip(pages, runs, strict=True))
        jobs: list[Any] = [
            lambda: docstrings.run_docstrings(environment, execute=others_run)
        ]
        if environment == "torchvision":  # The package never imports it.
            jobs = [lambda: run.Run("docstrings", environment, "", [])]
        ran = {n: one for n, one in by_name.items() if not one.failure and one.results}
        recorded = evidence.recorded_seconds()
        proved = by_length(ran) if watched else []
        jobs += [
            lambda n=name: copies.prove(  # type: ignore[misc]
                pages[n], by_name[n], recorded, prover if others_run else None
            )
            for name in proved
        ]
        files: dict[str, str] = {}
        for name, one in by_name.items():
            if (
                environment != "cpu"
                or one.failure is not None
                or not has_downloads(name)
            ):
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
        examples, *others = run.in_parallel(jobs)
    proofs, loads = others[: len(proved)], others[len(proved) :]
    edition = Edition(
        environment,
        pages,
        by_name,
        examples,
        dict(zip(files, loads, strict=True)),
        dict(zip(proved, proofs, strict=True)),
        files,
    )
    refuse_empty_pages(edition)
    return edition


def by_length(runs: dict[str, run.Run]) -> list[str]:
    """Return the names of pages, those that ran longest first."""

    def seconds(name: str) -> float:
        return -sum(result["seconds"] for result in runs[name].results)

    return sorted(runs, key=seconds)


def download_files(page: Page, one: run.Run, site_url: str) -> dict[str, str]:
    """Return a page's downloads: path below the site -> text."""
    setup = colab.setup(page, wheel.url(site_url))
    return {
        f"downloads/{page.stem}.ipynb": downloads.notebook(page, one, site_url, setup),
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


def wants(page: Page, environment: str) -> bool:
    """Return whether a page has a block that only this environment can run."""
    return any(block.options.get("needs") == environment for block in page.blocks)


def entries(edition: Edition, evidences: dict[str, Evidence]) -> list[dict[str, Any]]:
    """Return the ledger: one object for each block and environment it is meant for."""
    rows = cpu_entries(edition)
    for environment in ELSEWHERE:
        rows += entries_elsewhere(edition, environment, evidences.get(environment))
    return rows


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
    copy: dict[str, Any] | None = None,
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
        # What was proved of the block alone: how many lines it needs from above.
        "copy": copy,
    }


def cpu_entries(edition: Edition) -> list[dict[str, Any]]:
    recorded = evidence.recorded_seconds()
    versions = run.versions()
    rows = []

    def seconds(address: str, measured: float) -> float:
        """Return the recorded time, so that two builds of a commit agree."""
        return float(recorded.get(address, evidence.tidy(measured)))

    for name, page in edition.pages.items():
        one = edition.runs[name]
        results = results_of(page, one) if one.failure is None else {}
        proved = edition.copies.get(name, {})
        for block in page.blocks:
            base = (name, block.anchor, block.language, "cpu", block.hash)
            if not run.runs_here(block, "cpu"):
                rows.append(entry(*base, "shown only", why_shown(block)))
            elif block.anchor not in results:
                rows.append(entry(*base, "not run", one.failure or ""))
            else:
                result = results[block.anchor]
                took = seconds(f"{name}#{block.anchor}", result["seconds"])
                reason = block.options.get("raises", "")
                copy = proved[block.anchor].summary if block.anchor in proved else None
                outcome = (result["outcome"], reason, took, versions, copy)
                rows.append(entry(*base, *outcome))
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


def entries_elsewhere(
    edition: Edition, environment: str, kept: Evidence | None
) -> list[dict[str, Any]]:
    """Return what the committed evidence of an environment says of today's blocks."""
    rows = []

    def add(base: tuple[str, ...], place: str, content: str) -> None:
        anchor, hash_ = base[1], base[4]
        found = evidence.look_up(kept, environment, place, anchor, hash_, content)
        rows.append(entry(*base, *from_evidence(kept, *found)))

    for name, page in edition.pages.items():
        content = run.content_hash(page.blocks)
        for block in page.blocks:
            base = (name, block.anchor, block.language, environment, block.hash)
            if not run.counts(block, environment):
                continue
            if run.runs_here(block, environment):
                add(base, name, content)
            else:
                rows.append(entry(*base, "shown only", why_shown(block)))
    if environment == "torchvision":  # The package never imports it.
        return rows
    content = docstrings.content()
    for example in edition.docstrings.results:
        page_name = reference_page(example["name"])
        base = (page_name, example["name"], "docstring", environment, example["hash"])
        add(base, "docstrings", content)
    return rows


def from_evidence(
    kept: Evidence | None, outcome: str, reason: str, block: dict[str, Any] | None
) -> tuple[Any, ...]:
    """Return outcome, reason, seconds, versions and copy of a block from elsewhere."""
    if kept is None or block is None:
        return outcome, reason
    copy = evidence.copy_in(block)
    return (
        outcome,
        reason,
        block["seconds"],
        kept["versions"] | {"device": kept["device"]},
        copy.summary if copy else None,
    )


def why_shown(block: Block) -> str:
    """Return why a block is only shown in some environment."""
    return f"needs {block.options['needs']}" if block.runs else block.reason


def reference_page(dotted: str) -> str:
    parts = dotted.split(".")
    return f"reference/{parts[1]}.md" if len(parts) > 1 else "reference/index.md"


def write_timings(edition: Edition) -> None:
    """Record how long each block took, measured on this machine."""
    seconds = {}
    for name, page in edition.pages.items():
        for anchor, result in results_of(page, edition.runs[name]).items():
            seconds[f"{name}#{anchor}"] = result["seconds"]
    for example in edition.docstrings.results:
        address = f"{reference_page(example['name'])}#{example['name']}"
        seconds[address] = example["seconds"]
    for name, proof in edition.proofs.items():
        seconds |= copies.slow_ones(edition.pages[name], edition.runs[name], proof)
    for path, one in edition.downloads.items():
        seconds[path] = one.results[0]["seconds"]
    evidence.write_timings({a: evidence.tidy(took) for a, took in seconds.items()})


def write_evidence(edition: Edition) -> Evidence:
    """Write what ran in another environment than the build's."""
    return evidence.write_evidence(
        edition.environment,
        edition.pages,
        edition.runs,
        edition.docstrings,
        edition.copies,
    )


def count(rows: list[dict[str, Any]], environment: str) -> Counter[str]:
    return Counter(r["outcome"] for r in rows if r["environment"] == environment)


def problems(edition: Edition, evidences: dict[str, Evidence]) -> list[str]:
    """Say what keeps the site from being built: what has not run, or not since."""
    bad = [
        f"{r['page']}#{r['anchor']}: {r['outcome']}"
        for r in cpu_entries(edition)
        if r["outcome"] not in GREEN
    ]
    # A GPU is not to be had everywhere; torchvision is, for some gigabytes.
    beside = entries_elsewhere(edition, "torchvision", evidences.get("torchvision"))
    bad += [
        f"{r['page']}#{r['anchor']}: {r['outcome']} ({r['reason']}): run "
        "`nox -s torchvision`"
        for r in beside
        if r["outcome"] not in GREEN
    ]
    bad += [
        f"{r['page']}#{r['anchor']}: no copy of it has run: run `nox -s torchvision`"
        for r in beside
        if r["outcome"] in run.RAN and r["copy"] is None
    ]
    return [*edition.failures, *bad, *drift.problems(edition.pages, edition.runs)]


def summary_line(
    page: str, rows: list[dict[str, Any]], evidences: dict[str, Evidence]
) -> str:
    """Say in one line on what a page ran, with which versions, and when."""
    versions = run.versions()
    python = evidence.short(versions["python"])
    parts = [f"CPU: torch {versions['torch']}, Python {python}, this build."]
    for environment in ELSEWHERE:
        outcomes = {
            r["outcome"]
            for r in rows
            if (r["page"], r["environment"]) == (page, environment)
        } - {"shown only"}
        if outcomes:
            label = run.ENVIRONMENTS[environment]
            parts.append(f"{label}: {told(outcomes, evidences.get(environment))}.")
    return " ".join(parts)


def told(outcomes: set[str], kept: Evidence | None) -> str:
    """Say in half a sentence whether a page ran in an environment, on what and when."""
    if "stale" in outcomes:
        return "not run since this page changed"
    if "not run" in outcomes or kept is None:
        return "not run yet"
    return evidence.origin(kept)
