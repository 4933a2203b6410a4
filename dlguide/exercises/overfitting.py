"""What checks the exercises of the lesson *Overfitting*.

Read the lesson: [Overfitting](../lessons/overfitting.md#exercises).
"""

import math
import statistics
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlguide.exercises.answers import Answer, ByHand, Exercises, Result, normal

__all__ = ["EXERCISES"]

EXERCISES = Exercises()


@EXERCISES.add("train_losses", "validation_losses")
def best_epoch_and_gap(answer: Answer) -> None:
    for learned, judged in (
        ([1.0, 0.6, 0.3, 0.1], [1.1, 0.8, 0.7, 0.9]),
        ([2.0, 1.5, 1.0], [1.9, 1.75, 1.5]),
        ([0.9, 0.5, 0.4, 0.2, 0.1], [0.8, 0.6, 0.9, 0.6, 0.7]),
    ):
        case = f"train_losses {learned} and validation_losses {judged}"
        result = answer(list(learned), list(judged), case=case)
        epoch, gap = result.parts("epoch", "gap")
        best = judged.index(min(judged))
        got = epoch.number()
        reason = ""
        if got == best:
            reason = ": epochs are counted from 1 on"
        elif got == len(judged) - judged[::-1].index(min(judged)):
            reason = ": of equal losses the earliest counts"
        message = f"epoch is {got:.4g}, expected {best + 1}{reason}."
        epoch.require(got == best + 1, message)
        expected = judged[best] - learned[best]
        got = gap.number()
        reason = ": how far validation is above training, in that epoch"
        message = f"gap is {got:.4g}, expected {expected:.4g}{reason}."
        gap.require(math.isclose(got, expected, abs_tol=1e-6), message)


@EXERCISES.add("losses", "patience")
def stop_epoch(answer: Answer) -> None:
    for losses, patience, expected, reason in (
        (
            [0.9, 0.7, 0.8, 0.75, 0.9, 0.6],
            3,
            5,
            "the best before is the 0.7 of epoch 2",
        ),
        ([0.9, 0.7, 0.8, 0.6, 0.7, 0.7, 0.5], 2, 6, "a new best begins the count anew"),
        ([0.9, 0.5, 0.6], 1, 3, "one epoch without a better loss is enough"),
        ([0.5, 0.5, 0.5, 0.4], 2, 3, "an equal loss is not better"),
        ([0.9, 0.8, 0.7], 2, 3, "it never stops early"),
        ([0.9, 0.6, 0.8], 2, 3, "it never stops early"),
        ([0.4, 0.6, 0.5, 0.45, 0.41, 0.3], 4, 5, "only the best counts"),
    ):
        case = f"losses {losses} and patience {patience}"
        result = answer(list(losses), patience, case=case)
        got = result.number()
        message = f"the result is {got:.4g}, expected {expected}: {reason}."
        result.require(got == expected, message)


@EXERCISES.add("ours", "base")
def gain_and_doubt(answer: Answer) -> None:
    for ours, base in (
        ([0.91, 0.9, 0.93, 0.92, 0.9], [0.87, 0.89, 0.86, 0.88, 0.87]),
        ([0.5, 0.7], [0.8, 0.75]),
        ([0.9, 0.8, 0.85, 0.95], [0.9, 0.8, 0.85, 0.9]),
    ):
        words = f"accuracies {ours} and {base}"
        result = answer(torch.tensor(ours), torch.tensor(base), case=words)
        gain, doubt = result.parts("gain", "doubt")
        expected = 100 * (statistics.mean(ours) - statistics.mean(base))
        _require_close(gain, expected, "the gain in points, ours minus base")
        variances = statistics.variance(ours) + statistics.variance(base)
        error = math.sqrt(variances / len(ours))
        got = doubt.number()
        reason = "two standard errors of the difference, in points"
        if math.isclose(got, 100 * error, rel_tol=1e-4):
            reason = "this is one standard error, two are asked for"
        elif math.isclose(got, 200 * error * len(ours) ** 0.5, rel_tol=1e-4):
            reason = "the mean of several runs is surer than one run"
        _require_close(doubt, 200 * error, reason)


def _require_close(result: Result, expected: float, reason: str) -> None:
    got = result.number()
    message = f"{result.subject} is {got:.4g}, expected {expected:.4g}: {reason}."
    close = math.isclose(got, expected, rel_tol=1e-4, abs_tol=1e-4)
    result.require(close, message)


@EXERCISES.add("loss", "weights", "strength")
def penalized_loss(answer: Answer) -> None:
    for shapes, strength in (([(3,)], 0.5), ([(2, 3), (2,)], 0.1), ([(4, 2)] * 3, 2.0)):
        weights = [
            normal(*shape, seed=seed).requires_grad_()
            for seed, shape in enumerate(shapes)
        ]
        loss = torch.stack([((one - 1) ** 2).sum() for one in weights]).sum()
        case = (
            f"loss {loss.item():.4g}, weights of shapes {shapes}, strength {strength}"
        )
        result = answer(loss, weights, strength, case=case)
        total = result.tensor((), why="one number, like the loss")
        squares = sum(float((one.detach() ** 2).sum()) for one in weights)
        penalty = total.item() - loss.item()
        expected = strength / 2 * squares
        message = f"what is added to the loss is {penalty:.4g}, expected {expected:.4g}"
        reason = _why_another_penalty(penalty, expected, strength, weights)
        close = math.isclose(penalty, expected, rel_tol=1e-3)
        result.require(close, f"{message}{reason}.")
        cut = "nothing leads back from the result to the weights: what cuts it off?"
        result.require(total.requires_grad, cut)
        slopes: Sequence[Tensor | None] = torch.autograd.grad(
            total, weights, allow_unused=True
        )
        for number, (slope, weight) in enumerate(zip(slopes, weights, strict=True)):
            right = 2 * (weight - 1) + strength * weight
            fine = slope is not None and torch.allclose(slope, right, atol=1e-4)
            message = (
                f"the gradient of weight {number} is not that of loss and penalty "
                "together: does the penalty see the weights themselves?"
            )
            result.require(fine, message)


def _why_another_penalty(
    penalty: float, expected: float, strength: float, weights: list[Tensor]
) -> str:
    norms = strength / 2 * sum(float(one.detach().norm()) for one in weights)
    absolute = strength / 2 * sum(float(one.detach().abs().sum()) for one in weights)
    if math.isclose(penalty, 2 * expected, rel_tol=1e-3):
        return ": half of the squares"
    if any(math.isclose(penalty, one, rel_tol=1e-3) for one in (norms, absolute)):
        return ": each number is squared"
    if math.isclose(penalty, -expected, rel_tol=1e-3):
        return ": a penalty makes the loss larger"
    return ": the squares of all numbers of all weights count"


@EXERCISES.add("inputs", "p", "training")
def drop_units(answer: Answer) -> None:
    inputs = normal(300, 200, seed=1).abs() + 0.5
    for p in (0.2, 0.5, 0.8):
        quiet = _by_hand(answer, "dropout", inputs, p, False)
        quiet.numbers(inputs, "outside of training nothing happens")
        result = _by_hand(answer, "dropout", inputs, p, True)
        outputs = result.tensor((300, 200), dtype=torch.float32).detach()
        dropped = outputs == 0
        _require_share(result, dropped, p)
        factors = (outputs / inputs)[~dropped]
        low, high = factors.min().item(), factors.max().item()
        scaled = f"{low:.4g}" if high - low < 1e-3 else f"{low:.4g} to {high:.4g}"
        message = (
            f"what is kept is multiplied by {scaled}, expected the one factor with "
            f"which the mean stays what it was: it is {inputs.mean().item():.3g} "
            f"before and {outputs.mean().item():.3g} after."
        )
        right = max(abs(low - 1 / (1 - p)), abs(high - 1 / (1 - p))) < 1e-3
        result.require(right, message)
        again = _by_hand(answer, "dropout", inputs, p, True)
        message = "two calls drop the same units: each draws anew, without a seed."
        same = torch.equal(again.tensor((300, 200)) == 0, dropped)
        again.require(not same, message)
    leaf = normal(4, 3, seed=2).requires_grad_()
    result = _by_hand(answer, "dropout", leaf, 0.5, True)
    message = "nothing leads back from the result to the inputs."
    result.require(result.tensor((4, 3)).requires_grad, message)


def _require_share(result: Result, dropped: Tensor, p: float) -> None:
    """Refuse a mask of the wrong share, or one that is not drawn for each unit."""
    for dim, name in ((0, "column"), (1, "row")):
        shares = dropped.float().mean(dim=dim)
        whole = shares.max().item() - shares.min().item() == 1
        message = f"each {name} is dropped as a whole, or kept: draw for every unit."
        result.require(not whole, message)
    share = dropped.float().mean().item()
    message = f"{share:.2f} of the units are 0, expected about {p}."
    result.require(abs(share - p) < 0.02, message)


@EXERCISES.add("logits", "labels", "smoothing")
def smoothed_loss(answer: Answer) -> None:
    for samples, classes, smoothing in ((4, 3, 0.1), (1, 5, 0.3), (6, 2, 0.0)):
        logits = normal(samples, classes, seed=classes).requires_grad_()
        labels = torch.arange(samples) % classes
        result = _by_hand(answer, "cross_entropy", logits, labels, smoothing)
        loss = result.tensor((), why="one number for the batch")
        expected = nn.functional.cross_entropy(
            logits, labels, label_smoothing=smoothing
        )
        result.numbers(expected, _why_another_loss(loss, logits, labels, smoothing))
        message = "nothing leads back from the result to the logits."
        result.require(loss.requires_grad, message)
    far = torch.tensor([[500.0, 0.0, -500.0], [0.0, 500.0, 0.0]])
    labels = torch.tensor([2, 1])
    case = "logits as large as 500 and smoothing 0.1"
    result = _by_hand(answer, "cross_entropy", far, labels, 0.1, case=case)
    expected = nn.functional.cross_entropy(far, labels, label_smoothing=0.1)
    limits = "no power of e may overflow, no logarithm may meet 0"
    result.numbers(expected, limits)


def _why_another_loss(
    loss: Tensor, logits: Tensor, labels: Tensor, smoothing: float
) -> str:
    samples, classes = logits.shape
    costs = -torch.log_softmax(logits, dim=1)
    true = costs[torch.arange(samples), labels]
    rest = (costs.sum(dim=1) - true) / (classes - 1)
    others_only = ((1 - smoothing) * true + smoothing * rest).mean()
    expected = nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing)
    if torch.allclose(loss, others_only, atol=1e-5):
        return "the true class gets its part of the smoothing, too"
    if torch.allclose(loss, true.mean(), atol=1e-5):
        return "this is the loss without smoothing"
    if torch.allclose(loss, samples * expected, atol=1e-4):
        return "the mean over the samples, not their sum"
    if torch.allclose(loss, expected / classes, atol=1e-5):
        return "the classes add up, only the samples are averaged"
    if torch.allclose(loss, -expected, atol=1e-5):
        return "a cost is never below 0"
    return "the mean cost of the smoothed labels"


def _by_hand(
    answer: Answer, word: str, *arguments: Tensor | float, case: str | None = None
) -> Result:
    with ByHand(word):
        return answer(*arguments, case=case)
