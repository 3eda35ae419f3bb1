"""Footing: finds what fills the feet of an issue's last pages, and makes it ready to print."""

from collections.abc import Mapping, Sequence
from typing import Any

from publisher.content.article import Kind
from publisher.content.pictures import rendition
from publisher.content.qr import qr_data_uri
from publisher.errors import ContentError
from publisher.problems import Problem, Severity
from publisher.render.compositor import UNFILLED
from publisher.render.fillers import APART, Filler, Foot, Means, Offer, choose, height_of
from publisher.render.panels import MOST, Copy, house_copies, panel, scan_copy, shortest
from publisher.render.places import Place
from publisher.render.setting import Setting
from publisher.render.sheet import MM, PPI, pixels

_STRIP = 3  #: stories side by side
_ROWS = "rows"  #: name of a strip of two rows, or up to three that have only words
_SCAN = 50.0  #: millimetres a code's panel may be tall
_OFTEN, _SELDOM = 2, 6  #: times an issue prints advertisements, and codes; or one to so many
_COLUMN = ("side", "beside")  #: variants whose headline stands in a column that has room below
_SHORT = 0.3  #: of the type area: if all columns leave more, the foot is filled across the page
Shown = list[dict[str, Any]]


class Footing:
    """Fills the feet of one issue, page after page."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        publication = setting.publication
        self._words = setting.words(publication.language)
        self._allowed = [Means(name) for name in publication.editions.fillers]
        self._house = {
            copy.name: copy for copy in house_copies(publication, setting.issue.week, self._words)
        }
        self._width = setting.sheet.type_width
        self._least: dict[str, float | None] = {}

    def fill(self, notes: Mapping[str, Mapping[str, Any]]) -> dict[str, Shown]:
        """Return the fillers of each place's last page, as their template prints them.

        `notes` are what the compositor remembered of each place.
        """
        page, feet, found = 0, list[Foot](), dict[str, Shown]()
        for place in self._setting.places:
            note = notes.get(place.anchor, {})
            page += int(note.get("leaves", 1))
            fillers, shown = self._foot(place, note, page, feet)
            if fillers:
                feet.append(Foot(page=page, fillers=fillers))
                found[place.anchor] = shown
        return found

    def _foot(
        self, place: Place, note: Mapping[str, Any], page: int, before: Sequence[Foot]
    ) -> tuple[tuple[Filler, ...], Shown]:
        setting, air = self._setting, self._setting.theme.tokens.teasers.air
        tall = setting.sheet.type_height
        room = float(note.get("room", 0.0)) * tall
        if note.get("variant") in _COLUMN and room < _SHORT * tall:
            return self._beside(place)
        if place.kind in UNFILLED or not note:
            return (), []
        layout = setting.dresser.layout(place, str(note.get("variant", "")))
        line = (layout.text.leading or setting.theme.tokens.type.text.leading) / MM
        height = height_of(room, air=air, line=line, tall=tall)
        offers, copies = self._offers(place)
        fillers = choose(height, page, offers, before)
        shown, foot = Shown(), 0.0
        for filler in reversed(fillers):
            shown.insert(0, self._shown(place, filler, copies.get(filler.name)) | {"foot": foot})
            foot = round(foot + filler.height + APART, 2)
        return fillers, shown

    def _beside(self, place: Place) -> tuple[tuple[Filler, ...], Shown]:
        """Return the one story that stands below a headline in a column of its own."""
        teasers = self._setting.teasers(place, 1) if Means.STRIP in self._allowed else []
        if not teasers:
            return (), []
        strip = Filler(means=Means.STRIP, name="strip", height=0.0)
        return (strip,), [
            {"means": "strip", "teasers": teasers, "height": 0.0, "foot": 0.0, "narrow": True}
        ]

    def _offers(self, place: Place) -> tuple[list[Offer], dict[str, Copy]]:
        setting, how = self._setting, self._setting.theme.tokens.teasers
        offers, copies = list[Offer](), dict[str, Copy]()
        often = max(_OFTEN, len(setting.places) // _SELDOM)
        for means in self._allowed:
            if means is Means.STRIP:
                pictured = setting.pictured(place, _STRIP)
                most = how.words + (how.most if pictured else 0.0)
                offers.append(Offer(means=means, name="strip", least=how.words, most=most))
                low, high = 2 * how.words, 3 * how.words
                if setting.pictured(place, 2 * _STRIP):
                    low, high = (2 * (how.words + tall) for tall in (how.least, how.most))
                if not pictured or low > 2 * how.words:
                    offers.append(Offer(means=means, name=_ROWS, least=low, most=high))
                continue
            if means is Means.HOUSE:
                made = list(self._house.values())
            else:
                own = place.article if place.kind is not Kind.BRIEF else None
                scan = own and scan_copy(own, setting.publication.language, self._words)
                made = [scan] if scan else []
            for copy in made:
                copies[copy.name] = copy
                least = self._shortest(copy)
                if least is not None:
                    most = MOST if means is Means.HOUSE else _SCAN
                    offers.append(
                        Offer(means=means, name=copy.name, least=least, most=most, often=often)
                    )
        return offers, copies

    def _shortest(self, copy: Copy) -> float | None:
        known = "scan" if copy.before else copy.name
        if known not in self._least:
            setting = self._setting
            self._least[known] = shortest(
                copy, self._width, setting.theme, setting.publication.language
            )
        return self._least[known]

    def _shown(self, place: Place, filler: Filler, copy: Copy | None) -> dict[str, Any]:
        setting = self._setting
        if copy is None:
            room = filler.height + setting.theme.tokens.teasers.air
            rows = 1
            if filler.name == _ROWS:
                words = int(filler.height / setting.theme.tokens.teasers.words)
                rows = 2 if setting.pictured(place, 2 * _STRIP) else min(words, 3)
            teasers = setting.teasers(place, rows * _STRIP, room=room, rows=rows)
            return {
                "means": "strip",
                "teasers": teasers,
                "height": filler.height,
                "narrow": False,
            }
        language = setting.publication.language
        made = panel(copy, filler.height, self._width, setting.theme, language)
        assert made is not None  # noqa: S101  # its least height was found so
        picture = self._picture(made.copy, made.picture, filler.height) if made.picture else ""
        return {
            "means": filler.means.value,
            "panel": made,
            "qr": qr_data_uri(copy.address) if made.code else "",
            "picture": picture,
            "height": filler.height,
        }

    def _picture(self, copy: Copy, width: float, height: float) -> str:
        """Return the address of an advertisement's picture; a missing one is a problem."""
        setting = self._setting
        try:
            made = rendition(
                setting.publication.root / copy.picture,
                setting.issue.build_folder / "cache",
                width=pixels(width, PPI),
                height=pixels(height, PPI),
            )
        except ContentError as error:
            setting.plates.note(
                Problem(
                    message=f"[[house]] {copy.picture} is left out: {error}",
                    severity=Severity.ERROR,
                    check="missing_picture",
                    subject=copy.picture,
                )
            )
            return ""
        return made.relative_to(setting.issue.folder).as_posix()


def told(shown: Shown) -> list[str]:
    """Tell in sentences what stands at a foot."""
    kinds = {
        "strip": "other stories of the issue",
        "house": "an advertisement of the house",
        "scan": "a code that leads to it online",
    }
    names = [kinds[one["means"]] for one in shown]
    return [f"the foot of its last page carries {' and '.join(names)}"] if names else []
