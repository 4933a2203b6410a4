"""Take the figures a block drew, as SVG that reads in light and dark."""

import io
import re
import sys
from typing import Any

# A colour that no author would choose: where it stands, the theme's colour comes.
FOREGROUND = "#010203"
MUTED = "#010204"
THEMES = {
    "light": {FOREGROUND: "#1f2328", MUTED: "#d0d4da"},
    "dark": {FOREGROUND: "#e3e6ea", MUTED: "#454a54"},
}
# Okabe and Ito's colours, those that keep a contrast of 3 to 1 on both backgrounds.
COLOURS = ["#3b82c4", "#d1690e", "#1a9c74", "#b8609a", "#8a8f16", "#7d7de0"]
SETTINGS: dict[str, Any] = {
    "figure.figsize": (6.4, 3.6),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.facecolor": "none",
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": MUTED,
    "font.size": 10.5,
    "svg.hashsalt": "dlguide",
    "svg.fonttype": "path",
} | {
    f"{part}color": FOREGROUND
    for part in (
        "text.",
        "axes.edge",
        "axes.label",
        "axes.title",
        "xtick.",
        "ytick.",
        "legend.label",
        "patch.edge",
        "boxplot.flierprops.",
    )
}
SIZE = re.compile(r'<svg[^>]*? width="([\d.]+)pt"[^>]*?')
HEIGHT = re.compile(r'<svg[^>]*? height="([\d.]+)pt"')
NUMBER = re.compile(r"-?\d+\.\d{3,}")
SCALE = re.compile(r"scale\([^)]*\)")


def prepare() -> None:
    """Set matplotlib's look before a page runs, without showing windows."""
    import matplotlib

    matplotlib.use("agg")
    settings = {k: v for k, v in SETTINGS.items() if k in matplotlib.rcParams}
    matplotlib.rcParams.update(settings)
    matplotlib.rcParams["axes.prop_cycle"] = matplotlib.cycler(color=COLOURS)


def take() -> list[str]:
    """Return every open figure as SVG and close it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    drawn = []
    for number in pyplot.get_fignums():
        buffer = io.StringIO()
        figure = pyplot.figure(number)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        drawn.append(round_coordinates(buffer.getvalue()))
    close()
    return drawn


def close() -> None:
    """Close every open figure."""
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def round_coordinates(svg: str) -> str:
    """Keep two decimals: the rest differs between machines and weighs half a file."""
    parts = re.split(r"(scale\([^)]*\)|base64,[^\"]*)", svg)
    return "".join(
        part
        if part.startswith(("scale(", "base64,"))
        else NUMBER.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), part)
        for part in parts
    )


def in_theme(svg: str, theme: str) -> str:
    """Return a figure with its text and axes in a theme's colours."""
    for sentinel, colour in THEMES[theme].items():
        svg = svg.replace(sentinel, colour)
    return svg


def size(svg: str) -> tuple[int, int]:
    """Return width and height in CSS pixels."""
    width, height = SIZE.search(svg), HEIGHT.search(svg)
    if width is None or height is None:
        raise ValueError("an SVG without width and height in points")
    return round(float(width[1]) * 4 / 3), round(float(height[1]) * 4 / 3)
