"""Words at the foot of a picture that fills a page: how they are coloured and shaded."""

from dataclasses import dataclass
from pathlib import Path

from publisher.render.legibility import Band, gradient, ground
from publisher.render.sheet import Sheet

_AROUND, _FOOT = 3.0, 6.0  #: millimetres above the words that count; below the last of them
_FADE = 60.0  #: length of the shade's end, millimetres


@dataclass(frozen=True)
class Overlay:
    """How words stand on a picture."""

    ink: str = ""  #: their colour; empty leaves it to the style sheet
    shade: str = ""  #: CSS of what is laid under them; empty if nothing is needed


def overlay(picture: Path, sheet: Sheet, words: float) -> Overlay:
    """Return how the lowest `words` millimetres of a page's picture carry words.

    The picture is as large as the page.
    """
    top = max(sheet.height - words - _AROUND, 0) / sheet.height
    side = sheet.side / sheet.width
    found = ground(picture, ((side, top, 1 - side, 1 - _FOOT / sheet.height),))
    fade = min(_FADE / sheet.height, top * 0.6)
    return Overlay(found.ink, gradient([Band(top, 1.0, found, above=fade)]))
