"""Draws lines of figures as small panels, in SVG that a page can show in light and in dark. Pure."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree

from deploy.bench.measure import digits_of

_COLUMNS, _WIDTH, _HEIGHT = 3, 320, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 12, 12, 44, 22
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 } .figure { font-weight: 600 }
.faint { fill: #777; font-size: 10px }
polyline { fill: none; stroke: #2a6fdb; stroke-width: 1.5 } circle { fill: #2a6fdb } line { stroke: #bbb }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .faint { fill: #999 } polyline { stroke: #7fb0ff }
circle { fill: #7fb0ff } line { stroke: #555 } }
"""


class Panel(NamedTuple):
    """One line over time. `points`: what each run was of, and its figure, oldest first; at least one."""

    title: str
    unit: str
    aim: str
    points: Sequence[tuple[str, float]]


def drawn(panels: Sequence[Panel]) -> str:
    """The SVG document."""
    rows = -(-len(panels) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT
    root = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}")
    ElementTree.SubElement(root, "style").text = _STYLE
    for number, panel in enumerate(panels):
        place = f"translate({number % _COLUMNS * _WIDTH} {number // _COLUMNS * _HEIGHT})"
        _draw(ElementTree.SubElement(root, "g", transform=place), panel)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _draw(group: ElementTree.Element, panel: Panel) -> None:
    figures = [figure for _, figure in panel.points]
    aim = f", aim {panel.aim}" if panel.aim else ""
    _text(group, _LEFT, 16, panel.title)
    _text(group, _LEFT, 33, f"{digits_of(figures[-1])} {panel.unit}{aim}", "figure")
    base = _HEIGHT - _BOTTOM
    ElementTree.SubElement(group, "line", x1=str(_LEFT), x2=str(_WIDTH - _RIGHT), y1=str(base), y2=str(base))
    highest = max(figures) or 1.0
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(figures) - 1)
    spots = [(_LEFT + step * at, base - (base - _TOP) * figure / highest) for at, figure in enumerate(figures)]
    ElementTree.SubElement(group, "polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in spots))
    for (x, y), (commit, figure) in zip(spots, panel.points, strict=True):
        circle = ElementTree.SubElement(group, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2.5")
        ElementTree.SubElement(circle, "title").text = f"{commit}: {digits_of(figure)} {panel.unit}"
    first, last = panel.points[0], panel.points[-1]
    _text(group, _LEFT, base + 14, f"{first[0]}: {digits_of(first[1])}", "faint")
    if len(panel.points) > 1:
        _text(group, _WIDTH - _RIGHT, base + 14, last[0], "faint", anchor="end")


def _text(group: ElementTree.Element, x: float, y: float, text: str, kind: str = "", *, anchor: str = "start") -> None:
    about = {"x": str(x), "y": str(y), "text-anchor": anchor} | ({"class": kind} if kind else {})
    ElementTree.SubElement(group, "text", about).text = text
