"""The ledger: one entry for each block and environment, and nothing that is not so."""

import collections
import copy

import pytest

from press import docstrings, ledger, run
from press.blocks import PageError, page_names, parse_page, read_page, source_of

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
            "outputs": [],
            "touched": True,
        }
        for block in page.blocks
        if run.runs_here(block, environment)
    ]
    return run.Run(page.name, environment, "key", results)


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
    monkeypatch.setattr(ledger, "EVIDENCE", tmp_path / "evidence")
    monkeypatch.setattr(ledger, "TIMINGS", tmp_path / "evidence" / "cpu.json")
    monkeypatch.setattr(run, "CACHE", tmp_path / "cache")


@pytest.fixture
def trial() -> ledger.Edition:
    return edition_of(parse_page(NAME, TRIAL))


@pytest.fixture
def evidence(monkeypatch) -> dict:
    """Return evidence of a GPU that ran every block of the trial page."""
    monkeypatch.setattr(run, "device_name", lambda environment: "A device")
    edition = edition_of(parse_page(NAME, TRIAL), environment="cuda")
    written = ledger.write_gpu_evidence(edition)
    assert ledger.load_gpu_evidence() == written
    return copy.deepcopy(written)


def outcomes(rows, environment: str, page: str = NAME) -> list[str]:
    return [
        r["outcome"]
        for r in rows
        if (r["environment"], r["page"]) == (environment, page)
    ]


def test_each_block_of_the_guide_has_one_entry_for_each_environment():
    pages = [read_page(name) for name in page_names()]
    rows = ledger.entries(edition_of(*pages), None)
    counted = collections.Counter(
        (r["page"], r["anchor"], r["environment"]) for r in rows
    )
    assert set(counted.values()) == {1}
    for page in pages:
        for block in page.blocks:
            assert all(
                (page.name, block.anchor, e) in counted for e in run.ENVIRONMENTS
            )


def test_each_page_of_the_guide_has_a_block_or_a_reference():
    for name in page_names():
        assert read_page(name).blocks or ledger.modules_on(read_page(name)), name


def test_the_outcomes_of_the_cpu_say_what_happened(trial):
    rows = ledger.cpu_entries(trial)
    assert outcomes(rows, "cpu") == [
        "ran",
        "failed as intended",
        "shown only",
        "shown only",
    ]
    assert [r["reason"] for r in rows[:4]] == [
        "",
        "ZeroDivisionError",
        "needs cuda",
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


def test_without_evidence_no_block_ran_on_a_gpu(trial):
    rows = ledger.entries(trial, None)
    assert outcomes(rows, "cuda") == ["not run"] * 3 + ["shown only"]


def test_fresh_evidence_gives_the_outcome_with_device_and_versions(trial, evidence):
    rows = [r for r in ledger.entries(trial, evidence) if r["environment"] == "cuda"]
    assert outcomes(rows, "cuda") == ["ran", "failed as intended", "ran", "shown only"]
    assert rows[0]["versions"] == {**evidence["versions"], "device": "A device"}
    assert outcomes(rows, "cuda", "reference/tensors.md") == ["ran"]


def test_evidence_of_another_block_is_stale(trial, evidence):
    anchor = trial.pages[NAME].blocks[0].anchor
    evidence["pages"][NAME]["blocks"][anchor]["hash"] = "another"
    rows = ledger.entries(trial, evidence)
    assert outcomes(rows, "cuda") == [
        "stale",
        "failed as intended",
        "ran",
        "shown only",
    ]


def test_evidence_of_another_page_or_package_is_stale(trial, evidence):
    evidence["pages"][NAME]["content"] = "another"
    assert outcomes(ledger.entries(trial, evidence), "cuda") == ["stale"] * 3 + [
        "shown only"
    ]


def test_a_change_of_code_makes_every_block_of_its_page_stale(evidence):
    changed = edition_of(parse_page(NAME, TRIAL.replace("a = 1", "a = 2")))
    assert outcomes(ledger.entries(changed, evidence), "cuda")[:3] == ["stale"] * 3


def test_a_change_of_prose_leaves_evidence_fresh(evidence):
    moved = edition_of(
        parse_page(NAME, TRIAL.replace("# Trial", "# Trial\n\nMore words."))
    )
    assert outcomes(ledger.entries(moved, evidence), "cuda")[:3] == [
        "ran",
        "failed as intended",
        "ran",
    ]


def test_evidence_of_another_docstring_is_stale(trial, evidence):
    trial.docstrings.results[0]["hash"] = "h2"
    rows = ledger.entries(trial, evidence)
    assert outcomes(rows, "cuda", "reference/tensors.md") == ["stale"]


def test_a_page_that_is_absent_from_the_evidence_has_not_run(trial, evidence):
    del evidence["pages"][NAME]
    rows = ledger.entries(trial, evidence)
    assert outcomes(rows, "cuda") == ["not run"] * 3 + ["shown only"]


def test_a_block_that_is_absent_from_the_evidence_has_not_run(trial, evidence):
    del evidence["pages"][NAME]["blocks"][trial.pages[NAME].blocks[0].anchor]
    assert outcomes(ledger.entries(trial, evidence), "cuda")[0] == "not run"


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


def test_a_green_edition_has_no_problems(trial):
    assert ledger.problems(trial) == []


def test_a_page_that_has_not_run_is_a_problem(trial):
    trial.runs[NAME] = run.Run(NAME, "cpu", "key", [], run.NOT_RUN.format(name=NAME))
    found = ledger.problems(trial)
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
    assert f"{part}: not run" in ledger.problems(trial)


def test_seconds_come_from_the_record_where_there_is_one(trial):
    assert ledger.cpu_entries(trial)[0]["seconds"] == 0.12
    ledger.write_timings(trial)
    trial.runs[NAME].results[0]["seconds"] = 99.0
    assert ledger.cpu_entries(trial)[0]["seconds"] == 0.12


def test_the_committed_record_has_every_block_of_today():
    recorded = ledger.load(
        source_of("README.md").parent / "docs" / "evidence" / "cpu.json"
    )
    if recorded is None:
        pytest.skip("no record is committed yet")
    for name in page_names():
        for block in read_page(name).blocks:
            if run.runs_here(block, "cpu"):
                assert f"{name}#{block.anchor}" in recorded["seconds"]


def test_the_line_under_a_title_never_says_more_than_the_ledger(trial, evidence):
    rows = ledger.entries(trial, evidence)
    assert "GPU: A device, torch" in ledger.summary_line(NAME, rows, evidence)
    assert "GPU: not run yet." in ledger.summary_line(
        NAME, ledger.entries(trial, None), None
    )
    evidence["pages"][NAME]["content"] = "another"
    rows = ledger.entries(trial, evidence)
    assert "GPU: not run since this page changed." in ledger.summary_line(
        NAME, rows, evidence
    )


def test_docstrings_that_may_not_run_and_were_not_kept_say_so():
    assert "not run" in docstrings.run_docstrings("cpu", execute=False).failure
