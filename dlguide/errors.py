"""Explain the errors that PyTorch raises: the companion of the error index.

The index is at [Errors](../errors/index.md).
"""

import functools
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

__all__ = ["Explanation", "explain", "hints", "load_ipython_extension"]

SITE = "https://dlguide.github.io/dlguide/"


@dataclass(frozen=True)
class Explanation:
    """What an error message says, and what to do.

    Args:
        entry: The entry of the error index, such as `"shape-linear-in-features"`.
        title: Its title there: the message without its numbers.
        means: The message in words, with the numbers that stand in it.
        cause: Why it usually comes.
        cure: What to do.
        address: Where the site breaks and cures it.

    Examples:
        >>> found = explain("IndexError: Target 10 is out of bounds.")
        >>> found.entry, found.address.rpartition("dlguide/")[2]
        ('loss-target-out-of-bounds', 'errors/loss/#loss-target-out-of-bounds')
    """

    entry: str
    title: str
    means: str
    cause: str
    cure: str
    address: str

    def __str__(self) -> str:
        """Return all of it, one line for each part."""
        return f"{self.means}\n{self.cause}\nCure: {self.cure}\n{self.address}"


def explain(error: BaseException | str) -> Explanation | None:
    """Return what an error says and what to do, or `None` for an unknown one.

    An unknown error gets no guess: a wrong explanation is worse than none.

    Args:
        error: An exception, a message, or a whole traceback as text.

    Returns:
        The entry of the error index that fits, with the message's own numbers; where
        several fit, the one whose words stand last, as a traceback ends in its cause.

    Examples:
        >>> explain("mat1 and mat2 shapes cannot be multiplied (4x8 and 10x2)").means
        '4 rows with 8 features each arrive at a layer, or a matrix, that expects 10.'
        >>> explain("invalid literal for int()") is None
        True
    """
    words = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    text = " ".join(words.split())
    found = [
        (entry, match)
        for entry in _entries()
        for pattern in entry["patterns"]
        for match in pattern.finditer(text)
    ]
    last = max(found, key=lambda one: one[1].end(), default=None)
    return _explanation(*last) if last else None


@contextmanager
def hints() -> Iterator[None]:
    """Add to a known error that passes a note that explains it.

    Type, message and traceback stay as they are; the note stands below them.

    Examples:
        >>> import torch
        >>> try:
        ...     with hints():
        ...         torch.ones(2, 3) @ torch.ones(2, 3)
        ... except RuntimeError as error:
        ...     print(error.__notes__[0].splitlines()[0])
        2 rows with 3 features each arrive at a layer, or a matrix, that expects 2.
    """
    try:
        yield
    except Exception as error:
        _add_note(error)
        raise


def load_ipython_extension(ipython: Any) -> None:
    """Explain known errors in a notebook, after `%load_ext dlguide.errors`.

    Args:
        ipython: The running shell; IPython passes it.

    Examples:
        >>> class Shell:
        ...     def set_custom_exc(self, kinds, handler):
        ...         self.kinds = kinds
        >>> shell = Shell()
        >>> load_ipython_extension(shell)
        >>> shell.kinds
        (<class 'Exception'>,)
    """

    def show(
        shell: Any, kind: Any, error: BaseException, trace: Any, tb_offset: Any = None
    ) -> None:
        _add_note(error)
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    ipython.set_custom_exc((Exception,), show)


def _add_note(error: BaseException) -> None:
    """Add the explanation of an error to it, once."""
    found = explain(error)
    if found and str(found) not in getattr(error, "__notes__", ()):
        error.add_note(str(found))


@functools.cache
def _entries() -> list[dict[str, Any]]:
    """Read the registry; only entries that have a message."""
    folder = resources.files("dlguide") / "known_errors"
    found = []
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        if not file.name.endswith(".toml"):
            continue
        family = file.name.removesuffix(".toml")
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["entry"]:
            patterns = [re.compile(pattern) for pattern in entry.get("patterns", ())]
            found.append(entry | {"patterns": patterns, "family": family})
    return found


def _explanation(entry: dict[str, Any], match: re.Match[str]) -> Explanation:
    """Fill an entry's sentence with what the message says."""
    values = match.groupdict()
    told = all(values.get(name) for name in re.findall(r"\{(\w+)\}", entry["means"]))
    # An old wording may not have all the numbers.
    means = (entry["means"] if told else entry["briefly"]).format_map(values)
    return Explanation(
        entry["id"],
        entry["title"],
        means,
        entry["cause"],
        entry["do"],
        f"{SITE}errors/{entry['family']}/#{entry['id']}",
    )
