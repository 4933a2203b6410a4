"""Pictures as tensors, a small convolutional network: the companion of Lesson 4.

The lesson is at [Vision](../lessons/vision.md). Pictures are float32 from 0 to 1, in
the shape `(batch, channels, height, width)`; labels are class numbers, int64.
"""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import torch
from torch import Tensor, nn

from dlguide.workflow import predict, progress_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FASHION_MNIST_CLASSES",
    "LayerShape",
    "Mistake",
    "TensorLoader",
    "TinyVGG",
    "convolution_output_size",
    "digits",
    "fashion_mnist",
    "layer_shapes",
    "most_confident_mistakes",
    "plot_images",
    "read_idx",
]

FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
# The names and MD5 sums under which the authors publish their files.
_FASHION_MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
_FASHION_MNIST_MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
_STALL_SECONDS = 30.0
_LARGEST_IDX_BYTES = 2**30


# Data


def digits() -> tuple[Tensor, Tensor]:
    """Return scikit-learn's handwritten digits, which need no download.

    1,797 digits by 43 people, scanned and shrunk to 8 by 8 fields.

    Returns:
        Pictures, float32 from 0 to 1, shape `(1797, 1, 8, 8)`, and labels from 0 to 9,
        int64, shape `(1797,)`.

    Examples:
        >>> images, labels = digits()
        >>> images.shape, labels[:5].tolist()
        (torch.Size([1797, 1, 8, 8]), [0, 1, 2, 3, 4])

    Source:
        E. Alpaydin, C. Kaynak, [Optical Recognition of Handwritten
        Digits](https://doi.org/10.24432/C50P49), UCI Machine Learning Repository, 1998.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # The fields hold whole numbers from 0 to 16.
    images = torch.tensor(bunch.images / 16, dtype=torch.float32).unsqueeze(1)
    return images, torch.tensor(bunch.target, dtype=torch.int64)


def fashion_mnist(
    folder: str | Path | None = None, *, train: bool = True
) -> tuple[Tensor, Tensor]:
    """Return the pictures and labels of Fashion-MNIST: clothes, 28 by 28, in grey.

    Without a folder, looks into the folder that the environment variable `DLGUIDE_DATA`
    names, then into the cache of this computer, and downloads what is missing there
    (30 MB): each file is compared with its published checksum before it gets its name.

    Args:
        folder: Where the published files lie, packed (`.gz`) or not: this folder, or
            `fashion-mnist` or `FashionMNIST/raw` in it. Nothing is downloaded then,
            and files with fewer pictures are welcome.
        train: The 60,000 pictures to learn from, or else the 10,000 to test with.

    Returns:
        Pictures, float32 from 0 to 1, shape `(samples, 1, 28, 28)`, and labels from 0
        to 9, int64, shape `(samples,)`; `FASHION_MNIST_CLASSES` has their names.

    Raises:
        FileNotFoundError: If the folder lacks a file.
        ConnectionError: If a file cannot be downloaded from any mirror.
        ValueError: If a file is damaged, or pictures and labels do not fit together.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name, *shape in (("images-idx3", 2, 28, 28), ("labels-idx1", 2)):
        ...         head = struct.pack(f">{1 + len(shape)}I", 2048 + len(shape), *shape)
        ...         path = Path(folder) / f"t10k-{name}-ubyte"
        ...         _ = path.write_bytes(head + bytes(math.prod(shape)))
        ...     images, labels = fashion_mnist(folder, train=False)
        >>> images.shape, labels.tolist(), FASHION_MNIST_CLASSES[labels[0]]
        (torch.Size([2, 1, 28, 28]), [0, 0], 'T-shirt/top')

    Source:
        H. Xiao, K. Rasul, R. Vollgraf, [Fashion-MNIST](https://arxiv.org/abs/1708.07747),
        2017; MIT licence.
    """
    part = "train" if train else "t10k"
    names = [name for name in _FASHION_MNIST_FILES if name.startswith(part)]
    if folder is not None:
        paths = _find_files(Path(folder), names)
    elif (given := os.environ.get("DLGUIDE_DATA")) and _has_files(Path(given), names):
        paths = _find_files(Path(given), names)
    else:
        paths = [_download(name) for name in names]
    images, labels = (read_idx(path) for path in paths)
    _check_fashion_mnist(images, labels, paths)
    return images.unsqueeze(1).float() / 255, labels.long()


def _candidates(folder: Path, name: str) -> list[Path]:
    """Return where a file may lie, packed or not; torchvision has its own layout."""
    places = (folder, folder / "fashion-mnist", folder / "FashionMNIST" / "raw")
    return [p / n for p in places for n in (name, name.removesuffix(".gz"))]


def _has_files(folder: Path, names: Sequence[str]) -> bool:
    return all(any(p.is_file() for p in _candidates(folder, n)) for n in names)


def _find_files(folder: Path, names: Sequence[str]) -> list[Path]:
    found = []
    for name in names:
        path = next((p for p in _candidates(folder, name) if p.is_file()), None)
        if path is None:
            raise FileNotFoundError(
                f"no {name} in {folder}: expected the files of Fashion-MNIST, packed "
                "or not, there or in its fashion-mnist or FashionMNIST/raw; without a "
                "folder they are downloaded"
            )
        found.append(path)
    return found


def _download(name: str) -> Path:
    """Return a verified file of the cache, downloaded if it is not there yet."""
    import pooch
    from requests import RequestException

    cache = Path(pooch.os_cache("dlguide")) / "fashion-mnist"
    failures = []
    for mirror in _FASHION_MNIST_MIRRORS:
        try:
            return _retrieve(mirror + name, cache, _FASHION_MNIST_FILES[name])
        # A broken transfer, or one that is whole and not what was published.
        except (RequestException, ValueError) as error:
            failures.append(f"{mirror}: {_first_line(error)}")
    raise ConnectionError(
        f"{name} cannot be downloaded ({'; '.join(failures)}); without a network, copy "
        f"the four files of Fashion-MNIST into {cache}, or name their folder: "
        "fashion_mnist(folder)"
    )


def _retrieve(url: str, cache: Path, md5: str) -> Path:
    """Return a file of the cache that has the checksum; download it if need be."""
    import pooch

    name = url.rpartition("/")[2]
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # The progress bar says enough.
    try:
        # The size is not known yet: pooch sets it, and asks for one above 0 till then.
        with progress_bar(1, description=name) as bar:
            bar.unit, bar.unit_scale = "B", True
            get = pooch.HTTPDownloader(timeout=_STALL_SECONDS, progressbar=bar)
            path = pooch.retrieve(url, f"md5:{md5}", name, cache, downloader=get)
    finally:
        logger.setLevel(level)
    return Path(path)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _check_fashion_mnist(images: Tensor, labels: Tensor, paths: list[Path]) -> None:
    """Refuse files that are whole, and not of this data set."""
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(
            f"{paths[0]} holds {tuple(images.shape)}: expected pictures (samples, 28, "
            "28)"
        )
    if labels.shape != images.shape[:1] or len(labels) == 0:
        raise ValueError(
            f"{paths[1]} holds {tuple(labels.shape)} labels for {len(images)} "
            "pictures: expected one for each; both files must be of the same part"
        )
    if int(labels.max()) >= len(FASHION_MNIST_CLASSES):
        raise ValueError(
            f"{paths[1]} has a label {int(labels.max())}: expected 0 to 9; is it "
            "another data set?"
        )


def read_idx(path: str | Path) -> Tensor:
    """Return the numbers of a file in the IDX format, packed with gzip or not.

    Args:
        path: A file of unsigned bytes, as MNIST and its relatives are published in.

    Returns:
        A tensor of uint8, in the shape that the file's head gives.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is cut short, has more than its head promises, is damaged or
            of another kind.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "labels"
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 5, 9]))
        ...     labels = read_idx(path)
        >>> labels
        tensor([7, 5, 9], dtype=torch.uint8)

    Source:
        Y. LeCun, C. Cortes, C. J. C. Burges, *The MNIST database of handwritten
        digits*, section "File formats".
    """
    path = Path(path)
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            shape, numbers = _read_shape_and_numbers(file)  # type: ignore[arg-type]
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{path} cannot be read as IDX ({path.stat().st_size} bytes; {error}): it "
            "is cut short, damaged or of another kind; download it again"
        ) from error
    return torch.frombuffer(numbers, dtype=torch.uint8).reshape(shape)


def _read_shape_and_numbers(file: BinaryIO) -> tuple[list[int], bytearray]:
    """Return what an IDX file holds, and never more of it than its head promises."""
    head = file.read(4)
    if len(head) < 4 or head[:3] != b"\x00\x00\x08" or head[3] == 0:
        raise ValueError(
            f"it begins with {head.hex(' ')}: expected 00 00 08 and a rank"
        )
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise ValueError("it ends within its head")
    shape = list(struct.unpack(f">{head[3]}I", sizes))
    wanted = math.prod(shape)
    if not 0 < wanted <= _LARGEST_IDX_BYTES:
        raise ValueError(f"its head promises {wanted} bytes in the shape {shape}")
    numbers = bytearray(file.read(wanted + 1))
    if len(numbers) != wanted:
        found = "more" if len(numbers) > wanted else str(len(numbers))
        raise ValueError(f"its head promises {wanted} bytes, and {found} follow")
    return shape, numbers


class TensorLoader:
    """Batches of data that fit on the device, drawn there by index.

    A `DataLoader` fetches each sample by itself and joins them; for tensors in memory
    that is most of its work. Here a batch is one indexing operation, where the data
    lie. Use a `DataLoader` for what must be read, decoded or augmented sample by
    sample.

    Args:
        inputs: Shape `(samples, ...)`.
        labels: Shape `(samples, ...)`.
        batch_size: Samples in a batch; the last may have fewer.
        shuffle: Draw a new order for each pass over the data.
        seed: The same seed gives the same orders, on every device.
        drop_last: Leave out a last batch that is not full.
        device: Where to keep the data; without it, where they are.

    Raises:
        ValueError: If inputs and labels differ in number, there is no sample, or the
            batch size is below 1.

    Examples:
        >>> loader = TensorLoader(torch.arange(5.0), torch.arange(5), batch_size=2)
        >>> len(loader), [labels.tolist() for _, labels in loader]
        (3, [[0, 1], [2, 3], [4]])
        >>> shuffled = TensorLoader(
        ...     torch.arange(5.0), torch.arange(5), batch_size=2, shuffle=True
        ... )
        >>> sorted(number for _, labels in shuffled for number in labels.tolist())
        [0, 1, 2, 3, 4]
    """

    def __init__(
        self,
        inputs: Tensor,
        labels: Tensor,
        *,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int = 42,
        drop_last: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        if len(inputs) != len(labels) or len(inputs) == 0:
            raise ValueError(
                f"{len(inputs)} inputs, {len(labels)} labels: expected as many, and at "
                "least one"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: expected 1 or more")
        self.inputs, self.labels = inputs.to(device), labels.to(device)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        # On the CPU, so that every device gets the same orders.
        self._generator = torch.Generator(device="cpu").manual_seed(seed)

    def __len__(self) -> int:
        """Return the number of batches."""
        samples = len(self.inputs)
        whole, rest = divmod(samples, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each batch of one pass, `(inputs, labels)`."""
        size = self.batch_size
        if not self.shuffle:
            for start in range(0, len(self) * size, size):
                place = slice(start, start + size)
                yield self.inputs[place], self.labels[place]
            return
        order = torch.randperm(
            len(self.inputs), generator=self._generator, device="cpu"
        )
        for chosen in order.to(self.inputs.device).split(size)[: len(self)]:
            yield (
                self.inputs.index_select(0, chosen),
                self.labels.index_select(0, chosen.to(self.labels.device)),
            )


# Convolution


def convolution_output_size(
    size: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return how long a side is after a convolution or a pooling.

    floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1

    Args:
        size: The side before, in pixels.
        kernel_size: The side of the window, in pixels.
        stride: How far the window moves from place to place, in pixels; for a pooling,
            usually its kernel size.
        padding: Pixels added on each end.
        dilation: The distance between two fields of the window, in pixels.

    Returns:
        The side after, in pixels, 1 or more.

    Raises:
        ValueError: If a number is below its least, or the window does not fit.

    Examples:
        >>> convolution_output_size(64, kernel_size=3)
        62
        >>> convolution_output_size(28, kernel_size=2, stride=2)
        14

    Source:
        PyTorch, [Conv2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html),
        section "Shape".
    """
    least = {"size": size, "kernel_size": kernel_size, "stride": stride}
    wrong = [
        name for name, value in (least | {"dilation": dilation}).items() if value < 1
    ]
    if wrong or padding < 0:
        raise ValueError(
            f"{' and '.join(wrong) or 'padding'} is too small: expected 1 or more, and "
            "0 or more for padding"
        )
    reach = dilation * (kernel_size - 1) + 1
    if size + 2 * padding < reach:
        raise ValueError(
            f"a window that reaches over {reach} pixels does not fit into {size} with "
            f"{padding} added on each end: take a smaller kernel_size or more padding"
        )
    return (size + 2 * padding - reach) // stride + 1


class TinyVGG(nn.Module):
    """A small convolutional network: two blocks that look, one layer that decides.

    A block is convolution, ReLU, convolution, ReLU, pooling; the pooling halves each
    side. The size of what reaches the last layer is computed from `image_size`.

    Args:
        in_channels: 1 for grey, 3 for colour.
        hidden_units: Feature maps in each block.
        classes: How many logits come out.
        image_size: Height and width of the pictures, or one number for both.

    Raises:
        ValueError: If a picture is smaller than 4 by 4, and so gone after two poolings.

    Examples:
        >>> model = TinyVGG(in_channels=1, hidden_units=10, classes=10, image_size=28)
        >>> model(torch.zeros(32, 1, 28, 28)).shape
        torch.Size([32, 10])
        >>> model.classifier[1].in_features  # 10 feature maps, 7 by 7
        490

    Source:
        Z. J. Wang and others, [CNN Explainer](https://poloclub.github.io/cnn-explainer/),
        2020, whose network this is, after K. Simonyan, A. Zisserman, [Very deep
        convolutional networks](https://arxiv.org/abs/1409.1556), 2014.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_units: int,
        classes: int,
        *,
        image_size: int | tuple[int, int],
    ) -> None:
        super().__init__()
        height, width = (
            (image_size, image_size) if isinstance(image_size, int) else image_size
        )
        if min(height, width) < 4:
            raise ValueError(
                f"image_size is {height} by {width}: expected 4 by 4 or more, since "
                "two poolings quarter each side; enlarge the pictures"
            )
        self.features = nn.Sequential(
            *self._block(in_channels, hidden_units),
            *self._block(hidden_units, hidden_units),
        )
        # Each pooling halves both sides, rounding down.
        fields = hidden_units * (height // 2 // 2) * (width // 2 // 2)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(fields, classes))

    @staticmethod
    def _block(in_channels: int, hidden_units: int) -> list[nn.Module]:
        return [
            nn.Conv2d(in_channels, hidden_units, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden_units, hidden_units, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),
        ]

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, shape `(batch, classes)`, of `(batch, channels, H, W)`."""
        logits: Tensor = self.classifier(self.features(images))
        return logits


class LayerShape(NamedTuple):
    """What one layer of a model gives.

    Attributes:
        name: The layer's name in the model, as in its `state_dict`.
        layer: The name of its class.
        shape: The shape of its output, the batch first.

    Examples:
        >>> LayerShape("0", "Flatten", (1, 64)).shape
        (1, 64)
    """

    name: str
    layer: str
    shape: tuple[int, ...]


def layer_shapes(model: nn.Module, inputs: Tensor) -> list[LayerShape]:
    """Return the shape that each layer gives, in the order in which they run.

    Runs the model once, as `predict` does: in eval mode, without gradients. If a layer
    fails, a note on its error says which, and what it got.

    Args:
        model: Any model; only layers that contain no others are listed.
        inputs: One batch for it, shape `(batch, ...)`; zeros will do.

    Returns:
        One entry for each run of a layer that gives one tensor.

    Examples:
        >>> model = TinyVGG(1, 10, classes=10, image_size=28)
        >>> for entry in layer_shapes(model, torch.zeros(1, 1, 28, 28))[4:6]:
        ...     print(*entry)
        features.4 MaxPool2d (1, 10, 14, 14)
        features.5 Conv2d (1, 10, 14, 14)
    """
    found: list[LayerShape] = []
    running: list[str] = []  # the layer that has begun and not ended

    def begin(name: str, layer: nn.Module, given: tuple[Any, ...]) -> None:
        shapes = ", ".join(str(tuple(g.shape)) for g in given if isinstance(g, Tensor))
        running[:] = [f"the layer {name or 'itself'!r}, {layer}, got {shapes}"]

    def end(name: str, layer: nn.Module, output: object) -> None:
        running.clear()
        if isinstance(output, Tensor):
            found.append(LayerShape(name, type(layer).__name__, tuple(output.shape)))

    handles = []
    for name, layer in model.named_modules():
        if next(layer.children(), None) is not None:
            continue
        handles += [
            layer.register_forward_pre_hook(
                lambda m, given, n=name: begin(n, m, given)
            ),
            layer.register_forward_hook(lambda m, _, output, n=name: end(n, m, output)),
        ]
    try:
        predict(model, inputs)
    except Exception as error:
        for note in running:
            error.add_note(note)
        raise
    finally:
        for handle in handles:
            handle.remove()
    return found


# Looking


@dataclass(frozen=True)
class Mistake:
    """A sample that a model is sure of, and wrong about.

    Args:
        index: Its place in the data.
        predicted: The class that the model gives it.
        label: The class that it has.
        probability: How sure the model is of its answer, 0 to 1.

    Examples:
        >>> Mistake(index=3, predicted=1, label=7, probability=0.9).label
        7
    """

    index: int
    predicted: int
    label: int
    probability: float


def most_confident_mistakes(
    logits: Tensor, labels: Tensor, *, count: int = 8
) -> list[Mistake]:
    """Return the wrong answers that a model is most sure of, the surest first.

    They are worth a look: there the model, or a label, is at its worst.

    Args:
        logits: Shape `(samples, classes)`, two classes or more.
        labels: True class numbers, shape `(samples,)`.
        count: How many to return at most.

    Returns:
        The mistakes; fewer than `count` if there are not as many.

    Raises:
        ValueError: If logits and labels have other shapes.

    Examples:
        >>> logits = torch.tensor([[2.0, 0.0], [0.0, 3.0], [1.0, 0.0]])
        >>> mistakes = most_confident_mistakes(logits, torch.tensor([1, 0, 0]))
        >>> [(one.index, one.predicted, round(one.probability, 2)) for one in mistakes]
        [(1, 1, 0.95), (0, 0, 0.88)]
    """
    if logits.ndim != 2 or logits.shape[1] < 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"logits {tuple(logits.shape)}, labels {tuple(labels.shape)}: expected "
            "(samples, classes) and (samples,)"
        )
    probabilities, predicted = torch.softmax(logits.detach(), dim=1).max(dim=1)
    wrong = (predicted != labels).nonzero().flatten()
    # Stable: equal probabilities stay in the order of the data, on every device.
    ranks = probabilities[wrong].argsort(descending=True, stable=True)
    return [
        Mistake(i, int(predicted[i]), int(labels[i]), float(probabilities[i]))
        for i in wrong[ranks[:count]].tolist()
    ]


def plot_images(
    images: Tensor, titles: Sequence[str] | None = None, *, columns: int = 8
) -> "Figure":
    """Return pictures, or the feature maps of one, side by side.

    Args:
        images: Shape `(pictures, 1 or 3, height, width)`, or `(pictures, height,
            width)` for grey. Values from 0 to 1 are drawn as they are; if there are
            others, all are shifted and scaled into that range together.
        titles: One for each picture, drawn above it.
        columns: How many stand in a row.

    Returns:
        The figure; unused places in its last row stay empty.

    Raises:
        ValueError: If the shape is no batch of pictures, there is none, or the titles
            differ in number.

    Examples:
        >>> figure = plot_images(torch.rand(3, 1, 8, 8), ["a", "b", "c"], columns=2)
        >>> [panel.get_title() for panel in figure.axes]
        ['a', 'b', 'c', '']
    """
    import matplotlib.pyplot as plt

    pictures = _drawable(images)
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(titles)} titles for {len(pictures)} pictures")
    columns = min(max(columns, 1), len(pictures))
    rows = math.ceil(len(pictures) / columns)
    height = 0.95 if titles is None else 1.15
    figure, panels = plt.subplots(
        rows,
        columns,
        squeeze=False,
        layout="constrained",
        figsize=(0.9 * columns + 0.2, height * rows + 0.1),
    )
    for panel in panels.flat:
        panel.axis("off")
    for number, (panel, picture) in enumerate(zip(panels.flat, pictures, strict=False)):
        # Not resampled: a pixel stays a square, and the file small.
        panel.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="none")
        if titles is not None:
            panel.set_title(titles[number], fontsize=8)
    return figure


def _drawable(images: Tensor) -> Any:
    """Return pictures as matplotlib reads them: `(pictures, height, width[, 3])`."""
    if images.ndim == 4 and images.shape[1] == 1:
        images = images.squeeze(1)
    elif images.ndim == 4 and images.shape[1] == 3:
        images = images.permute(0, 2, 3, 1)  # channels last
    elif images.ndim != 3:
        raise ValueError(
            f"images {tuple(images.shape)}: expected (pictures, 1 or 3, height, "
            "width); one picture becomes a batch with unsqueeze(0)"
        )
    if images.numel() == 0:
        raise ValueError(f"images {tuple(images.shape)}: expected at least one picture")
    images = images.detach().cpu().float()
    low, high = images.min(), images.max()
    if low < 0 or high > 1:
        images = (images - low) / (high - low).clamp(min=1e-12)
    return images.numpy()
