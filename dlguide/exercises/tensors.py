"""What checks the exercises of the lesson *Tensors*.

Read the lesson: [Tensors](../lessons/tensors.md#exercises).
"""

import torch

from dlguide.exercises.answers import Answer, Exercises, Result, normal, place

__all__ = ["EXERCISES"]

EXERCISES = Exercises()


@EXERCISES.add("table")
def last_column(answer: Answer) -> None:
    for shape in ((4, 3), (2, 5), (2, 3, 4), (2, 1, 3, 2)):
        table = normal(*shape, seed=len(shape))
        result = answer(table)
        result.tensor(shape[:-1], why="the columns are the last dimension, which goes")
        result.numbers(table.select(-1, shape[-1] - 1))


@EXERCISES.add("pixels", "amount")
def brighten(answer: Answer) -> None:
    values = [0, 100, 200, 255]
    pixels = torch.tensor(values, dtype=torch.uint8)
    for amount in (100, 30, -120):
        result = answer(pixels, amount)
        result.tensor((4,), dtype=torch.uint8)
        expected = [min(max(value + amount, 0), 255) for value in values]
        limits = "a pixel stops at 0 and at 255, and does not wrap around"
        result.numbers(torch.tensor(expected), limits)


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


@EXERCISES.add("labels", "classes")
def one_hot(answer: Answer) -> None:
    for values, classes in (([0, 2, 1], 3), ([1, 0, 1, 1], 4), ([2], 5)):
        labels = torch.tensor(values)
        result = answer(labels, classes)
        shape = (len(values), classes)
        rows = result.tensor(shape, dtype=torch.float32, why="(samples, classes)")
        result.require(
            ((rows == 0) | (rows == 1)).all(), "the numbers are not all 0 or 1."
        )
        for row, (ones, label) in enumerate(zip(rows.tolist(), values, strict=True)):
            places = [column for column, one in enumerate(ones) if one]
            message = f"row {row} has its 1 in {places}, expected [{label}]."
            result.require(places == [label], message)
        answer.with_new_tensors_elsewhere(labels, classes)


@EXERCISES.add("image")
def to_batch(answer: Answer) -> None:
    for height, width, channels in ((2, 4, 3), (5, 3, 1), (3, 3, 3)):
        pixels = torch.arange(height * width * channels, device="cpu") * 7 % 256
        image = pixels.to(torch.uint8).reshape(height, width, channels).to(place())
        result = answer(image)
        batch = result.tensor(
            (1, channels, height, width), dtype=torch.float32, why="NCHW, for one image"
        )
        highest = batch.max().item()
        message = f"the largest number is {highest:.4g}, expected pixels from 0 to 1."
        result.require(highest <= 1, message)
        expected = torch.stack([image[:, :, c] / 255 for c in range(channels)])
        # The same numbers, poured into other places, are the mistake of reshape.
        poured = torch.allclose(batch.flatten(), image.flatten() / 255, atol=1e-4)
        right = torch.allclose(batch[0], expected, atol=1e-4)
        message = "the shape is right, but the numbers were poured in as they lie in "
        result.require(right or not poured, f"{message}memory: the pixels are mixed.")
        result.numbers(expected.unsqueeze(0), "each pixel keeps its row and column")


@EXERCISES.add("first", "second")
def pairwise_distances(answer: Answer) -> None:
    for rows, columns, features in ((4, 3, 2), (3, 3, 3), (1, 5, 1)):
        first = normal(rows, features, seed=1)
        second = normal(columns, features, seed=2)
        result = answer(first, second)
        pair = "one distance for each point of first and each of second"
        distances = result.tensor((rows, columns), dtype=torch.float32, why=pair)
        expected = torch.stack(
            [torch.stack([(one - other).norm() for other in second]) for one in first]
        )
        squared = torch.allclose(distances, expected**2, atol=1e-4)
        result.require(not squared, "these are the squares of the distances.")
        result.numbers(expected, "how far that point of first is from that of second")


def _require_columns(
    result: Result, values: torch.Tensor, expected: float, name: str
) -> None:
    for column, value in enumerate(values.tolist()):
        right = abs(value - expected) < 1e-3
        message = f"column {column} has the {name} {value:.2f}, expected {expected:.0f}"
        result.require(right, f"{message}; each column goes by its own numbers.")
