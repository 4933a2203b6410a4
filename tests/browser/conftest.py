"""A browser on the built site, served from this machine under a sub-path."""

import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from press import offline

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("DLGUIDE_SITE", ROOT / "site"))
PREFIX = "/some/where/"
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE = {"width": 390, "height": 844}


def pages() -> list[str]:
    """Return the address of each page of the built site, below its root."""
    found = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return [path.removesuffix("index.html") for path in found]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "address" in metafunc.fixturenames:
        metafunc.parametrize("address", pages())


class UnderPrefix(SimpleHTTPRequestHandler):
    """Serve the site below the sub-path, and nothing above it."""

    def translate_path(self, path: str) -> str:
        if not path.startswith(PREFIX):
            return str(SITE / "there is no such file")
        return super().translate_path("/" + path.removeprefix(PREFIX))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def root() -> Iterator[str]:
    """Yield the address under which the site is served."""
    if not (SITE / "index.html").exists():
        pytest.skip(f"no built site in {SITE}: run `python3 noxfile.py -s site` first")
    handler = partial(UnderPrefix, directory=str(SITE))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
    if CHROMIUM is None:
        pytest.skip("no Chromium: install one, or name it in the variable CHROMIUM")
    with api.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Reader:
    """A page in the browser, and all that went wrong while it was open."""

    page: Any
    root: str
    troubles: list[str] = field(default_factory=list)

    def open(self, address: str) -> Any:
        self.page.goto(self.root + address, wait_until="load")
        self.page.wait_for_load_state("networkidle")
        return self.page


def make_reader(browser: Any, root: str, **options: Any) -> Reader:
    options = {"color_scheme": "light", "reduced_motion": "reduce"} | options
    context = browser.new_context(**options)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader = Reader(context.new_page(), root)

    def answer(route: Any) -> None:
        if route.request.url.startswith((root, "data:", "blob:")):
            route.continue_()
        else:
            reader.troubles.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", answer)

    def note_answer(got: Any) -> None:
        if got.status >= 400:
            reader.troubles.append(f"{got.status} for {got.url}")

    def note_line(line: Any) -> None:
        if line.type == "error":
            reader.troubles.append(f"console: {line.text}")

    page = reader.page
    page.on("response", note_answer)
    page.on("console", note_line)
    page.on("pageerror", lambda error: reader.troubles.append(f"script: {error}"))
    return reader


@pytest.fixture
def reader(browser: Any, root: str) -> Iterator[Reader]:
    one = make_reader(browser, root)
    yield one
    one.page.context.close()


@pytest.fixture
def phone(browser: Any, root: str) -> Iterator[Reader]:
    one = make_reader(browser, root, viewport=PHONE, has_touch=True)
    yield one
    one.page.context.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the offline copy, unpacked in a folder whose name needs quoting."""
    archive = SITE / offline.NAME
    if not archive.exists():
        pytest.skip("no offline copy: run `python3 noxfile.py -s site` first")
    target = tmp_path_factory.mktemp("a disk")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(target)
    return target / offline.TOP


@pytest.fixture
def disk(browser: Any, folder: Path) -> Iterator[Reader]:
    one = make_reader(browser, folder.as_uri() + "/")
    yield one
    one.page.context.close()
