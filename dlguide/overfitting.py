"""Say what is wrong with a training, and stop it in time: the companion of Lesson 6.

The lesson is at [Overfitting](../lessons/overfitting.md).
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from dlguide.workflow import History, predict

__all__ = [
    "Augmented",
    "Diagnosis",
    "EarlyStopping",
    "OneBatch",
    "diagnose",
    "log_uniform",
    "overfit_one_batch",
    "random_shift",
]

Batch = tuple[Tensor, Tensor]


# Reading curves


@dataclass(frozen=True)
class Diagnosis:
    """What loss curves say.

    Args:
        name: `"good fit"`, `"overfit"`, `"underfit"`, `"learning rate too high"`, `"too
            good"` or `"cannot say"`.
        reason: What was seen, with its numbers, and what to do about it.

    Examples:
        >>> Diagnosis("underfit", "the training loss has not fallen").name
        'underfit'
    """

    name: str
    reason: str


def diagnose(history: History, *, classes: int | None = None) -> Diagnosis:
    """Return what the loss curves of a training say, and why.

    A curve shows symptoms, not causes: take the answer as the first thing to check. The
    thresholds are rules of thumb, and compare with the first epoch; with `classes` also
    with the loss of guessing.

    Args:
        history: What `train` returned, with validation losses.
        classes: How many classes cross-entropy tells apart, so that its loss of
            guessing, `log(classes)`, is known.

    Returns:
        The finding that fits; `"cannot say"` for fewer than 4 epochs or without
        validation.

    Examples:
        >>> falling = [1.0, 0.6, 0.4, 0.2, 0.1, 0.05]
        >>> rising = [1.0, 0.7, 0.6, 0.7, 0.9, 1.1]
        >>> diagnose(History({"loss": falling}, {"loss": rising})).name
        'overfit'
    """
    learned = history.train.get("loss", [])
    judged = history.validation.get("loss", [])
    if not all(map(math.isfinite, [*learned, *judged])):
        return Diagnosis(
            "learning rate too high",
            "a loss is not finite: lower the learning rate, and look for nan in the "
            "data",
        )
    if len(learned) < 4 or len(judged) != len(learned):
        return Diagnosis(
            "cannot say",
            f"{len(learned)} epochs, {len(judged)} of them validated: expected 4 or "
            "more, all with validation",
        )
    guess = math.log(classes) if classes else None
    found = (
        _too_wild(learned, judged)
        or _no_better_than_guessing(learned, guess)
        or _too_late(learned, judged)
        or _too_little(learned, judged, guess)
        or _too_good(learned, judged)
    )
    return found or Diagnosis(
        "good fit",
        f"the training loss fell to {learned[-1]:.3g}, the validation loss to "
        f"{judged[-1]:.3g}; its best is {min(judged):.3g}",
    )


def _too_wild(learned: list[float], judged: list[float]) -> Diagnosis | None:
    """Find losses that jump, end above their start, or exploded at first."""
    later = len(learned) // 4
    jumps = sum(
        b > 1.15 * a and b > 0.05 * learned[0] for a, b in pairwise(learned[later:])
    )
    leaps = sum(
        b > 1.5 * a and b > 0.05 * judged[0] for a, b in pairwise(judged[later:])
    )
    if learned[-1] > 1.05 * learned[0] or jumps > 0.25 * (len(learned) - later):
        return Diagnosis(
            "learning rate too high",
            f"the training loss goes from {learned[0]:.3g} to {learned[-1]:.3g} and "
            f"jumps up by more than 15 % {jumps} times: lower the learning rate",
        )
    if leaps > 0.25 * (len(judged) - later):
        return Diagnosis(
            "learning rate too high",
            f"the validation loss jumps up by more than half {leaps} times: lower the "
            "learning rate, or validate on more samples",
        )
    if learned[0] > 4 * learned[1] and min(*learned, *judged) > 0.8 * judged[0]:
        return Diagnosis(
            "learning rate too high",
            f"the training loss was {learned[0]:.3g} on average in the first epoch, "
            f"and nothing has fallen below {min(*learned, *judged):.3g} since: lower "
            "the learning rate",
        )
    return None


def _no_better_than_guessing(
    learned: list[float], guess: float | None
) -> Diagnosis | None:
    """Find a training loss that stays where guessing would be."""
    if guess is None or learned[-1] < 0.9 * guess:
        return None
    return Diagnosis(
        "underfit",
        f"the training loss ends at {learned[-1]:.3g}, and guessing costs {guess:.3g}: "
        "the model has learned nothing yet; look for a mistake with overfit_one_batch, "
        "train longer, or try another learning rate",
    )


def _too_late(learned: list[float], judged: list[float]) -> Diagnosis | None:
    """Find a validation loss that rose again, or stayed far behind."""
    best = min(range(len(judged)), key=judged.__getitem__)
    rose = judged[-1] > 1.1 * judged[best] and learned[-1] < 0.95 * learned[best]
    never_fell = judged[-1] > judged[0] and learned[-1] < 0.7 * learned[0]
    if (rose or never_fell) and judged[-1] > 1.2 * learned[-1]:
        return Diagnosis(
            "overfit",
            f"the validation loss was best in epoch {best + 1}, {judged[best]:.3g}, "
            f"and has risen to {judged[-1]:.3g} while the training loss fell to "
            f"{learned[-1]:.3g}: stop there, get more data, or regularise",
        )
    if judged[-1] > 2 * learned[-1] and judged[-1] > 0.1 * judged[0]:
        return Diagnosis(
            "overfit",
            f"the validation loss, {judged[-1]:.3g}, is more than twice the training "
            f"loss, {learned[-1]:.3g}: get more data, or regularise",
        )
    return None


def _too_little(
    learned: list[float], judged: list[float], guess: float | None
) -> Diagnosis | None:
    """Find a training loss that has fallen little, or still falls fast."""
    start = learned[0] if guess is None else max(learned[0], guess)
    if learned[-1] > 0.6 * start:
        return Diagnosis(
            "underfit",
            f"the training loss has fallen from {start:.3g} to {learned[-1]:.3g} "
            "only: train longer, raise the learning rate, take a larger model, or look "
            "for a mistake with overfit_one_batch",
        )
    last = max(2, len(learned) // 4)
    before = learned[-1 - last]
    still = judged[-1] <= 1.05 * min(judged)
    if still and learned[-1] < 0.8 * before and learned[-1] > 0.3 * start:
        return Diagnosis(
            "underfit",
            f"both losses still fall, the training loss from {before:.3g} to "
            f"{learned[-1]:.3g} in the last {last} epochs: train longer",
        )
    return None


def _too_good(learned: list[float], judged: list[float]) -> Diagnosis | None:
    """Find a validation loss that follows the training loss down to nothing."""
    if learned[-1] < 0.02 * learned[0] and judged[-1] < 1.2 * learned[-1]:
        return Diagnosis(
            "too good",
            f"the validation loss follows the training loss down to {judged[-1]:.3g}: "
            "either the problem is very easy, or the parts share samples; ask "
            "dlguide.datasets.find_overlap",
        )
    return None


# One batch


@dataclass(frozen=True)
class OneBatch:
    """What came of learning one batch by heart.

    Args:
        losses: The loss of each step.
        learned: Whether the loss fell to the target.
        findings: What is wrong, the surest first; empty if nothing was found.

    Examples:
        >>> OneBatch([0.7, 0.01], True, []).learned
        True
    """

    losses: list[float]
    learned: bool
    findings: list[str]


def overfit_one_batch(
    model: nn.Module,
    batch: Batch,
    step: Callable[[nn.Module, Batch], Tensor],
    *,
    steps: int = 200,
    target: float = 0.05,
) -> OneBatch:
    """Let a model learn one batch by heart, and say what is wrong if it cannot.

    Every model that works can do that. What is tested is your own step, with your loss
    and your optimizer. Afterwards weights and mode are as they were; the optimizer has
    moved on, so make a new one.

    Args:
        model: The model to test, with dropout set to 0 if it has any.
        batch: `(inputs, labels)` on the model's device, 2 to 32 samples.
        step: Does one step of your training on `(model, batch)`; returns the loss.
        steps: How often to do it.
        target: The loss that counts as learned.

    Returns:
        Losses, verdict and findings.

    Raises:
        ValueError: If `steps` is below 3.

    Examples:
        >>> model = nn.Linear(4, 2)
        >>> batch = torch.randn(4, 4), torch.tensor([0, 1, 1, 0])
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        >>> def step(model, batch):
        ...     loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        ...     loss.backward()  # zero_grad is missing
        ...     optimizer.step()
        ...     return loss
        >>> report = overfit_one_batch(model, batch, step)
        >>> report.findings[0]
        'gradients add up from step to step: call optimizer.zero_grad() before backward'
    """
    if steps < 3:
        raise ValueError(f"steps is {steps}: expected 3 or more")
    start, mode = deepcopy(model.state_dict()), model.training
    model.train()
    try:
        losses, piled_up = _first_steps(model, batch, step, start)
        if not losses:
            return OneBatch([], False, [_why_no_gradient(model)])
        losses += [step(model, batch).item() for _ in range(steps - len(losses))]
        learned = 0 <= losses[-1] < target
        findings = _still_parameters(model, start)
        if piled_up and not any("did not move" in found for found in findings):
            findings.insert(
                0,
                "gradients add up from step to step: call optimizer.zero_grad() before "
                "backward",
            )
        findings += _frozen_parameters(model)
        if not learned:
            findings += _look_at_outputs(model, batch, losses)
            findings += [] if findings else _look_at_losses(losses)
            findings += _active_dropout(model)
    finally:
        model.load_state_dict(start)
        model.zero_grad()
        model.train(mode)
    return OneBatch(losses, learned, findings)


def _first_steps(
    model: nn.Module,
    batch: Batch,
    step: Callable[[nn.Module, Batch], Tensor],
    start: dict[str, Tensor],
) -> tuple[list[float], bool]:
    """Do one step twice from the same weights; say whether the gradients add up.

    Without losses, the loss has no gradient at all.
    """
    model.zero_grad()
    try:
        loss = step(model, batch)
    except RuntimeError as error:
        if "does not require grad" not in str(error):
            raise
        return [], False
    first = _gradients(model)
    model.load_state_dict(start)
    losses = [loss.item(), step(model, batch).item()]
    second = _gradients(model)
    alike = [n for n in first if first[n].abs().sum() > 0 and n in second]
    doubled = [torch.allclose(second[n], 2 * first[n], rtol=0.05) for n in alike]
    return losses, bool(doubled) and all(doubled)


def _gradients(model: nn.Module) -> dict[str, Tensor]:
    return {
        n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None
    }


def _why_no_gradient(model: nn.Module) -> str:
    if not any(p.requires_grad for p in model.parameters()):
        return "the loss has no gradient: all parameters are frozen"
    return (
        "the loss has no gradient: detach, item, argmax or round cuts the loss off "
        "from the model"
    )


def _frozen_parameters(model: nn.Module) -> list[str]:
    names = [name for name, p in model.named_parameters() if not p.requires_grad]
    return (
        [f"frozen: {', '.join(names)}; unfreeze with requires_grad_()"] if names else []
    )


def _active_dropout(model: nn.Module) -> list[str]:
    kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
    if any(isinstance(part, kinds) and part.p > 0 for part in model.modules()):
        return ["dropout is active: set it to 0 for this check"]
    return []


def _still_parameters(model: nn.Module, start: dict[str, Tensor]) -> list[str]:
    """Say which parameters have not moved in all steps although they should have."""
    deaf, unheld = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad or not torch.equal(parameter, start[name]):
            continue
        if parameter.grad is None or not bool(parameter.grad.any()):
            deaf.append(name)
        else:
            unheld.append(name)
    if not unheld and len(deaf) == sum(p.requires_grad for p in model.parameters()):
        return [
            "no gradient is left on any parameter after a step: is backward() called, "
            "does zero_grad() come before it, and does no detach, item, argmax or "
            "round cut the loss off?"
        ]
    findings = []
    if unheld:
        findings.append(
            f"{', '.join(unheld)} did not move, though there is a gradient: is step() "
            "called, and was the optimizer made for this model?"
        )
    if deaf:
        findings.append(
            f"no gradient reaches {', '.join(deaf)}: is the part used in forward, cut "
            "off by detach, or dead?"
        )
    return findings


def _look_at_outputs(model: nn.Module, batch: Batch, losses: list[float]) -> list[str]:
    """Find a loss of the wrong sign, and outputs that are no logits."""
    if min(losses) < 0:
        return ["the loss is negative: check its sign; nll_loss needs log_softmax"]
    outputs, labels = predict(model, batch[0]), batch[1]
    several = outputs.ndim == 2 and outputs.shape[1] > 1
    if several and not labels.is_floating_point():
        # What is left of cross-entropy when the right class has probability 1.
        floor = math.log(1 + (outputs.shape[1] - 1) / math.e)
        positive = bool((outputs >= 0).all())
        sums = outputs.sum(dim=1)
        if positive and torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
            return [
                "the outputs are probabilities: leave softmax out of the model, the "
                "loss has it inside"
            ]
        if positive:
            return [
                "no output is ever negative: leave out the activation after the last "
                "layer"
            ]
    elif labels.shape == outputs.shape and bool(((labels == 0) | (labels == 1)).all()):
        # What is left of binary cross-entropy when the probabilities are right.
        floor = functional.binary_cross_entropy_with_logits(labels, labels).item()
        if bool(((outputs >= 0) & (outputs <= 1)).all()):
            return [
                "the outputs are probabilities: leave the sigmoid out of the model, "
                "BCEWithLogitsLoss has it inside"
            ]
    else:
        return []
    if abs(losses[-1] - floor) < 0.02 * floor:
        return [
            f"the loss stays at {losses[-1]:.3g}, the least that cross-entropy can "
            "give for probabilities: give it logits, leave out softmax or sigmoid"
        ]
    return []


def _look_at_losses(losses: list[float]) -> list[str]:
    """Guess from the losses alone whether the steps are too large or too small."""
    if not all(map(math.isfinite, losses)) or losses[-1] > losses[0]:
        return [
            f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}: lower the "
            "learning rate, and check the sign of the loss"
        ]
    if all(b <= a for a, b in pairwise(losses)):
        return [
            f"the loss falls steadily, but only from {losses[0]:.4g} to "
            f"{losses[-1]:.4g}: raise the learning rate or take more steps, unless the "
            "loss cannot reach 0, as with label smoothing"
        ]
    return [
        f"the loss stays at {losses[-1]:.3g}: do equal inputs have different labels, "
        "is the model too small, or the loss of another kind of problem?"
    ]


# Stopping


class EarlyStopping:
    """Stop when the validation loss no longer falls, and bring back the best weights.

    Give it to `train` as `after_epoch`; then call `restore`.

    Args:
        model: The model in training; its weights are copied whenever they are the best.
        patience: How many epochs without a better loss to wait for, 1 or more.
        least_change: How much lower a loss must be to count as better.

    Raises:
        ValueError: If `patience` is below 1.

    Examples:
        >>> model = nn.Linear(1, 1)
        >>> stopping = EarlyStopping(model, patience=2)
        >>> history = History({"loss": []}, {"loss": []})
        >>> for loss in (0.5, 0.3, 0.4, 0.6):
        ...     history.train["loss"].append(loss)
        ...     history.validation["loss"].append(loss)
        ...     stop = stopping(history)
        >>> stop, stopping.best_epoch, stopping.best_loss
        (True, 2, 0.3)

    Source:
        L. Prechelt, [Early stopping: but when?](https://doi.org/10.1007/3-540-49430-8_3),
        1998.
    """

    def __init__(
        self, model: nn.Module, *, patience: int = 5, least_change: float = 0.0
    ) -> None:
        if patience < 1:
            raise ValueError(f"patience is {patience}: expected 1 or more epochs")
        self.model = model
        self.patience = patience
        self.least_change = least_change
        self.best_loss = math.inf
        self.best_epoch = 0
        self._best: dict[str, Tensor] | None = None

    def __call__(self, history: History) -> bool:
        """Note the last epoch, and return whether to stop.

        Raises:
            ValueError: If the history has no validation loss.
        """
        losses = history.validation.get("loss", [])
        if not losses:
            raise ValueError(
                "the history has no validation loss: give train(…, validation=…)"
            )
        if losses[-1] < self.best_loss - self.least_change:
            self.best_loss, self.best_epoch = losses[-1], len(losses)
            # Copied: the state_dict itself would go on changing with the model.
            self._best = deepcopy(self.model.state_dict())
        return len(losses) - self.best_epoch >= self.patience

    def restore(self) -> nn.Module:
        """Put the best weights back into the model, and return it.

        Raises:
            ValueError: If there was no epoch yet.
        """
        if self._best is None:
            raise ValueError("there are no weights to restore: no epoch was noted yet")
        self.model.load_state_dict(self._best)
        return self.model


# Augmentation and search


class Augmented:
    """Batches whose inputs are changed at random, where they are, in every pass.

    Args:
        batches: What `train` takes: a loader of `(inputs, labels)`.
        transform: From inputs to inputs of the same shape, for the whole batch.

    Examples:
        >>> pair = torch.ones(2, 1), torch.tensor([0, 1])
        >>> batches = Augmented([pair], lambda inputs: 2 * inputs)
        >>> len(batches), next(iter(batches))[0].flatten().tolist()
        (1, [2.0, 2.0])
    """

    def __init__(
        self, batches: Iterable[Batch], transform: Callable[[Tensor], Tensor]
    ) -> None:
        self.batches = batches
        self.transform = transform

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.batches)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Batch]:
        """Yield each batch with its inputs changed."""
        for inputs, labels in self.batches:
            yield self.transform(inputs), labels


def random_shift(images: Tensor, pixels: int) -> Tensor:
    """Return pictures, each moved by a few pixels of its own, with black coming in.

    Draws from PyTorch's global generator on the CPU.

    Args:
        images: Shape `(batch, channels, height, width)`.
        pixels: How far at most, in each direction.

    Returns:
        Pictures of the same shape, on the same device.

    Examples:
        >>> random_shift(torch.rand(4, 1, 8, 8), 1).shape
        torch.Size([4, 1, 8, 8])
    """
    batch, _, height, width = images.shape
    moves = torch.randint(0, 2 * pixels + 1, (2, batch), device="cpu").to(images.device)
    wide = functional.pad(images, [pixels] * 4)
    rows = moves[0, :, None] + torch.arange(height, device=images.device)
    columns = moves[1, :, None] + torch.arange(width, device=images.device)
    samples = torch.arange(batch, device=images.device)
    moved = wide.permute(0, 2, 3, 1)[
        samples[:, None, None], rows[:, :, None], columns[:, None, :]
    ]
    return moved.permute(0, 3, 1, 2)  # (batch, channels, height, width)


def log_uniform(low: float, high: float, count: int, *, seed: int = 42) -> list[float]:
    """Return random numbers whose powers of ten are spread evenly.

    Learning rates are tried so: as many between 0.001 and 0.01 as between 0.01 and 0.1.

    Args:
        low: The least, above 0.
        high: The greatest, above `low`.
        count: How many.
        seed: The same seed gives the same numbers, so take another one for each
            setting that is drawn.

    Returns:
        The numbers, in the order drawn.

    Raises:
        ValueError: If the range is not above 0 and rising.

    Examples:
        >>> numbers = log_uniform(1e-4, 1e-1, 1000)
        >>> sum(number < 1e-3 for number in numbers) // 100  # about a third
        3

    Source:
        J. Bergstra, Y. Bengio, [Random search for hyper-parameter
        optimization](https://jmlr.org/papers/v13/bergstra12a.html), 2012.
    """
    if not 0 < low < high:
        raise ValueError(f"from {low} to {high}: expected 0 < low < high")
    chance = random.Random(seed)
    return [
        10 ** chance.uniform(math.log10(low), math.log10(high)) for _ in range(count)
    ]
