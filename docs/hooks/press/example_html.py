"""Show the examples of a reference page as code and outputs, as a lesson shows them."""

from html import escape

from bs4 import BeautifulSoup
from bs4.element import Tag
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from press.blocks import PageError
from press.examples import Example, blocks, paragraphs

SESSION = "div.language-pycon"


def show_examples(soup: BeautifulSoup, codes: dict[str, str] | None) -> list[Example]:
    """Put code and outputs in the place of sessions with prompts; return the blocks.

    `codes` holds the code of each docstring that the doctests ran, by its name; without
    it nothing is compared.
    """
    found: list[Example] = []
    for name, sessions in sessions_of(soup).items():
        parts = [paragraphs(session.get_text())[0] for session in sessions]
        code = "".join(example.source for part in parts for example in part)
        if codes is not None and code != codes.get(name):
            raise PageError(f"{name}: the page shows another example than has run")
        for session, made in zip(sessions, blocks(name, parts), strict=True):
            html = "\n".join(map(as_html, made))
            session.replace_with(BeautifulSoup(html, "html.parser"))
            found += made
    return found


def sessions_of(soup: BeautifulSoup) -> dict[str, list[Tag]]:
    """Return the sessions of each documented object, by the object's name."""
    found: dict[str, list[Tag]] = {}
    for session in soup.select(SESSION):
        heading = session.find_previous(class_="doc-heading")
        if not isinstance(heading, Tag):
            raise PageError(f"an example of no object: {session.get_text()[:60]!r}")
        found.setdefault(str(heading["id"]), []).append(session)
    return found


def as_html(example: Example) -> str:
    """Return a block and its output, in the markup of a lesson's."""
    code = highlight(example.code, PythonLexer(), HtmlFormatter(nowrap=True))
    html = (
        f'<div class="language-python highlight" id="{example.anchor}">'
        f"<pre><span></span><code>{code}</code></pre></div>"
    )
    if example.output:
        kind = " error" if example.fails else ""
        html += (
            f'\n<div class="language-text output no-copy{kind} highlight">'
            f"<pre><span></span><code>{escape(example.output)}\n</code></pre></div>"
        )
    return html
