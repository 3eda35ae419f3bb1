"""A key above a drawing: a square of colour and a name, for what cannot be named in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Drawing, Text, measure, n
from publisher.content.locales import is_rtl

_TEXT = 7.5  #: points
_SQUARE, _GAP, _BETWEEN, _ROW = 6.5, 3.5, 11.0, 11.5


@dataclass(frozen=True)
class Key:
    """Entries at their places; empty, it takes no room."""

    squares: tuple[tuple[float, float, str], ...] = ()
    names: tuple[Text, ...] = ()
    height: float = 0.0  #: points, with the air below

    def put(self, drawing: Drawing) -> Drawing:
        """Add the key to a drawing that left room for it at the top."""
        for x, y, fill in self.squares:
            ElementTree.SubElement(
                drawing.shapes,
                "rect",
                {"x": n(x), "y": n(y), "width": n(_SQUARE), "height": n(_SQUARE), "fill": fill},
            )
        drawing.texts[:0] = self.names
        return drawing


def key_of(names: Sequence[str], fills: Sequence[str], look: Look, language: str) -> Key:
    """Set names and colours line by line, from the right in languages written from there."""
    width, rtl = look.width * POINTS_PER_MM, is_rtl(language)
    squares, texts = [], []
    x, y = 0.0, 0.0
    for name, fill in zip(names, fills, strict=True):
        long = _SQUARE + _GAP + measure(name, _TEXT, look)
        if x and x + long > width:
            x, y = 0.0, y + _ROW
        left = width - x - _SQUARE if rtl else x
        squares.append((left, y + 1, fill))
        edge = left - _GAP if rtl else left + _SQUARE + _GAP
        texts.append(
            Text(edge, y + 6.9, name, _TEXT, look.ink, "end" if rtl else "start", mark="key")
        )
        x += long + _BETWEEN
    return Key(tuple(squares), tuple(texts), y + _ROW + 3)
