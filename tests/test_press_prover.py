"""The prover: what copies share of their run, and what they never do."""

import pytest

from press import prover
from press.blocks import parse_page


@pytest.fixture(scope="module")
def one():
    with prover.Prover(["import math"]) as one:
        yield one


def blocks_of(*codes: str):
    fences = "".join(f"\n```python\n{code}\n```\n" for code in codes)
    return parse_page("lessons/trial.md", f"# Trial\n{fences}").blocks


def shown(outcome) -> str:
    assert "message" not in outcome, outcome["message"]
    return " ".join(one["text"] for one in outcome["outputs"])


def claim(*lines: int):
    return [(line, False) for line in lines]


@pytest.fixture
def count(tmp_path):
    """Return a statement that leaves a mark, and what counts the marks."""
    marks = tmp_path / "marks"
    marks.touch()
    statement = f"with open({str(marks)!r}, 'a') as f: f.write('x')"
    return statement, lambda: len(marks.read_text())


def test_a_block_that_others_need_runs_once_for_all_of_them(one, count):
    mark, marks = count
    blocks = blocks_of("a = 1", f"{mark}\nb = a + 1", "b + 1", "b + 2")
    first, mark_line, b_line = 4, 8, 9
    claims = {
        1: claim(first),
        2: claim(first, mark_line, b_line),
        3: claim(first, mark_line, b_line),
    }
    outcomes = one.show(blocks, claims)
    assert [shown(outcomes[n]) for n in (1, 2, 3)] == ["", "3", "4"]
    assert marks() == 1


def test_copies_part_in_the_middle_of_a_block(one, count):
    mark, marks = count
    blocks = blocks_of(f"{mark}\na = [1]\na.append(2)\na", "a")
    outcomes = one.show(blocks, {0: [], 1: claim(4, 5)})
    assert shown(outcomes[0]) == "[1, 2]"
    assert shown(outcomes[1]) == "[1]"
    assert marks() == 1


def test_what_one_copy_changes_is_not_changed_for_another(one):
    blocks = blocks_of("a = [1]", "a.append(2)\na", "a")
    outcomes = one.show(blocks, {1: claim(4), 2: claim(4)})
    assert (shown(outcomes[1]), shown(outcomes[2])) == ("[1, 2]", "[1]")


def test_an_import_that_comes_between_is_no_reason_to_run_again(one, count):
    mark, marks = count
    blocks = blocks_of(f"{mark}\na = 4", "import math", "math.sqrt(a)", "a")
    free = [9]
    claims = {2: claim(4, 5, 9), 3: claim(4, 5)}
    outcomes = one.show(blocks, claims, free)
    assert (shown(outcomes[2]), shown(outcomes[3])) == ("2.0", "4")
    assert marks() == 1


def test_a_copy_has_no_import_of_another(one):
    # The block that is shared imports math itself; its follower must not profit.
    blocks = blocks_of("import math\na = 4\nmath.sqrt(a)", "math.sqrt(a)")
    outcomes = one.show(blocks, {0: [], 1: claim(5, 6)}, [4])
    assert shown(outcomes[0]) == "2.0"
    assert "NameError" in outcomes[1]["message"]


def test_an_error_is_told_to_all_that_lean_on_it(one):
    blocks = blocks_of("a", "b = a", "b")
    outcomes = one.show(blocks, {1: claim(4), 2: claim(4, 8)})
    assert all("NameError" in outcomes[n]["message"] for n in (1, 2))


def test_random_numbers_start_from_the_seed_that_is_asked_for(one):
    blocks = blocks_of("import random\nrandom.random()")
    numbers = [shown(one.show(blocks, {0: []}, seeds=[seed])[0]) for seed in (1, 2, 1)]
    assert numbers[0] == numbers[2] != numbers[1]


def test_random_numbers_go_on_where_copies_part(one):
    code = "import random\nrandom.seed(5)"
    blocks = blocks_of(code, "random.random()", "random.random() + 0", "1")
    outcomes = one.show(blocks, {n: claim(4, 5) for n in (1, 2, 3)})
    assert shown(outcomes[1]) == shown(outcomes[2]) == "0.6229016948897019"


def test_a_block_must_show_the_same_with_all_seeds(one):
    blocks = blocks_of("import random", "random.random() > 0.1", "random.random()")
    outcomes = one.show(blocks, {1: claim(4), 2: claim(4)}, seeds=[2, 3])
    assert shown(outcomes[1]) == "True"
    assert "with the seed 3" in outcomes[2]["message"]


def test_what_is_only_added_is_not_computed_again(one, count):
    mark, marks = count
    blocks = blocks_of("x = []\ny = {}", f"{mark}\nx.append(7); y['a'] = 8", "x, y")
    first = one.show(blocks, {1: claim(4, 5)}, keep={10: ["x", "y"]})
    kept = {int(line): text for line, text in first[1]["kept"].items()}
    assert list(kept) == [10]
    outcomes = one.show(blocks, {2: claim(4, 5, 10)}, kept=kept)
    assert shown(outcomes[2]) == "([7], {'a': 8})"
    assert marks() == 1


def test_random_numbers_go_on_behind_what_was_added(one):
    code = "torch.manual_seed(3); x.append(torch.rand(1).item())"
    blocks = blocks_of("import torch\nx = []", code, "x, torch.rand(1).item()")
    plain = one.show(blocks, {2: claim(4, 5, 9)})
    first = one.show(blocks, {1: claim(4, 5)}, keep={9: ["x"]})
    again = one.show(blocks, {2: claim(4, 5, 9)}, kept={9: first[1]["kept"]["9"]})
    assert shown(again[2]) == shown(plain[2])


def test_a_process_that_dies_is_told_of(one):
    blocks = blocks_of("import os\nos._exit(3)", "1 + 1")
    outcomes = one.show(blocks, {0: [], 1: []})
    assert "ended its process" in outcomes[0]["message"]
    assert shown(outcomes[1]) == "2"


def test_seconds_count_what_ran_before_the_block(one):
    slow = "import time\ntime.sleep(0.2)\na = 1"
    blocks = blocks_of(slow, "a", "a + 1")
    claims = {0: [], 1: claim(4, 5, 6), 2: claim(4, 5, 6)}
    outcomes = one.show(blocks, claims)
    assert all(outcomes[n]["before"] >= 0.2 for n in (1, 2))
    assert outcomes[0]["before"] < 0.2 <= outcomes[0]["seconds"]
