"""Typical wrong answers to the exercises of *Vision*, with words of their feedback."""

import torch
from torch import nn


def one_long_row(images):
    return images.reshape(-1)


def view(images):
    return images.view(len(images), -1)


def channels_last(images):
    return images.permute(0, 2, 3, 1).reshape(len(images), -1)


def each_row_of_pixels(images):
    return images.reshape(-1, images.shape[-1])


def layer(images):
    return nn.Flatten()(images)


def padding_once(side, kernel_size, stride, padding):
    return (side + padding - kernel_size) // stride + 1


def not_the_first(side, kernel_size, stride, padding):
    return (side + 2 * padding - kernel_size) // stride


def true_division(side, kernel_size, stride, padding):
    return (side + 2 * padding - kernel_size) / stride + 1


def rounded_up(side, kernel_size, stride, padding):
    return -(-(side + 2 * padding - kernel_size) // stride) + 1


def no_stride(side, kernel_size, stride, padding):
    return side + 2 * padding - kernel_size + 1


def as_if_kept(side, kernel_size, stride, padding):
    return side // stride


def no_bias(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size**2


def bias_of_inputs(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size**2 + in_channels


def one_side(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size + out_channels


def flat_kernels(in_channels, out_channels, kernel_size):
    return out_channels * (kernel_size**2 + 1)


def as_text(in_channels, out_channels, kernel_size):
    return f"{out_channels * (in_channels * kernel_size**2 + 1)}"


def along_the_width(images, mean, spread):
    return (images - mean) / spread


def along_the_batch(images, mean, spread):
    return (images - mean[:, None, None, None]) / spread[:, None, None, None]


def only_shifted(images, mean, spread):
    return images - mean[:, None, None]


def in_place(images, mean, spread):
    images -= mean[:, None, None]
    return images / spread[:, None, None]


def own_statistics(images, mean, spread):
    mean = images.mean(dim=(0, 2, 3), keepdim=True)
    return (images - mean) / images.std(dim=(0, 2, 3), keepdim=True)


def in_double(images, mean, spread):
    return (images.double() - mean[:, None, None]) / spread[:, None, None]


def no_steps(kernel_sizes, strides):
    return 1 + sum(size - 1 for size in kernel_sizes)


def side_by_side(kernel_sizes, strides):
    return sum(kernel_sizes)


def own_stride(kernel_sizes, strides):
    field, step = 1, 1
    for kernel_size, stride in zip(kernel_sizes, strides, strict=True):
        step *= stride
        field += (kernel_size - 1) * step
    return field


def first_layer(kernel_sizes, strides):
    return kernel_sizes.pop(0)


def by_pytorch(images, size):
    return nn.functional.max_pool2d(images, size)


def mean_of_windows(images, size):
    batch, channels, height, width = images.shape
    windows = images.reshape(batch, channels, height // size, size, width // size, size)
    return windows.mean(dim=(3, 5))


def mixed_windows(images, size):
    batch, channels, height, width = images.shape
    rows, columns = height // size, width // size
    inside = images[:, :, : rows * size, : columns * size]
    windows = inside.reshape(batch, channels, rows, columns, size * size)
    return windows.amax(dim=-1)


def rest_forgotten(images, size):
    batch, channels, height, width = images.shape
    windows = images.reshape(batch, channels, height // size, size, width // size, size)
    return windows.amax(dim=(3, 5))


def from_zero(images, size):
    batch, channels, height, width = images.shape
    pooled = torch.zeros(batch, channels, height // size, width // size)
    for row in range(size):
        for column in range(size):
            part = images[:, :, row::size, column::size]
            part = part[:, :, : height // size, : width // size]
            pooled = torch.maximum(pooled, part)
    return pooled


def overlapping(images, size):
    return images.unfold(2, size, 1).unfold(3, size, 1).amax(dim=(4, 5))


MISTAKES = {
    "flatten_batch": [
        (
            one_long_row,
            "the result has shape (36,), expected (4, 9): (batch, features)",
        ),
        (view, "channels last in memory, your code raised RuntimeError: view size"),
        (channels_last, "stay in the order of its tensor"),
        (each_row_of_pixels, "the result has shape (12, 3)"),
        (layer, "Your code calls PyTorch's flatten"),
    ],
    "feature_map_side": [
        (
            padding_once,
            "padding 1, the result is 27, a layer gives 28: padding stands at",
        ),
        (not_the_first, "the result is 5, a layer gives 6: the place where"),
        (true_division, "the result is 6.0, expected a whole number, of type int"),
        (rounded_up, "a window that does not fit in wholly"),
        (no_stride, "the window moves by 2"),
        (as_if_kept, "the result is 8, a layer gives 6."),
    ],
    "convolution_parameters": [
        (no_bias, "the result is 90, a layer has 100: one is missing for each"),
        (bias_of_inputs, "what is added belongs to the output channels"),
        (one_side, "a window has two sides"),
        (flat_kernels, "a kernel is as deep as what it reads"),
        (as_text, "the result is a str, expected one number"),
    ],
    "normalize_channels": [
        (along_the_width, "the mean and the spread of its own channel"),
        (along_the_batch, "your code raised RuntimeError"),
        (only_shifted, "at [0, 0, 0, 0] the result is"),
        (in_place, "your code changed images itself"),
        (in_double, "the result has dtype torch.float64, expected torch.float32"),
        (own_statistics, "at [0, 0, 0, 0] the result is"),
    ],
    "receptive_field": [
        (no_steps, "the result is 4, expected 6: behind a stride"),
        (side_by_side, "the result is 6, expected 5: windows overlap"),
        (own_stride, "a layer's stride acts on those after it"),
        (first_layer, "your code changed kernel_sizes itself"),
    ],
    "max_pool": [
        (by_pytorch, "Your code calls PyTorch's max_pool2d"),
        (mean_of_windows, "the result is the mean of each window"),
        (mixed_windows, "the largest number of that window, and of no other"),
        (rest_forgotten, "your code raised RuntimeError: shape '[2, 1, 2, 2, 3, 2]'"),
        (from_zero, "no window holds"),
        (overlapping, "the result has shape (2, 3, 3, 3), expected (2, 3, 2, 2)"),
    ],
}
