"""Keep in the repository what ran where this build cannot run it, and how long it took.

One file for each environment but the CPU, with a fingerprint of every block that ran;
a block that has changed since then finds that it is stale.
"""

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from press import docstrings, run
from press.blocks import ROOT, Block, Page
from press.copies import Copy
from press.render import Results, results_of

EVIDENCE = ROOT / "docs" / "evidence"
# Each environment whose evidence is a file, in the words of a sentence.
ELSEWHERE = {"cuda": "on a GPU", "torchvision": "beside torchvision"}
NEEDED = {"cuda": "a GPU", "torchvision": "torchvision"}
Evidence = dict[str, Any]


def path_of(environment: str) -> Path:
    return EVIDENCE / f"{environment}.json"


def load(environment: str) -> Evidence | None:
    """Return committed evidence, or None where there is none yet."""
    path = path_of(environment)
    if not path.exists():
        return None
    found: Evidence = json.loads(path.read_text(encoding="utf-8"))
    return found


def recorded_seconds() -> dict[str, float]:
    """Return the committed times of blocks, examples, downloads and copies."""
    seconds: dict[str, float] = (load("cpu") or {"seconds": {}})["seconds"]
    return seconds


def load_all() -> dict[str, Evidence]:
    """Return the evidence of every environment that has some."""
    found = {environment: load(environment) for environment in ELSEWHERE}
    return {name: evidence for name, evidence in found.items() if evidence}


def write(environment: str, content: Evidence) -> None:
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    run.write_atomically(path_of(environment), text + "\n")


def write_timings(seconds: dict[str, float]) -> None:
    """Record how long each block took on the CPU of this machine."""
    write("cpu", {"date": today(), "versions": run.versions(), "seconds": seconds})


def write_evidence(
    environment: str,
    pages: dict[str, Page],
    runs: dict[str, run.Run],
    examples: run.Run,
    copies: Mapping[str, Mapping[str, Copy]],
) -> Evidence:
    """Write what ran in an environment, each block with the hash of its code."""
    found: Evidence = {}
    for name, page in pages.items():
        results = results_of(page, runs[name])
        proved = copies.get(name, {})
        found[name] = {
            "content": run.content_hash(page.blocks),
            "blocks": {
                block.anchor: of_block(
                    block, results[block.anchor], proved.get(block.anchor)
                )
                for block in page.blocks
                if block.anchor in results and run.counts(block, environment)
            },
        }
    if examples.results:
        found["docstrings"] = {
            "content": docstrings.content(),
            "blocks": {e["name"]: of_result(e["hash"], e) for e in examples.results},
        }
    evidence = {
        "environment": environment,
        "device": run.device_name(environment),
        "date": today(),
        "versions": run.versions(),
        "pages": found,
    }
    write(environment, evidence)
    return evidence


def of_block(block: Block, result: dict[str, Any], copy: Copy | None) -> dict[str, Any]:
    """Return what to keep of a run; what the page shows too, if no other run has it."""
    kept = of_result(block.hash, result)
    if "needs" in block.options:
        kept["outputs"] = result["outputs"]
        kept["copy"] = of_copy(copy) if copy else None
    return kept


def of_copy(copy: Copy) -> dict[str, Any]:
    seconds = tidy(copy.seconds) if copy.seconds else 0.0
    return {"statements": list(copy.statements), "seconds": seconds}


def of_result(hash_: str, result: dict[str, Any]) -> dict[str, Any]:
    return {
        "hash": hash_,
        "outcome": result["outcome"],
        "seconds": tidy(result["seconds"]),
        "touched": result["touched"],
    }


def look_up(
    evidence: Evidence | None,
    environment: str,
    page: str,
    anchor: str,
    hash_: str,
    content: str,
) -> tuple[str, str, dict[str, Any] | None]:
    """Return outcome, reason and what was kept of a block's run elsewhere."""
    where = ELSEWHERE[environment]
    known = (evidence or {}).get("pages", {}).get(page)
    block = known and known["blocks"].get(anchor)
    if not evidence or not known or (not block and known["content"] == content):
        return "not run", f"never run {where}", None
    since = f"changed since it ran {where} on {evidence['date']}"
    if not block or block["hash"] != hash_:
        return "stale", f"the block {since}", None
    if known["content"] != content:
        return "stale", f"the page or the package {since}", None
    return block["outcome"], "", block


def copy_in(kept: Mapping[str, Any] | None) -> Copy | None:
    """Return the copy that was proved where a block ran, if one was."""
    copy = (kept or {}).get("copy")
    return Copy(tuple(copy["statements"]), copy["seconds"]) if copy else None


def seen_elsewhere(
    page: Page, evidences: Mapping[str, Evidence]
) -> Iterator[tuple[Block, str, str, dict[str, Any] | None]]:
    """Yield each block that cannot run here, with what `look_up` says of it."""
    content = run.content_hash(page.blocks)
    for block in page.blocks:
        needed = block.options.get("needs")
        if block.runs and needed in ELSEWHERE:
            known = evidences.get(needed)
            place = (page.name, block.anchor, block.hash)
            yield block, *look_up(known, needed, *place, content)


def copies_to_show(page: Page, evidences: Mapping[str, Evidence]) -> dict[str, Copy]:
    """Return the copies of a page's blocks that were proved elsewhere, by anchor."""
    found = {b.anchor: copy_in(kept) for b, *_, kept in seen_elsewhere(page, evidences)}
    return {anchor: copy for anchor, copy in found.items() if copy}


def results_to_show(
    page: Page, one: run.Run, evidences: Mapping[str, Evidence]
) -> Results:
    """Return the results of a page's run here, and those recorded elsewhere."""
    results = results_of(page, one)
    for block, outcome, reason, kept in seen_elsewhere(page, evidences):
        needed = block.options["needs"]
        if kept is None:
            note = f"This block needs {NEEDED[needed]}, which this build does not have"
            note += (
                ": it is shown, not run." if outcome == "not run" else f"; {reason}."
            )
            results[block.anchor] = {"outputs": [], "note": note}
        else:
            note = f"Recorded with {NEEDED[needed]} ({origin(evidences[needed])}), "
            note += "which this build does not have."
            results[block.anchor] = {"outputs": kept["outputs"], "note": note}
    return results


def origin(evidence: Evidence) -> str:
    """Return where and when evidence was made, as part of a sentence."""
    versions = evidence["versions"]
    beside = evidence["environment"] == "torchvision"
    what = versions["torchvision"] if beside else evidence["device"]
    python = short(versions["python"])
    return f"{what}, torch {versions['torch']}, Python {python}, {evidence['date']}"


def short(version: str) -> str:
    return ".".join(version.split(".")[:2])


def tidy(seconds: float) -> float:
    """Return seconds with two significant digits, a millisecond or more."""
    return float(f"{max(seconds, 0.001):.2g}")


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()
