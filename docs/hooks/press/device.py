"""Run code that was written for no device in particular with its tensors on one.

Tensors that the code makes without naming a device are made there. Random numbers
are drawn on the CPU and moved: the two devices' random streams differ, the numbers on
the page must not. `torch.from_numpy` names no device and stays: it shares the memory
of the array.
"""

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only

# Each with all its overloads. What draws inside a fused kernel (attention, cuDNN) is
# not here: there is no such kernel on the CPU.
ATEN = torch.ops.aten
DRAWS = {
    *(ATEN.rand, ATEN.rand_like, ATEN.randn, ATEN.randn_like, ATEN.randperm),
    *(ATEN.randint, ATEN.randint_like, ATEN.random_, ATEN.multinomial),
    *(ATEN.normal, ATEN.normal_, ATEN.log_normal_, ATEN.uniform_, ATEN.cauchy_),
    *(ATEN.bernoulli, ATEN.bernoulli_, ATEN.binomial, ATEN.native_dropout),
    *(ATEN.exponential_, ATEN.geometric_, ATEN.poisson),
}


def stay_on_cpu() -> None:
    """Hide an Apple GPU, which no environment variable hides: `cpu` means the CPU."""
    torch.backends.mps.is_available = lambda: False


class OnDevice(TorchFunctionMode):
    """Put each tensor that names no device on `device`, and note if one is used."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.constructors = _device_constructors()
        self.draws = DrawOnCPU(device)

    @property
    def touched(self) -> bool:
        return self.draws.touched

    @touched.setter
    def touched(self, value: bool) -> None:
        self.draws.touched = value

    def __enter__(self) -> Any:
        self.draws.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.draws.__exit__(*error)

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: Any = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        free = kwargs.get("device") is None and kwargs.get("out") is None
        if func in self.constructors and free:
            kwargs["device"] = self.device
        result = func(*args, **kwargs)
        # `torch.tensor` copies its data by itself and is not seen below.
        self.touched = self.touched or self.draws.holds(result)
        return result


class DrawOnCPU(TorchDispatchMode):
    """Draw what would be drawn on `device` on the CPU, below modules and autograd."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.touched = False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Any = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func.overloadpacket in DRAWS and self.is_ours(args, kwargs):
            result = self.draw(func, args, kwargs)
        else:
            result = func(*args, **kwargs)
        self.touched = self.touched or any(map(self.holds, tree_iter((args, result))))
        return result

    def is_ours(self, args: Any, kwargs: dict[str, Any]) -> bool:
        """Return whether a draw is for the device and from no generator of its own."""
        generator = kwargs.get("generator")
        # There are no numbers on meta.
        if self.device.type == "meta" or "out" in kwargs:
            return False
        if generator is not None and generator.device.type != "cpu":
            return False
        device = kwargs.get("device")
        if device is not None:
            return torch.device(device).type == self.device.type
        return any(map(self.holds, tree_iter(args)))

    def draw(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if func.overloadpacket.__name__.endswith("_"):
            target, *rest = args
            # The same strides: in another layout, other places get the numbers.
            drawn = torch.empty_strided(
                target.size(), target.stride(), dtype=target.dtype, device="cpu"
            )
            func(drawn, *self.on_cpu(rest), **self.on_cpu(kwargs))
            return target.copy_(drawn)
        result = func(*self.on_cpu(args), **self.on_cpu(kwargs))
        return tree_map_only(torch.Tensor, lambda one: one.to(self.device), result)

    def on_cpu(self, values: Any) -> Any:
        values = tree_map_only(torch.Tensor, lambda one: one.cpu(), values)
        return tree_map_only(torch.device, lambda _: torch.device("cpu"), values)

    def holds(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.device.type == self.device.type
