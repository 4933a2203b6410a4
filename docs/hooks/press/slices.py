"""Find the earlier statements of a page that a block needs, from what each has done.

Nothing here runs code or knows pages: statements are numbered effects. A slice is a
claim; `press.copies` proves it, or asks for the next, more careful rule.
"""

import dataclasses
from collections.abc import Callable, Sequence

from press.effects import RANDOM_NUMBERS, SETTINGS, Effects


@dataclasses.dataclass(frozen=True)
class Rule:
    """How careful a slice is."""

    name: str
    # Whether what is shown depends on which random numbers were drawn before.
    random_numbers_count: bool = True
    # Whether changing an object depends on what it was.
    changes_are_read: bool = True
    # Whether any statement is left out that had effects.
    leaves_out: bool = True


# From the smallest slice to all that came before.
RULES = (
    Rule("what has a name", random_numbers_count=False, changes_are_read=False),
    Rule("what is read", changes_are_read=False),
    Rule("what is read or changed"),
    Rule("all that had effects", leaves_out=False),
)


def slice_before(
    statements: Sequence[Effects], own: range, rule: Rule
) -> tuple[int, ...]:
    """Return which statements before a block's own it needs, in order.

    Args:
        statements: What each statement of the page did, in the order of their run.
        own: The numbers of the block's statements.
        rule: How careful to be.
    """
    if not rule.leaves_out:
        return tuple(n for n in range(own.start) if has_effects(statements[n]))
    # A wanted name needs each change of it, a held one only what bound it.
    wanted: set[str] = set()
    held: set[str] = set()
    needed: list[int] = []
    for number in reversed(range(own.stop)):
        effects = statements[number]
        bound = wanted | held
        chosen = (
            number in own
            or not bound.isdisjoint(effects.binds)
            or not wanted.isdisjoint(effects.changes)
            or SETTINGS in effects.changes
        )
        if not chosen:
            continue
        if number not in own:
            needed.append(number)
        wanted -= set(effects.binds)
        held -= set(effects.binds)
        read = set(effects.reads)
        if not rule.random_numbers_count:
            read = {name for name in read if not name.startswith(RANDOM_NUMBERS)}
        if rule.changes_are_read:
            wanted |= read | set(effects.changes)
        else:
            wanted |= read - set(effects.grows)
            held |= read & set(effects.grows)
    return tuple(reversed(needed))


def has_effects(effects: Effects) -> bool:
    """Return whether anything but output is left of a statement."""
    return bool(effects.binds or effects.changes)


def share_slow_beginnings(
    slices: Sequence[tuple[int, ...]], is_slow: Callable[[int], bool]
) -> list[tuple[int, ...]]:
    """Return slices that begin alike up to the slow statements that they share.

    Each gains the quick statements that another needs before the same slow ones, so
    that one run of those can serve them all.
    """
    begun: dict[tuple[int, ...], set[int]] = {}
    for one in slices:
        for slow, before in beginnings(one, is_slow):
            begun.setdefault(slow, set()).update(before)
    widened = []
    for one in slices:
        own = set(one)
        for slow, _ in beginnings(one, is_slow):
            own |= begun[slow]
        widened.append(tuple(sorted(own)))
    return widened


def beginnings(
    one: tuple[int, ...], is_slow: Callable[[int], bool]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return each series of slow statements in a slice, with what stands before it."""
    slow = [number for number in one if is_slow(number)]
    return [
        (tuple(slow[:count]), tuple(n for n in one if n < slow[count - 1]))
        for count in range(1, len(slow) + 1)
    ]
