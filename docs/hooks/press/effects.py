"""Watch what each statement of a page reads and changes, while the page runs.

The press cuts copies from this: what a block needs is what it reads, and whatever
gave that its value. Objects that only C code can look into are held to change each
time they are read.
"""

import builtins
import contextlib
import dataclasses
import io
import operator
import os
import random
import sys
import time
import types
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

# What a statement can read or change that has no name in the page.
RANDOM_NUMBERS = "(random numbers)"
TORCH_NUMBERS = f"{RANDOM_NUMBERS} torch"
SETTINGS = "(settings)"
FILES = "(files)"  # followed by the path of one in the page's own folder
ENVIRONMENT = "(environment)"

ATOMS = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    range,
    slice,
    type(...),
    types.ModuleType,
    types.BuiltinFunctionType,
    types.CodeType,
    Path,
)
ATOM_TYPES = frozenset(ATOMS)
NUMBERS_AND_TEXTS = frozenset((bool, int, float, complex, str, bytes))
# Too large to walk, or changed by looking: changed whenever read.
OPAQUE = ("matplotlib.", "torch._dynamo.", "torch.fx.", "tqdm.", "optuna.")
BYTECODE = "__pycache__"  # Python may write it, and do without.
LISTINGS = ("os.listdir", "os.scandir")
FILE_EVENTS = ("open", "os.mkdir", *LISTINGS)
# How the variables begin that libraries set when they are loaded.
OF_LIBRARIES = ("KMP_", "TORCHINDUCTOR_")


@dataclasses.dataclass
class Effects:
    """What one statement at the top level of a page did."""

    first: int  # its lines: while it runs in the page, when kept in its block
    last: int
    seconds: float = 0.0
    failed: bool = False
    reads: list[str] = dataclasses.field(default_factory=list)
    binds: list[str] = dataclasses.field(default_factory=list)
    changes: list[str] = dataclasses.field(default_factory=list)
    # Lists and dictionaries that only gained items: these change too.
    grows: list[str] = dataclasses.field(default_factory=list)

    def moved(self, lines: int) -> "Effects":
        """Return the same, so many lines further down."""
        return dataclasses.replace(
            self, first=self.first + lines, last=self.last + lines
        )


class Names(dict[str, Any]):
    """The namespace of a page, which knows what is read from it."""

    watched = False

    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()
        self.written: set[str] = set()

    def watch(self) -> None:
        """From now on, note what is read before it is written."""
        self.read, self.written, self.watched = set(), set(), True

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        if self.watched and name not in self.written:
            self.read.add(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self.written.add(name)
        dict.__setitem__(self, name, value)


class PageModule(types.ModuleType):
    """A `__main__` whose attributes are the names of a page; pickle looks there."""

    def __init__(self, names: Names) -> None:
        super().__init__("__main__")
        names |= {"__name__": "__main__", "__builtins__": builtins}
        self.__dict__["_names"] = names

    def __getattr__(self, name: str) -> Any:
        try:
            return dict.__getitem__(self.__dict__["_names"], name)
        except KeyError:
            raise AttributeError(name) from None


class Watch:
    """Notes the effects of one statement after another."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.files_read: set[str] = set()
        self.listed: set[str] = set()  # folders, of which all is read
        self.seconds = 0.0  # that watching took, all in all
        self.seeds = Seeds()
        self.before = Snapshot.of(names)
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note which file of the page's own folder is looked at."""
        if self.names.watched and event == "subprocess.Popen":
            self.listed.add("")  # It may look at any.
        elif self.names.watched and event in FILE_EVENTS:
            path = "." if arguments[0] is None else arguments[0]
            if isinstance(path, int) or imports_look(event):
                return
            with contextlib.suppress(OSError, TypeError, ValueError):
                inside = inside_own_folder(os.fsdecode(path))
                if inside is not None:
                    self.note_path(inside, event, arguments)

    def note_path(self, path: Path, event: str, arguments: tuple[Any, ...]) -> None:
        """Note what is read by who opens or makes a file or a folder, or lists one."""
        looks_not = event == "os.mkdir" or arguments[1:2] in (("w",), ("wb",))
        read = path.parents if looks_not else (path, *path.parents)
        self.files_read |= {str(one) for one in read if one.name}
        if event in LISTINGS:
            self.listed.add(f"{path}{os.sep}" if path.name else "")

    @contextlib.contextmanager
    def statement(self, effects: Effects) -> Iterator[None]:
        """Fill in the effects of the statement that runs in this context."""
        self.names.watch()
        self.files_read, self.listed = set(), set()
        self.seeds.start()
        start = time.perf_counter()
        try:
            yield
        except BaseException:
            effects.failed = True
            raise
        finally:
            stop = time.perf_counter()
            effects.seconds = stop - start
            self.names.watched = False
            after = Snapshot.of(self.names)
            note(effects, self.names, self.before, after)
            self.note_unnamed(effects, after)
            self.before = after
            self.seconds += time.perf_counter() - stop

    def note_unnamed(self, effects: Effects, after: "Snapshot") -> None:
        """Fill in what was read of files, environment and random numbers."""
        read = {f"{FILES} {path}" for path in self.files_read}
        listed = tuple(f"{FILES} {folder}" for folder in self.listed)
        there = self.before.objects.keys() | after.objects.keys()
        read |= {name for name in there if name.startswith(listed)}
        effects.reads += sorted(read)
        written = {
            name
            for name in effects.changes
            if name.startswith(FILES)
            and name not in read
            and os.path.isfile(name.removeprefix(f"{FILES} "))
        }
        effects.binds += sorted(written)
        effects.changes = [name for name in effects.changes if name not in written]
        if any(dict.get(self.names, name) is os for name in effects.reads):
            effects.reads.append(ENVIRONMENT)
        drawn = {name for name in effects.changes if name.startswith(RANDOM_NUMBERS)}
        if self.seeds.before_any_draw:
            # Whatever they were, they have been set.
            effects.binds.append(TORCH_NUMBERS)
            effects.changes = [n for n in effects.changes if n != TORCH_NUMBERS]
            drawn.discard(TORCH_NUMBERS)
        elif self.seeds.kept:
            drawn.add(TORCH_NUMBERS)
        effects.reads += sorted(drawn)


def imports_look(event: str) -> bool:
    """Return whether Python looks through a folder for a module to import."""
    looking = sys._getframe(2).f_code.co_filename
    return event != "open" and looking.startswith("<frozen importlib")


def inside_own_folder(path: str) -> Path | None:
    """Return a path from the page's own folder on; None where it leads out of that."""
    with contextlib.suppress(ValueError):
        inside = Path(os.path.abspath(path)).relative_to(os.getcwd())
        return None if BYTECODE in inside.parts else inside
    return None


class Seeds:
    """Hears when PyTorch's random numbers are seeded or set back."""

    def __init__(self) -> None:
        self.before_any_draw = self.kept = False
        self.state: int | None = None

    def start(self) -> None:
        """Forget the statement before; listen, as soon as PyTorch is there."""
        self.before_any_draw = self.kept = False
        if torch := sys.modules.get("torch"):
            self.state = torch_state(torch)
            if not isinstance(torch.random.default_generator, Heard):
                torch.random.default_generator = Heard(torch.default_generator, self)

    def seeded(self) -> None:
        if torch_state(sys.modules["torch"]) == self.state:
            self.before_any_draw = True

    def set_back(self) -> None:
        self.kept = not self.before_any_draw


class Heard:
    """PyTorch's own generator, with an ear for its seeds."""

    def __init__(self, generator: Any, seeds: Seeds) -> None:
        self._generator = generator
        self._seeds = seeds

    def manual_seed(self, seed: int) -> Any:
        self._seeds.seeded()
        return self._generator.manual_seed(seed)

    def set_state(self, state: Any) -> Any:
        self._seeds.set_back()
        return self._generator.set_state(state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)


@dataclasses.dataclass
class Snapshot:
    """Each name's object, what that reaches, and a sum over each object's content."""

    objects: dict[str, Any]  # name -> which object, see `mark`
    identities: dict[str, int]
    reached: dict[str, set[Any]]  # name -> identities
    content: dict[Any, Any]  # identity -> what comparing tells a change by
    opaque: set[int]

    @classmethod
    def of(cls, names: dict[str, Any]) -> "Snapshot":
        content: dict[Any, Any] = {}
        children: dict[int, list[int]] = {}
        opaque: set[int] = set()
        reached: dict[str, set[Any]] = {}
        objects: dict[str, Any] = {}
        identities: dict[str, int] = {}
        for name, value in dict.items(names):
            if name.startswith("__") and name.endswith("__"):
                continue
            objects[name], identities[name] = mark(value), id(value)
            reached[name] = walk(value, content, children, opaque)
        for name, state in unnamed().items():
            objects[name], reached[name], content[name] = 0, {name}, state
        return cls(objects, identities, reached, content, opaque)


def note(effects: Effects, names: Names, before: Snapshot, after: Snapshot) -> None:
    """Fill in what was read, bound, changed and grown between two snapshots."""
    read = names.read
    known = before.objects.keys() | after.objects.keys()
    effects.reads = sorted(read & known)
    effects.binds = sorted(
        name
        for name in known
        if not name.startswith("(")
        and (
            name in names.written - read
            or before.objects.get(name) != after.objects.get(name)
        )
    )
    changed = {
        key
        for key, content in before.content.items()
        if after.content.get(key, content) != content
    }
    looked_at = {
        key
        for name in read & before.reached.keys()
        for key in before.reached[name] & before.opaque
    }
    kept = before.objects.keys() & after.objects.keys() - set(effects.binds)
    changes = set()
    for name in kept:
        own = changed & (before.reached[name] | after.reached[name])
        if own or looked_at & before.reached[name]:
            changes.add(general(name))
        identity = before.identities.get(name)
        if own == {identity} and grown(
            before.content[identity], after.content[identity]
        ):
            effects.grows.append(name)
    new_or_gone = before.objects.keys() ^ after.objects.keys()
    changes |= {name for name in new_or_gone if name.startswith(FILES)}
    effects.changes = sorted(changes)
    effects.grows.sort()


def general(name: str) -> str:
    """Return a name; of the parts of the settings, that of all."""
    return SETTINGS if name.startswith(SETTINGS) else name


def grown(before: Any, after: Any) -> bool:
    """Return whether a container has only gained items at its end."""
    return (
        isinstance(before, tuple)
        and before[:1] in (("list",), ("dict",))
        and after[: len(before)] == before
    )


def unnamed() -> dict[str, Any]:
    """Return the state that a page shares with the whole process, part by part."""
    states = {
        f"{RANDOM_NUMBERS} python": hash(random.getstate()),
        f"{SETTINGS} process": os.getcwd(),
        ENVIRONMENT: sorted(
            item for item in os.environ.items() if not item[0].startswith(OF_LIBRARIES)
        ),
    }
    states |= files()
    if numpy := sys.modules.get("numpy"):
        _, key, position, *_ = numpy.random.get_state()
        states[f"{RANDOM_NUMBERS} numpy"] = position, zlib.crc32(key.tobytes())
        states[f"{SETTINGS} numpy"] = repr(numpy.get_printoptions())
    if torch := sys.modules.get("torch"):
        states[TORCH_NUMBERS] = torch_state(torch)
        states[f"{SETTINGS} torch"] = torch_settings(torch)
    if matplotlib := sys.modules.get("matplotlib"):
        states[f"{SETTINGS} matplotlib"] = repr(dict(matplotlib.rcParams))
    return states


def torch_state(torch: Any) -> int:
    return zlib.crc32(torch.default_generator.get_state().numpy().tobytes())


def torch_settings(torch: Any) -> Any:
    """Return what changes how PyTorch computes or prints."""
    return (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_anomaly_enabled(),
        torch.get_float32_matmul_precision(),
        str(torch.get_default_device()),
        repr(vars(torch._tensor_str.PRINT_OPTS)),
    )


def files() -> dict[str, Any]:
    """Return of each of the page's own files and folders what tells a change by."""
    found: dict[str, Any] = {}
    for folder, folders, names in os.walk("."):
        folders[:] = [name for name in folders if name != BYTECODE]
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                state = os.stat(path)
                looks = None if name in folders else (state.st_size, state.st_mtime_ns)
                found[f"{FILES} {os.path.normpath(path)}"] = looks
    return found


def walk(
    value: Any,
    content: dict[int, Any],
    children: dict[int, list[int]],
    opaque: set[int],
) -> set[int]:
    """Return the identities of all that a value reaches; note the content of each."""
    seen: set[int] = set()
    todo = [value]
    keys: list[int] = []
    while todo or keys:
        if keys:
            key = keys.pop()
            if key not in seen:
                seen.add(key)
                keys += children[key]
            continue
        current = todo.pop()
        key = id(current)
        if key in seen or is_atom(current):
            continue
        if key in children:  # Another name has reached it.
            keys.append(key)
            continue
        seen.add(key)
        parts: list[Any] = []
        content[key] = look(current, parts)
        if content[key] is None:
            opaque.add(key)
        parts = [part for part in parts if not is_atom(part)]
        children[key] = list(map(id, parts))
        todo += parts
    return seen


def mark(value: Any) -> Any:
    """Return which object this is: a place may be that of another one later."""
    return (type(value), value) if type(value) in NUMBERS_AND_TEXTS else id(value)


def is_atom(value: Any) -> bool:
    """Return whether nothing can change in an object."""
    kind = type(value)
    if kind in ATOM_TYPES:
        return True
    if kind is tuple:
        return all(type(part) in ATOM_TYPES for part in value)
    if kind is types.FunctionType:
        return value.__closure__ is None and value.__module__ != "__main__"
    return isinstance(value, ATOMS)


def look(value: Any, parts: list[Any]) -> Any:
    """Return what tells a change of this one object by; add what it holds to parts.

    None stands for an object that nothing can be told of.
    """
    kind = type(value)
    where = f"{kind.__module__}."
    if where.startswith(OPAQUE) or isinstance(value, types.GeneratorType):
        return None
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.Tensor):
        return tensor_content(torch, value, parts)
    if torch is not None and kind is torch.Generator:
        return zlib.crc32(value.get_state().numpy().tobytes())
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype.hasobject:
            parts += value.ravel().tolist()
            return tuple(map(mark, parts))
        return value.shape, str(value.dtype), zlib.crc32(value.tobytes())
    if numpy is not None and isinstance(value, numpy.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, random.Random):
        return hash(value.getstate())
    if where.startswith("pandas."):
        return pickled(value)
    if where.startswith("PIL."):
        return zlib.crc32(value.tobytes()) if hasattr(value, "tobytes") else None
    return plain_content(value, kind, parts)


def plain_content(value: Any, kind: type, parts: list[Any]) -> Any:
    """Return the content of containers, functions, classes and other objects."""
    if isinstance(value, type):
        if value.__module__ == "__main__":
            parts += vars(value).values()
        return tuple(map(mark, parts))
    if isinstance(value, types.FunctionType):
        parts += function_parts(value)
        return tuple(map(mark, parts))
    if isinstance(value, types.MethodType):
        parts += [value.__self__, value.__func__]
        return ()
    label = ""
    if isinstance(value, dict):
        label = "dict"
        parts += [part for item in dict.items(value) for part in item]
    elif isinstance(value, Collection) and kind.__module__ in (
        "builtins",
        "collections",
    ):
        label = "list" if kind is list else "items"
        parts += value
    elif hasattr(value, "__next__") and kind.__module__ in ("builtins", "itertools"):
        left = operator.length_hint(value, -1)
        return None if left < 0 else left
    elif isinstance(value, io.IOBase):
        return None
    found = (label, *map(mark, parts))
    # An empty container counts as nothing until it holds something.
    attributes = [
        None if isinstance(part, dict | list | set) and not part else part
        for part in attributes_of(value)
    ]
    parts += attributes
    return found if label and not attributes else (*found, *map(mark, attributes))


def attributes_of(value: Any) -> Iterable[Any]:
    """Yield what an object holds in its dictionary and its slots."""
    yield from getattr(value, "__dict__", {}).values()
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                with contextlib.suppress(AttributeError):
                    yield getattr(value, name)


def function_parts(function: types.FunctionType) -> list[Any]:
    """Return what a function keeps between its calls."""
    parts = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    parts += vars(function).values()
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # An empty cell.
            parts.append(cell.cell_contents)
    return parts


def tensor_content(torch: Any, value: Any, parts: list[Any]) -> Any:
    """Return shape, type and a sum over the numbers of a tensor."""
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        parts += vars(value).values()
        if value.is_leaf or value.retains_grad:
            parts.append(value.grad)
        about = [value.requires_grad, value.is_inference() or value._version]
        with contextlib.suppress(RuntimeError, TypeError, NotImplementedError):
            # Not of sparse, meta and lazy ones: there the version must do.
            about += [tuple(value.shape), str(value.dtype)]
            data = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            about.append(zlib.crc32(data.numpy()))
    return (*about, *map(mark, parts))


def pickled(value: Any) -> Any:
    """Return a sum over an object as it would be written to a file."""
    import pickle

    try:
        return zlib.crc32(pickle.dumps(value))
    except Exception:
        return None
