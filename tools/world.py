"""Make publisher/content/data/world.topojson: the world in pieces that a map can join as it likes.

Run where `shapely`, `topojson` and `babel` are installed, with the file of npm's
`world-atlas` 2.0.2: `python tools/world.py countries-50m.json`. It holds Natural Earth's
countries (1:50 million). Disputed land is cut out of the country that Natural Earth gives
it to and becomes a piece of its own, so that a setting can give it to another, or to
nobody.
"""

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from babel.core import get_global
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, mapping, shape
from shapely.ops import unary_union
from topojson import Topology

OUT = Path(__file__).parent.parent / "publisher/content/data/world.topojson"
_22_NORTH = [(x / 10, 21.9956) for x in range(366, 340, -5)]
#: Natural Earth, "breakaway, disputed areas" at 1:50 million and 1:10 million
GOLAN = [
    (35.842, 32.876), (35.833, 32.82), (35.787, 32.735), (35.734, 32.729), (35.611, 32.682),
    (35.592, 32.723), (35.608, 32.76), (35.636, 32.807), (35.633, 32.867), (35.614, 32.891),
    (35.589, 32.953), (35.577, 33.01), (35.601, 33.04), (35.635, 33.118), (35.641, 33.2),
    (35.603, 33.241), (35.627, 33.275), (35.734, 33.333), (35.787, 33.37), (35.841, 33.416),
    (35.95, 33.44), (35.95, 32.9),
]  # fmt: skip
BIR_TAWIL = [
    (33.181, 22.01), (34.084, 22.01), (33.999, 21.767), (33.867, 21.75), (33.717, 21.731),
    (33.558, 21.711), (33.44, 21.801), (33.304, 21.903),
]  # fmt: skip
HALAIB = [
    (34.084, 21.99), (34.148, 22.192), (34.321, 22.226), (34.502, 22.262), (34.682, 22.298),
    (34.778, 22.5), (34.828, 22.607), (34.862, 22.68), (34.944, 22.858), (35.212, 22.786),
    (35.346, 22.902), (35.487, 23.023), (35.621, 23.139), (36.2, 23.1), (37.2, 22.3),
    (37.2, 21.9956),
]  # fmt: skip
#: Permanent Court of Arbitration, award of 22 July 2009; the south is the line of 1956
ABYEI = [(27.833, 10.167), (29.0, 10.167), (29.0, 9.2), (27.833, 9.2)]
#: to where the United Nations draw its northern border
WESTERN_SAHARA = [(-18, 20), (-8, 20), (-8, 27.667), (-18, 27.667)]
#: key of the piece -> its shape, and the countries that are cut
CUT = {
    "golan": (GOLAN, ("IL",)),
    "bir_tawil": (BIR_TAWIL, ("SD",)),
    "halaib": (HALAIB, ("EG",)),
    "abyei": (ABYEI, ("SD",)),
    "western_sahara": (WESTERN_SAHARA, ("MA", "western_sahara")),
}
#: countries without a number, or whose number has more than one heir
CODES = {"Kosovo": "XK", "Somaliland": "SO-SL", "N. Cyprus": "CY-N", "Siachen Glacier": "siachen"}
#: pieces Natural Earth has already
NAMED = {"EH": "western_sahara", "PS": "palestine", "XK": "kosovo", "SO-SL": "somaliland",
         "CY-N": "northern_cyprus"}  # fmt: skip


def countries(atlas: dict) -> Iterator[tuple[str, MultiPolygon]]:
    """Yield code and shape of each country; coordinates are rounded to 0.01 degree."""
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for deltas in atlas["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            point = (round(x * sx + tx, 2), round(y * sy + ty, 2))
            if not arc or arc[-1] != point:
                arc.append(point)
        arcs.append(arc)
    aliases = get_global("territory_aliases")
    for geometry in atlas["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        code = CODES.get(name) or aliases.get(str(geometry.get("id")), [""])[0]
        pieces = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        whole = []
        for piece in pieces:
            rings = []
            for numbers in piece:
                ring = []
                for number in numbers:
                    arc = arcs[number] if number >= 0 else arcs[~number][::-1]
                    ring += arc[bool(ring) :]
                rings.append(ring)
            if len(rings[0]) > 3:
                whole.append(Polygon(rings[0], [ring for ring in rings[1:] if len(ring) > 3]))
        if code and whole:
            yield code, MultiPolygon(whole)
        elif not code:
            sys.stderr.write(f"no code for {name}\n")


def polygons(geometry: object) -> MultiPolygon:
    parts = getattr(geometry, "geoms", [geometry])
    return MultiPolygon([p for p in parts if isinstance(p, Polygon) and p.area > 1e-8])


def with_points(polygon: Polygon, points: list[tuple[float, float]]) -> Polygon:
    """Give a polygon the corners that its neighbour got when it was cut, so borders stay shared."""

    def ring(coordinates: list[tuple[float, float]]) -> list[tuple[float, float]]:
        out = coordinates[:1]
        for start, end in pairwise(coordinates):
            side = LineString([start, end])
            on = [p for p in points if p not in (start, end) and side.distance(Point(p)) < 1e-7]
            out += [*sorted(on, key=lambda p: side.project(Point(p))), end]
        return out

    return Polygon(ring(list(polygon.exterior.coords)),
                   [ring(list(hole.coords)) for hole in polygon.interiors])  # fmt: skip


def main() -> None:
    atlas = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    world: dict[str, list[Polygon]] = {}
    for code, geometry in countries(atlas):
        world.setdefault(NAMED.get(code, code), []).extend(polygons(geometry.buffer(0)).geoms)
    crimea = [
        p
        for p in world["RU"]
        if p.within(
            shape(
                {
                    "type": "Polygon",
                    "coordinates": [[(32, 44), (37, 44), (37, 46.4), (32, 46.4), (32, 44)]],
                }
            )
        )
    ]
    world["RU"] = [p for p in world["RU"] if p not in crimea]
    world["crimea"] = crimea
    for key, (ring, owners) in CUT.items():
        knife = Polygon(ring).buffer(0)
        taken = []
        for owner in owners:
            whole = unary_union(world[owner])
            taken.append(whole.intersection(knife))
            world[owner] = list(polygons(whole.difference(knife)).geoms)
        world[key] = list(polygons(unary_union(taken)).geoms)
        corners = [c for p in world[key] for c in p.exterior.coords]
        near = unary_union(world[key]).buffer(0.01)
        for code, parts in world.items():
            world[code] = [with_points(p, corners) if p.intersects(near) else p for p in parts]
    shapes = [
        {"type": "Feature", "properties": {"code": code}, "geometry": mapping(MultiPolygon(parts))}
        for code, parts in sorted(world.items())
        if code and parts
    ]
    topology = Topology(
        {"type": "FeatureCollection", "features": shapes}, prequantize=False, shared_coords=False
    ).to_dict()
    geometries = next(iter(topology["objects"].values()))["geometries"]
    pieces = {
        g["properties"]["code"]: g["arcs"] if g["type"] == "MultiPolygon" else [g["arcs"]]
        for g in geometries
    }
    arcs = [[[round(x, 2), round(y, 2)] for x, y in arc] for arc in topology["arcs"]]
    OUT.write_text(
        json.dumps(
            {
                "type": "Topology",
                "arcs": arcs,
                "objects": {
                    "world": {
                        "type": "GeometryCollection",
                        "geometries": [
                            {"type": "MultiPolygon", "id": code, "arcs": pieces[code]}
                            for code in sorted(pieces)
                        ],
                    }
                },
            },
            separators=(",", ":"),
        ),
        encoding="utf-8",
    )
    sys.stdout.write(f"{len(arcs)} arcs, {OUT.stat().st_size} bytes\n")


main()
