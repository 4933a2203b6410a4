"""What feeding a small model costs: picture by picture, from tensors, on the device.

    python benchmarks/data_loading.py [--samples 20000] [--repeats 5] [--workers 2]

One epoch of a linear model (784 to 10) on random pictures in the shape of
Fashion-MNIST, in batches of 32. All ways feed the same samples in the same order to the
same loop, and reach the same loss. The repeats are interleaved; a table shows the
median and the middle half, with one thread and with all.

    picture by picture  a PIL image converted per sample, as torchvision's classes do
    DataLoader          over a TensorDataset: samples fetched one by one, then joined
    with workers        the same, in other processes
    TensorLoader        dlguide's: a batch is one indexing operation
    bare loop           batches that lie ready: forward, backward and step alone
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from dlguide.tensors import pick_device
from dlguide.vision import TensorLoader

BATCH_SIZE, SEED = 32, 42
Batches = Iterable[tuple[Tensor, Tensor]]


class Pictures(Dataset[tuple[Tensor, int]]):
    """Bytes that become a PIL image and then a tensor, each time one is asked for."""

    def __init__(self, pixels: np.ndarray, labels: list[int]) -> None:
        self.pixels, self.labels = pixels, labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self.pixels[index])
        tensor = torch.from_numpy(np.array(picture, copy=True))[None]  # (1, 28, 28)
        return tensor.to(torch.float32).div(255), self.labels[index]


def run_epoch(batches: Batches, device: torch.device) -> float:
    """Train a new model for one epoch and return the mean loss."""
    torch.manual_seed(SEED)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(device)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    total, samples = torch.zeros((), device=device), 0
    for inputs, labels in batches:
        inputs, labels = inputs.to(device), labels.to(device)
        loss = loss_function(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(labels)
        samples += len(labels)
    return total.item() / samples


def make_ways(samples: int, workers: int) -> dict[str, Callable[[], Batches]]:
    """Return each way to feed the loop; calling one makes its batches anew."""
    device = pick_device()
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(
        256, (samples, 28, 28), generator=generator, dtype=torch.uint8
    )
    labels = torch.randint(10, (samples,), generator=generator)
    inputs = pixels.float().div(255).unsqueeze(1)
    # The order that the first pass of a TensorLoader has.
    generator = torch.Generator().manual_seed(SEED)
    order = torch.randperm(samples, generator=generator)
    options = {"batch_size": BATCH_SIZE, "sampler": order.tolist()}
    pictures = Pictures(pixels.numpy(), labels.tolist())
    tensors = TensorDataset(inputs, labels)
    on_device = inputs.to(device), labels.to(device)
    ready = [
        (on_device[0][part], on_device[1][part])
        for part in order.to(device).split(BATCH_SIZE)
    ]
    return {
        "picture by picture": lambda: DataLoader(pictures, **options),
        "DataLoader": lambda: DataLoader(tensors, **options),
        f"with {workers} workers": lambda: DataLoader(
            tensors, num_workers=workers, **options
        ),
        "TensorLoader": lambda: TensorLoader(
            *on_device, batch_size=BATCH_SIZE, shuffle=True, seed=SEED
        ),
        "bare loop": lambda: ready,
    }


def measure(
    ways: dict[str, Callable[[], Batches]], repeats: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return the seconds of each way, by round, and its loss."""
    device = pick_device()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    losses: dict[str, float] = {}
    for turn in range(-1, repeats):  # turn -1 warms up
        for name in ways if turn % 2 else reversed(ways):
            start = time.perf_counter()
            losses[name] = run_epoch(ways[name](), device)
            if turn >= 0:
                seconds[name].append(time.perf_counter() - start)
    return seconds, losses


def report(
    threads: int, seconds: dict[str, list[float]], losses: dict[str, float]
) -> None:
    print(f"\n{threads} thread{'s' * (threads > 1)}")
    print(f"{'batches':20}{'seconds':>9}{'middle half':>17}{'to bare':>9}{'loss':>10}")
    bare = statistics.median(seconds["bare loop"])
    for name, times in seconds.items():
        low, middle, high = statistics.quantiles(times, n=4)
        spread = f"{low:.3f} to {high:.3f}"
        ratio, loss = middle / bare, losses[name]
        print(f"{name:20}{middle:9.3f}{spread:>17}{ratio:9.2f}{loss:10.6f}")
    ours = statistics.median(seconds["TensorLoader"])
    slowest = statistics.median(seconds["picture by picture"])
    print(f"TensorLoader is {slowest / ours:.1f} times as fast as picture by picture")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    ways = make_ways(options.samples, options.workers)
    print(
        f"torch {torch.__version__} on {pick_device()}: {options.samples} pictures, "
        f"batches of {BATCH_SIZE}, {options.repeats} rounds"
    )
    for threads in sorted({1, os.cpu_count() or 1}):
        torch.set_num_threads(threads)
        report(threads, *measure(ways, options.repeats))


if __name__ == "__main__":
    main()
