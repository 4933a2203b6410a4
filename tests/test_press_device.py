"""The same code, its tensors on another device, its random numbers the same.

`meta` stands in for a device that is not the CPU: it has shapes and no numbers. `cpu`
takes the way of random numbers that a GPU takes, and must not change one of them.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional

from dlguide.tensors import pick_device
from press.device import OnDevice, stay_on_cpu

META, CPU = torch.device("meta"), torch.device("cpu")

MAKERS = {
    "tensor": lambda: torch.tensor([1.0, 2.0]),
    "as_tensor": lambda: torch.as_tensor([1.0]),
    "zeros": lambda: torch.zeros(2, 3),
    "full": lambda: torch.full((2,), 7.0),
    "arange": lambda: torch.arange(5),
    "linspace": lambda: torch.linspace(0, 1, 5),
    "eye": lambda: torch.eye(2),
    "empty": lambda: torch.empty(2),
    "rand": lambda: torch.rand(3),
    "randn": lambda: torch.randn(3),
    "randint": lambda: torch.randint(3, (2,)),
    "randperm": lambda: torch.randperm(4),
    "zeros_like": lambda: torch.zeros_like(torch.ones(2)),
    "rand_like": lambda: torch.rand_like(torch.ones(2)),
    "new_zeros": lambda: torch.ones(2).new_zeros(3),
    "normal": lambda: torch.normal(torch.zeros(2), torch.ones(2)),
    "linear": lambda: nn.Linear(2, 2).weight,
    "batch_norm": lambda: nn.BatchNorm1d(2).running_mean,
    "dropout": lambda: functional.dropout(torch.ones(4)),
    "result": lambda: nn.Linear(2, 3)(torch.ones(4, 2)),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_tensor_that_names_no_device_lands_on_it(maker):
    with OnDevice(META) as mode:
        made = MAKERS[maker]()
    assert made.device == META
    assert mode.touched


@pytest.mark.parametrize("make", [torch.zeros, torch.rand, torch.randn, torch.empty])
def test_a_tensor_that_names_its_device_stays_there(make):
    with OnDevice(META):
        assert make(3, device="cpu").device == CPU
        assert torch.rand_like(make(3, device="cpu")).device == CPU


def test_code_that_uses_the_cpu_only_does_not_touch_the_device():
    with OnDevice(META) as mode:
        nn.Linear(2, 2, device="cpu")(torch.ones(1, 2, device="cpu")).sum().backward()
    assert not mode.touched


def test_an_operation_without_a_result_touches_the_device():
    with OnDevice(META) as mode:
        loss = torch.ones(3, requires_grad=True).sum()
        mode.touched = False
        loss.backward()
        assert mode.touched


@pytest.mark.parametrize("device", [META, CPU])
def test_a_tensor_that_requires_a_gradient_is_a_leaf(device):
    with OnDevice(device):
        for made in (
            torch.rand(3, requires_grad=True),
            torch.tensor([1.0], requires_grad=True),
            nn.Linear(2, 2).weight,
        ):
            assert made.is_leaf
            assert made.requires_grad


def test_a_tensor_of_numpy_shares_its_memory_still():
    import numpy as np

    array = np.zeros(2)
    with OnDevice(META):
        torch.from_numpy(array)[0] = 5
    assert array[0] == 5


def test_nothing_is_left_behind_after_the_mode():
    with OnDevice(META):
        pass
    assert torch.zeros(1).device == CPU


def lstm():
    return nn.LSTM(2, 3)(torch.ones(4, 1, 2))[0]


def training():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.3), nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(8, 3)).square().mean().backward()
        optimizer.step()
    return model[0].weight.detach()


def shuffled():
    data = torch.utils.data.TensorDataset(torch.arange(20.0))
    loader = torch.utils.data.DataLoader(data, batch_size=5, shuffle=True)
    return torch.cat([batch for (batch,) in loader])


def with_generator():
    generator = torch.Generator().manual_seed(3)
    return torch.rand(4, generator=generator) + torch.empty(4).normal_(
        generator=generator
    )


DRAWS = {
    "rand": lambda: torch.rand(3, 4),
    "randn": lambda: torch.randn(20),
    "randint": lambda: torch.randint(0, 9, (7,)),
    "randperm": lambda: torch.randperm(9),
    "rand_like": lambda: torch.rand_like(torch.ones(5)),
    "randn_like": lambda: torch.randn_like(torch.ones(20)),
    "randint_like": lambda: torch.randint_like(torch.ones(20), 5),
    "normal": lambda: torch.normal(torch.zeros(20), torch.ones(20)),
    "normal_by_size": lambda: torch.normal(0.0, 1.0, (20,)),
    "bernoulli": lambda: torch.bernoulli(torch.full((20,), 0.4)),
    "multinomial": lambda: torch.multinomial(torch.ones(9), 4),
    "poisson": lambda: torch.poisson(torch.full((9,), 3.0)),
    "uniform_": lambda: torch.empty(9).uniform_(-1, 1),
    "uniform_on_a_leaf": lambda: nn.init.uniform_(
        torch.empty(4, requires_grad=True)
    ).detach(),
    "normal_in_a_view": lambda: torch.zeros(6, 20)[:, ::2].normal_(),
    "normal_of_a_transposed": lambda: torch.zeros(20, 6).T.normal_(),
    "bernoulli_": lambda: torch.empty(9).bernoulli_(0.3),
    "random_": lambda: torch.empty(9).random_(5),
    "exponential_": lambda: torch.empty(9).exponential_(),
    "xavier": lambda: nn.init.xavier_normal_(torch.empty(4, 5)),
    "kaiming": lambda: nn.init.kaiming_uniform_(torch.empty(4, 5)),
    "orthogonal": lambda: nn.init.orthogonal_(torch.empty(4, 5)),
    "linear": lambda: nn.Linear(3, 4).weight.detach(),
    "conv": lambda: nn.Conv2d(1, 4, 3).weight.detach(),
    "embedding": lambda: nn.Embedding(5, 3).weight.detach(),
    "dropout": lambda: nn.Dropout(0.4)(torch.ones(50)),
    "dropout2d": lambda: nn.Dropout2d(0.4)(torch.ones(2, 9, 2, 2)),
    "lstm": lambda: lstm().detach(),
    "training": training,
    "shuffled": shuffled,
    "with_generator": with_generator,
}


@pytest.mark.parametrize("draw", DRAWS)
def test_random_numbers_and_the_generators_state_do_not_change(draw):
    torch.manual_seed(42)
    expected, state = DRAWS[draw](), torch.get_rng_state()
    torch.manual_seed(42)
    with OnDevice(CPU):
        got = DRAWS[draw]()
    assert torch.equal(expected, got)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("draw", DRAWS)
def test_each_draw_goes_the_way_that_a_gpu_takes(draw, monkeypatch):
    taken = []
    mode = OnDevice(CPU)
    original = mode.draws.draw
    monkeypatch.setattr(
        mode.draws, "draw", lambda *a: (taken.append(a[0]), original(*a))[1]
    )
    with mode:
        DRAWS[draw]()
    assert taken


def test_a_fused_dropout_draws_what_the_plain_one_draws():
    torch.manual_seed(0)
    plain = functional.dropout(torch.ones(4000), 0.3)
    torch.manual_seed(0)
    with OnDevice(CPU):
        assert torch.equal(plain, torch.native_dropout(torch.ones(4000), 0.3, True)[0])


def test_a_draw_in_place_returns_and_changes_the_tensor_itself():
    with OnDevice(CPU):
        a = torch.zeros(4)
        b = a.uniform_(1, 2)
    assert b is a
    assert a.min() >= 1


def test_the_cpu_environment_hides_an_apple_gpu(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device().type != "cpu"
    stay_on_cpu()
    assert pick_device().type == "cpu"
