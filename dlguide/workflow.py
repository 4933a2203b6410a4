"""Data, model, training loop, weights: the companion of Lesson 2, *Workflow*.

The lesson is at [Workflow](../lessons/workflow.md). Everything here works on any
device: a batch is moved to wherever the model's parameters are.
"""

import math
import os
import pickle
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "History",
    "count_parameters",
    "evaluate",
    "load_weights",
    "make_frames",
    "plot_descent",
    "plot_history",
    "plot_predictions",
    "predict",
    "progress_bar",
    "save_weights",
    "split_data",
    "test_step",
    "trace_descent",
    "train",
    "train_step",
]

Pair: TypeAlias = tuple[Tensor, Tensor]
Data: TypeAlias = Pair | Iterable[Any]
Function: TypeAlias = Callable[[Tensor, Tensor], Any]


# Data


def split_data(
    inputs: Tensor,
    labels: Tensor,
    *,
    shares: Sequence[float] = (0.6, 0.2, 0.2),
    seed: int = 42,
) -> list[Pair]:
    """Return shuffled parts of the data, one pair of tensors for each share.

    No sample is lost, none is in two parts, and an input keeps its label.

    Args:
        inputs: What the model sees, shape `(samples, ...)`.
        labels: What it should answer, shape `(samples, ...)`.
        shares: The size of each part; together 1.
        seed: The same seed gives the same parts, on every device.

    Returns:
        One `(inputs, labels)` pair for each share, in the order of the shares.

    Raises:
        ValueError: If inputs and labels differ in number, the shares do not add up
            to 1, or a part would be empty.

    Examples:
        >>> inputs = torch.arange(10.0)
        >>> train, validation, test = split_data(inputs, 2 * inputs)
        >>> [len(labels) for _, labels in (train, validation, test)]
        [6, 2, 2]
        >>> torch.equal(2 * test[0], test[1])
        True
    """
    samples = len(inputs)
    if samples != len(labels):
        raise ValueError(f"sizes differ: {samples} inputs, {len(labels)} labels")
    if not math.isclose(math.fsum(shares), 1, abs_tol=1e-6):
        total = round(math.fsum(shares), 4)
        raise ValueError(f"shares add up to {total}: expected 1, as in (0.6, 0.2, 0.2)")
    edges = [round(samples * share) for share in accumulate(shares, initial=0.0)]
    sizes = [end - start for start, end in pairwise(edges)]
    if min(sizes) < 1:
        raise ValueError(
            f"{samples} samples in shares {tuple(shares)} leave a part empty "
            f"(sizes {sizes}): use fewer parts, larger shares or more samples"
        )
    # On the CPU, so that every device gets the same parts.
    generator = torch.Generator(device="cpu").manual_seed(seed)
    order = torch.randperm(samples, generator=generator, device="cpu")
    parts = [order[start:end] for start, end in pairwise(edges)]
    return [(inputs[p.to(inputs.device)], labels[p.to(labels.device)]) for p in parts]


# Model


def count_parameters(model: nn.Module, *, trainable_only: bool = False) -> int:
    """Return how many numbers a model learns.

    A parameter that two layers share is counted once; buffers are not parameters.

    Args:
        model: Any model whose layers have their sizes.
        trainable_only: Leave out what is frozen (`requires_grad=False`).

    Returns:
        The number of single values, not of tensors.

    Examples:
        >>> model = nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 2))
        >>> count_parameters(model)  # 4 * (8 + 1) + 2 * (4 + 1)
        46
        >>> _ = model[0].requires_grad_(False)
        >>> count_parameters(model, trainable_only=True)
        10
    """
    return sum(
        parameter.numel()
        for parameter in model.parameters()
        if parameter.requires_grad or not trainable_only
    )


def _device_of(model: nn.Module) -> torch.device:
    """Return where a model lives; without tensors, that is the default device."""
    first = next(chain(model.parameters(), model.buffers()), None)
    return torch.get_default_device() if first is None else first.device


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in eval mode, and each of its layers back as it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


# Batches


def _describe(tensor: object) -> str:
    """Return shape, dtype and device of a tensor, or the type of anything else."""
    if not isinstance(tensor, Tensor):
        return type(tensor).__name__
    dtype = str(tensor.dtype).removeprefix("torch.")
    return f"{tuple(tensor.shape)} {dtype} on {tensor.device}"


def _is_pair(data: Data) -> bool:
    """Return whether data are two tensors, which make one full batch."""
    return (
        isinstance(data, tuple | list)
        and len(data) == 2
        and all(isinstance(part, Tensor) for part in data)
    )


def _count_batches(data: Data) -> int | None:
    """Return how many batches an epoch has, if the data know it."""
    try:
        return 1 if _is_pair(data) else len(data)  # type: ignore[arg-type]
    except TypeError:  # a generator, or a loader of a stream
        return None


def _batches(data: Data, device: torch.device) -> Iterator[Pair]:
    """Yield each batch on the device; a pair of tensors is one batch."""
    if isinstance(data, Tensor | Dataset):
        raise TypeError(
            f"data is a {type(data).__name__}: expected a pair (inputs, labels) or "
            "batches; wrap a dataset in DataLoader(dataset, batch_size=32)"
        )
    for batch in [data] if _is_pair(data) else data:
        match batch:
            case [Tensor() as inputs, Tensor() as labels]:
                yield (
                    inputs.to(device, non_blocking=True),
                    labels.to(device, non_blocking=True),
                )
            case [*parts]:
                found = ", ".join(_describe(part) for part in parts)
                raise TypeError(f"a batch is [{found}]: expected two tensors")
            case _:
                raise TypeError(f"a batch is {_describe(batch)}: expected two tensors")


def _check_shapes(predictions: Tensor, labels: Tensor) -> None:
    """Refuse labels that do not belong to the predictions or would broadcast."""
    if not isinstance(predictions, Tensor):
        raise TypeError(
            f"the model returned {_describe(predictions)}: expected one tensor; "
            "return only the predictions from forward"
        )
    given, wanted = predictions.shape, labels.shape
    if 0 in wanted[:1]:
        raise ValueError("an empty batch came: expected at least one sample")
    if given == wanted:
        return
    if given[:1] != wanted[:1]:
        raise ValueError(
            f"batch sizes differ: predictions {tuple(given)}, labels {tuple(wanted)}; "
            "the first dimension of both counts the samples"
        )
    same_count = given.numel() == wanted.numel()
    # Whole-number labels may have fewer dimensions: they are class numbers.
    if same_count or labels.is_floating_point():
        advice = f"labels.reshape{tuple(given)}" if same_count else "labels.long()"
        reason = "" if same_count else " if they are class numbers"
        raise ValueError(
            f"shapes differ: predictions {tuple(given)}, labels {tuple(wanted)}; the "
            f"loss would pair wrong values without an error; use {advice}{reason}"
        )


def _forward(model: nn.Module, batch: Pair, loss_function: Function) -> Pair:
    """Return the predictions and the loss of one batch, or say what came."""
    inputs, labels = batch
    try:
        predictions = model(inputs)
        _check_shapes(predictions, labels)
        loss = loss_function(predictions, labels)
    except Exception as error:
        first = next(model.parameters(), None)
        error.add_note(
            f"In this batch: inputs {_describe(inputs)}, labels {_describe(labels)}; "
            f"the model's first parameter: {_describe(first)}.\n"
            "Inputs need the size that the first layer takes, and dtype and device of "
            "the parameters; numbers to predict need the same dtype, classes int64."
        )
        raise
    if not isinstance(loss, Tensor) or loss.ndim:
        raise ValueError(
            f"the loss is {_describe(loss)}: expected a tensor with one number; use "
            "reduction='mean' or take the mean"
        )
    return predictions, loss


class _Tally:
    """Sums over the samples of a pass, on the device until they are read once."""

    def __init__(
        self,
        loss_function: Function,
        metrics: Mapping[str, Function] | None,
        device: torch.device,
    ) -> None:
        if not isinstance(metrics, Mapping | None):
            raise TypeError(
                f"metrics is {_describe(metrics)}: expected names and functions, as in "
                '{"accuracy": accuracy}'
            )
        self.metrics = dict(metrics or {})
        if "loss" in self.metrics:
            raise ValueError("a metric is named 'loss': choose another name")
        self.loss_is_sum = getattr(loss_function, "reduction", "mean") == "sum"
        self.samples = 0
        self.sums = {"loss": torch.zeros((), device=device)}
        for name, metric in self.metrics.items():
            if hasattr(metric, "update"):  # torchmetrics: pools the batches itself
                metric.to(device).reset()  # type: ignore[attr-defined]
            else:
                self.sums[name] = torch.zeros((), device=device)

    def add(self, batch: Pair, predictions: Tensor, loss: Tensor) -> None:
        """Add one batch without waiting for the device."""
        labels = batch[1]
        samples = labels.shape[0]
        self.samples += samples
        # Weighted by samples: a smaller last batch must not count as a full one.
        self.sums["loss"].add_(loss, alpha=1 if self.loss_is_sum else samples)
        for name, metric in self.metrics.items():
            if name not in self.sums:
                metric.update(predictions, labels)  # type: ignore[attr-defined]
                continue
            value = metric(predictions, labels)
            if getattr(value, "ndim", 0):
                raise ValueError(
                    f"metric {name!r} gave {_describe(value)}: expected one number"
                )
            self.sums[name].add_(value, alpha=samples)

    def means(self, when: str) -> dict[str, float]:
        """Return the averages: the one moment that waits for the device."""
        if not self.samples:
            raise ValueError(
                f"no batch came {when}: expected at least one; a generator can be "
                "read only once, a DataLoader again and again"
            )
        sums = torch.stack(list(self.sums.values())).tolist()
        means = {
            name: value / self.samples
            for name, value in zip(self.sums, sums, strict=True)
        }
        if not math.isfinite(means["loss"]):
            raise FloatingPointError(
                f"the loss is {means['loss']} {when}: expected a finite number; lower "
                "the learning rate, look for nan or huge values in inputs and labels"
            )
        for name in self.metrics.keys() - self.sums.keys():
            pooled = self.metrics[name].compute()  # type: ignore[attr-defined]
            means[name] = float(pooled)
        return {name: means[name] for name in ("loss", *self.metrics)}


# Descent


def trace_descent(
    function: Callable[[Tensor], Tensor],
    start: Sequence[float],
    *,
    lr: float,
    momentum: float = 0.0,
    steps: int = 30,
) -> Tensor:
    """Return each place that gradient descent visits on a function.

    Nothing stops a descent that diverges: its places are as far away as they are.

    Args:
        function: Takes a place, shape `(parameters,)`; returns one number, shape `()`.
        start: Where to begin, one number for each parameter.
        lr: The learning rate.
        momentum: The share of each step that goes on into the next, 0 to below 1.
        steps: How many steps to take, 1 or more.

    Returns:
        The start and the place after each step, shape `(steps + 1, parameters)`.

    Raises:
        ValueError: If `steps` is below 1.

    Examples:
        >>> places = trace_descent(lambda x: (x**2).sum(), [1.0], lr=0.25, steps=3)
        >>> places.flatten().tolist()
        [1.0, 0.5, 0.25, 0.125]
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}: expected 1 or more")
    place = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([place], lr=lr, momentum=momentum)
    places = [place.detach().clone()]
    for _ in range(steps):
        optimizer.zero_grad()
        function(place).backward()
        optimizer.step()
        places.append(place.detach().clone())
    return torch.stack(places)


# Training


@dataclass(repr=False)
class History:
    """What each epoch of a training brought: one list of numbers per name.

    Args:
        train: For `"loss"` and each metric, one average per epoch, taken while the
            weights were changing.
        validation: The same after each epoch, with the weights at rest; empty where
            no validation data were given.

    Examples:
        >>> history = History({"loss": [0.5, 0.25]}, {"loss": [0.6, 0.3]})
        >>> history.epochs
        2
        >>> history
        History(2 epochs, train loss 0.25, validation loss 0.3)
    """

    train: dict[str, list[float]] = field(default_factory=dict)
    validation: dict[str, list[float]] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Return how many epochs were trained."""
        return len(self.train.get("loss", []))

    def __repr__(self) -> str:
        """Return the number of epochs and what the last of them brought."""
        parts = [f"{self.epochs} epochs"]
        parts += [f"train {name} {seen[-1]:.4g}" for name, seen in self.train.items()]
        for name, seen in self.validation.items():
            parts.append(f"validation {name} {seen[-1]:.4g}")
        return f"History({', '.join(parts)})"


def train_step(
    model: nn.Module,
    batch: Pair,
    loss_function: Function,
    optimizer: torch.optim.Optimizer,
) -> Pair:
    """Return predictions and loss of one batch, after one step downhill.

    These are the five lines of [Train, line by
    line](../lessons/workflow.md#train-line-by-line). A model in eval mode is put in
    training mode.

    Args:
        model: The model to improve.
        batch: `(inputs, labels)` on the model's device, shapes `(batch, ...)`.
        loss_function: Takes `(predictions, labels)` and returns one number.
        optimizer: Holds the model's parameters.

    Returns:
        Predictions, shape `(batch, ...)`, and loss, shape `()`, as they were before
        the step; both detached and still on the device.

    Raises:
        TypeError: If the model returns anything but one tensor.
        ValueError: If predictions and labels do not fit each other, the batch is
            empty, or the loss is not one number with a gradient.

    Examples:
        >>> model = nn.Linear(1, 1)
        >>> _ = nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
        >>> batch = torch.tensor([[1.0]]), torch.tensor([[2.0]])
        >>> predictions, loss = train_step(model, batch, nn.MSELoss(), optimizer)
        >>> loss.item(), model.weight.item(), model.bias.item()
        (4.0, 1.0, 1.0)
    """
    if not model.training:
        model.train()
    predictions, loss = _forward(model, batch, loss_function)
    if not loss.requires_grad:
        raise ValueError(
            "the loss has no gradient: expected a path from the loss to a parameter; "
            "unfreeze one, keep detach, item, argmax and round out of model and loss"
        )
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return predictions.detach(), loss.detach()


def test_step(model: nn.Module, batch: Pair, loss_function: Function) -> Pair:
    """Return predictions and loss of one batch, and leave the model as it was.

    Args:
        model: The model to test, in either mode.
        batch: `(inputs, labels)` on the model's device, shapes `(batch, ...)`.
        loss_function: Takes `(predictions, labels)` and returns one number.

    Returns:
        Predictions, shape `(batch, ...)`, and loss, shape `()`, on the device.

    Raises:
        TypeError: If the model returns anything but one tensor.
        ValueError: If predictions and labels do not fit each other, the batch is
            empty, or the loss is not one number.

    Examples:
        >>> batch = torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [4.0]])
        >>> predictions, loss = test_step(nn.Identity(), batch, nn.L1Loss())
        >>> loss.item()
        1.0
    """
    with _evaluating(model), torch.inference_mode():
        return _forward(model, batch, loss_function)


test_step.__test__ = False  # type: ignore[attr-defined]  # pytest: this is no test


def _check_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Refuse a training in which no step could change the model."""
    trainable = {id(p) for p in model.parameters() if p.requires_grad}
    if not trainable:
        raise ValueError(
            "no parameter of the model requires a gradient: nothing would be learned; "
            "unfreeze a layer with layer.requires_grad_(True)"
        )
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not trainable & held:
        raise ValueError(
            "the optimizer holds no trainable parameter of this model: it was made for "
            "another; make a new one from model.parameters()"
        )


def train(
    model: nn.Module,
    data: Data,
    loss_function: Function,
    optimizer: torch.optim.Optimizer,
    *,
    epochs: int = 1,
    validation: Data | None = None,
    metrics: Mapping[str, Function] | None = None,
    after_epoch: Callable[[History], object] | None = None,
) -> History:
    """Train a model in place and return what every epoch brought.

    Each batch is moved to the model's device; losses and metrics stay there and are
    read once per epoch. Both are averaged over samples, so that a smaller last batch
    counts for what it is. The model stays in training mode.

    Args:
        model: The model to improve.
        data: A `DataLoader` or other batches `(inputs, labels)` to read once per
            epoch, or a pair of tensors, which is one full batch.
        loss_function: Takes `(predictions, labels)` and returns one number: a mean
            over the batch, or a sum where its `reduction` says so.
        optimizer: Holds the model's parameters.
        epochs: How often to go through the data, 1 or more.
        validation: Data like `data`, to evaluate on after each epoch.
        metrics: Names and functions `(predictions, labels)` that give one number, a
            mean over the batch; or torchmetrics objects, which pool the batches in
            their own way, as recall and F1 need it.
        after_epoch: Called with the history after each epoch, for a scheduler, a
            checkpoint or a stop: if it returns `True`, training ends.

    Returns:
        The averages of each epoch.

    Raises:
        TypeError: If the data do not consist of pairs of tensors, or the model returns
            anything but one tensor.
        ValueError: If there is nothing to train, no data, the optimizer belongs to
            another model, or labels do not fit the predictions.
        FloatingPointError: If the average loss of an epoch is not a finite number.

    Examples:
        >>> inputs = torch.tensor([[0.0], [1.0], [2.0]])
        >>> model = nn.Linear(1, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        >>> history = train(
        ...     model, (inputs, 3 * inputs), nn.MSELoss(), optimizer, epochs=200
        ... )
        >>> history.epochs, history.train["loss"][-1] < 0.001
        (200, True)
        >>> round(model.weight.item(), 2)
        3.0
    """
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}: expected 1 or more")
    _check_optimizer(model, optimizer)
    device = _device_of(model)
    history = History()
    length = _count_batches(data)
    with progress_bar(length and length * epochs, description="train") as bar:
        for epoch in range(1, epochs + 1):
            tally = _Tally(loss_function, metrics, device)
            for batch in _batches(data, device):
                tally.add(batch, *train_step(model, batch, loss_function, optimizer))
                bar.update()
            means = tally.means(f"in training epoch {epoch}")
            for name, mean in means.items():
                history.train.setdefault(name, []).append(mean)
            bar.set_postfix(means, refresh=False)
            if validation is not None:
                means = evaluate(model, validation, loss_function, metrics=metrics)
                for name, mean in means.items():
                    history.validation.setdefault(name, []).append(mean)
            if after_epoch is not None and after_epoch(history) is True:
                break
    return history


def evaluate(
    model: nn.Module,
    data: Data,
    loss_function: Function,
    *,
    metrics: Mapping[str, Function] | None = None,
) -> dict[str, float]:
    """Return the average loss and metrics of a model over data.

    Runs in eval mode without gradients, then puts each layer back in the mode it was
    in. Averages are over samples, as in `train`.

    Args:
        model: The model to judge.
        data: A `DataLoader` or other batches `(inputs, labels)`, or a pair of tensors.
        loss_function: Takes `(predictions, labels)` and returns one number.
        metrics: Names and functions `(predictions, labels)` that give one number, or
            torchmetrics objects.

    Returns:
        `"loss"` and each metric by name.

    Raises:
        TypeError: If the data do not consist of pairs of tensors, or the model returns
            anything but one tensor.
        ValueError: If there are no data or labels do not fit the predictions.
        FloatingPointError: If the average loss is not a finite number.

    Examples:
        Two batches of different size: the mean is that of all three errors.

        >>> batches = [
        ...     (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0])),
        ...     (torch.tensor([3.0]), torch.tensor([6.0])),
        ... ]
        >>> evaluate(nn.Identity(), batches, nn.L1Loss())
        {'loss': 1.0}
    """
    device = _device_of(model)
    tally = _Tally(loss_function, metrics, device)
    with _evaluating(model), torch.inference_mode():
        for batch in _batches(data, device):
            tally.add(batch, *_forward(model, batch, loss_function))
    return tally.means("in evaluation")


def predict(model: nn.Module, data: Tensor | Data) -> Tensor:
    """Return what a model answers, in eval mode and on the model's device.

    Args:
        model: The model to ask; each layer keeps its mode.
        data: Inputs, shape `(batch, ...)`, or data as for `evaluate`, whose labels
            are not looked at.

    Returns:
        Predictions, shape `(samples, ...)`, without a gradient.

    Raises:
        TypeError: If the data are neither a tensor nor pairs of tensors.
        ValueError: If no batch came.

    Examples:
        >>> model = nn.Dropout(0.5)
        >>> predict(model, torch.tensor([1.0, 2.0])).tolist()
        [1.0, 2.0]
        >>> model.training
        True
    """
    device = _device_of(model)
    if isinstance(data, Tensor):
        batches: Iterable[Tensor] = [data.to(device)]
    else:
        batches = (inputs for inputs, _ in _batches(data, device))
    # Not inference_mode: a caller may want to go on computing with the answers.
    with _evaluating(model), torch.no_grad():
        answers = [model(inputs) for inputs in batches]
    if not answers:
        raise ValueError("no batch came: expected at least one")
    return answers[0] if len(answers) == 1 else torch.cat(answers)


def progress_bar(total: int | None, *, description: str) -> Any:
    """Return a progress bar that is silent in CI and where no terminal is.

    Args:
        total: How many steps there will be, or `None` if that is not known.
        description: What is going on, in a word.

    Returns:
        A tqdm bar: use it in `with`, call `update()` after each step.

    Examples:
        >>> with progress_bar(3, description="train") as bar:
        ...     for _ in range(3):
        ...         _ = bar.update()
    """
    from tqdm import tqdm

    # None: tqdm looks for a terminal itself.
    disable = True if os.environ.get("CI") else None
    return tqdm(total=total, desc=description, disable=disable)


# Pictures


def plot_predictions(
    train_pair: Pair, test_pair: Pair, predictions: Tensor | None = None
) -> "Axes":
    """Return a picture of data with one feature, and of what a model says of them.

    Args:
        train_pair: Training inputs and labels, shapes `(samples, 1)` or `(samples,)`.
        test_pair: Test inputs and labels, the same.
        predictions: What the model answers to the test inputs, if there is a model.

    Returns:
        The axes drawn on, for a title or limits.

    Raises:
        ValueError: If inputs and values to draw differ in number, as they do when
            there are several features.

    Examples:
        >>> inputs = torch.tensor([[0.0], [1.0]])
        >>> axes = plot_predictions((inputs, inputs), (inputs + 2, inputs + 2))
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['training data', 'test data']
    """
    import matplotlib.pyplot as plt

    parts = [("training data", *train_pair, "o"), ("test data", *test_pair, "s")]
    if predictions is not None:
        parts.append(("predictions", test_pair[0], predictions, "x"))
    _, axes = plt.subplots()
    for name, inputs, values, marker in parts:
        if inputs.numel() != values.numel():
            raise ValueError(
                f"{name}: inputs {tuple(inputs.shape)}, values {tuple(values.shape)}; "
                "expected one feature and one value per sample"
            )
        # Matplotlib reads only CPU tensors that record no gradient.
        across, up = (tensor.detach().cpu().flatten() for tensor in (inputs, values))
        axes.scatter(across, up, s=18, marker=marker, label=name)
    axes.set(xlabel="input", ylabel="label")
    axes.legend()
    return axes


def plot_history(history: History) -> "Figure":
    """Return the learning curves of a training, one panel for the loss and each metric.

    Args:
        history: What `train` returned.

    Returns:
        The figure; its `axes` are the panels.

    Raises:
        ValueError: If the history has no epoch.

    Examples:
        >>> figure = plot_history(History({"loss": [0.5, 0.2]}, {"loss": [0.6, 0.3]}))
        >>> [panel.get_ylabel() for panel in figure.axes]
        ['loss']
    """
    import matplotlib.pyplot as plt

    if not history.epochs:
        raise ValueError("the history is empty: expected an epoch or more; call train")
    epochs = range(1, history.epochs + 1)
    names = list(history.train)
    size = (6.4 if len(names) == 1 else 4.2 * len(names), 3.6)
    figure, panels = plt.subplots(
        1, len(names), squeeze=False, layout="constrained", figsize=size
    )
    for name, panel in zip(names, panels.flat, strict=True):
        panel.plot(epochs, history.train[name], label="train")
        if name in history.validation:
            panel.plot(epochs, history.validation[name], "--", label="validation")
        panel.set(xlabel="epoch", ylabel=name)
        panel.legend()
    return figure


def plot_descent(
    function: Callable[[Tensor], Tensor],
    places: Tensor,
    *,
    window: tuple[tuple[float, float], tuple[float, float]],
    axes: "Axes | None" = None,
) -> "Axes":
    """Return a map of a function of two numbers, and a descent on it.

    Along each line the function has one height; from line to line it doubles.

    Args:
        function: Takes a place, shape `(2,)`; returns one number above 0, shape `()`.
        places: What `trace_descent` returned, shape `(steps + 1, 2)`.
        window: The part of the plane to draw: first from and to, then second.
        axes: Where to draw; without them, on a new figure.

    Returns:
        The axes drawn on.

    Raises:
        ValueError: If the places are not in a plane.

    Examples:
        >>> def bowl(place):
        ...     return (place**2).sum()
        >>> places = trace_descent(bowl, [1.0, 0.5], lr=0.25, steps=3)
        >>> axes = plot_descent(bowl, places, window=((-1, 1), (-1, 1)))
        >>> len(axes.lines[0].get_xdata())
        4
    """
    import matplotlib.pyplot as plt

    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(
            f"places {tuple(places.shape)}: expected (steps + 1, 2); a map has two "
            "directions"
        )
    if axes is None:
        _, axes = plt.subplots(figsize=(4.6, 4.2))
    sides = [torch.linspace(*side, 48, device=places.device) for side in window]
    across, up = torch.meshgrid(*sides, indexing="xy")
    grid = torch.stack([across.flatten(), up.flatten()], dim=1)  # (2304, 2)
    heights = torch.stack([function(place) for place in grid]).reshape(48, 48)
    levels = [heights.max().item() / 2**power for power in range(8, 0, -1)]
    drawn = (part.cpu().numpy() for part in (across, up, heights))
    axes.contour(*drawn, levels=levels, colors="C2", linewidths=0.8, alpha=0.7)
    axes.plot(*places.cpu().numpy().T, ".-", color="C1", linewidth=1, markersize=5)
    axes.set(xlim=window[0], ylim=window[1])
    return axes


def make_frames(count: int, *, across: int) -> "list[Axes]":
    """Return axes in a grid of equal cells, so that a cell can be cut out.

    For what changes with one setting: all its pictures side by side, one in each cell.

    Args:
        count: How many axes, 1 or more.
        across: How many stand side by side, 1 or more.

    Returns:
        The axes, row by row.

    Raises:
        ValueError: If there is not one of them, or not one in a row.

    Examples:
        >>> frames = make_frames(3, across=2)
        >>> len(frames), frames[0].figure.get_size_inches().tolist()
        (3, [6.8, 5.4])
    """
    import matplotlib.pyplot as plt

    if count < 1 or across < 1:
        raise ValueError(f"{count} axes, {across} across: expected 1 or more of both")
    down = math.ceil(count / across)
    # A layout of matplotlib's would make cells as wide as their labels ask for.
    figure = plt.figure(figsize=(3.4 * across, 2.7 * down), layout="none")
    frames = []
    for row, column in (divmod(number, across) for number in range(count)):
        corner = ((column + 0.2) / across, 1 - (row + 0.8) / down)
        frames.append(figure.add_axes((*corner, 0.73 / across, 0.66 / down)))
    return frames


# Weights


def save_weights(model: nn.Module, path: str | Path) -> Path:
    """Save the parameters and buffers of a model, and return the file's path.

    The file appears in one move once it is complete: an interrupted save leaves the
    previous file as it was. Folders that are missing are made.

    Args:
        model: The model; its class is not saved.
        path: The file, by custom with the ending `.pth` or `.pt`.

    Returns:
        The path of the file.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "models" / "line.pth"
        ...     path = save_weights(nn.Linear(1, 1), path)
        ...     weights = torch.load(path, weights_only=True)
        >>> path.name, sorted(weights)
        ('line.pth', ['bias', 'weight'])
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder: only within one file system is a move all or nothing.
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            torch.save(model.state_dict(), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def load_weights(model: nn.Module, path: str | Path) -> nn.Module:
    """Load saved weights into a model, on whatever device it is, and return it.

    Reads weights only, never code, and checks that each byte is as it was saved. A
    file that is refused leaves the model unchanged.

    Args:
        model: A new model, built as it was when the weights were saved.
        path: A file written by `save_weights`, or by `torch.save` of a `state_dict`.

    Returns:
        The same model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, holds more than weights, or its names or
            shapes do not fit the model.

    Examples:
        >>> import tempfile
        >>> model, copy = nn.Linear(2, 1), nn.Linear(2, 1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = load_weights(copy, save_weights(model, Path(folder) / "model.pth"))
        >>> torch.equal(model.weight, copy.weight)
        True
    """
    saved = _read_weights(Path(path))
    own = model.state_dict()
    complaints = [f"missing {name!r}" for name in own if name not in saved]
    complaints += [f"unexpected {name!r}" for name in saved if name not in own]
    for name in saved.keys() & own.keys():
        found, wanted = saved[name], own[name]
        if nn.parameter.is_lazy(wanted) or not isinstance(found, Tensor):
            continue
        if found.shape != wanted.shape:
            complaints.append(
                f"{name!r} is {tuple(found.shape)} in the file, "
                f"{tuple(wanted.shape)} in the model"
            )
    if complaints:
        more = f" and {len(complaints) - 3} more" if len(complaints) > 3 else ""
        raise ValueError(
            f"{path} does not fit this model: {'; '.join(complaints[:3])}{more}; build "
            "the model as it was when its weights were saved"
        )
    model.load_state_dict(saved)
    return model


def _read_weights(path: Path) -> dict[str, Any]:
    """Return what a file of weights holds, or say why it cannot be read."""
    if not path.is_file():
        raise FileNotFoundError(
            f"no file at {path}: expected weights; write them with save_weights"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            # torch.load does not compare checksums: a flipped bit would go unseen.
            damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"wrong checksum in {damaged}")
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} holds more than weights (a whole model?), and loading that can "
            "run code: expected a state_dict; save with save_weights(model, path)"
        ) from error
    except Exception as error:
        raise ValueError(
            f"{path} cannot be read as weights ({path.stat().st_size} bytes; {error}): "
            "it is cut short, damaged or of another kind; save or download it again"
        ) from error
    if not isinstance(saved, dict):
        raise ValueError(
            f"{path} holds {_describe(saved)}: expected the state_dict of a model; "
            "save with save_weights(model, path)"
        )
    return saved
