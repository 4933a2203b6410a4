"""What `nox -s reproducible` compares with."""

from pathlib import Path

import pytest

from press.compare import differences, main


@pytest.fixture
def sites(tmp_path: Path) -> tuple[Path, Path]:
    """Make two folders with the same page and the same picture."""
    for name in ("one", "two"):
        (tmp_path / name / "lessons").mkdir(parents=True)
        (tmp_path / name / "lessons" / "page.html").write_bytes(b"<p>\nsame\n</p>\n")
        (tmp_path / name / "picture.png").write_bytes(b"\x89PNG\xff\x00")
    return tmp_path / "one", tmp_path / "two"


def only_difference(left: Path, right: Path) -> str | None:
    found = list(differences(left, right))
    assert len(found) <= 1
    return found[0] if found else None


def test_equal_folders_do_not_differ(sites: tuple[Path, Path]) -> None:
    assert only_difference(*sites) is None


def test_a_text_file_differs_at_a_line(sites: tuple[Path, Path]) -> None:
    (sites[1] / "lessons" / "page.html").write_bytes(b"<p>\nother\n</p>\n")
    found = only_difference(*sites)
    assert found is not None
    assert found.startswith("lessons/page.html: line 2 differs")
    assert "same" in found
    assert "other" in found


def test_a_text_file_that_goes_on_differs_at_its_next_line(
    sites: tuple[Path, Path],
) -> None:
    (sites[1] / "lessons" / "page.html").write_bytes(b"<p>\nsame\n</p>\nmore\n")
    found = only_difference(*sites)
    assert found is not None
    assert "line 4 differs" in found
    assert "(no such line)" in found


def test_a_long_line_is_shown_where_it_differs(sites: tuple[Path, Path]) -> None:
    for site, word in zip(sites, ("left", "right"), strict=True):
        line = "x" * 9000 + word + "y" * 9000
        (site / "lessons" / "page.html").write_text(line)
    found = str(only_difference(*sites))
    assert "line 1 differs at column 9001" in found
    assert "left" in found
    assert "right" in found
    assert len(found) < 600


@pytest.mark.parametrize(
    ("first", "second"), [(b"a\n", b"a\r\n"), (b"a", b"a\n"), (b"", b"a")]
)
def test_line_ends_count(sites: tuple[Path, Path], first: bytes, second: bytes) -> None:
    (sites[0] / "lessons" / "page.html").write_bytes(first)
    (sites[1] / "lessons" / "page.html").write_bytes(second)
    assert "line 1 differs" in str(only_difference(*sites))


def test_a_binary_file_differs_at_a_byte(sites: tuple[Path, Path]) -> None:
    (sites[1] / "picture.png").write_bytes(b"\x89PNG\xff\x01")
    found = only_difference(*sites)
    assert found == "picture.png: byte 5 of 6 and 6 differs"


def test_a_binary_file_that_ends_early_differs_at_its_end(
    sites: tuple[Path, Path],
) -> None:
    (sites[1] / "picture.png").write_bytes(b"\x89PNG\xff")
    found = only_difference(*sites)
    assert found == "picture.png: byte 5 of 6 and 5 differs"


@pytest.mark.parametrize("side", [0, 1])
def test_a_file_in_one_folder_only_is_named(
    sites: tuple[Path, Path], side: int
) -> None:
    (sites[side] / "extra.txt").write_text("more")
    assert only_difference(*sites) == f"extra.txt: only in {sites[side]}"


def test_every_file_that_differs_is_named(sites: tuple[Path, Path]) -> None:
    (sites[0] / "z.txt").write_text("more")
    (sites[1] / "a.txt").write_text("more")
    (sites[1] / "picture.png").write_bytes(b"")
    named = [found.partition(":")[0] for found in differences(*sites)]
    assert named == ["a.txt", "picture.png", "z.txt"]


def test_two_empty_builds_are_not_the_same_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr("sys.argv", ["compare", *map(str, folders)])
    assert main() == 1
    assert "no files in" in capsys.readouterr().out
