"""How far is it? A line of round kilometres in a corner of a map of a small region."""

import math
from collections.abc import Callable, Sequence

from babel.units import format_unit

from publisher.content.drawing import Box, Drawing, Text, measure
from publisher.content.frames import Frame
from publisher.content.locales import is_rtl, locale_of, numbering

_WIDEST = 14.0  #: degrees across; above, Mercator's scale differs from edge to edge
_KM = 111.32  #: of a degree of the equator
_TEXT = 6.5  #: points
_SHARE = 0.2  #: of the map's width that the line may take


def put_scale(
    drawing: Drawing,
    frame: Frame,
    taken: Sequence[Box],
    spots: Sequence[tuple[float, float]],
    language: str,
    even: Callable[[Box], bool],
) -> Box | None:
    """Add the line where nothing else stands, on even ground if it can be; return its place.

    None where the map shows too much of the globe, or both lower corners are taken.
    """
    if frame.width / frame.scale > _WIDEST:
        return None
    look = drawing.look
    point = _KM * math.cos(math.radians(frame.latitude)) / frame.scale  # kilometres
    reach = frame.width * _SHARE * point
    power = 10.0 ** math.floor(math.log10(reach))
    length = power * max(nice for nice in (1, 2, 5) if power * nice <= reach)
    wide = length / point
    words = format_unit(
        length,
        "length-kilometer",
        "short",
        locale=locale_of(language),
        numbering_system=numbering(language),
    )
    room = max(wide, measure(words, _TEXT, look)) + 8
    corners = [
        Box(left, frame.height - 19, left + room + 4, frame.height)
        for left in (1.0, frame.width - room - 5)
    ]
    free = [
        box
        for box in (reversed(corners) if is_rtl(language) else corners)
        if not any(box.overlap(other) for other in taken)
        and not any(box.left - 6 < x < box.right + 6 and y > box.top - 6 for x, y in spots)
    ]
    if not free:
        return None
    box = max(free, key=even)
    left, y = box.left + 4, frame.height - 6.5
    for start, end in (
        ((left, y), (left + wide, y)),
        ((left, y - 2.5), (left, y)),
        ((left + wide, y - 2.5), (left + wide, y)),
    ):
        drawing.line(start, end, look.ink, 0.6)
    middle = left + wide / 2
    half = measure(words, _TEXT, look) / 2
    drawing.texts.append(
        Text(max(middle, half + 2), y - 4, words, _TEXT, look.ink, "middle", mark="scale")
    )
    return box
