"""Call a reader's function safely, and say in words what its result lacks.

A checker gets an `Answer`, calls it like the function, and asks the `Result` to have a
shape, a dtype, some numbers. The first that does not hold raises `AnswerError`, whose
words are all that the reader sees. A class is called like a function, and what it
makes is asked by its methods.
"""

import inspect
import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

__all__ = [
    "Answer",
    "AnswerError",
    "ByHand",
    "Exercise",
    "Exercises",
    "Result",
    "normal",
    "place",
    "untouched_state",
]

_SHOWN = 8  # A tensor of at most so many numbers is shown, a larger one described.


class AnswerError(Exception):
    """What an answer still lacks, in words for the one who wrote it."""


class Result:
    """What a reader's function returned, and for which arguments.

    Attributes:
        value: What it returned.
        case: The arguments in words, such as `table of shape (4, 3)`.
        subject: What to call it: `the result`, or the name of this part of it.
    """

    def __init__(self, value: Any, case: str, subject: str = "the result") -> None:
        self.value = value
        self.case = case
        self.subject = subject

    def refuse(self, message: str) -> NoReturn:
        """Raise `AnswerError` with the arguments in front of the message."""
        raise AnswerError(f"For {self.case}, {message}")

    def require(self, holds: bool | Tensor, message: str) -> None:
        """Refuse the result unless a condition holds."""
        if not bool(holds):
            self.refuse(message)

    def tensor(
        self,
        shape: tuple[int, ...] | None = None,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
        why: str = "",
    ) -> Tensor:
        """Return the value, if it is a tensor of this shape and dtype on this device.

        `why` follows a wrong shape: a word on what the dimensions mean.
        """
        value = self.value
        if not isinstance(value, Tensor):
            self.refuse(f"{self.subject} is {_a(value)}, expected a tensor.")
        if shape is not None and tuple(value.shape) != tuple(shape):
            sizes = f"{tuple(value.shape)}, expected {tuple(shape)}"
            self.refuse(f"{self.subject} has shape {sizes}" + _because(why))
        if dtype is not None and value.dtype != dtype:
            self.refuse(f"{self.subject} has dtype {value.dtype}, expected {dtype}.")
        if device is not None and value.device != device:
            self.refuse(f"{self.subject} lies on {value.device}, expected {device}.")
        return value

    def ask(self, method: str, *arguments: Any, words: str) -> "Result":
        """Call a method of what was returned, guarded as a call of the answer is.

        Args:
            method: Its name.
            arguments: What to give it.
            words: The call as a reader writes it, such as `len(dataset)`.

        Raises:
            AnswerError: If there is no such method, it raises, or returns nothing.
        """
        case = f"{self.case}, asked for {words}"
        function = getattr(type(self.value), method, None)
        if function is None:
            raise AnswerError(f"For {case}, there is no method {method} to call.")
        try:
            value = function(self.value, *arguments)
        except Exception as error:
            message = f"For {case}, your code raised {_error(error, function)}"
            raise AnswerError(message) from error
        if value is None:
            message = f"For {case}, {method} returned None: end it with return"
            raise AnswerError(f"{message} and the result.")
        return Result(value, case)

    def number(self) -> float:
        """Return the value as a number, if it is one, or a tensor of just one."""
        value = self.value
        if isinstance(value, Tensor) and value.ndim == 0:
            return float(value.detach())
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f"{self.subject} is {_a(value)}, expected one number.")
        return float(value)

    def parts(self, *names: str) -> list["Result"]:
        """Return the parts of a tuple or list, if it has one for each name."""
        value = self.value
        if not isinstance(value, tuple | list) or len(value) != len(names):
            self.refuse(
                f"{self.subject} is {_a(value)}, expected {len(names)} things: "
                f"{', '.join(names)}."
            )
        pairs = zip(value, names, strict=True)
        return [Result(one, self.case, name) for one, name in pairs]

    def numbers(self, expected: Tensor, why: str = "") -> None:
        """Refuse a tensor of the right shape whose numbers are not the expected ones.

        The feedback names the first place that differs, then `why`.
        """
        got = self.tensor(tuple(expected.shape)).detach().double().cpu()
        wanted = expected.detach().double().cpu()
        close = torch.isclose(got, wanted, rtol=1e-4, atol=1e-5, equal_nan=True)
        if bool(close.all()):
            return
        spot = tuple((~close).nonzero()[0].tolist())
        where = f"at {list(spot)} {self.subject} is" if spot else f"{self.subject} is"
        values = f"{_round(got[spot])}, expected {_round(wanted[spot])}"
        self.refuse(f"{where} {values}" + _because(why))


class Answer:
    """A reader's function or class, which every call guards.

    A call refuses an error in the function, a missing `return` and an argument that
    the function has changed. `calls` counts the calls so far.
    """

    def __init__(
        self, function: FunctionType | type, parameters: tuple[str, ...]
    ) -> None:
        self.function = function
        self.parameters = parameters
        self.calls = 0
        self._refuse_other_parameters()

    def __call__(
        self, *arguments: Any, case: str | None = None, returns: bool = True
    ) -> Result:
        """Call the function; refuse what no right answer does.

        Args:
            arguments: One for each parameter of the exercise.
            case: The arguments in words; made from them if not given.
            returns: Whether the exercise asks for a result.

        Returns:
            What came back, to be asked for more.

        Raises:
            AnswerError: If the function raises, returns nothing, or changes a tensor
                or a list that it was given.
        """
        case = self._in_words(arguments) if case is None else case
        before = [_copy(argument) for argument in arguments]
        self.calls += 1
        try:
            value = self.function(*arguments)
        except AnswerError:  # By `ByHand`.
            raise
        except Exception as error:
            message = f"For {case}, your code raised {_error(error, self.function)}"
            raise AnswerError(message) from error
        pairs = zip(self.parameters, arguments, before, strict=True)
        for name, argument, copy in pairs:
            if not _unchanged(argument, copy):
                raise AnswerError(
                    f"For {case}, your code changed {name} itself, which still belongs "
                    "to whoever called: make a new one, in place of +=, [...] = or a "
                    + (
                        "method that ends in an underscore."
                        if isinstance(argument, Tensor)
                        else "method such as sort, append or pop."
                    )
                )
        if returns and value is None:
            raise AnswerError(
                f"For {case}, it returned None: end the function with return and the "
                "result."
            )
        return Result(value, case)

    def with_new_tensors_elsewhere(self, *arguments: Any) -> Result:
        """Call the function while tensors that name no device are made on another.

        So a machine without a GPU can tell what would fail on one.
        """
        case = self._in_words(arguments)
        self.calls += 1
        advice = "give each tensor that you make the device of the argument"
        try:
            with torch.device("meta"):
                value = self.function(*arguments)
        except Exception as error:
            message = "your code fails where new tensors are made on another device: "
            raise AnswerError(f"For {case}, {message}{advice}.") from error
        result = Result(value, case)
        if isinstance(value, Tensor) and value.device.type == "meta":
            result.refuse(
                f"the result does not lie on the device of the argument: {advice}."
            )
        return result

    def _refuse_other_parameters(self) -> None:
        try:
            inspect.signature(self.function).bind(*self.parameters)
        except TypeError as error:
            own = inspect.signature(self.function)
            raise AnswerError(
                f"It takes {own}, expected ({', '.join(self.parameters)})."
            ) from error

    def _in_words(self, arguments: tuple[Any, ...]) -> str:
        pairs = zip(self.parameters, arguments, strict=True)
        parts = [_words(name, argument) for name, argument in pairs]
        return " and ".join(parts[-2:]) if len(parts) < 3 else ", ".join(parts)


@dataclass(frozen=True)
class Exercise:
    """One exercise: the parameters its function takes, and what checks it."""

    name: str
    parameters: tuple[str, ...]
    checker: Callable[[Answer], None]


class Exercises(dict[str, Exercise]):
    """The exercises of one lesson, by the name of the function to write."""

    def add(
        self, *parameters: str, class_name: str = ""
    ) -> Callable[[Callable[[Answer], None]], Callable[[Answer], None]]:
        """Return a decorator: the checker below it checks a function of its own name.

        Args:
            parameters: The names of the function's parameters, in their order.
            class_name: Where a class is to be written, its name.
        """

        def register(checker: Callable[[Answer], None]) -> Callable[[Answer], None]:
            name = class_name or checker.__name__
            self[name] = Exercise(name, parameters, checker)
            return checker

        return register


class ByHand(TorchFunctionMode):
    """Refuse an answer that calls the PyTorch function which it is to replace.

    Args:
        words: Parts of the names that it may not call, such as `pool`.
    """

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = words

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: Any = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "")
        if any(word in name for word in self.words):
            raise AnswerError(
                f"Your code calls PyTorch's {name}: do its work with simpler "
                "operations, so that you see how it is done."
            )
        return func(*args, **(kwargs or {}))


def place() -> torch.device:
    """Return where a tensor goes that names no device, and so the reader's own."""
    return torch.empty(0).device


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return normal random numbers that repeat and touch no other generator."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return torch.randn(shape, generator=generator, device="cpu").to(place())


@contextmanager
def untouched_state() -> Iterator[None]:
    """Let code draw, seed and switch gradients off, and put it all back afterwards."""
    devices = range(torch.cuda.device_count() if torch.cuda.is_initialized() else 0)
    python, numpy = random.getstate(), np.random.get_state()
    with (
        torch.random.fork_rng(devices=list(devices)),
        torch.inference_mode(mode=False),
        torch.enable_grad(),
    ):
        torch.default_generator.manual_seed(0)
        random.seed(0)
        np.random.seed(0)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def _error(error: Exception, function: Any) -> str:
    """Return an error and the line of the reader's function that it passed through."""
    function = function.__init__ if inspect.isclass(function) else function
    code: Any = getattr(inspect.unwrap(function), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__) if code else []
    own = [f.lineno for f in frames if f.filename == code.co_filename and f.lineno]
    text = f"{type(error).__name__}: {str(error).strip() or 'no message'}"
    line = f" (line {own[-1] - code.co_firstlineno + 1} of the function)" if own else ""
    return text.rstrip(".") + line + "."


def _copy(value: Any) -> Any:
    """Return what `_unchanged` needs to know about a value before a call."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, tuple | list):
        return [_copy(one) for one in value]
    return value


def _unchanged(value: Any, copy: Any) -> bool:
    if isinstance(value, Tensor):
        now = value.detach()
        if now.shape != copy.shape:
            return False
        both_nan = (now != now) & (copy != copy)
        return bool(((now == copy) | both_nan).all())
    if isinstance(value, tuple | list):
        return len(value) == len(copy) and all(map(_unchanged, value, copy))
    return value is copy


def _because(why: str) -> str:
    return f": {why}." if why else "."


def _round(number: Any) -> str:
    number = number.item() if isinstance(number, Tensor) else number
    return f"{number:.5g}" if isinstance(number, float) else str(number)


def _a(value: Any) -> str:
    """Return in words what a value is: `a list`, `a tensor of shape (3,)`."""
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _words(name: str, value: Any) -> str:
    if isinstance(value, Tensor):
        if value.ndim == 1 and 0 < value.numel() <= _SHOWN:
            shown = ", ".join(_round(one) for one in value.detach())
            return f"{name} [{shown}]"
        return f"{name} of shape {tuple(value.shape)}"
    if isinstance(value, bool | int | float | str):
        return f"{name} {value!r}"
    return f"{_a(value)} as {name}"
