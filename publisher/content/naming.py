"""Where the names on a map stand: clear of one another, of the dots and of the edge."""

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFilter

from publisher.content.body import Look
from publisher.content.drawing import Box, Drawing, Text, measure
from publisher.content.marks import legible_on

PLACE, COUNTRY, NEIGHBOUR = 7.5, 7.5, 6.5  #: points

Point = tuple[float, float]
Ring = list[Point]


class Names:
    """One map while its names are put in; `taken` is what they keep clear of."""

    def __init__(
        self, drawing: Drawing, shapes: Mapping[str, Sequence[Ring]], fills: Mapping[str, str]
    ) -> None:
        self.drawing, self.shapes = drawing, shapes
        self.taken: list[Box] = []
        size = (max(1, round(drawing.width)), max(1, round(drawing.height)))
        #: what is painted where, one pixel a point: a number for each fill
        self.ground = Image.new("L", size, 0)
        self.fills = [drawing.look.sea]
        pen = ImageDraw.Draw(self.ground)
        for code, rings in shapes.items():
            for ring in rings:
                if len(ring) > 1:
                    pen.polygon(ring, fill=min(len(self.fills), 255))
            self.fills.append(fills[code])

    @property
    def look(self) -> Look:
        return self.drawing.look

    def places(self, names: Sequence[str], dots: Sequence[Point]) -> None:
        """Name dots; those whose name stands far away get a line to it."""
        self.taken += [Box(x - 2.5, y - 2.5, x + 2.5, y + 2.5) for x, y in dots]
        for name, dot in zip(names, dots, strict=True):
            at, anchor, leader = self._near(name, dot)
            if leader:
                self.drawing.line(dot, leader, self.look.ink, 0.5)
            ink, halo = self._ground(name, at, anchor)
            self.drawing.texts.append(Text(*at, name, PLACE, ink, anchor, halo=halo, mark="places"))

    def country(
        self,
        code: str,
        name: str,
        *,
        important: bool,
        figure: str = "",
        ink: str = "",
    ) -> None:
        """Write a country's name where it fits best; a neighbour without room goes unnamed.

        `figure` stands below the name. Where an important one has no room, it stands beside
        the country with a line that leads to it.
        """
        lines = [name, figure] if figure else [name]
        place, wide, tall, size = None, 0.0, 0.0, 0.0
        sizes = (
            (COUNTRY, NEIGHBOUR)
            if important and figure
            else (COUNTRY,)
            if important
            else (NEIGHBOUR,)
        )
        for size in sizes:
            wide = max(measure(line, size, self.look, bold=important) for line in lines)
            tall = size * 1.15 * len(lines) + 1.5
            place = _roomiest(
                self.shapes[code],
                self.taken,
                (wide + (1 if figure and size == NEIGHBOUR else 4), tall),
                self.ground.size,
                insist=important and not figure,
            )
            if place:
                break
        if place is None:
            if important:
                self._beside(code, f"{name} {figure}".strip())
            return
        x, y = place
        self.taken.append(Box(x - wide / 2 - 2, y - tall / 2, x + wide / 2 + 2, y + tall / 2))
        colour = ink or (self.look.ink if important else self.look.muted)
        top = y - (len(lines) - 1) * size * 1.15 / 2 + size * 0.35
        for number, line in enumerate(lines):
            self.drawing.texts.append(
                Text(
                    x,
                    top + number * size * 1.15,
                    line,
                    size,
                    colour,
                    "middle",
                    bold=important and not number,
                    mark="countries",
                )
            )

    def _beside(self, code: str, words: str) -> None:
        """Name a small country from outside."""
        mask = Image.new("L", self.ground.size, 0)
        _fill(mask, self.shapes[code])
        blurred = mask.filter(ImageFilter.BoxBlur(3))
        found = blurred.point([255 if value > 200 else 0 for value in range(256)]).getbbox()
        box = found or mask.getbbox()
        if box is None:
            return
        spot = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        own = Box(*box)
        self.taken.append(own)
        at, anchor, leader = self._near(words, spot, reach=(box[2] - box[0]) / 2)
        self.taken.remove(own)
        start = (at[0] + (-2 if anchor == "start" else 2), at[1] - PLACE * 0.34)
        self.drawing.line(spot, leader or start, self.look.ink, 0.5)
        ink, halo = self._ground(words, at, anchor)
        self.drawing.texts.append(Text(*at, words, PLACE, ink, anchor, halo=halo, mark="countries"))

    def _near(self, words: str, dot: Point, reach: float = 0.0) -> tuple[Point, str, Point | None]:
        """Find the free place for a name nearest to its dot; `reach` is how wide the dot is."""
        x, y = dot
        width = measure(words, PLACE, self.look)
        best: tuple[float, Box, Point, str, Point | None] | None = None
        for lift in (0, -4, 4, -9, 9, -14, 14, -20, 20, -27, 27):
            for right in (True, False):
                gap = reach + (4.0 if abs(lift) < 5 else 9.0)
                left = x + gap if right else x - gap - width
                middle = y + lift
                box = Box(left - 1, middle - PLACE * 0.55, left + width + 1, middle + PLACE * 0.5)
                cost = (
                    sum(box.overlap(other) for other in self.taken) * 10
                    + box.outside(self.drawing.width, self.drawing.height) * 50
                    + abs(lift)
                    + (0 if right else 2)
                    + (40 * self._on_land(box) if reach else 0)
                )
                if best is None or cost < best[0]:
                    at = (left if right else left + width, middle + PLACE * 0.34)
                    elbow = (x + gap - 1 if right else x - gap + 1, middle)
                    leader = elbow if abs(lift) >= 5 else None
                    best = (cost, box, at, "start" if right else "end", leader)
        assert best is not None  # noqa: S101  # the loops above run at least once
        self.taken.append(best[1])
        return best[2], best[3], best[4]

    def even(self, box: Box) -> bool:
        """Tell whether no coast or border runs through a box."""
        left, top = round(max(0.0, box.left)), round(max(0.0, box.top))
        counts = self.ground.crop((left, top, round(box.right), round(box.bottom))).histogram()
        return max(counts) > 0.97 * sum(counts)

    def _on_land(self, box: Box) -> float:
        """Return the share of a box that is not sea."""
        counts = self.ground.crop(
            (round(box.left), round(box.top), round(box.right), round(box.bottom))
        ).histogram()
        return 1 - counts[0] / max(1, sum(counts))

    def _ground(self, words: str, at: Point, anchor: str) -> tuple[str, str]:
        """Return a name's ink, and the ground it brings along across a border or a coast."""
        width = measure(words, PLACE, self.look)
        left = at[0] if anchor == "start" else at[0] - width
        top, bottom = at[1] - PLACE, at[1] + PLACE * 0.3
        under = self.ground.crop(
            (round(left - 1), round(top), round(left + width + 1), round(bottom))
        )
        counts = under.histogram()
        most = max(range(len(counts)), key=lambda number: counts[number])
        fill = self.fills[most]
        return legible_on(fill, self.look), "" if counts[most] == sum(counts) else fill


def _roomiest(
    rings: Sequence[Ring],
    taken: Sequence[Box],
    box: tuple[float, float],
    size: tuple[int, int],
    *,
    insist: bool,
) -> Point | None:
    """Return the middle of a place where the box lies wholly on the shape and on nothing else.

    The shape is painted at one pixel a point; after a blur as large as the box, a pixel
    that is still white has the whole box white around it.
    """
    mask = Image.new("L", size, 0)
    pen = _fill(mask, rings)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=0, width=2)
    found = mask.getbbox()
    if found is None:
        return None
    centre = ((found[0] + found[2]) / 2, (found[1] + found[3]) / 2)
    for other in taken:
        pen.rectangle((other.left, other.top, other.right, other.bottom), fill=0)
    blurred = mask.filter(ImageFilter.BoxBlur((box[0] / 2, box[1] / 2)))
    _, most = blurred.getextrema()
    if not isinstance(most, (int, float)) or most < (90 if insist else 254):
        return None
    best = blurred.point([255 if value >= most - 1 else 0 for value in range(256)])
    places = [(i % size[0], i // size[0]) for i, value in enumerate(best.tobytes()) if value]
    x, y = min(places, key=lambda p: (p[0] - centre[0]) ** 2 + 2 * (p[1] - centre[1]) ** 2)
    # a name may stick out of its country, but not out of the map
    return min(max(float(x), box[0] / 2), size[0] - box[0] / 2), float(y)


def _fill(mask: Image.Image, rings: Sequence[Ring]) -> ImageDraw.ImageDraw:
    pen = ImageDraw.Draw(mask)
    for ring in rings:
        if len(ring) > 1:
            pen.polygon(ring, fill=255)
    return pen
