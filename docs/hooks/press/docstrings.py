"""Run the package's docstring examples under pytest, on any device; note each outcome.

As a module: run them and return a `Run`. As a pytest plugin (`-p press.docstrings`):
compare numerically, wherever a tensor lies, run on the CPU what a reader copies too,
and write down what happened.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from press import examples, package, run
from press.blocks import ROOT, digest

RESULTS = "DLGUIDE_DOCSTRING_RESULTS"
ENVIRONMENT = "DLGUIDE_DOCSTRING_ENVIRONMENT"


def content() -> str:
    return package.whole_package()


def run_docstrings(environment: str, *, execute: bool = True) -> run.Run:
    """Return the run of every docstring example, from the cache if nothing changed."""
    checker = Path(__file__).with_name("outputs.py").read_text(encoding="utf-8")
    names = ("docstrings.py", "examples.py")
    own = [Path(__file__).with_name(n).read_text(encoding="utf-8") for n in names]
    key = run.run_key(digest([content(), checker, own]), environment)
    return run.cached(
        "docstrings",
        environment,
        key,
        (lambda: call_pytest(environment, key)) if execute else None,
    )


def call_pytest(environment: str, key: str) -> run.Run:
    with tempfile.TemporaryDirectory(prefix="dlguide-") as folder:
        output = Path(folder) / "results.json"
        work = Path(folder) / "work"
        work.mkdir()
        variables = run.environment_variables(environment)
        variables |= {RESULTS: str(output), ENVIRONMENT: environment}
        command = [sys.executable, "-m", "pytest", "--doctest-modules", "-q"]
        command += ["-p", __name__, "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
        command += ["-c", str(ROOT / "pyproject.toml"), str(package.PACKAGE)]
        done = subprocess.run(
            command, cwd=work, env=variables, capture_output=True, encoding="utf-8"
        )
        text = output.read_text(encoding="utf-8") if output.exists() else "[]"
    failure = (
        None if done.returncode == 0 else f"docstrings:\n{done.stdout}{done.stderr}"
    )
    return run.Run("docstrings", environment, key, json.loads(text), failure)


collected: dict[str, dict[str, Any]] = {}
provers: list[examples.Prover] = []  # One, on the CPU.


def is_ours(config: pytest.Config) -> bool:
    return config.pluginmanager.has_plugin(__name__) and RESULTS in os.environ


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest's own doctest checker ignore the device in a repr."""
    import _pytest.doctest

    from press.outputs import AnyDeviceChecker

    _pytest.doctest._get_checker = AnyDeviceChecker


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to run what readers copy, beside the docstrings themselves."""
    if os.environ.get(ENVIRONMENT) != "cpu":
        return
    provers.append(examples.Prover())
    for item in session.items:
        example = item.dtest  # type: ignore[attr-defined]
        provers[0].start(example.name, example.docstring)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run one docstring with fresh seeds, and its tensors on the device."""
    import torch

    from press.device import OnDevice, stay_on_cpu

    random.seed(0)
    torch.manual_seed(0)
    cuda = os.environ.get(ENVIRONMENT) == "cuda"
    if not cuda:
        stay_on_cpu()
    mode = OnDevice(torch.device("cuda", 0) if cuda else torch.device("cpu"))
    example = item.dtest  # type: ignore[attr-defined]
    code = "".join(part.source for part in example.examples)
    start = time.perf_counter()
    if cuda:
        with mode:
            result = yield
    else:
        result = yield
    collected[item.nodeid] = {
        "name": example.name,
        "code": code,
        "hash": digest(code),
        "outcome": "ran",
        "seconds": time.perf_counter() - start,
        "touched": cuda and mode.touched,
    }
    for prover in provers:
        if found := prover.problem(example.name):
            pytest.fail(found, pytrace=False)
    return result


def pytest_sessionfinish() -> None:
    for prover in provers:
        prover.stop()
    path = os.environ.get(RESULTS)
    if path:
        results = sorted(collected.values(), key=lambda entry: entry["name"])
        Path(path).write_text(json.dumps(results), encoding="utf-8")
