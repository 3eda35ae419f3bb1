"""Pictures of the phone edition: how large each is, sharper than on paper, few bytes each."""

from dataclasses import dataclass, replace

from publisher.content.article import Picture
from publisher.content.typography import typeset
from publisher.render.phone_pieces import Plate, Story, lines_of
from publisher.render.phone_sheet import DENSITY, INSIDE_BYTES, PHONE
from publisher.render.phone_type import Voices
from publisher.render.pieces import Lead
from publisher.render.plates import Plates
from publisher.render.sheet import OVERHANG

_PT = 25.4 / 72
WIDTH = PHONE.width + OVERHANG  #: of what runs from edge to edge
_BAND = (54.0, 112.0)  #: heights of a picture within the text, millimetres
_LOWER, _TALLER = 0.24, 0.3  #: shares by which it may be cropped to fit its screen
_HERO = (56.0, 128.0)
_BRIEF, _BRIEF_WORDS = (38.0, 84.0), 58.0  #: panel, caption, sources and link beside it
_PLATE_CROP, _PLATE_MOST = 1.3, 132.0  #: a plate is at most so much taller than uncropped
_CAPTION, _CAPTION_LEADING = 9.6, 13.0  #: points, as in the style sheet
_PLATE_CAPTION, _PLATE_LEADING = 11.5, 15.5


@dataclass(frozen=True)
class Frames:
    """Crops and scales pictures to the phone's places."""

    plates: Plates
    voices: Voices

    def made(
        self,
        picture: Picture,
        slug: str,
        *,
        width: float,
        height: float,
        role: str,
        max_bytes: int = INSIDE_BYTES,
    ) -> Lead | None:
        """Return a picture for a place in millimetres; None, and a problem, if it is lost."""
        lead = self.plates.lead(
            picture,
            slug,
            width=width * DENSITY,
            height=height * DENSITY,
            role=role,
            max_bytes=max_bytes,
        )
        return replace(lead, width=round(width, 2), height=round(height, 2)) if lead else None

    def hero(self, picture: Picture, story: Story) -> Lead | None:
        """Return an opening picture as tall as head and caption leave room."""
        low, high = _HERO
        room = self.hero_room(picture, story)
        ratio = self.plates.ratio(picture) or 1.5
        height = min(max(room, low), high, max(WIDTH / ratio * 1.6, low))
        lead = self.made(picture, story.slug, width=WIDTH, height=height, role="phone-hero")
        return replace(lead, caption=typeset(lead.caption, story.language)) if lead else None

    def fits(self, picture: Picture | None, story: Story) -> bool:
        """Whether the words of an opening leave its picture room, or themselves fit the screen."""
        if picture is not None:
            return self.hero_room(picture, story) >= _HERO[0]
        headline = len(story.headline.lines) * story.headline.size * _PT
        deck = self.voices.plain("standfirst", story.language)
        standfirst = lines_of(story.standfirst, deck, 17, PHONE.type_width - 1) * 23 * _PT
        arabic = 1.4 if story.language.startswith("ar") else 1.0
        return (headline + standfirst) * arabic + 43 <= PHONE.type_height

    def hero_room(self, picture: Picture, story: Story) -> float:
        """Return how many millimetres of the screen the words of an opening leave."""
        arabic = story.language.startswith("ar")
        lead_in = 26.0 if arabic else 20.0
        headline = len(story.headline.lines) * story.headline.size * (1.36 if arabic else 1.05)
        size, leading = (16.0, 26.0) if arabic else (14.5, 19.5)
        deck = self.voices.plain("standfirst", story.language)
        standfirst = lines_of(story.standfirst, deck, size, PHONE.type_width - 1) * leading
        credit = f"{picture.caption} {picture.credit}".strip()
        small = self.voices.plain("caption", story.language)
        caption = lines_of(credit, small, _CAPTION, PHONE.type_width - 4) * _CAPTION_LEADING
        words = (headline + standfirst + caption * (1.25 if arabic else 1)) * _PT
        return PHONE.height - PHONE.foot - lead_in - words - 6

    def brief(self, picture: Picture | None, story: Story, text: float) -> Lead | None:
        """Return a brief's picture as tall as its words leave room; None if that is too little."""
        if picture is None or self.plates.ratio(picture) is None:
            return None
        headline = len(story.headline.lines) * story.headline.size * 1.05 * _PT
        room = PHONE.top + PHONE.type_height - headline - text - _BRIEF_WORDS
        low, high = _BRIEF
        if room < low:
            return None
        height = min(room, high)
        lead = self.made(picture, story.slug, width=WIDTH, height=height, role="phone-brief")
        return replace(lead, caption=typeset(lead.caption, story.language)) if lead else None

    def band(self, picture: Picture) -> tuple[float, float, float] | None:
        """Return height, and how much lower and taller it may be, of a picture in the text."""
        ratio = self.plates.ratio(picture)
        if ratio is None:
            return None
        low, high = _BAND
        height = min(max(WIDTH / ratio, low), high)
        return height, height - max(low, height * (1 - _LOWER)), height * _TALLER

    def plate(self, picture: Picture, slug: str, language: str, *, wide: bool) -> Plate | None:
        """Return a picture on a screen of its own, its caption below."""
        ratio = self.plates.ratio(picture)
        if ratio is None:
            return None
        face = self.voices.plain("caption", language)
        words = f"{typeset(picture.caption, language)} {picture.credit}".strip()
        lines = lines_of(words, face, _PLATE_CAPTION, PHONE.type_width - 3)
        leading = _PLATE_LEADING * (1.3 if language.startswith("ar") else 1)
        caption = lines * leading * _PT + 5
        room = PHONE.height - PHONE.foot - caption - 2
        natural = WIDTH / ratio
        full = wide or ratio < 0.85
        height = room if full else min(natural * _PLATE_CROP, _PLATE_MOST, room)
        lead = self.made(picture, slug, width=WIDTH, height=height, role="phone-plate")
        if lead is None:
            return None
        lead = replace(lead, caption=typeset(lead.caption, language))
        return Plate(lead=lead, air=0.0 if full else round((room - height) * 0.45, 2), full=full)
