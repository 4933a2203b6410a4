"""Diagnoses that fit, mistakes that are found, weights that come back."""

import copy
import math

import pytest
import torch
from torch import nn

from dlguide.overfitting import (
    Augmented,
    EarlyStopping,
    diagnose,
    log_uniform,
    overfit_one_batch,
    random_shift,
)
from dlguide.workflow import History, train


def curves(learned, judged=None) -> History:
    return History({"loss": list(learned)}, {"loss": list(judged or [])})


def decay(start, end, epochs, *, speed=5.0):
    """Return a loss that falls from `start` towards `end`."""
    return [
        end + (start - end) * math.exp(-speed * n / (epochs - 1)) for n in range(epochs)
    ]


def noisy(values, spread, seed=0):
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(values), generator=generator).tolist()
    return [v * (1 + spread * n) for v, n in zip(values, noise, strict=True)]


def u_shape(start, best, end, epochs):
    half = epochs // 2
    up = [
        best + (end - best) * n / (epochs - half) for n in range(1, epochs - half + 1)
    ]
    return decay(start, best, half) + up


# Diagnoses


@pytest.mark.parametrize("epochs", [8, 20, 100])
@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
@pytest.mark.parametrize("spread", [0.0, 0.02])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("good fit", lambda n: (decay(1, 0.3, n), decay(1, 0.35, n))),
        ("overfit", lambda n: (decay(1, 0.02, n), u_shape(1, 0.5, 1.2, n))),
        ("overfit", lambda n: (decay(1, 0.05, n), decay(1, 0.6, n))),
        ("underfit", lambda n: (decay(1, 0.95, n), decay(1.02, 0.97, n))),
        (
            "too good",
            lambda n: (decay(1, 1e-4, n, speed=9), decay(1, 1e-4, n, speed=9.2)),
        ),
        (
            "learning rate too high",
            lambda n: ([1, 1.6] * (n // 2), [1.2, 1.9] * (n // 2)),
        ),
        ("learning rate too high", lambda n: (decay(1, 3, n), decay(1, 3, n))),
    ],
)
def test_a_curve_is_named_whatever_its_scale_length_and_noise(
    name, make, epochs, scale, spread
):
    learned, judged = make(epochs)
    learned = noisy([scale * v for v in learned], spread)
    judged = noisy([scale * v for v in judged], spread, seed=1)
    assert diagnose(curves(learned, judged)).name == name


def test_a_wobble_near_zero_is_no_overfitting_if_training_has_it_too():
    learned = decay(1, 0.01, 30)
    judged = [*decay(1, 0.01, 29), 0.012]
    assert diagnose(curves(learned, judged)).name == "too good"


def test_a_training_that_exploded_at_first_and_then_stood_still_is_named():
    found = diagnose(curves([18.0, 2.33, 2.34, 2.33], [2.32, 2.33, 2.31, 2.33]))
    assert found.name == "learning rate too high"
    assert "18 on average in the first epoch" in found.reason


def test_the_loss_of_guessing_is_no_good_fit_if_the_classes_are_known():
    history = curves([2.0, 1.15, 1.1, 1.1, 1.1], [1.3, 1.12, 1.1, 1.1, 1.1])
    found = diagnose(history, classes=3)
    assert found.name == "underfit"
    assert "guessing costs 1.1" in found.reason


def test_a_low_start_is_no_underfitting_if_the_classes_are_known():
    history = curves([0.35, 0.3, 0.28, 0.26, 0.25], [0.31, 0.29, 0.28, 0.27, 0.27])
    assert diagnose(history).name == "underfit"
    assert diagnose(history, classes=10).name == "good fit"


def test_a_validation_loss_that_never_fell_is_overfitting():
    history = curves([1, 0.8, 0.6, 0.5, 0.4, 0.35], [0.5, 0.5, 0.51, 0.52, 0.53, 0.54])
    assert diagnose(history).name == "overfit"


def test_noise_near_zero_is_no_learning_rate_that_is_too_high():
    learned = [2.3, 0.5, 0.1, 0.01, 0.001, 0.0013, 0.0008, 0.0012, 0.0007, 0.001]
    assert diagnose(curves(learned, decay(2.3, 0.3, 10))).name == "overfit"


def test_a_validation_loss_that_leaps_is_named():
    history = curves(
        [2.3, 1, 0.8, 0.6, 0.5, 0.4, 0.35, 0.3], [1, 3, 0.8, 4, 0.7, 5, 0.6, 0.5]
    )
    found = diagnose(history)
    assert found.name == "learning rate too high"
    assert "validate on more samples" in found.reason


def test_a_diagnosis_gives_its_numbers():
    found = diagnose(curves([1.0, 0.5, 0.2, 0.1], [1.0, 0.6, 0.8, 0.9]))
    assert "best in epoch 2, 0.6" in found.reason
    assert "0.9" in found.reason


def test_a_training_that_still_falls_fast_wants_more_epochs():
    falling = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    found = diagnose(curves(falling, [v + 0.02 for v in falling]))
    assert found.name == "underfit"
    assert "train longer" in found.reason


@pytest.mark.parametrize(
    ("learned", "judged"),
    [([1.0, 0.5, 0.3], [1.0, 0.6, 0.5]), ([1.0] * 9, []), ([], [])],
)
def test_what_is_too_short_or_not_validated_gets_no_name(learned, judged):
    assert diagnose(curves(learned, judged)).name == "cannot say"


def test_a_loss_that_is_no_number_is_named():
    found = diagnose(curves([1.0, math.nan], [1.0, math.inf]))
    assert found.name == "learning rate too high"
    assert "not finite" in found.reason


# One batch


def problem(seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(8, 6, generator=generator)
    return inputs, torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


def network(seed: int = 0, last: nn.Module | None = None) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = [nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3)]
    return nn.Sequential(*layers, *([last] if last else []))


def make_step(
    model, *, zero=True, change=None, lr=0.01, held=None, make=torch.optim.Adam
):
    """Return a training step, right but for what the arguments spoil."""
    optimizer = make((held or model).parameters(), lr=lr)

    def step(model, batch):
        outputs = model(batch[0])
        if change:
            outputs = change(outputs)
        loss = nn.functional.cross_entropy(outputs, batch[1])
        if zero:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("make", [torch.optim.Adam, torch.optim.AdamW])
def test_a_healthy_model_learns_a_batch_and_nothing_is_found(seed, make):
    model = network(seed)
    report = overfit_one_batch(model, problem(seed), make_step(model, make=make))
    assert report.learned
    assert report.findings == []
    assert len(report.losses) == 200


def test_a_healthy_model_with_momentum_is_not_accused():
    model = network()
    sgd = lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9)  # noqa: E731
    report = overfit_one_batch(model, problem(), make_step(model, make=sgd, lr=0.1))
    assert (report.learned, report.findings) == (True, [])


def found(model, step, **options) -> str:
    return " | ".join(overfit_one_batch(model, problem(), step, **options).findings)


@pytest.mark.parametrize("make", [torch.optim.Adam, torch.optim.SGD])
def test_a_missing_zero_grad_is_found(make):
    model = network()
    assert "call optimizer.zero_grad()" in found(
        model, make_step(model, zero=False, make=make)
    )


def test_a_detached_loss_is_found():
    model = network()
    step = make_step(model, change=lambda outputs: outputs.detach())
    assert "detach, item, argmax or round" in found(model, step)


def test_a_detached_loss_is_found_although_the_error_was_silenced():
    model = network()
    step = make_step(model, change=lambda outputs: outputs.detach().requires_grad_())
    assert "no gradient is left on any parameter" in found(model, step)


def test_frozen_parameters_are_found_by_name():
    model = network()
    model[0].requires_grad_(False)
    assert "frozen: 0.weight, 0.bias" in found(model, make_step(model))
    model.requires_grad_(False)
    assert "all parameters are frozen" in found(model, make_step(model))


def test_an_optimizer_of_another_model_is_found():
    model = network()
    step = make_step(model, held=network(1))
    assert "was the optimizer made for this model?" in found(model, step)


def test_a_part_that_forward_does_not_use_is_found():
    model = network()
    model.spare = nn.Linear(2, 2)
    model.forward = lambda inputs: model[2](model[1](model[0](inputs)))
    assert "no gradient reaches spare.weight, spare.bias" in found(
        model, make_step(model)
    )


def test_a_softmax_before_the_loss_is_found():
    model = network(last=nn.Softmax(dim=1))
    assert "the outputs are probabilities" in found(model, make_step(model), steps=60)


@pytest.mark.parametrize("order", ["no backward", "zero_grad between"])
def test_a_forgotten_backward_or_a_late_zero_grad_is_found(order):
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step(model, batch):
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        if order == "zero_grad between":
            loss.backward()
            optimizer.zero_grad()
        optimizer.step()
        return loss

    words = found(model, step)
    assert "is backward() called, does zero_grad() come before it" in words


def test_a_loss_of_the_wrong_sign_is_not_learned():
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step(model, batch):
        loss = nn.functional.nll_loss(model(batch[0]), batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    report = overfit_one_batch(model, problem(), step)
    assert not report.learned
    assert "the loss is negative: check its sign" in report.findings[0]


@pytest.mark.parametrize("inside", [True, False])
def test_a_sigmoid_before_the_binary_loss_is_found(inside):
    torch.manual_seed(0)
    layers = [nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1)]
    model = nn.Sequential(*layers, *[nn.Sigmoid()] * inside)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    batch = problem()[0], (problem()[1] > 0).float().unsqueeze(1)

    def step(model, batch):
        outputs = model(batch[0]) if inside else model(batch[0]).sigmoid()
        loss = nn.functional.binary_cross_entropy_with_logits(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    report = overfit_one_batch(model, batch, step, steps=400)
    words = "leave the sigmoid out" if inside else "leave out softmax or sigmoid"
    assert words in report.findings[0]


def test_a_last_layer_that_starts_at_zero_is_not_accused():
    model = network()
    nn.init.zeros_(model[2].weight)
    report = overfit_one_batch(model, problem(), make_step(model))
    assert (report.learned, report.findings) == (True, [])


def test_an_optimizer_of_another_model_is_not_called_a_missing_zero_grad():
    model = network()
    report = overfit_one_batch(model, problem(), make_step(model, held=network(1)))
    assert "did not move" in report.findings[0]
    assert not any("zero_grad()" in line for line in report.findings)


def test_a_frozen_model_with_buffers_is_called_frozen():
    model = nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3)).requires_grad_(False)
    report = overfit_one_batch(model, problem(), make_step(model))
    assert report.findings == ["the loss has no gradient: all parameters are frozen"]


def test_dropout_that_keeps_a_batch_from_being_learned_is_mentioned():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.9), nn.Linear(8, 3))
    assert "set it to 0 for this check" in found(model, make_step(model))


def test_a_softmax_in_the_step_is_found_by_the_loss_that_it_leaves():
    model = network()
    step = make_step(model, change=lambda outputs: outputs.softmax(dim=1))
    assert "the least that cross-entropy can give" in found(model, step)


def test_an_activation_after_the_last_layer_is_found():
    torch.manual_seed(0)
    model = network(last=nn.ReLU())
    with torch.no_grad():
        model[2].bias.fill_(-1.0)
    words = found(model, make_step(model, lr=0.001), steps=30)
    assert "activation after the last layer" in words


def test_a_learning_rate_that_is_too_low_is_found():
    model = network()
    assert "raise the learning rate" in found(model, make_step(model, lr=1e-6))


def test_a_learning_rate_that_is_too_high_is_found():
    model = network()
    step = make_step(model, lr=1e4, make=torch.optim.SGD)
    assert "lower the learning rate" in found(model, step)


def test_labels_that_contradict_each_other_are_suspected():
    model = network()
    inputs, labels = problem()
    same = inputs[:1].repeat(8, 1)
    report = overfit_one_batch(model, (same, labels), make_step(model))
    assert not report.learned
    assert "do equal inputs have different labels" in report.findings[0]


def test_other_errors_are_not_swallowed():
    model = network()

    def step(model, batch):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        overfit_one_batch(model, problem(), step)


def test_the_weights_are_as_they_were():
    model = network()
    before = copy.deepcopy(model.state_dict())
    overfit_one_batch(model, problem(), make_step(model), steps=5)
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert model.training
    overfit_one_batch(model.eval(), problem(), make_step(model), steps=5)
    assert not model.training


def test_too_few_steps_are_refused():
    with pytest.raises(ValueError, match="steps is 2: expected 3 or more"):
        overfit_one_batch(network(), problem(), make_step(network()), steps=2)


# Early stopping


def feed(stopping, *losses) -> list[bool]:
    history = History({"loss": []}, {"loss": []})
    answers = []
    for loss in losses:
        history.train["loss"].append(loss)
        history.validation["loss"].append(loss)
        answers.append(stopping(history))
    return answers


def test_it_stops_after_patience_epochs_without_a_better_loss():
    stopping = EarlyStopping(nn.Linear(1, 1), patience=2)
    assert feed(stopping, 3, 2, 2.5, 1, 1.5, 1.2) == [False] * 5 + [True]
    assert (stopping.best_epoch, stopping.best_loss) == (4, 1)


def test_a_change_that_is_too_small_counts_as_none():
    stopping = EarlyStopping(nn.Linear(1, 1), patience=1, least_change=0.1)
    assert feed(stopping, 1.0, 0.95) == [False, True]


def test_the_best_weights_come_back_as_they_were():
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    stopping = EarlyStopping(model, patience=5)
    feed(stopping, 1.0)
    best = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        for value in model.state_dict().values():
            value.add_(1)
    assert stopping.restore() is model
    assert all(torch.equal(best[n], v) for n, v in model.state_dict().items())


def test_it_ends_a_training_that_gets_worse():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 2))
    inputs, labels = torch.randn(60, 10), torch.randint(0, 2, (60,))
    stopping = EarlyStopping(model, patience=5)
    history = train(
        model,
        (inputs[:30], labels[:30]),
        nn.CrossEntropyLoss(),
        torch.optim.Adam(model.parameters(), lr=0.01),
        epochs=500,
        validation=(inputs[30:], labels[30:]),
        after_epoch=stopping,
    )
    assert history.epochs < 500
    assert history.epochs == stopping.best_epoch + 5


def test_early_stopping_refuses_what_cannot_work():
    with pytest.raises(ValueError, match="patience is 0"):
        EarlyStopping(nn.Linear(1, 1), patience=0)
    stopping = EarlyStopping(nn.Linear(1, 1))
    with pytest.raises(ValueError, match="no validation loss"):
        stopping(History({"loss": [1.0]}))
    with pytest.raises(ValueError, match="no weights to restore"):
        stopping.restore()


# Augmentation


def test_every_picture_is_moved_by_its_own_step_and_never_further():
    images = torch.zeros(500, 2, 9, 9)
    images[:, :, 4, 4] = 1
    torch.manual_seed(0)
    moved = random_shift(images, 2)
    places = {tuple(p.tolist()) for p in moved[:, 0].nonzero()[:, 1:]}
    assert places == {(y, x) for y in range(2, 7) for x in range(2, 7)}
    assert torch.equal(moved[:, 0], moved[:, 1])
    assert torch.equal(random_shift(images, 0), images)


def test_augmented_batches_differ_in_each_pass_and_keep_their_labels():
    inputs, labels = torch.rand(4, 1, 8, 8), torch.arange(4)
    batches = Augmented([(inputs, labels)] * 3, lambda images: random_shift(images, 2))
    torch.manual_seed(0)
    first, second = list(batches), list(batches)
    assert len(batches) == len(first) == 3
    assert not torch.equal(first[0][0], second[0][0])
    assert all(torch.equal(kept, labels) for _, kept in first)


# Search


def test_powers_of_ten_are_spread_evenly():
    numbers = log_uniform(1e-4, 1e-1, 3000)
    assert all(1e-4 <= number <= 1e-1 for number in numbers)
    shares = [sum(10.0**-p <= n < 10.0 ** (1 - p) for n in numbers) for p in (4, 3, 2)]
    assert all(900 < share < 1100 for share in shares)
    assert numbers == log_uniform(1e-4, 1e-1, 3000)
    assert numbers != log_uniform(1e-4, 1e-1, 3000, seed=1)


@pytest.mark.parametrize("ends", [(0, 1), (-1, 1), (1, 1), (2, 1)])
def test_a_range_that_has_no_powers_is_refused(ends):
    with pytest.raises(ValueError, match="expected 0 < low < high"):
        log_uniform(*ends, 3)
