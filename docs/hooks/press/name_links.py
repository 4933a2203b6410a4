"""Link the package's names in code to the reference, and its entries back to uses."""

from collections.abc import Callable, Iterable
from html import escape

from bs4 import BeautifulSoup
from bs4.element import PageElement, Tag

from press.blocks import PageError
from press.examples import page_of
from press.names import Place, Use, known

FEW = 8
Address = Callable[[str], str]  # a page of the site -> its address from this page


def link_names(
    soup: BeautifulSoup, used: dict[str, list[Use]], address: Address
) -> None:
    """Make each public name in the page's code a link; its text stays the same."""
    for anchor, uses in used.items():
        code = soup.select_one(f"[id='{anchor}'] code") if uses else None
        if code is None:
            continue
        for use in uses:
            parts = parts_between(code, use.start, use.end)
            if parts:
                href = f"{address(page_of(use.target))}#{use.target}"
                link = soup.new_tag("a", attrs={"class": "name", "href": href})
                parts[0].insert_before(link)
                for part in parts:
                    link.append(part.extract())


def parts_between(code: Tag, start: int, end: int) -> list[PageElement]:
    """Return the elements whose text is exactly that part of the code, or none."""
    at, found = 0, []
    for child in code.children:
        length = len(child.get_text())
        if start <= at and at + length <= end and length:
            found.append(child)
        at += length
    whole = sum(len(part.get_text()) for part in found) == end - start
    return found if whole else []


def add_uses(
    soup: BeautifulSoup, page: str, places: dict[str, list[Place]], address: Address
) -> None:
    """Add to each entry of a reference page where the guide uses it."""
    for target in sorted(known()):
        if page_of(target) != page:
            continue
        heading = soup.find(id=target)
        if not isinstance(heading, Tag):
            raise PageError(f"{page}: no entry for {target}, to which code may link")
        contents = heading.find_next_sibling(class_="doc-contents")
        if target in places and isinstance(contents, Tag):
            html = used_in(places[target], address)
            made = BeautifulSoup(html, "html.parser")
            children = contents.find(class_="doc-children", recursive=False)
            source = contents.find("details", recursive=False)
            before = source or children
            if before is None:
                contents.append(made)
            else:
                before.insert_before(made)


def used_in(places: Iterable[Place], address: Address) -> str:
    """Return links to where a name is used; many of them fold away."""
    links = [
        f'<a href="{address(place.page)}#{place.anchor}">{escape(label(place))}</a>'
        for place in places
    ]
    if len(links) <= FEW:
        return f'<p class="used-in">Used in: {", ".join(links)}.</p>'
    items = "".join(f"<li>{link}</li>" for link in links)
    return (
        f'<details class="used-in"><summary>Used in {len(links)} places</summary>'
        f"<ul>{items}</ul></details>"
    )


def label(place: Place) -> str:
    if place.section == place.title:
        return place.title
    return f"{place.title} › {place.section}"
