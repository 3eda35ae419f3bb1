"""What charts share: the chart asked for, its type size, its colours, its ticks, its words."""

import math
from dataclasses import dataclass
from typing import Any

from publisher.content.body import Look
from publisher.content.drawing import Drawing, mix
from publisher.content.lift import lift
from publisher.content.numbers import SIGNS, Data, write_number
from publisher.content.vega import draw

TEXT = 7.5  #: points
LINE = TEXT * 1.15

Marks = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What an author asks for."""

    type: str  #: a name of `charts.TYPES`
    data: Data
    unit: str = ""
    highlight: tuple[str, ...] = ()  #: labels (bars) or names (lines) in the accent colour
    stacked: bool = False


def drawn(
    width: float,
    height: float,
    look: Look,
    *,
    data: Marks,
    scales: Marks,
    marks: Marks,
    **more: Any,
) -> Drawing:
    """Have a specification drawn, in points, its places counted from the top left."""
    spec = {
        "width": round(width, 2),
        "height": round(height, 2),
        "padding": 0,
        "autosize": "none",
        "data": data,
        "scales": scales,
        # Vega wants every mark's name once, and none that a table of data has
        "marks": [
            {**mark, "name": f"{place}-is-{mark['name']}"} if "name" in mark else mark
            for place, mark in enumerate(marks)
        ],
        **more,
    }
    return lift(draw(spec), look)


def encode(**channels: Any) -> dict[str, Any]:
    """Return Vega's encoding: a mapping stands as it is, anything else is a plain value."""
    return {
        "update": {
            name: value if isinstance(value, (dict, list)) else {"value": value}
            for name, value in channels.items()
        }
    }


def words(data: str, name: str, **channels: Any) -> dict[str, Any]:
    """Return a text mark whose words are the field `words` of its data."""
    given = {"text": {"field": "words"}, "fontSize": TEXT, "baseline": "middle", **channels}
    given.setdefault("lineHeight", LINE)
    return {"type": "text", "name": name, "from": {"data": data}, "encode": encode(**given)}


def written(value: float | None, chart: Chart, language: str, digits: int | None = None) -> str:
    """Write a figure with its unit if that is a sign; nothing for a gap."""
    return "" if value is None else write_number(value, language, chart.unit, digits)


def unit_after(chart: Chart) -> str:
    """Return the unit to say once, with a space before it; empty if it stands with every figure."""
    return f"\u00a0{chart.unit}" if chart.unit and chart.unit not in SIGNS else ""


def quiet(look: Look) -> str:
    """Return the colour of marks that stand behind the highlighted ones."""
    return mix(look.muted, look.paper, 0.45)


def colours(look: Look, count: int) -> list[str]:
    """Return the accent and others, in an order in which each is unlike the ones before it."""
    chosen, left = [look.accent], list(look.series)
    while left and len(chosen) < count:
        chosen.append(max(left, key=lambda one: min(unlike(one, other) for other in chosen)))
        left.remove(chosen[-1])
    return [chosen[place % len(chosen)] for place in range(count)]


def unlike(one: str, other: str) -> float:
    """Return how far two colours lie apart to the eye: "redmean" of Thiadmer Riemersma."""
    (r1, g1, b1), (r2, g2, b2) = (
        [int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in (one, other)
    )
    red = (r1 + r2) / 2
    return math.sqrt(
        (2 + red / 256) * (r1 - r2) ** 2
        + 4 * (g1 - g2) ** 2
        + (2 + (255 - red) / 256) * (b1 - b2) ** 2
    )


def legible_on(fill: str, look: Look) -> str:
    """Return ink or paper, whichever is read better on a colour."""
    return max((look.ink, look.paper), key=lambda one: unlike(one, fill))


def nice_ticks(low: float, high: float) -> list[float]:
    """Return four to six round numbers that span low to high; from zero if that is near.

    Of several ways the one that leaves least of the chart empty is taken.
    """
    if low > 0 and low < 0.5 * high:
        low = 0.0
    if high < 0 and high > 0.5 * low:
        high = 0.0
    if high - low <= 1e-9 * max(abs(low), abs(high), 0.001):
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    ways = [_ticks(low, high, count) for count in (4, 5, 3)]
    return min(ways, key=lambda ticks: round(ticks[-1] - ticks[0], 12))


def _ticks(low: float, high: float, count: int) -> list[float]:
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if rough <= power * nice * 1.0001)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 3 - math.floor(math.log10(step)))
    return [round(place * step, digits) for place in range(first, last + 1)]
