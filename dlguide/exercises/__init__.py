"""Exercises that tell you what is missing: write the function, then `check` it.

Each lesson ends with some. On its page stands what to write; here, one module for each
lesson, stands what checks it.
"""

import difflib
import inspect
import textwrap
from dataclasses import dataclass
from typing import Any

from dlguide.exercises import (
    classification,
    datasets,
    overfitting,
    tensors,
    vision,
    workflow,
)
from dlguide.exercises.answers import Answer, AnswerError, Exercise, untouched_state

__all__ = ["Feedback", "check"]

_WIDTH = 80  # Characters of a line of feedback.
_LESSONS = (tensors, workflow, classification, vision, datasets, overfitting)
_EXERCISES = {
    name: exercise for lesson in _LESSONS for name, exercise in lesson.EXERCISES.items()
}


@dataclass(frozen=True)
class Feedback:
    """What a checker says of an answer; printing it shows a readable line or two.

    It counts as true if the answer passed, so `assert check(last_column)` works.

    Attributes:
        exercise: Name of the function to write.
        passed: Whether every check holds.
        message: What is missing, or how often the answer was right.

    Examples:
        >>> def last_column(table):
        ...     return table[:, -1]
        >>> feedback = check(last_column)
        >>> feedback.passed, feedback.exercise
        (False, 'last_column')
    """

    exercise: str
    passed: bool
    message: str

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        verdict = "passed" if self.passed else "not yet"
        return textwrap.fill(f"{self.exercise}: {verdict}. {self.message}", _WIDTH)


def check(answer: Any) -> Feedback:
    """Return what an exercise's checker says of a function that you wrote.

    The exercise is found by the function's name. The function is called with several
    inputs, so an answer that fits only one of them does not pass. Random numbers drawn
    meanwhile change nothing for the code that follows.

    Args:
        answer: The function itself, without brackets behind its name, or the class
            where the exercise asks for one.

    Returns:
        Whether it passed, and what is still missing.

    Examples:
        >>> def last_column(table):
        ...     "Return the last column."
        >>> check(last_column)
        last_column: not yet. For table of shape (4, 3), it returned None: end the
        function with return and the result.
        >>> def last_column(table):
        ...     return table[..., -1]
        >>> check(last_column).passed
        True
    """
    if not (inspect.isfunction(answer) or inspect.isclass(answer)):
        return Feedback("check", False, _not_a_function(answer))
    exercise = _EXERCISES.get(answer.__name__)
    if exercise is None:
        return Feedback(answer.__name__, False, _unknown(answer.__name__))
    try:
        with untouched_state():
            calls = _calls_until_right(answer, exercise)
    except AnswerError as missing:
        return Feedback(exercise.name, False, str(missing))
    except Exception as error:  # A result that no checker foresaw.
        return Feedback(exercise.name, False, _unforeseen(error))
    return Feedback(exercise.name, True, f"Right in all {calls} calls.")


def _calls_until_right(function: Any, exercise: Exercise) -> int:
    answer = Answer(function, exercise.parameters)
    exercise.checker(answer)
    return answer.calls


def _unforeseen(error: Exception) -> str:
    return (
        f"The result cannot be checked ({type(error).__name__}: {error}): compare its "
        "type, shape and dtype with what the lesson asks for."
    )


def _not_a_function(value: Any) -> str:
    return (
        f"Expected a function, got {type(value).__name__}: give check the function "
        "itself, as in check(last_column), with no brackets behind its name."
    )


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, _EXERCISES, n=1)
    advice = f"did you mean {near[0]}?" if near else "copy the name from the lesson."
    return f"No exercise has this name: {advice}"
