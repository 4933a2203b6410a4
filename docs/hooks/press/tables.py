"""Write the ledger as a table that reads without a script and filters with one."""

from html import escape
from pathlib import PurePosixPath
from typing import Any

from press.ledger import count
from press.run import ENVIRONMENTS


def ledger_table(rows: list[dict[str, Any]]) -> str:
    """Return a summary and the whole ledger as HTML, on one line for Markdown."""
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in (
            "Page",
            "Block",
            "Kind",
            "Environment",
            "Outcome",
            "Copied",
            "Reason",
            "Seconds",
        )
    )
    body = "".join(map(table_row, rows))
    return (
        f"{summary(rows)}\n\n"
        '<div class="ledger" data-search-exclude="true"><table id="ledger"><thead><tr>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>\n"
    )


def summary(rows: list[dict[str, Any]]) -> str:
    lines = ["| Environment | Outcome | Blocks |", "| --- | --- | ---: |"]
    for environment, name in ENVIRONMENTS.items():
        for outcome, number in sorted(count(rows, environment).items()):
            lines.append(f"| {name} | {outcome} | {number} |")
    return "\n".join(lines)


def table_row(row: dict[str, Any]) -> str:
    seconds = "" if row["seconds"] is None else f"{row['seconds']:g}"
    cells = [
        row["page"],
        link(row),
        row["kind"],
        row["environment"],
        row["outcome"],
        copied(row["copy"]),
        escape(row["reason"]),
        seconds,
    ]
    state = row["outcome"].replace(" ", "-")
    inner = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr class="outcome-{state}">{inner}</tr>'


def copied(copy: dict[str, Any] | None) -> str:
    """Return what was proved of a block that is copied out of its page."""
    if copy is None:
        return ""
    return f"same, with {copy['lines_before']}" if copy["lines_before"] else "same"


def link(row: dict[str, Any]) -> str:
    """Return a link to the block on its page; the README is not on the site."""
    label = row["anchor"] or PurePosixPath(row["page"]).name
    if row["page"] == "README.md":
        return escape(label)
    if row["kind"] == "download":
        return f'<a href="../{row["page"]}">{escape(label)}</a>'
    page = PurePosixPath(row["page"]).with_suffix("").as_posix()
    folder = "" if page == "index" else page.removesuffix("/index") + "/"
    return f'<a href="../{folder}#{row["anchor"]}">{escape(label)}</a>'
