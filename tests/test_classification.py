"""Labels, scores, weights and pictures of a classifier."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torchmetrics import functional

from dlguide.classification import (
    accuracy,
    balance_weights,
    confusion_matrix,
    f1_score,
    plot_confusion_matrix,
    plot_decision_boundary,
    precision,
    precision_recall_curve,
    recall,
    to_labels,
)
from dlguide.workflow import evaluate, train

mpl.use("agg")

CLASSES = 4


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


@pytest.fixture
def answers():
    """Return predicted and true class numbers, as an average model gives them."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(CLASSES, (200,), generator=generator)
    wrong = torch.rand(200, generator=generator) < 0.3
    other = torch.randint(CLASSES, (200,), generator=generator)
    return torch.where(wrong, other, labels), labels


@pytest.fixture
def scored():
    """Return scores with repeats and their 0-or-1 labels, one in five positive."""
    generator = torch.Generator().manual_seed(1)
    labels = (torch.rand(100, generator=generator) < 0.2).long()
    scores = torch.rand(100, generator=generator) + 0.4 * labels
    return (scores / 1.4).mul(20).round() / 20, labels


# From logits to labels


def test_softmax_and_sigmoid_change_no_label():
    logits = torch.randn(50, CLASSES, generator=torch.Generator().manual_seed(0))
    assert torch.equal(to_labels(logits), to_labels(logits.softmax(dim=1)))
    single = logits[:, 0]
    assert torch.equal(to_labels(single), (single.sigmoid() > 0.5).long())


def test_a_column_of_logits_gives_the_labels_of_a_row():
    logits = torch.tensor([-1.0, 0.0, 2.0])
    assert to_labels(logits).tolist() == [0, 0, 1]
    assert torch.equal(to_labels(logits.unsqueeze(1)), to_labels(logits))


def test_each_logit_of_several_labels_decides_for_itself():
    logits = torch.tensor([[0.2, 1.5, -1.0], [-1.0, -2.0, -3.0]])
    assert to_labels(logits, several=True).tolist() == [[1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("shape", [(), (2, 3, 4), (2, 0)])
def test_logits_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"logits \(.*expected \(batch, classes\)"):
        to_labels(torch.zeros(shape))


# Accuracy


def test_accuracy_counts_samples_whatever_the_task():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(40, CLASSES, generator=generator)
    labels = torch.randint(CLASSES, (40,), generator=generator)
    wanted = functional.accuracy(logits, labels, task="multiclass", num_classes=CLASSES)
    assert accuracy(logits, labels) == wanted
    several = torch.randint(2, (40, CLASSES), generator=generator)
    wanted = functional.accuracy(
        logits.sigmoid(), several, task="multilabel", num_labels=CLASSES
    )
    assert torch.isclose(accuracy(logits, several.float()), wanted)
    wanted = functional.accuracy(logits[:, 0].sigmoid(), several[:, 0], task="binary")
    assert torch.isclose(accuracy(logits[:, 0], several[:, 0]), wanted)


def test_accuracy_of_a_column_is_that_of_a_row():
    logits, labels = torch.tensor([-1.0, 2.0, 3.0]), torch.tensor([0.0, 0.0, 1.0])
    column = accuracy(logits.unsqueeze(1), labels.unsqueeze(1))
    assert column == accuracy(logits, labels)
    assert column.item() == pytest.approx(2 / 3)


def test_accuracy_is_a_metric_of_the_training_loop():
    inputs = torch.tensor([[-1.0], [-2.0], [1.0], [2.0]])
    labels = torch.tensor([0, 0, 1, 1])
    model = nn.Linear(1, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    loss, scores = nn.CrossEntropyLoss(), {"accuracy": accuracy}
    history = train(model, (inputs, labels), loss, optimizer, epochs=20, metrics=scores)
    assert history.train["accuracy"][-1] == 1.0
    assert evaluate(model, (inputs, labels), loss, metrics=scores)["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("logits", "labels", "words"),
    [
        ((4,), (4, 1), r"logits \(4,\), labels \(4, 1\)"),
        ((4, 1), (4,), r"use logits\.squeeze\(1\)"),
        ((4, 3), (5,), r"logits \(4, 3\), labels \(5,\)"),
        ((4, 3, 2), (4,), "shapes differ"),
        ((0,), (0,), "at least one sample"),
    ],
)
def test_accuracy_of_shapes_that_do_not_fit_is_refused(logits, labels, words):
    with pytest.raises(ValueError, match=words):
        accuracy(torch.zeros(logits), torch.zeros(labels))


# Confusion matrix and scores


def test_a_confusion_matrix_counts_every_sample_once(answers):
    predicted, labels = answers
    matrix = confusion_matrix(predicted, labels, classes=CLASSES)
    assert matrix.sum() == len(labels)
    assert torch.equal(matrix.sum(dim=1), labels.bincount(minlength=CLASSES))
    assert torch.equal(matrix.sum(dim=0), predicted.bincount(minlength=CLASSES))


def test_the_diagonal_over_all_is_the_accuracy(answers):
    predicted, labels = answers
    matrix = confusion_matrix(predicted, labels, classes=CLASSES)
    right = (predicted == labels).float().mean()
    assert torch.isclose(matrix.trace() / matrix.sum(), right)


def test_matrix_and_scores_agree_with_scikit_learn(answers):
    predicted, labels = (part.numpy() for part in answers)
    matrix = confusion_matrix(*answers, classes=CLASSES)
    assert (matrix.numpy() == metrics.confusion_matrix(labels, predicted)).all()
    wanted = metrics.precision_recall_fscore_support(labels, predicted)[:3]
    for score, values in zip((precision, recall, f1_score), wanted, strict=True):
        assert torch.allclose(score(matrix), torch.from_numpy(values).float())


@pytest.mark.parametrize("name", ["precision", "recall", "f1_score"])
def test_scores_agree_with_torchmetrics_also_for_a_class_never_seen(answers, name):
    predicted, labels = answers
    ours = {"precision": precision, "recall": recall, "f1_score": f1_score}[name]
    matrix = confusion_matrix(predicted, labels, classes=CLASSES + 1)
    wanted = getattr(functional, name)(
        predicted, labels, task="multiclass", num_classes=CLASSES + 1, average="none"
    )
    assert torch.allclose(ours(matrix), wanted)
    assert ours(matrix)[-1] == 0


def test_f1_is_the_harmonic_mean_of_precision_and_recall(answers):
    matrix = confusion_matrix(*answers, classes=CLASSES)
    p, r = precision(matrix), recall(matrix)
    assert torch.allclose(f1_score(matrix), 2 / (1 / p + 1 / r))


@pytest.mark.parametrize(
    ("predicted", "labels", "words"),
    [
        ([0, 1], [0], r"predicted \(2,\), labels \(1,\)"),
        ([[0], [1]], [[0], [1]], "to_labels"),
        ([0.0, 1.0], [0, 1], r"predicted is torch\.float32"),
        (
            [0, 1],
            [0, 2],
            r"labels goes from 0 to 2: expected class numbers from 0 to 1",
        ),
        ([-1, 1], [0, 1], "predicted goes from -1 to 1"),
    ],
)
def test_what_cannot_be_counted_is_refused(predicted, labels, words):
    with pytest.raises(ValueError, match=words):
        confusion_matrix(torch.tensor(predicted), torch.tensor(labels), classes=2)


@pytest.mark.parametrize("score", [precision, recall, f1_score, plot_confusion_matrix])
def test_a_matrix_that_is_not_square_is_refused(score):
    with pytest.raises(ValueError, match=r"matrix \(2, 3\): expected \(classes"):
        score(torch.ones(2, 3, dtype=torch.int64))


# Thresholds


def test_the_curve_agrees_with_counting_at_each_threshold(scored):
    scores, labels = scored
    for p, r, threshold in zip(*precision_recall_curve(scores, labels), strict=True):
        matrix = confusion_matrix((scores >= threshold).long(), labels, classes=2)
        assert torch.isclose(p, precision(matrix)[1])
        assert torch.isclose(r, recall(matrix)[1])


def test_the_curve_agrees_with_scikit_learn(scored):
    scores, labels = scored
    ours = precision_recall_curve(scores, labels)
    theirs = metrics.precision_recall_curve(labels.numpy(), scores.numpy())
    for mine, other in zip(ours, theirs, strict=True):
        # scikit-learn adds a last point without a threshold.
        other = torch.tensor(other[: len(mine)].copy(), dtype=torch.float32)
        assert torch.allclose(mine, other)


def test_recall_falls_as_the_threshold_rises(scored):
    _, found, thresholds = precision_recall_curve(*scored)
    assert (thresholds.diff() > 0).all()
    assert (found.diff() <= 0).all()
    assert found[0] == 1


@pytest.mark.parametrize(
    ("scores", "labels", "words"),
    [
        ([0.1, 0.2], [1], r"expected \(samples,\) for both"),
        ([0.1, float("nan")], [0, 1], "a probability is nan"),
        ([0.1, 0.2], [0, 0], "at least one 1"),
        ([0.1, 0.2], [1, 2], "must be 0 and 1"),
    ],
)
def test_a_curve_of_what_has_no_order_is_refused(scores, labels, words):
    with pytest.raises(ValueError, match=words):
        precision_recall_curve(torch.tensor(scores), torch.tensor(labels))


# Weights


def test_balanced_weights_give_every_class_the_same_total():
    labels = torch.tensor([0] * 90 + [1] * 8 + [2] * 2)
    weights = balance_weights(labels, classes=3)
    totals = weights * labels.bincount()
    assert torch.allclose(totals, totals[0].expand(3))
    assert torch.isclose(totals.sum(), torch.tensor(100.0))


def test_balanced_weights_are_those_of_scikit_learn():
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    wanted = compute_class_weight("balanced", classes=np.arange(3), y=labels.numpy())
    ours = balance_weights(labels, classes=3)
    assert torch.allclose(ours, torch.from_numpy(wanted).float())


def test_a_class_without_a_sample_has_no_weight():
    with pytest.raises(ValueError, match=r"no sample of class \[1\]"):
        balance_weights(torch.tensor([0, 2]), classes=3)


def test_a_label_beyond_the_classes_has_no_weight():
    with pytest.raises(ValueError, match="labels goes from 0 to 3"):
        balance_weights(torch.tensor([0, 3]), classes=3)


# Pictures


def test_a_confusion_matrix_is_drawn_with_its_counts_and_names():
    axes = plot_confusion_matrix(torch.tensor([[9, 1], [0, 5]]), ["no", "yes"])
    assert [text.get_text() for text in axes.texts] == ["9", "1", "0", "5"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["no", "yes"]


def test_another_number_of_names_than_classes_is_refused():
    with pytest.raises(ValueError, match="1 class names for 2 classes"):
        plot_confusion_matrix(torch.eye(2).long(), ["no"])


class Shaped(nn.Module):
    """Answers every point with the same logits, in a given shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape
        self.dropout = nn.Dropout(0.5)
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        rows = inputs[:, :1] * self.weight
        return self.dropout(rows.expand(-1, *self.shape) if self.shape else rows[:, 0])


POINTS = torch.tensor([[-1.0, 0.0], [1.0, 2.0], [0.5, 1.0]])
NUMBERS = torch.tensor([0, 1, 1])


@pytest.mark.parametrize("shape", [(), (1,), (2,), (3,)])
def test_a_boundary_is_drawn_for_two_classes_and_for_many(shape):
    labels = NUMBERS.unsqueeze(1) if shape == (1,) else NUMBERS
    axes = plot_decision_boundary(Shaped(*shape), POINTS, labels, steps=5)
    assert axes.images[0].get_array().shape == (5, 5)
    assert len(axes.collections[0].get_offsets()) == len(POINTS)


def test_the_map_shows_the_class_at_its_place():
    axes = plot_decision_boundary(Shaped(), POINTS, NUMBERS, steps=10)
    image = axes.images[0]
    left, right, bottom, top = image.get_extent()
    assert (left, right) == pytest.approx((-1.1, 1.1), abs=1e-4)
    assert (bottom, top) == pytest.approx((-0.1, 2.1), abs=1e-4)
    # The model says 1 where the first feature is above 0.
    assert image.get_array()[0].tolist() == [0] * 5 + [1] * 5


def test_drawing_leaves_modes_gradients_and_random_numbers_alone():
    model = Shaped(2)
    model.dropout.eval()
    state = torch.get_rng_state()
    points = POINTS.clone().requires_grad_()
    plot_decision_boundary(model, points, NUMBERS, steps=5)
    assert model.training
    assert not model.dropout.training
    assert model.weight.grad is None
    assert torch.equal(torch.get_rng_state(), state)


def test_a_model_in_double_precision_gets_its_points_so():
    model = nn.Linear(2, 2).double()
    assert plot_decision_boundary(model, POINTS.double(), NUMBERS, steps=3)


def test_a_boundary_goes_on_given_axes():
    _, panels = plt.subplots(1, 2)
    chosen = plot_decision_boundary(Shaped(), POINTS, NUMBERS, axes=panels[1], steps=3)
    assert chosen is panels[1]
    assert not panels[0].images


@pytest.mark.parametrize(
    ("inputs", "labels", "options", "words"),
    [
        (torch.zeros(3, 3), NUMBERS, {}, r"inputs \(3, 3\): expected \(samples, 2\)"),
        (torch.zeros(0, 2), NUMBERS[:0], {}, "a plane has two features"),
        (POINTS, NUMBERS[:2], {}, "3 inputs, 2 labels"),
        (POINTS, NUMBERS, {"steps": 1}, "steps is 1: expected 2 or more"),
    ],
)
def test_what_is_no_plane_is_not_drawn(inputs, labels, options, words):
    with pytest.raises(ValueError, match=words):
        plot_decision_boundary(Shaped(), inputs, labels, **options)


def test_an_answer_that_is_no_logits_is_refused():
    with pytest.raises(ValueError, match=r"the model answers \(4, 2, 2\) to 4 points"):
        plot_decision_boundary(
            nn.Sequential(nn.Linear(2, 4), nn.Unflatten(1, (2, 2))),
            POINTS,
            NUMBERS,
            steps=2,
        )
