"""Laws of `dlguide.tensors`: what it says about tensors is what PyTorch does."""

import random

import numpy as np
import pytest
import torch

from dlguide.tensors import (
    ShapeCheck,
    describe,
    draw_tensor,
    explain_broadcast,
    explain_matmul,
    pick_device,
    set_seed,
    shares_memory,
)

SIZES = (0, 1, 1, 2, 3)  # Ones twice: they are what stretches.


def random_shape(dice: random.Random, most_dimensions: int = 4) -> tuple[int, ...]:
    return tuple(dice.choices(SIZES, k=dice.randint(0, most_dimensions)))


def agrees_with_torch(check: ShapeCheck, operation, first, second) -> bool:
    try:
        result = operation(torch.zeros(first), torch.zeros(second))
    except RuntimeError:
        return not check.works and check.shape is None
    return check.works and check.shape == tuple(result.shape)


def random_part(dice: random.Random, base: torch.Tensor) -> torch.Tensor:
    """Cut, step, flatten or turn `base` the way a reader's code would."""
    part = base
    for dimension in range(part.ndim):
        start, step = dice.randrange(3), dice.randint(1, 3)
        part = part[(slice(None),) * dimension + (slice(start, None, step),)]
    return part.mT if dice.random() < 0.5 else part


# Laws


@pytest.mark.parametrize("seed", range(4))
def test_explain_broadcast_says_what_addition_does(seed):
    dice = random.Random(seed)
    for _ in range(250):
        first, second = random_shape(dice), random_shape(dice)
        check = explain_broadcast(first, second)
        assert agrees_with_torch(check, torch.add, first, second), (first, second)


@pytest.mark.parametrize("seed", range(4))
def test_explain_matmul_says_what_matmul_does(seed):
    dice = random.Random(seed)
    for _ in range(250):
        first, second = random_shape(dice), random_shape(dice)
        check = explain_matmul(first, second)
        assert agrees_with_torch(check, torch.matmul, first, second), (first, second)


def test_the_random_shapes_contain_both_verdicts_many_times():
    dice = random.Random(0)
    pairs = [(random_shape(dice), random_shape(dice)) for _ in range(250)]
    for explain in (explain_broadcast, explain_matmul):
        working = sum(explain(first, second).works for first, second in pairs)
        assert 25 < working < 225


def test_a_hint_to_transpose_is_always_right():
    dice = random.Random(1)
    hints = 0
    for _ in range(500):
        first, second = random_shape(dice), random_shape(dice)
        if "second.mT" in explain_matmul(first, second).why:
            hints += 1
            torch.zeros(first) @ torch.zeros(second).mT
    assert hints > 20


def test_shares_memory_tells_whether_a_write_reaches_the_other():
    dice = random.Random(2)
    verdicts = set()
    for _ in range(200):
        base = torch.zeros(5, 6)
        first, second = random_part(dice, base), random_part(dice, base)
        first += 1
        written = bool(second.any())
        assert shares_memory(first, second) is shares_memory(second, first) is written
        verdicts.add(written)
    assert verdicts == {True, False}


def test_setting_the_same_seed_repeats_all_three_generators():
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), torch.rand(1).item()

    set_seed(7)
    first = draw()
    assert draw() != first
    set_seed(7)
    assert draw() == first


def test_setting_the_seed_also_seeds_every_gpu(monkeypatch):
    seeds = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeds.append)
    set_seed(7)
    assert seeds == [7]


# Agreement with trusted libraries


def test_explain_broadcast_agrees_with_broadcast_shapes():
    assert explain_broadcast((2, 1, 3), (4, 3)).shape == torch.broadcast_shapes(
        (2, 1, 3), (4, 3)
    )


def test_shares_memory_agrees_with_numpy():
    dice = random.Random(3)
    base = torch.zeros(5, 6, device="cpu")
    for _ in range(200):
        first, second = random_part(dice, base), random_part(dice, base)
        expected = np.shares_memory(first.numpy(), second.numpy())
        assert shares_memory(first, second) is expected


def test_shares_memory_sees_through_numpy_and_through_dtypes():
    array = np.zeros(6, dtype=np.float32)
    left, right = torch.from_numpy(array[:4]), torch.from_numpy(array[2:])
    assert shares_memory(left, right)
    assert shares_memory(left, right.view(torch.uint8)[3:4])
    assert not shares_memory(left, right.view(torch.uint8)[8:])


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        ({"cuda", "mps"}, "cuda"),
        ({"mps"}, "mps"),
        (set(), "cpu"),
    ],
)
def test_pick_device_prefers_cuda_then_mps_then_cpu(monkeypatch, available, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in available)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in available)
    assert pick_device() == torch.device(expected)


# Facts about the rest


def test_the_card_of_a_view_names_the_storage_behind_it():
    card = describe(torch.zeros(4, 6)[:, 1].requires_grad_())
    assert (card.numbers, card.storage_bytes) == (4, 96)
    assert (card.strides, card.contiguous, card.requires_grad) == ((6,), False, True)


def test_the_card_prints_one_line_per_fact():
    lines = str(describe(torch.zeros(3, dtype=torch.int8))).splitlines()
    assert lines[0] == "shape          (3,)"
    assert "numbers        3, 1 bytes each" in lines
    assert len(lines) == 7


def test_a_failing_check_names_the_sizes_that_clash():
    assert "dimension -1: 3 and 2, they differ" in explain_broadcast((2, 3), (2,)).why
    assert "inner sizes 3 and 4 differ" in explain_matmul((2, 3), (4, 5)).why
    assert "batches (2,) and (3,)" in explain_matmul((2, 1, 1), (3, 1, 1)).why
    assert "without dimensions" in explain_matmul((), (3,)).why


def test_shapes_may_be_sizes_tuples_or_lists():
    grid = torch.zeros(3, 2)
    assert explain_matmul(grid.shape, [2, 4]).shape == (3, 4)
    assert explain_broadcast(grid.shape, [2]).shape == (3, 2)


def test_tensors_without_numbers_share_no_memory():
    grid = torch.zeros(3)
    assert not shares_memory(grid, grid[1:1])
    assert not shares_memory(torch.zeros(5, 0), torch.zeros(5, 0))
    assert not shares_memory(torch.zeros(3, device="meta"), grid.cpu())
    meta = torch.zeros(3, device="meta")
    assert not shares_memory(meta, meta)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_draw_tensor_writes_every_number_once(shape):
    import matplotlib.pyplot as plt

    tensor = torch.arange(6)[: int(np.prod(shape))].reshape(shape)
    axes = draw_tensor(tensor)
    assert [int(text.get_text()) for text in axes.texts] == tensor.flatten().tolist()
    assert axes.get_title() == str(shape)
    plt.close("all")


def test_draw_tensor_uses_given_axes_and_paints_larger_numbers_stronger():
    import matplotlib.pyplot as plt

    axes = plt.subplots()[1]
    drawn = draw_tensor(torch.tensor([1.0, float("nan"), 9.0]), axes, title="three")
    strengths = [patch.get_alpha() for patch in axes.patches]
    assert drawn is axes
    assert axes.get_title() == "three"
    assert strengths[0] == strengths[1] < strengths[2]
    plt.close("all")


# Refusals


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_numpy_cannot_take_is_refused(seed):
    with pytest.raises(ValueError, match=f"from 0 to 4294967295, got {seed}"):
        set_seed(seed)


def test_sparse_tensors_are_refused():
    sparse = torch.eye(2).to_sparse()
    for call in (
        lambda: describe(sparse),
        lambda: shares_memory(torch.eye(2), sparse),
    ):
        with pytest.raises(TypeError, match=r"sparse_coo: call \.to_dense\(\) first"):
            call()


@pytest.mark.parametrize("shape", [(1, 2, 3), (0,)])
def test_draw_tensor_refuses_what_it_cannot_draw(shape):
    with pytest.raises(ValueError, match=r"expected 0 to 2 dimensions .* got shape"):
        draw_tensor(torch.zeros(shape))
