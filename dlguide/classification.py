"""Accuracy and its betters, weights, boundaries: the companion of Lesson 3.

The lesson is at [Classification](../lessons/classification.md). The scores are written
out to be read; at work use torchmetrics, against which they are tested.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dlguide.workflow import predict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "accuracy",
    "balance_weights",
    "confusion_matrix",
    "f1_score",
    "plot_confusion_matrix",
    "plot_decision_boundary",
    "precision",
    "precision_recall_curve",
    "recall",
    "to_labels",
]


# From logits to labels


def to_labels(logits: Tensor, *, several: bool = False) -> Tensor:
    """Return the label that each sample's logits speak for.

    No sigmoid and no softmax is needed: both keep the order of their inputs, and a
    probability is above 0.5 where its logit is above 0. A logit of exactly 0 gives 0.

    Args:
        logits: Shape `(batch, classes)`; or `(batch,)` or `(batch, 1)` for two classes.
        several: Whether a sample can have several labels at once (multi-label): each
            logit of `(batch, labels)` then decides for itself.

    Returns:
        Class numbers, int64, shape `(batch,)`; with `several`, 0 or 1 for each logit,
        in the shape of the logits.

    Raises:
        ValueError: If the logits have no such shape.

    Examples:
        >>> to_labels(torch.tensor([[0.2, 1.5, -1.0], [3.0, 0.0, 1.0]]))
        tensor([1, 0])
        >>> to_labels(torch.tensor([-1.0, 2.0]))
        tensor([0, 1])
        >>> to_labels(torch.tensor([[0.2, 1.5, -1.0]]), several=True)
        tensor([[1, 1, 0]])
    """
    if logits.ndim not in (1, 2) or (logits.ndim == 2 and logits.shape[1] == 0):
        raise ValueError(
            f"logits {tuple(logits.shape)}: expected (batch, classes), or (batch,) for "
            "two classes"
        )
    if logits.ndim == 2 and logits.shape[1] > 1 and not several:
        return logits.argmax(dim=1)
    decided = (logits > 0).long()
    return decided if several else decided.flatten()


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of labels that the logits get right.

    Give it to `train` or `evaluate` as a metric: it stays on the device, and it
    compares shapes, so that `(batch,)` never meets `(batch, 1)` unseen.

    Args:
        logits: Shape `(batch, classes)`, or the shape of the labels, where each logit
            decides between 0 and 1.
        labels: Class numbers, int64, shape `(batch,)`; or 0 and 1 in the shape of the
            logits, of any dtype.

    Returns:
        A share from 0 to 1, float32, shape `()`.

    Raises:
        ValueError: If the shapes do not fit, or there is no sample.

    Examples:
        >>> logits = torch.tensor([[0.2, 1.5, -1.0], [3.0, 0.0, 1.0]])
        >>> accuracy(logits, torch.tensor([1, 2])).item()
        0.5
        >>> accuracy(torch.tensor([-1.0, 2.0]), torch.tensor([0.0, 1.0])).item()
        1.0
    """
    if labels.numel() == 0:
        raise ValueError("there are no labels: expected at least one sample")
    if logits.shape == labels.shape:
        return ((logits > 0) == (labels > 0.5)).float().mean()
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"shapes differ: logits {tuple(logits.shape)}, labels "
            f"{tuple(labels.shape)}; expected the same shape, or logits (batch, "
            "classes) and labels (batch,); a last dimension of 1 goes with squeeze(1)"
        )
    if logits.shape[1] == 1:
        raise ValueError(
            f"logits {tuple(logits.shape)}, labels {tuple(labels.shape)}: one logit "
            "per sample is a yes or no; use logits.squeeze(1)"
        )
    return (logits.argmax(dim=1) == labels).float().mean()


# Counts and scores


def confusion_matrix(predicted: Tensor, labels: Tensor, *, classes: int) -> Tensor:
    """Return how often each class was taken for each class.

    Args:
        predicted: Class numbers that a model gave, int64, shape `(samples,)`.
        labels: The true class numbers, int64, shape `(samples,)`.
        classes: How many classes there are.

    Returns:
        Counts, int64, shape `(classes, classes)`: rows are true classes, columns
        predicted ones, so the diagonal counts what is right.

    Raises:
        ValueError: If the two differ in shape, are not class numbers in one dimension,
            or name a class beyond the last.

    Examples:
        >>> predicted, labels = torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1])
        >>> confusion_matrix(predicted, labels, classes=2)
        tensor([[1, 1],
                [0, 2]])
    """
    if predicted.shape != labels.shape or labels.ndim != 1:
        raise ValueError(
            f"predicted {tuple(predicted.shape)}, labels {tuple(labels.shape)}: "
            "expected class numbers (samples,) for both; logits become class numbers "
            "with to_labels"
        )
    for name, numbers in (("predicted", predicted), ("labels", labels)):
        _check_classes(name, numbers, classes)
    pairs = classes * labels + predicted
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _check_classes(name: str, numbers: Tensor, classes: int) -> None:
    """Refuse what is no class number from 0 to `classes - 1`."""
    if numbers.is_floating_point() or numbers.is_complex():
        raise ValueError(
            f"{name} is {numbers.dtype}: expected whole class numbers; use .long()"
        )
    if numbers.numel() and not 0 <= numbers.min() <= numbers.max() < classes:
        raise ValueError(
            f"{name} goes from {numbers.min()} to {numbers.max()}: expected class "
            f"numbers from 0 to {classes - 1}"
        )


def precision(matrix: Tensor) -> Tensor:
    """Return for each class which share of its predictions is right.

    Args:
        matrix: Counts from `confusion_matrix`, shape `(classes, classes)`.

    Returns:
        Shares from 0 to 1, float32, shape `(classes,)`; 0 for a class that was never
        predicted. With two classes, `[1]` is the precision of the positive one.

    Raises:
        ValueError: If the matrix is not square.

    Examples:
        >>> precision(torch.tensor([[90, 5], [2, 3]]))[1].item()
        0.375
    """
    return _share(_diagonal(matrix), matrix.sum(dim=0))


def recall(matrix: Tensor) -> Tensor:
    """Return for each class which share of its samples was found.

    Args:
        matrix: Counts from `confusion_matrix`, shape `(classes, classes)`.

    Returns:
        Shares from 0 to 1, float32, shape `(classes,)`; 0 for a class without samples.
        With two classes, `[1]` is the recall of the positive one.

    Raises:
        ValueError: If the matrix is not square.

    Examples:
        >>> recall(torch.tensor([[90, 5], [2, 3]]))[1].item()
        0.6
    """
    return _share(_diagonal(matrix), matrix.sum(dim=1))


def f1_score(matrix: Tensor) -> Tensor:
    """Return for each class the harmonic mean of precision and recall.

    It is low if either of them is: 2 TP / (2 TP + FP + FN).

    Args:
        matrix: Counts from `confusion_matrix`, shape `(classes, classes)`.

    Returns:
        Scores from 0 to 1, float32, shape `(classes,)`; 0 for a class that neither
        occurs nor was predicted.

    Raises:
        ValueError: If the matrix is not square.

    Examples:
        >>> round(f1_score(torch.tensor([[90, 5], [2, 3]]))[1].item(), 3)
        0.462

    Source:
        C. J. van Rijsbergen, *Information Retrieval*, 2nd edition, 1979, chapter 7.
    """
    found = _diagonal(matrix)
    return _share(2 * found, matrix.sum(dim=0) + matrix.sum(dim=1))


def _diagonal(matrix: Tensor) -> Tensor:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"matrix {tuple(matrix.shape)}: expected (classes, classes); make it with "
            "confusion_matrix"
        )
    return matrix.diagonal()


def _share(part: Tensor, whole: Tensor) -> Tensor:
    """Divide, and let nothing out of nothing be 0, as torchmetrics does."""
    return torch.where(whole > 0, part / whole.clamp(min=1), 0.0)


def precision_recall_curve(
    probabilities: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return precision and recall for every threshold that makes a difference.

    A sample counts as positive where its probability is at least the threshold.

    Args:
        probabilities: Of the positive class, 0 to 1, shape `(samples,)`; any scores
            that put the samples in order will do.
        labels: 0 and 1, shape `(samples,)`.

    Returns:
        Precision, recall and thresholds, each of shape `(thresholds,)`; thresholds
        rise, so recall falls.

    Raises:
        ValueError: If the shapes differ, a probability is nan, or the labels are not 0
            and 1 with at least one 1.

    Examples:
        >>> labels = torch.tensor([1, 0, 1, 0])
        >>> probabilities = torch.tensor([0.9, 0.6, 0.4, 0.2])
        >>> for values in precision_recall_curve(probabilities, labels):
        ...     print([round(value, 2) for value in values.tolist()])
        [0.5, 0.67, 0.5, 1.0]
        [1.0, 1.0, 0.5, 0.5]
        [0.2, 0.4, 0.6, 0.9]
    """
    if probabilities.shape != labels.shape or labels.ndim != 1:
        raise ValueError(
            f"probabilities {tuple(probabilities.shape)}, labels "
            f"{tuple(labels.shape)}: expected (samples,) for both"
        )
    if bool(probabilities.isnan().any()):
        raise ValueError("a probability is nan: expected numbers; look at the model")
    if not bool(((labels == 0) | (labels == 1)).all()) or not bool(labels.any()):
        raise ValueError("labels must be 0 and 1, with at least one 1 to be found")
    thresholds, place = probabilities.unique(return_inverse=True)  # sorted, rising
    positives = torch.zeros(len(thresholds), device=labels.device)
    positives.index_add_(0, place, labels.float())
    samples = torch.zeros_like(positives)
    samples.index_add_(0, place, torch.ones_like(probabilities, dtype=torch.float32))
    # How many stand at this threshold or above it.
    found, named = (part.flip(0).cumsum(0).flip(0) for part in (positives, samples))
    return found / named, found / labels.sum(), thresholds


def balance_weights(labels: Tensor, *, classes: int) -> Tensor:
    """Return weights under which every class counts the same in the loss.

    Give them to `nn.CrossEntropyLoss(weight=…)`. For two classes with one logit,
    `nn.BCEWithLogitsLoss(pos_weight=weights[1] / weights[0])` does the same.

    Args:
        labels: Class numbers of the training set, int64, shape `(samples,)`.
        classes: How many classes there are.

    Returns:
        samples / (classes * samples of the class), float32, shape `(classes,)`.

    Raises:
        ValueError: If a class has no sample, or a label is no class number.

    Examples:
        >>> balance_weights(torch.tensor([0, 0, 0, 1]), classes=2)
        tensor([0.6667, 2.0000])
    """
    _check_classes("labels", labels, classes)
    counts = torch.bincount(labels.flatten(), minlength=classes)
    if bool((counts == 0).any()):
        missing = (counts == 0).nonzero().flatten().tolist()
        raise ValueError(
            f"no sample of class {missing}: expected at least one of each; add samples "
            "or take fewer classes"
        )
    return counts.sum() / (classes * counts)


# Pictures


def plot_confusion_matrix(
    matrix: Tensor, class_names: Sequence[str] | None = None
) -> "Axes":
    """Return a confusion matrix as a picture, each field with its count.

    The colour is the share of the true class, so that rare classes show as well.

    Args:
        matrix: Counts from `confusion_matrix`, shape `(classes, classes)`.
        class_names: A name for each class; without them, their numbers.

    Returns:
        The axes drawn on.

    Raises:
        ValueError: If the matrix is not square, or there are not as many names.

    Examples:
        >>> axes = plot_confusion_matrix(torch.tensor([[9, 1], [0, 5]]), ["no", "yes"])
        >>> [text.get_text() for text in axes.texts]
        ['9', '1', '0', '5']
    """
    import matplotlib.pyplot as plt

    classes = len(_diagonal(matrix))
    names = [str(n) for n in range(classes)] if class_names is None else class_names
    if len(names) != classes:
        raise ValueError(f"{len(names)} class names for {classes} classes")
    shares = _share(matrix, matrix.sum(dim=1, keepdim=True)).cpu()
    side = max(3.2, 0.5 * classes + 1.6)
    _, axes = plt.subplots(figsize=(side, side))
    axes.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1, interpolation="none")
    for row, counts in enumerate(matrix.tolist()):
        for column, count in enumerate(counts):
            # On a field of its own colour, whatever the theme of the page.
            ink = "white" if shares[row, column] > 0.5 else "#222222"
            axes.text(column, row, str(count), ha="center", va="center", color=ink)
    turn = 90 if max(map(len, names)) > 3 else 0
    axes.set_xticks(range(classes), names, rotation=turn)
    axes.set_yticks(range(classes), names)
    axes.set(xlabel="predicted class", ylabel="true class")
    return axes


def plot_decision_boundary(
    model: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    *,
    axes: "Axes | None" = None,
    steps: int = 120,
) -> "Axes":
    """Return a map of which class a model gives to each point of a plane.

    Asks the model as `predict` does: in eval mode, without gradients, on its own
    device; then each layer is back in its mode.

    Args:
        model: Takes `(batch, 2)`; returns logits `(batch, classes)`, or one logit per
            sample, `(batch,)` or `(batch, 1)`, where 0 is the boundary.
        inputs: The points to draw, shape `(samples, 2)`.
        labels: Their class numbers, shape `(samples,)` or `(samples, 1)`.
        axes: Where to draw; without them, on a new figure.
        steps: How many points the map has on each side, 2 or more.

    Returns:
        The axes drawn on.

    Raises:
        ValueError: If the inputs have not two features, the labels differ in number,
            there is no sample, or the model does not answer with logits.

    Examples:
        >>> model = nn.Linear(2, 1)
        >>> inputs = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
        >>> axes = plot_decision_boundary(model, inputs, torch.tensor([0, 1]), steps=9)
        >>> axes.get_xlabel(), model.training
        ('first feature', True)
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    if inputs.ndim != 2 or inputs.shape[1] != 2 or len(inputs) == 0:
        raise ValueError(
            f"inputs {tuple(inputs.shape)}: expected (samples, 2); a plane has two "
            "features"
        )
    if labels.numel() != len(inputs):
        raise ValueError(f"sizes differ: {len(inputs)} inputs, {labels.numel()} labels")
    across, up = _grid(inputs.detach().cpu(), steps)
    points = torch.stack([across.flatten(), up.flatten()], dim=1)  # (steps ** 2, 2)
    regions = _regions(predict(model, points.to(inputs.dtype)), len(points))
    numbers = labels.detach().cpu().flatten().long()
    classes = int(max(regions.max(), numbers.max())) + 1
    colours: Any = ListedColormap([f"C{number}" for number in range(classes)])
    look: dict[str, Any] = {"cmap": colours, "vmin": -0.5, "vmax": classes - 0.5}
    if axes is None:
        _, axes = plt.subplots(figsize=(4.6, 4.2))
    image = regions.reshape(steps, steps).numpy()
    edges = (*across[0, [0, -1]].tolist(), *up[[0, -1], 0].tolist())
    place: dict[str, Any] = {"extent": edges, "origin": "lower", "aspect": "auto"}
    axes.imshow(image, alpha=0.3, interpolation="none", **place, **look)
    first, second = inputs.detach().cpu().numpy().T
    # Many points weigh less as one picture than as many marks.
    look |= {"s": 9, "rasterized": len(inputs) > 300}
    axes.scatter(first, second, c=numbers.numpy(), **look)
    axes.set(xlabel="first feature", ylabel="second feature")
    return axes


def _grid(points: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Return the two coordinates of a grid around points, each `(steps, steps)`."""
    if steps < 2:
        raise ValueError(f"steps is {steps}: expected 2 or more")
    low, high = points.min(dim=0).values.double(), points.max(dim=0).values.double()
    margin = 0.05 * (high - low).clamp(min=1e-3)
    low, high = low - margin, high + margin
    sides = [
        torch.linspace(float(a), float(b), steps, device="cpu")
        for a, b in zip(low, high, strict=True)
    ]
    across, up = torch.meshgrid(*sides, indexing="xy")
    return across, up


def _regions(logits: Tensor, points: int) -> Tensor:
    """Return the class of each point of the map, on the CPU."""
    if logits.ndim not in (1, 2) or len(logits) != points:
        raise ValueError(
            f"the model answers {tuple(logits.shape)} to {points} points: expected "
            "logits (batch, classes) or one for each sample"
        )
    return to_labels(logits).cpu()
