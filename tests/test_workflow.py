"""Workflow: laws first, then agreement with loops by hand, then refusals."""

import os
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torchmetrics.classification import MulticlassAccuracy, MulticlassRecall

from dlguide import workflow
from dlguide.tensors import pick_device
from dlguide.workflow import (
    History,
    count_parameters,
    evaluate,
    load_weights,
    make_frames,
    plot_descent,
    plot_history,
    plot_predictions,
    predict,
    progress_bar,
    save_weights,
    split_data,
    test_step,
    trace_descent,
    train,
    train_step,
)

mpl.use("agg")

DEVICE = pick_device()
INPUTS = torch.arange(0, 1, 0.02).unsqueeze(1)  # (50, 1)
LINE = (INPUTS, 0.7 * INPUTS + 0.3)


def sgd(model: nn.Module, lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=lr)


def seeded(build, seed: int = 42) -> nn.Module:
    torch.manual_seed(seed)
    return build().to(DEVICE)


def make_classes(samples: int = 100) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (samples,), generator=generator)
    corners = torch.tensor([[0.0, 3.0], [3.0, -3.0], [-3.0, -3.0]])
    return corners[labels] + torch.randn(samples, 2, generator=generator), labels


def accuracy(predictions: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (predictions.argmax(dim=1) == labels).float().mean()


# Data


@pytest.mark.parametrize("samples", [3, 10, 50, 101])
def test_split_loses_no_sample_and_repeats_none(samples):
    numbers = torch.arange(samples)
    parts = split_data(numbers, numbers, shares=(0.4, 0.3, 0.3))
    together = torch.cat([part for part, _ in parts])
    assert torch.equal(together.sort().values, numbers)


def test_split_keeps_each_label_with_its_input():
    for inputs, labels in split_data(INPUTS, 3 * INPUTS):
        assert torch.equal(3 * inputs, labels)


def test_split_depends_on_the_seed_alone():
    torch.manual_seed(1)
    first = split_data(*LINE, seed=5)[0][0]
    torch.manual_seed(2)
    assert torch.equal(first, split_data(*LINE, seed=5)[0][0])
    assert not torch.equal(first, split_data(*LINE, seed=6)[0][0])


def test_split_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    split_data(*LINE)
    assert torch.equal(before, torch.get_rng_state())


def test_split_gives_one_part_per_share():
    parts = split_data(*LINE, shares=(0.8, 0.2))
    assert [len(labels) for _, labels in parts] == [40, 10]


def test_split_refuses_sizes_that_differ():
    with pytest.raises(ValueError, match="sizes differ: 50 inputs, 49 labels"):
        split_data(INPUTS, INPUTS[1:])


def test_split_refuses_shares_that_are_not_a_whole():
    with pytest.raises(ValueError, match=r"shares add up to 1\.2: expected 1"):
        split_data(*LINE, shares=(0.8, 0.2, 0.2))


@pytest.mark.parametrize("samples", [0, 1, 2])
def test_split_refuses_empty_parts(samples):
    with pytest.raises(ValueError, match=f"{samples} samples .* leave a part empty"):
        split_data(INPUTS[:samples], INPUTS[:samples])


# Model


def test_count_counts_a_shared_parameter_once():
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    assert count_parameters(nn.Sequential(first, second)) == 9 + 3 + 3


def test_count_leaves_out_buffers_and_frozen_parameters():
    model = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))
    model[0].requires_grad_(False)
    assert count_parameters(model) == 36 + 8
    assert count_parameters(model, trainable_only=True) == 8


# Training


def test_train_is_the_loop_by_hand_to_the_last_bit():
    by_hand = seeded(lambda: nn.Linear(1, 1))
    optimizer, loss_function = sgd(by_hand), nn.L1Loss()
    inputs, labels = (part.to(DEVICE) for part in LINE)
    for _ in range(20):
        loss = loss_function(by_hand(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model = seeded(lambda: nn.Linear(1, 1))
    train(model, LINE, nn.L1Loss(), sgd(model), epochs=20)
    assert torch.equal(model.weight, by_hand.weight)
    assert torch.equal(model.bias, by_hand.bias)


def test_the_classic_numbers_of_seed_42():
    model = seeded(lambda: nn.Linear(1, 1))
    assert round(model.weight.item(), 4) == 0.7645
    first_forty = (LINE[0][:40], LINE[1][:40])
    train(model, first_forty, nn.L1Loss(), sgd(model, lr=0.01), epochs=1000)
    found = [round(parameter.item(), 4) for parameter in model.parameters()]
    assert found == [0.6968, 0.3025]


def test_train_learns_classes_from_a_loader():
    model = seeded(lambda: nn.Linear(2, 3))
    loader = DataLoader(TensorDataset(*make_classes()), batch_size=32, shuffle=True)
    metrics = {"accuracy": accuracy}
    history = train(
        model,
        loader,
        nn.CrossEntropyLoss(),
        sgd(model),
        epochs=10,
        validation=make_classes(),
        metrics=metrics,
    )
    assert history.train["loss"][-1] < history.train["loss"][0]
    assert history.validation["accuracy"][-1] > 0.95
    assert history.epochs == len(history.validation["loss"]) == 10


def test_train_moves_each_batch_to_the_model():
    model = nn.Linear(1, 1).to(DEVICE)
    batches = [(inputs.cpu(), labels.cpu()) for inputs, labels in [LINE, LINE]]
    history = train(model, batches, nn.MSELoss(), sgd(model))
    assert history.epochs == 1


def test_train_takes_a_stream_without_a_length():
    class Stream(IterableDataset):
        def __iter__(self):
            yield from zip(*LINE, strict=True)

    model = nn.Linear(1, 1)
    history = train(model, DataLoader(Stream(), 16), nn.MSELoss(), sgd(model), epochs=2)
    assert history.epochs == 2


def test_train_leaves_frozen_layers_alone():
    model = seeded(lambda: nn.Sequential(nn.Linear(1, 4), nn.Linear(4, 1)))
    model[0].requires_grad_(False)
    before = [parameter.clone() for parameter in model.parameters()]
    train(model, LINE, nn.MSELoss(), sgd(model), epochs=3)
    same = [torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert same == [True, True, False, False]


def test_train_stops_when_after_epoch_says_so():
    model = nn.Linear(1, 1)
    history = train(
        model,
        LINE,
        nn.MSELoss(),
        sgd(model),
        epochs=10,
        after_epoch=lambda history: history.epochs == 3,
    )
    assert history.epochs == 3


def test_train_lets_a_scheduler_step_after_each_epoch():
    model = nn.Linear(1, 1)
    optimizer = sgd(model, lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)
    train(
        model,
        LINE,
        nn.L1Loss(),
        optimizer,
        epochs=2,
        after_epoch=lambda history: scheduler.step(),
    )
    assert scheduler.get_last_lr() == pytest.approx([0.01])


def test_train_step_returns_what_was_before_the_step():
    model = seeded(lambda: nn.Linear(1, 1))
    batch = tuple(part.to(DEVICE) for part in LINE)
    before = evaluate(model, LINE, nn.MSELoss())["loss"]
    predictions, loss = train_step(model, batch, nn.MSELoss(), sgd(model))
    assert loss.item() == pytest.approx(before)
    assert not predictions.requires_grad
    assert not loss.requires_grad


def test_train_step_puts_the_model_in_training_mode():
    model = nn.Linear(1, 1).eval()
    train_step(model, LINE, nn.MSELoss(), sgd(model))
    assert model.training


def test_train_reads_the_device_once_per_epoch(monkeypatch):
    reads = []
    for name in ("item", "tolist", "__bool__", "__float__"):
        real = getattr(torch.Tensor, name)

        def counted(self, *args, real=real, name=name):
            reads.append(name)
            return real(self, *args)

        monkeypatch.setattr(torch.Tensor, name, counted)
    model = nn.Linear(1, 1)
    batches = [LINE] * 7
    train(
        model, batches, nn.MSELoss(), sgd(model), epochs=2, metrics={"l1": nn.L1Loss()}
    )
    assert reads == ["tolist", "tolist"]


# Evaluation


def test_averages_count_samples_where_the_last_batch_is_smaller():
    model = seeded(lambda: nn.Linear(2, 3))
    data = make_classes(100)
    metrics = {"accuracy": accuracy}
    whole = evaluate(model, data, nn.CrossEntropyLoss(), metrics=metrics)
    loader = DataLoader(TensorDataset(*data), batch_size=32)
    parts = evaluate(model, loader, nn.CrossEntropyLoss(), metrics=metrics)
    assert parts == pytest.approx(whole, rel=1e-5)


def test_a_summed_loss_gives_the_same_average():
    model = nn.Linear(2, 3)
    loader = DataLoader(TensorDataset(*make_classes(50)), batch_size=20)
    mean = evaluate(model, loader, nn.CrossEntropyLoss())
    total = evaluate(model, loader, nn.CrossEntropyLoss(reduction="sum"))
    assert total == pytest.approx(mean, rel=1e-5)


def test_training_averages_count_samples_too():
    model = nn.Linear(2, 3)
    optimizer = sgd(model, lr=0.0)
    loader = DataLoader(TensorDataset(*make_classes(50)), batch_size=20)
    history = train(model, loader, nn.CrossEntropyLoss(), optimizer)
    whole = evaluate(model, make_classes(50), nn.CrossEntropyLoss())
    assert history.train["loss"] == pytest.approx([whole["loss"]], rel=1e-5)


def test_torchmetrics_pool_the_batches_and_start_anew():
    model = seeded(lambda: nn.Linear(2, 3))
    data = make_classes(50)
    metrics = {
        "recall": MulticlassRecall(num_classes=3),
        "accuracy": MulticlassAccuracy(num_classes=3, average="micro"),
        "by hand": accuracy,
    }
    loader = DataLoader(TensorDataset(*data), batch_size=20)
    history = train(
        model,
        loader,
        nn.CrossEntropyLoss(),
        sgd(model),
        epochs=2,
        validation=loader,
        metrics=metrics,
    )
    seen = history.validation
    assert list(seen) == ["loss", "recall", "accuracy", "by hand"]
    assert seen["accuracy"] == pytest.approx(seen["by hand"], rel=1e-5)
    expected = MulticlassRecall(num_classes=3)(
        predict(model, data[0]).cpu(), data[1].cpu()
    )
    assert seen["recall"][-1] == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("look", [evaluate, test_step])
def test_looking_leaves_model_and_modes_as_they_were(look):
    moving, frozen = nn.BatchNorm1d(1), nn.BatchNorm1d(1).eval()
    model = nn.Sequential(nn.Linear(1, 1), moving, frozen).to(DEVICE)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    look(model, tuple(part.to(DEVICE) for part in LINE), nn.MSELoss())
    assert [module.training for module in model] == [True, True, False]
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())


def test_modes_come_back_after_an_error():
    model = nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.5))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        evaluate(model, LINE, nn.MSELoss())
    assert model[1].training


def test_frozen_statistics_survive_a_training():
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1)).to(DEVICE)
    model[1].eval()
    train(model, LINE, nn.MSELoss(), sgd(model), epochs=2, validation=LINE)
    assert model[1].running_mean.item() == 0


def test_predict_is_the_same_in_one_batch_or_many():
    model = seeded(lambda: nn.Sequential(nn.Linear(1, 3), nn.Dropout(0.5)))
    many = predict(model, DataLoader(TensorDataset(*LINE), batch_size=20))
    assert torch.allclose(predict(model, INPUTS), many)
    assert torch.equal(predict(model, INPUTS), predict(model, LINE))


def test_predictions_can_be_computed_with():
    answers = predict(nn.Linear(1, 1), INPUTS)
    answers /= 2
    factor = torch.ones(1, device=answers.device, requires_grad=True)
    (factor * answers).sum().backward()
    assert factor.grad is not None


def test_evaluate_takes_a_model_without_parameters():
    assert evaluate(nn.Identity(), (INPUTS, INPUTS), nn.L1Loss()) == {"loss": 0.0}


# Refusals of data


BATCHES = {
    "a lone tensor": (INPUTS, TypeError, "data is a Tensor: expected a pair"),
    "a dataset": (TensorDataset(*LINE), TypeError, "wrap a dataset in DataLoader"),
    "inputs only": (
        DataLoader(TensorDataset(INPUTS)),
        TypeError,
        r"a batch is \[\(1, 1",
    ),
    "a dict": ([{"x": INPUTS}], TypeError, "a batch is dict: expected two tensors"),
    "lists": ([([1.0], [2.0])], TypeError, r"a batch is \[list, list\]"),
    "no batches": ([], ValueError, "no batch came in .*: expected at least one"),
    "no samples": ((INPUTS[:0], INPUTS[:0]), ValueError, "an empty batch came"),
}


@pytest.mark.parametrize(("data", "kind", "message"), BATCHES.values(), ids=BATCHES)
def test_data_of_the_wrong_form_are_refused(data, kind, message):
    model = nn.Linear(1, 1)
    with pytest.raises(kind, match=message):
        evaluate(model, data, nn.MSELoss())
    with pytest.raises(kind, match=message):
        train(model, data, nn.MSELoss(), sgd(model))


def test_predict_refuses_no_data():
    with pytest.raises(ValueError, match="no batch came: expected at least one"):
        predict(nn.Linear(1, 1), [])


def test_a_generator_that_is_used_up_is_named():
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=r"in training epoch 2.* read only once"):
        train(model, (LINE for _ in range(3)), nn.MSELoss(), sgd(model), epochs=2)


SHAPES = {
    "labels would broadcast": ((8, 1), torch.zeros(8), r"labels.reshape\(8, 1\)"),
    "predictions would broadcast": ((8,), torch.zeros(8, 1), r"labels.reshape\(8,\)"),
    "one logit and class numbers": ((8, 1), torch.zeros(8).long(), "labels.reshape"),
    "square by chance": ((8, 8), torch.zeros(8), r"labels.long\(\) if they are class"),
    "sizes differ": ((8, 1), torch.zeros(7, 1), "batch sizes differ"),
}


@pytest.mark.parametrize(("given", "labels", "message"), SHAPES.values(), ids=SHAPES)
def test_labels_that_do_not_fit_are_refused(given, labels, message):
    pair = (torch.zeros(given), labels)
    with pytest.raises(ValueError, match=message):
        evaluate(nn.Identity(), pair, nn.MSELoss())


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5, 5)])
def test_class_numbers_have_one_dimension_less(shape):
    labels = torch.zeros(shape[:1] + shape[2:], dtype=torch.long)
    result = evaluate(
        nn.Identity(), (torch.zeros(shape), labels), nn.CrossEntropyLoss()
    )
    assert result["loss"] == pytest.approx(1.0986, abs=1e-4)


MISFITS = {
    "features": (torch.zeros(4, 3), "mat1 and mat2 shapes cannot be multiplied"),
    "dtype": (torch.zeros(4, 1).double(), "mat1 and mat2 must have the same dtype"),
}


@pytest.mark.parametrize(("inputs", "message"), MISFITS.values(), ids=MISFITS)
def test_torch_errors_say_what_was_in_the_batch(inputs, message):
    model = nn.Linear(1, 1).to(DEVICE)
    with pytest.raises(RuntimeError, match=message) as caught:
        evaluate(model, (inputs, torch.zeros(4, 1)), nn.MSELoss())
    note = caught.value.__notes__[0]
    assert workflow._describe(inputs.to(DEVICE)) in note
    assert f"first parameter: (1, 1) float32 on {model.weight.device}" in note
    assert "dtype and device of the parameters" in note


@pytest.mark.skipif(DEVICE.type == "cpu", reason="needs two devices")
def test_a_batch_on_another_device_is_described():
    model = nn.Linear(1, 1).to(DEVICE)
    batch = (INPUTS.cpu(), INPUTS.cpu())
    with pytest.raises(RuntimeError, match="same device") as caught:
        train_step(model, batch, nn.MSELoss(), sgd(model))
    assert "float32 on cpu" in caught.value.__notes__[0]


def test_a_model_on_no_real_device_is_described():
    model = nn.Linear(1, 1, device="meta")
    batch = (INPUTS.cpu(), INPUTS.cpu())
    with pytest.raises(Exception, match="meta") as caught:
        test_step(model, batch, nn.MSELoss())
    assert "inputs (50, 1) float32 on cpu" in caught.value.__notes__[0]


def test_a_model_with_two_outputs_is_refused():
    recurrent = nn.LSTM(1, 1)
    with pytest.raises(
        TypeError, match="the model returned tuple: expected one tensor"
    ):
        evaluate(recurrent, LINE, nn.MSELoss())


def test_a_loss_per_sample_is_refused():
    with pytest.raises(
        ValueError, match=r"the loss is \(50, 1\) .*: expected a tensor"
    ):
        evaluate(nn.Linear(1, 1), LINE, nn.MSELoss(reduction="none"))


def test_a_metric_per_sample_is_refused():
    metrics = {"error": lambda predictions, labels: predictions - labels}
    with pytest.raises(ValueError, match=r"metric 'error' gave \(50, 1\)"):
        evaluate(nn.Linear(1, 1), LINE, nn.MSELoss(), metrics=metrics)


def test_a_loss_that_is_no_tensor_is_refused():
    with pytest.raises(ValueError, match="the loss is float: expected a tensor"):
        evaluate(nn.Linear(1, 1), LINE, lambda predictions, labels: 0.5)


def test_metrics_without_names_are_refused():
    with pytest.raises(TypeError, match="metrics is function: expected names"):
        evaluate(nn.Linear(1, 1), LINE, nn.MSELoss(), metrics=accuracy)


def test_a_metric_named_loss_is_refused():
    with pytest.raises(ValueError, match="a metric is named 'loss'"):
        evaluate(nn.Linear(1, 1), LINE, nn.MSELoss(), metrics={"loss": nn.L1Loss()})


# Refusals of a training


def test_no_epochs_are_refused():
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="epochs is 0: expected 1 or more"):
        train(model, LINE, nn.MSELoss(), sgd(model), epochs=0)


def test_a_frozen_model_is_refused():
    model = nn.Linear(1, 1)
    optimizer = sgd(model)
    model.requires_grad_(False)
    with pytest.raises(
        ValueError, match="no parameter of the model requires a gradient"
    ):
        train(model, LINE, nn.MSELoss(), optimizer)


def test_an_optimizer_of_another_model_is_refused():
    with pytest.raises(ValueError, match="holds no trainable parameter of this model"):
        train(nn.Linear(1, 1), LINE, nn.MSELoss(), sgd(nn.Linear(1, 1)))


def test_a_loss_without_gradient_is_refused():
    model = nn.Linear(2, 3)
    with pytest.raises(ValueError, match="the loss has no gradient"):
        train(model, make_classes(), accuracy, sgd(model))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_refused(bad):
    model = nn.Linear(1, 1)
    with pytest.raises(FloatingPointError, match=r"the loss is (nan|inf) in training"):
        train(model, (INPUTS, LINE[1] + bad), nn.MSELoss(), sgd(model))


def test_a_training_that_diverges_names_the_epoch():
    model = nn.Linear(1, 1)
    with pytest.raises(FloatingPointError, match=r"in training epoch \d+: .* lower"):
        train(model, LINE, nn.MSELoss(), sgd(model, lr=100.0), epochs=100)


# Progress and pictures


def test_progress_is_silent_without_a_terminal(capfd):
    with progress_bar(3, description="train") as bar:
        bar.update(3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("ci", "shown"), [("", True), ("true", False)])
def test_progress_shows_on_a_terminal_unless_in_ci(ci, shown, monkeypatch, capfd):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_bar(3, description="train") as bar:
        bar.update(3)
    assert ("train" in capfd.readouterr().err) == shown


def test_predictions_with_a_gradient_can_be_drawn():
    axes = plot_predictions(LINE, LINE, nn.Linear(1, 1).to(INPUTS.device)(INPUTS))
    assert len(axes.collections) == 3
    plt.close("all")


def test_a_picture_of_many_features_is_refused():
    with pytest.raises(ValueError, match=r"training data: inputs \(100, 2\), values"):
        plot_predictions(make_classes(), LINE)
    plt.close("all")


def test_history_draws_a_panel_for_each_metric():
    figure = plot_history(History({"loss": [2.0, 1.0], "accuracy": [0.5, 0.9]}))
    assert [panel.get_ylabel() for panel in figure.axes] == ["loss", "accuracy"]
    plt.close("all")


def test_an_empty_history_is_refused():
    with pytest.raises(ValueError, match="the history is empty"):
        plot_history(History())


# Descent


def bowl(place):
    return (place * place * torch.tensor([1.0, 4.0], device=place.device)).sum()


def test_descent_on_a_bowl_shrinks_each_direction_at_its_own_rate():
    places = trace_descent(bowl, [1.0, 1.0], lr=0.1, steps=5)
    rates = torch.tensor([0.8, 0.2], device=places.device)  # 1 - lr * curvature
    powers = torch.stack([rates**step for step in range(6)])
    assert torch.allclose(places, powers)


@pytest.mark.parametrize(("lr", "nearer"), [(0.24, True), (0.26, False)])
def test_descent_diverges_beyond_two_over_the_curvature(lr, nearer):
    places = trace_descent(bowl, [1.0, 1.0], lr=lr)
    assert bool(places[-1].norm() < places[0].norm()) == nearer


def test_momentum_keeps_a_share_of_the_step_before():
    places = trace_descent(lambda x: x.sum(), [0.0], lr=1.0, momentum=0.9, steps=3)
    steps = -places.diff(dim=0).flatten()
    assert torch.allclose(steps, torch.tensor([1.0, 1.9, 2.71], device=steps.device))


def test_a_descent_without_steps_is_refused():
    with pytest.raises(ValueError, match="steps is 0: expected 1 or more"):
        trace_descent(bowl, [1.0, 1.0], lr=0.1, steps=0)


def test_a_map_shows_the_descent_and_the_window_asked_for():
    places = trace_descent(bowl, [1.0, 1.0], lr=0.3)  # leaves the window
    axes = plot_descent(bowl, places, window=((-1, 1), (-2, 2)))
    assert (axes.get_xlim(), axes.get_ylim()) == ((-1, 1), (-2, 2))
    assert axes.lines[0].get_xdata().tolist() == places[:, 0].tolist()
    plt.close("all")


def test_from_line_to_line_of_a_map_the_height_doubles():
    axes = plot_descent(bowl, torch.ones(1, 2), window=((-1, 1), (-1, 1)))
    levels = torch.as_tensor(axes.collections[0].levels)
    assert torch.allclose(levels[1:], 2 * levels[:-1])
    plt.close("all")


def test_a_map_of_one_direction_is_refused():
    with pytest.raises(
        ValueError, match=r"places \(3, 1\): expected \(steps \+ 1, 2\)"
    ):
        plot_descent(bowl, torch.ones(3, 1), window=((-1, 1), (-1, 1)))


def test_frames_lie_in_cells_of_one_size_row_by_row():
    frames = make_frames(5, across=2)
    corners = [frame.get_position().min.tolist() for frame in frames]
    cells = [(int(2 * x), 2 - int(3 * y)) for x, y in corners]
    assert cells == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)]
    assert len({tuple(f.get_position().size.round(6)) for f in frames}) == 1
    plt.close("all")


def test_no_frames_are_refused():
    with pytest.raises(ValueError, match="0 axes, 2 across: expected 1 or more"):
        make_frames(0, across=2)


# Weights


def make_norm() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_weights_come_back_as_they_were_saved(tmp_path):
    model, copy = make_norm().to(DEVICE), make_norm().to(DEVICE)
    model(torch.randn(5, 2, device=DEVICE))  # moves the running statistics
    assert load_weights(copy, save_weights(model, tmp_path / "m.pth")) is copy
    saved = copy.state_dict()
    assert all(torch.equal(v, saved[name]) for name, v in model.state_dict().items())


def test_weights_are_an_ordinary_state_dict(tmp_path):
    model = nn.Linear(2, 1)
    torch.save(model.state_dict(), tmp_path / "theirs.pth")
    copy = load_weights(nn.Linear(2, 1), tmp_path / "theirs.pth")
    assert torch.equal(copy.weight, model.weight)


def test_save_makes_missing_folders_and_leaves_no_draft(tmp_path):
    path = save_weights(nn.Linear(1, 1), str(tmp_path / "a" / "b" / "m.pth"))
    assert [file.name for file in path.parent.iterdir()] == ["m.pth"]


@pytest.mark.parametrize("moment", ["torch.save", "os.fsync"])
def test_an_interrupted_save_keeps_the_previous_file(tmp_path, monkeypatch, moment):
    path = save_weights(nn.Linear(1, 1), tmp_path / "m.pth")
    before = path.read_bytes()

    def interrupt(*args):
        if moment == "torch.save":
            args[1].write(b"half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr(moment, interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_weights(nn.Linear(1, 1), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.pth"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file at .*gone\.pth: expected"):
        load_weights(nn.Linear(1, 1), tmp_path / "gone.pth")


@pytest.fixture
def saved(tmp_path) -> Path:
    return save_weights(nn.Linear(8, 8), tmp_path / "m.pth")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    with pytest.raises(
        ValueError, match=r"m\.pth cannot be read as weights .* cut short"
    ):
        load_weights(nn.Linear(8, 8), saved)


def test_a_file_with_one_wrong_byte_is_refused(saved):
    model = nn.Linear(8, 8)
    load_weights(model, saved)
    content = bytearray(saved.read_bytes())
    content[content.find(model.weight.detach().cpu().numpy().tobytes()) + 5] ^= 1
    saved.write_bytes(content)
    torch.load(saved, weights_only=True)  # notices nothing
    with pytest.raises(ValueError, match="wrong checksum in archive/data/0"):
        load_weights(model, saved)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no weights here")
    with pytest.raises(ValueError, match=r"15 bytes; .* of another kind"):
        load_weights(nn.Linear(1, 1), path)


def test_a_whole_model_is_refused(tmp_path):
    torch.save(nn.Linear(1, 1), tmp_path / "whole.pth")
    with pytest.raises(ValueError, match="holds more than weights"):
        load_weights(nn.Linear(1, 1), tmp_path / "whole.pth")


def test_a_lone_tensor_is_refused(tmp_path):
    torch.save(torch.zeros(2), tmp_path / "tensor.pth")
    with pytest.raises(
        ValueError, match=r"holds \(2,\) float32 on cpu: expected the st"
    ):
        load_weights(nn.Linear(1, 1), tmp_path / "tensor.pth")


OTHERS = {
    "shape": (
        nn.Linear(8, 4),
        r"'weight' is \(8, 8\) in the file, \(4, 8\) in the model",
    ),
    "missing": (nn.Sequential(nn.Linear(8, 8)), "missing '0.weight'; missing '0.bias'"),
    "unexpected": (nn.Linear(8, 8, bias=False), "unexpected 'bias'"),
    "many": (make_norm(), "and 6 more; build the model as it was"),
}


@pytest.mark.parametrize(("model", "message"), OTHERS.values(), ids=OTHERS)
def test_weights_of_another_model_are_refused_and_change_nothing(saved, model, message):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_weights(model, saved)
    assert all(torch.equal(before[n], v) for n, v in model.state_dict().items())
