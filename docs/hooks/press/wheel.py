"""Build the package as a file that pip installs from the site itself.

So a notebook gets the very code that its page was run with, from no other host.
"""

import tempfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from press.blocks import ROOT

FOLDER = "downloads"


def build() -> tuple[str, bytes]:
    """Return the wheel: its path below the site, and its bytes."""
    with tempfile.TemporaryDirectory(prefix="dlguide-") as folder:
        builder = WheelBuilder(str(ROOT))
        path = Path(next(iter(builder.build(directory=folder, versions=["standard"]))))
        return f"{FOLDER}/{path.name}", path.read_bytes()


def url(site_url: str) -> str:
    """Return the address at which the wheel is published, without building it."""
    builder = WheelBuilder(str(ROOT))
    name = f"dlguide-{builder.metadata.version}-py3-none-any.whl"
    return f"{site_url}{FOLDER}/{name}"
