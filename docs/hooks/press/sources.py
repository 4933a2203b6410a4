"""Say from which file of the repository a page of the site is made."""

from pathlib import PurePosixPath

from press import error_pages
from press.package import PACKAGE

PAGES = "docs/pages"


def source_file(name: str) -> str:
    """Return the file to edit for a page, from the top of the repository on."""
    path = PurePosixPath(name)
    if name in error_pages.names():
        return f"dlguide/known_errors/{path.stem}.toml"
    if path.parent.name == "reference":
        package = (PACKAGE / path.stem).is_dir()
        return f"dlguide/{path.stem}{'/__init__' * package}.py"
    if path.suffix == ".ipynb":
        path = path.with_suffix(".py")
    return f"{PAGES}/{path}"


def edit_address(name: str, repo_url: str | None, edit_path: str) -> str | None:
    """Return where a page is edited; None where no repository is named."""
    if not repo_url:
        return None
    return "/".join((repo_url.rstrip("/"), edit_path, source_file(name)))
