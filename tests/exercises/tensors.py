"""Typical wrong answers to the exercises of *Tensors*, with words of their feedback."""

import torch
from torch.nn import functional


def second_dimension(table):
    return table[:, -1]


def last_row(table):
    return table[-1]


def kept_dimension(table):
    return table[..., -1:]


def first_column(table):
    return table[..., 0]


def of_the_whole_table(inputs):
    return (inputs - inputs.mean()) / inputs.std()


def of_each_row(inputs):
    mean, spread = inputs.mean(dim=1, keepdim=True), inputs.std(dim=1, keepdim=True)
    return (inputs - mean) / spread


def in_place(inputs):
    inputs -= inputs.mean(dim=0)
    return inputs / inputs.std(dim=0)


def no_division(inputs):
    return inputs - inputs.mean(dim=0)


def sorted_columns(inputs):
    inputs = inputs.sort(dim=0).values
    return (inputs - inputs.mean(dim=0)) / inputs.std(dim=0)


def wraps_around(pixels, amount):
    return pixels + amount


def limited_too_late(pixels, amount):
    return (pixels + amount).clamp(0, 255)


def left_as_float(pixels, amount):
    return (pixels.float() + amount).clamp(0, 255)


def no_limit(pixels, amount):
    return (pixels.int() + amount).to(torch.uint8)


def no_number_of_classes(labels, classes):
    return functional.one_hot(labels).float()


def left_as_integers(labels, classes):
    return functional.one_hot(labels, classes)


def made_on_the_default_device(labels, classes):
    rows = torch.zeros(len(labels), classes)
    rows[torch.arange(len(labels)), labels] = 1
    return rows


def compared_on_the_default_device(labels, classes):
    return (labels.unsqueeze(1) == torch.arange(classes)).float()


def off_by_one(labels, classes):
    return functional.one_hot((labels + 1) % classes, classes).float()


def transposed(labels, classes):
    return functional.one_hot(labels, classes).float().T


def poured(image):
    height, width, channels = image.shape
    return image.reshape(1, channels, height, width).float() / 255


def width_first(image):
    return image.permute(2, 1, 0).unsqueeze(0).float() / 255


def not_scaled(image):
    return image.permute(2, 0, 1).unsqueeze(0).float()


def no_batch(image):
    return image.permute(2, 0, 1).float() / 255


def left_as_bytes(image):
    return image.permute(2, 0, 1).unsqueeze(0)


def upside_down(image):
    return image.flip(0).permute(2, 0, 1).unsqueeze(0).float() / 255


def point_by_point(first, second):
    return (first - second).norm(dim=1)


def squared(first, second):
    return ((first.unsqueeze(1) - second) ** 2).sum(dim=2)


def second_by_first(first, second):
    return (second.unsqueeze(1) - first).norm(dim=2)


def city_blocks(first, second):
    return (first.unsqueeze(1) - second).abs().sum(dim=2)


def not_summed(first, second):
    return (first.unsqueeze(1) - second).abs()


MISTAKES = {
    "last_column": [
        (second_dimension, "(2, 3, 4), the result has shape (2, 4), expected (2, 3)"),
        (last_row, "the result has shape (3,), expected (4,): the columns are the las"),
        (kept_dimension, "the result has shape (4, 1), expected (4,)"),
        (first_column, "at [0] the result is"),
    ],
    "brighten": [
        (wraps_around, "at [2] the result is 44, expected 255: a pixel stops at 0"),
        (limited_too_late, "and does not wrap around"),
        (left_as_float, "the result has dtype torch.float32, expected torch.uint8"),
        (no_limit, "at [2] the result is 44, expected 255"),
    ],
    "one_hot": [
        (no_number_of_classes, "shape (4, 2), expected (4, 4): (samples, classes)"),
        (left_as_integers, "the result has dtype torch.int64, expected torch.float32"),
        (made_on_the_default_device, "give each tensor that you make the device of th"),
        (compared_on_the_default_device, "give each tensor that you make the device"),
        (off_by_one, "row 0 has its 1 in [1], expected [0]"),
        (transposed, "row 1 has its 1 in [0, 2, 3], expected [0]"),
    ],
    "to_batch": [
        (poured, "poured in as they lie in memory: the pixels are mixed"),
        (width_first, "shape (1, 3, 4, 2), expected (1, 3, 2, 4): NCHW, for one image"),
        (not_scaled, "the largest number is 161, expected pixels from 0 to 1"),
        (no_batch, "the result has shape (3, 2, 4), expected (1, 3, 2, 4)"),
        (left_as_bytes, "the result has dtype torch.uint8, expected torch.float32"),
        (upside_down, "each pixel keeps its row and column"),
    ],
    "pairwise_distances": [
        (point_by_point, "your code raised RuntimeError: The size of tensor a (4)"),
        (squared, "these are the squares of the distances"),
        (second_by_first, "the result has shape (3, 4), expected (4, 3): one distance"),
        (city_blocks, "at [0, 0] the result is"),
        (not_summed, "the result has shape (4, 3, 2), expected (4, 3)"),
    ],
    "standardize_columns": [
        (of_the_whole_table, "column 0 has the mean"),
        (of_each_row, "each column goes by its own numbers"),
        (in_place, "your code changed inputs itself"),
        (no_division, "column 0 has the standard deviation"),
        (sorted_columns, "the order of the numbers in a column has changed"),
    ],
}
