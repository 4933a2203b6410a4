"""Look over a program before its first training, for mistakes that raise no error.

One step is done on a copy. What it shows, with the caller's numbers, leads to the entry
of the error index that explains it.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dlguide.workflow import _batches, _describe, _device_of

__all__ = ["Finding", "preflight"]

Batch: TypeAlias = tuple[Tensor, Tensor]

_BINARY = functional.binary_cross_entropy_with_logits
_OF_CLASSES = {functional.cross_entropy, functional.nll_loss}
_OF_LOGITS = {functional.cross_entropy, _BINARY}
_ELEMENTWISE = {
    functional.huber_loss,
    functional.kl_div,
    functional.l1_loss,
    functional.mse_loss,
    functional.poisson_nll_loss,
    functional.smooth_l1_loss,
}
_LOSSES = _OF_CLASSES | _OF_LOGITS | _ELEMENTWISE
_DIFFERENCES = {torch.sub, Tensor.sub, Tensor.__sub__, Tensor.__rsub__}

# What autograd calls steps that change shape or type, but no value.
_SHAPES_ONLY = {
    *("Alias", "AsStrided", "Clone", "Permute", "ReshapeAlias", "Select", "Slice"),
    *("Squeeze", "T", "ToCopy", "Transpose", "UnsafeView", "Unsqueeze", "View"),
}
_ACT_DIFFERENTLY = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)

# Data that are not centred leave half of a fresh layer at 0, and it still learns.
_DEAD_SHARE = 0.9
_ENOUGH_TO_CALL_DEAD = 8


@dataclass(frozen=True)
class Finding:
    """One mistake that was seen.

    Args:
        entry: The entry of the error index that explains it.
        words: What was seen, with its numbers, and what to do.

    Examples:
        >>> finding = Finding("silent-dead-relu", "9 of 10 units are 0")
        >>> finding.address
        'errors/silent/#silent-dead-relu'
        >>> print(finding)
        9 of 10 units are 0; see errors/silent/#silent-dead-relu
    """

    entry: str
    words: str

    @property
    def address(self) -> str:
        """Return where the entry is on the site."""
        family = self.entry.partition("-")[0]
        return f"errors/{family}/#{self.entry}"

    def __str__(self) -> str:
        return f"{self.words}; see {self.address}"


def preflight(
    model: nn.Module,
    batch: Batch,
    loss_function: Callable[[Tensor, Tensor], Any],
    optimizer: torch.optim.Optimizer,
    *,
    test_batch: Batch | None = None,
) -> list[Finding]:
    """Return the silent mistakes that one step on a copy of the model shows.

    Model, optimizer and PyTorch's random state are afterwards as they were. An error
    of the model or the loss comes through as it is. No finding is no proof: the check
    sees one batch, and not your loop; for that there is `overfit_one_batch`.

    Args:
        model: The model as it is about to be trained, on any device.
        batch: `(inputs, labels)` to train on, 8 samples or more; is moved to the
            model's device.
        loss_function: Takes `(predictions, labels)`.
        optimizer: The one that is to train the model; only looked at.
        test_batch: `(inputs, labels)` to test on, to be compared with the batch.

    Returns:
        The findings; empty if nothing was found.

    Raises:
        TypeError: If a batch is not a pair of tensors.

    Examples:
        >>> model = nn.Linear(3, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> batch = torch.rand(8, 3), torch.rand(8)
        >>> for finding in preflight(model, batch, nn.MSELoss(), optimizer):
        ...     print(finding.entry)
        silent-broadcast-loss
        >>> batch = batch[0], batch[1].unsqueeze(1)
        >>> preflight(model, batch, nn.MSELoss(), optimizer)
        []

    Source:
        A. Karpathy, [A recipe for training neural
        networks](https://karpathy.github.io/2019/04/25/recipe/), 2019.
    """
    step = _take_dry_step(model, batch, loss_function)
    step.held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if test_batch is not None:
        step.test_batch = next(_batches([test_batch], torch.device("cpu")))
    found = [finding for detect in _DETECTORS for finding in detect(step)]
    return list(dict.fromkeys(found))  # A loss called twice may say a thing twice.


# The dry step


@dataclass(frozen=True)
class _Call:
    """A loss, or a difference, that was taken inside the caller's loss function."""

    function: Any
    inputs: Tensor
    targets: Tensor
    ignore_index: int = -100

    @property
    def has_class_numbers(self) -> bool:
        """Return whether the targets are one class number each."""
        several = self.function in _OF_CLASSES
        return several and self.targets.ndim == self.inputs.ndim - 1

    @property
    def classes(self) -> int:
        """Return the size of `(batch, classes, ...)` or `(classes,)`."""
        return self.inputs.shape[min(1, self.inputs.ndim - 1)]


@dataclass
class _Step:
    """All that the detectors look at; model and parameters are the caller's own."""

    model: nn.Module
    batch: Batch
    calls: list[_Call] = field(default_factory=list)
    loss: Any = None  # None if it would have raised
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    zeros: dict[str, tuple[int, int]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    test_batch: Batch | None = None

    @property
    def trainable(self) -> dict[str, nn.Parameter]:
        """Return the parameters that require a gradient, by name."""
        named = self.model.named_parameters()
        return {name: parameter for name, parameter in named if parameter.requires_grad}


class _LossWouldRaiseError(Exception):
    """The labels do not fit, and a detector knows why."""


class _Watch(TorchFunctionMode):
    """Note the losses that are taken, however deep in the caller's function."""

    def __init__(self, predictions: object) -> None:
        super().__init__()
        self.predictions = predictions
        self.calls: list[_Call] = []

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in _LOSSES:
            self._note_loss(func, args, kwargs)
        elif func in _DIFFERENCES:
            self._note_difference(func, args)
        return func(*args, **kwargs)

    def _note_loss(self, function: Any, args: Any, kwargs: dict[str, Any]) -> None:
        given = inspect.signature(function).bind(*args, **kwargs).arguments
        match given["input"], given["target"]:
            case Tensor() as inputs, Tensor() as targets:
                ignored = given.get("ignore_index", -100)
                call = _Call(function, inputs, targets, ignored)
            case _:
                return  # The loss itself says it best.
        self.calls.append(call)
        # Before the loss: on a GPU, a wrong label breaks the whole session.
        if _has_wrong_type(call) or len(_labels_out_of_range(call)):
            raise _LossWouldRaiseError

    def _note_difference(self, function: Any, args: tuple[Any, ...]) -> None:
        match args:
            case (Tensor() as ours, Tensor() as other) if ours is self.predictions:
                pass
            case (Tensor() as other, Tensor() as ours) if ours is self.predictions:
                pass
            case _:
                return
        # With a gradient, it is no label: pairs of predictions may be compared.
        if not other.requires_grad:
            self.calls.append(_Call(function, ours, other))


def _take_dry_step(
    model: nn.Module, batch: Batch, loss_function: Callable[[Tensor, Tensor], Any]
) -> _Step:
    """Run model, loss and gradients on copies, and keep what is to be seen."""
    device = _device_of(model)
    inputs, labels = next(_batches([batch], device))
    step = _Step(model, (inputs, labels))
    devices = [] if device.type == "cpu" else [device]
    with (
        torch.random.fork_rng(devices, device_type=device.type),
        torch.enable_grad(),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        copy, loss_copy = _copy_of(model, loss_function)
        _count_zeros(copy, step.zeros)
        predictions = copy(inputs)
        with suppress(_LossWouldRaiseError), _Watch(predictions) as watch:
            step.calls = watch.calls
            step.loss = loss_copy(predictions, labels)
        step.gradients = _gradients(copy, step)
    return step


def _copy_of(model: nn.Module, loss_function: Any) -> tuple[nn.Module, Any]:
    """Copy both at once, so that a loss that holds the model holds the copy."""
    # A kept activation has a graph, and what has a graph refuses to be copied.
    kept = {
        id(value): value.detach().clone()
        for part in model.modules()
        for value in vars(part).values()
        if isinstance(value, Tensor) and not value.is_leaf
    }
    return deepcopy((model, loss_function), kept)


def _count_zeros(model: nn.Module, zeros: dict[str, tuple[int, int]]) -> None:
    """Let every ReLU note how many of its units are 0 for all samples."""
    for name, part in model.named_modules():
        if isinstance(part, nn.ReLU):

            def note(_: Any, __: Any, output: Tensor, name: str = name) -> None:
                if output.ndim > 1:
                    seen = (zeros.get(name, (0, 1)), _dead_units(output))
                    zeros[name] = max(seen, key=lambda counts: counts[0] / counts[1])

            part.register_forward_hook(note)


def _dead_units(output: Tensor) -> tuple[int, int]:
    """Return how many units are 0 everywhere, and how many there are."""
    alive = output.detach() != 0
    if alive.ndim > 3:  # (batch, channels, height, width): a channel is a unit
        alive = alive.flatten(2).any(dim=2)
    alive = alive.flatten(0, -2).any(dim=0)  # (units,)
    return int((~alive).sum()), alive.numel()


def _gradients(copy: nn.Module, step: _Step) -> dict[str, Tensor | None]:
    """Return the gradient of each parameter that requires one, without storing it."""
    named = {n: p for n, p in copy.named_parameters() if p.requires_grad}
    if not named or not _has_gradient(step.loss) or _has_double_targets(step):
        return {}
    # Not backward: a loss that knows the caller's own weights would write to them.
    grads = torch.autograd.grad(
        step.loss.sum(), list(named.values()), allow_unused=True
    )
    return dict(zip(named, grads, strict=True))


# What the detectors ask


def _has_gradient(loss: Any) -> bool:
    return isinstance(loss, Tensor) and loss.requires_grad


def _has_wrong_type(call: _Call) -> bool:
    whole = call.targets.dtype in (torch.int64, torch.uint8)
    return call.has_class_numbers and not whole


def _labels_out_of_range(call: _Call) -> Tensor:
    if not call.has_class_numbers:
        return call.targets.new_empty(0)
    labels = call.targets[call.targets != call.ignore_index]
    return labels[(labels < 0) | (labels >= call.classes)]


def _has_double_targets(step: _Step) -> bool:
    """Return whether only the targets are float64, and the loss because of them."""
    if any(p.dtype == torch.float64 for p in step.model.parameters()):
        return False
    doubles = [call.targets for call in step.calls if call.function in _LOSSES]
    doubles += [step.loss] if isinstance(step.loss, Tensor) else []
    return any(tensor.dtype == torch.float64 for tensor in doubles)


def _origin(tensor: Tensor) -> str:
    """Return the last step that made these values, as autograd names it: `Softmax`."""
    node, name = tensor.grad_fn, ""
    while node is not None:
        name = node.name().partition("Backward")[0]
        if name not in _SHAPES_ONLY:
            break
        node = node.next_functions[0][0]
    return name


def _are_probabilities(logits: Tensor) -> bool:
    """Return whether every row of `(batch, classes, ...)` sums to 1, without signs."""
    if logits.ndim < 2 or logits.shape[1] < 2 or bool((logits < 0).any()):
        return False
    sums = logits.sum(dim=1)
    return torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-3)


def _is_zero(gradient: Tensor | None) -> bool:
    if gradient is None:
        return True
    values = gradient.coalesce().values() if gradient.is_sparse else gradient
    return not bool(values.any())


def _is_frozen(part: nn.Module) -> bool:
    flags = [parameter.requires_grad for parameter in part.parameters()]
    return bool(flags) and not any(flags)


def _prints(batch: Batch, like: Batch) -> list[tuple[bytes, ...]]:
    """Return the bytes of each sample, in the types of another batch."""
    parts = []
    for part, model_part in zip(batch, like, strict=True):
        rows = part.detach().to("cpu", model_part.dtype).reshape(len(part), -1)
        parts.append([r.tobytes() for r in rows.contiguous().view(torch.uint8).numpy()])
    return list(zip(*parts, strict=True))


def _list(names: list[str]) -> str:
    """Return up to three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _span(tensor: Tensor) -> str:
    return f"{tensor.min().item():.3g} to {tensor.max().item():.3g}"


# The detectors


def _find_frozen_model(step: _Step) -> Iterator[Finding]:
    if not step.trainable:
        count = len(list(step.model.parameters()))
        words = (
            f"none of the model's {count} parameters requires a gradient: nothing "
            "would be learned; unfreeze a layer with layer.requires_grad_(True)"
        )
    elif step.loss is not None and not _has_gradient(step.loss):
        words = (
            f"the loss, {_describe(step.loss)}, has no gradient: keep detach, item, "
            "argmax, round and no_grad out of model and loss"
        )
    else:
        return
    yield Finding("autograd-no-grad-fn", words)


def _find_labels_out_of_range(step: _Step) -> Iterator[Finding]:
    for call in step.calls:
        wrong = _labels_out_of_range(call)
        if len(wrong) and not _has_wrong_type(call):
            yield Finding(
                "loss-target-out-of-bounds",
                f"{len(wrong)} of {call.targets.numel()} labels, such as "
                f"{wrong[0].item()}, are outside of 0 to {call.classes - 1}, the "
                f"classes of a model with {call.classes} outputs: count classes from "
                "0, give it an output for each, or name padding as ignore_index",
            )


def _find_labels_of_wrong_type(step: _Step) -> Iterator[Finding]:
    for call in filter(_has_wrong_type, step.calls):
        yield Finding(
            "dtype-ce-target-float",
            f"the labels are {_describe(call.targets)}: class numbers must be int64; "
            "use labels.long()",
        )


def _find_double_loss(step: _Step) -> Iterator[Finding]:
    if _has_double_targets(step):
        yield Finding(
            "dtype-bce-double-target",
            f"labels are {_describe(step.batch[1])}, the loss is "
            f"{_describe(step.loss)}, and the model has no float64: make the labels "
            "float32 with labels.float()",
        )


def _find_broadcast(step: _Step) -> Iterator[Finding]:
    for call in step.calls:
        given, wanted = tuple(call.inputs.shape), tuple(call.targets.shape)
        if given == wanted or call.targets.numel() == 1:
            continue
        if call.function in _DIFFERENCES:
            # A difference with a smaller tensor, such as a mean, may be meant.
            larger = torch.broadcast_shapes(given, wanted).numel()
            if larger <= max(call.inputs.numel(), call.targets.numel()):
                continue
        elif call.function not in _ELEMENTWISE:
            continue
        both = tuple(torch.broadcast_shapes(given, wanted))
        same_count = call.inputs.numel() == call.targets.numel()
        yield Finding(
            "silent-broadcast-loss",
            f"predictions {given} and labels {wanted} are stretched to {both}, and the "
            "loss pairs wrong values: "
            + (f"use labels.reshape{given}" if same_count else "give both one shape"),
        )


def _find_loss_of_many(step: _Step) -> Iterator[Finding]:
    if isinstance(step.loss, Tensor) and step.loss.numel() != 1:
        yield Finding(
            "autograd-nonscalar-backward",
            f"the loss has {step.loss.numel()} numbers, shape "
            f"{tuple(step.loss.shape)}: use reduction='mean' or take the mean",
        )


def _find_loss_not_finite(step: _Step) -> Iterator[Finding]:
    if not isinstance(step.loss, Tensor) or bool(step.loss.isfinite().all()):
        return
    inputs, labels = (int((~part.isfinite()).sum()) for part in step.batch)
    advice = (
        "clean the data before training"
        if inputs or labels
        else "scale the inputs, and look for log, division or sqrt of 0"
    )
    yield Finding(
        "silent-lr-too-high",
        f"the loss is {step.loss.detach().sum().item()} before the first step, with "
        f"{inputs} values in the inputs and {labels} in the labels that are not "
        f"finite: {advice}",
    )


def _find_double_softmax(step: _Step) -> Iterator[Finding]:
    for call in step.calls:
        if call.function is not functional.cross_entropy:
            continue
        if _origin(call.inputs) == "Softmax" or _are_probabilities(call.inputs):
            yield Finding(
                "silent-double-softmax",
                f"cross-entropy gets probabilities, {_span(call.inputs)}, and has "
                "softmax inside: leave softmax out of the model",
            )


def _find_double_sigmoid(step: _Step) -> Iterator[Finding]:
    for call in step.calls:
        squeezed = {"Sigmoid"} | ({"Softmax"} if call.function is _BINARY else set())
        # By what made the values: those of a good model may lie in 0 to 1 by chance.
        if call.function in _OF_LOGITS and _origin(call.inputs) in squeezed:
            yield Finding(
                "silent-double-sigmoid",
                f"the loss gets probabilities, {_span(call.inputs)}, and expects "
                "logits: leave sigmoid and softmax out of the model",
            )


def _find_relu_on_logits(step: _Step) -> Iterator[Finding]:
    for call in step.calls:
        if call.function in _OF_LOGITS and _origin(call.inputs) == "Relu":
            zeros = (call.inputs == 0).float().mean().item()
            yield Finding(
                "silent-relu-on-logits",
                f"the logits come from a ReLU, which made {zeros:.0%} of them 0 and "
                "lets none be negative: leave it out after the last layer",
            )


def _find_eval_mode(step: _Step) -> Iterator[Finding]:
    parts = dict(step.model.named_modules())
    if _is_frozen(step.model):
        return
    if not any(part.training for part in parts.values()):
        seen = (
            "the model is in eval mode: dropout is off, and batch norm does not learn"
        )
    else:
        asleep = [
            name
            for name, part in parts.items()
            if isinstance(part, _ACT_DIFFERENTLY)
            and not part.training
            and not _is_in_frozen_part(name, parts)
        ]
        if not asleep:
            return
        seen = f"{_list(asleep)}: in eval mode, though not in a frozen part"
    yield Finding("silent-no-train-again", f"{seen}; call model.train()")


def _is_in_frozen_part(name: str, parts: dict[str, nn.Module]) -> bool:
    """Return whether the module, or one that it is in, is meant to stay as it is."""
    steps = name.split(".")
    around = [".".join(steps[:end]) for end in range(1, len(steps) + 1)]
    return any(_is_frozen(parts[outer]) for outer in around)


def _find_stale_optimizer(step: _Step) -> Iterator[Finding]:
    missing = [n for n, p in step.trainable.items() if id(p) not in step.held]
    count = len(step.trainable)
    if not missing:
        return
    if len(missing) == count:
        words = (
            f"the optimizer holds none of the model's {count} trainable parameters: it "
            "was made for another model; make a new one from model.parameters()"
        )
    else:
        words = (
            f"the optimizer holds {count - len(missing)} of {count} trainable "
            f"parameters, and not {_list(missing)}: make a new one from "
            "model.parameters(), or freeze these with requires_grad_(False)"
        )
    yield Finding("silent-stale-optimizer", words)


def _find_no_gradient(step: _Step) -> Iterator[Finding]:
    unreached = [name for name, grad in step.gradients.items() if grad is None]
    if unreached:
        words = (
            f"no gradient reaches {len(unreached)} of {len(step.gradients)} "
            f"parameters, {_list(unreached)}: use the part in forward, without detach "
            "or no_grad, or leave it out"
        )
    elif step.gradients and all(map(_is_zero, step.gradients.values())):
        words = (
            f"all {len(step.gradients)} gradients are 0, nothing would be learned: "
            "is there one output for one class, a dead layer, or a loss that is 0?"
        )
    else:
        return
    yield Finding("silent-unused-layer", words)


def _find_dead_relu(step: _Step) -> Iterator[Finding]:
    samples = len(step.batch[0])
    for name, (dead, units) in step.zeros.items():
        if samples >= _ENOUGH_TO_CALL_DEAD and dead > _DEAD_SHARE * units:
            yield Finding(
                "silent-dead-relu",
                f"ReLU {name or 'itself'}: {dead} of {units} units are 0 for all "
                f"{samples} samples and get no gradient; scale the inputs, look at the "
                "weights and biases before it",
            )


def _find_shared_samples(step: _Step) -> Iterator[Finding]:
    if step.test_batch is None:
        return
    train = _prints(step.batch, step.batch)
    # Where most samples have a double in their own batch, equal ones are no leak.
    if 2 * len(set(train)) <= len(train):
        return
    test = _prints(step.test_batch, step.batch)
    shared = sum(sample in set(train) for sample in test)
    if shared:
        yield Finding(
            "silent-train-test-overlap",
            f"{shared} of {len(test)} test samples are in the training batch too, "
            "inputs and labels: split the data once, before making batches",
        )


_DETECTORS: tuple[Callable[[_Step], Iterator[Finding]], ...] = (
    _find_frozen_model,
    _find_labels_out_of_range,
    _find_labels_of_wrong_type,
    _find_double_loss,
    _find_broadcast,
    _find_loss_of_many,
    _find_loss_not_finite,
    _find_double_softmax,
    _find_double_sigmoid,
    _find_relu_on_logits,
    _find_eval_mode,
    _find_stale_optimizer,
    _find_no_gradient,
    _find_dead_relu,
    _find_shared_samples,
)
