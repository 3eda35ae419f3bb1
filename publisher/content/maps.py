"""Countries and places -> a locator map; figures by country -> a choropleth.

d3 projects, clips and draws the shapes, by way of Vega; names are put in here, because
the page sets them. Borders follow the publication's settings, see `world`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from babel import Locale

from publisher.content.body import Look
from publisher.content.drawing import POINTS_PER_MM, Box, Drawing, mix
from publisher.content.frames import POLE, Frame, around, frame, mercator
from publisher.content.lift import marked, moved, rings
from publisher.content.locales import locale_of
from publisher.content.marks import Marks, drawn, encode, legible_on
from publisher.content.naming import Names
from publisher.content.numbers import SIGNS, write_number
from publisher.content.scalebar import put_scale
from publisher.content.shades import Shades, shades_of
from publisher.content.world import World, drawn_as, within, world
from publisher.errors import ContentError

_MOST_PLACES = 20
_NEAR = 9.0  #: degrees across below which a reader needs to be told where in the world it is
_INSET = 22.0  #: millimetres


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
    figures: Mapping[str, float | None] = field(default_factory=dict)  #: by country
    unit: str = ""
    breaks: tuple[float, ...] = ()  #: where one shade ends and the next begins
    inset: bool | None = None  #: a small map of the surroundings; None: where it is needed


def draw(asked: Map, look: Look, language: str) -> Drawing:
    """Draw the map.

    Raises `ContentError` naming a country we do not know or a place that cannot be.
    """
    whole = world(look.maps)
    asked = replace(
        asked,
        countries=tuple(dict.fromkeys(drawn_as(code, look.maps) for code in asked.countries)),
        highlight=tuple(drawn_as(code, look.maps) for code in asked.highlight),
        # a land that is drawn as part of a country has that country's figure
        figures={drawn_as(code, look.maps): value for code, value in asked.figures.items()}
        | {code: value for code, value in asked.figures.items() if code in whole.lands},
    )
    countries = asked.countries or tuple(asked.figures)
    if not countries and not asked.places:
        raise ContentError("the map shows nothing: name countries: [TN, LY] or places")
    for code in (*countries, *asked.highlight, *asked.figures):
        if code not in whole.lands or not code[:1].isalpha():
            raise ContentError(f'the map has no country "{code[:20]}": use two letters such as TN')
    if len(asked.places) > _MOST_PLACES:
        raise ContentError(f"the map has more than {_MOST_PLACES} places: leave some out")
    for place in asked.places:
        if not (abs(place.longitude) <= 180 and abs(place.latitude) <= POLE):
            raise ContentError(
                f"{place.name} cannot be at {place.longitude}, {place.latitude}:"
                " write [name, longitude, latitude] in degrees"
            )
    spots = [(place.longitude, place.latitude) for place in asked.places]
    view = frame(whole.lands, countries, spots, look.width * POINTS_PER_MM)
    shades = shades_of(asked.figures, asked.breaks, asked.unit, look, language)
    return _Sheet(asked, countries, whole, view, shades, look, locale_of(language), language).draw()


@dataclass(frozen=True)
class _Sheet:
    """One map while it is drawn."""

    asked: Map
    countries: tuple[str, ...]
    whole: World
    view: Frame
    shades: Shades
    look: Look
    locale: Locale
    language: str

    def draw(self) -> Drawing:
        look, view = self.look, self.view
        inset = self._inset()
        lands = self._features(view, self.whole.lands)
        marks: Marks = [_rect(0, 0, view.width, view.height, look.sea)]
        marks += [_shapes(name, f"land {name}") for name, _ in lands]
        marks += self._lines("main")
        if inset:
            marks += self._inset_marks(inset)
        marks.append(_dots(look))
        places = [{"lon": place.longitude, "lat": place.latitude} for place in self.asked.places]
        drawing = drawn(
            view.width,
            view.height,
            look,
            data=[
                *({"name": name, "values": [feature]} for name, feature in lands),
                _mesh("borders", self.whole.borders, view),
                _mesh("dashed", self.whole.dashed, view),
                *(self._inset_data(inset) if inset else ()),
                {
                    "name": "places",
                    "values": places,
                    "transform": [
                        {"type": "geopoint", "projection": "main", "fields": ["lon", "lat"]}
                    ],
                },
            ],
            scales=[],
            marks=marks,
            projections=[
                view.projection("main"),
                *([inset[0].projection("inset", *inset[1])] if inset else ()),
            ],
        )
        self._name(drawing, [name for name, _ in lands], inset)
        return self.shades.key.below(drawing)

    def _features(
        self, view: Frame, lands: Mapping[str, Sequence[Any]]
    ) -> list[tuple[str, dict[str, Any]]]:
        """Return what can be seen, the map's subject last, so that its edges are whole."""
        found = []
        for code in sorted(lands, key=lambda c: (c in self.countries, c in self.asked.highlight)):
            polygons = list(within(lands[code], view.west - 1, view.east + 1))
            if polygons:
                geometry = {"type": "MultiPolygon", "coordinates": polygons}
                feature = {"type": "Feature", "geometry": geometry, "fill": self.fill(code)}
                found.append((code, feature))
        return found

    def fill(self, code: str) -> str:
        look = self.look
        if self.asked.figures:
            return self.shades.fill(code)
        if code in self.asked.highlight:
            return mix(look.accent, look.paper, 0.38)
        if code in self.countries:
            # beside highlighted countries a white one would be the first thing seen
            return mix(look.land, look.paper, 0.45 if self.asked.highlight else 0.0)
        return look.land

    def _lines(self, projection: str) -> Marks:
        colour = mix(self.look.muted, self.look.paper, 0.55)
        return [
            _stroke("borders", projection, colour, 0.6),
            _stroke("dashed", projection, colour, 0.7, (2.4, 1.8)),
        ]

    # ---- the inset -------------------------------------------------------------------

    def _inset(self) -> tuple[Frame, tuple[float, float]] | None:
        """Return a small frame and the corner of the map that is freest for it."""
        view, wanted = self.view, self.asked.inset
        across = view.width / view.scale
        if wanted is False or (wanted is None and across > _NEAR) or view.everywhere:
            return None
        wide = min(_INSET * POINTS_PER_MM, view.width * 0.3)
        small = around(view, wide, max(32.0, 5 * across))
        spots = [self._spot(place) for place in self.asked.places]
        corners = [
            (x, y)
            for y in (4.0, view.height - small.height - 4)
            for x in (view.width - wide - 4, 4.0)
        ]

        def crowd(corner: tuple[float, float]) -> int:
            x, y = corner
            return sum(
                x - 22 < px < x + wide + 22 and y - 10 < py < y + small.height + 10
                for px, py in spots
            )

        best = min(corners, key=crowd)
        return (small, best) if crowd(best) == 0 or wanted else None

    def _spot(self, place: Place) -> tuple[float, float]:
        view = self.view
        x = (place.longitude - view.west) * view.scale
        return x, (view.north - mercator(place.latitude)) * view.scale

    def _inset_data(self, inset: tuple[Frame, tuple[float, float]]) -> Marks:
        small, _ = inset
        lands = [
            polygon
            for polygons in self.whole.lands.values()
            for polygon in within(polygons, small.west - 1, small.east + 1)
        ]
        ours = [
            polygon
            for code in self.countries
            for polygon in within(self.whole.lands[code], small.west - 1, small.east + 1)
        ]
        return [
            _land("around", lands),
            _land("ours", ours),
            _mesh("borders around", self.whole.borders, small),
        ]

    def _inset_marks(self, inset: tuple[Frame, tuple[float, float]]) -> Marks:
        small, (left, top) = inset
        look, view = self.look, self.view
        factor = small.scale / view.scale
        x = left + (view.west - small.west) * small.scale
        y = top + (small.north - view.north) * small.scale
        return [
            _rect(left - 1.5, top - 1.5, small.width + 3, small.height + 3, look.paper),
            _rect(left, top, small.width, small.height, look.sea),
            _shapes("around", "around", "inset", mix(look.muted, look.paper, 0.3)),
            _shapes("ours", "ours", "inset", mix(look.muted, look.paper, 0.55)),
            _stroke("borders around", "inset", look.paper, 0.35),
            _rect(x, y, view.width * factor, view.height * factor, "none", look.accent, 1.1),
        ]

    # ---- words -----------------------------------------------------------------------

    def _name(
        self,
        drawing: Drawing,
        codes: Sequence[str],
        inset: tuple[Frame, tuple[float, float]] | None,
    ) -> None:
        shapes = {
            code: [
                ring
                for shape in marked(drawing, f"land {code}")
                for ring in rings(shape.get("d", ""))
            ]
            for code in codes
        }
        names = Names(drawing, shapes, {code: self.fill(code) for code in codes})
        if inset:
            small, (x, y) = inset
            names.taken.append(Box(x - 3, y - 3, x + small.width + 3, y + small.height + 3))
        dots = [moved(dot.get("transform", "")) for dot in marked(drawing, "places")]
        scale = put_scale(drawing, self.view, names.taken, dots, self.language, names.even)
        names.taken += [scale] if scale else []
        names.places([place.name for place in self.asked.places], dots)
        for code in sorted(codes, key=lambda one: one not in self.countries):
            name = self.locale.territories.get(code, "")
            if not name or not shapes[code]:
                continue
            important = code in self.countries
            names.country(
                code,
                name,
                important=important,
                figure=self._figure(code),
                ink=legible_on(self.fill(code), self.look)
                if self.asked.figures and important
                else "",
            )

    def _figure(self, code: str) -> str:
        value = self.asked.figures.get(code)
        if value is None:
            return ""
        unit = self.asked.unit if self.asked.unit in SIGNS else ""
        return write_number(value, self.language, unit)


def _shapes(data: str, mark: str, projection: str = "main", fill: str = "") -> dict[str, Any]:
    paint: Any = {"value": fill} if fill else {"field": "fill"}
    return {
        "type": "shape",
        "name": mark,
        "from": {"data": data},
        # a hair of its own colour closes the seams between joined pieces
        "encode": encode(fill=paint, stroke=paint, strokeWidth=0.25, strokeJoin="round"),
        "transform": [{"type": "geoshape", "projection": projection}],
    }


def _stroke(
    data: str, projection: str, colour: str, width: float, dash: Sequence[float] = ()
) -> dict[str, Any]:
    return {
        "type": "shape",
        "name": data,
        "from": {"data": data},
        "encode": encode(
            stroke=colour, strokeWidth=width, strokeJoin="round", strokeDash={"value": list(dash)}
        ),
        "transform": [{"type": "geoshape", "projection": projection}],
    }


def _mesh(name: str, lines: Sequence[Sequence[Any]], view: Frame) -> dict[str, Any]:
    seen = [
        line
        for line in lines
        if min(x for x, _ in line) <= view.east + 1 and max(x for x, _ in line) >= view.west - 1
    ]
    geometry = {"type": "MultiLineString", "coordinates": seen}
    return {"name": name, "values": [{"type": "Feature", "geometry": geometry}]}


def _land(name: str, polygons: Sequence[Any]) -> dict[str, Any]:
    geometry = {"type": "MultiPolygon", "coordinates": polygons}
    return {"name": name, "values": [{"type": "Feature", "geometry": geometry}]}


def _rect(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    stroke: str = "none",
    line: float = 0.0,
) -> dict[str, Any]:
    paint: dict[str, Any] = {} if fill == "none" else {"fill": fill}
    if stroke != "none":
        paint |= {"stroke": stroke, "strokeWidth": line}
    return {"type": "rect", "encode": encode(x=x, y=y, width=width, height=height, **paint)}


def _dots(look: Look) -> dict[str, Any]:
    return {
        "type": "symbol",
        "name": "places",
        "from": {"data": "places"},
        "encode": encode(
            x={"field": "x"},
            y={"field": "y"},
            fill=look.ink,
            stroke=look.paper,
            strokeWidth=0.5,
            size=math.pi * 2.1**2,
        ),
    }
