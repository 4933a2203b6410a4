"""Run pages that have changed, in parallel, and keep every run by its content."""

import concurrent.futures
import dataclasses
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from press import package, worker
from press.blocks import ROOT, Block, Page, digest

CACHE = ROOT / ".cache" / "press"
PRESS = Path(__file__).parent
TIME_LIMIT_SECONDS = 600
KEPT_RUNS = 4
SHAPES_OUTPUT = (
    "torch",
    "torchvision",
    "numpy",
    "matplotlib",
    "pillow",
    "pandas",
    "scikit-learn",
    "torchmetrics",
    "torchinfo",
    "kornia",
    "optuna",
    "tqdm",
)
NOT_RUN = "{name}: not run since it changed; run `nox -s cpu`"
DOWNLOAD_COMMANDS = {
    ".py": ["-W", "ignore"],
    # `-m nbclient.cli` would import the module, run nothing and report success.
    ".ipynb": [
        "-c",
        "from nbclient.cli import main; main()",
        f"--timeout={TIME_LIMIT_SECONDS}",
    ],
}
RAN = ("ran", "failed as intended")  # the outcomes of code that did what it should
ENVIRONMENTS = {"cpu": "CPU", "cuda": "GPU", "torchvision": "torchvision"}


@dataclasses.dataclass(frozen=True)
class Run:
    """What happened when a page, a download or a module's examples ran."""

    name: str
    environment: str
    key: str
    results: list[dict[str, Any]]  # in the order of the blocks
    failure: str | None = None


def versions() -> dict[str, str]:
    """Return the versions of Python and of each library that shapes an output."""
    found = {"python": platform.python_version()}
    for name in SHAPES_OUTPUT:
        try:
            found[name] = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def device_name(environment: str) -> str:
    """Return the hardware an environment runs on, in the words the page shows."""
    if environment != "cuda":
        return "CPU"
    import torch

    return torch.cuda.get_device_name()


def press_hash() -> str:
    """Return a hash of what runs a page; a new press runs everything again."""
    names = ("blocks.py", "worker.py", "effects.py", "figures.py", "device.py")
    return digest([(PRESS / name).read_text(encoding="utf-8") for name in names])


def content_hash(blocks: list[Block]) -> str:
    """Return a hash of all that decides a page's run, save versions and device."""
    code = [[b.code, b.options] for b in blocks if b.runs]
    return digest([code, package.fingerprint(b.code for b in blocks if b.runs)])


def run_key(content: str, environment: str) -> str:
    # A notebook runs on real data where a folder of them is named.
    data = os.environ.get("DLGUIDE_DATA", "")
    here = [press_hash(), versions(), device_name(environment), data]
    return digest([content, *here])


def environment_variables(environment: str) -> dict[str, str]:
    """Return the variables under which a page prints the same wherever it runs."""
    variables = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(PRESS.parent), str(ROOT)]),
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "MPLBACKEND": "agg",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "PYTHONWARNINGS": "default",
        "TQDM_DISABLE": "1",
    }
    if environment != "cuda":
        variables["CUDA_VISIBLE_DEVICES"] = ""
    return variables


def cached(
    name: str, environment: str, key: str, work: Callable[[], Run] | None
) -> Run:
    """Return the kept run with this key, or do the work and keep it if it is green."""
    folder = CACHE / environment / name.replace("/", "--")
    path = folder / f"{key}.json"
    if path.exists():
        os.utime(path)
        return Run(**json.loads(path.read_text(encoding="utf-8")))
    if work is None:
        return Run(name, environment, key, [], NOT_RUN.format(name=name))
    result = work()
    if result.failure is None:
        write_atomically(path, json.dumps(dataclasses.asdict(result)))
        for old in sorted(folder.iterdir(), key=lambda p: -p.stat().st_mtime)[
            KEPT_RUNS:
        ]:
            old.unlink()
    return result


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, encoding="utf-8", delete=False
    ) as file:
        try:
            file.write(text)
        except BaseException:
            os.unlink(file.name)
            raise
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def runs_here(block: Block, environment: str) -> bool:
    """Return whether a block is to run in an environment."""
    return block.runs and block.options.get("needs") in (None, environment)


def counts(block: Block, environment: str) -> bool:
    """Return whether a block's run in an environment says something of its own.

    Beside torchvision all blocks of a page run, for the sake of those that need it.
    """
    return environment != "torchvision" or block.options.get("needs") == environment


def run_page(page: Page, environment: str, *, execute: bool = True) -> Run:
    """Return the run of a page, from the cache if nothing that shapes it changed."""
    blocks = [block for block in page.blocks if runs_here(block, environment)]
    key = run_key(content_hash(page.blocks), environment)
    return cached(
        page.name,
        environment,
        key,
        (lambda: run_blocks(page.name, blocks, environment, key)) if execute else None,
    )


def run_blocks(name: str, blocks: list[Block], environment: str, key: str) -> Run:
    """Run blocks in a process and a folder of their own, within the time limit."""
    if not blocks:
        return Run(name, environment, key, [])
    with tempfile.TemporaryDirectory(prefix="dlguide-") as folder:
        output = Path(folder) / "results.jsonl"
        work = Path(folder) / "work"
        work.mkdir()
        failure = None
        try:
            done = subprocess.run(
                [sys.executable, "-m", worker.__name__],
                input=worker.as_job(blocks, environment, str(output)),
                cwd=work,
                env=environment_variables(environment),
                capture_output=True,
                encoding="utf-8",
                timeout=TIME_LIMIT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            failure = f"ran past the limit of {TIME_LIMIT_SECONDS} seconds"
        else:
            if done.returncode != 0:
                failure = (
                    f"ended its process with code {done.returncode}\n{done.stderr}"
                )
        text = output.read_text(encoding="utf-8") if output.exists() else ""
    results = [json.loads(line) for line in text.splitlines()]
    if results and "message" in results[-1]:
        return Run(name, environment, key, results, results[-1]["message"])
    if failure is None and len(results) < len(blocks):
        failure = "ended its process with code 0"
    if failure is not None:
        place = blocks[min(len(results), len(blocks) - 1)]
        failure = f"{name}:{place.line}: the block at line {place.line} {failure}"
    return Run(name, environment, key, results, failure)


def run_download(
    name: str, text: str, environment: str, content: str, *, execute: bool = True
) -> Run:
    """Run a downloadable file in an empty folder, as a reader does: top to bottom."""
    file = f"download{Path(name).suffix}"
    command = [sys.executable, *DOWNLOAD_COMMANDS[Path(name).suffix], file]

    def work() -> Run:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="dlguide-") as folder:
            (Path(folder) / file).write_text(text, encoding="utf-8")
            variables = environment_variables(environment) | {
                "PYTHONPATH": str(ROOT),
                "JUPYTER_RUNTIME_DIR": str(Path(folder) / "runtime"),
                "IPYTHONDIR": str(Path(folder) / "ipython"),
            }
            done = subprocess.run(
                command,
                cwd=folder,
                env=variables,
                capture_output=True,
                encoding="utf-8",
                timeout=2 * TIME_LIMIT_SECONDS,
            )
        result = {"outcome": "ran", "seconds": time.perf_counter() - start}
        failure = None
        if done.returncode != 0:
            failure = (
                f"{name}: the downloaded file does not run:\n{done.stderr[-3000:]}"
            )
        return Run(name, environment, key, [result], failure)

    maker = (PRESS / "downloads.py").read_text(encoding="utf-8")
    key = run_key(digest([content, name, maker]), environment)
    return cached(name, environment, key, work if execute else None)


def in_parallel(jobs: Iterable[Callable[[], Run]]) -> list[Run]:
    """Do independent jobs side by side; each is a process of its own."""
    workers = (
        max(1, len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else 2
    )
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [future.result() for future in [pool.submit(job) for job in jobs]]
