"""What checks the exercises of the lesson *Vision*.

Read the lesson: [Vision](../lessons/vision.md#exercises).
"""

import torch
from torch import Tensor, nn

from dlguide.exercises.answers import Answer, ByHand, Exercises, Result, normal
from dlguide.workflow import count_parameters

__all__ = ["EXERCISES"]

EXERCISES = Exercises()


@EXERCISES.add("images")
def flatten_batch(answer: Answer) -> None:
    for shape in ((4, 1, 3, 3), (2, 3, 2, 5), (1, 3, 4, 4)):
        images = normal(*shape, seed=shape[0])
        _require_rows(_by_hand(answer, "flatten", images), images)
    turned = normal(2, 4, 5, 3, seed=5).permute(0, 3, 1, 2)
    case = f"images of shape {tuple(turned.shape)} with the channels last in memory"
    _require_rows(_by_hand(answer, "flatten", turned, case=case), turned)


def _require_rows(result: Result, images: Tensor) -> None:
    rows = [picture.flatten() for picture in images]
    result.tensor((len(rows), len(rows[0])), why="(batch, features)")
    order = "the numbers of a picture stay in the order of its tensor"
    result.numbers(torch.stack(rows), order)


@EXERCISES.add("side", "kernel_size", "stride", "padding")
def feature_map_side(answer: Answer) -> None:
    settings = (
        *((8, 3, 1, 0), (28, 3, 1, 1), (28, 5, 1, 2), (28, 2, 2, 0)),
        *((7, 2, 2, 0), (28, 3, 2, 1), (9, 4, 3, 2)),
    )
    for side, kernel_size, stride, padding in settings:
        result = answer(side, kernel_size, stride, padding)
        layer = nn.Conv2d(1, 1, kernel_size, stride, padding)
        real = layer(torch.zeros(1, 1, side, side)).shape[-1]
        got = _whole_number(result)
        reason = ""
        if got == (side + padding - kernel_size) // stride + 1:
            reason = ": padding stands at both ends"
        elif stride == 1 and got == real - 1:
            reason = ": the place where the window begins counts, too"
        elif stride > 1 and got == side + 2 * padding - kernel_size + 1:
            reason = f": the window moves by {stride}"
        elif got == real + 1:
            reason = ": a window that does not fit in wholly is left out"
        result.require(
            got == real, f"the result is {got}, a layer gives {real}{reason}."
        )


@EXERCISES.add("in_channels", "out_channels", "kernel_size")
def convolution_parameters(answer: Answer) -> None:
    for sizes in ((1, 10, 3), (2, 10, 3), (10, 4, 5), (3, 8, 1), (2, 5, 7)):
        in_channels, out_channels, kernel_size = sizes
        result = answer(*sizes)
        real = count_parameters(nn.Conv2d(*sizes))
        got = _whole_number(result)
        reason = ""
        if got == real - out_channels:
            reason = ": one is missing for each output channel"
        elif got == real - out_channels + in_channels:
            reason = ": what is added belongs to the output channels"
        elif got == in_channels * out_channels * kernel_size + out_channels:
            reason = ": a window has two sides"
        elif got == out_channels * (kernel_size**2 + 1):
            reason = ": a kernel is as deep as what it reads"
        result.require(got == real, f"the result is {got}, a layer has {real}{reason}.")


@EXERCISES.add("images", "mean", "spread")
def normalize_channels(answer: Answer) -> None:
    # The width is the number of channels first: there a mistake raises no error.
    for shape in ((2, 3, 3, 3), (3, 3, 4, 5), (4, 1, 2, 2), (2, 4, 5, 4)):
        channels = shape[1]
        images = normal(*shape, seed=channels)
        mean = normal(channels, seed=1)
        spread = 0.5 + normal(channels, seed=2).abs()
        case = f"images of shape {shape}, mean and spread of shape ({channels},)"
        result = answer(images, mean, spread, case=case)
        result.tensor(shape, dtype=torch.float32)
        pairs = zip(mean, spread, strict=True)
        expected = [(images[:, c] - m) / s for c, (m, s) in enumerate(pairs)]
        own = "each number goes by the mean and the spread of its own channel"
        result.numbers(torch.stack(expected, dim=1), own)


@EXERCISES.add("kernel_sizes", "strides")
def receptive_field(answer: Answer) -> None:
    stacks = (
        *(([3], [1]), ([3, 3], [1, 1]), ([3, 3, 2], [1, 1, 2]), ([2, 3], [2, 1])),
        *(([3, 3, 2, 3, 3], [1, 1, 2, 1, 1]), ([2, 2, 2], [2, 2, 2])),
        *(([7, 2, 3], [2, 2, 1]), ([1, 5], [1, 2])),
    )
    for kernel_sizes, strides in stacks:
        case = f"kernel_sizes {kernel_sizes} and strides {strides}"
        result = answer(list(kernel_sizes), list(strides), case=case)
        real = _fields_seen(kernel_sizes, strides)
        got = _whole_number(result)
        reason = ""
        if got == 1 + sum(size - 1 for size in kernel_sizes):
            reason = ": behind a stride, neighbours stand further apart"
        elif len(kernel_sizes) == 1 or kernel_sizes[-1] == real:
            reason = ": start from one window alone"
        elif got > real:
            reason = ": windows overlap, and a layer's stride acts on those after it"
        result.require(got == real, f"the result is {got}, expected {real}{reason}.")


def _fields_seen(kernel_sizes: list[int], strides: list[int]) -> int:
    """Return how many numbers of a row change the first one that the layers give."""
    row = torch.ones(1, 1, 100, dtype=torch.float64, requires_grad=True)
    seen = row
    for kernel_size, stride in zip(kernel_sizes, strides, strict=True):
        kernel = torch.ones(1, 1, kernel_size, dtype=torch.float64)
        seen = nn.functional.conv1d(seen, kernel, stride=stride)
    (gradient,) = torch.autograd.grad(seen[0, 0, 0], row)
    return int((gradient != 0).sum())


@EXERCISES.add("images", "size")
def max_pool(answer: Answer) -> None:
    for shape, size in (((2, 3, 4, 4), 2), ((1, 2, 6, 9), 3), ((2, 1, 5, 7), 2)):
        _require_pooled(answer, normal(*shape, seed=size), size)


def _require_pooled(answer: Answer, images: Tensor, size: int) -> None:
    result = _by_hand(answer, "pool", images, size)
    expected = nn.functional.max_pool2d(images, size)
    whole = "one number for each whole window, channel and picture"
    result.tensor(tuple(expected.shape), dtype=images.dtype, why=whole)
    mean = nn.functional.avg_pool2d(images, size)
    got = result.value
    result.require(
        not torch.allclose(got, mean), "the result is the mean of each window."
    )
    known = torch.isin(got.detach(), images)
    result.require(known.all(), "the result has numbers that no window holds.")
    result.numbers(expected, "the largest number of that window, and of no other")


def _by_hand(
    answer: Answer, word: str, *arguments: Tensor | int, case: str | None = None
) -> Result:
    with ByHand(word):
        return answer(*arguments, case=case)


def _whole_number(result: Result) -> int:
    number = result.number()
    message = f"the result is {result.value!r}, expected a whole number, of type int."
    result.require(isinstance(result.value, int), message)
    return int(number)
