"""Seeds, devices, shapes and memory: the companion of Lesson 1, *Tensors*.

Read the lesson: [Tensors](../lessons/tensors.md).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ShapeCheck",
    "TensorCard",
    "describe",
    "draw_tensor",
    "explain_broadcast",
    "explain_matmul",
    "pick_device",
    "set_seed",
    "shares_memory",
]

_LARGEST_SEED = 2**32 - 1  # NumPy takes no larger one.


def set_seed(seed: int = 42) -> None:
    """Make the random numbers of Python, NumPy and PyTorch repeat.

    `torch.manual_seed` alone seeds PyTorch on the CPU and on every GPU.
    It leaves Python's `random` and `numpy.random` as they were; see
    [Repeat random numbers](../lessons/tensors.md#repeat-random-numbers).

    Args:
        seed: Any whole number from 0 to 4294967295.

    Raises:
        ValueError: If the seed lies outside that range.

    Examples:
        >>> set_seed(42)
        >>> first = torch.rand(2)
        >>> set_seed(42)
        >>> torch.equal(first, torch.rand(2))
        True

    Source:
        [Reproducibility](https://docs.pytorch.org/docs/stable/notes/randomness.html),
        PyTorch documentation.
    """
    if not 0 <= seed <= _LARGEST_SEED:
        raise ValueError(f"expected a seed from 0 to {_LARGEST_SEED}, got {seed}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def pick_device() -> torch.device:
    """Return the best device of this machine: cuda, else mps, else cpu.

    Call it once, keep the result, and pass it to every `.to(device)`; see
    [Compute on a GPU](../lessons/tensors.md#compute-on-a-gpu).

    Returns:
        A device without an index: `cuda` means the current NVIDIA or AMD GPU,
        `mps` the GPU of an Apple computer.

    Examples:
        >>> device = pick_device()
        >>> torch.ones(2).to(device).device.type == device.type
        True

    Source:
        [torch.device](https://docs.pytorch.org/docs/stable/tensor_attributes.html),
        PyTorch documentation.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


@dataclass(frozen=True)
class TensorCard:
    """What a tensor says about itself; printing it shows a small table.

    Attributes:
        shape: Size of each dimension, outermost first.
        dtype: Type of every number.
        device: Where the numbers lie.
        numbers: How many numbers the tensor shows.
        number_bytes: Bytes per number.
        storage_bytes: Bytes of the memory behind the tensor, which other
            tensors may share.
        strides: Per dimension, how many numbers of memory one step skips.
        contiguous: Whether memory holds the numbers in reading order.
        requires_grad: Whether autograd records what is done with the tensor.

    Examples:
        >>> card = describe(torch.zeros(2, 3, dtype=torch.float64).T)
        >>> card.shape, card.strides, card.contiguous
        ((3, 2), (1, 3), False)
    """

    shape: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device
    numbers: int
    number_bytes: int
    storage_bytes: int
    strides: tuple[int, ...]
    contiguous: bool
    requires_grad: bool

    def __repr__(self) -> str:
        order = "contiguous" if self.contiguous else "not contiguous"
        rows = {
            "shape": self.shape,
            "dtype": self.dtype,
            "device": self.device,
            "numbers": f"{self.numbers}, {self.number_bytes} bytes each",
            "storage": f"{self.storage_bytes} bytes",
            "strides": f"{self.strides}, {order}",
            "requires_grad": self.requires_grad,
        }
        return "\n".join(f"{name:<15}{value}" for name, value in rows.items())


def describe(tensor: torch.Tensor) -> TensorCard:
    """Return a tensor's shape, dtype, device and memory layout on one card.

    The lesson reads the card line by line in
    [Read what a tensor says](../lessons/tensors.md#read-what-a-tensor-says).

    Args:
        tensor: Dense tensor of any shape and dtype, on any device.

    Returns:
        A card whose fields can be read one by one or printed together.

    Raises:
        TypeError: If the tensor is sparse or otherwise without strides.

    Examples:
        >>> print(describe(torch.zeros(2, 3, device="cpu")))
        shape          (2, 3)
        dtype          torch.float32
        device         cpu
        numbers        6, 4 bytes each
        storage        24 bytes
        strides        (3, 1), contiguous
        requires_grad  False

    Source:
        [Tensor views](https://docs.pytorch.org/docs/stable/tensor_view.html),
        PyTorch documentation.
    """
    _require_strides(tensor)
    return TensorCard(
        shape=tuple(tensor.shape),
        dtype=tensor.dtype,
        device=tensor.device,
        numbers=tensor.numel(),
        number_bytes=tensor.element_size(),
        storage_bytes=tensor.untyped_storage().nbytes(),
        strides=tensor.stride(),
        contiguous=tensor.is_contiguous(),
        requires_grad=tensor.requires_grad,
    )


def shares_memory(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Return whether a number of one tensor lies where one of the other lies.

    If so, writing to one in place can change the other.
    The answer is exact: two halves of one tensor share a storage, but no number; see
    [Know who shares memory](../lessons/tensors.md#know-who-shares-memory).

    Args:
        first: Dense tensor of any shape and dtype.
        second: Dense tensor of any shape and dtype.

    Returns:
        True if at least one byte belongs to both.

    Raises:
        TypeError: If a tensor is sparse or otherwise without strides.

    Examples:
        >>> grid = torch.zeros(2, 3)
        >>> shares_memory(grid, grid.T), shares_memory(grid, grid.clone())
        (True, False)
        >>> shares_memory(grid[:, :2], grid[:, 2:])
        False

    Source:
        [Tensor views](https://docs.pytorch.org/docs/stable/tensor_view.html),
        PyTorch documentation.
    """
    for tensor in (first, second):
        _require_strides(tensor)
    if first.device != second.device or first.is_meta:
        return False
    if not (first.numel() and second.numel()) or not _spans_overlap(first, second):
        return False
    if first.is_contiguous() and second.is_contiguous():
        return True
    # Spans may interleave like the teeth of two combs: compare byte by byte.
    return bool(torch.isin(_byte_addresses(first), _byte_addresses(second)).any())


@dataclass(frozen=True)
class ShapeCheck:
    """Whether an operation takes two shapes, and why; printing it shows why.

    Attributes:
        works: Whether PyTorch accepts the two shapes.
        shape: Shape of the result, or None where there is none.
        why: The reason, in words.

    Examples:
        >>> explain_matmul((3, 2), (2, 4)).works
        True
    """

    works: bool
    shape: tuple[int, ...] | None
    why: str

    def __repr__(self) -> str:
        return self.why


def explain_broadcast(first: Sequence[int], second: Sequence[int]) -> ShapeCheck:
    """Say whether two shapes broadcast in `+`, `*` or `==`, and to what shape.

    Shapes are compared from the right.
    Two sizes fit if they are equal, if one of them is 1, or if one is missing; see
    [Match shapes](../lessons/tensors.md#match-shapes).

    Args:
        first: Shape of the left tensor, such as `tensor.shape`.
        second: Shape of the right tensor.

    Returns:
        The verdict, with one line of reason for each dimension.

    Examples:
        >>> explain_broadcast((3, 1), (4,))
        (3, 1) and (4,) give (3, 4)
          dimension -1: 1 and 4, the 1 is stretched to 4
          dimension -2: 3 and none, the 3 stays
        >>> explain_broadcast((2, 3), (2,))
        (2, 3) and (2,) do not broadcast
          dimension -1: 3 and 2, they differ and neither is 1
          dimension -2: 2 and none, the 2 stays

    Source:
        [Broadcasting semantics](https://docs.pytorch.org/docs/stable/notes/broadcasting.html),
        PyTorch documentation.
    """
    first, second = tuple(first), tuple(second)
    sizes: list[int | None] = []
    lines = []
    pairs = zip_longest(reversed(first), reversed(second))
    for dimension, (left, right) in enumerate(pairs, start=1):
        size, reason = _fit(left, right)
        sizes.insert(0, size)
        names = " and ".join("none" if n is None else str(n) for n in (left, right))
        lines.append(f"\n  dimension -{dimension}: {names}, {reason}")
    shape = tuple(size for size in sizes if size is not None)
    works = len(shape) == len(sizes)
    verdict = f"give {shape}" if works else "do not broadcast"
    why = f"{first} and {second} {verdict}" + "".join(lines)
    return ShapeCheck(works, shape if works else None, why)


def explain_matmul(first: Sequence[int], second: Sequence[int]) -> ShapeCheck:
    """Say whether two shapes can be matrix-multiplied, and to what shape.

    The last size of the first must equal the second-to-last of the second.
    The dimensions before those two are batches, and they broadcast; see
    [Check the inner sizes](../lessons/tensors.md#check-the-inner-sizes).

    Args:
        first: Shape of the left tensor, such as `tensor.shape`.
        second: Shape of the right tensor.

    Returns:
        The verdict with its reason.

    Examples:
        >>> explain_matmul((3, 2), (2, 4))
        (3, 2) @ (2, 4) gives (3, 4): the inner sizes 2 and 2 are equal
        >>> explain_matmul((3, 2), (3, 2))
        (3, 2) @ (3, 2) fails: the inner sizes 2 and 3 differ; second.mT, (2, 3), would fit

    Source:
        [torch.matmul](https://docs.pytorch.org/docs/stable/generated/torch.matmul.html),
        PyTorch documentation.
    """
    first, second = tuple(first), tuple(second)
    pair = f"{first} @ {second}"
    if not first or not second:
        why = f"{pair} fails: a tensor without dimensions has no inner size; use *"
        return ShapeCheck(False, None, why)
    columns, rows = first[-1], second[-2:][0]
    inner = f"the inner sizes {columns} and {rows}"
    batch = explain_broadcast(first[:-2], second[:-2])
    if columns != rows:
        flipped = (*second[:-2], *second[:-3:-1])
        fits = len(second) > 1 and flipped[-2] == columns and batch.works
        hint = f"; second.mT, {flipped}, would fit" if fits else ""
        return ShapeCheck(False, None, f"{pair} fails: {inner} differ{hint}")
    if batch.shape is None:
        why = f"{pair} fails: {inner} are equal, but the batches {batch.why}"
        return ShapeCheck(False, None, why)
    # A vector brings only its inner size, so it adds nothing to the result.
    shape = (*batch.shape, *first[-2:-1], *second[-2:][1:])
    return ShapeCheck(True, shape, f"{pair} gives {shape}: {inner} are equal")


def draw_tensor(
    tensor: torch.Tensor,
    axes: "Axes | None" = None,
    *,
    title: str | None = None,
    color: str = "C0",
) -> "Axes":
    """Draw a small tensor as a grid of numbers, larger ones in stronger colour.

    Args:
        tensor: Tensor with at most two dimensions; a vector becomes one row.
        axes: Matplotlib axes to draw into; without them a new figure is made.
        title: Text above the grid; its shape if none is given.
        color: Any Matplotlib colour.

    Returns:
        The axes that hold the drawing.

    Raises:
        ValueError: If the tensor has more than two dimensions or no numbers.

    Examples:
        >>> axes = draw_tensor(torch.tensor([[1, 2], [3, 4]]))
        >>> axes.get_title(), [text.get_text() for text in axes.texts]
        ('(2, 2)', ['1', '2', '3', '4'])
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    shape = tuple(tensor.shape)
    if tensor.ndim > 2 or tensor.numel() == 0:
        raise ValueError(
            f"expected 0 to 2 dimensions and at least one number, got shape {shape}: "
            "index the part to draw"
        )
    grid = tensor.detach().cpu().reshape(-1, shape[-1] if shape else 1)
    rows, columns = grid.shape
    if axes is None:
        size = (0.6 * columns + 0.4, 0.6 * rows + 0.6)
        axes = plt.subplots(figsize=size, layout="constrained")[1]
    shades = _strengths(grid)
    for row, numbers in enumerate(grid.tolist()):
        for column, number in enumerate(numbers):
            cell = (column - 0.5, row - 0.5)
            shade = shades[row][column]
            axes.add_patch(Rectangle(cell, 0.94, 0.94, facecolor=color, alpha=shade))
            text = str(number) if isinstance(number, bool) else f"{number:.4g}"
            axes.text(column - 0.03, row - 0.03, text, ha="center", va="center")
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    axes.set_title(str(shape) if title is None else title)
    axes.set_axis_off()
    return axes


def _require_strides(tensor: torch.Tensor) -> None:
    if tensor.layout is not torch.strided:
        raise TypeError(
            f"expected a dense tensor, got layout {tensor.layout}: "
            "call .to_dense() first"
        )


def _spans_overlap(first: torch.Tensor, second: torch.Tensor) -> bool:
    (start, stop), (other_start, other_stop) = _span(first), _span(second)
    return start < other_stop and other_start < stop


def _span(tensor: torch.Tensor) -> tuple[int, int]:
    # PyTorch's strides are never negative: the first number has the lowest address.
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    last = sum((size - 1) * stride for size, stride in steps)
    start = tensor.data_ptr()
    return start, start + (last + 1) * tensor.element_size()


def _byte_addresses(tensor: torch.Tensor) -> torch.Tensor:
    width = tensor.element_size()
    addresses = tensor.data_ptr() + torch.arange(width, device="cpu")
    for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
        offsets = torch.arange(size, device="cpu") * (stride * width)
        addresses = (addresses[:, None] + offsets).flatten()
    return addresses


def _fit(left: int | None, right: int | None) -> tuple[int | None, str]:
    if left is None or right is None:
        size = right if left is None else left
        return size, f"the {size} stays"
    if left == right:
        return left, "they are equal"
    if 1 in (left, right):
        size = right if left == 1 else left
        return size, f"the 1 is stretched to {size}"
    return None, "they differ and neither is 1"


def _strengths(grid: torch.Tensor) -> list[list[float]]:
    # From pale to strong; NaN and infinity stay pale.
    values = grid.to(torch.float64)
    finite = values[values.isfinite()]
    low, high = finite.aminmax() if finite.numel() else (values.new_zeros(()),) * 2
    shares = (values - low) / (high - low).clamp(min=1e-12)
    shares = torch.where(values.isfinite(), shares, 0.0)
    strengths: list[list[float]] = (0.12 + 0.5 * shares).tolist()
    return strengths
