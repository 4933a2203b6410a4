"""Take the README's pictures of the built site: `python -m press.screenshots site`.

Needs playwright, and the Chromium that the variable CHROMIUM names.
"""

import io
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

from press import offline
from press.blocks import ROOT

FOLDER = ROOT / "docs" / "screenshots"
WIDTH, HEIGHT = 1280, 860
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
# Name -> address, colours, and what is to stand at the top.
VIEWS = {
    "home": ("", "light", None),
    "lesson": ("lessons/tensors/", "light", "#check-the-inner-sizes"),
    "error": ("errors/shape/", "dark", None),
}


def picture(page: Any, site: Path, view: tuple[str, str, str | None]) -> bytes:
    """Return what a reader sees of one page, as PNG."""
    address, colours, top = view
    page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    page.goto((site / address / "index.html").as_uri(), wait_until="load")
    # All pictures first: one that comes late moves what stands below it.
    page.evaluate(
        "Promise.all([...document.images].map((i) => { i.loading = 'eager';"
        " return i.decode().catch(() => 0) }))"
    )
    if top:
        page.locator(top).evaluate("(e) => e.scrollIntoView()")
    page.wait_for_timeout(300)  # The table of contents follows the scrolling.
    return bytes(page.screenshot())


def shrunk(png: bytes) -> bytes:
    """Return a picture with 256 colours, which is a third of its size."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def take(site: Path, folder: Path) -> None:
    """Write each view into a folder."""
    from playwright.sync_api import sync_playwright

    archive = site / offline.NAME
    if not archive.exists():
        sys.exit(f"{site} holds no whole site: run `nox -s cpu site` first")
    folder.mkdir(exist_ok=True)
    # The copy for a disk needs no server, and its search works.
    with tempfile.TemporaryDirectory() as disk, sync_playwright() as player:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(disk)
        browser = player.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=FLAGS
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, view in VIEWS.items():
            path = folder / f"{name}.png"
            path.write_bytes(shrunk(picture(page, Path(disk) / offline.TOP, view)))
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]).resolve(), FOLDER)
