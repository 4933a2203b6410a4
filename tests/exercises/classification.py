"""Typical wrong answers to the exercises of *Classification*, and their feedback."""

import torch


def softmax_over_samples(logits):
    return torch.softmax(logits, dim=0), logits.argmax(dim=1)


def sigmoids(logits):
    return torch.sigmoid(logits), logits.argmax(dim=1)


def one_label(logits):
    return torch.softmax(logits, dim=1), logits.argmax()


def labels_over_samples(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=0)


def shares_of_logits(logits):
    return logits / logits.sum(dim=1, keepdim=True), logits.argmax(dim=1)


def probabilities_only(logits):
    return torch.softmax(logits, dim=1)


def mean_of_batches(batches):
    shares = [(z.argmax(dim=1) == labels).float().mean() for z, labels in batches]
    return torch.stack(shares).mean().item()


def column_against_row(batches):
    right = sum(
        (z.argmax(dim=1, keepdim=True) == labels).sum().item() for z, labels in batches
    )
    return right / sum(len(labels) for _, labels in batches)


def last_batch_only(batches):
    for logits, labels in batches:
        share = (logits.argmax(dim=1) == labels).float().mean().item()
    return share


def counts(batches):
    return [(z.argmax(dim=1) == labels).sum().item() for z, labels in batches]


def _scores(said, true):
    both = (said & true).sum().item()
    return both / max(said.sum().item(), 1), both / max(true.sum().item(), 1)


def exchanged(probabilities, labels, threshold):
    return _scores(probabilities >= threshold, labels == 1)[::-1]


def strictly_above(probabilities, labels, threshold):
    return _scores(probabilities > threshold, labels == 1)


def no_guard(probabilities, labels, threshold):
    said, true = probabilities >= threshold, labels == 1
    both = (said & true).sum()
    return (both / said.sum()).item(), (both / true.sum()).item()


def division_by_zero(probabilities, labels, threshold):
    said, true = probabilities >= threshold, labels == 1
    both = (said & true).sum().item()
    return both / said.sum().item(), both / true.sum().item()


def guard_for_precision_only(probabilities, labels, threshold):
    said, true = probabilities >= threshold, labels == 1
    both = (said & true).sum()
    return (both / said.sum().clamp(min=1)).item(), (both / true.sum()).item()


def accuracy_twice(probabilities, labels, threshold):
    right = ((probabilities >= threshold) == (labels == 1)).float().mean().item()
    return right, right


def log_of_softmax(logits, labels):
    shares = torch.softmax(logits, dim=1)
    return -shares[torch.arange(len(labels)), labels].log().mean()


def without_minus(logits, labels):
    return -log_of_softmax(logits, labels)


def mean_over_all(logits, labels):
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1])
    return -(torch.log_softmax(logits, dim=1) * one_hot).mean()


def every_label_from_every_row(logits, labels):
    return (torch.logsumexp(logits, dim=1) - logits[:, labels]).mean()


def one_for_each_sample(logits, labels):
    chosen = logits[torch.arange(len(labels)), labels]
    return torch.logsumexp(logits, dim=1) - chosen


def with_the_layer(logits, labels):
    return torch.nn.CrossEntropyLoss()(logits, labels)


def without_gradient(logits, labels):
    return one_for_each_sample(logits, labels).mean().detach()


def zero(probabilities, labels, recall):
    return 0.0


def one_too_few(probabilities, labels, recall):
    found = probabilities[labels == 1].sort(descending=True).values
    return found[int(recall * len(found)) - 1].item()


def one_too_many(probabilities, labels, recall):
    found = probabilities[labels == 1].sort(descending=True).values
    return found[min(int(recall * len(found)), len(found) - 1)].item()


def of_all_samples(probabilities, labels, recall):
    ranked = probabilities.sort(descending=True).values
    return ranked[int(recall * len(ranked)) - 1].item()


def several(probabilities, labels, recall):
    return probabilities[labels == 1]


MISTAKES = {
    "read_logits": [
        (softmax_over_samples, "row 0 of the probabilities adds up to"),
        (sigmoids, "row 0 of the probabilities adds up to"),
        (one_label, "labels has shape (), expected (4,)"),
        (labels_over_samples, "labels has shape (3,), expected (4,): one for each sam"),
        (shares_of_logits, "at [0, 0] probabilities is"),
        (
            probabilities_only,
            "the result is a tensor of shape (4, 3), expected 2",
        ),
    ],
    "accuracy_of_batches": [
        (mean_of_batches, "a sample of a small batch counts more than another"),
        (column_against_row, "5 of 9 right, the result is"),
        (last_batch_only, "the result is 0.0000, expected 0.5556"),
        (counts, "the result is a list of 3, expected one number"),
    ],
    "precision_and_recall": [
        (exchanged, "the two have changed places"),
        (strictly_above, "one probability is exactly the threshold"),
        (no_guard, "precision is nan, expected 0.0000: nothing was called positive"),
        (division_by_zero, "raised ZeroDivisionError: "),
        (guard_for_precision_only, "recall is nan, expected 0: nothing is positive"),
        (accuracy_twice, "threshold 0.55, precision is 0.5000, expected 0.6667"),
    ],
    "cross_entropy": [
        (
            log_of_softmax,
            "as large as 1000, the result is inf, expected 1000.5",
        ),
        (without_minus, "the loss is negative"),
        (mean_over_all, "the mean cost of the true classes"),
        (every_label_from_every_row, "the mean cost of the true classes"),
        (one_for_each_sample, "shape (4,), expected (): one number for the batch"),
        (with_the_layer, "Your code calls PyTorch's cross_entropy"),
        (without_gradient, "lost its way back to the logits"),
    ],
    "highest_threshold": [
        (zero, "0 finds enough, and so does a higher threshold"),
        (one_too_few, "recall 0.6, a threshold of 0.6 has a recall of 0.50 o"),
        (one_too_many, "and so does a higher threshold"),
        (of_all_samples, "a threshold of 0.6 has a recall of 0.50 only"),
        (several, "the result is a tensor of shape (4,), expected one number"),
    ],
}
