"""What leads a reader through the issue: contents, thumbnails, and teasers at the foot of pages."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from publisher.content.article import Kind
from publisher.content.typography import typeset
from publisher.render.colour import legible
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import Sheet

TONE = "#f7f2e9"  #: the second paper colour, of contents, letter and opinion
_THUMBS = 5
_FIRST, _NEXT = 42.0, 33.0  #: heights of thumbnails, millimetres
_TEASER = 36.0


def entries(places: Sequence[Place], in_brief: str) -> list[dict[str, Any]]:
    """Return the lines of the contents page in order."""
    return [_brief_entry(p, in_brief) if p.kind is Kind.BRIEF else _entry(p) for p in places]


def _entry(place: Place) -> dict[str, Any]:
    article = place.article
    return {
        "slug": place.anchor,
        "title": typeset(article.title, place.language),
        "flag": place.section,
        "byline": article.byline,
        "colour": legible(place.colour, TONE),
        "language": place.language,
        "direction": place.direction,
        "cover_story": place.cover_story,
    }


def _brief_entry(place: Place, in_brief: str) -> dict[str, Any]:
    kickers = dict.fromkeys(article.kicker or article.section for article in place.articles)
    named = ", ".join(kicker for kicker in kickers if kicker)
    return _entry(place) | {"title": in_brief, "flag": named, "byline": ""}


def thumbs(places: Sequence[Place], plates: Plates, sheet: Sheet) -> list[dict[str, Any]]:
    """Return the stories shown with a picture beside the contents, the cover story first."""
    shown = [p for p in places if p.article.picture and p.kind not in (Kind.LETTER, Kind.BRIEF)]
    shown.sort(key=lambda p: (not p.cover_story, p.kind != Kind.FEATURE, p.number))
    found: list[dict[str, Any]] = []
    for place in shown:
        height = _NEXT if found else _FIRST
        lead = plates.lead(
            place.article.picture, place.anchor, width=sheet.column(3), height=height, role="thumb"
        )
        if lead:
            found.append(_teaser(place, lead.url) | {"height": height})
        if len(found) == _THUMBS:
            break
    return found


class Teasers:
    """Chooses other stories to point to, each as rarely as the others."""

    def __init__(self, places: Sequence[Place], plates: Plates, sheet: Sheet) -> None:
        self._places, self._plates, self._sheet = places, plates, sheet
        self._shown: Counter[str] = Counter()

    def beside(self, place: Place, count: int) -> list[dict[str, Any]]:
        """Return so many other stories, those with a picture and in its language first."""
        here = self._places.index(place)
        following = (*self._places[here + 1 :], *self._places[:here])
        others = [other for other in following if other.kind not in (Kind.BRIEF, Kind.LETTER)]
        others.sort(
            key=lambda other: (
                not other.article.picture,
                other.language != place.language,
                self._shown[other.anchor],
            )
        )
        found = []
        for other in others[:count]:
            self._shown[other.anchor] += 1
            lead = self._plates.lead(
                other.article.picture,
                other.anchor,
                width=self._sheet.column(3),
                height=_TEASER,
                role="teaser",
            )
            found.append(_teaser(other, lead.url if lead else ""))
        return found


def _teaser(place: Place, url: str) -> dict[str, Any]:
    return {
        "slug": place.anchor,
        "url": url,
        "flag": place.section,
        "colour": legible(place.colour, TONE),
        "title": typeset(place.article.title, place.language),
        "language": place.language,
        "direction": place.direction,
    }
