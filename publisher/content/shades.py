"""A choropleth's shades: figures by country -> classes, colours and a key below the map."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from xml.etree import ElementTree

from publisher.content.body import Look
from publisher.content.drawing import Drawing, Text, mix, n
from publisher.content.locales import is_rtl
from publisher.content.marks import nice_ticks
from publisher.content.numbers import SIGNS, write_number
from publisher.errors import ContentError

_TEXT = 7.0  #: points
_MOST_CLASSES = 6
_STRENGTHS = (0.25, 0.92)  #: of the accent, in the lightest and the darkest shade


@dataclass(frozen=True)
class ShadeKey:
    """A row of shades with the figures between them."""

    fills: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()  #: one fewer than shades
    rtl: bool = False

    def below(self, drawing: Drawing) -> Drawing:
        """Put the key under a map, which grows by it."""
        if not self.fills:
            return drawing
        look, top = drawing.look, drawing.height + 5
        step = min(46.0, drawing.width / (len(self.fills) + 1))
        start = drawing.width - step * len(self.fills) if self.rtl else 0.0
        for place, fill in enumerate(self.fills):
            number = len(self.fills) - 1 - place if self.rtl else place
            ElementTree.SubElement(
                drawing.shapes,
                "rect",
                {"x": n(start + number * step), "y": n(top), "width": n(step - 0.8),
                 "height": "6", "fill": fill},
            )  # fmt: skip
        for place, words in enumerate(self.bounds, 1):
            number = len(self.fills) - place if self.rtl else place
            x = start + number * step - 0.4
            drawing.texts.append(
                Text(x, top + 14.5, words, _TEXT, look.muted, "middle", mark="key")
            )
        drawing.height = top + 17
        return drawing


@dataclass(frozen=True)
class Shades:
    """What each country is filled with."""

    fills: Mapping[str, str] = field(default_factory=dict)
    other: str = "#ffffff"
    key: ShadeKey = ShadeKey()

    def fill(self, code: str) -> str:
        """Return a country's shade; without a figure it looks like land."""
        return self.fills.get(code, self.other)


def shades_of(
    figures: Mapping[str, float | None],
    breaks: Sequence[float],
    unit: str,
    look: Look,
    language: str,
) -> Shades:
    """Sort figures into classes at round bounds, or at the ones given.

    Raises `ContentError` where the bounds do not rise or are too many.
    """
    known = {code: value for code, value in figures.items() if value is not None}
    if not known:
        return Shades(other=look.land)
    bounds = list(breaks) or _bounds(list(known.values()))
    if bounds != sorted(set(bounds)) or len(bounds) >= _MOST_CLASSES:
        raise ContentError(
            f"breaks must rise, and be at most {_MOST_CLASSES - 1}: write breaks: [10, 20, 50]"
        )
    low, high = _STRENGTHS
    ramp = [
        mix(look.accent, look.paper, low + (high - low) * place / max(1, len(bounds)))
        for place in range(len(bounds) + 1)
    ]
    fills = {code: ramp[sum(value >= bound for bound in bounds)] for code, value in known.items()}
    sign = unit if unit in SIGNS else ""
    words = [write_number(bound, language, sign) for bound in bounds]
    if unit and not sign and words:
        words[-1] += f"\u00a0{unit}"
    return Shades(fills, look.land, ShadeKey(tuple(ramp), tuple(words), is_rtl(language)))


def _bounds(values: Sequence[float]) -> list[float]:
    """Return at most four round bounds: at even steps, or where figures are very unlike, so
    that each shade holds about as many countries."""
    low, high = min(values), max(values)
    if low == high:
        return []
    if (low >= 0 and high > 6 * sorted(values)[len(values) // 2]) or (low > 0 and high > 8 * low):
        classes = min(5, len(set(values)))
        cuts = quantiles(values, n=classes, method="inclusive")
        return sorted({bound for cut in cuts if low < (bound := _round(cut)) <= high})
    return [tick for tick in nice_ticks(low, high) if low < tick <= high][:5]


def _round(value: float) -> float:
    """Return the number of one or two figures that is nearest."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    nearest = min((1, 1.5, 2, 3, 5, 7, 10), key=lambda nice: abs(value / power - nice))
    return round(nearest * power, 12)
