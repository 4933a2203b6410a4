"""Write a module's reference as Markdown, from its docstrings, without importing it."""

import functools
from collections.abc import Iterator
from typing import Any

import griffe

from press import examples
from press.blocks import ROOT
from press.snippets import fence

TITLES = {
    "attributes": "Attributes",
    "parameters": "Args",
    "raises": "Raises",
    "returns": "Returns",
    "yields": "Yields",
}


@functools.cache
def package() -> griffe.Object:
    """Return the package as it is written."""
    found = griffe.load("dlguide", search_paths=[str(ROOT)], docstring_parser="google")
    assert isinstance(found, griffe.Object)
    return found


def of_module(dotted: str) -> str:
    """Return a module's docstring and that of each public thing in it."""
    module = package()[dotted.partition(".")[2]]
    parts = [described(module)]
    parts += [described(one) for one in public(module)]
    return "\n\n".join(parts)


def public(owner: Any) -> Iterator[Any]:
    """Yield the documented functions and classes, methods after their class."""
    for member in owner.members.values():
        documented = not member.is_alias and member.is_public and member.docstring
        if documented and (member.is_function or member.is_class):
            yield member
            if member.is_class:
                yield from public(member)


def described(thing: Any) -> str:
    """Return name, signature and docstring of one thing."""
    parts = [f"## {thing.path}"]
    if thing.is_function or thing.is_class:
        parts.append(fence(signature(thing), "python"))
    if thing.docstring:
        number = 0
        for section in thing.docstring.parse("google", warnings=False):
            text, number = section_text(thing, section, number)
            parts.append(text)
    return "\n\n".join(filter(None, parts))


def signature(thing: Any) -> str:
    if thing.is_function:
        return str(thing.signature())
    parameters = ", ".join(p.name for p in thing.parameters if p.name != "self")
    return f"{thing.name}({parameters})"


def section_text(thing: Any, section: Any, number: int) -> tuple[str, int]:
    """Return one section, and how many examples have been shown so far."""
    kind = section.kind.value
    if kind == "text":
        return section.value, number
    if kind in TITLES:
        items = [item_text(item) for item in section.value]
        return "\n".join([f"**{TITLES[kind]}**", "", *items]), number
    if kind == "examples":
        made = examples.blocks(thing.path, examples.paragraphs(thing.docstring.value))
        shown = [one for part in made for one in part]
        parts = ["**Examples**"]
        for one in shown:
            parts.append(fence(one.code, "python"))
            parts += [fence(one.output, "text")] * bool(one.output)
        return "\n\n".join(parts), len(shown)
    if kind == "admonition":
        return f"**{section.title}**\n\n{section.value.description}", number
    raise ValueError(
        f"{thing.path}: a section of kind {kind!r}, which has no form here"
    )


def item_text(item: Any) -> str:
    name = getattr(item, "name", "")
    annotation = getattr(item, "annotation", None)
    label = f"`{name}`: " if name else f"`{annotation}`: " if annotation else ""
    return f"- {label}{' '.join(item.description.split())}"
