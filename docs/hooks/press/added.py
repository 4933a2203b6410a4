"""Keep what a statement adds to lists and dictionaries, and add it again elsewhere.

A training that only adds its result to a table need not run again for each copy that
wants the whole table: what it added in the copy of its own block is added once more.
"""

import base64
import contextlib
import dataclasses
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any


@dataclasses.dataclass
class Note:
    """What a statement added, as text; empty where that cannot be written down."""

    text: str = ""


@contextlib.contextmanager
def noted(containers: Sequence[str], names: dict[str, Any]) -> Iterator[Note]:
    """Fill in what is added to the containers with these names in this context."""
    note = Note()
    lengths = {name: len(names[name]) for name in containers}
    start = time.perf_counter()
    yield note
    if not containers:
        return
    kept = {
        "seconds": time.perf_counter() - start,
        "added": {name: items(names[name])[n:] for name, n in lengths.items()},
        "random numbers": random_numbers(),
    }
    with contextlib.suppress(Exception):  # Not everything can be pickled.
        note.text = base64.b64encode(pickle.dumps(kept)).decode()


def again(text: str, names: dict[str, Any]) -> float:
    """Add to the containers what was added before; return the seconds it took then."""
    kept = pickle.loads(base64.b64decode(text))
    for name, more in kept["added"].items():
        container = names[name]
        if isinstance(container, dict):
            container.update(more)
        else:
            container.extend(more)
    if kept["random numbers"] is not None:
        sys.modules["torch"].set_rng_state(kept["random numbers"])
    return float(kept["seconds"])


def items(container: Any) -> list[Any]:
    """Return what is in a list, or the keys with their values of a dictionary."""
    return list(container.items() if isinstance(container, dict) else container)


def random_numbers() -> Any:
    """Return how far PyTorch's random numbers have come, if it is there."""
    torch = sys.modules.get("torch")
    return torch.get_rng_state() if torch else None
