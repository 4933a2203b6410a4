"""Find the earlier statements of a page that a block needs, from what each has done.

Nothing here runs code or knows pages: statements are numbered effects. A slice is a
claim; `press.copies` proves it, or asks for the next, more careful rule.
"""

import dataclasses
from collections.abc import Sequence

from press.effects import RANDOM_NUMBERS, SETTINGS, Effects

SLOW_SECONDS = 0.2


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


def slow_first(statements: Sequence[Effects], chosen: Sequence[int]) -> tuple[int, ...]:
    """Return an order to run a slice in that comes to the same, and soon to trainings.

    What only binds names that a slow statement does without moves below it. Slices
    that need the same training then begin alike, and one run can serve them all.
    """
    order = list(chosen)
    for slow in [n for n in chosen if statements[n].seconds > SLOW_SECONDS]:
        place = order.index(slow)
        above, below = [slow], []
        for number in reversed(order[:place]):
            passed = [statements[n] for n in above]
            quick = statements[number].seconds <= SLOW_SECONDS
            if quick and can_follow(statements[number], passed):
                below.insert(0, number)
            else:
                above.insert(0, number)
        order[: place + 1] = above + below
    return tuple(order)


def can_follow(one: Effects, others: Sequence[Effects]) -> bool:
    """Return whether a statement can stand below others that stood below it."""
    reads, binds = set(one.reads), set(one.binds)
    if one.changes or one.failed or any(name.startswith("(") for name in reads | binds):
        return False
    return all(
        reads.isdisjoint([*other.binds, *other.changes])
        and binds.isdisjoint([*other.reads, *other.binds, *other.changes])
        for other in others
    )
