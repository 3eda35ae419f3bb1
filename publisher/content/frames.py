"""Which part of the world a map shows, and how large.

Mercator, because shapes and angles stay right at the size of a region; Equal Earth for
what spans the globe.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher.content.drawing import POINTS_PER_MM, Box
from publisher.content.world import Point, Polygon

POLE = 80.0  #: degrees of latitude that Mercator still shows
BLEED = 4.0  #: points drawn beyond the edge, so that no border runs along it
_MARGIN = 0.07  #: of the extent, on every side
_AROUND = 0.3  #: the same, around places without a country
_LEAST_SPAN = 1.5  #: degrees; places without a country get twice as many
_TALLEST = 120.0  #: millimetres
_GLOBAL = 150.0  #: degrees of longitude


@dataclass(frozen=True)
class Frame:
    """The part of the world that is shown, in Mercator's degrees of the equator."""

    west: float
    north: float
    scale: float  #: points a degree
    width: float  #: points
    height: float

    @property
    def east(self) -> float:
        return self.west + self.width / self.scale

    @property
    def latitude(self) -> float:
        """The latitude in the middle."""
        y = math.radians(self.north - self.height / self.scale / 2)
        return math.degrees(2 * math.atan(math.exp(y)) - math.pi / 2)

    @property
    def everywhere(self) -> bool:
        return self.width / self.scale > _GLOBAL

    def projection(self, name: str, left: float = 0.0, top: float = 0.0) -> dict[str, Any]:
        """Return Vega's projection of this frame, its corner at `left`, `top` of the drawing."""
        bleed = 0.0 if left or top else BLEED
        edge = [
            [left - bleed, top - bleed],
            [left + self.width + bleed, top + self.height + bleed],
        ]
        if self.everywhere:
            return {
                "name": name,
                "type": "equalEarth",
                "fit": {"type": "Sphere"},
                "size": [round(self.width, 2), round(self.height, 2)],
            }
        return {
            "name": name,
            "type": "mercator",
            "scale": round(math.degrees(self.scale), 4),
            "translate": [
                round(left - self.west * self.scale, 3),
                round(top + self.north * self.scale, 3),
            ],
            "clipExtent": edge,
        }


def mercator(latitude: float) -> float:
    """Return the y of a latitude, in degrees of the equator."""
    bounded = math.radians(max(-POLE, min(POLE, latitude)))
    return math.degrees(math.log(math.tan(math.pi / 4 + bounded / 2)))


def frame(
    lands: Mapping[str, Sequence[Polygon]],
    countries: Sequence[str],
    places: Sequence[Point],
    width: float,
) -> Frame:
    """Return a frame `width` points wide around countries and places."""
    points = [(x, mercator(y)) for x, y in places]
    for code in countries:
        points += [(x, mercator(y)) for polygon in _main_part(lands[code]) for x, y in polygon[0]]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    if east - west > _GLOBAL:
        return Frame(-180.0, 90.0, width / 360, width, width * 0.4867)
    margin, least = (_MARGIN, _LEAST_SPAN) if countries else (_AROUND, 2 * _LEAST_SPAN)
    across = max(east - west, least) * (1 + 2 * margin)
    up = max(north - south, least / 2) * (1 + 2 * margin)
    # neither a ribbon nor a tower, and never a whole page: the shorter side gets more of
    # the neighbours
    tallest = min(1.15, _TALLEST * POINTS_PER_MM / width)
    across = max(across, up / tallest)
    up = max(up, across * min(0.55, tallest))
    scale = width / across
    return Frame(
        west=(west + east - across) / 2,
        north=(south + north + up) / 2,
        scale=scale,
        width=width,
        height=up * scale,
    )


def around(frame: Frame, width: float, span: float) -> Frame:
    """Return a frame of the wider surroundings, for an inset."""
    scale = width / span
    middle = frame.west + frame.width / frame.scale / 2
    y = frame.north - frame.height / frame.scale / 2
    height = width * 0.86
    return Frame(middle - span / 2, y + height / scale / 2, scale, width, height)


def _main_part(polygons: Sequence[Polygon]) -> list[Polygon]:
    """Leave out what lies far away: Guiana is France, but not on a map of France."""
    boxes = [_bounds(polygon[0]) for polygon in polygons]
    largest = max(range(len(boxes)), key=lambda i: _area(boxes[i]))
    chosen, reach = {largest}, boxes[largest]
    grown = True
    while grown:
        grown = False
        near = 0.3 * math.hypot(reach.right - reach.left, reach.bottom - reach.top)
        for i, box in enumerate(boxes):
            gap = max(
                box.left - reach.right,
                reach.left - box.right,
                box.top - reach.bottom,
                reach.top - box.bottom,
            )
            if i not in chosen and gap < near and _area(box) > 0.002 * _area(boxes[largest]):
                chosen.add(i)
                reach = Box(
                    min(box.left, reach.left),
                    min(box.top, reach.top),
                    max(box.right, reach.right),
                    max(box.bottom, reach.bottom),
                )
                grown = True
    return [polygons[i] for i in sorted(chosen)]


def _bounds(ring: Sequence[Point]) -> Box:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
