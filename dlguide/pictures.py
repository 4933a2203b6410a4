"""Train a classifier on a folder of pictures, and ask it about others.

    python -m dlguide.pictures train shapes --epochs 10 --output model.pth
    python -m dlguide.pictures predict photo.jpg --model model.pth

The program of Lesson 5, [Datasets](../lessons/datasets.md#go-modular): it only puts
together what the modules of the lessons offer, and can be copied with them into another
project. Beside the weights lies a small file with what is needed to build the model
again: `model.json` for `model.pth`.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset

from dlguide.classification import accuracy
from dlguide.datasets import (
    Compose,
    ImageFolder,
    Normalize,
    RandomHorizontalFlip,
    Resize,
    find_overlap,
    read_image,
)
from dlguide.tensors import pick_device, set_seed
from dlguide.vision import TinyVGG
from dlguide.workflow import (
    History,
    evaluate,
    load_weights,
    predict,
    save_weights,
    train,
)

__all__ = ["classify", "main", "train_folder"]


def train_folder(
    folder: str | Path,
    output: str | Path,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    learning_rate: float = 0.003,
    hidden_units: int = 10,
    size: int = 64,
    seed: int = 42,
) -> tuple[History, dict[str, float]]:
    """Train TinyVGG on `folder/train`, test it once on `folder/test`, and save it.

    A fifth of the training pictures is held back to validate with; only the rest is
    flipped at random.

    Args:
        folder: Has `train` and `test`, each with one subfolder for each class.
        output: Where the weights go; what is needed to build the model goes beside.
        epochs: How often to go through the pictures.
        batch_size: Pictures in a batch.
        learning_rate: Of Adam.
        hidden_units: Feature maps in each block of the model.
        size: Height and width that the pictures are brought to, in pixels.
        seed: Decides split, start and order.

    Returns:
        The history of the training, and `"loss"` and `"accuracy"` on the test pictures.

    Raises:
        FileNotFoundError: If a folder or a class is missing or empty.
        ValueError: If both parts have other classes or share pictures, a picture is
            damaged, or there are too few to hold some back.

    Examples:
        >>> import tempfile
        >>> from dlguide.datasets import write_image_folder
        >>> with tempfile.TemporaryDirectory() as place:
        ...     folder = write_image_folder(Path(place) / "shapes", train=5, test=2)
        ...     weights = Path(place) / "model.pth"
        ...     history, result = train_folder(folder, weights, epochs=2, size=16)
        ...     files = sorted(path.name for path in Path(place).glob("model.*"))
        >>> files
        ['model.json', 'model.pth']
        >>> history.epochs, list(result)
        (2, ['loss', 'accuracy'])
    """
    folder, prepare = Path(folder), _prepare(size)
    learn = ImageFolder(folder / "train", Compose([prepare, RandomHorizontalFlip()]))
    plain = ImageFolder(folder / "train", prepare)
    test = ImageFolder(folder / "test", prepare)
    _check_parts(plain, test)
    set_seed(seed)
    order = torch.randperm(len(plain), device="cpu").tolist()
    held_back = max(1, len(plain) // 5)
    loaders = [
        DataLoader(Subset(learn, order[held_back:]), batch_size, shuffle=True),
        DataLoader(Subset(plain, order[:held_back]), batch_size),
        DataLoader(test, batch_size),
    ]
    settings = {"classes": plain.classes, "hidden_units": hidden_units, "size": size}
    model = _build(settings).to(pick_device())
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    loss_function, metrics = nn.CrossEntropyLoss(), {"accuracy": accuracy}
    history = train(
        model,
        loaders[0],
        loss_function,
        optimizer,
        epochs=epochs,
        validation=loaders[1],
        metrics=metrics,
    )
    _save(model, settings, Path(output))
    return history, evaluate(model, loaders[2], loss_function, metrics=metrics)


def _prepare(size: int) -> Compose:
    """Return what is done to every picture, in training and ever after."""
    # Brightness around 0: without it this network often learns nothing at all.
    return Compose([Resize(size), Normalize([0.45] * 3, [0.25] * 3)])


def _check_parts(learn: ImageFolder, test: ImageFolder) -> None:
    """Refuse parts of which the test would measure something else."""
    if len(learn) < 2:
        raise ValueError(f"{learn.root} has {len(learn)} picture: expected 2 or more")
    if learn.classes != test.classes:
        raise ValueError(
            f"classes differ: {learn.classes} in {learn.root}, {test.classes} in "
            f"{test.root}"
        )
    if shared := find_overlap(learn, test):
        first, second = shared[0]
        raise ValueError(
            f"{len(shared)} test pictures are training pictures as well, as "
            f"{test.samples[second][0]} and {learn.samples[first][0]}: remove one of "
            "each"
        )


def _build(settings: dict[str, Any]) -> TinyVGG:
    return TinyVGG(
        in_channels=3,
        hidden_units=settings["hidden_units"],
        classes=len(settings["classes"]),
        image_size=settings["size"],
    )


def _save(model: nn.Module, settings: dict[str, Any], output: Path) -> None:
    """Save weights and settings, each in one move."""
    save_weights(model, output)
    beside = output.with_suffix(".json")
    draft = beside.with_name(f".{beside.name}.{os.getpid()}.draft")
    draft.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    draft.replace(beside)


def classify(picture: str | Path, weights: str | Path) -> dict[str, float]:
    """Return the probability of each class for one picture file.

    Args:
        picture: The file, of any size.
        weights: What `train_folder` saved; its `.json` must lie beside it.

    Returns:
        Class names and probabilities, 0 to 1, the likeliest first.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the picture, the weights or the settings are damaged.

    Examples:
        >>> import tempfile
        >>> from dlguide.datasets import write_image_folder
        >>> with tempfile.TemporaryDirectory() as place:
        ...     folder = write_image_folder(Path(place) / "shapes", train=5, test=1)
        ...     weights = Path(place) / "model.pth"
        ...     _ = train_folder(folder, weights, epochs=1, size=16)
        ...     chances = classify(folder / "test" / "circle" / "0.jpg", weights)
        >>> len(chances), round(sum(chances.values()), 4)
        (3, 1.0)
    """
    weights = Path(weights)
    beside = weights.with_suffix(".json")
    if not beside.is_file():
        raise FileNotFoundError(
            f"no file {beside}: expected the settings that are saved beside the weights"
        )
    try:
        settings = json.loads(beside.read_text(encoding="utf-8"))
        model = _build(settings)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{beside} cannot be read as settings ({error!r})") from error
    model = load_weights(model, weights).to(pick_device())  # type: ignore[assignment]
    batch = _prepare(settings["size"])(read_image(picture)).unsqueeze(0)
    chances = torch.softmax(predict(model, batch), dim=1)[0].tolist()
    pairs = zip(settings["classes"], chances, strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0, or 1 after an error it explains.

    Args:
        arguments: The words of the command line; without them, those of this process.

    Returns:
        The exit status.

    Examples:
        >>> main(["predict", "photo.jpg", "--model", "nowhere/model.pth"])
        1
    """
    options = _parser().parse_args(arguments)
    command = vars(options).pop("command")
    try:
        if command == "train":
            history, result = train_folder(**vars(options))
            print(history)
            print(f"test loss {result['loss']:.3f}, accuracy {result['accuracy']:.1%}")
            return 0
        for picture in options.pictures:
            chances = classify(picture, options.model)
            shares = ", ".join(f"{name} {share:.0%}" for name, share in chances.items())
            print(f"{picture}: {shares}")
    except (OSError, ValueError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dlguide.pictures",
        description="Train a classifier on a folder of pictures, and ask it.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    show = {"formatter_class": argparse.ArgumentDefaultsHelpFormatter}
    trainer: Any = commands.add_parser("train", help="train, test and save", **show)  # type: ignore[arg-type]
    trainer.add_argument("folder", help="has train/<class> and test/<class>")
    trainer.add_argument("--output", default="model.pth", help="where the weights go")
    for name, kind, default, words in (
        ("--epochs", int, 10, "passes over the training pictures"),
        ("--batch-size", int, 32, "pictures in a batch"),
        ("--learning-rate", float, 0.003, "of Adam"),
        ("--hidden-units", int, 10, "feature maps in each block"),
        ("--size", int, 64, "height and width that pictures are brought to"),
        ("--seed", int, 42, "decides split, start and order"),
    ):
        trainer.add_argument(name, type=kind, default=default, help=words)
    asker: Any = commands.add_parser("predict", help="say what is on a picture", **show)  # type: ignore[arg-type]
    asker.add_argument("pictures", nargs="+", help="picture files")
    asker.add_argument("--model", default="model.pth", help="weights from train")
    return parser


if __name__ == "__main__":
    sys.exit(main())
