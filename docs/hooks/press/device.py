"""Run code that was written for no device in particular with its tensors on one.

Tensors that the code makes without naming a device are drawn on the CPU and moved:
the two devices' random streams differ, the numbers on the page must not.
"""

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors

LIKE = {
    torch.rand_like: torch.rand,
    torch.randn_like: torch.randn,
}
FILLS = {
    torch.Tensor.uniform_,
    torch.Tensor.normal_,
    torch.Tensor.exponential_,
    torch.Tensor.bernoulli_,
    torch.Tensor.random_,
}


class OnDevice(TorchFunctionMode):
    """Put every tensor that names no device on `device`, and note who touched it."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.constructors = _device_constructors()
        self.touched = False

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in self.constructors and kwargs.get("device") is None:
            result = self.construct(func, args, kwargs)
        elif func in LIKE and kwargs.get("device") is None:
            # The shape is all that is taken from the first argument.
            kwargs.setdefault("dtype", args[0].dtype)
            result = self.construct(LIKE[func], (args[0].shape, *args[1:]), kwargs)
        elif func in FILLS and self.holds(args[0]) and kwargs.get("generator") is None:
            drawn = torch.empty(args[0].shape, dtype=args[0].dtype, device="cpu")
            result = args[0].copy_(func(drawn, *args[1:], **kwargs))
        else:
            result = func(*args, **kwargs)
        self.touched = self.touched or self.holds(result)
        return result

    def construct(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call a constructor on the CPU and hand over its result as a leaf."""
        requires_grad = kwargs.pop("requires_grad", False)
        out = kwargs.get("out")
        if out is not None:
            return func(*args, **kwargs)
        kwargs["device"] = "cpu"
        if func in (torch.tensor, torch.as_tensor, torch.asarray):
            if args and isinstance(args[0], torch.Tensor):  # It has a device already.
                kwargs.pop("device")
        result = func(*args, **kwargs).to(self.device)
        return result.requires_grad_() if requires_grad else result

    def holds(self, value: Any) -> bool:
        """Return whether a value is, or a sequence holds, a tensor on the device."""
        if isinstance(value, torch.Tensor):
            return value.device.type == self.device.type
        return isinstance(value, tuple | list) and any(map(self.holds, value))
