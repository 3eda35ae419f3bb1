"""Photo essays: which pictures share a page, and which have one to themselves."""

from collections.abc import Sequence
from dataclasses import replace

from publisher.content.article import Picture
from publisher.content.typography import typeset
from publisher.render.blocks import Block
from publisher.render.pieces import Lead, Plate
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import OVERHANG, Sheet

_OPENING, _LOW, _HIGH = 120.0, 80.0, 170.0  #: heights of the first picture, millimetres


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
) -> tuple[Plate, ...]:
    """Lay the pictures of an essay out on pages, in their order.

    The first opens the essay above its words, `opening` millimetres high, or in the variant
    "full" has a page to itself with the headline on it, and the second stands above the
    words. One marked wide fills a page to its edges, an upright one has a page with a
    margin, others share a page two by two.
    """
    figures = [block for block in blocks if "picture" in block.classes]
    pages: list[Plate] = []
    waiting: list[Lead] = []
    full = int(variant == "full")

    def turn_page() -> None:
        if waiting:
            pages.append(
                Plate(
                    layout="pair" if len(waiting) == 2 else "single",
                    pictures=tuple(waiting),
                )
            )
            waiting.clear()

    for number, (block, picture) in enumerate(zip(figures, pictures, strict=False)):
        ratio = plates.ratio(picture)
        if ratio is None:
            continue
        layout, width, height = _format(ratio, number - full, "wide" in block.classes, sheet)
        if layout == "opening" and opening is not None:
            height = opening
        lead = plates.lead(picture, place.article.slug, width=width, height=height, role="plate")
        if lead is None:
            continue
        lead = replace(lead, caption=typeset(lead.caption, place.language))
        if layout == "pair":
            waiting.append(lead)
            if len(waiting) == 2:
                turn_page()
        else:
            turn_page()
            pages.append(Plate(layout=layout, pictures=(lead,)))
    turn_page()
    if not any(page.layout == "opening" for page in pages):
        pages.insert(min(full, len(pages)), Plate(layout="opening", pictures=()))
    return tuple(pages)


def _format(ratio: float, number: int, wide: bool, sheet: Sheet) -> tuple[str, float, float]:
    """Return the layout of a picture's page and its size in millimetres.

    `number` counts from the one above the words; the one that has the title is -1.
    """
    across = sheet.type_width
    if number < 0:
        return "cover", sheet.width + OVERHANG, sheet.height + OVERHANG
    if number == 0:
        return "opening", across, min(across / ratio, _OPENING)
    if wide:
        return "bleed", sheet.width + OVERHANG, sheet.height + OVERHANG
    if ratio < 1:
        return "tall", across, min(across / ratio, sheet.type_height - 18)
    return "pair", across, min(across / ratio, (sheet.type_height - 42) / 2)
