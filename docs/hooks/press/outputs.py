"""Decide whether two printed outputs say the same, numerically, on any device."""

import doctest
import re

from _pytest.doctest import _get_checker, _get_number_flag

ACCELERATOR = r"(?:cuda|mps)"
IN_REPR = re.compile(rf",\s*device='{ACCELERATOR}(?::\d+)?'")
AS_OBJECT = re.compile(rf"device\(type='{ACCELERATOR}'(?:, index=\d+)?\)")
NAMED = re.compile(rf"\b{ACCELERATOR}:\d+\b|(?<=['\"]){ACCELERATOR}(?=['\"])")

# NUMBER would let `1.` stand for anything from 0 to 2.
WHOLE = re.compile(r"(?<=\d)\.(?![\d.])")


def without_device(text: str) -> str:
    """Return an output as the CPU prints it."""
    text = AS_OBJECT.sub("device(type='cpu')", IN_REPR.sub("", text))
    return NAMED.sub("cpu", text)


class AnyDeviceChecker(type(_get_checker())):  # type: ignore[misc]
    """Pytest's doctest checker, which reads NUMBER, blind to where a tensor lies."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if without_device(got) != got:  # The device's name moves the line breaks.
            optionflags |= doctest.NORMALIZE_WHITESPACE
        want, got = (WHOLE.sub(".0", without_device(text)) for text in (want, got))
        return super().check_output(want, got, optionflags)


def same(expected: str, got: str) -> bool:
    """Return whether two outputs agree to the digits that `expected` has."""
    flags = _get_number_flag() | doctest.NORMALIZE_WHITESPACE
    return AnyDeviceChecker().check_output(expected + "\n", got + "\n", flags)
