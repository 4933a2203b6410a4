"""What the press runs, what it shows of a run, what it refuses, what it keeps."""

import dataclasses
import json
import os
import warnings

import pytest

from press import package, run, worker
from press.blocks import Page, parse_page

PAGE = "lessons/trial.md"


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "CACHE", tmp_path / "cache")


def page_of(*codes: str, prose: str = "Text.") -> Page:
    """Return a page with a block for each code, its options after ``|||`."""
    text = f"# Trial\n\n{prose}\n"
    for code in codes:
        options, _, body = code.rpartition("|||")
        text += f"\n```python {options}\n{body}\n```\n"
    return parse_page(PAGE, text)


def result_of(code: str) -> dict:
    """Run one block in this process."""
    with warnings.catch_warnings():
        return worker.run_block(page_of(code).blocks[0], {"__name__": "__main__"}, None)


def texts_of(code: str) -> list[tuple[str, str]]:
    return [(out["kind"], out["text"]) for out in result_of(code)["outputs"]]


def failure_of(code: str) -> str:
    return result_of(code).get("message", "")


# What a page shows.


def test_what_is_printed_comes_first_and_then_the_last_expression():
    assert texts_of("print('hi')\n1 + 1") == [("text", "hi"), ("text", "2")]


def test_a_statement_or_none_at_the_end_shows_nothing():
    assert texts_of("a = 1") == texts_of("None") == []


def test_blocks_share_one_namespace():
    one = run.run_page(
        page_of("a = 20", "def twice():\n    return 2 * a", "twice()"), "cpu"
    )
    assert one.failure is None
    assert one.results[-1]["outputs"] == [{"kind": "text", "text": "40"}]


def test_classes_of_a_page_can_be_pickled_and_their_source_read():
    code = (
        "import inspect, pickle\nclass A:\n    pass\npickle.loads(pickle.dumps(A)) is A"
    )
    one = run.run_page(page_of(code, "inspect.getsource(A)"), "cpu")
    assert one.failure is None
    assert one.results[0]["outputs"][0]["text"] == "True"
    assert "class A:" in one.results[1]["outputs"][0]["text"]


def test_memory_addresses_are_scrubbed():
    assert texts_of("class A: pass\nobject.__repr__(A())") == [
        ("text", "'<__main__.A object at 0x…>'")
    ]


def test_the_names_of_temporary_folders_are_scrubbed():
    one = run.run_page(
        page_of(
            "import os, tempfile\nprint(os.getcwd(), os.path.abspath('weights.pt'))",
            "tempfile.mkdtemp()",
            'raises="FileNotFoundError"|||open(os.path.abspath("missing.txt"))',
        ),
        "cpu",
    )
    shown = [out["text"] for result in one.results for out in result["outputs"]]
    assert shown[0] == ". weights.pt"
    assert shown[1].endswith("/tmp…'")
    assert shown[2].endswith("'missing.txt'")


# What a page promises.


def test_the_number_of_a_process_is_scrubbed():
    code = "print('DataLoader worker (pid(s) 2226, 31) exited'); print('pid 7')"
    assert texts_of(code) == [("text", "DataLoader worker (pid(s) …) exited\npid 7")]


def test_an_error_that_was_promised_is_shown():
    result = result_of('raises="ValueError: invalid literal"|||int("x")')
    assert result["outcome"] == "failed as intended"
    assert result["outputs"][-1]["text"].startswith(
        "ValueError: invalid literal for int()"
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            'raises="TypeError: invalid literal"|||int("x")',
            'raised "ValueError: invalid',
        ),
        ('raises="ValueError: other words"|||int("x")', 'raised "ValueError: invalid'),
        ('raises="Value: invalid"|||int("x")', 'raised "ValueError: invalid'),
        ('raises="ValueError: invalid"|||int("1")', "nothing was raised"),
    ],
)
def test_another_error_than_promised_fails_and_names_place_and_words(code, reason):
    message = failure_of(code)
    assert message.startswith(f"{PAGE}:6: the block at line 6 expected ")
    assert code.split('"')[1] in message
    assert reason in message


def test_an_error_that_was_not_promised_fails_with_the_pages_own_line():
    page = page_of("def half(n):\n    return n / 0", "a = 3\nhalf(a)")
    message = run.run_page(page, "cpu").failure
    lines = page.blocks[1].line + 1, page.blocks[0].line + 1
    assert "raised ZeroDivisionError: division by zero" in message
    assert f'File "{PAGE}", line {lines[0]}, in <module>\n    half(a)' in message
    assert f'File "{PAGE}", line {lines[1]}, in half\n    return n / 0' in message
    assert message.startswith(f"{PAGE}:{lines[1]}: the block at line {lines[0] - 1} ")
    assert "worker.py" not in message


def test_a_syntax_error_names_its_line_on_the_page():
    assert failure_of("a = 1\nb = (\n").startswith(
        f"{PAGE}:7: the block at line 6 raised Syntax"
    )


def test_the_blocks_after_a_failure_do_not_run():
    one = run.run_page(page_of("1 / 0", "print('after')"), "cpu")
    assert len(one.results) == 1


WARN = 'import warnings\nwarnings.warn("beware of it", UserWarning)'


def test_a_warning_that_was_promised_is_shown():
    assert ("warning", "UserWarning: beware of it") in texts_of(
        f'warns="UserWarning: beware"|||{WARN}'
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (WARN, "warned 'UserWarning: beware of it'"),
        (f'warns="UserWarning: other"|||{WARN}', "and it did not come"),
        (f'warns="FutureWarning: beware"|||{WARN}', "and it did not come"),
        ('warns="UserWarning: beware"|||1', "and it did not come"),
        (
            f'warns="UserWarning: beware"|||{WARN}\nwarnings.warn("more")',
            "warned 'UserWarning: more'",
        ),
        (
            "import warnings\nclass A:\n def __repr__(self):\n  warnings.warn('late')\n"
            "  return 'A'\nA()",
            "warned 'UserWarning: late'",
        ),
    ],
)
def test_another_warning_than_promised_fails(code, reason):
    message = failure_of(code)
    assert reason in message
    assert message.startswith(f"{PAGE}:6:")


def test_an_output_that_was_promised_is_shown():
    assert failure_of('shows="1.46"|||print("loss", 1.46)') == ""
    assert failure_of('shows="(4, 10)"|||(4,   10)') == ""


@pytest.mark.parametrize("code", ["print(1.5)", "a = 1", "'1.4' + '6'[:0]"])
def test_another_output_than_promised_fails(code):
    assert "expected '1.46' in its output" in failure_of(f'shows="1.46"|||{code}')


def test_text_on_standard_error_fails():
    assert "wrote to standard error: 'oops" in failure_of(
        "import sys\nprint('oops', file=sys.stderr)"
    )


DRAW = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])"


def test_a_figure_without_alt_text_fails():
    assert 'say what it shows with alt="…"' in failure_of(DRAW)


def test_alt_text_without_a_figure_fails():
    assert "has alt text, and drew no figure" in failure_of('alt="A line"|||1')


def test_a_figure_with_alt_text_is_shown_and_closed():
    result = result_of(f'alt="A line"|||{DRAW}')
    assert [out["kind"] for out in result["outputs"]] == ["figure"]
    assert result_of("1")["outputs"] == [{"kind": "text", "text": "1"}]


def test_a_warning_while_a_figure_is_drawn_fails():
    assert "Glyph" in failure_of(
        f'alt="A line"|||{DRAW}\n_ = plt.title("\U0001f9ea\u6f22")'
    )


def test_an_expression_that_cannot_be_shown_fails_with_its_place():
    code = "class A:\n    def __repr__(self):\n        return 1 / 0\nA()"
    assert failure_of(code).startswith(
        f"{PAGE}:8: the block at line 6 raised ZeroDivisionError"
    )


# How a page runs.


def test_a_block_that_never_ends_is_named(monkeypatch):
    monkeypatch.setattr(run, "TIME_LIMIT_SECONDS", 3)
    page = page_of("1", "while True:\n    pass", "3")
    message = run.run_page(page, "cpu").failure
    assert message == (
        f"{PAGE}:{page.blocks[1].line}: the block at line {page.blocks[1].line} "
        "ran past the limit of 3 seconds"
    )


@pytest.mark.parametrize("code", [0, 3])
def test_a_block_that_takes_the_process_down_is_named(code):
    page = page_of("1", f"import os\nos._exit({code})", "3")
    message = run.run_page(page, "cpu").failure
    assert message.startswith(f"{PAGE}:{page.blocks[1].line}: the block at line")
    assert f"ended its process with code {code}" in message


def test_sys_exit_is_an_error_like_any_other():
    assert "raised SystemExit: 0" in failure_of("import sys\nsys.exit(0)")


def test_each_page_runs_in_a_folder_of_its_own():
    writes = page_of("open('left.txt', 'w').close()")
    looks = page_of("import os\nos.listdir()")
    run.run_page(writes, "cpu")
    assert run.run_page(looks, "cpu").results[0]["outputs"][0]["text"] == "[]"


def test_a_block_that_needs_cuda_does_not_run_on_the_cpu():
    one = run.run_page(page_of('needs="cuda"|||1 / 0', "2"), "cpu")
    assert one.failure is None
    assert [r["outputs"][0]["text"] for r in one.results] == ["2"]


def test_the_cpu_environment_hides_cuda(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert run.environment_variables("cpu")["CUDA_VISIBLE_DEVICES"] == ""
    assert run.environment_variables("torchvision")["CUDA_VISIBLE_DEVICES"] == ""
    assert run.environment_variables("cuda")["CUDA_VISIBLE_DEVICES"] == "0"


# What is kept.


class Counter:
    """Counts the runs of a page: each writes a line outside its folder."""

    def __init__(self, tmp_path) -> None:
        self.path = tmp_path / "count.txt"
        self.code = (
            f"with open({str(self.path)!r}, 'a') as file:\n    _ = file.write('x')"
        )

    def runs(self) -> int:
        return len(self.path.read_text())


@pytest.fixture
def counter(tmp_path):
    return Counter(tmp_path)


def test_an_unchanged_page_does_not_run_again(counter):
    first = run.run_page(page_of(counter.code, "1"), "cpu")
    second = run.run_page(page_of(counter.code, "1"), "cpu")
    assert counter.runs() == 1
    assert first == second


def test_a_change_of_prose_runs_nothing_again(counter):
    run.run_page(page_of(counter.code), "cpu")
    run.run_page(page_of(counter.code, prose="Other words.\n\nMore of them."), "cpu")
    assert counter.runs() == 1


def test_a_change_of_code_runs_the_page_again(counter):
    run.run_page(page_of(counter.code, "1"), "cpu")
    run.run_page(page_of(counter.code, "2"), "cpu")
    assert counter.runs() == 2


def test_a_failing_run_is_not_kept(counter):
    for _ in range(2):
        assert run.run_page(page_of(counter.code, "1 / 0"), "cpu").failure
    assert counter.runs() == 2


def test_a_page_that_may_not_run_and_was_not_kept_says_so():
    assert (
        "not run since it changed"
        in run.run_page(page_of("1"), "cpu", execute=False).failure
    )


def key() -> str:
    return run.run_key(run.content_hash(page_of("1").blocks), "cpu")


def test_the_modules_that_a_page_uses_are_in_its_key(monkeypatch):
    before = key()
    monkeypatch.setattr(package, "fingerprint", lambda codes: "another package")
    assert key() != before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("versions", lambda: {"torch": "0.4"}),
        ("device_name", lambda environment: "another device"),
        ("press_hash", lambda: "another press"),
    ],
)
def test_versions_device_and_press_are_in_a_pages_key(monkeypatch, name, value):
    before = key()
    monkeypatch.setattr(run, name, value)
    assert key() != before


def test_the_folder_of_real_data_is_in_a_pages_key(monkeypatch):
    monkeypatch.delenv("DLGUIDE_DATA", raising=False)
    before = key()
    monkeypatch.setenv("DLGUIDE_DATA", "/some/folder")
    assert key() != before


def test_an_option_is_in_a_pages_key():
    plain, marked = page_of("1").blocks, page_of('needs="cuda"|||1').blocks
    assert run.content_hash(plain) != run.content_hash(marked)


def test_only_the_newest_runs_are_kept(tmp_path):
    for number in range(run.KEPT_RUNS + 3):
        one = run.Run("a", "cpu", f"key{number}", [])
        run.cached("a", "cpu", one.key, lambda one=one: one)
        os.utime(run.CACHE / "cpu" / "a" / f"key{number}.json", (number, number))
    kept = sorted(path.stem for path in (run.CACHE / "cpu" / "a").iterdir())
    assert len(kept) == run.KEPT_RUNS
    assert "key0" not in kept


def test_a_kept_run_is_read_back_as_it_was():
    one = run.Run("a/b", "cpu", "key", [{"outcome": "ran", "outputs": []}])
    run.cached("a/b", "cpu", "key", lambda: one)
    assert run.cached("a/b", "cpu", "key", None) == one
    assert json.loads(json.dumps(dataclasses.asdict(one)))["name"] == "a/b"


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "folder" / "file.json"
    run.write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        run.write_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_jobs_side_by_side_keep_their_order():
    jobs = [lambda n=n: run.Run(str(n), "cpu", "", []) for n in range(5)]
    assert [one.name for one in run.in_parallel(jobs)] == list("01234")


def test_a_download_that_does_not_run_fails_by_name():
    good = run.run_download("downloads/a.py", "print(1)\n", "cpu", "hash")
    bad = run.run_download("downloads/a.py", "1 / 0\n", "cpu", "other")
    assert good.failure is None
    assert bad.failure.startswith("downloads/a.py: the downloaded file does not run")
    assert "ZeroDivisionError" in bad.failure
