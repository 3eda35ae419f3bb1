"""SVG as a plotting library writes it -> a `Drawing`: its words lifted out, its ballast dropped.

Words become `Text`s at absolute places, so that the page can set them; of the shapes
only what WeasyPrint and every browser draw alike is kept, without the library's roles,
labels, classes and empty groups.
"""

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from publisher.content.body import Look
from publisher.content.drawing import Drawing, Text

_SVG = "{http://www.w3.org/2000/svg}"
_KEPT = frozenset(
    [
        "d",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "width",
        "height",
        "transform",
        "fill",
        "fill-opacity",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-dasharray",
        "stroke-linecap",
        "stroke-linejoin",
        "opacity",
        "points",
    ]
)
_SHAPES = frozenset(("path", "rect", "line", "circle", "ellipse", "polygon", "polyline"))
_PAINT = frozenset(("fill", "stroke"))  #: "#f1e2db" holds no number
_NUMBER = re.compile(r"-?\d*\.\d{2,}(?:e-?\d+)?|-?\d+e-?\d+")
_MOVE = re.compile(r"translate\(\s*([-\d.e]+)[,\s]*([-\d.e]*)\s*\)")
#: the name of a mark among its classes, as `marks.drawn` gives it
_NAME = re.compile(r"\b\d+-is-(.+)")

_STRAIGHT = re.compile(r"[MLZ\d.,e-]*")
_LONG = 1500  #: characters of a path that is worth thinning
_NEAR = 0.35  #: points

Point = tuple[float, float]


def lift(svg: str, look: Look) -> Drawing:
    """Return the drawing of an SVG document, with its size in points as in the document."""
    root = ElementTree.fromstring(svg)  # noqa: S314  # drawn by our own helper
    drawing = Drawing(look, float(root.get("width", 0)), float(root.get("height", 0)))
    _walk(root, drawing.shapes, (0.0, 0.0), "", drawing)
    return drawing


def marked(drawing: Drawing, mark: str) -> Iterator[ElementTree.Element]:
    """Yield the shapes of a named mark, in the order they were given."""
    for group in drawing.shapes.iter("g"):
        if group.get("data-mark") == mark:
            yield from (child for child in group if child.tag != "g")


def texts(drawing: Drawing, mark: str) -> list[Text]:
    """Return the words of a named mark."""
    return [text for text in drawing.texts if text.mark == mark]


def rings(d: str) -> list[list[Point]]:
    """Return the closed lines of a path made of straight ones (M, L and Z)."""
    found = []
    for part in d.split("M")[1:]:
        numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", part)]
        found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def moved(transform: str) -> Point:
    """Return how far a transform moves; turns and scales are not for words."""
    x = y = 0.0
    for dx, dy in _MOVE.findall(transform):
        x, y = x + float(dx), y + float(dy or 0)
    return x, y


def _walk(
    element: ElementTree.Element,
    home: ElementTree.Element,
    origin: Point,
    mark: str,
    drawing: Drawing,
) -> None:
    """Copy the children worth keeping; `origin` is where they stand in the whole drawing."""
    for child in element:
        tag = child.tag.removeprefix(_SVG)
        dx, dy = moved(child.get("transform", ""))
        if tag == "text":
            drawing.texts += _words(child, (origin[0] + dx, origin[1] + dy), mark)
        elif tag == "g":
            named = _NAME.search(child.get("class", ""))
            name = named[1].strip() if named else mark
            group = ElementTree.Element("g", _plain({"transform": child.get("transform", "")}))
            if name:
                group.set("data-mark", name)
            _walk(child, group, (origin[0] + dx, origin[1] + dy), name, drawing)
            if len(group):
                # a group that says nothing is only depth
                home.extend([group] if name != mark or group.get("transform") else list(group))
        elif tag in _SHAPES and _shows(child):
            shape = ElementTree.SubElement(home, tag, _plain(child.attrib))
            if len(shape.get("d", "")) > _LONG:
                shape.set("d", _thinned(shape.get("d", "")))


def _thinned(d: str) -> str:
    """Drop points of a coast or border that are nearer to the one before than eyes can tell."""
    if not _STRAIGHT.fullmatch(d):
        return d
    parts = []
    for line in d.split("M")[1:]:
        points = line.removesuffix("Z").split("L")
        kept, (x, y) = points[:1], map(float, points[0].split(","))
        for point in points[1:-1]:
            right, down = map(float, point.split(","))
            if abs(right - x) + abs(down - y) > _NEAR:
                kept.append(point)
                x, y = right, down
        kept += points[-1:]
        if len(kept) > 3 or not line.endswith("Z"):
            parts.append("M" + "L".join(kept) + "Z" * line.endswith("Z"))
    return "".join(parts)


def _shows(shape: ElementTree.Element) -> bool:
    painted = any(
        shape.get(key, "none") not in ("none", "transparent") for key in ("fill", "stroke")
    )
    return painted and shape.get("display") != "none" and shape.get("d") != ""


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    defaults = {"opacity": "1", "transform": "translate(0,0)"}
    return {
        key: value if key in _PAINT else _NUMBER.sub(_short, value)
        for key, value in attributes.items()
        if key in _KEPT and value and defaults.get(key) != value
    }


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".").replace("-0", "0", number[0] == "-0")


def _words(element: ElementTree.Element, at: Point, mark: str) -> Sequence[Text]:
    """Return the lines of a text element; each stands for itself."""
    found: list[Text] = []
    y = at[1]
    for line in (element, *element):
        y += float(line.get("dy", 0)) if line is not element else 0.0
        words = (line.text or "").strip()
        if words and element.get("opacity") != "0":
            stroke = element.get("stroke", "")
            found.append(
                Text(
                    x=at[0],
                    y=y,
                    words=words,
                    size=float(element.get("font-size", "10px").removesuffix("px")),
                    fill=element.get("fill", "#000000"),
                    anchor=element.get("text-anchor", "start"),
                    bold=element.get("font-weight", "400") in ("bold", "600", "700"),
                    halo=stroke,
                    mark=mark,
                    line=len(found),
                )
            )
    return found
