"""Write the pages of the error index from the registry, which the package ships too.

One page for each family; each entry is broken and cured in the order of its file.
"""

import functools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

REGISTRY = Path(__file__).parents[3] / "dlguide" / "known_errors"
FOLDER = "errors/"
FAMILIES = (
    "shape",
    "reshape",
    "dtype",
    "device",
    "autograd",
    "loss",
    "data",
    "state",
    "module",
    "optim",
    "compile",
    "silent",
)
INDEX_MARK = "<!-- every known error -->"
SEARCH_MARK = "<!-- search known errors -->"
Entry = dict[str, Any]


@functools.cache
def load(family: str) -> dict[str, Any]:
    """Return a family of known errors: title, intro and entries."""
    with (REGISTRY / f"{family}.toml").open("rb") as file:
        return tomllib.load(file)


def names() -> list[str]:
    """List the pages that are written from the registry."""
    return [f"{FOLDER}{family}.md" for family in FAMILIES]


def text_of(name: str) -> str:
    """Return one page as Markdown, as an author would have written it."""
    family = load(Path(name).stem)
    entries = family["entry"]
    description = (
        f"{family['title']}: {len(entries)} entries of the PyTorch error index, each "
        "raised and cured by every build, with the message in words and the lesson."
    )
    head = f"---\ntitle: {family['title']}\ndescription: {json.dumps(description)}\n---"
    parts = [head, f"# {family['title']}", family["intro"], *map(section, entries)]
    return "\n\n".join(parts) + "\n"


def section(entry: Entry) -> str:
    """Return what the index says of one error."""
    needs = entry.get("needs", "cpu")
    promises = {key: entry[key] for key in ("raises", "warns", "shows") if key in entry}
    cured = {"shows": entry["cured"]} if "cured" in entry else {}
    link = f"../{entry['learn']}"
    return "\n\n".join(
        [
            f"## {heading(entry['title'])} {{ #{entry['id']} }}",
            entry["cause"],
            block(entry["broken"], {"needs": needs} | promises),
            f"**In words.** {in_words(entry)}",
            f"**Cure.** {entry['do']}",
            block(entry["cure"], {"needs": needs} | cured),
            f"**See it coming.** {entry['foresee']}",
            f"[Learn why]({link}) · [Where others met it]({entry['thread']})",
        ]
    )


def heading(title: str) -> str:
    """Return a title whose signs Markdown does not read as its own."""
    return re.sub(r"([\[\]_*<>`])", r"\\\1", title)


def block(code: str, options: dict[str, str]) -> str:
    """Return a fence that runs and must keep its promises."""
    told = " ".join(f'{name}="{escape(value)}"' for name, value in options.items())
    return f"```python {told}\n{code.strip()}\n```"


def escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def in_words(entry: Entry) -> str:
    """Return what the message says, with the numbers of the entry's own program."""
    message = message_of(entry)
    found = (re.search(pattern, message) for pattern in entry.get("patterns", ()))
    match = next(filter(None, found), None)
    values = match.groupdict() if match else {}
    means: str = entry["means"]
    told = all(values.get(name) for name in re.findall(r"\{(\w+)\}", means))
    return means.format_map(values) if told else entry["briefly"]


def message_of(entry: Entry) -> str:
    """Return a whole message, where a program need only raise a part of it."""
    found: str = entry.get("example") or entry.get("raises") or entry.get("warns", "")
    return found


def index() -> str:
    """Return every known error as a list, family by family."""
    parts = []
    for family in FAMILIES:
        known = load(family)
        lines = [
            f"- [{heading(entry['title'])}]({family}.md#{entry['id']})"
            for entry in known["entry"]
        ]
        parts.append(f"### [{known['title']}]({family}.md)\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def search_data() -> str:
    """Return what the search box needs, as JSON that can stand inside a page."""
    found = [
        {
            "title": entry["title"],
            "address": f"{family}/#{entry['id']}",
            "patterns": [javascript(pattern) for pattern in entry.get("patterns", ())],
            "means": entry["means"],
            "briefly": entry.get("briefly", entry["means"]),
            "do": entry["do"],
            "cause": entry["cause"],
        }
        for family in FAMILIES
        for entry in load(family)["entry"]
    ]
    return json.dumps(found, ensure_ascii=False).replace("<", "\\u003c")


def javascript(pattern: str) -> str:
    """Return a regular expression of Python as JavaScript writes it."""
    return pattern.replace("(?P<", "(?<")
