"""Look over an installation of PyTorch: versions, devices, and known troubles.

`python -m dlguide doctor` prints it. PyTorch itself is asked in a process of its own,
so that a broken one can be named instead of breaking the doctor too.
"""

# Not newer Python than 3.8 in this file: an old Python is one of the troubles.
from __future__ import annotations

import importlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.machinery import FrozenImporter
from pathlib import Path
from typing import Any, Iterator, Sequence  # noqa: UP035 (older than collections.abc's)

__all__ = ["Installation", "Problem", "diagnose", "examine", "report"]

OLDEST_PYTHON = (3, 11)
OLDEST_TORCH = (2, 11)
NEEDED = ("torch", "numpy", "matplotlib", "pillow", "pooch", "tqdm")
SHOWN = (*NEEDED, "torchvision", "pandas", "scikit-learn", "torchmetrics")
FIRST_TORCH_FOR_NUMPY_2 = (2, 3)
ENOUGH_SHARED_MB = 256  # Docker gives 64, which a few batches of pictures fill.
PATIENCE_SECONDS = 120
# Leave out the working folder, where a file may hide what is to be imported.
_APART = """\
import sys
sys.path = [place for place in sys.path if place] + [sys.argv[1]]
import json
from dlguide import doctor
print(json.dumps(getattr(doctor, sys.argv[2])()))
"""


@dataclass(frozen=True)
class Installation:
    """What there is on a machine, as `examine` finds it or a test makes it up.

    Args:
        python: The version of Python.
        versions: Name of a package on PyPI -> installed version.
        devices: Name of a device as PyTorch calls it -> what it is.
        cuda: The version of CUDA that PyTorch was built for; `None` for a CPU build.
        nvidia: The NVIDIA GPUs that the system itself reports; empty without one.
        visible_devices: The variable `CUDA_VISIBLE_DEVICES`; `None` if it is not set.
        capabilities: Name of a GPU -> its architecture, as `"sm_90"`.
        architectures: What PyTorch was built for, as `"sm_90"` or `"compute_90"`.
        torchvision_wants: The version of PyTorch that torchvision was built for.
        import_errors: Package -> the last line of the error that its import raised.
        hidden: Files in the working folder that hide a module -> that module.
        cache: The folder for downloaded weights, if nothing can be written there.
        shared_mb: The shared memory for workers, in MB; `None` where it has no limit.
        bits: The width of an address in this Python, 64 or 32.

    Examples:
        >>> Installation("3.11.2", {"torch": "2.1.0"}).versions["torch"]
        '2.1.0'
    """

    python: str
    versions: dict[str, str]
    devices: dict[str, str] = field(default_factory=lambda: {"cpu": ""})
    cuda: str | None = None
    nvidia: str = ""
    visible_devices: str | None = None
    capabilities: dict[str, str] = field(default_factory=dict)
    architectures: tuple[str, ...] = ()
    torchvision_wants: str | None = None
    import_errors: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    cache: str | None = None
    shared_mb: float | None = None
    bits: int = 64


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an installation.

    Args:
        found: What is wrong, with its versions.
        advice: What to do.

    Examples:
        >>> print(Problem("numpy is not installed", "pip install numpy"))
        numpy is not installed
          -> pip install numpy
    """

    found: str
    advice: str

    def __str__(self) -> str:
        return f"{self.found}\n  -> {self.advice}"


def diagnose(installation: Installation) -> list[Problem]:
    """Return what is known to be wrong with an installation.

    Args:
        installation: What `examine` has found.

    Returns:
        The problems, those that cause others first; empty if nothing was found.

    Examples:
        >>> versions = dict.fromkeys(NEEDED, "2.0") | {"torch": "2.13.0"}
        >>> diagnose(Installation("3.11.2", versions))
        []
        >>> vision = versions | {"torchvision": "0.20.0"}
        >>> made_up = Installation("3.11.2", vision, torchvision_wants="2.5.0")
        >>> for problem in diagnose(made_up):
        ...     print(problem)
        torchvision 0.20.0 is built for torch 2.5.0, installed is torch 2.13.0
          -> install both in one command: pip install --upgrade torch torchvision
    """
    return [problem for detect in _DETECTORS for problem in detect(installation)]


def report(installation: Installation) -> str:
    """Return versions, devices and problems as text for a terminal.

    Args:
        installation: What `examine` has found.

    Returns:
        One line for each version, device and problem, and one for each advice.

    Examples:
        >>> print(report(Installation("3.11.2", {"torch": "2.13.0"})).splitlines()[1])
        torch         2.13.0
    """
    versions = {"python": installation.python}
    versions.update({name: installation.versions.get(name, "-") for name in SHOWN})
    problems = diagnose(installation)
    lines = [f"{name:<13} {version}" for name, version in versions.items()]
    lines += ["", "Devices"]
    lines += [
        f"{name:<13} {what}".rstrip() for name, what in installation.devices.items()
    ]
    lines += ["", f"Problems: {len(problems) or 'none found'}"]
    return "\n".join([*lines, *map(str, problems)])


def examine() -> Installation:
    """Return what there is on this machine; changes nothing and downloads nothing.

    Returns:
        The facts that `diagnose` judges. A package that cannot be imported is a fact
        too, and no error.

    Examples:
        >>> sorted(examine().devices)[0]
        'cpu'
    """
    errors: dict[str, str] = {}
    known = _ask("_packages", "metadata", errors)
    torch: dict[str, Any] = {}
    if "torch" in known.get("versions", {}):
        torch = _ask("_torch", "torch", errors)
    if "torchvision" in known.get("versions", {}) and "torch" not in errors:
        _ask("_torchvision", "torchvision", errors)
    return Installation(
        python=platform.python_version(),
        versions=known.get("versions", {}),
        devices={"cpu": f"{os.cpu_count()} cores", **torch.get("devices", {})},
        cuda=torch.get("cuda"),
        nvidia=_nvidia(),
        visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        capabilities=torch.get("capabilities", {}),
        architectures=tuple(torch.get("architectures", ())),
        torchvision_wants=known.get("torchvision_wants"),
        import_errors=errors,
        hidden=_hidden(Path.cwd()),
        cache=_closed_cache(),
        shared_mb=_shared_mb(),
        bits=64 if sys.maxsize > 2**32 else 32,
    )


# What is looked at


def _ask(question: str, package: str, errors: dict[str, str]) -> dict[str, Any]:
    """Return what a function of this module finds in a process of its own."""
    home = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-W", "ignore", "-c", _APART, home, question]
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        errors[package] = f"gave no answer within {PATIENCE_SECONDS} seconds"
        return {}
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer
    last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
    errors[package] = last[0] if last else f"ended with code {done.returncode}"
    return {}


def _packages() -> dict[str, Any]:
    """Return the installed versions, from what pip has noted: nothing is imported."""
    from importlib import metadata

    versions = {}
    for name in SHOWN:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    wanted = None
    if "torchvision" in versions:
        requirements = " ".join(metadata.requires("torchvision") or ())
        pinned = re.search(r"\btorch\s*\(?==\s*([\w.]+)", requirements)
        wanted = pinned[1] if pinned else None
    return {"versions": versions, "torchvision_wants": wanted}


def _torch() -> dict[str, Any]:
    """Return what PyTorch says of itself and its devices."""
    import torch

    facts: dict[str, Any] = {"cuda": torch.version.cuda, "devices": {}}
    facts["capabilities"] = {}
    if torch.cuda.is_available():
        facts["architectures"] = torch.cuda.get_arch_list()
        for number in range(torch.cuda.device_count()):
            seen = torch.cuda.get_device_properties(number)
            name = f"cuda:{number}"
            facts["devices"][name] = f"{seen.name}, {seen.total_memory / 1e9:.0f} GB"
            facts["capabilities"][name] = f"sm_{seen.major}{seen.minor}"
    if torch.backends.mps.is_available():
        facts["devices"]["mps"] = "Apple GPU, shares the computer's memory"
    return facts


def _torchvision() -> dict[str, Any]:
    """Import torchvision, which loads its part in C++."""
    importlib.import_module("torchvision")
    return {}


def _nvidia() -> str:
    """Return the NVIDIA GPUs that the driver reports, without PyTorch."""
    command = shutil.which("nvidia-smi")
    if command:
        asked = [command, "--query-gpu=name", "--format=csv,noheader"]
        try:
            done = subprocess.run(
                asked, capture_output=True, encoding="utf-8", timeout=PATIENCE_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        # Without a GPU, or with a driver that is not loaded, it ends with an error.
        return ", ".join(done.stdout.split("\n")).strip(", ") * (done.returncode == 0)
    gpus = Path("/proc/driver/nvidia/gpus")
    return "an NVIDIA GPU" if gpus.is_dir() and any(gpus.iterdir()) else ""


def _hidden(folder: Path) -> dict[str, str]:
    """Return the files of a folder that hide a module, and what they hide."""
    found = {}
    for path in sorted(folder.iterdir()):
        is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
        if is_module and _can_be_hidden(path.stem):
            found[path.name] = path.stem
    return found


def _can_be_hidden(name: str) -> bool:
    ours = {"PIL", "sklearn", *SHOWN}  # PIL is pillow's, sklearn is scikit-learn's.
    standard: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
    # What is part of the interpreter is found before any file.
    inside = name in sys.builtin_module_names or FrozenImporter.find_spec(name)
    return name in ours or (name in standard and not inside)


def _closed_cache() -> str | None:
    """Return the folder for downloaded weights if nothing can be written there."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    cache = Path(os.environ.get("TORCH_HOME") or Path(base) / "torch")
    there = next(place for place in (cache, *cache.parents) if place.exists())
    return None if there.is_dir() and os.access(there, os.W_OK) else str(cache)


def _shared_mb() -> float | None:
    """Return the shared memory of Linux, where workers hand over their batches."""
    shared = Path("/dev/shm")
    return shutil.disk_usage(shared).total / 1e6 if shared.is_dir() else None


# What the detectors ask


def _parts(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, to compare it with another."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _dotted(parts: Sequence[int]) -> str:
    return ".".join(map(str, parts))


def _can_run(capability: str, architectures: Sequence[str]) -> bool:
    """Return whether code for one of these architectures runs on a GPU."""
    gpu = int(capability.partition("_")[2])
    for architecture in architectures:
        kind, _, number = architecture.partition("_")
        built = int(re.sub(r"\D", "", number))
        # Machine code fits the same major version; a driver translates "compute".
        same_major = built // 10 == gpu // 10
        if built <= gpu and (kind == "compute" or same_major):
            return True
    return False


# The detectors


def _find_old_python(installation: Installation) -> Iterator[Problem]:
    if _parts(installation.python) < OLDEST_PYTHON:
        oldest = _dotted(OLDEST_PYTHON)
        yield Problem(
            f"Python {installation.python} is older than {oldest}",
            f"install Python {oldest} or later, and make a new environment with it",
        )


def _find_narrow_python(installation: Installation) -> Iterator[Problem]:
    if installation.bits != 64:
        yield Problem(
            f"this Python has {installation.bits} bits; PyTorch is made for 64",
            "install the 64-bit build of Python",
        )


def _find_hidden_modules(installation: Installation) -> Iterator[Problem]:
    for file, module in installation.hidden.items():
        yield Problem(
            f"{file} in this folder hides the module {module}",
            f"rename {file}, and remove the folder __pycache__ beside it",
        )


def _find_missing_packages(installation: Installation) -> Iterator[Problem]:
    missing = [name for name in NEEDED if name not in installation.versions]
    if missing and "metadata" not in installation.import_errors:
        yield Problem(
            f"not installed: {', '.join(missing)}", f"pip install {' '.join(missing)}"
        )


def _find_old_torch(installation: Installation) -> Iterator[Problem]:
    version = installation.versions.get("torch")
    if version and _parts(version) < OLDEST_TORCH:
        yield Problem(
            f"torch {version} is older than {_dotted(OLDEST_TORCH)}, which this guide "
            "needs",
            "pip install --upgrade torch (with torchvision, if you have it)",
        )


def _find_numpy_2_beside_old_torch(installation: Installation) -> Iterator[Problem]:
    numpy, torch = map(installation.versions.get, ("numpy", "torch"))
    if not numpy or not torch or _parts(numpy) < (2,):
        return
    if _parts(torch) < FIRST_TORCH_FOR_NUMPY_2:
        yield Problem(
            f"torch {torch} was built for NumPy 1, installed is numpy {numpy}",
            'pip install --upgrade torch; or, to keep it, pip install "numpy<2"',
        )


def _find_other_torchvision(installation: Installation) -> Iterator[Problem]:
    torchvision, torch = map(installation.versions.get, ("torchvision", "torch"))
    wanted = installation.torchvision_wants
    if torchvision and torch and wanted and torch.partition("+")[0] != wanted:
        yield Problem(
            f"torchvision {torchvision} is built for torch {wanted}, installed is "
            f"torch {torch}",
            "install both in one command: pip install --upgrade torch torchvision",
        )


def _find_broken_imports(installation: Installation) -> Iterator[Problem]:
    for package, error in installation.import_errors.items():
        if package == "metadata":
            found = f"the list of installed packages cannot be read: {error}"
            advice = "make a new environment: python -m venv .venv"
        else:
            both = "torch torchvision" if package == "torchvision" else package
            found = f"{package} cannot be imported: {error}"
            advice = (
                "install it anew, from one source: "
                f"pip install --force-reinstall --no-cache-dir {both}"
            )
        yield Problem(found, advice)


def _find_unused_gpu(installation: Installation) -> Iterator[Problem]:
    usable = any(name.startswith("cuda") for name in installation.devices)
    broken = "torch" in installation.import_errors
    if (
        usable
        or broken
        or not installation.nvidia
        or "torch" not in installation.versions
    ):
        return
    hidden = installation.visible_devices
    if installation.cuda is None:
        yield Problem(
            f"{installation.nvidia} is here, but this torch is a build for the CPU",
            "pip uninstall torch, then install it with the command that "
            "https://pytorch.org/get-started/locally/ gives for CUDA",
        )
    elif hidden is not None and not re.match(r"[\w]", hidden):
        yield Problem(
            f"CUDA_VISIBLE_DEVICES is {hidden!r}, which hides {installation.nvidia}",
            "unset the variable, or set it to 0 for the first GPU",
        )
    else:
        yield Problem(
            f"torch was built for CUDA {installation.cuda}, but does not reach "
            f"{installation.nvidia}",
            "update the NVIDIA driver, or install a torch for the CUDA version that "
            "nvidia-smi names",
        )


def _find_foreign_architecture(installation: Installation) -> Iterator[Problem]:
    for name, capability in installation.capabilities.items():
        if not _can_run(capability, installation.architectures):
            built = ", ".join(installation.architectures)
            yield Problem(
                f"{name} is {capability}, and this torch was built for {built}",
                "install a build for this GPU; "
                "https://pytorch.org/get-started/locally/ lists the newest, "
                "https://pytorch.org/get-started/previous-versions/ those before",
            )


def _find_closed_cache(installation: Installation) -> Iterator[Problem]:
    if installation.cache is not None:
        yield Problem(
            f"nothing can be written to {installation.cache}, where weights are kept",
            "name another folder in the variable TORCH_HOME",
        )


def _find_little_shared_memory(installation: Installation) -> Iterator[Problem]:
    if installation.shared_mb is not None and installation.shared_mb < ENOUGH_SHARED_MB:
        yield Problem(
            f"/dev/shm has {installation.shared_mb:.0f} MB, which workers of a "
            "DataLoader fill soon",
            "in Docker, start with --ipc=host or --shm-size=2g; else num_workers=0",
        )


_DETECTORS = (
    _find_old_python,
    _find_narrow_python,
    _find_hidden_modules,
    _find_missing_packages,
    _find_old_torch,
    _find_numpy_2_beside_old_torch,
    _find_other_torchvision,
    _find_broken_imports,
    _find_unused_gpu,
    _find_foreign_architecture,
    _find_closed_cache,
    _find_little_shared_memory,
)
