"""What checks the exercises of the lesson *Tensors*.

Read the lesson: [Tensors](../lessons/tensors.md#exercises).
"""

import torch

from dlguide.exercises.answers import Answer, Exercises, Result, normal

__all__ = ["EXERCISES"]

EXERCISES = Exercises()


@EXERCISES.add("table")
def last_column(answer: Answer) -> None:
    for shape in ((4, 3), (2, 5), (2, 3, 4), (2, 1, 3, 2)):
        table = normal(*shape, seed=len(shape))
        result = answer(table)
        result.tensor(shape[:-1], why="the columns are the last dimension, which goes")
        result.numbers(table.select(-1, shape[-1] - 1))


@EXERCISES.add("inputs")
def standardize_columns(answer: Answer) -> None:
    for rows, columns in ((4, 3), (50, 2), (7, 7)):
        scales = torch.arange(1.0, columns + 1, device=normal(1).device)
        inputs = normal(rows, columns, seed=rows) * scales + 10 * scales
        result = answer(inputs)
        standardized = result.tensor(
            (rows, columns), dtype=torch.float32, why="each number stays in its place"
        )
        _require_columns(result, standardized.mean(dim=0), 0.0, "mean")
        _require_columns(result, standardized.std(dim=0), 1.0, "standard deviation")
        order = torch.equal(standardized.argsort(dim=0), inputs.argsort(dim=0))
        result.require(order, "the order of the numbers in a column has changed.")


def _require_columns(
    result: Result, values: torch.Tensor, expected: float, name: str
) -> None:
    for column, value in enumerate(values.tolist()):
        right = abs(value - expected) < 1e-3
        message = f"column {column} has the {name} {value:.2f}, expected {expected:.0f}"
        result.require(right, f"{message}; each column goes by its own numbers.")
