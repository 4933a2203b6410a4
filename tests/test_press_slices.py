"""Which earlier statements a block needs, from what each statement did."""

import re

import pytest

from press.effects import FILES, SETTINGS, Effects
from press.slices import RULES, slice_before

NAMED, READ, CHANGED, ALL = RULES
NUMBERS = "(random numbers) torch"
WORD = re.compile(r"\((?:files|random numbers)\) \S+|\S+")


def did(reads="", binds="", changes="", grows="") -> Effects:
    """Return the effects of a statement, names parted by blanks."""
    words = [WORD.findall(text) for text in (reads, binds, changes, grows)]
    return Effects(1, 1, 0.0, False, *words)


def needed(*statements: Effects, rule=READ) -> list[int]:
    """Return what the last of some statements needs of those before it."""
    last = len(statements) - 1
    return list(slice_before(statements, range(last, last + 1), rule))


def test_a_statement_that_reads_nothing_needs_nothing():
    assert needed(did(binds="x"), did(binds="y")) == []


def test_what_is_read_needs_what_bound_it_and_so_on_back():
    chain = [did(binds="x"), did(binds="z"), did("x", "y"), did("y")]
    assert needed(*chain) == [0, 2]


def test_only_the_last_binding_of_a_name_counts():
    assert needed(did(binds="x"), did(binds="x"), did("x")) == [1]


def test_a_binding_that_reads_its_own_name_needs_the_one_before():
    assert needed(did(binds="x"), did("x", "x"), did("x")) == [0, 1]


def test_every_change_of_what_is_read_counts():
    chain = [did(binds="x"), did("x", changes="x"), did("x"), did("x")]
    assert needed(*chain) == [0, 1]


def test_a_change_through_another_name_counts():
    # The view is changed, and with it what it looks at.
    chain = [did(binds="x"), did("x", "view"), did("view", changes="view x"), did("x")]
    assert needed(*chain) == [0, 1, 2]


def test_a_table_that_only_gains_rows_needs_none_of_the_earlier_rows():
    row = did("table", changes="table", grows="table")
    assert needed(did(binds="table"), row, row) == [0]


def test_who_reads_the_whole_table_needs_every_row():
    row = did("table", changes="table", grows="table")
    assert needed(did(binds="table"), row, row, did("table")) == [0, 1, 2]


def test_the_more_careful_rule_needs_what_was_changed_before():
    chain = [did(binds="model"), did(changes="model"), did(changes="model")]
    assert needed(*chain) == []
    assert needed(*chain, rule=CHANGED) == [0, 1]


def test_random_numbers_go_back_to_their_seed_and_no_further():
    draw = did(NUMBERS, "x", NUMBERS)
    chain = [draw, did(binds=NUMBERS), draw, did(NUMBERS, "y", NUMBERS)]
    assert needed(*chain) == [1, 2]


def test_the_first_guess_is_that_no_random_number_shows():
    draw = did(NUMBERS, "x", NUMBERS)
    chain = [did(binds=NUMBERS), draw, did(f"x {NUMBERS}", "y", NUMBERS)]
    assert needed(*chain, rule=NAMED) == [1]
    assert needed(*chain) == [0, 1]


def test_a_changed_setting_is_needed_by_all_that_follows():
    assert needed(did(changes=SETTINGS), did(binds="x")) == [0]


def test_files_are_needed_by_who_reads_files():
    table, picture = f"{FILES} table.csv", f"{FILES} picture.png"
    chain = [did(changes=table), did(changes=picture), did(table)]
    assert needed(*chain) == [0]


def test_the_last_rule_leaves_out_only_what_had_no_effect():
    chain = [did(binds="x"), did("x"), did(changes="x"), did()]
    assert needed(*chain, rule=ALL) == [0, 2]


@pytest.mark.parametrize("rule", RULES)
def test_a_block_of_many_statements_needs_nothing_of_itself(rule):
    chain = [did(binds="x"), did(binds="y"), did("x y")]
    assert slice_before(chain, range(1, 3), rule) == (0,)
