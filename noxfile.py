"""Every job of dlguide by name; `nox -l` lists them.

`python3 noxfile.py …` is `nox …`: on a machine with only Python and git it first makes
`.venv` with nox in it.
"""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CONSTRAINTS = ROOT / "constraints.txt"


def python_of(folder: Path) -> Path:
    """Return the Python of a virtual environment."""
    windows = sys.platform == "win32"
    return folder / ("Scripts/python.exe" if windows else "bin/python")


def bootstrap() -> int:
    """Make `.venv` with nox in it, once for each version of nox, and go on there."""
    if sys.version_info < (3, 11):  # noqa: UP036 (this file is what says so)
        sys.exit("dlguide needs Python 3.11 or later, not " + sys.version.split()[0])
    pins = CONSTRAINTS.read_text(encoding="utf-8")
    nox_pin = re.findall(r"^nox==.+$", pins, re.MULTILINE)[0]
    folder = ROOT / ".venv"
    python, stamp = python_of(folder), folder / "installed"
    if not (python.exists() and stamp.exists() and stamp.read_text() == nox_pin):
        print(f"first run: making {folder} with {nox_pin} in it", flush=True)
        make_environment(folder)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "-c", str(CONSTRAINTS), nox_pin], check=True)
        stamp.write_text(nox_pin)
    # Not exec: on Windows that would not wait for the child.
    return subprocess.call([str(python), __file__, *sys.argv[1:]])


def make_environment(folder: Path) -> None:
    """Make a virtual environment in place of what is there."""
    try:
        venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError:
        sys.exit("this Python cannot make environments; install its venv package")


try:
    import nox
except ModuleNotFoundError:
    if __name__ != "__main__":
        raise
    sys.exit(bootstrap())

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["cpu", "gpu", "site"]
nox.options.stop_on_first_error = True  # The reason then stands last.

PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
GROUPS = ("pages", "press", "site", "tests", "lint")
PRESS = ROOT / "docs" / "hooks"
SITE = ROOT / "site"
CHECKED = ("dlguide", "tests", "docs/hooks", "benchmarks", "noxfile.py")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A pair that belongs together: torchvision is built for one PyTorch.
TORCHVISION = ("torch==2.14.1", "torchvision==0.29.1")
TORCHVISION_GB = 12
# When the sources are no git checkout: the day of version 0.1.0.
NO_GIT_EPOCH = "1795305600"

# Given to sessions that need no environment of nox's making: they share one.
job = functools.partial(nox.session, venv_backend="none")


@job
def cpu(session: nox.Session) -> None:
    """Run what changed in the pages, on the CPU."""
    press(session, "run", *session.posargs)


@job
def gpu(session: nox.Session) -> None:
    """Run the pages with their tensors on the GPU, where there is one."""
    python = prepare(session)
    look = "import torch; print(torch.cuda.is_available())"
    found = session.run(python, "-c", look, silent=True, external=True, log=False)
    if str(found).split()[-1:] != ["True"]:
        session.skip("no CUDA device on this machine")
    press(session, "run", "--environment", "cuda", *session.posargs)


@job
def accept(session: nox.Session) -> None:
    """Keep what the pages print now, after a look at how it differs."""
    press(session, "accept", *session.posargs)


@job
def site(session: nox.Session) -> None:
    """Build the site into site/; refuse if a page has not run or has failed."""
    try:
        press(session, "check")
    except nox.command.CommandFailed:
        session.error("the CPU ledger is not complete and green: run `nox -s cpu`")
    # Never -q: it switches --strict off.
    mkdocs(session, "build", "--strict", "--site-dir", str(SITE), *session.posargs)


@job
def serve(session: nox.Session) -> None:
    """Open the site in a browser and rebuild it as you write."""
    press(session, "run", "--draft")
    mkdocs(session, "serve", "--open", *session.posargs)


@job
def tests(session: nox.Session) -> None:
    """Test the package, the pages, the press and the layout."""
    chosen = session.posargs or ["tests"]
    pytest(session, "--ignore=tests/browser", *chosen)


@job
def lint(session: nox.Session) -> None:
    """Check style and types, also of the code in pages."""
    python = prepare(session)
    run(session, python, "-m", "ruff", "check", *CHECKED)
    run(session, python, "-m", "ruff", "format", "--check", *CHECKED)
    run(session, python, "-m", "press.lint")
    run(session, python, "-m", "mypy")


@job
def browser(session: nox.Session) -> None:
    """Look at the built site with Chromium, as a reader does."""
    need_site_and_browser(session)
    pytest(session, *(session.posargs or ["tests/browser"]), group="browser")


@job
def screenshots(session: nox.Session) -> None:
    """Take the README's pictures of the built site with Chromium."""
    need_site_and_browser(session)
    python = prepare(session)
    add(session, python, "browser")
    run(session, python, "-m", "press.screenshots", str(SITE))


def need_site_and_browser(session: nox.Session) -> None:
    """Name the Chromium to look with; stop where there is none, or no site."""
    chromium = find_browser()
    if chromium is None:
        line = "no Chromium found; install it or name it in CHROMIUM"
        session.error(line) if os.environ.get("CI") else session.skip(line)
    if not (SITE / "index.html").exists():
        session.error("there is no site to look at: run `nox -s cpu site` first")
    session.env["CHROMIUM"] = str(chromium)


@job
def timings(session: nox.Session) -> None:
    """Record how long each block takes on this machine."""
    press(session, "record")


@job
def reproducible(session: nox.Session) -> None:
    """Build twice, in two places, times and hash seeds; compare every byte."""
    python = prepare(session)
    places = {"here": ("UTC", "1"), "elsewhere-entirely": ("Pacific/Kiritimati", "2")}
    with tempfile.TemporaryDirectory(prefix="dlguide-") as folder:
        sites = []
        for name, (zone, seed) in places.items():
            copy = copy_sources(Path(folder) / name)
            session.env.update(TZ=zone, PYTHONHASHSEED=seed)
            # The copy's package, not the one that the environment has installed.
            session.env["PYTHONPATH"] = os.pathsep.join(
                [str(copy / "docs" / "hooks"), str(copy)]
            )
            with session.chdir(copy):
                run(session, python, "-m", "press", "run")
                run(session, python, "-m", "mkdocs", "build", "--strict")
            sites.append(str(copy / "site"))
        run(session, python, "-m", "press.compare", *sites)


@job
def torchvision(session: nox.Session) -> None:
    """Run the blocks that need torchvision, beside the full build of PyTorch."""
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if free_gb < TORCHVISION_GB and not given_environment():
        session.skip(f"needs {TORCHVISION_GB} GB of disk, {free_gb:.1f} GB are free")
    python = prepare(session, "torchvision", "pages", "press")
    command = ("run", "--environment", "torchvision", *session.posargs)
    run(session, python, "-m", "press", *command)


@job
def benchmark(session: nox.Session) -> None:
    """Measure what the pages claim about speed."""
    python = prepare(session)
    add(session, python, "benchmarks")
    for script in sorted((ROOT / "benchmarks").glob("*.py")):
        run(session, python, str(script), *session.posargs)


def press(session: nox.Session, *arguments: str) -> None:
    """Call the press, which runs pages."""
    run(session, prepare(session), "-m", "press", *arguments)


def mkdocs(session: nox.Session, *arguments: str) -> None:
    """Call MkDocs, which turns pages into the site."""
    run(session, prepare(session), "-m", "mkdocs", *arguments)


def pytest(session: nox.Session, *arguments: str, group: str | None = None) -> None:
    """Call pytest, with what `group` has installed first."""
    python = prepare(session)
    if group:
        add(session, python, group)
    run(session, python, "-m", "pytest", *arguments)


def run(session: nox.Session, *command: str) -> None:
    """Run a command of the environment, which nox did not make."""
    session.run(*command, external=True)


def prepare(session: nox.Session, name: str = "shared", *groups: str) -> str:
    """Return the Python of an environment that has everything; install only changes."""
    session.env.setdefault("PYTHONPATH", str(PRESS))
    session.env.setdefault("SOURCE_DATE_EPOCH", source_date())
    session.env.setdefault("NO_MKDOCS_2_WARNING", "1")  # pyproject.toml has mkdocs<2.
    if given_environment():
        return sys.executable
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = ROOT / ".nox" / f"{name}-{version}"
    python = python_of(folder)
    if not python.exists():
        session.log(f"making {folder.relative_to(ROOT)}: some minutes, about 1.5 GB")
        make_environment(folder)
    wanted = nox.project.dependency_groups(PROJECT, *(groups or GROUPS))
    if name == "torchvision":
        wanted = (*wanted, *TORCHVISION)
    install(session, python, "packages", "-e", str(ROOT), *wanted)
    return str(python)


def add(session: nox.Session, python: str, group: str) -> None:
    """Install what few sessions need into the shared environment."""
    if not given_environment():
        wanted = nox.project.dependency_groups(PROJECT, group)
        install(session, Path(python), group, *wanted)


def install(session: nox.Session, python: Path, what: str, *wanted: str) -> None:
    """Install with pip, unless what is wanted has been installed before."""
    folder = python.parents[1]
    pins = pins_for(folder.name)
    content = json.dumps([wanted, PROJECT["project"]["dependencies"], pins])
    key = hashlib.sha256(content.encode()).hexdigest()
    stamp = folder / f"installed-{what}"
    if stamp.exists() and stamp.read_text() == key:
        return
    constraints = folder / "constraints.txt"
    constraints.write_text(pins, encoding="utf-8")
    # Not uv: pip alone takes the CPU build of PyTorch where one is at hand.
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    run(session, *pip, "-c", str(constraints), *wanted)
    stamp.write_text(key)


def pins_for(environment: str) -> str:
    """Return the exact versions, with another PyTorch where one is asked for."""
    pins = CONSTRAINTS.read_text(encoding="utf-8")
    asked = os.environ.get("DLGUIDE_TORCH")
    if environment.startswith("torchvision"):
        return re.sub(r"^torch==.*\n", "", pins, flags=re.MULTILINE)
    if asked:
        return re.sub(r"^torch==.*$", f"torch=={asked}", pins, flags=re.MULTILINE)
    return pins


def given_environment() -> bool:
    """Return whether to run in the Python that nox runs in, and install nothing."""
    return "--no-venv" in sys.argv


def source_date() -> str:
    """Return the second of the last commit, which the build gives as its date."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    return git("log", "-1", "--format=%ct").strip() or NO_GIT_EPOCH


def git(*arguments: str) -> str:
    """Return what git says, or nothing where there is no git or no checkout."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, encoding="utf-8"
        )
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def sources() -> Iterator[str]:
    """Yield each file that is, or could be, committed."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            yield name


def copy_sources(target: Path) -> Path:
    """Copy the sources, without what earlier runs have left."""
    for name in sources():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    if not target.exists():
        sys.exit("git lists no files here: `reproducible` needs a checkout")
    return target


def find_browser() -> str | None:
    """Return the Chromium to test with."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


if __name__ == "__main__":
    sys.argv[1:1] = ["--noxfile", __file__]
    nox.main()
