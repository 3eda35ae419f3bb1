"""Teasers: other stories of the issue at the foot of a page that is not full."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from publisher.content.article import Kind
from publisher.content.typography import typeset
from publisher.render.balance import tied
from publisher.render.colour import legible
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import Sheet
from publisher.render.theme import Theme


class Teasers:
    """Chooses other stories to point to, each as rarely as the others."""

    def __init__(self, places: Sequence[Place], plates: Plates, sheet: Sheet, theme: Theme) -> None:
        self._places, self._plates, self._sheet = places, plates, sheet
        self._theme, self._how = theme, theme.tokens.teasers
        self._shown: Counter[str] = Counter()

    def beside(self, place: Place, count: int, room: float | None = None) -> list[dict[str, Any]]:
        """Return so many other stories, those with a picture and in its language first.

        The cover story comes last, for cover and contents show it already, and so does the
        next story, which often begins on the facing page. With `room`, in millimetres, the
        pictures are as high as it allows; a little room has only words, too little nothing.
        """
        height = self.height(room)
        if height is None:
            return []
        others = self._others(place, pictures=height >= self._how.least)
        return [self._teaser(other, height) for other in others[:count]]

    def height(self, room: float | None) -> float | None:
        """Return how high pictures may be in so much room, in millimetres; None if too little."""
        how = self._how
        height = how.height if room is None else min(room - how.words - how.air, how.most)
        return height if height >= 0 else None

    def _others(self, place: Place, *, pictures: bool) -> list[Place]:
        here = self._places.index(place)
        following = (*self._places[here + 1 :], *self._places[:here])
        others = [other for other in following if other.kind not in (Kind.BRIEF, Kind.LETTER)]
        near = self._places[here + 1 : here + 2]
        others.sort(
            key=lambda other: (
                pictures and not other.article.picture,
                other.language != place.language,
                other.cover_story or other in near,
                self._shown[other.anchor],
            )
        )
        return others

    def _teaser(self, place: Place, height: float) -> dict[str, Any]:
        self._shown[place.anchor] += 1
        lead = None
        if height >= self._how.least:
            lead = self._plates.lead(
                place.article.picture,
                place.anchor,
                width=self._sheet.column(3),
                height=height,
                role="teaser",
            )
        return pointer(place, self._theme.tokens.colours.tone) | {
            "title": tied(typeset(place.article.title, place.language)),
            "url": lead.url if lead else "",
            "height": round(height, 1),
        }


def pointer(place: Place, paper: str) -> dict[str, Any]:
    """Return what a line or picture that leads to a story says of it, printed on this paper."""
    return {
        "slug": place.anchor,
        "flag": place.section,
        "colour": legible(place.colour, paper),
        "title": typeset(place.article.title, place.language),
        "language": place.language,
        "direction": place.direction,
    }
