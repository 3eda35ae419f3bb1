"""The contents page: every story in order, some with a picture beside the list."""

from collections.abc import Mapping, Sequence
from typing import Any

from publisher.content.article import Kind
from publisher.content.typography import typeset
from publisher.render.balance import balance
from publisher.render.guide import pointer
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import MM, Sheet
from publisher.render.theme import Theme
from publisher.render.tokens import Entry

_LINES = 2  #: of a title at most; the rest is cut
_SPARE = 5.0  #: millimetres: the box begins below the title's margin


def make_contents(
    places: Sequence[Place],
    plates: Plates,
    sheet: Sheet,
    theme: Theme,
    words: Mapping[str, str],
    language: str,
) -> dict[str, Any]:
    """Return the list, set so that it fills its page, and the pictures beside it.

    `words` are those of the publication's `language`.
    """
    arabic = theme.tokens.arabic
    airier = arabic.airier if _is_arabic(language) else 1.0
    how = theme.tokens.contents
    shown = [p for p in places if p.article.picture and p.kind not in (Kind.LETTER, Kind.BRIEF)]
    shown = [p for p in shown if p.article.picture and plates.ratio(p.article.picture)]
    # the cover shows its story's picture already
    shown = [p for p in shown if not p.cover_story] or shown
    shown.sort(key=lambda p: (p.kind != Kind.FEATURE, p.number))
    width = sheet.type_width - (sheet.column(3) + how.apart if shown else 0)
    listed = [_entry(place, words, theme.tokens.colours.tone) for place in places]
    top = how.top * (1 + (arabic.taller - 1) / 2) if _is_arabic(language) else how.top
    room = sheet.type_height - top - _SPARE
    for setting, size in (("roomy", how.roomy), ("", how.plain), ("dense", how.dense)):
        name, extra = (
            setting,
            [_extra(entry, size, width - how.indent, theme, language) for entry in listed],
        )
        row = (room - sum(extra)) / max(len(listed), 1)
        if row >= size.row[0] * airier:
            break
    row = min(row, size.row[1] * airier)
    entries = [
        entry | {"height": round(row + more, 2)} for entry, more in zip(listed, extra, strict=True)
    ]
    tall = top - how.thumbs_top + row * len(listed) + sum(extra) - (row - size.row[0] * airier)
    return {
        "setting": name,
        "top": round(top, 2),
        "width": round(width, 2),
        "entries": entries,
        "thumbs": _thumbs(shown, plates, sheet, theme, tall),
    }


def _entry(place: Place, words: Mapping[str, str], paper: str) -> dict[str, Any]:
    article = place.article
    entry = pointer(place, paper) | {
        "byline": article.byline,
        "standfirst": typeset(article.standfirst, place.language),
        "cover_story": place.cover_story,
    }
    if place.kind is not Kind.BRIEF:
        return entry
    kickers = dict.fromkeys(article.kicker or article.section for article in place.articles)
    named = words["comma"].join(kicker for kicker in kickers if kicker)
    return entry | {"title": words["in_brief"], "flag": named, "byline": "", "standfirst": ""}


def _extra(entry: dict[str, Any], size: Entry, width: float, theme: Theme, language: str) -> float:
    """Return the millimetres an entry needs more than one with a title of one line."""
    style = size.cover if entry["cover_story"] else size.title
    face, arabic = theme.face(style, entry["language"]), theme.tokens.arabic
    larger = arabic.larger if _is_arabic(entry["language"]) else 1.0
    lines = len(balance(style.printed(entry["title"]), width * MM, face, style.size * larger))
    airier = arabic.airier if _is_arabic(language) else 1.0
    # one Arabic title among others stands on taller lines than its style says
    foreign = larger if airier == 1.0 else 1.0
    more = (min(lines, _LINES) - 1) * style.leading + style.leading - size.title.leading
    return (more * airier + (foreign - 1) * 2 * style.leading) / MM


def _is_arabic(language: str) -> bool:
    return language.split("-")[0] == "ar"


def _thumbs(
    shown: Sequence[Place], plates: Plates, sheet: Sheet, theme: Theme, tall: float
) -> list[dict[str, Any]]:
    """Return stories with a picture, the cover story first; together they are as tall as told."""
    how = theme.tokens.contents
    least, most = how.thumb
    each = how.label + how.between
    count = min(len(shown), how.thumbs, int((tall + how.between) // (least + each)) or 1)
    if not count:
        return []
    free = tall + how.between - count * each
    height = min(max(free / (count - 1 + how.first), least), most / how.first)
    found = []
    for number, place in enumerate(shown[:count]):
        high = round(height * (1 if number else how.first), 1)
        lead = plates.lead(
            place.article.picture, place.anchor, width=sheet.column(3), height=high, role="thumb"
        )
        if lead:
            found.append(
                pointer(place, theme.tokens.colours.tone) | {"url": lead.url, "height": high}
            )
    return found
