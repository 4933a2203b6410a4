"""Pack the built site into one file that opens from a disk, without any server.

A browser shows no page for a folder on a disk, and lets a page there read no other
file: so links name their file, and search brings its worker and its index as scripts.
"""

import json
import re
import zipfile
from pathlib import Path, PurePosixPath

NAME = "dlguide-offline.zip"
TOP = "dlguide"  # The folder that a reader gets by unpacking.
FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # A zip knows no earlier one.
LEFT_OUT = ("404.html", "sitemap.xml", "sitemap.xml.gz", NAME)
TAG = re.compile(r"<(?:a|link)\s[^>]*>")
ADDRESS = re.compile(r'(?<=\shref=")(?![a-z][a-z0-9+.-]*:|//|#)[^"]*(?=")')
BUNDLE = re.compile(r'<script src="([^"]*)assets/javascripts/bundle\.')
WORKER = re.compile(r'"search":\s*"([^"]*assets/javascripts/workers/search\.[^"]+)"')
SCRIPT = "assets/offline.js"


def pack(site: Path, site_url: str) -> Path:
    """Write the offline copy of a built site into it; return its path."""
    target = site / NAME
    names = sorted(
        p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            if name not in LEFT_OUT:
                add(archive, name, content_of(site, name, site_url))
        for name, text in search_scripts(site).items():
            add(archive, name, text.encode())
    return target


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file whose date and rights are the same in every build."""
    entry = zipfile.ZipInfo(f"{TOP}/{name}", FIXED_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def content_of(site: Path, name: str, site_url: str) -> bytes:
    content = (site / name).read_bytes()
    if name.endswith(".html"):
        return page(content.decode(), name, site_url).encode()
    return content


def page(html: str, name: str, site_url: str) -> str:
    """Return a page as it works on a disk."""

    def in_tag(tag: re.Match[str]) -> str:
        return ADDRESS.sub(lambda m: on_disk(m[0], site_url), tag[0])

    html = TAG.sub(in_tag, html)
    up = "../" * name.count("/")
    script = f'<script src="{up}{SCRIPT}"></script>'
    return BUNDLE.sub(lambda m: script + m[0], html)


def on_disk(address: str, site_url: str) -> str:
    """Return the address of a file where the site has that of a folder."""
    path, mark, rest = re.fullmatch(r"([^?#]*)([?#]?)(.*)", address, re.DOTALL).groups()
    if PurePosixPath(path).name == NAME:
        return site_url + NAME  # The copy does not hold itself.
    if path in (".", "..") or path.endswith(("/", "/.", "/..")):
        path = path.rstrip("/") + "/index.html"
    return path + mark + rest


def search_scripts(site: Path) -> dict[str, str]:
    """Return what search needs as scripts: a page on a disk may not read files."""
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    home = (site / "index.html").read_text(encoding="utf-8")
    found = WORKER.search(home)
    if found is None:
        raise ValueError("index.html names no worker for its search")
    worker = (site / found[1]).read_text(encoding="utf-8")
    worker = re.sub(r"^//# sourceMappingURL=.*$", "", worker, flags=re.MULTILINE)
    shim = Path(__file__).with_name("offline.js").read_text(encoding="utf-8")
    return {
        SCRIPT: shim.replace('"the search worker"', json.dumps(worker)),
        # The theme asks for this name where the address begins with file:.
        "search/search_index.js": f"var __index = {index}",
    }
