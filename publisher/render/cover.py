"""The front page: which of three designs its picture can carry, and how its lines stay legible.

full: the picture over the whole page, words on it; framed: the picture in a frame, words on
paper; type: words alone on the section's colour. What the words stand on is measured.
"""

from dataclasses import dataclass
from typing import Literal

from publisher.config import Publication
from publisher.content.article import Picture
from publisher.content.issue import Issue
from publisher.content.typography import typeset
from publisher.errors import ContentError
from publisher.problems import Problem
from publisher.render import colour
from publisher.render.balance import Headline, balance, fit_headline, tied
from publisher.render.front_full import Full, Image, best
from publisher.render.front_zones import BELOW_STRAP, GAP, Zones, zones
from publisher.render.legibility import DARK, LIGHT, Band, gradient
from publisher.render.pieces import Lead, block_height, line_height
from publisher.render.plates import COVER_BYTES, Plates
from publisher.render.sheet import MM, OVERHANG, Sheet
from publisher.render.theme import Theme

#: below so many pixels an inch a picture is not blown up to the whole page but framed
_FULL_PPI = 84
_FRAMED_PPI = 60  #: below so many across the type's width it makes way for type alone
_WIDEST = 1.9  #: width over height from which a page would show less than two fifths of it
_BUSY = 0.3  #: where brightness varies so much under words, no shade makes them calm
_SHORTEST, _CUT = 70.0, 1.6  #: a framed picture's height, mm; how much taller it may be made
_KICKER, _APART = 7.5, 4.5  #: millimetres of the kicker, and above the standfirst

Design = Literal["full", "framed", "type"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A coverline."""

    text: str
    rows: tuple[str, ...]  #: the text, broken
    section: str
    story: str


@dataclass(frozen=True, kw_only=True)
class Inks:
    """The colours of a cover's words, from top to bottom."""

    top: str = LIGHT
    main: str = LIGHT
    lines: str = LIGHT


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What the cover's template prints."""

    design: Design
    where: Literal["low", "high"]  #: whether the main line is at the foot or below the masthead
    lead: Lead | None
    thumb: str  #: small picture of the cover, for the letter
    thumb_height: float  #: millimetres
    thumb_share: float  #: its size to the cover's
    headline: Headline
    main_top: float  #: millimetres from the head of the page
    inks: Inks
    shade: str  #: CSS of what is laid between picture and words; empty if nothing is needed
    kicker: str
    standfirst: str
    story: str
    lines: tuple[Line, ...]
    colour: str


def make_cover(
    issue: Issue,
    publication: Publication,
    sheet: Sheet,
    plates: Plates,
    theme: Theme,
    strap_top: float,
) -> Cover:
    """Set the front page of an issue; the line below the masthead stands `strap_top` mm down.

    The editor's design is taken where there is a picture for it; else a sharp, calm picture
    fills the page, another is framed, and one of very few pixels makes way for type.
    """
    making = _Making(issue, publication, sheet, plates, theme, strap_top)
    wanted, able = issue.cover.design, making.able()
    design = wanted if wanted in able else able[0]
    if wanted and wanted not in able:
        message = f'cover.design = "{wanted}" needs a picture: the cover is set in type'
        plates.note(Problem(message=message, article=issue.cover.story))
    if design == "type" or making.image is None:
        return making.type()
    return making.full(making.image) if design == "full" else making.framed(making.image)


class _Making:
    """One cover in each of its designs."""

    def __init__(
        self,
        issue: Issue,
        publication: Publication,
        sheet: Sheet,
        plates: Plates,
        theme: Theme,
        strap_top: float,
    ) -> None:
        self.issue, self.sheet, self.plates, self.theme = issue, sheet, plates, theme
        self.language, self.strap_top = publication.language, strap_top
        self.owner = issue.cover.story or "cover"
        slots = (s for s in issue.slots if any(a.slug == issue.cover.story for a in s.articles))
        slot = next(slots, None)
        self.section = slot.section.colour if slot else publication.colour
        self.image: Image | None = None
        if issue.cover.picture and (pixels := plates.pixels(issue.cover.picture)):
            self.image = Image(issue.cover.picture, *pixels)

    def able(self) -> tuple[Design, ...]:
        """Return the designs that can be made, the one that suits the picture best first."""
        image = self.image
        if image is None:
            if self.issue.cover.picture is not None:  # lost: the plates say so
                self._lead(self.issue.cover.picture, *self._page)
            return ("type",)
        page = self.plates.resolution(image.picture, self.sheet.width, self.sheet.height)
        wide = image.width / self.sheet.type_width * 25.4
        floor = self.plates.floor(self.owner) if self.plates.strict else 0
        if page >= max(_FULL_PPI, floor) and image.width / image.height <= _WIDEST:
            full = self._best(image)
            if max(full.above.busy, full.below.busy) <= _BUSY:
                return "full", "framed", "type"
        return (
            ("framed", "full", "type")
            if wide >= max(_FRAMED_PPI, floor)
            else ("type", "framed", "full")
        )

    # ---- the designs -------------------------------------------------------------------

    def full(self, image: Image) -> Cover:
        """Fill the page with the picture and lay as much shade on it as its words need."""
        found = self._best(image)
        lead = self._lead(found.picture, *self._page)
        stripes, fade = found.zones, found.zones.fade
        above, below = found.zones.stripes
        bands = [Band(0.0, above[-1][1], found.above, below=fade)]
        if below:
            bands.append(Band(below[0][0], 1.0, found.below, above=fade))
        main = found.below if stripes.where == "low" else found.above
        inks = Inks(top=found.above.ink, main=main.ink, lines=found.below.ink)
        return self._cover(
            "full",
            lead,
            self._headline(self.theme.tokens.cover.sizes, 3),
            picture=found.picture,
            where=stripes.where,
            main_top=stripes.main[0],
            inks=inks,
            shade=gradient(bands),
        )

    def framed(self, image: Image) -> Cover:
        """Print the picture in a frame, between masthead and lines, which stand on paper."""
        headline = self._headline(self.theme.tokens.cover.framed_sizes, 2)
        spots = self._zones("low", self._height(headline, "cover_standfirst_small"))
        room = spots.main[0] - GAP - self._frame_top
        width = self.sheet.type_width
        height = max(min(width * image.height / image.width, room), _SHORTEST)
        if room < height * _CUT:
            height = room  # a little is cut at the sides, so that nothing gapes
        lead = self._lead(image.picture, width, height)
        return self._cover(
            "framed",
            lead,
            headline,
            picture=image.picture,
            main_top=min(self._frame_top + height + GAP, spots.main[0]),
            inks=Inks(top=DARK, main=DARK, lines=DARK),
        )

    def type(self) -> Cover:
        """Set the cover in words alone, as large as they can be, on the section's colour."""
        sizes = self.theme.tokens.cover.type_sizes
        top = self._frame_top + GAP
        foot = self._zones("low", 0.0).main[0]
        fitting = (self._headline((size,), 5) for size in sizes)
        headline = next(
            (
                one
                for one, size in zip(fitting, sizes, strict=True)
                if one.size == size
                and len(one.lines) <= 5
                and top + self._height(one, "cover_standfirst_large") <= foot
            ),
            self._headline(sizes[-1:], 5),
        )
        return self._cover("type", None, headline, where="high", main_top=top)

    def _cover(
        self,
        design: Design,
        lead: Lead | None,
        headline: Headline,
        *,
        picture: Picture | None = None,
        where: Literal["low", "high"] = "low",
        main_top: float,
        inks: Inks | None = None,
        shade: str = "",
    ) -> Cover:
        cover, sheet = self.issue.cover, self.sheet
        share, thumb = (sheet.column(3) - 6) / sheet.width, ""
        if picture is not None and lead is not None:
            thumb = self.plates.url(
                picture, "", width=lead.width * share, height=lead.height * share, role="thumb"
            )
        paper = self.theme.tokens.colours.paper
        return Cover(
            design=design,
            where=where,
            lead=lead,
            thumb=thumb,
            thumb_height=round(share * sheet.height, 1),
            thumb_share=round(share, 4),
            headline=headline,
            main_top=round(main_top, 2),
            inks=inks or Inks(),
            shade=shade,
            kicker=typeset(cover.kicker, self.language),
            standfirst=self._standfirst,
            story=cover.story,
            lines=tuple(
                Line(
                    text=typeset(line.text, self.language),
                    rows=self._rows(typeset(line.text, self.language), len(cover.lines)),
                    section=line.section.name,
                    story=line.story,
                )
                for line in cover.lines
            ),
            colour=colour.legible(self.section, paper, 7.0),
        )

    def _rows(self, text: str, count: int) -> tuple[str, ...]:
        """Break one of so many coverlines into rows of even length."""
        style, sheet = self.theme.tokens.type.coverline, self.sheet
        face = self.theme.face(style, self.language)
        return balance(style.printed(text), sheet.column(count) * MM, face, style.size)

    # ---- a picture under words -----------------------------------------------------------

    @property
    def _page(self) -> tuple[float, float]:
        return self.sheet.width + OVERHANG, self.sheet.height + OVERHANG

    @property
    def _frame_top(self) -> float:
        return self.strap_top + BELOW_STRAP

    def _best(self, image: Image) -> Full:
        headline = self._headline(self.theme.tokens.cover.sizes, 3)
        low, high = (self._zones(where, self._height(headline)) for where in ("low", "high"))
        return best(image, (low, high), self.sheet, self.plates, self.owner)

    def _zones(self, where: Literal["low", "high"], main: float) -> Zones:
        return zones(self.sheet, self.strap_top, main, where, lines=bool(self.issue.cover.lines))

    def _lead(self, picture: Picture, width: float, height: float) -> Lead | None:
        try:
            return self.plates.lead(
                picture,
                self.owner,
                width=width,
                height=height,
                max_bytes=COVER_BYTES,
                role="cover",
            )
        except ContentError:  # pragma: no cover -- the plates have made it a problem
            return None

    # ---- the main line -------------------------------------------------------------------

    @property
    def _standfirst(self) -> str:
        return tied(typeset(self.issue.cover.standfirst, self.language))

    def _headline(self, sizes: tuple[float, ...], lines: int) -> Headline:
        how = self.theme.tokens.cover
        return fit_headline(
            how.headline.printed(typeset(self.issue.cover.title, self.language)),
            measure=self.sheet.type_width,
            face=self.theme.face(how.headline, self.language),
            sizes=sizes,
            max_lines=lines,
        )

    def _height(self, headline: Headline, role: str = "cover_standfirst") -> float:
        """Return the height of the main line with all about it, in millimetres."""
        how, roles = self.theme.tokens.cover, self.theme.tokens.type
        line = line_height(how.headline, self.theme, self.language, headline.size)
        tall = len(headline.lines) * line
        if self.issue.cover.kicker:
            tall += _KICKER
        if self.issue.cover.standfirst:
            whole = role != "cover_standfirst"
            width = self.sheet.type_width if whole else how.standfirst_width
            style, words = getattr(roles, role), self._standfirst
            tall += block_height(words, style, width, self.theme, self.language)
            tall += _APART * (2 if role == "cover_standfirst_large" else 1)
        return tall
