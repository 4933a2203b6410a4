"""The ledger: one entry for each block and environment, and nothing that is not so."""

import collections
import copy
import json

import pytest

from press import docstrings, drift, evidence, ledger, run
from press.blocks import PageError, page_names, parse_page, read_page, source_of
from press.copies import Copy

TRIAL = """\
# Trial

```python
a = 1
a
```

```python raises="ZeroDivisionError"
a / 0
```

```python needs="cuda"
b = 2
```

```python needs="torchvision"
c = 3
```

```console
$ ls
```
"""
NAME = "lessons/trial.md"


def fabricated(page, environment: str = "cpu") -> run.Run:
    """Return a green run of a page, without running it."""
    results = [
        {
            "outcome": "failed as intended" if "raises" in block.options else "ran",
            "seconds": 0.1234,
            "outputs": [{"kind": "text", "text": "a value"}],
            "touched": True,
            "effects": [],
        }
        for block in page.blocks
        if run.runs_here(block, environment)
    ]
    return run.Run(page.name, environment, "key", results)


def proof_of(one: run.Run) -> run.Run:
    """Return the proof that each block of a page runs alone, and takes long."""
    result = {"statements": [], "rule": "what is read", "seconds": 20.0}
    return run.Run(one.name, "copies", "key", [result] * len(one.results))


def edition_of(*pages, environment: str = "cpu") -> ledger.Edition:
    example = {
        "name": "dlguide.tensors.describe",
        "code": "1",
        "hash": "h1",
        "outcome": "ran",
        "seconds": 0.01,
        "touched": True,
    }
    return ledger.Edition(
        environment,
        {page.name: page for page in pages},
        {page.name: fabricated(page, environment) for page in pages},
        run.Run("docstrings", environment, "key", [example]),
        {
            "downloads/trial.py": run.Run(
                "d", environment, "key", [{"outcome": "ran", "seconds": 1}]
            )
        },
    )


@pytest.fixture(autouse=True)
def no_records(monkeypatch, tmp_path):
    monkeypatch.setattr(evidence, "EVIDENCE", tmp_path / "evidence")
    monkeypatch.setattr(run, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(drift, "OUTPUTS", tmp_path / "docs" / "evidence" / "outputs")


def accepted(edition: ledger.Edition) -> ledger.Edition:
    """Return an edition whose outputs somebody has looked at and kept."""
    drift.accept(edition.pages, edition.runs)
    return edition


@pytest.fixture
def trial() -> ledger.Edition:
    return edition_of(parse_page(NAME, TRIAL))


@pytest.fixture
def kept(monkeypatch) -> dict:
    """Return evidence of a GPU and of torchvision that ran the trial page."""
    monkeypatch.setattr(run, "device_name", lambda environment: "A device")
    versions = {"python": "3.11.7", "torch": "2.14.1", "torchvision": "0.29.1"}
    monkeypatch.setattr(run, "versions", lambda: versions)
    for environment in evidence.ELSEWHERE:
        edition = edition_of(parse_page(NAME, TRIAL), environment=environment)
        if environment == "torchvision":
            edition.proofs[NAME] = proof_of(edition.runs[NAME])
        written = ledger.write_evidence(edition)
        assert evidence.load(environment) == written
    return copy.deepcopy(evidence.load_all())


def outcomes(rows, environment: str, page: str = NAME) -> list[str]:
    return [
        r["outcome"]
        for r in rows
        if (r["environment"], r["page"]) == (environment, page)
    ]


def test_each_block_of_the_guide_has_one_entry_for_each_environment():
    pages = [read_page(name) for name in page_names()]
    rows = ledger.entries(edition_of(*pages), {})
    counted = collections.Counter(
        (r["page"], r["anchor"], r["environment"]) for r in rows
    )
    assert set(counted.values()) == {1}
    for page in pages:
        for block in page.blocks:
            wanted = {"cpu", "cuda", block.options.get("needs", "cpu")}
            assert all((page.name, block.anchor, e) in counted for e in wanted)


def test_each_page_of_the_guide_has_a_block_or_a_reference():
    for name in page_names():
        assert read_page(name).blocks or ledger.modules_on(read_page(name)), name


def test_the_outcomes_of_the_cpu_say_what_happened(trial):
    rows = ledger.cpu_entries(trial)
    assert outcomes(rows, "cpu") == [
        "ran",
        "failed as intended",
        *["shown only"] * 3,
    ]
    assert [r["reason"] for r in rows[:5]] == [
        "",
        "ZeroDivisionError",
        "needs cuda",
        "needs torchvision",
        "a shell command",
    ]
    assert rows[0]["versions"]["torch"]


def test_docstrings_and_downloads_have_their_entries(trial):
    rows = ledger.cpu_entries(trial)
    assert ("reference/tensors.md", "docstring", "ran") in [
        (r["page"], r["kind"], r["outcome"]) for r in rows
    ]
    assert ("downloads/trial.py", "download", "ran") in [
        (r["page"], r["kind"], r["outcome"]) for r in rows
    ]


def test_without_evidence_no_block_ran_anywhere_else(trial):
    rows = ledger.entries(trial, {})
    assert outcomes(rows, "cuda") == ["not run"] * 3 + ["shown only"] * 2
    assert outcomes(rows, "torchvision") == ["not run"]
    reasons = {r["reason"] for r in rows if r["outcome"] == "not run"}
    assert reasons == {"never run on a GPU", "never run beside torchvision"}


def test_fresh_evidence_gives_the_outcome_with_device_and_versions(trial, kept):
    rows = [r for r in ledger.entries(trial, kept) if r["environment"] == "cuda"]
    assert outcomes(rows, "cuda")[:3] == ["ran", "failed as intended", "ran"]
    assert rows[0]["versions"] == {**kept["cuda"]["versions"], "device": "A device"}
    assert outcomes(rows, "cuda", "reference/tensors.md") == ["ran"]


def test_beside_torchvision_only_the_blocks_that_need_it_count(trial, kept):
    rows = ledger.entries(trial, kept)
    assert outcomes(rows, "torchvision") == ["ran"]
    assert outcomes(rows, "torchvision", "reference/tensors.md") == []
    assert len(kept["torchvision"]["pages"][NAME]["blocks"]) == 1


def test_evidence_of_another_block_is_stale(trial, kept):
    anchor = trial.pages[NAME].blocks[0].anchor
    kept["cuda"]["pages"][NAME]["blocks"][anchor]["hash"] = "another"
    rows = ledger.entries(trial, kept)
    assert outcomes(rows, "cuda")[:3] == ["stale", "failed as intended", "ran"]


def test_evidence_of_another_page_or_package_is_stale(trial, kept):
    for one in kept.values():
        one["pages"][NAME]["content"] = "another"
    rows = ledger.entries(trial, kept)
    assert outcomes(rows, "cuda")[:3] == ["stale"] * 3
    assert outcomes(rows, "torchvision") == ["stale"]


def test_a_change_of_code_makes_every_block_of_its_page_stale(kept):
    changed = edition_of(parse_page(NAME, TRIAL.replace("a = 1", "a = 2")))
    assert outcomes(ledger.entries(changed, kept), "cuda")[:3] == ["stale"] * 3
    assert outcomes(ledger.entries(changed, kept), "torchvision") == ["stale"]


def test_a_change_of_prose_leaves_evidence_fresh(kept):
    text = TRIAL.replace("# Trial", "# Trial\n\nMore words.")
    rows = ledger.entries(edition_of(parse_page(NAME, text)), kept)
    assert outcomes(rows, "cuda")[:3] == ["ran", "failed as intended", "ran"]
    assert outcomes(rows, "torchvision") == ["ran"]


def test_evidence_of_another_docstring_is_stale(trial, kept):
    trial.docstrings.results[0]["hash"] = "h2"
    rows = ledger.entries(trial, kept)
    assert outcomes(rows, "cuda", "reference/tensors.md") == ["stale"]


def test_a_page_that_is_absent_from_the_evidence_has_not_run(trial, kept):
    del kept["cuda"]["pages"][NAME]
    rows = ledger.entries(trial, kept)
    assert outcomes(rows, "cuda")[:3] == ["not run"] * 3


def test_a_block_that_is_absent_from_the_evidence_has_not_run(trial, kept):
    del kept["cuda"]["pages"][NAME]["blocks"][trial.pages[NAME].blocks[0].anchor]
    assert outcomes(ledger.entries(trial, kept), "cuda")[0] == "not run"


def shown_for(trial, kept, needed):
    """Return what the page shows under its block that needs another environment."""
    page = trial.pages[NAME]
    results = evidence.results_to_show(page, trial.runs[NAME], kept)
    anchors = [b.anchor for b in page.blocks if b.options.get("needs") == needed]
    return results[anchors[0]]


def test_a_block_that_ran_elsewhere_shows_its_outputs_and_where_they_are_from(
    trial, kept
):
    assert shown_for(trial, kept, "torchvision") == {
        "outputs": [{"kind": "text", "text": "a value"}],
        "note": "Recorded with torchvision (0.29.1, torch 2.14.1, Python 3.11, "
        f"{evidence.today()}), which this build does not have.",
    }
    assert "(A device, torch 2.14.1" in shown_for(trial, kept, "cuda")["note"]


@pytest.mark.parametrize("needed", evidence.ELSEWHERE)
def test_a_block_that_ran_nowhere_says_so_and_shows_nothing(trial, kept, needed):
    never = shown_for(trial, {}, needed)
    assert never["note"].endswith("does not have: it is shown, not run.")
    kept[needed]["pages"][NAME]["content"] = "another"
    stale = shown_for(trial, kept, needed)
    assert "changed since it ran" in stale["note"]
    assert never["outputs"] == stale["outputs"] == []


def test_a_block_that_runs_here_has_the_outputs_of_this_run(trial, kept):
    results = evidence.results_to_show(trial.pages[NAME], trial.runs[NAME], kept)
    assert results[trial.pages[NAME].blocks[0].anchor] is trial.runs[NAME].results[0]


def test_a_copy_that_was_proved_elsewhere_is_shown_until_its_page_changes(trial, kept):
    page = trial.pages[NAME]
    (block,) = [b for b in page.blocks if b.options.get("needs") == "torchvision"]
    copy = Copy((), 20.0)
    assert evidence.copies_to_show(page, kept) == {block.anchor: copy}
    rows = ledger.entries(trial, kept)
    assert [r["copy"] for r in rows if r["environment"] == "torchvision"] == [
        copy.summary
    ]
    changed = parse_page(NAME, TRIAL.replace("b = 2", "b = 3"))
    assert evidence.copies_to_show(changed, kept) == {}


def test_a_block_that_ran_beside_torchvision_without_a_copy_is_a_problem(trial, kept):
    blocks = kept["torchvision"]["pages"][NAME]["blocks"]
    for block in blocks.values():
        block["copy"] = None
    (found,) = ledger.problems(accepted(trial), kept)
    assert found.endswith("no copy of it has run: run `nox -s torchvision`")


def test_a_page_without_a_block_is_refused():
    empty = edition_of(parse_page("index.md", "# Empty\n\nText.\n"))
    with pytest.raises(PageError, match=r"index\.md: no code block was collected"):
        ledger.refuse_empty_pages(empty)


def test_a_module_without_an_example_is_refused(trial):
    trial.pages["known.md"] = parse_page("known.md", "# K\n\n::: dlguide.tensors\n")
    ledger.refuse_empty_pages(trial)
    trial.pages["other.md"] = parse_page("other.md", "# O\n\n::: dlguide.other\n")
    with pytest.raises(PageError, match=r"dlguide\.other: no docstring example"):
        ledger.refuse_empty_pages(trial)


def test_a_page_with_no_block_stops_a_whole_edition(monkeypatch, tmp_path):
    monkeypatch.setattr("press.blocks.PAGES", tmp_path)
    (tmp_path / "empty.md").write_text("# Empty\n")
    with pytest.raises(PageError, match=r"empty\.md"):
        ledger.make_edition(
            "cpu", "", only=["empty.md"], pages_run=False, others_run=False
        )


def test_a_green_edition_has_no_problems(trial, kept):
    assert ledger.problems(accepted(trial), kept) == []


def test_outputs_that_nobody_has_looked_at_are_a_problem(trial, kept):
    assert "prints something else" in ledger.problems(trial, kept)[0]


def test_a_copy_that_shows_something_else_is_a_problem(trial, kept):
    trial.proofs[NAME] = run.Run(NAME, "copies", "key", [{}], "a copy differs")
    assert ledger.problems(accepted(trial), kept) == ["a copy differs"]


def test_the_gpu_is_not_asked_for_and_torchvision_is(trial, kept):
    accepted(trial)
    assert ledger.problems(trial, {"torchvision": kept["torchvision"]}) == []
    (found,) = ledger.problems(trial, {})
    assert found.endswith(
        ": not run (never run beside torchvision): run `nox -s torchvision`"
    )


def test_code_that_changed_since_it_ran_beside_torchvision_is_a_problem(kept):
    changed = edition_of(parse_page(NAME, TRIAL.replace("c = 3", "c = 4")))
    (found,) = ledger.problems(accepted(changed), kept)
    assert "stale (the block changed since it ran beside torchvision" in found


def test_a_page_that_has_not_run_is_a_problem(trial):
    trial.runs[NAME] = run.Run(NAME, "cpu", "key", [], run.NOT_RUN.format(name=NAME))
    found = ledger.problems(trial, {})
    assert found[0] == f"{NAME}: not run since it changed; run `nox -s cpu`"
    anchor = trial.pages[NAME].blocks[0].anchor
    assert f"{NAME}#{anchor}: not run" in found


@pytest.mark.parametrize("part", ["docstrings", "downloads"])
def test_docstrings_and_downloads_that_have_not_run_are_problems(trial, part):
    unrun = run.Run(part, "cpu", "key", [], f"{part}: not run")
    if part == "docstrings":
        trial.docstrings = unrun
    else:
        trial.downloads["downloads/trial.py"] = unrun
    assert f"{part}: not run" in ledger.problems(trial, {})


def test_seconds_come_from_the_record_where_there_is_one(trial):
    assert ledger.cpu_entries(trial)[0]["seconds"] == 0.12
    ledger.write_timings(trial)
    trial.runs[NAME].results[0]["seconds"] = 99.0
    assert ledger.cpu_entries(trial)[0]["seconds"] == 0.12


def test_the_committed_record_has_every_block_of_today():
    path = source_of("README.md").parent / "docs" / "evidence" / "cpu.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    for name in page_names():
        for block in read_page(name).blocks:
            if run.runs_here(block, "cpu"):
                assert f"{name}#{block.anchor}" in recorded["seconds"]


def test_the_line_under_a_title_never_says_more_than_the_ledger(trial, kept):
    def line(evidences):
        return ledger.summary_line(NAME, ledger.entries(trial, evidences), evidences)

    assert "GPU: A device, torch" in line(kept)
    assert "torchvision: 0.29.1, torch 2.14.1, Python 3.11, " in line(kept)
    assert line({}).endswith("GPU: not run yet. torchvision: not run yet.")
    kept["cuda"]["pages"][NAME]["content"] = "another"
    assert "GPU: not run since this page changed." in line(kept)


def test_the_line_of_a_page_without_torchvision_does_not_name_it():
    page = parse_page(NAME, "# T\n\n```python\n1\n```\n")
    rows = ledger.entries(edition_of(page), {})
    assert ledger.summary_line(NAME, rows, {}).endswith("GPU: not run yet.")


def test_docstrings_that_may_not_run_and_were_not_kept_say_so():
    assert "not run" in docstrings.run_docstrings("cpu", execute=False).failure
