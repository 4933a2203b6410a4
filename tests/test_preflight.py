"""Healthy programs get no finding, broken ones theirs, and nothing is changed."""

import contextlib
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from dlguide.preflight import Finding, preflight


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def adam(model) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=0.01)


def entries(model, batch, loss_function, optimizer=None, **options) -> list[str]:
    """Return what is found, by entry; without an optimizer, a right one is made."""
    optimizer = optimizer or adam(model)
    found = preflight(model, batch, loss_function, optimizer, **options)
    return [finding.entry for finding in found]


def words(*arguments, **options) -> str:
    return " | ".join(map(str, preflight(*arguments, **options)))


def classifier(*last: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3), *last)


def classes(samples: int = 16):
    return torch.randn(samples, 6), torch.arange(samples) % 3


def binary(*last: nn.Module):
    batch = torch.randn(16, 6), (torch.arange(16.0) % 2).unsqueeze(1)
    return nn.Sequential(nn.Linear(6, 1), *last), batch


def line():
    inputs = torch.arange(0.0, 1.0, 0.05).unsqueeze(1)
    return nn.Linear(1, 1), (inputs, 0.7 * inputs + 0.3)


# Healthy programs


def convolutions():
    layers = nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 9, 10))
    batch = torch.rand(16, 1, 8, 8), torch.arange(16) % 10
    return model, batch, nn.CrossEntropyLoss()


def frozen_backbone():
    """Return a backbone at rest in a model that trains its head."""
    backbone = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
    model = nn.Sequential(backbone, nn.Linear(8, 3))
    backbone.requires_grad_(False).eval()
    return model, classes(), nn.CrossEntropyLoss(), adam(model[1])


class BagOfWords(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 8, padding_idx=0)
        self.head = nn.Linear(8, 2)

    def forward(self, tokens):
        return self.head(self.embedding(tokens).mean(dim=1))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.memory = nn.LSTM(4, 8, batch_first=True)
        self.head = nn.Linear(8, 1)

    def forward(self, sequences):
        states, _ = self.memory(sequences)
        return self.head(states[:, -1]).squeeze(1)


class UsedOutOfOrder(nn.Module):
    """Its ReLU is the last that it names, not the last that it uses."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last, self.relu = nn.Linear(6, 8), nn.Linear(8, 3), nn.ReLU()

    def forward(self, inputs):
        return self.last(self.relu(self.first(inputs)))


def two_groups():
    model = classifier()
    groups = [{"params": model[0].parameters()}, {"params": model[2].parameters()}]
    return model, classes(), nn.CrossEntropyLoss(), torch.optim.SGD(groups, lr=0.1)


def chances_as_labels():
    batch = torch.randn(16, 6), torch.rand(16, 3).softmax(dim=1)
    return classifier(), batch, nn.CrossEntropyLoss(label_smoothing=0.1)


def padded_labels():
    inputs, labels = classes()
    labels[::4] = -1
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 3.0]), ignore_index=-1)
    return classifier(), (inputs, labels), loss


def segmentation():
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 1))
    batch = torch.rand(8, 1, 6, 6), torch.randint(0, 4, (8, 6, 6))
    return model, batch, nn.CrossEntropyLoss()


def in_double():
    model, (inputs, targets) = line()
    return model.double(), (inputs.double(), targets.double()), nn.MSELoss()


def squeezed_in_the_loss():
    model, (inputs, targets) = line()
    loss = lambda given, wanted: functional.mse_loss(given.squeeze(1), wanted)  # noqa: E731
    return model, (inputs, targets.squeeze(1)), loss


def weighed_in_the_loss():
    loss = lambda given, wanted: (  # noqa: E731
        functional.cross_entropy(given, wanted, reduction="none").mul(2).mean()
    )
    return classifier(), classes(), loss


def centred_in_the_loss():
    loss = lambda given, wanted: (given - wanted.mean(dim=0)).pow(2).mean()  # noqa: E731
    return nn.Linear(6, 3), (torch.randn(16, 6), torch.randn(16, 3)), loss


def ranking():
    def loss(scores, ranks):
        wanted = (ranks[:, None] - ranks).sign()
        return functional.softplus(-wanted * (scores[:, None] - scores)).mean()

    model = nn.Sequential(nn.Linear(6, 1), nn.Flatten(0))
    return model, (torch.randn(16, 6), torch.arange(16.0)), loss


def zero_head():
    model, batch = binary()
    nn.init.zeros_(model[0].weight)
    return model, batch, nn.BCEWithLogitsLoss()


def logits_that_look_like_chances():
    model, batch = binary()
    nn.init.constant_(model[0].weight, 0.001)
    nn.init.constant_(model[0].bias, 0.5)
    return model, batch, nn.BCEWithLogitsLoss()


def dropped_out():
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 3))
    return model, classes(), nn.CrossEntropyLoss()


def attention():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.Sequential(layer, nn.Flatten(), nn.Linear(8 * 5, 3))
    return model, (torch.randn(16, 5, 8), torch.arange(16) % 3), nn.CrossEntropyLoss()


HEALTHY = {
    "regression": lambda: (*line(), nn.MSELoss()),
    "regression with SmoothL1": lambda: (*line(), nn.SmoothL1Loss()),
    "summed loss": lambda: (*line(), nn.MSELoss(reduction="sum")),
    "binary": lambda: (*binary(), nn.BCEWithLogitsLoss()),
    "binary with chances": lambda: (*binary(nn.Sigmoid()), nn.BCELoss()),
    "classes": lambda: (classifier(), classes(), nn.CrossEntropyLoss()),
    "classes by function": lambda: (classifier(), classes(), functional.cross_entropy),
    "log-softmax": lambda: (classifier(nn.LogSoftmax(dim=1)), classes(), nn.NLLLoss()),
    "ReLU named last": lambda: (UsedOutOfOrder(), classes(), nn.CrossEntropyLoss()),
    "weights and padding": padded_labels,
    "chances as labels": chances_as_labels,
    "convolutions with batch norm": convolutions,
    "segmentation": segmentation,
    "dropout": dropped_out,
    "frozen backbone": frozen_backbone,
    "embedding": lambda: (
        BagOfWords(),
        (torch.randint(0, 20, (16, 5)), torch.arange(16) % 2),
        nn.CrossEntropyLoss(),
    ),
    "LSTM": lambda: (
        Recurrent(),
        (torch.randn(16, 5, 4), torch.randn(16)),
        nn.MSELoss(),
    ),
    "attention": attention,
    "two groups": two_groups,
    "float64 throughout": in_double,
    "squeezed in the loss": squeezed_in_the_loss,
    "weighed in the loss": weighed_in_the_loss,
    "centred in the loss": centred_in_the_loss,
    "ranking by pairs": ranking,
    "head that starts at 0": zero_head,
    "logits from 0 to 1 by chance": logits_that_look_like_chances,
}


@pytest.mark.parametrize("make", HEALTHY.values(), ids=HEALTHY)
@pytest.mark.parametrize("number", range(3))
def test_a_healthy_program_gets_no_finding(make, number):
    torch.manual_seed(number)
    model, batch, loss_function, *optimizer = make()
    assert entries(model, batch, loss_function, *optimizer) == []


@pytest.mark.parametrize("number", range(10))
def test_inputs_that_are_not_centred_are_not_called_dead_relus(number):
    torch.manual_seed(number)
    inputs = 100 + 20 * torch.rand(16, 6)
    assert entries(classifier(), (inputs, classes()[1]), nn.CrossEntropyLoss()) == []


# Labels and loss


@pytest.mark.parametrize(
    "loss_function",
    [
        nn.MSELoss(),
        nn.L1Loss(),
        nn.SmoothL1Loss(),
        nn.HuberLoss(),
        functional.mse_loss,
        lambda given, wanted: functional.l1_loss(input=given, target=wanted),
        lambda given, wanted: ((given - wanted) ** 2).mean(),
        lambda given, wanted: ((wanted - given) ** 2).mean(),
        lambda given, wanted: torch.sub(given, wanted).abs().mean(),
    ],
)
def test_labels_that_are_stretched_against_predictions_are_found(loss_function):
    model, (inputs, targets) = line()
    found = preflight(model, (inputs, targets.squeeze(1)), loss_function, adam(model))
    assert [f.entry for f in found] == ["silent-broadcast-loss"]
    assert "predictions (20, 1) and labels (20,)" in found[0].words
    assert "labels.reshape(20, 1)" in found[0].words


def test_one_label_for_several_predictions_is_found():
    batch = torch.randn(16, 6), torch.randn(16, 1)
    text = words(model := classifier(), batch, nn.MSELoss(), adam(model))
    assert "(16, 3) and labels (16, 1) are stretched to (16, 3)" in text
    assert "give both one shape" in text


@pytest.mark.parametrize(("label", "first"), [(3, 3), (-1, -1), (99, 99)])
@pytest.mark.parametrize("log", [True, False])
def test_a_label_out_of_range_is_found_and_not_raised(label, first, log):
    inputs, labels = classes()
    labels[5] = label
    model = classifier(*[nn.LogSoftmax(dim=1)] * log)
    loss_function = nn.NLLLoss() if log else nn.CrossEntropyLoss()
    found = preflight(model, (inputs, labels), loss_function, adam(model))
    assert [f.entry for f in found] == ["loss-target-out-of-bounds"]
    assert f"1 of 16 labels, such as {first}, are outside of 0 to 2" in found[0].words


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int32])
def test_labels_of_the_wrong_type_are_found_and_not_raised(dtype):
    inputs, labels = classes()
    model = classifier()
    batch = inputs, labels.to(dtype)
    found = preflight(model, batch, nn.CrossEntropyLoss(), adam(model))
    assert found[0].entry == "dtype-ce-target-float"
    assert f"{str(dtype)[6:]} on cpu: class numbers must be int64" in found[0].words


@pytest.mark.parametrize(
    "loss_function", [nn.MSELoss(), nn.HuberLoss(), nn.BCEWithLogitsLoss()]
)
def test_labels_in_double_precision_are_found(loss_function):
    model, (inputs, targets) = line()
    batch = inputs, targets.double()
    assert entries(model, batch, loss_function) == ["dtype-bce-double-target"]


def test_a_loss_of_many_numbers_is_found_and_its_gradients_are_looked_at():
    model, batch = line()
    model.spare = nn.Linear(1, 1)
    found = entries(model, batch, nn.MSELoss(reduction="none"))
    assert found == ["autograd-nonscalar-backward", "silent-unused-layer"]


@pytest.mark.parametrize(
    ("value", "text"), [(math.nan, "1 values in the inputs"), (1e38, "0 values in")]
)
def test_a_loss_that_is_not_finite_is_found(value, text):
    model, (inputs, targets) = line()
    nn.init.ones_(model.weight)
    inputs[3] = value
    found = preflight(model, (inputs, targets), nn.MSELoss(), adam(model))
    assert [f.entry for f in found] == ["silent-lr-too-high"]
    assert text in found[0].words


# The last layer


@pytest.mark.parametrize("last", [nn.Softmax(dim=1), nn.Softmax(dim=0)])
def test_a_softmax_before_cross_entropy_is_found(last):
    found = entries(classifier(last), classes(), nn.CrossEntropyLoss())
    assert found == ["silent-double-softmax"]


def test_chances_made_without_a_softmax_layer_are_found():
    loss = lambda given, wanted: functional.cross_entropy(  # noqa: E731
        given.exp() / given.exp().sum(dim=1, keepdim=True), wanted
    )
    assert entries(classifier(), classes(), loss) == ["silent-double-softmax"]


@pytest.mark.parametrize(
    "last", [[nn.Sigmoid()], [nn.Sigmoid(), nn.Flatten(), nn.Unflatten(1, (1,))]]
)
def test_a_sigmoid_before_a_loss_of_logits_is_found(last):
    model, batch = binary(*last)
    assert entries(model, batch, nn.BCEWithLogitsLoss()) == ["silent-double-sigmoid"]


def test_a_sigmoid_before_cross_entropy_and_in_the_loss_is_found():
    found = entries(classifier(nn.Sigmoid()), classes(), nn.CrossEntropyLoss())
    assert found == ["silent-double-sigmoid"]
    loss = lambda given, wanted: nn.BCEWithLogitsLoss()(given.sigmoid(), wanted)  # noqa: E731
    assert entries(*binary(), loss) == ["silent-double-sigmoid"]


def test_a_relu_on_logits_is_found():
    model, batch = binary(nn.ReLU())
    nn.init.ones_(model[0].bias)
    assert entries(model, batch, nn.BCEWithLogitsLoss()) == ["silent-relu-on-logits"]
    found = entries(classifier(nn.ReLU()), classes(), nn.CrossEntropyLoss())
    assert found == ["silent-relu-on-logits"]


# Model and optimizer


def test_a_model_in_eval_mode_is_found():
    found = entries(classifier().eval(), classes(), nn.CrossEntropyLoss())
    assert found == ["silent-no-train-again"]


@pytest.mark.parametrize("part", [nn.Dropout(0.5), nn.BatchNorm1d(3)])
def test_a_part_in_eval_mode_is_found_by_name(part):
    model = classifier(part)
    model[3].eval()
    text = words(model, classes(), nn.CrossEntropyLoss(), adam(model))
    assert "3: in eval mode, though not in a frozen part" in text
    assert "silent-no-train-again" in text


def test_a_head_that_trains_in_a_model_at_rest_is_no_mistake():
    model, batch, loss_function, optimizer = frozen_backbone()
    model.eval()[1].train()
    assert entries(model, batch, loss_function, optimizer) == []


def test_an_optimizer_of_another_model_is_found():
    model, batch, loss_function = classifier(), classes(), nn.CrossEntropyLoss()
    text = words(model, batch, loss_function, adam(classifier()))
    assert "holds none of the model's 4 trainable parameters" in text


def test_a_layer_made_after_the_optimizer_is_found():
    model = classifier()
    optimizer = adam(model)
    model[2] = nn.Linear(32, 3)
    found = preflight(model, classes(), nn.CrossEntropyLoss(), optimizer)
    assert [f.entry for f in found] == ["silent-stale-optimizer"]
    assert "holds 2 of 4 trainable parameters" in found[0].words
    assert "2.weight, 2.bias" in found[0].words


class CutOff(nn.Module):
    """Detaches what its first layer gives."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, inputs):
        return self.last(self.first(inputs).detach())


def test_parameters_that_no_gradient_reaches_are_found():
    model = CutOff()
    found = preflight(model, classes(), nn.CrossEntropyLoss(), adam(model))
    assert [f.entry for f in found] == ["silent-unused-layer"]
    assert "reaches 2 of 4 parameters, first.weight, first.bias" in found[0].words


def test_gradients_that_are_all_zero_are_found():
    batch = torch.randn(16, 6), torch.zeros(16, dtype=torch.int64)
    found = entries(nn.Linear(6, 1), batch, nn.CrossEntropyLoss())
    assert found == ["silent-unused-layer"]


def test_a_frozen_model_is_found():
    model = classifier()
    optimizer = adam(model)
    model.requires_grad_(False)
    found = entries(model, classes(), nn.CrossEntropyLoss(), optimizer)
    assert found == ["autograd-no-grad-fn"]


@pytest.mark.parametrize("cut", [torch.Tensor.detach, torch.Tensor.item])
def test_a_loss_without_a_gradient_is_found(cut):
    loss = lambda given, wanted: cut(functional.cross_entropy(given, wanted))  # noqa: E731
    assert entries(classifier(), classes(), loss) == ["autograd-no-grad-fn"]


def test_gradients_that_a_healthy_training_leaves_behind_are_no_mistake():
    model, batch = line()
    nn.MSELoss()(model(batch[0]), batch[1]).backward()
    assert entries(model, batch, nn.MSELoss()) == []


@pytest.mark.parametrize(("samples", "expected"), [(8, ["silent-dead-relu"]), (7, [])])
def test_dead_relus_are_found_in_a_batch_that_is_large_enough(samples, expected):
    model = classifier()
    nn.init.constant_(model[0].bias, -100.0)
    assert entries(model, classes(samples), nn.CrossEntropyLoss()) == expected


def test_dead_channels_are_counted():
    model, batch, loss_function = convolutions()
    model[1].bias.data.fill_(-100.0)
    text = words(model, batch, loss_function, adam(model))
    assert "ReLU 2: 8 of 8 units are 0 for all 16 samples" in text


# Samples


def test_shared_samples_are_counted():
    model, (inputs, labels) = classifier(), classes()
    test = torch.cat([inputs[:3], torch.randn(5, 6)]), labels[:8]
    options = {"test_batch": test}
    text = words(model, (inputs, labels), nn.CrossEntropyLoss(), adam(model), **options)
    assert text.startswith("3 of 8 test samples are in the training batch too")
    assert text.endswith("errors/silent/#silent-train-test-overlap")


def test_other_samples_and_inputs_of_few_values_are_no_leak():
    loss_function = nn.CrossEntropyLoss()
    assert not entries(classifier(), classes(), loss_function, test_batch=classes())
    coarse = torch.eye(6)[torch.arange(16) % 3], torch.arange(16) % 3
    assert not entries(classifier(), coarse, loss_function, test_batch=coarse)


# Nothing is changed


def everything(model, optimizer) -> tuple[list, list]:
    """Return all that a training can change, as it is now."""
    slots = optimizer.state_dict()["state"].values()
    kept = [*model.parameters(), *model.buffers(), torch.get_rng_state()]
    kept += [value for slot in slots for value in slot.values()]
    kept += [p.grad for p in model.parameters() if p.grad is not None]
    return [v.detach().clone() for v in kept], [m.training for m in model.modules()]


def with_everything(trained: bool):
    """Return model, batch and optimizer, with gradients and state if trained."""
    layers = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)
    model, batch = nn.Sequential(*layers), classes()
    optimizer = adam(model)
    if trained:
        nn.CrossEntropyLoss()(model(batch[0]), batch[1]).backward()
        optimizer.step()
    return model, batch, optimizer


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("mistake", ["eval", "label", "raises", "none"])
def test_model_optimizer_and_random_state_are_as_they_were(trained, mistake):
    model, (inputs, labels), optimizer = with_everything(trained)
    labels = labels + 9 if mistake == "label" else labels
    loss_function = nn.BCELoss() if mistake == "raises" else nn.CrossEntropyLoss()
    tensors, modes = everything(model.train(mistake != "eval"), optimizer)
    with contextlib.suppress(ValueError):
        preflight(model, (inputs, labels), loss_function, optimizer)
    after, modes_after = everything(model, optimizer)
    assert modes == modes_after
    assert len(tensors) == len(after)
    assert all(map(torch.equal, tensors, after))


def test_hooks_and_a_loss_with_weights_of_its_own_are_as_they_were():
    class Centres(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen = 0

        def forward(self, given, wanted):
            self.seen += 1
            return functional.cross_entropy(given, wanted)

    model, loss_function = classifier(), Centres()
    assert entries(model, classes(), loss_function) == []
    assert loss_function.seen == 0
    assert not any(part._forward_hooks for part in model.modules())


def test_a_loss_that_knows_the_weights_leaves_no_gradient_on_them():
    model = classifier()

    def loss_function(given, wanted):
        size = sum(p.square().sum() for p in model.parameters())
        return functional.cross_entropy(given, wanted) + 0.01 * size

    assert entries(model, classes(), loss_function) == []
    assert all(p.grad is None for p in model.parameters())


def test_a_model_that_keeps_an_activation_can_be_looked_at():
    model, batch = classifier(), classes()
    model.kept = model(batch[0])
    assert entries(model, batch, nn.CrossEntropyLoss()) == []
    assert model.kept.grad_fn is not None


def test_gradients_are_looked_at_even_where_they_are_switched_off():
    with torch.no_grad():
        assert entries(classifier(), classes(), nn.CrossEntropyLoss()) == []


# Errors


def test_an_error_of_the_model_comes_through_as_it_is():
    model = nn.Linear(5, 3)
    with pytest.raises(RuntimeError, match="mat1 and mat2") as caught:
        preflight(model, classes(), nn.CrossEntropyLoss(), adam(model))
    assert not hasattr(caught.value, "__notes__")


def test_an_error_of_the_loss_comes_through_as_it_is():
    model, (inputs, targets) = binary()
    with pytest.raises(ValueError, match="must be the same as input size"):
        entries(model, (inputs, targets.squeeze(1)), nn.BCEWithLogitsLoss())
    loss = lambda given, wanted: functional.cross_entropy([given], wanted)  # noqa: E731
    with pytest.raises(TypeError, match="cross_entropy"):
        entries(classifier(), classes(), loss)


def test_a_batch_that_is_no_pair_is_refused():
    model, (inputs, _) = classifier(), classes()
    with pytest.raises(TypeError, match=r"a batch is .*: expected two tensors"):
        preflight(model, (inputs,), nn.CrossEntropyLoss(), adam(model))


# Findings


def test_a_finding_gives_its_words_and_its_address():
    finding = Finding("dtype-ce-target-float", "labels are float32")
    assert finding.address == "errors/dtype/#dtype-ce-target-float"
    assert str(finding) == f"labels are float32; see {finding.address}"


def test_several_mistakes_are_found_at_once_and_each_once():
    loss = lambda given, wanted: sum(  # noqa: E731
        functional.cross_entropy(given, wanted) for _ in range(2)
    )
    model = classifier(nn.Softmax(dim=1)).eval()
    found = entries(model, classes(), loss, adam(classifier()))
    assert found == [
        "silent-double-softmax",
        "silent-no-train-again",
        "silent-stale-optimizer",
    ]
