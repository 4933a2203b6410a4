"""Solutions pass, stubs and mistakes get words of their own, nothing is changed."""

import importlib.util
import inspect
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from dlguide import exercises
from dlguide.exercises import Feedback, check
from dlguide.exercises.answers import Answer, AnswerError, ByHand, Result
from press.blocks import PAGES, Block, read_page

LESSONS = ["tensors", "workflow", "classification", "vision", "datasets", "overfitting"]
MISTAKES = Path(__file__).parent / "exercises"
CHECKED = re.compile(r"^check\((\w+)\)$", re.MULTILINE)


def checkers(lesson: str) -> list[str]:
    module = importlib.import_module(f"dlguide.exercises.{lesson}")
    return list(module.EXERCISES)


def blocks_of(lesson: str) -> dict[str, list[Block]]:
    """Return the blocks of each exercise of a page: the stub, then the solution."""
    found: dict[str, list[Block]] = {}
    for block in read_page(f"lessons/{lesson}.md").blocks:
        if checked := CHECKED.search(block.code):
            found.setdefault(checked[1], []).append(block)
    return found


def mistakes_of(lesson: str) -> dict[str, list]:
    """Return the wrong answers to each exercise, with the words of their feedback."""
    path = MISTAKES / f"{lesson}.py"
    spec = importlib.util.spec_from_file_location(f"mistakes_{lesson}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MISTAKES


BLOCKS = {lesson: blocks_of(lesson) for lesson in LESSONS}
ALL = [(lesson, name) for lesson in LESSONS for name in checkers(lesson)]
WRONG = [
    pytest.param(name, answer, words, id=f"{name}-{answer.__name__}")
    for lesson in LESSONS
    if (MISTAKES / f"{lesson}.py").exists()
    for name, wrong in mistakes_of(lesson).items()
    for answer, words in wrong
]


def answer_in(lesson: str, block: Block):
    """Return the function that a block of a page defines."""
    namespace: dict[str, object] = {"torch": torch, "nn": torch.nn, "check": check}
    exec(compile(block.code, f"lessons/{lesson}.md", "exec"), namespace)
    return namespace[CHECKED.search(block.code)[1]]


def feedback_on(lesson: str, name: str, which: int) -> Feedback:
    return check(answer_in(lesson, BLOCKS[lesson][name][which]))


@pytest.mark.parametrize(("lesson", "name"), ALL)
def test_the_solution_on_the_page_passes(lesson, name):
    feedback = feedback_on(lesson, name, 1)
    assert feedback.passed, feedback.message
    assert re.search(r"^Right in all \d+ calls\.$", feedback.message)


@pytest.mark.parametrize(("lesson", "name"), ALL)
def test_the_untouched_stub_is_told_what_is_missing(lesson, name):
    feedback = feedback_on(lesson, name, 0)
    assert not feedback.passed
    assert feedback.message


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_a_mistake_gets_its_own_words(name, answer, words):
    answer.__name__ = name
    feedback = check(answer)
    assert not feedback.passed
    assert words in feedback.message


@pytest.mark.parametrize(("lesson", "name"), ALL)
def test_each_exercise_has_at_least_two_mistakes_with_different_words(lesson, name):
    words = [text for _, text in mistakes_of(lesson)[name]]
    assert len(set(words)) >= 2


@pytest.mark.parametrize(("lesson", "name"), ALL)
def test_feedback_repeats_and_names_no_code_of_the_solution(lesson, name):
    solution = BLOCKS[lesson][name][1].code
    lines = [line.strip() for line in solution.split("\n") if "=" in line]
    lines += re.findall(r"return (.{8,})", solution)
    for answer, _ in mistakes_of(lesson)[name]:
        answer.__name__ = name
        first = check(answer)
        assert first == check(answer)
        assert not [line for line in lines if line in first.message]


# The pages


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_three_to_six_exercises_in_one_place(lesson):
    assert 3 <= len(checkers(lesson)) <= 6
    assert list(BLOCKS[lesson]) == checkers(lesson), "in the order of the page"
    text = (PAGES / "lessons" / f"{lesson}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[-4:] == ["Try it", "Exercises", "Recap", "Sources"]


def test_an_exercise_is_on_one_page_and_has_one_checker():
    named = Counter(name for blocks in BLOCKS.values() for name in blocks)
    assert named == Counter(name for _, name in ALL)
    assert set(named.values()) <= {1}


@pytest.mark.parametrize(("lesson", "name"), ALL)
def test_an_exercise_shows_its_stub_a_folded_hint_and_a_folded_solution(lesson, name):
    stub, solution = BLOCKS[lesson][name]
    assert stub.options == {"shows": f"{name}: not yet"}
    assert solution.options == {"shows": f"{name}: passed"}
    assert (stub.indent, solution.indent) == ("", "    ")
    lines = (PAGES / "lessons" / f"{lesson}.md").read_text(encoding="utf-8").split("\n")
    between = "\n".join(lines[stub.line : solution.line])
    assert re.findall(r'^\?\?\? (\w+ ".+")$', between, re.MULTILINE) == [
        'tip "Hint"',
        'success "Solution"',
    ]


# What every checker does


def test_a_passing_answer_leaves_every_generator_and_mode_as_it_was():
    def last_column(table):
        torch.manual_seed(1), np.random.rand(), random.random(), torch.rand(3)
        torch.set_grad_enabled(False)
        return table[..., -1]

    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert check(last_column)
    after = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert torch.equal(states[0], after[0])
    assert states[1:] == after[1:]
    assert torch.is_grad_enabled()


def test_an_answer_meets_gradients_even_where_they_are_off():
    seen = []

    def last_column(table):
        seen.append((torch.is_grad_enabled(), torch.is_inference_mode_enabled()))
        return table[..., -1]

    with torch.inference_mode():
        check(last_column)
    assert set(seen) == {(True, False)}


def test_feedback_prints_name_verdict_and_message_in_lines_that_fit():
    feedback = Feedback("last_column", False, "word " * 40)
    lines = repr(feedback).split("\n")
    assert lines[0].startswith("last_column: not yet. word")
    assert max(map(len, lines)) <= 80
    assert not feedback
    assert Feedback("last_column", True, "")


@pytest.mark.parametrize("value", [3, torch.ones(2), torch.softmax, None])
def test_what_is_no_function_is_refused(value):
    feedback = check(value)
    assert not feedback.passed
    assert f"got {type(value).__name__}" in feedback.message
    assert "no brackets" in feedback.message


def test_an_unknown_name_is_answered_with_the_nearest():
    def last_colum(table):
        return table

    assert "did you mean last_column?" in check(last_colum).message
    assert "copy the name from the lesson" in check(lambda table: table).message


def answers():
    """Make wrong answers to `last_column`, each with words of its feedback."""

    def no_parameter():
        return 1

    def two_parameters(table, column):
        return table

    def raises(table):
        rows = len(table)
        return table[rows + 5]

    def a_list(table):
        return table.tolist()

    def damage(table):
        table *= 2
        return table[..., -1] / 2

    def a_dict(table):
        return {"column": table[..., -1]}

    return {
        no_parameter: "It takes (), expected (table).",
        two_parameters: "It takes (table, column), expected (table).",
        raises: "your code raised IndexError: index 9 is out of bounds for dimension 0 "
        "with size 4 (line 3 of the function).",
        a_list: "the result is a list of 4, expected a tensor.",
        damage: "your code changed table itself",
        a_dict: "the result is a dict, expected a tensor.",
    }


@pytest.mark.parametrize(("answer", "words"), answers().items())
def test_every_checker_explains_what_is_wrong_with_a_call(answer, words):
    answer.__name__ = "last_column"
    assert words in check(answer).message


def call(function, *arguments):
    names = tuple(inspect.signature(function).parameters)
    return Answer(function, names)(*arguments)


def test_a_list_that_was_changed_is_noticed_and_a_gap_that_stayed_is_not():
    def sort(names):
        names.sort()
        return names

    def keep(table):
        return table

    with pytest.raises(AnswerError, match=r"changed names itself.* such as sort"):
        call(sort, ["b", "a"])
    assert call(keep, torch.tensor([1.0, torch.nan])).value.isnan().any()


def test_an_argument_whose_shape_was_changed_is_noticed():
    def grow(table):
        return table.unsqueeze_(0)

    with pytest.raises(AnswerError, match="changed table itself"):
        call(grow, torch.ones(3, 2))


def test_an_answer_that_is_to_work_by_hand_may_not_call_what_it_replaces():
    def largest(images):
        return torch.nn.MaxPool2d(2)(images)

    with (
        ByHand("pool"),
        pytest.raises(AnswerError, match=r"^Your code calls PyTorch's max_pool2d"),
    ):
        call(largest, torch.ones(1, 1, 4, 4))


def test_what_an_object_does_not_answer_is_said():
    class Silent:
        def __init__(self, size):
            self.size = size

        def __len__(self):
            pass

        def __getitem__(self, index):
            return self.sise

    made = call(Silent, 3)
    for method, arguments, words in (
        ("__len__", (), "asked for it, __len__ returned None"),
        (
            "__getitem__",
            (0,),
            "your code raised AttributeError.*line 2 of the function",
        ),
        ("items", (), "there is no method items"),
    ):
        with pytest.raises(AnswerError, match=words):
            made.ask(method, *arguments, words="it")
    with pytest.raises(AnswerError, match="IndexError: list index out of range"):
        Result([], "a list").ask("__getitem__", 0, words="[0]")


def test_a_result_that_no_checker_foresaw_is_no_traceback(monkeypatch):
    def last_column(table):
        return table[..., -1]

    def confused(answer):
        raise KeyError("odd")

    exercise = exercises._EXERCISES["last_column"]
    broken = type(exercise)("last_column", exercise.parameters, confused)
    monkeypatch.setitem(exercises._EXERCISES, "last_column", broken)
    assert "cannot be checked (KeyError: 'odd')" in check(last_column).message
