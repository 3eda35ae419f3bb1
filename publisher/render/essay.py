"""Photo essays: which pictures share a page, and which have one to themselves."""

from collections.abc import Sequence
from dataclasses import replace

from publisher.content.article import Picture
from publisher.content.typography import typeset
from publisher.render.blocks import Block
from publisher.render.front_zones import clear_of
from publisher.render.overlay import Overlay, overlay
from publisher.render.pieces import Plate
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import OVERHANG, Sheet

_OPENING, _LOW, _HIGH = 120.0, 80.0, 170.0  #: heights of the first picture, millimetres
_CAPTION = 30.0  #: millimetres at the foot of a picture over the page


def opening_bounds(ratio: float, sheet: Sheet) -> tuple[float, float, float]:
    """Return the height the first picture would like, the least and the most, in millimetres."""
    whole = sheet.type_width / ratio
    return min(whole, _OPENING), min(whole, _LOW), min(whole, _HIGH)


def essay_plates(
    place: Place,
    blocks: Sequence[Block],
    pictures: Sequence[Picture],
    plates: Plates,
    sheet: Sheet,
    opening: float | None = None,
    variant: str = "framed",
    words: float = 0.0,
) -> tuple[Plate, ...]:
    """Lay the pictures of an essay out on pages, in their order.

    The first opens the essay above its words, `opening` millimetres high, or in the variant
    "full" has a page to itself with the headline on it, `words` millimetres high, and the
    second stands above the words.
    """
    figures = [block for block in blocks if "picture" in block.classes]
    wide = ["wide" in figure.classes for figure in figures]
    usable = [
        (picture, ratio, marked)
        for picture, marked in zip(pictures, wide, strict=False)
        if (ratio := plates.ratio(picture)) is not None
    ]
    plan = _plan([(ratio, marked) for _, ratio, marked in usable], full=variant == "full")
    pages: list[Plate] = []
    for layout, numbers in plan:
        leads = []
        for number in numbers:
            picture, ratio, _ = usable[number]
            width, height = _format(layout, ratio, sheet)
            if layout == "opening" and opening is not None:
                height = opening
            if layout == "poster":
                pixels = plates.pixels(picture) or (1, 1)
                picture = clear_of(picture, pixels, width / height, words / height)
            lead = plates.lead(
                picture, place.article.slug, width=width, height=height, role="plate"
            )
            if lead:
                leads.append(replace(lead, caption=typeset(lead.caption, place.language)))
        on = Overlay()
        if leads and layout in ("poster", "bleed"):
            # also while sizes are tried: what is tried is printed but for its stretched box
            file = plates.path(leads[0].url)
            on = overlay(file, sheet, words if layout == "poster" else _CAPTION)
        pages.append(Plate(layout=layout, pictures=tuple(leads), ink=on.ink, shade=on.shade))
    return tuple(pages)


def _plan(
    pictures: Sequence[tuple[float, bool]], *, full: bool
) -> list[tuple[str, tuple[int, ...]]]:
    """Return each page's layout and the numbers of its pictures, of which shape is known.

    One marked wide fills a page to its edges, an upright one has a page with a margin,
    others share a page two by two; one that is left over runs across its page.
    """
    pages: list[tuple[str, tuple[int, ...]]] = []
    waiting: list[int] = []
    first = int(full and bool(pictures))
    if first:
        pages.append(("poster", (0,)))
    above = tuple(range(first, len(pictures))[:1])
    pages.append(("opening", above))
    for number, (ratio, wide) in list(enumerate(pictures))[first + len(above) :]:
        if wide or ratio < 1:
            if waiting:
                pages.append(("single", tuple(waiting)))
                waiting.clear()
            pages.append(("bleed" if wide else "tall", (number,)))
            continue
        waiting.append(number)
        if len(waiting) == 2:
            pages.append(("pair", tuple(waiting)))
            waiting.clear()
    if waiting:
        pages.append(("single", tuple(waiting)))
    return pages


def _format(layout: str, ratio: float, sheet: Sheet) -> tuple[float, float]:
    """Return a picture's width and height in millimetres."""
    across, page = sheet.type_width, sheet.width + OVERHANG
    match layout:
        case "poster" | "bleed":
            return page, sheet.height + OVERHANG
        case "opening":
            return across, min(across / ratio, _OPENING)
        case "tall":
            return across, min(across / ratio, sheet.type_height - 18)
        case "single":
            return page, min(page / ratio, sheet.type_height * 0.68)
    return across, min(across / ratio, (sheet.type_height - 36) / 2)
