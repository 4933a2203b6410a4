"""Two printed outputs say the same: by their numbers, wherever their tensors lie."""

import os
import subprocess
import sys

import pytest

from press.blocks import ROOT
from press.outputs import same, without_device

SAME = [
    ("tensor([1., 2.])", "tensor([1., 2.], device='cuda:0')"),
    (
        "tensor([[1., 2.],\n        [3., 4.]])",
        "tensor([[1., 2.],\n        [3., 4.]], device='cuda:0')",
    ),
    (
        "tensor([0.5000], requires_grad=True)",
        "tensor([0.5000], device='cuda:0', requires_grad=True)",
    ),
    (
        "tensor(3., grad_fn=<MulBackward0>)",
        "tensor(3., device='cuda:0', grad_fn=<MulBackward0>)",
    ),
    (
        "tensor([0.1235, 0.9877], grad_fn=<MulBackward0>)",
        "tensor([0.1235, 0.9877], device='cuda:0',\n       grad_fn=<MulBackward0>)",
    ),
    (
        "tensor([1, 2], dtype=torch.int32)",
        "tensor([1, 2], device='cuda:0',\n       dtype=torch.int32)",
    ),
    (
        "Parameter containing:\ntensor([0.1000], requires_grad=True)",
        "Parameter containing:\ntensor([0.1000], device='cuda:0', requires_grad=True)",
    ),
    ("device(type='cpu')", "device(type='cuda', index=0)"),
    ("device(type='cpu')", "device(type='cuda')"),
    ("'cpu'", "'cuda'"),
    ("cpu", "cuda:0"),
    ("0.667", "0.66666668"),
    ("loss 0.693 after 3", "loss 0.6931472 after 3"),
    ("tensor([0.6667])", "tensor([0.6666], device='cuda:0')"),
]
DIFFERENT = [
    ("tensor([1., 2.])", "tensor([1., 3.], device='cuda:0')"),
    ("tensor([0., 1.])", "tensor([1., 0.], device='cuda:0')"),
    ("tensor([1.])", "tensor([1.4000])"),
    ("tensor([1, 2])", "tensor([1, 3])"),
    ("tensor([1, 2])", "tensor([1., 2.])"),
    ("tensor([1., 2.])", "tensor([1, 2])"),
    ("tensor([1, 2])", "tensor([1, 2], dtype=torch.int32)"),
    ("tensor([[1., 2.]])", "tensor([1., 2.])"),
    ("tensor([1., 2.])", "tensor([1., 2., 3.])"),
    ("torch.Size([2, 3])", "torch.Size([3, 2])"),
    ("tensor([1.])", "tensor([1.], grad_fn=<MulBackward0>)"),
    ("0.667", "0.669"),
    ("0.667", "0.7"),
    ("loss 0.693", "cost 0.693"),
    ("cuda cores", "cpu cores"),
]


@pytest.mark.parametrize(("expected", "got"), SAME)
def test_outputs_that_say_the_same_are_the_same(expected, got):
    assert same(expected, got)


@pytest.mark.parametrize(("expected", "got"), DIFFERENT)
def test_outputs_that_say_something_else_are_not_the_same(expected, got):
    assert not same(expected, got)


def test_an_output_without_a_device_is_left_alone():
    text = "tensor([1., 2.], dtype=torch.float64)\nCUDA has cores; cuda is a word."
    assert without_device(text) == text


MODULE = '''
class Weight:
    """Stands in for a tensor on a GPU.

    Examples:
        >>> Weight()
        tensor([0.667, 2.])
        >>> Weight().device
        device(type='cpu')
    """

    class device:
        def __repr__(self):
            return "device(type='cuda', index=0)"

    device = device()

    def __repr__(self):
        return "tensor([0.6666667, {number}], device='cuda:0')"
'''


def doctest_of(tmp_path, number: str) -> subprocess.CompletedProcess:
    (tmp_path / "stand_in.py").write_text(MODULE.format(number=number))
    (tmp_path / "pytest.ini").write_text("[pytest]\ndoctest_optionflags = NUMBER\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "press.docstrings",
        "-p",
        "no:cacheprovider",
        "--doctest-modules",
        str(tmp_path / "stand_in.py"),
    ]
    return subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "docs" / "hooks")},
    )


@pytest.mark.parametrize(("number", "passes"), [("2.", True), ("3.", False)])
def test_a_docstring_passes_on_a_gpu_with_its_numbers_and_with_no_others(
    tmp_path, number, passes
):
    done = doctest_of(tmp_path, number)
    assert (done.returncode == 0) is passes, done.stdout + done.stderr
    assert ("1 passed" in done.stdout) is passes
