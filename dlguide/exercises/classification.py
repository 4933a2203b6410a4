"""What checks the exercises of the lesson *Classification*.

Read the lesson: [Classification](../lessons/classification.md#exercises).
"""

import torch
from torch import Tensor

from dlguide.exercises.answers import Answer, ByHand, Exercises, normal

__all__ = ["EXERCISES"]

EXERCISES = Exercises()


@EXERCISES.add("logits")
def read_logits(answer: Answer) -> None:
    for samples, classes in ((4, 3), (1, 5), (3, 3)):
        logits = 3 * normal(samples, classes, seed=classes)
        probabilities, labels = answer(logits).parts("probabilities", "labels")
        shares = probabilities.tensor((samples, classes))
        for row, total in enumerate(shares.sum(dim=1).tolist()):
            message = (
                f"row {row} of the probabilities adds up to {total:.2f}, expected 1."
            )
            probabilities.require(abs(total - 1) < 1e-4, message)
        powers = torch.exp(logits)
        probabilities.numbers(powers / powers.sum(dim=1, keepdim=True))
        labels.tensor((samples,), dtype=torch.int64, why="one for each sample")
        largest = torch.tensor([row.index(max(row)) for row in logits.tolist()])
        labels.numbers(largest, "the class with the largest logit")


@EXERCISES.add("batches")
def accuracy_of_batches(answer: Answer) -> None:
    for sizes, flips in (((4, 4, 1), (1, 2, 1)), ((3, 2), (0, 1)), ((5,), (2,))):
        batches = [
            _batch(size, wrong, seed=size)
            for size, wrong in zip(sizes, flips, strict=True)
        ]
        right = sum(sizes) - sum(flips)
        words = ", ".join(map(str, sizes))
        case = f"batches of {words} samples, {right} of {sum(sizes)} right"
        result = answer(batches, case=case)
        share = result.number()
        means = [1 - w / size for w, size in zip(flips, sizes, strict=True)]
        expected, of_batches = right / sum(sizes), sum(means) / len(means)
        message = f"the result is {share:.4f}, expected {expected:.4f}"
        if abs(share - of_batches) < 1e-4:
            message += ": a sample of a small batch counts more than another"
        result.require(abs(share - expected) < 1e-4, f"{message}.")


def _batch(samples: int, wrong: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """Return logits and labels, of which the first few do not fit."""
    logits = normal(samples, 3, seed=seed)
    labels = logits.argmax(dim=1)
    labels[:wrong] = (labels[:wrong] + 1) % 3
    return logits, labels


@EXERCISES.add("probabilities", "labels", "threshold")
def precision_and_recall(answer: Answer) -> None:
    probabilities = torch.tensor([0.9, 0.75, 0.6, 0.5, 0.25, 0.1])
    labels = torch.tensor([1, 0, 1, 1, 1, 0])
    cases = ((0.55, 2 / 3, 0.5), (0.5, 0.75, 0.75), (0.2, 0.8, 1.0), (0.95, 0.0, 0.0))
    for threshold, *expected in cases:
        result = answer(probabilities, labels, threshold)
        parts = result.parts("precision", "recall")
        values = [part.number() for part in parts]
        swapped = _close(values, expected[::-1]) and not _close(values, expected)
        result.require(not swapped, "the two have changed places.")
        for part, value, right in zip(parts, values, expected, strict=True):
            message = f"{part.subject} is {value:.4f}, expected {right:.4f}"
            if threshold == 0.95:
                message += ": nothing was called positive"
            elif threshold in probabilities.tolist():
                message += ": one probability is exactly the threshold"
            part.require(abs(value - right) < 1e-4, f"{message}.")
    nobody = answer(probabilities, torch.zeros_like(labels), 0.5)
    for part in nobody.parts("precision", "recall"):
        message = f"{part.subject} is {part.number()}, expected 0: nothing is positive."
        part.require(part.number() == 0, message)


def _close(values: list[float], expected: list[float]) -> bool:
    return all(abs(a - b) < 1e-4 for a, b in zip(values, expected, strict=True))


@EXERCISES.add("logits", "labels")
def cross_entropy(answer: Answer) -> None:
    for samples, classes in ((4, 3), (1, 2), (3, 3)):
        logits = normal(samples, classes, seed=samples).requires_grad_()
        labels = torch.arange(samples) % classes
        with ByHand("cross_entropy", "nll_loss"):
            result = answer(logits, labels)
        loss = result.tensor((), why="one number for the batch")
        truth = [
            torch.softmax(one, 0)[i] for one, i in zip(logits, labels, strict=True)
        ]
        costs = -torch.stack(truth).log()
        negative = torch.allclose(loss, -costs.mean(), atol=1e-4)
        result.require(not negative, "the loss is negative: probabilities are below 1.")
        result.numbers(costs.mean(), "the mean cost of the true classes")
        lost = "the result has lost its way back to the logits."
        result.require(loss.requires_grad, lost)
    far = torch.tensor([[1000.0, 0.0, -1000.0], [0.0, 0.0, 0.0]])
    case = "logits as large as 1000"
    result = answer(far, torch.tensor([2, 0]), case=case)
    expected = (2000 + torch.log(torch.tensor(3.0))) / 2
    limits = "no power of e may overflow, no logarithm may meet 0"
    result.numbers(expected, limits)


@EXERCISES.add("probabilities", "labels", "recall")
def highest_threshold(answer: Answer) -> None:
    probabilities = torch.tensor([0.35, 0.9, 0.1, 0.6, 0.8, 0.2, 0.45, 0.7])
    labels = torch.tensor([1, 0, 0, 1, 1, 1, 0, 0])
    for recall in (0.5, 0.6, 0.75, 1.0, 0.25):
        result = answer(probabilities, labels, recall)
        threshold = result.number()
        reached = _recall(probabilities, labels, threshold)
        message = f"a threshold of {threshold:.4g} has a recall of {reached:.2f} only."
        result.require(reached >= recall, message)
        higher = [
            one
            for one in sorted(probabilities.tolist())
            if one > threshold + 1e-6 and _recall(probabilities, labels, one) >= recall
        ]
        message = f"{threshold:.4g} finds enough, and so does a higher threshold."
        result.require(not higher, message)


def _recall(probabilities: Tensor, labels: Tensor, threshold: float) -> float:
    """Return the share of the positives at or above a threshold."""
    positive = labels == 1
    return (
        (probabilities >= threshold) & positive
    ).sum().item() / positive.sum().item()
