"""What dlguide's training loop costs, beside a loop by hand and skorch.

    python benchmarks/training_loop.py [--epochs 3] [--repeats 15]

All train the same small network on the same batches, and reach the same loss. The
repeats are interleaved, so that a slow moment of the machine meets them all, and the
order changes from round to round. A table shows the median, and the middle half of
the ratios to the loop by hand in the same round: once with batches from a DataLoader,
and once with batches that are ready in memory, where the loop's own cost weighs most
(skorch makes its own loader, so it is only in the first).
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from dlguide.tensors import pick_device
from dlguide.workflow import train

SAMPLES, FEATURES, CLASSES, BATCH_SIZE = 12_800, 64, 10, 128
LEARNING_RATE = 0.05

Batches = DataLoader[tuple[Tensor, ...]] | list[tuple[Tensor, Tensor]]
Loop = Callable[[nn.Module, Batches, int], list[float]]


def accuracy(predictions: Tensor, labels: Tensor) -> Tensor:
    return (predictions.argmax(dim=1) == labels).float().mean()


def by_hand(model: nn.Module, loader: Batches, epochs: int) -> list[float]:
    """Train as one would write it: right averages, no wait for the device per batch."""
    device = next(model.parameters()).device
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)
    losses, accuracies = [], []
    for _ in range(epochs):
        model.train()
        samples = 0
        loss_sum = torch.zeros((), device=device)
        accuracy_sum = torch.zeros((), device=device)
        for inputs, labels in loader:
            inputs, labels = inputs.to(device), labels.to(device)
            predictions = model(inputs)
            loss = loss_function(predictions, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            samples += len(labels)
            loss_sum += loss.detach() * len(labels)
            accuracy_sum += accuracy(predictions.detach(), labels) * len(labels)
        losses.append(loss_sum.item() / samples)
        accuracies.append(accuracy_sum.item() / samples)
    return losses


def by_dlguide(model: nn.Module, loader: Batches, epochs: int) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)
    history = train(
        model,
        loader,
        nn.CrossEntropyLoss(),
        optimizer,
        epochs=epochs,
        metrics={"accuracy": accuracy},
    )
    return history.train["loss"]


def by_skorch(model: nn.Module, loader: Batches, epochs: int) -> list[float]:
    from skorch import NeuralNet
    from skorch.callbacks import PassthroughScoring

    class Scored(NeuralNet):  # type: ignore[misc]
        """Adds the accuracy of each batch, which the others measure too."""

        def train_step_single(
            self, batch: tuple[Tensor, Tensor], **kwargs: object
        ) -> dict[str, Tensor]:
            step: dict[str, Tensor] = super().train_step_single(batch, **kwargs)
            labels = batch[1].to(step["y_pred"].device)
            value = accuracy(step["y_pred"].detach(), labels)
            self.history.record_batch("accuracy", value.item())
            return step

    net = Scored(
        model,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.9,
        lr=LEARNING_RATE,
        max_epochs=epochs,
        batch_size=BATCH_SIZE,
        train_split=None,
        verbose=0,
        device=next(model.parameters()).device,
        callbacks=[("mean", PassthroughScoring("accuracy", on_train=True))],
    )
    net.fit(loader.dataset, None)  # type: ignore[union-attr]
    return [float(loss) for loss in net.history[:, "train_loss"]]


def build(device: torch.device) -> nn.Module:
    """Return the network, with the same weights each time."""
    torch.manual_seed(42)
    return nn.Sequential(
        nn.Linear(FEATURES, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, CLASSES),
    ).to(device)


def make_loader() -> DataLoader[tuple[Tensor, ...]]:
    """Return ten noisy classes in batches."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(CLASSES, (SAMPLES,), generator=generator)
    centres = torch.randn(CLASSES, FEATURES, generator=generator)
    inputs = centres[labels] + 2 * torch.randn(SAMPLES, FEATURES, generator=generator)
    return DataLoader(TensorDataset(inputs, labels), batch_size=BATCH_SIZE)


def measure(
    loop: Loop, model: nn.Module, batches: Batches, epochs: int
) -> tuple[float, float]:
    """Return the seconds and the last loss of one training."""
    start = time.perf_counter()
    losses = loop(model, batches, epochs)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start, losses[-1]


def compare(
    title: str, loops: dict[str, Loop], batches: Batches, epochs: int, repeats: int
) -> None:
    """Run all loops in turn, and print a table."""
    device = pick_device()
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    last_losses: dict[str, float] = {}
    for turn in range(-1, repeats):  # turn -1 warms up
        for name in loops if turn % 2 else reversed(loops):
            result = measure(loops[name], build(device), batches, epochs)
            elapsed, last_losses[name] = result
            if turn >= 0:
                seconds[name].append(elapsed)

    steps = epochs * len(batches)
    print(f"\n{title}: {repeats} rounds of {steps} steps on {device}")
    header = ("loop", "us per step", "to by hand", "middle half", "last loss")
    print("{:10}{:>13}{:>12}{:>18}{:>12}".format(*header))
    for name, times in seconds.items():
        pairs = zip(times, seconds["by hand"], strict=True)
        low, middle, high = statistics.quantiles([a / b for a, b in pairs], n=4)
        per_step = statistics.median(times) / steps * 1e6
        spread = f"{low - 1:+.1%} to {high - 1:+.1%}"
        loss = last_losses[name]
        print(f"{name:10}{per_step:13.1f}{middle - 1:+12.1%}{spread:>18}{loss:12.6f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    loops: dict[str, Loop] = {"by hand": by_hand, "dlguide": by_dlguide}
    loader = make_loader()
    device = pick_device()
    ready = [(inputs.to(device), labels.to(device)) for inputs, labels in loader]
    print(f"torch {torch.__version__}, batches of {BATCH_SIZE}, {FEATURES} features")
    with_skorch = loops | ({"skorch": by_skorch} if find_spec("skorch") else {})
    compare("DataLoader", with_skorch, loader, options.epochs, options.repeats)
    compare("ready batches", loops, ready, options.epochs, options.repeats)


if __name__ == "__main__":
    main()
