"""Teasers: other stories of the issue at the foot of a page that is not full."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from publisher.content.article import Article, Kind, Picture, stays_below
from publisher.content.typography import typeset
from publisher.render.balance import tied
from publisher.render.colour import legible
from publisher.render.places import Place
from publisher.render.plates import Plates
from publisher.render.sheet import Sheet
from publisher.render.theme import Theme

_OFTEN = 3  #: times an issue may show the same picture, cover and contents counted
_COVER = 2  #: times the cover's picture is seen: there, and small beside the letter
_FIGURE = re.compile(r"!\[[^\]]*\]\((?P<path>[^\s)]+)")
_FOCUS = re.compile(r'focus="(?P<x>[\d.]+)[ ,]+(?P<y>[\d.]+)"')


class Teasers:
    """Chooses other stories to point to, and their pictures, each as rarely as the others."""

    def __init__(
        self,
        places: Sequence[Place],
        plates: Plates,
        sheet: Sheet,
        theme: Theme,
        cover: Picture | None = None,
    ) -> None:
        self._places, self._plates, self._sheet = places, plates, sheet
        self._theme, self._how = theme, theme.tokens.teasers
        self._shown: Counter[str] = Counter()
        self._pictures = {place.anchor: _pictures(place.article) for place in places}
        #: how often the issue shows a picture, by its file
        self._seen = Counter(one.path for found in self._pictures.values() for one in found)
        if cover:
            self._seen[cover.path] += _COVER
        self._listed: frozenset[str] = frozenset()

    def in_contents(self, anchors: Iterable[str]) -> None:
        """Count the stories whose lead pictures the contents show."""
        before, self._listed = self._listed, frozenset(anchors)
        for place in self._places:
            if place.article.picture:
                more = (place.anchor in self._listed) - (place.anchor in before)
                self._seen[place.article.picture.path] += more

    def beside(
        self, place: Place, count: int, room: float | None = None, rows: int = 1
    ) -> list[dict[str, Any]]:
        """Return so many other stories, those with a picture and in its language first.

        The cover story comes last, for cover and contents show it already, and so does the
        next story, which often begins on the facing page. With `room`, in millimetres, the
        pictures are as high as it allows, in so many rows; a little room has only words, too
        little nothing.
        No picture is shown so often that readers tire of it: then all have only words.
        """
        height = self.height(room, rows)
        if height is None:
            return []
        if height >= self._how.least:
            others = self._others(place, pictures=True)[:count]
            if all(self._free(other) for other in others):
                return [self._teaser(other, height, self._free(other)) for other in others]
        return [
            self._teaser(other, height, None)
            for other in self._others(place, pictures=False)[:count]
        ]

    def pictured(self, place: Place, count: int) -> bool:
        """Return whether so many other stories have a picture that readers have not seen often."""
        others = self._others(place, pictures=True)[:count]
        return len(others) == count and all(self._free(other) for other in others)

    def height(self, room: float | None, rows: int = 1) -> float | None:
        """Return how high pictures may be in so much room, in millimetres; None if too little."""
        how = self._how
        height = how.height
        if room is not None:
            height = min((room - how.air) / rows - how.words, how.most)
        return height if height >= 0 else None

    def _others(self, place: Place, *, pictures: bool) -> list[Place]:
        here = self._places.index(place)
        following = (*self._places[here + 1 :], *self._places[:here])
        others = [other for other in following if other.kind not in (Kind.BRIEF, Kind.LETTER)]
        near = self._places[here + 1 : here + 2]
        others.sort(
            key=lambda other: (
                pictures and self._free(other) is None,
                other.language != place.language,
                other.cover_story or other in near,
                self._shown[other.anchor],
            )
        )
        return others

    def _free(self, place: Place) -> Picture | None:
        """Return the picture of a story that the issue shows least, if not too often."""
        found = [one for one in self._pictures[place.anchor] if self._seen[one.path] < _OFTEN]
        usable = (one for one in found if self._plates.pixels(one))
        return min(usable, key=lambda one: self._seen[one.path], default=None)

    def _teaser(self, place: Place, height: float, picture: Picture | None) -> dict[str, Any]:
        self._shown[place.anchor] += 1
        lead = None
        if picture:
            self._seen[picture.path] += 1
            lead = self._plates.lead(
                picture, place.anchor, width=self._sheet.column(3), height=height, role="teaser"
            )
        return pointer(place, self._theme.tokens.colours.tone) | {
            "title": tied(typeset(place.article.title, place.language)),
            "url": lead.url if lead else "",
            "height": round(height, 1),
        }


def _pictures(article: Article) -> tuple[Picture, ...]:
    """Return an article's pictures, the lead first; only a file and its focal point count."""
    found = [article.picture] if article.picture else []
    for match in _FIGURE.finditer(article.body):
        rest = article.body[match.end() :].split("\n", 1)[0]
        focus = _FOCUS.search(rest)
        if stays_below(match["path"]):
            at = (float(focus["x"]), float(focus["y"])) if focus else (0.5, 0.5)
            # what is wanting beside it, the article itself says
            found.append(Picture(path=match["path"], alt="-", credit="-", focus=at))
    return tuple({one.path: one for one in reversed(found)}.values())[::-1]


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
