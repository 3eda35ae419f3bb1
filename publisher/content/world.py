"""The world's land and borders as a publication wants them drawn.

The shapes are Natural Earth's in pieces (see data/README.md): every country, and apart
from them each disputed land. Here the pieces are given to countries as the settings say,
and the lines between what then belongs to different ones are the borders.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from publisher.config import DISPUTED, Maps

_DATA = Path(__file__).parent / "data" / "world.topojson"
#: words of the settings -> codes
_COUNTRIES = {
    "morocco": "MA", "egypt": "EG", "sudan": "SD", "south_sudan": "SS", "syria": "SY",
    "israel": "IL", "cyprus": "CY", "somalia": "SO", "serbia": "RS", "ukraine": "UA",
    "russia": "RU",
}  # fmt: skip
#: disputed lands with a code of their own; the others are nobody's where they are dashed
_OWN = {
    "western_sahara": "EH", "palestine": "PS", "kosovo": "XK", "somaliland": "SO-SL",
    "northern_cyprus": "CY-N",
}  # fmt: skip

Point = tuple[float, float]  #: longitude and latitude
Ring = list[Point]
Polygon = list[Ring]


@dataclass(frozen=True)
class World:
    """Land by code, and the lines between; a code beginning with "?" is nobody's land."""

    lands: Mapping[str, list[Polygon]]
    borders: Sequence[Ring]  #: open lines
    dashed: Sequence[Ring]


@lru_cache(maxsize=4)
def world(maps: Maps) -> World:
    """Return the world as these settings have it."""
    topology = json.loads(_DATA.read_text(encoding="utf-8"))
    arcs: list[Ring] = [[(x, y) for x, y in arc] for arc in topology["arcs"]]
    lands: dict[str, list[Polygon]] = {}
    sides: dict[int, list[tuple[str, bool]]] = {}
    for piece in topology["objects"]["world"]["geometries"]:
        code, disputed = holder(piece["id"], maps)
        lands.setdefault(code, [])
        for polygon in piece["arcs"]:
            rings = [_joined(ring, arcs) for ring in polygon]
            lands[code].append([_wound(ring, hole=bool(n)) for n, ring in enumerate(rings)])
            for number in (number for ring in polygon for number in ring):
                sides.setdefault(max(number, ~number), []).append((code, disputed))
    lines: dict[bool, list[Ring]] = {False: [], True: []}
    for number, both in sides.items():
        if len({code for code, _ in both}) > 1:
            lines[any(disputed for _, disputed in both)].append(arcs[number])
    return World(lands, tuple(lines[False]), tuple(lines[True]))


def holder(piece: str, maps: Maps) -> tuple[str, bool]:
    """Return the code a piece of land is drawn under, and whether its borders are dashed."""
    if piece not in DISPUTED:
        # Siachen: nobody's, and there is no setting
        return (piece, False) if piece[0].isupper() else (f"?{piece}", True)
    choice: str = getattr(maps, piece)
    if choice in _COUNTRIES:
        return _COUNTRIES[choice], False
    return _OWN.get(piece, f"?{piece}"), choice == "dashed"


def drawn_as(code: str, maps: Maps) -> str:
    """Return the code of the country that a land with this code is drawn as a part of."""
    piece = next((piece for piece, own in _OWN.items() if own == code), "")
    return holder(piece, maps)[0] if piece else code


def _joined(numbers: Sequence[int], arcs: Sequence[Ring]) -> Ring:
    """Join a ring's arcs; a number below zero is the complement of one to be walked back."""
    ring: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[bool(ring) :]
    return ring


def _wound(ring: Ring, *, hole: bool) -> Ring:
    """Turn a ring as d3 wants it: land clockwise, holes the other way."""
    area = sum(
        (x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True)
    )
    return ring if (area > 0) is not hole else ring[::-1]


def within(polygons: Sequence[Polygon], west: float, east: float) -> Iterator[Polygon]:
    """Yield what could be seen between two longitudes."""
    for polygon in polygons:
        xs = [x for x, _ in polygon[0]]
        if min(xs) <= east and max(xs) >= west:
            yield polygon
