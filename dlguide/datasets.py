"""Your own files as a dataset: the companion of Lesson 5.

The lesson is at [Datasets](../lessons/datasets.md). Pictures are float32 from 0 to 1,
in the shape `(3, height, width)`.
"""

import hashlib
import math
import os
import random
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from dlguide.workflow import progress_bar

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Compose",
    "ImageFolder",
    "Normalize",
    "RandomHorizontalFlip",
    "RandomShift",
    "Resize",
    "extract_archive",
    "find_classes",
    "find_overlap",
    "food_images",
    "read_image",
    "standardize",
    "write_image_folder",
]

Transform = Callable[[Tensor], Tensor]

_IMAGE_ENDINGS = {
    *(".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpeg", ".jpg"),
    *(".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"),
}
_FOOD_URL = (
    "https://github.com/mrdbourke/pytorch-deep-learning/raw/main/data/"
    "pizza_steak_sushi.zip"
)
_FOOD_PICTURES = {"train": 225, "test": 75}
_STALL_SECONDS = 30.0


# Tables


def standardize(train: Tensor, *others: Tensor) -> list[Tensor]:
    """Return features shifted to mean 0 and scaled to spread 1, measured on `train`.

    The other parts are changed by the numbers of the training part, so that nothing of
    them is known beforehand.

    Args:
        train: Features of the training part, floating point, shape
            `(samples, features)`.
        others: Those of other parts, with the same features.

    Returns:
        All parts, in the order given; a feature that never changes in `train` becomes
        0 there.

    Raises:
        ValueError: If a part has another number of features, or `train` has fewer than
            two samples, whole numbers or missing values.

    Examples:
        >>> train, test = torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0]])
        >>> [part.flatten().tolist() for part in standardize(train, test)]
        [[-1.0, 1.0], [3.0]]
    """
    if train.ndim != 2 or len(train) < 2 or not train.is_floating_point():
        raise ValueError(
            f"train is {tuple(train.shape)} {train.dtype}: expected (samples, "
            "features) of floats with two samples or more; use .float()"
        )
    if bool(train.isnan().any()):
        raise ValueError("train has missing values (nan): fill or drop them first")
    for part in others:
        if part.shape[1:] != train.shape[1:]:
            raise ValueError(
                f"features differ: train {tuple(train.shape)}, another part "
                f"{tuple(part.shape)}"
            )
    mean, spread = train.mean(dim=0), train.std(dim=0, correction=0)
    spread = torch.where(spread > 0, spread, 1.0)
    return [(part - mean) / spread for part in (train, *others)]


# Transforms


class Compose:
    """Run transforms one after the other.

    Args:
        transforms: Functions from a tensor to a tensor, in order.

    Examples:
        >>> double_and_shift = Compose([lambda x: 2 * x, lambda x: x + 1])
        >>> double_and_shift(torch.tensor([1.0, 2.0])).tolist()
        [3.0, 5.0]
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = list(transforms)

    def __call__(self, image: Tensor) -> Tensor:
        """Return what the last transform makes of what all before it made."""
        for transform in self.transforms:
            image = transform(image)
        return image


class Resize:
    """Bring pictures to one size, so that they fit into one batch.

    Height and width are set, whatever the proportions were.

    Args:
        size: Height and width in pixels, or one number for both.

    Raises:
        ValueError: If a side is below 1.

    Examples:
        >>> Resize(64)(torch.rand(3, 120, 200)).shape
        torch.Size([3, 64, 64])
    """

    def __init__(self, size: int | tuple[int, int]) -> None:
        self.size = (size, size) if isinstance(size, int) else size
        if min(self.size) < 1:
            raise ValueError(f"size is {size}: expected 1 or more pixels for each side")

    def __call__(self, image: Tensor) -> Tensor:
        """Return the picture `(channels, height, width)` in the new size."""
        # Antialias: a smaller picture is a mean of pixels, not a choice of them.
        batch = functional.interpolate(
            image.unsqueeze(0),
            size=self.size,
            mode="bilinear",
            align_corners=False,
            antialias=True,
        )
        return batch.squeeze(0)


class Normalize:
    """Shift and scale each channel: (value - mean) / std.

    Args:
        mean: One number for each channel.
        std: One number above 0 for each channel.

    Raises:
        ValueError: If the two differ in length, or a std is not above 0.

    Examples:
        >>> Normalize([0.5], [0.25])(torch.full((1, 2, 2), 1.0)).unique().tolist()
        [2.0]
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        if len(mean) != len(std) or min(std, default=0) <= 0:
            raise ValueError(
                f"mean {list(mean)}, std {list(std)}: expected one number for each "
                "channel in both, and std above 0"
            )
        self.mean, self.std = list(mean), list(std)

    def __call__(self, image: Tensor) -> Tensor:
        """Return the picture `(channels, height, width)`, normalised."""
        mean, std = (image.new_tensor(v)[:, None, None] for v in (self.mean, self.std))
        return (image - mean) / std


class RandomHorizontalFlip:
    """Swap left and right, now and then: for training only.

    Draws from PyTorch's global generator on the CPU, so `torch.manual_seed` makes it
    reproducible, and each worker of a `DataLoader` draws other numbers.

    Args:
        p: How often, from 0 (never) to 1 (always).

    Raises:
        ValueError: If `p` is no probability.

    Examples:
        >>> RandomHorizontalFlip(p=1)(torch.tensor([[[1.0, 2.0]]])).tolist()
        [[[2.0, 1.0]]]
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"p is {p}: expected a probability from 0 to 1")
        self.p = p

    def __call__(self, image: Tensor) -> Tensor:
        """Return the picture `(channels, height, width)`, flipped or not."""
        return image.flip(-1) if float(torch.rand((), device="cpu")) < self.p else image


class RandomShift:
    """Move the picture a few pixels, with black coming in: for training only.

    Draws as `RandomHorizontalFlip` does.

    Args:
        pixels: How far at most, in each direction.

    Raises:
        ValueError: If `pixels` is negative.

    Examples:
        >>> RandomShift(2)(torch.rand(3, 8, 8)).shape
        torch.Size([3, 8, 8])
    """

    def __init__(self, pixels: int) -> None:
        if pixels < 0:
            raise ValueError(f"pixels is {pixels}: expected 0 or more")
        self.pixels = pixels

    def __call__(self, image: Tensor) -> Tensor:
        """Return the picture `(channels, height, width)`, moved."""
        reach = self.pixels
        down, right = torch.randint(0, 2 * reach + 1, (2,), device="cpu").tolist()
        height, width = image.shape[-2:]
        wide = functional.pad(image, [reach] * 4)
        return wide[..., down : down + height, right : right + width]


# A folder of pictures


def find_classes(folder: str | Path) -> tuple[list[str], dict[str, int]]:
    """Return the class names of a folder, which are those of its subfolders.

    Args:
        folder: Has one subfolder for each class; files and hidden folders beside them
            do not count.

    Returns:
        The names in alphabetical order, and the number of each.

    Raises:
        FileNotFoundError: If there is no such folder, or no subfolder in it.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("steak", "pizza"):
        ...         (Path(folder) / name).mkdir()
        ...     found = find_classes(folder)
        >>> found
        (['pizza', 'steak'], {'pizza': 0, 'steak': 1})
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no folder {folder}: expected one with a subfolder per class"
        )
    names = sorted(
        entry.name
        for entry in os.scandir(folder)
        if entry.is_dir() and not entry.name.startswith(".")
    )
    if not names:
        raise FileNotFoundError(
            f"no subfolder in {folder}: expected one for each class, as in "
            f"{folder / 'cat'} and {folder / 'dog'}"
        )
    return names, {name: number for number, name in enumerate(names)}


def read_image(path: str | Path) -> Tensor:
    """Return a picture file as a tensor in three colours, the right way up.

    Grey, palette, CMYK and 16-bit pictures become RGB; what is transparent shows a
    white ground; the camera's note on how it was held (EXIF) is followed.

    Args:
        path: A file that Pillow can read; of an animation, the first frame.

    Returns:
        The picture, float32 from 0 to 1, shape `(3, height, width)`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is cut short, damaged, no picture, or of a kind whose
            brightness has no known range.

    Examples:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "grey.png"
        ...     Image.new("L", (4, 2), color=255).save(path)
        ...     picture = read_image(path)
        >>> picture.shape, picture.min().item()
        (torch.Size([3, 2, 4]), 1.0)
    """
    import numpy as np
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            upright = ImageOps.exif_transpose(file)
            pixels = np.array(_in_three_colours(upright), dtype=np.uint8)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    # Pillow raises any of these for a file that is not what it says.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} cannot be read as a picture ({os.path.getsize(path)} bytes; "
            f"{error}): replace or remove the file"
        ) from error
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def _in_three_colours(image: "Image") -> "Image":
    """Return a picture of any mode as RGB."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits; convert would cut off, not scale
        pixels = np.asarray(image)
        if pixels.min() < 0 or pixels.max() > 65535:
            raise ValueError("its brightness goes beyond 16 bits")
        image = Image.fromarray((pixels // 256).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("its brightness is a float of unknown range")
    if "A" in image.getbands() or "transparency" in image.info:
        colour = image.convert("RGBA")
        ground = Image.new("RGBA", colour.size, "white")
        image = Image.alpha_composite(ground, colour)
    return image.convert("RGB")


class ImageFolder(Dataset[tuple[Tensor, int]]):
    """Pictures in a folder, with the name of the subfolder as the class.

    `root/pizza/1.jpg` and `root/pizza/more/2.png` are both of the class `pizza`. Files
    with another ending, and hidden ones, do not count. Attributes are named as in
    `torchvision.datasets.ImageFolder`, and list the same files in the same order.

    Args:
        root: The folder with one subfolder for each class.
        transform: What to do with each picture, tensor to tensor, when it is asked for.

    Raises:
        FileNotFoundError: If there is no class, or a class without a picture.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     folder = write_image_folder(Path(folder) / "shapes", train=2, test=1)
        ...     pictures = ImageFolder(folder / "train", transform=Resize(32))
        ...     picture, label = pictures[0]
        >>> len(pictures), pictures.classes, picture.shape, label
        (6, ['circle', 'square', 'triangle'], torch.Size([3, 32, 32]), 0)
    """

    def __init__(self, root: str | Path, transform: Transform | None = None) -> None:
        self.root = root
        self.transform = transform
        self.classes, self.class_to_idx = find_classes(root)
        self.samples = [
            (path, number)
            for name, number in self.class_to_idx.items()
            for path in _pictures_in(os.path.join(root, name))
        ]
        self.targets = [number for _, number in self.samples]
        for number in set(self.class_to_idx.values()) - set(self.targets):
            raise FileNotFoundError(
                f"no picture in {os.path.join(root, self.classes[number])}: expected "
                f"one or more with an ending such as .jpg or .png; add some or remove "
                "the folder"
            )

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one picture, `(3, height, width)`, and the number of its class."""
        path, number = self.samples[index]
        image = read_image(path)
        return (image if self.transform is None else self.transform(image)), number


def _pictures_in(folder: str) -> list[str]:
    """Return the path of each picture in a folder and below it, in a stable order."""
    seen: set[str] = set()
    found = []
    # Links to folders are followed, as torchvision does; a circle of them only once.
    for place, below, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = [name for name in below if not name.startswith(".")]
        found.append((place, names))
    return [
        os.path.join(place, name)
        for place, names in sorted(found)
        for name in sorted(names)
        if os.path.splitext(name)[1].lower() in _IMAGE_ENDINGS
        and not name.startswith(".")
    ]


# Generated pictures


def write_image_folder(
    folder: str | Path,
    *,
    classes: Sequence[str] = ("circle", "square", "triangle"),
    train: int = 60,
    test: int = 20,
    size: int = 64,
    seed: int = 42,
) -> Path:
    """Write a folder of generated JPEG pictures, to learn with where there are no own.

    Each shows one shape, in a random colour, size, place and turn, on a noisy ground;
    only the shape tells the classes apart. The folder appears in one move once it is
    complete.

    Args:
        folder: The folder to make, with `train/<class>/` and `test/<class>/` in it.
        classes: The names of 1 to 6 classes, in the order of the shapes: circle,
            square, triangle, ring, cross, star.
        train: Pictures of each class to learn from, 1 or more.
        test: Pictures of each class to test with, 1 or more.
        size: Height and width in pixels, 16 or more.
        seed: The same seed gives the same pictures.

    Returns:
        The folder.

    Raises:
        FileExistsError: If there is something at that place already.
        ValueError: If a number is below its least, or the names are not 1 to 6
            different names for folders.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     folder = write_image_folder(Path(place) / "shapes", train=2, test=1)
        ...     files = sorted(folder.rglob("*.jpg"))
        ...     first = files[0].relative_to(folder).as_posix()
        >>> len(files), first
        (9, 'test/circle/0.jpg')
    """
    _check_class_names(classes)
    if min(train, test) < 1 or size < 16:
        raise ValueError(
            f"train {train}, test {test}, size {size}: expected 1 or more pictures of "
            "each class, 16 or more pixels"
        )
    with _new_folder(Path(folder)) as draft:
        for part, count in (("train", train), ("test", test)):
            for number, name in enumerate(classes):
                place = draft / part / name
                place.mkdir(parents=True)
                for index in range(count):
                    chance = random.Random(f"{seed} {part} {number} {index}")
                    image = _draw_shape(number, size, chance)
                    image.save(place / f"{index}.jpg", quality=90)
    return Path(folder)


def _check_class_names(classes: Sequence[str]) -> None:
    """Refuse what cannot be the names of folders, or of more shapes than there are."""
    usable = [n for n in classes if n.strip(".") and not set(n) & set("/\\:\0")]
    if (
        isinstance(classes, str)
        or not 1 <= len(classes) <= 6
        or len(set(usable)) != len(classes)
        or any(name.startswith(".") for name in classes)
    ):
        raise ValueError(
            f"classes is {classes!r}: expected 1 to 6 different names that a folder "
            "may have"
        )


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give a draft to fill, and move it to its place when all has gone well."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(
            f"{folder} is there already: nothing was changed; remove it, or choose "
            "another name"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    # In the same place: only within one file system is a move all or nothing.
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if folder.exists():
            folder.rmdir()  # It is empty.
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _draw_shape(kind: int, size: int, chance: random.Random) -> "Image":
    """Return one picture: noise, and on it a shape in another colour."""
    import numpy as np
    from PIL import Image, ImageDraw

    ground = [chance.uniform(20, 120) for _ in range(3)]
    colour = [value + chance.uniform(60, 130) for value in ground]
    mask = Image.new("L", (4 * size, 4 * size))  # four times as large, for soft edges
    radius = 4 * size * chance.uniform(0.2, 0.38)
    middle = [chance.uniform(radius, 4 * size - radius) for _ in range(2)]
    _draw_mask(ImageDraw.Draw(mask), kind, middle, radius, chance.uniform(-0.35, 0.35))
    share = np.asarray(mask.resize((size, size)), dtype=np.float64)[..., None] / 255
    noise = np.frombuffer(chance.randbytes(3 * size * size), dtype=np.uint8)
    pixels = (1 - share) * ground + share * colour
    pixels = pixels + (noise.reshape(size, size, 3) / 255 - 0.5) * 60
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _draw_mask(
    draw: Any, kind: int, middle: list[float], radius: float, turn: float
) -> None:
    """Draw the shape of a class in white."""

    def around(
        count: int, *, start: float = -math.pi / 2, inner: float = 1.0
    ) -> list[tuple[float, float]]:
        """Return points on a circle from the top on, each second one further inside."""
        angles = [start + turn + 2 * math.pi * n / count for n in range(count)]
        reaches = [radius * (inner if n % 2 else 1) for n in range(count)]
        return [
            (middle[0] + reach * math.cos(angle), middle[1] + reach * math.sin(angle))
            for angle, reach in zip(angles, reaches, strict=True)
        ]

    left, top = middle[0] - radius, middle[1] - radius
    box = [left, top, left + 2 * radius, top + 2 * radius]
    if kind == 0:
        draw.ellipse(box, fill=255)
    elif kind == 1:
        draw.polygon(around(4, start=math.pi / 4), fill=255)
    elif kind == 2:
        draw.polygon(around(3), fill=255)
    elif kind == 3:
        draw.ellipse(box, outline=255, width=int(0.35 * radius))
    elif kind == 4:
        up, right, down, left_end = around(4)
        for ends in ((up, down), (right, left_end)):
            draw.line(ends, fill=255, width=int(0.4 * radius))
    else:
        draw.polygon(around(10, inner=0.42), fill=255)


# Splits


def find_overlap(first: Any, second: Any) -> list[tuple[int, int]]:
    """Return the places of samples that two parts of the data have in common.

    A test set that shares samples with the training set measures memory. Samples are
    compared by what they hold, not by their names, so that copies are found as well;
    labels do not count. Compare without random transforms.

    Args:
        first: A tensor of samples, shape `(samples, ...)`, a tuple `(inputs, labels)`
            of tensors, or a map-style dataset whose items are tensors, or begin with
            one.
        second: The same.

    Returns:
        Pairs `(index in first, index in second)`, in the order of the second; empty if
        the parts share nothing.

    Raises:
        TypeError: If an item is no tensor and does not begin with one.

    Examples:
        >>> train = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> find_overlap(train, torch.tensor([[5.0, 6.0], [1.0, 2.0]]))
        [(0, 1)]
    """
    places: dict[bytes, list[int]] = {}
    for index, mark in enumerate(_fingerprints(first)):
        places.setdefault(mark, []).append(index)
    return [
        (earlier, later)
        for later, mark in enumerate(_fingerprints(second))
        for earlier in places.get(mark, ())
    ]


def _fingerprints(data: Any) -> Iterator[bytes]:
    """Yield a short mark for each sample; equal samples have equal ones."""
    match data:
        case (Tensor() as inputs, Tensor()) if isinstance(data, tuple):
            data = inputs
    for index in range(len(data)):
        item = data[index]
        sample = item[0] if isinstance(item, tuple | list) else item
        if not isinstance(sample, Tensor):
            raise TypeError(
                f"item {index} is a {type(sample).__name__}: expected a tensor, or a "
                "tuple that begins with one"
            )
        content = sample.detach().cpu().contiguous()
        head = f"{tuple(content.shape)} {content.dtype}".encode()
        yield hashlib.blake2b(head + content.numpy().tobytes()).digest()


# Archives


def extract_archive(
    archive: str | Path,
    folder: str | Path,
    *,
    most_bytes: int = 2**32,
    most_files: int = 200_000,
) -> Path:
    """Unpack a zip or tar file into a new folder, safely: all of it or nothing.

    Refused are names that lead out of the folder, links and devices, names that come
    twice, files with a password, and more than the limits allow: an archive may come
    from anyone.

    Args:
        archive: A `.zip`, or a `.tar`, packed or not.
        folder: The folder to make; what is there already is never touched.
        most_bytes: How much may come out of it, in bytes.
        most_files: How many files may come out of it.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: If there is no such archive.
        FileExistsError: If there is something at the folder's place already.
        ValueError: If it is damaged, of another kind, or holds what is refused.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with zipfile.ZipFile(Path(place) / "a.zip", "w") as file:
        ...         file.writestr("pizza/1.txt", "cheese")
        ...     folder = extract_archive(Path(place) / "a.zip", Path(place) / "food")
        ...     text = (folder / "pizza" / "1.txt").read_text()
        >>> text
        'cheese'
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise FileNotFoundError(f"no archive at {archive}")
    left = [most_bytes, most_files]
    with _new_folder(folder) as draft:
        try:
            for name, content in _members(archive):
                left[1] -= 1
                if left[1] < 0:
                    raise ValueError(f"it holds more than {most_files} files")
                left[0] -= _write_member(draft, name, content, left[0], most_bytes)
        except (
            *(ValueError, EOFError, zipfile.BadZipFile, tarfile.TarError),
            *(NotImplementedError, RuntimeError, OSError),
        ) as error:
            if isinstance(error, PermissionError):
                raise
            raise ValueError(
                f"{archive} was not unpacked ({error}): nothing was kept; download it "
                "again, or from where you trust it"
            ) from error
    return folder


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name and content of each file; refuse what is no file and no folder."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise ValueError(f"{info.filename!r} is a link or a device")
                if not info.is_dir():
                    with packed.open(info) as content:
                        yield info.filename, content
        return
    with tarfile.open(archive) as rolled:
        for member in rolled:
            if not (member.isreg() or member.isdir()):
                raise ValueError(f"{member.name!r} is a link or a device")
            content_or_none = rolled.extractfile(member) if member.isreg() else None
            if content_or_none is not None:
                yield member.name, content_or_none
        # The checksum of the packing stands behind the last file.
        if len(rolled.fileobj.read(2**20)) == 2**20:
            raise ValueError("something follows its end")


def _write_member(
    draft: Path, name: str, content: IO[bytes], left: int, most_bytes: int
) -> int:
    """Write one file below the draft, and return its size in bytes."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or parts[0] == "/" or ".." in parts or ":" in name or "\0" in name:
        raise ValueError(f"{name!r} would lead out of the folder")
    target = draft.joinpath(*parts)
    if target.exists():
        raise ValueError(f"{name!r} comes twice")
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with target.open("xb") as file:
        # What really comes out is counted, not what the archive's head promises.
        while block := content.read(2**20):
            written += len(block)
            if written > left:
                raise ValueError(f"more than {most_bytes} bytes come out of it")
            file.write(block)
    return written


def food_images(folder: str | Path | None = None) -> Path:
    """Return a folder with photos of pizza, steak and sushi, taken from Food-101.

    Without a folder, looks into `food` in the folder that the environment variable
    `DLGUIDE_DATA` names, then into the cache of this computer, and downloads what is
    missing there (16 MB). No checksum is published for that file; every photo's own
    (CRC) is checked as it is unpacked, and their number is compared.

    Args:
        folder: A folder that has the three classes, or `train` and `test` with them.

    Returns:
        The folder, for `ImageFolder`: the downloaded one has `train` and `test`.

    Raises:
        FileNotFoundError: If the folder has not the three classes.
        ConnectionError: If the download fails.
        ValueError: If what was downloaded is damaged or something else.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("pizza", "steak", "sushi"):
        ...         (Path(folder) / name).mkdir()
        ...     found = food_images(folder)
        >>> found == Path(folder)
        True

    Source:
        L. Bossard, M. Guillaumin, L. Van Gool, [Food-101](https://doi.org/10.1007/978-3-319-10599-4_29),
        2014.
    """
    given = os.environ.get("DLGUIDE_DATA")
    if folder is None and given and (Path(given) / "food").is_dir():
        folder = Path(given) / "food"
    if folder is None:
        return _download_food()
    folder = Path(folder)
    inner = folder / "train" if (folder / "train").is_dir() else folder
    missing = {"pizza", "steak", "sushi"} - set(find_classes(inner)[0])
    if missing:
        raise FileNotFoundError(f"{inner} lacks {', '.join(sorted(missing))}")
    return folder


def _download_food() -> Path:
    """Return the unpacked photos of the cache, downloaded if they are not there yet."""
    import pooch
    from requests import RequestException

    folder = Path(pooch.os_cache("dlguide")) / "food"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        archive = Path(place) / "food.zip"
        try:
            with progress_bar(1, description="food.zip") as bar:
                bar.unit, bar.unit_scale = "B", True
                get = pooch.HTTPDownloader(timeout=_STALL_SECONDS, progressbar=bar)
                get(_FOOD_URL, str(archive), None)
        except RequestException as error:
            raise ConnectionError(
                f"{_FOOD_URL} cannot be downloaded ({error}); without a network, name "
                "a folder that has the photos: food_images(folder)"
            ) from error
        unpacked = extract_archive(archive, Path(place) / "food")
        for part, count in _FOOD_PICTURES.items():
            found = len(ImageFolder(unpacked / part))
            if found != count:
                raise ValueError(f"{part} has {found} photos: expected {count}")
        unpacked.rename(folder)
    return folder
