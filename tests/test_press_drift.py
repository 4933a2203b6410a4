"""Outputs that were kept: what counts as the same, what fails, what is accepted."""

import pytest

from press import drift, run
from press.blocks import parse_page

NAME = "lessons/trial.md"
FENCES = [f"```python\n{code}\n```\n" for code in ("mean", "print(words)", "x = 1")]
TEXT = "\n".join(["# T\n", *FENCES])
OUTPUTS = [
    [{"kind": "text", "text": "0.6667"}],
    [{"kind": "text", "text": "a\n\n== b"}, {"kind": "warning", "text": "W: old"}],
    [{"kind": "figure", "text": "<svg/>"}],
]


def pages_and_runs(outputs=OUTPUTS, text=TEXT):
    page = parse_page(NAME, text)
    results = [{"outcome": "ran", "outputs": one} for one in outputs]
    return {NAME: page}, {NAME: run.Run(NAME, "cpu", "key", results)}


def changed(number, text):
    kept = [list(one) for one in OUTPUTS]
    kept[number] = [{"kind": "text", "text": text}]
    return pages_and_runs(kept)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    path = tmp_path / "docs" / "evidence" / "outputs"
    monkeypatch.setattr(drift, "OUTPUTS", path)
    monkeypatch.delenv("DLGUIDE_DATA", raising=False)
    return path


@pytest.fixture
def kept(folder):
    drift.accept(*pages_and_runs())
    return folder / "lessons" / "trial.txt"


def test_what_was_accepted_is_no_drift(kept):
    assert drift.problems(*pages_and_runs()) == []
    assert drift.accept(*pages_and_runs()) == []


def test_the_file_reads_as_the_page_prints(kept):
    text = kept.read_text(encoding="utf-8")
    assert text.startswith("What lessons/trial.md prints")
    assert text.endswith("  print(words)\n| a\n|\n| == b\n? W: old\n")
    assert "  mean\n| 0.6667\n" in text
    assert "svg" not in text


def test_digits_beyond_the_kept_ones_are_no_drift_and_keep_the_file(kept):
    pages, runs = changed(0, "0.66669")
    assert drift.problems(pages, runs) == []
    assert drift.accept(pages, runs) == []


def test_another_number_fails_with_a_diff_and_the_command(kept):
    found = drift.problems(*changed(0, "0.6767"))
    assert "-| 0.6667\n+| 0.6767" in found[0]
    assert "docs/evidence/outputs/lessons/trial.txt" in found[0]
    assert "nox -s accept" in found[-1]


@pytest.mark.parametrize("outputs", [[], [{"kind": "text", "text": "W: old"}]])
def test_silence_or_another_kind_of_output_fails(kept, outputs):
    found = drift.problems(*pages_and_runs([OUTPUTS[0], outputs, OUTPUTS[2]]))
    assert "-? W: old" in found[0]


def test_a_new_or_changed_block_fails_until_it_is_accepted(kept):
    pages, runs = pages_and_runs(text=TEXT.replace("mean\n", "average\n"))
    found = drift.problems(pages, runs)
    assert "  average" in found[0]
    assert "nox -s accept" in found[-1]
    assert drift.accept(pages, runs) == [kept]
    assert "mean" not in kept.read_text(encoding="utf-8")
    assert drift.problems(pages, runs) == []


def test_a_page_without_a_file_fails(folder):
    assert "nox -s accept" in drift.problems(*pages_and_runs())[-1]


def test_the_file_of_a_page_that_is_gone_fails_and_is_removed(kept):
    assert "trial.txt: outputs of a page that is gone" in drift.problems({}, {})[0]
    assert drift.problems({}, {}, whole=False) == []
    assert drift.accept({}, {}) == [kept]
    assert not kept.exists()


def test_a_page_that_prints_nothing_any_more_loses_its_file(kept):
    drift.accept(*pages_and_runs([[], [], []]))
    assert not kept.exists()


def test_a_page_on_a_readers_own_data_is_not_compared(kept, monkeypatch):
    monkeypatch.setenv("DLGUIDE_DATA", "somewhere")
    text = TEXT.replace("mean\n", 'os.environ["DLGUIDE_DATA"]\n')
    assert drift.problems(*pages_and_runs(text=text)) == []
    assert drift.problems(*changed(0, "7")) != []
