"""Countries and places -> a locator map.

Mercator, because shapes and angles stay right at the size of a region. Shapes come from
Natural Earth (see data/README.md). Western Sahara is drawn whole and apart, as the United
Nations list it; how disputed borders are drawn will become an editor's setting.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Box, Canvas, mix, n
from publisher.content.locales import locale_of
from publisher.errors import ContentError

_DATA = Path(__file__).parent / "data" / "countries.geojson"
_PLACE, _COUNTRY, _NEIGHBOUR = 7.5, 7.5, 6.5  #: points
_MOST_PLACES = 20
_MARGIN = 0.07  #: of the extent, on every side
_LEAST_SPAN = 1.5  #: degrees
_TALLEST = 120.0  #: millimetres
_POLE = 80.0  #: degrees of latitude that Mercator still shows
_BLEED = 4.0  #: points drawn beyond the edge, so that no border runs along it

Point = tuple[float, float]
Ring = list[Point]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A dot with a name."""

    name: str
    longitude: float
    latitude: float


@dataclass(frozen=True, kw_only=True)
class Map:
    """What an author asks for; countries are ISO 3166 alpha-2 codes."""

    countries: tuple[str, ...]
    highlight: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class _Frame:
    """The part of the world that is shown, in Mercator units, and its scale."""

    west: float
    north: float
    scale: float
    width: float
    height: float

    def project(self, longitude: float, latitude: float) -> Point:
        return (
            (longitude - self.west) * self.scale,
            (self.north - mercator(latitude)) * self.scale,
        )


def mercator(latitude: float) -> float:
    """Return the y of a latitude, in degrees of the equator."""
    bounded = math.radians(max(-_POLE, min(_POLE, latitude)))
    return math.degrees(math.log(math.tan(math.pi / 4 + bounded / 2)))


@lru_cache(maxsize=1)
def _world() -> dict[str, list[list[Ring]]]:
    """Return every country's polygons by code; pieces without a code hang on ""."""
    features = json.loads(_DATA.read_text(encoding="utf-8"))["features"]
    world: dict[str, list[list[Ring]]] = {}
    for feature in features:
        code = feature["properties"]["code"]
        world.setdefault(code, []).extend(feature["geometry"]["coordinates"])
    return world


def draw(asked: Map, look: Look, language: str) -> Canvas:
    """Draw the map.

    Raises `ContentError` naming a country we do not know or a place that cannot be.
    """
    world = _world()
    if not asked.countries and not asked.places:
        raise ContentError("the map shows nothing: name countries: [TN, LY] or places")
    for code in (*asked.countries, *asked.highlight):
        if code not in world or not code:
            raise ContentError(f'the map has no country "{code[:20]}": use two letters such as TN')
    if len(asked.places) > _MOST_PLACES:
        raise ContentError(f"the map has more than {_MOST_PLACES} places: leave some out")
    for place in asked.places:
        if not (abs(place.longitude) <= 180 and abs(place.latitude) <= _POLE):
            raise ContentError(
                f"{place.name} cannot be at {place.longitude}, {place.latitude}:"
                " write [name, longitude, latitude] in degrees"
            )
    frame = _frame(asked, world, look.width * POINTS_PER_MM)
    return _Drawing(asked, frame, look, language).drawn(world)


def _frame(asked: Map, world: dict[str, list[list[Ring]]], width: float) -> _Frame:
    points = [(place.longitude, mercator(place.latitude)) for place in asked.places]
    for code in asked.countries:
        points += [(x, mercator(y)) for polygon in _main_part(world[code]) for x, y in polygon[0]]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    across, up = max(east - west, _LEAST_SPAN), max(north - south, _LEAST_SPAN)
    across, up = across * (1 + 2 * _MARGIN), up * (1 + 2 * _MARGIN)
    # neither a ribbon nor a tower, and never a whole page: the shorter side gets more of
    # the neighbours
    tallest = min(1.15, _TALLEST * POINTS_PER_MM / width)
    across = max(across, up / tallest)
    up = max(up, across * min(0.55, tallest))
    scale = width / across
    return _Frame(
        west=(west + east - across) / 2,
        north=(south + north + up) / 2,
        scale=scale,
        width=width,
        height=up * scale,
    )


def _main_part(polygons: list[list[Ring]]) -> list[list[Ring]]:
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


class _Drawing:
    """One map while it is drawn: labels keep clear of what already stands there."""

    def __init__(self, asked: Map, frame: _Frame, look: Look, language: str) -> None:
        self.asked, self.frame, self.look = asked, frame, look
        self.locale = locale_of(language)
        self.canvas = Canvas(look, frame.width, frame.height)
        self.taken: list[Box] = []
        #: what is painted where, one pixel a point: a number for each fill
        self.ground = Image.new("L", (max(1, round(frame.width)), max(1, round(frame.height))), 0)
        self.fills = [look.sea]

    def drawn(self, world: dict[str, list[list[Ring]]]) -> Canvas:
        whole = Box(0, 0, self.frame.width, self.frame.height)
        self.canvas.rect(whole, self.look.sea)
        shapes = {
            code: rings
            for code, polygons in world.items()
            if (rings := list(self.visible(polygons)))
        }
        focus = [code for code in shapes if code in self.asked.countries]
        for code in sorted(shapes, key=lambda c: (c in focus, c in self.asked.highlight)):
            d = "".join(_path(ring) for ring in shapes[code])
            self.canvas.path(d, fill=self.fill(code), stroke=self.border(), width=0.6)
            self.paint(shapes[code], self.fill(code))
        dots = [self.frame.project(p.longitude, p.latitude) for p in self.asked.places]
        self.taken += [Box(x - 2.5, y - 2.5, x + 2.5, y + 2.5) for x, y in dots]
        labels = [
            self.label_of(place.name, dot)
            for place, dot in zip(self.asked.places, dots, strict=True)
        ]
        for code in (*focus, *(code for code in shapes if code and code not in focus)):
            self.name_country(code, shapes[code], important=code in focus)
        for (x, y), (words, at, anchor, leader) in zip(dots, labels, strict=True):
            if leader:
                self.canvas.line((x, y), leader, self.look.ink, 0.5)
            self.canvas.dot(x, y, 2.1, self.look.ink, self.look.paper)
            self.canvas.text(
                *at,
                words,
                size=_PLACE,
                anchor=anchor,
                halo=self.halo(words, at, anchor),
            )
        return self.canvas

    def fill(self, code: str) -> str:
        if code in self.asked.highlight:
            return mix(self.look.accent, self.look.paper, 0.38)
        if code in self.asked.countries:
            # beside highlighted countries a white one would be the first thing seen
            share = 0.45 if self.asked.highlight else 0.0
            return mix(self.look.land, self.look.paper, share)
        return self.look.land

    def paint(self, rings: Sequence[Ring], fill: str) -> None:
        """Remember where a country lies; every country counts apart, for its border."""
        pen = ImageDraw.Draw(self.ground)
        for ring in rings:
            pen.polygon([(x, y) for x, y in ring], fill=min(len(self.fills), 255))
        self.fills.append(fill)

    def halo(self, words: str, at: Point, anchor: str) -> str:
        """Return the ground a name must bring along where it crosses a border or a coast."""
        width = self.canvas.measure(words, _PLACE)
        left = at[0] if anchor == "start" else at[0] - width
        top, bottom = at[1] - _PLACE, at[1] + _PLACE * 0.3
        under = self.ground.crop(
            (round(left - 1), round(top), round(left + width + 1), round(bottom))
        )
        counts = under.histogram()
        most = max(range(len(counts)), key=lambda number: counts[number])
        return "" if counts[most] == sum(counts) else self.fills[most]

    def border(self) -> str:
        return mix(self.look.muted, self.look.paper, 0.5)

    def visible(self, polygons: list[list[Ring]]) -> Iterator[Ring]:
        """Project what lies in the frame, clip it there and drop points nobody could see."""
        frame = self.frame
        edge = Box(-_BLEED, -_BLEED, frame.width + _BLEED, frame.height + _BLEED)
        east = frame.west + frame.width / frame.scale
        for polygon in polygons:
            if all(x < frame.west - 1 or x > east + 1 for x, _ in polygon[0]) and not _straddles(
                polygon[0], frame.west, east
            ):
                continue
            for ring in polygon:
                clipped = clip([frame.project(x, y) for x, y in ring], edge)
                thinned = _thin(clipped)
                if len(thinned) > 2:
                    yield thinned

    def label_of(self, words: str, dot: Point) -> tuple[str, Point, str, Point | None]:
        """Find the free place for a name nearest to its dot; far ones get a leader line."""
        x, y = dot
        width = self.canvas.measure(words, _PLACE)
        best: tuple[float, Box, Point, str, Point | None] | None = None
        for lift in (0, -4, 4, -9, 9, -14, 14, -20, 20, -27, 27):
            for right in (True, False):
                gap = 4.0 if abs(lift) < 5 else 9.0
                left = x + gap if right else x - gap - width
                middle = y + lift
                box = Box(left - 1, middle - _PLACE * 0.55, left + width + 1, middle + _PLACE * 0.5)
                cost = (
                    sum(box.overlap(other) for other in self.taken) * 10
                    + box.outside(self.frame.width, self.frame.height) * 50
                    + abs(lift)
                    + (0 if right else 2)
                )
                if best is None or cost < best[0]:
                    at = (left if right else left + width, middle + _PLACE * 0.34)
                    elbow = (x + gap - 1 if right else x - gap + 1, middle)
                    leader = elbow if abs(lift) >= 5 else None
                    best = (cost, box, at, "start" if right else "end", leader)
        assert best is not None  # noqa: S101  # the loops above run at least once
        self.taken.append(best[1])
        return words, best[2], best[3], best[4]

    def name_country(self, code: str, rings: Sequence[Ring], *, important: bool) -> None:
        """Write a country's name where it fits best; a neighbour without room goes unnamed."""
        name = self.locale.territories.get(code.partition("-")[0], "")
        if "-" in code or not name:
            return
        size = _COUNTRY if important else _NEIGHBOUR
        box = (self.canvas.measure(name, size, bold=important) + 4, size + 2.5)
        place = _roomiest(rings, self.taken, box, self.frame, insist=important)
        if place is None:
            return
        x, y = place
        self.taken.append(Box(x - box[0] / 2, y - box[1] / 2, x + box[0] / 2, y + box[1] / 2))
        colour = self.look.ink if important else self.look.muted
        self.canvas.text(
            x, y + size * 0.35, name, size=size, fill=colour, anchor="middle", bold=important
        )


def _straddles(ring: Ring, west: float, east: float) -> bool:
    return min(x for x, _ in ring) < west and max(x for x, _ in ring) > east


def _roomiest(
    rings: Sequence[Ring],
    taken: Sequence[Box],
    box: tuple[float, float],
    frame: _Frame,
    *,
    insist: bool,
) -> Point | None:
    """Return the middle of a place where the box lies wholly on the shape and on nothing else.

    The shape is painted at one pixel a point; after a blur as large as the box, a pixel
    that is still white has the whole box white around it.
    """
    size = (round(frame.width), round(frame.height))
    mask = Image.new("L", size, 0)
    pen = ImageDraw.Draw(mask)
    for ring in rings:
        pen.polygon([(x, y) for x, y in ring], fill=255)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=0, width=2)
    centre = _centre(mask)
    if centre is None:
        return None
    for other in taken:
        pen.rectangle((other.left, other.top, other.right, other.bottom), fill=0)
    blurred = mask.filter(ImageFilter.BoxBlur((box[0] / 2, box[1] / 2)))
    _, most = blurred.getextrema()
    if not isinstance(most, (int, float)) or most < (90 if insist else 254):
        return None
    best = blurred.point([255 if value >= most - 1 else 0 for value in range(256)])
    width = size[0]
    places = [(i % width, i // width) for i, value in enumerate(best.tobytes()) if value]
    x, y = min(places, key=lambda p: (p[0] - centre[0]) ** 2 + 2 * (p[1] - centre[1]) ** 2)
    # a name may stick out of its country, but not out of the map
    return min(max(float(x), box[0] / 2), frame.width - box[0] / 2), float(y)


def _centre(mask: Image.Image) -> Point | None:
    box = mask.getbbox()
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) if box else None


def clip(ring: Ring, edge: Box) -> Ring:
    """Cut a ring to a rectangle (Sutherland and Hodgman)."""
    for axis, limit, above in (
        (0, edge.left, True),
        (0, edge.right, False),
        (1, edge.top, True),
        (1, edge.bottom, False),
    ):
        cut: Ring = []
        for place, point in enumerate(ring):
            before = ring[place - 1]
            inside = (point[axis] >= limit) is above
            if inside is not ((before[axis] >= limit) is above):
                part = (limit - before[axis]) / (point[axis] - before[axis])
                cut.append(
                    (
                        before[0] + part * (point[0] - before[0]),
                        before[1] + part * (point[1] - before[1]),
                    )
                )
            if inside:
                cut.append(point)
        ring = cut
        if not ring:
            break
    return ring


def _thin(ring: Ring) -> Ring:
    kept: Ring = []
    for point in ring:
        if not kept or abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) > 0.35:
            kept.append(point)
    return kept


def _path(ring: Ring) -> str:
    return "M" + "L".join(f"{n(round(x, 1))} {n(round(y, 1))}" for x, y in ring) + "Z"
