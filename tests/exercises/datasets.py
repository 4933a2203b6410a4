"""Typical wrong answers to the exercises of *Datasets*, with words of feedback."""

import random
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import Dataset


def as_they_come(paths):
    numbers = {}
    for path in paths:
        numbers.setdefault(Path(path).parent.name, len(numbers))
    return numbers


def from_one(paths):
    names = sorted({Path(path).parent.name for path in paths})
    return {name: number for number, name in enumerate(names, start=1)}


def every_file(paths):
    names = sorted(Path(path).parent.name for path in paths)
    return {name: number for number, name in enumerate(names)}


def upper_folder(paths):
    names = sorted({Path(path).parts[0] for path in paths})
    return {name: number for number, name in enumerate(names)}


def first_file_only(paths):
    return {Path(paths[0]).parent.name: 0}


def only_names(paths):
    return sorted({Path(path).parent.name for path in paths})


def zeros(train, test):
    return train.nan_to_num(0), test.nan_to_num(0)


def each_by_itself(train, test):
    return [
        torch.where(part.isnan(), part.nanmean(dim=0), part) for part in (train, test)
    ]


def of_both(train, test):
    mean = torch.cat([train, test]).nanmean(dim=0)
    return [torch.where(part.isnan(), mean, part) for part in (train, test)]


def gaps_in_the_mean(train, test):
    mean = train.mean(dim=0)
    return [torch.where(part.isnan(), mean, part) for part in (train, test)]


def one_mean(train, test):
    mean = train.nanmean()
    return [torch.where(part.isnan(), mean, part) for part in (train, test)]


def filled_in_place(train, test):
    mean = train.nanmean(dim=0)
    for part in (train, test):
        part[:] = torch.where(part.isnan(), mean, part)
    return train, test


def everything(train, test):
    mean = train.nanmean(dim=0)
    return mean.expand_as(train), mean.expand_as(test)


class Series(Dataset):
    def __init__(self, series, length):
        self.series = series
        self.length = length

    def __len__(self):
        return len(self.series) - self.length

    def __getitem__(self, index):
        end = index + self.length
        return self.series[index:end], self.series[end]


class OneTooMany(Series):
    def __len__(self):
        return len(self.series) - self.length + 1


class LastOfTheWindow(Series):
    def __getitem__(self, index):
        end = index + self.length
        return self.series[index:end], self.series[end - 1]


class Endless(Series):
    def __getitem__(self, index):
        inputs = self.series[index : index + self.length]
        return inputs, self.series[(index + self.length) % len(self.series)]


class TargetAsRow(Series):
    def __getitem__(self, index):
        end = index + self.length
        return self.series[index:end], self.series[end : end + 1]


class NoLength(Dataset):
    def __init__(self, series, length):
        self.series = series


class Jumping(Series):
    def __getitem__(self, index):
        start = index * self.length
        return self.series[start : start + self.length], self.series[index]


class BeginsLater(Series):
    def __getitem__(self, index):
        end = index + self.length
        return self.series[index + 1 : end + 1], self.series[end]


class WholeNumbers(Series):
    def __getitem__(self, index):
        inputs, target = super().__getitem__(index)
        return inputs.int(), target


class WindowOnly(Series):
    def __getitem__(self, index):
        return self.series[index : index + self.length]


def of_the_classes(labels):
    return 1 / torch.bincount(labels)


def frequencies(labels):
    return torch.bincount(labels)[labels] / len(labels)


def all_alike(labels):
    return torch.ones(len(labels)) / len(labels)


def of_all_samples(labels):
    return len(labels) / torch.bincount(labels)[labels]


def counts(labels):
    return torch.bincount(labels)[labels]


def first_of_the_class(labels):
    weights = torch.full((len(labels),), 1e-9)
    for name in labels.unique():
        weights[(labels == name).nonzero()[0]] = 1.0
    return weights


def right_batch(samples):
    sequences, labels = zip(*samples, strict=True)
    lengths = torch.tensor([len(one) for one in sequences])
    padded = nn.utils.rnn.pad_sequence(sequences, batch_first=True)
    return padded, lengths, torch.tensor(labels)


def no_lengths(samples):
    sequences, labels = zip(*samples, strict=True)
    padded = nn.utils.rnn.pad_sequence(sequences, batch_first=True)
    return padded, torch.tensor(labels)


def steps_first(samples):
    sequences, labels = zip(*samples, strict=True)
    lengths = torch.tensor([len(one) for one in sequences])
    return nn.utils.rnn.pad_sequence(sequences), lengths, torch.tensor(labels)


def zeros_first(samples):
    sequences, labels = zip(*samples, strict=True)
    lengths = torch.tensor([len(one) for one in sequences])
    padded = nn.utils.rnn.pad_sequence(sequences, batch_first=True, padding_side="left")
    return padded, lengths, torch.tensor(labels)


def floats(samples):
    longest = max(len(sequence) for sequence, _ in samples)
    padded = torch.zeros(len(samples), longest)
    for row, (sequence, _) in zip(padded, samples, strict=True):
        row[: len(sequence)] = sequence
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    return padded, lengths, torch.tensor([label for _, label in samples])


def longest_for_all(samples):
    sequences, labels = zip(*samples, strict=True)
    padded = nn.utils.rnn.pad_sequence(sequences, batch_first=True)
    lengths = torch.full((len(samples),), padded.shape[1])
    return padded, lengths, torch.tensor(labels)


def sorted_by_length(samples):
    samples.sort(key=lambda sample: len(sample[0]))
    return floats(samples)


def float_lengths(samples):
    padded, lengths, labels = right_batch(samples)
    return padded, lengths.float(), labels


def float_labels(samples):
    padded, lengths, labels = right_batch(samples)
    return padded, lengths, labels.float()


def lengths_as_labels(samples):
    padded, lengths, _ = right_batch(samples)
    return padded, lengths, lengths


def label_list(samples):
    padded, lengths, labels = right_batch(samples)
    return padded, lengths, labels.tolist()


def drawn(names, seed):
    generator = torch.Generator(device="cpu").manual_seed(seed)
    order = torch.randperm(len(names), generator=generator, device="cpu")
    return [names[i] for i in order.tolist()]


def by_sample(groups, test_share, seed):
    order = drawn(range(len(groups)), seed)
    held = round(len(groups) * test_share)
    return order[held:], order[:held]


def always_the_first(groups, test_share, seed):
    names = sorted(set(groups))
    held = set(names[: round(len(names) * test_share)])
    test = [i for i, name in enumerate(groups) if name in held]
    return [i for i, name in enumerate(groups) if name not in held], test


def one_sample_each(groups, test_share, seed):
    names = drawn(sorted(set(groups)), seed)
    held = names[: round(len(names) * test_share)]
    test = [groups.index(name) for name in held]
    return [i for i, name in enumerate(groups) if name not in held], test


def rest_of_the_samples(groups, test_share, seed):
    names = drawn(sorted(set(groups)), seed)
    held = names[: int(len(groups) * test_share)]
    test = [i for i, name in enumerate(groups) if name in held]
    return [i for i, name in enumerate(groups) if name not in held], test


def seed_for_all(groups, test_share, seed):
    torch.manual_seed(seed)
    names = sorted(set(groups))
    order = torch.randperm(len(names)).tolist()
    held = {names[i] for i in order[: round(len(names) * test_share)]}
    test = [i for i, name in enumerate(groups) if name in held]
    return [i for i, name in enumerate(groups) if name not in held], test


def right(groups, test_share, seed):
    names = drawn(sorted(set(groups)), seed)
    held = set(names[: round(len(names) * test_share)])
    test = [i for i, name in enumerate(groups) if name in held]
    return [i for i, name in enumerate(groups) if name not in held], test


def seed_ignored(groups, test_share, seed):
    return right(groups, test_share, random.randrange(10**6))


def with_copies(groups, test_share, seed):
    train, test = right(groups, test_share, seed)
    return train + train[:1], test


def in_a_set(groups, test_share, seed):
    train, test = right(groups, test_share, seed)
    return set(train), set(test)


def names_of_groups(groups, test_share, seed):
    names = drawn(sorted(set(groups)), seed)
    held = round(len(names) * test_share)
    return names[held:], names[:held]


MISTAKES = {
    "number_classes": [
        (as_they_come, "another order of the files would give other numbers"),
        (from_one, "the classes have the numbers [1, 2], expected each from 0 on"),
        (every_file, "the classes have the numbers [0, 2]"),
        (upper_folder, "['train'] is the name of no folder"),
        (first_file_only, "the class ['pizza'] is missing"),
        (only_names, "the result is of type list, expected a dict"),
    ],
    "fill_gaps": [
        (zeros, "at [0, 0] train is 0, expected"),
        (each_by_itself, "at [0, 0] test is"),
        (of_both, "at [0, 0] train is"),
        (gaps_in_the_mean, "2 gaps are still in train"),
        (one_mean, "the mean of the known numbers of its column in train"),
        (filled_in_place, "your code changed train itself"),
        (everything, "known numbers of train have changed"),
    ],
    "Windows": [
        (OneTooMany, "asked for len(windows), the result is 5, expected 4: each"),
        (LastOfTheWindow, "next number is 20, expected 30"),
        (Endless, "windows[4] gave a sample, expected an IndexError"),
        (TargetAsRow, "one number, without a dimension"),
        (BeginsLater, "at [0] window is 10, expected 0"),
        (WholeNumbers, "window has dtype torch.int32"),
        (NoLength, "there is no method __len__ to call"),
        (Jumping, "next number is 0, expected 30"),
        (WindowOnly, "expected 2 things: window, next number"),
    ],
    "balanced_weights": [
        (of_the_classes, "the result has shape (2,), expected (4,): one weight for"),
        (frequencies, "add up to 2.25, expected 1: a rare class must not be drawn"),
        (all_alike, "add up to 0.75, expected 1: a rare"),
        (of_all_samples, "add up to 4, expected 1."),
        (counts, "a weight is not finite, or not above 0"),
        (first_of_the_class, "samples of one class are drawn alike"),
    ],
    "pad_batch": [
        (no_lengths, "a tuple of 2, expected 3 things: padded, lengths, labels"),
        (steps_first, "a sequence begins at the left, and zeros follow"),
        (zeros_first, "a sequence begins at the left, and zeros follow"),
        (floats, "padded has dtype torch.float32, expected torch.int64"),
        (longest_for_all, "at [0] lengths is 3, expected 2"),
        (sorted_by_length, "your code changed samples itself"),
        (float_lengths, "lengths has dtype torch.float32"),
        (float_labels, "labels has dtype torch.float32"),
        (lengths_as_labels, "at [0] labels is 2, expected 1"),
        (label_list, "labels is a list of 3, expected a tensor"),
    ],
    "split_by_group": [
        (by_sample, "groups are in both parts: the test would measure memory"),
        (
            always_the_first,
            "For 10 groups and test_share 0.3, four seeds give the same test part",
        ),
        (one_sample_each, "samples are in neither part"),
        (rest_of_the_samples, "the test part has 10 of 10 groups, expected 3"),
        (seed_for_all, "has changed PyTorch's global random numbers"),
        (seed_ignored, "the split is another one, though the seed is the same"),
        (with_copies, "an index comes twice, or stands for no sample"),
        (in_a_set, "train is of type set, expected a list"),
        (names_of_groups, "not all indices in train are of type int"),
    ],
}
