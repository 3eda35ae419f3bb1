"""A picture over the whole cover: where its words stand best, and on what."""

from dataclasses import dataclass, replace

from publisher.content.article import Picture
from publisher.content.pictures import Size
from publisher.render.front_zones import Zones, focused
from publisher.render.legibility import LIGHT, Ground, ground
from publisher.render.plates import COVER_BYTES, Plates
from publisher.render.sheet import OVERHANG, Sheet

_HIDDEN, _HIGH = 0.5, 0.15  #: what it costs to hide the focal point, to leave the usual place


@dataclass(frozen=True)
class Image:
    """The cover's picture, with its pixels."""

    picture: Picture
    width: int
    height: int


@dataclass(frozen=True)
class Full:
    """A try at a whole-page cover."""

    zones: Zones
    picture: Picture  #: with the focal point to crop it with
    above: Ground
    below: Ground
    hides: bool  #: whether words stand on the picture's point

    @property
    def cost(self) -> float:
        """How much is lost: by shade, by words on the point, by leaving the usual place."""
        shade = max(self.above.shade, self.below.shade)
        return shade + _HIDDEN * self.hides + _HIGH * (self.zones.where == "high")


def best(
    image: Image, places: tuple[Zones, Zones], sheet: Sheet, plates: Plates, owner: str
) -> Full:
    """Return the better of two places for the main line: the first, unless it hides the point."""
    usual = _tried(image, places[0], sheet, plates, owner)
    if not usual.hides:
        return usual
    other = _tried(image, places[1], sheet, plates, owner)
    return min(usual, other, key=lambda one: one.cost)


def _tried(image: Image, spots: Zones, sheet: Sheet, plates: Plates, owner: str) -> Full:
    width, height = sheet.width + OVERHANG, sheet.height + OVERHANG
    size = Size(image.width, image.height)
    aimed, at = focused(size, width / height, image.picture.focus, spots.anchor)
    picture = replace(image.picture, focus=aimed)
    url = plates.url(
        picture, owner, width=width, height=height, max_bytes=COVER_BYTES, role="cover"
    )
    side, path = sheet.side / sheet.width, plates.path(url)
    grounds = []
    for stripes in spots.stripes:
        boxes = tuple((side, top, 1 - side, bottom) for top, bottom in stripes)
        grounds.append(ground(path, boxes) if boxes else Ground(LIGHT, 0.0, 0.0))
    above, below = grounds
    return Full(spots, picture, above, below, spots.covers(at))
