"""Words on a picture: what is under them is measured, and as much shade laid as they need.

Contrast is that of WCAG 2.2, taken not from the mean but from the brightest (for light
words, else darkest) hundredth of the pixels under the words: they are where words get lost.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PIL import Image

from publisher.render.colour import READABLE

#: fractions of a picture from its left and top: left, top, right, bottom
Box = tuple[float, float, float, float]

LIGHT, DARK = "#ffffff", "#1b1a17"
_SHADES = {LIGHT: (10, 11, 14), DARK: (250, 249, 246)}  #: what is laid under light, dark words
_LUMINANCE = {LIGHT: 1.0, DARK: 0.0103}
_WORST = 0.99  #: of the pixels must be under the limit, in every tile of what is under words
_TILES = (4, 0.035)  #: a tile is a fourth of the words' width, and so much of the picture high
_AIM = READABLE * 1.08  #: a little more, for what scaling and JPEG change
_AIM_MEAN = 5.5  #: contrast with the middle of what is under the words
_STEPS = 50
_MEASURED = 200  #: pixels, the longest edge of a part that is looked at
_MILKY = 0.2  #: a light veil looks worse than a dark one by so much

_LINEAR = [
    round(255 * (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4))
    for v in (level / 255 for level in range(256))
]


@dataclass(frozen=True)
class Ground:
    """How words are set on a part of a picture."""

    ink: str  #: colour of the words
    shade: float  #: opacity of what is laid under them, 0 to 1
    busy: float  #: how much the brightness varies there, 0 to about 0.5


@lru_cache(maxsize=256)
def ground(picture: Path, boxes: tuple[Box, ...], ink: str = "") -> Ground:
    """Return how words can be read in these parts of a picture, together.

    White words on a dark shade or dark words on a light one, whichever needs less, unless
    an ink is given. The file is opened once for each question.
    """
    parts = _parts(picture, [tile for box in boxes for tile in _tiles(box)])
    found = [_with_ink(parts, one) for one in ([ink] if ink else [LIGHT, DARK])]
    best = min(found, key=lambda one: one.shade + _MILKY * (one.ink == DARK))
    return replace(best, busy=max(_spread(part) for part in _parts(picture, boxes)))


def contrast_below(picture: Path, box: Box, ink: str, shade: float) -> float:
    """Return the least contrast but for a hundredth of the pixels, under a shade."""
    (part,) = _parts(picture, (box,))
    return _contrast(_veiled(part, ink, shade), ink)


def _tiles(box: Box) -> list[Box]:
    """Cut a box into pieces as small as a few words: one dark corner can hide a date."""
    left, top, right, bottom = box
    across, down = _TILES[0], max(1, round((bottom - top) / _TILES[1]))
    wide, high = (right - left) / across, (bottom - top) / down
    return [
        (left + x * wide, top + y * high, left + (x + 1) * wide, top + (y + 1) * high)
        for x in range(across)
        for y in range(down)
    ]


def _parts(picture: Path, boxes: Sequence[Box]) -> list[Image.Image]:
    with Image.open(picture) as opened:
        whole = opened.convert("RGB")
    parts = []
    for left, top, right, bottom in boxes:
        edges = (
            max(0, int(left * whole.width)),
            max(0, int(top * whole.height)),
            min(whole.width, round(right * whole.width)),
            min(whole.height, round(bottom * whole.height)),
        )
        part = whole.crop((*edges[:2], max(edges[2], edges[0] + 1), max(edges[3], edges[1] + 1)))
        # nearest pixels: scaling down smoothly would hide what is bright or dark
        scale = min(1.0, _MEASURED / max(part.size))
        size = (max(1, round(part.width * scale)), max(1, round(part.height * scale)))
        parts.append(part.resize(size, Image.Resampling.NEAREST))
    return parts


def _with_ink(parts: Sequence[Image.Image], ink: str) -> Ground:
    low, high = 0, _STEPS  # a shade that hides the picture is always enough
    while low < high:
        middle = (low + high) // 2
        if all(_enough(_veiled(part, ink, middle / _STEPS), ink) for part in parts):
            high = middle
        else:
            low = middle + 1
    return Ground(ink, high / _STEPS, 0.0)


def _veiled(part: Image.Image, ink: str, shade: float) -> list[int]:
    """Return the histogram of luminance (linear, 256 steps) under a shade."""
    veil = Image.new("RGB", part.size, _SHADES[ink])
    return _histogram(Image.blend(part, veil, shade) if shade else part)


def _histogram(part: Image.Image) -> list[int]:
    return part.point(_LINEAR * 3).convert("L", (0.2126, 0.7152, 0.0722, 0)).histogram()


def _enough(histogram: Sequence[int], ink: str) -> bool:
    middle = _between(_mean(histogram), ink)
    return _contrast(histogram, ink) >= _AIM and middle >= _AIM_MEAN


def _contrast(histogram: Sequence[int], ink: str) -> float:
    levels = range(256) if ink == LIGHT else range(255, -1, -1)
    room, level = sum(histogram) * _WORST, 0
    for level in levels:
        room -= histogram[level]
        if room <= 0:
            break
    return _between(level / 255, ink)


def _between(luminance: float, ink: str) -> float:
    one, other = sorted((luminance, _LUMINANCE[ink]))
    return (other + 0.05) / (one + 0.05)


def _mean(histogram: Sequence[int]) -> float:
    return sum(n * count for n, count in enumerate(histogram)) / max(sum(histogram), 1) / 255


def _spread(part: Image.Image) -> float:
    levels = part.convert("L").histogram()
    mean = _mean(levels)
    total = max(sum(levels), 1)
    return math.sqrt(sum(count * (n / 255 - mean) ** 2 for n, count in enumerate(levels)) / total)


# ---- the shade as a gradient ---------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """A shade over a stripe of a picture, from top to bottom as fractions of its height.

    It fades out over `above` and `below`.
    """

    top: float
    bottom: float
    ground: Ground
    above: float = 0.0
    below: float = 0.0


#: an even fade looks as if it had edges; this begins and ends softly
_EASE = tuple((step / 8, 3 * (step / 8) ** 2 - 2 * (step / 8) ** 3) for step in range(9))


def gradient(bands: Sequence[Band]) -> str:
    """Return the bands, from top to bottom, as a CSS gradient; nothing if none is needed.

    Many stops, because between two that differ much the engine leaves an edge.
    """
    stops: list[str] = []
    for band in bands:
        red, green, blue = _SHADES[band.ground.ink]

        def stop(at: float, share: float, band: Band = band, colour: str = "") -> str:
            alpha = band.ground.shade * share
            return f"rgba({colour}, {alpha:.3f}) {min(max(at, 0), 1) * 100:.2f}%"

        colour = f"{red}, {green}, {blue}"
        if band.above:
            rising = [(band.top - band.above * (1 - at), share) for at, share in _EASE]
            stops += [stop(at, share, colour=colour) for at, share in rising]
        else:
            stops.append(stop(band.top, 1, colour=colour))
        if band.below:
            falling = [(band.bottom + band.below * at, 1 - share) for at, share in _EASE]
            stops += [stop(at, share, colour=colour) for at, share in falling]
        else:
            stops.append(stop(band.bottom, 1, colour=colour))
    if not any(band.ground.shade for band in bands):
        return ""
    return f"linear-gradient(to bottom, {', '.join(stops)})"
