"""What checks the exercises of the lesson *Datasets*.

Read the lesson: [Datasets](../lessons/datasets.md#exercises).
"""

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from dlguide.exercises.answers import Answer, Exercises, Result, normal

__all__ = ["EXERCISES"]

EXERCISES = Exercises()


@EXERCISES.add("paths")
def number_classes(answer: Answer) -> None:
    for paths in (
        ["train/steak/1.jpg", "train/pizza/7.jpg", "train/steak/2.jpg"],
        ["b/1.png", "a/1.png", "c/1.png", "a/b.png"],
        ["photos/2024/cat/x.jpg"],
    ):
        result = answer(paths, case=f"paths {paths}")
        numbers = result.value
        message = f"the result is of type {type(numbers).__name__}, expected a dict."
        result.require(isinstance(numbers, dict), message)
        names = {path.split("/")[-2] for path in paths}
        strange = [name for name in numbers if name not in names]
        message = f"{strange[:1]} is the name of no folder that holds a file."
        result.require(not strange, message)
        missing = sorted(names - set(numbers))
        result.require(not missing, f"the class {missing[:1]} is missing.")
        values = list(numbers.values())
        message = (
            f"the classes have the numbers {values}, expected each from 0 on once."
        )
        result.require(sorted(values, key=str) == list(range(len(names))), message)
        order = sorted(names, key=numbers.__getitem__)
        rising = all(first < second for first, second in pairwise(order))
        other = "another order of the files would give other numbers."
        result.require(rising, f"the order of the classes is {order}: {other}")


@EXERCISES.add("train", "test")
def fill_gaps(answer: Answer) -> None:
    for rows, columns in ((5, 2), (8, 3), (4, 4)):
        train, test = _with_gaps(rows, columns), _with_gaps(rows - 1, columns) + 5
        means = [column[~column.isnan()].mean() for column in train.unbind(dim=1)]
        for part, table in zip(
            answer(train, test).parts("train", "test"), (train, test), strict=True
        ):
            filled = part.tensor(tuple(table.shape), dtype=torch.float32)
            gaps = table.isnan()
            left = int(filled.isnan().sum())
            part.require(left == 0, f"{left} gaps are still in {part.subject}.")
            message = f"known numbers of {part.subject} have changed."
            part.require(torch.equal(filled[~gaps], table[~gaps]), message)
            expected = torch.where(gaps, torch.stack(means), table)
            reason = "a gap gets the mean of the known numbers of its column in train"
            part.numbers(expected, reason)


def _with_gaps(rows: int, columns: int) -> Tensor:
    """Return a table that has a gap in each column, in one row after the other."""
    table = 3 * normal(rows, columns, seed=rows)
    for column in range(columns):
        table[column % rows, column] = math.nan
    return table


@EXERCISES.add("series", "length", class_name="Windows")
def windows(answer: Answer) -> None:
    for size, length in ((7, 3), (6, 1), (9, 8)):
        series = torch.arange(size) * 10.0
        made = answer(series, length)
        count = made.ask("__len__", words="len(windows)")
        message = (
            f"the result is {count.value!r}, expected {size - length}: each window "
            "needs the number that follows it, and no number may be left over."
        )
        count.require(count.value == size - length, message)
        for index in sorted({0, (size - length) // 2, size - length - 1}):
            item = made.ask("__getitem__", index, words=f"windows[{index}]")
            inputs, target = item.parts("window", "next number")
            inputs.tensor((length,), dtype=torch.float32)
            inputs.numbers(series[index : index + length])
            target.tensor((), why="one number, without a dimension")
            target.numbers(series[index + length], "the number after the window")
        _require_end(made, size - length)


def _require_end(made: Result, count: int) -> None:
    """Refuse a dataset that answers behind its end: a `for` loop would not stop."""
    try:
        made.value[count]
    except IndexError:
        return
    except Exception as error:
        got = f"raised {type(error).__name__}"
    else:
        got = "gave a sample"
    made.refuse(
        f"windows[{count}] {got}, expected an IndexError: {count - 1} is the last one."
    )


@EXERCISES.add("labels")
def balanced_weights(answer: Answer) -> None:
    for values in ([0, 0, 0, 1], [1, 0, 2, 2, 0, 2, 2], [4, 1, 1, 1, 4, 0]):
        labels = torch.tensor(values)
        result = answer(labels)
        weights = result.tensor((len(values),), why="one weight for each sample")
        message = "a weight is not finite, or not above 0."
        fine = weights.is_floating_point() and weights.isfinite().all()
        result.require(fine and (weights > 0).all(), message)
        totals = {name: weights[labels == name].sum().item() for name in set(values)}
        for name, total in totals.items():
            message = f"the weights of class {name} add up to {total:.3g}, expected 1"
            alike = max(totals.values()) - min(totals.values()) < 1e-4
            reason = "" if alike else ": a rare class must not be drawn less often"
            result.require(abs(total - 1) < 1e-4, f"{message}{reason}.")
        counts = Counter(values)
        equal = torch.tensor([1 / counts[value] for value in values])
        result.numbers(equal, "samples of one class are drawn alike")


@EXERCISES.add("samples")
def pad_batch(answer: Answer) -> None:
    for lengths, dtype in (
        ((2, 3, 1), torch.int64),
        ((1, 4), torch.float32),
        ((3, 3), torch.int64),
        ((5,), torch.float32),
    ):
        sequences = [torch.arange(1, size + 1).to(dtype) for size in lengths]
        labels = [(3 * size) % 5 for size in lengths]
        samples = list(zip(sequences, labels, strict=True))
        case = f"samples whose sequences have the lengths {list(lengths)}"
        batch = answer(samples, case=case)
        padded, counts, classes = batch.parts("padded", "lengths", "labels")
        rows = [one.tolist() + [0] * (max(lengths) - len(one)) for one in sequences]
        shape = (len(lengths), max(lengths))
        padded.tensor(shape, dtype=dtype, why="(batch, longest)")
        reason = "a sequence begins at the left, and zeros follow"
        padded.numbers(torch.tensor(rows), reason)
        counts.tensor((len(lengths),), dtype=torch.int64)
        counts.numbers(torch.tensor(lengths), "the true length of that sequence")
        classes.tensor((len(lengths),), dtype=torch.int64)
        classes.numbers(torch.tensor(labels), "the label of that sample")


@EXERCISES.add("groups", "test_share", "seed")
def split_by_group(answer: Answer) -> None:
    for people, test_share in ((10, 0.3), (5, 0.4), (8, 0.25)):
        groups = _groups(people)
        splits = {}
        for seed in range(4):
            case = (
                f"{len(groups)} samples of {people} groups, test_share {test_share} "
                f"and seed {seed}"
            )
            state = torch.get_rng_state()
            result = answer(list(groups), test_share, seed, case=case)
            same = torch.equal(state, torch.get_rng_state())
            message = (
                "your code has changed PyTorch's global random numbers, on which other "
                "code counts: draw from a generator of your own."
            )
            result.require(same, message)
            train, test = (_indices(part) for part in result.parts("train", "test"))
            _require_parts(result, groups, train, test)
            _require_share(result, len({groups[i] for i in test}), people, test_share)
            again = answer(list(groups), test_share, seed, case=f"{case}, once more")
            repeated = [_indices(part) for part in again.parts("train", "test")]
            message = "the split is another one, though the seed is the same."
            again.require(repeated == [train, test], message)
            splits[seed] = frozenset(test)
        case = f"{people} groups and test_share {test_share}"
        message = "four seeds give the same test part: draw the groups at random."
        Result(splits, case).require(len(set(splits.values())) > 1, message)


def _groups(people: int) -> list[str]:
    """Return the person of each sample: the first has one, later ones up to four."""
    names = [f"person {number}" for number in range(people)]
    return [name for turn in range(4) for name in names[turn:]]


def _indices(part: Result) -> list[int]:
    """Return the indices of a part in rising order, if they are such."""
    value: Any = part.value
    values = value.tolist() if isinstance(value, Tensor) else value
    if not isinstance(values, list | tuple | range):
        part.refuse(
            f"{part.subject} is of type {type(value).__name__}, expected a list."
        )
    if any(type(index) is not int for index in values):
        part.refuse(
            f"not all indices in {part.subject} are of type int, as places are."
        )
    return sorted(values)


def _require_parts(
    result: Result, groups: list[str], train: list[int], test: list[int]
) -> None:
    both = {groups[i] for i in train if i < len(groups)} & {
        groups[i] for i in test if i < len(groups)
    }
    message = f"{len(both)} groups are in both parts: the test would measure memory."
    result.require(not both, message)
    places = Counter(train + test)
    missing = [index for index in range(len(groups)) if index not in places]
    message = f"{len(missing)} samples are in neither part, the first is {missing[:1]}."
    result.require(not missing, message)
    message = "an index comes twice, or stands for no sample."
    result.require(len(places) == len(groups) == len(train) + len(test), message)


def _require_share(result: Result, held: int, people: int, test_share: float) -> None:
    expected = round(people * test_share)
    message = f"the test part has {held} of {people} groups, expected {expected}."
    result.require(held == expected, message)
