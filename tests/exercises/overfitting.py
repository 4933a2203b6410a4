"""Typical wrong answers to the exercises of *Overfitting*, with words of feedback."""

import math

import torch
from torch import nn


def counted_from_zero(train_losses, validation_losses):
    best = validation_losses.index(min(validation_losses))
    return best, validation_losses[best] - train_losses[best]


def last_epoch(train_losses, validation_losses):
    return len(train_losses), validation_losses[-1] - train_losses[-1]


def latest_of_equals(train_losses, validation_losses):
    pairs = [(loss, -number) for number, loss in enumerate(validation_losses)]
    best = -min(pairs)[1]
    return best + 1, validation_losses[best] - train_losses[best]


def gap_turned_round(train_losses, validation_losses):
    best = validation_losses.index(min(validation_losses))
    return best + 1, train_losses[best] - validation_losses[best]


def gap_at_the_end(train_losses, validation_losses):
    best = validation_losses.index(min(validation_losses))
    return best + 1, validation_losses[-1] - train_losses[-1]


def only_the_gap(train_losses, validation_losses):
    return min(validation_losses) - min(train_losses)


def worse_than_before(losses, patience):
    waited = 0
    for epoch in range(1, len(losses)):
        waited = waited + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if waited == patience:
            return epoch + 1
    return len(losses)


def one_too_late(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        if epoch - best_epoch > patience:
            return epoch
    return len(losses)


def equal_is_better(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss <= best:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return epoch
    return len(losses)


def count_never_begins_anew(losses, patience):
    best, waited = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        best, waited = min(best, loss), waited + (loss >= best)
        if waited == patience:
            return epoch
    return len(losses)


def nothing_without_a_stop(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return epoch
    return None


def best_of_all(losses, patience):
    return losses.index(min(losses)) + 1


def spread_of_one_run(ours, base):
    doubt = 2 * (ours.var() + base.var()).sqrt()
    return 100 * (ours.mean() - base.mean()), 100 * doubt


def one_standard_error(ours, base):
    doubt = ((ours.var() + base.var()) / len(ours)).sqrt()
    return 100 * (ours.mean() - base.mean()), 100 * doubt


def added_spreads(ours, base):
    doubt = 2 * (ours.std() + base.std()) / len(ours) ** 0.5
    return 100 * (ours.mean() - base.mean()), 100 * doubt


def no_points(ours, base):
    doubt = 2 * ((ours.var() + base.var()) / len(ours)).sqrt()
    return ours.mean() - base.mean(), doubt


def best_of_each(ours, base):
    doubt = 2 * ((ours.var() + base.var()) / len(ours)).sqrt()
    return 100 * (ours.max() - base.max()), 100 * doubt


def not_halved(loss, weights, strength):
    return loss + strength * sum((one**2).sum() for one in weights)


def norms(loss, weights, strength):
    return loss + strength / 2 * sum(one.norm() for one in weights)


def means(loss, weights, strength):
    return loss + strength / 2 * sum((one**2).mean() for one in weights)


def first_weight(loss, weights, strength):
    return loss + strength / 2 * (weights[0] ** 2).sum()


def numbers_only(loss, weights, strength):
    return loss + strength / 2 * sum((one**2).sum().item() for one in weights)


def rewarded(loss, weights, strength):
    return loss - strength / 2 * sum((one**2).sum() for one in weights)


def all_cut_off(loss, weights, strength):
    with torch.no_grad():
        return loss + strength / 2 * sum((one**2).sum() for one in weights)


def onto_the_loss(loss, weights, strength):
    loss += strength / 2 * sum((one**2).sum() for one in weights)
    return loss


def not_scaled(inputs, p, training):
    if not training:
        return inputs
    return inputs * (torch.rand_like(inputs) >= p)


def scaled_afterwards(inputs, p, training):
    if not training:
        return inputs * (1 - p)
    return inputs * (torch.rand_like(inputs) >= p)


def always(inputs, p, training):
    return inputs * (torch.rand_like(inputs) >= p) / (1 - p)


def divided_by_p(inputs, p, training):
    if not training:
        return inputs
    return inputs * (torch.rand_like(inputs) >= p) / p


def kept_with_p(inputs, p, training):
    if not training:
        return inputs
    return inputs * (torch.rand_like(inputs) < p) / (1 - p)


def whole_columns(inputs, p, training):
    if not training:
        return inputs
    return inputs * (torch.rand(inputs.shape[1]) >= p) / (1 - p)


def seeded(inputs, p, training):
    torch.manual_seed(0)
    if not training:
        return inputs
    return inputs * (torch.rand_like(inputs) >= p) / (1 - p)


def layer(inputs, p, training):
    return nn.functional.dropout(inputs, p, training)


def in_place(inputs, p, training):
    if training:
        inputs *= (torch.rand_like(inputs) >= p) / (1 - p)
    return inputs


def cut_off(inputs, p, training):
    if not training:
        return inputs
    return (inputs * (torch.rand_like(inputs) >= p) / (1 - p)).detach()


def costs_of(logits):
    return -torch.log_softmax(logits, dim=1)


def others_only(logits, labels, smoothing):
    costs = costs_of(logits)
    true = costs[torch.arange(len(labels)), labels]
    rest = (costs.sum(dim=1) - true) / (logits.shape[1] - 1)
    return ((1 - smoothing) * true + smoothing * rest).mean()


def not_smoothed(logits, labels, smoothing):
    return costs_of(logits)[torch.arange(len(labels)), labels].mean()


def summed(logits, labels, smoothing):
    costs = costs_of(logits)
    true = costs[torch.arange(len(labels)), labels]
    return ((1 - smoothing) * true + smoothing * costs.mean(dim=1)).sum()


def mean_of_everything(logits, labels, smoothing):
    targets = nn.functional.one_hot(labels, logits.shape[1]) * (1 - smoothing)
    return (costs_of(logits) * (targets + smoothing / logits.shape[1])).mean()


def no_minus(logits, labels, smoothing):
    costs = costs_of(logits)
    true = costs[torch.arange(len(labels)), labels]
    return -((1 - smoothing) * true + smoothing * costs.mean(dim=1)).mean()


def log_of_softmax(logits, labels, smoothing):
    costs = -logits.softmax(dim=1).log()
    true = costs[torch.arange(len(labels)), labels]
    return ((1 - smoothing) * true + smoothing * costs.mean(dim=1)).mean()


def smaller_logits(logits, labels, smoothing):
    return not_smoothed(logits * (1 - smoothing), labels, smoothing)


def a_number(logits, labels, smoothing):
    return torch.tensor(summed(logits, labels, smoothing).item() / len(labels))


def by_pytorch(logits, labels, smoothing):
    return nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, labels)


def each_sample(logits, labels, smoothing):
    costs = costs_of(logits)
    true = costs[torch.arange(len(labels)), labels]
    return (1 - smoothing) * true + smoothing * costs.mean(dim=1)


MISTAKES = {
    "best_epoch_and_gap": [
        (
            counted_from_zero,
            "epoch is 2, expected 3: epochs are counted",
        ),
        (last_epoch, "epoch is 4, expected 3."),
        (latest_of_equals, "expected 2: of equal losses the earliest counts"),
        (gap_turned_round, "gap is -0.4, expected 0.4: how far"),
        (gap_at_the_end, "gap is 0.8, expected 0.4"),
        (only_the_gap, "the result is a float, expected 2 things: epoch, gap"),
    ],
    "stop_epoch": [
        (worse_than_before, "is 6, expected 5: the best before is the 0.7 of epoch 2"),
        (one_too_late, "the result is 6, expected 5"),
        (equal_is_better, "the result is 4, expected 3: an equal loss is not better"),
        (count_never_begins_anew, "expected 6: a new best begins the count anew"),
        (nothing_without_a_stop, "it returned None"),
        (best_of_all, "the result is 6, expected 5"),
    ],
    "gain_and_doubt": [
        (spread_of_one_run, "the mean of several runs is surer than one run"),
        (one_standard_error, "this is one standard error, two are asked for"),
        (added_spreads, "two standard errors of the difference, in points"),
        (no_points, "gain is 0.038, expected 3.8: the gain in points"),
        (best_of_each, "gain is 4, expected 3.8"),
    ],
    "penalized_loss": [
        (not_halved, "half of the squares"),
        (norms, "each number is squared"),
        (means, "the squares of all numbers of all weights count"),
        (first_weight, "the squares of all numbers of all weights count"),
        (numbers_only, "the gradient of weight 0 is not that of loss and penalty"),
        (rewarded, "a penalty makes the loss larger"),
        (all_cut_off, "nothing leads back from the result to the weights"),
        (onto_the_loss, "your code changed loss itself"),
    ],
    "drop_units": [
        (not_scaled, "what is kept is multiplied by 1, expected the one factor"),
        (scaled_afterwards, "outside of training nothing happens"),
        (always, "outside of training nothing happens"),
        (divided_by_p, "what is kept is multiplied by 5, expected"),
        (kept_with_p, "0.80 of the units are 0, expected about 0.2"),
        (whole_columns, "each column is dropped as a whole, or kept"),
        (seeded, "two calls drop the same units"),
        (layer, "Your code calls PyTorch's dropout"),
        (in_place, "your code changed inputs itself"),
        (cut_off, "nothing leads back from the result to the inputs"),
    ],
    "smoothed_loss": [
        (others_only, "the true class gets its part of the smoothing, too"),
        (not_smoothed, "this is the loss without smoothing"),
        (summed, "the mean over the samples, not their sum"),
        (mean_of_everything, "the classes add up, only the samples are averaged"),
        (no_minus, "a cost is never below 0"),
        (log_of_softmax, "no power of e may overflow, no logarithm may meet 0"),
        (smaller_logits, "the mean cost of the smoothed labels"),
        (a_number, "nothing leads back from the result to the logits"),
        (by_pytorch, "Your code calls PyTorch's cross_entropy"),
        (each_sample, "the result has shape (4,), expected (): one number for"),
    ],
}
