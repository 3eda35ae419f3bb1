"""A drawing: shapes as SVG, words as text that the page sets.

Measured in points, as wide as it is printed. Text stays text, in the page's own fonts: in
browsers as SVG text standing inline in the page (an <img> could not use the page's
fonts); on paper as HTML laid over the SVG, because WeasyPrint sets SVG text letter by
letter, without kerning and with every Arabic letter in its isolated form.
"""

import html
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from PIL import ImageFont

from publisher.content.body import Look, Medium

_MEASURED_AT = 100
_ARABIC = 1.12  #: how much larger Arabic is set beside Latin of the same size
#: Pillow's own face is narrower than the widest fallback a reader may see
_BUILT_IN_FACTOR = 1.2
POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Box:
    """A rectangle in points; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: "Box") -> float:
        """Return the area both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def outside(self, width: float, height: float) -> float:
        """Return how far it sticks out of a canvas."""
        return (
            max(0.0, -self.left)
            + max(0.0, -self.top)
            + max(0.0, self.right - width)
            + max(0.0, self.bottom - height)
        )


@dataclass(frozen=True)
class Text:
    """Words on a canvas."""

    x: float
    y: float  #: of the baseline
    words: str
    size: float
    fill: str
    anchor: str
    bold: bool = False
    halo: str = ""
    mark: str = ""  #: what it is for in the drawing, such as "ends"
    line: int = 0  #: which line of its label it is

    @property
    def set_at(self) -> float:
        """The size its letters are set at."""
        return self.size * (_ARABIC if _is_arabic(self.words) else 1.0)

    @property
    def rtl(self) -> bool:
        """Whether the first letter that has a direction runs from right to left."""
        directions = (unicodedata.bidirectional(letter) for letter in self.words)
        return next((d for d in directions if d in ("L", "R", "AL")), "L") != "L"

    def svg(self) -> ElementTree.Element:
        """Return the SVG element, for browsers."""
        anchor = self.anchor
        if self.rtl:  # there, "start" is the right end
            anchor = {"start": "end", "end": "start"}.get(anchor, anchor)
        element = ElementTree.Element(
            "text",
            {
                "x": n(self.x),
                "y": n(self.y),
                "font-size": n(self.set_at),
                "font-weight": "700" if self.bold else "400",
                "text-anchor": anchor,
                "direction": "rtl" if self.rtl else "ltr",
                "fill": self.fill,
            },
        )
        if self.halo:
            element.attrib |= {
                "stroke": self.halo,
                "stroke-width": "2",
                "stroke-linejoin": "round",
                "paint-order": "stroke",
            }
        element.text = self.words
        return element

    def html(self, width: float, ascent: float, descent: float) -> str:
        """Return the HTML element that puts the baseline at y, for WeasyPrint.

        `ascent` and `descent` are those of the first font, for a size of 1.
        """
        line = 1.2
        baseline = ((line - ascent - descent) / 2 + ascent) * self.set_at
        place = {
            "start": f"left: {n(self.x)}pt",
            "end": f"right: {n(width - self.x)}pt",
            # wide enough for any label, so that its middle is the middle
            "middle": f"left: {n(self.x - 150)}pt; width: 300pt; text-align: center",
        }[self.anchor]
        style = (
            f"position: absolute; {place}; top: {n(self.y - baseline)}pt;"
            f" font-size: {n(self.set_at)}pt; line-height: {line};"
            f" font-weight: {700 if self.bold else 400}; color: {self.fill}"
        )
        if self.halo:
            style += f"; background: {self.halo}c0; border-radius: 1.5pt"
        direction = ' dir="rtl"' if self.rtl else ""
        return f'<span{direction} style="{style}">{html.escape(self.words)}</span>'


@dataclass
class Drawing:
    """What a chart or map looks like: shapes the library drew, words that the page will set."""

    look: Look
    width: float
    height: float
    shapes: ElementTree.Element = field(
        default_factory=lambda: ElementTree.Element("g", {"fill": "none"})
    )
    texts: list[Text] = field(default_factory=list)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], stroke: str, width: float
    ) -> None:
        """Add a straight line, such as one that leads from a name to its place."""
        places = zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True)
        attributes = {name: n(value) for name, value in places}
        attributes |= {"stroke": stroke, "stroke-width": n(width)}
        ElementTree.SubElement(self.shapes, "line", attributes)

    def measure(self, text: Text) -> float:
        """Return how wide a text is, in points."""
        return measure(text.words, text.size, self.look, bold=text.bold)

    def box(self, text: Text) -> Box:
        """Return the rectangle a text covers."""
        width = self.measure(text)
        left = text.x - {"start": 0.0, "middle": width / 2, "end": width}[text.anchor]
        return Box(left, text.y - text.size * 0.72, left + width, text.y + text.size * 0.2)

    def render(self, description: str, medium: Medium) -> str:
        """Return HTML that is safe to print; the description is what a screen reader says."""
        root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {n(self.width)} {n(self.height)}",
                "role": "img",
                "font-family": self.look.family,
                "style": "display: block; width: 100%; height: auto",
            },
        )
        # WeasyPrint takes the alternative text of a tagged PDF from <title>, browsers too
        ElementTree.SubElement(root, "title").text = description
        root.append(self.shapes)
        if medium is Medium.WEB:
            root.extend(text.svg() for text in self._in_order())
            return ElementTree.tostring(root, encoding="unicode")
        root.set("style", f"display: block; width: {n(self.width)}pt; height: {n(self.height)}pt")
        ascent, descent = _metrics(self.look.regular)
        spans = "".join(text.html(self.width, ascent, descent) for text in self._in_order())
        drawing = ElementTree.tostring(root, encoding="unicode")
        box = (
            f"position: relative; width: {n(self.width)}pt; height: {n(self.height)}pt;"
            " direction: ltr; text-indent: 0; letter-spacing: 0; white-space: nowrap;"
            f" font-family: {self.look.family}"
        )
        return f'<div class="drawing" style="{html.escape(box)}">{drawing}{spans}</div>'

    def _in_order(self) -> list[Text]:
        """Return the words row by row, as they are read aloud and copied."""
        rtl = sum(1 if text.rtl else -1 for text in self.texts if text.words[:1].isalpha()) > 0
        return sorted(self.texts, key=lambda text: (round(text.y / 4), -text.x if rtl else text.x))


def measure(words: str, size: float, look: Look, *, bold: bool = False) -> float:
    """Return how wide text will be in the theme's fonts, in points.

    Arabic is measured in the theme's Arabic face, letter by letter, which is a little
    more than it takes when its letters are joined; a CJK sign is as wide as it is high.
    """
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in words)
    if wide:
        words = "".join(w for w in words if unicodedata.east_asian_width(w) not in "WF")
    arabic = _is_arabic(words)
    size *= _ARABIC if arabic else 1.0
    paths = (look.arabic, look.arabic_bold) if arabic else (look.regular, look.bold)
    path = (paths[1] or paths[0]) if bold else paths[0]
    return (_width(words, path or look.regular) + wide) * size


def _is_arabic(words: str) -> bool:
    return any(unicodedata.bidirectional(letter) == "AL" for letter in words)


def wrap(label: str, size: float, width: float, look: Look) -> list[str]:
    """Break a label into at most three lines."""
    lines: list[str] = []
    for word in label.split():
        if lines and (len(lines) == 3 or measure(f"{lines[-1]} {word}", size, look) <= width):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def n(value: float) -> str:
    """Write a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-0", "0", value == 0)


def mix(colour: str, other: str, part: float) -> str:
    """Return `part` of the first colour and the rest of the second, both `#rrggbb`."""
    ours, theirs = (
        [int(value[place : place + 2], 16) for place in (1, 3, 5)] for value in (colour, other)
    )
    mixed = (round(a * part + b * (1 - part)) for a, b in zip(ours, theirs, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


@lru_cache(maxsize=8192)
def _width(words: str, path: Path | None) -> float:
    font, factor = _font(path)
    return font.getlength(words) * factor / _MEASURED_AT


@lru_cache(maxsize=16)
def _font(path: Path | None) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, float]:
    for name in (path, "DejaVuSans.ttf"):
        try:
            if name:
                return ImageFont.truetype(name, _MEASURED_AT), 1.0
        except OSError:
            continue
    return ImageFont.load_default(_MEASURED_AT), _BUILT_IN_FACTOR


def _metrics(path: Path | None) -> tuple[float, float]:
    """Return ascent and descent of a font for a size of 1."""
    font, _ = _font(path)
    if not isinstance(font, ImageFont.FreeTypeFont):
        return 0.93, 0.24
    ascent, descent = font.getmetrics()
    return ascent / _MEASURED_AT, descent / _MEASURED_AT
