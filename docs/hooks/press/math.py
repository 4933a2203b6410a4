"""Turn TeX into MathML, which browsers draw without a script or a font of ours."""

import html
import re

from latex2mathml.converter import convert

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
DISPLAY = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


def with_mathml(page: str) -> str:
    """Replace each formula of an HTML page."""
    page = INLINE.sub(lambda m: convert(html.unescape(m[1]).strip()), page)
    return DISPLAY.sub(
        lambda m: (
            '<div class="formula" tabindex="0">'
            f"{convert(html.unescape(m[1]).strip(), display='block')}</div>"
        ),
        page,
    )
