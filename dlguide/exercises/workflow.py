"""What checks the exercises of the lesson *Workflow*.

Read the lesson: [Workflow](../lessons/workflow.md#exercises).
"""

import copy

import torch
from torch import Tensor, nn

from dlguide.exercises.answers import Answer, ByHand, Exercises, Result, normal, place

__all__ = ["EXERCISES"]

EXERCISES = Exercises()


@EXERCISES.add("predictions", "labels")
def mean_squared_error(answer: Answer) -> None:
    for shape, other in (
        ((4,), (4,)),
        ((4, 1), (4,)),
        ((4, 1), (4, 1)),
        ((3,), (3, 1)),
    ):
        labels = normal(*other, seed=1)
        perfect = labels.reshape(shape)
        for errors in (torch.zeros(shape), normal(*shape, seed=2)):
            predictions = (perfect + errors).requires_grad_()
            sizes = f"predictions of shape {shape} and labels of shape {other}"
            kind = "perfect " if not errors.any() else ""
            with ByHand("mse_loss"):
                result = answer(predictions, labels, case=kind + sizes)
            loss = result.tensor((), why="one number for the batch")
            pairs = "the mean of the squared errors"
            if shape != other:
                pairs = "each prediction belongs to one label"
            result.numbers((errors**2).sum() / len(labels), pairs)
            advice = "the result has lost its way back to the predictions, so that "
            result.require(
                loss.requires_grad, f"{advice}backward could not reach them."
            )


@EXERCISES.add("inputs", "labels", "share", "seed")
def split_at_random(answer: Answer) -> None:
    for samples, share in ((40, 0.75), (50, 0.8), (10, 0.5)):
        inputs = torch.arange(samples).unsqueeze(1) * torch.ones(2)
        labels = torch.arange(samples) + 1000
        case = f"{samples} samples, share {share} and seed 1"
        result = answer(inputs, labels, share, 1, case=case)
        first = _require_split(result, round(share * samples), samples)
        again = answer(inputs, labels, share, 1, case=case)
        repeated = first == _require_split(again, len(first), samples)
        again.require(repeated, "a second call gave another split: use the seed.")
        other = answer(inputs, labels, share, 2, case=case.replace("seed 1", "seed 2"))
        moved = first != _require_split(other, len(first), samples)
        other.require(moved, "the split is the same as for seed 1.")


def _require_split(result: Result, train: int, samples: int) -> list[int]:
    """Return the numbers of the training samples of a sound split."""
    test = samples - train
    shapes = {
        "train_inputs": (train, 2),
        "train_labels": (train,),
        "test_inputs": (test, 2),
        "test_labels": (test,),
    }
    parts = result.parts(*shapes)
    tensors = [
        part.tensor(shape) for part, shape in zip(parts, shapes.values(), strict=True)
    ]
    first, rest = (tensor[:, 0].tolist() for tensor in (tensors[0], tensors[2]))
    numbers = [*first, *rest]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    message = f"{len(twice)} samples appear twice, and others not at all."
    result.require(not twice, message)
    labels = [*tensors[1].tolist(), *tensors[3].tolist()]
    pairs = zip(numbers, labels, strict=True)
    message = "inputs and labels no longer belong together."
    result.require(all(number + 1000 == label for number, label in pairs), message)
    message = "the training part is just the first samples: shuffle before you cut."
    result.require(sorted(first) != list(range(train)), message)
    return first


@EXERCISES.add("model", "inputs", "labels", "optimizer")
def take_step(answer: Answer) -> None:
    inputs, labels = normal(8, 2, seed=1), normal(8, 1, seed=2)
    model = nn.Linear(2, 1).to(place())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step, reason in (
        ("the first", "not along the gradient of the mean squared error"),
        ("the second", "not by the gradient of this batch alone"),
    ):
        expected, loss = _after_a_step(model, inputs, labels)
        before = _copy_weights(model)
        case = f"{step} step of a linear model on 8 samples"
        result = answer(model, inputs, labels, optimizer, case=case)
        after = _copy_weights(model)
        result.require(not _equal(after, before), "no parameter has moved.")
        message = f"the parameters have moved, but {reason}."
        result.require(_equal(after, expected), message)
        result.require(
            not isinstance(result.value, Tensor),
            "the result is a tensor, which keeps the whole graph alive, expected a "
            "plain number.",
        )
        right = abs(result.number() - loss) < 1e-4
        message = f"the loss is {result.number():.4f}, expected {loss:.4f}: the mean "
        result.require(right, f"{message}squared error before the step.")


def _after_a_step(
    model: nn.Linear, inputs: Tensor, labels: Tensor
) -> tuple[list[Tensor], float]:
    """Return where one step of size 0.1 leads, by the formula, and the loss before."""
    with torch.no_grad():
        errors = model(inputs) - labels
        gradients = [2 * (errors * inputs).mean(dim=0)[None], 2 * errors.mean()[None]]
        pairs = zip(_copy_weights(model), gradients, strict=True)
        return [one - 0.1 * g for one, g in pairs], float((errors**2).mean())


def _copy_weights(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def _equal(first: list[Tensor], second: list[Tensor]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in pairs)


@EXERCISES.add("model", "inputs")
def predict_quietly(answer: Answer) -> None:
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1)).to(place())
    inputs = normal(20, 3)
    quiet = copy.deepcopy(model).eval()(inputs)
    for training in (True, False):
        model.train(training)
        mode = "training" if training else "eval"
        case = f"a model with dropout, in {mode} mode"
        result = answer(model, inputs, case=case)
        result.tensor((20, 1), why="one prediction for each sample")
        result.require(
            torch.allclose(result.value.detach(), quiet.detach(), atol=1e-5),
            "some numbers were dropped while it predicted.",
        )
        result.require(
            not result.value.requires_grad, "the result still records gradients."
        )
        now = "training" if model.training else "eval"
        message = f"the model is in {now} mode afterwards, expected it as it was."
        result.require(
            all(layer.training == training for layer in model.modules()), message
        )
    wanted = all(parameter.requires_grad for parameter in model.parameters())
    result.require(wanted, "the model's parameters can no longer be trained.")


@EXERCISES.add("model", "epochs", "train_epoch", "validation_loss")
def keep_best(answer: Answer) -> None:
    for losses in ([0.9, 0.4, 0.6, 0.7], [0.3, 0.5], [0.8, 0.6, 0.5]):
        model = nn.Linear(1, 1).to(place())
        trained: list[int] = []

        def train_epoch(model: nn.Linear, trained: list[int] = trained) -> None:
            trained.append(len(trained) + 1)
            with torch.no_grad():
                model.weight.fill_(trained[-1])

        def validation_loss(
            model: nn.Linear, losses: list[float] = losses, trained: list[int] = trained
        ) -> float:
            return losses[len(trained) - 1]

        case = f"{len(losses)} epochs with the validation losses {losses}"
        result = answer(model, len(losses), train_epoch, validation_loss, case=case)
        message = f"train_epoch was called {len(trained)}×, expected {len(losses)}×."
        result.require(len(trained) == len(losses), message)
        best = losses.index(min(losses)) + 1
        kept = round(model.weight.item())
        message = f"the model ends with the weights of epoch {kept}, expected {best}"
        reason = ": what you kept may be the model's own tensors, which train on."
        result.require(kept == best, message + (reason if kept == len(losses) else "."))
        loss = result.number()
        message = f"the result is {loss}, expected the smallest loss, {min(losses)}."
        result.require(abs(loss - min(losses)) < 1e-6, message)
