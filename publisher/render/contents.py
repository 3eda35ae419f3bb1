"""The contents page: every story in order, some with a picture beside the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from publisher.content.article import Kind
from publisher.content.typography import typeset
from publisher.render.balance import balance
from publisher.render.guide import pointer
from publisher.render.pieces import FONTS
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import MM, Sheet

_TOP, _THUMBS_TOP = 30.0, 3.0  #: millimetres below the head of the page's box
_INDENT, _APART = 13.0, 9.0  #: of the titles; between the list and the pictures
_LINES = 2  #: of a title at most; the rest is cut
_THUMBS, _LABEL, _BETWEEN = 5, 5.9, 5.0
_FIRST = 1.27  #: the first picture is so much taller than the others
_SPARE = 5.0  #: millimetres: the box begins below the title's margin
_THUMB = (22.0, 50.0)  #: heights, millimetres


@dataclass(frozen=True)
class _Setting:
    """How large the list is set; points and millimetres."""

    name: str
    title: float
    leading: float
    row: tuple[float, float]  #: least and most millimetres of a line with a title of one line
    cover: tuple[float, float]  #: the cover story's title and leading


#: a short list is set large and says more of each story, a very long one is set small
_ROOMY = _Setting("roomy", 18, 20.5, (23.0, 36.0), (26, 28.5))
_PLAIN = _Setting("", 11, 12.6, (9.4, 12.8), (16, 17.5))
_DENSE = _Setting("dense", 9.4, 10.8, (4.0, 9.4), (9.4, 10.8))


def make_contents(
    places: Sequence[Place], plates: Plates, sheet: Sheet, in_brief: str
) -> dict[str, Any]:
    """Return the list, set so that it fills its page, and the pictures beside it."""
    shown = [p for p in places if p.article.picture and p.kind not in (Kind.LETTER, Kind.BRIEF)]
    shown = [p for p in shown if p.article.picture and plates.ratio(p.article.picture)]
    shown.sort(key=lambda p: (not p.cover_story, p.kind != Kind.FEATURE, p.number))
    width = sheet.type_width - (sheet.column(3) + _APART if shown else 0)
    listed = [_entry(place, in_brief) for place in places]
    room = sheet.type_height - _TOP - _SPARE
    for how in (_ROOMY, _PLAIN, _DENSE):
        extra = [_extra(entry, how, width) for entry in listed]
        row = (room - sum(extra)) / max(len(listed), 1)
        if row >= how.row[0]:
            break
    row = min(row, how.row[1])
    entries = [
        entry | {"height": round(row + more, 2)} for entry, more in zip(listed, extra, strict=True)
    ]
    tall = _TOP - _THUMBS_TOP + row * len(listed) + sum(extra) - (row - how.row[0])
    return {
        "setting": how.name,
        "width": round(width, 2),
        "entries": entries,
        "thumbs": _thumbs(shown, plates, sheet, tall),
    }


def _entry(place: Place, in_brief: str) -> dict[str, Any]:
    article = place.article
    entry = pointer(place) | {
        "byline": article.byline,
        "standfirst": typeset(article.standfirst, place.language),
        "cover_story": place.cover_story,
    }
    if place.kind is not Kind.BRIEF:
        return entry
    kickers = dict.fromkeys(article.kicker or article.section for article in place.articles)
    named = ", ".join(kicker for kicker in kickers if kicker)
    return entry | {"title": in_brief, "flag": named, "byline": "", "standfirst": ""}


def _extra(entry: dict[str, Any], how: _Setting, width: float) -> float:
    """Return the millimetres an entry needs more than one with a title of one line."""
    size, leading = how.cover if entry["cover_story"] else (how.title, how.leading)
    bold = "amiri-bold" if entry["language"].startswith("ar") else "display-bold"
    measure = (width - _INDENT) * MM
    lines = len(balance(entry["title"], measure, FONTS / f"{bold}.ttf", size))
    return ((min(lines, _LINES) - 1) * leading + (leading - how.leading)) / MM


def _thumbs(
    shown: Sequence[Place], plates: Plates, sheet: Sheet, tall: float
) -> list[dict[str, Any]]:
    """Return stories with a picture, the cover story first; together they are as tall as told."""
    least, most = _THUMB
    count = min(len(shown), _THUMBS, int((tall + _BETWEEN) // (least + _LABEL + _BETWEEN)) or 1)
    if not count:
        return []
    free = tall + _BETWEEN - count * (_LABEL + _BETWEEN)
    height = min(max(free / (count - 1 + _FIRST), least), most / _FIRST)
    found = []
    for number, place in enumerate(shown[:count]):
        high = round(height * (1 if number else _FIRST), 1)
        lead = plates.lead(
            place.article.picture, place.anchor, width=sheet.column(3), height=high, role="thumb"
        )
        if lead:
            found.append(pointer(place) | {"url": lead.url, "height": high})
    return found
